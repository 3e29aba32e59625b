// SPDX-License-Identifier: Apache-2.0
#include "doctor/environment.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <initializer_list>
#include <system_error>
#include <utility>

#include "nearest_name.h"
#include "variables.h"

namespace opennvsci::tool {
namespace {

bool is_one_of(std::string_view value, std::initializer_list<std::string_view> values) {
    return std::find(values.begin(), values.end(), value) != values.end();
}

bool is_number(std::string_view text, std::uint64_t least, std::uint64_t most) {
    std::uint64_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    return error == std::errc() && end == text.data() + text.size() && number >= least && number <= most;
}

bool are_users(std::string_view text) {
    while (!text.empty()) {
        const std::size_t end = std::min(text.find(','), text.size());
        std::string_view field = text.substr(0, end);
        text.remove_prefix(std::min(end + 1, text.size()));
        field.remove_prefix(std::min(field.find_first_not_of(' '), field.size()));
        field = field.substr(0, field.find_last_not_of(' ') + 1);
        if (!field.empty() && !is_number(field, 0, UINT32_MAX)) return false;
    }
    return true;
}

// Whether a program that this user starts could write to the end of the file. Nothing is made.
bool can_be_appended_to(std::string_view value) {
    const std::filesystem::path path(value);
    struct stat status {};
    if (::stat(path.c_str(), &status) == 0)
        return S_ISREG(status.st_mode) && ::faccessat(AT_FDCWD, path.c_str(), W_OK, AT_EACCESS) == 0;
    const std::filesystem::path folder = path.has_parent_path() ? path.parent_path() : ".";
    return path.has_filename() && ::faccessat(AT_FDCWD, folder.c_str(), W_OK | X_OK, AT_EACCESS) == 0;
}

bool can_be_read(std::string_view value) {
    const std::string path(value);
    struct stat status {};
    return ::stat(path.c_str(), &status) == 0 && S_ISREG(status.st_mode) &&
           ::faccessat(AT_FDCWD, path.c_str(), R_OK, AT_EACCESS) == 0;
}

// Which values a variable takes, and what becomes of another one.
struct Values {
    const char* name;
    bool (*are_legal)(std::string_view value);
    const char* needed;
    const char* otherwise;
};
constexpr Values kValues[] = {
    {"OPENNVSCI_DEVICE",
     [](std::string_view value) {
         return is_one_of(value, {"auto", "gpu", "soft"});
     },
     "auto, gpu or soft", "every call that needs a driver fails"},
    {"OPENNVSCI_INTERPOSE",
     [](std::string_view value) {
         return is_one_of(value, {"0", "1"});
     },
     "0 or 1", "1 is used"},
    {"OPENNVSCI_LOG",
     [](std::string_view value) {
         return is_one_of(value, {"none", "error", "warning", "notice", "info", "debug"});
     },
     "none, error, warning, notice, info or debug", "notice is used"},
    {"OPENNVSCI_IPC_ALLOWED_UIDS", are_users, "numbers of users with commas between", "no endpoint can be opened"},
    {"OPENNVSCI_SOFT_DEVICES", [](std::string_view value) { return is_number(value, 1, 16); }, "a number, 1 to 16",
     "1 is used"},
    {"OPENNVSCI_SOFT_MEMORY", [](std::string_view value) { return is_number(value, 1, INT64_MAX); },
     "a number of bytes, at least 1", "4294967296 is used"},
    {"OPENNVSCI_SOFT_MACHINE", can_be_read, "a machine file that this user can read",
     "the software device does not start"},
    {"OPENNVSCI_IPC_CFG", can_be_read, "a channel configuration that this user can read", "no endpoint can be opened"},
    {"OPENNVSCI_CAPTURE", can_be_appended_to, "a regular file that this user can write", "nothing is captured"},
    {"OPENNVSCI_TRACE", can_be_appended_to, "a regular file that this user can write", "nothing is traced"},
};

std::string_view nearest_variable(std::string_view name) {
    std::vector<std::string_view> names;
    for (const Variable& variable : variables())
        names.emplace_back(variable.name);
    return nearest_name(name, names);
}

void check_name(Findings& findings, const std::string& name) {
    const std::string_view nearest = nearest_variable(name);
    findings.problem(name, "is set, but nothing reads a variable of this name", "a name that `opennvsci config` shows",
                     !nearest.empty() ? fmt::format("{} is meant?", nearest) : fmt::format("unset {}", name));
}

void check_value(Findings& findings, const std::string& name, const std::string& value) {
    for (const Values& row : kValues) {
        if (name != row.name || value.empty() || row.are_legal(value)) continue;
        return findings.problem(name, fmt::format("{}: {}", value, row.otherwise), row.needed,
                                fmt::format("correct it, or unset {}", name));
    }
    findings.ok(name, value.empty() ? std::string("empty, which counts as not set") : value);
}

void check_what_is_less(Findings& findings, const Environment& environment) {
    if (value_of(environment, "OPENNVSCI_INTERPOSE") == "0") {
        findings.note("OPENNVSCI_INTERPOSE", "0: a program's own calls of CUDA go past OpenNvSci",
                      "1 for programs that import NvSci objects by the driver's or the runtime's functions",
                      "unset OPENNVSCI_INTERPOSE, unless the program uses nvscicuda.h alone");
    }
    if (is_one_of(value_of(environment, "OPENNVSCI_LOG"), {"none", "error", "warning"})) {
        findings.note("OPENNVSCI_LOG", "refused calls are not printed", "notice, to see why a call failed",
                      "unset OPENNVSCI_LOG while something is searched for");
    }
    const std::string folder = value_of(environment, "OPENNVSCI_RUNTIME_DIR");
    if (!folder.empty() && folder[0] != '/') {
        findings.note("OPENNVSCI_RUNTIME_DIR",
                      "no absolute path: it depends on the folder that a program is started in",
                      "the same folder for all programs that shall meet", "name it from the root: /...");
    }
}

void check_contradictions(Findings& findings, const Environment& environment) {
    const bool wants_gpu = value_of(environment, "OPENNVSCI_DEVICE") == "gpu";
    const bool has_soft = !value_of(environment, "OPENNVSCI_SOFT_DEVICES").empty() ||
                          !value_of(environment, "OPENNVSCI_SOFT_MEMORY").empty();
    if (wants_gpu && has_soft) {
        findings.note("OPENNVSCI_DEVICE", "gpu, while variables of the software device are set too",
                      "one of both: nobody reads the others", "unset what is not meant");
    }
    if (!value_of(environment, "OPENNVSCI_IPC_ALLOWED_UIDS").empty() &&
        value_of(environment, "OPENNVSCI_RUNTIME_DIR").empty()) {
        findings.note("OPENNVSCI_IPC_ALLOWED_UIDS", "is set without OPENNVSCI_RUNTIME_DIR",
                      "a folder that all these users use: the usual one is each user's own",
                      "name a folder that all of them can write with OPENNVSCI_RUNTIME_DIR");
    }
    const auto visible = environment.find("CUDA_VISIBLE_DEVICES");
    if (visible == environment.end()) return;
    if (visible->second.empty() || visible->second[0] == '-' || visible->second == "NoDevFiles") {
        findings.add(wants_gpu ? State::problem : State::note, "CUDA_VISIBLE_DEVICES",
                     fmt::format("\"{}\" hides all GPUs", visible->second), "the numbers or UUIDs of GPUs",
                     "unset CUDA_VISIBLE_DEVICES");
    }
}

}  // namespace

Environment environment_of_process() {
    Environment all;
    for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
        const std::string_view text = *entry;
        const auto equals = text.find('=');
        if (equals == std::string_view::npos) continue;
        all.emplace(text.substr(0, equals), text.substr(equals + 1));  // the first one counts
    }
    return all;
}

std::string value_of(const Environment& environment, std::string_view name) {
    const auto found = environment.find(name);
    return found == environment.end() ? std::string() : found->second;
}

std::vector<Finding> check_environment(const Environment& environment) {
    Findings findings("environment");
    bool is_any_set = false;
    for (const auto& [name, value] : environment) {
        if (!name.starts_with("OPENNVSCI_")) continue;
        is_any_set = true;
        const bool is_known = std::any_of(variables().begin(), variables().end(),
                                          [&, &own = name](const Variable& variable) { return own == variable.name; });
        is_known ? check_value(findings, name, value) : check_name(findings, name);
    }
    if (!is_any_set) findings.ok("OPENNVSCI_...", "none is set");
    check_what_is_less(findings, environment);
    check_contradictions(findings, environment);
    return std::move(findings).take();
}

}  // namespace opennvsci::tool
