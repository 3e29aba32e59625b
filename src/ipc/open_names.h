// SPDX-License-Identifier: Apache-2.0
//
// OpenNames: which endpoints this process has open. Between threads it is all there is; between processes it is asked
// before the lock file, whose lock belongs to the whole process and would be had twice, and be lost with the first
// close. A forked child has none of its parent's.
#pragma once

#include <atomic>
#include <deque>
#include <memory>
#include <mutex>
#include <string>

#include "base/result.h"
#include "ipc/descriptors.h"
#include "ipc/doorbell.h"

namespace opennvsci::ipc {

/// Where a socket is left for an endpoint of this process.
class Mailbox {
  public:
    explicit Mailbox(std::shared_ptr<Doorbell> doorbell) : doorbell_(std::move(doorbell)) {}
    void put(ProcessFd socket);
    [[nodiscard]] ProcessFd take();
    [[nodiscard]] bool has_any() const noexcept { return count_.load(std::memory_order_acquire) > 0; }

  private:
    const std::shared_ptr<Doorbell> doorbell_;
    std::mutex mutex_;
    std::deque<ProcessFd> sockets_;
    std::atomic<std::size_t> count_{0};
};

/// The hold on a name; ends with it.
class OpenName {
  public:
    /// `mailbox` is what later claims of the other end of the channel find; `found` is set to that of the other end, if
    /// it is open and has one. Errors: Busy.
    [[nodiscard]] static Result<OpenName> claim(const std::string& name, const std::string& peer_name,
                                                std::shared_ptr<Mailbox> mailbox, std::shared_ptr<Mailbox>& found);

    /// Calls `body` if this process has no endpoint whose files are called `stem` (ipc/runtime_folder.h), and keeps it
    /// from opening one meanwhile: whoever only looks into a lock file of this process's own would give up the lock.
    /// False if it has one. `body` takes a moment, and no lock.
    template <class Body>
    static bool unless_open_here(const std::string& stem, Body&& body) {
        const std::unique_lock lock = hold_names();
        if (is_open_here(stem)) return false;
        std::forward<Body>(body)();
        return true;
    }

    OpenName() = default;
    OpenName(OpenName&& other) noexcept : name_(std::exchange(other.name_, {})) {}
    OpenName& operator=(OpenName&& other) noexcept {
        std::swap(name_, other.name_);
        return *this;
    }
    ~OpenName();

  private:
    [[nodiscard]] static std::unique_lock<std::mutex> hold_names();
    [[nodiscard]] static bool is_open_here(const std::string& stem);  // needs the lock

    std::string name_;  // empty: none
};

}  // namespace opennvsci::ipc
