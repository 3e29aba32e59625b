// SPDX-License-Identifier: Apache-2.0
//
// The operating system calls of the memory floor, in one struct of function pointers: a test replaces them to make the
// n-th call fail. Failures become an Error that names the call and errno.
#pragma once

#include <sys/stat.h>
#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/unique_fd.h"

namespace opennvsci::os {

inline constexpr std::size_t kPageSize = 4096;
inline constexpr std::size_t kHugePageSize = std::size_t{2} << 20;
/// Of one mapping, at once. A machine that has to find the memory first, as a virtual one may, took 0.9 s for a GiB.
inline constexpr std::size_t kMostGathered = std::size_t{1} << 30;

struct Calls {
    int (*memfd_create)(const char* name, unsigned flags);
    int (*ftruncate)(int fd, off_t size);
    int (*add_seals)(int fd, int seals);
    int (*get_seals)(int fd);
    int (*get_flags)(int fd);
    int (*fstat)(int fd, struct stat* status);
    long (*file_system_of)(int fd);  // its magic number; -1 on failure
    void* (*mmap)(void* address, std::size_t size, int protection, int flags, int fd, off_t offset);
    int (*munmap)(void* address, std::size_t size);
    int (*madvise)(void* address, std::size_t size, int advice);
    void* (*mremap)(void* old, std::size_t old_size, std::size_t size, int flags, void* address);
    int (*dup_cloexec)(int fd);
    int (*open)(const char* path, int flags);
    std::uint64_t (*available_memory)();
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

/// Nothing, if a descriptor that somebody else made is a memory file of `least` to `most` bytes that can neither shrink
/// nor grow, so that no access to a mapping of it can fail, and that it is open for reading and, if `writable`, for
/// writing, otherwise not for writing. Errors: BadParameter with what it is instead; ResourceError.
[[nodiscard]] Result<> check_memory_file(int fd, std::size_t least, std::size_t most, bool writable);

/// Lets nobody make a new writable mapping of a memory file, nor write to it in any other way; what is mapped writable
/// stays so (driver-facts.md F40, F41). False if the kernel does not know how (Linux before 5.1). Errors:
/// ResourceError.
[[nodiscard]] Result<bool> seal_against_writers(int fd);

/// Lets nobody seal a memory file any further. Errors: ResourceError.
[[nodiscard]] Result<> seal_seals(int fd);

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

    /// Another mapping of what this one shows, with the same right, at a multiple of `alignment`. Works for a writable
    /// mapping of a file that no new one can be made of (driver-facts.md F40).
    [[nodiscard]] Result<FileMapping> repeat(std::size_t alignment) const;

    /// Gets every whole huge page in the first kMostGathered bytes of a writable mapping its memory at once, if the
    /// mapping lies at a multiple of kHugePageSize; then mappings of the file that are aligned like this are made of
    /// huge pages, in other processes too. What is behind stays as it is, to appear page by page, and so does what is
    /// not to be had: the kernel cannot (Linux before 6.1), or has no memory in such pieces, or it would take more than
    /// half of what is available.
    void gather_huge_pages() const;

    [[nodiscard]] void* address() const noexcept { return address_; }
    [[nodiscard]] std::size_t size() const noexcept { return size_; }

  private:
    // `map(address)` maps at that address, or anywhere if it is null; MAP_FAILED on failure.
    template <class Map>
    [[nodiscard]] static Result<FileMapping> place(std::size_t size, std::size_t alignment, std::string_view call,
                                                   Map&& map);

    void* address_ = nullptr;
    std::size_t size_ = 0;
};

}  // namespace opennvsci::os
