// SPDX-License-Identifier: Apache-2.0
//
// Since: when something was made that programs hold, for whoever inspects the process (api/inspection.h). A process
// agrees to be inspected by OPENNVSCI_INSPECT=1, as it is when the library is loaded; in any other the time is not
// known, and costs a branch.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>

namespace opennvsci {

namespace detail {

extern constinit bool g_is_inspected;  // written once, when the library is loaded

}  // namespace detail

/// True if this process agreed to be inspected.
[[nodiscard]] inline bool is_inspected() noexcept {
    return detail::g_is_inspected;
}

/// Tells at `warning`, once, that OPENNVSCI_INSPECT has a value that is not known.
void tell_unknown_inspection() noexcept;

class Since {
  public:
    /// Now.
    Since() noexcept {
        if (is_inspected()) [[unlikely]]
            made_ = std::chrono::steady_clock::now().time_since_epoch().count();
    }

    /// How long ago it was at `now`; nothing if it is not known.
    [[nodiscard]] std::optional<std::chrono::nanoseconds> age(std::chrono::steady_clock::time_point now) const {
        if (made_ == 0) return std::nullopt;
        return now.time_since_epoch() - std::chrono::steady_clock::duration(made_);
    }

  private:
    std::int64_t made_ = 0;
};

}  // namespace opennvsci
