// SPDX-License-Identifier: Apache-2.0
//
// Vulkan and CUDA on one picture: a compute shader of Vulkan draws a gradient into an image of an NvSciBuf object, CUDA
// turns it upside down in place, and Vulkan reads it back, where every pixel must be as the CPU computes it. Fences of
// NvSciSync hand the picture over, from Vulkan's queue to CUDA's stream and back: the CPU waits for the end alone.
//
// On a GPU the picture is block-linear and in video memory; CUDA uses a kernel with surfaces. Where Vulkan has a device
// of the CPU only, such as Mesa's lavapipe, the picture is in system memory, row after row, and CUDA is OpenNvSci's
// software device, which runs no kernels: rows change places by copies. The fences are the same: these two share no
// semaphores, so the library carries the values.
//
// Build and run, with <cuda.h> of a CUDA toolkit, Vulkan's headers and its loader:
//   c++ -std=c++17 vulkan_cuda.cpp $(pkg-config --cflags --libs nvscivk nvscibuf nvscisync vulkan)
//   -I/usr/local/cuda/include -lcuda
//   ./a.out [--frames N]                  on a machine with a GPU
//   opennvsci run --soft ./a.out          on any machine with lavapipe
#include <cuda.h>
#include <dlfcn.h>
#include <nvscibuf.h>
#include <nvscicuda.h>
#include <nvscisync.h>
#include <nvscivk.h>
#include <opennvsci.h>
#include <vulkan/vulkan.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <utility>
#include <vector>

namespace {

constexpr uint32_t kWidth = 640;
constexpr uint32_t kHeight = 480;
constexpr int kSkipped = 77;

void fail(const char* what, long code) {
    std::fprintf(stderr, "%s: %ld\n%s\n", what, code, opennvsciGetLastErrorText());
    std::exit(1);
}
void check(NvSciError error, const char* what) {
    if (error != NvSciError_Success) fail(what, error);
}
void check(CUresult result, const char* what) {
    if (result != CUDA_SUCCESS) fail(what, result);
}
void check(VkResult result, const char* what) {
    if (result != VK_SUCCESS) fail(what, result);
}
#define CHECK(call) check(call, #call)

// layout(local_size_x = 16, local_size_y = 16) in;
// layout(binding = 0, rgba8) writeonly uniform image2D picture;
// void main() {
//     ivec2 p = ivec2(gl_GlobalInvocationID.xy);
//     ivec2 size = imageSize(picture);
//     if (p.x >= size.x || p.y >= size.y) return;
//     imageStore(picture, p, vec4(p.x & 255, p.y & 255, (p.x ^ p.y) & 255, 255) / 255.0);
// }
// By glslangValidator -V -g0 --target-env vulkan1.1.
const uint32_t kGradient[] = {
    0x7230203,  0x10300,    0x8000b,    0x47,    0,       0x20011, 1,          0x20011, 0x32,    0x6000b, 1,
    0x4c534c47, 0x6474732e, 0x3035342e, 0,       0x3000e, 0,       1,          0x6000f, 5,       4,       0x6e69616d,
    0,          0xd,        0x60010,    4,       0x11,    0x10,    0x10,       1,       0x40047, 0xd,     0xb,
    0x1c,       0x40047,    0x16,       0x22,    0,       0x40047, 0x16,       0x21,    0,       0x30047, 0x16,
    0x19,       0x40047,    0x46,       0xb,     0x19,    0x20013, 2,          0x30021, 3,       2,       0x40015,
    6,          0x20,       1,          0x40017, 7,       6,       2,          0x40020, 8,       7,       7,
    0x40015,    0xa,        0x20,       0,       0x40017, 0xb,     0xa,        3,       0x40020, 0xc,     1,
    0xb,        0x4003b,    0xc,        0xd,     1,       0x40017, 0xe,        0xa,     2,       0x30016, 0x13,
    0x20,       0x90019,    0x14,       0x13,    1,       0,       0,          0,       2,       4,       0x40020,
    0x15,       0,          0x14,       0x4003b, 0x15,    0x16,    0,          0x20014, 0x19,    0x4002b, 0xa,
    0x1a,       0,          0x40020,    0x1b,    7,       6,       0x4002b,    0xa,     0x24,    1,       0x4002b,
    6,          0x32,       0xff,       0x4002b, 0x13,    0x40,    0x437f0000, 0x40017, 0x41,    0x13,    4,
    0x4002b,    0xa,        0x45,       0x10,    0x6002c, 0xb,     0x46,       0x45,    0x45,    0x24,    0x50036,
    2,          4,          0,          3,       0x200f8, 5,       0x4003b,    8,       9,       7,       0x4003b,
    8,          0x12,       7,          0x4003d, 0xb,     0xf,     0xd,        0x7004f, 0xe,     0x10,    0xf,
    0xf,        0,          1,          0x4007c, 7,       0x11,    0x10,       0x3003e, 9,       0x11,    0x4003d,
    0x14,       0x17,       0x16,       0x40068, 7,       0x18,    0x17,       0x3003e, 0x12,    0x18,    0x50041,
    0x1b,       0x1c,       9,          0x1a,    0x4003d, 6,       0x1d,       0x1c,    0x50041, 0x1b,    0x1e,
    0x12,       0x1a,       0x4003d,    6,       0x1f,    0x1e,    0x500af,    0x19,    0x20,    0x1d,    0x1f,
    0x400a8,    0x19,       0x21,       0x20,    0x300f7, 0x23,    0,          0x400fa, 0x21,    0x22,    0x23,
    0x200f8,    0x22,       0x50041,    0x1b,    0x25,    9,       0x24,       0x4003d, 6,       0x26,    0x25,
    0x50041,    0x1b,       0x27,       0x12,    0x24,    0x4003d, 6,          0x28,    0x27,    0x500af, 0x19,
    0x29,       0x26,       0x28,       0x200f9, 0x23,    0x200f8, 0x23,       0x700f5, 0x19,    0x2a,    0x20,
    5,          0x29,       0x22,       0x300f7, 0x2c,    0,       0x400fa,    0x2a,    0x2b,    0x2c,    0x200f8,
    0x2b,       0x100fd,    0x200f8,    0x2c,    0x4003d, 0x14,    0x2e,       0x16,    0x4003d, 7,       0x2f,
    9,          0x50041,    0x1b,       0x30,    9,       0x1a,    0x4003d,    6,       0x31,    0x30,    0x500c7,
    6,          0x33,       0x31,       0x32,    0x4006f, 0x13,    0x34,       0x33,    0x50041, 0x1b,    0x35,
    9,          0x24,       0x4003d,    6,       0x36,    0x35,    0x500c7,    6,       0x37,    0x36,    0x32,
    0x4006f,    0x13,       0x38,       0x37,    0x50041, 0x1b,    0x39,       9,       0x1a,    0x4003d, 6,
    0x3a,       0x39,       0x50041,    0x1b,    0x3b,    9,       0x24,       0x4003d, 6,       0x3c,    0x3b,
    0x500c6,    6,          0x3d,       0x3a,    0x3c,    0x500c7, 6,          0x3e,    0x3d,    0x32,    0x4006f,
    0x13,       0x3f,       0x3e,       0x70050, 0x41,    0x42,    0x34,       0x38,    0x3f,    0x40,    0x70050,
    0x41,       0x43,       0x40,       0x40,    0x40,    0x40,    0x50088,    0x41,    0x44,    0x42,    0x43,
    0x40063,    0x2e,       0x2f,       0x44,    0x100fd, 0x10038,
};
uint32_t gradient(uint32_t x, uint32_t y) {
    return (x & 255) | (y & 255) << 8 | ((x ^ y) & 255) << 16 | 255U << 24;
}

// Each thread exchanges a pixel of the upper half with its mirror image. A surface takes x in bytes.
const char* const kTurn = R"(
.version 6.0
.target sm_52
.address_size 64

.visible .entry turn_upside_down(.param .u64 surface, .param .u32 width, .param .u32 height)
{
    .reg .pred  %outside;
    .reg .b32   %x, %y, %mirrored, %width, %height, %half, %block, %threads, %thread, %upper, %lower;
    .reg .b64   %surface;

    mov.u32         %block, %ctaid.x;
    mov.u32         %threads, %ntid.x;
    mov.u32         %thread, %tid.x;
    mad.lo.u32      %x, %block, %threads, %thread;
    ld.param.u32    %width, [width];
    setp.ge.u32     %outside, %x, %width;
    @%outside bra   done;
    mov.u32         %y, %ctaid.y;
    ld.param.u32    %height, [height];
    shr.u32         %half, %height, 1;
    setp.ge.u32     %outside, %y, %half;
    @%outside bra   done;

    shl.b32         %x, %x, 2;
    sub.u32         %mirrored, %height, %y;
    sub.u32         %mirrored, %mirrored, 1;
    ld.param.u64    %surface, [surface];
    suld.b.2d.b32.trap {%upper}, [%surface, {%x, %y}];
    suld.b.2d.b32.trap {%lower}, [%surface, {%x, %mirrored}];
    sust.b.2d.b32.trap [%surface, {%x, %mirrored}], {%upper};
    sust.b.2d.b32.trap [%surface, {%x, %y}], {%lower};
done:
    ret;
}
)";

