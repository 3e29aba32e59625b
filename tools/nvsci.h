// SPDX-License-Identifier: Apache-2.0
//
// Owning types for the handles of NvSciBuf and of its import into CUDA, and the check of NvSci result codes. destroy()
// and free() report whether they worked; the destructors are for the ways out after a failure.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "driver_objects.h"
#include "nvscibuf.h"
#include "opennvsci.h"

namespace opennvsci::tool {

/// Success, or an Error that says which call failed, with which code, and the library's own words about it.
[[nodiscard]] Result<> check(NvSciError code, std::string_view call);

/// The value of a key as reports have it.
[[nodiscard]] std::string text_of(NvSciBufAttrKey key, std::span<const std::byte> value);
template <class Value>
[[nodiscard]] std::string text_of(NvSciBufAttrKey key, const Value& value) {
    return text_of(key, std::as_bytes(std::span(&value, 1)));
}

/// Every value of the key's type that has a name.
[[nodiscard]] std::span<const OpenNvSciEnumerator> enumerators_of(NvSciBufAttrKey key);

/// A handle and the function that frees it.
template <class Handle, void (*Free)(Handle)>
class Owned {
  public:
    Owned() = default;
    Owned(Owned&& other) noexcept : handle_(std::exchange(other.handle_, nullptr)) {}
    Owned& operator=(Owned&& other) noexcept {
        std::swap(handle_, other.handle_);
        return *this;
    }
    ~Owned() { reset(); }

    [[nodiscard]] Handle get() const noexcept { return handle_; }
    /// Frees the handle, if there is one, and gives the place for the next one.
    [[nodiscard]] Handle* out() noexcept {
        reset();
        return &handle_;
    }
    void reset() noexcept {
        if (handle_ != nullptr) Free(std::exchange(handle_, nullptr));
    }

  private:
    Handle handle_ = nullptr;
};

using Module = Owned<NvSciBufModule, NvSciBufModuleClose>;
using List = Owned<NvSciBufAttrList, NvSciBufAttrListFree>;
using Object = Owned<NvSciBufObj, NvSciBufObjFree>;

/// An NvSciBuf object in the hands of CUDA, in the context that is current when it is imported.
class ExternalMemory {
  public:
    [[nodiscard]] static Result<ExternalMemory> import(const Driver& driver, const Object& object, std::size_t size);
    ExternalMemory(ExternalMemory&& other) noexcept
        : driver_(other.driver_), handle_(std::exchange(other.handle_, nullptr)) {}
    ~ExternalMemory();

    [[nodiscard]] cu::CUexternalMemory get() const noexcept { return handle_; }
    [[nodiscard]] Result<> destroy();

  private:
    ExternalMemory(const Driver& driver, cu::CUexternalMemory handle) : driver_(driver), handle_(handle) {}

    const Driver& driver_;
    cu::CUexternalMemory handle_;
};

/// A window of an external memory in the address space of the GPU.
class MappedBuffer {
  public:
    [[nodiscard]] static Result<MappedBuffer> map(const Driver& driver, const ExternalMemory& memory,
                                                  std::size_t offset, std::size_t size);
    MappedBuffer(MappedBuffer&& other) noexcept
        : driver_(other.driver_), address_(std::exchange(other.address_, 0)), size_(other.size_) {}
    ~MappedBuffer();

    [[nodiscard]] cu::CUdeviceptr address() const noexcept { return address_; }
    [[nodiscard]] std::size_t size() const noexcept { return size_; }
    [[nodiscard]] Result<> free();

  private:
    MappedBuffer(const Driver& driver, cu::CUdeviceptr address, std::size_t size)
        : driver_(driver), address_(address), size_(size) {}

    const Driver& driver_;
    cu::CUdeviceptr address_;
    std::size_t size_;
};

}  // namespace opennvsci::tool
