// SPDX-License-Identifier: Apache-2.0
//
// Two processes, a camera and vision, that share buffers and fences over NvSciIpc. The camera produces frames on its
// GPU; vision checks every one of them on its own, and can read the buffers only. Neither waits for a GPU with the CPU
// while frames go around: what passes between them are packets {buffer, checksum, fence} of a few bytes.
//
// How they come to that, all of it by messages over the channel nvscisync_a_0 - nvscisync_a_1:
//   1. Each sends the list of what it needs to wait for a fence of the other. Each reconciles the list that it gets
//      with its own list of a signaler, makes a sync object of it, and sends list and object: wait-only.
//   2. Vision sends the list of what it needs of a buffer, read-only. The camera reconciles it with its own, allocates
//      four buffers, and sends the reconciled list and the four objects.
//   3. Frames go around. The packet of a full buffer carries the fence that vision's stream waits for, the packet of
//      an empty one the fence that the camera's stream waits for.
//
// Start it without a role and it starts both processes; or start the two by hand, in any order:
//   producer_consumer [OPTIONS]             both
//   producer_consumer producer [OPTIONS]    the camera
//   producer_consumer consumer [OPTIONS]    vision
// Options, the same for both: --frames N (1000); --cpu: the CPUs take part too, so the buffers are in system memory;
// --consumer-device N (0): the GPU of vision.
//
// Build and run, with <cuda.h> of a CUDA toolkit (tried with 13.0):
//   c++ -std=c++17 producer_consumer.cpp $(pkg-config --cflags --libs nvscisync nvscibuf nvsciipc)
//   -I/usr/local/cuda/include -lcuda
//   ./a.out                               on a machine with a GPU
//   opennvsci run --soft ./a.out          on any machine
#include <cuda.h>
#include <dlfcn.h>
#include <nvscibuf.h>
#include <nvscicuda.h>
#include <nvsciipc.h>
#include <nvscisync.h>
#include <opennvsci.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

namespace {

constexpr uint32_t kBuffers = 4;
constexpr uint64_t kSize = 131072;  // bytes of a buffer
constexpr uint32_t kWords = kSize / sizeof(uint32_t);
constexpr int kPatienceMs = 30000;  // a peer that says nothing for so long is taken for dead

const char* self = "producer_consumer";  // who speaks

[[noreturn]] void fail(const char* what, const char* why) {
    std::fprintf(stderr, "%s: %s: %s\n", self, what, why);
    std::exit(1);
}

// Every failure of OpenNvSci can say why: whose list, which key, which value, which rule.
void check(NvSciError error, const char* what) {
    if (error == NvSciError_Success) return;
    std::fprintf(stderr, "%s: %s: error 0x%x\n%s\n", self, what, static_cast<unsigned>(error),
                 opennvsciGetLastErrorText());
    std::exit(1);
}

const char* name_of(CUresult result) {
    const char* name = nullptr;
    return cuGetErrorName(result, &name) == CUDA_SUCCESS && name != nullptr ? name : "unknown error of CUDA";
}

void check(CUresult result, const char* what) {
    if (result == CUDA_SUCCESS) return;
    std::fprintf(stderr, "%s: %s: %s\n%s\n", self, what, name_of(result), opennvsciGetLastErrorText());
    std::exit(1);
}

void expect(bool holds, const char* what) {
    if (!holds) fail("unexpected", what);
}

#define CHECK(call) check(call, #call)
#define EXPECT(condition) expect(condition, "not " #condition)

struct Options {
    uint32_t frames = 1000;
    bool cpu = false;
    int consumer_device = 0;
};

// ------------------------------------------------------------------------------------------------------ The channel

// One end of a channel. A message is a frame of the channel: one write fills one, one read takes one.
class Channel {
  public:
    // Either side may come first: an endpoint can be opened and reset before its peer exists.
    explicit Channel(const char* name) {
        CHECK(NvSciIpcInit());
        CHECK(NvSciIpcOpenEndpoint(name, &endpoint_));
        CHECK(NvSciIpcGetLinuxEventFd(endpoint_, &event_fd_));
        CHECK(NvSciIpcGetEndpointInfo(endpoint_, &info_));
        CHECK(NvSciIpcResetEndpointSafe(endpoint_));
        wait_for(NV_SCI_IPC_EVENT_CONN_EST_ALL);
        is_connected_ = true;
    }
    Channel(const Channel&) = delete;
    Channel& operator=(const Channel&) = delete;
    // What was written stays readable for the peer.
    ~Channel() {
        CHECK(NvSciIpcCloseEndpointSafe(endpoint_, false));
        NvSciIpcDeinit();
    }

