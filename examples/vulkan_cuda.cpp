// SPDX-License-Identifier: Apache-2.0
//
// Vulkan and CUDA on one picture: a compute shader of Vulkan draws a gradient into an image of an NvSciBuf object, CUDA
// turns it upside down in place, and Vulkan reads it back, where every pixel must be as the CPU computes it.
//
// On a GPU the picture is block-linear and in video memory; CUDA uses a kernel with surfaces. Where Vulkan has a device
// of the CPU only, such as Mesa's lavapipe, the picture is in system memory, row after row, and CUDA is OpenNvSci's
// software device, which runs no kernels: rows change places by copies.
//
// Build and run, with <cuda.h> of a CUDA toolkit, Vulkan's headers and its loader:
//   c++ -std=c++17 vulkan_cuda.cpp $(pkg-config --cflags --libs nvscivk nvscibuf vulkan) -I/usr/local/cuda/include
//   -lcuda
//   ./a.out                               on a machine with a GPU
//   opennvsci run --soft ./a.out          on any machine with lavapipe
#include <cuda.h>
#include <dlfcn.h>
#include <nvscibuf.h>
#include <nvscicuda.h>
#include <nvscivk.h>
#include <opennvsci.h>
#include <vulkan/vulkan.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
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

    bool start(const CUuuid* gpu);
    template <class Record>
    void run(const Record& record) const;
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
    application.apiVersion = VK_API_VERSION_1_1;
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

    // Which extensions: nvscivk.h says it. This program needs one of them.
    const char* const extension = gpu != nullptr ? "VK_KHR_external_memory_fd" : "VK_EXT_external_memory_host";
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
    create.queueCreateInfoCount = 1;
    create.pQueueCreateInfos = &queues;
    create.enabledExtensionCount = 1;
    create.ppEnabledExtensionNames = &extension;
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

