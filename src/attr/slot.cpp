// SPDX-License-Identifier: Apache-2.0
#include "attr/slot.h"

namespace opennvsci::attr {

Slot::Slot(const Schema& schema) : schema_(&schema), storage_(new std::byte[schema.storage_size()]()) {}

Slot::Slot(const Slot& other)
    : schema_(other.schema_), lengths_(other.lengths_), storage_(new std::byte[other.schema_->storage_size()]) {
    std::memcpy(storage_.get(), other.storage_.get(), schema_->storage_size());
}

void Slot::put(const Key& key, Bytes value) noexcept {
    std::byte* place = storage_.get() + schema_->offset_of(key);
    std::memcpy(place, value.data(), value.size());
    std::memset(place + value.size(), 0, key.capacity() - value.size());
    lengths_[schema_->index_of(key)] = static_cast<std::uint16_t>(value.size());
}

}  // namespace opennvsci::attr
