// SPDX-License-Identifier: Apache-2.0
//
// Timestamps: the clock of a signaler, in microseconds, in a word of memory. The CPU's is CLOCK_MONOTONIC; a GPU stores
// its own %globaltimer, with a kernel of one thread; the software device, which runs no kernels, stores CLOCK_MONOTONIC
// with a host function, its stand-in for one.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>

#include "driver/context_watch.h"

namespace opennvsci::sync {

using TimestampWord = std::atomic<std::uint64_t>;

[[nodiscard]] std::uint64_t cpu_timestamp() noexcept;

struct TimestampTarget {
    std::shared_ptr<void> memory;  ///< what keeps the word in place
    TimestampWord* word;           ///< as the CPU sees it
    cu::CUdeviceptr address;       ///< as the device sees it
};

/// Makes ready for timestamps of streams of the context: the first one could wait for work that waits for it. Errors:
/// the driver's.
[[nodiscard]] Result<> prepare_timestamps(const driver::ContextWatch& context);

/// Puts into the stream, of the given context: store the device's clock in the word. Errors: the driver's.
[[nodiscard]] Result<> store_timestamp(const driver::ContextWatch& context, cu::CUstream stream,
                                       TimestampTarget target);

}  // namespace opennvsci::sync
