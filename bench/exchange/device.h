// SPDX-License-Identifier: Apache-2.0
//
// The device that a process of a scenario works on.
#pragma once

#include <atomic>
#include <thread>

#include "fixture.h"

namespace opennvsci::bench {

/// Makes the primary context of a device current.
[[nodiscard]] cu::CUdevice use_device(std::size_t ordinal);

/// A stream that does not wait for others.
class Stream {
  public:
    Stream();
    Stream(const Stream&) = delete;
    Stream& operator=(const Stream&) = delete;
    ~Stream();

    [[nodiscard]] cu::CUstream get() const noexcept { return stream_; }
    void synchronize() const;

  private:
    cu::CUstream stream_ = nullptr;
};

/// Keeps the current context busy with kernels of some 200 microseconds, on one multiprocessor, while it lives.
class BusyContext {
  public:
    BusyContext();
    BusyContext(const BusyContext&) = delete;
    BusyContext& operator=(const BusyContext&) = delete;
    ~BusyContext();

  private:
    void run(cu::CUcontext context);

    std::atomic<bool> stop_{false};
    cu::CUmodule module_ = nullptr;
    cu::CUfunction kernel_ = nullptr;
    std::thread thread_;
};

}  // namespace opennvsci::bench
