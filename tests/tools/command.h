// SPDX-License-Identifier: Apache-2.0
//
// What the tests of the built `opennvsci` command share: a folder of their own, and running it there.
#pragma once

#include <gtest/gtest.h>
#include <sys/wait.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <ios>
#include <iterator>
#include <string>
#include <system_error>
#include <vector>

#include "picture.h"
#include "support/this_program.h"

namespace opennvsci::tool {

using test::built;
using test::program_folder;

struct Outcome {
    int exit_code;
    std::string output;  // stdout and stderr
};

// Every test has a folder of its own, is in it, and leaves nothing behind.
class CommandTest : public testing::Test {
  protected:
    void SetUp() override {
        std::string name = (std::filesystem::temp_directory_path() / "opennvsci-tool-XXXXXX").string();
        ASSERT_NE(::mkdtemp(name.data()), nullptr);
        folder_ = name;
    }
    ~CommandTest() override {
        std::error_code ignored;
        std::filesystem::remove_all(folder_, ignored);
    }

    /// Lines may be long, and temporary files are in the folder, if the environment does not say something else. The
    /// arguments may end with redirections of what would be seen.
    [[nodiscard]] Outcome run(const std::string& arguments, const std::string& environment = "") const {
        const std::string line = "cd '" + folder_.string() + "' && COLUMNS=200 TMPDIR='" + folder_.string() + "' " +
                                 environment + " '" + (program_folder() / "opennvsci").string() + "' 2>&1 " + arguments;
        return run_line(line);
    }
    /// Runs a line of the shell, whose stderr is not seen if it does not say so.
    [[nodiscard]] static Outcome run_line(const std::string& line) {
        FILE* pipe = ::popen(line.c_str(), "r");
        if (pipe == nullptr) return {-1, "popen failed"};
        Outcome outcome{};
        for (int c = std::fgetc(pipe); c != EOF; c = std::fgetc(pipe))
            outcome.output += static_cast<char>(c);
        const int status = ::pclose(pipe);
        outcome.exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + WTERMSIG(status);
        return outcome;
    }
    void write_picture(const char* name, std::uint32_t width, std::uint32_t height,
                       const std::vector<std::uint8_t>& gray) const {
        const auto file = encode_gray(width, height, gray);
        ASSERT_TRUE(file) << file.error().text;
        write_file(name, std::string(file->begin(), file->end()));
    }
    void write_file(const char* name, const std::string& bytes) const {
        std::ofstream(folder_ / name, std::ios::binary) << bytes;
    }
    [[nodiscard]] std::string read_file(const char* name) const {
        std::ifstream stream(folder_ / name, std::ios::binary);
        return {std::istreambuf_iterator<char>(stream), {}};
    }

    std::filesystem::path folder_;
};

inline int count(const std::string& text, const std::string& part) {
    int found = 0;
    for (auto at = text.find(part); at != std::string::npos; at = text.find(part, at + 1))
        ++found;
    return found;
}

inline bool has(const Outcome& outcome, const std::string& part) {
    return outcome.output.find(part) != std::string::npos;
}

}  // namespace opennvsci::tool
