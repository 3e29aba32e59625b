// SPDX-License-Identifier: Apache-2.0
#include "attr/slot.h"

namespace opennvsci::attr {

// Not zeroed as a whole: put() fills the place of the key it sets, and the place of an unset key is never shown.
Slot::Slot(const Schema& schema) : schema_(&schema), storage_(new std::byte[schema.storage_size()]) {}

Slot::Slot(const Slot& other) : Slot(*other.schema_) {
    other.for_each_set([&](std::size_t key_index, Bytes value) { put(schema_->keys()[key_index], value); });
}

void Slot::put(const Key& key, Bytes value) noexcept {
    std::byte* place = storage_.get() + schema_->offset_of(key);
    std::memcpy(place, value.data(), value.size());
    std::memset(place + value.size(), 0, Schema::place_size(key) - value.size());
    lengths_[schema_->index_of(key)] = static_cast<std::uint16_t>(value.size());
}

}  // namespace opennvsci::attr
