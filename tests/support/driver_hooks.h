// SPDX-License-Identifier: Apache-2.0
//
// DriverHooks puts itself in front of every entry point of the loaded CUDA driver. It counts the live objects that the
// library has made (memory handles, reservations, mappings, registrations, streams, retained contexts, arrays), and can
// make the n-th call that may fail, fail. Installed once per process; the library under test notices nothing.
// StuckCalls makes calls for a stream stand still.
#pragma once

#include <condition_variable>
#include <map>
#include <mutex>
#include <string>
#include <string_view>

#include "driver/driver.h"

namespace opennvsci::test {

class DriverHooks {
  public:
    /// The hooks of the process, installed in front of the loaded driver on the first call.
    static DriverHooks& instance();

    /// How many objects of each kind are alive: successful makers minus successful releasers.
    [[nodiscard]] std::map<std::string, long> live_objects() const;

    /// The entry points as the driver has them, for calls of the test itself that are not to be counted or failed.
    [[nodiscard]] const driver::EntryPoints& real() const noexcept { return real_; }

  private:
    DriverHooks();
    driver::EntryPoints real_;
};

/// While it exists, what the library submits to one stream stands still until it is released, as a driver's calls do
/// while there is no room in the stream. One at a time; made before other threads use the stream.
class StuckCalls {
  public:
    /// `entry_point` is the name of the calls that stand still; empty: all that submit work.
    StuckCalls(cu::CUstream stream, std::string_view entry_point);
    StuckCalls(const StuckCalls&) = delete;
    StuckCalls& operator=(const StuckCalls&) = delete;
    ~StuckCalls();

    /// How many calls have stood still so far.
    [[nodiscard]] int count() const;
    void release();

    /// Called at every entry point that submits work to a stream.
    static void pass(std::string_view entry_point, cu::CUstream stream);

  private:
    const cu::CUstream stream_;
    const std::string_view entry_point_;
    mutable std::mutex mutex_;
    std::condition_variable changed_;
    bool is_released_ = false;
    int count_ = 0;
};

}  // namespace opennvsci::test
