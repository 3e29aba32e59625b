// SPDX-License-Identifier: Apache-2.0
//
// Standstill: while one lives, what its thread asks of the driver brings nothing to life, neither the driver nor a
// context: who needs one is told that there is none. For questions that the program did not ask.
#pragma once

namespace opennvsci::driver {

class Standstill {
  public:
    Standstill() noexcept;
    Standstill(const Standstill&) = delete;
    Standstill& operator=(const Standstill&) = delete;
    ~Standstill();

    /// True if something was needed that was not there, so that an answer may be another one than it would be.
    [[nodiscard]] bool was_in_the_way() const noexcept;

    /// For what would bring something to life: true if it must not. Then it was in the way.
    [[nodiscard]] static bool forbids() noexcept;

  private:
    const bool was_on_;
    const bool was_met_;
};

}  // namespace opennvsci::driver
