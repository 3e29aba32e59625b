// SPDX-License-Identifier: Apache-2.0
//
// Watch: tells when the process at the other end of a link is gone, for those who wait where nobody looks: a stream of
// CUDA, or a third process. One thread of the process, which is there while there is something to watch, sleeps until
// the kernel says so.
//
// It holds the links that it watches. A forked child has no thread and watches nothing of its parent's. Thread-safe.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>

#include "base/result.h"
#include "ipc/link.h"

namespace opennvsci::ipc {

class Watch {
  public:
    using Number = std::uint64_t;
    /// Called on the thread when the peer is gone, and again every kAgain as long as it returns true. Any call may be
    /// the last one. It must not throw.
    using Gone = std::function<bool()>;
    static constexpr std::chrono::milliseconds kAgain{5};

    Watch() = delete;

    /// Begins to watch; if the peer is gone already, that is told at once. Errors: ResourceError if the system refuses
    /// a thread or a descriptor.
    [[nodiscard]] static Result<Number> add(std::shared_ptr<Link> link, Gone gone);
    /// Ends it. A call that runs just now may still be running afterwards.
    static void remove(Number number) noexcept;

    /// For tests that count: waits until a thread that has nothing to watch has ended, at most a second.
    static void wait_for_end() noexcept;
};

}  // namespace opennvsci::ipc
