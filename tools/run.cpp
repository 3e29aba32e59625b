// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include "commands.h"
#include "device_choice.h"
#include "library_folder.h"

namespace opennvsci::tool {
namespace {

void put_in_front(const char* variable, std::string value) {
    const char* old_value = std::getenv(variable);
    if (old_value != nullptr && *old_value != '\0') value += ":" + std::string(old_value);
    ::setenv(variable, value.c_str(), 1);
}

// The dynamic linker splits its variables at blanks, colons and semicolons and puts something else in the place of
// $ORIGIN and its like; nothing escapes any of that.
Result<> check_name(const std::string& folder) {
    const auto at = folder.find_first_of(" :;$");
    if (at == std::string::npos) return {};
    return fail(
        fmt::format("the dynamic linker cannot be told of {}: no path there may have a '{}'", folder, folder[at]));
}

// Whether programs find the library without a word about its folder: where /etc/ld.so.conf leads, or the environment.
// The dynamic linker itself is asked, which lists what it would load into a program that has no search path of its own.
bool is_found_anyway(const std::string& folder) {
    const auto library = fmt::format("{}/libopennvsci.so.0", folder);
    FILE* const list = ::popen("LD_TRACE_LOADED_OBJECTS=1 LD_PRELOAD=libopennvsci.so.0 /bin/sh -c : 2>/dev/null", "r");
    if (list == nullptr) return false;
    bool is_found = false;
    std::array<char, 8192> line{};
    while (std::fgets(line.data(), line.size(), list) != nullptr) {
        // A line is "	libopennvsci.so.0 => /usr/lib/libopennvsci.so.0 (0x00007f0000000000)".
        const std::string_view text = line.data();
        const auto begin = text.find("=> ");
        const auto end = text.rfind(" (");
        if (begin == std::string_view::npos || end == std::string_view::npos || end < begin) continue;
        std::error_code status;
        is_found = is_found || std::filesystem::equivalent(text.substr(begin + 3, end - begin - 3), library, status);
    }
    ::pclose(list);
    return is_found;
}

// Whatever the program links is found. A folder of the system is left out of the variable, which would put all that it
// has before what programs name themselves.
void make_libraries_findable() {
    const std::string folder = library_folder();
    if (!folder.empty() && !is_found_anyway(folder)) put_in_front("LD_LIBRARY_PATH", folder);
}

// The interposer comes before everything else that is preloaded: other tools for CUDA then stand between it and the
// driver, and see the calls that are left for the driver. The address sanitizer of gcc wants to be the first library
// and gives up otherwise, although the second place serves it as well.
Result<> preload_interposer() {
    std::error_code status;
    const auto library = std::filesystem::canonical(library_folder() + "/libopennvsci-interpose.so.0", status);
    if (status) {
        return fail(fmt::format("the interposer is not installed: there is no {}/{}", library_folder(),
                                "libopennvsci-interpose.so.0"));
    }
    put_in_front("LD_PRELOAD", library.string());
    put_in_front("ASAN_OPTIONS", "verify_asan_link_order=0");
    return {};
}

// The programs' libcuda.so.1 shall be the software device: its folder goes to the front of the search path.
Result<> use_software_device() {
    std::error_code status;
    const auto folder = std::filesystem::canonical(software_device_folder(), status);
    if (status || !std::filesystem::exists(folder / "libcuda.so.1", status)) {
        return fail(fmt::format("the software device is not installed: there is no {}/{}", software_device_folder(),
                                "libcuda.so.1"));
    }
    put_in_front("LD_LIBRARY_PATH", folder.string());
    return {};
}

// What the library would choose, which it tells itself. A driver that is there and fails is the program's to see.
bool is_for_software_device() {
    const char* const variable = std::getenv("OPENNVSCI_DEVICE");
    const std::string_view wanted = variable != nullptr ? variable : "";
    if (wanted == "gpu" || wanted == "soft") return wanted == "soft";  // no need to start the driver here
    const auto driver = driver_in_use();
    return driver && (*driver)->isSoftware;
}

}  // namespace

Error run(const RunOptions& options) {
    if (!options.device.empty()) ::setenv("OPENNVSCI_DEVICE", options.device.c_str(), 1);
    if (auto named = check_name(library_folder()); !named) return std::move(named).error();
    const bool is_soft = is_for_software_device();
    if (auto preloaded = preload_interposer(); !preloaded) return std::move(preloaded).error();
    make_libraries_findable();
    if (is_soft) {
        if (auto used = use_software_device(); !used) return std::move(used).error();
        ::setenv("OPENNVSCI_DEVICE", "soft", 1);
    }

    std::vector<std::string> words = options.command;
    std::vector<char*> arguments;
    for (std::string& word : words)
        arguments.push_back(word.data());
    arguments.push_back(nullptr);
    ::execvp(arguments[0], arguments.data());
    return {fmt::format("cannot start {}: {}", options.command[0], std::strerror(errno)), {}};
}

}  // namespace opennvsci::tool
