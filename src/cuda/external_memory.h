// SPDX-License-Identifier: Apache-2.0
//
// ExternalMemory: an NvSciBuf object imported into a CUDA context. It holds the object, so the program may free its own
// handles in any order; an import maps nothing, each mapped buffer or array does. A mapping lives until it is freed,
// also after the external memory is destroyed.
#pragma once

#include <memory>

#include "base/cuda_abi.h"
#include "buf/object.h"
#include "cuda/array_source.h"
#include "driver/driver.h"

namespace opennvsci::cuda {

class ExternalMemory {
  public:
    /// Imports `object` into the calling thread's current context. `size` is what the descriptor says; mappings are
    /// limited to it. Errors: INVALID_VALUE for a size of 0 or beyond the object, INVALID_CONTEXT.
    [[nodiscard]] static Result<ExternalMemory> import(std::shared_ptr<buf::Object> object, unsigned long long size);

    /// Maps a window with the object's right and returns its device pointer, to be freed with free_mapped_pointer().
    /// Errors: INVALID_VALUE for a bad window or flags, NOT_SUPPORTED where the right cannot be enforced, or the
    /// driver's.
    [[nodiscard]] Result<cu::CUdeviceptr> map_buffer(const cu::CUDA_EXTERNAL_MEMORY_BUFFER_DESC& desc) const;

    /// Maps a plane, or any window of the object's tiled memory, as an array of one level, the driver's own, to be
    /// freed with cuMipmappedArrayDestroy. An array of a writable object can be bound to surfaces whether or not the
    /// flags ask for it. Errors: INVALID_VALUE for a bad description or one that does not fit, and for surfaces on a
    /// read-only object; NOT_SUPPORTED for a pitch-linear image and for memory without arrays; or the driver's.
    [[nodiscard]] Result<cu::CUmipmappedArray> map_array(
        const cu::CUDA_EXTERNAL_MEMORY_MIPMAPPED_ARRAY_DESC& desc) const;

  private:
    ExternalMemory(std::shared_ptr<buf::Object> object, const driver::Driver& driver, const driver::Device& device,
                   const driver::ContextIdentity& context, unsigned long long size)
        : object_(std::move(object)),
          driver_(&driver),
          device_(&device),
          context_(context.handle),
          size_(size),
          arrays_(std::make_unique<ArraySource>(driver, context, object_->allocation())) {}

    [[nodiscard]] Result<> check_array(const cu::CUDA_EXTERNAL_MEMORY_MIPMAPPED_ARRAY_DESC& desc) const;

    std::shared_ptr<buf::Object> object_;
    const driver::Driver* driver_;
    const driver::Device* device_;
    cu::CUcontext context_;  // compared, never followed: it may be destroyed
    unsigned long long size_;
    std::unique_ptr<ArraySource> arrays_;  // goes before the object, whose allocation it uses
};

}  // namespace opennvsci::cuda
