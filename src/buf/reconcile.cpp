// SPDX-License-Identifier: Apache-2.0
#include "buf/reconcile.h"

#include <fmt/format.h>

#include <algorithm>

#include "attr/negotiation.h"
#include "base/checked.h"
#include "base/unaligned.h"
#include "buf/buffer_type.h"
#include "buf/gpu_attributes.h"
#include "buf/keys.h"
#include "buf/vulkan_participants.h"

namespace opennvsci::buf {
namespace {

using attr::Key;
using attr::Negotiation;
using attr::Presence;

tl::unexpected<Error> refuse_missing(Negotiation& negotiation, const Key& key) {
    return negotiation.refuse(key.number, NvSciError_BadParameter, attr::Reason::missing,
                              &key == &schema().selector() ? "mandatory for every buffer, and no list sets it"
                                                           : "mandatory for this type of buffer, and no list sets it",
                              "set it in one of the lists");
}

// Types decides which keys take part, so it is merged first.
Result<TypeSet> merge_types(Negotiation& negotiation) {
    const Key& types = schema().selector();
    if (!negotiation.is_asked(types.number)) return refuse_missing(negotiation, types);
    OPENNVSCI_TRY(negotiation.merge(types));
    return types_of(negotiation.result());
}

Result<> merge_keys(Negotiation& negotiation, TypeSet groups) {
    for (const Key& key : schema().keys()) {
        if (!key.can_be_asked() || !attr::Schema::is_in_groups(key, groups) || &key == &schema().selector()) continue;
        if (key.merge != nullptr) OPENNVSCI_TRY(negotiation.merge(key));
        if (key.presence == Presence::mandatory && !negotiation.is_asked(key.number)) {
            return refuse_missing(negotiation, key);
        }
    }
    return {};
}

void complete_general_keys(Negotiation& negotiation) {
    negotiation.default_to(NvSciBufGeneralAttrKey_NeedCpuAccess, false);
    // The CPU of a peer counts where memory is placed, and gives this process no access (nvscibuf.md 4.2 and 8).
    negotiation.keep_own(NvSciBufGeneralAttrKey_NeedCpuAccess);
    negotiation.default_to(NvSciBufGeneralAttrKey_EnableCpuCache, false);
    negotiation.default_to(NvSciBufGeneralAttrKey_RequiredPerm, NvSciBufAccessPerm_Readonly);
    negotiation.default_to(NvSciBufGeneralAttrKey_GpuId, NvSciRmGpuId{});
    negotiation.default_to(NvSciBufGeneralAttrKey_VidMem_GpuId, NvSciRmGpuId{});
    negotiation.compute(NvSciBufGeneralAttrKey_ActualPerm,
                        negotiation.result().required<NvSciBufAttrValAccessPerm>(NvSciBufGeneralAttrKey_RequiredPerm),
                        "the greatest RequiredPerm", NvSciBufGeneralAttrKey_RequiredPerm);
    // True only with a display-like engine, which a machine with discrete GPUs has not (nvscibuf.md 4.2).
    negotiation.compute(NvSciBufGeneralAttrKey_CpuNeedSwCacheCoherency, false,
                        "no engine of this machine sees memory past the caches of the CPU");
}

Result<> check_allocatable(Negotiation& negotiation) {
    const Extent extent = extent_of(negotiation.result());
    if (checked::align_up(extent.size, std::max(extent.alignment, kLargestGranularity))) return {};
    const std::uint32_t size = NvSciBufRawBufferAttrKey_Size;  // of the others the size is computed
    return negotiation.refuse(
        negotiation.is_asked(size) ? size : schema().selector().number, NvSciError_Overflow, attr::Reason::too_large,
        fmt::format("{} bytes exceed the address space when rounded up", extent.size), "ask for a smaller buffer");
}

Result<> negotiate(Negotiation& negotiation) {
    OPENNVSCI_TRY_ASSIGN(groups, merge_types(negotiation));
    OPENNVSCI_TRY(merge_keys(negotiation, groups));
    OPENNVSCI_TRY_ASSIGN(participants, find_participants(negotiation));
    OPENNVSCI_TRY_ASSIGN(placement, decide_placement(negotiation, std::move(participants)));
    OPENNVSCI_TRY(decide_gpu_attributes(negotiation, placement));
    state_placement(negotiation, placement);
    OPENNVSCI_TRY(check_vulkan(negotiation, placement));
    OPENNVSCI_TRY(leading_type(groups).complete(negotiation, placement));
    OPENNVSCI_TRY(check_allocatable(negotiation));
    complete_general_keys(negotiation);
    return {};
}

}  // namespace

attr::Reconciliation reconcile(std::span<const attr::List* const> lists) {
    Negotiation negotiation(schema(), lists);
    return negotiation.end(negotiate(negotiation));
}

}  // namespace opennvsci::buf
