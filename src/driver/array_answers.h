// SPDX-License-Identifier: Apache-2.0
//
// ArrayAnswers: what the driver of one device has said about arrays so far. Thread-safe.
#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <optional>

#include "base/array_format.h"

namespace opennvsci::driver {

/// A two-dimensional array.
struct ArrayShape {
    std::uint32_t width;  ///< elements
    std::uint32_t height;
    cu::ArrayElement element;

    auto operator<=>(const ArrayShape&) const = default;  // NOLINT(modernize-use-nullptr): there is no pointer
};

/// The memory that an array is mapped in; zeros where the driver cannot answer.
struct ArrayNeeds {
    std::uint64_t size;
    std::uint64_t alignment;
};

class ArrayAnswers {
  public:
    [[nodiscard]] std::optional<ArrayNeeds> find(const ArrayShape& shape) const;
    void insert(const ArrayShape& shape, const ArrayNeeds& needs);

  private:
    // A program uses few shapes; one that draws random ones must not grow this for ever.
    static constexpr std::size_t kMaxRemembered = 1024;

    mutable std::mutex mutex_;
    std::map<ArrayShape, ArrayNeeds> known_;
};

}  // namespace opennvsci::driver
