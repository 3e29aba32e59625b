// SPDX-License-Identifier: Apache-2.0
#include "demo/report.h"

#include <fmt/format.h>

#include <utility>
#include <vector>

#include "outcome.h"
#include "output.h"
#include "text_table.h"

namespace opennvsci::tool {
namespace {

std::string outcome_with_reason(const OpenNvSciDecision& decision) {
    std::string text = outcome_text(decision.outcome);
    if (*decision.reason != '\0') text += fmt::format(": {}", shorten_uuids(decision.reason));
    if (*decision.suggestion != '\0') text += fmt::format("; to avoid it: {}", shorten_uuids(decision.suggestion));
    return text;
}

}  // namespace

void print_done(const std::string& line) {
    print("  ok  {}\n", line);
}

std::string short_key_name(std::string_view name) {
    constexpr std::string_view kStart = "NvSciBuf";
    constexpr std::string_view kMiddle = "AttrKey_";
    const auto middle = name.find(kMiddle);
    if (name.substr(0, kStart.size()) != kStart || middle == std::string_view::npos) return std::string(name);
    const std::string_view kind = name.substr(kStart.size(), middle - kStart.size());
    const std::string_view key = name.substr(middle + kMiddle.size());
    return kind == "General" ? std::string(key) : fmt::format("{} {}", kind, key);
}

std::string decisions_table(std::span<const OpenNvSciDecision> decisions) {
    std::vector<std::string> keys;
    std::vector<std::string> requested;
    std::vector<std::string> granted;
    std::vector<std::string> outcomes;
    for (const OpenNvSciDecision& decision : decisions) {
        keys.push_back(short_key_name(decision.keyName));
        requested.push_back(shorten_uuids(decision.requested));
        granted.push_back(shorten_uuids(decision.granted));
        outcomes.push_back(outcome_with_reason(decision));
    }
    TextTable table;
    table.add_column("key", Column::name, std::move(keys));
    table.add_column("requested", Column::list, std::move(requested));
    table.add_column("granted", Column::list, std::move(granted));
    table.add_column("outcome", Column::text, std::move(outcomes));
    return table.text(terminal_width());
}

}  // namespace opennvsci::tool
