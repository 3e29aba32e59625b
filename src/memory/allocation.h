// SPDX-License-Identifier: Apache-2.0
//
// Allocation: the bytes behind an object, wherever they live, and the two ways to see them: a CPU mapping and GPU
// mappings, each with a right. Bytes are zero when the allocation is made. Thread-safe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

#include "base/result.h"
#include "base/unique_fd.h"
#include "driver/driver.h"
#include "memory/right.h"

namespace opennvsci::memory {

/// Memory as one GPU sees it. The destructor takes the mapping down; no GPU work may use it then. It must not outlive
/// the allocation.
class GpuMapping {
  public:
    GpuMapping(const GpuMapping&) = delete;
    GpuMapping& operator=(const GpuMapping&) = delete;
    virtual ~GpuMapping() = default;

    [[nodiscard]] cu::CUdeviceptr address() const noexcept { return address_; }
    /// Where the CPU sees the same mapping; null for memory that the driver made.
    [[nodiscard]] void* host_address() const noexcept { return host_address_; }

  protected:
    GpuMapping() = default;
    void set_host_address(void* address) noexcept { host_address_ = address; }
    void set_address(cu::CUdeviceptr address) noexcept { address_ = address; }

  private:
    cu::CUdeviceptr address_ = 0;
    void* host_address_ = nullptr;
};

class Allocation {
  public:
    Allocation(const Allocation&) = delete;
    Allocation& operator=(const Allocation&) = delete;
    virtual ~Allocation() = default;

    /// The start address for the CPU with `right`, the same on every call, valid as long as the allocation.
    /// Errors: NotSupported for memory that the CPU cannot see; ResourceError.
    [[nodiscard]] virtual Result<void*> cpu_address(Right right) = 0;

    /// Maps the whole allocation for `device`, whose context must be current. Errors: NotSupported if the right cannot
    /// be enforced on this device, ResourceError.
    [[nodiscard]] virtual Result<std::unique_ptr<GpuMapping>> map_for_gpu(const driver::Driver& driver,
                                                                          const driver::Device& device,
                                                                          Right right) = 0;

    /// A descriptor of the memory for the driver's own import in this process (type OPAQUE_FD), from which it maps
    /// arrays. Errors: NotSupported for memory that the driver did not make, ResourceError.
    [[nodiscard]] virtual Result<UniqueFd> descriptor_for_arrays() = 0;

    /// A dma-buf of whole pages of the memory, which has whatever it needs to outlive the allocation. Errors:
    /// NotSupported for memory or a device that has none, ResourceError.
    [[nodiscard]] virtual Result<UniqueFd> dma_buf(std::uint64_t start, std::uint64_t size) = 0;

    /// A descriptor of the memory for another process that may see it with `right`, at most this process's own. Where
    /// the kernel can hold a peer to the right, it does: system memory for readers cannot be mapped writable through
    /// it, and if this process made the memory and no peer may write it, the first descriptor for a reader closes it to
    /// writers for ever. Memory of the driver is what the importer makes of it. Errors: InvalidOperation for a writer
    /// of memory that is closed to writers; BadParameter beyond this process's right; ResourceError.
    [[nodiscard]] virtual Result<UniqueFd> descriptor_for_peer(Right right) = 0;

    /// Says that a peer may write the memory, so that no descriptor for a reader may close it. Errors:
    /// InvalidOperation if it is closed to writers already.
    [[nodiscard]] virtual Result<> open_to_writers() { return {}; }

    /// Does ahead what makes the first descriptor for a peer expensive. Errors: ResourceError.
    [[nodiscard]] virtual Result<> prepare_for_peers() { return {}; }

    /// The bytes that mappings show, at least as many as were asked for.
    [[nodiscard]] std::size_t size() const noexcept { return size_; }

  protected:
    /// `right` is what this process may do with it.
    Allocation(std::size_t size, Right right) : size_(size), right_(right) {}

    /// Errors: BadParameter if `right` is more than this process's own.
    [[nodiscard]] Result<> check_own_right(Right right) const {
        if (right == Right::read_only || right_ == Right::read_write) return {};
        return fail(NvSciError_BadParameter,
                    "the memory was imported read-only: a permission can be reduced, never raised");
    }

  private:
    const std::size_t size_;
    const Right right_;
};

}  // namespace opennvsci::memory
