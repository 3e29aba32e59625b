// SPDX-License-Identifier: Apache-2.0
//
// A hand-over from a CUDA stream to a Vulkan queue and back: by fences of NvSciSync, and by the raw calls that do the
// same, a timeline semaphore for each direction, exported by Vulkan and imported by CUDA. They take turns, and the
// medians are compared with the target. Beside them the same where the way back is carried, as for an object that other
// processes share. Needs a GPU that Vulkan has too; elsewhere it says why not and gives 77.
#include <nvscivk.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <vector>

#include "fixture.h"
#include "nvscisync.h"

namespace opennvsci::bench {
namespace {

using namespace cu;  // NOLINT(google-build-using-namespace): CUDA's own names
using Clock = std::chrono::steady_clock;

constexpr int kHandOvers = 200;  // there and back, of a batch
constexpr int kBatches = 15;
constexpr double kTarget = 1.15;

struct Vulkan {
    VkPhysicalDevice physical = VK_NULL_HANDLE;
    VkDevice device = VK_NULL_HANDLE;
    VkQueue queue = VK_NULL_HANDLE;
};

bool find_gpu(VkInstance instance, Vulkan& vulkan) {
    std::vector<VkPhysicalDevice> devices(16);
    auto count = static_cast<std::uint32_t>(devices.size());
    vkEnumeratePhysicalDevices(instance, &count, devices.data());
    for (std::uint32_t i = 0; i < count; ++i) {
        VkPhysicalDeviceIDProperties id{};
        id.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_ID_PROPERTIES;
        VkPhysicalDeviceProperties2 properties{};
        properties.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_PROPERTIES_2;
        properties.pNext = &id;
        vkGetPhysicalDeviceProperties2(devices[i], &properties);
        if (loaded_driver().devices.front().has_uuid(Uuid::from(id.deviceUUID))) vulkan.physical = devices[i];
    }
    return vulkan.physical != VK_NULL_HANDLE;
}

bool start(Vulkan& vulkan) {
    VkApplicationInfo application{};
    application.sType = VK_STRUCTURE_TYPE_APPLICATION_INFO;
    application.apiVersion = VK_API_VERSION_1_2;
    VkInstanceCreateInfo instance_info{};
    instance_info.sType = VK_STRUCTURE_TYPE_INSTANCE_CREATE_INFO;
    instance_info.pApplicationInfo = &application;
    VkInstance instance = VK_NULL_HANDLE;
    if (vkCreateInstance(&instance_info, nullptr, &instance) != VK_SUCCESS || !find_gpu(instance, vulkan)) return false;
    const float priority = 1;
    VkDeviceQueueCreateInfo queue{};
    queue.sType = VK_STRUCTURE_TYPE_DEVICE_QUEUE_CREATE_INFO;
    queue.queueCount = 1;
    queue.pQueuePriorities = &priority;
    VkPhysicalDeviceTimelineSemaphoreFeatures timeline{};
    timeline.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_TIMELINE_SEMAPHORE_FEATURES;
    timeline.timelineSemaphore = VK_TRUE;
    const char* const extension = "VK_KHR_external_semaphore_fd";
    VkDeviceCreateInfo info{};
    info.sType = VK_STRUCTURE_TYPE_DEVICE_CREATE_INFO;
    info.pNext = &timeline;
    info.queueCreateInfoCount = 1;
    info.pQueueCreateInfos = &queue;
    info.enabledExtensionCount = 1;
    info.ppEnabledExtensionNames = &extension;
    BENCH_CHECK(vkCreateDevice(vulkan.physical, &info, nullptr, &vulkan.device));
    vkGetDeviceQueue(vulkan.device, 0, 0, &vulkan.queue);
    BENCH_CHECK(nvsciVkRegisterInstance(instance, nullptr));
    BENCH_CHECK(nvsciVkRegisterDevice(vulkan.physical, vulkan.device));
    return true;
}

void submit(const Vulkan& vulkan, const NvSciVkSemaphoreValue& wait, const NvSciVkSemaphoreValue& signal) {
    const VkPipelineStageFlags stages = VK_PIPELINE_STAGE_ALL_COMMANDS_BIT;
    VkTimelineSemaphoreSubmitInfo values{};
    values.sType = VK_STRUCTURE_TYPE_TIMELINE_SEMAPHORE_SUBMIT_INFO;
    values.waitSemaphoreValueCount = values.signalSemaphoreValueCount = 1;
    values.pWaitSemaphoreValues = &wait.value;
    values.pSignalSemaphoreValues = &signal.value;
    VkSubmitInfo info{};
    info.sType = VK_STRUCTURE_TYPE_SUBMIT_INFO;
    info.pNext = &values;
    info.waitSemaphoreCount = info.signalSemaphoreCount = 1;
    info.pWaitSemaphores = &wait.semaphore;
    info.pWaitDstStageMask = &stages;
    info.pSignalSemaphores = &signal.semaphore;
    BENCH_CHECK(vkQueueSubmit(vulkan.queue, 1, &info, VK_NULL_HANDLE));
}

/// A timeline semaphore of Vulkan in CUDA, by the raw calls.
struct Raw {
    VkSemaphore semaphore = VK_NULL_HANDLE;
    CUexternalSemaphore imported = nullptr;
    std::uint64_t value = 0;

