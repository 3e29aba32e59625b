// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string_view>

#include "result.h"

namespace opennvsci::tool {

/// What becomes of a file that is there already. Devices and pipes are written to in any case.
enum class Existing { keep, replace };

/// Errors: there is a file that is to be kept.
[[nodiscard]] Result<> check_may_write(const std::filesystem::path& path, Existing existing);

/// Writes a file. What is written of it after a failure is removed. Errors: those of check_may_write(); the path and
/// why.
[[nodiscard]] Result<> write_file(const std::filesystem::path& path, std::string_view bytes, Existing existing);

}  // namespace opennvsci::tool
