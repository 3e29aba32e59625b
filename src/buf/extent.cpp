// SPDX-License-Identifier: Apache-2.0
#include "buf/extent.h"

#include <algorithm>

#include "buf/buffer_type.h"

namespace opennvsci::buf {

Extent extent_of(const attr::Slot& reconciled) {
    Extent extent{0, kDefaultAlignment};
    for_each_type(types_of(reconciled), [&](NvSciBufType, const BufferType& type) {
        const Extent own = type.extent(reconciled);
        extent.size = std::max(extent.size, own.size);
        extent.alignment = std::max(extent.alignment, own.alignment);
    });
    return extent;
}

}  // namespace opennvsci::buf
