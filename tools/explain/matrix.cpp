// SPDX-License-Identifier: Apache-2.0
#include "explain/matrix.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>
#include <span>
#include <vector>

#include "explain/interface.h"
#include "explain/words.h"
#include "outcome.h"
#include "output.h"
#include "text_table.h"

namespace opennvsci::tool {
namespace {

constexpr std::string_view kRed = "\033[1;31m";
constexpr std::string_view kYellow = "\033[1;33m";
constexpr std::string_view kPlain = "\033[0m";
constexpr const char* kNothing = "-";  // is asked

using Rows = std::vector<const OpenNvSciDecision*>;
using Group = std::vector<std::uint32_t>;  // participants that ask the same

Rows rows_of(const OpenNvSciReport& report, bool has_all) {
    Rows rows;
    for (const OpenNvSciDecision& decision : std::span(report.decisions, report.decisionCount)) {
        if (has_all || decision.askCount > 0 || &decision == report.deciding) rows.push_back(&decision);
    }
    return rows;
}

// As short as they can be without two being the same.
std::vector<std::string> short_names(const Rows& rows) {
    std::map<std::string_view, int> uses;
    for (const OpenNvSciDecision* row : rows)
        ++uses[own_part(row->keyName)];
    std::vector<std::string> names;
    for (const OpenNvSciDecision* row : rows) {
        const std::string_view own = own_part(row->keyName);
        names.emplace_back(uses[own] == 1 ? std::string(own) : row->keyName);
    }
    return names;
}

// A value in a cell: without the braces of a list, which the column shows by its lines.
std::string cell(std::string_view value) {
    if (value.starts_with('{') && value.ends_with('}')) value = value.substr(1, value.size() - 2);
    return shorten_uuids(value);
}

std::string asked_by(const OpenNvSciDecision& row, std::uint32_t participant) {
    for (const OpenNvSciAsk& ask : std::span(row.asks, row.askCount)) {
        if (ask.participant == participant) return cell(ask.text);
    }
    return kNothing;
}

std::vector<std::string> asks_of(const Rows& rows, std::uint32_t participant) {
    std::vector<std::string> asks;
    for (const OpenNvSciDecision* row : rows)
        asks.push_back(asked_by(*row, participant));
    return asks;
}

std::vector<Group> groups_of(const OpenNvSciReport& report, const Rows& rows, bool has_all) {
    std::vector<Group> groups;
    std::map<std::vector<std::string>, std::size_t> known;
    for (std::uint32_t participant = 0; participant < report.participantCount; ++participant) {
        const auto [place, is_new] = known.emplace(asks_of(rows, participant), groups.size());
        if (is_new || has_all) {
            groups.push_back({participant});
        } else {
            groups[place->second].push_back(participant);
        }
    }
    return groups;
}

// The columns in the order in which they are needed: one for each thing that is asked for the key that decides, those
// of whoever would have to change, and the others.
struct Columns {
    std::vector<std::size_t> needed;
    std::vector<std::size_t> others;
};

bool has_to_change(const OpenNvSciReport& report, std::uint32_t participant) {
    const OpenNvSciSuggestion* const suggestion = report.deciding != nullptr ? report.deciding->suggestions : nullptr;
    if (suggestion == nullptr) return false;
    const std::span changes(suggestion->changes, suggestion->changeCount);
    return std::any_of(changes.begin(), changes.end(),
                       [&](const OpenNvSciChange& change) { return change.participant == participant; });
}

Columns columns_of(const OpenNvSciReport& report, const std::vector<Group>& groups) {
    constexpr std::size_t kMostNeeded = 3;  // others are shown where there is room
    std::set<std::string> asked;
    Columns columns;
    for (std::size_t i = 0; i < groups.size(); ++i) {
        const std::uint32_t first = groups[i].front();
        const std::string ask = report.deciding != nullptr ? asked_by(*report.deciding, first) : kNothing;
        const bool is_needed = (ask != kNothing && asked.insert(ask).second) || has_to_change(report, first);
        (is_needed && columns.needed.size() < kMostNeeded ? columns.needed : columns.others).push_back(i);
    }
    return columns;
}

std::string group_name(const OpenNvSciReport& report, const Group& group) {
    const auto name = [&](std::uint32_t one) { return printable(report.participants[one].name); };
    if (group.size() == 1) return name(group[0]);
    if (group.size() == 2) return fmt::format("{}, {}", name(group[0]), name(group[1]));
    return fmt::format("{}, {} more", name(group[0]), group.size() - 1);
}

class Matrix {
  public:
    Matrix(const OpenNvSciReport& report, const MatrixLook& look)
        : report_(report),
          look_(look),
          rows_(rows_of(report, look.has_all)),
          groups_(groups_of(report, rows_, look.has_all)) {}

    [[nodiscard]] std::string text() const {
        Columns columns = columns_of(report_, groups_);
        std::vector<std::size_t>& shown = columns.needed;
        for (const std::size_t group : columns.others) {
            shown.push_back(group);
            if (look_.has_all || shown.size() == 1 || table(shown).fits(look_.width)) continue;
            shown.pop_back();
            break;
        }
        std::size_t left_out = report_.participantCount;
        for (const std::size_t group : shown)
            left_out -= groups_[group].size();
        std::string all = table(shown).text(look_.width);
        if (left_out > 0)
            all += fmt::format("  {} more participant{}, whom --all shows\n", left_out, left_out == 1 ? "" : "s");
        return all;
    }

  private:
    [[nodiscard]] TextTable table(std::vector<std::size_t> shown) const {
        std::sort(shown.begin(), shown.end());
        const bool is_marked = report_.deciding != nullptr;
        const bool is_refused = report_.verdict == OpenNvSciVerdict_Refused;  // and nothing is granted
        std::vector<std::string> keys = short_names(rows_);
        std::vector<std::string> granted;
        std::vector<std::string> decisions;
        TextTable table;
        for (std::size_t i = 0; i < rows_.size(); ++i) {
            const bool decides = rows_[i] == report_.deciding;
            if (is_marked) keys[i].insert(0, decides ? "> " : "  ");
            granted.push_back(is_refused ? "" : cell(rows_[i]->granted));
            decisions.push_back(decision_text(*rows_[i]));
            if (decides && look_.has_colours) table.style_row(i, is_refused ? kRed : kYellow, kPlain);
        }
        table.add_column(is_marked ? "  key" : "key", Column::name, std::move(keys));
        for (const std::size_t group : shown)
            table.add_column(group_name(report_, groups_[group]), Column::list, asks_of(rows_, groups_[group].front()));
        table.add_column("granted", Column::list, std::move(granted));
        table.add_column("decision", Column::text, std::move(decisions));
        return table;
    }

    const OpenNvSciReport& report_;
    const MatrixLook look_;
    const Rows rows_;
    const std::vector<Group> groups_;
};

}  // namespace

std::string matrix(const OpenNvSciReport& report, const MatrixLook& look) {
    return Matrix(report, look).text();
}

}  // namespace opennvsci::tool
