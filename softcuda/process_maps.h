// SPDX-License-Identifier: Apache-2.0
//
// What the kernel knows about this process's own address space (/proc/self/maps).
#pragma once

#include <cstddef>
#include <cstdint>

#include "softcuda/abi.h"

namespace opennvsci::softcuda {

/// The protection (PROT_READ and so on) that holds on every byte of [base, base + size); INVALID_VALUE if a byte is not
/// mapped, OPERATING_SYSTEM if the kernel does not tell.
[[nodiscard]] CUresult protection_of(std::uintptr_t base, std::size_t size, int& protection);

}  // namespace opennvsci::softcuda
