// SPDX-License-Identifier: Apache-2.0
#include "attr/trial.h"

#include <fmt/format.h>

#include <algorithm>
#include <compare>
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

// How much a way out asks: what this process can change itself comes first, and of that what changes less.
struct Cost {
    bool touches_peer;
    std::size_t changes;
    friend auto operator<=>(const Cost&, const Cost&) = default;  // NOLINT(modernize-use-nullptr): its own 0
};

Cost cost_of(const Report& report, std::span<const Change> changes) {
    const bool touches_peer = std::ranges::any_of(
        changes, [&](const Change& change) { return report.participants()[change.participant].is_elsewhere(); });
    return {touches_peer, changes.size()};
}

// Whether a change takes the place of one of `earlier`, whose words would say then what nobody has to do.
bool replaces_one_of(std::span<const Change> earlier, const Change& change) {
    return std::ranges::any_of(earlier, [&](const Change& before) {
        return before.participant == change.participant &&
               (before.key == change.key || change.kind == Change::Kind::leave_apart);
    });
}

bool is_same(const Change& one, const Change& other) {
    if (one.kind != other.kind || one.participant != other.participant) return false;
    return one.kind == Change::Kind::leave_apart || (one.key == other.key && one.value == other.value);
}

// Ways that do all that one does which helps, and perhaps more, are no choice. In their final order.
void drop_dominated(std::vector<Advice>& all) {
    std::vector<Advice> kept;
    for (Advice& advice : all) {
        const bool is_dominated = std::ranges::any_of(kept, [&](const Advice& better) {
            return better.trial.state == TrialState::verified &&
                   std::ranges::all_of(better.changes, [&](const Change& change) {
                       return std::ranges::any_of(advice.changes,
                                                  [&](const Change& same) { return is_same(change, same); });
                   });
        });
        if (!is_dominated) kept.push_back(std::move(advice));
    }
    all = std::move(kept);
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
        best_.reset();
        extend(advice, *attempt.report, 1);
        if (best_) advice = *std::exchange(best_, std::nullopt);
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

    // Looks for the best way that begins with `begun`, which led to `tried`. No step makes a way cheaper, so what costs
    // as much as the best one already is not tried.
    void extend(const Advice& begun, const Report& tried, int step) {
        const auto obstacle = obstacle_in(tried);
        if (!obstacle || step > kMostSteps) return;
        for (const Advice& next : untried_advice(schema_, tried, *obstacle)) {
            if (next.changes.empty()) continue;
            const std::vector<Change> added = of_all_participants(next.changes, begun.changes);
            if (std::ranges::any_of(added,
                                    [&](const Change& change) { return replaces_one_of(begun.changes, change); })) {
                continue;
            }
            const std::string about =
                *obstacle == key_index_ ? std::string() : fmt::format("for {} ", schema_.keys()[*obstacle].name);
            Advice longer{fmt::format("{}, and {}{}", begun.words, about, next.words), begun.changes, {}};
            longer.changes.insert(longer.changes.end(), added.begin(), added.end());
            if (best_ && cost_of(report_, best_->changes) <= cost_of(report_, longer.changes)) continue;
            if (left_-- <= 0) return;
            Attempt attempt = attempt_with(longer.changes);
            longer.trial = std::move(attempt.trial);
            if (longer.trial.state == TrialState::verified) {
                best_ = std::move(longer);
            } else if (longer.trial.state == TrialState::not_enough && attempt.report != nullptr) {
                extend(longer, *attempt.report, step + 1);
            }
        }
    }

    const Schema& schema_;
    const Report& report_;
    const std::size_t key_index_;
    const Reconcile reconcile_;
    int left_ = 0;                // trials of the advice at hand
    std::optional<Advice> best_;  // that helps, of those that it was made longer to
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
    std::stable_partition(all.begin(), all.end(),
                          [&](const Advice& advice) { return !cost_of(report, advice.changes).touches_peer; });
    return all;
}

std::vector<Advice> try_advice(const Schema& schema, const Report& report, std::size_t key_index, Reconcile reconcile) {
    std::vector<Advice> all = untried_advice(schema, report, key_index);
    if (report.source() != 0) return all;
    Search search(schema, report, key_index, reconcile);
    for (Advice& advice : all)
        search.complete(advice);
    const auto rank = [&](const Advice& advice) {
        const int state = advice.trial.state == TrialState::verified ? 0 : advice.changes.empty() ? 2 : 1;
        return std::pair(state, cost_of(report, advice.changes));
    };
    std::ranges::stable_sort(all, {}, rank);
    drop_dominated(all);
    return all;
}

}  // namespace opennvsci::attr
