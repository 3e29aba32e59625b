// SPDX-License-Identifier: Apache-2.0
//
// Whether a program's calls of CUDA reach OpenNvSci: those that it makes by the driver's names, for which the order of
// libraries decides, and those that the CUDA runtime and others look up with dlsym (docs/porting.md).
#pragma once

#include "doctor/program.h"

namespace opennvsci::tool {

void check_cuda_reach(Findings& findings, const ProgramFacts& facts);

}  // namespace opennvsci::tool
