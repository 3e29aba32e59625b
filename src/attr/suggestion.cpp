// SPDX-License-Identifier: Apache-2.0
#include "attr/suggestion.h"

#include <array>
#include <string_view>

namespace opennvsci::attr {

const char* reason_name(Reason reason) noexcept {
    constexpr std::array kNames{"none",          "conflict",     "illegal_value", "missing",
                                "excluded",      "inconsistent", "unknown_gpu",   "no_place",
                                "not_supported", "too_large",    "roles",         "no_common_primitive",
                                "downgraded",    "follows",      "for_peers",     "rounded_up"};
    static_assert(kNames.size() == static_cast<std::size_t>(Reason::rounded_up) + 1);
    return kNames[static_cast<std::size_t>(reason)];
}

Suggestion::Suggestion(Text words, std::vector<Change> changes, Suggestion otherwise) {
    if (words.empty()) return;
    content_ =
        std::make_shared<const Content>(Content{std::move(words), std::move(changes), std::move(otherwise.content_)});
}

const Text& Suggestion::text() const noexcept {
    static const Text none;
    return content_ != nullptr ? content_->words : none;
}

Suggestion Suggestion::otherwise() const {
    Suggestion next;
    if (content_ != nullptr) next.content_ = content_->otherwise;
    return next;
}

}  // namespace opennvsci::attr
