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

// What every slot must hold to: whole elements, each legal, of keys of its groups.
Result<> check_values(const Values& values, bool (Key::*is_legal)(Bytes) const) {
    const Schema& schema = values.schema();
    const std::uint32_t groups = schema.groups_of(values.get(schema.selector()));
    for (const Key& key : schema.keys()) {
        if (!values.has(key)) continue;
        if (!Schema::is_in_groups(key, groups)) return bad_value(key, "does not belong to the type of the list");
        const Bytes value = values.get(key);
        if (!key.fits(value.size())) return bad_value(key, fmt::format("{} bytes are no value of it", value.size()));
        if (!(key.*is_legal)(value)) return bad_value(key, key.illegal_text(value));
    }
    return {};
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

Result<Slot> Slot::of_participant(Values values) {
    OPENNVSCI_TRY(check_values(values, &Key::is_legal));
    for (const Key& key : values.schema().keys()) {
        if (!key.can_be_asked() && values.has(key)) return bad_value(key, "a result, which nobody can ask for");
    }
    return Slot(std::move(values));
}

Result<Slot> Slot::of_result(Values values) {
    OPENNVSCI_TRY(check_values(values, &Key::is_legal_result));
    const Schema& schema = values.schema();
    const std::uint32_t groups = schema.groups_of(values.get(schema.selector()));
    for (const Key& key : schema.keys()) {
        const bool is_due = key.presence == Presence::mandatory || key.presence == Presence::output;
        if (is_due && Schema::is_in_groups(key, groups) && !values.has(key)) return bad_value(key, "is missing");
    }
    return Slot(std::move(values));
}

void stop_at_missing(const char* what) noexcept {
    log::write(log::Level::error, what);
    log::write(log::Level::error,
               "this value is missing, which this library itself puts into every such list: it stops");
    std::abort();
}

}  // namespace opennvsci::attr
