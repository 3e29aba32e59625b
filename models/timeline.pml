/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A timeline with a peer that waits (src/sync: counter_words.h, counter, mirrors, stream_order, timeline): a process
 * signals, and stores in its own words and in those of every peer (the mirrors); at the end, when nobody can signal any
 * more, it breaks what is left. The peer reads its words, and breaks them itself when the signaler is gone. Meanwhile
 * some peer attaches. Each access to shared memory is a step of its own, in sequential consistency. Not modelled: words
 * in a page that several processes write (a peer that signals), lost contexts, and the sleep of waiters, which is
 * bounded.
 *
 * Shown:
 *   - while the object is there, what was signalled comes to the peer, without another signal;
 *   - at the end every fence is reached or lost, and the payload lets every stream go: nobody waits for ever;
 *   - a fence that is told to be reached was signalled;
 *   - what is lost stays lost, and what is reached stays reached; the latter not if a signal comes while the peer finds
 *     the signaler gone (-DSTREAMS -DKILL, -DCLOSE): then a fence may be told to be reached first, and lost afterwards.
 *
 * Looked at are the words of one peer: -DPEER=1, which is there while another one attaches, or -DPEER=2, which attaches
 * itself, as the first one or beside others. VALUES signals are made at most, and asked is for each of them and for the
 * one after. Scenarios, each searched to its end in the scope that scripts/check_models gives:
 *   (none)      the CPU signals
 *   -DSTREAMS   a GPU does, behind the back of the process, and goes on when that is gone, until it is taken down
 *   -DKILL      the process that signals may end at any step
 *   -DCLOSE     the link may end at any step, and the process that signals goes on
 * Once, by hand, with -DCOLLAPSE: -DSTREAMS -DCLOSE with two values (13 million states), -DSTREAMS -DKILL with three.
 *
 * Faults, each of which must be found:
 *   -DFAULT_RAISE_FIRST    the payload is raised before the first lost value is stored
 *   -DFAULT_READ_FIRST     a reader looks at the first lost value before it looks at the payload, and not again
 *   -DFAULT_ATTACH_LATE    a signal may find no peer when the payload was copied for the first (-DPEER=2)
 *   -DFAULT_FOLLOWED       what an attaching peer got counts as told to those that were there (-DPEER=1)
 *   -DFAULT_COPY_LATE      the copy of the payload may overwrite what the GPU writes behind it (-DPEER=2 -DSTREAMS)
 *   -DFAULT_NO_CATCH_UP    what is submitted when a peer attaches is not written to its words (-DPEER=2 -DSTREAMS)
 *   -DFAULT_RAISE_EARLY    the payload is raised while signals still run (-DSTREAMS)
 *   -DFAULT_NO_NOTICE      nobody notices that the signaler is gone (-DKILL)
 *   -DFAULT_RAISE_ONCE     the payload of who is gone is raised only once (-DSTREAMS -DKILL)
 */

#ifndef VALUES
#define VALUES 2
#endif
#ifndef PEER
#define PEER 1
#endif
#define RAISED 7

unsigned own : 3; /* what the signaler sees reached: its payload, or, where its words are in no memory, events tell */
/* The words of the peer that is looked at. */
unsigned payload : 3;
unsigned first_lost : 3; /* 0: not broken */
unsigned proven : 3;

bit has_mirrors;             /* the signaler knows some peer */
bit is_known = (PEER == 1);  /* and the one that is looked at */
bit has_object = (PEER == 1);
unsigned followed : 3;
unsigned signalled : 3;      /* what was really reached */
bit lock;                    /* of the mirrors if the CPU signals, else of the order of the stream */
bit has_attached;
bit dead;                    /* as the peer sees it */
unsigned stopped : 2;        /* threads of the signaler that do nothing any more */
bit was_noticed;

#ifdef KILL
#define stops dead
#define is_gone (dead && stopped == 2) /* what it does when it is dead, shows nowhere */
#else
#define stops false
#define is_gone dead
#endif
#if defined(KILL) || defined(CLOSE)
/* Its end shows only in what it has not written any more, so it may come after each thing that it writes. */
#define may_end if :: dead = 1 :: true fi
#else
#define may_end skip
#endif
#define before_end if :: stops -> goto over :: else fi
#define before_end_of(it) if :: it && stops -> goto over :: else fi

inline take_lock() { atomic { !lock || stops -> before_end; lock = 1 } }