    NvSciIpcEndpoint endpoint() const { return endpoint_; }

    void send(const void* message, size_t size) {
        EXPECT(size <= info_.frame_size);
        wait_for(NV_SCI_IPC_EVENT_WRITE);
        uint32_t written = 0;
        CHECK(NvSciIpcWriteSafe(endpoint_, message, static_cast<uint32_t>(size), &written));
        EXPECT(written == size);
    }
    template <class Message>
    void send(const Message& message) {
        send(&message, sizeof(message));
    }

    void receive(void* message, size_t size) {
        EXPECT(size <= info_.frame_size);
        wait_for(NV_SCI_IPC_EVENT_READ);
        uint32_t read = 0;
        CHECK(NvSciIpcReadSafe(endpoint_, message, static_cast<uint32_t>(size), &read));
        EXPECT(read == size);
    }
    template <class Message>
    Message receive() {
        Message message;
        receive(&message, sizeof(message));
        return message;
    }

    // The length of a message is not transported, so what has no fixed size is announced by its length.
    void send_blob(const void* blob, size_t size) {
        send(static_cast<uint64_t>(size));
        send(blob, size);
    }
    std::vector<unsigned char> receive_blob() {
        const auto size = receive<uint64_t>();
        EXPECT(size > 0 && size <= info_.frame_size);  // the peer says so: it is checked
        std::vector<unsigned char> blob(size);
        receive(blob.data(), blob.size());
        return blob;
    }

  private:
    // Asks for the events and sleeps on the descriptor, until one of `wanted` is there. The descriptor is never read:
    // asking for the events is what makes it quiet.
    void wait_for(uint32_t wanted) {
        for (;;) {
            uint32_t events = 0;
            CHECK(NvSciIpcGetEventSafe(endpoint_, &events));
            if ((events & wanted) != 0) return;
            if (is_connected_ && (events & NV_SCI_IPC_EVENT_CONN_RESET) != 0) fail("channel", "the peer started anew");
            pollfd ready{event_fd_, POLLIN, 0};
            const int count = poll(&ready, 1, kPatienceMs);
            if (count < 0 && errno != EINTR) fail("poll", std::strerror(errno));
            if (count == 0) fail("channel", "the peer does not answer");
        }
    }

    NvSciIpcEndpoint endpoint_ = 0;
    int32_t event_fd_ = -1;
    NvSciIpcEndpointInfo info_{};
    bool is_connected_ = false;
};

// ------------------------------------------------------------------------------------------------------ The work

// Word i of a frame, and the sum over a frame in which every word counts by its place.
uint32_t word_of(uint32_t frame, uint32_t i) {
    return (frame + i) * 2654435761U;
}

uint32_t checksum_of(const uint32_t* words) {
    uint32_t sum = 0;
    for (uint32_t i = 0; i < kWords; ++i)
        sum += words[i] * (2 * i + 1);
    return sum;
}

void fill(uint32_t* words, uint32_t frame) {
    for (uint32_t i = 0; i < kWords; ++i)
        words[i] = word_of(frame, i);
}

// The same as kernels, in the driver's assembly language, so that no CUDA compiler is needed.
constexpr const char* kKernels = R"(
.version 6.0
.target sm_52
.address_size 64

// words[i] = (frame + i) * 2654435761
.visible .entry produce(.param .u64 address, .param .u32 count, .param .u32 frame)
{
    .reg .pred %outside;
    .reg .b32 %i, %n, %block, %threads, %thread, %first, %word;
    .reg .b64 %words, %offset;
    mov.u32 %block, %ctaid.x;
    mov.u32 %threads, %ntid.x;
    mov.u32 %thread, %tid.x;
    mad.lo.u32 %i, %block, %threads, %thread;
    ld.param.u32 %n, [count];
    setp.ge.u32 %outside, %i, %n;
    @%outside bra done;
    ld.param.u64 %words, [address];
    cvta.to.global.u64 %words, %words;
    mul.wide.u32 %offset, %i, 4;
    add.u64 %words, %words, %offset;
    ld.param.u32 %first, [frame];
    add.u32 %word, %first, %i;
    mul.lo.u32 %word, %word, 2654435761;
    st.global.u32 [%words], %word;
done:
    ret;
}

// *sum += words[i] * (2 i + 1)
.visible .entry checksum(.param .u64 address, .param .u32 count, .param .u64 sum_address)
{
    .reg .pred %outside;
    .reg .b32 %i, %n, %block, %threads, %thread, %word, %weight;
    .reg .b64 %words, %offset, %sum;
    mov.u32 %block, %ctaid.x;
    mov.u32 %threads, %ntid.x;
    mov.u32 %thread, %tid.x;
    mad.lo.u32 %i, %block, %threads, %thread;
    ld.param.u32 %n, [count];
    setp.ge.u32 %outside, %i, %n;
    @%outside bra done;
    ld.param.u64 %words, [address];
    cvta.to.global.u64 %words, %words;
    mul.wide.u32 %offset, %i, 4;
    add.u64 %words, %words, %offset;
    ld.global.u32 %word, [%words];
    mad.lo.u32 %weight, %i, 2, 1;
    mul.lo.u32 %word, %word, %weight;
    ld.param.u64 %sum, [sum_address];
    cvta.to.global.u64 %sum, %sum;
    red.global.add.u32 [%sum], %word;
done:
    ret;
}
)";