    explicit Raw(const Vulkan& vulkan) {
        VkExportSemaphoreCreateInfo exported{};
        exported.sType = VK_STRUCTURE_TYPE_EXPORT_SEMAPHORE_CREATE_INFO;
        exported.handleTypes = VK_EXTERNAL_SEMAPHORE_HANDLE_TYPE_OPAQUE_FD_BIT;
        VkSemaphoreTypeCreateInfo type{};
        type.sType = VK_STRUCTURE_TYPE_SEMAPHORE_TYPE_CREATE_INFO;
        type.pNext = &exported;
        type.semaphoreType = VK_SEMAPHORE_TYPE_TIMELINE;
        VkSemaphoreCreateInfo info{};
        info.sType = VK_STRUCTURE_TYPE_SEMAPHORE_CREATE_INFO;
        info.pNext = &type;
        BENCH_CHECK(vkCreateSemaphore(vulkan.device, &info, nullptr, &semaphore));
        VkSemaphoreGetFdInfoKHR get{};
        get.sType = VK_STRUCTURE_TYPE_SEMAPHORE_GET_FD_INFO_KHR;
        get.semaphore = semaphore;
        get.handleType = VK_EXTERNAL_SEMAPHORE_HANDLE_TYPE_OPAQUE_FD_BIT;
        const auto get_fd =
            reinterpret_cast<PFN_vkGetSemaphoreFdKHR>(vkGetDeviceProcAddr(vulkan.device, "vkGetSemaphoreFdKHR"));
        CUDA_EXTERNAL_SEMAPHORE_HANDLE_DESC desc{};
        desc.type = CU_EXTERNAL_SEMAPHORE_HANDLE_TYPE_TIMELINE_SEMAPHORE_FD;
        BENCH_CHECK(get_fd(vulkan.device, &get, &desc.handle.fd));
        BENCH_CHECK(device_driver().call.cuImportExternalSemaphore(&imported, &desc));
    }
};

/// An object of NvSciSync in both.
struct Ours {
    VkSemaphoreSciSyncPoolNV pool = VK_NULL_HANDLE;
    CUexternalSemaphore imported = nullptr;

