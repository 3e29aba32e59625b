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

RingMemory::RingMemory(ProcessFd file, os::FileMapping mapping, Shape shape, int side) noexcept
    : file_(std::move(file)), mapping_(std::move(mapping)), shape_(shape), side_(side) {
    auto* const start = static_cast<std::byte*>(mapping_.address());
    words_ = reinterpret_cast<SideWords*>(start);
    frames_[0] = start + kHeaderBytes;
    frames_[1] = frames_[0] + bytes_of_queue(shape);
}

void RingMemory::keep_file(UniqueFd file) {
    file_ = ProcessFd::make([&] { return file.release(); });
}

void RingMemory::shut_out_others() noexcept {
    // A kernel that cannot do it (Linux before 5.1) leaves the memory as good as it was.
    [[maybe_unused]] const int result = os::calls().add_seals(file_.get(), F_SEAL_FUTURE_WRITE);
}

Result<std::unique_ptr<RingMemory>> RingMemory::create(Shape shape, int side) {
    OPENNVSCI_TRY_ASSIGN(file, os::create_memory_file("opennvsci-frames", bytes_for(shape)));
    OPENNVSCI_TRY_ASSIGN(mapping, os::FileMapping::create(file.get(), bytes_for(shape), os::kPageSize, true));
    std::unique_ptr<RingMemory> made(new RingMemory({}, std::move(mapping), shape, side));
    made->keep_file(std::move(file));
    return made;
}

Result<std::unique_ptr<RingMemory>> RingMemory::open(int file, Shape shape, int side) {
    OPENNVSCI_TRY(os::check_memory_file(file, bytes_for(shape), bytes_for(shape), true));
    OPENNVSCI_TRY_ASSIGN(mapping, os::FileMapping::create(file, bytes_for(shape), os::kPageSize, true));
    return std::unique_ptr<RingMemory>(new RingMemory({}, std::move(mapping), shape, side));
}

}  // namespace opennvsci::ipc
