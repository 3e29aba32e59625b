// SPDX-License-Identifier: Apache-2.0
#include "base/appended_file.h"

#include <fcntl.h>
#include <sched.h>
#include <sys/uio.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <utility>

#include "base/file_size_limit.h"
#include "base/log.h"
#include "base/text_buffer.h"

namespace opennvsci {
namespace {

// Takes the numbers of standard streams that are closed, while another file is opened: for descriptors of a path alone,
// to which nobody can write, so that whoever prints fails as before. Not UniqueFds, which leave these numbers. A thread
// that makes itself a standard stream in just these microseconds gets another number, as beside any other open.
class StandardStreamsTaken {
  public:
    StandardStreamsTaken() noexcept {
        for (int& fd : taken_) {
            fd = ::open("/", O_PATH | O_CLOEXEC);
            if (fd >= 0 && fd <= STDERR_FILENO) continue;
            if (fd >= 0) ::close(std::exchange(fd, -1));
            return;
        }
    }
    StandardStreamsTaken(const StandardStreamsTaken&) = delete;
    StandardStreamsTaken& operator=(const StandardStreamsTaken&) = delete;
    ~StandardStreamsTaken() {
        const int saved_errno = errno;
        for (const int fd : taken_) {
            // dup2 of another thread may have put a stream of the program there.
            if (fd >= 0 && (::fcntl(fd, F_GETFL) & O_PATH) != 0) ::close(fd);
        }
        errno = saved_errno;
    }

  private:
    std::array<int, STDERR_FILENO + 1> taken_{-1, -1, -1};
};

UniqueFd open_beyond_standard_streams(const char* path) noexcept {
    const StandardStreamsTaken taken;
    return UniqueFd(::open(path, O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY | O_NONBLOCK, 0600));
}

// Whether the file ends where a line does. In the middle of a line of another process, which is shown page by page, a
// second look finds its end; if none does, because many write, there will be an empty line, which readers pass over.
bool ends_with_a_line(int fd, struct stat status) noexcept {
    constexpr int kLooks = 100;  // about as many µs, where a line was cut
    for (int i = 0; i < kLooks; ++i) {
        char last = '\n';
        if (status.st_size == 0 || ::pread(fd, &last, 1, status.st_size - 1) != 1 || last == '\n') return true;
        ::sched_yield();
        if (::fstat(fd, &status) != 0) return true;
    }
    return false;
}

}  // namespace

const char* AppendFailure::text() const noexcept {
    switch (problem) {
        case AppendProblem::none:
            return "";
        case AppendProblem::path_too_long:
            return "the path is too long";
        case AppendProblem::no_folder:
            return "the path is relative, and the folder of the process is gone";
        case AppendProblem::not_opened:
        case AppendProblem::not_written:
            return std::strerror(error);
        case AppendProblem::not_regular:
            return "it is no regular file";
        case AppendProblem::size_limit:
            return "the file has the size that RLIMIT_FSIZE allows";
        case AppendProblem::no_room:
            return "there is no room for more";
        case AppendProblem::no_memory:
            return "no memory for a line";
    }
    return "";
}

OpenedFile open_to_append(const char* path) noexcept {
    constexpr AppendFailure kNotRegular{AppendProblem::not_regular};
    // Opening a device or a FIFO may do something already.
    struct stat status {};
    if (::stat(path, &status) == 0 && !S_ISREG(status.st_mode)) return {{}, kNotRegular};
    UniqueFd fd = open_beyond_standard_streams(path);
    if (!fd || ::fstat(fd.get(), &status) != 0) return {{}, {AppendProblem::not_opened, errno}};
    if (!S_ISREG(status.st_mode)) return {{}, kNotRegular};
    return {std::move(fd), {}};
}

AppendFailure append_line(int fd, const struct stat& status, std::string_view line) noexcept {
    // Other processes write meanwhile, and who exceeds the limit is ended by a signal.
    constexpr std::uint64_t kForOthers = std::uint64_t{1} << 16;
    if (static_cast<std::uint64_t>(status.st_size) + line.size() + kForOthers > file_size_limit())
        return {AppendProblem::size_limit};
    char newline = '\n';
    const std::size_t before = ends_with_a_line(fd, status) ? 0 : 1;
    const std::array<iovec, 2> parts{{{&newline, before}, {const_cast<char*>(line.data()), line.size()}}};
    const ssize_t written = ::writev(fd, parts.data(), static_cast<int>(parts.size()));
    if (written < 0) return {AppendProblem::not_written, errno};
    if (static_cast<std::size_t>(written) != before + line.size()) return {AppendProblem::no_room};
    return {};
}

void AppendedFile::read_variable() noexcept {
    const int saved_errno = errno;
    const char* const wanted = ::secure_getenv(variable_);
    is_wanted_ = wanted != nullptr && *wanted != '\0';
    if (is_wanted_) {
        const bool is_absolute = *wanted == '/';
        if (!is_absolute && ::getcwd(path_.data(), path_.size()) == nullptr) {
            path_failure_.problem = errno == ERANGE ? AppendProblem::path_too_long : AppendProblem::no_folder;
            path_[0] = '\0';
        }
        const std::size_t folder = std::strlen(path_.data());
        const int length = std::snprintf(path_.data() + folder, path_.size() - folder, "%s%s",
                                         is_absolute || path_failure_ ? "" : "/", wanted);
        if (!path_failure_ && (length < 0 || static_cast<std::size_t>(length) >= path_.size() - folder))
            path_failure_.problem = AppendProblem::path_too_long;
    }
    errno = saved_errno;
}

void AppendedFile::append(std::string_view line) noexcept {
    const OpenedFile file = open_to_append(path_.data());
    if (file.failure) return tell_once(file.failure);
    struct stat status {};
    if (::fstat(file.fd.get(), &status) != 0) return tell_once({AppendProblem::not_opened, errno});
    if (const AppendFailure failure = append_line(file.fd.get(), status, line)) tell_once(failure);
}

void AppendedFile::tell_once(AppendFailure failure) noexcept {
    const std::uint32_t bit = std::uint32_t{1} << static_cast<unsigned>(failure.problem);
    if ((told_.fetch_or(bit, std::memory_order_relaxed) & bit) != 0) return;
    // The path last: a message that is too long loses its end.
    const TextBuffer<PATH_MAX + 256> text{variable_, ": ", consequence_, ": ", failure.text(), ": ", path_.data()};
    log::write(log::Level::warning, text.view());
}

}  // namespace opennvsci
