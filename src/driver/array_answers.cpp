// SPDX-License-Identifier: Apache-2.0
#include "driver/array_answers.h"

namespace opennvsci::driver {

std::optional<ArrayNeeds> ArrayAnswers::find(const ArrayShape& shape) const {
    const std::lock_guard lock(mutex_);
    const auto known = known_.find(shape);
    return known != known_.end() ? std::optional(known->second) : std::nullopt;
}

void ArrayAnswers::insert(const ArrayShape& shape, const ArrayNeeds& needs) {
    const std::lock_guard lock(mutex_);
    if (known_.size() == kMaxRemembered) known_.clear();
    known_.emplace(shape, needs);
}

}  // namespace opennvsci::driver
