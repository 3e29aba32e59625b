// SPDX-License-Identifier: Apache-2.0
//
// GivenPairs: the keys and values of one call that sets them, as private copies. The memory of a program, or of another
// process, may change at any moment, so each pair and each value is read once, and what is stored is what was checked.
// Ordinary calls need no memory of the heap.
#pragma once

#include <array>
#include <bitset>
#include <memory>
#include <span>
#include <utility>
#include <vector>

#include "attr/schema.h"
#include "base/unaligned.h"

namespace opennvsci::attr {

/// Keys of one schema, by their index.
using KeySet = std::bitset<Schema::kMaxKeys>;

class GivenPairs {
  public:
    struct Pair {
        const Key* key;
        const std::byte* bytes;
        std::size_t size;

        [[nodiscard]] Bytes value() const noexcept { return {bytes, size}; }
    };

    GivenPairs() = default;
    GivenPairs(const GivenPairs&) = delete;
    GivenPairs& operator=(const GivenPairs&) = delete;

    /// Copies the value, at most the key's capacity, of a key that was not given before; returns the copy.
    Bytes add(const Key& key, std::size_t index, const void* value, std::size_t size) {
        std::byte* const place = place_for(size);
        copy_once(place, value, size);
        keys_.set(index);
        return (pairs_[count_++] = {&key, place, size}).value();
    }

    [[nodiscard]] std::span<const Pair> pairs() const noexcept { return {pairs_.data(), count_}; }
    [[nodiscard]] const KeySet& keys() const noexcept { return keys_; }

  private:
    [[nodiscard]] std::byte* place_for(std::size_t size) {
        if (size > small_.size() - used_) return large_.emplace_back(new std::byte[size]).get();
        return small_.data() + std::exchange(used_, used_ + size);
    }

    KeySet keys_;
    std::size_t count_ = 0;
    std::size_t used_ = 0;
    std::vector<std::unique_ptr<std::byte[]>> large_;
    // Not zeroed: what is read was written. Every key is there once, so no call has more pairs than a schema has keys.
    std::array<Pair, Schema::kMaxKeys> pairs_;
    // Room for all keys of an image and a few GPUs; the arrays of peers are larger.
    std::array<std::byte, 512> small_;
};

}  // namespace opennvsci::attr
