// SPDX-License-Identifier: Apache-2.0
//
// ExternalMemory: an NvSciBuf object imported into a CUDA context. It holds the object, so the program may free its own
// handles in any order; an import maps nothing, each mapped buffer or array does. What is mapped belongs to the context
// of the import, whatever context is current at the mapping: it lives until it is freed, also after the external memory
// is destroyed, or until this context is destroyed.
#pragma once

#include <memory>

#include "base/cuda_abi.h"
#include "base/since.h"
#include "buf/object.h"
#include "cuda/array_source.h"
#include "driver/context_watch.h"

namespace opennvsci::cuda {

class ExternalMemory {
  public:
    /// Imports `object` into the calling thread's current context. `size` is what the descriptor says; mappings are
    /// limited to it. Errors: INVALID_VALUE for a size of 0 or beyond the object, INVALID_CONTEXT.
    [[nodiscard]] static Result<ExternalMemory> import(std::shared_ptr<buf::Object> object, unsigned long long size);

    /// Maps a window with the object's right and returns its device pointer, to be freed with MappedPointers::free().
    /// Errors: INVALID_VALUE for a bad window or flags, INVALID_CONTEXT if the context of the import is gone,
    /// NOT_SUPPORTED where the right cannot be enforced, or the driver's.
    [[nodiscard]] Result<cu::CUdeviceptr> map_buffer(const cu::CUDA_EXTERNAL_MEMORY_BUFFER_DESC& desc) const;

    /// Maps a plane, or any window of the object's tiled memory, as an array of one level, the driver's own, to be
    /// freed with cuMipmappedArrayDestroy. An array of a writable object can be bound to surfaces whether or not the
    /// flags ask for it. A read-only image can be bound to textures only; copies into its array the
    /// driver cannot refuse, which is said once. Errors: INVALID_VALUE for a bad description or one that does not fit,
    /// and for surfaces on a read-only object; INVALID_CONTEXT if the context of the import is gone; NOT_SUPPORTED for
    /// a pitch-linear image, for a read-only object that is no image, and for memory without arrays; or the driver's.
    [[nodiscard]] Result<cu::CUmipmappedArray> map_array(
        const cu::CUDA_EXTERNAL_MEMORY_MIPMAPPED_ARRAY_DESC& desc) const;

    [[nodiscard]] const buf::Object& object() const noexcept { return *object_; }
    [[nodiscard]] const driver::Device& device() const noexcept { return context_->device(); }
    [[nodiscard]] const Since& since() const noexcept { return since_; }

  private:
    ExternalMemory(std::shared_ptr<buf::Object> object, const driver::ContextWatch& context, unsigned long long size)
        : object_(std::move(object)),
          context_(&context),
          size_(size),
          arrays_(std::make_unique<ArraySource>(context, object_->allocation())) {}

    [[nodiscard]] std::string describe_mapping(cu::CUdeviceptr pointer, unsigned long long size) const;
    [[nodiscard]] Result<> check_array(const cu::CUDA_EXTERNAL_MEMORY_MIPMAPPED_ARRAY_DESC& desc) const;

    std::shared_ptr<buf::Object> object_;
    const driver::ContextWatch* context_;
    unsigned long long size_;
    Since since_;
    std::unique_ptr<ArraySource> arrays_;  // goes before the object, whose allocation it uses
};

}  // namespace opennvsci::cuda
