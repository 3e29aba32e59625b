// SPDX-License-Identifier: Apache-2.0
//
// OPENNVSCI_CAPTURE: what a program's negotiations look like in the file. The programs are the command itself, which
// negotiates, and a process of this one.
#include <sys/stat.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <sstream>

#include "command.h"
#include "output.h"

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
};

TEST_F(CaptureTest, EveryNegotiationIsALine) {
    const Outcome outcome = run("layout --type image --format NV12 --size 64x64 --layout pitch-linear",
                                "OPENNVSCI_CAPTURE=negotiations.jsonl");
    ASSERT_EQ(outcome.exit_code, 0) << outcome.output;
    const std::vector<Json> all = captured("negotiations.jsonl");
    ASSERT_EQ(all.size(), 1U);
    const Json& one = all[0];
    EXPECT_EQ(one["format_version"], 1);
    EXPECT_EQ(one["interface"], "NvSciBuf");
    EXPECT_EQ(one["call"]["function"], "NvSciBufAttrListReconcile");
    EXPECT_EQ(one["call"]["code"], "NvSciError_Success");
    EXPECT_EQ(std::filesystem::path(one["call"]["program"].get<std::string>()).filename(), "opennvsci");
    EXPECT_EQ(one["process"]["name"], "opennvsci");
    EXPECT_EQ(one["participants"][0]["name"], "the command line");
    EXPECT_EQ(one["participants"][0]["asks"]["NvSciBufGeneralAttrKey_Types"], Json::array({"Image"}));
    EXPECT_EQ(one["participants"][0]["asks"]["NvSciBufImageAttrKey_SurfWidthBase"], 64);
    EXPECT_EQ(one["report"]["outcome"], "granted");
    EXPECT_TRUE(one["report"]["deciding_key"].is_null());
    EXPECT_GT(one["report"]["decisions"].size(), 10U);
    EXPECT_NE(one["time"].get<std::string>().find("Z"), std::string::npos);
}

// Where the compiler brings a reader of debug information, the place of the call stands there.
TEST_F(CaptureTest, ACallHasItsPlaceInTheSources) {
    ASSERT_EQ(run("layout --type raw --bytes 10", "OPENNVSCI_CAPTURE=file").exit_code, 0);
    const std::vector<Json> all = captured("file");
    ASSERT_EQ(all.size(), 1U);
    const Json& call = all[0]["call"];
    EXPECT_NE(call["offset"].get<std::string>().find("0x"), std::string::npos);
    if (!call.contains("file")) GTEST_SKIP() << "built without libbacktrace, or without line numbers";
    EXPECT_EQ(std::filesystem::path(call["file"].get<std::string>()).filename(), "negotiation.cpp");
    EXPECT_GT(call["line"], 0);
}

TEST_F(CaptureTest, ARefusalIsThereWithItsError) {
    const Outcome outcome = run("layout --type tensor --dims 1,5 --data-type Int4", "OPENNVSCI_CAPTURE=file");
    ASSERT_EQ(outcome.exit_code, 1) << outcome.output;
    const std::vector<Json> all = captured("file");
    ASSERT_FALSE(all.empty());
    const Json& one = all.back();
    EXPECT_EQ(one["call"]["code"], "NvSciError_NotSupported");
    EXPECT_EQ(one["report"]["outcome"], "refused");
    EXPECT_EQ(one["report"]["deciding_key"], "NvSciBufTensorAttrKey_SizePerDim");
    EXPECT_NE(one["report"]["error"].get<std::string>().find("two to a byte"), std::string::npos);
}

TEST_F(CaptureTest, LinesAreAppendedAndTheFileIsTheUsersOwn) {
    for (int i = 0; i < 3; ++i)
        ASSERT_EQ(run("layout --type raw --bytes 10", "OPENNVSCI_CAPTURE=file").exit_code, 0);
    EXPECT_EQ(captured("file").size(), 3U);
    struct stat status {};
    ASSERT_EQ(::stat((folder_ / "file").c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 0777, 0600U);
}

TEST_F(CaptureTest, WhatCannotBeWrittenIsSaidOnceAndHindersNobody) {
    const Outcome missing = run("devices", "OPENNVSCI_CAPTURE=no/such/folder");
    EXPECT_EQ(missing.exit_code, 0);
    EXPECT_EQ(count(missing.output, "negotiations are not captured"), 1) << missing.output;
    ASSERT_EQ(::mkfifo((folder_ / "pipe").c_str(), 0600), 0);
    const Outcome pipe = run("layout --type raw --bytes 10", "OPENNVSCI_CAPTURE=pipe timeout 20");
    EXPECT_EQ(pipe.exit_code, 0) << pipe.output;
    EXPECT_EQ(count(pipe.output, "negotiations are not captured"), 1) << pipe.output;
    const Outcome full = run("layout --type raw --bytes 10", "OPENNVSCI_CAPTURE=/dev/full");
    EXPECT_EQ(full.exit_code, 0);
    EXPECT_EQ(count(full.output, "is no regular file"), 1) << full.output;
}

}  // namespace
}  // namespace opennvsci::tool
