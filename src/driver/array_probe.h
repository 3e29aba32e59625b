// SPDX-License-Identifier: Apache-2.0
//
// ArrayProbe: what the driver says arrays need, asked with arrays that have no memory (deferred mapping). A probe lives
// for one negotiation, and holds the context in which it asks. The answers are remembered by the device.
#pragma once

#include <optional>

#include "driver/scoped_context.h"

namespace opennvsci::driver {

class ArrayProbe {
  public:
    ArrayProbe(const Driver& driver, const Device& device) : driver_(driver), device_(device) {}

    /// Uses the device's primary context, made if need be, if no context of the device is current. Errors: NotSupported
    /// for a shape that the device makes no arrays of.
    [[nodiscard]] Result<ArrayNeeds> ask(const ArrayShape& shape);

  private:
    [[nodiscard]] Result<ArrayNeeds> ask_driver(const ArrayShape& shape);

    const Driver& driver_;
    const Device& device_;
    std::optional<ScopedContext> context_;
};

}  // namespace opennvsci::driver
