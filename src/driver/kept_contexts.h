// SPDX-License-Identifier: Apache-2.0
//
// The primary contexts that the library had to make, because it needed one and the program had none. Making one takes
// 100 ms and ending it 50 (driver-facts.md F43), so what one call needed is kept for the next ones, as long as the
// program uses the library. A program that makes its context before it allocates is not concerned. Thread-safe.
#pragma once

#include <cstdint>

#include "driver/driver.h"

namespace opennvsci::driver {

/// Something of the program's that uses the library. When the last one is gone, the contexts are given back, which ends
/// those that the program did not retain for itself meanwhile. In a forked child those of the parent count nothing.
class LibraryUse {
  public:
    LibraryUse();
    LibraryUse(const LibraryUse&) = delete;
    LibraryUse& operator=(const LibraryUse&) = delete;
    ~LibraryUse();

  private:
    const std::uint64_t owner_;
};

/// Keeps the primary context of `device`, which the caller retains while something of the program's uses the library.
/// Does nothing if it is kept already, or if nothing does.
void keep_primary_context(const Driver& driver, const Device& device) noexcept;

}  // namespace opennvsci::driver
