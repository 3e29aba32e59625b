// SPDX-License-Identifier: Apache-2.0
//
// A peer that writes into the memory of a channel while this end works with it: from a thread, which answers every
// state of this end with the one that makes it go on, lies about its counters, and rewrites frames that are being read.
// No call is held up, nothing outside the frames is touched, and the next peer finds a channel that works.
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <ostream>
#include <thread>

#include "ipc/endpoint.h"
#include "nvsci.h"
#include "nvsciipc.h"

namespace opennvsci::test {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr std::uint32_t kFrames = 3;
constexpr std::uint32_t kFrameSize = 128;
// A call takes microseconds; a machine with few cores may take it off the processor for a while.
constexpr milliseconds kLongestCall{1000};
constexpr milliseconds kDuration{300};

std::shared_ptr<ipc::Endpoint> open(int side) {
    auto made = ipc::Endpoint::open(
        {{ipc::Backend::thread, "INTER_THREAD", {"hostile_0", "hostile_1"}, kFrames, kFrameSize}, side});
    EXPECT_TRUE(made) << made.error().text;
    return std::move(*made);
}

// What one lie is made of; each answers what it sees.
using Lie = void (*)(ipc::SideWords& own, ipc::SideWords& theirs, std::uint64_t round);

struct Case {
    const char* name;
    Lie lie;
};

void PrintTo(const Case& of, std::ostream* stream) {
    *stream << of.name;
}

// The state that takes the other end one step on, whatever state that is in.
void drive_on(ipc::SideWords& own, ipc::SideWords& theirs, std::uint64_t) {
    constexpr std::uint32_t kAnswers[] = {1, 2, 2, 1};  // to closed, sync, ack, established
    own.state.store(kAnswers[theirs.state.load() & 3]);
}
void any_state(ipc::SideWords& own, ipc::SideWords&, std::uint64_t round) {
    own.state.store(static_cast<std::uint32_t>(round % 5));
}
void count_wildly(ipc::SideWords& own, ipc::SideWords&, std::uint64_t round) {
    own.state.store(3);
    own.written.store(round * 0x9E3779B97F4A7C15);
    own.read.store(round % 7 == 0 ? ~0ULL : round);
}
void overwrite_theirs(ipc::SideWords& own, ipc::SideWords& theirs, std::uint64_t round) {
    own.state.store(round % 2 == 0 ? 1 : 2);
    theirs.state.store(static_cast<std::uint32_t>(round % 6));
    theirs.written.store(round);
    theirs.read.store(~round);
    theirs.armed.store(static_cast<std::uint32_t>(round));
    theirs.taken.store(round);
}
void arm_always(ipc::SideWords& own, ipc::SideWords&, std::uint64_t) {
    own.armed.store(1);
}

class LyingPeer : public ::testing::TestWithParam<Case> {
  protected:
    template <class Call>
    static void timed(Call&& call, const char* name) {
        const auto start = steady_clock::now();
        call();
        EXPECT_LT(steady_clock::now() - start, kLongestCall) << name;
    }
};

TEST_P(LyingPeer, HoldsNoCallUpAndLeavesAChannelThatWorks) {
    const std::shared_ptr<ipc::Endpoint> honest = open(0);
    std::shared_ptr<ipc::Endpoint> enemy = open(1);
    ASSERT_TRUE(honest->reset());
    ASSERT_TRUE(enemy->reset());
    std::atomic<bool> goes_on{true};
    {
        const auto link = enemy->link();
        ASSERT_TRUE(link);
        const auto memory = (*link)->rings();
        std::thread liar([&] {
            for (std::uint64_t round = 0; goes_on.load(std::memory_order_relaxed); ++round)
                GetParam().lie(memory->own(), memory->peer(), round);
        });
        const auto end = steady_clock::now() + kDuration;
        std::byte bytes[kFrameSize] = {};
        while (steady_clock::now() < end && !HasFailure()) {
            timed([&] { EXPECT_TRUE(honest->events()); }, "events");
            timed([&] { (void)honest->read(bytes); }, "read");
            timed([&] { (void)honest->write(bytes); }, "write");
            timed(
                [&] {
                    if (const auto frame = honest->next_to_read()) std::memcpy(bytes, *frame, kFrameSize);
                    (void)honest->release_read();
                },
                "release_read");
            timed(
                [&] {
                    if (const auto frame = honest->next_to_write()) std::memset(*frame, 1, kFrameSize);
                    (void)honest->post_written();
                },
                "post_written");
            timed([&] { EXPECT_TRUE(honest->reset()); }, "reset");
        }
        goes_on = false;
        liar.join();
    }
    enemy.reset();
    enemy = open(1);
    ASSERT_TRUE(enemy->reset());
    ASSERT_TRUE(honest->reset());
    bool is_connected = false;
    for (int i = 0; i < 100 && !is_connected; ++i) {
        const auto one = honest->events();
        const auto other = enemy->events();
        ASSERT_TRUE(one && other);
        is_connected = (*one & *other & NV_SCI_IPC_EVENT_WRITE) != 0;
    }
    ASSERT_TRUE(is_connected);
    std::byte sent[kFrameSize];
    std::byte got[kFrameSize];
    std::memset(sent, 0x5A, sizeof(sent));
    ASSERT_TRUE(enemy->write(sent));
    ASSERT_TRUE(honest->read(got));
    EXPECT_EQ(std::memcmp(sent, got, sizeof(sent)), 0);
}

constexpr Case kCases[] = {
    {"DrivesTheStateOn", drive_on},      {"SaysAnyState", any_state}, {"CountsWildly", count_wildly},
    {"OverwritesAll", overwrite_theirs}, {"ArmsAlways", arm_always},
};

INSTANTIATE_TEST_SUITE_P(By, LyingPeer, ::testing::ValuesIn(kCases),
                         [](const auto& parameter) { return parameter.param.name; });

}  // namespace
}  // namespace opennvsci::test
