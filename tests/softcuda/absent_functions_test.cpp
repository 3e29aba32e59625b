// SPDX-License-Identifier: Apache-2.0
//
// What the device does not have: there to be linked, refused when called, not found by those who ask; and what it has
// for programs beyond this project's own needs.
#include "softcuda/absent_functions.h"

#include <dlfcn.h>

#include <cstring>
#include <string>

#include "support.h"

namespace opennvsci::softcuda_test {
namespace {

constexpr const char* kAbsent[] = {
#define OPENNVSCI_NAME(symbol) #symbol,
    OPENNVSCI_SOFTCUDA_ABSENT_FUNCTIONS(OPENNVSCI_NAME)
#undef OPENNVSCI_NAME
};

CUresult call(const char* symbol) {
    void* const function = dlsym(RTLD_DEFAULT, symbol);
    EXPECT_NE(function, nullptr) << symbol;
    if (function == nullptr) return CUDA_ERROR_UNKNOWN;
    return reinterpret_cast<CUresult (*)(void*, void*, unsigned)>(function)(nullptr, nullptr, 7);
}

std::size_t count(const std::string& text, const std::string& part) {
    std::size_t found = 0;
    for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1))
        ++found;
    return found;
}

TEST_F(SoftCuda, AbsentFunctionsAnswerAndNameThemselvesOnce) {
    testing::internal::CaptureStderr();
    for (int round = 0; round < 2; ++round) {
        for (const char* symbol : kAbsent)
            EXPECT_EQ(call(symbol), CUDA_ERROR_NOT_SUPPORTED) << symbol;
    }
    const std::string said = testing::internal::GetCapturedStderr();
    for (const char* symbol : kAbsent)
        EXPECT_EQ(count(said, std::string("has no ") + symbol + ":"), 1U) << symbol;
}

// cuGetProcAddress takes base names, which functions of several variants share; these have one.
TEST_F(SoftCuda, AbsentFunctionsAreNotFound) {
    for (const char* base :
         {"cuMemAllocAsync", "cuMemPoolCreate", "cuGraphAddNode", "cuIpcGetMemHandle", "cuLibraryLoadData"}) {
        void* function = &function;
        CUdriverProcAddressQueryResult status{};
        EXPECT_OK(cuGetProcAddress_v2(base, &function, 13000, 0, &status));
        EXPECT_EQ(function, nullptr) << base;
        EXPECT_EQ(status, CU_GET_PROC_ADDRESS_SYMBOL_NOT_FOUND) << base;
    }
}

// What the CUDA runtime does first, and does not get.
TEST_F(SoftCuda, TellsOnceThatTheRuntimeNeedsMore) {
    void* found = nullptr;
    EXPECT_OK(cuGetProcAddress_v2("cuGetExportTable", &found, 13000, 0, nullptr));
    ASSERT_EQ(found, dlsym(RTLD_DEFAULT, "cuGetExportTable"));
    const auto get = reinterpret_cast<decltype(&cuGetExportTable)>(found);
    const CUuuid id{};
    testing::internal::CaptureStderr();
    for (int call = 0; call < 2; ++call) {
        const void* table = &id;
        EXPECT_EQ(get(&table, &id), CUDA_ERROR_NOT_SUPPORTED);
        EXPECT_EQ(table, nullptr);
        EXPECT_INVALID(get(nullptr, &id));
        EXPECT_INVALID(get(&table, nullptr));
    }
    const std::string said = testing::internal::GetCapturedStderr();
    EXPECT_EQ(count(said, "error: the CUDA runtime needs NVIDIA's driver"), 1U) << said;
    EXPECT_EQ(count(said, "docs/software-device.md"), 1U) << said;
}

