// SPDX-License-Identifier: Apache-2.0
//
// Keys and values by their names: what people write, in files and on command lines, becomes what lists hold. The texts
// are those of Key::text().
#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

#include "attr/schema.h"
#include "base/result.h"

namespace opennvsci::attr {

/// The key that programs know by this name. Errors: BadParameter, with the name that is nearest.
[[nodiscard]] Result<const Key*> key_of_name(const Schema& schema, std::string_view name);

/// The value of `key` that `text` says: "4096", "ReadWrite"; of a key that is an array "{1, 2}" or "1, 2". It need not
/// be legal, as little as what a program sets. Errors: BadParameter, with what a value of the key is.
[[nodiscard]] Result<std::vector<std::byte>> value_of_text(const Key& key, std::string_view text);

}  // namespace opennvsci::attr
