// SPDX-License-Identifier: Apache-2.0
#include "api/inspected_holders.h"

#include <memory>

#include "attr/list.h"
#include "attr/printable.h"

namespace opennvsci::api {

void write_holders(InspectionWriter& out, std::string_view key, const std::vector<Holder>& holders,
                   std::string_view name) {
    out.some_of(key, holders, [&](const Holder& holder) {
        out.json().begin_object();
        out.handle(name, holder.number);
        out.since(holder.since);
        out.json().end_object();
    });
}

void write_transfers(InspectionWriter& out, const std::vector<Transfer>& transfers) {
    out.some_of("transfers", transfers, [&](const Transfer& transfer) {
        out.json().begin_object();
        out.text("way", transfer.way == Transfer::Way::to_peer ? "to" : "from");
        out.text("peer", transfer.peer);
        out.text("endpoint", transfer.endpoint);
        out.since(transfer.since);
        out.json().end_object();
    });
}

void write_device(InspectionWriter& out, const vulkan::PhysicalDevice& device) {
    out.text("device", device.name());
    out.text("uuid", device.uuid().text());
}

void write_reconciled(InspectionWriter& out, const attr::List& list) {
    const auto report = list.report();
    const std::vector<attr::Participant> none;
    out.some_of("participants", report != nullptr ? report->participants() : none,
                [&](const attr::Participant& participant) {
                    out.json().string(attr::shortened(participant.text(), InspectionWriter::kMostTextBytes));
                });
    out.json().key("keys");
    out.json().begin_object();
    list.reconciled().for_each_set([&](std::size_t index, attr::Bytes value) {
        const attr::Key& key = list.schema().keys()[index];
        if (key.direction != attr::Direction::internal) out.text(key.name, key.text(value));
    });
    out.json().end_object();
}

}  // namespace opennvsci::api
