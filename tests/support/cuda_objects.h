// SPDX-License-Identifier: Apache-2.0
//
// Owners of what a test makes in CUDA: streams, contexts, captures, and imports of objects.
#pragma once

#include <gtest/gtest.h>

#include <thread>
#include <utility>

#include "api/nvscicuda_abi.h"
#include "device.h"
#include "opennvsci.h"

namespace opennvsci::test {

/// A stream of the context that is current when it is made, destroyed at the end unless destroy() was called.
class Stream {
  public:
    Stream() { EXPECT_EQ(cuda().cuStreamCreate(&handle_, cu::CU_STREAM_NON_BLOCKING), cu::CUDA_SUCCESS); }
    Stream(const Stream&) = delete;
    Stream& operator=(const Stream&) = delete;
    ~Stream() { destroy(); }
    void destroy() {
        if (handle_ == nullptr) return;
        EXPECT_EQ(cuda().cuStreamDestroy(std::exchange(handle_, nullptr)), cu::CUDA_SUCCESS);
    }
    operator cu::CUstream() const noexcept { return handle_; }  // NOLINT(google-explicit-constructor): stands for it

  private:
    static const driver::EntryPoints& cuda() { return TestDevice::instance().cuda(); }
    cu::CUstream handle_ = nullptr;
};

/// A context of a device beside the primary one; current from now on, and destroyed at the end unless destroy() was
/// called. The device's primary context of the tests is current then.
class OwnContext {
  public:
    explicit OwnContext(const driver::Device& device) {
        EXPECT_EQ(cuda().cuCtxCreate(&handle_, 0, device.handle), cu::CUDA_SUCCESS);
    }
    OwnContext() : OwnContext(TestDevice::instance().device()) {}
    OwnContext(const OwnContext&) = delete;
    OwnContext& operator=(const OwnContext&) = delete;
    ~OwnContext() { destroy(); }
    void destroy() {
        if (handle_ == nullptr) return;
        EXPECT_EQ(cuda().cuCtxDestroy(std::exchange(handle_, nullptr)), cu::CUDA_SUCCESS);
        TestDevice::instance().make_current();
    }
    void make_current() const { EXPECT_EQ(cuda().cuCtxSetCurrent(handle_), cu::CUDA_SUCCESS); }
    [[nodiscard]] cu::CUcontext handle() const noexcept { return handle_; }

  private:
    static const driver::EntryPoints& cuda() { return TestDevice::instance().cuda(); }
    cu::CUcontext handle_ = nullptr;
};

/// While it exists, the calling thread captures a stream of the current context. The end fails the test if the capture
/// was invalidated.
class Capture {
  public:
    explicit Capture(cu::CUstreamCaptureMode mode) {
        EXPECT_EQ(cuda().cuStreamBeginCapture(stream_, mode), cu::CUDA_SUCCESS);
    }
    Capture(const Capture&) = delete;
    Capture& operator=(const Capture&) = delete;
    ~Capture() {
        cu::CUgraph graph = nullptr;
        EXPECT_EQ(cuda().cuStreamEndCapture(stream_, &graph), cu::CUDA_SUCCESS) << "the capture was damaged";
        if (graph != nullptr) {
            EXPECT_EQ(cuda().cuGraphDestroy(graph), cu::CUDA_SUCCESS);
        }
    }

