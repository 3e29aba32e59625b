// SPDX-License-Identifier: Apache-2.0
#include "attr/schema.h"

#include <algorithm>
#include <cstdlib>

namespace opennvsci::attr {

Schema::Schema(std::span<const Key> keys, std::uint32_t selector_number, std::uint32_t (*groups)(Bytes))
    : keys_(keys), selector_(nullptr), groups_of_(groups) {
    const bool ordered =
        std::is_sorted(keys.begin(), keys.end(), [](const Key& a, const Key& b) { return a.number < b.number; });
    selector_ = find(selector_number);
    if (!ordered || keys.size() > kMaxKeys || selector_ == nullptr) std::abort();  // the table itself is wrong
    for (std::size_t i = 0; i < keys.size(); ++i) {
        offsets_[i] = static_cast<std::uint32_t>(storage_size_);
        storage_size_ += (keys[i].capacity() + 7) & ~std::size_t{7};
    }
}

const Key* Schema::find(std::uint32_t number) const noexcept {
    const auto found = std::lower_bound(keys_.begin(), keys_.end(), number,
                                        [](const Key& key, std::uint32_t wanted) { return key.number < wanted; });
    return found != keys_.end() && found->number == number ? &*found : nullptr;
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
