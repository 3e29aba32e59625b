// SPDX-License-Identifier: Apache-2.0
#include "attr/trial.h"

#include <fmt/format.h>

#include <algorithm>

namespace opennvsci::attr {
namespace {

// What participants ask, by their number; without a slot for one that does not take part.
using Asks = std::vector<std::optional<Wishes>>;

Asks asks_of(const Schema& schema, const Report& report) {
    Asks asks;
    for (const Participant& participant : report.participants()) {
        asks.emplace_back(Wishes{Values(schema), participant.given_name(), participant.origin});
    }
    for (std::size_t index = 0; index < schema.keys().size(); ++index) {
        report.for_each_ask(index, [&](std::uint32_t participant, Bytes value) {
            asks[participant]->values.put(schema.keys()[index], value);
        });
    }
    return asks;
}

}  // namespace

Result<std::vector<std::unique_ptr<List>>> changed_lists(const Schema& schema, const Report& report,
                                                         std::span<const Change> changes) {
    Asks asks = asks_of(schema, report);
    for (const Change& change : changes) {
        const Key* key = schema.find(change.key);
        if (change.participant >= asks.size() || key == nullptr) {
            return fail(NvSciError_BadParameter, "a change is about nobody, or about no key");
        }
        std::optional<Wishes>& wishes = asks[change.participant];
        if (!wishes) continue;
        switch (change.kind) {
            case Change::Kind::leave_apart:
                wishes.reset();
                break;
            case Change::Kind::leave_out:
                wishes->values.put(*key, wishes->values.get(*key).first(0));
                break;
            case Change::Kind::set:
                if (!key->fits(change.value.size())) return fail(NvSciError_BadParameter, "a change has no value");
                wishes->values.put(*key, change.value);
                break;
        }
    }
    std::vector<std::unique_ptr<List>> lists;
    for (std::optional<Wishes>& wishes : asks) {
        if (!wishes) continue;
        std::vector<Wishes> slots;
        slots.push_back(std::move(*wishes));
        lists.push_back(std::make_unique<List>(List::Kind::unreconciled, std::move(slots), nullptr));
    }
    return lists;
}

Trial try_suggestion(const Schema& schema, const Report& report, std::size_t key_index, Reconcile reconcile) {
    const Decision* const decision = report.decision(key_index);
    if (decision == nullptr || !decision->suggestion || report.source() != 0) return {};
    const auto changes = decision->suggestion.changes();
    if (changes.empty()) return {TrialState::needs_value, {}};
    const auto lists = changed_lists(schema, report, changes);
    if (!lists || lists->empty()) return {};
    std::vector<const List*> inputs;
    for (const auto& list : *lists)
        inputs.push_back(list.get());
    const Reconciliation tried = reconcile(inputs);
    if (!tried.list) return {TrialState::not_enough, tried.list.error().text};
    const Key& key = schema.keys()[key_index];
    const Decision* const then = (*tried.list)->report()->decision(key_index);
    if (then != nullptr && then->outcome == Outcome::denied) {
        return {TrialState::not_enough, fmt::format("{}: {}", key.name, then->text.c_str())};
    }
    const Bytes value = (*tried.list)->reconciled().get(key);
    return {TrialState::verified, value.empty() ? std::string() : key.text(value)};
}

}  // namespace opennvsci::attr
