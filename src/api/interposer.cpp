// SPDX-License-Identifier: Apache-2.0
#include "api/interposer.h"

#include <atomic>

#include "base/log.h"

namespace opennvsci::api {
namespace {

std::atomic<InterposerFinding*> g_to_ask{nullptr};  // until it has answered

}  // namespace

void register_interposer(InterposerFinding* finding) noexcept {
    g_to_ask = finding;
}

void report_interposer() noexcept {
    InterposerFinding* const ask = g_to_ask.load(std::memory_order_acquire);
    if (ask == nullptr) return;
    bool is_certain = true;
    const char* const finding = ask(&is_certain);
    if (finding == nullptr || g_to_ask.exchange(nullptr) == nullptr) return;
    if (*finding != '\0') log::write(is_certain ? log::Level::warning : log::Level::notice, finding);
}

}  // namespace opennvsci::api
