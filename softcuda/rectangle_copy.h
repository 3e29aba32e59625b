// SPDX-License-Identifier: Apache-2.0
//
// Copies of rectangles, and of stacks of them, between rows in memory and arrays, in every direction. As with the plain
// copies of copy.h both ends are checked and pinned when the call is made, and pageable host memory makes an
// asynchronous copy read, or finish, before the call returns.
//
// A pitch or a slice height of 0 means that none is given, which does for a single row or a single slice.
#pragma once

#include "softcuda/abi.h"
#include "softcuda/context.h"
#include "softcuda/copy.h"
#include "softcuda/stream.h"

namespace opennvsci::softcuda {

[[nodiscard]] CUDA_MEMCPY3D as_one_slice(const CUDA_MEMCPY2D& copy) noexcept;

/// The copy without its contexts.
[[nodiscard]] CUDA_MEMCPY3D without_contexts(const CUDA_MEMCPY3D_PEER& copy) noexcept;

/// Whether a copy takes only whole elements of an array, as those of rectangles do, or any bytes.
enum class Unit { element, byte };

/// INVALID_VALUE for memory without the right, a part outside an array, and an array without storage.
[[nodiscard]] CUresult copy_rectangles(Parties parties, Stream& stream, const CUDA_MEMCPY3D& copy, Unit unit,
                                       Return when);

}  // namespace opennvsci::softcuda
