// SPDX-License-Identifier: Apache-2.0
#include "buf/rules.h"

#include <bit>

#include "attr/rules.h"
#include "attr/slot.h"
#include "base/unaligned.h"
#include "buf/keys.h"

namespace opennvsci::buf {
namespace {

constexpr std::uint32_t bit(NvSciBufType type) {
    return 1U << type;
}

bool is_one_buffer(std::uint32_t types) {
    return std::has_single_bit(types) || types == (bit(NvSciBufType_Image) | bit(NvSciBufType_Tensor)) ||
           types == (bit(NvSciBufType_Image) | bit(NvSciBufType_Pyramid));
}

std::uint32_t named_types(attr::Bytes value) {
    std::uint32_t types = 0;
    for (std::size_t at = 0; at < value.size(); at += sizeof(std::uint32_t)) {
        types |= 1U << load<std::uint32_t>(value.data() + at);
    }
    return types;
}

bool merge_types(const attr::Key& key, std::span<const attr::Ask> asks, attr::Slot& out) {
    std::uint32_t types = 0;
    for (const attr::Ask& ask : asks)
        types |= named_types(ask.value);
    return is_one_buffer(types) && attr::merge::set_union.merge(key, asks, out);
}

bool grants_permission(const attr::Key& key, const attr::Slot& reconciled, const attr::Slot& unreconciled) {
    const auto granted = reconciled.scalar<std::uint32_t>(NvSciBufGeneralAttrKey_ActualPerm);
    const auto wanted = unreconciled.scalar<std::uint32_t>(key.number).value_or(NvSciBufAccessPerm_Readonly);
    return granted && *granted >= wanted;
}

}  // namespace

const attr::MergeRule rule::types{"same type", "all lists name one type, or Image with Tensor or Pyramid", merge_types};
const attr::CheckRule rule::granted_permission{"permission granted", grants_permission};

}  // namespace opennvsci::buf
