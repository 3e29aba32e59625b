// SPDX-License-Identifier: Apache-2.0
#include "attr/report.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <string_view>

#include "attr/value_types.h"

namespace opennvsci::attr {

std::string_view own_part(std::string_view name) {
    const std::size_t at = name.find('_');
    return at == std::string_view::npos ? name : name.substr(at + 1);
}

bool says_no(const Key& key, Bytes value) noexcept {
    return key.type == &value::boolean && value.front() == std::byte{0};
}

namespace {

std::vector<std::uint32_t> asking(const Schema& schema, const Report& report, std::uint32_t number) {
    const Key& key = *schema.find(number);
    std::vector<std::uint32_t> who;
    report.for_each_ask(schema.index_of(key), [&](std::uint32_t participant, Bytes value) {
        if (!says_no(key, value)) who.push_back(participant);
    });
    return who;
}

}  // namespace

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

bool Participant::is_elsewhere() const {
    return !origin.is_this_process() || name.find(" at peer ") != std::string::npos;
}

std::string Participant::text() const {
    if (!origin.is_this_process()) return origin_text(origin, name);
    if (!name.empty()) return name;
    return is_only_slot ? fmt::format("list {}", list + 1) : fmt::format("list {} slot {}", list + 1, slot + 1);
}

std::string names_text(std::span<const Participant> all, std::span<const std::uint32_t> who, std::size_t most) {
    const std::size_t named = std::min(who.size(), most);
    std::string names;
    for (std::size_t i = 0; i < named; ++i)
        names += fmt::format("{}{}", i == 0 ? "" : ", ", all[who[i]].text());
    if (named < who.size()) names += fmt::format(" and {} more", who.size() - named);
    return names;
}

std::string who_asks(const Schema& schema, const Report& report, std::uint32_t key, std::size_t most) {
    const std::vector<std::uint32_t> who = asking(schema, report, key);
    if (who.empty()) return {};
    return fmt::format("{} {} for {}", names_text(report.participants(), who, most), who.size() == 1 ? "asks" : "ask",
                       own_part(schema.find(key)->name));
}

std::string words_of(const Schema& schema, const Report& report, const Text& text, std::size_t most) {
    const std::vector<Participant>& all = report.participants();
    std::vector<std::uint32_t> who;
    std::string owners;
    switch (text.owners()) {
        case Text::Owners::none:
            break;
        case Text::Owners::asking:
            owners = who_asks(schema, report, text.key(), most);
            break;
        case Text::Owners::lacking: {
            const std::vector<std::uint32_t> others = asking(schema, report, text.key());
            for (std::uint32_t i = 0; i < all.size(); ++i) {
                if (std::ranges::find(others, i) == others.end()) who.push_back(i);
            }
            owners = names_text(all, who, most);
            break;
        }
        case Text::Owners::peers:
            for (std::uint32_t i = 0; i < all.size(); ++i) {
                if (!all[i].origin.is_this_process()) who.push_back(i);
            }
            owners = names_text(all, who, most);
            break;
    }
    return owners.empty() ? std::string(text.c_str()) : fmt::format("{} ({})", text.c_str(), owners);
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
