/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One channel: two endpoints, the links between their openings, rings, states, and who wakes whom (src/ipc: endpoint,
 * queues, link, states). Each access to shared memory is a step of its own, so every interleaving of the two ends is
 * tried. Memory is sequentially consistent here: that the fences of the real code make it so is not shown. Each end is
 * one thread, and the peer is honest.
 *
 * Side 0 stays; side 1 may be opened twice, and its first life ended at any step, by a kill or by a close. Every pair
 * of openings has a link with memory of its own. Programs reset, look (GetEvent), write FRAMES frames to a queue of
 * ROOM, read as many, wait until all they wrote is read, and sleep while their descriptor is not readable.
 *
 * Shown:
 *   - who becomes connected has been answered by an opening of the peer that belongs to the link;
 *   - while connected, frames arrive once, in order, and none of another connection; no honest counter looks like one
 *     that lies;
 *   - nobody sleeps for ever: whoever has not got all frames of the last connection is woken, and so is who waits for
 *     room or for an empty queue;
 *   - if side 1 was connected in its first life, side 0 was too, on the same link.
 *
 * Scenarios, each searched to its end in the scope that scripts/check_models gives:
 *   (none)             side 1 lives once
 *   -DKILL             its first life may end at any step, by a kill or a close; the second stays
 *   -DRESET=1          side 0 may reset once more, at any time; -DRESET=2: each side may
 *   -DGREET            side 1 closes as soon as it is told that it is connected; -DGREET -DKILL: and opens again
 * Once, by hand, with -DCOLLAPSE: -DKILL -DRESET=1 -DFRAMES=1 (9 million states), -DKILL -DRESET=2 -DFRAMES=0 (21).
 *
 * Faults, each of which must be found:
 *   -DFAULT_STALE_MEMORY   a link has the memory of the link before it (-DKILL)
 *   -DFAULT_NO_SECOND_LOOK GetEvent does not look again after it has armed itself
 *   -DFAULT_LATE_DRAIN     GetEvent drains after it has looked
 *   -DFAULT_NO_CLEAR       counters are not cleared on the way to a new connection (-DRESET=1)
 *   -DFAULT_NO_NUMBERS     words do not tell which reset they answer (-DRESET=1)
 *   -DFAULT_WORD_DIES      an established word is not honoured when its end is closed (-DGREET)
 *   -DFAULT_NOT_OWED       a new link is taken though the peer of the old one was connected (-DGREET -DKILL)
 */

#ifndef FRAMES
#define FRAMES 2 /* of a connection in each direction */
#endif
#ifndef ROOM
#define ROOM 1 /* frames of a queue */
#endif

#define CLOSED 0
#define SYNC 1
#define ACK 2
#define EST 3

#ifdef KILL
#define LIVES 2
#else
#define LIVES 1
#endif
#define NONE LIVES /* no link: nothing is ever there */
#ifndef RESET
#define RESET 0
#endif

typedef Frame {
    unsigned resets : 2; /* of the end that wrote it, */
    unsigned echo : 2;   /* and its peer: they name the connection */
    unsigned number : 3
};

/* What one end tells the other in the memory of a link. */
typedef Side {
    unsigned state : 2;  /* with the next two, one word */
    unsigned resets : 2; /* of this end */
    unsigned echo : 2;   /* the reset of the peer that this end has answered */
    unsigned by : 2;     /* the life of side 1 that wrote the word: for the assertion only */
    bit armed;
    unsigned written : 3;
    unsigned read : 3;
    Frame frame[ROOM] /* of the queue that this end writes */
};
Side side[2 * LIVES + 2];
bit alive[LIVES + 1];         /* the lives of side 1 */
bit knock[2 * LIVES + 2];     /* in the socket of a link */
bit hangup[LIVES + 1];        /* the same, when side 1 has gone, as long as side 0 watches for it */
unsigned coming : 2 = NONE;   /* a link that side 0 has not accepted yet */
#ifdef GREET
bit was_connected[2];         /* in the first life of side 1 */
#endif

