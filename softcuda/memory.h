// SPDX-License-Identifier: Apache-2.0
//
// Memory that a context owns: cuMemAlloc, managed memory, and host memory allocated or registered. Device memory is
// ordinary memory of this process, counted against the device's budget. Freeing it waits for the work of the owning
// context and for every copy that uses it.
#pragma once

#include <cstddef>

#include "softcuda/abi.h"
#include "softcuda/context.h"

namespace opennvsci::softcuda {

[[nodiscard]] CUresult allocate_device_memory(const Context& context, std::size_t size, CUdeviceptr& pointer);

/// Memory that the CPU may use by the same address. It is not counted: there may be more than the device's budget.
[[nodiscard]] CUresult allocate_managed_memory(const Context& context, std::size_t size, unsigned flags,
                                               CUdeviceptr& pointer);

/// Frees memory of the two above or a mapped buffer of external memory, of any context.
[[nodiscard]] CUresult free_device_memory(CUdeviceptr pointer);

[[nodiscard]] CUresult allocate_host_memory(const Context& context, std::size_t size, unsigned flags, void*& pointer);
[[nodiscard]] CUresult free_host_memory(void* pointer);

/// The program's own memory, which must be mapped now, and writable unless the flags say READ_ONLY.
[[nodiscard]] CUresult register_host_memory(const Context& context, void* pointer, std::size_t size, unsigned flags);
[[nodiscard]] CUresult unregister_host_memory(void* pointer);

/// The device address of host memory: the same number, if the device knows it.
[[nodiscard]] CUresult host_device_pointer(const void* pointer, unsigned flags, CUdeviceptr& device_pointer);

/// The flags of host memory, allocated or registered, or of managed memory; INVALID_VALUE for other memory.
[[nodiscard]] CUresult host_flags(const void* pointer, unsigned& flags);

}  // namespace opennvsci::softcuda
