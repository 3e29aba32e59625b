// SPDX-License-Identifier: Apache-2.0
//
// DriverHooks puts itself in front of every entry point of the loaded CUDA driver. It counts the live objects that the
// library has made (memory handles, reservations, mappings, registrations, streams, retained contexts, arrays), and can
// make the n-th call that may fail, fail. Installed once per process; the library under test notices nothing.
#pragma once

#include <map>
#include <string>

#include "driver/driver.h"

namespace opennvsci::test {

class DriverHooks {
  public:
    /// The hooks of the process, installed in front of the loaded driver on the first call.
    static DriverHooks& instance();

    /// How many objects of each kind are alive: successful makers minus successful releasers.
    [[nodiscard]] std::map<std::string, long> live_objects() const;

    /// The entry points as the driver has them, for calls of the test itself that are not to be counted or failed.
    [[nodiscard]] const driver::EntryPoints& real() const noexcept { return real_; }

  private:
    DriverHooks();
    driver::EntryPoints real_;
};

}  // namespace opennvsci::test
