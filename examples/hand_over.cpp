// SPDX-License-Identifier: Apache-2.0
//
// Two threads with a stream each hand one NvSciBuf buffer back and forth, 10,000 times there and back (or as often as
// the argument says), without ever waiting for the GPU in between. Each waits in its stream for the fence of the other,
// checks every byte that the other wrote, writes its own, and signals.
//
// Build and run, with <cuda.h> of a CUDA toolkit (tried with 13.0):
//   c++ -std=c++17 -pthread hand_over.cpp $(pkg-config --cflags --libs nvscisync nvscibuf) -I/usr/local/cuda/include
//   -lcuda
//   ./a.out                               on a machine with a GPU
//   opennvsci run --soft ./a.out          on any machine
#include <cuda.h>
#include <nvscibuf.h>
#include <nvscicuda.h>
#include <nvscisync.h>
#include <opennvsci.h>

#include <atomic>
#include <condition_variable>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <mutex>
#include <thread>

namespace {

constexpr std::size_t kSize = 65536;

void check(NvSciError error, const char* what) {
    if (error == NvSciError_Success) return;
    std::fprintf(stderr, "%s: error 0x%x\n%s\n", what, static_cast<unsigned>(error), opennvsciGetLastErrorText());
    std::exit(1);
}

void check(CUresult result, const char* what) {
    if (result == CUDA_SUCCESS) return;
    const char* name = "?";
    cuGetErrorName(result, &name);
    std::fprintf(stderr, "%s: %s\n%s\n", what, name, opennvsciGetLastErrorText());
    std::exit(1);
}

#define CHECK(call) check(call, #call)

// Passes the newest fence from one thread to the other. A fence is a plain value.
class Mailbox {
  public:
    void put(const NvSciSyncFence& fence) {
        {
            const std::lock_guard<std::mutex> lock(mutex_);
            fence_ = fence;
            full_ = true;
        }
        changed_.notify_one();
    }
    NvSciSyncFence take() {
        std::unique_lock<std::mutex> lock(mutex_);
        changed_.wait(lock, [this] { return full_; });
        full_ = false;
        return fence_;
    }

  private:
    std::mutex mutex_;
    std::condition_variable changed_;
    NvSciSyncFence fence_ = NvSciSyncFenceInitializer;
    bool full_ = false;
};

// Checks, in the order of the stream, what the stream has copied to the host.
struct ByteCheck {
    static std::atomic<long> wrong_bytes;
    const unsigned char* bytes;
    unsigned char expected;

    static void run(void* data) {
        const auto* self = static_cast<const ByteCheck*>(data);
        long wrong = 0;
        for (std::size_t i = 0; i < kSize; ++i)
            wrong += self->bytes[i] != self->expected;
        wrong_bytes += wrong;
        delete self;
    }
};
std::atomic<long> ByteCheck::wrong_bytes{0};

// An object whose signaler and waiter are streams of `device`, imported.
CUexternalSemaphore make_semaphore(NvSciSyncModule module, CUdevice device) {
    NvSciSyncAttrList lists[2] = {};
    for (NvSciSyncAttrList& list : lists)
        CHECK(NvSciSyncAttrListCreate(module, &list));
    CHECK(nvsciCuDeviceGetNvSciSyncAttributes(lists[0], device, CUDA_NVSCISYNC_ATTR_SIGNAL));
    CHECK(nvsciCuDeviceGetNvSciSyncAttributes(lists[1], device, CUDA_NVSCISYNC_ATTR_WAIT));
    NvSciSyncObj object = nullptr;
    NvSciSyncAttrList conflicts = nullptr;
    CHECK(NvSciSyncAttrListReconcileAndObjAlloc(lists, 2, &object, &conflicts));

    CUDA_EXTERNAL_SEMAPHORE_HANDLE_DESC desc;
    std::memset(&desc, 0, sizeof(desc));
    desc.type = CU_EXTERNAL_SEMAPHORE_HANDLE_TYPE_NVSCISYNC;
    desc.handle.nvSciSyncObj = object;
    CUexternalSemaphore semaphore = nullptr;
    CHECK(nvsciCuImportExternalSemaphore(&semaphore, &desc));

    NvSciSyncObjFree(object);  // the import holds it
    for (NvSciSyncAttrList list : lists)
        NvSciSyncAttrListFree(list);
    return semaphore;
}

// A buffer that only the GPU uses, imported and mapped.
CUexternalMemory make_buffer(NvSciBufModule module, CUdevice device, CUdeviceptr* pointer) {
    CUuuid uuid;
    CHECK(cuDeviceGetUuid(&uuid, device));
    NvSciRmGpuId gpu;
    std::memcpy(gpu.bytes, uuid.bytes, sizeof(gpu.bytes));
    const NvSciBufType type = NvSciBufType_RawBuffer;
    const uint64_t size = kSize;
    const NvSciBufAttrValAccessPerm perm = NvSciBufAccessPerm_ReadWrite;
    NvSciBufAttrKeyValuePair pairs[] = {{NvSciBufGeneralAttrKey_Types, &type, sizeof(type)},
                                        {NvSciBufRawBufferAttrKey_Size, &size, sizeof(size)},
                                        {NvSciBufGeneralAttrKey_RequiredPerm, &perm, sizeof(perm)},
                                        {NvSciBufGeneralAttrKey_GpuId, &gpu, sizeof(gpu)}};
    NvSciBufAttrList list = nullptr;
    CHECK(NvSciBufAttrListCreate(module, &list));
    CHECK(NvSciBufAttrListSetAttrs(list, pairs, sizeof(pairs) / sizeof(pairs[0])));
    NvSciBufObj object = nullptr;
    NvSciBufAttrList conflicts = nullptr;
    CHECK(NvSciBufAttrListReconcileAndObjAlloc(&list, 1, &object, &conflicts));

    CUDA_EXTERNAL_MEMORY_HANDLE_DESC desc;
    std::memset(&desc, 0, sizeof(desc));
    desc.type = CU_EXTERNAL_MEMORY_HANDLE_TYPE_NVSCIBUF;
    desc.handle.nvSciBufObject = object;
    desc.size = kSize;
    CUexternalMemory memory = nullptr;
    CHECK(nvsciCuImportExternalMemory(&memory, &desc));
    CUDA_EXTERNAL_MEMORY_BUFFER_DESC window;
    std::memset(&window, 0, sizeof(window));
    window.size = kSize;
    CHECK(nvsciCuExternalMemoryGetMappedBuffer(pointer, memory, &window));
    NvSciBufObjFree(object);
    NvSciBufAttrListFree(list);
    return memory;
}

// One side. It finds the bytes `theirs` + 2 * round and leaves one more.
struct Side {
    CUexternalSemaphore wait_on;
    CUexternalSemaphore signal;
    Mailbox* in;
    Mailbox* out;
    unsigned first;

