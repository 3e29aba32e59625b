// SPDX-License-Identifier: Apache-2.0
//
// Two processes: a renderer with Vulkan, and a viewer with CUDA or the CPU. Frames go from the one to the other and
// back in one buffer, with fences of NvSciSync and no wait of a CPU on Vulkan's side in between; and either is killed
// while the other waits for it. Where the machine has no Vulkan that fits the device, each test skips itself and says
// why.
#include <unistd.h>

#include <array>
#include <cstdio>
#include <ostream>
#include <vector>

#include "vulkan_program.h"
// Vulkan's own types come first.
#include "cuda_objects.h"
#include "exchange.h"
#include "fence_objects.h"
#include "process.h"
#include "role.h"
#include "sync_test.h"

namespace opennvsci::test {
namespace {

using namespace cu;  // NOLINT(google-build-using-namespace): CUDA's own names

constexpr std::int64_t kLongUs = 20'000'000;
constexpr std::uint64_t kWords = 4096;
constexpr std::uint64_t kSize = kWords * 4;
constexpr std::uint32_t kViewed = 0x80000000;  // the viewer's mark on a frame

/// Who allocates the sync objects.
enum Allocator : long { kSignaler_, kRenderer_, kViewer_ };

void require_vulkan(VkResult result, const char* call) {
    require_that(result == VK_SUCCESS,
                 std::string(call) + " gives " + std::to_string(result) + ": " + opennvsciGetLastErrorText());
}
#define VULKAN(expression) require_vulkan(CALL(expression), #expression)

// What both have: the channel, and objects that are made with the other one.
class Side {
  public:
    Side(const Arguments& arguments, const char* endpoint, bool is_renderer)
        : channel(endpoint), allocator_(arguments.number("allocator")), is_renderer_(is_renderer) {
        channel.reset();
        channel.await_connection();
    }

    /// An object that this side signals, or waits for, by these lists.
    SyncObject sync_object(const std::vector<NvSciSyncAttrList>& own, bool signals) {
        const bool allocates = allocator_ == kSignaler_ ? signals : (allocator_ == kRenderer_) == is_renderer_;
        SyncObject object;
        if (allocates) {
            const Bytes blob = channel.receive_blob();
            SyncList theirs;
            MUST(NvSciSyncAttrListIpcImportUnreconciled(sync_module, channel, blob.data(), blob.size(), theirs.out()));
            std::vector<NvSciSyncAttrList> lists = own;
            lists.push_back(theirs);
            SyncList conflict;
            MUST(NvSciSyncAttrListReconcileAndObjAlloc(lists.data(), lists.size(), object.out(), conflict.out()));
            SyncObjectBlob both;
            MUST(
                NvSciSyncIpcExportAttrListAndObj(object, NvSciSyncAccessPerm_Auto, channel, &both.address, &both.size));
            channel.send_blob(both.bytes());
            return object;
        }
        {
            SyncListBlob blob;
            MUST(NvSciSyncAttrListIpcExportUnreconciled(own.data(), own.size(), channel, &blob.address, &blob.size));
            channel.send_blob(blob.bytes());
        }
        const Bytes both = channel.receive_blob();
        MUST(NvSciSyncIpcImportAttrListAndObj(sync_module, channel, both.data(), both.size(), own.data(), own.size(),
                                              NvSciSyncAccessPerm_Auto, kLongUs, object.out()));
        return object;
    }
    /// The buffer, which the renderer allocates.
    Object buffer(NvSciBufAttrList own) {
        ask(own, NvSciBufGeneralAttrKey_Types, NvSciBufType_RawBuffer);
        ask(own, NvSciBufRawBufferAttrKey_Size, kSize);
        Object object;
        const NvSciBufAttrList lists[] = {own};
        if (!is_renderer_) {
            {
                ListBlob blob;
                MUST(NvSciBufAttrListIpcExportUnreconciled(lists, 1, channel, &blob.address, &blob.size));
                channel.send_blob(blob.bytes());
            }
            const Bytes both = channel.receive_blob();
            MUST(NvSciBufIpcImportAttrListAndObj(module, channel, both.data(), both.size(), lists, 1,
                                                 NvSciBufAccessPerm_Auto, kLongUs, object.out()));
            return object;
        }
        const Bytes blob = channel.receive_blob();
        List theirs;
        MUST(NvSciBufAttrListIpcImportUnreconciled(module, channel, blob.data(), blob.size(), theirs.out()));
        const NvSciBufAttrList all[] = {own, theirs};
        List conflict;
        MUST(NvSciBufAttrListReconcileAndObjAlloc(all, 2, object.out(), conflict.out()));
        ObjectBlob both;
        MUST(NvSciBufIpcExportAttrListAndObj(object, NvSciBufAccessPerm_Auto, channel, &both.address, &both.size));
        channel.send_blob(both.bytes());
        return object;
    }
    void send(const NvSciSyncFence& fence) {
        NvSciSyncFenceIpcExportDescriptor descriptor{};
        MUST(NvSciSyncIpcExportFence(&fence, channel, &descriptor));
        channel.send_value(descriptor);
    }
    [[nodiscard]] NvSciSyncFence receive(NvSciSyncObj object) {
        const auto descriptor = channel.receive_value<NvSciSyncFenceIpcExportDescriptor>();
        NvSciSyncFence fence = NvSciSyncFenceInitializer;
        MUST(NvSciSyncIpcImportFence(object, &descriptor, &fence));
        return fence;
    }

