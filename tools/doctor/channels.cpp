// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <chrono>
#include <nlohmann/json.hpp>
#include <string_view>
#include <utility>

#include "doctor/folder.h"
#include "doctor/own_command.h"

namespace opennvsci::tool {
namespace {

constexpr std::chrono::milliseconds kLongestLook{10'000};
constexpr std::size_t kMostWarnings = 8;

// The lines of the library's log, without what stands in front of each.
std::vector<std::string> warnings_in(std::string_view text) {
    constexpr std::string_view kStart = "opennvsci: warning: ";
    std::vector<std::string> warnings;
    while (!text.empty()) {
        const std::size_t end = std::min(text.find('\n'), text.size());
        const std::string_view line = text.substr(0, end);
        if (line.starts_with(kStart)) warnings.emplace_back(line.substr(kStart.size()));
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    return warnings;
}

}  // namespace

ChannelFacts look_at_channels() {
    ChannelFacts facts;
    const CommandOutcome outcome = run_own_command({"ipc", "--json"}, {"OPENNVSCI_LOG=warning"}, kLongestLook);
    facts.warnings = warnings_in(outcome.errors);
    const auto printed = outcome.json();
    if (!printed) {
        facts.failure = outcome.reason();
        return facts;
    }
    try {
        facts.configuration = printed->at("configuration");
        for (const Json& channel : printed->at("channels")) {
            ++facts.channels;
            if (channel.at("endpoints").size() != 2) facts.unusable.push_back(channel.at("endpoints").at(0).at("name"));
        }
    } catch (const Json::exception&) {
        facts.failure = "`opennvsci ipc` has printed something else than its JSON";
    }
    return facts;
}

std::vector<Finding> check_channels(const ChannelFacts& facts) {
    Findings findings("channels");
    constexpr const char* kForm = "lines like INTER_PROCESS camera_0 camera_1 16 24576 (docs/porting.md)";
    const bool is_of_folder =
        !facts.refused_folder.empty() && facts.failure.find(facts.refused_folder) != std::string::npos;
    if (is_of_folder) {
        findings.note("configuration", "cannot be looked at before the runtime folder can be used",
                      "a runtime folder without a problem", "");
    } else if (!facts.failure.empty()) {
        findings.problem("configuration and folder", facts.failure,
                         "a readable configuration, and a folder of this user",
                         "correct what is named, or unset OPENNVSCI_IPC_CFG and OPENNVSCI_RUNTIME_DIR");
    } else {
        findings.ok("configuration", fmt::format("{}, {} channels", facts.configuration, facts.channels));
    }
    for (std::size_t i = 0; i < std::min(facts.warnings.size(), kMostWarnings); ++i)
        findings.problem("configuration", facts.warnings[i], kForm, "correct the line");
    if (facts.warnings.size() > kMostWarnings) {
        findings.problem("configuration",
                         fmt::format("{} more lines are ignored", facts.warnings.size() - kMostWarnings), kForm,
                         "correct them; `opennvsci ipc` names all");
    }
    if (!facts.unusable.empty()) {
        findings.note("kinds of channels", fmt::format("{} cannot be opened", fmt::join(facts.unusable, ", ")),
                      "INTER_PROCESS or INTER_THREAD; between virtual machines and chips is nothing here", "");
    }
    return std::move(findings).take();
}

}  // namespace opennvsci::tool
