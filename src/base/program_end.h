// SPDX-License-Identifier: Apache-2.0
//
// The end of the program, as exit() and the return of main() bring it: libraries take themselves down one after the
// other, and what was loaded last goes first. A driver that a program has loaded, and not this library, may be gone
// while threads still run, and must not be asked from then on.
//
// Thread-safe. A forked child has an end of its own.
#pragma once

namespace opennvsci::program_end {

/// Looks after the end from now on, before all that is loaded by now goes. Called whenever something is loaded that may
/// go before. `say_good_bye` is called at the beginning of the end, while it is still there.
void watch(void (*say_good_bye)());

[[nodiscard]] bool has_begun() noexcept;

/// A call of such a driver. The end waits for those that have begun, a second at most.
class DriverCall {
  public:
    DriverCall() noexcept;
    DriverCall(const DriverCall&) = delete;
    DriverCall& operator=(const DriverCall&) = delete;
    ~DriverCall();
    /// False if there is no driver to call any more.
    [[nodiscard]] bool is_possible() const noexcept { return is_possible_; }

  private:
    bool is_possible_;
};

}  // namespace opennvsci::program_end
