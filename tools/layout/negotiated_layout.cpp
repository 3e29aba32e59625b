// SPDX-License-Identifier: Apache-2.0
#include "layout/negotiated_layout.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "layout/wishes.h"

namespace opennvsci::tool {
namespace {

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
    std::string title = fmt::format("{} {} {}, {}", options.type, fmt::join(options.formats, ","),
                                    fmt::join(options.sizes, ","), options.arrangement);
    if (options.interlaced) title += ", interlaced";
    if (options.type == "pyramid") title += fmt::format(", {} levels, scale {}", *options.levels, options.scale);
    return title;
}

Result<NegotiatedLayout> negotiate_layout(const LayoutOptions& options, const Participant& participant) {
    Module module;
    OPENNVSCI_TRY(check(NvSciBufModuleOpen(module.out()), "NvSciBufModuleOpen"));
    OPENNVSCI_TRY_ASSIGN(list, reconcile(module, std::span(&participant, 1)));
    const OpenNvSciBufLayout* layout = nullptr;
    OPENNVSCI_TRY(check(opennvsciBufAttrListGetLayout(list.get(), &layout), "opennvsciBufAttrListGetLayout"));
    return NegotiatedLayout{title_of(options), std::move(list), layout};
}

}  // namespace

Result<NegotiatedLayout> negotiate_layout(const LayoutOptions& options) {
    OPENNVSCI_TRY_ASSIGN(participant, wishes_of(options));
    auto negotiated = negotiate_layout(options, participant);
    // One buffer is asked for, so the library's reason says it all.
    if (!negotiated) return fail(std::move(negotiated).error().reason);
    return negotiated;
}

}  // namespace opennvsci::tool