// What any program with Vulkan has. The device is CUDA's if that is a GPU, else one of the CPU.
struct Vulkan {
    VkInstance instance = VK_NULL_HANDLE;
    VkPhysicalDevice physical = VK_NULL_HANDLE;
    VkDevice device = VK_NULL_HANDLE;
    VkQueue queue = VK_NULL_HANDLE;
    VkCommandPool pool = VK_NULL_HANDLE;
    uint32_t family = 0;
    std::vector<std::function<void()>> ends;  // what goes when the queue is done with it

    bool start(const CUuuid* gpu);
    /// Records commands and submits them. The queue waits first, for a value that is not 0, and signals then.
    template <class Record>
    void submit(NvSciVkSemaphoreValue wait, NvSciVkSemaphoreValue signal, const Record& record);
    /// When the CPU knows that all is done.
    void finish() {
        for (const auto& end : ends)
            end();
        ends.clear();
    }
};

bool is_wanted(VkPhysicalDevice device, const CUuuid* gpu) {
    VkPhysicalDeviceIDProperties id{};
    id.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_ID_PROPERTIES;
    VkPhysicalDeviceProperties2 properties{};
    properties.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_PROPERTIES_2;
    properties.pNext = &id;
    vkGetPhysicalDeviceProperties2(device, &properties);
    const bool is_it = gpu != nullptr ? std::memcmp(id.deviceUUID, gpu->bytes, VK_UUID_SIZE) == 0
                                      : properties.properties.deviceType == VK_PHYSICAL_DEVICE_TYPE_CPU;
    if (is_it) std::printf("Vulkan: %s\n", properties.properties.deviceName);
    return is_it;
}

