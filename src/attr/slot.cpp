// SPDX-License-Identifier: Apache-2.0
#include "attr/slot.h"

#include <fmt/format.h>

#include <cstdlib>

#include "base/log.h"

namespace opennvsci::attr {
namespace {

tl::unexpected<Error> bad_value(const Key& key, std::string_view problem) {
    return fail(NvSciError_BadParameter, fmt::format("{}: {}", key.name, problem));
}

}  // namespace

// Not zeroed as a whole: put() fills the place of the key it sets, and the place of an unset key is never shown.
Values::Values(const Schema& schema) : schema_(&schema), storage_(new std::byte[schema.storage_size()]) {}

Values::Values(const Values& other) : Values(*other.schema_) {
    other.for_each_set([&](std::size_t key_index, Bytes value) { put(schema_->keys()[key_index], value); });
}

void Values::put(const Key& key, Bytes value) noexcept {
    std::byte* place = storage_.get() + schema_->offset_of(key);
    std::memcpy(place, value.data(), value.size());
    std::memset(place + value.size(), 0, Schema::place_size(key) - value.size());
    lengths_[schema_->index_of(key)] = static_cast<std::uint16_t>(value.size());
}

Result<Slot> Slot::checked(Values values) {
    const Schema& schema = values.schema();
    const Key& selector = schema.selector();
    const Bytes selected = values.get(selector);
    // What one participant could not have asked alone is no result of several.
    const Ask alone{0, selected};
    Slot scratch(schema);
    if (selected.empty() || !selector.is_legal_result(selected) ||
        !selector.merge->merge(selector, {&alone, 1}, scratch)) {
        return bad_value(selector, fmt::format("{} is no type of a list", selector.text(selected)));
    }
    const std::uint32_t groups = schema.groups_of(selected);
    for (const Key& key : schema.keys()) {
        const Bytes value = values.get(key);
        if (!Schema::is_in_groups(key, groups)) {
            if (!value.empty()) return bad_value(key, "does not belong to the type of the list");
        } else if (value.empty()) {
            if (!key.may_be_absent) return bad_value(key, "is missing");
        } else if (!key.fits(value.size()) || !key.is_legal_result(value)) {
            return bad_value(key, key.illegal_text(value));
        }
    }
    for (const std::uint32_t number : schema.rules().counts) {
        if (number == 0) break;
        const Key& count_key = *schema.find(number);
        const Bytes count = values.get(count_key);
        for (const Key& key : schema.keys()) {
            if (key.group() != count_key.group() || key.max_count == 1 || !values.has(key)) continue;
            const std::size_t elements = values.get(key).size() / key.type->size;
            if (count.empty() || elements != load<std::uint32_t>(count.data())) {
                return bad_value(
                    key, fmt::format("{} elements do not fit {} {}", elements, count_key.name, count_key.text(count)));
            }
        }
    }
    return Slot(std::move(values));
}

Result<CheckedWishes> CheckedWishes::of(const Values& values) {
    for (const Key& key : values.schema().keys()) {
        const Bytes value = values.get(key);
        if (value.empty()) continue;
        if (!key.can_be_asked()) return bad_value(key, "a result, which nobody can ask for");
        if (!key.fits(value.size()) || !key.is_legal(value)) return bad_value(key, key.illegal_text(value));
    }
    return CheckedWishes(values);
}

void stop_at_missing(const char* what) noexcept {
    log::write(log::Level::error, what);
    log::write(log::Level::error,
               "this value is missing, which this library itself puts into every such list: it stops");
    std::abort();
}

}  // namespace opennvsci::attr
