// SPDX-License-Identifier: Apache-2.0
#include "base/os.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <cstring>
#include <limits>
#include <vector>

#include "base/checked.h"
#include "base/file_size_limit.h"

namespace opennvsci::os {

Calls& calls() noexcept {
    static Calls real{
        .memfd_create = ::memfd_create,
        .ftruncate = ::ftruncate,
        .add_seals = [](int fd, int seals) { return ::fcntl(fd, F_ADD_SEALS, seals); },
        .mmap = ::mmap,
        .munmap = ::munmap,
        .dup_cloexec = [](int fd) { return ::fcntl(fd, F_DUPFD_CLOEXEC, 0); },
        .open = [](const char* path, int flags) { return ::open(path, flags); },
    };
    return real;
}

namespace {

std::string out_of_descriptors(int number) {
    if (number == ENFILE) return "; the machine has no file descriptor left (fs.file-max)";
    rlimit limit{};
    ::getrlimit(RLIMIT_NOFILE, &limit);
    return fmt::format(
        "; this process has all {} file descriptors that RLIMIT_NOFILE allows in use, and a buffer in "
        "system memory holds one: raise the limit (ulimit -n), or free objects",
        limit.rlim_cur);
}

}  // namespace

tl::unexpected<Error> os_error(std::string_view call) {
    const int number = errno;
    const bool exhausted = number == ENOMEM || number == EMFILE || number == ENFILE || number == ENOSPC;
    const bool descriptors = number == EMFILE || number == ENFILE;
    return fail(NvSciError_ResourceError,
                fmt::format("{} failed: {}{}", call, std::strerror(number),
                            descriptors ? out_of_descriptors(number) : std::string()),
                exhausted ? cu::CUDA_ERROR_OUT_OF_MEMORY : cu::CUDA_ERROR_OPERATING_SYSTEM);
}

std::string missing_descriptors() {
    const UniqueFd file(::open("/", O_PATH | O_CLOEXEC));
    return !file && (errno == EMFILE || errno == ENFILE) ? out_of_descriptors(errno) : std::string();
}

Result<UniqueFd> create_memory_file(const char* name, std::size_t size) {
    UniqueFd file(calls().memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING));
    if (!file) return os_error("memfd_create");
    if (size > static_cast<std::size_t>(std::numeric_limits<off_t>::max())) {
        return fail(NvSciError_ResourceError, fmt::format("a memory file cannot have {} bytes", size),
                    cu::CUDA_ERROR_OUT_OF_MEMORY);
    }
    if (const auto limit = file_size_limit(); size > limit) {
        return fail(NvSciError_ResourceError,
                    fmt::format("a memory file of {} bytes exceeds RLIMIT_FSIZE of this process, which is {} "
                                "(`ulimit -f` tells and sets it, in blocks of 1024)",
                                size, limit),
                    cu::CUDA_ERROR_OUT_OF_MEMORY);
    }
    if (calls().ftruncate(file.get(), static_cast<off_t>(size)) != 0) return os_error("ftruncate");
    if (calls().add_seals(file.get(), F_SEAL_SHRINK | F_SEAL_GROW) != 0) return os_error("fcntl(F_ADD_SEALS)");
    return file;
}

Result<> require_descriptors(int count) {
    std::vector<UniqueFd> opened;
    for (int i = 0; i < count; ++i) {
        UniqueFd file(i == 0 ? calls().memfd_create("opennvsci-none", MFD_CLOEXEC)
                             : calls().dup_cloexec(opened.front().get()));
        if (!file) {
            const int number = errno;
            if (number != EMFILE && number != ENFILE) break;  // what lacks is not descriptors
            return fail(NvSciError_ResourceError,
                        fmt::format("{} file descriptors are needed and not free: {} (RLIMIT_NOFILE, `ulimit -n`)",
                                    count, std::strerror(number)),
                        cu::CUDA_ERROR_OUT_OF_MEMORY);
        }
        opened.push_back(std::move(file));
    }
    return {};
}

Result<UniqueFd> duplicate(int fd) {
    UniqueFd copy(calls().dup_cloexec(fd));
    if (!copy) return os_error("fcntl(F_DUPFD_CLOEXEC)");
    return copy;
}

Result<UniqueFd> reopen_read_only(int fd) {
    UniqueFd opened(calls().open(fmt::format("/proc/self/fd/{}", fd).c_str(), O_RDONLY | O_CLOEXEC));
    if (!opened) return os_error("open of /proc/self/fd");
    return opened;
}

Result<FileMapping> FileMapping::create(int fd, std::size_t size, std::size_t alignment, bool writable) {
    const int protection = writable ? PROT_READ | PROT_WRITE : PROT_READ;
    FileMapping mapping;
    if (alignment <= kPageSize) {
        void* address = calls().mmap(nullptr, size, protection, MAP_SHARED, fd, 0);
        if (address == MAP_FAILED) return os_error("mmap");
        mapping.address_ = address;
        mapping.size_ = size;
        return mapping;
    }
    // A larger alignment: reserve that much more address space, map inside it and give back what is left over.
    const auto pages = checked::align_up(size, kPageSize);
    const auto reserved = pages ? checked::add(*pages, alignment) : std::nullopt;
    if (!reserved) {
        return fail(NvSciError_Overflow,
                    fmt::format("{} bytes at alignment {} exceed the address space", size, alignment));
    }
    void* reservation = calls().mmap(nullptr, *reserved, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (reservation == MAP_FAILED) return os_error("mmap");
    mapping.address_ = reservation;
    mapping.size_ = *reserved;
    const auto start = reinterpret_cast<std::uintptr_t>(reservation);
    const std::uintptr_t aligned = (start + alignment - 1) & ~(alignment - 1);
    void* address = calls().mmap(reinterpret_cast<void*>(aligned), size, protection, MAP_SHARED | MAP_FIXED, fd, 0);
    if (address == MAP_FAILED) return os_error("mmap");
    if (aligned > start) calls().munmap(reservation, aligned - start);
    const std::uintptr_t end = aligned + *pages;
    if (start + *reserved > end) calls().munmap(reinterpret_cast<void*>(end), start + *reserved - end);
    mapping.address_ = address;
    mapping.size_ = size;
    return mapping;
}

FileMapping::~FileMapping() {
    if (address_ != nullptr) calls().munmap(address_, size_);
}

}  // namespace opennvsci::os