bool Vulkan::start(const CUuuid* gpu) {
    VkApplicationInfo application{};
    application.sType = VK_STRUCTURE_TYPE_APPLICATION_INFO;
    application.apiVersion = VK_API_VERSION_1_2;
    VkInstanceCreateInfo info{};
    info.sType = VK_STRUCTURE_TYPE_INSTANCE_CREATE_INFO;
    info.pApplicationInfo = &application;
    if (vkCreateInstance(&info, nullptr, &instance) != VK_SUCCESS) return false;
    std::vector<VkPhysicalDevice> devices(16);
    auto count = static_cast<uint32_t>(devices.size());
    vkEnumeratePhysicalDevices(instance, &count, devices.data());
    for (uint32_t i = 0; i < count; ++i) {
        if (is_wanted(devices[i], gpu)) physical = devices[i];
    }
    if (physical == VK_NULL_HANDLE) return false;

    // Which extensions: nvscivk.h says it. On a device of the CPU this program needs one of them.
    const std::vector<const char*> extensions =
        gpu != nullptr ? std::vector<const char*>{"VK_KHR_external_memory_fd", "VK_KHR_external_semaphore_fd"}
                       : std::vector<const char*>{"VK_EXT_external_memory_host"};
    VkPhysicalDeviceTimelineSemaphoreFeatures timeline{};
    timeline.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_TIMELINE_SEMAPHORE_FEATURES;
    timeline.timelineSemaphore = VK_TRUE;
    std::vector<VkQueueFamilyProperties> families(64);
    auto family_count = static_cast<uint32_t>(families.size());
    vkGetPhysicalDeviceQueueFamilyProperties(physical, &family_count, families.data());
    while (family < family_count && (families[family].queueFlags & VK_QUEUE_COMPUTE_BIT) == 0)
        ++family;
    const float priority = 1;
    VkDeviceQueueCreateInfo queues{};
    queues.sType = VK_STRUCTURE_TYPE_DEVICE_QUEUE_CREATE_INFO;
    queues.queueFamilyIndex = family;
    queues.queueCount = 1;
    queues.pQueuePriorities = &priority;
    VkDeviceCreateInfo create{};
    create.sType = VK_STRUCTURE_TYPE_DEVICE_CREATE_INFO;
    create.pNext = &timeline;
    create.queueCreateInfoCount = 1;
    create.pQueueCreateInfos = &queues;
    create.enabledExtensionCount = static_cast<uint32_t>(extensions.size());
    create.ppEnabledExtensionNames = extensions.data();
    CHECK(vkCreateDevice(physical, &create, nullptr, &device));
    vkGetDeviceQueue(device, family, 0, &queue);
    VkCommandPoolCreateInfo commands{};
    commands.sType = VK_STRUCTURE_TYPE_COMMAND_POOL_CREATE_INFO;
    commands.queueFamilyIndex = family;
    CHECK(vkCreateCommandPool(device, &commands, nullptr, &pool));

    // OpenNvSci is told of both. This program is linked with libvulkan.so.1, so no function is passed.
    CHECK(nvsciVkRegisterInstance(instance, nullptr));
    CHECK(nvsciVkRegisterDevice(physical, device));
    return true;
}

template <class Record>
void Vulkan::submit(NvSciVkSemaphoreValue wait, NvSciVkSemaphoreValue signal, const Record& record) {
    VkCommandBufferAllocateInfo allocate{};
    allocate.sType = VK_STRUCTURE_TYPE_COMMAND_BUFFER_ALLOCATE_INFO;
    allocate.commandPool = pool;
    allocate.commandBufferCount = 1;
    VkCommandBuffer commands = VK_NULL_HANDLE;
    CHECK(vkAllocateCommandBuffers(device, &allocate, &commands));
    VkCommandBufferBeginInfo begin{};
    begin.sType = VK_STRUCTURE_TYPE_COMMAND_BUFFER_BEGIN_INFO;
    CHECK(vkBeginCommandBuffer(commands, &begin));
    record(commands);
    CHECK(vkEndCommandBuffer(commands));

    const VkPipelineStageFlags stages = VK_PIPELINE_STAGE_ALL_COMMANDS_BIT;
    VkTimelineSemaphoreSubmitInfo values{};
    values.sType = VK_STRUCTURE_TYPE_TIMELINE_SEMAPHORE_SUBMIT_INFO;
    VkSubmitInfo info{};
    info.sType = VK_STRUCTURE_TYPE_SUBMIT_INFO;
    info.pNext = &values;
    info.commandBufferCount = 1;
    info.pCommandBuffers = &commands;
    if (wait.value != 0) {
        values.waitSemaphoreValueCount = info.waitSemaphoreCount = 1;
        values.pWaitSemaphoreValues = &wait.value;
        info.pWaitSemaphores = &wait.semaphore;
        info.pWaitDstStageMask = &stages;
    }
    values.signalSemaphoreValueCount = info.signalSemaphoreCount = 1;
    values.pSignalSemaphoreValues = &signal.value;
    info.pSignalSemaphores = &signal.semaphore;
    CHECK(vkQueueSubmit(queue, 1, &info, VK_NULL_HANDLE));
    ends.push_back([this, commands] { vkFreeCommandBuffers(device, pool, 1, &commands); });
}

// The fences of one direction: an object of NvSciSync, as those have it who signal it and wait for it.
struct Direction {
    NvSciSyncObj object = nullptr;
    VkSemaphoreSciSyncPoolNV vulkan = VK_NULL_HANDLE;
    CUexternalSemaphore cuda = nullptr;
};

// Both directions. The CPU may wait for what Vulkan signals.
struct Fences {
    NvSciSyncModule module = nullptr;
    NvSciSyncCpuWaitContext context = nullptr;
    Direction by_vulkan;
    Direction by_cuda;

    void start(const Vulkan& vulkan, CUdevice device);
    void end(const Vulkan& vulkan) const;
    void wait_with_cpu(const NvSciSyncFence& fence) const { CHECK(NvSciSyncFenceWait(&fence, context, -1)); }
};

NvSciSyncAttrList vulkan_list(NvSciSyncModule module, const Vulkan& vulkan, VkSciSyncClientTypeNV client) {
    VkSciSyncAttributesInfoNV info{};
    info.sType = VK_STRUCTURE_TYPE_SCI_SYNC_ATTRIBUTES_INFO_NV;
    info.clientType = client;
    info.primitiveType = VK_SCI_SYNC_PRIMITIVE_TYPE_SEMAPHORE_NV;
    NvSciSyncAttrList list = nullptr;
    CHECK(NvSciSyncAttrListCreate(module, &list));
    CHECK(nvsciVkGetPhysicalDeviceSciSyncAttributesNV(vulkan.physical, &info, list));
    return list;
}

NvSciSyncAttrList cuda_list(NvSciSyncModule module, CUdevice device, int flags) {
    NvSciSyncAttrList list = nullptr;
    CHECK(NvSciSyncAttrListCreate(module, &list));
    CHECK(nvsciCuDeviceGetNvSciSyncAttributes(list, device, flags));
    return list;
}

NvSciSyncAttrList cpu_list(NvSciSyncModule module) {
    const bool has_cpu = true;
    const NvSciSyncAccessPerm waits = NvSciSyncAccessPerm_WaitOnly;
    NvSciSyncAttrKeyValuePair pairs[] = {{NvSciSyncAttrKey_NeedCpuAccess, &has_cpu, sizeof(has_cpu)},
                                         {NvSciSyncAttrKey_RequiredPerm, &waits, sizeof(waits)}};
    NvSciSyncAttrList list = nullptr;
    CHECK(NvSciSyncAttrListCreate(module, &list));
    CHECK(NvSciSyncAttrListSetAttrs(list, pairs, 2));
    return list;
}