// A device, its context, a stream, and the work of a process on it. Where the device runs no kernels, as OpenNvSci's
// software device, host functions and copies do the same in the same order.
class Worker {
  public:
    explicit Worker(int ordinal) {
        CHECK(cuInit(0));
        CHECK(cuDeviceGet(&device_, ordinal));
        CHECK(cuDevicePrimaryCtxRetain(&context_, device_));
        CHECK(cuCtxSetCurrent(context_));
        CHECK(cuStreamCreate(&stream_, CU_STREAM_NON_BLOCKING));
        for (void*& picture : pictures_)
            CHECK(cuMemHostAlloc(&picture, kSize, 0));
        CHECK(cuMemAlloc(&sum_, sizeof(uint32_t)));
        // Only the software device exports this symbol.
        has_kernels_ = dlsym(RTLD_DEFAULT, "opennvsciSoftCudaVersion") == nullptr;
        if (!has_kernels_) return;
        CHECK(cuModuleLoadData(&module_, kKernels));
        CHECK(cuModuleGetFunction(&produce_, module_, "produce"));
        CHECK(cuModuleGetFunction(&checksum_, module_, "checksum"));
        // The driver may load a kernel at its first launch, and waits for the context then: not amid the frames.
        launch(produce_, 0, 0, nullptr);
        launch(checksum_, 0, 0, nullptr);
        synchronize();
    }
    Worker(const Worker&) = delete;
    Worker& operator=(const Worker&) = delete;
    ~Worker() {
        CHECK(cuStreamDestroy(stream_));
        if (module_ != nullptr) CHECK(cuModuleUnload(module_));
        CHECK(cuMemFree(sum_));
        for (void* picture : pictures_)
            CHECK(cuMemFreeHost(picture));
        CHECK(cuDevicePrimaryCtxRelease(device_));
    }

    CUdevice device() const { return device_; }
    CUstream stream() const { return stream_; }
    NvSciRmGpuId gpu_id() const {
        CUuuid uuid;
        CHECK(cuDeviceGetUuid(&uuid, device_));
        NvSciRmGpuId id;
        std::memcpy(id.bytes, uuid.bytes, sizeof(id.bytes));
        return id;
    }
    void synchronize() const { CHECK(cuStreamSynchronize(stream_)); }

    // Queues the production of a frame.
    void produce(CUdeviceptr buffer, uint32_t number, uint32_t frame) {
        if (has_kernels_) return launch(produce_, buffer, kWords, &frame);
        auto* picture = static_cast<uint32_t*>(pictures_[number]);
        CHECK(cuLaunchHostFunc(stream_, Fill::run, new Fill{picture, frame}));
        CHECK(cuMemcpyHtoDAsync(buffer, picture, kSize, stream_));
    }

