// SPDX-License-Identifier: Apache-2.0
//
// Device: a logical device that a program has registered, its functions, and the memory that it imported. It knows of
// each import what has to live as long as the memory does. Calls that are under way may have it when it is
// unregistered; what they make after that they end again, because nobody else would.
// Thread-safe, but not in a forked child, which owns none.
#pragma once

#include <memory>
#include <mutex>
#include <unordered_map>

#include "base/process.h"
#include "base/since.h"
#include "buf/object.h"
#include "memory/allocation.h"
#include "vulkan/physical_device.h"

namespace opennvsci::vulkan {

/// The number of a handle that ends with it; null: none yet.
using OwnedHandle = std::shared_ptr<const std::uint64_t>;

/// What an import holds. The mapping goes before the object that owns the memory.
struct Import {
    std::shared_ptr<buf::Object> object;
    std::unique_ptr<memory::GpuMapping> registered;  ///< system memory as CUDA has it; null where that is not needed
    std::uint32_t memory_type = 0;
    VkImage dedicated_image = nullptr;  ///< the image that the memory is for alone; null if it is for no image
    Since since{};
    OwnedHandle handle{};  ///< of the object, that the program was given
};

class Device {
  public:
    /// Errors: those of DeviceFunctions::load.
    [[nodiscard]] static Result<std::shared_ptr<Device>> create(std::shared_ptr<const PhysicalDevice> physical,
                                                                VkDevice handle);

    [[nodiscard]] const DeviceFunctions& call() const noexcept { return functions_; }
    [[nodiscard]] VkDevice handle() const noexcept { return handle_; }
    [[nodiscard]] const PhysicalDevice& physical() const noexcept { return *physical_; }
    [[nodiscard]] bool is_of_this_process() const noexcept { return maker_ == process::token(); }

    /// Unregistered: releases what imports hold, and takes no more of them. The memories are the program's.
    void end() noexcept;
    [[nodiscard]] bool has_ended() const noexcept;

    /// Remembers an import. Of a handle that Vulkan gives once more the first memory is gone. Without room for it
    /// `memory` is freed and bad_alloc thrown. Errors: not_registered() after the end, and `memory` is freed.
    [[nodiscard]] Result<> remember(VkDeviceMemory memory, Import import, const VkAllocationCallbacks* allocator);
    /// Ends an import, if `memory` is one; the caller has freed it, or is about to.
    [[nodiscard]] Import forget(VkDeviceMemory memory) noexcept;

    struct Imported {
        std::shared_ptr<buf::Object> object;
        std::uint32_t memory_type;
        VkImage dedicated_image;
        OwnedHandle handle;
    };
    /// What `memory` was imported from. Errors: VALIDATION_FAILED if it was not.
    [[nodiscard]] Result<Imported> find_import(VkDeviceMemory memory) const;
    /// Keeps the handle of an import as long as it, if `before` is what it has; returns what it has then. Errors: as of
    /// find_import.
    [[nodiscard]] Result<OwnedHandle> keep_handle(VkDeviceMemory memory, const OwnedHandle& before, OwnedHandle made);
    /// Calls `visit(memory, import)` for each import, under the lock that all others need too.
    template <class Visit>
    void for_each_import(const Visit& visit) {
        const std::lock_guard lock(mutex_);
        for (const auto& [memory, import] : imports_)
            visit(memory, import);
    }

  private:
    Device(std::shared_ptr<const PhysicalDevice> physical, VkDevice handle, const DeviceFunctions& functions)
        : physical_(std::move(physical)), handle_(handle), functions_(functions) {}

    const std::shared_ptr<const PhysicalDevice> physical_;
    const VkDevice handle_;
    const DeviceFunctions functions_;
    const std::uint64_t maker_ = process::token();
    mutable std::mutex mutex_;  // never held over a call of Vulkan
    std::unordered_map<VkDeviceMemory, Import> imports_;
    bool has_ended_ = false;
};

/// The failure of a device that is not registered, or not any more.
[[nodiscard]] [[gnu::cold]] tl::unexpected<Error> not_registered();

}  // namespace opennvsci::vulkan
