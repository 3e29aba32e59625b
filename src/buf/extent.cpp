// SPDX-License-Identifier: Apache-2.0
#include "buf/extent.h"

#include <algorithm>

#include "buf/keys.h"

namespace opennvsci::buf {

Extent extent_of(const attr::Slot& reconciled) {
    return {*reconciled.scalar<std::uint64_t>(NvSciBufRawBufferAttrKey_Size),
            std::max(*reconciled.scalar<std::uint64_t>(NvSciBufRawBufferAttrKey_Align), kDefaultAlignment)};
}

}  // namespace opennvsci::buf