#ifdef FAULT_STALE_MEMORY
#define place(l) (l == NONE -> NONE : 0)
#else
#define place(l) (l)
#endif
#define own side[place(link) * 2 + _pid]
#define peers side[place(link) * 2 + 1 - _pid]
#define nexts side[place(next) * 2 + 1 - _pid]
#define is_alive(l) (_pid == 1 || alive[l])
#define last_life (life == LIVES - 1)

#define is_readable \
    (bell || knock[link * 2 + _pid] || knock[next * 2 + _pid] || \
     (_pid == 0 && (coming != NONE || hangup[link] || hangup[next])))

/* The end of a process shows only in what it has not written any more, so it may come after each thing that it
 * writes. */
#if defined(KILL) && !defined(GREET)
#define may_end if :: _pid == 1 && !last_life -> goto over :: true fi
#else
#define may_end skip
#endif

/* Knocks at the peer of the link if that has armed itself: two steps, as the exchange and the send are. */
inline knock_if_armed() {
    if
    :: atomic { peers.armed == 1 -> peers.armed = 0; may_end }
       atomic { knock[link * 2 + 1 - _pid] = 1; may_end }
    :: else
    fi
}

/* Takes off everything that makes the descriptor readable: whatever comes in between might as well have come before. */
inline drain() {
    d_step {
        bell = 0;
        knock[link * 2 + _pid] = 0;
        knock[next * 2 + _pid] = 0;
        if
        :: _pid == 0 -> hangup[link] = 0; hangup[next] = 0
        :: else
        fi
    }
}

#ifdef FAULT_NO_NUMBERS
#define is_answer true
#define is_answered true
#define is_new (peer == SYNC && state != ACK)
#else
#define is_answer (peer_echo == resets)
#define is_answered (peer_resets == echo)
#define is_new (state == SYNC -> peer == SYNC : (peer == SYNC || peer == ACK) && !is_answered)
#endif
/* next_step() of states.h */
#define has_step \
    (state != CLOSED && \
     (is_new || (state == SYNC && peer == ACK && is_answer) || \
      (state == ACK && (peer == ACK || peer == EST) && is_answer && is_answered)))
#ifdef FAULT_NOT_OWED
#define is_owed false
#else
#define is_owed (has_step && state == ACK && peer == EST)
#endif

#define unseen ((peers.written - read + 8) % 8)
#define has_frame (state == EST && unseen != 0)
#define unread ((written - peers.read + 8) % 8)

/* What a step goes on with when it is done. */
#define ACCEPT 0 /* the rest of drain_all() or reset() */
#define STEP 1   /* another step */
#define SECOND 2 /* the end of events() */

