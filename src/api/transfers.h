// SPDX-License-Identifier: Apache-2.0
//
// Transfers: which objects of this process went to which peers, and which came from them. Kept only in a process that
// agreed to be inspected, for as long as the objects live. An object is held by nobody for that. Thread-safe.
#pragma once

#include <cstddef>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "base/since.h"
#include "ipc/endpoint.h"

namespace opennvsci::api {

struct Transfer {
    enum class Way { to_peer, from_peer };
    Way way;
    std::string peer;      ///< the endpoint at the other end
    std::string endpoint;  ///< the own one
    Since since{};         ///< of several times, the first
};

class Transfers {
  public:
    /// Beyond that, those that come are not kept.
    static constexpr std::size_t kMost = 4096;

    /// Never destroyed.
    [[nodiscard]] static Transfers& instance();

    /// Costs a branch in a process that is not inspected.
    template <class Object>
    static void note(const std::shared_ptr<Object>& object, Transfer::Way way, const ipc::Endpoint& endpoint) {
        if (is_inspected()) [[unlikely]]
            instance().add(object, way, endpoint);
    }

    /// Calls `visit(address of the object, transfer)` for those of objects that live, under the lock.
    template <class Visit>
    void for_each(const Visit& visit) {
        const std::lock_guard lock(mutex_);
        for (const Kept& kept : kept_) {
            if (!kept.object.expired()) visit(kept.address, kept.transfer);
        }
    }

  private:
    struct Kept {
        std::weak_ptr<const void> object;
        const void* address;
        Transfer transfer;
    };
    Transfers();
    void add(const std::shared_ptr<const void>& object, Transfer::Way way, const ipc::Endpoint& endpoint) noexcept;

    std::mutex mutex_;  // of what follows
    std::vector<Kept> kept_;
    std::size_t next_purge_ = 64;
};

}  // namespace opennvsci::api
