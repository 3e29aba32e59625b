// SPDX-License-Identifier: Apache-2.0
//
// Key: one row of an attribute table, and ValueType, the type of its value. The rows are the whole definition of an
// attribute: setting, reading, merging, validating and printing it are loops over the rows. A library (NvSciBuf,
// NvSciSync) brings its table; adding a key is adding a row.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace opennvsci::attr {

class CheckedWishes;
class Slot;
struct Key;

/// The bytes of a value: `count` elements of the key's type, one after the other.
using Bytes = std::span<const std::byte>;

/// A value that has a name, without the prefix of its type.
struct Enumerator {
    const char* name;
    std::uint64_t value;
};

struct ValueType {
    const char* name;
    std::uint16_t size;
    /// a < b, for types that have an order; null for those that do not.
    bool (*less)(const void* a, const void* b);
    /// Appends the text of one element.
    void (*append_text)(std::string& out, const void* element);
    /// Writes the element whose text this is, of `size` bytes, and nothing if it is none: false then.
    bool (*parse)(std::string_view text, void* element);
    /// What such a text is, for people.
    const char* form;
    /// Every value that has a name; null for types without names.
    std::span<const Enumerator> (*enumerators)() = nullptr;
};

enum class Direction : std::uint8_t {
    in,        ///< set by programs; not readable from a reconciled list
    out,       ///< readable from a reconciled list only
    in_out,    ///< set by programs, its result readable from the reconciled list
    internal,  ///< never seen by programs
};

enum class Presence : std::uint8_t {
    mandatory,    ///< at least one of the lists must set it
    optional,     ///< may be missing everywhere
    conditional,  ///< mandatory, optional or forbidden depending on other keys: the buffer type's own rule decides
    output,       ///< computed
};

/// Which values are legal, asked by a program or a peer, and in a result.
struct Legal {
    const char* text;
    bool (*accepts)(const void* element);
    bool (*accepts_in_result)(const void* element) = accepts;
    bool may_repeat = true;  ///< false: no element stands twice in what is asked
};

/// What one participant asks of one key.
struct Ask {
    std::uint32_t participant;
    Bytes value;
};

/// How the asks of several participants become one value. `merge` writes the result to `out`, or returns false, with
/// `out` in any state, if the asks cannot be had together.
struct MergeRule {
    const char* name;
    const char* text;
    bool (*merge)(const Key& key, std::span<const Ask> asks, Slot& out);
    /// What would make the asks agree; "{}" stands for those that do not agree with the others.
    const char* remedy = "leave the key out of {}";
    /// True: the remedy is that they do not take part, for they cannot do without the key.
    bool leaves_lists_apart = false;
};

/// When a reconciled slot satisfies an unreconciled one, as far as this key goes.
struct CheckRule {
    const char* name;
    const char* text;
    bool (*holds)(const Key& key, const Slot& reconciled, const CheckedWishes& unreconciled);
    /// The key of the result that it compares with, if that is another one.
    std::uint32_t compared = 0;
    /// True if the result holds it for the lists of its own process alone.
    bool is_for_own_lists = false;
};

struct Key {
    std::uint32_t number;
    const char* name;
    const ValueType* type;
    std::uint16_t max_count;
    Direction direction;
    Presence presence;
    const Legal* legal;          ///< never null: a row whose every value is legal says so
    const MergeRule* merge;      ///< null: not merged, but computed or only reported
    const CheckRule* check;      ///< null: no documented rule
    bool may_be_absent = false;  ///< true: there are results of its type without it

    [[nodiscard]] std::size_t capacity() const noexcept { return std::size_t{max_count} * type->size; }
    /// The part of the number that says to which group of keys (buffer type) this one belongs; 0 is for all.
    [[nodiscard]] std::uint32_t group() const noexcept { return number >> 16; }
    /// True if a value of `size` bytes has whole elements, not none and not too many.
    [[nodiscard]] bool fits(std::size_t size) const noexcept {
        return size != 0 && size % type->size == 0 && size <= capacity();
    }
    /// True if the value, of whole elements, may be asked; if it may be in a result.
    [[nodiscard]] bool is_legal(Bytes value) const;
    [[nodiscard]] bool is_legal_result(Bytes value) const;
    /// True if an enumerator of its type may be asked; of a key that nobody asks for, if it can come.
    [[nodiscard]] bool is_legal_name(const Enumerator& enumerator) const;
    /// True if programs set it, or the library for them.
    [[nodiscard]] bool can_be_asked() const noexcept {
        return direction == Direction::in || direction == Direction::in_out ||
               (direction == Direction::internal && presence != Presence::output);
    }
    /// The value as text: "4096", "ReadWrite", "{1, 2}".
    [[nodiscard]] std::string text(Bytes value) const;
    /// Its elements as text: "1, 2".
    [[nodiscard]] std::string elements_text(Bytes value) const;
    /// "4096 is not legal; it must be …".
    [[nodiscard]] std::string illegal_text(Bytes value) const;
};

}  // namespace opennvsci::attr
