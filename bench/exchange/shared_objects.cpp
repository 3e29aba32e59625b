// SPDX-License-Identifier: Apache-2.0
#include "exchange/shared_objects.h"

namespace opennvsci::bench {

using namespace cu;  // NOLINT(google-build-using-namespace): CUDA's own names

namespace {

void ask_for_deterministic_fences(NvSciSyncAttrList list, bool deterministic) {
    if (!deterministic) return;
    const NvSciSyncAttrKeyValuePair pair{NvSciSyncAttrKey_RequireDeterministicFences, &deterministic,
                                         sizeof(deterministic)};
    BENCH_CHECK(NvSciSyncAttrListSetAttrs(list, &pair, 1));
}

CUexternalSemaphore import_semaphore(NvSciSyncObj object) {
    CUDA_EXTERNAL_SEMAPHORE_HANDLE_DESC desc{};
    desc.type = CU_EXTERNAL_SEMAPHORE_HANDLE_TYPE_NVSCISYNC;
    desc.handle.nvSciSyncObj = object;
    CUexternalSemaphore semaphore = nullptr;
    BENCH_CHECK(nvsciCuImportExternalSemaphore(&semaphore, &desc));
    return semaphore;
}

}  // namespace

NvSciSyncModule sync_module() {
    static const NvSciSyncModule opened = [] {
        NvSciSyncModule created = nullptr;
        BENCH_CHECK(NvSciSyncModuleOpen(&created));
        return created;
    }();
    return opened;
}

NvSciSyncAttrList cpu_sync_list(NvSciSyncAccessPerm permission, bool deterministic) {
    NvSciSyncAttrList list = nullptr;
    const bool cpu = true;
    const NvSciSyncAttrKeyValuePair pairs[] = {{NvSciSyncAttrKey_NeedCpuAccess, &cpu, sizeof(cpu)},
                                               {NvSciSyncAttrKey_RequiredPerm, &permission, sizeof(permission)}};
    BENCH_CHECK(NvSciSyncAttrListCreate(sync_module(), &list));
    BENCH_CHECK(NvSciSyncAttrListSetAttrs(list, pairs, std::size(pairs)));
    ask_for_deterministic_fences(list, deterministic);
    return list;
}

NvSciSyncAttrList device_sync_list(CUdevice device, int flags, bool deterministic) {
    NvSciSyncAttrList list = nullptr;
    BENCH_CHECK(NvSciSyncAttrListCreate(sync_module(), &list));
    BENCH_CHECK(nvsciCuDeviceGetNvSciSyncAttributes(list, device, flags));
    ask_for_deterministic_fences(list, deterministic);
    return list;
}

SyncPair::SyncPair(IpcChannel& channel, NvSciSyncAttrList signaler, NvSciSyncAttrList waiter) {
    void* bytes = nullptr;
    std::size_t size = 0;
    BENCH_CHECK(NvSciSyncAttrListIpcExportUnreconciled(&waiter, 1, channel.endpoint(), &bytes, &size));
    channel.send_blob(bytes, size);
    NvSciSyncAttrListFreeDesc(bytes);
    std::vector<std::byte> blob = channel.receive_blob();
    NvSciSyncAttrList both[2] = {signaler, nullptr};
    BENCH_CHECK(
        NvSciSyncAttrListIpcImportUnreconciled(sync_module(), channel.endpoint(), blob.data(), blob.size(), &both[1]));
    NvSciSyncAttrList conflicts = nullptr;
    BENCH_CHECK(NvSciSyncAttrListReconcileAndObjAlloc(both, 2, &own_, &conflicts));
    BENCH_CHECK(
        NvSciSyncIpcExportAttrListAndObj(own_, NvSciSyncAccessPerm_WaitOnly, channel.endpoint(), &bytes, &size));
    channel.send_blob(bytes, size);
    NvSciSyncAttrListAndObjFreeDesc(bytes);
    blob = channel.receive_blob();
    BENCH_CHECK(NvSciSyncIpcImportAttrListAndObj(sync_module(), channel.endpoint(), blob.data(), blob.size(), &waiter,
                                                 1, NvSciSyncAccessPerm_WaitOnly, -1, &peers_));
    for (NvSciSyncAttrList list : {both[0], both[1], waiter})
        NvSciSyncAttrListFree(list);
}

SyncPair::~SyncPair() {
    NvSciSyncObjFree(own_);
    NvSciSyncObjFree(peers_);
}

StreamFences::StreamFences(IpcChannel& channel, CUdevice device, bool deterministic)
    : channel_(channel),
      objects_(channel, device_sync_list(device, kNvSciSyncAttrSignal, deterministic),
               device_sync_list(device, kNvSciSyncAttrWait, deterministic)),
      signal_(import_semaphore(objects_.own())),
      wait_(import_semaphore(objects_.peers())) {}

StreamFences::~StreamFences() {
    BENCH_CHECK(nvsciCuDestroyExternalSemaphore(signal_));
    BENCH_CHECK(nvsciCuDestroyExternalSemaphore(wait_));
}

void StreamFences::signal(CUstream stream) {
    NvSciSyncFence fence = NvSciSyncFenceInitializer;
    CUDA_EXTERNAL_SEMAPHORE_SIGNAL_PARAMS params{};
    params.params.nvSciSync.fence = &fence;
    BENCH_CHECK(nvsciCuSignalExternalSemaphoresAsync(&signal_, &params, 1, stream));
}

void StreamFences::wait(NvSciSyncFence& fence, CUstream stream) {
    CUDA_EXTERNAL_SEMAPHORE_WAIT_PARAMS params{};
    params.params.nvSciSync.fence = &fence;
    BENCH_CHECK(nvsciCuWaitExternalSemaphoresAsync(&wait_, &params, 1, stream));
}

void StreamFences::wait_for_next(CUstream stream) {
    NvSciSyncFence fence = NvSciSyncFenceInitializer;
    BENCH_CHECK(NvSciSyncFenceUpdateFence(objects_.peers(), 0, ++waited_, &fence));
    wait(fence, stream);
}

NvSciSyncFenceIpcExportDescriptor StreamFences::signal_for_peer(CUstream stream) {
    NvSciSyncFence fence = NvSciSyncFenceInitializer;
    CUDA_EXTERNAL_SEMAPHORE_SIGNAL_PARAMS params{};
    params.params.nvSciSync.fence = &fence;
    BENCH_CHECK(nvsciCuSignalExternalSemaphoresAsync(&signal_, &params, 1, stream));
    NvSciSyncFenceIpcExportDescriptor descriptor;
    BENCH_CHECK(NvSciSyncIpcExportFence(&fence, channel_.endpoint(), &descriptor));
    return descriptor;
}

void StreamFences::wait(const NvSciSyncFenceIpcExportDescriptor& descriptor, CUstream stream) {
    NvSciSyncFence fence = NvSciSyncFenceInitializer;
    BENCH_CHECK(NvSciSyncIpcImportFence(objects_.peers(), &descriptor, &fence));
    wait(fence, stream);
}

NvSciBufAttrList device_buffer_list(CUdevice device, std::uint64_t size) {
    CUuuid uuid{};
    BENCH_CHECK(device_driver().call.cuDeviceGetUuid(&uuid, device));
    NvSciRmGpuId gpu{};
    static_assert(sizeof(gpu) == sizeof(uuid));
    std::memcpy(&gpu, &uuid, sizeof(gpu));
    const NvSciBufType type = NvSciBufType_RawBuffer;
    const std::uint64_t align = 4096;
    const NvSciBufAttrValAccessPerm permission = NvSciBufAccessPerm_ReadWrite;
    NvSciBufAttrKeyValuePair pairs[] = {
        {NvSciBufGeneralAttrKey_Types, &type, sizeof(type)},
        {NvSciBufRawBufferAttrKey_Size, &size, sizeof(size)},
        {NvSciBufRawBufferAttrKey_Align, &align, sizeof(align)},
        {NvSciBufGeneralAttrKey_RequiredPerm, &permission, sizeof(permission)},
        {NvSciBufGeneralAttrKey_GpuId, &gpu, sizeof(gpu)},
    };
    NvSciBufAttrList list = nullptr;
    BENCH_CHECK(NvSciBufAttrListCreate(module(), &list));
    BENCH_CHECK(NvSciBufAttrListSetAttrs(list, pairs, std::size(pairs)));
    return list;
}

std::vector<NvSciBufObj> make_shared_buffers(IpcChannel& channel, CUdevice device, std::uint64_t size,
                                             std::size_t count) {
    NvSciBufAttrList lists[2] = {device_buffer_list(device, size), nullptr};
    const std::vector<std::byte> blob = channel.receive_blob();
    BENCH_CHECK(
        NvSciBufAttrListIpcImportUnreconciled(module(), channel.endpoint(), blob.data(), blob.size(), &lists[1]));
    NvSciBufAttrList reconciled = nullptr;
    NvSciBufAttrList conflicts = nullptr;
    BENCH_CHECK(NvSciBufAttrListReconcile(lists, 2, &reconciled, &conflicts));
    void* bytes = nullptr;
    std::size_t length = 0;
    BENCH_CHECK(NvSciBufAttrListIpcExportReconciled(reconciled, channel.endpoint(), &bytes, &length));
    channel.send_blob(bytes, length);
    NvSciBufAttrListFreeDesc(bytes);
    std::vector<NvSciBufObj> objects(count);
    for (NvSciBufObj& object : objects)
        BENCH_CHECK(NvSciBufObjAlloc(reconciled, &object));
    for (NvSciBufAttrList list : {lists[0], lists[1], reconciled})
        NvSciBufAttrListFree(list);
    return objects;
}

ReceivedBuffers ask_for_buffers(IpcChannel& channel, CUdevice device, std::uint64_t size) {
    ReceivedBuffers received;
    received.own = device_buffer_list(device, size);
    void* bytes = nullptr;
    std::size_t length = 0;
    BENCH_CHECK(NvSciBufAttrListIpcExportUnreconciled(&received.own, 1, channel.endpoint(), &bytes, &length));
    channel.send_blob(bytes, length);
    NvSciBufAttrListFreeDesc(bytes);
    const std::vector<std::byte> blob = channel.receive_blob();
    BENCH_CHECK(NvSciBufAttrListIpcImportReconciled(module(), channel.endpoint(), blob.data(), blob.size(),
                                                    &received.own, 1, &received.list));
    return received;
}

void send_buffer(IpcChannel& channel, NvSciBufObj object) {
    NvSciBufObjIpcExportDescriptor descriptor;
    BENCH_CHECK(NvSciBufObjIpcExport(object, NvSciBufAccessPerm_ReadWrite, channel.endpoint(), &descriptor));
    channel.send_blocking(&descriptor, sizeof(descriptor));
}

NvSciBufObjIpcExportDescriptor receive_buffer(IpcChannel& channel) {
    NvSciBufObjIpcExportDescriptor descriptor;
    channel.receive_blocking(&descriptor, sizeof(descriptor));
    return descriptor;
}

NvSciBufObj import_buffer(IpcChannel& channel, const ReceivedBuffers& received,
                          const NvSciBufObjIpcExportDescriptor& descriptor) {
    NvSciBufObj object = nullptr;
    BENCH_CHECK(NvSciBufObjIpcImport(channel.endpoint(), &descriptor, received.list, NvSciBufAccessPerm_ReadWrite, -1,
                                     &object));
    return object;
}

MappedObject map_object(NvSciBufObj object, std::uint64_t size) {
    MappedObject mapped;
    CUDA_EXTERNAL_MEMORY_HANDLE_DESC handle{};
    handle.type = CU_EXTERNAL_MEMORY_HANDLE_TYPE_NVSCIBUF;
    handle.handle.nvSciBufObject = object;
    handle.size = size;
    BENCH_CHECK(nvsciCuImportExternalMemory(&mapped.memory, &handle));
    const CUDA_EXTERNAL_MEMORY_BUFFER_DESC window{0, size, 0, {}};
    BENCH_CHECK(nvsciCuExternalMemoryGetMappedBuffer(&mapped.pointer, mapped.memory, &window));
    return mapped;
}

void unmap_object(const MappedObject& mapped) {
    BENCH_CHECK(nvsciCuMemFree(mapped.pointer));
    BENCH_CHECK(nvsciCuDestroyExternalMemory(mapped.memory));
}

}  // namespace opennvsci::bench
