// SPDX-License-Identifier: Apache-2.0
//
// Reading what programs pass: arrays of pairs and of list handles. The key/value pairs of all libraries have one
// layout: the key as 32 bits, the value's address, its length.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "api/call.h"
#include "api/handles.h"
#include "base/unaligned.h"

namespace opennvsci::api {

using ListRef = ListTable::Ref;

/// Reads a pair, once. The key is read as a number: a program may pass one that is no enumerator.
template <class Pair>
[[nodiscard]] attr::KeyValue key_value(const Pair& pair) {
    const Pair copy = load_once<Pair>(&pair);
    return {load<std::uint32_t>(&copy), copy.value, copy.len};
}

/// The failure of an array argument with 0 elements, or with more than there can be.
[[nodiscard]] tl::unexpected<Error> bad_count(std::string_view what, size_t count, size_t most);

/// An array argument; `what` names it. Errors: BadParameter if it is NULL or has not 1 to `most` elements.
template <class Element>
[[nodiscard]] Result<std::span<const Element>> elements(const Element* array, size_t count, size_t most,
                                                        std::string_view what) {
    if (array == nullptr) return null_argument(what);
    if (count == 0 || count > most) return bad_count(what, count, most);
    return std::span<const Element>(array, count);
}

/// The values that a call found, kept until it knows that it found all. Those of most calls need no memory.
class FoundValues {
  public:
    void add(attr::Bytes value) {
        if (count_ < first_.size()) {
            first_[count_] = {value.data(), value.size()};
        } else {
            rest_.push_back({value.data(), value.size()});
        }
        ++count_;
    }

    /// Writes value and length of each to the pair at its place.
    template <class Pair>
    void write(Pair* array) const {
        for (size_t i = 0; i < count_; ++i) {
            const Value& found = i < first_.size() ? first_[i] : rest_[i - first_.size()];
            array[i].value = found.size == 0 ? nullptr : found.data;
            array[i].len = found.size;
        }
    }

  private:
    struct Value {
        const void* data;
        size_t size;
    };

    size_t count_ = 0;
    std::vector<Value> rest_;
    std::array<Value, 16> first_;  // not zeroed: what is read was written
};

/// The failure of a pair, which a list of `schema` did not take, or of a key without a value, which it does not have.
/// Where the number is a key of the other library, and what was given suits that, the text says so.
[[nodiscard]] [[gnu::cold]] Error with_other_library(Error error, const attr::Schema& schema,
                                                     const attr::KeyValue& pair);

/// Sets the pairs of an array argument in a list, which takes each key once.
template <class Pair>
[[nodiscard]] Result<> set_pairs(attr::List& list, const Pair* array, size_t count, std::string_view what) {
    OPENNVSCI_TRY_ASSIGN(given, elements(array, count, list.schema().keys().size(), what));
    attr::KeyValue last{};
    Result<> done = list.set(given.size(), [&](std::size_t i) { return last = key_value(given[i]); });
    if (done) return done;
    return tl::make_unexpected(with_other_library(std::move(done).error(), list.schema(), last));
}

/// Stores the values of one slot of a list in the pairs of an array argument, all or none. A key may be asked for
/// several times, so only the address space is a bound.
template <class Pair>
[[nodiscard]] Result<> get_pairs(const attr::List& list, size_t slot, Pair* array, size_t count,
                                 std::string_view what) {
    OPENNVSCI_TRY_ASSIGN(asked, elements<Pair>(array, count, PTRDIFF_MAX / sizeof(Pair), what));
    FoundValues found;
    for (const Pair& pair : asked) {
        const std::uint32_t key = key_value(pair).key;
        const auto value = list.get(slot, key);
        if (!value) return tl::make_unexpected(with_other_library(value.error(), list.schema(), {key, nullptr, 0}));
        found.add(*value);
    }
    found.write(array);
    return {};
}

/// The unreconciled lists of an array argument, held for the call: of one module, each once.
class UnreconciledLists {
  public:
    /// Errors: BadParameter with the position of the wrong list; `given_twice` if a list is there twice.
    template <class Handle>
    [[nodiscard]] static Result<UnreconciledLists> acquire(ListTable& table, const Handle array[], size_t count,
                                                           NvSciError given_twice = NvSciError_BadParameter) {
        OPENNVSCI_TRY_ASSIGN(handles, elements(array, count, kMostLists, "the array of lists"));
        UnreconciledLists found;
        for (size_t i = 0; i < count; ++i)
            OPENNVSCI_TRY(found.add(table, number(load_once<Handle>(&handles[i])), count));
        OPENNVSCI_TRY(found.check_distinct(given_twice));
        return found;
    }

    [[nodiscard]] const std::shared_ptr<attr::Module>& module() const { return (*refs_.front())->module; }
    [[nodiscard]] std::vector<const attr::List*> lists() const;
    /// What all participants of all lists ask, copied.
    [[nodiscard]] std::vector<attr::Wishes> slots() const;

  private:
    static constexpr size_t kMostLists = size_t{1} << 24;  // that many handles of a kind can be alive

    /// What the list at a place of the array is called: by its name, if it has one.
    [[nodiscard]] static std::string name_of(const attr::List& list, size_t place);
    [[nodiscard]] Result<> add(ListTable& table, std::uint64_t handle, size_t count);
    [[nodiscard]] Result<> check_distinct(NvSciError given_twice) const;

    std::vector<ListRef> refs_;
};

/// The failure of a list of this kind where a reconciled one is needed.
[[nodiscard]] tl::unexpected<Error> not_reconciled(attr::List::Kind found, std::string_view what);

/// The reconciled list behind a handle; `what` names the argument. Errors: BadParameter.
template <class Handle>
[[nodiscard]] Result<ListRef> acquire_reconciled(ListTable& table, Handle handle, std::string_view what) {
    OPENNVSCI_TRY_ASSIGN(entry, acquire(table, handle, what));
    if ((*entry)->list->is_reconciled()) return std::move(entry);
    return not_reconciled((*entry)->list->kind(), what);
}

}  // namespace opennvsci::api
