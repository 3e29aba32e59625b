// SPDX-License-Identifier: Apache-2.0
//
// The functions of the CUDA driver that the tool calls, from the driver that the library uses.
#pragma once

#include "driver_abi.h"
#include "opennvsci.h"
#include "result.h"

namespace opennvsci::tool {

/// The CUDA driver of this process.
struct Driver {
    const OpenNvSciDriver& description;
    cu::EntryPoints call;  ///< none is null

    /// The driver that the library uses. Errors: the library's reason why there is none; a function that the driver
    /// does not have.
    [[nodiscard]] static Result<Driver> load();
};

}  // namespace opennvsci::tool
