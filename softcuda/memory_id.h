// SPDX-License-Identifier: Apache-2.0
//
// The numbers by which pointer queries tell pieces of memory apart.
#pragma once

#include <atomic>

namespace opennvsci::softcuda {

/// A number that stands for one piece of memory, and for no other one in this process.
[[nodiscard]] inline unsigned long long new_memory_id() noexcept {
    static std::atomic<unsigned long long> last{0};
    return ++last;
}

}  // namespace opennvsci::softcuda
