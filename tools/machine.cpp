// SPDX-License-Identifier: Apache-2.0
#include "machine.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <system_error>
#include <vector>

#include "library_folder.h"

namespace opennvsci::tool {
namespace {

constexpr const char* kSuffix = ".json";

std::vector<std::string> names_in(const std::filesystem::path& folder) {
    std::vector<std::string> names;
    std::error_code status;
    for (std::filesystem::directory_iterator at(folder, status), end; !status && at != end; at.increment(status)) {
        if (at->path().extension() == kSuffix) names.push_back(at->path().stem().string());
    }
    std::sort(names.begin(), names.end());
    return names;
}

std::filesystem::path folder_of_machines() {
    return data_folder().value_or("") / "machines";
}

}  // namespace

Result<std::filesystem::path> find_machine(const std::string& name) {
    const std::filesystem::path shipped = folder_of_machines();
    const std::vector<std::string> names = names_in(shipped);
    if (std::binary_search(names.begin(), names.end(), name)) return shipped / (name + kSuffix);
    std::error_code status;
    const std::filesystem::path path = std::filesystem::absolute(name, status);
    if (!status && !name.empty() && std::filesystem::exists(path, status)) return path;
    return fail(names.empty()
                    ? fmt::format("'{}' is no machine file, and none comes with this tool", name)
                    : fmt::format("'{}' is neither a machine file nor one of {}", name, fmt::join(names, ", ")));
}

std::string machine_with(const std::string& gpu) {
    for (const std::string& name : names_in(folder_of_machines())) {
        std::ifstream file(folder_of_machines() / (name + kSuffix));
        for (std::string line; std::getline(file, line);) {
            if (line.find(gpu) != std::string::npos) return name;
        }
    }
    return {};
}

Result<> use_machine(const std::filesystem::path& file) {
    const bool is_set = ::setenv("OPENNVSCI_DEVICE", "soft", 1) == 0 &&
                        ::setenv("OPENNVSCI_SOFT_MACHINE", file.c_str(), 1) == 0 &&
                        ::unsetenv("OPENNVSCI_SOFT_DEVICES") == 0 && ::unsetenv("OPENNVSCI_SOFT_MEMORY") == 0;
    if (!is_set) return fail(fmt::format("cannot set the environment: {}", std::strerror(errno)));
    return {};
}

}  // namespace opennvsci::tool
