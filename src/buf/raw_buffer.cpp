// SPDX-License-Identifier: Apache-2.0
#include "buf/raw_buffer.h"

#include "buf/extent.h"
#include "buf/keys.h"

namespace opennvsci::buf {

void complete_raw_buffer(attr::Negotiation& negotiation) {
    // 0 is no request, and programs that give it read it back as an offset (nvscibuf.md 4.3).
    const auto key = NvSciBufRawBufferAttrKey_Align;
    if (negotiation.result().scalar<std::uint64_t>(key) == 0) return;
    negotiation.raise_to(key, kDefaultAlignment, kAllocatorAligns);
}

}  // namespace opennvsci::buf
