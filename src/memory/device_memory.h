// SPDX-License-Identifier: Apache-2.0
//
// DeviceMemory: an allocation in the video memory of one GPU, made with cuMemCreate so that it can be mapped with a
// right and exported as a file descriptor. The CPU cannot see it.
#pragma once

#include "memory/allocation.h"

namespace opennvsci::memory {

class DeviceMemory final : public Allocation {
  public:
    struct Request {
        std::size_t size;
        std::size_t alignment;  ///< of the address of every mapping; a power of two
        bool compressible;
    };

    /// Allocates video memory of `device`, rounded up to its granularity. Errors: ResourceError, in particular when the
    /// device has not enough memory or refuses the compression that it was asked for.
    [[nodiscard]] static Result<std::shared_ptr<Allocation>> create(const driver::Driver& driver,
                                                                    const driver::Device& device,
                                                                    const Request& request);
    ~DeviceMemory() override;

    [[nodiscard]] Result<void*> cpu_address(Right right) override;
    [[nodiscard]] Result<std::unique_ptr<GpuMapping>> map_for_gpu(const driver::Driver& driver,
                                                                  const driver::Device& device, Right right) override;

  private:
    class VirtualMapping;

    DeviceMemory(const driver::Driver& driver, const driver::Device& owner, std::size_t size, std::size_t alignment)
        : Allocation(size), driver_(driver), owner_(owner), alignment_(alignment) {}
    [[nodiscard]] Result<> fill_with_zeros();

    const driver::Driver& driver_;
    const driver::Device& owner_;
    const std::size_t alignment_;  // 0: what the driver does anyway is enough
    cu::CUmemGenericAllocationHandle handle_ = 0;
};

}  // namespace opennvsci::memory
