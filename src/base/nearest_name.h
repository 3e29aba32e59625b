// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>
#include <string_view>

namespace opennvsci {

/// The name that somebody who wrote `word` most likely meant: the same but for its prefix, its case or a few letters.
/// Empty if none is near.
[[nodiscard]] std::string_view nearest_name(std::string_view word, std::span<const std::string_view> names) noexcept;

}  // namespace opennvsci