NvSciSyncObj allocate_fences(const std::vector<NvSciSyncAttrList>& lists) {
    NvSciSyncObj object = nullptr;
    NvSciSyncAttrList conflict = nullptr;
    CHECK(NvSciSyncAttrListReconcileAndObjAlloc(lists.data(), lists.size(), &object, &conflict));
    for (NvSciSyncAttrList list : lists)
        NvSciSyncAttrListFree(list);
    return object;
}

void import_into_vulkan(Direction& direction, const Vulkan& vulkan) {
    VkSemaphoreSciSyncPoolCreateInfoNV info{};
    info.sType = VK_STRUCTURE_TYPE_SEMAPHORE_SCI_SYNC_POOL_CREATE_INFO_NV;
    info.handle = direction.object;
    CHECK(nvsciVkCreateSemaphoreSciSyncPoolNV(vulkan.device, &info, nullptr, &direction.vulkan));
}

void import_into_cuda(Direction& direction) {
    CUDA_EXTERNAL_SEMAPHORE_HANDLE_DESC desc;
    std::memset(&desc, 0, sizeof(desc));
    desc.type = CU_EXTERNAL_SEMAPHORE_HANDLE_TYPE_NVSCISYNC;
    desc.handle.nvSciSyncObj = direction.object;
    CHECK(nvsciCuImportExternalSemaphore(&direction.cuda, &desc));
}

void Fences::start(const Vulkan& vulkan, CUdevice device) {
    CHECK(NvSciSyncModuleOpen(&module));
    CHECK(NvSciSyncCpuWaitContextAlloc(module, &context));
    by_vulkan.object = allocate_fences({vulkan_list(module, vulkan, VK_SCI_SYNC_CLIENT_TYPE_SIGNALER_NV),
                                        cuda_list(module, device, CUDA_NVSCISYNC_ATTR_WAIT), cpu_list(module)});
    by_cuda.object = allocate_fences({cuda_list(module, device, CUDA_NVSCISYNC_ATTR_SIGNAL),
                                      vulkan_list(module, vulkan, VK_SCI_SYNC_CLIENT_TYPE_WAITER_NV)});
    for (Direction* direction : {&by_vulkan, &by_cuda}) {
        import_into_vulkan(*direction, vulkan);
        import_into_cuda(*direction);
    }
}

void Fences::end(const Vulkan& vulkan) const {
    for (const Direction& direction : {by_vulkan, by_cuda}) {
        nvsciVkDestroySemaphoreSciSyncPoolNV(vulkan.device, direction.vulkan, nullptr);
        CHECK(nvsciCuDestroyExternalSemaphore(direction.cuda));
        NvSciSyncObjFree(direction.object);
    }
    NvSciSyncCpuWaitContextFree(context);
    NvSciSyncModuleClose(module);
}

// What Vulkan's queue signals next, and the fence of that.
NvSciVkSemaphoreValue next_signal(const Vulkan& vulkan, const Fences& fences, NvSciSyncFence& fence) {
    VkSemaphoreSciSyncCreateInfoNV info{};
    info.sType = VK_STRUCTURE_TYPE_SEMAPHORE_SCI_SYNC_CREATE_INFO_NV;
    info.semaphorePool = fences.by_vulkan.vulkan;
    info.pFence = &fence;
    NvSciVkSemaphoreValue signal{};
    CHECK(nvsciVkGetSignalSemaphore(vulkan.device, &info, &signal));
    return signal;
}

// What Vulkan's queue waits for to wait for a fence of CUDA.
NvSciVkSemaphoreValue wait_for(const Vulkan& vulkan, const Fences& fences, const NvSciSyncFence& fence) {
    VkSemaphoreSciSyncCreateInfoNV info{};
    info.sType = VK_STRUCTURE_TYPE_SEMAPHORE_SCI_SYNC_CREATE_INFO_NV;
    info.semaphorePool = fences.by_cuda.vulkan;
    info.pFence = &fence;
    NvSciVkSemaphoreValue wait{};
    CHECK(nvsciVkGetWaitSemaphore(vulkan.device, &info, &wait));
    return wait;
}

// The stream waits for what Vulkan signaled.
void wait_in_stream(const Fences& fences, NvSciSyncFence fence, CUstream stream) {
    CUDA_EXTERNAL_SEMAPHORE_WAIT_PARAMS wait;
    std::memset(&wait, 0, sizeof(wait));
    wait.params.nvSciSync.fence = &fence;
    CHECK(nvsciCuWaitExternalSemaphoresAsync(&fences.by_vulkan.cuda, &wait, 1, stream));
}

NvSciSyncFence signal_in_stream(const Fences& fences, CUstream stream) {
    NvSciSyncFence fence = NvSciSyncFenceInitializer;
    CUDA_EXTERNAL_SEMAPHORE_SIGNAL_PARAMS signal;
    std::memset(&signal, 0, sizeof(signal));
    signal.params.nvSciSync.fence = &fence;
    CHECK(nvsciCuSignalExternalSemaphoresAsync(&fences.by_cuda.cuda, &signal, 1, stream));
    return fence;
}

// A key with its value, as NvSciBufAttrListSetAttrs takes it.
template <class T>
NvSciBufAttrKeyValuePair pair(NvSciBufAttrKey key, const T& value) {
    return {key, &value, sizeof(value)};
}

