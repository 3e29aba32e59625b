// SPDX-License-Identifier: Apache-2.0
//
// Whether this process, and this thread, may call the device now. A process is uninitialised, initialising, ready, or
// the forked child of one of the latter two. Such a child is refused before any lock is taken: another thread of
// the parent may have held it at the fork.
//
// All tables of the device are created once and never destroyed: programs call in from static destructors, and
// stream workers still run while the process exits.
#pragma once

#include "softcuda/abi.h"

namespace opennvsci::softcuda {

/// cuInit: creates the devices. Calling it again succeeds. NOT_INITIALIZED in a forked child, and if the machine file
/// cannot be used, which is then read again by the next call.
[[nodiscard]] CUresult initialise(unsigned flags);

/// SUCCESS if this thread may call; else NOT_INITIALIZED, or NOT_PERMITTED inside a host function.
[[nodiscard]] CUresult check_callable() noexcept;

/// While one exists, its thread runs a host function of a stream and may not call the device.
class HostFunctionScope {
  public:
    HostFunctionScope() noexcept;
    ~HostFunctionScope();
    HostFunctionScope(const HostFunctionScope&) = delete;
    HostFunctionScope& operator=(const HostFunctionScope&) = delete;
};

}  // namespace opennvsci::softcuda
