// SPDX-License-Identifier: Apache-2.0
//
// What the import tests share: a module, buffers in either memory, and owners of external memories and mapped pointers.
#pragma once

#include <thread>

#include "api/nvscicuda_abi.h"
#include "device.h"
#include "leak_check.h"
#include "nvsci.h"

namespace opennvsci::test {

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
        EXPECT_EQ(cuda().cuStreamCreate(&stream_, cu::CU_STREAM_NON_BLOCKING), cu::CUDA_SUCCESS);
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
        EXPECT_EQ(cuda().cuStreamDestroy(stream_), cu::CUDA_SUCCESS);
    }

  private:
    static const driver::EntryPoints& cuda() { return TestDevice::instance().cuda(); }
    cu::CUstream stream_ = nullptr;
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

enum class Where { system_memory, video_memory };

class ImportTest : public LeakCheckedTest {
  protected:
    ImportTest() { device_.make_current(); }

    /// A reconciled list for a buffer of `size` bytes that CPU and GPU share, or that only the GPU uses.
    ReconcileOutcome negotiate(Where where, std::uint64_t size, std::uint64_t align = 0) {
        List list = raw_list(module_, size);
        EXPECT_EQ(set(list, NvSciBufGeneralAttrKey_GpuId, device_.gpu_id()), kSuccess);
        if (where == Where::system_memory) {
            EXPECT_EQ(set(list, NvSciBufGeneralAttrKey_NeedCpuAccess, true), kSuccess);
        }
        if (align != 0) {
            EXPECT_EQ(set(list, NvSciBufRawBufferAttrKey_Align, align), kSuccess);
        }
        return test::reconcile({list});
    }

    Object allocate(Where where, std::uint64_t size, std::uint64_t align = 0) {
        const ReconcileOutcome outcome = negotiate(where, size, align);
        Object object;
        EXPECT_EQ(NvSciBufObjAlloc(outcome.reconciled, object.out()), kSuccess);
        return object;
    }

    static Object read_only(NvSciBufObj object) {
        Object reduced;
        EXPECT_EQ(NvSciBufObjDupWithReducePerm(object, NvSciBufAccessPerm_Readonly, reduced.out()), kSuccess);
        return reduced;
    }

    static void import_and_map(Mapped& mapped, NvSciBufObj object, std::uint64_t size) {
        ASSERT_EQ(mapped.memory.import(object, size), cu::CUDA_SUCCESS);
        ASSERT_EQ(mapped.memory.map(&mapped.pointer, 0, size), cu::CUDA_SUCCESS);
    }

    TestDevice& device_ = TestDevice::instance();
    Module module_ = open_module();
};

}  // namespace opennvsci::test
