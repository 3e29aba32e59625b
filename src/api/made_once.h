// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <memory>
#include <utility>

#include "base/result.h"

namespace opennvsci::api {

/// A value that is made when somebody first asks for it and then stays, without a lock, which a forked child might find
/// held. Of several threads that make it at once, the first is believed. Thread-safe. An owner that is a global is
/// never destroyed.
template <class T>
class MadeOnce {
  public:
    constexpr MadeOnce() = default;
    MadeOnce(const MadeOnce&) = delete;
    MadeOnce& operator=(const MadeOnce&) = delete;
    ~MadeOnce() { delete made_.load(); }

    /// `make` returns Result<std::unique_ptr<const T>>. Errors: its.
    template <class Make>
    [[nodiscard]] Result<const T*> get(Make&& make) {
        const T* known = made_.load(std::memory_order_acquire);
        if (known == nullptr) {
            OPENNVSCI_TRY_ASSIGN(made, std::forward<Make>(make)());
            if (made_.compare_exchange_strong(known, made.get(), std::memory_order_acq_rel)) known = made.release();
        }
        return known;
    }

  private:
    std::atomic<const T*> made_{nullptr};
};

}  // namespace opennvsci::api