/* Stores that only grow: each is a compare and exchange, tried again. */
inline prove(value) { proven = (value > proven -> value : proven) }
inline raise_to(value) { payload = (value > payload -> value : payload) }

/* CounterWords::break_from of `first`, on the peer's words; `known` and `seen` are the caller's. The end of a
 * signaler may come in between. */
inline break_from(is_signaler) {
    known = first_lost;
    if
    :: known == 0 ->
        atomic { seen = payload; seen = (seen >= first -> first - 1 : seen) }
        atomic { before_end_of(is_signaler); prove(seen); may_end }
        atomic {
            before_end_of(is_signaler);
            known = first_lost;
            if
            :: known == 0 -> first_lost = first
            :: else
            fi;
            may_end
        }
        if
        :: known == 0 ->
            atomic { seen = payload; seen = (seen >= first -> first - 1 : seen) }
            atomic { before_end_of(is_signaler); prove(seen); may_end }
        :: else
        fi
    :: else
    fi;
    if
    :: known != 0 && first < known -> atomic { before_end_of(is_signaler); first_lost = first; may_end }
    :: else
    fi
}

/* Counter::reached() of the peer, to `seen`; `known` is the caller's. */
inline get_reached() {
#ifdef FAULT_READ_FIRST
    known = first_lost;
    seen = payload;
#else
    seen = payload;
    known = first_lost;
#endif
    if
    :: known == 0 -> d_step { seen = (proven > seen -> proven : seen); known = 0 }
    :: else ->
        most = proven;
        d_step {
            known = first_lost;
            seen = (seen > known - 1 -> known - 1 : seen);
            seen = (most > seen -> most : seen);
            known = 0; most = 0
        }
    fi
}

#ifdef STREAMS
/* What was submitted: a value, and what it is written to. */
#define OWN 0
#define BOTH 1
#define CATCH_UP 2
chan stream = [VALUES + 1] of { byte, byte };
unsigned submitted : 3;
bit is_catching_up;
bit is_taken_down;
#endif

active proctype signaler() {
    byte reached, first, known, seen;
    if
    :: has_mirrors = 1
    :: PEER == 2 -> skip
    fi;
    do
#ifdef STREAMS
    :: submitted < VALUES ->
        take_lock();
        atomic { before_end; submitted++; stream!submitted, (is_known -> BOTH : OWN); may_end }
        lock = 0
#else
    :: signalled < VALUES -> /* Counter::add_one() */
        atomic { before_end; own++; signalled++; may_end }
        if
        :: has_mirrors -> /* Mirrors::follow() */
            take_lock();
            reached = own;
            if
            :: reached > followed ->
                followed = reached;
                if
                :: is_known -> atomic { before_end; payload = reached; may_end }
                :: else
                fi
            :: else
            fi;
            d_step { lock = 0; reached = 0 }
        :: else
        fi
#endif
    :: break /* it may stop earlier */
    od;
    atomic { has_attached || stops -> before_end }
    /* If it goes no further, nobody waits for what was signalled. */
#ifdef STREAMS
    if
    :: atomic { own == submitted && !is_catching_up -> assert(payload >= signalled) }
    :: true
    fi;
#else
    assert(payload >= signalled);
#endif
    /* StreamOrder::disown(): nobody has the object any more. */
#ifdef STREAMS
    first = submitted + 1;
#else
    first = signalled + 1;
#endif
#ifdef FAULT_RAISE_FIRST
    payload = RAISED;
#endif
    /* Mirrors::break_from() */
    seen = payload;
    first = (seen >= first && seen != RAISED -> seen + 1 : first);
    break_from(true);
    /* StreamOrder::raise(), until nothing lowers it any more */
#ifdef STREAMS
#ifndef FAULT_RAISE_EARLY
    atomic { own == submitted || stops -> before_end }
#endif
    if
    :: is_catching_up ->
        atomic { before_end; prove(first - 1); may_end }
        atomic { before_end; payload = RAISED; may_end }
        atomic { !is_catching_up || stops -> before_end }
    :: else
    fi;
#endif
    atomic { before_end; prove(first - 1); may_end }
    atomic { before_end; payload = RAISED; may_end }
over:
    atomic { stopped++; reached = 0; first = 0; known = 0; seen = 0 }
}

