// SPDX-License-Identifier: Apache-2.0
#include "file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <ios>
#include <system_error>

namespace opennvsci::tool {
namespace {

bool is_device_or_pipe(const std::filesystem::path& path) {
    std::error_code status;
    return std::filesystem::is_other(path, status);
}

tl::unexpected<Error> is_there(const std::filesystem::path& path) {
    return fail(fmt::format("{} is there already; --force replaces it", path.string()));
}

bool write_all(int descriptor, std::string_view bytes) {
    while (!bytes.empty()) {
        const ssize_t count = ::write(descriptor, bytes.data(), bytes.size());
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) return false;
        bytes.remove_prefix(static_cast<std::size_t>(count));
    }
    return true;
}

}  // namespace

Result<> check_may_write(const std::filesystem::path& path, Existing existing) {
    std::error_code status;
    const bool is_file = std::filesystem::exists(path, status) && !is_device_or_pipe(path);
    if (existing == Existing::keep && is_file) return is_there(path);
    return {};
}

Result<> write_file(const std::filesystem::path& path, std::string_view bytes, Existing existing) {
    const bool must_be_new = existing == Existing::keep && !is_device_or_pipe(path);
    // The kernel decides, so that a file that was made meanwhile is kept too.
    const int mode = O_WRONLY | O_CREAT | O_CLOEXEC | (must_be_new ? O_EXCL : O_TRUNC);
    const int descriptor = ::open(path.c_str(), mode, 0666);
    if (descriptor < 0 && errno == EEXIST && must_be_new) return is_there(path);
    const auto cannot_write = [&] {
        return fail(fmt::format("cannot write {}: {}", path.string(), std::strerror(errno)));
    };
    if (descriptor < 0) return cannot_write();
    Result<> written;
    if (!write_all(descriptor, bytes)) written = cannot_write();
    if (::close(descriptor) != 0 && written) written = cannot_write();
    if (!written && !is_device_or_pipe(path)) ::unlink(path.c_str());
    return written;
}

}  // namespace opennvsci::tool
