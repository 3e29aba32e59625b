// SPDX-License-Identifier: Apache-2.0
//
// What the tool needs of the CUDA driver's binary interface. The tool is built without a CUDA toolkit and with the
// public headers of the libraries only, so these facts are restated here, under CUDA's own names in a namespace;
// tests/abi/cuda_abi_test.cpp compares them with <cuda.h>.
#pragma once

#include <cstddef>

namespace opennvsci::tool::cu {

using CUdevice = int;
using CUdeviceptr = unsigned long long;
using CUcontext = struct CUctx_st*;
using CUmodule = struct CUmod_st*;
using CUfunction = struct CUfunc_st*;
using CUstream = struct CUstream_st*;
using CUexternalMemory = struct CUextMemory_st*;
using CUexternalSemaphore = struct CUextSemaphore_st*;
using CUhostFn = void (*)(void* userData);

enum CUresult : unsigned { CUDA_SUCCESS = 0 };
enum CUstream_flags : unsigned { CU_STREAM_NON_BLOCKING = 1 };
enum CUjit_option : unsigned { CU_JIT_ERROR_LOG_BUFFER = 5, CU_JIT_ERROR_LOG_BUFFER_SIZE_BYTES = 6 };
enum CUexternalMemoryHandleType : unsigned { CU_EXTERNAL_MEMORY_HANDLE_TYPE_NVSCIBUF = 8 };
enum CUexternalSemaphoreHandleType : unsigned { CU_EXTERNAL_SEMAPHORE_HANDLE_TYPE_NVSCISYNC = 6 };
// Of cuDeviceGetNvSciSyncAttributes; <cuda.h> defines them as macros, hence the k names.
inline constexpr int kNvSciSyncAttrSignal = 0x1;
inline constexpr int kNvSciSyncAttrWait = 0x2;

struct CUDA_EXTERNAL_MEMORY_HANDLE_DESC {
    CUexternalMemoryHandleType type;
    union {
        int fd;
        struct {
            void* handle;
            const void* name;
        } win32;
        const void* nvSciBufObject;
    } handle;
    unsigned long long size;
    unsigned flags;
    unsigned reserved[16];
};

struct CUDA_EXTERNAL_MEMORY_BUFFER_DESC {
    unsigned long long offset;
    unsigned long long size;
    unsigned flags;
    unsigned reserved[16];
};

struct CUDA_EXTERNAL_SEMAPHORE_HANDLE_DESC {
    CUexternalSemaphoreHandleType type;
    union {
        int fd;
        struct {
            void* handle;
            const void* name;
        } win32;
        const void* nvSciSyncObj;
    } handle;
    unsigned flags;
    unsigned reserved[16];
};

struct CUDA_EXTERNAL_SEMAPHORE_SIGNAL_PARAMS {
    struct {
        struct {
            unsigned long long value;
        } fence;
        union {
            void* fence;
            unsigned long long reserved;
        } nvSciSync;
        struct {
            unsigned long long key;
        } keyedMutex;
        unsigned reserved[12];
    } params;
    unsigned flags;
    unsigned reserved[16];
};

struct CUDA_EXTERNAL_SEMAPHORE_WAIT_PARAMS {
    struct {
        struct {
            unsigned long long value;
        } fence;
        union {
            void* fence;
            unsigned long long reserved;
        } nvSciSync;
        struct {
            unsigned long long key;
            unsigned timeoutMs;
        } keyedMutex;
        unsigned reserved[10];
    } params;
    unsigned flags;
    unsigned reserved[16];
};

// One row per function: the member of EntryPoints, the symbol of the driver, the parameters.
// clang-format off
#define OPENNVSCI_TOOL_ENTRY_POINTS(ENTRY)                                                                             \
    ENTRY(cuGetErrorName, cuGetErrorName, (CUresult code, const char** name))                                          \
    ENTRY(cuGetErrorString, cuGetErrorString, (CUresult code, const char** text))                                      \
    ENTRY(cuDeviceGet, cuDeviceGet, (CUdevice * device, int ordinal))                                                  \
    ENTRY(cuDevicePrimaryCtxRetain, cuDevicePrimaryCtxRetain, (CUcontext * context, CUdevice device))                  \
    ENTRY(cuDevicePrimaryCtxRelease, cuDevicePrimaryCtxRelease_v2, (CUdevice device))                                  \
    ENTRY(cuCtxSetCurrent, cuCtxSetCurrent, (CUcontext context))                                                       \
    ENTRY(cuCtxSynchronize, cuCtxSynchronize, ())                                                                      \
    ENTRY(cuStreamCreate, cuStreamCreate, (CUstream * stream, unsigned flags))                                         \
    ENTRY(cuStreamDestroy, cuStreamDestroy_v2, (CUstream stream))                                                      \
    ENTRY(cuStreamSynchronize, cuStreamSynchronize, (CUstream stream))                                                 \
    ENTRY(cuMemAlloc, cuMemAlloc_v2, (CUdeviceptr * address, std::size_t size))                                        \
    ENTRY(cuMemFree, cuMemFree_v2, (CUdeviceptr address))                                                              \
    ENTRY(cuMemcpyHtoD, cuMemcpyHtoD_v2, (CUdeviceptr to, const void* from, std::size_t size))                         \
    ENTRY(cuMemcpyDtoH, cuMemcpyDtoH_v2, (void* to, CUdeviceptr from, std::size_t size))                               \
    ENTRY(cuMemcpyDtoHAsync, cuMemcpyDtoHAsync_v2, (void* to, CUdeviceptr from, std::size_t size, CUstream stream))    \
    ENTRY(cuMemsetD8, cuMemsetD8_v2, (CUdeviceptr to, unsigned char value, std::size_t count))                         \
    ENTRY(cuMemsetD32Async, cuMemsetD32Async, (CUdeviceptr to, unsigned value, std::size_t count, CUstream stream))    \
    ENTRY(cuModuleLoadDataEx, cuModuleLoadDataEx,                                                                      \
          (CUmodule * module, const void* image, unsigned count, CUjit_option* options, void** values))                \
    ENTRY(cuModuleUnload, cuModuleUnload, (CUmodule module))                                                           \
    ENTRY(cuModuleGetFunction, cuModuleGetFunction, (CUfunction * function, CUmodule module, const char* name))        \
    ENTRY(cuLaunchKernel, cuLaunchKernel,                                                                              \
          (CUfunction function, unsigned gridX, unsigned gridY, unsigned gridZ, unsigned blockX, unsigned blockY,      \
           unsigned blockZ, unsigned sharedBytes, CUstream stream, void** parameters, void** extra))                   \
    ENTRY(cuLaunchHostFunc, cuLaunchHostFunc, (CUstream stream, CUhostFn function, void* userData))
// clang-format on

struct EntryPoints {
#define OPENNVSCI_MEMBER(name, symbol, parameters) CUresult(*name) parameters = nullptr;
    OPENNVSCI_TOOL_ENTRY_POINTS(OPENNVSCI_MEMBER)
#undef OPENNVSCI_MEMBER
};

}  // namespace opennvsci::tool::cu
