// SPDX-License-Identifier: Apache-2.0
//
// What a program sets in a context and asks for again: its flags, its limits, the caches that kernels shall prefer, and
// the peers whose memory kernels may use. Without kernels none of it changes what the device does; it is checked and
// remembered, so that a program which looks at its own settings finds them. Thread-safe.
#pragma once

#include <array>
#include <cstddef>
#include <mutex>
#include <optional>
#include <set>

#include "softcuda/abi.h"
#include "softcuda/stream.h"

namespace opennvsci::softcuda {

class ContextSettings {
  public:
    /// False for a flag that no context has, and for more than one way to wait.
    [[nodiscard]] static bool are_flags(unsigned flags) noexcept;

    explicit ContextSettings(unsigned flags) noexcept : flags_(flags) {}

    [[nodiscard]] unsigned flags() const;
    /// Sets those flags that can change while a context lives (driver-facts.md F49).
    void change_flags(unsigned flags);

    [[nodiscard]] CUresult limit(CUlimit limit, std::size_t& value) const;
    /// UNSUPPORTED_LIMIT for what compute capability 9.0 or this device has not, NOT_PERMITTED for what can only be
    /// asked.
    [[nodiscard]] CUresult set_limit(CUlimit limit, std::size_t value);

    [[nodiscard]] CUfunc_cache preferred_cache() const;
    void prefer_cache(CUfunc_cache cache);

    /// False if the peer is enabled already, or is not.
    [[nodiscard]] bool enable_peer(ContextId peer);
    [[nodiscard]] bool disable_peer(ContextId peer);

  private:
    static constexpr std::size_t kLimits = CU_LIMIT_CIG_SHMEM_FALLBACK_ENABLED + 1;

    mutable std::mutex mutex_;
    unsigned flags_;
    std::array<std::optional<std::size_t>, kLimits> set_limits_;
    CUfunc_cache preferred_cache_ = CU_FUNC_CACHE_PREFER_NONE;
    std::set<ContextId> peers_;
};

}  // namespace opennvsci::softcuda
