// SPDX-License-Identifier: Apache-2.0
//
// Files that commands write. They come into being whole: nobody sees a half of one, and what is there already stays as
// it is until then, also when the disk is full.
#pragma once

#include <filesystem>
#include <string_view>

#include "result.h"

namespace opennvsci::tool {

/// What becomes of a file that is there already. With keep and replace, a device or a pipe is written into.
enum class Existing {
    keep,
    replace,       ///< the file, also the one that a symbolic link leads to
    replace_name,  ///< whatever has the name: a link, or a pipe, is not followed, somebody else may have put it there
};

/// Errors: there is a file that is to be kept.
[[nodiscard]] Result<> check_may_write(const std::filesystem::path& path, Existing existing);

/// Writes a file. Errors: those of check_may_write(); the path and why.
[[nodiscard]] Result<> write_file(const std::filesystem::path& path, std::string_view bytes, Existing existing);

}  // namespace opennvsci::tool
