// SPDX-License-Identifier: Apache-2.0
#include "ipc/ring_memory.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <linux/magic.h>
#include <sys/stat.h>
#include <sys/vfs.h>

namespace opennvsci::ipc {
namespace {

constexpr std::size_t kHeaderBytes = os::kPageSize;
static_assert(2 * sizeof(SideWords) <= kHeaderBytes);

constexpr int kSeals = F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL;

std::size_t bytes_of_queue(Shape shape) noexcept {
    const std::size_t bytes = std::size_t{shape.frames} * shape.frame_size;  // 4096 times 1 MiB at most
    return (bytes + os::kPageSize - 1) / os::kPageSize * os::kPageSize;
}

// A memory file cannot shrink under a mapping if it is sealed so, and the seals cannot be lifted. A file of huge pages
// can be sealed too, but ends who touches a page that the machine does not have.
Result<> check(int file, Shape shape) {
    struct stat status {};
    struct statfs system {};
    if (::fstat(file, &status) != 0) return os::os_error("fstat");
    if (::fstatfs(file, &system) != 0) return os::os_error("fstatfs");
    const int seals = ::fcntl(file, F_GET_SEALS);
    const bool is_memory = S_ISREG(status.st_mode) && static_cast<std::uint64_t>(system.f_type) == TMPFS_MAGIC;
    if (!is_memory || seals < 0 || (seals & kSeals) != kSeals)
        return fail(NvSciError_NotPermitted, "the peer's memory for frames is no sealed memory file");
    if (static_cast<std::uint64_t>(status.st_size) != RingMemory::bytes_for(shape)) {
        return fail(NvSciError_NotPermitted, fmt::format("the peer's memory for frames has {} bytes, {} are needed",
                                                         status.st_size, RingMemory::bytes_for(shape)));
    }
    return {};
}

}  // namespace

std::size_t RingMemory::bytes_for(Shape shape) noexcept {
    return kHeaderBytes + 2 * bytes_of_queue(shape);
}

RingMemory::RingMemory(UniqueFd file, os::FileMapping mapping, Shape shape, int side) noexcept
    : file_(std::move(file)), mapping_(std::move(mapping)), shape_(shape), side_(side) {
    auto* const start = static_cast<std::byte*>(mapping_.address());
    words_ = reinterpret_cast<SideWords*>(start);
    frames_[0] = start + kHeaderBytes;
    frames_[1] = frames_[0] + bytes_of_queue(shape);
}

Result<std::unique_ptr<RingMemory>> RingMemory::create(Shape shape, int side) {
    OPENNVSCI_TRY_ASSIGN(file, os::create_memory_file("opennvsci-frames", bytes_for(shape)));
    if (os::calls().add_seals(file.get(), F_SEAL_SEAL) != 0) return os::os_error("fcntl(F_ADD_SEALS)");
    OPENNVSCI_TRY_ASSIGN(mapping, os::FileMapping::create(file.get(), bytes_for(shape), os::kPageSize, true));
    return std::unique_ptr<RingMemory>(new RingMemory(std::move(file), std::move(mapping), shape, side));
}

Result<std::unique_ptr<RingMemory>> RingMemory::open(int file, Shape shape, int side) {
    OPENNVSCI_TRY(check(file, shape));
    OPENNVSCI_TRY_ASSIGN(mapping, os::FileMapping::create(file, bytes_for(shape), os::kPageSize, true));
    return std::unique_ptr<RingMemory>(new RingMemory({}, std::move(mapping), shape, side));
}

}  // namespace opennvsci::ipc
