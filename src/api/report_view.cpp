// SPDX-License-Identifier: Apache-2.0
#include "api/report_view.h"

#include <fmt/format.h>

#include <cstring>
#include <deque>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "api/error_name.h"
#include "base/log.h"
#include "buf/keys.h"
#include "buf/reconcile.h"
#include "explain/json.h"
#include "explain/text.h"
#include "sync/keys.h"
#include "sync/reconcile.h"

namespace opennvsci::api {
namespace {

using attr::Reason;
using attr::TrialState;

static_assert(OpenNvSciOutcome_Granted == static_cast<int>(attr::Outcome::granted));
static_assert(OpenNvSciOutcome_Defaulted == static_cast<int>(attr::Outcome::defaulted));
static_assert(OpenNvSciOutcome_Computed == static_cast<int>(attr::Outcome::computed));
static_assert(OpenNvSciOutcome_Adjusted == static_cast<int>(attr::Outcome::adjusted));
static_assert(OpenNvSciOutcome_Denied == static_cast<int>(attr::Outcome::denied));
static_assert(OpenNvSciOutcome_Refused == static_cast<int>(attr::Outcome::refused));
static_assert(OpenNvSciReason_None == static_cast<int>(Reason::none));
static_assert(OpenNvSciReason_NotSupported == static_cast<int>(Reason::not_supported));
static_assert(OpenNvSciReason_RoundedUp == static_cast<int>(Reason::rounded_up));
static_assert(OpenNvSciTrial_NotTried == static_cast<int>(TrialState::not_tried));
static_assert(OpenNvSciTrial_NotEnough == static_cast<int>(TrialState::not_enough));
static_assert(OpenNvSciChangeKind_LeaveApart == static_cast<int>(attr::Change::Kind::leave_apart));
static_assert(OpenNvSciVerdict_Refused == static_cast<int>(explain::Verdict::refused));

constexpr explain::Library kBuf{"NvSciBuf", buf::schema, buf::reconcile};
constexpr explain::Library kSync{"NvSciSync", sync::schema, sync::reconcile};

// The refused decision of a report, with the index of its key.
std::optional<std::size_t> refused_key(const attr::Schema& schema, const attr::Report& report) {
    for (std::size_t index = 0; index < schema.keys().size(); ++index) {
        const attr::Decision* const decision = report.decision(index);
        if (decision != nullptr && decision->outcome == attr::Outcome::refused) return index;
    }
    return std::nullopt;
}

}  // namespace

const explain::Library& negotiations_of(const attr::Schema& schema) noexcept {
    return &schema == &buf::schema() ? kBuf : kSync;
}

void tell_denied(const char* function, const attr::Schema& schema, const attr::Report& report) noexcept {
    if (!log::enabled(log::Level::info)) return;
    try {
        for (const attr::Key& key : schema.keys()) {
            const std::size_t index = schema.index_of(key);
            const attr::Decision* const decision = report.decision(index);
            if (decision == nullptr || decision->outcome != attr::Outcome::denied) continue;
            std::string ways;
            for (const attr::Advice& advice : attr::untried_advice(schema, report, index))
                ways += fmt::format("{}{}", ways.empty() ? ". To avoid it: " : "; or ", advice.words);
            log::write_bounded(log::Level::info, fmt::format("{}: {}: not granted to {}; {}{}", function, key.name,
                                                             report.asked_text(key, index),
                                                             attr::words_of(schema, report, decision->text), ways));
        }
    } catch (...) {
        return;  // the reconciliation itself has succeeded
    }
}

Error with_advice(Error error, const attr::Schema& schema, const attr::Report& report) noexcept {
    try {
        const auto index = refused_key(schema, report);
        if (!index) return error;
        std::string ways;
        for (const attr::Advice& advice :
             explain::try_advice(negotiations_of(schema), report, *index, explain::Trying::quietly)) {
            // A line is short: that a value is needed is seen.
            const bool is_told = advice.trial.state != TrialState::needs_value;
            ways += fmt::format(
                "{}{}", ways.empty() ? ". To avoid it: " : "; or ",
                is_told ? explain::advice_text(schema, report, schema.keys()[*index], advice) : advice.words);
        }
        error.text += ways;
    } catch (...) {  // no memory: the refusal stands without it
        return error;
    }
    return error;
}

void capture(const char* function, const attr::Schema& schema, const attr::Reconciliation& negotiation) noexcept {
    const auto& list = negotiation.list;
    const auto code = static_cast<std::uint32_t>(list ? NvSciError_Success : list.error().code);
    explain::capture({function, error_name(code), __builtin_return_address(0)}, negotiations_of(schema), negotiation);
}

struct PublicReport::Texts {
    std::deque<std::vector<OpenNvSciAsk>> asks;
    std::deque<std::vector<OpenNvSciChange>> changes;
    std::deque<std::vector<OpenNvSciSuggestion>> suggestions;
    std::deque<std::string> strings;
    std::vector<OpenNvSciParticipant> participants;
    std::vector<OpenNvSciDecision> decisions;
    std::vector<OpenNvSciPlace> places;

