// SPDX-License-Identifier: Apache-2.0
#include "explain/explanation.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <span>
#include <utility>

#include "driver/standstill.h"

namespace opennvsci::explain {
namespace {

using attr::Outcome;
using attr::Reason;
using attr::TrialState;

Line line_of(const Explanation& all, const attr::Key& key, std::size_t index, const attr::Decision* decision) {
    Line line{&key, {}, {}, {}, {}, decision, {}, {}};
    all.report->for_each_ask(index, [&](std::uint32_t participant, attr::Bytes value) {
        line.asks.push_back({participant, value, key.text(value)});
    });
    if (decision != nullptr) {
        line.outcome = decision->outcome;
        line.reason = attr::words_of(all.library->schema(), *all.report, decision->text);
    }
    if (all.result != nullptr) line.granted = all.result->get(key);
    line.granted_text = key.text(line.granted);
    return line;
}

// What became of a key after the reconciliation; reconciling again changes nothing about it.
Line amended_line(const Explanation& all, const attr::Key& key, std::size_t index) {
    const attr::Decision& decision = all.amendment->decision;
    Line line = line_of(all, key, index, &decision);
    if (decision.suggestion)
        line.advice.push_back({decision.suggestion.text().c_str(), {}, {TrialState::needs_value, {}}});
    return line;
}

std::size_t count_of(const Explanation& all, std::optional<Outcome> outcome) {
    return static_cast<std::size_t>(std::ranges::count_if(
        all.lines, [&](const Line& line) { return !line.asks.empty() && line.outcome == outcome; }));
}

std::optional<std::size_t> deciding_line(const Explanation& all) {
    const Outcome wanted = all.result == nullptr ? Outcome::refused : Outcome::denied;
    const auto found = std::ranges::find(all.lines, std::optional(wanted), &Line::outcome);
    if (found == all.lines.end()) return std::nullopt;
    return static_cast<std::size_t>(found - all.lines.begin());
}

Verdict verdict_of(const Explanation& all) {
    if (all.result == nullptr) return Verdict::refused;
    return all.deciding ? Verdict::weakened : Verdict::granted;
}

Reason reason_of(const Explanation& all) {
    return all.deciding ? all.lines[*all.deciding].decision->reason : Reason::none;
}

std::string counted(std::size_t count, const char* one, const char* several) {
    return fmt::format("{} {}", count, count == 1 ? one : several);
}

// Places with the same obstacle stand together.
std::string summary_of_places(const attr::Schema& schema, const attr::Report& report) {
    std::vector<std::pair<std::string, std::string>> obstacles;  // whose, and which
    for (const attr::Place& place : report.places()) {
        const std::string words = attr::words_of(schema, report, place.obstacle);
        const auto known = std::ranges::find(obstacles, words, &std::pair<std::string, std::string>::second);
        if (known == obstacles.end()) {
            obstacles.emplace_back(place.name, words);
        } else {
            known->first += fmt::format(", {}", place.name);
        }
    }
    std::string text = fmt::format("0 of {} places fit", report.places().size());
    const char* separator = ": ";
    for (const auto& [names, words] : obstacles)
        text += fmt::format("{}{}: {}", std::exchange(separator, "; "), names, words);
    return text;
}

std::string summary_of_keys(const Explanation& all) {
    struct Part {
        std::optional<Outcome> outcome;
        const char* words;
    };
    constexpr std::array kParts{
        Part{Outcome::adjusted, "adjusted"},
        Part{Outcome::denied, "denied"},
        Part{Outcome::refused, "refused"},
        Part{std::nullopt, "not decided"},
    };
    const auto asked =
        static_cast<std::size_t>(std::ranges::count_if(all.lines, [](const Line& line) { return !line.asks.empty(); }));
    const std::string who = counted(all.participants.size(), "participant asks", "participants ask");
    const bool is_unasked = all.deciding && all.lines[*all.deciding].asks.empty();
    const std::string unasked =
        is_unasked ? fmt::format("; {}, which nobody asks for, is refused", all.lines[*all.deciding].key->name) : "";
    if (asked == 0) return fmt::format("{} for nothing{}", who, unasked);
    std::size_t rest = asked;
    std::string parts;
    for (const Part& part : kParts) {
        const std::size_t count = count_of(all, part.outcome);
        rest -= count;
        if (count > 0) parts += fmt::format(", {} {}", count, part.words);
    }
    if (rest > 0 || parts.empty()) parts.insert(0, fmt::format(", {} as asked", rest));
    return fmt::format("{} for {}: {}{}", who, counted(asked, "key", "keys"), parts.substr(2), unasked);
}

// Why a refusal is one, in a sentence for each reason.
std::string refusal_text(const attr::Key& key, Reason reason) {
    switch (reason) {
        case Reason::conflict:
            return fmt::format("What they ask for {} cannot be had together.", key.name);
        case Reason::illegal_value:
            return fmt::format("{} has a value that nobody may ask for.", key.name);
        case Reason::missing:
            return fmt::format("{} must be said.", key.name);
        case Reason::excluded:
            return fmt::format("{} cannot be asked for together with what else is.", key.name);
        case Reason::inconsistent:
            return fmt::format("{} does not fit the other keys.", key.name);
        case Reason::unknown_gpu:
            return fmt::format("{} names a GPU that does not take part, or is not here.", key.name);
        case Reason::no_place:
            return "No memory of this machine fits all of them.";
        case Reason::too_large:
            return fmt::format("There is no room for what {} says.", key.name);
        case Reason::roles:
            return "Exactly one participant signals, and at least one waits.";
        case Reason::no_common_primitive:
            return "There is no primitive that all of them and this machine offer.";
        default:
            return fmt::format("This machine cannot do what {} asks.", key.name);
    }
}

std::string conclusion_of(const Explanation& all, const Error* failure) {
    if (all.verdict == Verdict::granted) return "It reconciles, and everybody has what was asked for.";
    if (all.verdict == Verdict::refused && !all.deciding) {  // something failed that no key is about
        return failure != nullptr ? failure->text : "It does not reconcile.";
    }
    if (all.verdict == Verdict::refused) return refusal_text(*all.lines[*all.deciding].key, reason_of(all));
    std::string keys;
    for (const Line& line : all.lines) {
        if (line.outcome != Outcome::denied) continue;
        keys += fmt::format("{}{}", keys.empty() ? "" : ", ", line.key->name);
    }
    return fmt::format("It reconciles, without what was asked for {}.", keys);
}

std::string change_text(const attr::Schema& schema, const attr::Report& report, const attr::Change& change,
                        const attr::Key& told) {
    const attr::Key& key = *schema.find(change.key);
    const std::string who = report.participants()[change.participant].text();
    switch (change.kind) {
        case attr::Change::Kind::leave_out:
            return fmt::format("{} leaves {} out", who, &key == &told ? "it" : key.name);
        case attr::Change::Kind::leave_apart:
            return fmt::format("{} does not take part", who);
        case attr::Change::Kind::set:
            return &key == &told ? fmt::format("{} asks {}", who, key.text(change.value))
                                 : fmt::format("{} asks {} for {}", who, key.text(change.value), key.name);
    }
    return {};
}

// The first few of them: who else changes does the same.
std::string changes_text(const attr::Schema& schema, const attr::Report& report, std::span<const attr::Change> changes,
                         const attr::Key& told) {
    constexpr std::size_t kFew = 3;
    std::string text;
    for (std::size_t i = 0; i < std::min(changes.size(), kFew); ++i)
        text += fmt::format("{}{}", i == 0 ? "" : ", ", change_text(schema, report, changes[i], told));
    if (changes.size() > kFew) text += fmt::format(", and {} more change alike", changes.size() - kFew);
    return text;
}

}  // namespace

const char* verdict_name(Verdict verdict) noexcept {
    constexpr std::array kNames{"granted", "weakened", "refused"};
    return kNames[static_cast<std::size_t>(verdict)];
}

std::vector<attr::Advice> try_advice(const Library& library, const attr::Report& report, std::size_t key_index,
                                     Trying how) {
    if (how == Trying::freely) return attr::try_advice(library.schema(), report, key_index, library.reconcile);
    const driver::Standstill nothing_comes_to_life;
    auto advice = attr::try_advice(library.schema(), report, key_index, library.reconcile);
    if (!nothing_comes_to_life.was_in_the_way()) return advice;
    return attr::untried_advice(library.schema(), report, key_index);
}

Explanation explain(const Library& library, std::shared_ptr<const attr::Report> report, const attr::List* list,
                    const Error* failure, Trying how) {
    Explanation all{&library, std::move(report), {}, {}, {}, {}, Verdict::granted, {}, {}, {}};
    const attr::Schema& schema = library.schema();
    if (list != nullptr && list->is_reconciled()) all.result = list->shared_result();
    if (list != nullptr) all.amendment = list->amendment();
    for (const attr::Participant& participant : all.report->participants())
        all.participants.push_back(participant.text());
    for (std::size_t index = 0; index < schema.keys().size(); ++index) {
        if (!all.report->is_asked(index) && all.report->decision(index) == nullptr) continue;
        const attr::Key& key = schema.keys()[index];
        if (key.direction == attr::Direction::internal && key.can_be_asked()) continue;  // no program set it
        if (all.amendment != nullptr && all.amendment->key == key.number) {
            all.lines.push_back(amended_line(all, key, index));
            continue;
        }
        all.lines.push_back(line_of(all, key, index, all.report->decision(index)));
        all.lines.back().advice = try_advice(library, *all.report, index, how);
    }
    all.deciding = deciding_line(all);
    all.verdict = verdict_of(all);
    const bool is_about_places = reason_of(all) == Reason::no_place && !all.report->places().empty();
    all.summary = is_about_places ? summary_of_places(schema, *all.report) : summary_of_keys(all);
    all.conclusion = conclusion_of(all, failure);
    return all;
}

std::string advice_text(const attr::Schema& schema, const attr::Report& report, const attr::Key& key,
                        const attr::Advice& advice) {
    const std::string with = changes_text(schema, report, advice.changes, key);
    switch (advice.trial.state) {
        case TrialState::not_tried:
            break;
        case TrialState::needs_value:
            return fmt::format("{} (needs a choice of yours, so it was not tried)", advice.words);
        case TrialState::verified:
            return fmt::format("{} (tried: it reconciles when {})", advice.words, with);
        case TrialState::not_enough:
            return fmt::format("{} (tried: not enough, for when {} there is {})", advice.words, with,
                               advice.trial.then);
    }
    return advice.words;
}

}  // namespace opennvsci::explain