    // Queues the check of a frame. checked() and wrong() tell the outcome after synchronize().
    void check_frame(CUdeviceptr buffer, uint32_t number, uint32_t expected) {
        void* seen = pictures_[number];
        if (has_kernels_) {
            CHECK(cuMemsetD32Async(sum_, 0, 1, stream_));
            launch(checksum_, buffer, kWords, &sum_);
            CHECK(cuMemcpyDtoHAsync(seen, sum_, sizeof(uint32_t), stream_));
        } else {
            CHECK(cuMemcpyDtoHAsync(seen, buffer, kSize, stream_));
        }
        CHECK(
            cuLaunchHostFunc(stream_, Compare::run, new Compare{*this, static_cast<const uint32_t*>(seen), expected}));
    }
    uint32_t checked() const { return checked_; }
    uint32_t wrong() const { return wrong_; }

  private:
    struct Fill {
        uint32_t* picture;
        uint32_t frame;
        static void run(void* data) {
            const auto* work = static_cast<Fill*>(data);
            fill(work->picture, work->frame);
            delete work;
        }
    };
    struct Compare {
        Worker& worker;
        const uint32_t* seen;  // the sum, or all words
        uint32_t expected;
        static void run(void* data) {
            const auto* work = static_cast<Compare*>(data);
            const uint32_t sum = work->worker.has_kernels_ ? *work->seen : checksum_of(work->seen);
            if (sum != work->expected) ++work->worker.wrong_;
            ++work->worker.checked_;
            delete work;
        }
    };

    // Both kernels take an address, a number of words, and something of their own.
    void launch(CUfunction kernel, CUdeviceptr words, uint32_t count, void* last) {
        constexpr unsigned kThreads = 256;
        CUdeviceptr nothing = 0;
        void* parameters[] = {&words, &count, last != nullptr ? last : &nothing};
        CHECK(cuLaunchKernel(kernel, kWords / kThreads, 1, 1, kThreads, 1, 1, 0, stream_, parameters, nullptr));
    }

    CUdevice device_ = 0;
    CUcontext context_ = nullptr;
    CUstream stream_ = nullptr;
    CUmodule module_ = nullptr;
    CUfunction produce_ = nullptr;
    CUfunction checksum_ = nullptr;
    bool has_kernels_ = false;
    void* pictures_[kBuffers] = {};  // on the host, page-locked, one a buffer
    CUdeviceptr sum_ = 0;
    std::atomic<uint32_t> checked_{0};
    std::atomic<uint32_t> wrong_{0};
};

// ------------------------------------------------------------------------------------------------ The sync objects

// What the stream of `worker` needs to signal or to wait.
NvSciSyncAttrList sync_list(NvSciSyncModule module, const Worker& worker, int flags) {
    NvSciSyncAttrList list = nullptr;
    CHECK(NvSciSyncAttrListCreate(module, &list));
    CHECK(nvsciCuDeviceGetNvSciSyncAttributes(list, worker.device(), flags));
    CHECK(opennvsciSyncAttrListSetName(list, self));  // for reports and error texts
    return list;
}

CUexternalSemaphore import_semaphore(NvSciSyncObj object) {
    CUDA_EXTERNAL_SEMAPHORE_HANDLE_DESC desc;
    std::memset(&desc, 0, sizeof(desc));
    desc.type = CU_EXTERNAL_SEMAPHORE_HANDLE_TYPE_NVSCISYNC;
    desc.handle.nvSciSyncObj = object;
    CUexternalSemaphore semaphore = nullptr;
    CHECK(nvsciCuImportExternalSemaphore(&semaphore, &desc));
    return semaphore;
}

