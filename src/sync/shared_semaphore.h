// SPDX-License-Identifier: Apache-2.0
//
// SharedSemaphore: the payload of a Vulkan timeline semaphore that takes part in a timeline. Pools of Vulkan devices
// have semaphores with it, through which the CPU reads and signals it, and contexts of CUDA have imports of it. The
// first pool brings it (synchronization.md, Vulkan). From then on its descriptor is kept, so it outlives that pool; a
// semaphore that cannot be exported has none, and goes with its pool.
//
// Where Vulkan signals, it is what is reached. Where streams or the CPU signal, it follows what they reach.
//
// The imports of a context go with the context. They are never destroyed before, because streams may use them until the
// timeline ends. Thread-safe.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <vector>

#include "base/unique_fd.h"
#include "driver/stream_place.h"
#include "sync/timeline_semaphore.h"

namespace opennvsci::sync {

class SharedSemaphore {
  public:
    /// The least maxTimelineSemaphoreValueDifference that Vulkan allows a device.
    static constexpr std::uint64_t kFurthest = (std::uint64_t{1} << 31) - 1;

    SharedSemaphore() = default;
    SharedSemaphore(const SharedSemaphore&) = delete;
    SharedSemaphore& operator=(const SharedSemaphore&) = delete;
    ~SharedSemaphore();

    /// True from the first pool on.
    [[nodiscard]] bool exists() const noexcept { return exists_.load(std::memory_order_seq_cst); }

    // Pools.

    /// Adds one, whose payload becomes that of all, at `reached` at least, or which gets that of the others. Errors:
    /// Vulkan's; NotSupported for a second one where the payload cannot be exported.
    [[nodiscard]] Result<> attach(std::shared_ptr<TimelineSemaphore> semaphore, std::uint64_t reached);
    /// It is not used from then on.
    void detach(const TimelineSemaphore& semaphore) noexcept;
    /// True if Vulkan has called the calling thread from one of these functions: it cannot call them again.
    [[nodiscard]] static bool is_asking() noexcept { return t_locks != 0; }
    /// True if there is one whose device is not known to be lost.
    [[nodiscard]] bool is_any_alive() const noexcept;
    /// The last value that was known.
    [[nodiscard]] std::uint64_t last() const noexcept;

    // The CPU. Nothing happens where no pool is there.

    /// The value reached, as the one with the number `signaling` has it, if it is there; else as the first one that
    /// answers. With an answer that is no value: the last value that was known. So too where nobody can be asked any
    /// more.
    [[nodiscard]] TimelineSemaphore::Seen value(std::uint64_t signaling = 0);
    /// Reaches `value` if it is greater than all before, or the furthest that can be reached at once; what Vulkan
    /// refuses is tried again whenever somebody looks. Returns what is reached.
    std::uint64_t follow(std::uint64_t value) noexcept;
    /// Lets all go on who wait for values up to `value`, which no signal that is under way is less than: the payload
    /// says nothing any more. By Vulkan, or, where its devices are lost, by CUDA. Errors: ResourceError, or the
    /// driver's, if neither could and somebody may wait: not on devices, or in contexts, that are lost.
    [[nodiscard]] Result<> raise(std::uint64_t value);

    // Streams.

    /// Makes it usable in a context; again it costs a look. Errors: the driver's; NotSupported if there is no payload
    /// that could be imported.
    [[nodiscard]] Result<> prepare(const driver::ContextWatch& context);
    /// In a context that is prepared. Errors: the driver's.
    [[nodiscard]] Result<> signal(const driver::StreamPlace& stream, std::uint64_t value);
    [[nodiscard]] Result<> wait(const driver::StreamPlace& stream, std::uint64_t value);

  private:
    // Held while Vulkan is asked.
    struct Lock : std::lock_guard<std::mutex> {
        explicit Lock(std::mutex& mutex) : std::lock_guard<std::mutex>(mutex) { ++t_locks; }
        Lock(const Lock&) = delete;
        Lock& operator=(const Lock&) = delete;
        ~Lock() { --t_locks; }
    };
    static inline constinit thread_local int t_locks = 0;

    struct ContextImport {
        const driver::ContextWatch* context;
        cu::CUexternalSemaphore semaphore;
    };
    void catch_up() noexcept;  // with mutex_ held
    [[nodiscard]] cu::CUexternalSemaphore known_import(const driver::ContextWatch& context) noexcept;
    [[nodiscard]] Result<> raise_in(const ContextImport& import, std::uint64_t value);

    std::atomic<bool> exists_{false};
    std::mutex making_;         // held while one gets a payload, or CUDA imports it
    mutable std::mutex mutex_;  // of what follows; held for moments, last
    std::vector<std::shared_ptr<TimelineSemaphore>> semaphores_;
    UniqueFd payload_;
    std::uint64_t last_ = 0;      // value that is known, or that the CPU has signaled
    std::uint64_t followed_ = 0;  // by the CPU, as far as Vulkan lets it
    bool is_raised_ = false;
    std::vector<ContextImport> imports_;
};

}  // namespace opennvsci::sync
