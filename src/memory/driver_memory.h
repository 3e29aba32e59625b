// SPDX-License-Identifier: Apache-2.0
//
// DriverMemory: an allocation made with cuMemCreate, so that it can be mapped with a right, exported as a file
// descriptor and used for arrays. It lies in the video memory of one GPU, which the CPU cannot see, or in system
// memory, where the CPU sees it through at most two mappings, one read-write and one read-only.
//
// It is mapped once before anybody may use it: by whoever makes it, to fill it with zeros; by whoever gets it from a
// peer, without access, because only that proves its size (driver-facts.md F2). The first who wants such a mapping gets
// this one. What a peer sent keeps its descriptor, because arrays are mapped from it, and to hand the memory on.
#pragma once

#include <mutex>

#include "base/unique_fd.h"
#include "memory/allocation.h"
#include "memory/domain.h"

namespace opennvsci::memory {

class DriverMemory final : public Allocation {
  public:
    struct Request {
        Domain domain;  ///< video or driver_system
        std::size_t size;
        std::size_t alignment;  ///< of the address of every mapping; a power of two
        bool compressible;
    };

    /// Allocates memory of `device`, or system memory for it, rounded up to its granularity. Errors: ResourceError, in
    /// particular when there is not enough memory or the compression that was asked for is refused.
    [[nodiscard]] static Result<std::shared_ptr<Allocation>> create(const driver::Driver& driver,
                                                                    const driver::Device& device,
                                                                    const Request& request);

    /// Memory that a peer made, as the descriptor that it handed over says, of which nothing is believed: `request` is
    /// what the reconciled list says, `right` what the peer granted. Errors: BadParameter with what is wrong with the
    /// descriptor; ResourceError.
    [[nodiscard]] static Result<std::shared_ptr<Allocation>> import(const driver::Driver& driver,
                                                                    const driver::Device& device,
                                                                    const Request& request, Right right, UniqueFd file);
    ~DriverMemory() override;

    [[nodiscard]] Result<void*> cpu_address(Right right) override;
    [[nodiscard]] Result<std::unique_ptr<GpuMapping>> map_for_gpu(const driver::Driver& driver,
                                                                  const driver::Device& device, Right right) override;
    [[nodiscard]] Result<UniqueFd> descriptor_for_arrays() override;
    [[nodiscard]] Result<UniqueFd> dma_buf(std::uint64_t start, std::uint64_t size) override;
    [[nodiscard]] Result<UniqueFd> descriptor_for_peer(Right right) override;
    [[nodiscard]] Result<> prepare_for_peers() override;

  private:
    class VirtualMapping;
    using Mapped = std::unique_ptr<VirtualMapping>;

    DriverMemory(const driver::Driver& driver, const driver::Device& device, Domain domain, std::size_t size,
                 std::size_t alignment, Right right);
    [[nodiscard]] Result<> fill_with_zeros();
    [[nodiscard]] Result<> check_properties(bool compressible) const;
    [[nodiscard]] Result<> prove_size();
    [[nodiscard]] Result<> export_locked();
    [[nodiscard]] Result<UniqueFd> exported();
    [[nodiscard]] cu::CUresult map_without_access(Mapped& mapping, const char*& call);
    [[nodiscard]] Mapped take_spare(const cu::CUmemAccessDesc& access);
    [[nodiscard]] Result<Mapped> map(const cu::CUmemLocation& viewer, Right right);

    const driver::Driver& driver_;
    const driver::Device& device_;
    const Domain domain_;
    const std::size_t alignment_;  // 0: what the driver does anyway is enough
    cu::CUmemGenericAllocationHandle handle_ = 0;
    std::mutex mutex_;  // of what follows
    std::unique_ptr<GpuMapping> cpu_read_write_;
    std::unique_ptr<GpuMapping> cpu_read_only_;
    UniqueFd exported_;
    std::unique_ptr<GpuMapping> dma_buf_mapping_;  // what dma-bufs were made of
    std::mutex spare_mutex_;                       // of what follows; taken last
    Mapped spare_;                                 // the first mapping, until somebody can use it
};

}  // namespace opennvsci::memory
