// SPDX-License-Identifier: Apache-2.0
#include "buf/layout.h"

#include "buf/buffer_type.h"

namespace opennvsci::buf {

std::uint64_t Layout::used() const noexcept {
    std::uint64_t sum = 0;
    for (const Region& region : regions)
        sum += region.used;
    return sum;
}

Result<Layout> layout_of(const attr::Slot& reconciled) {
    const Extent extent = extent_of(reconciled);
    OPENNVSCI_TRY_ASSIGN(regions, leading_type(types_of(reconciled)).regions(reconciled));
    return Layout{std::move(regions), extent.size, extent.alignment};
}

}  // namespace opennvsci::buf
