// SPDX-License-Identifier: Apache-2.0
#include "attr/rules.h"

#include <algorithm>
#include <cstring>

#include "attr/slot.h"

namespace opennvsci::attr {
namespace {

bool same(Bytes a, Bytes b) {
    return a.size() == b.size() && std::memcmp(a.data(), b.data(), a.size()) == 0;
}

bool contains(const Key& key, Bytes value, Bytes element) {
    const auto all = elements(key, value);
    return std::any_of(all.begin(), all.end(), [&](Bytes other) { return same(other, element); });
}

bool merge_equal(const Key& key, std::span<const Ask> asks, Slot& out) {
    for (const Ask& ask : asks.subspan(1)) {
        if (!same(asks[0].value, ask.value)) return false;
    }
    out.put(key, asks[0].value);
    return true;
}

bool merge_maximum(const Key& key, std::span<const Ask> asks, Slot& out) {
    out.put(key, asks[0].value);
    const std::size_t size = key.type->size;
    for (const Ask& ask : asks.subspan(1)) {
        const Bytes known = out.get(key);
        Bytes longer = known.size() >= ask.value.size() ? known : ask.value;
        // Built in place: the longer value first, then every element raised to the greater of the two.
        alignas(8) std::byte merged[1024];
        std::memcpy(merged, longer.data(), longer.size());
        for (std::size_t at = 0; at < std::min(known.size(), ask.value.size()); at += size) {
            const bool raise = key.type->less(known.data() + at, ask.value.data() + at);
            std::memcpy(merged + at, (raise ? ask.value : known).data() + at, size);
        }
        out.put(key, {merged, longer.size()});
    }
    return true;
}

bool merge_or(const Key& key, std::span<const Ask> asks, Slot& out) {
    const bool any = std::any_of(asks.begin(), asks.end(), [](const Ask& a) { return a.value[0] != std::byte{0}; });
    const std::byte value{static_cast<unsigned char>(any)};
    out.put(key, {&value, 1});
    return true;
}

bool merge_union(const Key& key, std::span<const Ask> asks, Slot& out) {
    alignas(8) std::byte merged[2048];
    static_assert(sizeof(merged) == 2048, "the largest array of any table: 128 peer locations of 16 bytes");
    std::size_t used = 0;
    for (const Ask& ask : asks) {
        for (const Bytes element : elements(key, ask.value)) {
            if (contains(key, {merged, used}, element)) continue;
            if (used == key.capacity()) return false;
            std::memcpy(merged + used, element.data(), element.size());
            used += element.size();
        }
    }
    out.put(key, {merged, used});
    return true;
}

bool check_equal_if_asked(const Key& key, const Slot& reconciled, const CheckedWishes& unreconciled) {
    return !unreconciled.has(key) || same(reconciled.get(key), unreconciled.get(key));
}

bool check_equal(const Key& key, const Slot& reconciled, const CheckedWishes& unreconciled) {
    return reconciled.has(key) && check_equal_if_asked(key, reconciled, unreconciled);
}

bool check_at_least(const Key& key, const Slot& reconciled, const CheckedWishes& unreconciled) {
    if (!reconciled.has(key)) return false;
    const auto has = elements(key, reconciled.get(key));
    const auto wants = elements(key, unreconciled.get(key));
    if (has.size() < wants.size()) return false;
    for (std::size_t i = 0; i < wants.size(); ++i) {
        if (key.type->less(has[i].data(), wants[i].data())) return false;
    }
    return true;
}

bool check_superset(const Key& key, const Slot& reconciled, const CheckedWishes& unreconciled) {
    const auto wants = elements(key, unreconciled.get(key));
    return std::all_of(wants.begin(), wants.end(),
                       [&](Bytes element) { return contains(key, reconciled.get(key), element); });
}

bool check_implies(const Key& key, const Slot& reconciled, const CheckedWishes& unreconciled) {
    const Bytes wants = unreconciled.get(key);
    if (wants.empty() || wants[0] == std::byte{0}) return true;
    const Bytes has = reconciled.get(key);
    return !has.empty() && has[0] != std::byte{0};
}

}  // namespace

const Legal legal::any{"any value", [](const void*) { return true; }};
const Legal legal::boolean{"true (1) or false (0)",
                           [](const void* element) { return load<std::uint8_t>(element) <= 1; }};

const MergeRule merge::equal{"equal", "every list that sets it must give the same value", merge_equal};
const MergeRule merge::maximum{"maximum", "the greatest value of all lists", merge_maximum};
const MergeRule merge::logical_or{"or", "true if any list says true", merge_or};
const MergeRule merge::set_union{"union", "all elements of all lists", merge_union};

const CheckRule check::equal{"equal", "the result has it, with the value that was asked, if one was", check_equal};
const CheckRule check::equal_if_asked{"equal if asked", "the result has the value that was asked, if one was",
                                      check_equal_if_asked};
const CheckRule check::at_least{"at least", "the result has it, with nothing less than what was asked", check_at_least};
const CheckRule check::superset{"contains", "all elements that were asked are in the result", check_superset};
const CheckRule check::implies{"implies", "if true was asked, the result is true", check_implies};
const CheckRule check::implies_for_own_lists{
    "implies for own lists", "if a list of its own process asks true, the result is true", check_implies, 0, true};

}  // namespace opennvsci::attr
