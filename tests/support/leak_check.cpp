// SPDX-License-Identifier: Apache-2.0
#include "leak_check.h"

#include <filesystem>
#include <fstream>

#include "driver_hooks.h"

namespace opennvsci::test {

std::map<std::string, long> LeakCheck::count() {
    std::map<std::string, long> counts = DriverHooks::instance().live_objects();
    counts["file descriptors"] = std::distance(std::filesystem::directory_iterator("/proc/self/fd"), {});
    std::ifstream maps("/proc/self/maps");
    for (std::string line; std::getline(maps, line);) {
        if (line.find("/memfd:opennvsci") != std::string::npos) ++counts["memory file mappings"];
    }
    return counts;
}

std::string LeakCheck::differences() const {
    std::string text;
    std::map<std::string, long> now = count();
    std::map<std::string, long> before = before_;
    for (auto& [what, number] : now) {
        const long change = number - before[what];
        if (change != 0) text += what + (change > 0 ? " +" : " ") + std::to_string(change) + "; ";
    }
    for (auto& [what, number] : before) {
        if (!now.contains(what) && number != 0) text += what + " -" + std::to_string(number) + "; ";
    }
    return text;
}

}  // namespace opennvsci::test
