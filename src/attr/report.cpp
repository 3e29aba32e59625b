// SPDX-License-Identifier: Apache-2.0
#include "attr/report.h"

#include <fmt/format.h>

namespace opennvsci::attr {

const char* outcome_name(Outcome outcome) noexcept {
    switch (outcome) {
        case Outcome::granted:
            return "granted";
        case Outcome::defaulted:
            return "default";
        case Outcome::computed:
            return "computed";
        case Outcome::adjusted:
            return "adjusted";
        case Outcome::denied:
            return "denied";
        case Outcome::refused:
            return "refused";
    }
    return "unknown";
}

std::string origin_text(const Origin& origin, const std::string& name) {
    // Where the reconciling process is asked about others, it has sent the whole text.
    const std::string own = name.empty() ? fmt::format("list {}", origin.position) : name;
    return fmt::format("{} at {}{}", own, origin.peer.empty() ? "a peer" : "peer ", origin.peer);
}

std::string Participant::text() const {
    if (!origin.is_this_process()) return origin_text(origin, name);
    if (!name.empty()) return name;
    return is_only_slot ? fmt::format("list {}", list + 1) : fmt::format("list {} slot {}", list + 1, slot + 1);
}

tl::unexpected<Error> no_participant(NvSciError code) {
    return fail(code,
                "no list of this reconciliation came from the peer of this endpoint, as it is open now: import one of "
                "its lists and reconcile with it, or attach it to the object");
}

void Report::reserve(std::size_t slots) {
    constexpr std::size_t kUsualKeys = 8;  // as the CUDA guide sets for a raw buffer
    constexpr std::size_t kUsualBytes = 128;
    constexpr std::size_t kUsualDecisions = 48;  // of an image
    participants_.reserve(slots);
    asks_.reserve(slots * kUsualKeys);
    bytes_.reserve(slots * kUsualBytes);
    decisions_.reserve(kUsualDecisions);
}

void Report::add_ask(std::size_t key_index, std::uint32_t participant, Bytes value) {
    const auto number = static_cast<std::uint32_t>(asks_.size());
    asks_.push_back({participant, static_cast<std::uint32_t>(bytes_.size()), static_cast<std::uint32_t>(value.size())});
    bytes_.insert(bytes_.end(), value.begin(), value.end());
    if (first_ask_[key_index] == kNone) {
        first_ask_[key_index] = number;
    } else {
        asks_[last_ask_[key_index]].next = number;
    }
    last_ask_[key_index] = number;
}

void Report::asks(std::size_t key_index, std::vector<Ask>& out) const {
    out.clear();
    for_each_ask(key_index, [&](std::uint32_t participant, Bytes value) { out.push_back({participant, value}); });
}

void Report::decide(std::size_t key_index, Decision decision) {
    std::uint32_t& position = decision_of_[key_index];
    if (position != kNone) {
        decisions_[position] = std::move(decision);
        return;
    }
    decisions_.push_back(std::move(decision));
    position = static_cast<std::uint32_t>(decisions_.size() - 1);
}

std::string Report::asked_text(const Key& key, std::size_t key_index) const {
    std::string out;
    std::vector<Ask> found;
    asks(key_index, found);
    for (const Ask& ask : found) {
        if (!out.empty()) out += ", ";
        out += fmt::format("{}: {}", participants_[ask.participant].text(), key.text(ask.value));
    }
    return out.empty() ? "nobody asked" : out;
}

}  // namespace opennvsci::attr
