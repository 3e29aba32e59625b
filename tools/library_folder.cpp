// SPDX-License-Identifier: Apache-2.0
#include "library_folder.h"

#include <dlfcn.h>
#include <fmt/format.h>

#include <filesystem>
#include <system_error>

namespace opennvsci::tool {

std::string library_folder() {
    Dl_info info{};
    const void* function = ::dlsym(RTLD_DEFAULT, "opennvsciGetLastErrorText");
    if (function == nullptr || ::dladdr(function, &info) == 0 || info.dli_fname == nullptr) return {};
    std::error_code status;
    return std::filesystem::canonical(std::filesystem::path(info.dli_fname).parent_path(), status).string();
}

std::string software_device_folder() {
    return library_folder() + "/opennvsci/softcuda";
}

Result<std::filesystem::path> data_folder() {
    std::error_code status;
    const auto program = std::filesystem::read_symlink("/proc/self/exe", status);
    if (status) return fail(fmt::format("/proc/self/exe: {}", status.message()));
    return program.parent_path().parent_path() / "share/opennvsci";
}

}  // namespace opennvsci::tool
