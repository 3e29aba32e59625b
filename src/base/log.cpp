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
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "base/line_limiter.h"

namespace opennvsci::log {
namespace {

constexpr std::array<std::string_view, 5> kLevelNames{"error", "warning", "notice", "info", "debug"};
constexpr int kNone = -1;

constinit bool g_had_stderr = true;

// Before anything of ours can get its number.
[[gnu::constructor]] void look_at_stderr() {
    const int saved_errno = errno;
    g_had_stderr = ::fcntl(STDERR_FILENO, F_GETFD) >= 0;
    errno = saved_errno;
}

struct Threshold {
    int level = static_cast<int>(Level::notice);
    bool is_known = true;
};

Threshold threshold_from_environment() noexcept {
    const char* const wanted = std::getenv("OPENNVSCI_LOG");
    if (wanted == nullptr || wanted[0] == '\0') return {};
    if (std::string_view(wanted) == "none") return {kNone, true};
    const auto* const found = std::find(kLevelNames.begin(), kLevelNames.end(), std::string_view(wanted));
    if (found == kLevelNames.end()) return {.is_known = false};
    return {static_cast<int>(found - kLevelNames.begin()), true};
}

const Threshold& threshold() noexcept {
    static const Threshold made = threshold_from_environment();
    return made;
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
    return static_cast<int>(level) <= threshold().level;
}

void write(Level level, std::string_view text) noexcept {
    if (!enabled(level) || !g_had_stderr) return;
    const int saved_errno = errno;
    // One buffer and one write, so that lines of several threads do not mix. Longer texts are cut.
    std::array<char, 2048> line{};
    std::size_t used = 0;
    const auto append = [&](std::string_view part) {
        const std::size_t count = std::min(part.size(), line.size() - 1 - used);
        std::memcpy(line.data() + used, part.data(), count);
        used += count;
    };
    append("opennvsci: ");
    append(kLevelNames[static_cast<std::size_t>(level)]);
    append(": ");
    append(text);
    // What a program or a peer has given may stand in it; it is one line, and moves no cursor.
    for (std::size_t i = 0; i < used; ++i) {
        const auto byte = static_cast<unsigned char>(line[i]);
        if (byte < ' ' || byte == 0x7F) line[i] = '?';
    }
    line[used++] = '\n';
    write_without_signal(line.data(), used);
    errno = saved_errno;
}

void write_bounded(Level level, std::string_view text) noexcept {
    static constinit LineLimiter limiter;
    if (!enabled(level) || !g_had_stderr) return;
    if (enabled(Level::debug)) return write(level, text);
    const auto now =
        std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now().time_since_epoch());
    const LineLimiter::Verdict verdict = limiter.ask(text, static_cast<std::uint64_t>(now.count()));
    const int saved_errno = errno;
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
    static constinit std::atomic_flag is_told;
    if (threshold().is_known || is_told.test_and_set(std::memory_order_relaxed)) return;
    const char* const wanted = std::getenv("OPENNVSCI_LOG");
    std::array<char, 256> text{};
    std::snprintf(text.data(), text.size(),
                  "OPENNVSCI_LOG=%.64s is not one of none, error, warning, notice, info and debug: using notice",
                  wanted != nullptr ? wanted : "");
    write(Level::warning, text.data());
}

}  // namespace opennvsci::log
