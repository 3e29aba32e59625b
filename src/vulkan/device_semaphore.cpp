// SPDX-License-Identifier: Apache-2.0
#include "vulkan/device_semaphore.h"

#include <fmt/format.h>

#include <utility>

namespace opennvsci::vulkan {
namespace {

tl::unexpected<Error> without(const char* extension) {
    return fail(VK_ERROR_EXTENSION_NOT_PRESENT, NvSciError_NotSupported,
                fmt::format("the device was created without {}, which its semaphores need", extension));
}

}  // namespace

Result<std::shared_ptr<DeviceSemaphore>> DeviceSemaphore::create(std::shared_ptr<const Device> device,
                                                                 const VkAllocationCallbacks* allocator,
                                                                 std::uint64_t initial, bool is_exported) {
    const DeviceFunctions& call = device->call();
    if (call.vkSignalSemaphore == nullptr || call.vkGetSemaphoreCounterValue == nullptr) {
        return without("VK_KHR_timeline_semaphore");
    }
    if (is_exported && (call.vkGetSemaphoreFdKHR == nullptr || call.vkImportSemaphoreFdKHR == nullptr)) {
        return without("VK_KHR_external_semaphore_fd");
    }
    const VkExportSemaphoreCreateInfo exported{VK_STRUCTURE_TYPE_EXPORT_SEMAPHORE_CREATE_INFO, nullptr,
                                               VK_EXTERNAL_SEMAPHORE_HANDLE_TYPE_OPAQUE_FD_BIT};
    const VkSemaphoreTypeCreateInfo timeline{VK_STRUCTURE_TYPE_SEMAPHORE_TYPE_CREATE_INFO,
                                             is_exported ? &exported : nullptr, VK_SEMAPHORE_TYPE_TIMELINE, initial};
    const VkSemaphoreCreateInfo info{VK_STRUCTURE_TYPE_SEMAPHORE_CREATE_INFO, &timeline, 0};
    std::shared_ptr<DeviceSemaphore> made(new DeviceSemaphore(std::move(device), allocator, is_exported));
    const VkResult result = call.vkCreateSemaphore(made->device_->handle(), &info, allocator, &made->handle_);
    if (result != VK_SUCCESS) return call_failed(result, "vkCreateSemaphore");
    return made;
}

void DeviceSemaphore::destroy() noexcept {
    VkSemaphore const ended = std::exchange(handle_, nullptr);
    if (ended != nullptr) device_->call().vkDestroySemaphore(device_->handle(), ended, allocator_);
}

Result<UniqueFd> DeviceSemaphore::payload() const {
    const VkSemaphoreGetFdInfoKHR info{VK_STRUCTURE_TYPE_SEMAPHORE_GET_FD_INFO_KHR, nullptr, handle_,
                                       VK_EXTERNAL_SEMAPHORE_HANDLE_TYPE_OPAQUE_FD_BIT};
    int descriptor = -1;
    const VkResult result = device_->call().vkGetSemaphoreFdKHR(device_->handle(), &info, &descriptor);
    if (result != VK_SUCCESS) return call_failed(result, "vkGetSemaphoreFdKHR");
    return UniqueFd(descriptor);
}

Result<> DeviceSemaphore::import(UniqueFd payload) {
    const VkImportSemaphoreFdInfoKHR info{VK_STRUCTURE_TYPE_IMPORT_SEMAPHORE_FD_INFO_KHR,  nullptr,      handle_, 0,
                                          VK_EXTERNAL_SEMAPHORE_HANDLE_TYPE_OPAQUE_FD_BIT, payload.get()};
    const VkResult result = device_->call().vkImportSemaphoreFdKHR(device_->handle(), &info);
    if (result != VK_SUCCESS) return call_failed(result, "vkImportSemaphoreFdKHR");
    (void)payload.release();  // Vulkan's now
    return {};
}

DeviceSemaphore::Seen DeviceSemaphore::value() const noexcept {
    std::uint64_t value = 0;
    const VkResult result = device_->call().vkGetSemaphoreCounterValue(device_->handle(), handle_, &value);
    if (result == VK_SUCCESS) return {Seen::State::known, value};
    if (result != VK_ERROR_DEVICE_LOST) return {Seen::State::unknown, 0};
    note_loss();
    return {Seen::State::lost, 0};
}

int DeviceSemaphore::signal(std::uint64_t value) noexcept {
    const VkSemaphoreSignalInfo info{VK_STRUCTURE_TYPE_SEMAPHORE_SIGNAL_INFO, nullptr, handle_, value};
    const VkResult result = device_->call().vkSignalSemaphore(device_->handle(), &info);
    if (result == VK_ERROR_DEVICE_LOST) note_loss();
    return result;
}

}  // namespace opennvsci::vulkan
