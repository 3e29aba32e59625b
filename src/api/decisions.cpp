// SPDX-License-Identifier: Apache-2.0
#include "api/decisions.h"

#include <fmt/format.h>

#include "base/log.h"

namespace opennvsci::api {

static_assert(OpenNvSciOutcome_Granted == static_cast<int>(attr::Outcome::granted));
static_assert(OpenNvSciOutcome_Defaulted == static_cast<int>(attr::Outcome::defaulted));
static_assert(OpenNvSciOutcome_Computed == static_cast<int>(attr::Outcome::computed));
static_assert(OpenNvSciOutcome_Adjusted == static_cast<int>(attr::Outcome::adjusted));
static_assert(OpenNvSciOutcome_Denied == static_cast<int>(attr::Outcome::denied));
static_assert(OpenNvSciOutcome_Refused == static_cast<int>(attr::Outcome::refused));

void tell_denied(const char* function, const attr::Schema& schema, const attr::Report& report) noexcept {
    if (!log::enabled(log::Level::info)) return;
    try {
        for (const attr::Key& key : schema.keys()) {
            const std::size_t index = schema.index_of(key);
            const attr::Decision* const decision = report.decision(index);
            if (decision == nullptr || decision->outcome != attr::Outcome::denied) continue;
            const char* const suggestion = decision->suggestion.c_str();
            log::write_bounded(log::Level::info, fmt::format("{}: {}: not granted to {}; {}{}{}", function, key.name,
                                                             report.asked_text(key, index), decision->reason.c_str(),
                                                             *suggestion != '\0' ? ". To avoid it: " : "", suggestion));
        }
    } catch (...) {
        return;  // the reconciliation itself has succeeded
    }
}

Result<std::unique_ptr<const DecisionTexts::Made>> DecisionTexts::make(const attr::List& list) {
    auto made = std::make_unique<Made>();
    made->report = list.report();
    const attr::Report& report = *made->report;
    const attr::Schema& schema = list.schema();
    const auto keep = [&](std::string text) { return made->texts.emplace_back(std::move(text)).c_str(); };
    for (const attr::Key& key : schema.keys()) {
        const attr::Decision* decision = report.decision(schema.index_of(key));
        if (decision == nullptr) continue;
        const attr::Bytes granted = list.is_reconciled() ? list.reconciled().get(key) : attr::Bytes{};
        made->decisions.push_back({key.number,
                                   static_cast<OpenNvSciOutcome>(decision->outcome),
                                   key.name,
                                   keep(report.asked_text(key, schema.index_of(key))),
                                   keep(key.text(granted)),
                                   key.merge != nullptr ? key.merge->name : "",
                                   decision->reason.c_str(),
                                   decision->suggestion.c_str(),
                                   {}});
    }
    return made;
}

Result<const std::vector<OpenNvSciDecision>*> DecisionTexts::of(const attr::List& list) {
    OPENNVSCI_TRY_ASSIGN(made, made_.get([&] { return make(list); }));
    return &made->decisions;
}

}  // namespace opennvsci::api
