// SPDX-License-Identifier: Apache-2.0
//
// The names of the codes of nvscierror.h.
#pragma once

#include <cstdint>

namespace opennvsci::api {

/// The name of the enumerator, "NvSciError_BadParameter", or "unknown" for a number that is none. It lives for ever.
[[nodiscard]] const char* error_name(std::uint32_t code) noexcept;

}  // namespace opennvsci::api
