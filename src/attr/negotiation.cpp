// SPDX-License-Identifier: Apache-2.0
#include "attr/negotiation.h"

#include <fmt/format.h>

#include "attr/conflict.h"

namespace opennvsci::attr {

Negotiation::Negotiation(const Schema& schema, std::span<const List* const> lists) : schema_(&schema), result_(schema) {
    std::size_t slots = 0;
    for (const List* list : lists)
        slots += list->slot_count();
    report_.reserve(slots);
    asks_.reserve(slots);
    std::uint32_t position = 0;
    for (const List* list : lists)
        add(*list, position++);
}

void Negotiation::add(const List& list, std::uint32_t position) {
    const std::size_t slot_count = list.slot_count();
    std::uint32_t slot_number = 0;
    list.for_each_slot([&](const NamedSlot& slot) {
        const auto participant = static_cast<std::uint32_t>(report_.participants().size());
        report_.add_participant({position, slot_number++, slot_count == 1, slot.name});
        slot.values.for_each_set(
            [&](std::size_t key_index, Bytes value) { report_.add_ask(key_index, participant, value); });
    });
}

Result<> Negotiation::merge(const Key& key) {
    const std::span<const Ask> asks = this->asks(key.number);
    if (asks.empty()) return {};
    if (key.merge->merge(key, asks, result_)) {
        report_.decide(schema_->index_of(key), {Outcome::granted, {}, {}});
        return {};
    }
    ConflictText text = explain_conflict(result_, key, asks, report_.participants());
    return refuse(key.number, NvSciError_ReconciliationFailed, std::move(text.reason), std::move(text.suggestion));
}

tl::unexpected<Error> Negotiation::refuse(std::uint32_t number, NvSciError code, std::string reason,
                                          std::string suggestion) {
    const Key& refused = key(number);
    if (code == NvSciError_ReconciliationFailed || code == NvSciError_UnsupportedConfig) {
        for (const Ask& ask : asks(number)) {
            NamedSlot slot{Slot(*schema_), report_.participants()[ask.participant].text()};
            slot.values.put(refused, ask.value);
            conflict_slots_.push_back(std::move(slot));
        }
        // A conflict that follows from other keys still yields a list, empty for this key.
        if (conflict_slots_.empty()) conflict_slots_.push_back({Slot(*schema_), {}});
    }
    std::string text = fmt::format("{}: {}", refused.name, reason);
    if (!suggestion.empty()) text += fmt::format(". To avoid it: {}", suggestion);
    report_.decide(schema_->index_of(refused), {Outcome::refused, std::move(reason), std::move(suggestion)});
    return fail(code, std::move(text));
}

std::unique_ptr<List> Negotiation::take_reconciled() {
    std::vector<NamedSlot> slots;
    slots.push_back({std::move(result_), {}});
    return std::make_unique<List>(List::Kind::reconciled, std::move(slots),
                                  std::make_shared<const Report>(std::move(report_)));
}

std::unique_ptr<List> Negotiation::take_conflict() {
    if (conflict_slots_.empty()) return nullptr;
    return std::make_unique<List>(List::Kind::conflict, std::move(conflict_slots_),
                                  std::make_shared<const Report>(std::move(report_)));
}

}  // namespace opennvsci::attr
