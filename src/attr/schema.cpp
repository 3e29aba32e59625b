// SPDX-License-Identifier: Apache-2.0
#include "attr/schema.h"

#include <algorithm>
#include <cstdlib>

namespace opennvsci::attr {

Schema::Schema(std::span<const Key> keys, std::uint32_t selector_number, std::uint32_t (*groups)(Bytes))
    : keys_(keys), selector_(nullptr), groups_of_(groups) {
    bool is_right = keys.size() <= kMaxKeys;
    for (std::size_t i = 0; i < keys.size() && is_right; ++i) {
        offsets_[i] = static_cast<std::uint32_t>(storage_size_);
        storage_size_ += place_size(keys[i]);
        const std::uint32_t group = keys[i].group();
        if (group >= kMaxGroups) continue;
        if (i == 0 || keys[i - 1].group() != group) {
            first_row_[group] = static_cast<std::uint32_t>(i);
            first_number_[group] = keys[i].number;
        } else {
            is_right = keys[i].number == keys[i - 1].number + 1;
        }
    }
    selector_ = is_right ? find(selector_number) : nullptr;
    if (selector_ == nullptr) std::abort();  // the table itself is wrong
}

const Key* Schema::find_internal(std::uint32_t number) const noexcept {
    const auto found = std::find_if(keys_.begin(), keys_.end(), [&](const Key& key) { return key.number == number; });
    return found == keys_.end() ? nullptr : &*found;
}

std::string Key::text(Bytes value) const {
    std::string out;
    const std::size_t count = value.size() / type->size;
    if (count == 0) return "unset";
    if (max_count > 1) out += '{';
    for (std::size_t i = 0; i < count; ++i) {
        if (i != 0) out += ", ";
        type->append_text(out, value.data() + i * type->size);
    }
    if (max_count > 1) out += '}';
    return out;
}

}  // namespace opennvsci::attr