// The fences of both directions. This code is the same in both processes.
class Fences {
  public:
    Fences(Channel& channel, const Worker& worker) : channel_(channel), worker_(worker) {
        CHECK(NvSciSyncModuleOpen(&module_));
        NvSciSyncAttrList signaler = sync_list(module_, worker, CUDA_NVSCISYNC_ATTR_SIGNAL);
        NvSciSyncAttrList waiter = sync_list(module_, worker, CUDA_NVSCISYNC_ATTR_WAIT);

        // The lists of the waiters cross.
        void* bytes = nullptr;
        size_t size = 0;
        CHECK(NvSciSyncAttrListIpcExportUnreconciled(&waiter, 1, channel.endpoint(), &bytes, &size));
        channel.send_blob(bytes, size);
        NvSciSyncAttrListFreeDesc(bytes);
        std::vector<unsigned char> blob = channel.receive_blob();
        NvSciSyncAttrList peers_waiter = nullptr;
        CHECK(NvSciSyncAttrListIpcImportUnreconciled(module_, channel.endpoint(), blob.data(), blob.size(),
                                                     &peers_waiter));

        // The object that this process signals, for the peer to wait.
        NvSciSyncAttrList both[] = {signaler, peers_waiter};
        NvSciSyncObj own = nullptr;
        NvSciSyncAttrList conflicts = nullptr;
        CHECK(NvSciSyncAttrListReconcileAndObjAlloc(both, 2, &own, &conflicts));
        CHECK(NvSciSyncIpcExportAttrListAndObj(own, NvSciSyncAccessPerm_WaitOnly, channel.endpoint(), &bytes, &size));
        channel.send_blob(bytes, size);
        NvSciSyncAttrListAndObjFreeDesc(bytes);

        // The object that the peer signals. Its list is checked against what this process asked for.
        blob = channel.receive_blob();
        CHECK(NvSciSyncIpcImportAttrListAndObj(module_, channel.endpoint(), blob.data(), blob.size(), &waiter, 1,
                                               NvSciSyncAccessPerm_WaitOnly, -1, &peers_));
        signal_ = import_semaphore(own);
        wait_ = import_semaphore(peers_);
        NvSciSyncObjFree(own);  // the import holds it
        for (NvSciSyncAttrList list : {signaler, waiter, peers_waiter})
            NvSciSyncAttrListFree(list);
    }
    Fences(const Fences&) = delete;
    Fences& operator=(const Fences&) = delete;
    ~Fences() {
        CHECK(nvsciCuDestroyExternalSemaphore(signal_));
        CHECK(nvsciCuDestroyExternalSemaphore(wait_));
        NvSciSyncObjFree(peers_);
        NvSciSyncModuleClose(module_);
    }

    // A fence of all work that is in the stream, as bytes for the peer.
    NvSciSyncFenceIpcExportDescriptor signal() {
        NvSciSyncFence fence = NvSciSyncFenceInitializer;
        CUDA_EXTERNAL_SEMAPHORE_SIGNAL_PARAMS params;
        std::memset(&params, 0, sizeof(params));
        params.params.nvSciSync.fence = &fence;
        CHECK(nvsciCuSignalExternalSemaphoresAsync(&signal_, &params, 1, worker_.stream()));
        NvSciSyncFenceIpcExportDescriptor bytes;
        CHECK(NvSciSyncIpcExportFence(&fence, channel_.endpoint(), &bytes));
        NvSciSyncFenceClear(&fence);
        return bytes;
    }

    // What comes next in the stream waits for a fence of the peer. The CPU does not.
    void wait(const NvSciSyncFenceIpcExportDescriptor& bytes) {
        NvSciSyncFence fence = NvSciSyncFenceInitializer;
        CHECK(NvSciSyncIpcImportFence(peers_, &bytes, &fence));
        CUDA_EXTERNAL_SEMAPHORE_WAIT_PARAMS params;
        std::memset(&params, 0, sizeof(params));
        params.params.nvSciSync.fence = &fence;
        CHECK(nvsciCuWaitExternalSemaphoresAsync(&wait_, &params, 1, worker_.stream()));
        NvSciSyncFenceClear(&fence);
    }

  private:
    Channel& channel_;
    const Worker& worker_;
    NvSciSyncModule module_ = nullptr;
    NvSciSyncObj peers_ = nullptr;
    CUexternalSemaphore signal_ = nullptr;
    CUexternalSemaphore wait_ = nullptr;
};

// ----------------------------------------------------------------------------------------------------- The buffers

