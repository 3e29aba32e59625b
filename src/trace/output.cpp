// SPDX-License-Identifier: Apache-2.0
#include "trace/output.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <utility>

#include "base/appended_file.h"
#include "base/file_size_limit.h"
#include "base/log.h"
#include "base/text_buffer.h"
#include "base/unique_fd.h"
#include "base/without_cancellation.h"
#include "trace/nvtx.h"

namespace opennvsci::trace {

constinit std::atomic<bool> detail::g_is_on{false};

namespace {

constexpr std::string_view kStart = "[\n";

struct Output {
    std::atomic<int> fd{-1};
    dev_t device = 0;  // which file it is
    ino_t inode = 0;
    TextBuffer<1024> failure;  // why there is none; empty if there is, or nobody asked
    std::atomic_flag is_failure_told;
};
constinit Output g_output;

struct Opened {
    UniqueFd fd;
    const char* problem = nullptr;  // else
};

const char* problem_of_errno() noexcept {
    return std::strerror(errno);
}

// The start of a file that is empty must be written by one process. The others wait for that moment: an open file's
// lock goes with it, so nobody holds it for long but on purpose, and then the start is written all the same.
void write_start(int fd) noexcept {
    struct flock lock {};
    lock.l_type = F_WRLCK;
    lock.l_whence = SEEK_SET;
    constexpr int kTries = 100;
    constexpr useconds_t kBetween = 1000;
    for (int i = 0; i < kTries && ::fcntl(fd, F_OFD_SETLK, &lock) != 0 && (errno == EAGAIN || errno == EACCES); ++i)
        ::usleep(kBetween);
    struct stat status {};
    if (::fstat(fd, &status) == 0 && status.st_size == 0 && file_size_limit() >= kStart.size())
        (void)!::write(fd, kStart.data(), kStart.size());
    lock.l_type = F_UNLCK;
    ::fcntl(fd, F_OFD_SETLK, &lock);
}

Opened open_file(const char* path) noexcept {
    OpenedFile opened = open_to_append(path);
    if (opened.failure) return {{}, opened.failure.text()};
    const int fd = opened.fd.get();
    struct stat status {};
    if (::fstat(fd, &status) != 0) return {{}, problem_of_errno()};
    if (status.st_size == 0) write_start(fd);
    std::array<char, kStart.size()> start{};
    if (::pread(fd, start.data(), start.size(), 0) != static_cast<ssize_t>(start.size()) ||
        std::string_view(start.data(), start.size()) != kStart) {
        return {{}, "it has something in it that is no trace"};
    }
    return {std::move(opened.fd)};
}

// While there are no threads that change variables. Whoever runs with rights that the user lacks writes no file that
// the user names.
[[gnu::constructor]] void open_wanted_file() {
    const int saved_errno = errno;
    const WithoutCancellation guard;
    const char* const path = ::secure_getenv("OPENNVSCI_TRACE");
    if (path != nullptr && *path != '\0') {
        Opened opened = open_file(path);
        struct stat status {};
        if (opened.fd && ::fstat(opened.fd.get(), &status) == 0) {
            g_output.device = status.st_dev;
            g_output.inode = status.st_ino;
            g_output.fd.store(opened.fd.release(), std::memory_order_release);
        } else {
            g_output.failure.assign({"OPENNVSCI_TRACE=", path, ": ", opened.problem});
        }
    }
    detail::g_is_on = has_file() || nvtx::kIsBuilt;
    errno = saved_errno;
}

// The descriptor stays as it is: another thread may be about to write, and the number may not be ours any more.
void end(const char* why) noexcept {
    detail::g_is_on = nvtx::kIsBuilt;
    if (g_output.fd.exchange(-1) < 0) return;
    const TextBuffer<256> line{"OPENNVSCI_TRACE: the trace of this process ends here: ", why};
    log::write(log::Level::warning, line.view());
}

}  // namespace

bool has_file() noexcept {
    return g_output.fd.load(std::memory_order_acquire) >= 0;
}

void append(std::string_view line) noexcept {
    const int fd = g_output.fd.load(std::memory_order_acquire);
    if (fd < 0) return;
    const WithoutCancellation guard;
    struct stat status {};
    if (::fstat(fd, &status) != 0 || status.st_dev != g_output.device || status.st_ino != g_output.inode)
        return end("the program has closed its descriptor");
    if (const AppendFailure failure = append_line(fd, status, line)) end(failure.text());
}

void tell_failure() noexcept {
    if (g_output.failure.view().empty() || g_output.is_failure_told.test_and_set(std::memory_order_relaxed)) return;
    const TextBuffer<1100> line{g_output.failure.view(), "; this process writes no trace"};
    log::write(log::Level::warning, line.view());
}

}  // namespace opennvsci::trace
