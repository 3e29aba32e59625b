// SPDX-License-Identifier: Apache-2.0
//
// How the functions of nvscicuda.h pass a handle that is not ours on to the driver.
#pragma once

#include "api/call.h"
#include "driver/driver.h"

namespace opennvsci::api {

/// Passes a call for a handle or pointer that is not ours to the driver, and its answer back as it is.
template <class Call>
[[nodiscard]] cu::CUresult forward(std::string_view function, Call&& call) {
    cu::CUresult answer = cu::CUDA_SUCCESS;
    const cu::CUresult result = cuda_call(function, [&]() -> Result<> {
        OPENNVSCI_TRY_ASSIGN(driver, driver::instance());
        answer = call(driver->call);
        return {};
    });
    return result != cu::CUDA_SUCCESS ? result : answer;
}

}  // namespace opennvsci::api
