// SPDX-License-Identifier: Apache-2.0
#include "vulkan/semaphore_pool.h"

#include <fmt/format.h>

#include <optional>
#include <utility>

#include "base/uuid.h"
#include "sync/keys.h"
#include "sync/trace_notes.h"
#include "trace/slice.h"

namespace opennvsci::vulkan {
namespace {

// The GPU whose semaphores CUDA can import; none if the device of the object is no such one.
std::optional<Uuid> gpu_of(const sync::Object& object) {
    const Uuid gpu =
        Uuid::from(object.list()->reconciled().scalar<NvSciRmGpuId>(sync::kVulkanGpu).value_or(NvSciRmGpuId{}).bytes);
    return gpu.is_null() ? std::nullopt : std::optional(gpu);
}

Result<> check(const Device& device, const sync::Object& object, const std::optional<Uuid>& gpu) {
    const sync::Timeline::Description& description = object.timeline().description();
    if (!description.vulkan_signals && !description.vulkan_waits) {
        return opennvsci::fail(NvSciError_BadParameter, {"a list that speaks for Vulkan", "none", "one"},
                               "no list of the object speaks for Vulkan: fill one with "
                               "nvsciVkGetPhysicalDeviceSciSyncAttributesNV and reconcile it with the others");
    }
    if (!gpu) return {};
    OPENNVSCI_TRY_ASSIGN(own, device.physical().gpu());
    if (own != nullptr && own->has_uuid(*gpu)) return {};
    return opennvsci::fail(NvSciError_BadParameter, {"GPU", device.physical().uuid().text(), gpu->text()},
                           fmt::format("the object was reconciled for the GPU {}, and the device is of {} ({})",
                                       gpu->text(), device.physical().name(), device.physical().uuid().text()));
}

// A fence that is lost is a device that is lost, in Vulkan's words.
template <class T>
Result<T> in_words_of_vulkan(Result<T> result) {
    if (!result && result.error().code == NvSciError_ResourceError) result.error().vulkan = VK_ERROR_DEVICE_LOST;
    return result;
}

}  // namespace

Result<std::unique_ptr<SemaphorePool>> SemaphorePool::create(std::shared_ptr<const Device> device,
                                                             std::shared_ptr<sync::Object> object,
                                                             const VkAllocationCallbacks* allocator) {
    const std::optional<Uuid> gpu = gpu_of(*object);
    OPENNVSCI_TRY(check(*device, *object, gpu));
    sync::Timeline& timeline = object->timeline();
    OPENNVSCI_TRY_ASSIGN(semaphore,
                         DeviceSemaphore::create(device, allocator, timeline.known_to_vulkan(), gpu.has_value()));
    std::unique_ptr<SemaphorePool> pool(new SemaphorePool(std::move(device), std::move(object)));
    OPENNVSCI_TRY(timeline.attach(semaphore));
    pool->semaphore_ = std::move(semaphore);
    pool->has_ended_ = false;
    return pool;
}

// Vulkan may call the program's allocator, so nothing is locked then.
void SemaphorePool::end() noexcept {
    sync::Timeline& timeline = object_->timeline();
    if (!timeline.is_of_this_process()) return;
    std::unique_lock held(mutex_);
    if (semaphore_ == nullptr) {
        const auto is_over = [&] { return has_ended_ || ending_ == std::this_thread::get_id(); };
        return ended_.wait(held, is_over);
    }
    const auto semaphore = std::exchange(semaphore_, nullptr);
    ending_ = std::this_thread::get_id();
    held.unlock();
    timeline.detach(*semaphore);
    semaphore->destroy();
    held.lock();
    has_ended_ = true;
    ended_.notify_all();
}

Result<std::unique_lock<std::mutex>> SemaphorePool::lock() const {
    OPENNVSCI_TRY(object_->timeline().check_process());
    std::unique_lock held(mutex_);
    if (semaphore_ != nullptr) return held;
    return vulkan::fail(VK_ERROR_INVALID_EXTERNAL_HANDLE, NvSciError_BadParameter,
                        "the semaphore pool is destroyed, or its device unregistered");
}

Result<NvSciVkSemaphoreValue> SemaphorePool::wait(const NvSciSyncFence& storage) const {
    const auto held = lock();
    if (!held) return tl::make_unexpected(held.error());
    sync::Timeline& timeline = object_->timeline();
    if (!timeline.description().vulkan_waits) {
        return opennvsci::fail(NvSciError_NotPermitted, {"client type", "signaler", "waiter"},
                               "Vulkan may not wait: its list asked to signal only");
    }
    OPENNVSCI_TRY_ASSIGN(fence, sync::Fence::read(storage));
    if (fence.is_cleared()) return NvSciVkSemaphoreValue{semaphore_->handle(), 0};
    if (!object_->owns(fence)) {
        return opennvsci::fail(NvSciError_BadParameter, {"object of the fence", "another one", "that of the pool"},
                               "the fence belongs to another object than the semaphore pool");
    }
    OPENNVSCI_TRY(in_words_of_vulkan(timeline.note_vulkan_wait(fence.value)));
    if (semaphore_->is_lost())
        return vulkan::fail(VK_ERROR_DEVICE_LOST, NvSciError_ResourceError, "the device is lost");
    trace::when_on([&] { sync::note_wait(timeline, fence.value); });
    return NvSciVkSemaphoreValue{semaphore_->handle(), fence.value};
}

Result<NvSciVkSemaphoreValue> SemaphorePool::signal(NvSciSyncFence& storage) const {
    const auto held = lock();
    if (!held) return tl::make_unexpected(held.error());
    sync::Timeline& timeline = object_->timeline();
    if (!timeline.description().vulkan_signals) {
        return opennvsci::fail(NvSciError_NotPermitted, {"client type", "waiter", "signaler"},
                               "Vulkan may not signal: no list that speaks for it asked to");
    }
    OPENNVSCI_TRY_ASSIGN(given, sync::Fence::read(storage));
    if (!given.is_cleared()) {
        return opennvsci::fail(NvSciError_BadParameter, {"fence", "set", "cleared"},
                               "the fence is not cleared, and would be written over: NvSciSyncFenceClear clears it");
    }
    OPENNVSCI_TRY_ASSIGN(value, in_words_of_vulkan(timeline.hand_out_to(*semaphore_)));
    trace::when_on([&] { sync::note_signal(timeline, value); });
    object_->fence(value).write(storage);
    return NvSciVkSemaphoreValue{semaphore_->handle(), value};
}

}  // namespace opennvsci::vulkan
