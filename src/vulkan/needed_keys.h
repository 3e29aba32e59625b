// SPDX-License-Identifier: Apache-2.0
//
// NeededKeys: what a Vulkan device needs in an attribute list of its program, set all or nothing. A key that has the
// value already is left as it is.
#pragma once

#include <cstdint>
#include <vector>

#include "attr/list.h"
#include "base/result.h"

namespace opennvsci::vulkan {

class NeededKeys {
  public:
    explicit NeededKeys(attr::List& list) : list_(list) {}

    /// `value` is one element of the key or several, and lives until set(). Errors: VALIDATION_FAILED if the list has
    /// the key, and not all of them in it.
    template <class T>
    [[nodiscard]] Result<> add(std::uint32_t key, const T& value) {
        return add(attr::KeyValue{key, &value, sizeof(value)});
    }

    /// Errors: VALIDATION_FAILED for a list that cannot be written.
    [[nodiscard]] Result<> set();

  private:
    [[nodiscard]] Result<> add(const attr::KeyValue& pair);

    attr::List& list_;
    std::vector<attr::KeyValue> pairs_;
};

}  // namespace opennvsci::vulkan
