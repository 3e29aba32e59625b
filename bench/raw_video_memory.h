// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "fixture.h"

namespace opennvsci::bench {

/// Cleared video memory of device 0, by the shortest sequence of the driver's calls: create, map, clear, wait, unmap.
class RawVideoMemory {
  public:
    /// `size` is rounded up to the driver's granularity.
    RawVideoMemory(std::size_t size, bool compressible) {
        prop_.type = cu::CU_MEM_ALLOCATION_TYPE_PINNED;
        prop_.requestedHandleTypes = cu::CU_MEM_HANDLE_TYPE_POSIX_FILE_DESCRIPTOR;
        prop_.location = {cu::CU_MEM_LOCATION_TYPE_DEVICE, driver_.devices.front().handle};
        if (compressible) prop_.allocFlags.compressionType = cu::CU_MEM_ALLOCATION_COMP_GENERIC;
        std::size_t granularity = 0;
        BENCH_CHECK(call_.cuMemGetAllocationGranularity(&granularity, &prop_, cu::CU_MEM_ALLOC_GRANULARITY_MINIMUM));
        size_ = (size + granularity - 1) / granularity * granularity;
    }

    /// Needs a current context.
    [[nodiscard]] cu::CUmemGenericAllocationHandle make() const {
        const cu::CUmemAccessDesc access{prop_.location, cu::CU_MEM_ACCESS_FLAGS_PROT_READWRITE};
        cu::CUmemGenericAllocationHandle memory = 0;
        cu::CUdeviceptr pointer = 0;
        cu::CUstream stream = nullptr;
        BENCH_CHECK(call_.cuMemCreate(&memory, size_, &prop_, 0));
        BENCH_CHECK(call_.cuMemAddressReserve(&pointer, size_, 0, 0, 0));
        BENCH_CHECK(call_.cuMemMap(pointer, size_, 0, memory, 0));
        BENCH_CHECK(call_.cuMemSetAccess(pointer, size_, &access, 1));
        BENCH_CHECK(call_.cuStreamCreate(&stream, cu::CU_STREAM_NON_BLOCKING));
        BENCH_CHECK(call_.cuMemsetD8Async(pointer, 0, size_, stream));
        BENCH_CHECK(call_.cuStreamSynchronize(stream));
        BENCH_CHECK(call_.cuStreamDestroy(stream));
        BENCH_CHECK(call_.cuMemUnmap(pointer, size_));
        BENCH_CHECK(call_.cuMemAddressFree(pointer, size_));
        return memory;
    }
    void free(cu::CUmemGenericAllocationHandle memory) const { BENCH_CHECK(call_.cuMemRelease(memory)); }

  private:
    const driver::Driver& driver_ = loaded_driver();
    const driver::EntryPoints& call_ = driver_.call;
    cu::CUmemAllocationProp prop_{};
    std::size_t size_ = 0;
};

}  // namespace opennvsci::bench
