// SPDX-License-Identifier: Apache-2.0
#include "doctor/memory.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <system_error>
#include <utility>

#include "doctor/input_file.h"

namespace opennvsci::tool {
namespace {

constexpr std::uint64_t kMiB = std::uint64_t{1} << 20;
constexpr std::uint64_t kTooLittle = 64 * kMiB;  // two pictures of 3840 x 2160 with 4 bytes per pixel
constexpr std::uint64_t kLittle = 1024 * kMiB;   // huge pages are gathered for so much of a buffer

// How the two versions of control groups tell the same.
struct GroupFiles {
    std::string_view line;  // of /proc/self/cgroup, in front of the path
    std::string_view mount;
    std::string_view limit;
    std::string_view usage;
    std::string_view idle_cache;  // in memory.stat
};
constexpr GroupFiles kVersions[] = {
    {"0::", "", "/memory.max", "/memory.current", "inactive_file"},
    {":memory:", "/memory", "/memory.limit_in_bytes", "/memory.usage_in_bytes", "total_inactive_file"},
};

std::optional<std::uint64_t> number_in(std::string_view text) {
    text.remove_prefix(std::min(text.find_first_not_of(" \t"), text.size()));
    std::uint64_t number = 0;
    const auto end = std::from_chars(text.data(), text.data() + text.size(), number);
    return end.ec == std::errc() ? std::optional(number) : std::nullopt;
}

// Calls with each line, without its end.
template <class Call>
void for_each_line(std::string_view text, Call&& call) {
    while (!text.empty()) {
        const std::size_t end = std::min(text.find('\n'), text.size());
        call(text.substr(0, end));
        text.remove_prefix(std::min(end + 1, text.size()));
    }
}

// The number behind `name` and a blank or a colon, which begin a line.
std::optional<std::uint64_t> number_of(std::string_view text, std::string_view name) {
    std::optional<std::uint64_t> number;
    for_each_line(text, [&](std::string_view line) {
        if (!number && line.starts_with(name) && line.size() > name.size() &&
            (line[name.size()] == ' ' || line[name.size()] == ':'))
            number = number_in(line.substr(name.size() + 1));
    });
    return number;
}

std::optional<MemoryGroup> group_at(const std::string& folder, std::string_view name, const GroupFiles& files) {
    const auto limit = number_in(start_of_file(folder + std::string(files.limit)));
    const auto usage = number_in(start_of_file(folder + std::string(files.usage)));
    // Version 1 has a number for no limit too, which no machine has memory for.
    if (!limit || !usage || *limit >= std::uint64_t{1} << 60) return std::nullopt;
    const std::uint64_t idle = number_of(start_of_file(folder + "/memory.stat"), files.idle_cache).value_or(0);
    return MemoryGroup{name.empty() ? "/" : std::string(name), *limit, *usage - std::min(*usage, idle)};
}

std::string mebibytes(std::uint64_t bytes) {
    return fmt::format("{} MiB", bytes / kMiB);
}

void check_left(Findings& findings, const std::string& title, std::uint64_t left, const std::string& found,
                const std::string& remedy) {
    if (left >= kLittle) return findings.ok(title, found);
    findings.add(left < kTooLittle ? State::problem : State::note, title, found,
                 "buffers in system memory, those of the software device and those that peers write are in it; half of "
                 "what is left, at most, is gathered in huge pages",
                 remedy);
}

}  // namespace

MemoryFacts look_at_memory(std::string_view meminfo, std::string_view cgroup, const std::string& groups) {
    MemoryFacts facts;
    if (const auto available = number_of(meminfo, "MemAvailable")) facts.available = *available * 1024;
    for_each_line(cgroup, [&](std::string_view line) {
        for (const GroupFiles& files : kVersions) {
            const auto at = line.find(files.line);
            if (at == std::string_view::npos || (files.mount.empty() && at != 0)) continue;
            // A group is limited by those around it too, up to the one that is mounted.
            std::string_view path = line.substr(at + files.line.size());
            if (!path.starts_with('/') || path.find("..") != std::string_view::npos) path = "";
            for (path = path == "/" ? "" : path;; path = path.substr(0, path.rfind('/'))) {
                const std::string folder = groups + std::string(files.mount) + std::string(path);
                if (auto group = group_at(folder, path, files)) facts.groups.push_back(*std::move(group));
                if (path.empty()) break;
            }
        }
    });
    return facts;
}

MemoryFacts look_at_memory() {
    return look_at_memory(start_of_file("/proc/meminfo"), start_of_file("/proc/self/cgroup"), "/sys/fs/cgroup");
}

std::vector<Finding> check_memory(const MemoryFacts& facts) {
    Findings findings("memory");
    if (facts.available) {
        check_left(findings, "of the machine", *facts.available,
                   fmt::format("{} are available", mebibytes(*facts.available)),
                   "end what holds the memory, or use a larger machine");
    } else {
        findings.note("of the machine", "not known: /proc/meminfo cannot be read",
                      "the libraries ask it before they gather huge pages", "mount /proc");
    }
    for (const MemoryGroup& group : facts.groups) {
        const std::uint64_t left = group.limit - std::min(group.limit, group.used);
        check_left(findings, fmt::format("of the control group {}", group.name), left,
                   fmt::format("{} are left of {}", mebibytes(left), mebibytes(group.limit)),
                   "raise its limit: of a service MemoryMax, of a container --memory");
    }
    return std::move(findings).take();
}

}  // namespace opennvsci::tool
