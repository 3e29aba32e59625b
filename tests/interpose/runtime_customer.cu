// SPDX-License-Identifier: Apache-2.0
//
// A program of the CUDA runtime, in the shape of NVIDIA's samples for NvSciBuf: one thread fills a buffer by a kernel, a
// second one reads it by a kernel through an import of its own, of a read-only duplicate. The thread that reads destroys
// its external memory before it frees the mapping, the one that fills frees first; the objects are freed with both imports
// alive, and the modules never closed. In the end the driver's functions are asked for by cudaGetDriverEntryPointByVersion,
// for both kinds of default stream, and one object goes through them.
// Exit status: 0 it worked, 3 an import was refused with 801, 77 the runtime cannot start, 1 anything else.
#include <cuda.h>
#include <cuda_runtime_api.h>
#include <nvscibuf.h>

#include <condition_variable>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <mutex>
#include <thread>

namespace {

constexpr unsigned kCount = 1 << 18;
constexpr std::uint64_t kSize = kCount * sizeof(unsigned);

#define CHECK_RUNTIME(call)                                                                           \
    do {                                                                                              \
        const cudaError_t check_result = (call);                                                      \
        if (check_result != cudaSuccess) {                                                            \
            std::printf("line %d: %s gave %s\n", __LINE__, #call, cudaGetErrorName(check_result));    \
            std::exit(check_result == cudaErrorNotSupported ? 3 : 1);                                 \
        }                                                                                             \
    } while (0)

#define CHECK(condition)                                            \
    do {                                                            \
        if (!(condition)) {                                         \
            std::printf("line %d: not %s\n", __LINE__, #condition); \
            std::exit(1);                                           \
        }                                                           \
    } while (0)

__global__ void fill(unsigned* words) {
    const unsigned i = blockIdx.x * blockDim.x + threadIdx.x;
    words[i] = i * 2654435761U;
}

__global__ void count_wrong(const unsigned* words, unsigned* wrong) {
    const unsigned i = blockIdx.x * blockDim.x + threadIdx.x;
    if (words[i] != i * 2654435761U) atomicAdd(wrong, 1U);
}

NvSciBufObj allocate(NvSciBufModule module) {
    cudaDeviceProp properties;
    CHECK_RUNTIME(cudaGetDeviceProperties(&properties, 0));
    NvSciRmGpuId gpu;
    std::memcpy(gpu.bytes, properties.uuid.bytes, sizeof(gpu.bytes));
    NvSciBufType type = NvSciBufType_RawBuffer;
    std::uint64_t size = kSize;
    std::uint64_t align = 0;  // as in NVIDIA's examples: not asked for
    bool cpu = false;
    NvSciBufAttrValAccessPerm perm = NvSciBufAccessPerm_ReadWrite;
    NvSciBufAttrKeyValuePair pairs[] = {{NvSciBufRawBufferAttrKey_Size, &size, sizeof(size)},
                                        {NvSciBufRawBufferAttrKey_Align, &align, sizeof(align)},
                                        {NvSciBufGeneralAttrKey_Types, &type, sizeof(type)},
                                        {NvSciBufGeneralAttrKey_NeedCpuAccess, &cpu, sizeof(cpu)},
                                        {NvSciBufGeneralAttrKey_RequiredPerm, &perm, sizeof(perm)},
                                        {NvSciBufGeneralAttrKey_GpuId, &gpu, sizeof(gpu)}};
    NvSciBufAttrList list;
    NvSciBufAttrList reconciled;
    NvSciBufAttrList conflict;
    NvSciBufObj object;
    CHECK(NvSciBufAttrListCreate(module, &list) == NvSciError_Success);
    CHECK(NvSciBufAttrListSetAttrs(list, pairs, sizeof(pairs) / sizeof(pairs[0])) == NvSciError_Success);
    CHECK(NvSciBufAttrListReconcile(&list, 1, &reconciled, &conflict) == NvSciError_Success);
    CHECK(NvSciBufObjAlloc(reconciled, &object) == NvSciError_Success);
    NvSciBufAttrListFree(reconciled);
    NvSciBufAttrListFree(list);
    return object;
}

struct Import {
    cudaExternalMemory_t memory;
    unsigned* words;
};

Import import(NvSciBufObj object) {
    cudaExternalMemoryHandleDesc handle;
    std::memset(&handle, 0, sizeof(handle));
    handle.type = cudaExternalMemoryHandleTypeNvSciBuf;
    handle.handle.nvSciBufObject = object;
    handle.size = kSize;
    Import made;
    CHECK_RUNTIME(cudaImportExternalMemory(&made.memory, &handle));
    cudaExternalMemoryBufferDesc window;
    std::memset(&window, 0, sizeof(window));
    window.size = kSize;
    void* pointer = nullptr;
    CHECK_RUNTIME(cudaExternalMemoryGetMappedBuffer(&pointer, made.memory, &window));
    made.words = static_cast<unsigned*>(pointer);
    return made;
}

std::mutex g_mutex;
std::condition_variable g_condition;
bool g_is_filled = false;

void fill_and_tell(Import buffer) {
    CHECK_RUNTIME(cudaSetDevice(0));
    cudaStream_t stream;
    CHECK_RUNTIME(cudaStreamCreateWithFlags(&stream, cudaStreamNonBlocking));
    fill<<<kCount / 256, 256, 0, stream>>>(buffer.words);
    CHECK_RUNTIME(cudaStreamSynchronize(stream));
    {
        const std::lock_guard<std::mutex> lock(g_mutex);
        g_is_filled = true;
    }
    g_condition.notify_one();
    CHECK_RUNTIME(cudaFree(buffer.words));
    CHECK_RUNTIME(cudaDestroyExternalMemory(buffer.memory));
    CHECK_RUNTIME(cudaStreamDestroy(stream));
}

void wait_and_read(Import buffer) {
    CHECK_RUNTIME(cudaSetDevice(0));
    {
        std::unique_lock<std::mutex> lock(g_mutex);
        g_condition.wait(lock, [] { return g_is_filled; });
    }
    unsigned* wrong = nullptr;
    unsigned found = 1;
    CHECK_RUNTIME(cudaMalloc(&wrong, sizeof(*wrong)));
    CHECK_RUNTIME(cudaMemset(wrong, 0, sizeof(*wrong)));
    count_wrong<<<kCount / 256, 256>>>(buffer.words, wrong);
    CHECK_RUNTIME(cudaMemcpy(&found, wrong, sizeof(found), cudaMemcpyDeviceToHost));
    CHECK(found == 0);
    CHECK_RUNTIME(cudaFree(wrong));
    CHECK_RUNTIME(cudaDestroyExternalMemory(buffer.memory));
    CHECK_RUNTIME(cudaFree(buffer.words));
}

void import_by_entry_points(NvSciBufObj object, unsigned long long flags) {
    const auto entry = [flags](const char* name) {
        void* found = nullptr;
        cudaDriverEntryPointQueryResult result;
        CHECK_RUNTIME(cudaGetDriverEntryPointByVersion(name, &found, 12000, flags, &result));
        CHECK(found != nullptr);
        return found;
    };
    const auto import_memory = reinterpret_cast<decltype(&cuImportExternalMemory)>(entry("cuImportExternalMemory"));
    const auto destroy = reinterpret_cast<decltype(&cuDestroyExternalMemory)>(entry("cuDestroyExternalMemory"));
    CUDA_EXTERNAL_MEMORY_HANDLE_DESC handle;
    std::memset(&handle, 0, sizeof(handle));
    handle.type = CU_EXTERNAL_MEMORY_HANDLE_TYPE_NVSCIBUF;
    handle.handle.nvSciBufObject = object;
    handle.size = kSize;
    CUexternalMemory memory = nullptr;
    CHECK_RUNTIME(static_cast<cudaError_t>(import_memory(&memory, &handle)));  // the numbers are the driver's
    CHECK(destroy(memory) == CUDA_SUCCESS);
    CHECK(destroy(memory) == CUDA_ERROR_INVALID_HANDLE);
}

}  // namespace

int main() {
    int count = 0;
    if (const cudaError_t started = cudaGetDeviceCount(&count); started != cudaSuccess || count == 0) {
        std::printf("the runtime cannot start: %s\n", cudaGetErrorName(started));
        return 77;
    }
    CHECK_RUNTIME(cudaSetDevice(0));
    NvSciBufModule module;
    CHECK(NvSciBufModuleOpen(&module) == NvSciError_Success);
    const NvSciBufObj object = allocate(module);
    NvSciBufObj reader;
    CHECK(NvSciBufObjDupWithReducePerm(object, NvSciBufAccessPerm_Readonly, &reader) == NvSciError_Success);
    import_by_entry_points(object, cudaEnableLegacyStream);
    import_by_entry_points(object, cudaEnablePerThreadDefaultStream);

    const Import to_fill = import(object);
    const Import to_read = import(reader);
    NvSciBufObjFree(object);
    NvSciBufObjFree(reader);
    std::thread filler(fill_and_tell, to_fill);
    std::thread waiter(wait_and_read, to_read);
    filler.join();
    waiter.join();

    // The runtime's own memory is not touched by any of this.
    CHECK(cudaFree(nullptr) == cudaSuccess);
    int not_ours = 0;
    CHECK(cudaFree(&not_ours) != cudaSuccess);
    std::puts("it works");
    return 0;
}
