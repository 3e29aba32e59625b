// SPDX-License-Identifier: Apache-2.0
#include "driver/software_device.h"

#include <dlfcn.h>

#include <string_view>

namespace opennvsci::driver {
namespace {

// The folder that holds libopennvsci; empty if it cannot be found.
std::string library_folder() {
    Dl_info info{};
    if (::dladdr(reinterpret_cast<void*>(&library_folder), &info) == 0 || info.dli_fname == nullptr) return {};
    const std::string_view here = info.dli_fname;
    const auto slash = here.rfind('/');
    return std::string(slash == std::string_view::npos ? "." : here.substr(0, slash));
}

}  // namespace

std::string software_device_folder() {
    const std::string folder = library_folder();
    return folder.empty() ? folder : folder + "/opennvsci/softcuda";
}

}  // namespace opennvsci::driver
