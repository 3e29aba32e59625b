// SPDX-License-Identifier: Apache-2.0
//
// ObjectMappings: where devices see an object, for those who ask for no import of their own: one mapping for each
// context that asked. It holds the object, and all of it goes with its last owner: the handle of the object, and the
// tensors that were made of it. In a forked child, which owns none, it is left alone.
#pragma once

#include <list>
#include <memory>
#include <mutex>
#include <utility>

#include "base/cuda_abi.h"
#include "buf/object.h"
#include "driver/context_watch.h"

namespace opennvsci::cuda {

class ObjectMappings {
  public:
    explicit ObjectMappings(std::shared_ptr<buf::Object> object) noexcept : object_(std::move(object)) {}
    ObjectMappings(const ObjectMappings&) = delete;
    ObjectMappings& operator=(const ObjectMappings&) = delete;
    /// Waits for the work of each context, and of no other.
    ~ObjectMappings() = default;

    [[nodiscard]] const std::shared_ptr<buf::Object>& object() const noexcept { return object_; }

    /// Where the device of this ordinal sees the object: in the calling thread's current context, if it is of the
    /// device, else in the primary one, which then stays as long as the program uses the library. Thread-safe. Errors:
    /// INVALID_DEVICE; NOT_INITIALIZED in a forked child; those of ExternalMemory.
    [[nodiscard]] Result<cu::CUdeviceptr> pointer(unsigned ordinal);

    /// True if the device sees `size` bytes of the object at `address`, in some context that asked and is alive.
    /// Thread-safe. Errors: NOT_INITIALIZED in a forked child.
    [[nodiscard]] Result<bool> shows(unsigned ordinal, cu::CUdeviceptr address, std::uint64_t size);

  private:
    // Owns a pointer of MappedPointers.
    class Mapping {
      public:
        Mapping(const driver::ContextWatch& in, cu::CUdeviceptr mapped) noexcept : context(&in), pointer(mapped) {}
        Mapping(Mapping&& other) noexcept : context(other.context), pointer(std::exchange(other.pointer, 0)) {}
        Mapping& operator=(Mapping&&) = delete;
        ~Mapping();

        const driver::ContextWatch* context;
        cu::CUdeviceptr pointer;
    };
    [[nodiscard]] Result<> must_be_of_this_process() const;
    [[nodiscard]] cu::CUdeviceptr known_in(const driver::ContextWatch& context);
    [[nodiscard]] Result<cu::CUdeviceptr> pointer_in_current(const driver::Driver& driver);

    const std::shared_ptr<buf::Object> object_;
    std::mutex mutex_;
    std::list<Mapping> mappings_;
};

}  // namespace opennvsci::cuda
