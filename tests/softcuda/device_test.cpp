// SPDX-License-Identifier: Apache-2.0
//
// Devices, contexts, cuGetProcAddress, modules, and the life of the process.
#include <sys/wait.h>
#include <unistd.h>

#include <cstring>
#include <thread>

#include "support.h"

namespace opennvsci::softcuda_test {
namespace {

TEST_F(SoftCuda, DescribesItsDevices) {
    int count = 0;
    ASSERT_OK(cuDeviceGetCount(&count));
    EXPECT_EQ(count, 2);
    CUdevice device = -1;
    EXPECT_OK(cuDeviceGet(&device, 1));
    EXPECT_EQ(device, 1);
    EXPECT_EQ(cuDeviceGet(&device, 2), CUDA_ERROR_INVALID_DEVICE);
    EXPECT_EQ(cuDeviceGet(&device, -1), CUDA_ERROR_INVALID_DEVICE);
    char name[64];
    EXPECT_OK(cuDeviceGetName(name, sizeof name, 1));
    EXPECT_STREQ(name, "OpenNvSci software device 1");
    EXPECT_OK(cuDeviceGetName(name, 5, 0));
    EXPECT_STREQ(name, "Open");
    std::size_t bytes = 0;
    EXPECT_OK(cuDeviceTotalMem_v2(&bytes, 0));
    EXPECT_EQ(bytes, kDeviceMemory);
    EXPECT_EQ(opennvsciSoftCudaVersion(), 1);
}

TEST_F(SoftCuda, AnswersAttributesAndRefusesUnknownOnes) {
    int value = -1;
    EXPECT_OK(cuDeviceGetAttribute(&value, CU_DEVICE_ATTRIBUTE_UNIFIED_ADDRESSING, 0));
    EXPECT_EQ(value, 1);
    EXPECT_OK(cuDeviceGetAttribute(&value, CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR, 0));
    EXPECT_EQ(value, 9);
    EXPECT_OK(cuDeviceGetAttribute(&value, CU_DEVICE_ATTRIBUTE_CAN_USE_64_BIT_STREAM_MEM_OPS, 0));
    EXPECT_EQ(value, 1);
    EXPECT_INVALID(cuDeviceGetAttribute(&value, static_cast<CUdevice_attribute>(9999), 0));
    EXPECT_INVALID(cuDeviceGetAttribute(nullptr, CU_DEVICE_ATTRIBUTE_INTEGRATED, 0));
}

TEST_F(SoftCuda, DevicesArePeersButNotOfThemselves) {
    int peer = -1;
    EXPECT_OK(cuDeviceCanAccessPeer(&peer, 0, 1));
    EXPECT_EQ(peer, 1);
    EXPECT_OK(cuDeviceCanAccessPeer(&peer, 1, 1));
    EXPECT_EQ(peer, 0);
    EXPECT_EQ(cuDeviceCanAccessPeer(&peer, 0, 7), CUDA_ERROR_INVALID_DEVICE);
}

TEST_F(SoftCuda, UuidsDifferByDeviceAndAgreeAcrossProcesses) {
    CUuuid first{};
    CUuuid second{};
    EXPECT_OK(cuDeviceGetUuid(&first, 0));
    EXPECT_OK(cuDeviceGetUuid_v2(&second, 1));
    EXPECT_NE(std::memcmp(first.bytes, second.bytes, 16), 0);
    Peer peer("send_uuid");
    EXPECT_EQ(peer.receive(), std::string(first.bytes, 16));
    EXPECT_EQ(peer.wait(), 0);
}

TEST_F(SoftCuda, RefusesWorkBeforeInit) {
    Peer peer("before_init");
    EXPECT_EQ(peer.wait(), 0);
}

// The context stays current, and a host function still runs, while the program's static objects are destroyed.
TEST_F(SoftCuda, SurvivesExitWithWorkOutstanding) {
    Peer peer("exit_with_work_outstanding");
    EXPECT_EQ(peer.wait(), 0);
}

// The child would hang on any lock that another thread held at the fork, so a busy stream runs meanwhile.
TEST_F(SoftCuda, ForkedChildIsRefusedAndNeverHangs) {
    Gate gate;
    const CUstream stream = make_stream();
    gate.hold(stream);
    const pid_t child = fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
        alarm(10);
        CUcontext context = nullptr;
        CUdeviceptr pointer = 0;
        const bool refused = cuInit(0) == CUDA_ERROR_NOT_INITIALIZED &&
                             cuCtxGetCurrent(&context) == CUDA_ERROR_NOT_INITIALIZED &&
                             cuMemAlloc_v2(&pointer, 1) == CUDA_ERROR_NOT_INITIALIZED &&
                             cuStreamSynchronize(stream) == CUDA_ERROR_NOT_INITIALIZED &&
                             cuCtxDestroy_v2(context_) == CUDA_ERROR_NOT_INITIALIZED;
        _exit(refused ? 0 : 1);
    }
    int status = 0;
    EXPECT_EQ(waitpid(child, &status, 0), child);
    EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

TEST_F(SoftCuda, NamesErrors) {
    const char* text = nullptr;
    EXPECT_OK(cuGetErrorName(CUDA_ERROR_ILLEGAL_ADDRESS, &text));
    EXPECT_STREQ(text, "CUDA_ERROR_ILLEGAL_ADDRESS");
    EXPECT_OK(cuGetErrorString(CUDA_ERROR_NOT_SUPPORTED, &text));
    EXPECT_NE(text, nullptr);
    EXPECT_INVALID(cuGetErrorName(static_cast<CUresult>(12345), &text));
    EXPECT_EQ(text, nullptr);
}

TEST_F(SoftCuda, FindsFunctionsByBaseNameAndVersion) {
    void* function = nullptr;
    CUdriverProcAddressQueryResult status{};
    EXPECT_OK(cuGetProcAddress_v2("cuMemFree", &function, 13000, 0, &status));
    EXPECT_EQ(function, reinterpret_cast<void*>(&cuMemFree_v2));
    EXPECT_EQ(status, CU_GET_PROC_ADDRESS_SUCCESS);
    EXPECT_OK(cuGetProcAddress("cuMemcpy2DAsync", &function, 13000, 0));
    EXPECT_EQ(function, reinterpret_cast<void*>(&cuMemcpy2DAsync_v2));
    EXPECT_OK(cuGetProcAddress("cuArrayGetMemoryRequirements", &function, 11050, 0));
    EXPECT_EQ(function, nullptr);
    EXPECT_OK(cuGetProcAddress_v2("cuDeviceGetUuid", &function, 11030, 2, nullptr));
    EXPECT_EQ(function, reinterpret_cast<void*>(&cuDeviceGetUuid));
    EXPECT_OK(cuGetProcAddress_v2("cuDeviceGetUuid", &function, 11040, 0, &status));
    EXPECT_EQ(function, reinterpret_cast<void*>(&cuDeviceGetUuid_v2));
    EXPECT_OK(cuGetProcAddress("cuGetProcAddress", &function, 11030, 0));
    EXPECT_EQ(function, reinterpret_cast<void*>(&cuGetProcAddress));
    EXPECT_OK(cuGetProcAddress("cuGetProcAddress", &function, 12000, 0));
    EXPECT_EQ(function, reinterpret_cast<void*>(&cuGetProcAddress_v2));
    EXPECT_OK(cuGetProcAddress("cuCtxCreate", &function, 12000, 0));
    EXPECT_EQ(function, reinterpret_cast<void*>(&cuCtxCreate_v2));
    EXPECT_OK(cuGetProcAddress("cuCtxCreate", &function, 12050, 0));  // the variant with parameters
    EXPECT_NE(function, reinterpret_cast<void*>(&cuCtxCreate_v2));

    EXPECT_OK(cuGetProcAddress_v2("cuMemFree", &function, 2000, 0, &status));
    EXPECT_EQ(function, nullptr);
    EXPECT_EQ(status, CU_GET_PROC_ADDRESS_VERSION_NOT_SUFFICIENT);
    EXPECT_OK(cuGetProcAddress_v2("cuNoSuchFunction", &function, 13000, 0, &status));
    EXPECT_EQ(function, nullptr);
    EXPECT_EQ(status, CU_GET_PROC_ADDRESS_SYMBOL_NOT_FOUND);
    EXPECT_INVALID(cuGetProcAddress_v2("cuInit", &function, 13010, 0, &status));
    EXPECT_INVALID(cuGetProcAddress_v2(nullptr, &function, 13000, 0, &status));
    EXPECT_INVALID(cuGetProcAddress_v2("cuInit", nullptr, 13000, 0, &status));
}

TEST_F(SoftCuda, ContextsStackPerThread) {
    CUcontext second = nullptr;
    CUcontext current = nullptr;
    CUdevice device = -1;
    ASSERT_OK(cuCtxCreate_v2(&second, 0, 1));
    EXPECT_OK(cuCtxGetDevice(&device));
    EXPECT_EQ(device, 1);
    unsigned long long ids[3] = {};
    EXPECT_OK(cuCtxGetId(context_, &ids[0]));
    EXPECT_OK(cuCtxGetId(second, &ids[1]));
    EXPECT_OK(cuCtxGetId(nullptr, &ids[2]));
    EXPECT_NE(ids[0], ids[1]);
    EXPECT_EQ(ids[1], ids[2]);

    std::thread([] {
        CUcontext none = nullptr;
        CUdeviceptr pointer = 0;
        CUstream stream = nullptr;
        EXPECT_OK(cuCtxGetCurrent(&none));
        EXPECT_EQ(none, nullptr);
        EXPECT_EQ(cuCtxPopCurrent_v2(&none), CUDA_ERROR_INVALID_CONTEXT);
        EXPECT_EQ(cuCtxSynchronize(), CUDA_ERROR_INVALID_CONTEXT);
        EXPECT_EQ(cuMemAlloc_v2(&pointer, 1), CUDA_ERROR_INVALID_CONTEXT);
        EXPECT_EQ(cuStreamCreate(&stream, 0), CUDA_ERROR_INVALID_CONTEXT);
        EXPECT_EQ(cuMemsetD8_v2(pointer, 0, 1), CUDA_ERROR_INVALID_CONTEXT);
    }).join();

    EXPECT_OK(cuCtxPopCurrent_v2(&current));
    EXPECT_EQ(current, second);
    EXPECT_OK(cuCtxPushCurrent_v2(second));
    EXPECT_OK(cuCtxSetCurrent(context_));
    EXPECT_OK(cuCtxGetCurrent(&current));
    EXPECT_EQ(current, context_);
    EXPECT_OK(cuCtxDestroy_v2(second));
}

TEST_F(SoftCuda, DestroyedContextIsRecognised) {
    CUcontext second = nullptr;
    ASSERT_OK(cuCtxCreate_v2(&second, 0, 0));
    std::thread([second] { EXPECT_OK(cuCtxDestroy_v2(second)); }).join();
    CUdeviceptr pointer = 0;
    CUcontext current = nullptr;
    EXPECT_EQ(cuMemAlloc_v2(&pointer, 1), CUDA_ERROR_CONTEXT_IS_DESTROYED);
    EXPECT_EQ(cuCtxSynchronize(), CUDA_ERROR_CONTEXT_IS_DESTROYED);
    EXPECT_OK(cuCtxGetCurrent(&current));
    EXPECT_EQ(current, second);
    EXPECT_EQ(cuCtxDestroy_v2(second), CUDA_ERROR_INVALID_CONTEXT);
    EXPECT_EQ(cuCtxPushCurrent_v2(second), CUDA_ERROR_INVALID_CONTEXT);
    EXPECT_EQ(cuCtxSetCurrent(reinterpret_cast<CUcontext>(0x1234)), CUDA_ERROR_INVALID_CONTEXT);
    EXPECT_OK(cuCtxPopCurrent_v2(nullptr));
}

TEST_F(SoftCuda, PrimaryContextLivesWhileRetained) {
    CUcontext first = nullptr;
    CUcontext again = nullptr;
    ASSERT_OK(cuDevicePrimaryCtxRetain(&first, 1));
    ASSERT_OK(cuDevicePrimaryCtxRetain(&again, 1));
    EXPECT_EQ(first, again);
    EXPECT_EQ(cuCtxDestroy_v2(first), CUDA_ERROR_INVALID_CONTEXT);
    EXPECT_OK(cuDevicePrimaryCtxRelease_v2(1));
    EXPECT_OK(cuCtxPushCurrent_v2(first));
    EXPECT_OK(cuCtxSynchronize());
    EXPECT_OK(cuDevicePrimaryCtxRelease_v2(1));
    EXPECT_EQ(cuCtxSynchronize(), CUDA_ERROR_CONTEXT_IS_DESTROYED);
    EXPECT_EQ(cuDevicePrimaryCtxRelease_v2(1), CUDA_ERROR_INVALID_CONTEXT);
}

TEST_F(SoftCuda, RefusesKernelsWithAReason) {
    const char ptx[] = "// a comment\n\t/* another */ .version 8.0\n.target sm_90\n";
    char log[200] = {};
    CUjit_option options[] = {CU_JIT_ERROR_LOG_BUFFER, CU_JIT_ERROR_LOG_BUFFER_SIZE_BYTES};
    void* values[] = {log, reinterpret_cast<void*>(sizeof log)};
    CUmodule module = nullptr;
    testing::internal::CaptureStderr();
    EXPECT_EQ(cuModuleLoadDataEx(&module, ptx, 2, options, values), CUDA_ERROR_JIT_COMPILER_NOT_FOUND);
    EXPECT_NE(testing::internal::GetCapturedStderr().find("runs no kernels"), std::string::npos);
    EXPECT_NE(std::string(log).find("runs no kernels"), std::string::npos);
    EXPECT_EQ(reinterpret_cast<std::size_t>(values[1]), std::strlen(log) + 1);

    char tiny[8] = {};
    values[0] = tiny;
    values[1] = reinterpret_cast<void*>(sizeof tiny);
    testing::internal::CaptureStderr();
    EXPECT_EQ(cuModuleLoadDataEx(&module, ptx, 2, options, values), CUDA_ERROR_JIT_COMPILER_NOT_FOUND);
    testing::internal::GetCapturedStderr();
    EXPECT_EQ(std::strlen(tiny), 7U);

    EXPECT_EQ(cuModuleLoadData(&module, "\177ELF"), CUDA_ERROR_INVALID_IMAGE);
    EXPECT_INVALID(cuModuleLoadData(&module, nullptr));
    CUfunction function = nullptr;
    EXPECT_EQ(cuModuleGetFunction(&function, module, "kernel"), CUDA_ERROR_INVALID_HANDLE);
    EXPECT_EQ(cuLaunchKernel(function, 1, 1, 1, 1, 1, 1, 0, nullptr, nullptr, nullptr), CUDA_ERROR_INVALID_HANDLE);
    EXPECT_EQ(cuModuleUnload(module), CUDA_ERROR_INVALID_HANDLE);
}

// The counter of the fixture must be able to fail.
TEST_F(SoftCuda, LeaksAreSeen) {
    const Resources before = count_resources();
    CUmemGenericAllocationHandle handle = 0;
    const CUmemAllocationProp properties = device_memory();
    ASSERT_OK(cuMemCreate(&handle, kGranularity, &properties, 0));
    {
        const Mapped mapped(handle, kGranularity, CU_MEM_ACCESS_FLAGS_PROT_READ);
        const Resources during = count_resources();
        EXPECT_EQ(during.descriptors, before.descriptors + 1);
        EXPECT_EQ(during.memfd_mappings, before.memfd_mappings + 1);
        EXPECT_EQ(during.free_memory, before.free_memory - kGranularity);
    }
    EXPECT_OK(cuMemRelease(handle));
}

}  // namespace
}  // namespace opennvsci::softcuda_test
