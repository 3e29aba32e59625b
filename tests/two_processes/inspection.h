// SPDX-License-Identifier: Apache-2.0
//
// What the tests of inspections share: the test asks, its processes answer. Both are in a folder of the test's own.
#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <system_error>
#include <vector>

#include "opennvsci.h"
#include "process.h"

namespace opennvsci::test {

using Json = nlohmann::json;

/// What opennvsciInspect() gave of one process.
struct Inspected {
    std::int64_t pid;
    OpenNvSciInspectionOutcome outcome;
    std::string answer;
    [[nodiscard]] Json json() const { return Json::parse(answer); }
};

/// Asks the process; 0: all.
inline std::vector<Inspected> inspect(std::int64_t pid = 0) {
    const OpenNvSciInspection* found = nullptr;
    std::size_t count = 0;
    EXPECT_EQ(opennvsciInspect(pid, &found, &count), NvSciError_Success) << opennvsciGetLastErrorText();
    std::vector<Inspected> all;
    for (std::size_t i = 0; i < count; ++i)
        all.push_back({found[i].pid, found[i].outcome, std::string(found[i].answer, found[i].answerSize)});
    return all;
}

class InspectionTest : public ::testing::Test {
  protected:
    InspectionTest() { ::setenv("OPENNVSCI_RUNTIME_DIR", folder().c_str(), 1); }
    ~InspectionTest() override { ::unsetenv("OPENNVSCI_RUNTIME_DIR"); }

    /// A process that agrees.
    [[nodiscard]] Process start(const std::string& role, std::vector<std::string> arguments = {},
                                const std::string& agreement = "OPENNVSCI_INSPECT=1") const {
        std::vector<std::string> environment = meeting_.environment();
        environment.push_back(agreement);
        return Process({role, std::move(arguments), std::move(environment)});
    }
    /// The one answer of a process that has said "ready".
    static Json answer_of(Process& process) {
        EXPECT_TRUE(process.says("ready")) << process.end().text;
        const auto found = inspect(process.id());
        if (found.size() != 1 || found[0].outcome != OpenNvSciInspectionOutcome_Answered) {
            ADD_FAILURE() << "the process does not answer";
            return Json::object();
        }
        return found[0].json();
    }

    [[nodiscard]] std::string folder() const { return meeting_.folder() + "/run"; }
    /// The files of inspections that lie in the folder.
    [[nodiscard]] std::vector<std::string> files() const {
        std::vector<std::string> found;
        std::error_code none;
        for (const auto& entry : std::filesystem::directory_iterator(folder(), none)) {
            if (entry.path().string().find(".inspect-") != std::string::npos) found.push_back(entry.path());
        }
        return found;
    }

    const Meeting meeting_;
};

}  // namespace opennvsci::test
