// SPDX-License-Identifier: Apache-2.0
//
// Schema: a table of keys with what the engine derives from it (the place of every key in a slot). Immutable.
#pragma once

#include <array>
#include <span>

#include "attr/key.h"

namespace opennvsci::attr {

/// Rules of lists in which the two libraries differ. The defaults are NvSciBuf's.
struct ListRules {
    bool checks_values_when_set = true;           ///< else reconciling does
    bool reads_outputs_of_any_list = false;       ///< output keys read as unset from unreconciled lists, not as errors
    bool writes_clones_of_several_slots = false;  ///< a clone of an appended list is writable, in its first slot
    bool copies_without_selector = false;         ///< else a list without the selecting key is not cloned or appended
    /// Keys, ended by 0, that say how many elements the arrays of their group have in a result. None by default.
    std::array<std::uint32_t, 4> counts{};
};

class Schema {
  public:
    /// No table is larger than this; slots keep one length per key in a fixed array.
    static constexpr std::size_t kMaxKeys = 80;

    /// `groups` says which groups of keys a slot may hold besides group 0, given the value of the key
    /// `selector_number`, as a bit set (bit n = group n).
    Schema(std::span<const Key> keys, std::uint32_t selector_number, std::uint32_t (*groups)(Bytes),
           ListRules rules = {});

    /// A table without groups: any slot may hold all of its keys. Its first key stands as the selector.
    Schema(std::span<const Key> keys, ListRules rules);

    /// The row of a key number, or null.
    [[nodiscard]] const Key* find(std::uint32_t number) const noexcept {
        // The keys of one group have consecutive numbers, so the row is found by counting from the group's first.
        const std::uint32_t place = place_of_group(number >> 16);
        const std::uint32_t row = first_row_[place] + (number - first_number_[place]);
        return row < keys_.size() && keys_[row].number == number ? &keys_[row] : nullptr;
    }

    [[nodiscard]] std::span<const Key> keys() const noexcept { return keys_; }
    [[nodiscard]] std::size_t index_of(const Key& key) const noexcept {
        return static_cast<std::size_t>(&key - keys_.data());
    }
    [[nodiscard]] std::size_t offset_of(const Key& key) const noexcept { return offsets_[index_of(key)]; }
    /// The bytes that a slot keeps for a key: its capacity, in whole 8-byte words.
    [[nodiscard]] static std::size_t place_size(const Key& key) noexcept {
        return (key.capacity() + 7) & ~std::size_t{7};
    }
    [[nodiscard]] std::size_t storage_size() const noexcept { return storage_size_; }

    [[nodiscard]] const ListRules& rules() const noexcept { return rules_; }
    [[nodiscard]] const Key& selector() const noexcept { return *selector_; }
    [[nodiscard]] std::uint32_t groups_of(Bytes selector_value) const { return groups_of_(selector_value) | 1U; }
    /// True if a slot with these groups may hold the key. Internal keys belong to every slot.
    [[nodiscard]] static bool is_in_groups(const Key& key, std::uint32_t groups) noexcept {
        return key.direction == Direction::internal || (groups >> key.group() & 1U) != 0;
    }

  private:
    // The groups that programs see are small numbers; the one of internal keys comes after them.
    static constexpr std::size_t kMaxGroups = 8;
    [[nodiscard]] static constexpr std::uint32_t place_of_group(std::uint32_t group) noexcept {
        return group < kMaxGroups ? group : kMaxGroups;
    }

    std::span<const Key> keys_;
    const Key* selector_;
    std::uint32_t (*groups_of_)(Bytes);
    ListRules rules_;
    std::array<std::uint32_t, kMaxKeys> offsets_{};
    std::array<std::uint32_t, kMaxGroups + 1> first_row_{};
    std::array<std::uint32_t, kMaxGroups + 1> first_number_{};
    std::size_t storage_size_ = 0;
};

}  // namespace opennvsci::attr
