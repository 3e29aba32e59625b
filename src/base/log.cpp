// SPDX-License-Identifier: Apache-2.0
#include "base/log.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>

#include "base/line_limiter.h"
#include "base/text_buffer.h"
#include "base/utf8.h"
#include "base/without_cancellation.h"

namespace opennvsci::log {
namespace {

constexpr std::array<std::string_view, 5> kLevelNames{"error", "warning", "notice", "info", "debug"};
constexpr int kNone = -1;

struct Settings {
    std::atomic<bool> had_stderr{true};
    int level = static_cast<int>(Level::notice);
    std::array<char, 65> unknown{};  // the value of OPENNVSCI_LOG that is none; empty if it is one
    std::atomic_flag is_unknown_told;
};
constinit Settings g_settings;

void read_level(const char* wanted) noexcept {
    if (wanted == nullptr || wanted[0] == '\0') return;
    const auto* const found = std::find(kLevelNames.begin(), kLevelNames.end(), std::string_view(wanted));
    if (found != kLevelNames.end()) {
        g_settings.level = static_cast<int>(found - kLevelNames.begin());
    } else if (std::string_view(wanted) == "none") {
        g_settings.level = kNone;
    } else {
        std::snprintf(g_settings.unknown.data(), g_settings.unknown.size(), "%s", wanted);
    }
}

// Before anything of the program can get the number of stderr, and while there are no threads that change variables.
[[gnu::constructor]] void read_settings() {
    const int saved_errno = errno;
    g_settings.had_stderr = ::fcntl(STDERR_FILENO, F_GETFD) >= 0;
    errno = saved_errno;
    read_level(std::getenv("OPENNVSCI_LOG"));
}

// A write to a pipe that nobody reads any more would end the process, which is not for a message to do: the signal is
// kept away from this thread, and taken back if it came.
void write_without_signal(const char* bytes, std::size_t size) noexcept {
    sigset_t pipe_signal;
    ::sigemptyset(&pipe_signal);
    ::sigaddset(&pipe_signal, SIGPIPE);
    sigset_t pending;
    const bool was_pending = ::sigpending(&pending) == 0 && ::sigismember(&pending, SIGPIPE) == 1;
    sigset_t before;
    if (::pthread_sigmask(SIG_BLOCK, &pipe_signal, &before) != 0) return;
    if (::write(STDERR_FILENO, bytes, size) < 0 && errno == EPIPE && !was_pending) {
        constexpr timespec kNow{};
        ::sigtimedwait(&pipe_signal, nullptr, &kNow);
    }
    ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

// A pipe that nobody empties takes no more at some time, and whoever writes to it waits.
bool is_writable() noexcept {
    pollfd stderr_descriptor{STDERR_FILENO, POLLOUT, 0};
    return ::poll(&stderr_descriptor, 1, 0) != 0 && (stderr_descriptor.revents & POLLOUT) != 0;
}

}  // namespace

bool enabled(Level level) noexcept {
    return static_cast<int>(level) <= g_settings.level && had_stderr();
}

void write(Level level, std::string_view text) noexcept {
    if (!enabled(level)) return;
    const int saved_errno = errno;
    const WithoutCancellation guard;
    // One buffer and one write, so that lines of several threads do not mix.
    constexpr std::size_t kLongest = 2048;
    const TextBuffer<kLongest> message{"opennvsci: ", kLevelNames[static_cast<std::size_t>(level)], ": ", text};
    // What a program or a peer has given may stand in it; it is one line, and steers no terminal.
    std::array<char, kLongest> line{};
    std::size_t used = 0;
    utf8::for_each_character(message.view(), [&](std::string_view bytes, utf8::Sight sight) {
        used += (sight == utf8::Sight::unseen ? std::string_view("?") : bytes).copy(&line[used], bytes.size());
    });
    line[used++] = '\n';
    write_without_signal(line.data(), used);
    errno = saved_errno;
}

void write_bounded(Level level, std::string_view text) noexcept {
    static constinit std::array<LineLimiter, kLevelNames.size()> limiters;
    if (!enabled(level)) return;
    if (enabled(Level::debug)) return write(level, text);
    LineLimiter& limiter = limiters[static_cast<std::size_t>(level)];
    const auto now =
        std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now().time_since_epoch());
    const LineLimiter::Verdict verdict = limiter.ask(text, static_cast<std::uint64_t>(now.count()));
    const int saved_errno = errno;
    const WithoutCancellation guard;
    const bool can_print = !(verdict.is_printed || verdict.is_first_left_out) || is_writable();
    errno = saved_errno;
    if (!can_print) return limiter.leave_out(verdict);
    if (verdict.is_first_left_out) {
        write(level, "more lines of this second are left out; OPENNVSCI_LOG=debug prints all");
    }
    if (!verdict.is_printed) return;
    if (verdict.left_out > 0) {
        std::array<char, 64> count{};
        std::snprintf(count.data(), count.size(), "lines left out before the next one: %llu",
                      static_cast<unsigned long long>(verdict.left_out));
        write(level, count.data());
    }
    write(level, text);
}

void tell_unknown_level() noexcept {
    if (g_settings.unknown[0] == '\0' || g_settings.is_unknown_told.test_and_set(std::memory_order_relaxed)) return;
    const TextBuffer<256> text{"OPENNVSCI_LOG=", g_settings.unknown.data(),
                               " is not one of none, error, warning, notice, info and debug: using notice"};
    write(Level::warning, text.view());
}

bool had_stderr() noexcept {
    return g_settings.had_stderr.load(std::memory_order_relaxed);
}

void follow(bool had_stderr) noexcept {
    g_settings.had_stderr.store(had_stderr, std::memory_order_relaxed);
    g_settings.is_unknown_told.test_and_set(std::memory_order_relaxed);
}

}  // namespace opennvsci::log