    Channel channel;
    Module module = open_module();
    SyncModule sync_module = open_sync_module();
    WaitContext context = wait_context(sync_module);

  private:
    const long allocator_;
    const bool is_renderer_;
};

// Says that the test may kill it, and waits for that.
[[noreturn]] void wait_to_be_killed() {
    std::puts("ready");
    std::fflush(stdout);
    while (true)
        ::pause();
}

// Fills the buffer with the number of the frame, each time that the viewer is done with the one before.
class Renderer {
  public:
    explicit Renderer(const Arguments& arguments) : side_(arguments, "ch_0", true) {
        const SyncList signaler = vulkan_list(side_.sync_module, program_.physical(), kSignaler);
        const SyncList waiter = vulkan_list(side_.sync_module, program_.physical(), kWaiter);
        const SyncList cpu = cpu_list(side_.sync_module, NvSciSyncAccessPerm_WaitOnly);
        rendered_ = side_.sync_object({signaler}, true);
        viewed_ = side_.sync_object({waiter, cpu}, false);
        List list;
        MUST(NvSciBufAttrListCreate(side_.module, list.out()));
        VULKAN(nvsciVkGetPhysicalDeviceSciBufAttributesNV(program_.physical(), list));
        buffer_ = side_.buffer(list);
        VULKAN(memory_.import(buffer_));
        VULKAN(window_.create(buffer_, kSize, memory_.get()));
        VkCommandPoolCreateInfo pool{VK_STRUCTURE_TYPE_COMMAND_POOL_CREATE_INFO};
        pool.queueFamilyIndex = program_.family();
        VULKAN(vkCreateCommandPool(program_.device(), &pool, nullptr, &pool_));
    }
    Renderer(const Renderer&) = delete;
    Renderer& operator=(const Renderer&) = delete;
    ~Renderer() { vkDestroyCommandPool(program_.device(), pool_, nullptr); }

    void render(long frames) {
        const Pool signals(program_.device(), rendered_);
        const Pool waits(program_.device(), viewed_);
        NvSciSyncFence viewed = NvSciSyncFenceInitializer;
        for (long i = 1; i <= frames; ++i) {
            NvSciSyncFence rendered = NvSciSyncFenceInitializer;
            const NvSciVkSemaphoreValue awaited = waits.wait(viewed);
            submit(fill(static_cast<std::uint32_t>(i)), awaited, signals.signal(&rendered));
            side_.send(rendered);
            viewed = side_.receive(viewed_);
        }
        MUST(NvSciSyncFenceWait(&viewed, side_.context, kLongUs));
        VULKAN(vkQueueWaitIdle(program_.queue()));
        side_.channel.send_value<std::uint32_t>(0);
        (void)side_.channel.receive_value<std::uint32_t>();
    }

