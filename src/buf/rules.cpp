// SPDX-License-Identifier: Apache-2.0
#include "buf/rules.h"

#include <algorithm>

#include "attr/rules.h"
#include "attr/slot.h"
#include "buf/buffer_type.h"
#include "buf/keys.h"
#include "buf/vulkan_device.h"

namespace opennvsci::buf {
namespace {

bool merge_types(const attr::Key& key, std::span<const attr::Ask> asks, attr::Slot& out) {
    TypeSet types = 0;
    for (const attr::Ask& ask : asks) {
        for (const auto type : attr::elements<NvSciBufType>(ask.value))
            types |= only(type);
    }
    return can_be_one_buffer(types) && attr::merge::set_union.merge(key, asks, out);
}

attr::Bytes first_dimensions(const attr::Key& key, attr::Bytes value, const attr::Slot& result) {
    const auto dimensions = result.scalar<std::uint32_t>(NvSciBufTensorAttrKey_NumDims).value_or(0);
    return value.first(std::min(value.size(), std::size_t{dimensions} * key.type->size));
}

bool merge_dimensions(const attr::Key& key, std::span<const attr::Ask> asks, attr::Slot& out) {
    const attr::Bytes first = first_dimensions(key, asks[0].value, out);
    const bool same = std::all_of(asks.begin() + 1, asks.end(), [&](const attr::Ask& ask) {
        return std::ranges::equal(first_dimensions(key, ask.value, out), first);
    });
    if (same) out.put(key, first);
    return same;
}

bool has_same_dimensions(const attr::Key& key, const attr::Slot& reconciled, const attr::CheckedWishes& unreconciled) {
    const attr::Bytes wanted = first_dimensions(key, unreconciled.get(key), reconciled);
    return reconciled.has(key) && (wanted.empty() || std::ranges::equal(wanted, reconciled.get(key)));
}

bool has_dimensions_of_at_least(const attr::Key& key, const attr::Slot& reconciled,
                                const attr::CheckedWishes& unreconciled) {
    if (!reconciled.has(key)) return false;
    const auto has = attr::elements(key, reconciled.get(key));
    const auto wanted = attr::elements(key, first_dimensions(key, unreconciled.get(key), reconciled));
    for (std::size_t i = 0; i < wanted.size(); ++i) {
        if (key.type->less(has[i].data(), wanted[i].data())) return false;
    }
    return true;
}

bool grants_permission(const attr::Key& key, const attr::Slot& reconciled, const attr::CheckedWishes& unreconciled) {
    const auto granted = reconciled.scalar<std::uint32_t>(NvSciBufGeneralAttrKey_ActualPerm);
    const auto wanted = unreconciled.scalar<std::uint32_t>(key.number).value_or(NvSciBufAccessPerm_Readonly);
    return granted && *granted >= wanted;
}

bool is_importable_by_vulkan(const attr::Key&, const attr::Slot& reconciled, const attr::CheckedWishes& unreconciled) {
    const auto device = VulkanDevice::of(unreconciled);
    return !device || device->obstacle_to(reconciled).empty();
}

}  // namespace

// Without Types a list cannot have the keys of a type, so leaving the key out is no remedy.
const attr::MergeRule rule::types{"same type", "all lists name one type, or Image with Tensor or Pyramid", merge_types,
                                  "reconcile {} apart, as another buffer, or describe the same type of buffer there",
                                  true};
const attr::MergeRule rule::dimensions{"equal", "every list that sets it must give the same value for every dimension",
                                       merge_dimensions};
const attr::CheckRule rule::same_dimensions{
    "equal", "the result has it, with the dimensions that were asked, if any were", has_same_dimensions};
const attr::CheckRule rule::at_least_dimensions{
    "at least", "the result has it, with no dimension less than what was asked", has_dimensions_of_at_least};
const attr::CheckRule rule::granted_permission{"permission granted",
                                               "ActualPerm is at least what was asked, or Readonly if nothing was",
                                               grants_permission, NvSciBufGeneralAttrKey_ActualPerm};
const attr::CheckRule rule::importable_by_vulkan{"importable by Vulkan",
                                                 "the Vulkan device of the list can import the memory and its layout",
                                                 is_importable_by_vulkan, kMemoryDomain};

}  // namespace opennvsci::buf
