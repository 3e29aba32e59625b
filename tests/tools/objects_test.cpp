// SPDX-License-Identifier: Apache-2.0
//
// `opennvsci objects`, of a program that holds known things, and of one that answers with anything.
#include <gtest/gtest.h>
#include <signal.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <nlohmann/json.hpp>
#include <string>

#include "command.h"
#include "objects/columns.h"
#include "support/fake_inspected.h"

namespace opennvsci::tool {
namespace {

constexpr const char* kStem = "0123456789abcdef";
constexpr const char* kSelf = "opennvsci_tool_";  // the name of this process, which is cut

class ObjectsCommandTest : public CommandTest {
  protected:
    void SetUp() override {
        CommandTest::SetUp();
        ::setenv("OPENNVSCI_RUNTIME_DIR", run_folder().c_str(), 1);  // also of the command
    }
    ~ObjectsCommandTest() override {
        ::unsetenv("OPENNVSCI_RUNTIME_DIR");
        if (program_ == nullptr) return;
        ::kill(static_cast<pid_t>(std::stol(number_)), SIGTERM);
        ::pclose(program_);
    }
    [[nodiscard]] std::string run_folder() const { return (folder_ / "run").string(); }

    /// Starts the program that holds things; its number.
    const std::string& start_program() {
        const std::string line = "OPENNVSCI_INSPECT=1 OPENNVSCI_DEVICE=soft exec '" +
                                 (program_folder() / "opennvsci_holds_objects").string() + "'";
        program_ = ::popen(line.c_str(), "r");
        for (int letter = std::fgetc(program_); letter != '\n' && letter != EOF; letter = std::fgetc(program_))
            number_ += static_cast<char>(letter);
        EXPECT_FALSE(number_.empty());
        return number_;
    }
    /// What the command says of a process that answers so.
    [[nodiscard]] Outcome output_for(const std::string& answer, const std::string& arguments = "objects") const {
        const test::FakeInspected fake(run_folder(), kStem, answer);
        return run(arguments);
    }

