// SPDX-License-Identifier: Apache-2.0
//
// MemoryGate holds streams up, of any context, until it is opened: by a wait for a word of memory, which works on every
// device. Opened at the latest when it ends, which waits for the calling thread's context.
#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>
#include <thread>

#include "driver/driver.h"

namespace opennvsci::test {

class MemoryGate {
  public:
    explicit MemoryGate(const driver::EntryPoints& cuda) : cuda_(cuda) {
        constexpr unsigned kFlags = cu::kMemHostAllocDeviceMap | cu::kMemHostAllocPortable;
        EXPECT_EQ(cuda_.cuMemHostAlloc(&memory_, 8, kFlags), cu::CUDA_SUCCESS);
        EXPECT_EQ(cuda_.cuMemHostGetDevicePointer(&address_, memory_, 0), cu::CUDA_SUCCESS);
        store(0);
    }
    MemoryGate(const MemoryGate&) = delete;
    MemoryGate& operator=(const MemoryGate&) = delete;
    ~MemoryGate() {
        open();
        EXPECT_EQ(cuda_.cuCtxSynchronize(), cu::CUDA_SUCCESS);
        EXPECT_EQ(cuda_.cuMemFreeHost(memory_), cu::CUDA_SUCCESS);
    }
    void hold(cu::CUstream stream) { EXPECT_EQ(cuda_.cuStreamWaitValue64(stream, address_, 1, 0), cu::CUDA_SUCCESS); }
    void open() { store(1); }

  private:
    void store(std::uint64_t value) { __atomic_store_n(static_cast<std::uint64_t*>(memory_), value, __ATOMIC_SEQ_CST); }
    const driver::EntryPoints& cuda_;
    void* memory_ = nullptr;
    cu::CUdeviceptr address_ = 0;
};

/// True if the stream still has work after a moment in which it could have done it.
inline bool is_held(const driver::EntryPoints& cuda, cu::CUstream stream) {
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
    return cuda.cuStreamQuery(stream) == cu::CUDA_ERROR_NOT_READY;
}

/// True if the stream comes to its end in some seconds: a stream that may hang is asked like this, not waited for.
inline bool comes_to_its_end(const driver::EntryPoints& cuda, cu::CUstream stream) {
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(10);
    while (cuda.cuStreamQuery(stream) == cu::CUDA_ERROR_NOT_READY) {
        if (std::chrono::steady_clock::now() > end) return false;
        std::this_thread::sleep_for(std::chrono::microseconds(200));
    }
    return cuda.cuStreamQuery(stream) == cu::CUDA_SUCCESS;
}

}  // namespace opennvsci::test
