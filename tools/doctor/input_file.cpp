// SPDX-License-Identifier: Apache-2.0
#include "doctor/input_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace opennvsci::tool {
namespace {

// Reads until the text is full or the file ends.
std::size_t read_fully(int descriptor, std::uint64_t offset, std::string& text) {
    std::size_t done = 0;
    while (done < text.size()) {
        const ssize_t count =
            ::pread(descriptor, text.data() + done, text.size() - done, static_cast<off_t>(offset + done));
        if (count < 0 && errno == EINTR) continue;
        if (count <= 0) break;
        done += static_cast<std::size_t>(count);
    }
    return done;
}

}  // namespace

Result<InputFile> InputFile::open(const std::string& path) {
    // A device may do something when it is opened, so its kind is asked first.
    struct stat status {};
    if (::stat(path.c_str(), &status) != 0) return fail(std::strerror(errno));
    if (!S_ISREG(status.st_mode)) return fail("is no regular file");
    const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (descriptor < 0) return fail(std::strerror(errno));
    InputFile file(descriptor, 0, 0);
    if (::fstat(descriptor, &status) != 0) return fail(std::strerror(errno));
    if (!S_ISREG(status.st_mode)) return fail("is no regular file");
    file.size_ = static_cast<std::uint64_t>(status.st_size);
    file.mode_ = status.st_mode;
    return file;
}

InputFile::~InputFile() {
    if (descriptor_ >= 0) ::close(descriptor_);
}

std::optional<std::string> InputFile::read(std::uint64_t offset, std::uint64_t length) const {
    if (offset > size_ || length > size_ - offset) return std::nullopt;
    std::string text(length, '\0');
    if (read_fully(descriptor_, offset, text) != length) return std::nullopt;
    return text;
}

std::string InputFile::read_start(std::size_t most) const {
    std::string text(most, '\0');
    text.resize(read_fully(descriptor_, 0, text));
    return text;
}

std::string start_of_file(const std::string& path, std::size_t most) {
    const auto file = InputFile::open(path);
    if (!file) return {};
    std::string text = file->read_start(most);
    text.resize(text.find_last_not_of(" \t\r\n") + 1);
    return text;
}

}  // namespace opennvsci::tool
