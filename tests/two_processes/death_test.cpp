// SPDX-License-Identifier: Apache-2.0
//
// A peer is killed at every step of the exchange, one after the other. The survivor is one process for all of them: it
// gets an error or keeps valid memory, does not hang, loses no descriptor and no mapping, and goes through the whole
// exchange with the next peer.
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <optional>
#include <ostream>
#include <string_view>

#include "exchange.h"
#include "own_process.h"
#include "process.h"

namespace opennvsci::test {
namespace {

bool is_producer(const Arguments& arguments) {
    return arguments.text("endpoint") == "ch_0";
}

// What a peer's end may come back as. If the next one is there already, lists of the one before mean nothing to it.
bool tells_of_loss(const Failure& failure) {
    const NvSciError code = failure.code();
    if (code == NvSciError_BadParameter || code == NvSciError_NotPermitted)
        return std::string_view(failure.what()).find("as it is open now") != std::string_view::npos;
    return code == NvSciError_ConnectionReset || code == NvSciError_ResourceError || code == NvSciError_TryItAgain;
}

// One round with whoever is there. Gives false if the peer was the last one.
bool go_around(Channel& channel, const Plan& plan, const Arguments& arguments) {
    Exchange exchange(channel, plan);
    try {
        const bool is_last = channel.receive_value<std::uint32_t>() != 0;
        is_producer(arguments) ? exchange.produce() : exchange.consume();
        // A last peer says when it has done everything: whoever opens the endpoint anew resets what it has not read
        // yet.
        if (is_last) (void)channel.receive_value<std::uint32_t>();
        return !is_last;
    } catch (const Failure& failure) {
        if (!tells_of_loss(failure)) throw;
        exchange.look_after_loss();
    }
    return true;
}

// Rounds with one peer after the other, until the last one says that it is.
long go_on_until_the_last(const Arguments& arguments) {
    // What dead peers had sent and nobody took may lie in the endpoint for a few generations.
    constexpr long kMostParked = 32;
    Channel channel(arguments.text("endpoint").c_str());
    channel.reset();
    std::optional<Holdings> first;
    long rounds = 0;
    for (bool goes_on = true; goes_on; ++rounds) {
        channel.await_connection();
        goes_on = go_around(channel, Plan::of(arguments), arguments);
        const Holdings now = Holdings::now();
        if (!first) first = now;
        require_that(now.descriptors <= first->descriptors + kMostParked && now.mappings <= first->mappings + 8,
                     "after round " + std::to_string(rounds) + " there are " + now.text() + ", after the first " +
                         first->text() + "\n" + describe_holdings());
    }
    return rounds;
}

const Role kSurvivor("survivor", [](const Arguments& arguments) {
    go_on_until_the_last(arguments);
    const Holdings before = Holdings::now();
    std::puts("ready");
    std::fflush(stdout);
    const long rounds = go_on_until_the_last(arguments);
    const Holdings after = Holdings::now();
    // What ended in the rounds before may have been on its way out.
    require_that(after.descriptors <= before.descriptors && after.mappings <= before.mappings,
                 "at the end there are " + after.text() + ", before " + before.text() + "\n" + describe_holdings());
    std::printf("%ld rounds\n", rounds);
});

const Role kVictim("victim", [](const Arguments& arguments) {
    if (arguments.number("is_traced") != 0) be_traced();
    Channel channel(arguments.text("endpoint").c_str());
    channel.reset();
    channel.await_connection();
    channel.send_value<std::uint32_t>(arguments.number("is_last") != 0 ? 1 : 0);
    {
        Exchange exchange(channel, Plan::of(arguments));
        is_producer(arguments) ? exchange.produce() : exchange.consume();
    }
    if (arguments.number("is_last") != 0) channel.send_value<std::uint32_t>(0);
    channel.close();
});

struct Case {
    const char* name;
    const char* victim;  // its endpoint
    const char* survivor;
    Plan plan;
};

void PrintTo(const Case& of, std::ostream* stream) {
    *stream << of.name;
}

class Death : public ::testing::TestWithParam<Case> {
  protected:
    // A process that uses a GPU, or a sanitizer, takes long to start.
    static bool is_gpu() {
        const char* const device = std::getenv("OPENNVSCI_DEVICE");
        return device != nullptr && std::string_view(device) == "gpu";
    }

