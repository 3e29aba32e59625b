// SPDX-License-Identifier: Apache-2.0
//
// OPENNVSCI_CAPTURE: what a program's negotiations look like in the file, and what the file does not do to a program.
// The programs are the command itself, which negotiates, and those of captured_program.cpp.
#include <sys/stat.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <sstream>

#include "command.h"
#include "output.h"
#include "support/sanitizer.h"

namespace opennvsci::tool {
namespace {

class CaptureTest : public CommandTest {
  protected:
    /// Every line of a captured file, each of which must be a whole object.
    [[nodiscard]] std::vector<Json> captured(const char* name) const {
        std::vector<Json> all;
        std::istringstream lines(read_file(name));
        for (std::string line; std::getline(lines, line);) {
            all.push_back(Json::parse(line, nullptr, false));
            EXPECT_FALSE(all.back().is_discarded()) << line;
        }
        return all;
    }
    /// Runs a program of captured_program.cpp that captures to `file`. `shell` is done before, in the test's folder.
    [[nodiscard]] Outcome run_program(const std::string& name, const std::string& file,
                                      const std::string& shell = ":") const {
        const std::string line = "exec 2>&1; cd '" + folder_.string() + "' && " + shell + " && OPENNVSCI_CAPTURE='" +
                                 file + "' OPENNVSCI_DEVICE=soft '" +
                                 (program_folder() / "opennvsci_captured_program").string() + "' " + name;
        return run_line(line);
    }
    static void expect_well(const Outcome& outcome, int warnings) {
        EXPECT_EQ(outcome.exit_code, 0) << outcome.output;
        EXPECT_EQ(count(outcome.output, "negotiations are not captured"), warnings) << outcome.output;
    }
};

TEST_F(CaptureTest, EveryNegotiationIsALine) {
    expect_well(run_program("once", "negotiations.jsonl"), 0);
    const std::vector<Json> all = captured("negotiations.jsonl");
    ASSERT_EQ(all.size(), 1U);
    const Json& one = all[0];
    EXPECT_EQ(one["format_version"], 1);
    EXPECT_EQ(one["interface"], "NvSciBuf");
    EXPECT_EQ(one["call"]["function"], "NvSciBufAttrListReconcile");
    EXPECT_EQ(one["call"]["code"], "NvSciError_Success");
    EXPECT_EQ(std::filesystem::path(one["call"]["program"].get<std::string>()).filename(),
              "opennvsci_captured_program");
    EXPECT_EQ(one["process"]["name"], "opennvsci_captured_program");
    EXPECT_EQ(one["participants"][0]["name"], "list 1");
    EXPECT_EQ(one["participants"][0]["asks"]["NvSciBufGeneralAttrKey_Types"], Json::array({"RawBuffer"}));
    EXPECT_EQ(one["participants"][0]["asks"]["NvSciBufRawBufferAttrKey_Size"], 4096);
    EXPECT_EQ(one["report"]["outcome"], "granted");
    EXPECT_TRUE(one["report"]["deciding_key"].is_null());
    EXPECT_GT(one["report"]["decisions"].size(), 10U);
    EXPECT_NE(one["time"].get<std::string>().find("Z"), std::string::npos);
}

// Where the compiler brings a reader of debug information, the place of the call stands there.
TEST_F(CaptureTest, ACallHasItsPlaceInTheSources) {
    expect_well(run_program("once", "file"), 0);
    const std::vector<Json> all = captured("file");
    ASSERT_EQ(all.size(), 1U);
    const Json& call = all[0]["call"];
    EXPECT_NE(call["offset"].get<std::string>().find("0x"), std::string::npos);
    if (!call.contains("file")) GTEST_SKIP() << "built without libbacktrace, or without line numbers";
    EXPECT_EQ(std::filesystem::path(call["file"].get<std::string>()).filename(), "captured_program.cpp");
    EXPECT_GT(call["line"], 0);
}

TEST_F(CaptureTest, ARefusalIsThereWithItsError) {
    expect_well(run_program("refused", "file"), 0);
    const std::vector<Json> all = captured("file");
    ASSERT_FALSE(all.empty());
    const Json& one = all.back();
    EXPECT_EQ(one["call"]["code"], "NvSciError_ReconciliationFailed");
    EXPECT_EQ(one["report"]["outcome"], "refused");
    EXPECT_EQ(one["report"]["deciding_key"], "NvSciBufRawBufferAttrKey_Size");
    EXPECT_NE(one["report"]["error"].get<std::string>().find("list 1 asks 4096"), std::string::npos);
}

TEST_F(CaptureTest, LinesAreAppendedAndTheFileIsTheUsersOwn) {
    for (int i = 0; i < 3; ++i)
        expect_well(run_program("once", "file"), 0);
    EXPECT_EQ(captured("file").size(), 3U);
    struct stat status {};
    ASSERT_EQ(::stat((folder_ / "file").c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 0777, 0600U);
}

TEST_F(CaptureTest, WhatCannotBeWrittenIsSaidOnceAndHindersNobody) {
    expect_well(run_program("often", "no/such/folder"), 1);
    ASSERT_EQ(::mkfifo((folder_ / "pipe").c_str(), 0600), 0);
    expect_well(run_program("often", "pipe"), 1);
    const Outcome full = run_program("often", "/dev/full");
    expect_well(full, 1);
    EXPECT_EQ(count(full.output, "is no regular file"), 1) << full.output;
}

TEST_F(CaptureTest, TheErrorIsTheTextOfTheCall) {
    const Outcome outcome = run_program("refused", "file");
    expect_well(outcome, 0);
    const std::vector<Json> all = captured("file");
    ASSERT_EQ(all.size(), 1U);
    const auto error = all[0]["report"]["error"].get<std::string>();
    EXPECT_NE(error.find("(tried: "), std::string::npos) << error;
    EXPECT_TRUE(has(outcome, error)) << error << '\n' << outcome.output;
}

// Nobody's line is lost because of another's that was cut, of this process or of another one.
TEST_F(CaptureTest, ALineThatWasCutIsEndedBeforeTheNextOne) {
    const std::string cut = "{\"format_version\": 1, \"cu";
    write_file("file", cut);
    expect_well(run_program("once", "file"), 0);
    const std::string text = read_file("file");
    ASSERT_EQ(text.find('\n'), cut.size()) << text;
    EXPECT_TRUE(Json::accept(text.substr(cut.size()))) << text;
}

// Whoever exceeds RLIMIT_FSIZE is ended by SIGXFSZ.
TEST_F(CaptureTest, TheLimitOfFileSizesEndsNoProgram) {
    const Outcome outcome = run_program("limited", "file");
    expect_well(outcome, 1);
    EXPECT_TRUE(has(outcome, "the file has the size that RLIMIT_FSIZE allows")) << outcome.output;
    EXPECT_EQ(captured("file").size(), 1U);
}

TEST_F(CaptureTest, AThreadThatIsCancelledEndsBetweenCalls) {
    expect_well(run_program("cancelled", "file"), 0);
    EXPECT_EQ(captured("file").size(), 1U);
}

TEST_F(CaptureTest, WhatIsPrintedToAClosedStderrIsNotInTheFile) {
    expect_well(run_program("without_stderr", "file"), 0);
    EXPECT_EQ(captured("file").size(), 10U);
}

// The child finds nothing that a thread that it does not have would have to finish: neither of this library, nor of the
// dynamic linker, whose lock a fork leaves as it is.
TEST_F(CaptureTest, AChildThatIsForkedDuringTheFirstCaptureCaptures) {
    if (test::kHasSanitizer) GTEST_SKIP() << "a fork copies the locks of the sanitizer's allocator (gcc 12)";
    for (const char* program : {"forked", "forked_in_the_linker"}) {
        expect_well(run_program(program, "file"), 0);
        EXPECT_EQ(captured("file").size(), 2U) << program;
        std::filesystem::remove(folder_ / "file");
    }
}

TEST_F(CaptureTest, TheTimeIsWrittenWithoutTheLockOfTheTimeZones) {
    expect_well(run_program("dated", "file"), 0);
    EXPECT_EQ(captured("file").size(), 1U);
}

TEST_F(CaptureTest, APathThatNamesNoFileIsSaidOnce) {
    const Outcome gone = run_program("often", "file", "mkdir gone && cd gone && rmdir ../gone");
    expect_well(gone, 1);
    EXPECT_TRUE(has(gone, "the path is relative, and the folder of the process is gone")) << gone.output;
    const Outcome too_long = run_program("often", std::string(5000, 'x'));
    expect_well(too_long, 1);
    EXPECT_TRUE(has(too_long, "the path is too long")) << too_long.output;
}

// Each line once, from processes that write at the same time.
TEST_F(CaptureTest, ProcessesShareAFile) {
    const std::string one = "'" + (program_folder() / "opennvsci_captured_program").string() + "' often & ";
    const std::string shell = "export OPENNVSCI_CAPTURE=file && { " + one + one + one + "wait; }";
    expect_well(run_program("often", "file", shell), 0);
    EXPECT_EQ(captured("file").size(), 200U);
}

// A library of somebody else is the caller, whatever its name.
TEST_F(CaptureTest, ALibraryWithANameLikeOursIsTheCaller) {
    expect_well(run_program("foreign", "file"), 0);
    const std::vector<Json> all = captured("file");
    ASSERT_EQ(all.size(), 1U);
    const auto program = all[0]["call"]["program"].get<std::string>();
    EXPECT_EQ(std::filesystem::path(program).filename(), "libnvsciforeign.so");
}

// Debug information is read once: what is loaded where an unloaded library was has a place in neither.
TEST_F(CaptureTest, ALibraryThatIsLoadedOverAnotherHasNoPlaceInTheSources) {
    expect_well(run_program("reloaded", "file"), 0);
    const std::vector<Json> all = captured("file");
    ASSERT_EQ(all.size(), 3U);
    EXPECT_FALSE(all[1]["call"].contains("file")) << all[1]["call"];
    if (!all[0]["call"].contains("file")) GTEST_SKIP() << "built without libbacktrace, or without line numbers";
    EXPECT_EQ(std::filesystem::path(all[0]["call"]["file"].get<std::string>()).filename(), "reconciles.c");
    // The program itself stays where it is.
    EXPECT_EQ(std::filesystem::path(all[2]["call"]["file"].get<std::string>()).filename(), "captured_program.cpp");
}

}  // namespace
}  // namespace opennvsci::tool
