// SPDX-License-Identifier: Apache-2.0
#include "explain/text.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <span>
#include <utility>
#include <vector>

namespace opennvsci::explain {
namespace {

using attr::Outcome;
using attr::Reason;

class Writer {
  public:
    Writer(const Explanation& all, Detail detail) : all_(all), is_brief_(detail == Detail::brief) {}

    [[nodiscard]] std::string text() {
        line("{}.", all_.summary);
        number_facts();
        for (const Line& about : all_.lines) {
            if (is_told(about)) tell(about);
        }
        line("");
        line("{}", all_.conclusion);
        tell_suggestions();
        return std::move(out_);
    }

  private:
    static constexpr std::size_t kFewValues = 8;

    template <class... Values>
    void line(fmt::format_string<Values...> format, Values&&... values) {
        fmt::format_to(std::back_inserter(out_), format, std::forward<Values>(values)...);
        out_ += '\n';
    }

    // What came out as asked is told only if everything is.
    [[nodiscard]] bool is_told(const Line& about) const {
        if (!is_brief_) return true;
        return about.outcome == Outcome::refused || about.outcome == Outcome::denied ||
               about.outcome == Outcome::adjusted;
    }

    // A decision that several others follow from is told first, under a number.
    void number_facts() {
        for (const Line& fact : all_.lines) {
            const auto uses = std::ranges::count_if(all_.lines, [&](const Line& about) {
                return is_told(about) && about.decision != nullptr && about.decision->follows_from == fact.key->number;
            });
            if (uses < 2 || fact.decision == nullptr) continue;
            facts_.push_back(fact.key->number);
            line("");
            const std::string reason = reason_of(fact);
            line("[{}] {}: {}{}{}", facts_.size(), fact.key->name, fact.granted_text, reason.empty() ? "" : ": ",
                 reason);
        }
    }

    void tell(const Line& about) {
        line("");
        const std::string granted = about.granted.empty() ? "" : fmt::format(", {}", about.granted_text);
        line("{}: {}{}", about.key->name, about.outcome ? attr::outcome_name(*about.outcome) : "not decided", granted);
        tell_asks(about);
        const bool is_conflict = about.decision != nullptr && about.decision->reason == Reason::conflict;
        if (is_conflict && about.key->merge != nullptr) {
            line("  rule '{}': {}", about.key->merge->name, about.key->merge->text);
        }
        if (about.decision == nullptr) return;
        const std::string reason = reason_of(about);
        // Of asks that contradict each other everything is said by now.
        if (!reason.empty() && !is_conflict) line("  {}{}", reason, fact_mark(about));
    }

    [[nodiscard]] std::string fact_mark(const Line& about) const {
        const auto found = std::ranges::find(facts_, about.decision->follows_from);
        return found == facts_.end() ? "" : fmt::format(" [{}]", found - facts_.begin() + 1);
    }

    // Those who ask the same stand together.
    void tell_asks(const Line& about) {
        std::vector<std::pair<const std::string*, std::vector<std::uint32_t>>> groups;
        for (const Ask& ask : about.asks) {
            const auto known =
                std::ranges::find_if(groups, [&](const auto& group) { return *group.first == ask.text; });
            if (known != groups.end()) {
                known->second.push_back(ask.participant);
            } else {
                groups.push_back({&ask.text, {ask.participant}});
            }
        }
        const std::size_t told = is_brief_ && groups.size() > kFewValues ? kFewValues : groups.size();
        for (const auto& [text, who] : std::span(groups).first(told)) {
            if (who.size() == 1) {
                line("  {} asks {}", all_.participants[who.front()], *text);
            } else {
                line("  {} ask {}: {}", who.size(), *text,
                     attr::names_text(all_.report->participants(), who, is_brief_ ? attr::kFewNames : who.size()));
            }
        }
        if (told < groups.size()) line("  and {} other values are asked for", groups.size() - told);
    }

    void tell_suggestions() {
        bool is_first = true;
        for (const Line& about : all_.lines) {
            const char* begin = about.key->name;
            for (const attr::Advice& advice : about.advice) {
                if (std::exchange(is_first, false)) line("\nWhat to change:");
                const std::string text = advice_text(all_.library->schema(), *all_.report, *about.key, advice);
                if (begin != nullptr) {
                    line("  {}: {}", std::exchange(begin, nullptr), text);
                } else {
                    line("    or {}", text);
                }
            }
        }
    }

    // Why, with everybody's name if everything is told.
    [[nodiscard]] std::string reason_of(const Line& about) const {
        if (is_brief_ || about.decision == nullptr) return about.reason;
        return attr::words_of(all_.library->schema(), *all_.report, about.decision->text, all_.participants.size());
    }

    const Explanation& all_;
    const bool is_brief_;
    std::vector<std::uint32_t> facts_;  // keys whose decisions have a number
    std::string out_;
};

}  // namespace

std::string text_of(const Explanation& explanation, Detail detail) {
    return Writer(explanation, detail).text();
}

}  // namespace opennvsci::explain
