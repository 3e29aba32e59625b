// SPDX-License-Identifier: Apache-2.0
#include "driver/software_device.h"

#include <dlfcn.h>

#include <string_view>

namespace opennvsci::driver {

std::string software_device_folder() {
    Dl_info info{};
    if (::dladdr(reinterpret_cast<void*>(&software_device_folder), &info) == 0 || info.dli_fname == nullptr) return {};
    const std::string_view here = info.dli_fname;
    const auto slash = here.rfind('/');
    std::string folder(slash == std::string_view::npos ? "." : here.substr(0, slash));
    return folder += "/opennvsci/softcuda";
}

}  // namespace opennvsci::driver
