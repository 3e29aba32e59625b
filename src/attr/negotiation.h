// SPDX-License-Identifier: Apache-2.0
//
// Negotiation: one reconciliation in progress. It takes in the lists, merges keys by the rules of their rows, and holds
// the growing result and report. The floor that owns the table decides which keys to merge and computes the rest.
#pragma once

#include <memory>
#include <ranges>

#include "attr/list.h"

namespace opennvsci::attr {

struct Reconciliation {
    /// The reconciled list with its report. Errors: those of the library's function that reconciles.
    Result<std::unique_ptr<List>> list;
    /// What could not be had, if that can be said as a list, with the report. Otherwise null.
    std::unique_ptr<List> conflict;
    /// How it came about, also where neither of them is.
    std::shared_ptr<const Report> report;
};

class Negotiation {
  public:
    /// Begins with copies of all values of `lists`, in the order of the call.
    Negotiation(const Schema& schema, std::span<const List* const> lists);

    [[nodiscard]] const Schema& schema() const noexcept { return *schema_; }
    [[nodiscard]] const Key& key(std::uint32_t number) const noexcept { return *schema_->find(number); }
    [[nodiscard]] Slot& result() noexcept { return result_; }
    [[nodiscard]] Report& report() noexcept { return report_; }

    [[nodiscard]] bool is_asked(std::uint32_t number) const noexcept {
        return report_.is_asked(schema_->index_of(key(number)));
    }
    /// What the participants ask for a key; valid until the next call of this function.
    [[nodiscard]] std::span<const Ask> asks(std::uint32_t number) {
        report_.asks(schema_->index_of(key(number)), asks_);
        return asks_;
    }

    /// The asks of this process alone.
    [[nodiscard]] std::vector<Ask> own_asks(std::uint32_t number);

    /// Takes a wish back that only other processes have: `number` is a bool that is in the result.
    void keep_own(std::uint32_t number);

    /// The name of the participant that asks.
    [[nodiscard]] std::string name_of(const Ask& ask) const { return report_.participants()[ask.participant].text(); }

    /// Those of whose ask for a key `counts(value)` is true, for texts.
    template <class Counts>
    [[nodiscard]] std::string names_of(std::uint32_t number, Counts&& counts) {
        std::vector<std::uint32_t> who;
        for (const Ask& ask : asks(number)) {
            if (counts(ask.value)) who.push_back(ask.participant);
        }
        return names_text(report_.participants(), who);
    }
    /// Those who ask for a key; of a truth value, for true.
    [[nodiscard]] std::string names_of(std::uint32_t number) {
        return names_of(number, [&](Bytes value) { return !says_no(key(number), value); });
    }
    /// The words of a text, with who brought about what it says.
    [[nodiscard]] std::string words(const Text& text) const { return words_of(*schema_, report_, text); }

    /// Checks what nobody checked when it was set. Errors: BadParameter, with the participant.
    [[nodiscard]] Result<> check_asks();

    /// Merges `key` into the result if anybody asked for it. Errors: ReconciliationFailed on a conflict.
    [[nodiscard]] Result<> merge(const Key& key);

    /// Records a decision on a key that the caller computed or corrected.
    void decide(std::uint32_t number, Decision decision) {
        report_.decide(schema_->index_of(key(number)), std::move(decision));
    }

    /// Writes a computed value and records it as that, with the reason and the key whose decision is the cause, if it
    /// is one key's.
    template <class T>
    requires(!std::ranges::range<T>) void compute(std::uint32_t number, const T& value, Text reason,
                                                  std::uint32_t follows_from = 0) {
        compute(number, std::span<const T>(&value, 1), std::move(reason), follows_from);
    }
    template <class T>
    void compute(std::uint32_t number, std::span<const T> values, Text reason, std::uint32_t follows_from = 0) {
        result_.put_array(number, values);
        decide(number, {Outcome::computed, std::move(reason), {}, Reason::follows, follows_from});
    }

    /// Gives a key that has no value yet its default.
    template <class T>
    requires(!std::ranges::range<T>) void default_to(std::uint32_t number, const T& value, Text reason = {}) {
        default_to(number, std::span<const T>(&value, 1), std::move(reason));
    }
    template <class T>
    void default_to(std::uint32_t number, std::span<const T> values, Text reason = {}) {
        if (result_.has(key(number))) return;
        result_.put_array(number, values);
        decide(number, {Outcome::defaulted, std::move(reason)});
    }

    /// Raises a scalar to at least `least`: the default if nobody asked, else an adjustment.
    template <class T>
    void raise_to(std::uint32_t number, const T& least,
                  Text reason) {  // NOLINT(performance-unnecessary-value-param): it is moved from
        const auto asked = result_.template scalar<T>(number);
        if (asked && *asked >= least) return;
        result_.put_scalar(number, least);
        if (!asked) return decide(number, {Outcome::defaulted, std::move(reason)});
        decide(number, {Outcome::adjusted, std::move(reason), {}, Reason::rounded_up});
    }

    /// Records the refusal of a key and returns it as an Error, whose text has the key and the reason. For
    /// ReconciliationFailed and UnsupportedConfig, what the participants asked for the key becomes the content of the
    /// conflict list.
    [[nodiscard]] tl::unexpected<Error> refuse(std::uint32_t number, NvSciError code, Reason reason, std::string text,
                                               Suggestion suggestion = {});

    // Changes for suggestions.

    /// That nobody asks for the key who asks for it now; of a truth value, for true.
    [[nodiscard]] std::vector<Change> leave_out(std::uint32_t number);
    /// The same as a way out, with who would have to.
    [[nodiscard]] Suggestion without(std::uint32_t number, Suggestion otherwise = {});
    /// That all who ask for the key ask `value`, one element.
    template <class T>
    [[nodiscard]] std::vector<Change> ask_instead(std::uint32_t number, const T& value) {
        std::vector<Change> changes;
        for (const Ask& ask : asks(number))
            changes.push_back(ask_in(ask.participant, number, std::span<const T>(&value, 1)));
        return changes;
    }
    /// That one participant asks `values`.
    template <class T>
    [[nodiscard]] static Change ask_in(std::uint32_t participant, std::uint32_t number, std::span<const T> values) {
        const Bytes bytes = std::as_bytes(values);
        return {Change::Kind::set, participant, number, {bytes.begin(), bytes.end()}};
    }

    /// What came of the negotiation, which ended well or with the error in `negotiated`. This object is used up.
    [[nodiscard]] Reconciliation end(Result<> negotiated);

  private:
    const Schema* schema_;
    Slot result_;
    Report report_;
    std::vector<Ask> asks_;  // kept for its memory
    std::vector<Wishes> conflict_;
};

/// Whether a result satisfies what a participant asks, or every participant of `lists`, by the rules of the keys. A
/// "no" is an expected outcome. Errors: `mismatch`, with the key that does not hold, or that asks for what cannot be.
[[nodiscard]] Result<> check_satisfies(const Slot& reconciled, const Wishes& wishes, NvSciError mismatch);
[[nodiscard]] Result<> check_satisfies(const Slot& reconciled, std::span<const List* const> lists, NvSciError mismatch);

/// The same answer where it takes a yes to go on: a "no" is a refusal.
[[nodiscard]] Result<> require_yes(Result<> answer);

}  // namespace opennvsci::attr
