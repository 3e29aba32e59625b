// SPDX-License-Identifier: Apache-2.0
//
// What the version of a GPU's driver, and its devices, can and cannot, and what follows from it.
#pragma once

#include "doctor/driver_check.h"

namespace opennvsci::tool {

/// The facts of a GPU's driver that works.
void check_capabilities(Findings& findings, const DriverFacts& facts);

}  // namespace opennvsci::tool