    void end_with_a_whole_round(Process& survivor) const {
        const Ending last = begin("victim", GetParam().victim, 0, true).end();
        EXPECT_TRUE(last.is_good()) << last.text;
        if (!last.is_good()) survivor.kill();
        const Ending ending = survivor.end();
        EXPECT_TRUE(ending.is_good()) << "the survivor ended with status " << ending.status << "\n" << ending.text;
    }

    [[nodiscard]] Process begin(const char* role, const char* endpoint, long kill_at, bool is_last,
                                const char* more = "") const {
        Beginning beginning{role, GetParam().plan.words(), meeting_.environment()};
        beginning.arguments.push_back(std::string("endpoint=") + endpoint);
        beginning.arguments.push_back("kill_at=" + std::to_string(kill_at));
        beginning.arguments.push_back(std::string("is_last=") + (is_last ? "1" : "0"));
        beginning.arguments.emplace_back(more);
        return Process(beginning);
    }
    Meeting meeting_;
};

TEST_P(Death, AtAnyStepLeavesAPeerThatGoesOn) {
    const Case& of = GetParam();
    Process survivor = begin("survivor", of.survivor, 0, false);
    const Ending first = begin("victim", of.victim, 0, true).end();
    ASSERT_TRUE(first.is_good()) << first.text;
    ASSERT_TRUE(survivor.says("ready")) << survivor.end().text;

    const long stride = is_gpu() ? 9 : kCanForkWithThreads ? 1 : 5;
    long killed = 0;
    for (long n = 1;; n += stride) {
        const Ending ending = begin("victim", of.victim, n, false).end();
        if (!ending.was_killed()) {
            EXPECT_TRUE(ending.is_good()) << "killed at step " << n << ": " << ending.text;
            break;
        }
        ++killed;
    }
    std::printf("%ld peers were killed\n", killed);
    EXPECT_GT(killed * stride, 20);

    end_with_a_whole_round(survivor);
}

// Between two steps, and within them: wherever the library asks the kernel for something.
TEST_P(Death, AtAnySystemCallLeavesAPeerThatGoesOn) {
    if (is_gpu()) GTEST_SKIP() << "a process that uses a GPU takes too long to start";
    if (!kCanForkWithThreads) GTEST_SKIP() << "a sanitizer looks for leaks by tracing, and two cannot trace";
    const Case& of = GetParam();
    Process survivor = begin("survivor", of.survivor, 0, false);
    const Ending first = begin("victim", of.victim, 0, true).end();
    ASSERT_TRUE(first.is_good()) << first.text;
    ASSERT_TRUE(survivor.says("ready")) << survivor.end().text;

    // A system call is entered and left: an odd stride comes to both. The next run comes to others.
    constexpr long kStride = 9;
    long killed = 0;
    for (long n = 1 + static_cast<long>(::getpid()) % kStride;; n += kStride, ++killed) {
        Process victim = begin("victim", of.victim, 0, false, "is_traced=1");
        const bool is_killed = victim.kill_at_system_call(n);
        const Ending ending = victim.end();
        if (is_killed) continue;
        EXPECT_TRUE(ending.is_good()) << "to be killed at system call " << n << ": " << ending.text;
        break;
    }
    std::printf("%ld peers were killed\n", killed);
    EXPECT_GT(killed, 10);
    end_with_a_whole_round(survivor);
}

constexpr Case kCases[] = {
    {"ReaderOfMessages", "ch_1", "ch_0", {.packets = 1, .is_talk = true}},
    {"WriterOfMessages", "ch_0", "ch_1", {.packets = 1, .is_talk = true}},
    {"Consumer", "ch_1", "ch_0", {.packets = 2}},
    {"Producer", "ch_0", "ch_1", {.packets = 2}},
    {"ConsumerOfJointBlobs", "ch_1", "ch_0", {.buffers = 1, .packets = 2, .is_joint = true}},
    {"ProducerOfJointBlobs", "ch_0", "ch_1", {.buffers = 1, .packets = 2, .is_joint = true}},
    {"ConsumerWithStreams", "ch_1", "ch_0", {.buffers = 1, .packets = 2, .is_joint = true, .uses_cuda = true}},
    {"ProducerWithStreams", "ch_0", "ch_1", {.buffers = 1, .packets = 2, .is_joint = true, .uses_cuda = true}},
};

INSTANTIATE_TEST_SUITE_P(Of, Death, ::testing::ValuesIn(kCases),
                         [](const auto& parameter) { return parameter.param.name; });

}  // namespace
}  // namespace opennvsci::test
