// SPDX-License-Identifier: Apache-2.0
//
// The work of the demo: a colour picture becomes a gray one, and the gray values are counted. It runs as two kernels on
// a GPU and as two host functions on the software device, in both cases as two steps of one stream.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "driver.h"
#include "picture.h"

namespace opennvsci::tool {

using Histogram = std::array<std::uint32_t, 256>;

struct GrayTask {
    cu::CUdeviceptr rgb;   ///< 3 * pixels bytes, read
    cu::CUdeviceptr gray;  ///< pixels bytes, written
    cu::CUdeviceptr bins;  ///< a Histogram, zero before
    std::uint32_t pixels;
};

/// Runs the two steps on `stream` and waits for them. A GPU's compiler error is part of the returned error.
[[nodiscard]] Result<> compute(const Driver& driver, cu::CUstream stream, const GrayTask& task);

struct GrayResult {
    std::vector<std::uint8_t> gray;
    Histogram histogram{};

    bool operator==(const GrayResult&) const = default;
};

/// The same on the CPU, without CUDA and without shared buffers: what the result must be, bit by bit.
[[nodiscard]] GrayResult compute_reference(const Picture& picture);

}  // namespace opennvsci::tool