    /// Gives a fence that nothing signals.
    void be_killed() {
        const Pool signals(program_.device(), rendered_);
        NvSciSyncFence fence = NvSciSyncFenceInitializer;
        (void)signals.signal(&fence);
        side_.send(fence);
        wait_to_be_killed();
    }
    /// A queue waits for what the viewer signals, who is killed.
    void survive() {
        const Pool signals(program_.device(), rendered_);
        const Pool waits(program_.device(), viewed_);
        const NvSciSyncFence viewed = side_.receive(viewed_);
        NvSciSyncFence rendered = NvSciSyncFenceInitializer;
        submit(fill(1), waits.wait(viewed), signals.signal(&rendered));
        std::puts("waits");
        std::fflush(stdout);
        VULKAN(vkQueueWaitIdle(program_.queue()));
        require_that(NvSciSyncFenceWait(&viewed, side_.context, kLongUs) == NvSciError_ResourceError,
                     "the viewer's fence is not lost");
        NvSciVkSemaphoreValue unused{};
        require_that(waits.wait(viewed, &unused) == VK_ERROR_DEVICE_LOST, "Vulkan may wait for a lost fence");
    }

  private:
    VkCommandBuffer fill(std::uint32_t value) {
        VkCommandBufferAllocateInfo allocate{VK_STRUCTURE_TYPE_COMMAND_BUFFER_ALLOCATE_INFO};
        allocate.commandPool = pool_;
        allocate.commandBufferCount = 1;
        VkCommandBuffer commands = VK_NULL_HANDLE;
        VULKAN(vkAllocateCommandBuffers(program_.device(), &allocate, &commands));
        VkCommandBufferBeginInfo begin{VK_STRUCTURE_TYPE_COMMAND_BUFFER_BEGIN_INFO};
        begin.flags = VK_COMMAND_BUFFER_USAGE_ONE_TIME_SUBMIT_BIT;
        VULKAN(vkBeginCommandBuffer(commands, &begin));
        hand_over(commands, VK_QUEUE_FAMILY_EXTERNAL, program_.family());
        vkCmdFillBuffer(commands, window_.get(), 0, kSize, value);
        hand_over(commands, program_.family(), VK_QUEUE_FAMILY_EXTERNAL);
        VULKAN(vkEndCommandBuffer(commands));
        return commands;
    }
    void hand_over(VkCommandBuffer commands, std::uint32_t from, std::uint32_t to) {
        VkBufferMemoryBarrier barrier{VK_STRUCTURE_TYPE_BUFFER_MEMORY_BARRIER};
        (from == program_.family() ? barrier.srcAccessMask : barrier.dstAccessMask) = VK_ACCESS_TRANSFER_WRITE_BIT;
        barrier.srcQueueFamilyIndex = from;
        barrier.dstQueueFamilyIndex = to;
        barrier.buffer = window_.get();
        barrier.size = VK_WHOLE_SIZE;
        vkCmdPipelineBarrier(commands, VK_PIPELINE_STAGE_ALL_COMMANDS_BIT, VK_PIPELINE_STAGE_ALL_COMMANDS_BIT, 0, 0,
                             nullptr, 1, &barrier, 0, nullptr);
    }
    void submit(VkCommandBuffer commands, const NvSciVkSemaphoreValue& wait, const NvSciVkSemaphoreValue& signal) {
        VkTimelineSemaphoreSubmitInfo values{VK_STRUCTURE_TYPE_TIMELINE_SEMAPHORE_SUBMIT_INFO};
        VkSubmitInfo info{VK_STRUCTURE_TYPE_SUBMIT_INFO, &values};
        constexpr VkPipelineStageFlags kAll = VK_PIPELINE_STAGE_ALL_COMMANDS_BIT;
        values.waitSemaphoreValueCount = info.waitSemaphoreCount = 1;
        values.pWaitSemaphoreValues = &wait.value;
        info.pWaitSemaphores = &wait.semaphore;
        info.pWaitDstStageMask = &kAll;
        values.signalSemaphoreValueCount = info.signalSemaphoreCount = 1;
        values.pSignalSemaphoreValues = &signal.value;
        info.pSignalSemaphores = &signal.semaphore;
        info.commandBufferCount = 1;
        info.pCommandBuffers = &commands;
        VULKAN(vkQueueSubmit(program_.queue(), 1, &info, VK_NULL_HANDLE));
    }

