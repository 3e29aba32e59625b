// SPDX-License-Identifier: Apache-2.0
//
// Slot: the values of one participant, or the merged values of all. Every key has its own place of full capacity,
// 8-byte aligned and zero-filled, so that a program that reads a 4-byte value as 8 bytes, or an array to its maximum,
// reads the value and zeros. An unset key has length 0.
#pragma once

#include <array>
#include <cstring>
#include <memory>
#include <optional>

#include "attr/elements.h"
#include "attr/schema.h"
#include "base/unaligned.h"

namespace opennvsci::attr {

class Slot {
  public:
    explicit Slot(const Schema& schema);
    Slot(const Slot& other);
    Slot(Slot&&) noexcept = default;
    Slot& operator=(Slot&&) noexcept = default;
    ~Slot() = default;

    [[nodiscard]] const Schema& schema() const noexcept { return *schema_; }

    [[nodiscard]] bool has(const Key& key) const noexcept { return lengths_[schema_->index_of(key)] != 0; }

    /// The value, empty if unset. Points into this slot and stays valid as long as it.
    [[nodiscard]] Bytes get(const Key& key) const noexcept {
        return {storage_.get() + schema_->offset_of(key), lengths_[schema_->index_of(key)]};
    }

    /// Calls `read(index of the key, value)` for every key that is set, in the order of the table.
    template <class Read>
    void for_each_set(Read&& read) const {
        const auto keys = schema_->keys();
        for (std::size_t i = 0; i < keys.size(); ++i) {
            if (lengths_[i] != 0) read(i, get(keys[i]));
        }
    }

    /// Copies `value`, at most the key's capacity, into the key's place.
    void put(const Key& key, Bytes value) noexcept;

    /// The value of a scalar key, or nothing if it is unset. T must be the key's type.
    template <class T>
    [[nodiscard]] std::optional<T> scalar(std::uint32_t number) const noexcept {
        const Bytes value = get(*schema_->find(number));
        if (value.size() < sizeof(T)) return std::nullopt;
        return load<T>(value.data());
    }

    /// The elements of an array key, none if it is unset. T must be the key's element type.
    template <class T>
    [[nodiscard]] auto elements(std::uint32_t number) const noexcept {
        return attr::elements<T>(get(*schema_->find(number)));
    }

    template <class T>
    void put_scalar(std::uint32_t number, const T& value) noexcept {
        put(*schema_->find(number), std::as_bytes(std::span(&value, 1)));
    }

    template <class T>
    void put_array(std::uint32_t number, std::span<const T> values) noexcept {
        put(*schema_->find(number), std::as_bytes(values));
    }

  private:
    const Schema* schema_;
    std::array<std::uint16_t, Schema::kMaxKeys> lengths_{};
    std::unique_ptr<std::byte[]> storage_;
};

}  // namespace opennvsci::attr
