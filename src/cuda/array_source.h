// SPDX-License-Identifier: Apache-2.0
//
// ArraySource: an allocation as the driver's own external memory, the only thing that it maps arrays from. The driver's
// import is made when the first array is asked for, by way of a file descriptor, in the context of the external memory,
// and goes with this object. Arrays are the driver's: the program frees them with cuMipmappedArrayDestroy, also after
// the external memory.
//
// The driver crashes when an import is destroyed after its context (driver-facts.md F25), so that is not done;
// the context took the import along.
// Thread-safe.
#pragma once

#include <mutex>

#include "base/cuda_abi.h"
#include "driver/context_watch.h"
#include "memory/allocation.h"

namespace opennvsci::cuda {

class ArraySource {
  public:
    /// For an allocation that outlives this object.
    ArraySource(const driver::ContextWatch& context, memory::Allocation& allocation)
        : context_(context), allocation_(allocation) {}
    ArraySource(const ArraySource&) = delete;
    ArraySource& operator=(const ArraySource&) = delete;
    ~ArraySource();

    /// An array of the context, whatever is current. Errors: INVALID_CONTEXT if the context is gone, NOT_SUPPORTED for
    /// memory that the driver cannot map arrays in, or the driver's.
    [[nodiscard]] Result<cu::CUmipmappedArray> map(const cu::CUDA_EXTERNAL_MEMORY_MIPMAPPED_ARRAY_DESC& desc);

  private:
    [[nodiscard]] Result<cu::CUmipmappedArray> map_in_context(
        const cu::CUDA_EXTERNAL_MEMORY_MIPMAPPED_ARRAY_DESC& desc);
    [[nodiscard]] Result<> import();

    const driver::ContextWatch& context_;
    memory::Allocation& allocation_;
    std::mutex mutex_;
    cu::CUexternalMemory imported_ = nullptr;
};

}  // namespace opennvsci::cuda
