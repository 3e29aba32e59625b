// SPDX-License-Identifier: Apache-2.0
#include "vulkan/device.h"

#include <utility>

#include "sync/relay_thread.h"

namespace opennvsci::vulkan {
namespace {

tl::unexpected<Error> not_imported() {
    return fail(VK_ERROR_VALIDATION_FAILED_EXT, NvSciError_BadParameter,
                "the memory was not imported from an object (nvsciVkAllocateMemory)");
}

}  // namespace

Result<std::shared_ptr<Device>> Device::create(std::shared_ptr<const PhysicalDevice> physical, VkDevice handle) {
    OPENNVSCI_TRY_ASSIGN(functions, DeviceFunctions::load(physical->call(), handle));
    sync::relay_thread::end_before_what_is_loaded();
    return std::shared_ptr<Device>(new Device(std::move(physical), handle, functions));
}

// What was there ends outside of the lock, here and below: the end of a mapping may wait for the GPU.
void Device::end() noexcept {
    if (!is_of_this_process()) return;
    std::unordered_map<VkDeviceMemory, Import> ended;
    const std::lock_guard lock(mutex_);
    has_ended_ = true;
    std::swap(imports_, ended);
}

bool Device::has_ended() const noexcept {
    const std::lock_guard lock(mutex_);
    return has_ended_;
}

Result<> Device::remember(VkDeviceMemory memory, Import import, const VkAllocationCallbacks* allocator) try {
    {
        const std::lock_guard lock(mutex_);
        if (!has_ended_) {
            std::swap(imports_[memory], import);
            return {};
        }
    }
    functions_.vkFreeMemory(handle_, memory, allocator);
    return not_registered();
} catch (...) {
    functions_.vkFreeMemory(handle_, memory, allocator);
    throw;
}

Import Device::forget(VkDeviceMemory memory) noexcept {
    const std::lock_guard lock(mutex_);
    auto node = imports_.extract(memory);
    return node ? std::move(node.mapped()) : Import{};
}

Result<Device::Imported> Device::find_import(VkDeviceMemory memory) const {
    const std::lock_guard lock(mutex_);
    const auto found = imports_.find(memory);
    if (found == imports_.end()) return not_imported();
    const Import& import = found->second;
    return Imported{import.object, import.memory_type, import.dedicated_image, import.handle};
}

Result<OwnedHandle> Device::keep_handle(VkDeviceMemory memory, const OwnedHandle& before, OwnedHandle made) {
    const std::lock_guard lock(mutex_);
    const auto found = imports_.find(memory);
    if (found == imports_.end()) return not_imported();
    OwnedHandle& kept = found->second.handle;
    if (kept == before) kept.swap(made);
    return kept;
}

tl::unexpected<Error> not_registered() {
    return fail(VK_ERROR_VALIDATION_FAILED_EXT, NvSciError_BadParameter,
                "the device is not registered (nvsciVkRegisterDevice)");
}

}  // namespace opennvsci::vulkan