// Records commands, submits them, and waits for them with the CPU.
template <class Record>
void Vulkan::run(const Record& record) const {
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
    VkSubmitInfo submit{};
    submit.sType = VK_STRUCTURE_TYPE_SUBMIT_INFO;
    submit.commandBufferCount = 1;
    submit.pCommandBuffers = &commands;
    CHECK(vkQueueSubmit(queue, 1, &submit, VK_NULL_HANDLE));
    CHECK(vkQueueWaitIdle(queue));
    vkFreeCommandBuffers(device, pool, 1, &commands);
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
    VkImportMemorySciBufInfoNV import{};
    import.sType = VK_STRUCTURE_TYPE_IMPORT_MEMORY_SCI_BUF_INFO_NV;
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

// Takes the picture over from CUDA, or gives it to CUDA, with what is in it.
void hand_over(VkCommandBuffer commands, const Vulkan& vulkan, const Picture& picture, bool to_vulkan) {
    VkImageMemoryBarrier barrier{};
    barrier.sType = VK_STRUCTURE_TYPE_IMAGE_MEMORY_BARRIER;
    barrier.srcAccessMask = to_vulkan ? 0 : VK_ACCESS_SHADER_WRITE_BIT;
    barrier.dstAccessMask = to_vulkan ? VK_ACCESS_SHADER_WRITE_BIT | VK_ACCESS_TRANSFER_READ_BIT : 0;
    barrier.oldLayout = VK_IMAGE_LAYOUT_GENERAL;
    barrier.newLayout = VK_IMAGE_LAYOUT_GENERAL;
    barrier.srcQueueFamilyIndex = to_vulkan ? VK_QUEUE_FAMILY_EXTERNAL : vulkan.family;
    barrier.dstQueueFamilyIndex = to_vulkan ? vulkan.family : VK_QUEUE_FAMILY_EXTERNAL;
    barrier.image = picture.image;
    barrier.subresourceRange = {VK_IMAGE_ASPECT_COLOR_BIT, 0, 1, 0, 1};
    vkCmdPipelineBarrier(commands, VK_PIPELINE_STAGE_ALL_COMMANDS_BIT, VK_PIPELINE_STAGE_ALL_COMMANDS_BIT, 0, 0,
                         nullptr, 0, nullptr, 1, &barrier);
}

// A pipeline with the shader, the picture bound to it, run once.
void draw(const Vulkan& vulkan, const Picture& picture) {
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

    vulkan.run([&](VkCommandBuffer commands) {
        hand_over(commands, vulkan, picture, true);
        vkCmdBindPipeline(commands, VK_PIPELINE_BIND_POINT_COMPUTE, pipeline);
        vkCmdBindDescriptorSets(commands, VK_PIPELINE_BIND_POINT_COMPUTE, layout, 0, 1, &set, 0, nullptr);
        vkCmdDispatch(commands, (kWidth + 15) / 16, (kHeight + 15) / 16, 1);
        hand_over(commands, vulkan, picture, false);
    });
    vkDestroyPipeline(vulkan.device, pipeline, nullptr);
    vkDestroyShaderModule(vulkan.device, info.stage.module, nullptr);
    vkDestroyPipelineLayout(vulkan.device, layout, nullptr);
    vkDestroyDescriptorPool(vulkan.device, pool, nullptr);
    vkDestroyDescriptorSetLayout(vulkan.device, set_layout, nullptr);
    vkDestroyImageView(vulkan.device, view, nullptr);
}

// Copies the picture into a buffer that the CPU sees.
std::vector<uint32_t> read(const Vulkan& vulkan, const Picture& picture) {
    std::vector<uint32_t> pixels(std::size_t{kWidth} * kHeight);
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
    vulkan.run([&](VkCommandBuffer commands) {
        hand_over(commands, vulkan, picture, true);
        VkBufferImageCopy copy{};
        copy.imageSubresource = {VK_IMAGE_ASPECT_COLOR_BIT, 0, 0, 1};
        copy.imageExtent = {kWidth, kHeight, 1};
        vkCmdCopyImageToBuffer(commands, picture.image, VK_IMAGE_LAYOUT_GENERAL, buffer, 1, &copy);
        hand_over(commands, vulkan, picture, false);
    });
    void* mapped = nullptr;
    CHECK(vkMapMemory(vulkan.device, memory, 0, VK_WHOLE_SIZE, 0, &mapped));
    std::memcpy(pixels.data(), mapped, info.size);
    vkDestroyBuffer(vulkan.device, buffer, nullptr);
    vkFreeMemory(vulkan.device, memory, nullptr);
    return pixels;
}

template <class T>
T attribute(NvSciBufObj object, NvSciBufAttrKey key) {
    NvSciBufAttrList list = nullptr;
    CHECK(NvSciBufObjGetAttrList(object, &list));
    NvSciBufAttrKeyValuePair asked{key, nullptr, 0};
    CHECK(NvSciBufAttrListGetAttrs(list, &asked, 1));
    return *static_cast<const T*>(asked.value);
}

// On a GPU: the plane as an array, the array as a surface.
void turn_by_kernel(CUexternalMemory memory) {
    CUDA_EXTERNAL_MEMORY_MIPMAPPED_ARRAY_DESC desc;
    std::memset(&desc, 0, sizeof(desc));
    desc.arrayDesc.Width = kWidth;
    desc.arrayDesc.Height = kHeight;
    desc.arrayDesc.Format = CU_AD_FORMAT_UNSIGNED_INT8;
    desc.arrayDesc.NumChannels = 4;
    desc.arrayDesc.Flags = CUDA_ARRAY3D_SURFACE_LDST;
    desc.numLevels = 1;
    CUmipmappedArray mipmap = nullptr;
    CHECK(nvsciCuExternalMemoryGetMappedMipmappedArray(&mipmap, memory, &desc));
    CUDA_RESOURCE_DESC resource;
    std::memset(&resource, 0, sizeof(resource));
    resource.resType = CU_RESOURCE_TYPE_ARRAY;
    CHECK(cuMipmappedArrayGetLevel(&resource.res.array.hArray, mipmap, 0));
    // Looked up, because the software device has no surfaces.
    decltype(&cuSurfObjectCreate) create = nullptr;
    decltype(&cuSurfObjectDestroy) destroy = nullptr;
    CHECK(cuGetProcAddress("cuSurfObjectCreate", reinterpret_cast<void**>(&create), CUDA_VERSION,
                           CU_GET_PROC_ADDRESS_DEFAULT, nullptr));
    CHECK(cuGetProcAddress("cuSurfObjectDestroy", reinterpret_cast<void**>(&destroy), CUDA_VERSION,
                           CU_GET_PROC_ADDRESS_DEFAULT, nullptr));
    CUsurfObject surface = 0;
    CHECK(create(&surface, &resource));
    CUmodule module = nullptr;
    CHECK(cuModuleLoadData(&module, kTurn));
    CUfunction function = nullptr;
    CHECK(cuModuleGetFunction(&function, module, "turn_upside_down"));
    uint32_t width = kWidth;
    uint32_t height = kHeight;
    void* parameters[] = {&surface, &width, &height};
    CHECK(cuLaunchKernel(function, (kWidth + 63) / 64, kHeight / 2, 1, 64, 1, 1, 0, nullptr, parameters, nullptr));
    CHECK(cuCtxSynchronize());
    CHECK(destroy(surface));
    CHECK(cuModuleUnload(module));
    CHECK(cuMipmappedArrayDestroy(mipmap));
}

// On the software device: rows of the mapped bytes, through a spare row.
void turn_by_copies(CUexternalMemory memory, std::size_t pitch) {
    CUDA_EXTERNAL_MEMORY_BUFFER_DESC window;
    std::memset(&window, 0, sizeof(window));
    window.size = pitch * kHeight;
    CUdeviceptr rows = 0;
    CHECK(nvsciCuExternalMemoryGetMappedBuffer(&rows, memory, &window));
    CUdeviceptr spare = 0;
    CHECK(cuMemAlloc(&spare, pitch));
    for (std::size_t y = 0; y < kHeight / 2; ++y) {
        const CUdeviceptr upper = rows + y * pitch;
        const CUdeviceptr lower = rows + (kHeight - 1 - y) * pitch;
        CHECK(cuMemcpyDtoD(spare, upper, pitch));
        CHECK(cuMemcpyDtoD(upper, lower, pitch));
        CHECK(cuMemcpyDtoD(lower, spare, pitch));
    }
    CHECK(cuCtxSynchronize());
    CHECK(cuMemFree(spare));
    CHECK(nvsciCuMemFree(rows));
}

void turn_upside_down(NvSciBufObj object, bool by_kernel) {
    CUDA_EXTERNAL_MEMORY_HANDLE_DESC desc;
    std::memset(&desc, 0, sizeof(desc));
    desc.type = CU_EXTERNAL_MEMORY_HANDLE_TYPE_NVSCIBUF;
    desc.handle.nvSciBufObject = object;
    desc.size = attribute<uint64_t>(object, NvSciBufImageAttrKey_Size);
    CUexternalMemory memory = nullptr;
    CHECK(nvsciCuImportExternalMemory(&memory, &desc));
    if (by_kernel) {
        turn_by_kernel(memory);
    } else {
        turn_by_copies(memory, attribute<uint32_t>(object, NvSciBufImageAttrKey_PlanePitch));
    }
    CHECK(nvsciCuDestroyExternalMemory(memory));
}

std::size_t count_wrong(const std::vector<uint32_t>& pixels) {
    std::size_t wrong = 0;
    for (uint32_t y = 0; y < kHeight; ++y) {
        for (uint32_t x = 0; x < kWidth; ++x)
            wrong += pixels[std::size_t{y} * kWidth + x] != gradient(x, kHeight - 1 - y);
    }
    return wrong;
}

}  // namespace

int main() {
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

    draw(vulkan, picture);
    turn_upside_down(object, gpu != nullptr);
    const std::size_t wrong = count_wrong(read(vulkan, picture));
    std::printf("%u x %u pixels, %s: Vulkan drew, CUDA turned them upside down, Vulkan read: %zu wrong\n", kWidth,
                kHeight, gpu != nullptr ? "block-linear in video memory" : "pitch-linear in system memory", wrong);

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
