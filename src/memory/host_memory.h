// SPDX-License-Identifier: Apache-2.0
//
// HostMemory: an allocation in system memory, a sealed memory file. The CPU sees it through at most two mappings, one
// read-write and one read-only; the GPU through at most two registrations of those mappings, shared by everybody in
// the process (pages that are registered cannot be registered again).
#pragma once

#include <mutex>

#include "base/os.h"
#include "memory/allocation.h"

namespace opennvsci::memory {

class HostMemory final : public Allocation {
  public:
    /// Allocates `size` bytes, rounded up to whole pages, whose mappings start at a multiple of `alignment`, a power of
    /// two. The memory is only reserved; pages appear as they are touched. Errors: ResourceError, also if the machine
    /// has less memory than that.
    [[nodiscard]] static Result<std::shared_ptr<Allocation>> create(std::size_t size, std::size_t alignment);

    [[nodiscard]] Result<void*> cpu_address(Right right) override;
    [[nodiscard]] Result<std::unique_ptr<GpuMapping>> map_for_gpu(const driver::Driver& driver,
                                                                  const driver::Device& device, Right right) override;

  private:
    class RegisteredMapping;

    // The CPU's view with one right, registered with CUDA while importers use it.
    struct View {
        os::FileMapping cpu;
        std::size_t registration_users = 0;
        cu::CUcontext registration_context = nullptr;  // where it was registered and must be unregistered
    };

    HostMemory(UniqueFd file, std::size_t size, std::size_t alignment)
        : Allocation(size), file_(std::move(file)), alignment_(alignment) {}

    [[nodiscard]] View& view(Right right) noexcept { return right == Right::read_only ? read_only_ : read_write_; }
    [[nodiscard]] Result<void*> cpu_address_locked(Right right);
    [[nodiscard]] Result<> acquire_registration(const driver::Driver& driver, Right right);
    void release_registration(const driver::Driver& driver, Right right) noexcept;

    const UniqueFd file_;
    const std::size_t alignment_;
    std::mutex mutex_;
    View read_write_;
    View read_only_;
};

}  // namespace opennvsci::memory