// What a process needs of a buffer. Vision leaves the size to the camera.
NvSciBufAttrList buffer_list(NvSciBufModule module, const Worker& worker, NvSciBufAttrValAccessPerm permission,
                             bool cpu, const uint64_t* size) {
    const NvSciBufType type = NvSciBufType_RawBuffer;
    const uint64_t align = 4096;
    const NvSciRmGpuId gpu = worker.gpu_id();
    NvSciBufAttrKeyValuePair pairs[] = {{NvSciBufGeneralAttrKey_Types, &type, sizeof(type)},
                                        {NvSciBufGeneralAttrKey_RequiredPerm, &permission, sizeof(permission)},
                                        {NvSciBufGeneralAttrKey_NeedCpuAccess, &cpu, sizeof(cpu)},
                                        {NvSciBufGeneralAttrKey_GpuId, &gpu, sizeof(gpu)},
                                        {NvSciBufRawBufferAttrKey_Align, &align, sizeof(align)},
                                        {NvSciBufRawBufferAttrKey_Size, size, sizeof(*size)}};
    const size_t count = sizeof(pairs) / sizeof(pairs[0]) - (size == nullptr ? 1 : 0);
    NvSciBufAttrList list = nullptr;
    CHECK(NvSciBufAttrListCreate(module, &list));
    CHECK(NvSciBufAttrListSetAttrs(list, pairs, count));
    CHECK(opennvsciBufAttrListSetName(list, self));
    return list;
}

// A buffer in the hands of CUDA.
class Buffer {
  public:
    explicit Buffer(NvSciBufObj object) : object_(object) {
        CUDA_EXTERNAL_MEMORY_HANDLE_DESC desc;
        std::memset(&desc, 0, sizeof(desc));
        desc.type = CU_EXTERNAL_MEMORY_HANDLE_TYPE_NVSCIBUF;
        desc.handle.nvSciBufObject = object;
        desc.size = kSize;
        CHECK(nvsciCuImportExternalMemory(&memory_, &desc));
        CUDA_EXTERNAL_MEMORY_BUFFER_DESC window;
        std::memset(&window, 0, sizeof(window));
        window.size = kSize;
        CHECK(nvsciCuExternalMemoryGetMappedBuffer(&pointer_, memory_, &window));
    }
    Buffer(const Buffer&) = delete;
    Buffer& operator=(const Buffer&) = delete;
    Buffer(Buffer&& other) noexcept : object_(other.object_), memory_(other.memory_), pointer_(other.pointer_) {
        other.object_ = nullptr;
    }
    ~Buffer() {
        if (object_ == nullptr) return;
        CHECK(nvsciCuMemFree(pointer_));
        CHECK(nvsciCuDestroyExternalMemory(memory_));
        NvSciBufObjFree(object_);
    }

    NvSciBufObj object() const { return object_; }
    CUdeviceptr pointer() const { return pointer_; }

  private:
    NvSciBufObj object_;
    CUexternalMemory memory_ = nullptr;
    CUdeviceptr pointer_ = 0;
};

// The camera's side: reconciles, allocates, sends.
std::vector<Buffer> make_buffers(NvSciBufModule module, Channel& channel, const Worker& worker, bool cpu) {
    NvSciBufAttrList lists[2] = {};
    lists[0] = buffer_list(module, worker, NvSciBufAccessPerm_ReadWrite, cpu, &kSize);
    const std::vector<unsigned char> blob = channel.receive_blob();
    CHECK(NvSciBufAttrListIpcImportUnreconciled(module, channel.endpoint(), blob.data(), blob.size(), &lists[1]));

    NvSciBufAttrList reconciled = nullptr;
    NvSciBufAttrList conflicts = nullptr;
    CHECK(NvSciBufAttrListReconcile(lists, 2, &reconciled, &conflicts));
    void* bytes = nullptr;
    size_t size = 0;
    CHECK(NvSciBufAttrListIpcExportReconciled(reconciled, channel.endpoint(), &bytes, &size));
    channel.send_blob(bytes, size);
    NvSciBufAttrListFreeDesc(bytes);

    std::vector<Buffer> buffers;
    for (uint32_t i = 0; i < kBuffers; ++i) {
        NvSciBufObj object = nullptr;
        CHECK(NvSciBufObjAlloc(reconciled, &object));
        NvSciBufObjIpcExportDescriptor desc;
        CHECK(NvSciBufObjIpcExport(object, NvSciBufAccessPerm_Readonly, channel.endpoint(), &desc));
        channel.send(desc);
        buffers.emplace_back(object);
    }
    NvSciBufAttrListFree(reconciled);
    for (NvSciBufAttrList list : lists)
        NvSciBufAttrListFree(list);
    return buffers;
}

