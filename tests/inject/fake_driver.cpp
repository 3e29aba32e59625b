// SPDX-License-Identifier: Apache-2.0
//
// Stands for a CUDA driver that is there, has every entry point, and answers each call with the number in the
// environment variable FAKE_DRIVER_ANSWER.
#include <cstdlib>

#include "base/cuda_entry_points.h"

#pragma GCC diagnostic ignored "-Wunused-parameter"
#pragma GCC visibility push(default)

namespace opennvsci::cu {

extern "C" {

#define OPENNVSCI_FAKE(name, symbol, version, presence, parameters)                                 \
    CUresult symbol parameters;                                                                     \
    CUresult symbol parameters {                                                                    \
        return static_cast<CUresult>(std::strtoul(std::getenv("FAKE_DRIVER_ANSWER"), nullptr, 10)); \
    }
OPENNVSCI_CUDA_ENTRY_POINTS(OPENNVSCI_FAKE)
#undef OPENNVSCI_FAKE

}  // extern "C"

}  // namespace opennvsci::cu
