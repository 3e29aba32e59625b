// SPDX-License-Identifier: Apache-2.0
//
// CUDA arrays: planes of elements, or single rows of them, in the block-linear layout of base/block_linear.h, with
// storage of one of three kinds. An array that was created has memory of this process, counted against the device's
// budget. One that was mapped from external memory is a window into that allocation and holds it. One created with
// deferred mapping has requirements, but no storage: nothing can be copied to or from it.
//
// A mipmapped array has one level here, an array of its own that shares its life. A context owns the handles of both.
// Work holds the array that it uses, so destroying an array never waits: its storage goes with the last work.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>

#include "base/block_linear.h"
#include "softcuda/abi.h"
#include "softcuda/allocation.h"
#include "softcuda/device.h"
#include "softcuda/handle_table.h"
#include "softcuda/mapping.h"
#include "softcuda/stream.h"

namespace opennvsci::softcuda {

class Context;
class ExternalMemory;

class Array {
  public:
    /// Whose handle destroys it.
    enum class Part { itself, level };

    /// INVALID_VALUE for what no device has, NOT_SUPPORTED for what this one has not: 3D, layered and sparse arrays,
    /// and deferred mapping of 1D ones.
    [[nodiscard]] static CUresult create(const Context& context, const CUDA_ARRAY3D_DESCRIPTOR& desc, Part part,
                                         std::shared_ptr<Array>& array);
    /// Refuses like create, and 1D arrays too (driver-facts.md F20); INVALID_VALUE also if the plane does not fit at
    /// the offset, or does not begin at a GOB.
    [[nodiscard]] static CUresult map(const Context& context, const ExternalMemory& memory, std::uint64_t offset,
                                      const CUDA_ARRAY3D_DESCRIPTOR& desc, std::shared_ptr<Array>& array);

    [[nodiscard]] ContextId context() const noexcept { return context_; }
    [[nodiscard]] Part part() const noexcept { return part_; }
    [[nodiscard]] const CUDA_ARRAY3D_DESCRIPTOR& description() const noexcept { return desc_; }
    [[nodiscard]] const block_linear::Layout& layout() const noexcept { return layout_; }
    [[nodiscard]] std::size_t element_size() const noexcept { return element_size_; }
    /// One for an array of one dimension, whose height is 0.
    [[nodiscard]] std::size_t rows() const noexcept { return rows_of(desc_); }
    /// The first byte of the plane; null while mapping is deferred.
    [[nodiscard]] void* storage() const noexcept { return storage_; }

    /// INVALID_VALUE unless mapping is deferred.
    [[nodiscard]] CUresult requirements(CUDA_ARRAY_MEMORY_REQUIREMENTS& requirements) const noexcept;

  private:
    [[nodiscard]] static std::size_t rows_of(const CUDA_ARRAY3D_DESCRIPTOR& desc) noexcept {
        return desc.Height != 0 ? desc.Height : 1;
    }

    Array(ContextId context, Part part, const CUDA_ARRAY3D_DESCRIPTOR& desc) noexcept
        : context_(context), part_(part), desc_(desc) {}

    /// Checks the description and works out layout and element size.
    [[nodiscard]] static CUresult describe(const Context& context, Part part, const CUDA_ARRAY3D_DESCRIPTOR& desc,
                                           std::shared_ptr<Array>& array);

    const ContextId context_;
    const Part part_;
    const CUDA_ARRAY3D_DESCRIPTOR desc_;
    std::size_t element_size_ = 0;
    block_linear::Layout layout_{};
    std::shared_ptr<Allocation> allocation_;  // of a mapped array
    MemoryCharge charge_;                     // of one with memory of its own
    Mapping mapping_;
    void* storage_ = nullptr;
};

class MipmappedArray {
  public:
    MipmappedArray(std::shared_ptr<Array> level, CUarray handle) noexcept : level_(std::move(level)), handle_(handle) {}

    [[nodiscard]] ContextId context() const noexcept { return level_->context(); }
    [[nodiscard]] const Array& level() const noexcept { return *level_; }
    [[nodiscard]] CUarray level_handle() const noexcept { return handle_; }

  private:
    const std::shared_ptr<Array> level_;
    const CUarray handle_;
};

[[nodiscard]] CUresult create_array(const Context& context, const CUDA_ARRAY3D_DESCRIPTOR& desc, CUarray& handle);

/// INVALID_VALUE for the level of a mipmapped array, which goes with that.
[[nodiscard]] CUresult destroy_array(CUarray handle);

/// NOT_SUPPORTED if the number of levels, after CUDA has limited it to what the plane's size allows, is not 1.
[[nodiscard]] CUresult create_mipmapped_array(const Context& context, const CUDA_ARRAY3D_DESCRIPTOR& desc,
                                              unsigned levels, CUmipmappedArray& handle);
[[nodiscard]] CUresult map_mipmapped_array(const Context& context, CUexternalMemory memory,
                                           const CUDA_EXTERNAL_MEMORY_MIPMAPPED_ARRAY_DESC& desc,
                                           CUmipmappedArray& handle);
[[nodiscard]] CUresult destroy_mipmapped_array(CUmipmappedArray handle);

/// INVALID_VALUE for a null handle, INVALID_HANDLE for one that is not live.
[[nodiscard]] CUresult find_array(CUarray handle, std::shared_ptr<Array>& array);
[[nodiscard]] CUresult find_mipmapped_array(CUmipmappedArray handle, std::shared_ptr<MipmappedArray>& array);

/// Takes the arrays of a context that is being destroyed out of their tables.
void drop_arrays_of(ContextId context);

}  // namespace opennvsci::softcuda
