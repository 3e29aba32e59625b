// SPDX-License-Identifier: Apache-2.0
//
// Mirrors: the words that peers which wait have of a timeline that this process signals. Each peer has words of its
// own, in memory that nobody else sees, and everything that is stored in the counter's words is stored in all of them:
// what a peer does to its words harms nobody but itself. Of a mirror nothing is read but whether somebody sleeps on it.
//
// A peer that is gone is dropped when somebody notices. Thread-safe, where not said otherwise.
#pragma once

#include <array>
#include <atomic>
#include <memory>
#include <mutex>
#include <span>
#include <vector>

#include "ipc/link.h"
#include "sync/counter_words.h"
#include "sync/shared_page.h"

namespace opennvsci::sync {

struct Mirror {
    std::shared_ptr<SharedPage> page;
    std::shared_ptr<ipc::Link> link;  ///< the peer knows by it that this process is there

    [[nodiscard]] CounterWords& words() const noexcept { return *static_cast<CounterWords*>(page->address()); }
};

/// What the payload of broken words is raised to, so that hardware, which compares cyclically, lets everybody go who
/// waits for any value near: 2^62 before and behind.
inline constexpr std::uint64_t kFurthestAwaited = std::uint64_t{1} << 62;
[[nodiscard]] constexpr std::uint64_t raised_payload(std::uint64_t first_lost) noexcept {
    return first_lost - 1 + kFurthestAwaited;
}

class Mirrors {
  public:
    /// More make one signal of a stream more than one call of the driver takes (255 operations, and each costs the GPU
    /// 0.7 us: driver-facts.md F35).
    static constexpr std::size_t kMost = 128;

    [[nodiscard]] bool empty() const noexcept { return count_.load(std::memory_order_seq_cst) == 0; }

    // One caller at a time, and none while streams signal.

    /// Errors: ResourceError if there are too many.
    [[nodiscard]] Result<> check_room();
    /// Adds one, and makes its words what `own` are. `reached` is what is known to be.
    void add(Mirror mirror, const CounterWords& own, std::uint64_t reached);
    void drop_gone();

    /// The page that the peer at the other end of a link has already; null if it has none.
    [[nodiscard]] std::shared_ptr<SharedPage> page_of(const ipc::Link& link) const;

    /// The addresses of all payloads for a context, written to `out`; how many. Not beside add and drop_gone. Errors:
    /// those of CounterMemory.
    [[nodiscard]] Result<std::size_t> addresses_in(const driver::ContextWatch& context,
                                                   std::span<cu::CUdeviceptr, kMost> out) const;

    /// Stores what the payload of `own`, which only the CPU writes, is now.
    void follow(const CounterWords& own) noexcept;

    void prove(std::uint64_t value) noexcept;
    /// What a peer may have seen reached stays so.
    void break_from(std::uint64_t first, Cause why, cu::CUresult result) noexcept;
    /// Lets all streams of the peers go that wait for lost values. Of a broken timeline.
    void raise() noexcept;

  private:
    mutable std::mutex mutex_;
    std::vector<Mirror> mirrors_;  // written with the lock, and while no stream signals: read with either
    std::atomic<std::size_t> count_{0};
    std::uint64_t followed_ = 0;
};

}  // namespace opennvsci::sync