  private:
    static const driver::EntryPoints& cuda() { return TestDevice::instance().cuda(); }
    const Stream stream_;
};

inline constexpr cu::CUstreamCaptureMode kCaptureModes[] = {
    cu::CU_STREAM_CAPTURE_MODE_GLOBAL, cu::CU_STREAM_CAPTURE_MODE_THREAD_LOCAL, cu::CU_STREAM_CAPTURE_MODE_RELAXED};

/// Runs `work` while a capture is in progress, in every mode, begun by this thread and by another one.
template <class Work>
void during_captures(Work&& work) {
    for (const cu::CUstreamCaptureMode mode : kCaptureModes) {
        SCOPED_TRACE(::testing::Message() << "capture mode " << mode);
        const Capture capture(mode);
        work();
        std::thread([&] {
            TestDevice::instance().make_current();
            work();
        }).join();
    }
}

/// An imported external memory; destroyed at the end unless destroy() was called.
class ExternalMemory {
  public:
    ExternalMemory() = default;
    ExternalMemory(const ExternalMemory&) = delete;
    ExternalMemory& operator=(const ExternalMemory&) = delete;
    ~ExternalMemory() {
        if (handle != nullptr) {
            EXPECT_EQ(destroy(), cu::CUDA_SUCCESS);
        }
    }
    cu::CUresult import(NvSciBufObj object, unsigned long long size, unsigned flags = 0) {
        cu::CUDA_EXTERNAL_MEMORY_HANDLE_DESC desc{};
        desc.type = cu::CU_EXTERNAL_MEMORY_HANDLE_TYPE_NVSCIBUF;
        desc.handle.nvSciBufObject = object;
        desc.size = size;
        desc.flags = flags;
        return nvsciCuImportExternalMemory(&handle, &desc);
    }
    cu::CUresult map(cu::CUdeviceptr* pointer, unsigned long long offset, unsigned long long size,
                     unsigned flags = 0) const {
        cu::CUDA_EXTERNAL_MEMORY_BUFFER_DESC desc{};
        desc.offset = offset;
        desc.size = size;
        desc.flags = flags;
        return nvsciCuExternalMemoryGetMappedBuffer(pointer, handle, &desc);
    }
    cu::CUresult destroy() { return nvsciCuDestroyExternalMemory(std::exchange(handle, nullptr)); }

    cu::CUexternalMemory handle = nullptr;
};

/// An object, imported and mapped as a whole.
struct Mapped {
    ~Mapped() {
        if (pointer != 0) {
            EXPECT_EQ(nvsciCuMemFree(pointer), cu::CUDA_SUCCESS);
        }
    }
    ExternalMemory memory;
    cu::CUdeviceptr pointer = 0;
};

/// What imports an object as an external semaphore.
inline cu::CUDA_EXTERNAL_SEMAPHORE_HANDLE_DESC semaphore_desc(NvSciSyncObj object) {
    cu::CUDA_EXTERNAL_SEMAPHORE_HANDLE_DESC desc{};
    desc.type = cu::CU_EXTERNAL_SEMAPHORE_HANDLE_TYPE_NVSCISYNC;
    desc.handle.nvSciSyncObj = object;
    return desc;
}

/// An imported external semaphore, destroyed at the end.
class Semaphore {
  public:
    explicit Semaphore(NvSciSyncObj object) {
        const cu::CUDA_EXTERNAL_SEMAPHORE_HANDLE_DESC desc = semaphore_desc(object);
        EXPECT_EQ(nvsciCuImportExternalSemaphore(&handle, &desc), cu::CUDA_SUCCESS) << opennvsciGetLastErrorText();
    }
    Semaphore(const Semaphore&) = delete;
    Semaphore& operator=(const Semaphore&) = delete;
    ~Semaphore() {
        if (handle != nullptr) {
            EXPECT_EQ(destroy(), cu::CUDA_SUCCESS);
        }
    }
    cu::CUresult destroy() { return nvsciCuDestroyExternalSemaphore(std::exchange(handle, nullptr)); }
    cu::CUresult signal(cu::CUstream stream, NvSciSyncFence* fence, unsigned flags = 0) const {
        cu::CUDA_EXTERNAL_SEMAPHORE_SIGNAL_PARAMS parameters{};
        parameters.params.nvSciSync.fence = fence;
        parameters.flags = flags;
        return nvsciCuSignalExternalSemaphoresAsync(&handle, &parameters, 1, stream);
    }
    cu::CUresult wait(cu::CUstream stream, const NvSciSyncFence& fence, unsigned flags = 0) const {
        NvSciSyncFence given = fence;
        cu::CUDA_EXTERNAL_SEMAPHORE_WAIT_PARAMS parameters{};
        parameters.params.nvSciSync.fence = &given;
        parameters.flags = flags;
        const cu::CUresult result = nvsciCuWaitExternalSemaphoresAsync(&handle, &parameters, 1, stream);
        given = NvSciSyncFence{{~0ULL, ~0ULL, ~0ULL, ~0ULL, ~0ULL, ~0ULL}};  // it was read during the call
        return result;
    }

    cu::CUexternalSemaphore handle = nullptr;
};

}  // namespace opennvsci::test
