// SPDX-License-Identifier: Apache-2.0
#include "file.h"

#include <fmt/format.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <ios>

namespace opennvsci::tool {

Result<> write_file(const std::filesystem::path& path, std::string_view bytes) {
    std::ofstream stream(path, std::ios::binary);
    stream.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
    stream.close();
    if (!stream) return fail(fmt::format("cannot write {}: {}", path.string(), std::strerror(errno)));
    return {};
}

}  // namespace opennvsci::tool
