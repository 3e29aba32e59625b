// SPDX-License-Identifier: Apache-2.0
//
// SharedPage: memory of a timeline that another process sees too: words of a counter, or timestamps. A sealed memory
// file of its own, so that whoever has it sees nothing else, and no access to it can fail whatever the other side does.
//
// Its end may have to wait for all work of every context in which it is registered (driver-facts.md F28), and whoever
// frees an object may be the one that this work waits for. So a page that was registered is taken down by a thread of
// its own, which ends when there is nothing more to take down.
#pragma once

#include <cstddef>
#include <memory>

#include "base/unique_fd.h"
#include "memory/right.h"
#include "sync/counter_memory.h"

namespace opennvsci::sync {

class SharedPage {
  public:
    /// A new one of `size` bytes, zeroed, which `peers` may write or only read. Errors: ResourceError.
    [[nodiscard]] static Result<std::shared_ptr<SharedPage>> create(std::size_t size, memory::Right peers);
    /// One that a peer made. Errors: BadParameter with what is wrong with the descriptor; ResourceError.
    [[nodiscard]] static Result<std::shared_ptr<SharedPage>> import(UniqueFd file, std::size_t size,
                                                                    memory::Right right);

    /// For the CPU: writable, unless it was imported read-only.
    [[nodiscard]] void* address() const noexcept { return address_; }
    [[nodiscard]] const std::shared_ptr<CounterMemory>& memory() const noexcept { return memory_; }

    /// For a peer. Errors: ResourceError.
    [[nodiscard]] Result<UniqueFd> descriptor(memory::Right right) const {
        return allocation_->descriptor_for_peer(right);
    }

    /// For tests that count: waits until what has ended is taken down, at most a second.
    static void wait_for_ended() noexcept;

  private:
    SharedPage(std::shared_ptr<memory::Allocation> allocation, void* address)
        : allocation_(std::move(allocation)),
          memory_(std::make_shared<CounterMemory>(allocation_, nullptr)),
          address_(address) {}
    [[nodiscard]] static Result<std::shared_ptr<SharedPage>> owned(std::shared_ptr<memory::Allocation> allocation,
                                                                   memory::Right right);

    const std::shared_ptr<memory::Allocation> allocation_;
    const std::shared_ptr<CounterMemory> memory_;
    void* const address_;
};

}  // namespace opennvsci::sync
