// SPDX-License-Identifier: Apache-2.0
//
// TestDevice: the CUDA device that the behaviour tests run on, a real GPU or the software device, with the few things a
// test does to memory: copy, and store from code that runs on the device (a kernel, or a host function that stands for
// one). Its own calls go past the hooks, so they are neither counted nor failed.
#pragma once

#include <span>
#include <vector>

#include "driver/driver.h"
#include "nvsci.h"

namespace opennvsci::test {

class TestDevice {
  public:
    /// Device 0, with its primary context; current on the calling thread from now on.
    static TestDevice& instance();
    /// The same, made current on the calling thread once more.
    static TestDevice& current() {
        instance().make_current();
        return instance();
    }

    [[nodiscard]] const driver::Driver& driver() const noexcept { return driver_; }
    [[nodiscard]] const driver::Device& device() const noexcept { return driver_.devices.front(); }
    [[nodiscard]] const driver::EntryPoints& cuda() const noexcept { return cuda_; }
    [[nodiscard]] NvSciRmGpuId gpu_id() const noexcept { return id_of(device()); }
    void make_current() const;

    /// Copies between host and device memory, through the calling thread's current context.
    [[nodiscard]] cu::CUresult write(cu::CUdeviceptr pointer, std::span<const unsigned char> bytes) const;
    [[nodiscard]] std::vector<unsigned char> read(cu::CUdeviceptr pointer, std::size_t size) const;

    /// Stores `value` at `pointer` by code on the device, after `delay_ms`, without waiting for it; in a stream of its
    /// own, or in `stream`, of the same context.
    void store_later(cu::CUdeviceptr pointer, std::uint32_t value, int delay_ms, cu::CUstream stream = nullptr);
    /// The same at once, and waits. On the software device a store to protected memory ends the process by SIGSEGV; on
    /// a GPU it gives ILLEGAL_ADDRESS and the context is lost.
    [[nodiscard]] cu::CUresult store(cu::CUdeviceptr pointer, std::uint32_t value);

    /// The kernel store(pointer, 32-bit value) in the calling thread's current context, of a GPU.
    [[nodiscard]] cu::CUfunction load_store_kernel() const;

  private:
    explicit TestDevice(const driver::Driver& driver);

    const driver::Driver& driver_;
    const driver::EntryPoints& cuda_;
    cu::CUcontext context_ = nullptr;
    cu::CUstream stream_ = nullptr;
    cu::CUfunction store_kernel_ = nullptr;
};

}  // namespace opennvsci::test