    VulkanProgram& program_ = *VulkanProgram::instance();
    Side side_;
    SyncObject rendered_;
    SyncObject viewed_;
    Object buffer_;
    ImportedMemory memory_;
    ImportedBuffer window_;
    VkCommandPool pool_ = VK_NULL_HANDLE;
};

// Reads each frame and marks all of it.
class Viewer {
  public:
    explicit Viewer(const Arguments& arguments)
        : side_(arguments, "ch_1", false), uses_cuda_(arguments.number("uses_cuda") != 0) {
        if (uses_cuda_) TestDevice::current();
        const SyncList waiter = uses_cuda_ ? gpu_list(side_.sync_module, 2) : SyncList();
        const SyncList cpu = cpu_list(side_.sync_module, NvSciSyncAccessPerm_WaitOnly);
        const bool signals_by_cpu = !uses_cuda_ || arguments.text("part") == "be_killed";
        const SyncList signaler = signals_by_cpu ? cpu_list(side_.sync_module, NvSciSyncAccessPerm_SignalOnly)
                                                 : gpu_list(side_.sync_module, 1);
        std::vector<NvSciSyncAttrList> waiters{cpu};
        if (uses_cuda_) waiters.push_back(waiter);
        rendered_ = side_.sync_object(waiters, false);
        viewed_ = side_.sync_object({signaler}, true);
        List list;
        MUST(NvSciBufAttrListCreate(side_.module, list.out()));
        ask(list, NvSciBufGeneralAttrKey_RequiredPerm, NvSciBufAccessPerm_ReadWrite);
        if (uses_cuda_) {
            ask(list, NvSciBufGeneralAttrKey_GpuId, TestDevice::current().gpu_id());
        } else {
            ask(list, NvSciBufGeneralAttrKey_NeedCpuAccess, true);
        }
        buffer_ = side_.buffer(list);
    }

    void view(long frames) {
        uses_cuda_ ? view_with_cuda(frames) : view_with_cpu(frames);
        (void)side_.channel.receive_value<std::uint32_t>();
        side_.channel.send_value<std::uint32_t>(0);
    }

    void be_killed() {
        NvSciSyncFence fence = NvSciSyncFenceInitializer;
        MUST(NvSciSyncObjGenerateFence(viewed_, &fence));
        side_.send(fence);
        wait_to_be_killed();
    }
    void survive() {
        const NvSciSyncFence rendered = side_.receive(rendered_);
        std::puts("waits");
        std::fflush(stdout);
        if (uses_cuda_) {
            const Semaphore takes(rendered_);
            const Stream stream;
            require(CALL(takes.wait(stream, rendered)), "wait of a stream");
            require(CALL(TestDevice::current().cuda().cuStreamSynchronize(stream)), "cuStreamSynchronize");
        }
        require_that(NvSciSyncFenceWait(&rendered, side_.context, kLongUs) == NvSciError_ResourceError,
                     "the renderer's fence is not lost");
    }

  private:
    static void check(const std::vector<std::uint32_t>& words, long frame) {
        for (const std::uint32_t word : words) {
            require_that(word == static_cast<std::uint32_t>(frame),
                         "frame " + std::to_string(frame) + " has the word " + std::to_string(word));
        }
    }

    void view_with_cuda(long frames) {
        const driver::EntryPoints& cuda = TestDevice::current().cuda();
        ExternalMemory memory;
        CUdeviceptr pointer = 0;
        require(memory.import(buffer_, kSize), "cudaImportExternalMemory");
        require(memory.map(&pointer, 0, kSize), "cudaExternalMemoryGetMappedBuffer");
        const Semaphore takes(rendered_);
        const Semaphore gives(viewed_);
        const Stream stream;
        std::vector<std::vector<std::uint32_t>> copies(static_cast<std::size_t>(frames));
        for (auto& copy : copies) {
            copy.resize(kWords);
            const NvSciSyncFence rendered = side_.receive(rendered_);
            NvSciSyncFence viewed = NvSciSyncFenceInitializer;
            require(takes.wait(stream, rendered), "wait of a stream");
            require(cuda.cuMemcpyDtoHAsync(copy.data(), pointer, kSize, stream), "cuMemcpyDtoHAsync");
            require(cuda.cuMemsetD32Async(pointer, kViewed, kWords, stream), "cuMemsetD32Async");
            require(gives.signal(stream, &viewed), "signal of a stream");
            side_.send(viewed);
        }
        require(cuda.cuStreamSynchronize(stream), "cuStreamSynchronize");
        for (long i = 0; i < frames; ++i)
            check(copies[static_cast<std::size_t>(i)], i + 1);
    }

