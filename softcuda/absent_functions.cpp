// SPDX-License-Identifier: Apache-2.0
#include "softcuda/absent_functions.h"

#include <array>
#include <atomic>
#include <cstdio>

#include "base/log.h"
#include "softcuda/entry.h"

namespace opennvsci::softcuda {
namespace {

CUresult absent(const char* symbol, std::atomic_flag& is_said) noexcept {
    if (!is_said.test_and_set(std::memory_order_relaxed) && log::enabled(log::Level::notice)) {
        std::array<char, 192> text{};
        std::snprintf(text.data(), text.size(),
                      "the software CUDA device has no %s: it answers CUDA_ERROR_NOT_SUPPORTED (801)", symbol);
        log::write(log::Level::notice, text.data());
    }
    return CUDA_ERROR_NOT_SUPPORTED;
}

}  // namespace

// What a caller passes is not looked at, so one signature stands for all: in the calling conventions of this project's
// processors the caller puts arguments away and takes them back.
#define OPENNVSCI_DEFINE(symbol)                            \
    extern "C" OPENNVSCI_SOFTCUDA_EXPORT CUresult symbol(); \
    CUresult symbol() {                                     \
        static std::atomic_flag is_said;                    \
        return absent(#symbol, is_said);                    \
    }
OPENNVSCI_SOFTCUDA_ABSENT_FUNCTIONS(OPENNVSCI_DEFINE)
#undef OPENNVSCI_DEFINE

}  // namespace opennvsci::softcuda
