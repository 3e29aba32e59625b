// SPDX-License-Identifier: Apache-2.0
//
// The NvSciSync part of nvscivk.h: attributes, semaphore pools and fences.
#include <fmt/format.h>

#include "api/call.h"
#include "api/nvscivk_abi.h"
#include "api/vulkan_handles.h"
#include "vulkan/registry.h"
#include "vulkan/sync_attributes.h"

using namespace opennvsci;      // NOLINT(google-build-using-namespace): extern "C" functions stand outside
using namespace opennvsci::vk;  // NOLINT(google-build-using-namespace): Vulkan's own names
using vulkan::Registry;

namespace {

using PoolRef = api::SemaphorePoolTable::Ref;

template <class Info>
Result<> check_type(const Info* info, VkStructureType type, std::string_view name) {
    if (info == nullptr) return api::null_argument(name);
    if (info->sType == type) return {};
    return fail(NvSciError_BadParameter, fmt::format("{}->sType is {}, and must be {}", name,
                                                     static_cast<int>(info->sType), static_cast<int>(type)));
}

Result<PoolRef> pool_of(VkDevice device, const VkSemaphoreSciSyncCreateInfoNV* info) {
    OPENNVSCI_TRY(Registry::instance().find(device));
    OPENNVSCI_TRY(check_type(info, kSemaphoreSciSyncCreateInfo, "pCreateInfo"));
    OPENNVSCI_TRY_ASSIGN(
        pool, api::acquire_external(api::semaphore_pools(), info->semaphorePool, "pCreateInfo->semaphorePool"));
    if (info->pFence == nullptr) return api::null_argument("pCreateInfo->pFence");
    if ((*pool)->device().handle() == device) return std::move(pool);
    return fail(NvSciError_BadParameter, {"device of the pool", "another one", "that of the call"},
                "the semaphore pool is of another device");
}

}  // namespace

VkResult nvsciVkGetPhysicalDeviceExternalSciSync2FeaturesNV(VkPhysicalDevice physicalDevice,
                                                            VkPhysicalDeviceExternalSciSync2FeaturesNV* features) {
    return api::vulkan_call(__func__, [&]() -> Result<> {
        OPENNVSCI_TRY_ASSIGN(device, Registry::instance().find(physicalDevice));
        OPENNVSCI_TRY(check_type(features, kPhysicalDeviceSciSync2Features, "features"));
        const VkBool32 can = vulkan::has_timeline_semaphores(*device) ? 1 : 0;
        features->sciSyncFence = 0;
        features->sciSyncSemaphore2 = features->sciSyncImport = features->sciSyncExport = can;
        return {};
    });
}

VkResult nvsciVkGetPhysicalDeviceSciSyncAttributesNV(VkPhysicalDevice physicalDevice,
                                                     const VkSciSyncAttributesInfoNV* pSciSyncAttributesInfo,
                                                     NvSciSyncAttrList pAttributes) {
    return api::vulkan_call(__func__, [&]() -> Result<> {
        OPENNVSCI_TRY_ASSIGN(device, Registry::instance().find(physicalDevice));
        const VkSciSyncAttributesInfoNV* const info = pSciSyncAttributesInfo;
        OPENNVSCI_TRY(check_type(info, kSciSyncAttributesInfo, "pSciSyncAttributesInfo"));
        OPENNVSCI_TRY_ASSIGN(list, api::acquire_external(api::sync_lists(), pAttributes, "pAttributes"));
        if (info->primitiveType != VK_SCI_SYNC_PRIMITIVE_TYPE_SEMAPHORE_NV) {
            return fail(
                NvSciError_NotSupported,
                fmt::format("primitiveType is {}: only Vulkan SC makes fences of objects; take a semaphore (1), "
                            "for which the CPU waits as for any fence of NvSciSync",
                            static_cast<unsigned>(info->primitiveType)));
        }
        return vulkan::set_sync_attributes(*(*list)->list, *device, info->clientType);
    });
}

VkResult nvsciVkCreateSemaphoreSciSyncPoolNV(VkDevice device, const VkSemaphoreSciSyncPoolCreateInfoNV* pCreateInfo,
                                             const VkAllocationCallbacks* pAllocator,
                                             VkSemaphoreSciSyncPoolNV* pSemaphorePool) {
    return api::vulkan_call(__func__, [&]() -> Result<> {
        OPENNVSCI_TRY_ASSIGN(known, Registry::instance().find(device));
        OPENNVSCI_TRY(check_type(pCreateInfo, kSemaphoreSciSyncPoolCreateInfo, "pCreateInfo"));
        OPENNVSCI_TRY_ASSIGN(object,
                             api::acquire_external(api::sync_objects(), pCreateInfo->handle, "pCreateInfo->handle"));
        if (pSemaphorePool == nullptr) return api::null_argument("pSemaphorePool");
        OPENNVSCI_TRY_ASSIGN(pool, vulkan::SemaphorePool::create(known, object->object(), pAllocator));
        VkSemaphoreSciSyncPoolNV handle = nullptr;
        OPENNVSCI_TRY(api::give_handle(api::semaphore_pools(), std::move(pool), &handle));
        if (known->has_ended()) {  // while this ran: it may have been too early to find the pool
            api::end_semaphore_pool(api::number(handle));
            return vulkan::not_registered();
        }
        *pSemaphorePool = handle;
        return {};
    });
}

void nvsciVkDestroySemaphoreSciSyncPoolNV(VkDevice, VkSemaphoreSciSyncPoolNV semaphorePool,
                                          const VkAllocationCallbacks*) {
    if (semaphorePool == nullptr) return;
    api::void_call(__func__, [&]() -> Result<> {
        trace::when_on([&] { trace::note_address("handle", api::number(semaphorePool)); });
        if (api::end_semaphore_pool(api::number(semaphorePool))) return {};
        return api::not_alive(api::semaphore_pools().kind(), api::number(semaphorePool), "the argument");
    });
}

VkResult nvsciVkGetWaitSemaphore(VkDevice device, const VkSemaphoreSciSyncCreateInfoNV* pCreateInfo,
                                 NvSciVkSemaphoreValue* pSemaphoreWait) {
    return api::vulkan_call(__func__, [&]() -> Result<> {
        OPENNVSCI_TRY_ASSIGN(pool, pool_of(device, pCreateInfo));
        if (pSemaphoreWait == nullptr) return api::null_argument("pSemaphoreWait");
        OPENNVSCI_TRY_ASSIGN(awaited, (*pool)->wait(*pCreateInfo->pFence));
        *pSemaphoreWait = awaited;
        return {};
    });
}

// The extension's structure has the fence as const, though it is where the next one goes.
VkResult nvsciVkGetSignalSemaphore(VkDevice device, const VkSemaphoreSciSyncCreateInfoNV* pCreateInfo,
                                   NvSciVkSemaphoreValue* pSemaphoreSignal) {
    return api::vulkan_call(__func__, [&]() -> Result<> {
        OPENNVSCI_TRY_ASSIGN(pool, pool_of(device, pCreateInfo));
        if (pSemaphoreSignal == nullptr) return api::null_argument("pSemaphoreSignal");
        OPENNVSCI_TRY_ASSIGN(signaled, (*pool)->signal(const_cast<NvSciSyncFence&>(*pCreateInfo->pFence)));
        *pSemaphoreSignal = signaled;
        return {};
    });
}
