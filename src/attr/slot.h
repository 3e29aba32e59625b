// SPDX-License-Identifier: Apache-2.0
//
// Values: what somebody gave for the keys of a schema, as bytes that nobody has looked at; and what can be read as
// numbers because the schema's check has passed it: the Slot of a result, and the CheckedWishes of a participant. Every
// key has its own place of full capacity, 8-byte aligned and zero-filled, so that a program that reads a 4-byte value
// as 8 bytes, or an array to its maximum, reads the value and zeros. An unset key has length 0.
#pragma once

#include <array>
#include <cstring>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "attr/elements.h"
#include "attr/schema.h"
#include "base/result.h"

namespace opennvsci::attr {

/// Which process a participant is: the way that its list came.
struct Origin {
    /// The path of a participant that is known by its text alone: it is behind the process that reconciled.
    static constexpr std::uint64_t kElsewhere = ~std::uint64_t{0};

    std::uint64_t path = 0;             ///< the session of the link that it came by (ipc/link.h); 0: this process
    std::vector<std::uint64_t> beyond;  ///< the way on from the process at the link's other end, in its own numbers
    std::string peer;                   ///< for texts: the endpoint at the other end of that link
    std::uint32_t position = 0;         ///< for texts: its place among the slots that came together, from 0

    [[nodiscard]] bool is_this_process() const noexcept { return path == 0; }
    /// True if something can be sent back to it.
    [[nodiscard]] bool is_behind_link() const noexcept { return path != 0 && path != kElsewhere; }
};

class Values {
  public:
    explicit Values(const Schema& schema);
    Values(const Values& other);
    Values(Values&&) noexcept = default;
    Values& operator=(Values&&) noexcept = default;
    ~Values() = default;

    [[nodiscard]] const Schema& schema() const noexcept { return *schema_; }

    [[nodiscard]] bool has(const Key& key) const noexcept { return lengths_[schema_->index_of(key)] != 0; }

    /// The value, empty if unset. Points into these values and stays valid as long as they.
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

    /// Copies `value`, whole elements and at most the key's capacity, into the key's place.
    void put(const Key& key, Bytes value) noexcept;

  private:
    const Schema* schema_;
    std::array<std::uint16_t, Schema::kMaxKeys> lengths_{};
    std::unique_ptr<std::byte[]> storage_;
};

/// Reading checked values as numbers. T must be the key's type, or the type of its elements.
template <class Self>
class TypedReads {
  public:
    /// The value of a scalar key, or nothing if it is unset.
    template <class T>
    [[nodiscard]] std::optional<T> scalar(std::uint32_t number) const noexcept {
        const Bytes value = bytes(number);
        if (value.size() < sizeof(T)) return std::nullopt;
        return load<T>(value.data());
    }

    /// The value of a scalar key that is set in every slot of this kind: a slot that lacks it ends the process, with
    /// the name of the key.
    template <class T>
    [[nodiscard]] T required(std::uint32_t number) const noexcept {
        const Bytes value = bytes(number);
        if (value.size() < sizeof(T)) [[unlikely]]
            stop_at_missing(self().schema().find(number)->name);
        return load<T>(value.data());
    }

    /// The elements of an array key, none if it is unset.
    template <class T>
    [[nodiscard]] auto elements(std::uint32_t number) const noexcept {
        return attr::elements<T>(bytes(number));
    }

  private:
    [[nodiscard]] const Self& self() const noexcept { return static_cast<const Self&>(*this); }
    [[nodiscard]] Bytes bytes(std::uint32_t number) const noexcept { return self().get(*self().schema().find(number)); }
};

/// The values of a result.
class Slot : public Values, public TypedReads<Slot> {
  public:
    /// An empty slot, which this library's own code fills.
    explicit Slot(const Schema& schema) : Values(schema) {}

    /// The values of a reconciled list from elsewhere. Errors: BadParameter, with the key that holds what no
    /// reconciliation gives, or that is missing.
    [[nodiscard]] static Result<Slot> checked(Values values);

    template <class T>
    void put_scalar(std::uint32_t number, const T& value) noexcept {
        put(*schema().find(number), std::as_bytes(std::span(&value, 1)));
    }

    template <class T>
    void put_array(std::uint32_t number, std::span<const T> values) noexcept {
        put(*schema().find(number), std::as_bytes(values));
    }

  private:
    explicit Slot(Values values) noexcept : Values(std::move(values)) {}
};

/// What one participant asks, seen as checked values; it must not outlive them.
class CheckedWishes : public TypedReads<CheckedWishes> {
  public:
    /// Errors: BadParameter, with the key that holds what nobody may ask.
    [[nodiscard]] static Result<CheckedWishes> of(const Values& values);

    [[nodiscard]] const Schema& schema() const noexcept { return values_->schema(); }
    [[nodiscard]] bool has(const Key& key) const noexcept { return values_->has(key); }
    [[nodiscard]] Bytes get(const Key& key) const noexcept { return values_->get(key); }

  private:
    explicit CheckedWishes(const Values& values) noexcept : values_(&values) {}

    const Values* values_;
};

}  // namespace opennvsci::attr
