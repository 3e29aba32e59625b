// SPDX-License-Identifier: Apache-2.0
#include "attr/negotiation.h"

#include <fmt/format.h>

#include <algorithm>

#include "attr/conflict.h"
#include "base/unaligned.h"

namespace opennvsci::attr {

Negotiation::Negotiation(const Schema& schema, std::span<const List* const> lists) : schema_(&schema), result_(schema) {
    std::size_t slots = 0;
    for (const List* list : lists)
        slots += list->slot_count();
    report_.reserve(slots);
    asks_.reserve(slots);
    std::uint32_t position = 0;
    for (const List* list : lists)
        list->report_to(report_, position++);
}

std::vector<Ask> Negotiation::own_asks(std::uint32_t number) {
    std::vector<Ask> own;
    for (const Ask& ask : asks(number)) {
        if (report_.participants()[ask.participant].origin.is_this_process()) own.push_back(ask);
    }
    return own;
}

void Negotiation::keep_own(std::uint32_t number) {
    if (!result_.required<bool>(number)) return;
    const auto own = own_asks(number);
    if (std::ranges::any_of(own, [](const Ask& ask) { return load<bool>(ask.value.data()); })) return;
    result_.put_scalar(number, false);
    decide(number, {Outcome::adjusted, "only other processes ask for it, which get it there", {}, Reason::for_peers});
}

Result<> Negotiation::check_asks() {
    for (const Key& key : schema_->keys()) {
        for (const Ask& ask : asks(key.number)) {
            if (key.is_legal(ask.value)) continue;
            const std::string name = name_of(ask);
            return refuse(key.number, NvSciError_BadParameter, Reason::illegal_value,
                          fmt::format("{} asks {}; it must be {}", name, key.text(ask.value), key.legal->text),
                          fmt::format("change it in {}", name));
        }
    }
    return {};
}

Result<> Negotiation::merge(const Key& key) {
    const std::span<const Ask> asks = this->asks(key.number);
    if (asks.empty()) return {};
    if (key.merge->merge(key, asks, result_)) {
        report_.decide(schema_->index_of(key), {Outcome::granted});
        return {};
    }
    ConflictText text = explain_conflict(result_, key, asks, report_.participants());
    return refuse(key.number, NvSciError_ReconciliationFailed, Reason::conflict, std::move(text.reason),
                  std::move(text.suggestion));
}

std::vector<Change> Negotiation::leave_out(std::uint32_t number) {
    std::vector<Change> changes;
    for (const Ask& ask : asks(number)) {
        if (!says_no(key(number), ask.value)) changes.push_back({Change::Kind::leave_out, ask.participant, number});
    }
    return changes;
}

Suggestion Negotiation::without(std::uint32_t number, Suggestion otherwise) {
    return {fmt::format("leave {} out of {}", own_part(key(number).name), names_of(number)), leave_out(number),
            std::move(otherwise)};
}

tl::unexpected<Error> Negotiation::refuse(std::uint32_t number, NvSciError code, Reason reason, std::string text,
                                          Suggestion suggestion) {
    const Key& refused = key(number);
    if (code == NvSciError_ReconciliationFailed || code == NvSciError_UnsupportedConfig) {
        for (const Ask& ask : asks(number)) {
            const Participant& participant = report_.participants()[ask.participant];
            Wishes wishes{Values(*schema_), participant.given_name(), participant.origin};
            wishes.values.put(refused, ask.value);
            conflict_.push_back(std::move(wishes));
        }
        // A conflict that follows from other keys still yields a list, empty for this key.
        if (conflict_.empty()) conflict_.push_back({Values(*schema_), {}});
    }
    std::string all = fmt::format("{}: {}", refused.name, text);
    report_.decide(schema_->index_of(refused), {Outcome::refused, std::move(text), std::move(suggestion), reason});
    return fail(code, std::move(all));
}

Reconciliation Negotiation::end(Result<> negotiated) {
    if (!negotiated) report_.choose_no_place();
    auto report = std::make_shared<const Report>(std::move(report_));
    if (negotiated) return {std::make_unique<List>(std::move(result_), report), nullptr, report};
    std::unique_ptr<List> conflict;
    if (!conflict_.empty()) {
        conflict = std::make_unique<List>(List::Kind::conflict, std::move(conflict_), report);
    }
    return {tl::make_unexpected(std::move(negotiated).error()), std::move(conflict), std::move(report)};
}

Result<> check_satisfies(const Slot& reconciled, const Wishes& wishes, NvSciError mismatch) {
    auto asked = CheckedWishes::of(wishes.values);
    if (!asked) return fail(mismatch, std::move(asked.error().text));
    const Schema& schema = reconciled.schema();
    const std::string own_name = wishes.name.empty() ? "the other one" : wishes.name;
    const std::string who = wishes.origin.is_this_process() ? own_name : origin_text(wishes.origin, wishes.name);
    const std::uint32_t groups = schema.groups_of(reconciled.get(schema.selector()));
    for (const Key& key : schema.keys()) {
        if (!Schema::is_in_groups(key, groups) || key.check == nullptr) continue;
        if (key.check->is_for_own_lists && !wishes.origin.is_this_process()) continue;
        if (key.check->holds(key, reconciled, *asked)) continue;
        const Key& compared = key.check->compared == 0 ? key : *schema.find(key.check->compared);
        return expected_outcome(mismatch,
                                fmt::format("{}: the reconciled list has {}{}{}, {} {}; rule '{}': {}", key.name,
                                            &compared == &key ? "" : compared.name, &compared == &key ? "" : " ",
                                            key.text(reconciled.get(compared)), who, key.text(wishes.values.get(key)),
                                            key.check->name, key.check->text));
    }
    return {};
}

Result<> check_satisfies(const Slot& reconciled, std::span<const List* const> lists, NvSciError mismatch) {
    Result<> satisfied;
    for (const List* list : lists) {
        list->for_each_participant([&](const Wishes& wishes) {
            if (satisfied) satisfied = check_satisfies(reconciled, wishes, mismatch);
        });
    }
    return satisfied;
}

Result<> require_yes(Result<> answer) {
    if (!answer) answer.error().is_expected = false;
    return answer;
}

}  // namespace opennvsci::attr
