// SPDX-License-Identifier: Apache-2.0
#include "ipc/ring_memory.h"

#include <fcntl.h>

#include "base/checked.h"

namespace opennvsci::ipc {
namespace {

constexpr std::size_t kHeaderBytes = os::kPageSize;
static_assert(2 * sizeof(SideWords) <= kHeaderBytes);

std::size_t bytes_of_queue(Shape shape) noexcept {
    return *checked::align_up(std::size_t{shape.frames} * shape.frame_size, os::kPageSize);  // 4096 times 1 MiB at most
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
    OPENNVSCI_TRY(os::check_memory_file(file, bytes_for(shape), true));
    const int seals = os::calls().get_seals(file);
    if (seals < 0 || (seals & F_SEAL_SEAL) == 0)
        return fail(NvSciError_BadParameter, "the peer's memory for frames can be sealed further");
    OPENNVSCI_TRY_ASSIGN(mapping, os::FileMapping::create(file, bytes_for(shape), os::kPageSize, true));
    return std::unique_ptr<RingMemory>(new RingMemory({}, std::move(mapping), shape, side));
}

}  // namespace opennvsci::ipc
