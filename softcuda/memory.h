// SPDX-License-Identifier: Apache-2.0
//
// Memory that a context owns: cuMemAlloc, and host memory allocated or registered. Device memory is ordinary memory of
// this process, counted against the device's budget. Freeing it waits for the work of the owning context and for every
// copy that uses it.
#pragma once

#include <cstddef>

#include "softcuda/abi.h"
#include "softcuda/context.h"

namespace opennvsci::softcuda {

[[nodiscard]] CUresult allocate_device_memory(const Context& context, std::size_t size, CUdeviceptr& pointer);

/// Frees memory of allocate_device_memory or a mapped buffer of external memory, of any context.
[[nodiscard]] CUresult free_device_memory(CUdeviceptr pointer);

[[nodiscard]] CUresult allocate_host_memory(const Context& context, std::size_t size, unsigned flags, void*& pointer);
[[nodiscard]] CUresult free_host_memory(void* pointer);

/// The program's own memory, which must be mapped now, and writable unless the flags say READ_ONLY.
[[nodiscard]] CUresult register_host_memory(const Context& context, void* pointer, std::size_t size, unsigned flags);
[[nodiscard]] CUresult unregister_host_memory(void* pointer);

/// The device address of host memory: the same number, if the device knows it.
[[nodiscard]] CUresult host_device_pointer(const void* pointer, unsigned flags, CUdeviceptr& device_pointer);

/// The allocation, registration or mapping that holds `pointer`; NOT_FOUND if there is none.
[[nodiscard]] CUresult address_range(CUdeviceptr pointer, CUdeviceptr& base, std::size_t& size);

[[nodiscard]] CUresult pointer_attribute(CUpointer_attribute attribute, CUdeviceptr pointer, void* value);
/// The value of an attribute for a pointer that has none: zero. INVALID_VALUE for an attribute that is not known.
[[nodiscard]] CUresult no_pointer_attribute(CUpointer_attribute attribute, void* value);

}  // namespace opennvsci::softcuda
