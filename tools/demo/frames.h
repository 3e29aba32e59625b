// SPDX-License-Identifier: Apache-2.0
//
// The work of the two processes of `demo --two-processes`: one makes frames, the other sums them up. Kernels do it on a
// GPU and host functions on the software device, in both cases as steps of a stream that nobody waits for.
#pragma once

#include <cstdint>
#include <optional>

#include "demo/kernel_module.h"
#include "driver.h"

namespace opennvsci::tool {

inline constexpr std::uint32_t kFrameWords = 32768;
inline constexpr std::uint64_t kFrameSize = kFrameWords * sizeof(std::uint32_t);  // 128 KiB

/// The sum over a frame, in which every word counts by its place, computed by the CPU.
[[nodiscard]] std::uint32_t frame_checksum(std::uint32_t frame);

class FrameWork {
  public:
    /// Loads and starts the kernels once, because a first launch may wait for the whole context.
    [[nodiscard]] static Result<FrameWork> prepare(const Driver& driver, cu::CUstream stream);

    /// Queues the making of a frame.
    [[nodiscard]] Result<> produce(cu::CUdeviceptr words, std::uint32_t frame) const;
    /// Queues the adding of a frame's sum to the 32 bits at `sum`.
    [[nodiscard]] Result<> add_checksum(cu::CUdeviceptr words, cu::CUdeviceptr sum) const;

  private:
    FrameWork(const Driver& driver, cu::CUstream stream) : driver_(driver), stream_(stream) {}

    const Driver& driver_;
    cu::CUstream stream_;
    std::optional<KernelModule> kernels_;  // none on the software device
};

}  // namespace opennvsci::tool