    void run(CUcontext context, CUdeviceptr buffer, unsigned rounds) const {
        CHECK(cuCtxSetCurrent(context));
        CUstream stream = nullptr;
        CHECK(cuStreamCreate(&stream, CU_STREAM_NON_BLOCKING));
        void* copy = nullptr;
        CHECK(cuMemHostAlloc(&copy, kSize, 0));
        CUDA_EXTERNAL_SEMAPHORE_WAIT_PARAMS wait;
        CUDA_EXTERNAL_SEMAPHORE_SIGNAL_PARAMS done;
        std::memset(&wait, 0, sizeof(wait));
        std::memset(&done, 0, sizeof(done));
        NvSciSyncFence fence = NvSciSyncFenceInitializer;
        for (unsigned round = 0; round < rounds; ++round) {
            const unsigned expected = first + 2 * round;
            NvSciSyncFence theirs = in->take();
            wait.params.nvSciSync.fence = &theirs;
            CHECK(nvsciCuWaitExternalSemaphoresAsync(&wait_on, &wait, 1, stream));
            NvSciSyncFenceClear(&theirs);  // it was read during the call
            CHECK(cuMemcpyDtoHAsync(copy, buffer, kSize, stream));
            CHECK(cuLaunchHostFunc(
                stream, ByteCheck::run,
                new ByteCheck{static_cast<const unsigned char*>(copy), static_cast<unsigned char>(expected)}));
            CHECK(cuMemsetD8Async(buffer, static_cast<unsigned char>(expected + 1), kSize, stream));
            done.params.nvSciSync.fence = &fence;
            CHECK(nvsciCuSignalExternalSemaphoresAsync(&signal, &done, 1, stream));
            out->put(fence);
        }
        CHECK(cuStreamSynchronize(stream));
        CHECK(cuStreamDestroy(stream));
        CHECK(cuMemFreeHost(copy));
    }
};

}  // namespace

int main(int argc, char** argv) {
    const unsigned rounds = argc > 1 ? static_cast<unsigned>(std::strtoul(argv[1], nullptr, 10)) : 10000;
    CHECK(cuInit(0));
    CUdevice device = 0;
    CHECK(cuDeviceGet(&device, 0));
    CUcontext context = nullptr;
    CHECK(cuDevicePrimaryCtxRetain(&context, device));
    CHECK(cuCtxSetCurrent(context));

    NvSciBufModule buffers = nullptr;
    NvSciSyncModule syncs = nullptr;
    CHECK(NvSciBufModuleOpen(&buffers));
    CHECK(NvSciSyncModuleOpen(&syncs));
    CUdeviceptr buffer = 0;
    CUexternalMemory memory = make_buffer(buffers, device, &buffer);
    CUexternalSemaphore there = make_semaphore(syncs, device);
    CUexternalSemaphore back = make_semaphore(syncs, device);

    // The new buffer is all zero, and the first side may have it at once: a cleared fence does not block.
    Mailbox to_first;
    Mailbox to_second;
    to_first.put(NvSciSyncFenceInitializer);
    const Side first{back, there, &to_first, &to_second, 0};
    const Side second{there, back, &to_second, &to_first, 1};
    std::thread other([&] { second.run(context, buffer, rounds); });
    first.run(context, buffer, rounds);
    other.join();

    CHECK(nvsciCuDestroyExternalSemaphore(there));
    CHECK(nvsciCuDestroyExternalSemaphore(back));
    CHECK(nvsciCuMemFree(buffer));
    CHECK(nvsciCuDestroyExternalMemory(memory));
    NvSciSyncModuleClose(syncs);
    NvSciBufModuleClose(buffers);
    CHECK(cuDevicePrimaryCtxRelease(device));
    std::printf("%u hand-overs there and back, %ld wrong bytes\n", rounds, ByteCheck::wrong_bytes.load());
    return ByteCheck::wrong_bytes == 0 ? 0 : 1;
}