// An image that Vulkan and CUDA both use: each says in a list what it needs.
NvSciBufObj allocate_picture(NvSciBufModule module, const Vulkan& vulkan, const CUuuid& cuda, bool is_gpu) {
    NvSciBufAttrList list = nullptr;
    CHECK(NvSciBufAttrListCreate(module, &list));
    CHECK(nvsciVkGetPhysicalDeviceSciBufAttributesNV(vulkan.physical, list));
    const NvSciBufType type = NvSciBufType_Image;
    const auto layout = is_gpu ? NvSciBufImage_BlockLinearType : NvSciBufImage_PitchLinearType;
    const NvSciBufAttrValImageScanType scan = NvSciBufScan_ProgressiveType;
    const uint32_t planes = 1;
    const NvSciBufAttrValColorFmt format = NvSciColor_A8B8G8R8;  // R at the lowest address
    NvSciBufAttrKeyValuePair pairs[] = {pair(NvSciBufGeneralAttrKey_Types, type),
                                        pair(NvSciBufImageAttrKey_Layout, layout),
                                        pair(NvSciBufImageAttrKey_ScanType, scan),
                                        pair(NvSciBufImageAttrKey_PlaneCount, planes),
                                        pair(NvSciBufImageAttrKey_PlaneColorFormat, format),
                                        pair(NvSciBufImageAttrKey_PlaneWidth, kWidth),
                                        pair(NvSciBufImageAttrKey_PlaneHeight, kHeight)};
    CHECK(NvSciBufAttrListSetAttrs(list, pairs, sizeof(pairs) / sizeof(pairs[0])));
    NvSciRmGpuId id;
    std::memcpy(id.bytes, cuda.bytes, sizeof(id.bytes));
    NvSciBufAttrKeyValuePair wishes[] = {pair(NvSciBufGeneralAttrKey_Types, type),
                                         pair(NvSciBufGeneralAttrKey_GpuId, id)};
    NvSciBufAttrList cuda_list = nullptr;
    CHECK(NvSciBufAttrListCreate(module, &cuda_list));
    CHECK(NvSciBufAttrListSetAttrs(cuda_list, wishes, 2));
    NvSciBufAttrList lists[] = {list, cuda_list};
    NvSciBufAttrList reconciled = nullptr;
    NvSciBufAttrList conflict = nullptr;
    CHECK(NvSciBufAttrListReconcile(lists, 2, &reconciled, &conflict));
    NvSciBufObj object = nullptr;
    CHECK(NvSciBufObjAlloc(reconciled, &object));
    NvSciBufAttrListFree(reconciled);
    NvSciBufAttrListFree(cuda_list);
    NvSciBufAttrListFree(list);
    return object;
}

// The picture in Vulkan.
struct Picture {
    VkImage image = VK_NULL_HANDLE;
    VkDeviceMemory memory = VK_NULL_HANDLE;
};

Picture import_into_vulkan(const Vulkan& vulkan, NvSciBufObj object) {
    Picture picture;
    NvSciVkPlaneImageCreateInfo plane{};
    plane.bufObj = object;
    plane.usage = VK_IMAGE_USAGE_STORAGE_BIT | VK_IMAGE_USAGE_TRANSFER_SRC_BIT;
    CHECK(nvsciVkCreatePlaneImage(vulkan.device, &plane, nullptr, &picture.image));

    NvSciVkMemoryProperties properties{};
    CHECK(nvsciVkGetMemoryProperties(vulkan.device, object, &properties));
    VkMemoryRequirements needs;
    vkGetImageMemoryRequirements(vulkan.device, picture.image, &needs);
    // For this image alone: what a driver compresses where it knows nothing of the image, CUDA could not read.
    VkMemoryDedicatedAllocateInfo dedicated{};
    dedicated.sType = VK_STRUCTURE_TYPE_MEMORY_DEDICATED_ALLOCATE_INFO;
    dedicated.image = picture.image;
    VkImportMemorySciBufInfoNV import{};
    import.sType = VK_STRUCTURE_TYPE_IMPORT_MEMORY_SCI_BUF_INFO_NV;
    import.pNext = &dedicated;
    import.handleType = VK_EXTERNAL_MEMORY_HANDLE_TYPE_SCI_BUF_BIT_NV;
    import.handle = object;
    VkMemoryAllocateInfo allocate{};
    allocate.sType = VK_STRUCTURE_TYPE_MEMORY_ALLOCATE_INFO;
    allocate.pNext = &import;
    while ((properties.memoryTypeBits & needs.memoryTypeBits & 1U << allocate.memoryTypeIndex) == 0)
        if (++allocate.memoryTypeIndex == VK_MAX_MEMORY_TYPES) fail("no memory type serves both", 0);
    CHECK(nvsciVkAllocateMemory(vulkan.device, &allocate, nullptr, &picture.memory));
    CHECK(nvsciVkBindPlaneImage(vulkan.device, picture.image, picture.memory, 0));
    return picture;
}

// How the picture changes hands. What is in it stays, but where Vulkan will draw all of it anew.
enum class HandOver { to_draw, to_read, to_cuda };

void hand_over(VkCommandBuffer commands, const Vulkan& vulkan, const Picture& picture, HandOver how) {
    const bool to_vulkan = how != HandOver::to_cuda;
    VkImageMemoryBarrier barrier{};
    barrier.sType = VK_STRUCTURE_TYPE_IMAGE_MEMORY_BARRIER;
    barrier.srcAccessMask = to_vulkan ? 0 : VK_ACCESS_SHADER_WRITE_BIT;
    barrier.dstAccessMask = to_vulkan ? VK_ACCESS_SHADER_WRITE_BIT | VK_ACCESS_TRANSFER_READ_BIT : 0;
    barrier.oldLayout = how == HandOver::to_draw ? VK_IMAGE_LAYOUT_UNDEFINED : VK_IMAGE_LAYOUT_GENERAL;
    barrier.newLayout = VK_IMAGE_LAYOUT_GENERAL;
    barrier.srcQueueFamilyIndex = to_vulkan ? VK_QUEUE_FAMILY_EXTERNAL : vulkan.family;
    barrier.dstQueueFamilyIndex = to_vulkan ? vulkan.family : VK_QUEUE_FAMILY_EXTERNAL;
    barrier.image = picture.image;
    barrier.subresourceRange = {VK_IMAGE_ASPECT_COLOR_BIT, 0, 1, 0, 1};
    vkCmdPipelineBarrier(commands, VK_PIPELINE_STAGE_ALL_COMMANDS_BIT, VK_PIPELINE_STAGE_ALL_COMMANDS_BIT, 0, 0,
                         nullptr, 0, nullptr, 1, &barrier);
}

