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
enum CUmemAllocationType : unsigned { CU_MEM_ALLOCATION_TYPE_PINNED = 1 };
enum CUmemAllocationHandleType : unsigned { CU_MEM_HANDLE_TYPE_POSIX_FILE_DESCRIPTOR = 1 };
enum CUmemLocationType : unsigned { CU_MEM_LOCATION_TYPE_DEVICE = 1 };
enum CUmemAllocationGranularity_flags : unsigned { CU_MEM_ALLOC_GRANULARITY_MINIMUM = 0 };
enum CUstream_flags : unsigned { CU_STREAM_NON_BLOCKING = 1 };
enum CUjit_option : unsigned { CU_JIT_ERROR_LOG_BUFFER = 5, CU_JIT_ERROR_LOG_BUFFER_SIZE_BYTES = 6 };
enum CUexternalMemoryHandleType : unsigned { CU_EXTERNAL_MEMORY_HANDLE_TYPE_NVSCIBUF = 8 };
enum CUexternalSemaphoreHandleType : unsigned { CU_EXTERNAL_SEMAPHORE_HANDLE_TYPE_NVSCISYNC = 6 };
// Of cuDeviceGetNvSciSyncAttributes; <cuda.h> defines them as macros, hence the k names.
inline constexpr int kNvSciSyncAttrSignal = 0x1;
inline constexpr int kNvSciSyncAttrWait = 0x2;

// Those that decide what a negotiation gives: the name behind CU_DEVICE_ATTRIBUTE_ and the number.
#define OPENNVSCI_TOOL_DEVICE_ATTRIBUTES(ROW)             \
    ROW(TEXTURE_ALIGNMENT, 14)                            \
    ROW(MULTIPROCESSOR_COUNT, 16)                         \
    ROW(INTEGRATED, 18)                                   \
    ROW(MAXIMUM_TEXTURE2D_WIDTH, 22)                      \
    ROW(MAXIMUM_TEXTURE2D_HEIGHT, 23)                     \
    ROW(SURFACE_ALIGNMENT, 30)                            \
    ROW(TEXTURE_PITCH_ALIGNMENT, 51)                      \
    ROW(MAXIMUM_SURFACE2D_WIDTH, 56)                      \
    ROW(MAXIMUM_SURFACE2D_HEIGHT, 57)                     \
    ROW(COMPUTE_CAPABILITY_MAJOR, 75)                     \
    ROW(COMPUTE_CAPABILITY_MINOR, 76)                     \
    ROW(VIRTUAL_MEMORY_MANAGEMENT_SUPPORTED, 102)         \
    ROW(HANDLE_TYPE_POSIX_FILE_DESCRIPTOR_SUPPORTED, 103) \
    ROW(GENERIC_COMPRESSION_SUPPORTED, 107)               \
    ROW(READ_ONLY_HOST_REGISTER_SUPPORTED, 113)           \
    ROW(DEFERRED_MAPPING_CUDA_ARRAY_SUPPORTED, 121)       \
    ROW(CAN_USE_64_BIT_STREAM_MEM_OPS, 122)               \
    ROW(HOST_NUMA_VIRTUAL_MEMORY_MANAGEMENT_SUPPORTED, 141)

enum CUdevice_attribute : unsigned {
#define OPENNVSCI_ENUMERATOR(name, number) CU_DEVICE_ATTRIBUTE_##name = number,
    OPENNVSCI_TOOL_DEVICE_ATTRIBUTES(OPENNVSCI_ENUMERATOR)
#undef OPENNVSCI_ENUMERATOR
};

struct CUmemLocation {
    CUmemLocationType type;
    int id;
};

struct CUmemAllocationProp {
    CUmemAllocationType type;
    CUmemAllocationHandleType requestedHandleTypes;
    CUmemLocation location;
    void* win32HandleMetaData;
    struct {
        unsigned char compressionType;
        unsigned char gpuDirectRDMACapable;
        unsigned short usage;
        unsigned char reserved[4];
    } allocFlags;
};

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
    ENTRY(cuDeviceGetAttribute, cuDeviceGetAttribute,                                                                  \
          (int* value, CUdevice_attribute attribute, CUdevice device))                                                 \
    ENTRY(cuDeviceCanAccessPeer, cuDeviceCanAccessPeer, (int* canAccess, CUdevice device, CUdevice peer))              \
    ENTRY(cuMemGetAllocationGranularity, cuMemGetAllocationGranularity,                                                \
          (std::size_t * granularity, const CUmemAllocationProp* prop, CUmemAllocationGranularity_flags option))       \
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
