// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>

#include "commands.h"
#include "driver/software_device.h"

namespace opennvsci::tool {
namespace {

// The programs' libcuda.so.1 shall be the software device: its folder goes to the front of the search path.
Result<> use_software_device() {
    std::error_code status;
    const auto folder = std::filesystem::canonical(driver::software_device_folder(), status);
    if (status || !std::filesystem::exists(folder / "libcuda.so.1", status)) {
        return fail(NvSciError_NoSuchEntry, fmt::format("the software device is not installed: there is no {}/{}",
                                                        driver::software_device_folder(), "libcuda.so.1"));
    }
    std::string path = folder.string();
    const char* old_path = std::getenv("LD_LIBRARY_PATH");
    if (old_path != nullptr && *old_path != '\0') path += fmt::format(":{}", old_path);
    ::setenv("LD_LIBRARY_PATH", path.c_str(), 1);
    return {};
}

}  // namespace

Error run(const RunOptions& options) {
    if (options.device == "soft") {
        if (auto used = use_software_device(); !used) return std::move(used).error();
    }
    if (!options.device.empty()) ::setenv("OPENNVSCI_DEVICE", options.device.c_str(), 1);

    std::vector<std::string> words = options.command;
    std::vector<char*> arguments;
    for (std::string& word : words)
        arguments.push_back(word.data());
    arguments.push_back(nullptr);
    ::execvp(arguments[0], arguments.data());
    return {NvSciError_NoSuchEntry, cu::CUDA_ERROR_OPERATING_SYSTEM,
            fmt::format("cannot start {}: {}", options.command[0], std::strerror(errno))};
}

}  // namespace opennvsci::tool