    void view_with_cpu(long frames) {
        void* address = nullptr;
        MUST(NvSciBufObjGetCpuPtr(buffer_, &address));
        auto* const words = static_cast<std::uint32_t*>(address);
        for (long i = 1; i <= frames; ++i) {
            const NvSciSyncFence rendered = side_.receive(rendered_);
            NvSciSyncFence viewed = NvSciSyncFenceInitializer;
            MUST(NvSciSyncObjGenerateFence(viewed_, &viewed));
            side_.send(viewed);
            MUST(NvSciSyncFenceWait(&rendered, side_.context, kLongUs));
            check({words, words + kWords}, i);
            std::fill_n(words, kWords, kViewed);
            MUST(NvSciSyncObjSignal(viewed_));
        }
    }

    Side side_;
    const bool uses_cuda_;
    SyncObject rendered_;
    SyncObject viewed_;
    Object buffer_;
};

const Role kSaysWhetherThereIsVulkan("says_whether_there_is_vulkan", [](const Arguments&) {
    std::printf("%s\n", VulkanProgram::instance() == nullptr ? VulkanProgram::reason().c_str() : "there is one");
});

template <class Part>
void take_part(Part& part, const Arguments& arguments, void (Part::*goes_on)(long)) {
    const std::string what = arguments.text("part");
    if (what == "be_killed") return part.be_killed();
    if (what == "survive") return part.survive();
    (part.*goes_on)(arguments.number("frames"));
}

const Role kRendererRole("renderer", [](const Arguments& arguments) {
    Renderer renderer(arguments);
    take_part(renderer, arguments, &Renderer::render);
});
const Role kViewerRole("viewer", [](const Arguments& arguments) {
    Viewer viewer(arguments);
    take_part(viewer, arguments, &Viewer::view);
});

struct Case {
    const char* name;
    bool uses_cuda;
    Allocator allocator;
};

void PrintTo(const Case& of, std::ostream* stream) {
    *stream << of.name;
}

class VulkanInAnotherProcess : public ::testing::TestWithParam<Case> {
  protected:
    void SetUp() override {
        const Ending ending = Process(Beginning{"says_whether_there_is_vulkan", {}, meeting_.environment()}).end();
        if (ending.text.find("there is one") == std::string::npos) GTEST_SKIP() << "SKIPPED: " << ending.text;
    }
    [[nodiscard]] Process begin(const char* role, const char* part, long frames = 0) const {
        return Process(Beginning{role,
                                 {std::string("part=") + part, "frames=" + std::to_string(frames),
                                  "uses_cuda=" + std::to_string(static_cast<int>(GetParam().uses_cuda)),
                                  "allocator=" + std::to_string(GetParam().allocator)},
                                 meeting_.environment()});
    }
    static void expect_good(Process& process, const char* who) {
        const Ending ending = process.end();
        EXPECT_TRUE(ending.is_good()) << who << " ended with status " << ending.status << "\n" << ending.text;
    }
    Meeting meeting_;
};

TEST_P(VulkanInAnotherProcess, HandsFramesOverAndGetsThemBack) {
    Process renderer = begin("renderer", "go_on", 200);
    Process viewer = begin("viewer", "go_on", 200);
    expect_good(renderer, "the renderer");
    expect_good(viewer, "the viewer");
}

TEST_P(VulkanInAnotherProcess, ThatIsKilledLosesItsFences) {
    Process renderer = begin("renderer", "be_killed");
    Process viewer = begin("viewer", "survive");
    ASSERT_TRUE(renderer.says("ready"));
    ASSERT_TRUE(viewer.says("waits"));
    ::usleep(20'000);
    renderer.kill();
    expect_good(viewer, "the viewer");
}

TEST_P(VulkanInAnotherProcess, GoesOnWhenTheOtherOneIsKilled) {
    Process renderer = begin("renderer", "survive");
    Process viewer = begin("viewer", "be_killed");
    ASSERT_TRUE(viewer.says("ready"));
    ASSERT_TRUE(renderer.says("waits"));
    ::usleep(20'000);
    viewer.kill();
    expect_good(renderer, "the renderer");
}

INSTANTIATE_TEST_SUITE_P(Vulkan, VulkanInAnotherProcess,
                         ::testing::Values(Case{"Cpu", false, kSignaler_}, Case{"Cuda", true, kSignaler_},
                                           Case{"CudaAllocatedByTheRenderer", true, kRenderer_},
                                           Case{"CudaAllocatedByTheViewer", true, kViewer_}),
                         [](const auto& parameter) { return std::string(parameter.param.name); });

}  // namespace
}  // namespace opennvsci::test
