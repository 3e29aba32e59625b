// SPDX-License-Identifier: Apache-2.0
#include "buf/raw_buffer.h"

#include "buf/keys.h"

namespace opennvsci::buf {

Result<> complete_raw_buffer(attr::Negotiation& negotiation, const Placement& /*placement*/) {
    // 0 is no request, and programs that give it read it back as an offset (nvscibuf.md 4.3).
    const auto key = NvSciBufRawBufferAttrKey_Align;
    if (negotiation.result().scalar<std::uint64_t>(key) == 0) return {};
    negotiation.raise_to(key, kDefaultAlignment, kAllocatorAligns);
    return {};
}

Result<> check_raw_buffer(const attr::Slot& /*reconciled*/) {
    return {};  // its size and its alignment stand alone
}

Extent raw_buffer_extent(const attr::Slot& reconciled) {
    return {reconciled.required<std::uint64_t>(NvSciBufRawBufferAttrKey_Size),
            reconciled.required<std::uint64_t>(NvSciBufRawBufferAttrKey_Align)};
}

Result<std::vector<Region>> raw_buffer_regions(const attr::Slot& reconciled) {
    const std::uint64_t size = raw_buffer_extent(reconciled).size;
    return one_region({"raw buffer", "byte", 0, size, size, std::nullopt, {}});
}

}  // namespace opennvsci::buf
