// SPDX-License-Identifier: Apache-2.0
//
// "Importing Memory Objects" of the CUDA programming guide with the CUDA driver API: allocate an NvSciBuf object, make
// a read-only duplicate of it, import both into CUDA, write through one and read through the other.
//
// By default only the GPU takes part, so the buffer lives in video memory. With the argument --cpu the CPU takes part
// too, so it lives in system memory and both see it.
//
// Build and run, with <cuda.h> of a CUDA toolkit (tried with 13.0):
//   c++ -std=c++17 import_memory_object.cpp $(pkg-config --cflags --libs nvscibuf) -I/usr/local/cuda/include -lcuda
//   ./a.out                               on a machine with a GPU
//   opennvsci run --soft ./a.out          on any machine
#include <cuda.h>
#include <nvscibuf.h>
#include <nvscicuda.h>
#include <opennvsci.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <vector>

namespace {

// Every failure of OpenNvSci can say why: which key, which value, which rule, and often what would avoid it.
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

void expect(bool holds, const char* what) {
    if (holds) return;
    std::fprintf(stderr, "unexpected: %s\n", what);
    std::exit(1);
}

#define CHECK(call) check(call, #call)
#define EXPECT(condition) expect(condition, #condition)

// A key with its value, as NvSciBufAttrListSetAttrs takes it.
template <class T>
NvSciBufAttrKeyValuePair pair(NvSciBufAttrKey key, const T& value) {
    return {key, &value, sizeof(value)};
}

// A value of a list. It belongs to the list.
template <class T>
const T& read(NvSciBufAttrList list, NvSciBufAttrKey key) {
    NvSciBufAttrKeyValuePair asked{key, nullptr, 0};
    CHECK(NvSciBufAttrListGetAttrs(list, &asked, 1));
    EXPECT(asked.value != nullptr && asked.len >= sizeof(T));
    return *static_cast<const T*>(asked.value);
}

// Imports an object into the current context and maps all of it.
struct Import {
    CUexternalMemory memory = nullptr;
    CUdeviceptr pointer = 0;
};

Import import(NvSciBufObj object, unsigned long long size) {
    Import imported;

    CUDA_EXTERNAL_MEMORY_HANDLE_DESC handle_desc;
    std::memset(&handle_desc, 0, sizeof(handle_desc));
    handle_desc.type = CU_EXTERNAL_MEMORY_HANDLE_TYPE_NVSCIBUF;
    handle_desc.handle.nvSciBufObject = object;
    handle_desc.size = size;
    CHECK(nvsciCuImportExternalMemory(&imported.memory, &handle_desc));

    CUDA_EXTERNAL_MEMORY_BUFFER_DESC buffer_desc;
    std::memset(&buffer_desc, 0, sizeof(buffer_desc));
    buffer_desc.offset = 0;
    buffer_desc.size = size;
    CHECK(nvsciCuExternalMemoryGetMappedBuffer(&imported.pointer, imported.memory, &buffer_desc));
    return imported;
}

}  // namespace

