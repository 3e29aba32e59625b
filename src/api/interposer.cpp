// SPDX-License-Identifier: Apache-2.0
#include "api/interposer.h"

#include <atomic>

#include "base/log.h"

namespace opennvsci::api {

void report_interposer() noexcept {
    static std::atomic<bool> is_reported{false};
    if (opennvsciInterposerFinding == nullptr || is_reported.load(std::memory_order_relaxed)) return;
    const char* const finding = opennvsciInterposerFinding();
    if (finding != nullptr && !is_reported.exchange(true)) log::write(log::Level::warning, finding);
}

}  // namespace opennvsci::api
