// SPDX-License-Identifier: Apache-2.0
//
// How the functions of nvscicuda.h pass a handle that is not ours on to the driver, and what is remembered of its
// refusal, there and in the interposer.
#pragma once

#include "api/call.h"
#include "driver/driver.h"

namespace opennvsci::api {

/// By which functions a call comes here. What the driver answers to a call of its own function is between it and the
/// program.
enum class Entrance { nvscicuda, interposer };

/// Returns `answer`, the driver's to the call `function`; if it is no success, keeps it as the calling thread's last
/// failure, an expected one if the call came by the interposer. `freed` is the address that the call was to free, if it
/// was one: whoever takes an address inside a buffer of ours for the buffer's own is told so, and refused.
cu::CUresult remember_answer(Entrance entrance, std::string_view function, cu::CUresult answer,
                             cu::CUdeviceptr freed = 0) noexcept;

/// Passes a call for a handle or pointer that is not ours to the driver, and its answer back as it is.
template <class Call>
[[nodiscard]] cu::CUresult forward(std::string_view function, Call&& call, cu::CUdeviceptr freed = 0) {
    cu::CUresult answer = cu::CUDA_SUCCESS;
    const cu::CUresult result = cuda_call(function, [&]() -> Result<> {
        OPENNVSCI_TRY_ASSIGN(driver, driver::instance());
        answer = call(driver->call);
        return {};
    });
    return result != cu::CUDA_SUCCESS ? result : remember_answer(Entrance::nvscicuda, function, answer, freed);
}

}  // namespace opennvsci::api