    const char* keep(std::string text) { return strings.emplace_back(std::move(text)).c_str(); }
};

void PublicReport::TextsDeleter::operator()(Texts* texts) const noexcept {
    delete texts;
}

PublicReport::PublicReport(explain::Explanation explanation, const Error* failure)
    : explanation_(std::move(explanation)), kept_(new Texts) {
    const attr::Report& source = *explanation_.report;
    std::optional<std::size_t> deciding;
    for (std::size_t i = 0; i < explanation_.participants.size(); ++i) {
        const attr::Participant& participant = source.participants()[i];
        kept_->participants.push_back({explanation_.participants[i].c_str(),
                                       participant.origin.peer.c_str(),
                                       participant.list,
                                       participant.slot,
                                       {}});
    }
    // Those that were not decided come last, so that the decisions are a part by themselves.
    for (const bool is_decided : {true, false}) {
        for (const explain::Line& line : explanation_.lines) {
            if (line.outcome.has_value() != is_decided) continue;
            if (explanation_.deciding && &line == &explanation_.lines[*explanation_.deciding]) {
                deciding = kept_->decisions.size();
            }
            kept_->decisions.push_back(decision_of(line));
        }
        if (is_decided) decided_ = kept_->decisions.size();
    }
    for (std::size_t i = 0; i < source.places().size(); ++i) {
        const attr::Place& place = source.places()[i];
        OpenNvSciPlace& made = kept_->places.emplace_back();
        made.memory = place.name;
        made.reason = kept_->keep(attr::words_of(explanation_.library->schema(), source, place.obstacle));
        std::memcpy(&made.gpuId, place.gpu.bytes.data(), sizeof(made.gpuId));
        made.fits = *made.reason == '\0';
        made.isChosen = source.chosen_place() == i;
    }
    report_.participants = kept_->participants.data();
    report_.participantCount = kept_->participants.size();
    report_.decisions = kept_->decisions.data();
    report_.decisionCount = kept_->decisions.size();
    report_.deciding = deciding ? &kept_->decisions[*deciding] : nullptr;
    report_.places = kept_->places.data();
    report_.placeCount = kept_->places.size();
    report_.verdict = static_cast<OpenNvSciVerdict>(explanation_.verdict);
    report_.summary = explanation_.summary.c_str();
    report_.conclusion = explanation_.conclusion.c_str();
    report_.text = kept_->keep(explain::text_of(explanation_, explain::Detail::brief));
    report_.fullText = kept_->keep(explain::text_of(explanation_, explain::Detail::all));
    report_.json = kept_->keep(explain::json_of(explanation_, failure));
}

OpenNvSciDecision PublicReport::decision_of(const explain::Line& line) {
    auto& asks = kept_->asks.emplace_back();
    for (const explain::Ask& ask : line.asks)
        asks.push_back({ask.value.data(), ask.value.size(), ask.text.c_str(), ask.participant, 0, {}});
    const attr::Decision* const decision = line.decision;
    OpenNvSciDecision made{};
    made.key = line.key->number;
    made.outcome = line.outcome ? static_cast<OpenNvSciOutcome>(*line.outcome) : OpenNvSciOutcome_Undecided;
    made.keyName = line.key->name;
    made.requested =
        kept_->keep(explanation_.report->asked_text(*line.key, explanation_.library->schema().index_of(*line.key)));
    made.granted = line.granted_text.c_str();
    made.rule = line.key->merge != nullptr ? line.key->merge->name : "";
    made.reason = line.reason.c_str();
    made.suggestion = line.advice.empty() ? "" : line.advice.front().words.c_str();
    made.reasonCode = decision != nullptr ? static_cast<OpenNvSciReason>(decision->reason) : OpenNvSciReason_None;
    made.askCount = static_cast<std::uint32_t>(asks.size());
    made.asks = asks.data();
    made.suggestions = suggestions_of(line);
    made.suggestionCount = static_cast<std::uint32_t>(line.advice.size());
    made.followsFrom = decision != nullptr ? decision->follows_from : 0;
    return made;
}

const OpenNvSciSuggestion* PublicReport::suggestions_of(const explain::Line& line) {
    if (line.advice.empty()) return nullptr;
    auto& all = kept_->suggestions.emplace_back();
    for (const attr::Advice& advice : line.advice) {
        OpenNvSciSuggestion made{};
        made.text = advice.words.c_str();
        made.then = advice.trial.then.c_str();
        made.changes = changes_of(advice.changes);
        made.changeCount = static_cast<std::uint32_t>(advice.changes.size());
        made.trial = static_cast<OpenNvSciTrial>(advice.trial.state);
        all.push_back(made);
    }
    return all.data();
}

const OpenNvSciChange* PublicReport::changes_of(std::span<const attr::Change> all) {
    auto& changes = kept_->changes.emplace_back();
    for (const attr::Change& change : all) {
        const attr::Key& key = *explanation_.library->schema().find(change.key);
        const bool is_set = change.kind == attr::Change::Kind::set;
        changes.push_back({is_set ? change.value.data() : nullptr,
                           change.value.size(),
                           is_set ? kept_->keep(key.text(change.value)) : "",
                           key.name,
                           change.key,
                           change.participant,
                           static_cast<OpenNvSciChangeKind>(change.kind),
                           0,
                           {}});
    }
    return changes.data();
}

Result<const PublicReport*> ReportView::of(const attr::List& list) {
    return made_.get([&]() -> Result<std::unique_ptr<const PublicReport>> {
        return std::make_unique<const PublicReport>(
            explain::explain(negotiations_of(list.schema()), list.report(), &list, nullptr, explain::Trying::freely),
            nullptr);
    });
}

}  // namespace opennvsci::api
