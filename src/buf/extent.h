// SPDX-License-Identifier: Apache-2.0
//
// Extent: what the allocator needs to know of any buffer, whatever its type.
#pragma once

#include <cstdint>

#include "attr/slot.h"

namespace opennvsci::buf {

/// The alignment of every buffer: one page (nvscibuf.md 4.3, PROPOSED).
inline constexpr std::uint64_t kDefaultAlignment = 4096;
inline constexpr const char* kAllocatorAligns = "the allocator aligns to this anyway";
/// Sizes are rounded up to the allocation granularity of the memory they live in; this is the largest one known, that
/// of cuMemCreate (driver-facts.md F8).
inline constexpr std::uint64_t kLargestGranularity = std::uint64_t{2} << 20;

struct Extent {
    std::uint64_t size;       ///< bytes
    std::uint64_t alignment;  ///< of the start address, a power of two
};

/// The extent of a buffer with this reconciled slot.
[[nodiscard]] Extent extent_of(const attr::Slot& reconciled);

}  // namespace opennvsci::buf
