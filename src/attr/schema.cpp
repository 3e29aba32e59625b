// SPDX-License-Identifier: Apache-2.0
#include "attr/schema.h"

#include <cstdlib>

namespace opennvsci::attr {

Schema::Schema(std::span<const Key> keys, std::uint32_t selector_number, std::uint32_t (*groups)(Bytes),
               ListRules rules)
    : keys_(keys), selector_(nullptr), groups_of_(groups), rules_(rules) {
    bool is_right = keys.size() <= kMaxKeys;
    for (std::size_t i = 0; i < keys.size() && is_right; ++i) {
        if (keys[i].legal == nullptr) std::abort();  // the table itself is wrong
        offsets_[i] = static_cast<std::uint32_t>(storage_size_);
        storage_size_ += place_size(keys[i]);
        const std::uint32_t place = place_of_group(keys[i].group());
        if (i == 0 || place_of_group(keys[i - 1].group()) != place) {
            first_row_[place] = static_cast<std::uint32_t>(i);
            first_number_[place] = keys[i].number;
        } else {
            is_right = keys[i].number == keys[i - 1].number + 1;
        }
    }
    selector_ = is_right ? find(selector_number) : nullptr;
    if (selector_ == nullptr) std::abort();
}

Schema::Schema(std::span<const Key> keys, ListRules rules)
    : Schema(
          keys, keys.front().number, [](Bytes) { return std::uint32_t{1}; }, rules) {}

}  // namespace opennvsci::attr
