// SPDX-License-Identifier: Apache-2.0
//
// `opennvsci doctor` as users run it, and the command that it starts once more.
#include <sys/stat.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "command.h"
#include "doctor/own_command.h"

namespace opennvsci::tool {
namespace {

// This program, started by a test, is one that misbehaves before it gets to its tests.
[[gnu::constructor]] void be_a_child() {
    const char* const kind = std::getenv("DOCTOR_TEST_CHILD");
    const std::string_view wanted = kind != nullptr ? kind : "";
    if (wanted == "hangs") {
        for (;;)
            ::pause();
    }
    if (wanted == "aborts") std::abort();
    constexpr char kText[4096] = {};
    while (wanted == "floods" && ::write(STDOUT_FILENO, kText, sizeof(kText)) > 0) {
    }
}

CommandOutcome run_child(const char* kind) {
    return run_own_command({}, {std::string("DOCTOR_TEST_CHILD=") + kind}, std::chrono::milliseconds(2000));
}

// What hangs, crashes or floods costs its time and no more.
TEST(DoctorCommand, AChildThatDoesNotAnswerIsEnded) {
    const auto begin = std::chrono::steady_clock::now();
    EXPECT_EQ(run_child("hangs").failure, "it did not end within 2 s");
    EXPECT_TRUE(run_child("aborts").reason().starts_with("it was ended by the signal"));
    EXPECT_LT(run_child("floods").output.size(), std::size_t{8} << 20);
    EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(20));
}

class DoctorCommandTest : public CommandTest {
  protected:
    /// On the software device, with folders of this test's own.
    [[nodiscard]] Outcome doctor(const std::string& arguments = "", const std::string& environment = "") const {
        return run("doctor " + arguments,
                   "OPENNVSCI_DEVICE=soft OPENNVSCI_RUNTIME_DIR='" + (folder_ / "run").string() + "' " + environment);
    }
};

TEST_F(DoctorCommandTest, SaysThatThisMachineIsHealthyAndChangesNothing) {
    const Outcome text = doctor();
    EXPECT_EQ(text.exit_code, 0) << text.output;
    EXPECT_TRUE(has(text, "0 problems, ")) << text.output;
    EXPECT_TRUE(has(text, "OPENNVSCI_DEVICE=soft asks for it")) << text.output;
    const Outcome printed = doctor("--json", "LC_ALL=C");
    EXPECT_EQ(printed.exit_code, 0) << printed.output;
    const auto parsed = Json::parse(printed.output);
    EXPECT_EQ(parsed.at("format_version"), 1);
    EXPECT_TRUE(parsed.at("is_healthy"));
    for (const Json& finding : parsed.at("findings")) {
        for (const char* field : {"area", "state", "title", "found", "needed", "remedy"})
            EXPECT_TRUE(finding.at(field).is_string()) << finding;
        EXPECT_NE(finding.at("state"), "problem");
    }
    EXPECT_TRUE(std::filesystem::is_empty(folder_));
}

TEST_F(DoctorCommandTest, TellsWhatIsWrongWithAMachineFile) {
    write_file("machine.json", "{");
    const Outcome outcome = doctor("", "OPENNVSCI_LOG=none OPENNVSCI_SOFT_MACHINE=machine.json COLUMNS=500");
    EXPECT_EQ(outcome.exit_code, 1);
    EXPECT_TRUE(has(outcome, "machine.json is no machine file that can be used: ")) << outcome.output;
}

TEST_F(DoctorCommandTest, FindsNothingWrongWithTheCommandItself) {
    const Outcome outcome = doctor("'" + (program_folder() / "opennvsci").string() + "'");
    EXPECT_EQ(outcome.exit_code, 0) << outcome.output;
    EXPECT_FALSE(has(outcome, "CUDA runtime: static")) << outcome.output;
}

TEST_F(DoctorCommandTest, AProblemIsExitCodeOne) {
    const Outcome misspelled = doctor("", "OPENNVSCI_LOGS=info");
    EXPECT_EQ(misspelled.exit_code, 1);
    EXPECT_TRUE(has(misspelled, "OPENNVSCI_LOG is meant?")) << misspelled.output;
    EXPECT_TRUE(has(misspelled, "\n1 problem, ")) << misspelled.output;
    const Outcome printed = doctor("--json", "OPENNVSCI_LOGS=info");
    EXPECT_EQ(printed.exit_code, 1);
    EXPECT_FALSE(Json::parse(printed.output).at("is_healthy"));
    EXPECT_EQ(doctor("--no-such-option").exit_code, 2);
    EXPECT_EQ(doctor("one two").exit_code, 2);
}

TEST_F(DoctorCommandTest, LinesOfTheConfigurationThatAreIgnoredAreTold) {
    write_file("channels.cfg", "INTER_PROCESS a b 16 24576\nINTER_PROCESS c c 16 24576\n");
    // The library's own words are there whatever the log of this process is told to say.
    const Outcome outcome = doctor("", "OPENNVSCI_LOG=none OPENNVSCI_IPC_CFG=channels.cfg");
    EXPECT_EQ(outcome.exit_code, 1);
    EXPECT_TRUE(has(outcome, "channels.cfg, line 2, is ignored: both ends are called c")) << outcome.output;
    const Outcome missing = doctor("--json", "OPENNVSCI_IPC_CFG=missing.cfg");
    EXPECT_EQ(missing.exit_code, 1);
    EXPECT_TRUE(has(missing, "missing.cfg that OPENNVSCI_IPC_CFG names cannot be read")) << missing.output;
}

TEST_F(DoctorCommandTest, WhatToDoWithTheFolderIsSaidOnce) {
    ASSERT_TRUE(std::filesystem::create_directory(folder_ / "run"));
    ASSERT_EQ(::chmod((folder_ / "run").c_str(), 0777), 0);
    const Outcome outcome = doctor("", "COLUMNS=500");
    EXPECT_EQ(outcome.exit_code, 1) << outcome.output;
    EXPECT_TRUE(has(outcome, "name a folder of your own with OPENNVSCI_RUNTIME_DIR")) << outcome.output;
    EXPECT_TRUE(has(outcome, "configuration: cannot be looked at before")) << outcome.output;
    EXPECT_FALSE(has(outcome, "chmod go-w")) << outcome.output;
    EXPECT_TRUE(has(outcome, "\n1 problem, ")) << outcome.output;
}

// A libcuda.so.1 that fails in each way, found before any other.
TEST_F(DoctorCommandTest, ADriverThatFailsIsLookedAtFromOutside) {
    const std::string driver = "LD_LIBRARY_PATH='" + (program_folder() / "failing_driver").string() + "' ";
    const Outcome crash = run("doctor", driver + "OPENNVSCI_DEVICE=auto FAILING_DRIVER=crash");
    EXPECT_EQ(crash.exit_code, 1) << crash.output;
    EXPECT_TRUE(has(crash, "it was ended by the signal Aborted")) << crash.output;
    const Outcome code = run("doctor", driver + "OPENNVSCI_DEVICE=auto FAILING_DRIVER=803");
    EXPECT_EQ(code.exit_code, 1) << code.output;
    EXPECT_TRUE(has(code, "CUDA_ERROR_OF_THE_TEST (803): text of the test")) << code.output;
    EXPECT_TRUE(has(code, "restart the machine")) << code.output;
    const Outcome flood = run("doctor", driver + "OPENNVSCI_DEVICE=auto FAILING_DRIVER=print");
    EXPECT_EQ(flood.exit_code, 1) << flood.output;
    EXPECT_TRUE(has(flood, "to load and start it failed")) << flood.output;
}

}  // namespace
}  // namespace opennvsci::tool
