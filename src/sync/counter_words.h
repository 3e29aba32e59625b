// SPDX-License-Identifier: Apache-2.0
//
// CounterWords: the words of a timeline as they lie in memory, which CPUs and GPUs share, and processes too. What each
// means, and in which order they are written: sync/counter.h. Zero is what they begin with. Every value may stand in
// words that another process can write, so nothing here trusts one: a false word makes fences of its readers wrong and
// does no other harm.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>

#include "base/cuda_abi.h"
#include "base/futex.h"

namespace opennvsci::sync {

/// Why a counter broke.
enum class Cause : std::uint32_t {
    object_gone,         ///< nobody holds the object any more who could signal it
    context_lost,        ///< the CUDA context of a signal, see broken_by
    signaler_is_gone,    ///< the process that signals
    vulkan_device_lost,  ///< of a signal
    vulkan_pool_gone,    ///< that signaled
    program_ends         ///< of the process that signals with Vulkan
};

struct CounterWords {
    static constexpr std::size_t kCacheLine = 64;

    // Those that change with every signal lie apart from the others.
    alignas(kCacheLine) std::atomic<std::uint64_t> payload;
    alignas(kCacheLine) std::atomic<std::uint32_t> sleepers;
    alignas(kCacheLine) std::atomic<std::uint64_t> first_lost;  // 0: not broken
    std::atomic<std::uint64_t> proven;
    std::atomic<cu::CUresult> broken_by;
    std::atomic<Cause> cause;

    // The half of the payload that changes with every signal: the low one, in little endian.
    [[nodiscard]] const void* futex_word() const noexcept { return &payload; }

    [[nodiscard]] bool is_broken() const noexcept { return first_lost.load(std::memory_order_seq_cst) != 0; }

    void wake_sleepers() const noexcept {
        if (sleepers.load(std::memory_order_seq_cst) != 0) futex::wake_all(futex_word());
    }

    void prove(std::uint64_t value) noexcept {
        std::uint64_t known = proven.load(std::memory_order_relaxed);
        while (known < value && !proven.compare_exchange_weak(known, value, std::memory_order_release)) {
        }
    }

    /// Declares `first`, which is not 0, and all after it lost. One caller at a time in each process; of several
    /// processes the first one says from where on, and a later one only that it is less.
    void break_from(std::uint64_t first, Cause why, cu::CUresult result) noexcept {
        std::uint64_t known = first_lost.load();
        if (known == 0) cause.store(why);
        if (result != cu::CUDA_SUCCESS && broken_by.load() == cu::CUDA_SUCCESS) {
            broken_by.store(result);
            cause.store(why);
        }
        if (known == 0) {
            // From now on only what is proven counts. The payload is looked at again, for a signal that came in
            // between.
            prove(std::min(payload.load(), first - 1));
            if (first_lost.compare_exchange_strong(known, first, std::memory_order_seq_cst)) {
                prove(std::min(payload.load(std::memory_order_seq_cst), first - 1));
            }
        }
        if (known != 0 && first < known) first_lost.store(first, std::memory_order_seq_cst);
        wake_sleepers();
    }
};

}  // namespace opennvsci::sync
