// SPDX-License-Identifier: Apache-2.0
//
// The file of a trace: what may be one, who adds to it, and how it ends. What cannot be written fails no call: each
// program ends well.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <chrono>
#include <cstddef>
#include <fstream>
#include <ios>
#include <iterator>

#include "trace_file.h"

namespace opennvsci::test {
namespace {

int count(const std::string& text, const std::string& part) {
    int found = 0;
    for (auto at = text.find(part); at != std::string::npos; at = text.find(part, at + 1))
        ++found;
    return found;
}

std::string bytes_of(const std::filesystem::path& path) {
    std::ifstream stream(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(stream), {}};
}

class TraceOutputTest : public TraceTest {
  protected:
    /// A path that is refused: one warning says why, and the program goes on at once.
    static void expect_refused(const std::filesystem::path& path, const std::string& why) {
        const auto start = std::chrono::steady_clock::now();
        const Outcome outcome = run_program("OneRound", path);
        EXPECT_EQ(outcome.status, 0) << outcome.output;
        EXPECT_EQ(count(outcome.output, "opennvsci: warning: OPENNVSCI_TRACE="), 1) << outcome.output;
        EXPECT_NE(outcome.output.find(why + "; this process writes no trace"), std::string::npos) << outcome.output;
        EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(60));
    }
};

TEST_F(TraceOutputTest, APathThatCannotBeOpenedIsSaid) {
    expect_refused(folder_ / "absent" / "trace.json", "No such file or directory");
    expect_refused(folder_, "it is no regular file");
}

// Opening one, or writing to one that nobody reads, would wait for ever.
TEST_F(TraceOutputTest, FifosAndDevicesAreNotOpened) {
    const std::filesystem::path fifo = folder_ / "fifo";
    ASSERT_EQ(::mkfifo(fifo.c_str(), 0600), 0);
    expect_refused(fifo, "it is no regular file");
    const int reader = ::open(fifo.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    expect_refused(fifo, "it is no regular file");
    char byte = 0;
    EXPECT_EQ(::read(reader, &byte, 1), 0);
    ::close(reader);
    expect_refused("/dev/null", "it is no regular file");
}

TEST_F(TraceOutputTest, AFileThatIsNoTraceStaysAsItIs) {
    for (const char* content : {"#!/bin/sh\n", "[", "\n"}) {
        std::ofstream(path_) << content;
        expect_refused(path_, "it has something in it that is no trace");
        EXPECT_EQ(bytes_of(path_), content);
    }
}

TEST_F(TraceOutputTest, ProgramsAddToTheTraceOfOthers) {
    for (std::size_t runs = 1; runs <= 3; ++runs) {
        const TraceFile trace = trace_of("OneRound");
        trace.check_sound();
        EXPECT_EQ(trace.names("process_name").size(), runs);
        EXPECT_EQ(trace.all("X", "NvSciSyncObjSignal").size(), runs);
    }
}

// Of a process that was ended in the middle of it, or whose disk was full.
TEST_F(TraceOutputTest, ALineThatWasCutIsEndedBeforeTheNextOne) {
    const std::string cut = "[\n{\"cut";
    std::ofstream(path_) << cut;
    EXPECT_EQ(run_program("OneRound", path_).status, 0);
    EXPECT_EQ(bytes_of(path_).substr(0, cut.size() + 2), cut + "\n{");
}

TEST_F(TraceOutputTest, TheFileIsTheUsersOwn) {
    EXPECT_EQ(run_program("OneRound", path_).status, 0);
    struct stat status {};
    ASSERT_EQ(::stat(path_.c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 0777, 0600U);
}

// Their processes have the same numbers. CUDA wants a /proc that knows them.
TEST_F(TraceOutputTest, ProcessesOfTwoContainersHaveTracksOfTheirOwn) {
    const std::string container = "unshare --pid --fork --mount-proc ";
    if (run(container + "true", {}).status != 0) GTEST_SKIP() << "no namespace of processes can be made here";
    const std::string program = container + "'" + std::filesystem::read_symlink("/proc/self/exe").string() +
                                "' --gtest_also_run_disabled_tests --gtest_filter=Traced.DISABLED_OneRound";
    for (int i = 0; i < 2; ++i)
        EXPECT_EQ(count(run(program, path_).output, "[  PASSED  ] 1 test"), 1);
    const TraceFile trace(path_);
    trace.check_sound();
    const auto names = trace.all("M", "process_name");
    ASSERT_EQ(names.size(), 2U);
    EXPECT_NE(names[0].at("pid"), names[1].at("pid"));
    for (const Event& name : names) {
        EXPECT_GE(name.at("pid"), 1 << 22) << "no process has it";
        EXPECT_NE(name.at("args").at("name").get<std::string>().find(" (1 in its container)"), std::string::npos);
    }
}

// All find an empty file at the same time, and one begins it.
TEST_F(TraceOutputTest, ProgramsThatBeginTogetherMakeOneTrace) {
    constexpr int kPrograms = 12;
    const std::string program = "'" + std::filesystem::read_symlink("/proc/self/exe").string() +
                                "' --gtest_also_run_disabled_tests --gtest_filter=Traced.DISABLED_OneRound";
    const Outcome outcome = run(
        "sh -c \"for i in $(seq " + std::to_string(kPrograms) + " | tr '\\n' ' '); do " + program + " & done; wait\"",
        path_);
    EXPECT_EQ(count(outcome.output, "[  PASSED  ] 1 test"), kPrograms) << outcome.output;
    const TraceFile trace(path_);
    trace.check_sound();
    EXPECT_EQ(trace.names("process_name").size(), std::size_t{kPrograms});
}

TEST_F(TraceOutputTest, AnEmptyNameAsksForNothing) {
    const Outcome outcome = run_program("OneRound", "");
    EXPECT_EQ(outcome.status, 0);
    EXPECT_EQ(outcome.output.find("OPENNVSCI_TRACE"), std::string::npos) << outcome.output;
}

TEST_F(TraceOutputTest, NothingIsWrittenIntoFilesOfTheProgram) {
    const Outcome outcome = run_program("ProgramClosesAllDescriptors", path_);
    EXPECT_EQ(outcome.status, 0) << outcome.output;
    EXPECT_EQ(count(outcome.output, "the program has closed its descriptor"), 1) << outcome.output;
    const TraceFile trace(path_);
    trace.check_sound();
    EXPECT_EQ(trace.all("X", "NvSciSyncObjSignal").size(), 1U);
}

// Whoever exceeds RLIMIT_FSIZE is ended by SIGXFSZ.
TEST_F(TraceOutputTest, TheLimitOfFileSizesEndsTheTraceAlone) {
    const Outcome outcome = run_program("LimitOfFileSizes", path_);
    EXPECT_EQ(outcome.status, 0) << outcome.output;
    EXPECT_EQ(count(outcome.output, "the file has the size that RLIMIT_FSIZE allows"), 1) << outcome.output;
    EXPECT_LE(std::filesystem::file_size(path_), 100000U);
    TraceFile(path_).check_sound();
}

}  // namespace
}  // namespace opennvsci::test