// Asks for more than was granted. Such an import must fail, and must not spoil the descriptor.
void expect_import_for_writing_refused(const Channel& channel, const NvSciBufObjIpcExportDescriptor& desc,
                                       NvSciBufAttrList reconciled) {
    NvSciBufObj object = nullptr;
    const NvSciError error =
        NvSciBufObjIpcImport(channel.endpoint(), &desc, reconciled, NvSciBufAccessPerm_ReadWrite, -1, &object);
    EXPECT(error == NvSciError_AccessDenied);
    std::printf("vision:  an import for writing is refused: %s\n", opennvsciGetLastErrorText());
}

// Writes through what was imported. The CPU is held by the kernel, the GPU by its memory management unit: a kernel's
// store would be CUDA_ERROR_ILLEGAL_ADDRESS, and cost the context.
void expect_writes_refused(const Buffer& buffer, bool cpu) {
    const CUresult result = cuMemsetD8(buffer.pointer(), 0xff, kSize);
    EXPECT(result != CUDA_SUCCESS);
    std::printf("vision:  cuMemsetD8 into the mapped buffer is refused: %s\n", name_of(result));
    void* pointer = nullptr;
    EXPECT(NvSciBufObjGetCpuPtr(buffer.object(), &pointer) != NvSciError_Success);
    std::printf("vision:  a CPU pointer for writing is refused: %s\n", opennvsciGetLastErrorText());
    if (!cpu) return;
    const void* readable = nullptr;
    CHECK(NvSciBufObjGetConstCpuPtr(buffer.object(), &readable));
    EXPECT(readable != nullptr);
}

// Vision's side: sends its list, receives, imports.
std::vector<Buffer> receive_buffers(NvSciBufModule module, Channel& channel, const Worker& worker, bool cpu) {
    NvSciBufAttrList own = buffer_list(module, worker, NvSciBufAccessPerm_Readonly, cpu, nullptr);
    void* bytes = nullptr;
    size_t size = 0;
    CHECK(NvSciBufAttrListIpcExportUnreconciled(&own, 1, channel.endpoint(), &bytes, &size));
    channel.send_blob(bytes, size);
    NvSciBufAttrListFreeDesc(bytes);

    const std::vector<unsigned char> blob = channel.receive_blob();
    NvSciBufAttrList reconciled = nullptr;
    CHECK(NvSciBufAttrListIpcImportReconciled(module, channel.endpoint(), blob.data(), blob.size(), &own, 1,
                                              &reconciled));
    NvSciBufAttrKeyValuePair granted{NvSciBufRawBufferAttrKey_Size, nullptr, 0};
    CHECK(NvSciBufAttrListGetAttrs(reconciled, &granted, 1));
    EXPECT(granted.value != nullptr && *static_cast<const uint64_t*>(granted.value) >= kSize);

    std::vector<Buffer> buffers;
    for (uint32_t i = 0; i < kBuffers; ++i) {
        const auto desc = channel.receive<NvSciBufObjIpcExportDescriptor>();
        if (i == 0) expect_import_for_writing_refused(channel, desc, reconciled);
        NvSciBufObj object = nullptr;
        CHECK(NvSciBufObjIpcImport(channel.endpoint(), &desc, reconciled, NvSciBufAccessPerm_Readonly, -1, &object));
        buffers.emplace_back(object);
    }
    NvSciBufAttrListFree(reconciled);
    NvSciBufAttrListFree(own);
    expect_writes_refused(buffers[0], cpu);
    return buffers;
}

// ------------------------------------------------------------------------------------------------------- The frames

// What goes around. The peer's numbers are checked before they are used.
struct Packet {
    uint32_t buffer;    // 0 ... kBuffers - 1; kBuffers: there are no more frames
    uint32_t checksum;  // of the frame that is in it once the fence has expired
    NvSciSyncFenceIpcExportDescriptor fence;
};