// Whoever finds an optional function takes it for a capability, so none of them may be absent.
TEST_F(SoftCuda, EveryFunctionThatTheLibrariesLookForIsThere){
#define OPENNVSCI_CHECK(name, symbol, version, presence, parameters)           \
    {                                                                          \
        void* function = nullptr;                                              \
        EXPECT_OK(cuGetProcAddress_v2(#name, &function, version, 0, nullptr)); \
        EXPECT_EQ(function, dlsym(RTLD_DEFAULT, #symbol)) << #symbol;          \
        for (const char* absent : kAbsent)                                     \
            EXPECT_STRNE(absent, #symbol);                                     \
    }
    OPENNVSCI_CUDA_ENTRY_POINTS(OPENNVSCI_CHECK)
#undef OPENNVSCI_CHECK
}

TEST_F(SoftCuda, TellsTheRangeOfAPointer) {
    CUdeviceptr pointer = 0;
    CUdeviceptr base = 0;
    std::size_t size = 0;
    ASSERT_OK(cuMemAlloc_v2(&pointer, 1000));
    for (const CUdeviceptr inside : {pointer, pointer + 10, pointer + 999}) {
        EXPECT_OK(cuMemGetAddressRange_v2(&base, &size, inside));
        EXPECT_EQ(base, pointer);
        EXPECT_EQ(size, 1000U);
    }
    EXPECT_OK(cuMemGetAddressRange_v2(nullptr, nullptr, pointer));
    EXPECT_EQ(cuMemGetAddressRange_v2(&base, &size, pointer + 1000), CUDA_ERROR_NOT_FOUND);
    EXPECT_EQ(cuMemGetAddressRange_v2(&base, &size, 0), CUDA_ERROR_NOT_FOUND);

    CUpointer_attribute wanted[] = {CU_POINTER_ATTRIBUTE_MEMORY_TYPE, CU_POINTER_ATTRIBUTE_RANGE_START_ADDR};
    unsigned type = 77;
    void* values[] = {&type, &base};
    EXPECT_OK(cuPointerGetAttributes(2, wanted, values, pointer + 1));
    EXPECT_EQ(type, CU_MEMORYTYPE_DEVICE);
    EXPECT_EQ(base, pointer);
    EXPECT_OK(cuPointerGetAttributes(2, wanted, values, reinterpret_cast<CUdeviceptr>(&type)));
    EXPECT_EQ(type, 0U) << "memory that the device does not know has no attributes, and that is no error";
    EXPECT_EQ(base, 0U);
    EXPECT_INVALID(cuPointerGetAttributes(0, wanted, values, pointer));
    EXPECT_OK(cuMemFree_v2(pointer));
}

TEST_F(SoftCuda, CopiesByAddressAlone) {
    std::vector<unsigned char> from(300, 0x5a);
    std::vector<unsigned char> to(300);
    CUdeviceptr pointer = 0;
    std::size_t pitch = 0;
    const CUstream stream = make_stream();
    ASSERT_OK(cuMemAllocPitch_v2(&pointer, &pitch, 300, 2, 4));
    EXPECT_EQ(pitch, 512U);
    EXPECT_OK(cuMemcpy(pointer + pitch, reinterpret_cast<CUdeviceptr>(from.data()), 300));
    EXPECT_OK(cuMemsetD16Async(pointer + pitch, 0x1234, 2, stream));
    EXPECT_OK(cuMemcpyAsync(reinterpret_cast<CUdeviceptr>(to.data()), pointer + pitch, 300, stream));
    EXPECT_OK(cuStreamSynchronize(stream));
    EXPECT_EQ(to[0], 0x34);
    EXPECT_EQ(to[3], 0x12);
    EXPECT_EQ(to[4], 0x5a);
    // From pageable memory to pageable memory: done on return, as nothing else holds it in place.
    EXPECT_OK(cuMemcpyAsync(reinterpret_cast<CUdeviceptr>(to.data()), reinterpret_cast<CUdeviceptr>(from.data()), 300,
                            stream));
    EXPECT_EQ(to, from);
    EXPECT_INVALID(cuMemcpy(pointer + pitch + 300, pointer, 300));
    EXPECT_INVALID(cuMemsetD16_v2(pointer + 1, 0, 1));
    EXPECT_INVALID(cuMemAllocPitch_v2(&pointer, &pitch, 300, 2, 3));
    EXPECT_OK(cuMemFree_v2(pointer));
}

TEST_F(SoftCuda, StreamsHaveOnePriorityAndTellWhatTheyAre) {
    int least = 7;
    int greatest = 7;
    EXPECT_OK(cuCtxGetStreamPriorityRange(&least, &greatest));
    EXPECT_EQ(least, 0);
    EXPECT_EQ(greatest, 0);
    CUstream stream = nullptr;
    unsigned flags = 7;
    int priority = 7;
    CUdevice device = 7;
    ASSERT_OK(cuStreamCreateWithPriority(&stream, CU_STREAM_NON_BLOCKING, -5));
    EXPECT_OK(cuStreamGetFlags(stream, &flags));
    EXPECT_OK(cuStreamGetPriority(stream, &priority));
    EXPECT_OK(cuStreamGetDevice(stream, &device));
    EXPECT_EQ(flags, unsigned{CU_STREAM_NON_BLOCKING});
    EXPECT_EQ(priority, 0);
    EXPECT_EQ(device, 0);
    const CUevent event = make_event();
    EXPECT_OK(cuEventRecordWithFlags(event, stream, 1));
    EXPECT_INVALID(cuEventRecordWithFlags(event, stream, 2));

    struct Called {
        CUstream stream = nullptr;
        CUresult status = CUDA_ERROR_UNKNOWN;
    } called;
    EXPECT_OK(cuStreamAddCallback(
        stream,
        [](CUstream on, CUresult status, void* data) {
            *static_cast<Called*>(data) = {on, status};
        },
        &called, 0));
    EXPECT_OK(cuCtxSynchronize_v2(nullptr));
    EXPECT_EQ(called.stream, stream);
    EXPECT_EQ(called.status, CUDA_SUCCESS);
    EXPECT_INVALID(cuStreamAddCallback(stream, nullptr, nullptr, 0));
}

}  // namespace
}  // namespace opennvsci::softcuda_test
