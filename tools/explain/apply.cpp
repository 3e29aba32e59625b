// SPDX-License-Identifier: Apache-2.0
#include "explain/apply.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <optional>
#include <set>
#include <span>
#include <utility>

namespace opennvsci::tool {
namespace {

constexpr std::size_t kMaxSteps = 1024;

// Most steps take an ask away; a suggestion that asks for something else is there once for a key.
std::size_t most_steps(const Negotiation& negotiation) {
    std::size_t asks = 1;
    for (const Wishes& wishes : negotiation.participants)
        asks += wishes.wishes.size();
    return std::min(asks, kMaxSteps);
}

// What a report says to do next; a copy, because the report goes with the next refusal.
struct Step {
    std::uint32_t key;
    Negotiation negotiation;
    std::vector<std::string> changes;
};

std::string asked_before(const OpenNvSciReport& report, const OpenNvSciChange& change) {
    for (const OpenNvSciDecision& decision : std::span(report.decisions, report.decisionCount)) {
        if (decision.key != change.key) continue;
        for (const OpenNvSciAsk& ask : std::span(decision.asks, decision.askCount)) {
            if (ask.participant == change.participant) return ask.text;
        }
    }
    return {};
}

std::string change_text(const OpenNvSciReport& report, const OpenNvSciChange& change) {
    const std::string who = printable(report.participants[change.participant].name);
    const std::string before = asked_before(report, change);
    switch (change.kind) {
        case OpenNvSciChangeKind_LeaveOut:
            return fmt::format("{} leaves {} out, which was {}", who, change.keyName, before);
        case OpenNvSciChangeKind_LeaveApart:
            return fmt::format("{} does not take part, and is reconciled apart", who);
        case OpenNvSciChangeKind_Set:
            return before.empty()
                       ? fmt::format("{} asks {} for {}", who, change.text, change.keyName)
                       : fmt::format("{} asks {} for {}, instead of {}", who, change.text, change.keyName, before);
    }
    return {};
}

void change_wishes(Wishes& wishes, const Interface& interface, const OpenNvSciChange& change) {
    std::erase_if(wishes.wishes, [&](const Wish& wish) { return wish.key->number == change.key; });
    const OpenNvSciKey* const key = interface.find_key(change.key);
    if (change.kind != OpenNvSciChangeKind_Set || key == nullptr) return;
    const auto* const value = static_cast<const std::byte*>(change.value);
    wishes.wishes.push_back({key, {value, value + change.len}, wishes.place});
}

Step follow(const Negotiation& negotiation, const OpenNvSciReport& report, const OpenNvSciDecision& decision) {
    Step step{decision.key, negotiation, {}};
    std::set<std::size_t, std::greater<>> apart;
    const OpenNvSciSuggestion& suggestion = *decision.suggestions;
    for (const OpenNvSciChange& change : std::span(suggestion.changes, suggestion.changeCount)) {
        if (change.kind == OpenNvSciChangeKind_LeaveApart) {
            apart.insert(change.participant);
        } else {
            change_wishes(step.negotiation.participants[change.participant], *negotiation.interface, change);
        }
        step.changes.push_back(change_text(report, change));
    }
    for (const std::size_t one : apart)
        step.negotiation.participants.erase(step.negotiation.participants.begin() + static_cast<std::ptrdiff_t>(one));
    return step;
}

// The decision whose suggestion comes next: the refusal, or a denial that is not among `done`.
const OpenNvSciDecision* next_decision(const OpenNvSciReport& report, const std::set<std::uint32_t>& done) {
    const bool is_refused = report.verdict == OpenNvSciVerdict_Refused;
    for (const OpenNvSciDecision& decision : std::span(report.decisions, report.decisionCount)) {
        const bool is_meant = decision.outcome == (is_refused ? OpenNvSciOutcome_Refused : OpenNvSciOutcome_Denied);
        if (!is_meant || decision.suggestions == nullptr || decision.suggestions->changeCount == 0) continue;
        if (is_refused) return &decision;
        if (decision.suggestions->trial == OpenNvSciTrial_Verified && !done.contains(decision.key)) return &decision;
    }
    return nullptr;
}

}  // namespace

Result<Followed> follow_suggestions(const Negotiation& negotiation) {
    OPENNVSCI_TRY_ASSIGN(first, Rerun::of(negotiation));
    Followed now{negotiation, std::move(first), {}, 0};
    std::size_t good_changes = 0;  // up to which it is known to reconcile
    std::optional<Negotiation> good;
    std::set<std::uint32_t> done;
    const std::size_t most = most_steps(negotiation);
    std::size_t steps = 0;
    for (;; ++steps) {
        if (now.rerun.reconciles()) {
            good = now.negotiation;
            good_changes = now.changes.size();
        }
        const OpenNvSciDecision* const decision = next_decision(now.rerun.report(), done);
        if (decision == nullptr || steps == most) break;
        Step step = follow(now.negotiation, now.rerun.report(), *decision);
        if (step.negotiation.participants.empty()) break;
        done.insert(step.key);
        now.negotiation = std::move(step.negotiation);
        now.changes.insert(now.changes.end(), step.changes.begin(), step.changes.end());
        OPENNVSCI_TRY_ASSIGN(rerun, Rerun::of(now.negotiation));
        now.rerun = std::move(rerun);
    }
    if (now.rerun.reconciles()) return now;
    if (steps == most) now.steps_taken_back = steps;
    now.negotiation = good.value_or(negotiation);
    now.changes.resize(good_changes);
    OPENNVSCI_TRY_ASSIGN(last, Rerun::of(now.negotiation));
    now.rerun = std::move(last);
    return now;
}

}  // namespace opennvsci::tool
