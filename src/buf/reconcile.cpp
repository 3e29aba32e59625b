// SPDX-License-Identifier: Apache-2.0
#include "buf/reconcile.h"

#include <fmt/format.h>

#include "attr/negotiation.h"
#include "buf/keys.h"
#include "buf/placement.h"
#include "buf/raw_buffer.h"

namespace opennvsci::buf {
namespace {

using attr::Direction;
using attr::Key;
using attr::Negotiation;
using attr::Outcome;
using attr::Presence;

bool belongs_to(const Key& key, std::uint32_t groups) {
    return key.direction != Direction::internal && (groups >> key.group() & 1U) != 0;
}

tl::unexpected<Error> refuse_missing(Negotiation& negotiation, const Key& key) {
    return negotiation.refuse(key.number, NvSciError_BadParameter,
                              "mandatory for this type of buffer, and no list sets it", "set it in one of the lists");
}

// Types decides which keys take part, so it is merged first.
Result<std::uint32_t> merge_types(Negotiation& negotiation) {
    const Key& types = schema().selector();
    if (!negotiation.is_asked(types.number)) return refuse_missing(negotiation, types);
    OPENNVSCI_TRY(negotiation.merge(types));
    const std::uint32_t groups = schema().groups_of(negotiation.result().get(types));
    if ((groups & ~(1U << NvSciBufType_General | 1U << NvSciBufType_RawBuffer)) != 0) {
        return negotiation.refuse(
            types.number, NvSciError_NotSupported,
            fmt::format("{}: this version reconciles RawBuffer only", types.text(negotiation.result().get(types))));
    }
    return groups;
}

Result<> merge_keys(Negotiation& negotiation, std::uint32_t groups) {
    for (const Key& key : schema().keys()) {
        if (!belongs_to(key, groups) || &key == &schema().selector()) continue;
        if (key.merge != nullptr) OPENNVSCI_TRY(negotiation.merge(key));
        if (key.presence == Presence::mandatory && !negotiation.is_asked(key.number)) {
            return refuse_missing(negotiation, key);
        }
    }
    return {};
}

template <class T>
void default_to(Negotiation& negotiation, std::uint32_t key, const T& value) {
    if (negotiation.result().has(negotiation.key(key))) return;
    negotiation.result().put_scalar(key, value);
    negotiation.decide(key, Outcome::defaulted);
}

void complete_general_keys(Negotiation& negotiation) {
    default_to(negotiation, NvSciBufGeneralAttrKey_NeedCpuAccess, false);
    default_to(negotiation, NvSciBufGeneralAttrKey_EnableCpuCache, false);
    default_to(negotiation, NvSciBufGeneralAttrKey_RequiredPerm, NvSciBufAccessPerm_Readonly);
    default_to(negotiation, NvSciBufGeneralAttrKey_GpuId, NvSciRmGpuId{});
    default_to(negotiation, NvSciBufGeneralAttrKey_VidMem_GpuId, NvSciRmGpuId{});

    attr::Slot& result = negotiation.result();
    result.put_scalar(NvSciBufGeneralAttrKey_ActualPerm,
                      *result.scalar<NvSciBufAttrValAccessPerm>(NvSciBufGeneralAttrKey_RequiredPerm));
    negotiation.decide(NvSciBufGeneralAttrKey_ActualPerm, Outcome::computed, "the greatest RequiredPerm");
    // True only with a display-like engine, which a machine with discrete GPUs has not (reference 4.2).
    result.put_scalar(NvSciBufGeneralAttrKey_CpuNeedSwCacheCoherency, false);
    negotiation.decide(NvSciBufGeneralAttrKey_CpuNeedSwCacheCoherency, Outcome::computed);
}

Result<> negotiate(Negotiation& negotiation) {
    OPENNVSCI_TRY_ASSIGN(groups, merge_types(negotiation));
    OPENNVSCI_TRY(merge_keys(negotiation, groups));
    OPENNVSCI_TRY(complete_raw_buffer(negotiation));
    OPENNVSCI_TRY(decide_placement(negotiation));
    complete_general_keys(negotiation);
    return {};
}

}  // namespace

Reconciliation reconcile(std::span<const attr::List* const> lists) {
    Negotiation negotiation(schema(), lists);
    if (auto negotiated = negotiate(negotiation); !negotiated) {
        return {tl::make_unexpected(std::move(negotiated).error()), negotiation.take_conflict()};
    }
    return {negotiation.take_reconciled(), nullptr};
}

Result<> validate(const attr::Slot& reconciled, const attr::Slot& slot, NvSciError mismatch) {
    const std::uint32_t groups = schema().groups_of(reconciled.get(schema().selector()));
    for (const Key& key : schema().keys()) {
        if (!belongs_to(key, groups) || key.check == nullptr || key.check->holds(key, reconciled, slot)) continue;
        return fail(mismatch, fmt::format("{}: the reconciled list has {}, the other one {}; rule '{}'", key.name,
                                          key.text(reconciled.get(key)), key.text(slot.get(key)), key.check->name));
    }
    return {};
}

}  // namespace opennvsci::buf
