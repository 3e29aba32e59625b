// SPDX-License-Identifier: Apache-2.0
//
// The owner of an endpoint forks, at every step: the child can do nothing with what it inherits, does not disturb the
// owner, and does not keep the endpoint or the link when the owner has gone.
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>

#include "exchange.h"
#include "own_process.h"
#include "process.h"

namespace opennvsci::test {
namespace {

constexpr unsigned kLongestChildSeconds = 60;

// Stays until the test's folder is gone.
[[noreturn]] void linger(const std::string& folder) {
    ::signal(SIGALRM, SIG_DFL);
    ::alarm(kLongestChildSeconds);
    while (::access(folder.c_str(), F_OK) == 0)
        ::usleep(10'000);
    ::_exit(0);
}

// What a child finds when it uses the endpoint of its parent.
int try_everything(NvSciIpcEndpoint endpoint) {
    std::uint32_t word = 0;
    std::uint32_t count = 0;
    volatile void* to_write = nullptr;
    const volatile void* to_read = nullptr;
    int failed = 0;
    opennvsciPrintRefusals(false);  // a line for each call of each child
    const auto expect_refused = [&](NvSciError code, const char* call) {
        if (code != NvSciError_Success) return;
        std::fprintf(stderr, "in a forked child, %s succeeds\n", call);
        failed = 1;
    };
    expect_refused(NvSciIpcGetEventSafe(endpoint, &word), "GetEvent");
    expect_refused(NvSciIpcWriteSafe(endpoint, &word, sizeof(word), &count), "Write");
    expect_refused(NvSciIpcReadSafe(endpoint, &word, sizeof(word), &count), "Read");
    expect_refused(NvSciIpcWriteGetNextFrame(endpoint, &to_write), "WriteGetNextFrame");
    expect_refused(NvSciIpcReadGetNextFrame(endpoint, &to_read), "ReadGetNextFrame");
    expect_refused(NvSciIpcWriteAdvance(endpoint), "WriteAdvance");
    expect_refused(NvSciIpcReadAdvance(endpoint), "ReadAdvance");
    expect_refused(NvSciIpcResetEndpointSafe(endpoint), "Reset");
    (void)NvSciIpcCloseEndpointSafe(endpoint, false);
    return failed;
}

// Goes through the exchange, with a child at every step. Every eighth stays when the owner has gone.
const Role kForks("forks_at_each_step", [](const Arguments& arguments) {
    const Plan plan = Plan::of(arguments);
    const std::string folder = arguments.text("folder");
    Channel channel(arguments.text("endpoint").c_str());
    long children = 0;
    Steps::instance().at_each([&](long step) {
        const pid_t child = ::fork();
        if (child == 0) {
            ::alarm(kLongestChildSeconds);
            if (step % 8 == 0) linger(folder);
            ::_exit(try_everything(channel));
        }
        if (child < 0) ::_exit(1);
        ++children;
        if (step % 8 == 0) return;
        int status = 0;
        while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
        }
        if (status == 0) return;
        // Not an exception: it would come out of a destructor.
        std::fprintf(stderr, "a child forked before step %ld, %s, ended with status %d\n", step,
                     Steps::instance().last_call(), status);
        ::_exit(1);
    });
    channel.reset();
    channel.await_connection();
    {
        Exchange exchange(channel, plan);
        arguments.text("endpoint") == "ch_0" ? exchange.produce() : exchange.consume();
    }
    std::printf("%ld children\n", children);
    // No close: it is the end of the process that frees the endpoint.
    std::fflush(stdout);
    ::_exit(children > 30 ? 0 : 1);
});

const Role kDoesNot("does_not_fork", [](const Arguments& arguments) {
    Channel channel(arguments.text("endpoint").c_str());
    channel.reset();
    channel.await_connection();
    Exchange exchange(channel, Plan::of(arguments));
    arguments.text("endpoint") == "ch_0" ? exchange.produce() : exchange.consume();
});

// Waits for a fence that comes with nothing; its signaler forks a child that stays, and dies.
const Role kDies("dies_with_a_child", [](const Arguments& arguments) {
    Channel channel("ch_0");
    channel.reset();
    channel.await_connection();
    channel.send_value<std::uint32_t>(arguments.number("is_last") != 0 ? 1 : 0);
    Steps::instance().at_each([&](long step) {
        if (step + 1 != arguments.number("kill_before")) return;
        if (::fork() == 0) linger(arguments.text("folder"));
    });
    Steps::instance().begin(arguments.number("kill_before"));
    Exchange exchange(channel, Plan::of(arguments));
    exchange.produce();
});

// Goes through rounds until one with the last peer is complete. One that dies at its end may have done all it had to.
const Role kStays("stays", [](const Arguments& arguments) {
    Channel channel("ch_1");
    channel.reset();
    for (;;) {
        channel.await_connection();
        Exchange exchange(channel, Plan::of(arguments));
        try {
            const bool is_last = channel.receive_value<std::uint32_t>() != 0;
            exchange.consume();
            if (is_last) return;
        } catch (const Failure& failure) {
            if (failure.code() == NvSciError_Success) throw;
            exchange.look_after_loss();
        }
    }
});

class Fork : public ::testing::Test {
  protected:
    [[nodiscard]] Process begin(const char* role, std::vector<std::string> more) const {
        more.push_back("folder=" + meeting_.folder());
        more.emplace_back("packets=2");
        return Process({role, std::move(more), meeting_.environment()});
    }
    static void expect_good(Process& process, const char* who) {
        const Ending ending = process.end();
        EXPECT_TRUE(ending.is_good()) << who << " ended with status " << ending.status << "\n" << ending.text;
    }
    Meeting meeting_;
};

TEST_F(Fork, AmongMessagesDoesNotDisturbTheOwner) {
    SKIP_WHERE_FORKS_STAND_STILL();
    {
        Process producer = begin("forks_at_each_step", {"endpoint=ch_0", "is_talk=1"});
        Process consumer = begin("forks_at_each_step", {"endpoint=ch_1", "is_talk=1"});
        expect_good(producer, "the producer that forks");
        expect_good(consumer, "the consumer that forks");
    }
    Process producer = begin("does_not_fork", {"endpoint=ch_0", "is_talk=1"});
    Process consumer = begin("does_not_fork", {"endpoint=ch_1", "is_talk=1"});
    expect_good(producer, "the next producer");
    expect_good(consumer, "the next consumer");
}

TEST_F(Fork, AtAnyStepDoesNotDisturbTheOwnerAndDoesNotKeepTheEndpoint) {
    SKIP_WHERE_FORKS_STAND_STILL();
    {
        Process producer = begin("forks_at_each_step", {"endpoint=ch_0"});
        Process consumer = begin("forks_at_each_step", {"endpoint=ch_1"});
        expect_good(producer, "the producer that forks");
        expect_good(consumer, "the consumer that forks");
    }
    // Children of both are still there.
    Process producer = begin("does_not_fork", {"endpoint=ch_0"});
    Process consumer = begin("does_not_fork", {"endpoint=ch_1"});
    expect_good(producer, "the next producer");
    expect_good(consumer, "the next consumer");
}

TEST_F(Fork, AChildDoesNotHideTheDeathOfItsParent) {
    SKIP_WHERE_FORKS_STAND_STILL();
    Process stays = begin("stays", {});
    for (long n = 3;; n += 6) {
        const Ending ending = begin("dies_with_a_child", {"kill_before=" + std::to_string(n)}).end();
        if (ending.was_killed()) continue;
        EXPECT_TRUE(ending.is_good()) << "killed at step " << n << ": " << ending.text;
        break;
    }
    const Ending last = begin("dies_with_a_child", {"kill_before=0", "is_last=1"}).end();
    EXPECT_TRUE(last.is_good()) << "the last peer: " << last.text;
    expect_good(stays, "the survivor");
}

}  // namespace
}  // namespace opennvsci::test
