// SPDX-License-Identifier: Apache-2.0
#include "explain/json.h"

#include <array>
#include <span>
#include <utility>
#include <vector>

#include "attr/elements.h"
#include "attr/value_types.h"
#include "explain/text.h"

namespace opennvsci::explain {
namespace {

using attr::Key;

void write_member(JsonWriter& out, std::string_view key, std::string_view text) {
    out.key(key);
    out.string(text);
}

// Numbers and truth values as JSON has them, all else as texts have it.
void write_element(JsonWriter& out, const Key& key, attr::Bytes element) {
    const attr::ValueType* const type = key.type;
    if (type == &attr::value::uint8) return out.number(load<std::uint8_t>(element.data()));
    if (type == &attr::value::uint32) return out.number(load<std::uint32_t>(element.data()));
    if (type == &attr::value::uint64) return out.number(load<std::uint64_t>(element.data()));
    if (type == &attr::value::float32) return out.number(load<float>(element.data()));
    const bool is_boolean = type == &attr::value::boolean && load<std::uint8_t>(element.data()) <= 1;
    if (is_boolean) return out.boolean(load<std::uint8_t>(element.data()) == 1);
    out.string(key.elements_text(element));
}

void write_value(JsonWriter& out, const Key& key, attr::Bytes value) {
    if (value.empty()) return out.null();
    if (key.max_count == 1) return write_element(out, key, value);
    out.begin_array();
    for (const attr::Bytes element : attr::elements(key, value))
        write_element(out, key, element);
    out.end_array();
}

// A list of a Vulkan device asks for what the device can do too, with keys that no program sets.
std::vector<bool> find_vulkan(const attr::Report& report, const attr::Schema& schema) {
    std::vector<bool> are_vulkan(report.participants().size());
    for (std::size_t index = 0; index < schema.keys().size(); ++index) {
        const Key& key = schema.keys()[index];
        if (key.direction != attr::Direction::internal || !key.can_be_asked() || !report.is_asked(index)) continue;
        report.for_each_ask(index, [&](std::uint32_t number, attr::Bytes) { are_vulkan[number] = true; });
    }
    return are_vulkan;
}

void write_participants(JsonWriter& out, const Explanation& all) {
    std::vector<std::vector<std::pair<const Key*, attr::Bytes>>> asks(all.participants.size());
    for (const Line& line : all.lines) {
        for (const Ask& ask : line.asks)
            asks[ask.participant].push_back({line.key, ask.value});
    }
    const std::vector<bool> are_vulkan = find_vulkan(*all.report, all.library->schema());
    out.key("participants");
    out.begin_array();
    for (std::size_t i = 0; i < all.participants.size(); ++i) {
        const attr::Participant& participant = all.report->participants()[i];
        out.begin_object();
        write_member(out, "name", all.participants[i]);
        if (!participant.origin.is_this_process()) write_member(out, "peer", participant.origin.peer);
        if (are_vulkan[i]) {
            out.key("is_vulkan");
            out.boolean(true);
        }
        out.key("asks");
        out.begin_object();
        for (const auto& [key, value] : asks[i]) {
            out.key(key->name);
            write_value(out, *key, value);
        }
        out.end_object();
        out.end_object();
    }
    out.end_array();
}

void write_change(JsonWriter& out, const attr::Schema& schema, const attr::Change& change) {
    constexpr std::array kKinds{"leave_out", "set", "leave_apart"};
    const Key& key = *schema.find(change.key);
    out.begin_object();
    out.key("participant");
    out.number(change.participant);
    write_member(out, "key", key.name);
    write_member(out, "change", kKinds[static_cast<std::size_t>(change.kind)]);
    if (change.kind == attr::Change::Kind::set) {
        out.key("value");
        write_value(out, key, change.value);
        write_member(out, "text", key.text(change.value));
    }
    out.end_object();
}

void write_advice(JsonWriter& out, const attr::Schema& schema, const attr::Advice& advice) {
    constexpr std::array kStates{"not_tried", "needs_value", "verified", "not_enough"};
    out.begin_object();
    write_member(out, "text", advice.words);
    write_member(out, "state", kStates[static_cast<std::size_t>(advice.trial.state)]);
    write_member(out, "then", advice.trial.then);
    out.key("changes");
    out.begin_array();
    for (const attr::Change& change : advice.changes)
        write_change(out, schema, change);
    out.end_array();
    out.end_object();
}

void write_suggestions(JsonWriter& out, const attr::Schema& schema, std::span<const attr::Advice> advice) {
    out.key("suggestion");
    if (advice.empty()) return out.null();
    write_advice(out, schema, advice.front());
    if (advice.size() == 1) return;
    out.key("other_suggestions");
    out.begin_array();
    for (const attr::Advice& other : advice.subspan(1))
        write_advice(out, schema, other);
    out.end_array();
}

void write_line(JsonWriter& out, const attr::Schema& schema, const Line& line) {
    out.begin_object();
    write_member(out, "key", line.key->name);
    write_member(out, "outcome", line.outcome ? attr::outcome_name(*line.outcome) : "undecided");
    write_member(out, "reason_code",
                 attr::reason_name(line.decision != nullptr ? line.decision->reason : attr::Reason::none));
    write_member(out, "rule", line.key->merge != nullptr ? line.key->merge->name : "");
    write_member(out, "rule_text", line.key->merge != nullptr ? line.key->merge->text : "");
    out.key("asks");
    out.begin_array();
    for (const Ask& ask : line.asks) {
        out.begin_object();
        out.key("participant");
        out.number(ask.participant);
        out.key("value");
        write_value(out, *line.key, ask.value);
        write_member(out, "text", ask.text);
        out.end_object();
    }
    out.end_array();
    out.key("granted");
    write_value(out, *line.key, line.granted);
    write_member(out, "granted_text", line.granted_text);
    write_member(out, "reason", line.reason);
    const std::uint32_t cause = line.decision != nullptr ? line.decision->follows_from : 0;
    if (cause != 0) write_member(out, "follows_from", schema.find(cause)->name);
    write_suggestions(out, schema, line.advice);
    out.end_object();
}

void write_places(JsonWriter& out, const attr::Schema& schema, const attr::Report& report) {
    out.key("places");
    out.begin_array();
    for (std::size_t i = 0; i < report.places().size(); ++i) {
        const attr::Place& place = report.places()[i];
        out.begin_object();
        write_member(out, "memory", place.name);
        out.key("gpu");
        if (place.gpu.is_null()) {
            out.null();
        } else {
            out.string(place.gpu.text());
        }
        out.key("fits");
        out.boolean(place.obstacle.empty());
        out.key("is_chosen");
        out.boolean(report.chosen_place() == i);
        write_member(out, "reason", attr::words_of(schema, report, place.obstacle));
        out.end_object();
    }
    out.end_array();
}

void write_report(JsonWriter& out, const Explanation& all, const Error* failure) {
    out.key("report");
    out.begin_object();
    write_member(out, "outcome", verdict_name(all.verdict));
    write_member(out, "summary", all.summary);
    write_member(out, "conclusion", all.conclusion);
    out.key("deciding_key");
    if (all.deciding) {
        out.string(all.lines[*all.deciding].key->name);
    } else {
        out.null();
    }
    if (failure != nullptr) write_member(out, "error", failure->text);
    out.key("decisions");
    out.begin_array();
    for (const Line& line : all.lines)
        write_line(out, all.library->schema(), line);
    out.end_array();
    write_places(out, all.library->schema(), *all.report);
    write_member(out, "text", text_of(all, Detail::brief));
    out.end_object();
}

}  // namespace

void write_members(JsonWriter& out, const Explanation& explanation, const Error* failure) {
    write_member(out, "interface", explanation.library->name);
    write_participants(out, explanation);
    write_report(out, explanation, failure);
}

std::string json_of(const Explanation& explanation, const Error* failure) {
    std::string text;
    JsonWriter out(text);
    out.begin_object();
    out.key("format_version");
    out.number(kFormatVersion);
    write_members(out, explanation, failure);
    out.end_object();
    return text;
}

}  // namespace opennvsci::explain
