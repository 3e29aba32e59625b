// SPDX-License-Identifier: Apache-2.0
//
// The connection: from open to frames, and what resets, ends and new lives of a peer do to it (nvsciipc.md 5).
#include "ipc/states.h"

#include <algorithm>
#include <array>
#include <optional>
#include <vector>

#include "channel.h"

namespace opennvsci::test {
namespace {

class StatesTest : public ChannelTest {
  protected:
    /// A life of the peer in which it gets connected and writes, over before this side has looked.
    static void live_once(const OpenEndpoint& a) {
        const OpenEndpoint b(name(1));
        b.reset();
        a.reset();
        EXPECT_EQ(b.events() & kEst, kEst);
        ASSERT_EQ(b.write("first life"), kIpcSuccess);
    }
};
OPENNVSCI_FOR_EACH_CHANNEL(StatesTest);

TEST_P(StatesTest, FramesGoBothWaysAfterBothSidesHaveReset) {
    const OpenEndpoint a(name(0));
    const OpenEndpoint b(name(1));
    connect(a, b);
    EXPECT_EQ(a.write("from a"), kIpcSuccess);
    EXPECT_EQ(b.write("from b"), kIpcSuccess);
    EXPECT_EQ(a.events(), kRead | kWrite);
    EXPECT_EQ(b.read(), "from a");
    EXPECT_EQ(a.read(), "from b");
    EXPECT_EQ(a.events(), kWrite | kEmpty);
}

TEST_P(StatesTest, NothingIsConnectedUntilBothSidesHaveReset) {
    const OpenEndpoint a(name(0));
    EXPECT_EQ(a.events(), 0U);
    a.reset();
    EXPECT_EQ(a.events(), kReset);
    EXPECT_EQ(a.events(), 0U);
    EXPECT_EQ(a.write("early"), NvSciError_ConnectionReset);
    const OpenEndpoint b(name(1));
    EXPECT_EQ(settle(a, b), std::make_pair(0U, 0U));
    b.reset();
    const auto seen = settle(a, b);
    EXPECT_EQ(seen.first, kEst | kWrite | kEmpty);
    EXPECT_EQ(seen.second, kEst | kWrite | kEmpty);
}

TEST_P(StatesTest, TheDescriptorIsNotReadableAfterACallThatHadNothingNew) {
    const OpenEndpoint a(name(0));
    const OpenEndpoint b(name(1));
    connect(a, b);
    EXPECT_FALSE(a.is_readable());
    EXPECT_FALSE(b.is_readable());
    ASSERT_EQ(b.write("wake"), kIpcSuccess);
    EXPECT_TRUE(a.is_readable());
    EXPECT_EQ(a.events() & kRead, kRead);
    EXPECT_TRUE(a.is_readable()) << "a frame is there";
    EXPECT_EQ(a.read(), "wake");
    EXPECT_EQ(a.events(), kWrite | kEmpty);
    EXPECT_FALSE(a.is_readable());
}

TEST_P(StatesTest, FramesOfAPeerThatHasClosedCanBeRead) {
    const OpenEndpoint a(name(0));
    {
        const OpenEndpoint b(name(1));
        connect(a, b);
        ASSERT_EQ(b.write("last words"), kIpcSuccess);
    }
    EXPECT_EQ(a.events() & kRead, kRead);
    EXPECT_EQ(a.read(), "last words");
    EXPECT_EQ(a.read(), "(" + std::to_string(NvSciError_InsufficientMemory) + ")");
    EXPECT_EQ(a.events(), kWrite | kEmpty);
    EXPECT_FALSE(a.is_readable()) << "the end of the peer is no event";
}

TEST_P(StatesTest, ANewLifeOfThePeerResetsAndConnects) {
    const OpenEndpoint a(name(0));
    {
        const OpenEndpoint b(name(1));
        connect(a, b);
        ASSERT_EQ(b.write("old"), kIpcSuccess);
    }
    const OpenEndpoint b(name(1));
    EXPECT_EQ(a.read(), "old") << "opening alone throws nothing away";
    EXPECT_EQ(settle(a, b).first & (kEst | kReset), 0U);
    b.reset();
    EXPECT_EQ(a.events(), kReset);
    const auto seen = settle(b, a);
    EXPECT_EQ(seen.second & (kEst | kReset), kEst);
    EXPECT_EQ(seen.first & kEst, kEst);
    EXPECT_EQ(b.write("new"), kIpcSuccess);
    EXPECT_EQ(a.read(), "new");
    EXPECT_EQ(a.read(), "(" + std::to_string(NvSciError_InsufficientMemory) + ")");
}

// nvsciipc.md 5.2: who gets there first may close at once.
TEST_P(StatesTest, APeerThatGotConnectedAndClosedAtOnceStillConnectsThisSide) {
    const OpenEndpoint a(name(0));
    {
        const OpenEndpoint b(name(1));
        b.reset();
        EXPECT_EQ(b.events(), kReset);
        a.reset();                           // sees sync, is in ack
        EXPECT_EQ(b.events() & kEst, kEst);  // sees ack, is established
    }
    EXPECT_EQ(a.events(), kEst | kWrite | kEmpty);
}

// The same when the peer has been opened anew meanwhile: first that connection, then its end.
TEST_P(StatesTest, ThatConnectionComesBeforeTheOneOfThePeersNextLife) {
    const OpenEndpoint a(name(0));
    ASSERT_NO_FATAL_FAILURE(live_once(a));
    const OpenEndpoint b(name(1));
    b.reset();
    EXPECT_EQ(a.events(), kReset) << "the new life has reset already";
    const auto seen = settle(b, a);
    EXPECT_EQ(seen.first & kEst, kEst);
    EXPECT_EQ(seen.second & kEst, kEst);
}

TEST_P(StatesTest, ThatConnectionIsThereAsLongAsTheNextLifeHasNotReset) {
    const OpenEndpoint a(name(0));
    ASSERT_NO_FATAL_FAILURE(live_once(a));
    const OpenEndpoint b(name(1));
    EXPECT_EQ(a.events(), kEst | kWrite | kEmpty | kRead);
    EXPECT_EQ(a.read(), "first life");
    b.reset();
    EXPECT_EQ(a.events(), kReset);
    EXPECT_EQ(settle(b, a).second & kEst, kEst);
}

// nvsciipc.md 5.2.
TEST_P(StatesTest, ASideThatWaitsDoesNotConnectToWhatAnEarlierLifeOfThePeerLeft) {
    OpenEndpoint a(name(0));
    OpenEndpoint b(name(1));
    connect(a, b);
    b.close();  // leaves "established"
    a.close();
    a = OpenEndpoint(name(0));
    a.reset();
    for (int i = 0; i < 3; ++i)
        EXPECT_EQ(a.events() & (kEst | kWrite), 0U);
    EXPECT_EQ(a.write("to nobody"), NvSciError_ConnectionReset);
}

// The same without closing: a reset while the peer is gone.
TEST_P(StatesTest, AResetAfterThePeerHasGoneConnectsToNobody) {
    const OpenEndpoint a(name(0));
    {
        const OpenEndpoint b(name(1));
        connect(a, b);
    }
    a.reset();
    EXPECT_EQ(a.events(), kReset);
    EXPECT_EQ(a.events(), 0U);
    EXPECT_FALSE(a.is_readable());
    const OpenEndpoint b(name(1));
    b.reset();
    const auto seen = settle(a, b);
    EXPECT_EQ(seen.first & (kEst | kReset), kEst);
    EXPECT_EQ(seen.second & kEst, kEst);
}

// A wish to connect ends with whoever had it.
TEST_P(StatesTest, APeerThatClosesBeforeItIsConnectedLeavesNothingToConnectTo) {
    const OpenEndpoint a(name(0));
    {
        const OpenEndpoint b(name(1));
        b.reset();
    }
    a.reset();
    EXPECT_EQ(a.events(), kReset);
    EXPECT_EQ(a.events(), 0U);
    {
        const OpenEndpoint b(name(1));
        b.reset();
        EXPECT_EQ(a.events(), 0U);  // a is in ack
    }
    EXPECT_EQ(a.events(), 0U);
    const OpenEndpoint b(name(1));
    connect(b, a);
}

TEST_P(StatesTest, ASideThatNeverResetNeverConnects) {
    const OpenEndpoint a(name(0));
    const OpenEndpoint b(name(1));
    b.reset();
    for (int i = 0; i < 4; ++i) {
        EXPECT_EQ(a.events(), 0U);
        EXPECT_EQ(b.events() & ~kReset, 0U);
    }
    EXPECT_EQ(a.write("x"), NvSciError_ConnectionReset);
    EXPECT_EQ(a.read(), "(" + std::to_string(NvSciError_ConnectionReset) + ")");
}

TEST_P(StatesTest, AResetOfTheConnectedPeerIsToldAloneAndThrowsAllFramesAway) {
    const OpenEndpoint a(name(0));
    const OpenEndpoint b(name(1));
    connect(a, b);
    ASSERT_EQ(a.write("lost"), kIpcSuccess);
    ASSERT_EQ(b.write("lost as well"), kIpcSuccess);
    b.reset();
    EXPECT_EQ(b.write("not yet"), NvSciError_ConnectionReset);
    EXPECT_TRUE(a.is_readable());
    EXPECT_EQ(a.events(), kReset);
    EXPECT_FALSE(a.is_readable()) << "it is the peer's turn";
    EXPECT_EQ(b.events() & kEst, kEst);
    EXPECT_TRUE(a.is_readable());
    EXPECT_EQ(a.events(), kEst | kWrite | kEmpty);
    for (const OpenEndpoint* end : {&a, &b})
        EXPECT_EQ(end->read(), "(" + std::to_string(NvSciError_InsufficientMemory) + ")");
    ASSERT_EQ(a.write("new"), kIpcSuccess);
    EXPECT_EQ(b.read(), "new");
}

// Every order of a few calls of both sides ends connected, with empty queues on which frames go both ways.
TEST_P(StatesTest, EveryOrderOfResetsAndLooksEndsConnected) {
    constexpr int kCalls = 6;
    for (int order = 0; order < 1 << (2 * kCalls); order += 7) {
        const OpenEndpoint a(name(0));
        const OpenEndpoint b(name(1));
        for (int i = 0; i < kCalls; ++i) {
            const OpenEndpoint& end = (order >> (2 * i) & 1) != 0 ? a : b;
            if ((order >> (2 * i) & 2) != 0) {
                end.reset();
            } else {
                static_cast<void>(end.events());
            }
        }
        a.reset();
        b.reset();
        const auto seen = settle(a, b);
        ASSERT_EQ(seen.first & kEst, kEst) << order;
        ASSERT_EQ(seen.second & kEst, kEst) << order;
        ASSERT_EQ(a.write("there"), kIpcSuccess) << order;
        ASSERT_EQ(b.write("back"), kIpcSuccess) << order;
        ASSERT_EQ(b.read(), "there") << order;
        ASSERT_EQ(a.read(), "back") << order;
        if (order > 700) order += 60;  // the rest by samples
    }
}

TEST_P(StatesTest, WhoseOwnerHasItOpenIsBusyAndFreeAfterwards) {
    {
        const OpenEndpoint a(name(0));
        NvSciIpcEndpoint second = 5;
        EXPECT_EQ(NvSciIpcOpenEndpoint(name(0).c_str(), &second), NvSciError_Busy);
        EXPECT_EQ(second, 0U);
    }
    const OpenEndpoint again(name(0));
}

// The steps alone

using ipc::next_step;
using ipc::Standing;
using ipc::State;

TEST(StepsTest, AnAnswerToAnEarlierResetIsNoneToALaterOne) {
    const Standing own{State::sync, 2, 0};
    EXPECT_FALSE(next_step(own, {State::ack, 1, 1}));
    const auto step = next_step(own, {State::ack, 1, 2});
    ASSERT_TRUE(step);
    EXPECT_EQ(step->next, (Standing{State::established, 2, 1}));
    EXPECT_TRUE(step->clears);
}

TEST(StepsTest, AResetThatWasAnsweredIsNotAnsweredTwiceAndALaterOneIs) {
    const Standing own{State::ack, 1, 5};
    EXPECT_FALSE(next_step(own, {State::sync, 5, 0}));
    const auto step = next_step(own, {State::sync, 6, 0});
    ASSERT_TRUE(step);
    EXPECT_EQ(step->next, (Standing{State::ack, 1, 6}));
    EXPECT_TRUE(step->clears);
}

TEST(StepsTest, AResetOfAPeerThatWasConnectedIsNewWhateverItsNumber) {
    const auto step = next_step({State::established, 1, 1}, {State::sync, 1, 0});
    ASSERT_TRUE(step);
    EXPECT_EQ(step->next, (Standing{State::ack, 1, 1}));
    EXPECT_TRUE(step->clears);
}

TEST(StepsTest, WordsKeepWhatTheyHoldAndTheCountOfResetsIsNeverZero) {
    for (const Standing standing :
         {Standing{}, Standing{State::established, 0x7FFF, 0x7FFF}, Standing{State::ack, 1, 2}})
        EXPECT_EQ(Standing::of(standing.word()), standing);
    EXPECT_EQ((Standing{State::sync, 0x7FFF, 3}.after_reset()), (Standing{State::sync, 1, 0}));
}

// Two ends, each step in two parts, the look at the peer's word and the writing of the own one. A walk over all orders
// of those, with two resets of each.
struct Machine {
    std::array<Standing, 2> shown{};
    std::array<std::optional<ipc::Step>, 2> decided{};
    std::array<int, 2> resets_left{2, 2};
    friend bool operator==(const Machine&, const Machine&) = default;
};

void walk(const Machine& machine, std::vector<Machine>& seen, int depth) {
    if (depth == 0 || std::find(seen.begin(), seen.end(), machine) != seen.end()) return;
    seen.push_back(machine);
    for (const std::size_t side : {0, 1}) {
        Machine next = machine;
        if (machine.decided[side]) {
            next.shown[side] = machine.decided[side]->next;
            next.decided[side].reset();
            // Who is connected is so by the last reset of both.
            const Standing& own = next.shown[side];
            const Standing& peer = next.shown[1 - side];
            if (own.state == State::established && peer.state == State::established && !next.decided[1 - side]) {
                EXPECT_EQ(own.echo, peer.resets);
                EXPECT_EQ(peer.echo, own.resets);
            }
            walk(next, seen, depth - 1);
            continue;
        }
        if (machine.resets_left[side] > 0) {
            Machine reset = machine;
            --reset.resets_left[side];
            reset.shown[side] = machine.shown[side].after_reset();
            walk(reset, seen, depth - 1);
        }
        next.decided[side] = next_step(machine.shown[side], machine.shown[1 - side]);
        if (next.decided[side]) walk(next, seen, depth - 1);
    }
    // Where nothing is left to be done, both are connected.
    const bool is_over = machine.resets_left == std::array{0, 0} && !machine.decided[0] && !machine.decided[1] &&
                         !next_step(machine.shown[0], machine.shown[1]) &&
                         !next_step(machine.shown[1], machine.shown[0]);
    if (is_over) {
        EXPECT_EQ(machine.shown[0].state, State::established);
        EXPECT_EQ(machine.shown[1].state, State::established);
        EXPECT_EQ(machine.shown[0].echo, machine.shown[1].resets);
        EXPECT_EQ(machine.shown[1].echo, machine.shown[0].resets);
    }
}

TEST(StepsTest, EveryOrderOfStepsAndResetsEndsConnectedByTheLastResets) {
    std::vector<Machine> seen;
    walk({}, seen, 100);
    EXPECT_GT(seen.size(), 100U);
}

}  // namespace
}  // namespace opennvsci::test
