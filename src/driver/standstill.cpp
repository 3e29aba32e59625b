// SPDX-License-Identifier: Apache-2.0
#include "driver/standstill.h"

#include <utility>

namespace opennvsci::driver {
namespace {

struct Standing {
    bool is_on = false;
    bool is_met = false;
};
constinit thread_local Standing t_state [[gnu::tls_model("initial-exec")]];

}  // namespace

Standstill::Standstill() noexcept
    : was_on_(std::exchange(t_state.is_on, true)), was_met_(std::exchange(t_state.is_met, false)) {}

Standstill::~Standstill() {
    t_state = {was_on_, was_met_ || (was_on_ && t_state.is_met)};
}

bool Standstill::was_in_the_way() const noexcept {
    return t_state.is_met;
}

bool Standstill::forbids() noexcept {
    if (!t_state.is_on) return false;
    t_state.is_met = true;
    return true;
}

}  // namespace opennvsci::driver
