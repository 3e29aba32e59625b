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
    const std::size_t planes = reconciled.count<std::uint32_t>(NvSciBufImageAttrKey_PlaneBaseAddrAlign);
    for (std::size_t i = 0; i < planes; ++i) {
        const std::uint64_t alignment = reconciled.element<std::uint32_t>(NvSciBufImageAttrKey_PlaneBaseAddrAlign, i);
        extent.alignment = std::max(extent.alignment, alignment);
    }
    // The image of a pyramid is its level 0; the buffer ends with the last level.
    const std::size_t levels = reconciled.count<std::uint64_t>(NvSciBufPyramidAttrKey_LevelOffset);
    if (levels != 0) {
        extent.size = reconciled.element<std::uint64_t>(NvSciBufPyramidAttrKey_LevelOffset, levels - 1) +
                      reconciled.element<std::uint64_t>(NvSciBufPyramidAttrKey_LevelSize, levels - 1);
    }
    return extent;
}

}  // namespace opennvsci::buf
