// SPDX-License-Identifier: Apache-2.0
//
// The rendezvous of INTER_THREAD: both ends are in this process, and find each other in its table of open names.
#include <sys/socket.h>

#include "base/os.h"
#include "ipc/open_names.h"
#include "ipc/rendezvous.h"

namespace opennvsci::ipc {
namespace {

class ThreadRendezvous final : public Rendezvous {
  public:
    ThreadRendezvous(OpenName name, std::shared_ptr<Mailbox> mailbox)
        : mailbox_(std::move(mailbox)), name_(std::move(name)) {}

    [[nodiscard]] ProcessFd accept() override { return mailbox_->take(); }
    [[nodiscard]] bool is_visited() const noexcept override { return mailbox_->has_any(); }
    [[nodiscard]] int descriptor() const noexcept override { return -1; }
    void describe(const Activity& /*activity*/) noexcept override {}

  private:
    const std::shared_ptr<Mailbox> mailbox_;
    const OpenName name_;
};

}  // namespace

Result<std::unique_ptr<Rendezvous>> open_between_threads(const ChannelEnd& end, std::shared_ptr<Doorbell> doorbell,
                                                         ProcessFd& found) {
    auto mailbox = std::make_shared<Mailbox>(std::move(doorbell));
    std::shared_ptr<Mailbox> peer;
    OPENNVSCI_TRY_ASSIGN(name, OpenName::claim(end.name(), end.peer_name(), mailbox, peer));
    if (peer != nullptr) {
        int ends[2] = {-1, -1};
        ProcessFd other;
        ProcessFd own;
        {
            // Both are made by one call, so the second is owned under the same pause.
            const ForkPause pause;
            if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends) == 0) {
                own = ProcessFd::adopt(UniqueFd(ends[0]), pause);
                other = ProcessFd::adopt(UniqueFd(ends[1]), pause);
            }
        }
        if (!own || !other) return os::os_error("socketpair");
        peer->put(std::move(other));
        found = std::move(own);
    }
    return std::unique_ptr<Rendezvous>(new ThreadRendezvous(std::move(name), std::move(mailbox)));
}

Result<std::unique_ptr<Rendezvous>> Rendezvous::open(const ChannelEnd& end, std::shared_ptr<Doorbell> doorbell,
                                                     ProcessFd& found) {
    if (end.channel.backend == Backend::thread) return open_between_threads(end, std::move(doorbell), found);
    return open_between_processes(end, found);
}

}  // namespace opennvsci::ipc
