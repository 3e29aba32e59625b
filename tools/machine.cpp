// SPDX-License-Identifier: Apache-2.0
#include "machine.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <system_error>
#include <vector>

namespace opennvsci::tool {
namespace {

constexpr const char* kSuffix = ".json";

// ../share/opennvsci/machines from the place of the program.
std::filesystem::path shipped_machines() {
    std::error_code ignored;
    const auto program = std::filesystem::read_symlink("/proc/self/exe", ignored);
    return program.parent_path().parent_path() / "share/opennvsci/machines";
}

std::vector<std::string> shipped_names() {
    std::vector<std::string> names;
    std::error_code status;
    for (std::filesystem::directory_iterator at(shipped_machines(), status), end; !status && at != end;
         at.increment(status)) {
        if (at->path().extension() == kSuffix) names.push_back(at->path().stem().string());
    }
    std::sort(names.begin(), names.end());
    return names;
}

}  // namespace

Result<std::filesystem::path> find_machine(const std::string& name) {
    const std::vector<std::string> names = shipped_names();
    if (std::binary_search(names.begin(), names.end(), name)) return shipped_machines() / (name + kSuffix);
    std::error_code status;
    const std::filesystem::path path = std::filesystem::absolute(name, status);
    if (!status && !name.empty() && std::filesystem::exists(path, status)) return path;
    return fail(names.empty()
                    ? fmt::format("'{}' is no machine file, and none comes with this tool", name)
                    : fmt::format("'{}' is neither a machine file nor one of {}", name, fmt::join(names, ", ")));
}

Result<> use_machine(const std::filesystem::path& file) {
    const bool is_set = ::setenv("OPENNVSCI_DEVICE", "soft", 1) == 0 &&
                        ::setenv("OPENNVSCI_SOFT_MACHINE", file.c_str(), 1) == 0 &&
                        ::unsetenv("OPENNVSCI_SOFT_DEVICES") == 0 && ::unsetenv("OPENNVSCI_SOFT_MEMORY") == 0;
    if (!is_set) return fail(fmt::format("cannot set the environment: {}", std::strerror(errno)));
    return {};
}

}  // namespace opennvsci::tool
