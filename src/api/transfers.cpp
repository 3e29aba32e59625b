// SPDX-License-Identifier: Apache-2.0
#include "api/transfers.h"

#include <algorithm>
#include <new>
#include <utility>

#include "base/process.h"

namespace opennvsci::api {

Transfers& Transfers::instance() {
    static Transfers& transfers = *new Transfers;
    return transfers;
}

// Before there are threads: a fork in the middle of the first call would leave the child waiting for its end.
[[gnu::constructor]] static void make_transfers() {
    (void)Transfers::instance();
}

Transfers::Transfers() {
    process::guard_across_fork(mutex_);
}

// Without memory it is not noted: the transfer itself has happened.
void Transfers::add(const std::shared_ptr<const void>& object, Transfer::Way way,
                    const ipc::Endpoint& endpoint) noexcept try {
    Transfer transfer{way, endpoint.peer_name(), endpoint.name()};
    const std::lock_guard lock(mutex_);
    const bool is_known = std::ranges::any_of(kept_, [&](const Kept& kept) {
        return kept.address == object.get() && !kept.object.expired() && kept.transfer.way == way &&
               kept.transfer.peer == transfer.peer && kept.transfer.endpoint == transfer.endpoint;
    });
    if (is_known) return;
    if (kept_.size() >= next_purge_) {
        std::erase_if(kept_, [](const Kept& kept) { return kept.object.expired(); });
        next_purge_ = std::min(kMost, std::max<std::size_t>(64, 2 * kept_.size()));
    }
    if (kept_.size() < kMost) kept_.push_back({object, object.get(), std::move(transfer)});
} catch (const std::bad_alloc&) {
}

}  // namespace opennvsci::api