    Ours(const Vulkan& vulkan, NvSciSyncModule module, VkSciSyncClientTypeNV client, bool has_peers = false) {
        VkSciSyncAttributesInfoNV asked{};
        asked.sType = VK_STRUCTURE_TYPE_SCI_SYNC_ATTRIBUTES_INFO_NV;
        asked.clientType = client;
        asked.primitiveType = VK_SCI_SYNC_PRIMITIVE_TYPE_SEMAPHORE_NV;
        std::array<NvSciSyncAttrList, 2> lists{};
        for (NvSciSyncAttrList& list : lists)
            BENCH_CHECK(NvSciSyncAttrListCreate(module, &list));
        BENCH_CHECK(nvsciVkGetPhysicalDeviceSciSyncAttributesNV(vulkan.physical, &asked, lists[0]));
        const int flags = client == VK_SCI_SYNC_CLIENT_TYPE_SIGNALER_NV ? kNvSciSyncAttrWait : kNvSciSyncAttrSignal;
        BENCH_CHECK(nvsciCuDeviceGetNvSciSyncAttributes(lists[1], device_driver().devices.front().handle, flags));
        const NvSciBufPeerLocationInfo location{1, 2, 0};
        NvSciSyncAttrKeyValuePair peer{NvSciSyncAttrKey_PeerLocationInfo, &location, sizeof(location)};
        if (has_peers) BENCH_CHECK(NvSciSyncAttrListSetAttrs(lists[1], &peer, 1));
        NvSciSyncAttrList conflict = nullptr;
        CUDA_EXTERNAL_SEMAPHORE_HANDLE_DESC desc{};
        desc.type = CU_EXTERNAL_SEMAPHORE_HANDLE_TYPE_NVSCISYNC;
        NvSciSyncObj object = nullptr;
        BENCH_CHECK(NvSciSyncAttrListReconcileAndObjAlloc(lists.data(), lists.size(), &object, &conflict));
        desc.handle.nvSciSyncObj = object;
        VkSemaphoreSciSyncPoolCreateInfoNV info{};
        info.sType = VK_STRUCTURE_TYPE_SEMAPHORE_SCI_SYNC_POOL_CREATE_INFO_NV;
        info.handle = object;
        BENCH_CHECK(nvsciVkCreateSemaphoreSciSyncPoolNV(vulkan.device, &info, nullptr, &pool));
        BENCH_CHECK(nvsciCuImportExternalSemaphore(&imported, &desc));
        NvSciSyncObjFree(object);
        for (NvSciSyncAttrList list : lists)
            NvSciSyncAttrListFree(list);
    }
    [[nodiscard]] VkSemaphoreSciSyncCreateInfoNV info_of(const NvSciSyncFence& fence) const {
        VkSemaphoreSciSyncCreateInfoNV info{};
        info.sType = VK_STRUCTURE_TYPE_SEMAPHORE_SCI_SYNC_CREATE_INFO_NV;
        info.semaphorePool = pool;
        info.pFence = &fence;
        return info;
    }
};

void hand_over_raw(const Vulkan& vulkan, Raw& there, Raw& back, CUstream stream) {
    const driver::EntryPoints& cuda = device_driver().call;
    CUDA_EXTERNAL_SEMAPHORE_SIGNAL_PARAMS signal{};
    signal.params.fence.value = ++there.value;
    BENCH_CHECK(cuda.cuSignalExternalSemaphoresAsync(&there.imported, &signal, 1, stream));
    submit(vulkan, {there.semaphore, there.value}, {back.semaphore, ++back.value});
    CUDA_EXTERNAL_SEMAPHORE_WAIT_PARAMS wait{};
    wait.params.fence.value = back.value;
    BENCH_CHECK(cuda.cuWaitExternalSemaphoresAsync(&back.imported, &wait, 1, stream));
}

void hand_over_ours(const Vulkan& vulkan, const Ours& there, const Ours& back, CUstream stream) {
    NvSciSyncFence given = NvSciSyncFenceInitializer;
    NvSciSyncFence returned = NvSciSyncFenceInitializer;
    CUDA_EXTERNAL_SEMAPHORE_SIGNAL_PARAMS signal{};
    signal.params.nvSciSync.fence = &given;
    BENCH_CHECK(nvsciCuSignalExternalSemaphoresAsync(&there.imported, &signal, 1, stream));
    const VkSemaphoreSciSyncCreateInfoNV awaited = there.info_of(given);
    const VkSemaphoreSciSyncCreateInfoNV signaled = back.info_of(returned);
    NvSciVkSemaphoreValue queue_waits{};
    NvSciVkSemaphoreValue queue_signals{};
    BENCH_CHECK(nvsciVkGetWaitSemaphore(vulkan.device, &awaited, &queue_waits));
    BENCH_CHECK(nvsciVkGetSignalSemaphore(vulkan.device, &signaled, &queue_signals));
    submit(vulkan, queue_waits, queue_signals);
    CUDA_EXTERNAL_SEMAPHORE_WAIT_PARAMS wait{};
    wait.params.nvSciSync.fence = &returned;
    BENCH_CHECK(nvsciCuWaitExternalSemaphoresAsync(&back.imported, &wait, 1, stream));
}

/// Microseconds of a hand-over there and back: until all is submitted, and until all is done.
struct Times {
    double submitted;
    double done;
};

template <class HandOver>
Times measure(CUstream stream, HandOver&& hand_over) {
    const auto us = [](Clock::duration time) {
        return std::chrono::duration<double, std::micro>(time).count() / kHandOvers;
    };
    const auto begin = Clock::now();
    for (int i = 0; i < kHandOvers; ++i)
        hand_over();
    const auto submitted = Clock::now();
    BENCH_CHECK(device_driver().call.cuStreamSynchronize(stream));
    return {us(submitted - begin), us(Clock::now() - begin)};
}

double median(std::vector<Times> all, double Times::*time) {
    std::sort(all.begin(), all.end(), [&](const Times& a, const Times& b) { return a.*time < b.*time; });
    return all[all.size() / 2].*time;
}

int run() {
    Vulkan vulkan;
    if (device_driver().is_software || !start(vulkan)) {
        std::puts("skipped: needs a GPU that Vulkan has too");
        return 77;
    }
    NvSciSyncModule module = nullptr;
    BENCH_CHECK(NvSciSyncModuleOpen(&module));
    CUstream stream = nullptr;
    BENCH_CHECK(device_driver().call.cuStreamCreate(&stream, CU_STREAM_NON_BLOCKING));
    Raw raw_there(vulkan);
    Raw raw_back(vulkan);
    const Ours there(vulkan, module, VK_SCI_SYNC_CLIENT_TYPE_WAITER_NV);
    const Ours back(vulkan, module, VK_SCI_SYNC_CLIENT_TYPE_SIGNALER_NV);
    const Ours carried(vulkan, module, VK_SCI_SYNC_CLIENT_TYPE_SIGNALER_NV, true);
    std::vector<Times> raw;
    std::vector<Times> ours;
    std::vector<Times> by_relay;
    for (int batch = 0; batch < kBatches; ++batch) {
        raw.push_back(measure(stream, [&] { hand_over_raw(vulkan, raw_there, raw_back, stream); }));
        ours.push_back(measure(stream, [&] { hand_over_ours(vulkan, there, back, stream); }));
        by_relay.push_back(measure(stream, [&] { hand_over_ours(vulkan, there, carried, stream); }));
    }
    BENCH_CHECK(vkQueueWaitIdle(vulkan.queue));
    const double ratio = median(ours, &Times::done) / median(raw, &Times::done);
    std::printf("CUDA to a Vulkan queue and back, us      ours      raw    ratio   target\n");
    std::printf("until all is submitted             %10.2f %8.2f %8.3f\n", median(ours, &Times::submitted),
                median(raw, &Times::submitted), median(ours, &Times::submitted) / median(raw, &Times::submitted));
    std::printf("until all is done                  %10.2f %8.2f %8.3f   <= %.2f: %s\n", median(ours, &Times::done),
                median(raw, &Times::done), ratio, kTarget, ratio <= kTarget ? "met" : "missed");
    std::printf("until all is done, back carried    %10.2f %8.2f %8.3f\n", median(by_relay, &Times::done),
                median(raw, &Times::done), median(by_relay, &Times::done) / median(raw, &Times::done));
    return 0;
}

}  // namespace
}  // namespace opennvsci::bench

int main() {
    return opennvsci::bench::run();
}