void produce(const Options& options) {
    Worker worker(0);
    Channel channel("nvscisync_a_0");
    Fences fences(channel, worker);
    NvSciBufModule module = nullptr;
    CHECK(NvSciBufModuleOpen(&module));
    {
        const std::vector<Buffer> buffers = make_buffers(module, channel, worker, options.cpu);
        std::vector<uint32_t> picture(kWords);
        const auto start = std::chrono::steady_clock::now();
        const auto take_back = [&] {
            const auto empty = channel.receive<Packet>();
            EXPECT(empty.buffer < kBuffers);
            fences.wait(empty.fence);
            return empty.buffer;
        };
        for (uint32_t frame = 0; frame < options.frames; ++frame) {
            const uint32_t buffer = frame < kBuffers ? frame : take_back();  // the first ones were never away
            worker.produce(buffers[buffer].pointer(), buffer, frame);
            fill(picture.data(), frame);
            channel.send(Packet{buffer, checksum_of(picture.data()), fences.signal()});
        }
        for (uint32_t i = 0; i < std::min(options.frames, kBuffers); ++i)
            take_back();
        worker.synchronize();
        const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
        channel.send(Packet{kBuffers, 0, {}});
        std::printf("camera:  %u frames of %llu bytes through %u buffers, %.0f a second\n", options.frames,
                    static_cast<unsigned long long>(kSize), kBuffers, options.frames / seconds.count());
    }
    NvSciBufModuleClose(module);
}

void consume(const Options& options) {
    Worker worker(options.consumer_device);
    Channel channel("nvscisync_a_1");
    Fences fences(channel, worker);
    NvSciBufModule module = nullptr;
    CHECK(NvSciBufModuleOpen(&module));
    {
        const std::vector<Buffer> buffers = receive_buffers(module, channel, worker, options.cpu);
        uint32_t received = 0;
        for (;; ++received) {
            const auto full = channel.receive<Packet>();
            if (full.buffer == kBuffers) break;
            EXPECT(full.buffer < kBuffers);
            fences.wait(full.fence);
            worker.check_frame(buffers[full.buffer].pointer(), full.buffer, full.checksum);
            channel.send(Packet{full.buffer, 0, fences.signal()});
        }
        worker.synchronize();
        std::printf("vision:  %u frames received, %u checked on the device, %u wrong\n", received, worker.checked(),
                    worker.wrong());
        EXPECT(received == options.frames);
        EXPECT(worker.checked() == received);
        EXPECT(worker.wrong() == 0);
    }
    NvSciBufModuleClose(module);
}

// ------------------------------------------------------------------------------------------------------ The program

pid_t start(const char* role, int argc, char** argv) {
    std::vector<char*> arguments{argv[0], const_cast<char*>(role)};
    arguments.insert(arguments.end(), argv + 1, argv + argc);
    arguments.push_back(nullptr);
    const pid_t child = fork();
    if (child < 0) fail("fork", std::strerror(errno));
    if (child == 0) {
        execv("/proc/self/exe", arguments.data());
        std::fprintf(stderr, "%s: cannot start itself: %s\n", self, std::strerror(errno));
        _exit(127);
    }
    return child;
}

// Starts both roles as programs of their own, before this one has used any library: nothing of CUDA and NvSci survives
// a fork. If one fails, the other is ended.
int start_both(int argc, char** argv) {
    const pid_t children[] = {start("producer", argc, argv), start("consumer", argc, argv)};
    int result = 0;
    for (int ended = 0; ended < 2;) {
        int status = 0;
        const pid_t child = wait(&status);
        if (child < 0 && errno == EINTR) continue;
        if (child < 0) fail("wait", std::strerror(errno));
        ++ended;
        if (WIFEXITED(status) && WEXITSTATUS(status) == 0) continue;
        result = 1;
        if (ended == 1) kill(children[child == children[0] ? 1 : 0], SIGTERM);
    }
    return result;
}

Options read_options(int argc, char** argv, int first) {
    Options options;
    for (int i = first; i < argc; ++i) {
        const std::string name = argv[i];
        if (name == "--cpu") {
            options.cpu = true;
        } else if (name == "--frames" && i + 1 < argc) {
            options.frames = static_cast<uint32_t>(std::strtoul(argv[++i], nullptr, 10));
        } else if (name == "--consumer-device" && i + 1 < argc) {
            options.consumer_device = std::atoi(argv[++i]);
        } else {
            fail("unknown argument", argv[i]);
        }
    }
    return options;
}

}  // namespace

int main(int argc, char** argv) {
    const std::string role = argc > 1 ? argv[1] : "";
    std::setvbuf(stdout, nullptr, _IOLBF, 0);  // two processes print
    if (role == "producer") {
        self = "camera";
        produce(read_options(argc, argv, 2));
        return 0;
    }
    if (role == "consumer") {
        self = "vision";
        consume(read_options(argc, argv, 2));
        return 0;
    }
    read_options(argc, argv, 1);  // complains once, not twice
    return start_both(argc, argv);
}