// A pipeline with the shader, the picture bound to it, run once.
NvSciSyncFence draw(Vulkan& vulkan, const Fences& fences, const Picture& picture) {
    VkImageViewCreateInfo view_info{};
    view_info.sType = VK_STRUCTURE_TYPE_IMAGE_VIEW_CREATE_INFO;
    view_info.image = picture.image;
    view_info.viewType = VK_IMAGE_VIEW_TYPE_2D;
    view_info.format = VK_FORMAT_R8G8B8A8_UNORM;
    view_info.subresourceRange = {VK_IMAGE_ASPECT_COLOR_BIT, 0, 1, 0, 1};
    VkImageView view = VK_NULL_HANDLE;
    CHECK(vkCreateImageView(vulkan.device, &view_info, nullptr, &view));
    const VkDescriptorSetLayoutBinding binding{0, VK_DESCRIPTOR_TYPE_STORAGE_IMAGE, 1, VK_SHADER_STAGE_COMPUTE_BIT,
                                               nullptr};
    VkDescriptorSetLayoutCreateInfo set_info{};
    set_info.sType = VK_STRUCTURE_TYPE_DESCRIPTOR_SET_LAYOUT_CREATE_INFO;
    set_info.bindingCount = 1;
    set_info.pBindings = &binding;
    VkDescriptorSetLayout set_layout = VK_NULL_HANDLE;
    CHECK(vkCreateDescriptorSetLayout(vulkan.device, &set_info, nullptr, &set_layout));
    const VkDescriptorPoolSize size{VK_DESCRIPTOR_TYPE_STORAGE_IMAGE, 1};
    VkDescriptorPoolCreateInfo pool_info{};
    pool_info.sType = VK_STRUCTURE_TYPE_DESCRIPTOR_POOL_CREATE_INFO;
    pool_info.maxSets = 1;
    pool_info.poolSizeCount = 1;
    pool_info.pPoolSizes = &size;
    VkDescriptorPool pool = VK_NULL_HANDLE;
    CHECK(vkCreateDescriptorPool(vulkan.device, &pool_info, nullptr, &pool));
    VkDescriptorSetAllocateInfo allocate{};
    allocate.sType = VK_STRUCTURE_TYPE_DESCRIPTOR_SET_ALLOCATE_INFO;
    allocate.descriptorPool = pool;
    allocate.descriptorSetCount = 1;
    allocate.pSetLayouts = &set_layout;
    VkDescriptorSet set = VK_NULL_HANDLE;
    CHECK(vkAllocateDescriptorSets(vulkan.device, &allocate, &set));
    const VkDescriptorImageInfo bound{VK_NULL_HANDLE, view, VK_IMAGE_LAYOUT_GENERAL};
    VkWriteDescriptorSet write{};
    write.sType = VK_STRUCTURE_TYPE_WRITE_DESCRIPTOR_SET;
    write.dstSet = set;
    write.descriptorCount = 1;
    write.descriptorType = VK_DESCRIPTOR_TYPE_STORAGE_IMAGE;
    write.pImageInfo = &bound;
    vkUpdateDescriptorSets(vulkan.device, 1, &write, 0, nullptr);

    VkPipelineLayoutCreateInfo layout_info{};
    layout_info.sType = VK_STRUCTURE_TYPE_PIPELINE_LAYOUT_CREATE_INFO;
    layout_info.setLayoutCount = 1;
    layout_info.pSetLayouts = &set_layout;
    VkPipelineLayout layout = VK_NULL_HANDLE;
    CHECK(vkCreatePipelineLayout(vulkan.device, &layout_info, nullptr, &layout));
    VkShaderModuleCreateInfo shader_info{};
    shader_info.sType = VK_STRUCTURE_TYPE_SHADER_MODULE_CREATE_INFO;
    shader_info.codeSize = sizeof(kGradient);
    shader_info.pCode = kGradient;
    VkComputePipelineCreateInfo info{};
    info.sType = VK_STRUCTURE_TYPE_COMPUTE_PIPELINE_CREATE_INFO;
    info.layout = layout;
    info.stage.sType = VK_STRUCTURE_TYPE_PIPELINE_SHADER_STAGE_CREATE_INFO;
    info.stage.stage = VK_SHADER_STAGE_COMPUTE_BIT;
    info.stage.pName = "main";
    CHECK(vkCreateShaderModule(vulkan.device, &shader_info, nullptr, &info.stage.module));
    VkPipeline pipeline = VK_NULL_HANDLE;
    CHECK(vkCreateComputePipelines(vulkan.device, VK_NULL_HANDLE, 1, &info, nullptr, &pipeline));

    NvSciSyncFence drawn = NvSciSyncFenceInitializer;
    vulkan.submit({}, next_signal(vulkan, fences, drawn), [&](VkCommandBuffer commands) {
        hand_over(commands, vulkan, picture, HandOver::to_draw);
        vkCmdBindPipeline(commands, VK_PIPELINE_BIND_POINT_COMPUTE, pipeline);
        vkCmdBindDescriptorSets(commands, VK_PIPELINE_BIND_POINT_COMPUTE, layout, 0, 1, &set, 0, nullptr);
        vkCmdDispatch(commands, (kWidth + 15) / 16, (kHeight + 15) / 16, 1);
        hand_over(commands, vulkan, picture, HandOver::to_cuda);
    });
    vulkan.ends.push_back([=, device = vulkan.device, shader = info.stage.module] {
        vkDestroyPipeline(device, pipeline, nullptr);
        vkDestroyShaderModule(device, shader, nullptr);
        vkDestroyPipelineLayout(device, layout, nullptr);
        vkDestroyDescriptorPool(device, pool, nullptr);
        vkDestroyDescriptorSetLayout(device, set_layout, nullptr);
        vkDestroyImageView(device, view, nullptr);
    });
    return drawn;
}

