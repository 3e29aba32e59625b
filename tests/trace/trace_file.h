// SPDX-License-Identifier: Apache-2.0
//
// Traces as tests look at them: programs that write one, and what every trace must be.
#pragma once

#include <gtest/gtest.h>
#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "sanitizer.h"

namespace opennvsci::test {

using Event = nlohmann::json;

// What the program ManyThreads does.
inline constexpr std::size_t kManyThreads = 8;
inline constexpr std::size_t kRoundsOfAThread = kHasSanitizer ? 20 : 100;

struct Interval {
    std::int64_t begin;  // nanoseconds
    std::int64_t end;
};

/// The events of a trace, in the order of the file.
class TraceFile {
  public:
    /// Fails the test if a line is no JSON object, if one has a name twice, or if the file has another shape.
    explicit TraceFile(const std::filesystem::path& path);

    [[nodiscard]] const std::vector<Event>& events() const noexcept { return events_; }
    /// Those of a phase, with a name; all names if it is empty.
    [[nodiscard]] std::vector<Event> all(std::string_view phase, std::string_view name = {}) const;
    /// The one slice with a name. Fails the test if there is another number of them.
    [[nodiscard]] Event slice(std::string_view name) const;
    /// The names of processes or threads: "process_name", "thread_name".
    [[nodiscard]] std::vector<std::string> names(std::string_view kind) const;

    /// Fails the test unless events have what their phase needs, each track has a name, the slices of each track nest,
    /// and arrows begin and end inside of slices, with a begin for each end and not after it.
    void check_sound() const;

  private:
    struct Track;
    void check_members(const Event& event) const;
    void check_arrows(const std::vector<Track>& tracks) const;
    [[nodiscard]] std::vector<Track> tracks() const;

    std::vector<Event> events_;
};

/// Programs and their traces, in a folder of its own.
class TraceTest : public ::testing::Test {
  protected:
    void SetUp() override;
    ~TraceTest() override;

    struct Outcome {
        int status;  // as waitpid gives it
        std::string output;
    };
    /// Runs a command line of the shell with OPENNVSCI_TRACE=`path`.
    [[nodiscard]] static Outcome run(const std::string& command, const std::filesystem::path& path);
    /// The same for one of traced_programs.cpp.
    [[nodiscard]] static Outcome run_program(const std::string& name, const std::filesystem::path& path);
    /// The trace of one that ends well.
    [[nodiscard]] TraceFile trace_of(const std::string& name) const;

    std::filesystem::path folder_;
    std::filesystem::path path_;  // of a trace
};

}  // namespace opennvsci::test