  private:
    std::FILE* program_ = nullptr;
    std::string number_;
};

TEST_F(ObjectsCommandTest, WithoutAProgramItSaysHowOneAgrees) {
    const Outcome text = run("objects");
    EXPECT_EQ(text.exit_code, 0);
    EXPECT_EQ(text.output,
              "no program answers: start one with OPENNVSCI_INSPECT=1, and with the same OPENNVSCI_RUNTIME_DIR as this "
              "command\n");
    const Outcome json = run("objects --json");
    EXPECT_EQ(json.exit_code, 0);
    EXPECT_EQ(json.output, "[]\n");
    EXPECT_FALSE(std::filesystem::exists(run_folder())) << "to look makes nothing";
}

TEST_F(ObjectsCommandTest, WhatAProgramHoldsIsTabulated) {
    const std::string number = start_program();
    const Outcome all = run("objects");
    EXPECT_EQ(all.exit_code, 0);
    EXPECT_TRUE(all.output.starts_with(number + " opennvsci_holds\n\nmodules (1):\n")) << all.output;
    EXPECT_TRUE(has(all, "\nlists of NvSciBuf (2):\n")) << all.output;
    EXPECT_TRUE(has(all, "  unreconciled  1: camera     Types, NeedCpuAccess, Size, Align")) << all.output;
    EXPECT_TRUE(has(all, "\nbuffers, by handles (1):\n")) << all.output;
    EXPECT_TRUE(has(all, "       1  RawBuffer   4096  system memory  read-write  1 handle  camera")) << all.output;
    EXPECT_FALSE(has(all, "endpoints")) << "there is none";
    const Outcome one = run("objects " + number);
    EXPECT_EQ(one.exit_code, 0);
    EXPECT_TRUE(one.output.starts_with(number + " opennvsci_holds\n\nmodules (1):\n")) << one.output;
}

TEST_F(ObjectsCommandTest, JsonIsAnArrayOfAnswers) {
    const std::string number = start_program();
    const Outcome outcome = run("objects --json");
    ASSERT_EQ(outcome.exit_code, 0) << outcome.output;
    const auto json = nlohmann::json::parse(outcome.output);
    ASSERT_EQ(json.size(), 1U);
    EXPECT_EQ(json[0]["format_version"], 1);
    EXPECT_EQ(json[0]["process"], (nlohmann::json{{"pid", std::stol(number)}, {"name", "opennvsci_holds"}}));
    EXPECT_EQ(json[0]["buffers"]["entries"][0]["handles"].size(), 1U);
}

TEST_F(ObjectsCommandTest, JsonOfSeveralIsOneArray) {
    start_program();
    const Outcome outcome = output_for("{\"format_version\":1}\n", "objects --json");
    const auto json = nlohmann::ordered_json::parse(outcome.output);
    ASSERT_EQ(json.size(), 2U);
    EXPECT_EQ(outcome.output, json.dump(2) + "\n");
}

TEST_F(ObjectsCommandTest, OneThatNobodyReachesMayBeTheOneThatWasAskedFor) {
    const test::FakeInspected full(run_folder(), kStem, "", test::FakeInspected::Manner::looks_at_nobody);
    const int first = test::connect_to(run_folder() + "/" + kStem + ".inspect-sock");
    const Outcome outcome = run("objects 1");
    ::close(first);
    EXPECT_EQ(outcome.exit_code, 1);
    EXPECT_TRUE(has(outcome, "or it is stopped: there is one that nobody reaches\n")) << outcome.output;
}

TEST_F(ObjectsCommandTest, AProcessThatDoesNotAnswerIsAFailureOnlyIfItWasAskedFor) {
    const std::string number = start_program();
    const Outcome other = run("objects 1");
    EXPECT_EQ(other.exit_code, 1);
    EXPECT_TRUE(has(other, "opennvsci: process 1 does not answer: ")) << other.output;
    EXPECT_TRUE(has(other, "OPENNVSCI_INSPECT=1")) << other.output;
    EXPECT_EQ(run("objects 0").exit_code, 2);
    EXPECT_EQ(run("objects x").exit_code, 2);

    const test::FakeInspected silent(run_folder(), kStem, "", test::FakeInspected::Manner::says_nothing);
    const Outcome all = run("objects");
    EXPECT_EQ(all.exit_code, 0);
    EXPECT_TRUE(has(all, std::string(kSelf) + " did not answer within 3 seconds; it may be stopped\n")) << all.output;
    EXPECT_TRUE(has(all, number + " opennvsci_holds\n")) << all.output;
    const Outcome one = run("objects " + std::to_string(::getpid()));
    EXPECT_EQ(one.exit_code, 1);
    EXPECT_TRUE(has(one, "opennvsci: process " + std::to_string(::getpid()) + " did not answer")) << one.output;
}

TEST_F(ObjectsCommandTest, AnAnswerThatIsNoneIsToldAsThat) {
    const std::string head = std::to_string(::getpid()) + " " + kSelf + " ";
    std::string many;
    for (int i = 0; i < 300000; ++i)
        many += "{\"\":0},";
    const struct {
        std::string answer;
        std::string problem;
    } kCases[] = {
        {"", "ended while it was asked, or gave an answer that is too long"},
        {"{\"format_version\":1", "ended while it was asked, or gave an answer that is too long"},
        {"hello\n", "gave an answer that is none (no JSON object)"},
        {"[1]\n", "gave an answer that is none (no JSON object)"},
        {"{}\n", "gave an answer that is none (no format_version)"},
        {"{\"format_version\":-1}\n", "gave an answer that is none (no format_version)"},
        {"{\"format_version\":2}\n", "gave an answer of format_version 2, and this command knows 1"},
        {"{\"format_version\":1,\"a\":" + std::string(100000, '[') + "\n",
         "gave an answer that is none (nested too deep)"},
        // Parsed, it would take 50 times its bytes.
        {"{\"format_version\":1,\"a\":[" + many + "{}]}\n", "gave an answer that is none (too many elements)"},
    };
    for (const auto& each : kCases) {
        const Outcome text = output_for(each.answer);
        EXPECT_EQ(text.exit_code, 0);
        EXPECT_EQ(text.output, head + each.problem + "\n");
        const auto json = nlohmann::json::parse(output_for(each.answer, "objects --json").output);
        EXPECT_EQ(json[0]["problem"], each.problem);
        EXPECT_EQ(json[0]["process"]["pid"], ::getpid());
    }
}

// Each value of each field of a true answer is replaced by each kind of what it is not.
TEST_F(ObjectsCommandTest, NoValueOfAFieldEndsTheCommandOrSteersTheTerminal) {
    start_program();
    const auto all = nlohmann::json::parse(run("objects --json").output)[0];
    const nlohmann::json wrong[] = {nullptr,
                                    -1,
                                    1e300,
                                    "\x1b[2J\xc2\x9b",
                                    nlohmann::json::array({1, nullptr, {{"a", 1}}}),
                                    nlohmann::json::object({{"entries", 1}})};
    for (const nlohmann::json& value : wrong) {
        for (const auto& kind : all.items()) {
            if (!kind.value().is_object() || !kind.value().contains("entries")) continue;
            auto changed = all;
            changed[kind.key()] = value;
            EXPECT_EQ(output_for(changed.dump() + "\n").exit_code, 0);
            changed[kind.key()] = {
                {"count", value}, {"handles", value}, {"entries", {value, kind.value(), {{"handle", value}}}}};
            nlohmann::json& entries = changed[kind.key()]["entries"];
            if (!kind.value()["entries"].empty()) {
                nlohmann::json entry = kind.value()["entries"][0];
                for (auto& field : entry.items())
                    field.value() = value;
                entries.push_back(entry);
            }
            const Outcome outcome = output_for(changed.dump() + "\n");
            EXPECT_EQ(outcome.exit_code, 0) << outcome.output;
            EXPECT_TRUE(std::ranges::all_of(outcome.output, [](char letter) {
                return letter == '\n' || (letter >= ' ' && letter <= '~');
            })) << outcome.output;
        }
    }
}

TEST_F(ObjectsCommandTest, AProcessCannotPretendToBeAnother) {
    const Outcome outcome =
        output_for("{\"format_version\":1,\"process\":{\"pid\":1,\"name\":\"init\"}}\n", "objects --json");
    const auto json = nlohmann::json::parse(outcome.output);
    EXPECT_EQ(json[0]["process"], (nlohmann::json{{"pid", ::getpid()}, {"name", kSelf}}));
    EXPECT_EQ(output_for("{\"format_version\":1}\n").output,
              std::to_string(::getpid()) + " " + kSelf + "\nholds nothing\n");
}

TEST(ObjectsAgeTest, HasTwoUnitsAtMost) {
    EXPECT_EQ(inspection::age_text(0), "0 ms");
    EXPECT_EQ(inspection::age_text(999), "999 ms");
    EXPECT_EQ(inspection::age_text(59999), "59 s");
    EXPECT_EQ(inspection::age_text(185000), "3 min 5 s");
    EXPECT_EQ(inspection::age_text(3600000), "1 h 0 min");
    EXPECT_EQ(inspection::age_text(UINT64_MAX), "213503982334 d 14 h");
}

}  // namespace
}  // namespace opennvsci::tool
