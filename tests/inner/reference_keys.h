// SPDX-License-Identifier: Apache-2.0
//
// The attribute table of NvSciBuf (nvscibuf.md 2.2 and 4.2 to 4.7), written down a second time, from the
// document and with numbers instead of enumerators, so that a slip in the library's own table shows. Legal and illegal
// values likewise.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "attr/key.h"

namespace opennvsci::test {

using Value = std::vector<std::byte>;

struct ReferenceKey {
    std::uint32_t number;
    const char* name;  ///< as the reference shortens it, with its group: "General Types"
    const char* type;
    std::size_t size;  ///< of one element
    std::size_t max_count;
    attr::Direction direction;
    attr::Presence presence;
};

[[nodiscard]] const std::vector<ReferenceKey>& reference_keys();

/// The row of a key; null if the reference has none.
[[nodiscard]] const ReferenceKey* find_reference_key(std::uint32_t number);

/// One legal element for a key that can be set.
[[nodiscard]] Value legal_element(const ReferenceKey& key);

/// Elements that the reference forbids; empty where every value is legal.
[[nodiscard]] std::vector<Value> illegal_elements(const ReferenceKey& key);

/// A Types value under which the key may be set.
[[nodiscard]] std::uint32_t type_of(const ReferenceKey& key);

}  // namespace opennvsci::test
