// SPDX-License-Identifier: Apache-2.0
//
// What the other process does in tests that need one. A role returns 0, or the number of the line that failed (mod
// 256).
#include <pthread.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <cstring>
#include <thread>

#include "support.h"

namespace opennvsci::softcuda_test {
namespace {

#define REQUIRE(condition) \
    if (!(condition)) return __LINE__ % 256

int before_init() {
    int number = 0;
    CUcontext context = nullptr;
    CUdeviceptr pointer = 0;
    CUstream stream = nullptr;
    CUmemGenericAllocationHandle handle = 0;
    const CUmemAllocationProp properties = device_memory();
    REQUIRE(cuDeviceGetCount(&number) == CUDA_ERROR_NOT_INITIALIZED);
    REQUIRE(cuCtxCreate_v2(&context, 0, 0) == CUDA_ERROR_NOT_INITIALIZED);
    REQUIRE(cuMemAlloc_v2(&pointer, 1) == CUDA_ERROR_NOT_INITIALIZED);
    REQUIRE(cuStreamCreate(&stream, 0) == CUDA_ERROR_NOT_INITIALIZED);
    REQUIRE(cuMemCreate(&handle, kGranularity, &properties, 0) == CUDA_ERROR_NOT_INITIALIZED);
    REQUIRE(cuDriverGetVersion(&number) == CUDA_SUCCESS && number == 13000);
    REQUIRE(cuInit(1) == CUDA_ERROR_INVALID_VALUE);
    REQUIRE(cuInit(0) == CUDA_SUCCESS);
    REQUIRE(cuDeviceGetCount(&number) == CUDA_SUCCESS);
    return 0;
}

int send_uuid(int socket) {
    CUuuid uuid{};
    REQUIRE(cuInit(0) == CUDA_SUCCESS);
    REQUIRE(cuDeviceGetUuid(&uuid, 0) == CUDA_SUCCESS);
    REQUIRE(send(socket, uuid.bytes, sizeof uuid.bytes, 0) == sizeof uuid.bytes);
    return 0;
}

// Reads what the tests wrote, and answers in the last byte.
int import_and_answer(int socket) {
    const UniqueFd fd = receive_fd(socket);
    REQUIRE(cuInit(0) == CUDA_SUCCESS);
    CUmemGenericAllocationHandle handle = 0;
    REQUIRE(cuMemImportFromShareableHandle(&handle, reinterpret_cast<void*>(static_cast<std::intptr_t>(fd.get())),
                                           CU_MEM_HANDLE_TYPE_POSIX_FILE_DESCRIPTOR) == CUDA_SUCCESS);
    CUmemAllocationProp properties{};
    REQUIRE(cuMemGetAllocationPropertiesFromHandle(&properties, handle) == CUDA_SUCCESS);
    REQUIRE(properties.allocFlags.compressionType == CU_MEM_ALLOCATION_COMP_GENERIC);
    REQUIRE(properties.location.type == CU_MEM_LOCATION_TYPE_DEVICE && properties.location.id == 1);
    const Mapped mapped(handle, kGranularity, CU_MEM_ACCESS_FLAGS_PROT_READWRITE, 1);
    REQUIRE(cuMemRelease(handle) == CUDA_SUCCESS);
    REQUIRE(mapped.bytes()[0] == 0x5a);
    mapped.bytes()[kGranularity - 1] = 0xa5;
    return 0;
}

// The same by the import as external memory, in a context, and with the size that the tests give.
int import_as_external_memory(int socket) {
    UniqueFd fd = receive_fd(socket);
    REQUIRE(cuInit(0) == CUDA_SUCCESS);
    CUcontext context = nullptr;
    REQUIRE(cuCtxCreate_v2(&context, 0, 1) == CUDA_SUCCESS);
    CUexternalMemory memory = nullptr;
    CUDA_EXTERNAL_MEMORY_HANDLE_DESC desc{};
    desc.type = CU_EXTERNAL_MEMORY_HANDLE_TYPE_OPAQUE_FD;
    desc.handle.fd = fd.get();
    desc.size = kGranularity;
    REQUIRE(cuImportExternalMemory(&memory, &desc) == CUDA_SUCCESS);
    (void)fd.release();
    CUDA_EXTERNAL_MEMORY_BUFFER_DESC window{};
    window.size = kGranularity;
    CUdeviceptr pointer = 0;
    REQUIRE(cuExternalMemoryGetMappedBuffer(&pointer, memory, &window) == CUDA_SUCCESS);
    unsigned char first = 0;
    REQUIRE(cuMemcpyDtoH_v2(&first, pointer, 1) == CUDA_SUCCESS && first == 0x5a);
    REQUIRE(cuMemsetD8_v2(pointer + kGranularity - 1, 0xa5, 1) == CUDA_SUCCESS);
    return 0;
}

// System memory of the tests: a memory file, mapped and registered here, read-only if it cannot be written.
int register_file(int socket) {
    const UniqueFd fd = receive_fd(socket);
    REQUIRE(cuInit(0) == CUDA_SUCCESS);
    CUcontext context = nullptr;
    REQUIRE(cuCtxCreate_v2(&context, 0, 0) == CUDA_SUCCESS);
    void* const bytes = mmap(nullptr, kMiB, PROT_READ, MAP_SHARED, fd.get(), 0);
    REQUIRE(bytes != MAP_FAILED);
    REQUIRE(cuMemHostRegister_v2(bytes, kMiB, kMemHostRegisterDeviceMap) == CUDA_ERROR_INVALID_VALUE);
    REQUIRE(cuMemHostRegister_v2(bytes, kMiB, kMemHostRegisterDeviceMap | kMemHostRegisterReadOnly) == CUDA_SUCCESS);
    CUdeviceptr pointer = 0;
    REQUIRE(cuMemHostGetDevicePointer_v2(&pointer, bytes, 0) == CUDA_SUCCESS);
    unsigned char last = 0;
    REQUIRE(cuMemcpyDtoH_v2(&last, pointer + kMiB - 1, 1) == CUDA_SUCCESS && last == 0x5a);
    REQUIRE(cuMemsetD8_v2(pointer, 1, 1) == CUDA_ERROR_INVALID_VALUE);
    return 0;
}

int map_another_size(int socket) {
    const UniqueFd fd = receive_fd(socket);
    REQUIRE(cuInit(0) == CUDA_SUCCESS);
    CUmemGenericAllocationHandle handle = 0;
    REQUIRE(cuMemImportFromShareableHandle(&handle, reinterpret_cast<void*>(static_cast<std::intptr_t>(fd.get())),
                                           CU_MEM_HANDLE_TYPE_POSIX_FILE_DESCRIPTOR) == CUDA_SUCCESS);
    CUdeviceptr pointer = 0;
    REQUIRE(cuMemAddressReserve(&pointer, 4 * kGranularity, 0, 0, 0) == CUDA_SUCCESS);
    REQUIRE(cuMemMap(pointer, 4 * kGranularity, 0, handle, 0) == CUDA_ERROR_NOT_SUPPORTED);
    REQUIRE(cuMemMap(pointer, kGranularity / 2, 0, handle, 0) == CUDA_ERROR_NOT_SUPPORTED);
    REQUIRE(cuMemMap(pointer, kGranularity, 0, handle, 0) == CUDA_SUCCESS);
    return 0;
}

int import_without_device(int socket) {
    const UniqueFd fd = receive_fd(socket);
    REQUIRE(cuInit(0) == CUDA_SUCCESS);
    CUmemGenericAllocationHandle handle = 0;
    REQUIRE(cuMemImportFromShareableHandle(&handle, reinterpret_cast<void*>(static_cast<std::intptr_t>(fd.get())),
                                           CU_MEM_HANDLE_TYPE_POSIX_FILE_DESCRIPTOR) == CUDA_ERROR_INVALID_DEVICE);
    return 0;
}

CUdeviceptr freed_at_exit = 0;

struct FreesAtExit {
    // Work is still outstanding, so the memory of that context must not be waited for: another context owns this.
    ~FreesAtExit() {
        if (freed_at_exit == 0) return;
        if (cuMemFree_v2(freed_at_exit) != CUDA_SUCCESS) _exit(99);
    }
} frees_at_exit;

int exit_with_work_outstanding() {
    REQUIRE(cuInit(0) == CUDA_SUCCESS);
    CUcontext busy = nullptr;
    CUcontext idle = nullptr;
    CUstream stream = nullptr;
    REQUIRE(cuCtxCreate_v2(&busy, 0, 0) == CUDA_SUCCESS);
    REQUIRE(cuStreamCreate(&stream, 0) == CUDA_SUCCESS);
    CUdeviceptr pointer = 0;
    REQUIRE(cuMemAlloc_v2(&pointer, 64 * kMiB) == CUDA_SUCCESS);
    const auto nap = [](void*) { std::this_thread::sleep_for(std::chrono::milliseconds(50)); };
    for (int i = 0; i < 50; ++i) {
        REQUIRE(cuLaunchHostFunc(stream, nap, nullptr) == CUDA_SUCCESS);
        REQUIRE(cuMemsetD8Async(pointer, 1, 64 * kMiB, stream) == CUDA_SUCCESS);
    }
    REQUIRE(cuCtxCreate_v2(&idle, 0, 0) == CUDA_SUCCESS);
    REQUIRE(cuMemAlloc_v2(&freed_at_exit, kMiB) == CUDA_SUCCESS);
    return 0;
}

// Work of a stream, and then the end of the main thread, with or without another thread of the program.
int end_main_thread(int socket, bool work_never_ends, bool is_alone) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    REQUIRE(cuInit(0) == CUDA_SUCCESS);
    CUcontext context = nullptr;
    CUstream stream = nullptr;
    CUdeviceptr word = 0;
    REQUIRE(cuCtxCreate_v2(&context, 0, 0) == CUDA_SUCCESS);
    REQUIRE(cuStreamCreate(&stream, 0) == CUDA_SUCCESS);
    REQUIRE(cuMemAlloc_v2(&word, 8) == CUDA_SUCCESS);
    REQUIRE(cuMemsetD8Async(word, 0, 8, stream) == CUDA_SUCCESS);
    if (work_never_ends) {
        REQUIRE(cuStreamWaitValue32_v2(stream, word, 1, CU_STREAM_WAIT_VALUE_EQ) == CUDA_SUCCESS);
    } else {
        REQUIRE(cuStreamSynchronize(stream) == CUDA_SUCCESS);
    }
    if (!is_alone) {
        std::thread([] {
            while (true)
                pause();
        }).detach();
    }
    REQUIRE(send(socket, "ready", 5, 0) == 5);
    pthread_exit(nullptr);
}

}  // namespace

int run_role(const std::string& role, int socket) {
    if (role == "before_init") return before_init();
    if (role == "send_uuid") return send_uuid(socket);
    if (role == "import_and_answer") return import_and_answer(socket);
    if (role == "import_as_external_memory") return import_as_external_memory(socket);
    if (role == "register_file") return register_file(socket);
    if (role == "map_another_size") return map_another_size(socket);
    if (role == "import_without_device") return import_without_device(socket);
    if (role == "exit_with_work_outstanding") return exit_with_work_outstanding();
    if (role == "main_thread_ends") return end_main_thread(socket, false, true);
    if (role == "main_thread_ends_and_a_stream_waits") return end_main_thread(socket, true, true);
    if (role == "main_thread_ends_before_another") return end_main_thread(socket, true, false);
    if (role == "be_the_machine") return be_the_machine();
    if (role == "read_machines") return read_machines(socket);
    if (role == "cuinit_is_refused") return cuinit_is_refused();
    return 126;
}

}  // namespace opennvsci::softcuda_test
