// SPDX-License-Identifier: Apache-2.0
#include "buf/array.h"

#include <fmt/format.h>

#include "base/checked.h"
#include "buf/buffer_type.h"
#include "buf/data_type.h"
#include "buf/keys.h"

namespace opennvsci::buf {

Result<> complete_array(attr::Negotiation& negotiation, const Placement& /*placement*/) {
    const attr::Slot& result = negotiation.result();
    const auto type = result.required<NvSciBufAttrValDataType>(NvSciBufArrayAttrKey_DataType);
    const auto stride = result.required<std::uint64_t>(NvSciBufArrayAttrKey_Stride);
    const auto capacity = result.required<std::uint64_t>(NvSciBufArrayAttrKey_Capacity);
    const unsigned element_bytes = bytes_of(type);
    if (stride < element_bytes) {
        return negotiation.refuse(
            NvSciBufArrayAttrKey_Stride, NvSciError_BadParameter, attr::Reason::inconsistent,
            fmt::format("{} bytes, but an element has {} (NvSciBufArrayAttrKey_DataType)", stride, element_bytes),
            {"make the stride at least the size of an element",
             negotiation.ask_instead(NvSciBufArrayAttrKey_Stride, std::uint64_t{element_bytes})});
    }
    const auto size = checked::multiply(capacity, stride);
    if (!size) {
        return negotiation.refuse(NvSciBufArrayAttrKey_Size, NvSciError_Overflow, attr::Reason::too_large,
                                  fmt::format("{} elements of {} bytes exceed 64 bits", capacity, stride),
                                  "ask for fewer elements, or for a smaller stride");
    }
    negotiation.compute(NvSciBufArrayAttrKey_Size, *size, "the capacity times the stride", NvSciBufArrayAttrKey_Stride);
    negotiation.compute(NvSciBufArrayAttrKey_Alignment, kDefaultAlignment, kAllocatorAligns);
    return {};
}

Result<> check_array(const attr::Slot& reconciled) {
    const auto type = reconciled.required<NvSciBufAttrValDataType>(NvSciBufArrayAttrKey_DataType);
    const auto stride = reconciled.required<std::uint64_t>(NvSciBufArrayAttrKey_Stride);
    if (stride < bytes_of(type)) return wrong_result(NvSciBufArrayAttrKey_Stride, "less than an element");
    const auto size = checked::multiply(reconciled.required<std::uint64_t>(NvSciBufArrayAttrKey_Capacity), stride);
    if (size && *size <= array_extent(reconciled).size) return {};
    return wrong_result(NvSciBufArrayAttrKey_Size, "less than its elements");
}

Extent array_extent(const attr::Slot& reconciled) {
    return {reconciled.required<std::uint64_t>(NvSciBufArrayAttrKey_Size),
            reconciled.required<std::uint64_t>(NvSciBufArrayAttrKey_Alignment)};
}

Result<std::vector<Region>> array_regions(const attr::Slot& reconciled) {
    const auto type = reconciled.required<NvSciBufAttrValDataType>(NvSciBufArrayAttrKey_DataType);
    const auto capacity = reconciled.required<std::uint64_t>(NvSciBufArrayAttrKey_Capacity);
    const auto stride = reconciled.required<std::uint64_t>(NvSciBufArrayAttrKey_Stride);
    return one_region({"array",
                       text_of(reconciled, NvSciBufArrayAttrKey_DataType),
                       0,
                       array_extent(reconciled).size,
                       capacity * bytes_of(type),
                       std::nullopt,
                       {{capacity, stride}}});
}

}  // namespace opennvsci::buf