int main(int argc, char** argv) {
    const bool cpu = argc > 1 && std::strcmp(argv[1], "--cpu") == 0;

    // A CUDA context, as any CUDA program has one. The primary context is the one that the CUDA runtime uses too.
    CHECK(cuInit(0));
    CUdevice device = 0;
    CHECK(cuDeviceGet(&device, 0));
    CUcontext context = nullptr;
    CHECK(cuDevicePrimaryCtxRetain(&context, device));
    CHECK(cuCtxSetCurrent(context));
    char device_name[256] = "";
    CHECK(cuDeviceGetName(device_name, sizeof(device_name), device));

    // What this program needs of the buffer. Other users would say what they need in lists of their own.
    CUuuid uuid;
    CHECK(cuDeviceGetUuid(&uuid, device));
    NvSciRmGpuId gpu_id;
    std::memcpy(gpu_id.bytes, uuid.bytes, sizeof(gpu_id.bytes));

    const NvSciBufType type = NvSciBufType_RawBuffer;
    const uint64_t size = 1 << 20;
    const uint64_t align = 4096;
    const bool need_cpu_access = cpu;
    const NvSciBufAttrValAccessPerm perm = NvSciBufAccessPerm_ReadWrite;
    // A discrete GPU caches its video memory and does not cache system memory. Asking for the opposite fails.
    const NvSciBufAttrValGpuCache gpu_cache[] = {{gpu_id, !cpu}};
    // A wish: where it cannot be granted, the reconciled list says so and the buffer is not compressed.
    const NvSciBufAttrValGpuCompression gpu_compression[] = {{gpu_id, NvSciBufCompressionType_GenericCompressible}};

    NvSciBufModule module = nullptr;
    CHECK(NvSciBufModuleOpen(&module));
    NvSciBufAttrList wishes = nullptr;
    CHECK(NvSciBufAttrListCreate(module, &wishes));
    CHECK(opennvsciBufAttrListSetName(wishes, "example"));
    NvSciBufAttrKeyValuePair pairs[] = {
        pair(NvSciBufGeneralAttrKey_Types, type),
        pair(NvSciBufRawBufferAttrKey_Size, size),
        pair(NvSciBufRawBufferAttrKey_Align, align),
        pair(NvSciBufGeneralAttrKey_NeedCpuAccess, need_cpu_access),
        pair(NvSciBufGeneralAttrKey_RequiredPerm, perm),
        pair(NvSciBufGeneralAttrKey_GpuId, gpu_id),
        pair(NvSciBufGeneralAttrKey_EnableGpuCache, gpu_cache),
        pair(NvSciBufGeneralAttrKey_EnableGpuCompression, gpu_compression),
    };
    CHECK(NvSciBufAttrListSetAttrs(wishes, pairs, sizeof(pairs) / sizeof(pairs[0])));

    // Reconcile all lists (here one) and allocate.
    NvSciBufAttrList reconciled = nullptr;
    NvSciBufAttrList conflicts = nullptr;
    CHECK(NvSciBufAttrListReconcile(&wishes, 1, &reconciled, &conflicts));
    NvSciBufObj object = nullptr;
    CHECK(NvSciBufObjAlloc(reconciled, &object));

    // A duplicate for somebody who shall only read.
    NvSciBufObj read_only_object = nullptr;
    CHECK(NvSciBufObjDupWithReducePerm(object, NvSciBufAccessPerm_Readonly, &read_only_object));

    // What came of the wishes. Each list belongs to its object and is not freed.
    NvSciBufAttrList granted = nullptr;
    NvSciBufAttrList read_only_granted = nullptr;
    CHECK(NvSciBufObjGetAttrList(object, &granted));
    CHECK(NvSciBufObjGetAttrList(read_only_object, &read_only_granted));
    EXPECT(read<NvSciBufAttrValAccessPerm>(granted, NvSciBufGeneralAttrKey_ActualPerm) == NvSciBufAccessPerm_ReadWrite);
    EXPECT(read<NvSciBufAttrValAccessPerm>(read_only_granted, NvSciBufGeneralAttrKey_ActualPerm) ==
           NvSciBufAccessPerm_Readonly);
    const auto granted_size = read<uint64_t>(granted, NvSciBufRawBufferAttrKey_Size);
    // These three hold one element per GPU of GpuId, here one.
    const auto& cache = read<NvSciBufAttrValGpuCache>(granted, NvSciBufGeneralAttrKey_EnableGpuCache);
    const auto& flush = read<NvSciBufAttrValGpuCache>(granted, NvSciBufGeneralAttrKey_GpuSwNeedCacheCoherency);
    const auto& compression = read<NvSciBufAttrValGpuCompression>(granted, NvSciBufGeneralAttrKey_EnableGpuCompression);
    const bool compressed = compression.compressionType == NvSciBufCompressionType_GenericCompressible;
    std::printf("device:          %s\n", device_name);
    std::printf("size:            %llu\n", static_cast<unsigned long long>(granted_size));
    std::printf("GPU caches:      %s\n", cache.cacheability ? "yes" : "no");
    std::printf("GPU must flush:  %s\n", flush.cacheability ? "yes" : "no");
    std::printf("compressed:      %s\n", compressed ? "yes" : "no");
    EXPECT(granted_size == size);

    // Import both and free the objects: an import keeps the memory alive.
    Import writer = import(object, granted_size);
    Import reader = import(read_only_object, granted_size);
    EXPECT(writer.pointer % align == 0 && reader.pointer % align == 0);
    void* cpu_pointer = nullptr;
    const void* const_cpu_pointer = nullptr;
    if (cpu) {
        CHECK(NvSciBufObjGetCpuPtr(object, &cpu_pointer));
        CHECK(NvSciBufObjGetConstCpuPtr(read_only_object, &const_cpu_pointer));
        // The read-only object gives no pointer to write through.
        void* refused = nullptr;
        EXPECT(NvSciBufObjGetCpuPtr(read_only_object, &refused) == NvSciError_BadParameter);
        std::printf("refused as due:  %s\n", opennvsciGetLastErrorText());
    }

    // The memory is zero at first. Write through one import, read through the other.
    std::vector<unsigned char> sent(granted_size);
    std::vector<unsigned char> received(granted_size, 0xFF);
    CHECK(cuMemcpyDtoH(received.data(), reader.pointer, granted_size));
    EXPECT(received == sent);
    for (std::size_t i = 0; i < sent.size(); ++i)
        sent[i] = static_cast<unsigned char>(i * 31 + 7);
    CHECK(cuMemcpyHtoD(writer.pointer, sent.data(), granted_size));
    CHECK(cuMemcpyDtoH(received.data(), reader.pointer, granted_size));
    EXPECT(received == sent);
    if (cpu) EXPECT(std::memcmp(const_cpu_pointer, sent.data(), granted_size) == 0);

    // Read-only is enforced, not advised: the copy is refused and not one byte changes.
    EXPECT(cuMemsetD8(reader.pointer, 0, granted_size) == CUDA_ERROR_INVALID_VALUE);
    CHECK(cuMemcpyDtoH(received.data(), writer.pointer, granted_size));
    EXPECT(received == sent);
    std::printf("copied:          %llu bytes, and a write through the read-only import was refused\n",
                static_cast<unsigned long long>(granted_size));

    // Everything may be freed in any order. Buffers are freed with the memory free function, as CUDA says.
    NvSciBufObjFree(object);
    CHECK(nvsciCuDestroyExternalMemory(writer.memory));
    NvSciBufAttrListFree(reconciled);
    NvSciBufModuleClose(module);
    CHECK(cuMemcpyDtoH(received.data(), reader.pointer, granted_size));
    EXPECT(received == sent);
    CHECK(nvsciCuMemFree(reader.pointer));
    NvSciBufAttrListFree(wishes);
    CHECK(nvsciCuMemFree(writer.pointer));
    CHECK(nvsciCuDestroyExternalMemory(reader.memory));
    NvSciBufObjFree(read_only_object);
    CHECK(cuDevicePrimaryCtxRelease(device));
    return 0;
}
