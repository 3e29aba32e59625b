// SPDX-License-Identifier: Apache-2.0
//
// Report: how a reconciliation came to its result, as data: who asked for what, and for every key the rule, the outcome
// and, where the outcome is not what was asked, the reason and the smallest change that would avoid it. A report holds
// copies of all values, so it outlives the lists.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "attr/slot.h"
#include "attr/suggestion.h"
#include "base/uuid.h"

namespace opennvsci::attr {

enum class Outcome : std::uint8_t {
    granted,    ///< what was asked for
    defaulted,  ///< nobody asked; the key's default
    computed,   ///< an output, following from the rest
    adjusted,   ///< granted with a value that goes beyond or differs from a request in the way the rule says
    denied,     ///< a wish that was not granted, without failing the reconciliation
    refused,    ///< the reconciliation fails because of this key
};

[[nodiscard]] const char* outcome_name(Outcome outcome) noexcept;

/// Who took part: slot `slot` of the list at position `list` in the call.
struct Participant {
    std::uint32_t list;
    std::uint32_t slot;
    bool is_only_slot;
    std::string name;  ///< given by the program, or empty
    Origin origin{};

    /// The given name, or "list 2", or "list 2 slot 3" (counted from 1); of another process, with who it is:
    /// "camera at peer nvscisync_a_1", "list 0 at peer nvscisync_a_1" (counted from 0 among what came together).
    [[nodiscard]] std::string text() const;

    /// True if this process cannot change what it asks: it is of another process, or stands for one that is, in a
    /// negotiation told again, and has the name.
    [[nodiscard]] bool is_elsewhere() const;

    /// The name under which it is the same participant in another list: text() without where it is. One of this process
    /// that came with others in a list is told apart by its text alone.
    [[nodiscard]] std::string given_name() const { return origin.is_this_process() ? text() : name; }
};

struct Decision {
    Outcome outcome;
    Text text{};              ///< why, in words; empty where the outcome needs no explanation
    Suggestion suggestion{};  ///< the smallest change that would avoid it; empty if there is none or no need
    Reason reason = Reason::none;
    std::uint32_t follows_from = 0;  ///< number of the key whose decision is the cause; 0: none, or it is in the text
};

/// Where what is negotiated could be, and why it cannot.
struct Place {
    const char* name = "";  ///< of the memory; lives as long as the program
    Uuid gpu{};             ///< whose it is; null if it is nobody's, or not known whose
    Text obstacle{};        ///< empty: it fits
};

/// A participant of another process for texts: the name that it gave, else its place among the lists that came
/// together, and the endpoint of the peer that it came from. Without a comma, for names stand in lists.
[[nodiscard]] std::string origin_text(const Origin& origin, const std::string& name);

/// How many of those who ask the same are named.
inline constexpr std::size_t kFewNames = 3;

/// Their names: "camera", "camera, logger", "camera, logger, display and 2 more".
[[nodiscard]] std::string names_text(std::span<const Participant> all, std::span<const std::uint32_t> who,
                                     std::size_t most = kFewNames);

/// "NeedCpuAccess" of "NvSciBufGeneralAttrKey_NeedCpuAccess".
[[nodiscard]] std::string_view own_part(std::string_view name);

/// True if an ask is for nothing: false, of a truth value.
[[nodiscard]] bool says_no(const Key& key, Bytes value) noexcept;

class Report;

/// Who asks for a key, of a truth value who asks for true: "logger asks for NeedCpuAccess"; empty if nobody does.
[[nodiscard]] std::string who_asks(const Schema& schema, const Report& report, std::uint32_t key,
                                   std::size_t most = kFewNames);

/// The words of a text, with who brought about what it says: "the CPU takes part (logger asks for NeedCpuAccess)".
[[nodiscard]] std::string words_of(const Schema& schema, const Report& report, const Text& text,
                                   std::size_t most = kFewNames);

/// The failure of an export to a peer none of whose lists took part.
[[nodiscard]] tl::unexpected<Error> no_participant(NvSciError code);

class Report {
  public:
    /// Makes room for what `slots` slots usually ask.
    void reserve(std::size_t slots);
    void add_participant(Participant participant) { participants_.push_back(std::move(participant)); }
    /// Copies what participant number `participant` asks for the key at `key_index` of its table.
    void add_ask(std::size_t key_index, std::uint32_t participant, Bytes value);
    /// One decision per key, the one at `key_index` of its table: a later one replaces an earlier one.
    void decide(std::size_t key_index, Decision decision);

    /// The places that were looked at, and which of them was chosen: none if none fits.
    void set_places(std::array<Place, 3> places, std::optional<std::size_t> chosen) {
        places_ = std::move(places);
        chosen_place_ = chosen;
    }
    void choose_no_place() noexcept { chosen_place_.reset(); }
    /// None if it was not asked where.
    [[nodiscard]] std::span<const Place> places() const noexcept {
        return *places_[0].name == '\0' ? std::span<const Place>() : std::span<const Place>(places_);
    }
    [[nodiscard]] std::optional<std::size_t> chosen_place() const noexcept { return chosen_place_; }

    /// The session of the link that the reconciled list came by; 0 if it was made in this process.
    [[nodiscard]] std::uint64_t source() const noexcept { return source_; }
    void set_source(std::uint64_t session) noexcept { source_ = session; }

    [[nodiscard]] const std::vector<Participant>& participants() const noexcept { return participants_; }
    /// The decision on the key at `key_index`, or null.
    [[nodiscard]] const Decision* decision(std::size_t key_index) const noexcept {
        return decision_of_[key_index] == kNone ? nullptr : &decisions_[decision_of_[key_index]];
    }

    /// Everything that was asked for the key at `key_index`, in the order of the participants, written to `out`. The
    /// values point into the report and are not aligned.
    void asks(std::size_t key_index, std::vector<Ask>& out) const;
    /// Calls `take(number of the participant, value)` for each of them.
    template <class Take>
    void for_each_ask(std::size_t key_index, Take&& take) const {
        for (std::uint32_t i = first_ask_[key_index]; i != kNone; i = asks_[i].next)
            take(asks_[i].participant, Bytes(bytes_.data() + asks_[i].offset, asks_[i].size));
    }
    [[nodiscard]] bool is_asked(std::size_t key_index) const noexcept { return first_ask_[key_index] != kNone; }

    /// The same as text: "list 1: 4096, list 2: 8192"; "nobody asked" if nobody did.
    [[nodiscard]] std::string asked_text(const Key& key, std::size_t key_index) const;

  private:
    static constexpr std::uint32_t kNone = ~0U;

    // One ask; those of one key are chained, so that reading them costs what they are.
    struct StoredAsk {
        std::uint32_t participant;
        std::uint32_t offset;
        std::uint32_t size;
        std::uint32_t next = kNone;
    };
    std::uint64_t source_ = 0;
    std::array<Place, 3> places_{};
    std::optional<std::size_t> chosen_place_;
    std::vector<Participant> participants_;
    std::vector<StoredAsk> asks_;
    std::array<std::uint32_t, Schema::kMaxKeys> first_ask_ = none_for_all();
    std::array<std::uint32_t, Schema::kMaxKeys> last_ask_ = none_for_all();
    std::vector<std::byte> bytes_;
    std::vector<Decision> decisions_;
    std::array<std::uint32_t, Schema::kMaxKeys> decision_of_ = none_for_all();

    static constexpr std::array<std::uint32_t, Schema::kMaxKeys> none_for_all() {
        std::array<std::uint32_t, Schema::kMaxKeys> all{};
        all.fill(kNone);
        return all;
    }
};

}  // namespace opennvsci::attr
