// SPDX-License-Identifier: Apache-2.0
#include "explain/words.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <sstream>

#include "explain/rerun.h"
#include "outcome.h"
#include "text_table.h"

namespace opennvsci::tool {
namespace {

// Why, in as many words as a table has room for.
const char* reason_words(OpenNvSciReason reason) {
    switch (reason) {
        case OpenNvSciReason_Conflict:
            return "they disagree";
        case OpenNvSciReason_IllegalValue:
            return "nobody may ask this";
        case OpenNvSciReason_Missing:
            return "nobody says it";
        case OpenNvSciReason_Excluded:
            return "it excludes another key";
        case OpenNvSciReason_Inconsistent:
            return "it does not fit other keys";
        case OpenNvSciReason_UnknownGpu:
            return "unknown GPU";
        case OpenNvSciReason_NoPlace:
            return "no memory fits";
        case OpenNvSciReason_NotSupported:
            return "not supported here";
        case OpenNvSciReason_TooLarge:
            return "too large";
        case OpenNvSciReason_Roles:
            return "who signals, who waits";
        case OpenNvSciReason_NoCommonPrimitive:
            return "no common primitive";
        case OpenNvSciReason_ForPeers:
            return "for peers only";
        default:
            return "";
    }
}

// A member of an object that may be missing or be anything; empty then.
std::string text_in(const Json& object, const char* member) {
    const auto found = object.find(member);
    if (found == object.end()) return {};
    if (found->is_string()) return printable(found->get<std::string>());
    return found->is_number() ? found->dump() : std::string();
}

// "KEY granted SignalOnly, here WaitSignal; ...": the first of those about which something else was decided.
std::string differing_keys(const RecordedEnd& recorded, const OpenNvSciReport& report) {
    constexpr std::size_t kMostShown = 5;
    std::map<std::string, RecordedDecision> now;
    const Json made = Json::parse(report.json);
    for (RecordedDecision& decision : decisions_in(made["report"]))
        now[decision.key] = std::move(decision);
    std::string text;
    std::size_t count = 0;
    for (const RecordedDecision& then : recorded.decisions) {
        const auto found = now.find(then.key);
        const std::string outcome = found == now.end() ? "not decided" : found->second.outcome;
        const std::string granted = found == now.end() ? "unset" : found->second.granted;
        if (then.granted == granted && then.outcome == outcome) continue;
        if (++count > kMostShown) continue;
        const auto words = [&](const std::string& its_outcome, const std::string& its_value) {
            const std::string value = its_value.empty() ? "unset" : shortened(its_value, 100);
            return then.outcome == outcome ? value : fmt::format("{} ({})", value, its_outcome);
        };
        text += fmt::format("{}{} {}, here {}", text.empty() ? "" : "; ", then.key, words(then.outcome, then.granted),
                            words(outcome, granted));
    }
    return count > kMostShown ? fmt::format("{}; and {} more", text, count - kMostShown) : text;
}

std::string end_in_words(const std::string& outcome, const std::string& key) {
    return key.empty() ? outcome : fmt::format("{} by {}", outcome, key);
}

}  // namespace

std::string decision_text(const OpenNvSciDecision& decision) {
    const bool is_short = decision.outcome != OpenNvSciOutcome_Refused && decision.outcome != OpenNvSciOutcome_Denied;
    const char* const reason = is_short ? "" : reason_words(decision.reasonCode);
    return fmt::format("{}{}{}", outcome_text(decision.outcome), *reason == '\0' ? "" : ": ", reason);
}

std::string end_text(const Negotiation& negotiation, const OpenNvSciReport& report) {
    constexpr std::array kEnds{"reconciles", "reconciles, without something that was asked for", "does not reconcile"};
    return fmt::format("{}, {} participant{}: {}", negotiation.interface->name, report.participantCount,
                       report.participantCount == 1 ? "" : "s", kEnds[static_cast<std::size_t>(report.verdict)]);
}

std::string origin_text(const Negotiation& negotiation) {
    std::string text = fmt::format("[{}]", negotiation.number);
    const char* separator = " ";
    const auto add = [&](const std::string& part) {
        if (!part.empty()) text += std::exchange(separator, ", ") + part;
    };
    const auto member = [&](const char* name) { return negotiation.origin.value(name, Json::object()); };
    const Json call = member("call");
    add(text_in(call, "function"));
    const std::string line = text_in(call, "line");
    const std::string file = text_in(call, "file");
    if (!file.empty()) add(line.empty() ? file : fmt::format("{}:{}", file, line));
    if (file.empty() && !text_in(call, "program").empty()) {
        add(fmt::format("{} at {}", text_in(call, "program"), text_in(call, "offset")));
    }
    const Json process = member("process");
    const std::string name = text_in(process, "name");
    const std::string pid = text_in(process, "pid");
    if (!pid.empty()) add(fmt::format("process {}{}", pid, name.empty() ? "" : fmt::format(" ({})", name)));
    add(text_in(negotiation.origin, "time"));
    if (text.ends_with(']')) add(negotiation.place);
    return text;
}

std::string difference_text(const Negotiation& negotiation, const OpenNvSciReport& report) {
    const auto& all = negotiation.participants;
    const bool has_peers = std::any_of(all.begin(), all.end(), [](const Wishes& one) { return !one.peer.empty(); });
    const bool has_vulkan = std::any_of(all.begin(), all.end(), [](const Wishes& one) { return one.is_vulkan; });
    const char* const peers = "Lists of peers are reconciled here as if they were of this process";
    std::string text;
    if (negotiation.recorded) {
        const std::string key = report.deciding != nullptr ? report.deciding->keyName : "";
        const std::string now = verdict_name(report.verdict);
        const bool is_other_end = negotiation.recorded->outcome != now || negotiation.recorded->deciding_key != key;
        if (is_other_end) {
            text = fmt::format("Recorded: {}. Here and now: {}. ",
                               end_in_words(negotiation.recorded->outcome, negotiation.recorded->deciding_key),
                               end_in_words(now, key));
        } else if (const std::string keys = differing_keys(*negotiation.recorded, report); !keys.empty()) {
            text = fmt::format("Recorded: {}. ", keys);
        }
        if (!text.empty() && !has_peers && !has_vulkan) {
            text += "The machine, the driver or OpenNvSci is another one.";
        }
    }
    if (has_vulkan) {
        text +=
            "Lists of Vulkan devices are reconciled here without what the devices can do, and so is what was tried.";
        if (has_peers) text += ' ';
    }
    if (has_peers) {
        text += fmt::format("{}{}", peers, text.empty() ? ". " : ", while the program told them apart. ");
        text += "Who may do what, and where the memory lies, may be otherwise between processes.";
    }
    return text.empty() ? text : text + '\n';
}

std::string wrapped(std::string_view text, std::size_t width) {
    std::string all;
    std::istringstream lines{std::string(text)};
    for (std::string line; std::getline(lines, line);) {
        const std::size_t indent = std::min(line.find_first_not_of(' '), line.size());
        std::size_t in = indent;
        for (const std::string& part : wrap(line, width - std::min(width / 2, indent + 2))) {
            all += std::string(in, ' ') + part + '\n';
            in = indent + 2;
        }
        if (line.empty()) all += '\n';
    }
    return all;
}

}  // namespace opennvsci::tool
