// SPDX-License-Identifier: Apache-2.0
//
// Rendezvous: where an open endpoint is found by the endpoint that is opened at the other end of its channel. It also
// says who owns an endpoint, so that it is open once only. Of two endpoints exactly one finds the other, the one that
// is opened second; it is given a socket to it, and the other one gets the other end by accept(). Both keep being
// found, so that a process which takes the place of one that has gone comes through.
//
// INTER_THREAD is a table in this process, INTER_PROCESS files in a folder of the user (ipc/runtime_folder.h).
#pragma once

#include <memory>

#include "base/result.h"
#include "ipc/configuration.h"
#include "ipc/description.h"
#include "ipc/descriptors.h"
#include "ipc/doorbell.h"

namespace opennvsci::ipc {

class Rendezvous {
  public:
    /// Owns `end` from here on, and sets `found` to a socket to the other end if that is open. `doorbell` is rung if
    /// accept() may give something and descriptor() is negative. Errors: Busy, ResourceError, NotPermitted.
    [[nodiscard]] static Result<std::unique_ptr<Rendezvous>> open(const ChannelEnd& end,
                                                                  std::shared_ptr<Doorbell> doorbell, ProcessFd& found);

    Rendezvous(const Rendezvous&) = delete;
    Rendezvous& operator=(const Rendezvous&) = delete;
    /// The endpoint is free, for any process, when this returns.
    virtual ~Rendezvous() = default;

    /// The socket of a peer that has found this endpoint; none if there is no other. Never blocks.
    [[nodiscard]] virtual ProcessFd accept() = 0;
    /// Whether accept() would give something; costs as little as can be.
    [[nodiscard]] virtual bool is_visited() const noexcept = 0;
    /// Readable if accept() may give something; negative if there is no such descriptor.
    [[nodiscard]] virtual int descriptor() const noexcept = 0;
    /// Writes what the endpoint is doing to where other processes can read it.
    virtual void describe(const Activity& activity) noexcept = 0;

  protected:
    Rendezvous() = default;
};

/// Errors: as Rendezvous::open.
[[nodiscard]] Result<std::unique_ptr<Rendezvous>> open_between_threads(const ChannelEnd& end,
                                                                       std::shared_ptr<Doorbell> doorbell,
                                                                       ProcessFd& found);
[[nodiscard]] Result<std::unique_ptr<Rendezvous>> open_between_processes(const ChannelEnd& end, ProcessFd& found);

}  // namespace opennvsci::ipc
