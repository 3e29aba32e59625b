// SPDX-License-Identifier: Apache-2.0
//
// ArraySource: an allocation as the driver's own external memory, the only thing that it maps arrays from. The driver's
// import is made when the first array is asked for, by way of a file descriptor, and goes with this object. Arrays are
// the driver's: the program frees them with cuMipmappedArrayDestroy, also after the external memory.
//
// The driver crashes when an import is destroyed after its context (measured: H100, driver 580), so that is not done;
// the context took the import along.
// Thread-safe.
#pragma once

#include <mutex>

#include "base/cuda_abi.h"
#include "driver/driver.h"
#include "memory/allocation.h"

namespace opennvsci::cuda {

class ArraySource {
  public:
    /// For an allocation that outlives this object.
    ArraySource(const driver::Driver& driver, driver::ContextIdentity context, memory::Allocation& allocation)
        : driver_(driver), context_(context), allocation_(allocation) {}
    ArraySource(const ArraySource&) = delete;
    ArraySource& operator=(const ArraySource&) = delete;
    ~ArraySource();

    /// Errors: INVALID_CONTEXT if the context of the external memory is gone, NOT_SUPPORTED for memory that the driver
    /// cannot map arrays in, or the driver's.
    [[nodiscard]] Result<cu::CUmipmappedArray> map(const cu::CUDA_EXTERNAL_MEMORY_MIPMAPPED_ARRAY_DESC& desc);

  private:
    [[nodiscard]] Result<> import();

    const driver::Driver& driver_;
    const driver::ContextIdentity context_;
    memory::Allocation& allocation_;
    std::mutex mutex_;
    cu::CUexternalMemory imported_ = nullptr;
};

}  // namespace opennvsci::cuda
