// SPDX-License-Identifier: Apache-2.0
//
// Doorbell: how a process makes the event descriptor of its own endpoint readable. No peer has it: whoever has an
// eventfd of another process can make that process block in a write to it, whatever the flags were.
#pragma once

#include <sys/eventfd.h>
#include <unistd.h>

#include "base/os.h"
#include "ipc/descriptors.h"

namespace opennvsci::ipc {

class Doorbell {
  public:
    /// Errors: ResourceError.
    [[nodiscard]] static Result<std::shared_ptr<Doorbell>> create() {
        auto made = std::make_shared<Doorbell>();
        made->event_ = ProcessFd::make([] { return ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK); });
        if (!made->event_) return os::os_error("eventfd");
        return made;
    }

    void ring() const noexcept {
        const std::uint64_t one = 1;
        // Fails only if it has been rung 2^64 - 2 times, and is readable then.
        [[maybe_unused]] const auto written = ::write(event_.get(), &one, sizeof(one));
    }
    void drain() const noexcept {
        std::uint64_t count = 0;
        [[maybe_unused]] const auto got = ::read(event_.get(), &count, sizeof(count));
    }
    [[nodiscard]] int descriptor() const noexcept { return event_.get(); }

  private:
    ProcessFd event_;
};

}  // namespace opennvsci::ipc
