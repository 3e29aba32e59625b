// SPDX-License-Identifier: Apache-2.0
#include "driver.h"

#include <dlfcn.h>
#include <fmt/format.h>

#include "device_choice.h"

namespace opennvsci::tool {

Result<Driver> Driver::load() {
    OPENNVSCI_TRY_ASSIGN(description, driver_in_use());
    void* library = ::dlopen(description->path, RTLD_NOW);  // the library has loaded it, and it stays
    if (library == nullptr) return fail(fmt::format("cannot load the CUDA driver: {}", ::dlerror()));
    Driver driver{*description, {}};
#define OPENNVSCI_LOAD(name, symbol, parameters)                                                             \
    driver.call.name = reinterpret_cast<decltype(driver.call.name)>(::dlsym(library, #symbol));              \
    if (driver.call.name == nullptr) {                                                                       \
        return fail(fmt::format("the CUDA driver {} is too old: it has no {}", description->path, #symbol)); \
    }
    OPENNVSCI_TOOL_ENTRY_POINTS(OPENNVSCI_LOAD)
#undef OPENNVSCI_LOAD
    return driver;
}

}  // namespace opennvsci::tool
