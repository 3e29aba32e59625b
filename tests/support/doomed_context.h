// SPDX-License-Identifier: Apache-2.0
//
// DoomedContext: a context with one stream that a test loses while the stream has work outstanding. On the software
// device it is destroyed; on a GPU, whose driver ends no context while a stream waits for memory, a kernel of the
// stream faults, which ends the other contexts too. Either way the work behind hold() never runs. Only in the body of
// in_new_process: what a context leaves behind that was lost by a fault is the driver's matter, and after a failure the
// process ends with the context.
//
// Made before the gates that hold up what its stream waits for, so that it ends after they are open.
#pragma once

#include <optional>
#include <thread>

#include "device.h"
#include "memory_gate.h"

/// At the beginning of a test whose other contexts must live on.
#define SKIP_WHERE_ALL_CONTEXTS_GO()                                                        \
    if (!TestDevice::instance().driver().is_software) {                                     \
        GTEST_SKIP() << "a fault ends all contexts of the process (measured: H100, driver " \
                        "580), and a destroyed context has done its work";                  \
    }                                                                                       \
    static_assert(true)

namespace opennvsci::test {

class DoomedContext {
  public:
    /// Makes the context; the test device's stays current.
    DoomedContext();
    DoomedContext(const DoomedContext&) = delete;
    DoomedContext& operator=(const DoomedContext&) = delete;
    ~DoomedContext();

    [[nodiscard]] cu::CUcontext handle() const noexcept { return context_; }
    [[nodiscard]] cu::CUstream stream() const noexcept { return stream_; }

    /// The work that comes next in the stream will be lost.
    void hold();
    /// Loses the context. From the return on whoever asks the driver finds it lost.
    void lose();
    /// Ends it in good order instead, its work done.
    void destroy();

    /// The code that calls for streams give because of the loss.
    [[nodiscard]] cu::CUresult loss() const noexcept {
        return device_.driver().is_software ? cu::CUDA_ERROR_CONTEXT_IS_DESTROYED : cu::CUDA_ERROR_ILLEGAL_ADDRESS;
    }

  private:
    [[nodiscard]] bool exists() const;

    TestDevice& device_ = TestDevice::instance();
    cu::CUcontext context_ = nullptr;
    cu::CUstream stream_ = nullptr;
    cu::CUfunction store_kernel_ = nullptr;  // null on the software device
    std::optional<MemoryGate> gate_;
    std::thread destroys_;
    bool is_over_ = false;
};

}  // namespace opennvsci::test