#ifdef STREAMS
active proctype gpu() {
    byte value, kind;
    do
    :: atomic {
           stream?value, kind;
           /* The peers' words come first. */
           if
           :: kind == BOTH -> payload = value; signalled = value
           :: kind == CATCH_UP -> payload = value; is_catching_up = 0
           :: kind == OWN -> own = value; signalled = value
           fi
       }
       if
       :: kind == BOTH && !stops -> own = value
       :: else
       fi;
       atomic { value = 0; kind = 0 }
    :: atomic { stops -> is_taken_down = 1; break }
    :: atomic { stopped == 2 && empty(stream) -> is_taken_down = 1; break }
    od
}
#endif

/* StreamOrder::add_mirror(), Mirrors::add() */
active proctype attacher() {
    byte reached;
#if defined(STREAMS)
    take_lock();
    /* Behind the newest signal, which the peer's words have missed. */
#ifndef FAULT_NO_CATCH_UP
    reached = own;
    if
    :: reached < submitted ->
        atomic {
            before_end;
            if
            :: PEER == 2 -> is_catching_up = 1; stream!submitted, CATCH_UP
            :: else
            fi;
            may_end
        }
    :: else
    fi;
#endif
#else
#ifdef FAULT_ATTACH_LATE
    reached = own;
#endif
    has_mirrors = 1;
    take_lock();
#endif
    if
    :: PEER == 2 -> is_known = 1
    :: else
    fi;
#ifndef FAULT_ATTACH_LATE
    if
    :: reached = own
#ifdef STREAMS
    :: true /* nobody asks the events again */
#endif
    fi;
#endif
#ifdef FAULT_FOLLOWED
    followed = (reached > followed -> reached : followed);
#endif
#if PEER == 2
#ifdef FAULT_COPY_LATE
    atomic { before_end; payload = reached; may_end }
#else
    atomic { before_end; raise_to(reached); may_end }
#endif
    atomic { before_end; proven = reached; may_end }
#endif
    d_step { lock = 0; reached = 0 }
    atomic { before_end; has_attached = 1; has_object = 1; may_end }
over:
    atomic { stopped++; reached = 0 }
}

/* The peer: a thread that asks about one fence, */
active proctype asker() {
    byte value, known, seen, most;
    bit is_second, was_lost;
end_without_it:
    has_object;
    select(value : 1 .. VALUES + 1);
again: /* StreamOrder::is_passed() and what a wait makes of it */
    get_reached();
    if
    :: seen < value ->
        if
        :: first_lost != 0 && value >= first_lost
        :: else -> assert(!is_second); goto over
        fi
    :: else
    fi;
    seen = 0;
    if
#ifdef FAULT_READ_FIRST
    :: true -> assert(signalled >= value)
#else
    :: first_lost != 0 && value >= first_lost -> /* it is told to be lost */
#if !defined(CLOSE) && !(defined(STREAMS) && defined(KILL))
        assert(!is_second || was_lost);
#endif
        was_lost = 1
    :: else ->
        assert(signalled >= value);
        assert(!was_lost)
#endif
    fi;
    if
    :: !is_second -> is_second = 1; goto again
    :: else
    fi;
over:
    atomic { value = 0; known = 0; seen = 0; most = 0; is_second = 0; was_lost = 0 }
}

#if defined(KILL) || defined(CLOSE)
/* and who notices that the signaler is gone: StreamOrder::lose_signaler(), again and again for a while. */
active proctype watcher() {
    byte known, seen, most, first;
    bit is_last;
end_watching:
    is_gone;
#ifndef FAULT_NO_NOTICE
again:
    if
    :: !has_object -> goto over
    :: else
    fi;
#ifdef STREAMS
    is_last = is_taken_down;
#else
    is_last = 1;
#endif
    get_reached();
    prove(seen);
    known = first_lost;
    if
    :: known == 0 || seen < known - 1 -> first = seen + 1; break_from(false)
    :: else
    fi;
    raise_to(RAISED);
    d_step { known = 0; seen = 0; first = 0 }
#ifndef FAULT_RAISE_ONCE
    if
    :: !is_last -> goto again
    :: else
    fi;
#endif
#endif
over:
    was_noticed = 1
}
#endif

active proctype end_of_all() {
    stopped == 2 && (!dead || was_noticed);
#ifdef STREAMS
    is_taken_down;
#endif
    assert(!has_object || (payload == RAISED && first_lost != 0 && proven >= first_lost - 1))
}
