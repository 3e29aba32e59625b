// SPDX-License-Identifier: Apache-2.0
//
// InputFile: a file that somebody else made and that may be anything. Opening it waits for nobody and no more is read
// than is asked for; what is cut off while it is read is no accident, as it would be in a mapping.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>

#include "result.h"

namespace opennvsci::tool {

class InputFile {
  public:
    /// Errors: the system's reason; "is no regular file". A pipe or a device is not opened.
    [[nodiscard]] static Result<InputFile> open(const std::string& path);
    InputFile(InputFile&& other) noexcept
        : descriptor_(std::exchange(other.descriptor_, -1)), size_(other.size_), mode_(other.mode_) {}
    ~InputFile();

    [[nodiscard]] std::uint64_t size() const noexcept { return size_; }
    [[nodiscard]] unsigned mode() const noexcept { return mode_; }
    /// The bytes at the offset; none if the file does not have all of them.
    [[nodiscard]] std::optional<std::string> read(std::uint64_t offset, std::uint64_t length) const;
    /// The bytes that are there, at most so many.
    [[nodiscard]] std::string read_start(std::size_t most) const;

  private:
    InputFile(int descriptor, std::uint64_t size, unsigned mode) : descriptor_(descriptor), size_(size), mode_(mode) {}

    int descriptor_;
    std::uint64_t size_;
    unsigned mode_;
};

/// The start of a file, without blanks at its end; empty if it cannot be read. For files of the kernel and of /etc.
[[nodiscard]] std::string start_of_file(const std::string& path, std::size_t most = 65536);

}  // namespace opennvsci::tool