// Copies the picture into a buffer that the CPU sees, when CUDA has turned it.
NvSciSyncFence read(Vulkan& vulkan, const Fences& fences, const Picture& picture, const NvSciSyncFence& turned,
                    std::vector<uint32_t>& pixels) {
    pixels.resize(std::size_t{kWidth} * kHeight);
    VkBufferCreateInfo info{};
    info.sType = VK_STRUCTURE_TYPE_BUFFER_CREATE_INFO;
    info.size = pixels.size() * sizeof(pixels[0]);
    info.usage = VK_BUFFER_USAGE_TRANSFER_DST_BIT;
    VkBuffer buffer = VK_NULL_HANDLE;
    CHECK(vkCreateBuffer(vulkan.device, &info, nullptr, &buffer));
    VkMemoryRequirements needs;
    vkGetBufferMemoryRequirements(vulkan.device, buffer, &needs);
    VkPhysicalDeviceMemoryProperties types;
    vkGetPhysicalDeviceMemoryProperties(vulkan.physical, &types);
    const VkMemoryPropertyFlags wanted = VK_MEMORY_PROPERTY_HOST_VISIBLE_BIT | VK_MEMORY_PROPERTY_HOST_COHERENT_BIT;
    VkMemoryAllocateInfo allocate{};
    allocate.sType = VK_STRUCTURE_TYPE_MEMORY_ALLOCATE_INFO;
    allocate.allocationSize = needs.size;
    while ((needs.memoryTypeBits & 1U << allocate.memoryTypeIndex) == 0 ||
           (types.memoryTypes[allocate.memoryTypeIndex].propertyFlags & wanted) != wanted)
        ++allocate.memoryTypeIndex;  // Vulkan promises that there is one
    VkDeviceMemory memory = VK_NULL_HANDLE;
    CHECK(vkAllocateMemory(vulkan.device, &allocate, nullptr, &memory));
    CHECK(vkBindBufferMemory(vulkan.device, buffer, memory, 0));
    NvSciSyncFence copied = NvSciSyncFenceInitializer;
    const NvSciVkSemaphoreValue wait = wait_for(vulkan, fences, turned);
    vulkan.submit(wait, next_signal(vulkan, fences, copied), [&](VkCommandBuffer commands) {
        hand_over(commands, vulkan, picture, HandOver::to_read);
        VkBufferImageCopy copy{};
        copy.imageSubresource = {VK_IMAGE_ASPECT_COLOR_BIT, 0, 0, 1};
        copy.imageExtent = {kWidth, kHeight, 1};
        vkCmdCopyImageToBuffer(commands, picture.image, VK_IMAGE_LAYOUT_GENERAL, buffer, 1, &copy);
        hand_over(commands, vulkan, picture, HandOver::to_cuda);
    });
    vulkan.ends.push_back([=, &pixels, device = vulkan.device] {
        void* mapped = nullptr;
        CHECK(vkMapMemory(device, memory, 0, VK_WHOLE_SIZE, 0, &mapped));
        std::memcpy(pixels.data(), mapped, pixels.size() * sizeof(pixels[0]));
        vkDestroyBuffer(device, buffer, nullptr);
        vkFreeMemory(device, memory, nullptr);
    });
    return copied;
}

template <class T>
T attribute(NvSciBufObj object, NvSciBufAttrKey key) {
    NvSciBufAttrList list = nullptr;
    CHECK(NvSciBufObjGetAttrList(object, &list));
    NvSciBufAttrKeyValuePair asked{key, nullptr, 0};
    CHECK(NvSciBufAttrListGetAttrs(list, &asked, 1));
    return *static_cast<const T*>(asked.value);
}

// What CUDA has of the picture, and how it turns it.
class Cuda {
  public:
    Cuda(NvSciBufObj object, bool by_kernel) {
        CHECK(cuStreamCreate(&stream_, CU_STREAM_NON_BLOCKING));
        CUDA_EXTERNAL_MEMORY_HANDLE_DESC desc;
        std::memset(&desc, 0, sizeof(desc));
        desc.type = CU_EXTERNAL_MEMORY_HANDLE_TYPE_NVSCIBUF;
        desc.handle.nvSciBufObject = object;
        desc.size = attribute<uint64_t>(object, NvSciBufImageAttrKey_Size);
        CHECK(nvsciCuImportExternalMemory(&memory_, &desc));
        if (by_kernel) {
            map_as_surface();
        } else {
            map_as_rows(attribute<uint32_t>(object, NvSciBufImageAttrKey_PlanePitch));
        }
    }
    Cuda(const Cuda&) = delete;
    Cuda& operator=(const Cuda&) = delete;
    ~Cuda() {
        CHECK(cuStreamSynchronize(stream_));
        if (module_ != nullptr) {
            CHECK(destroy_surface_(surface_));
            CHECK(cuModuleUnload(module_));
            CHECK(cuMipmappedArrayDestroy(mipmap_));
        } else {
            CHECK(cuMemFree(spare_));
            CHECK(nvsciCuMemFree(rows_));
        }
        CHECK(nvsciCuDestroyExternalMemory(memory_));
        CHECK(cuStreamDestroy(stream_));
    }

    /// When Vulkan has drawn it.
    NvSciSyncFence turn_upside_down(const Fences& fences, const NvSciSyncFence& drawn) {
        wait_in_stream(fences, drawn, stream_);
        module_ != nullptr ? turn_by_kernel() : turn_by_copies();
        return signal_in_stream(fences, stream_);
    }

