// SPDX-License-Identifier: Apache-2.0
//
// The elements of a value as a range. Values lie at any address, so an element is read as a copy, or seen as the bytes
// that it consists of where its type is known only to the key.
#pragma once

#include <cstddef>
#include <iterator>

#include "attr/key.h"
#include "base/unaligned.h"

namespace opennvsci::attr {

/// Ends the process, which has lost `what`, a value that this library itself had put there.
[[noreturn, gnu::cold]] void stop_at_missing(const char* what) noexcept;

/// `Read` makes an element of the `size` bytes that it consists of. A rest that is no whole element is no part of it.
template <class Read>
class ElementRange {
  public:
    class Iterator {
      public:
        using value_type = decltype(Read{}(Bytes{}));
        using reference = value_type;
        using pointer = void;
        using difference_type = std::ptrdiff_t;
        using iterator_category = std::input_iterator_tag;

        Iterator() = default;
        Iterator(const std::byte* at, std::size_t size) : at_(at), size_(size) {}

        reference operator*() const noexcept { return Read{}({at_, size_}); }
        Iterator& operator++() noexcept {
            at_ += size_;
            return *this;
        }
        Iterator operator++(int) noexcept {
            const Iterator before = *this;
            ++*this;
            return before;
        }
        bool operator==(const Iterator& other) const noexcept { return at_ == other.at_; }

      private:
        const std::byte* at_ = nullptr;
        std::size_t size_ = 0;
    };

    ElementRange(Bytes value, std::size_t size) : first_(value.data()), size_(size), count_(value.size() / size) {}

    [[nodiscard]] Iterator begin() const noexcept { return {first_, size_}; }
    [[nodiscard]] Iterator end() const noexcept { return {first_ + count_ * size_, size_}; }
    [[nodiscard]] std::size_t size() const noexcept { return count_; }
    [[nodiscard]] bool empty() const noexcept { return count_ == 0; }
    /// An element that is there: the process ends if it is not.
    [[nodiscard]] typename Iterator::value_type operator[](std::size_t i) const noexcept {
        if (i >= count_) [[unlikely]]
            stop_at_missing("an element of a value");
        return Read{}({first_ + i * size_, size_});
    }

  private:
    const std::byte* first_;
    std::size_t size_;
    std::size_t count_;
};

template <class T>
struct ReadAs {
    T operator()(Bytes element) const noexcept { return load<T>(element.data()); }
};

struct ReadBytes {
    Bytes operator()(Bytes element) const noexcept { return element; }
};

/// The elements of a value whose type is T.
template <class T>
[[nodiscard]] ElementRange<ReadAs<T>> elements(Bytes value) noexcept {
    return {value, sizeof(T)};
}

/// The elements of a value of `key`, as Bytes.
[[nodiscard]] inline ElementRange<ReadBytes> elements(const Key& key, Bytes value) noexcept {
    return {value, key.type->size};
}

}  // namespace opennvsci::attr
