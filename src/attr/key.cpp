// SPDX-License-Identifier: Apache-2.0
#include "attr/key.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstring>

#include "attr/elements.h"
#include "attr/rules.h"

namespace opennvsci::attr {

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

bool Key::is_legal_name(const Enumerator& enumerator) const {
    std::array<std::byte, sizeof(enumerator.value)> element{};
    if (!type->parse(enumerator.name, element.data())) return false;
    return can_be_asked() ? legal->accepts(element.data()) : legal->accepts_in_result(element.data());
}

std::string Key::illegal_text(Bytes value) const {
    return fmt::format("{} is not legal; it must be {}", text(value), legal->text);
}

}  // namespace opennvsci::attr
