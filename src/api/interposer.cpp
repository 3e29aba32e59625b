// SPDX-License-Identifier: Apache-2.0
#include "api/interposer.h"

#include <atomic>

#include "base/log.h"

namespace opennvsci::api {

void report_interposer() noexcept {
    static std::atomic<bool> is_reported{false};
    if (opennvsciInterposerFinding == nullptr || is_reported.load(std::memory_order_relaxed)) return;
    bool is_certain = true;
    const char* const finding = opennvsciInterposerFinding(&is_certain);
    if (finding == nullptr || is_reported.exchange(true)) return;
    log::write(is_certain ? log::Level::warning : log::Level::notice, finding);
}

}  // namespace opennvsci::api
