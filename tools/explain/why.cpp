// SPDX-License-Identifier: Apache-2.0
#include "explain/why.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cstddef>
#include <map>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "explain/words.h"
#include "outcome.h"

namespace opennvsci::tool {
namespace {

bool is_equal_in_small_letters(std::string_view a, std::string_view b) {
    const auto small = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; };
    return std::equal(a.begin(), a.end(), b.begin(), b.end(), [&](char x, char y) { return small(x) == small(y); });
}

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

std::string suggestion_text(const OpenNvSciSuggestion& suggestion, const char* introduction) {
    std::string text = fmt::format("  {}: {} ({}", introduction, suggestion.text, trial_words(suggestion.trial));
    if (*suggestion.then != '\0') {
        text += fmt::format("{}{}", suggestion.trial == OpenNvSciTrial_Verified ? ", with " : ", for then ",
                            suggestion.then);
    }
    return text + ")\n";
}

// "camera asks 4096", "5 ask {Image}: camera, display, encoder and 2 more".
std::string asks_text(const OpenNvSciReport& report, const OpenNvSciDecision& decision, bool has_all) {
    constexpr std::size_t kMostNamed = 3;
    std::vector<std::pair<std::string_view, std::vector<std::string>>> groups;
    std::map<std::string_view, std::size_t> known;
    for (const OpenNvSciAsk& ask : std::span(decision.asks, decision.askCount)) {
        const auto [place, is_new] = known.emplace(ask.text, groups.size());
        if (is_new) groups.push_back({ask.text, {}});
        groups[place->second].second.push_back(printable(report.participants[ask.participant].name));
    }
    std::string text;
    for (const auto& [value, names] : groups) {
        if (names.size() == 1) {
            text += fmt::format("  {} asks {}\n", names.front(), value);
            continue;
        }
        const std::size_t named = has_all ? names.size() : std::min(names.size(), kMostNamed);
        text += fmt::format("  {} ask {}: {}", names.size(), value, fmt::join(std::span(names).first(named), ", "));
        text += named == names.size() ? "\n" : fmt::format(" and {} more\n", names.size() - named);
    }
    return text.empty() ? "  nobody asks for it\n" : text;
}

}  // namespace

Result<KeyInQuestion> key_of(const Negotiation& negotiation, const OpenNvSciReport& report, const std::string& name) {
    const auto is_meant = [&](const char* key) {
        return is_equal_in_small_letters(key, name) || is_equal_in_small_letters(own_part(key), name);
    };
    std::vector<KeyInQuestion> taking_part;
    for (const OpenNvSciDecision& decision : std::span(report.decisions, report.decisionCount)) {
        if (is_meant(decision.keyName))
            taking_part.push_back({decision.keyName, &decision, negotiation.interface->find_key(decision.key)});
    }
    std::vector<KeyInQuestion> all;
    for (const OpenNvSciKey& key : negotiation.interface->keys()) {
        if (is_meant(key.name)) all.push_back({key.name, nullptr, &key});
    }
    const auto& found = taking_part.empty() ? all : taking_part;
    if (found.size() > 1) {
        std::vector<std::string_view> names;
        for (const KeyInQuestion& one : found)
            names.emplace_back(one.name);
        return fail(fmt::format("--why {}: it may be {}", name, fmt::join(names, " or ")));
    }
    if (found.size() == 1) return found.front();
    return fail(fmt::format("--why: {}", negotiation.interface->find_key(name).error().text));
}

std::string why_text(const OpenNvSciReport& report, const KeyInQuestion& key, bool has_all) {
    const OpenNvSciDecision* const decision = key.decision;
    if (decision == nullptr) return fmt::format("{}: nobody asks for it, and nothing was decided\n", key.name);
    std::string text = fmt::format("{}: {}\n", key.name, decision_text(*decision));
    text += asks_text(report, *decision, has_all);
    if (key.key != nullptr && *key.key->rule != '\0')
        text += fmt::format("  rule '{}': {}\n", key.key->rule, key.key->ruleText);
    if (report.verdict != OpenNvSciVerdict_Refused && decision->outcome != OpenNvSciOutcome_Undecided) {
        text += fmt::format("  the result has {}\n", decision->granted);
    }
    // Of asks that contradict each other everything is said by now.
    const bool has_reason = *decision->reason != '\0' && decision->reasonCode != OpenNvSciReason_Conflict;
    if (has_reason) text += fmt::format("  because {}\n", decision->reason);
    if (decision->outcome == OpenNvSciOutcome_Undecided && report.deciding != nullptr) {
        text += fmt::format("  because {} was refused before its turn came\n", report.deciding->keyName);
    }
    text += causes_of(report, *decision);
    const char* introduction = "to change";
    for (const OpenNvSciSuggestion& suggestion : std::span(decision->suggestions, decision->suggestionCount))
        text += suggestion_text(suggestion, std::exchange(introduction, "or"));
    return text;
}

}  // namespace opennvsci::tool
