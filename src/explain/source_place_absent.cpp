// SPDX-License-Identifier: Apache-2.0
//
// Where the compiler brings no libbacktrace along.
#include "explain/source_place.h"

namespace opennvsci::explain {

std::optional<SourcePlace> source_place(const void* /*address*/) {
    return std::nullopt;
}

}  // namespace opennvsci::explain
