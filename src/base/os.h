// SPDX-License-Identifier: Apache-2.0
//
// The operating system calls of the memory floor, in one struct of function pointers: a test replaces them to make the
// n-th call fail. Failures become an Error that names the call and errno.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/unique_fd.h"

namespace opennvsci::os {

inline constexpr std::size_t kPageSize = 4096;

struct Calls {
    int (*memfd_create)(const char* name, unsigned flags);
    int (*ftruncate)(int fd, off_t size);
    int (*add_seals)(int fd, int seals);
    void* (*mmap)(void* address, std::size_t size, int protection, int flags, int fd, off_t offset);
    int (*munmap)(void* address, std::size_t size);
    int (*dup_cloexec)(int fd);
    int (*open)(const char* path, int flags);
};

/// The calls in use. Only tests write to it, before other threads run.
[[nodiscard]] Calls& calls() noexcept;

/// An Error for a failed call, from errno.
[[nodiscard]] tl::unexpected<Error> os_error(std::string_view call);

/// What to add to the text of a failure if no descriptor can be had now, which its own code need not tell; else empty.
[[nodiscard]] std::string missing_descriptors();

/// A memory file of `size` bytes, zero-filled, that can neither shrink nor grow.
[[nodiscard]] Result<UniqueFd> create_memory_file(const char* name, std::size_t size);

/// Nothing, if the process can open `count` files more at this moment. Errors: ResourceError that names the limit.
[[nodiscard]] Result<> require_descriptors(int count);

/// Another descriptor of the same open file.
[[nodiscard]] Result<UniqueFd> duplicate(int fd);

/// The same file opened anew, so that nothing can be written through the descriptor.
[[nodiscard]] Result<UniqueFd> reopen_read_only(int fd);

/// One mmap'ed range of a file; unmapped by the destructor.
class FileMapping {
  public:
    FileMapping() = default;
    FileMapping(FileMapping&& other) noexcept
        : address_(std::exchange(other.address_, nullptr)), size_(std::exchange(other.size_, 0)) {}
    FileMapping& operator=(FileMapping&& other) noexcept {
        std::swap(address_, other.address_);
        std::swap(size_, other.size_);
        return *this;
    }
    ~FileMapping();

    /// Maps the first `size` bytes of `fd` at a multiple of `alignment` (a power of two), shared, readable and, if
    /// asked, writable.
    [[nodiscard]] static Result<FileMapping> create(int fd, std::size_t size, std::size_t alignment, bool writable);

    [[nodiscard]] void* address() const noexcept { return address_; }
    [[nodiscard]] std::size_t size() const noexcept { return size_; }

  private:
    void* address_ = nullptr;
    std::size_t size_ = 0;
};

}  // namespace opennvsci::os
