// SPDX-License-Identifier: Apache-2.0
#include "base/available_memory.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstddef>
#include <optional>
#include <string_view>
#include <system_error>

#include "base/unique_fd.h"

namespace opennvsci {
namespace {

// How the two versions of control groups tell the same.
struct ControlGroups {
    std::string_view line;  // of /proc/self/cgroup, between the first colon and the path
    std::string_view mount;
    std::string_view limit;
    std::string_view usage;
    std::string_view idle_cache;  // in memory.stat
};
constexpr std::array kVersions{
    ControlGroups{":", "/sys/fs/cgroup", "/memory.max", "/memory.current", "inactive_file "},
    ControlGroups{"memory:", "/sys/fs/cgroup/memory", "/memory.limit_in_bytes", "/memory.usage_in_bytes",
                  "total_inactive_file "},
};

// The start of a file; empty if there is none. What is looked for stands in front in all of these files.
std::string start_of(const std::string& name) {
    std::string text(8192, '\0');
    const UniqueFd file(::open(name.c_str(), O_RDONLY | O_CLOEXEC));
    const ssize_t length = file ? ::read(file.get(), text.data(), text.size()) : 0;
    text.resize(static_cast<std::size_t>(std::max<ssize_t>(length, 0)));
    return text;
}

// The number at the start of `text`, after blanks.
std::optional<std::uint64_t> number(std::string_view text) {
    text.remove_prefix(std::min(text.find_first_not_of(' '), text.size()));
    std::uint64_t value = 0;
    const auto end = std::from_chars(text.data(), text.data() + text.size(), value);
    return end.ec == std::errc() ? std::optional(value) : std::nullopt;
}

// The number behind `name`, which begins a line.
std::optional<std::uint64_t> number_of(std::string_view text, std::string_view name) {
    for (std::size_t at = text.find(name); at != std::string_view::npos; at = text.find(name, at + 1)) {
        if (at == 0 || text[at - 1] == '\n') return number(text.substr(at + name.size()));
    }
    return std::nullopt;
}

// What one group leaves; nothing if it sets no limit.
std::optional<std::uint64_t> left_in(const std::string& folder, const ControlGroups& version) {
    const auto limit = number(start_of(folder + std::string(version.limit)));
    const auto usage = number(start_of(folder + std::string(version.usage)));
    if (!limit || !usage) return std::nullopt;
    const std::uint64_t idle = number_of(start_of(folder + "/memory.stat"), version.idle_cache).value_or(0);
    const std::uint64_t busy = *usage - std::min(*usage, idle);
    return *limit - std::min(*limit, busy);
}

// The path of the process's group in `groups`, the text of /proc/self/cgroup.
std::optional<std::string> path_of(std::string_view groups, const ControlGroups& version) {
    while (!groups.empty()) {
        std::string_view line = groups.substr(0, groups.find('\n'));
        groups.remove_prefix(std::min(line.size() + 1, groups.size()));
        line.remove_prefix(std::min(line.find(':') + 1, line.size()));
        if (!line.starts_with(version.line)) continue;
        line.remove_prefix(version.line.size());
        if (line.starts_with('/')) return std::string(line);
    }
    return std::nullopt;
}

}  // namespace

std::uint64_t available_memory(const std::string& root) {
    std::uint64_t least = number_of(start_of(root + "/proc/meminfo"), "MemAvailable:").value_or(0) << 10;
    const std::string groups = start_of(root + "/proc/self/cgroup");
    for (const ControlGroups& version : kVersions) {
        auto path = path_of(groups, version);
        if (!path) continue;
        // A limit above binds those below. In a container the path may be that of the host, and the group of the
        // process the one that is mounted.
        for (;;) {
            const std::string folder = root + std::string(version.mount) + (*path == "/" ? "" : *path);
            least = std::min(least, left_in(folder, version).value_or(least));
            if (path->empty() || *path == "/") break;
            path->resize(path->rfind('/'));
        }
    }
    return least;
}

}  // namespace opennvsci
