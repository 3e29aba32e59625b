// SPDX-License-Identifier: Apache-2.0
#include "doctor/report.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "text_table.h"

namespace opennvsci::tool {
namespace {

const char* name_of(State state) {
    switch (state) {
        case State::ok:
            return "ok";
        case State::note:
            return "note";
        case State::problem:
            return "problem";
    }
    return "";
}

std::string counted(std::size_t count, const char* what) {
    return fmt::format("{} {}{}", count, what, count == 1 ? "" : "s");
}

std::size_t count_of(const std::vector<Finding>& findings, State state) {
    return static_cast<std::size_t>(std::count_if(findings.begin(), findings.end(),
                                                  [&](const Finding& finding) { return finding.state == state; }));
}

// The rows of one area. The column of the states is as wide in every area.
class AreaTable {
  public:
    void add(const Finding& finding) {
        row(fmt::format("{:<7}", name_of(finding.state)), finding.title + ": " + finding.found);
        if (!finding.needed.empty()) row("", "needed: " + finding.needed);
        if (!finding.remedy.empty()) row("", "remedy: " + finding.remedy);
    }
    [[nodiscard]] std::string text(std::size_t width) && {
        TextTable table;
        table.add_column("", Column::name, std::move(states_));
        table.add_column("", Column::text, std::move(texts_));
        return table.text(width);
    }

  private:
    void row(std::string state, const std::string& text) {
        states_.push_back(std::move(state));
        texts_.push_back(printable(text));
    }
    std::vector<std::string> states_;
    std::vector<std::string> texts_;
};

}  // namespace

bool is_healthy(const std::vector<Finding>& findings) {
    return count_of(findings, State::problem) == 0;
}

std::string findings_text(const std::vector<Finding>& findings, std::size_t width) {
    std::vector<std::string> areas;
    for (const Finding& finding : findings) {
        if (std::find(areas.begin(), areas.end(), finding.area) == areas.end()) areas.push_back(finding.area);
    }
    std::string all;
    for (const std::string& area : areas) {
        AreaTable table;
        for (const Finding& finding : findings) {
            if (finding.area == area) table.add(finding);
        }
        all += fmt::format("{}\n{}\n", area, std::move(table).text(width));
    }
    return all + fmt::format("{}, {}\n", counted(count_of(findings, State::problem), "problem"),
                             counted(count_of(findings, State::note), "note"));
}

Json findings_json(const std::vector<Finding>& findings) {
    auto all = Json::array();
    for (const Finding& finding : findings) {
        all.push_back({{"area", finding.area},
                       {"state", name_of(finding.state)},
                       {"title", finding.title},
                       {"found", finding.found},
                       {"needed", finding.needed},
                       {"remedy", finding.remedy}});
    }
    return {{"is_healthy", is_healthy(findings)}, {"findings", std::move(all)}};
}

}  // namespace opennvsci::tool
