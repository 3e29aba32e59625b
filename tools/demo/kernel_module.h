// SPDX-License-Identifier: Apache-2.0
//
// The kernels of the demo (kernels.ptx) in the hands of the driver, for devices that run kernels. All have the same
// parameters: two numbers of 64 bits, which are addresses mostly, and how many threads there is work for.
#pragma once

#include <cstdint>
#include <utility>

#include "driver.h"

namespace opennvsci::tool {

/// Translated for the device of the current context.
class KernelModule {
  public:
    /// Errors have the log of the driver's compiler.
    [[nodiscard]] static Result<KernelModule> load(const Driver& driver);
    KernelModule(KernelModule&& other) noexcept
        : driver_(other.driver_), handle_(std::exchange(other.handle_, nullptr)) {}
    ~KernelModule();
    [[nodiscard]] Result<> unload();

    /// Starts a kernel with at least `threads` threads.
    [[nodiscard]] Result<> launch(const char* name, cu::CUstream stream, std::uint64_t first, std::uint64_t second,
                                  std::uint32_t threads) const;

  private:
    KernelModule(const Driver& driver, cu::CUmodule handle) : driver_(driver), handle_(handle) {}

    const Driver& driver_;
    cu::CUmodule handle_;
};

/// The software device's memory is memory of the process, so its addresses are pointers.
template <class T>
[[nodiscard]] T* host_pointer(cu::CUdeviceptr address) {
    return reinterpret_cast<T*>(static_cast<std::uintptr_t>(address));
}

}  // namespace opennvsci::tool
