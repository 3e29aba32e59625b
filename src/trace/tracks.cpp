// SPDX-License-Identifier: Apache-2.0
#include "trace/tracks.h"

#include <errno.h>  // program_invocation_short_name
#include <fmt/format.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>

#include "base/process.h"
#include "trace/output.h"

namespace opennvsci::trace {
namespace {

// Greater than the number of any thread (Linux: at most 2^22).
constexpr std::uint32_t kFirstStream = std::uint32_t{1} << 30;

struct Thread {
    std::uint64_t process_token;  // of the process in which it was named; 0: none
    Track track;
};
constinit thread_local Thread t_thread [[gnu::tls_model("initial-exec")]]{};

constinit std::atomic<std::uint64_t> g_named_process{0};  // its token

// What is known of the streams whose numbers end alike, the last one of them.
struct StreamPlace {
    std::atomic<std::uint64_t> named{0};  // a number made of the process and of the stream
    std::atomic<std::uint64_t> end{0};    // of the last slice
};
constinit std::array<StreamPlace, 256> g_streams{};

StreamPlace& place_of(std::uint32_t stream) noexcept {
    return g_streams[stream % g_streams.size()];
}

void append_name(const char* kind, std::string_view name, Track track) {
    append(line(naming(kind, name, track)));
}

// Whether the number of this process is its own among all of the machine's, which it is in the first namespace of
// processes only. That one is known by its inode (Linux: PROC_PID_INIT_INO).
bool is_number_its_own() noexcept {
    constexpr ino_t kFirstNamespace = 0xEFFFFFFC;
    struct stat status {};
    return ::stat("/proc/self/ns/pid", &status) == 0 && status.st_ino == kFirstNamespace;
}

// Else a number that no other has: of the token, above those of all processes (Linux: at most 2^22), and of 31 bits,
// which viewers read.
std::uint32_t process_number(std::uint64_t token) noexcept {
    if (is_number_its_own()) return static_cast<std::uint32_t>(::getpid());
    constexpr std::uint64_t kFirst = std::uint64_t{1} << 22;
    constexpr std::uint64_t kEnd = std::uint64_t{1} << 31;
    return static_cast<std::uint32_t>(kFirst + token % (kEnd - kFirst));
}

std::string process_name(Track track) {
    const std::string name(program_invocation_short_name);
    const auto number = static_cast<std::uint32_t>(::getpid());
    return track.process == number ? name : name + " (" + std::to_string(number) + " in its container)";
}

void name_this_thread(std::uint64_t token) {
    t_thread = {token, {process_number(token), static_cast<std::uint32_t>(::gettid())}};
    if (g_named_process.exchange(token) != token)
        append_name("process_name", process_name(t_thread.track), t_thread.track);
    std::array<char, 17> thread_name{};
    ::prctl(PR_GET_NAME, thread_name.data());
    append_name("thread_name", thread_name.data(), t_thread.track);
}

std::string name_of(const Stream& stream) {
    const auto handle = reinterpret_cast<std::uintptr_t>(stream.handle);
    constexpr std::uintptr_t kLegacy = 1;     // CU_STREAM_LEGACY, and what 0 means
    constexpr std::uintptr_t kPerThread = 2;  // CU_STREAM_PER_THREAD
    const char* kind = handle <= kLegacy ? "CUDA default stream" : "CUDA stream";
    if (handle == kPerThread) kind = "CUDA per-thread stream";
    return stream.id != 0 ? fmt::format("{} {}", kind, stream.id) : fmt::format("{} {:#x}", kind, handle);
}

}  // namespace

std::uint64_t now() noexcept {
    const auto since_start = std::chrono::steady_clock::now().time_since_epoch();
    return static_cast<std::uint64_t>(std::chrono::nanoseconds(since_start).count());
}

Track track_of_this_thread() {
    if (const std::uint64_t token = process::token(); t_thread.process_token != token) name_this_thread(token);
    return t_thread.track;
}

Track track_of(const Stream& stream) {
    const std::uint64_t number = stream.id != 0 ? stream.id : reinterpret_cast<std::uintptr_t>(stream.handle) >> 4;
    const Track track{track_of_this_thread().process, kFirstStream | static_cast<std::uint32_t>(number % kFirstStream)};
    const std::uint64_t known = process::token() + track.thread;
    if (place_of(track.thread).named.exchange(known, std::memory_order_relaxed) != known)
        append_name("thread_name", name_of(stream), track);
    return track;
}

Interval placed(Track track, Interval wanted) noexcept {
    std::atomic<std::uint64_t>& end = place_of(track.thread).end;
    std::uint64_t last = end.load(std::memory_order_relaxed);
    Interval found{};
    constexpr std::uint64_t kShortest = 2;  // with an inside, where an arrow can be
    do {
        found.begin = std::max(wanted.begin, last);
        found.end = std::max(wanted.end, found.begin + kShortest);
    } while (!end.compare_exchange_weak(last, found.end, std::memory_order_relaxed));
    return found;
}

}  // namespace opennvsci::trace
