// SPDX-License-Identifier: Apache-2.0
#include "attr/schema.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>

#include "attr/elements.h"
#include "attr/rules.h"

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

std::string Key::text(Bytes value) const {
    if (value.empty()) return "unset";
    return max_count > 1 ? "{" + elements_text(value) + "}" : elements_text(value);
}

std::string Key::elements_text(Bytes value) const {
    std::string out;
    for (const Bytes element : elements(*this, value)) {
        if (!out.empty()) out += ", ";
        type->append_text(out, element.data());
    }
    return out;
}

bool Key::is_legal(Bytes value) const {
    if (legal == &legal::any) return true;
    const auto all = elements(*this, value);
    for (std::size_t i = 0; i < all.size(); ++i) {
        if (!legal->accepts(all[i].data())) return false;
        for (std::size_t before = 0; !legal->may_repeat && before < i; ++before) {
            if (std::memcmp(all[before].data(), all[i].data(), type->size) == 0) return false;
        }
    }
    return true;
}

bool Key::is_legal_result(Bytes value) const {
    const auto all = elements(*this, value);
    return std::all_of(all.begin(), all.end(), [&](Bytes element) { return legal->accepts_in_result(element.data()); });
}

std::string Key::illegal_text(Bytes value) const {
    return fmt::format("{} is not legal; it must be {}", text(value), legal->text);
}

}  // namespace opennvsci::attr
