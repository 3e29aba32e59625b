// SPDX-License-Identifier: Apache-2.0
#include "attr/trial.h"

#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <optional>
#include <utility>

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

namespace {

bool is_denied(const Decision* decision) {
    return decision != nullptr && decision->outcome == Outcome::denied;
}

// Later changes replace earlier ones of the same ask, and all asks of who does not take part.
std::vector<Change> both(std::span<const Change> first, std::span<const Change> second) {
    std::vector<Change> all(first.begin(), first.end());
    for (const Change& change : second) {
        std::erase_if(all, [&](const Change& earlier) {
            return earlier.participant == change.participant &&
                   (earlier.key == change.key || change.kind == Change::Kind::leave_apart);
        });
        all.push_back(change);
    }
    return all;
}

// A search for changes that help with one key.
class Search {
  public:
    Search(const Schema& schema, const Report& report, std::size_t key_index, Reconcile reconcile)
        : schema_(schema), report_(report), key_index_(key_index), reconcile_(reconcile) {}

    // Tries an advice, and what it leads to if it is not enough.
    void complete(Advice& advice) {
        if (advice.changes.empty()) {
            advice.trial.state = TrialState::needs_value;
            return;
        }
        Attempt attempt = attempt_with(advice.changes);
        advice.trial = std::move(attempt.trial);
        if (advice.trial.state != TrialState::not_enough || attempt.report == nullptr) return;
        left_ = kMostTrials;
        if (auto longer = extended(advice, *attempt.report, 1)) advice = *std::move(longer);
    }

  private:
    static constexpr int kMostSteps = 6;    // beyond the first
    static constexpr int kMostTrials = 12;  // of one advice

    struct Attempt {
        Trial trial;
        std::shared_ptr<const Report> report;  // of the negotiation that came of it; null if there was none
    };

    [[nodiscard]] Attempt attempt_with(std::span<const Change> changes) const {
        const auto lists = changed_lists(schema_, report_, changes);
        if (!lists || lists->empty()) return {};
        std::vector<const List*> inputs;
        for (const auto& list : *lists)
            inputs.push_back(list.get());
        Reconciliation tried = reconcile_(inputs);
        if (!tried.list) return {{TrialState::not_enough, tried.list.error().text}, std::move(tried.report)};
        const Key& key = schema_.keys()[key_index_];
        const Decision* const then = tried.report->decision(key_index_);
        if (is_denied(then)) {
            std::string why = fmt::format("{}: {}", key.name, words_of(schema_, *tried.report, then->text));
            return {{TrialState::not_enough, std::move(why)}, std::move(tried.report)};
        }
        const Bytes value = (*tried.list)->reconciled().get(key);
        return {{TrialState::verified, value.empty() ? std::string() : key.text(value)}, std::move(tried.report)};
    }

    // The key that is in the way in another negotiation.
    [[nodiscard]] std::optional<std::size_t> obstacle_in(const Report& tried) const {
        for (std::size_t index = 0; index < schema_.keys().size(); ++index) {
            const Decision* const decision = tried.decision(index);
            if (decision != nullptr && decision->outcome == Outcome::refused) return index;
        }
        if (is_denied(tried.decision(key_index_))) return key_index_;
        return std::nullopt;
    }

    // Changes that are about the participants of a negotiation without those that are left apart.
    [[nodiscard]] std::vector<Change> of_all_participants(std::vector<Change> changes,
                                                          std::span<const Change> before) const {
        std::vector<std::uint32_t> kept;
        for (std::uint32_t i = 0; i < report_.participants().size(); ++i) {
            const bool is_apart = std::ranges::any_of(before, [&](const Change& change) {
                return change.kind == Change::Kind::leave_apart && change.participant == i;
            });
            if (!is_apart) kept.push_back(i);
        }
        for (Change& change : changes)
            change.participant = kept[change.participant];
        return changes;
    }

    // `begun`, which led to `tried`, with what helps there.
    [[nodiscard]] std::optional<Advice> extended(const Advice& begun, const Report& tried, int step) {
        const auto obstacle = obstacle_in(tried);
        if (!obstacle || step > kMostSteps) return std::nullopt;
        for (const Advice& next : untried_advice(schema_, tried, *obstacle)) {
            if (next.changes.empty() || left_-- <= 0) continue;
            const std::string about =
                *obstacle == key_index_ ? std::string() : fmt::format("for {} ", schema_.keys()[*obstacle].name);
            Advice longer{fmt::format("{}, and {}{}", begun.words, about, next.words),
                          both(begun.changes, of_all_participants(next.changes, begun.changes)),
                          {}};
            Attempt attempt = attempt_with(longer.changes);
            longer.trial = std::move(attempt.trial);
            if (longer.trial.state == TrialState::verified) return longer;
            if (longer.trial.state != TrialState::not_enough || attempt.report == nullptr) continue;
            if (auto found = extended(longer, *attempt.report, step + 1)) return found;
        }
        return std::nullopt;
    }

    const Schema& schema_;
    const Report& report_;
    const std::size_t key_index_;
    const Reconcile reconcile_;
    int left_ = 0;
};

}  // namespace

std::vector<Advice> untried_advice(const Schema& schema, const Report& report, std::size_t key_index) {
    std::vector<Advice> all;
    const Decision* const decision = report.decision(key_index);
    if (decision == nullptr) return all;
    for (Suggestion way = decision->suggestion; way; way = way.otherwise()) {
        const auto changes = way.changes();
        all.push_back({words_of(schema, report, way.text()), {changes.begin(), changes.end()}, {}});
    }
    std::stable_partition(all.begin(), all.end(), [&](const Advice& advice) {
        return std::ranges::none_of(advice.changes, [&](const Change& change) {
            return report.participants()[change.participant].is_elsewhere();
        });
    });
    return all;
}

std::vector<Advice> try_advice(const Schema& schema, const Report& report, std::size_t key_index, Reconcile reconcile) {
    std::vector<Advice> all = untried_advice(schema, report, key_index);
    if (report.source() != 0) return all;
    Search search(schema, report, key_index, reconcile);
    for (Advice& advice : all)
        search.complete(advice);
    const auto rank = [](const Advice& advice) {
        return advice.trial.state == TrialState::verified ? 0 : advice.changes.empty() ? 2 : 1;
    };
    std::ranges::stable_sort(all, {}, rank);
    return all;
}

}  // namespace opennvsci::attr
