// SPDX-License-Identifier: Apache-2.0
#include "doctor/own_libraries.h"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <system_error>
#include <utility>

#include "doctor/elf_file.h"
#include "doctor/input_file.h"
#include "doctor/load_order.h"
#include "library_folder.h"

namespace opennvsci::tool {
namespace {

constexpr std::size_t kMostNames = 65536;  // in a folder that is looked through

std::vector<std::string> nvsci_libraries_in(const std::string& folder) {
    std::vector<std::string> names;
    std::error_code status;
    std::size_t count = 0;
    for (std::filesystem::directory_iterator at(folder, status), end; !status && at != end && count < kMostNames;
         at.increment(status), ++count) {
        std::string name = at->path().filename().string();
        if (is_nvsci_library(name)) names.push_back(std::move(name));
    }
    std::sort(names.begin(), names.end());
    return names;
}

bool is_same_file(const std::string& one, const std::string& other) {
    std::error_code status;
    return std::filesystem::equivalent(one, other, status) && !status;
}

Preloaded look_at_preloaded(const std::string& name, const LibrarySearch& search, const OwnLibraries& own) {
    Preloaded preloaded{name, "", {}, false};
    const auto found = search.find(name);
    if (!found) return preloaded;
    preloaded.path = found->path;
    preloaded.is_own = is_same_file(found->path, own.folder + "/libopennvsci-interpose.so.0");
    const auto file = read_elf_file(found->path);
    if (!file || preloaded.is_own) return preloaded;
    for (const std::string& symbol : file->defined) {
        if (symbol == "dlsym" || own.interposed.contains(symbol)) preloaded.stands_before.push_back(symbol);
    }
    return preloaded;
}

}  // namespace

bool is_nvsci_library(std::string_view file_name) {
    constexpr std::string_view kNames[] = {"libnvscibuf", "libnvscisync",   "libnvsciipc", "libnvscievent",
                                           "libnvscivk",  "libnvscicommon", "libopennvsci"};
    return std::any_of(std::begin(kNames), std::end(kNames),
                       [&](std::string_view name) { return is_library(file_name, name); });
}

bool is_part_of_nvsci(std::string_view file_name) {
    return is_nvsci_library(file_name) || is_library(file_name, "libopennvsci-interpose");
}

OwnLibraries look_at_own_libraries() {
    OwnLibraries own;
    own.folder = library_folder();
    for (const std::string& name : nvsci_libraries_in(own.folder)) {
        const auto file = read_elf_file(own.folder + "/" + name);
        if (!file || file->name != name) continue;
        own.names.insert(name);
        own.functions.insert(file->defined.begin(), file->defined.end());
    }
    if (const auto interposer = read_elf_file(own.folder + "/libopennvsci-interpose.so.0")) {
        own.has_interposer = true;
        for (const std::string& symbol : interposer->defined) {
            if (symbol.starts_with("cu")) own.interposed.insert(symbol);
        }
    }
    own.has_software_device = is_for_this_machine(software_device_folder() + "/libcuda.so.1");
    return own;
}

Namesake namesake(const std::string& name, const FoundLibrary& found, const OwnLibraries& own) {
    Namesake made{name, found.path, found.by, is_same_file(found.path, own.folder + "/" + name), false};
    if (made.is_own) return made;
    const auto file = read_elf_file(found.path);
    if (!file) return made;
    const auto is_ours = [](const std::string& needed) { return is_library(needed, "libopennvsci"); };
    // libnvscicommon needs nothing, and has nothing that could be wrong.
    made.is_copy = is_library(file->name, "libopennvsci") || is_library(name, "libnvscicommon") ||
                   std::any_of(file->needed.begin(), file->needed.end(), is_ours);
    return made;
}

std::vector<std::string> preloaded_names() {
    const char* const variable = std::getenv("LD_PRELOAD");
    std::vector<std::string> names;
    for (const std::string& list :
         {std::string(variable != nullptr ? variable : ""), start_of_file("/etc/ld.so.preload")}) {
        for (std::string& name : folders_of(list, "", ": \t\n")) {
            if (!name.empty()) names.push_back(std::move(name));
        }
    }
    return names;
}

LibraryFacts look_at_libraries(const LibrarySearch& search) {
    LibraryFacts facts;
    facts.own = look_at_own_libraries();
    for (const std::string& name : facts.own.names) {
        const auto found = search.find(name);
        facts.namesakes.push_back(found ? namesake(name, *found, facts.own) : Namesake{name, "", "", false, false});
    }
    for (const std::string& name : preloaded_names())
        facts.preloaded.push_back(look_at_preloaded(name, search, facts.own));
    const char* const variable = std::getenv("LD_LIBRARY_PATH");
    facts.environment_folders = variable != nullptr ? variable : "";
    for (const std::string& folder : folders_of(facts.environment_folders, "", ":;")) {
        if (folder.find("stubs") != std::string::npos && is_for_this_machine(folder + "/libcuda.so.1"))
            facts.stubs.push_back(folder);
        for (const std::string& name : nvsci_libraries_in(folder)) {
            if (facts.own.names.contains(name)) continue;  // looked at above
            Namesake other = namesake(name, {folder + "/" + name, "LD_LIBRARY_PATH"}, facts.own);
            if (!other.is_own && !other.is_copy) facts.in_environment.push_back(std::move(other));
        }
    }
    return facts;
}

}  // namespace opennvsci::tool
