// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string_view>

#include "result.h"

namespace opennvsci::tool {

/// Writes a file, in place of the one that is there. Errors: the path and why.
[[nodiscard]] Result<> write_file(const std::filesystem::path& path, std::string_view bytes);

}  // namespace opennvsci::tool
