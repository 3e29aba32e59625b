// SPDX-License-Identifier: Apache-2.0
#include <bitset>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "api/handles.h"
#include "api/inspection_document.h"
#include "attr/printable.h"

namespace opennvsci::api {
namespace {

const char* name_of(attr::List::Kind kind) noexcept {
    switch (kind) {
        case attr::List::Kind::unreconciled:
            return "unreconciled";
        case attr::List::Kind::reconciled:
            return "reconciled";
        case attr::List::Kind::conflict:
            return "conflict";
    }
    return "unknown";
}

// What an entry tells of a list, copied, so that its lock is held for that alone.
struct Facts {
    std::size_t participants = 0;
    std::vector<std::string> names;  // the first of those that have one
    std::bitset<attr::Schema::kMaxKeys> keys;

    void add(std::string name) {
        ++participants;
        if (!name.empty() && names.size() < InspectionWriter::kMostInAnEntry) names.push_back(std::move(name));
    }
    void add_keys(const attr::Values& values) {
        values.for_each_set([&](std::size_t index, attr::Bytes) { keys.set(index); });
    }
};

std::string name_of(const attr::Wishes& wishes) {
    return wishes.origin.is_this_process() ? wishes.name : attr::origin_text(wishes.origin, wishes.name);
}

Facts facts_of(const attr::List& list) {
    Facts facts;
    list.for_each_participant([&](const attr::Wishes& wishes) {
        facts.add(name_of(wishes));
        facts.add_keys(wishes.values);
    });
    if (!list.is_reconciled()) return facts;
    facts.add_keys(list.reconciled());
    if (const auto report = list.report(); report != nullptr) {
        for (const attr::Participant& participant : report->participants())
            facts.add(participant.text());
    }
    return facts;
}

void write_list(InspectionWriter& out, const char* library, const ListEntry& entry) {
    const attr::List& list = *entry.list;
    const Facts facts = facts_of(list);
    out.text("library", library);
    out.text("kind", name_of(list.kind()));
    out.boolean("is_of_object", entry.is_borrowed);
    out.module(entry.module.get());
    out.number("participant_count", facts.participants);
    out.some_of("participants", facts.names, [&](const std::string& name) {
        out.json().string(attr::shortened(name, InspectionWriter::kMostTextBytes));
    });
    out.json().key("keys");
    out.json().begin_array();
    for (std::size_t i = 0; i < list.schema().keys().size(); ++i) {
        const attr::Key& key = list.schema().keys()[i];
        if (facts.keys.test(i) && key.direction != attr::Direction::internal) out.json().string(key.name);
    }
    out.json().end_array();
    out.since(entry.since);
}

}  // namespace

void write_lists(InspectionWriter& out) {
    out.kind_of_table("lists", lists(), [&](std::uint64_t, const std::unique_ptr<ListEntry>& entry) {
        write_list(out, "NvSciBuf", *entry);
    });
    out.kind_of_table("sync_lists", sync_lists(), [&](std::uint64_t, const std::unique_ptr<ListEntry>& entry) {
        write_list(out, "NvSciSync", *entry);
    });
}

}  // namespace opennvsci::api
