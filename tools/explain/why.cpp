// SPDX-License-Identifier: Apache-2.0
#include "explain/why.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <span>
#include <string_view>
#include <vector>

#include "explain/words.h"
#include "outcome.h"

namespace opennvsci::tool {
namespace {

const OpenNvSciDecision* decision_on(const OpenNvSciReport& report, std::uint32_t key) {
    const std::span all(report.decisions, report.decisionCount);
    const auto found = std::find_if(all.begin(), all.end(), [&](const auto& decision) { return decision.key == key; });
    return found == all.end() ? nullptr : &*found;
}

const char* trial_words(OpenNvSciTrial trial) {
    switch (trial) {
        case OpenNvSciTrial_NotTried:
            return "not tried";
        case OpenNvSciTrial_NeedsValue:
            return "not tried: it needs a value from you";
        case OpenNvSciTrial_Verified:
            return "tried: then it reconciles";
        case OpenNvSciTrial_NotEnough:
            return "tried: not enough";
    }
    return "";
}

// The causes, one behind the other. A decision comes after what it follows from, but nobody promised that.
std::string causes_of(const OpenNvSciReport& report, const OpenNvSciDecision& decision) {
    constexpr int kMostCauses = 8;
    std::string text;
    const OpenNvSciDecision* cause = decision_on(report, decision.followsFrom);
    for (int i = 0; cause != nullptr && i < kMostCauses; ++i, cause = decision_on(report, cause->followsFrom)) {
        text += fmt::format("  follows from {}: {}{}{}\n", cause->keyName, cause->granted,
                            *cause->reason == '\0' ? "" : ", because ", cause->reason);
    }
    return text;
}

std::string suggestion_text(const OpenNvSciSuggestion& suggestion) {
    std::string text = fmt::format("  to change: {} ({}", suggestion.text, trial_words(suggestion.trial));
    if (*suggestion.then != '\0') {
        text += fmt::format("{}{}", suggestion.trial == OpenNvSciTrial_Verified ? ", with " : ", for then ",
                            suggestion.then);
    }
    return text + ")\n";
}

}  // namespace

Result<const OpenNvSciKey*> key_of(const Negotiation& negotiation, const OpenNvSciReport& report,
                                   const std::string& name) {
    std::vector<std::string_view> taking_part;
    std::vector<std::string_view> all;
    for (const OpenNvSciKey& key : negotiation.interface->keys()) {
        if (key.name == name) return &key;
        if (own_part(key.name) != name) continue;
        all.emplace_back(key.name);
        const OpenNvSciDecision* const decision = decision_on(report, key.number);
        if (decision != nullptr) taking_part.emplace_back(key.name);
    }
    const auto& found = taking_part.empty() ? all : taking_part;
    if (found.size() > 1) return fail(fmt::format("--why {}: it may be {}", name, fmt::join(found, " or ")));
    const auto key = negotiation.interface->find_key(found.empty() ? name : std::string(found.front()));
    if (!key) return fail(fmt::format("--why: {}", key.error().text));
    return *key;
}

std::string why_text(const OpenNvSciReport& report, const OpenNvSciKey& key) {
    const OpenNvSciDecision* const decision = decision_on(report, key.number);
    if (decision == nullptr) return fmt::format("{}: nobody asks for it, and nothing was decided\n", key.name);
    std::string text = fmt::format("{}: {}\n", key.name, decision_text(*decision));
    for (const OpenNvSciAsk& ask : std::span(decision->asks, decision->askCount))
        text += fmt::format("  {} asks {}\n", printable(report.participants[ask.participant].name), ask.text);
    if (decision->askCount == 0) text += "  nobody asks for it\n";
    if (*key.rule != '\0') text += fmt::format("  rule '{}': {}\n", key.rule, key.ruleText);
    if (decision->outcome != OpenNvSciOutcome_Refused && decision->outcome != OpenNvSciOutcome_Undecided) {
        text += fmt::format("  the result has {}\n", decision->granted);
    }
    // Of asks that contradict each other everything is said by now.
    const bool has_reason = *decision->reason != '\0' && decision->reasonCode != OpenNvSciReason_Conflict;
    if (has_reason) text += fmt::format("  because {}\n", decision->reason);
    if (decision->outcome == OpenNvSciOutcome_Undecided && report.deciding != nullptr) {
        text += fmt::format("  because {} was refused before its turn came\n", report.deciding->keyName);
    }
    text += causes_of(report, *decision);
    if (decision->suggestions != nullptr) text += suggestion_text(*decision->suggestions);
    return text;
}

}  // namespace opennvsci::tool
