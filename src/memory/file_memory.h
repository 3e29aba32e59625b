// SPDX-License-Identifier: Apache-2.0
//
// FileMemory: an allocation in system memory, a sealed memory file. The CPU sees it through at most two mappings, one
// read-write and one read-only, made when somebody asks, or when memory gets huge pages. The GPU sees it by registering
// a mapping with CUDA.
//
// A registration dies with the context that made it, also for other contexts that use it, although it is portable
// (driver-facts.md F15). So every context gets a registration of its own, shared by the importers in it; and as
// one address range can be registered once, each but the first gets a mapping of its own.
//
// What peers may do (docs/security.md): a file that no peer may write is sealed when the first reader gets a
// descriptor. From then on the kernel refuses every new writable mapping, to this process too, whose own further ones
// are repeated from the one that it made before. Once a writer was let in, or is expected, the file stays open, and
// readers are held to their right only by the access mode of their descriptors.
#pragma once

#include <list>
#include <mutex>

#include "base/os.h"
#include "memory/allocation.h"

namespace opennvsci::memory {

class FileMemory final : public Allocation {
  public:
    /// When memory of a huge page and more gets its pages: now, in huge ones, as far as the kernel can; or as they are
    /// touched, like all smaller memory.
    enum class Pages { now, when_touched };

    /// Allocates `size` bytes, rounded up to whole pages, whose mappings start at a multiple of `alignment`, a power of
    /// two. Half a huge page and more at the end may take a whole one. Errors: ResourceError, also if the machine has
    /// less memory than that.
    [[nodiscard]] static Result<std::shared_ptr<Allocation>> create(std::size_t size, std::size_t alignment,
                                                                    Pages pages);

    /// Memory that a peer made, as the descriptor that it handed over says, of which nothing is believed: `size` and
    /// `alignment` are what the reconciled list says, `right` what the peer granted. Errors: BadParameter with what is
    /// wrong with the descriptor; ResourceError.
    [[nodiscard]] static Result<std::shared_ptr<Allocation>> import(UniqueFd file, std::size_t size,
                                                                    std::size_t alignment, Right right);

    [[nodiscard]] Result<void*> cpu_address(Right right) override;
    [[nodiscard]] Result<std::unique_ptr<GpuMapping>> map_for_gpu(const driver::Driver& driver,
                                                                  const driver::Device& device, Right right) override;
    [[nodiscard]] Result<UniqueFd> descriptor_for_arrays() override;
    [[nodiscard]] Result<UniqueFd> dma_buf(std::uint64_t start, std::uint64_t size) override;
    [[nodiscard]] Result<UniqueFd> descriptor_for_peer(Right right) override;
    [[nodiscard]] Result<> open_to_writers() override;

  private:
    class RegisteredMapping;

    // One view registered in one context, while importers use it.
    struct Registration {
        unsigned long long context;  // the driver's id of the context: ids are not used again, addresses are
        Right right;
        os::FileMapping own;  // empty if the CPU's mapping is registered
        void* address;
        std::size_t users;  // 0 while it is taken down: then its range is still in use, and nobody may join
    };

    // Whether the file can be mapped writable anew.
    enum class Writers {
        none_yet,  // it can, and nobody else does
        some,      // it can, for ever: another process may have to
        refused,   // it cannot, for ever: the file is sealed
    };

    FileMemory(UniqueFd file, std::size_t size, std::size_t mapped_size, std::size_t alignment, Right right,
               Writers writers)
        : Allocation(size, right),
          file_(std::move(file)),
          mapped_size_(mapped_size),
          alignment_(alignment),
          writers_(writers) {}

    [[nodiscard]] os::FileMapping& cpu_mapping(Right right) noexcept {
        return right == Right::read_only ? cpu_read_only_ : cpu_read_write_;
    }
    [[nodiscard]] Result<os::FileMapping> map_file_at(std::size_t alignment, Right right) const;
    [[nodiscard]] Result<os::FileMapping> map_file(Right right) const;
    [[nodiscard]] Result<> let_writers_in_locked();
    [[nodiscard]] Result<> refuse_writers_locked();
    [[nodiscard]] Result<void*> cpu_address_locked(Right right);
    [[nodiscard]] Result<Registration*> acquire_registration(const driver::Driver& driver, Right right);
    void release_registration(const driver::Driver& driver, Registration* registration) noexcept;

    const UniqueFd file_;
    const std::size_t mapped_size_;  // with what fills up the last huge page
    const std::size_t alignment_;
    std::mutex mutex_;  // of what follows
    Writers writers_;
    os::FileMapping cpu_read_write_;
    os::FileMapping cpu_read_only_;
    std::list<Registration> registrations_;
};

}  // namespace opennvsci::memory
