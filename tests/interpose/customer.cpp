// SPDX-License-Identifier: Apache-2.0
//
// A driver API program that knows CUDA and NvSciBuf and nothing of OpenNvSci, which comes to the driver's functions in
// one of the ways that programs do:
//
//   linked        by linking with the driver
//   dlsym         by dlopen and dlsym, with the exported names
//   default       by dlsym of RTLD_DEFAULT, after the driver was loaded for everybody
//   proc          by cuGetProcAddress, which it asks for itself first, as the CUDA runtime does
//   proc_v2       by cuGetProcAddress_v2, likewise
//   per_thread    by cuGetProcAddress_v2, with per-thread default streams
//
//   customer WAY   imports a raw buffer, fills it, reads it, and frees everything in the orders that programs use.
// Exit status: 0 it worked, 3 the driver refused the import with 801, 1 anything else failed, 2 wrong usage.
#include "customer.h"

#include <dlfcn.h>
#include <nvscibuf.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include "driver/driver.h"

namespace opennvsci::test {
namespace {

using namespace cu;  // NOLINT(google-build-using-namespace): CUDA's own names

constexpr int kVersion = 12000;
constexpr std::size_t kSize = 1 << 20;

#define CHECK_CUDA(call)                                                         \
    do {                                                                         \
        const CUresult check_result = (call);                                    \
        if (check_result != CUDA_SUCCESS) {                                      \
            std::printf("line %d: %s gave %u\n", __LINE__, #call, check_result); \
            std::exit(check_result == CUDA_ERROR_NOT_SUPPORTED ? 3 : 1);         \
        }                                                                        \
    } while (0)

#define CHECK(condition)                                            \
    do {                                                            \
        if (!(condition)) {                                         \
            std::printf("line %d: not %s\n", __LINE__, #condition); \
            std::exit(1);                                           \
        }                                                           \
    } while (0)

extern "C" {
#define OPENNVSCI_DECLARE(name, symbol, version, presence, parameters) CUresult symbol parameters;
OPENNVSCI_CUDA_ENTRY_POINTS(OPENNVSCI_DECLARE)
#undef OPENNVSCI_DECLARE
}

// The functions that the program uses, each once.
// clang-format off
#define CUSTOMER_FUNCTIONS(USE)                                                                                       \
    USE(cuInit) USE(cuDeviceGet) USE(cuDeviceGetUuid) USE(cuDevicePrimaryCtxRetain) USE(cuCtxSetCurrent)              \
    USE(cuCtxSynchronize) USE(cuMemAlloc) USE(cuMemFree) USE(cuMemsetD8) USE(cuMemcpyDtoH) USE(cuStreamCreate)        \
    USE(cuImportExternalMemory) USE(cuExternalMemoryGetMappedBuffer) USE(cuDestroyExternalMemory)
// clang-format on

using Functions = driver::EntryPoints;

const char* symbol_of(std::string_view name) {
#define OPENNVSCI_SYMBOL(entry, symbol, version, presence, parameters) \
    if (name == #entry) return #symbol;
    OPENNVSCI_CUDA_ENTRY_POINTS(OPENNVSCI_SYMBOL)
#undef OPENNVSCI_SYMBOL
    return nullptr;
}

template <class LookUp>
Functions functions_by(LookUp&& look_up) {
    Functions functions;
#define USE(name)                                                                \
    functions.name = reinterpret_cast<decltype(functions.name)>(look_up(#name)); \
    CHECK(functions.name != nullptr);
    CUSTOMER_FUNCTIONS(USE)
#undef USE
    return functions;
}

Functions linked_functions() {
    Functions functions;
#define OPENNVSCI_STORE(name, symbol, version, presence, parameters) functions.name = &symbol;
    OPENNVSCI_CUDA_ENTRY_POINTS(OPENNVSCI_STORE)
#undef OPENNVSCI_STORE
    return functions;
}

template <class Function>
Function as(void* address) {
    CHECK(address != nullptr);
    return reinterpret_cast<Function>(address);
}

Functions functions_of(std::string_view way) {
    using GetV1 = CUresult (*)(const char*, void**, int, std::uint64_t);
    using GetV2 = CUresult (*)(const char*, void**, int, std::uint64_t, CUdriverProcAddressQueryResult*);
    if (way == "linked") return linked_functions();
    void* driver = ::dlopen("libcuda.so.1", way == "default" ? RTLD_NOW | RTLD_GLOBAL : RTLD_NOW);
    CHECK(driver != nullptr);
    if (way == "dlsym") return functions_by([&](const char* name) { return ::dlsym(driver, symbol_of(name)); });
    if (way == "default") {
        return functions_by([](const char* name) { return ::dlsym(RTLD_DEFAULT, symbol_of(name)); });
    }
    if (way == "proc") {
        const auto first = as<GetV1>(::dlsym(driver, "cuGetProcAddress"));
        void* again = nullptr;
        CHECK_CUDA(first("cuGetProcAddress", &again, 11030, 0));
        return functions_by([&](const char* name) {
            void* found = nullptr;
            CHECK_CUDA(as<GetV1>(again)(name, &found, kVersion, 0));
            return found;
        });
    }
    const auto first = as<GetV2>(::dlsym(driver, "cuGetProcAddress_v2"));
    void* again = nullptr;
    CHECK_CUDA(first("cuGetProcAddress", &again, kVersion, 0, nullptr));
    return functions_by([&](const char* name) {
        void* found = nullptr;
        CUdriverProcAddressQueryResult status{};
        CHECK_CUDA(as<GetV2>(again)(name, &found, kVersion, way == "per_thread" ? 2 : 0, &status));
        return found;
    });
}

struct Buffer {
    NvSciBufModule module = nullptr;
    NvSciBufAttrList list = nullptr;
    NvSciBufAttrList reconciled = nullptr;
    NvSciBufObj object = nullptr;
};

Buffer allocate(const CUuuid& uuid) {
    Buffer buffer;
    CHECK(NvSciBufModuleOpen(&buffer.module) == NvSciError_Success);
    CHECK(NvSciBufAttrListCreate(buffer.module, &buffer.list) == NvSciError_Success);
    NvSciRmGpuId gpu{};
    std::memcpy(gpu.bytes, &uuid, sizeof(gpu.bytes));
    NvSciBufType type = NvSciBufType_RawBuffer;
    std::uint64_t size = kSize;
    bool cpu = false;
    NvSciBufAttrValAccessPerm perm = NvSciBufAccessPerm_ReadWrite;
    NvSciBufAttrKeyValuePair pairs[] = {{NvSciBufRawBufferAttrKey_Size, &size, sizeof(size)},
                                        {NvSciBufGeneralAttrKey_Types, &type, sizeof(type)},
                                        {NvSciBufGeneralAttrKey_NeedCpuAccess, &cpu, sizeof(cpu)},
                                        {NvSciBufGeneralAttrKey_RequiredPerm, &perm, sizeof(perm)},
                                        {NvSciBufGeneralAttrKey_GpuId, &gpu, sizeof(gpu)}};
    CHECK(NvSciBufAttrListSetAttrs(buffer.list, pairs, std::size(pairs)) == NvSciError_Success);
    NvSciBufAttrList conflict;  // not initialised, as programs have it
    CHECK(NvSciBufAttrListReconcile(&buffer.list, 1, &buffer.reconciled, &conflict) == NvSciError_Success);
    CHECK(NvSciBufObjAlloc(buffer.reconciled, &buffer.object) == NvSciError_Success);
    return buffer;
}

enum class Order { pointer_first, memory_first, object_first };

void import_use_and_free(const Functions& cuda, const CUuuid& uuid, Order order) {
    const Buffer buffer = allocate(uuid);
    CUDA_EXTERNAL_MEMORY_HANDLE_DESC handle{};
    handle.type = CU_EXTERNAL_MEMORY_HANDLE_TYPE_NVSCIBUF;
    handle.handle.nvSciBufObject = buffer.object;
    handle.size = kSize;
    CUexternalMemory memory = nullptr;
    CHECK_CUDA(cuda.cuImportExternalMemory(&memory, &handle));
    CUDA_EXTERNAL_MEMORY_BUFFER_DESC window{};
    window.size = kSize;
    CUdeviceptr pointer = 0;
    CHECK_CUDA(cuda.cuExternalMemoryGetMappedBuffer(&pointer, memory, &window));
    if (order == Order::object_first) {
        NvSciBufObjFree(buffer.object);
        NvSciBufAttrListFree(buffer.reconciled);
        NvSciBufModuleClose(buffer.module);
    }
    CHECK_CUDA(cuda.cuMemsetD8(pointer, 0x5A, kSize));
    std::vector<unsigned char> bytes(kSize);
    CHECK_CUDA(cuda.cuMemcpyDtoH(bytes.data(), pointer, kSize));
    CHECK(bytes.front() == 0x5A && bytes.back() == 0x5A);
    if (order == Order::pointer_first) CHECK_CUDA(cuda.cuMemFree(pointer));
    CHECK_CUDA(cuda.cuDestroyExternalMemory(memory));
    if (order != Order::pointer_first) CHECK_CUDA(cuda.cuMemFree(pointer));
    CHECK(cuda.cuMemFree(pointer) != CUDA_SUCCESS);
    if (order != Order::object_first) {
        NvSciBufAttrListFree(buffer.reconciled);
        NvSciBufObjFree(buffer.object);
        // The module is never closed, as in published programs.
    }
    NvSciBufAttrListFree(buffer.list);
}

}  // namespace
}  // namespace opennvsci::test

int customer_main(int argc, char** argv) {
    using namespace opennvsci::test;  // NOLINT(google-build-using-namespace): an extern "C" function stands outside
    if (argc != 2) return 2;
    const Functions cuda = functions_of(argv[1]);
    CHECK_CUDA(cuda.cuInit(0));
    CUdevice device = 0;
    CHECK_CUDA(cuda.cuDeviceGet(&device, 0));
    CUuuid uuid{};
    CHECK_CUDA(cuda.cuDeviceGetUuid(&uuid, device));
    CUcontext context = nullptr;
    CHECK_CUDA(cuda.cuDevicePrimaryCtxRetain(&context, device));
    CHECK_CUDA(cuda.cuCtxSetCurrent(context));
    CUdeviceptr own = 0;  // memory of the driver goes to the driver
    CHECK_CUDA(cuda.cuMemAlloc(&own, 4096));
    for (const Order order : {Order::pointer_first, Order::memory_first, Order::object_first})
        import_use_and_free(cuda, uuid, order);
    CHECK_CUDA(cuda.cuMemFree(own));
    std::puts("it works");
    return 0;
}
