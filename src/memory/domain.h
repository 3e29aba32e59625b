// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

namespace opennvsci::memory {

/// Where bytes live. The numbers travel with reconciled lists.
enum class Domain : std::uint32_t {
    system = 0,         ///< system memory
    video = 1,          ///< the video memory of one GPU
    driver_system = 2,  ///< system memory that the driver of one GPU made, in which it can map arrays
};

[[nodiscard]] constexpr const char* domain_name(Domain domain) noexcept {
    constexpr const char* kNames[] = {"system memory", "video memory", "system memory of the driver"};
    return kNames[static_cast<std::uint32_t>(domain)];
}

}  // namespace opennvsci::memory
