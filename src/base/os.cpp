// SPDX-License-Identifier: Apache-2.0
#include "base/os.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <limits>
#include <vector>

#include "base/available_memory.h"
#include "base/checked.h"
#include "base/file_size_limit.h"
#include "base/vulkan_abi.h"

namespace opennvsci::os {

Calls& calls() noexcept {
    static Calls real{
        .memfd_create = ::memfd_create,
        .ftruncate = ::ftruncate,
        .add_seals = [](int fd, int seals) { return ::fcntl(fd, F_ADD_SEALS, seals); },
        .get_seals = [](int fd) { return ::fcntl(fd, F_GET_SEALS); },
        .get_flags = [](int fd) { return ::fcntl(fd, F_GETFL); },
        .fstat = ::fstat,
        .file_system_of =
            [](int fd) {
                struct statfs status {};
                return ::fstatfs(fd, &status) == 0 ? static_cast<long>(status.f_type) : -1L;
            },
        .mmap = ::mmap,
        .munmap = ::munmap,
        .madvise = ::madvise,
        .mremap = [](void* old, std::size_t old_size, std::size_t size, int flags,
                     void* address) { return ::mremap(old, old_size, size, flags, address); },
        .dup_cloexec = [](int fd) { return ::fcntl(fd, F_DUPFD_CLOEXEC, 0); },
        .open = [](const char* path, int flags) { return ::open(path, flags); },
        .available_memory = [] { return opennvsci::available_memory(); },
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

// Of the three only Vulkan has a code for it.
tl::unexpected<Error> lack_of_descriptors(std::string text) {
    auto failure = fail(NvSciError_ResourceError, std::move(text), cu::CUDA_ERROR_OUT_OF_MEMORY);
    failure.value().vulkan = vk::VK_ERROR_TOO_MANY_OBJECTS;
    return failure;
}

}  // namespace

tl::unexpected<Error> os_error(std::string_view call) {
    const int number = errno;
    const bool descriptors = number == EMFILE || number == ENFILE;
    std::string text = fmt::format("{} failed: {}{}", call, std::strerror(number),
                                   descriptors ? out_of_descriptors(number) : std::string());
    if (descriptors) return lack_of_descriptors(std::move(text));
    const bool exhausted = number == ENOMEM || number == ENOSPC;
    return fail(NvSciError_ResourceError, std::move(text),
                exhausted ? cu::CUDA_ERROR_OUT_OF_MEMORY : cu::CUDA_ERROR_OPERATING_SYSTEM);
}

namespace {

constexpr long kTmpfs = 0x01021994;  // TMPFS_MAGIC, what memfd_create makes unless it is asked for huge pages

tl::unexpected<Error> bad_file(std::string_view problem) {
    return fail(NvSciError_BadParameter,
                fmt::format("the descriptor that came for the memory {}: the peer is not to be trusted", problem));
}

}  // namespace

Result<> check_memory_file(int fd, std::size_t least, std::size_t most, bool writable) {
    struct stat status {};
    if (calls().fstat(fd, &status) != 0) return os_error("fstat");
    if (!S_ISREG(status.st_mode)) return bad_file("is no memory file");
    const long file_system = calls().file_system_of(fd);
    if (file_system < 0) return os_error("fstatfs");
    // A file of huge pages has them only until the machine needs them elsewhere: an access can then end the process.
    if (file_system != kTmpfs) return bad_file("is a file of another kind than memfd_create makes");
    const int flags = calls().get_flags(fd);
    if (flags < 0) return os_error("fcntl(F_GETFL)");
    const int access = flags & (O_ACCMODE | O_PATH);
    if (access != (writable ? O_RDWR : O_RDONLY)) {
        return bad_file(writable ? "is not open for reading and writing" : "is not open for reading alone");
    }
    const int seals = calls().get_seals(fd);
    if (seals < 0) return os_error("fcntl(F_GET_SEALS)");
    constexpr int kFixedSize = F_SEAL_SHRINK | F_SEAL_GROW;
    if ((seals & kFixedSize) != kFixedSize) return bad_file("is not sealed against shrinking and growing");
    if (writable && (seals & (F_SEAL_WRITE | F_SEAL_FUTURE_WRITE)) != 0) return bad_file("is sealed against writing");
    const auto size = static_cast<std::uint64_t>(status.st_size);
    if (status.st_size < 0 || size < least || size > most) {
        return bad_file(fmt::format("has {} bytes, and must have {}{}", status.st_size, least,
                                    most == least ? "" : fmt::format(" to {}", most)));
    }
    return {};
}

Result<bool> seal_against_writers(int fd) {
    if (calls().add_seals(fd, F_SEAL_FUTURE_WRITE) == 0) return true;
    if (errno == EINVAL) return false;
    return os_error("fcntl(F_ADD_SEALS)");
}

Result<> seal_seals(int fd) {
    if (calls().add_seals(fd, F_SEAL_SEAL) == 0) return {};
    return os_error("fcntl(F_ADD_SEALS)");
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
            return lack_of_descriptors(
                fmt::format("{} file descriptors are needed and not free: {} (RLIMIT_NOFILE, `ulimit -n`)", count,
                            std::strerror(number)));
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

template <class Map>
Result<FileMapping> FileMapping::place(std::size_t size, std::size_t alignment, std::string_view call, Map&& map) {
    FileMapping mapping;
    if (alignment <= kPageSize) {
        void* address = map(nullptr);
        if (address == MAP_FAILED) return os_error(call);
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
    void* address = map(reinterpret_cast<void*>(aligned));
    if (address == MAP_FAILED) return os_error(call);
    if (aligned > start) calls().munmap(reservation, aligned - start);
    const std::uintptr_t end = aligned + *pages;
    if (start + *reserved > end) calls().munmap(reinterpret_cast<void*>(end), start + *reserved - end);
    mapping.address_ = address;
    mapping.size_ = size;
    return mapping;
}

Result<FileMapping> FileMapping::create(int fd, std::size_t size, std::size_t alignment, bool writable) {
    const int protection = writable ? PROT_READ | PROT_WRITE : PROT_READ;
    return place(size, alignment, "mmap", [&](void* address) {
        return calls().mmap(address, size, protection, MAP_SHARED | (address != nullptr ? MAP_FIXED : 0), fd, 0);
    });
}

Result<FileMapping> FileMapping::repeat(std::size_t alignment) const {
    // An old size of 0 leaves the old mapping, which must be a shared one, where it is.
    return place(size_, alignment, "mremap", [&](void* address) {
        return calls().mremap(address_, 0, size_, MREMAP_MAYMOVE | (address != nullptr ? MREMAP_FIXED : 0), address);
    });
}

namespace {

// Of <linux/mman.h>, for those who build with older ones.
constexpr int kPopulateWrite = 23;  // Linux 5.14
constexpr int kCollapse = 25;       // Linux 6.1

}  // namespace

// The kernel makes a huge page only where a page is: asking for that one page costs a fraction of touching it.
void FileMapping::gather_huge_pages() const {
    const std::size_t whole = std::min(size_, kMostGathered) & ~(kHugePageSize - 1);
    if (whole == 0 || reinterpret_cast<std::uintptr_t>(address_) % kHugePageSize != 0) return;
    // Of nothing, to learn whether the kernel knows it.
    if (calls().madvise(address_, 0, kCollapse) != 0) return;
    // What other threads gather meanwhile counts, or together they would take what neither may.
    static std::atomic<std::uint64_t> s_under_way{0};
    const std::uint64_t most = calls().available_memory() / 2;
    if (s_under_way.fetch_add(whole) + whole <= most) {
        auto* const start = static_cast<std::byte*>(address_);
        std::size_t offset = 0;
        while (offset < whole && calls().madvise(start + offset, kPageSize, kPopulateWrite) == 0)
            offset += kHugePageSize;
        if (offset != 0) calls().madvise(start, offset, kCollapse);
    }
    s_under_way -= whole;
}

FileMapping::~FileMapping() {
    if (address_ != nullptr) calls().munmap(address_, size_);
}

}  // namespace opennvsci::os
