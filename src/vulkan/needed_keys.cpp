// SPDX-License-Identifier: Apache-2.0
#include "vulkan/needed_keys.h"

#include <fmt/format.h>

#include <algorithm>

#include "attr/elements.h"
#include "vulkan/entry_points.h"

namespace opennvsci::vulkan {
namespace {

bool has_all(const attr::Key& key, attr::Bytes value, attr::Bytes needed) {
    const auto known = attr::elements(key, value);
    return std::ranges::all_of(attr::elements(key, needed), [&](attr::Bytes element) {
        return std::ranges::any_of(known, [&](attr::Bytes one) { return std::ranges::equal(one, element); });
    });
}

}  // namespace

Result<> NeededKeys::add(const attr::KeyValue& pair) {
    const attr::Key& key = *list_.schema().find(pair.key);
    const attr::Bytes needed(static_cast<const std::byte*>(pair.value), pair.size);
    bool is_set = false;
    bool is_there = false;
    list_.for_each_participant([&](const attr::Wishes& wishes) {
        const attr::Bytes value = wishes.values.get(key);
        is_set = is_set || !value.empty();
        is_there = is_there || has_all(key, value, needed);
    });
    if (is_there) return {};
    if (is_set) {
        return fail(VK_ERROR_VALIDATION_FAILED_EXT, NvSciError_BadParameter,
                    fmt::format("the list has {} with another value than a Vulkan device needs", key.name));
    }
    pairs_.push_back(pair);
    return {};
}

Result<> NeededKeys::set() {
    if (!list_.is_writable()) {
        return fail(VK_ERROR_VALIDATION_FAILED_EXT, NvSciError_BadParameter,
                    "the list cannot be written: it is reconciled, appended or imported");
    }
    if (pairs_.empty()) return {};
    return list_.set(
        pairs_.size(), [&](std::size_t i) { return pairs_[i]; }, attr::List::Setter::library);
}

}  // namespace opennvsci::vulkan
