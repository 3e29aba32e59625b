// SPDX-License-Identifier: Apache-2.0
//
// KeptContexts: the primary contexts that the library had to make, because it needed one and the program had none.
// Making one takes 100 ms and ending it 50 (driver-facts.md F43), so what one call needed is kept for the next ones, as
// long as the program uses the library. A program that makes its context before it allocates is not concerned.
// Thread-safe.
#pragma once

#include "driver/driver.h"

namespace opennvsci::driver {

class KeptContexts {
  public:
    /// Something of the program's that uses the library. When the last one is gone, the contexts are given back, which
    /// ends those that the program did not retain for itself meanwhile.
    class Use {
      public:
        Use();
        Use(const Use&) = delete;
        Use& operator=(const Use&) = delete;
        ~Use();
    };

    /// Keeps the primary context of `device`, which the caller retains. Does nothing if it is kept already, or if
    /// nothing uses the library.
    static void keep(const Driver& driver, const Device& device) noexcept;
};

}  // namespace opennvsci::driver
