// SPDX-License-Identifier: Apache-2.0
//
// Tests in processes of their own. in_new_process starts the test program anew, for what may hang or costs a context:
// SIGALRM ends it. in_forked_child forks, for what a child inherits.
#pragma once

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <string>
#include <string_view>
#include <utility>

#include "sanitizer.h"

namespace opennvsci::test {

constexpr unsigned kLongestProcessSeconds = 120;  // a sanitizer on a busy machine takes its time

/// Ends a process of in_new_process. GoogleTest prints no failures there, but what goes to stderr is shown.
[[noreturn]] inline void end_new_process(int alarm_signal = 0) {
    if (alarm_signal != 0) std::fprintf(stderr, "the test hangs\n");
    const ::testing::TestResult& result = *::testing::UnitTest::GetInstance()->current_test_info()->result();
    for (int i = 0; i < result.total_part_count(); ++i) {
        const ::testing::TestPartResult& part = result.GetTestPartResult(i);
        if (part.failed()) std::fprintf(stderr, "%s:%d: %s\n", part.file_name(), part.line_number(), part.message());
    }
    _exit(result.Failed() || alarm_signal != 0 ? 1 : 0);
}

/// Runs `body`, which uses GoogleTest's checks, in a new process; fails if one of them does, or if it does not end.
template <class Body>
void in_new_process(Body&& body) {
    EXPECT_EXIT(
        {
            std::signal(SIGALRM, end_new_process);
            alarm(kLongestProcessSeconds);
            body();
            end_new_process();
        },
        ::testing::ExitedWithCode(0), "");
}

// The sanitizers' own allocators and leak checks may stand still in the forked child of a process with other threads.
inline constexpr bool kCanForkWithThreads = !kHasAddressSanitizer && !kHasThreadSanitizer;
/// At the beginning of a test that forks while there are other threads.
#define SKIP_WHERE_FORKS_STAND_STILL() \
    if (!kCanForkWithThreads) GTEST_SKIP() << "a sanitizer's allocator does not go on in a forked child"

/// What a forked child finds to be wrong. GoogleTest is the parent's.
class Findings {
  public:
    void check(bool holds, std::string_view what) {
        if (!holds) text_.append(what).append("; ");
    }
    /// Of a call that must give an error and say why: `code` is neither 0 nor one that is no error here.
    void check_error(unsigned code, const char* error_text, std::string_view what, unsigned no_error_either = 0) {
        check(code != 0 && code != no_error_either, std::string(what) + " gives " + std::to_string(code));
        check(error_text[0] != '\0', std::string(what) + " does not say why");
    }
    [[nodiscard]] const std::string& text() const noexcept { return text_; }

  private:
    std::string text_;
};

struct ForkedChild {
    std::string bytes;  ///< what the body returned
    int status;         ///< as waitpid gives it
    [[nodiscard]] bool ended_well() const noexcept { return WIFEXITED(status) && WEXITSTATUS(status) == 0; }
};

/// Runs `body` in a forked child and gives the string that it returns. A child that hangs is ended.
template <class Body>
ForkedChild in_forked_child(Body&& body, unsigned longest_seconds = 20) {
    std::array<int, 2> ends{};
    EXPECT_EQ(::pipe(ends.data()), 0);
    const pid_t child = ::fork();
    if (child == 0) {
        std::signal(SIGALRM, SIG_DFL);
        alarm(longest_seconds);
        const std::string bytes = std::forward<Body>(body)();
        const bool is_written = ::write(ends[1], bytes.data(), bytes.size()) == static_cast<ssize_t>(bytes.size());
        _exit(is_written ? 0 : 1);
    }
    ::close(ends[1]);
    ForkedChild result{{}, -1};
    std::array<char, 4096> part{};
    for (ssize_t count = 0; (count = ::read(ends[0], part.data(), part.size())) != 0;) {
        if (count > 0) {
            result.bytes.append(part.data(), static_cast<std::size_t>(count));
        } else if (errno != EINTR) {
            break;
        }
    }
    ::close(ends[0]);
    while (::waitpid(child, &result.status, 0) < 0 && errno == EINTR) {
    }
    return result;
}

/// The same for a body that takes Findings: what it found, or how the child ended; empty if all is well.
template <class Body>
std::string findings_of_forked_child(Body&& body, unsigned longest_seconds = 20) {
    const ForkedChild child = in_forked_child(
        [&] {
            Findings findings;
            body(findings);
            return findings.text();
        },
        longest_seconds);
    if (child.ended_well()) return child.bytes;
    return child.bytes + "the child ended with status " + std::to_string(child.status);
}

}  // namespace opennvsci::test