active [2] proctype side_of() {
    /* The endpoint's own. */
    unsigned state : 2, resets : 2, echo : 2;
    unsigned link : 2 = NONE, next : 2 = NONE;
    unsigned written : 3, read : 3;
    bit bell; /* the doorbell, which only the end itself rings */
    bit tell_connection, tell_own_reset, tell_peers_reset;
    /* The program's. */
    unsigned life : 2;
    bit resets_again = (RESET > _pid);
    /* Of a call. */
    bit is_reset = 1, clears, moved, told, had_room, had_empty;
    unsigned then : 2, to : 2, answered : 2;
    unsigned peer : 2, peer_resets : 2, peer_echo : 2, asked : 2, asked_resets : 2;

open:
    /* Whoever comes second connects: side 1 finds side 0, and makes a link at once. */
    if
    :: _pid == 1 -> atomic { link = life; alive[life] = 1; coming = life }
    :: else
    fi;

call: /* reset(), or events() */
#if FRAMES > 0 && !defined(GREET)
    /* While frames are there, nothing is drained. */
    if
    :: !is_reset && state == EST && next == NONE && !tell_connection && !tell_peers_reset ->
        if
        :: peers.state == EST ->
            if
            :: !own.armed && has_frame -> /* only this end arms itself */
                if
                :: _pid == 1 || coming == NONE -> goto done
                :: else
                fi
            :: else
            fi
        :: else
        fi
    :: else
    fi;
#endif
#ifndef FAULT_LATE_DRAIN
    if
    :: !is_reset -> drain()
    :: else
    fi;
#endif
    then = ACCEPT;
    if
    :: d_step { _pid == 0 && coming != NONE -> next = coming; coming = NONE }
       if
       :: link == NONE -> to = state; answered = echo; goto switch
       :: else
       fi
    :: else
    fi;
accepted:
    then = STEP;
    if
    :: is_reset ->
        d_step { resets++; tell_own_reset = 1; tell_connection = 0; to = SYNC; answered = 0; clears = 0 }
        goto enter
    :: else
    fi;

step: /* advance() */
    atomic {
        peer = peers.state;
        peer_resets = peers.resets;
        peer_echo = peers.echo;
#ifdef FAULT_WORD_DIES
        if
        :: is_alive(link)
        :: else -> peer = CLOSED
        fi
#endif
    }
    if
    :: next != NONE && state == EST ->
        d_step { asked = nexts.state; asked_resets = nexts.resets }
        if
        :: asked == SYNC && is_alive(next) ->
            d_step { tell_connection = 0; tell_peers_reset = 1; to = ACK; answered = asked_resets }
            goto switch
        :: else -> goto stays
        fi
    :: next != NONE && state != EST && !is_owed ->
        d_step { to = (state == CLOSED -> CLOSED : SYNC); answered = 0 }
        goto switch
    :: else
    fi;
    if
    :: has_step && (peer == EST || is_alive(link)) ->
        d_step {
            to = (is_new -> ACK : EST);
            clears = (is_new || state == SYNC);
            answered = peer_resets;
            tell_peers_reset = (tell_peers_reset || state == EST);
            tell_connection = 0
        }
    :: else -> goto stays
    fi;

enter:
#ifndef FAULT_NO_CLEAR
    if
    :: clears ->
        atomic { own.written = 0; written = 0; may_end }
        atomic { own.read = 0; read = 0; may_end }
    :: else
    fi;
#endif
    goto shown;

switch: /* switch_to_next_link() */
    atomic {
#ifndef FAULT_STALE_MEMORY
        if
        :: link != NONE -> /* nobody looks there any more: one state for all that it may hold */
            own.state = 0; own.resets = 0; own.echo = 0; own.by = 0; own.armed = 0; own.written = 0; own.read = 0;
            peers.state = 0; peers.resets = 0; peers.echo = 0; peers.by = 0; peers.armed = 0; peers.written = 0;
            peers.read = 0;
            own.frame[0].number = 0; own.frame[0].resets = 0; own.frame[0].echo = 0;
            peers.frame[0].number = 0; peers.frame[0].resets = 0; peers.frame[0].echo = 0
        :: else
        fi;
#endif
        knock[link * 2] = 0; knock[link * 2 + 1] = 0; hangup[link] = 0;
        link = next;
        next = NONE;
        written = 0;
        read = 0
    }

shown: /* show_state() */
    if
    :: link != NONE ->
        atomic {
            state = to; echo = answered;
            d_step { own.state = state; own.resets = resets; own.echo = echo; own.by = (_pid == 1 -> life + 1 : 0) }
            may_end
        }
        knock_if_armed()
    :: else -> state = to; echo = answered
    fi;
    if
    :: state == EST ->
        d_step {
            assert(_pid == 1 || peers.by == link + 1);
            tell_connection = 1;
            tell_own_reset = 0;
#ifdef GREET
            if
            :: link == 0 -> was_connected[_pid] = 1
            :: else
            fi
#endif
        }
    :: else
    fi;
    if
    :: then == ACCEPT -> goto accepted
    :: then == STEP -> goto step
    :: then == SECOND -> goto keep
    fi;

stays:
    if
    :: is_reset -> goto keep
    :: !is_reset && then == SECOND ->
        if
        :: has_frame -> goto keep
        :: else
        fi;
        if
        :: state == EST && ((!had_room && unread < ROOM) || (!had_empty && unread == 0)) -> goto keep
        :: else ->
#ifdef FAULT_LATE_DRAIN
            drain();
#endif
            goto done
        fi
    :: else
    fi;
    d_step { had_room = (state == EST && unread < ROOM); had_empty = (state == EST && unread == 0) }
    d_step {
        if
        :: tell_own_reset || tell_peers_reset -> tell_own_reset = 0; tell_peers_reset = 0
        :: else -> told = tell_connection; tell_connection = 0
        fi
    }
    if
    :: tell_connection || has_frame -> goto keep
    :: else
    fi;
    atomic { /* no peer sees two of these */
        if
        :: link != NONE -> own.armed = 1
        :: else
        fi;
        if
        :: next != NONE -> side[place(next) * 2 + _pid].armed = 1
        :: else
        fi;
        may_end
    }
#ifdef FAULT_NO_SECOND_LOOK
    goto done;
#else
    then = SECOND;
    goto step;
#endif

keep: /* keep_readable() */
    atomic {
        bell = 1;
        if
        :: link != NONE -> own.armed = 0
        :: else
        fi;
        if
        :: next != NONE -> side[place(next) * 2 + _pid].armed = 0
        :: else
        fi;
        may_end
    }

done: /* the program */
    atomic {
        is_reset = 0; clears = 0; had_room = 0; had_empty = 0; then = 0; to = 0; answered = 0;
        peer = 0; peer_resets = 0; peer_echo = 0; asked = 0; asked_resets = 0
    }
#ifdef GREET
    if
    :: told && _pid == 1 && life == 0 -> goto over
    :: told && _pid == 0 && link == LIVES - 1 -> assert(!was_connected[1] || was_connected[0]); goto end
    :: else -> told = 0
    fi;
    if
    :: _pid == 1 && life > 0 -> end_greeted: is_readable
    :: else -> is_readable
    fi;
#else
    told = 0;
    if
    :: state == EST && written < FRAMES && unread < ROOM ->
        d_step {
            own.frame[written % ROOM].number = written + 1;
            own.frame[written % ROOM].resets = resets;
            own.frame[written % ROOM].echo = echo
        }
        atomic { written++; own.written = written; may_end }
        knock_if_armed()
    :: else
    fi;
    if
    :: has_frame ->
        d_step {
            assert(unseen <= ROOM);
            assert(peers.frame[read % ROOM].number == read + 1);
            assert(peers.frame[read % ROOM].resets == echo && peers.frame[read % ROOM].echo == resets)
        }
        atomic { read++; own.read = read; may_end }
        if
        :: unseen == 0 || unseen + 1 >= ROOM -> knock_if_armed()
        :: else
        fi
    :: else
    fi;
#if RESET > 0
    if
    :: d_step { resets_again -> resets_again = 0; is_reset = 1 } goto call
    :: true
    fi;
#endif
    if
    :: atomic { state == EST && written == FRAMES && read == FRAMES && unread == 0 -> goto end_asleep }
    :: else
    fi;
    is_readable;
    goto call;
end_asleep:
    is_readable;
#endif
    goto call;

over: /* of a life of side 1 */
#if defined(KILL) && !defined(GREET)
    if
    :: goto gone /* a kill */
    :: true      /* a close, which takes back the word of a wish */
    fi;
#endif
    if
    :: own.state != EST -> d_step { own.state = 0; own.resets = 0; own.echo = 0 }
    :: else
    fi;
gone:
    atomic {
        alive[life] = 0;
        hangup[life] = 1;
        state = 0; resets = 0; echo = 0; written = 0; read = 0; bell = 0;
        tell_connection = 0; tell_own_reset = 0; tell_peers_reset = 0;
        is_reset = 1; clears = 0; told = 0; had_room = 0; had_empty = 0; then = 0; to = 0; answered = 0;
        peer = 0; peer_resets = 0; peer_echo = 0;
        if
        :: !last_life -> life++; goto open
        :: else
        fi
    }
end:
    skip
}
