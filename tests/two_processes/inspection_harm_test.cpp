// SPDX-License-Identifier: Apache-2.0
//
// What inspections do not do: harm the process that is asked, or who asks, whatever the other one does; tell of a
// process that is gone; hold what a process has forked from.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "exchange.h"
#include "fake_inspected.h"
#include "inspection.h"
#include "own_process.h"

namespace opennvsci::test {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;
using std::chrono::seconds;

void tell_that_it_is_ready() {
    std::printf("ready\n");
    std::fflush(stdout);
}

std::vector<NvSciBufAttrList> make_lists(NvSciBufModule module, long count) {
    std::vector<NvSciBufAttrList> lists(static_cast<std::size_t>(count));
    for (NvSciBufAttrList& list : lists)
        MUST(NvSciBufAttrListCreate(module, &list));
    return lists;
}

const Role kManyLists("many_lists", [](const Arguments& arguments) {
    Module module;
    MUST(NvSciBufModuleOpen(module.out()));
    (void)make_lists(module, arguments.number("lists"));
    tell_that_it_is_ready();
    for (;;)
        ::pause();
});

// Ends as programs do that free in static destructors.
const Role kEnds("ends", [](const Arguments&) {
    static struct Things {
        Module module;
        std::vector<NvSciBufAttrList> lists;
        ~Things() {
            for (NvSciBufAttrList list : lists)
                NvSciBufAttrListFree(list);
        }
    } things;
    MUST(NvSciBufModuleOpen(things.module.out()));
    things.lists = make_lists(things.module, 500);
    tell_that_it_is_ready();
    std::this_thread::sleep_for(milliseconds(100));
    std::exit(0);
});

// Forks when it answers. The child opens a module when there is a file of the name `go`.
const Role kForksAndAnswers("forks_and_answers", [](const Arguments& arguments) {
    Module module;
    MUST(NvSciBufModuleOpen(module.out()));
    (void)make_lists(module, 2);
    Module own;
    if (::fork() == 0) {
        tell_that_it_is_ready();
        for (int i = 0; i < 10000 && !std::filesystem::exists(arguments.text("go")); ++i)
            ::usleep(10000);
        MUST(NvSciBufModuleOpen(own.out()));
        (void)make_lists(own, 1);
        std::printf("child answers\n");
        std::fflush(stdout);
    }
    ::alarm(kLongestRoleSeconds);  // also of the child, whom nobody waits for
    for (;;)
        ::pause();
});

std::vector<int> open_descriptors() {
    std::vector<int> found;
    for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fd"))
        found.push_back(std::stoi(entry.path().filename()));
    return found;
}

std::size_t count_threads() {
    const std::filesystem::directory_iterator threads("/proc/self/task");
    return static_cast<std::size_t>(std::distance(begin(threads), end(threads)));
}

// Closes all that is open as soon as it was asked, as a daemon does, and puts a listening socket of its own, which
// blocks, at each number.
const Role kClosesAll("closes_all", [](const Arguments& arguments) {
    Module module;
    MUST(NvSciBufModuleOpen(module.out()));
    (void)inspect(::getpid());
    const std::vector<int> before = open_descriptors();
    if (*std::ranges::max_element(before) < 100) throw Failure("the descriptors have numbers that are given away soon");
    const int own = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const sockaddr_un address = socket_address(arguments.text("socket"));
    if (::bind(own, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0 || ::listen(own, 8) != 0)
        throw Failure("no socket of its own");
    for (const int number : before) {
        if (number > STDERR_FILENO) ::dup3(own, number, O_CLOEXEC);
    }
    const int client = connect_to(arguments.text("socket"));
    for (int i = 0; i < 100 && count_threads() > 1; ++i)
        std::this_thread::sleep_for(milliseconds(20));
    pollfd asked{own, POLLIN, 0};
    if (::poll(&asked, 1, 0) != 1) throw Failure("its client was taken");
    char part = 0;
    if (::recv(client, &part, 1, MSG_DONTWAIT) != -1) throw Failure("its client was answered");
    if (count_threads() != 1) throw Failure("the thread is still there");
    const pid_t child = ::fork();
    if (child == 0) ::_exit(0);
    ::waitpid(child, nullptr, 0);
    for (const int number : before) {
        if (number > STDERR_FILENO && ::fcntl(number, F_GETFD) < 0) throw Failure("its descriptor was closed");
    }
    std::printf("good\n");
});

const Role kBecomesAnother("becomes_another", [](const Arguments&) {
    Module module;
    MUST(NvSciBufModuleOpen(module.out()));
    if (::setresuid(65534, 65534, 65534) != 0) throw Failure("setresuid");
    ::prctl(PR_SET_DUMPABLE, 1);
    (void)make_lists(module, 1);
    tell_that_it_is_ready();
    ::alarm(kLongestRoleSeconds);
    for (;;)
        ::pause();
});

class InspectionHarmTest : public InspectionTest {
  protected:
    [[nodiscard]] std::string socket_path() const {
        for (const std::string& file : files()) {
            if (file.ends_with("-sock")) return file;
        }
        return {};
    }
    static long descriptors_of(pid_t process) {
        long count = 0;
        for ([[maybe_unused]] const auto& entry :
             std::filesystem::directory_iterator("/proc/" + std::to_string(process) + "/fd"))
            ++count;
        return count;
    }
    /// Waits until it is in this state: stopped (T), or dead (Z).
    static bool comes_to(char state, pid_t process) {
        for (int i = 0; i < 1000; ++i) {
            std::ifstream status("/proc/" + std::to_string(process) + "/stat");
            const std::string text(std::istreambuf_iterator<char>(status), {});
            if (text.find(std::string(") ") + state + " ") != std::string::npos) return true;
            std::this_thread::sleep_for(milliseconds(10));
        }
        return false;
    }
    static OpenNvSciInspectionOutcome outcome_of_one() {
        const auto found = inspect();
        EXPECT_EQ(found.size(), 1U);
        if (found.empty()) return OpenNvSciInspectionOutcome_Silent;
        EXPECT_EQ(found[0].answer.empty(), found[0].outcome != OpenNvSciInspectionOutcome_Answered);
        return found[0].outcome;
    }
};

TEST_F(InspectionHarmTest, FiftyThousandListsAreCountedAndTheFirstOnesTold) {
    Process process = start("many_lists", {"lists=50000"});
    const Json answer = answer_of(process);
    EXPECT_EQ(answer["lists"]["count"], 50000);
    EXPECT_GE(answer["lists"]["entries"].size(), 500U);
    EXPECT_LE(answer["lists"]["entries"].size(), 1000U);
    EXPECT_LE(inspect(process.id())[0].answer.size(), std::size_t{8} << 20);
}

TEST_F(InspectionHarmTest, WhatADeadProcessLeftIsRemovedByWhoeverLooks) {
    Process living = start("many_lists", {"lists=1"});
    Process dead = start("many_lists", {"lists=1"});
    ASSERT_TRUE(living.says("ready"));
    ASSERT_TRUE(dead.says("ready"));
    EXPECT_EQ(inspect().size(), 2U);
    const pid_t number = dead.id();
    dead.kill();
    EXPECT_TRUE(dead.end().was_killed());
    EXPECT_EQ(files().size(), 4U);
    EXPECT_TRUE(inspect(number).empty());
    EXPECT_EQ(files().size(), 2U) << "those of the dead are gone, and only those";
    const auto left = inspect();
    ASSERT_EQ(left.size(), 1U);
    EXPECT_EQ(left[0].pid, living.id());
}

TEST_F(InspectionHarmTest, AnythingMayLieInTheFolder) {
    Process process = start("many_lists", {"lists=1"});
    ASSERT_TRUE(process.says("ready"));
    const std::string kept = meeting_.folder() + "/kept";
    std::ofstream(kept) << "mine";
    std::filesystem::create_symlink(kept, folder() + "/0000000000000001.inspect-lock");
    ASSERT_EQ(::mkfifo((folder() + "/0000000000000002.inspect-lock").c_str(), 0600), 0);
    std::filesystem::create_directory(folder() + "/0000000000000003.inspect-lock");
    std::ofstream(folder() + "/..0000000000004.inspect-lock") << "";
    std::filesystem::create_hard_link(kept, folder() + "/0000000000000005.inspect-lock");
    EXPECT_EQ(outcome_of_one(), OpenNvSciInspectionOutcome_Answered);
    EXPECT_TRUE(std::filesystem::exists(kept));
    EXPECT_TRUE(std::filesystem::exists(folder() + "/0000000000000005.inspect-lock")) << "it has another name";
    EXPECT_EQ(files().size(), 2U + 5U);
}

// Four are served at once, and none of them for more than two seconds.
TEST_F(InspectionHarmTest, ReadersThatDoNotReadAreFewAndDoNotStay) {
    Process process = start("many_lists", {"lists=5000"});
    ASSERT_TRUE(process.says("ready"));
    const long before = descriptors_of(process.id());
    std::vector<int> readers;
    for (int i = 0; i < 8; ++i) {
        readers.push_back(connect_to(socket_path()));
        ASSERT_GE(readers.back(), 0);
    }
    long most = before;
    const auto end = Clock::now() + seconds(30);
    bool were_there = false;
    while (Clock::now() < end) {
        const long now = descriptors_of(process.id());
        most = std::max(most, now);
        were_there = were_there || now > before;
        if (were_there && now == before) break;
        std::this_thread::sleep_for(milliseconds(20));
    }
    EXPECT_EQ(most, before + 4);
    EXPECT_LT(Clock::now(), end) << "they are still served";
    EXPECT_EQ(outcome_of_one(), OpenNvSciInspectionOutcome_Answered);
    for (const int reader : readers)
        ::close(reader);
}

TEST_F(InspectionHarmTest, AProcessThatDiesInTheMiddleLeavesAnAnswerThatIsNotWhole) {
    Process process = start("many_lists", {"lists=5000"});
    ASSERT_TRUE(process.says("ready"));
    const int reader = connect_to(socket_path());
    std::string read(100, ' ');
    ASSERT_GT(::recv(reader, read.data(), read.size(), 0), 0);
    process.kill();
    ASSERT_TRUE(comes_to('Z', process.id()));
    for (ssize_t count = 1; count > 0;) {
        char part[4096];
        count = ::recv(reader, part, sizeof(part), 0);
        if (count > 0) read.append(part, static_cast<std::size_t>(count));
    }
    ::close(reader);
    EXPECT_FALSE(read.ends_with('\n'));
}

TEST_F(InspectionHarmTest, AnAnswerThatIsNotWholeOrTooLongIsNone) {
    const std::string stem = "0123456789abcdef";
    const std::string too_much = std::string((std::size_t{8} << 20) + 1, ' ') + "{}\n";
    for (const std::string& bytes : {std::string(), std::string("{\"format_version\":1"), too_much}) {
        const FakeInspected fake(folder(), stem, bytes);
        EXPECT_EQ(outcome_of_one(), OpenNvSciInspectionOutcome_Broken) << bytes.size();
    }
    const FakeInspected fake(folder(), stem, "anything\n");
    EXPECT_EQ(outcome_of_one(), OpenNvSciInspectionOutcome_Answered);
}

TEST_F(InspectionHarmTest, AProgramThatClosesAllDescriptorsKeepsItsOwnForItself) {
    if (kHasThreadSanitizer) GTEST_SKIP() << "the thread sanitizer has a thread of its own, and the test counts them";
    Process process = start("closes_all", {"socket=" + meeting_.folder() + "/own"});
    EXPECT_TRUE(process.says("good")) << process.end().text;
    EXPECT_TRUE(inspect(process.id()).empty());
    EXPECT_TRUE(files().empty()) << "its place is given back";
}

// As daemons do that root starts: the place is root's.
TEST_F(InspectionHarmTest, AProcessThatBecomesAnotherUserAnswersWhoeverItsPlaceBelongsTo) {
    if (::geteuid() != 0) GTEST_SKIP() << "only root becomes another user";
    Process process = start("becomes_another");
    EXPECT_EQ(answer_of(process)["lists"]["count"], 1);
    process.kill();
}

TEST_F(InspectionHarmTest, SocketsThatAreNoneOfInspectionsArePassedOver) {
    Process process = start("many_lists", {"lists=1"});
    ASSERT_TRUE(process.says("ready"));
    for (const int type : {SOCK_DGRAM, SOCK_SEQPACKET}) {
        const FakeInspected fake(folder(), "00000000000000ff", "", FakeInspected::Manner::looks_at_nobody, type);
        EXPECT_EQ(outcome_of_one(), OpenNvSciInspectionOutcome_Answered);
    }
}

// More than are asked at once lie in the folder, and which of them is whose is seen by connecting only.
TEST_F(InspectionHarmTest, AProcessIsFoundAmongMoreThanAreAsked) {
    const auto make_fakes = [this](int from) {
        std::vector<std::unique_ptr<FakeInspected>> fakes;
        for (int i = from; i < from + 150; ++i) {
            std::string stem = std::to_string(i);
            stem.insert(0, 16 - stem.size(), '0');
            fakes.push_back(std::make_unique<FakeInspected>(folder(), stem, "{}\n"));
        }
        return fakes;
    };
    // Folders are read in the order of making, the reverse of it, or by a hash.
    const auto before = make_fakes(0);
    Process process = start("many_lists", {"lists=1"});
    const Json answer = answer_of(process);
    const auto after = make_fakes(150);
    EXPECT_EQ(inspect(process.id()).size(), 1U);
    EXPECT_EQ(inspect().size(), 256U);
}

// Its queue is full, so that nobody knows which process it is.
TEST_F(InspectionHarmTest, WhoLooksAtNobodyHoldsUpOnlyThoseWhoseProcessIsNotFound) {
    Process process = start("many_lists", {"lists=1"});
    ASSERT_TRUE(process.says("ready"));
    const FakeInspected stopped(folder(), "00000000000000ff", "", FakeInspected::Manner::looks_at_nobody);
    const int first = connect_to(folder() + "/00000000000000ff.inspect-sock");
    const auto begin = Clock::now();
    EXPECT_EQ(inspect(process.id()).size(), 1U);
    EXPECT_LT(Clock::now() - begin, milliseconds(2500));
    const auto found = inspect(::getpid());
    ASSERT_EQ(found.size(), 1U);
    EXPECT_EQ(found[0].pid, 0);
    EXPECT_EQ(found[0].outcome, OpenNvSciInspectionOutcome_Silent);
    ::close(first);
}

TEST_F(InspectionHarmTest, AProcessThatIsStoppedIsSilentAndHoldsNobodyUp) {
    Process stopped = start("many_lists", {"lists=1"});
    Process process = start("many_lists", {"lists=1"});
    ASSERT_TRUE(stopped.says("ready"));
    ASSERT_TRUE(process.says("ready"));
    ::kill(stopped.id(), SIGSTOP);
    ASSERT_TRUE(comes_to('T', stopped.id()));
    const auto begin = Clock::now();
    for (const Inspected& inspected : inspect()) {
        EXPECT_EQ(inspected.outcome, inspected.pid == stopped.id() ? OpenNvSciInspectionOutcome_Silent
                                                                   : OpenNvSciInspectionOutcome_Answered);
    }
    EXPECT_LT(Clock::now() - begin, seconds(20));
    ::kill(stopped.id(), SIGCONT);
    EXPECT_EQ(inspect(stopped.id())[0].outcome, OpenNvSciInspectionOutcome_Answered);
}

TEST_F(InspectionHarmTest, AProcessEndsWellWhileItIsAsked) {
    for (int i = 0; i < 5; ++i) {
        Process process = start("ends");
        ASSERT_TRUE(process.says("ready"));
        std::atomic<bool> is_over{false};
        std::thread asks([&] {
            while (!is_over)
                (void)inspect();
        });
        const Ending ending = process.end();
        is_over = true;
        asks.join();
        EXPECT_TRUE(ending.is_good()) << ending.text;
        (void)inspect();
        EXPECT_TRUE(files().empty());
    }
}

TEST_F(InspectionHarmTest, AForkedChildAnswersForItselfAndKeepsNothingOfItsParent) {
    SKIP_WHERE_FORKS_STAND_STILL();
    const std::string go = meeting_.folder() + "/go";
    Process process = start("forks_and_answers", {"go=" + go});
    ASSERT_TRUE(process.says("ready"));  // the child does
    ASSERT_EQ(inspect().size(), 1U);
    EXPECT_EQ(inspect()[0].pid, process.id());
    EXPECT_EQ(inspect()[0].json()["lists"]["count"], 2);

    std::ofstream(go) << "";
    ASSERT_TRUE(process.says("child answers"));
    ASSERT_EQ(inspect().size(), 2U);
    EXPECT_EQ(inspect(process.id())[0].json()["lists"]["count"], 2);

    // If the child had the parent's lock, the parent would seem to be there.
    const pid_t parent = process.id();
    process.kill();
    auto left = inspect();
    for (int i = 0; i < 500 && left.size() != 1; ++i) {  // it takes a moment to die
        std::this_thread::sleep_for(milliseconds(20));
        left = inspect();
    }
    ASSERT_EQ(left.size(), 1U);
    EXPECT_NE(left[0].pid, parent);
    const Json child = left[0].json();
    EXPECT_EQ(child["process"]["pid"], left[0].pid);
    EXPECT_EQ(child["modules"]["count"], 1) << "what it inherited is not its own";
    EXPECT_EQ(child["lists"]["count"], 1);
    EXPECT_EQ(files().size(), 2U);
    ::kill(static_cast<pid_t>(left[0].pid), SIGKILL);
}

}  // namespace
}  // namespace opennvsci::test
