// SPDX-License-Identifier: Apache-2.0
#include "buf/extent.h"

#include <algorithm>

#include "buf/keys.h"

namespace opennvsci::buf {
namespace {

// Where a type states its size and the alignment of its start.
struct ExtentKeys {
    std::uint32_t size;
    std::uint32_t alignment;
};
constexpr ExtentKeys kExtentKeys[] = {
    {NvSciBufRawBufferAttrKey_Size, NvSciBufRawBufferAttrKey_Align},
    {NvSciBufImageAttrKey_Size, NvSciBufImageAttrKey_Alignment},
    {NvSciBufTensorAttrKey_Size, NvSciBufTensorAttrKey_BaseAddrAlign},
    {NvSciBufArrayAttrKey_Size, NvSciBufArrayAttrKey_Alignment},
};

}  // namespace

Extent extent_of(const attr::Slot& reconciled) {
    Extent extent{0, kDefaultAlignment};
    for (const ExtentKeys& keys : kExtentKeys) {
        const auto size = reconciled.scalar<std::uint64_t>(keys.size);
        if (!size) continue;
        extent.size = std::max(extent.size, *size);
        extent.alignment = std::max(extent.alignment, *reconciled.scalar<std::uint64_t>(keys.alignment));
    }
    // Alignment is that of plane 0 only.
    for (const std::uint64_t alignment : reconciled.elements<std::uint32_t>(NvSciBufImageAttrKey_PlaneBaseAddrAlign))
        extent.alignment = std::max(extent.alignment, alignment);
    // The image of a pyramid is its level 0; the buffer ends with the last level.
    const auto offsets = reconciled.elements<std::uint64_t>(NvSciBufPyramidAttrKey_LevelOffset);
    if (!offsets.empty()) {
        const std::size_t last = offsets.size() - 1;
        extent.size = offsets[last] + reconciled.elements<std::uint64_t>(NvSciBufPyramidAttrKey_LevelSize)[last];
    }
    return extent;
}

}  // namespace opennvsci::buf
