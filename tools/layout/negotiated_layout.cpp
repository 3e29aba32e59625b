// SPDX-License-Identifier: Apache-2.0
#include "layout/negotiated_layout.h"

#include <fmt/format.h>

#include "base/uuid.h"
#include "buf/keys.h"
#include "buf/reconcile.h"
#include "layout/wishes.h"

namespace opennvsci::tool {
namespace {

using attr::List;

Result<std::unique_ptr<List>> reconcile(const Participant& participant) {
    List list(buf::schema());
    OPENNVSCI_TRY(list.set_name(participant.name()));
    const auto& wishes = participant.wishes();
    OPENNVSCI_TRY(list.set(wishes.size(), [&](std::size_t i) -> attr::KeyValue {
        return {static_cast<std::uint32_t>(wishes[i].key), wishes[i].value.data(), wishes[i].value.size()};
    }));
    const List* const lists[] = {&list};
    return buf::reconcile(lists).list;
}

std::string dimensions_text(const std::vector<std::uint64_t>& dimensions) {
    std::string text;
    for (const std::uint64_t count : dimensions)
        text += fmt::format("{}{}", text.empty() ? "" : "x", count);
    return text;
}

// The buffer in the words of the command line.
std::string title_of(const LayoutOptions& options) {
    if (options.type == "tensor") return fmt::format("tensor {} {}", dimensions_text(options.dims), options.data_type);
    if (options.type == "array") return fmt::format("array {} {}", *options.capacity, options.data_type);
    if (options.type == "raw") return fmt::format("raw buffer, {} bytes", *options.bytes);
    std::string title = fmt::format("{} {} {}, {}", options.type, options.format, options.size, options.arrangement);
    if (options.interlaced) title += ", interlaced";
    if (options.type == "pyramid") title += fmt::format(", {} levels, scale {}", *options.levels, options.scale);
    return title;
}

}  // namespace

Result<NegotiatedLayout> negotiate_layout(const LayoutOptions& options) {
    OPENNVSCI_TRY_ASSIGN(participant, wishes_of(options));
    OPENNVSCI_TRY_ASSIGN(list, reconcile(participant));
    const attr::Slot& reconciled = list->reconciled();
    OPENNVSCI_TRY_ASSIGN(regions, buf::layout_of(reconciled));
    const attr::Key& domain = *buf::schema().find(buf::kMemoryDomain);
    const auto gpu = reconciled.scalar<NvSciRmGpuId>(buf::kMemoryGpu);
    return NegotiatedLayout{title_of(options), std::move(regions), domain.text(reconciled.get(domain)),
                            list->report()->decision(buf::schema().index_of(domain))->reason.c_str(),
                            gpu ? Uuid::from(gpu->bytes).text() : ""};
}

}  // namespace opennvsci::tool