  private:
    // On a GPU: the plane as an array, the array as a surface.
    void map_as_surface() {
        CUDA_EXTERNAL_MEMORY_MIPMAPPED_ARRAY_DESC desc;
        std::memset(&desc, 0, sizeof(desc));
        desc.arrayDesc.Width = kWidth;
        desc.arrayDesc.Height = kHeight;
        desc.arrayDesc.Format = CU_AD_FORMAT_UNSIGNED_INT8;
        desc.arrayDesc.NumChannels = 4;
        desc.arrayDesc.Flags = CUDA_ARRAY3D_SURFACE_LDST;
        desc.numLevels = 1;
        CHECK(nvsciCuExternalMemoryGetMappedMipmappedArray(&mipmap_, memory_, &desc));
        CUDA_RESOURCE_DESC resource;
        std::memset(&resource, 0, sizeof(resource));
        resource.resType = CU_RESOURCE_TYPE_ARRAY;
        CHECK(cuMipmappedArrayGetLevel(&resource.res.array.hArray, mipmap_, 0));
        // Looked up, because the software device has no surfaces.
        decltype(&cuSurfObjectCreate) create = nullptr;
        CHECK(cuGetProcAddress("cuSurfObjectCreate", reinterpret_cast<void**>(&create), CUDA_VERSION,
                               CU_GET_PROC_ADDRESS_DEFAULT, nullptr));
        CHECK(cuGetProcAddress("cuSurfObjectDestroy", reinterpret_cast<void**>(&destroy_surface_), CUDA_VERSION,
                               CU_GET_PROC_ADDRESS_DEFAULT, nullptr));
        CHECK(create(&surface_, &resource));
        CHECK(cuModuleLoadData(&module_, kTurn));
        CHECK(cuModuleGetFunction(&kernel_, module_, "turn_upside_down"));
    }
    void turn_by_kernel() {
        uint32_t width = kWidth;
        uint32_t height = kHeight;
        void* parameters[] = {&surface_, &width, &height};
        CHECK(cuLaunchKernel(kernel_, (kWidth + 63) / 64, kHeight / 2, 1, 64, 1, 1, 0, stream_, parameters, nullptr));
    }

    // On the software device: rows of the mapped bytes, through a spare row.
    void map_as_rows(std::size_t pitch) {
        pitch_ = pitch;
        CUDA_EXTERNAL_MEMORY_BUFFER_DESC window;
        std::memset(&window, 0, sizeof(window));
        window.size = pitch * kHeight;
        CHECK(nvsciCuExternalMemoryGetMappedBuffer(&rows_, memory_, &window));
        CHECK(cuMemAlloc(&spare_, pitch));
    }
    void turn_by_copies() {
        for (std::size_t y = 0; y < kHeight / 2; ++y) {
            const CUdeviceptr upper = rows_ + y * pitch_;
            const CUdeviceptr lower = rows_ + (kHeight - 1 - y) * pitch_;
            CHECK(cuMemcpyDtoDAsync(spare_, upper, pitch_, stream_));
            CHECK(cuMemcpyDtoDAsync(upper, lower, pitch_, stream_));
            CHECK(cuMemcpyDtoDAsync(lower, spare_, pitch_, stream_));
        }
    }

    CUstream stream_ = nullptr;
    CUexternalMemory memory_ = nullptr;
    CUmipmappedArray mipmap_ = nullptr;
    CUsurfObject surface_ = 0;
    decltype(&cuSurfObjectDestroy) destroy_surface_ = nullptr;
    CUmodule module_ = nullptr;  // null where rows are copied
    CUfunction kernel_ = nullptr;
    CUdeviceptr rows_ = 0;
    CUdeviceptr spare_ = 0;
    std::size_t pitch_ = 0;
};

std::size_t count_wrong(const std::vector<uint32_t>& pixels) {
    std::size_t wrong = 0;
    for (uint32_t y = 0; y < kHeight; ++y) {
        for (uint32_t x = 0; x < kWidth; ++x)
            wrong += pixels[std::size_t{y} * kWidth + x] != gradient(x, kHeight - 1 - y);
    }
    return wrong;
}

}  // namespace

int main(int count, char** arguments) {
    const bool has_frames = count == 3 && std::strcmp(arguments[1], "--frames") == 0;
    const long frames = has_frames ? std::strtol(arguments[2], nullptr, 10) : 1;
    if ((count != 1 && !has_frames) || frames < 1) {
        std::fprintf(stderr, "usage: %s [--frames N]\n", arguments[0]);
        return 2;
    }
    CHECK(cuInit(0));
    CUdevice device = 0;
    CHECK(cuDeviceGet(&device, 0));
    CUcontext context = nullptr;
    CHECK(cuDevicePrimaryCtxRetain(&context, device));
    CHECK(cuCtxSetCurrent(context));
    CUuuid uuid;
    CHECK(cuDeviceGetUuid(&uuid, device));
    // Only the software device exports this symbol.
    const CUuuid* const gpu = dlsym(RTLD_DEFAULT, "opennvsciSoftCudaVersion") == nullptr ? &uuid : nullptr;

    Vulkan vulkan;
    if (!vulkan.start(gpu)) {
        std::printf("skipped: Vulkan has no device here that is %s\n", gpu != nullptr ? "CUDA's" : "of the CPU");
        return kSkipped;
    }
    NvSciBufModule module = nullptr;
    CHECK(NvSciBufModuleOpen(&module));
    NvSciBufObj object = allocate_picture(module, vulkan, uuid, gpu != nullptr);
    Picture picture = import_into_vulkan(vulkan, object);

    Fences fences;
    fences.start(vulkan, device);
    std::size_t wrong = 0;
    {
        Cuda cuda(object, gpu != nullptr);
        std::vector<uint32_t> pixels;
        for (long frame = 0; frame < frames; ++frame) {
            const NvSciSyncFence drawn = draw(vulkan, fences, picture);
            const NvSciSyncFence turned = cuda.turn_upside_down(fences, drawn);
            const NvSciSyncFence copied = read(vulkan, fences, picture, turned, pixels);
            fences.wait_with_cpu(copied);  // it comes after all that was submitted
            vulkan.finish();
            wrong += count_wrong(pixels);
        }
    }
    std::printf("%ld x %u x %u pixels, %s: Vulkan drew, CUDA turned them upside down, Vulkan read: %zu wrong\n", frames,
                kWidth, kHeight, gpu != nullptr ? "block-linear in video memory" : "pitch-linear in system memory",
                wrong);
    fences.end(vulkan);

    vkDestroyImage(vulkan.device, picture.image, nullptr);
    nvsciVkFreeMemory(vulkan.device, picture.memory, nullptr);
    NvSciBufObjFree(object);
    NvSciBufModuleClose(module);
    vkDestroyCommandPool(vulkan.device, vulkan.pool, nullptr);
    nvsciVkUnregisterInstance(vulkan.instance);  // and its devices
    vkDestroyDevice(vulkan.device, nullptr);
    vkDestroyInstance(vulkan.instance, nullptr);
    CHECK(cuDevicePrimaryCtxRelease(device));
    return wrong == 0 ? 0 : 1;
}
