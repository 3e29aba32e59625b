// SPDX-License-Identifier: Apache-2.0
#include "buf/raw_buffer.h"

#include <fmt/format.h>

#include "base/checked.h"
#include "buf/extent.h"
#include "buf/keys.h"

namespace opennvsci::buf {

Result<> complete_raw_buffer(attr::Negotiation& negotiation) {
    attr::Slot& result = negotiation.result();
    const auto size_key = NvSciBufRawBufferAttrKey_Size;
    const auto align_key = NvSciBufRawBufferAttrKey_Align;

    const auto size = *result.scalar<std::uint64_t>(size_key);
    const auto asked = result.scalar<std::uint64_t>(align_key);
    if (!checked::align_up(size, std::max(asked.value_or(0), kLargestGranularity))) {
        return negotiation.refuse(size_key, NvSciError_Overflow,
                                  fmt::format("{} bytes exceed the address space when rounded up", size));
    }
    // 0 is no request, and programs that give it read it back as an offset (reference 4.3).
    if (!asked) {
        result.put_scalar(align_key, kDefaultAlignment);
        negotiation.decide(align_key, attr::Outcome::defaulted, "the allocator aligns to this anyway");
    } else if (*asked != 0 && *asked < kDefaultAlignment) {
        result.put_scalar(align_key, kDefaultAlignment);
        negotiation.decide(align_key, attr::Outcome::adjusted, "the allocator aligns to this anyway");
    }
    return {};
}

}  // namespace opennvsci::buf
