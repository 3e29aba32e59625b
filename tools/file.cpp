// SPDX-License-Identifier: Apache-2.0
#include "file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <system_error>
#include <utility>

namespace opennvsci::tool {
namespace {

bool is_device_or_pipe(const std::filesystem::path& path) {
    std::error_code status;
    return std::filesystem::is_other(path, status);
}

tl::unexpected<Error> is_there(const std::filesystem::path& path) {
    return fail(fmt::format("{} is there already; --force replaces it", path.string()));
}

tl::unexpected<Error> cannot_write(const std::filesystem::path& path, int error) {
    return fail(fmt::format("cannot write {}: {}", path.string(), std::strerror(error)));
}

// All of these functions leave their reason in errno.

bool write_all(int descriptor, std::string_view bytes) {
    while (!bytes.empty()) {
        const ssize_t count = ::write(descriptor, bytes.data(), bytes.size());
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) return false;
        bytes.remove_prefix(static_cast<std::size_t>(count));
    }
    return true;
}

bool write_and_close(int descriptor, std::string_view bytes) {
    const bool is_written = write_all(descriptor, bytes);
    const int error = errno;
    const bool is_closed = ::close(descriptor) == 0;
    if (!is_written) errno = error;
    return is_written && is_closed;
}

// The permissions of the file that is replaced, or those of any new file.
mode_t permissions_for(const std::filesystem::path& path) {
    struct stat replaced {};
    if (::lstat(path.c_str(), &replaced) == 0 && S_ISREG(replaced.st_mode)) return replaced.st_mode & 0777;
    const mode_t mask = ::umask(0);
    ::umask(mask);
    return 0666 & ~mask;
}

// The kernel decides whether the name is free, so that a file that was made meanwhile is kept too.
bool give_name(const std::string& file, const std::filesystem::path& path, Existing existing) {
    if (existing != Existing::keep) return ::rename(file.c_str(), path.c_str()) == 0;
    if (::renameat2(AT_FDCWD, file.c_str(), AT_FDCWD, path.c_str(), RENAME_NOREPLACE) == 0) return true;
    if (errno != EINVAL) return false;
    // NFS knows no such flag, but a second name.
    return ::link(file.c_str(), path.c_str()) == 0 && ::unlink(file.c_str()) == 0;
}

// A limit of the size of files is an error here, and does not end the process, which would leave half a file behind.
class WithoutSizeSignal {
  public:
    WithoutSizeSignal() { is_set_ = ::sigaction(SIGXFSZ, &ignored(), &before_) == 0; }
    WithoutSizeSignal(const WithoutSizeSignal&) = delete;
    WithoutSizeSignal& operator=(const WithoutSizeSignal&) = delete;
    ~WithoutSizeSignal() {
        if (is_set_) ::sigaction(SIGXFSZ, &before_, nullptr);
    }

  private:
    static const struct sigaction& ignored() {
        static const struct sigaction action = [] {
            struct sigaction ignore {};
            ignore.sa_handler = SIG_IGN;
            return ignore;
        }();
        return action;
    }
    struct sigaction before_ {};
    bool is_set_ = false;
};

bool make_file(const std::filesystem::path& path, std::string_view bytes, Existing existing) {
    const WithoutSizeSignal guard;
    std::string file = path.string() + ".XXXXXX";
    const int descriptor = ::mkostemp(file.data(), O_CLOEXEC);
    if (descriptor < 0) return false;
    const bool is_open_to_all = ::fchmod(descriptor, permissions_for(path)) == 0;
    if (write_and_close(descriptor, bytes) && is_open_to_all && give_name(file, path, existing)) return true;
    const int error = errno;
    ::unlink(file.c_str());
    errno = error;
    return false;
}

}  // namespace

Result<> check_may_write(const std::filesystem::path& path, Existing existing) {
    std::error_code status;
    const bool is_file = std::filesystem::exists(std::filesystem::symlink_status(path, status));
    if (existing == Existing::keep && is_file && !is_device_or_pipe(path)) return is_there(path);
    return {};
}

Result<> write_file(const std::filesystem::path& path, std::string_view bytes, Existing existing) {
    if (existing != Existing::replace_name && is_device_or_pipe(path)) {
        const int descriptor = ::open(path.c_str(), O_WRONLY | O_CLOEXEC);
        if (descriptor < 0 || !write_and_close(descriptor, bytes)) return cannot_write(path, errno);
        return {};
    }
    std::filesystem::path target = path;
    std::error_code status;
    if (existing == Existing::replace && std::filesystem::exists(path, status)) {
        target = std::filesystem::canonical(path, status);
        if (status) return cannot_write(path, status.value());
    }
    if (make_file(target, bytes, existing)) return {};
    if (existing == Existing::keep && errno == EEXIST) return is_there(path);
    return cannot_write(path, errno);
}

}  // namespace opennvsci::tool
