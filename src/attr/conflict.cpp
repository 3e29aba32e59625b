// SPDX-License-Identifier: Apache-2.0
#include "attr/conflict.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <utility>

#include "attr/slot.h"

namespace opennvsci::attr {
namespace {

class Explainer {
  public:
    Explainer(const Slot& merged, const Key& key, std::span<const Ask> asks, std::span<const Participant> participants)
        : key_(key), asks_(asks), participants_(participants), scratch_(merged) {}

    [[nodiscard]] ConflictText explain() {
        const auto alone = std::find_if(asks_.begin(), asks_.end(), [&](const Ask& ask) { return !merges({&ask, 1}); });
        if (alone != asks_.end()) return {asks_text(*alone), fmt::format("change it in {}", name(*alone))};
        const std::vector<Ask> outside = asks_outside(largest_agreement());
        return {contradiction(), {fmt::format(fmt::runtime(key_.merge->remedy), names(outside)), changes(outside)}};
    }

  private:
    static constexpr std::size_t kFew = 32;

    [[nodiscard]] bool merges(std::span<const Ask> asks) { return key_.merge->merge(key_, asks, scratch_); }
    [[nodiscard]] std::string name(const Ask& ask) const { return participants_[ask.participant].text(); }
    [[nodiscard]] std::string asks_text(const Ask& ask) const {
        return fmt::format("{} asks {}; rule '{}': {}", name(ask), key_.text(ask.value), key_.merge->name,
                           key_.merge->text);
    }

    // Two participants that contradict each other; or all of them, if only all together are too much.
    [[nodiscard]] std::string contradiction() {
        for (std::size_t i = 0; i < std::min(asks_.size(), kFew); ++i) {
            for (std::size_t k = i + 1; k < asks_.size(); ++k) {
                const Ask pair[] = {asks_[i], asks_[k]};
                if (merges(pair)) continue;
                return fmt::format("{} asks {}, {}", name(asks_[i]), key_.text(asks_[i].value), asks_text(asks_[k]));
            }
        }
        return fmt::format("all lists together ask more than {} elements; rule '{}': {}", key_.max_count,
                           key_.merge->name, key_.merge->text);
    }

    [[nodiscard]] bool is_peer(const Ask& ask) const { return participants_[ask.participant].is_elsewhere(); }

    // Peers first: what they ask can only be changed there.
    [[nodiscard]] std::vector<Ask> peers_first() const {
        std::vector<Ask> ordered(asks_.begin(), asks_.end());
        std::stable_partition(ordered.begin(), ordered.end(), [&](const Ask& ask) { return is_peer(ask); });
        return ordered;
    }

    // The most peers that agree, and of that the most participants, found by starting from each in turn; of many, from
    // the first few that ask for something else than those before.
    [[nodiscard]] std::vector<Ask> largest_agreement() {
        const std::vector<Ask> ordered = peers_first();
        const auto size = [&](const std::vector<Ask>& asks) {
            return std::pair(std::ranges::count_if(asks, [&](const Ask& ask) { return is_peer(ask); }), asks.size());
        };
        std::vector<Ask> largest;
        std::vector<Bytes> begun;
        for (const Ask& first : ordered) {
            const bool is_known =
                std::ranges::any_of(begun, [&](Bytes known) { return std::ranges::equal(known, first.value); });
            if (is_known || begun.size() >= kFew) continue;
            begun.push_back(first.value);
            std::vector<Ask> agreeing = agreement_with(first, ordered);
            if (size(agreeing) > size(largest)) largest = std::move(agreeing);
        }
        return largest;
    }

    // `first`, and one after the other those that merge with what has merged until then.
    [[nodiscard]] std::vector<Ask> agreement_with(const Ask& first, std::span<const Ask> all) {
        std::vector<Ask> agreeing{first};
        std::vector<std::byte> merged(first.value.begin(), first.value.end());
        for (const Ask& next : all) {
            if (next.participant == first.participant) continue;
            const Ask pair[] = {{first.participant, merged}, next};
            if (!merges(pair)) continue;
            const Bytes both = scratch_.get(key_);
            merged.assign(both.begin(), both.end());
            agreeing.push_back(next);
        }
        return agreeing;
    }

    [[nodiscard]] std::vector<Ask> asks_outside(const std::vector<Ask>& agreement) const {
        std::vector<Ask> outside;
        std::copy_if(asks_.begin(), asks_.end(), std::back_inserter(outside), [&](const Ask& ask) {
            return std::none_of(agreement.begin(), agreement.end(),
                                [&](const Ask& other) { return other.participant == ask.participant; });
        });
        return outside;
    }

    [[nodiscard]] std::string names(const std::vector<Ask>& asks) const {
        constexpr std::size_t kNamed = 8;
        std::string names;
        for (std::size_t i = 0; i < std::min(asks.size(), kNamed); ++i)
            names += fmt::format("{}{}", i == 0 ? "" : ", ", name(asks[i]));
        if (asks.size() > kNamed) names += fmt::format(" and {} more", asks.size() - kNamed);
        return names;
    }

    [[nodiscard]] std::vector<Change> changes(const std::vector<Ask>& asks) const {
        const auto kind = key_.merge->leaves_lists_apart ? Change::Kind::leave_apart : Change::Kind::leave_out;
        std::vector<Change> changes;
        changes.reserve(asks.size());
        for (const Ask& ask : asks)
            changes.push_back({kind, ask.participant, key_.number});
        return changes;
    }

    const Key& key_;
    const std::span<const Ask> asks_;
    const std::span<const Participant> participants_;
    Slot scratch_;
};

}  // namespace

ConflictText explain_conflict(const Slot& merged, const Key& key, std::span<const Ask> asks,
                              std::span<const Participant> participants) {
    return Explainer(merged, key, asks, participants).explain();
}

}  // namespace opennvsci::attr
