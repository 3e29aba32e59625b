// SPDX-License-Identifier: Apache-2.0
#include "api/layout_view.h"

#include <algorithm>
#include <string>
#include <vector>

#include "buf/keys.h"
#include "buf/layout.h"

namespace opennvsci::api {
namespace {

// The names point into `region`.
OpenNvSciBufRegion view_of(const buf::Region& region) {
    OpenNvSciBufRegion view{};
    view.name = region.name.c_str();
    view.element = region.element.c_str();
    view.offset = region.offset;
    view.size = region.size;
    view.used = region.used;
    if (region.rows) {
        view.width = region.rows->width;
        view.height = region.rows->height;
        view.rowBytes = region.rows->row_bytes;
        view.secondFieldOffset = region.rows->second_field_offset;
        view.pitch = region.rows->pitch;
        view.alignedHeight = region.rows->aligned_height;
        view.blockHeight = region.rows->block_height;
    }
    view.dimensionCount = static_cast<std::uint32_t>(region.dimensions.size());
    for (std::size_t i = 0; i < region.dimensions.size(); ++i) {
        view.elementsPerDim[i] = region.dimensions[i].count;
        view.stridesPerDim[i] = region.dimensions[i].stride;
    }
    return view;
}

}  // namespace

struct LayoutView::Made {
    buf::Layout layout;                          // what the texts of the regions point into
    std::shared_ptr<const attr::Report> report;  // and the reason
    std::string memory;
    std::string memory_reason;
    std::vector<OpenNvSciBufRegion> regions;
    OpenNvSciBufLayout view{};
};

Result<std::unique_ptr<const LayoutView::Made>> LayoutView::make(const attr::List& list) {
    const attr::Slot& reconciled = list.reconciled();
    const attr::Key& domain = *buf::schema().find(buf::kMemoryDomain);
    auto made = std::make_unique<Made>();
    OPENNVSCI_TRY_ASSIGN(layout, buf::layout_of(reconciled));
    made->layout = std::move(layout);
    made->memory = domain.text(reconciled.get(domain));
    made->regions.reserve(made->layout.regions.size());
    for (const buf::Region& region : made->layout.regions)
        made->regions.push_back(view_of(region));

    OpenNvSciBufLayout& view = made->view;
    view.size = made->layout.size;
    view.alignment = made->layout.alignment;
    view.used = made->layout.used();
    view.regions = made->regions.data();
    view.regionCount = made->regions.size();
    view.memory = made->memory.c_str();
    made->report = list.report();
    const attr::Decision* why = made->report ? made->report->decision(buf::schema().index_of(domain)) : nullptr;
    if (why != nullptr) made->memory_reason = attr::words_of(buf::schema(), *made->report, why->text);
    view.memoryReason = made->memory_reason.c_str();
    view.memoryGpu = reconciled.scalar<NvSciRmGpuId>(buf::kMemoryGpu).value_or(NvSciRmGpuId{});
    return made;
}

LayoutView::LayoutView() = default;
LayoutView::~LayoutView() = default;

Result<const OpenNvSciBufLayout*> LayoutView::of(const attr::List& list) {
    OPENNVSCI_TRY_ASSIGN(made, made_.get([&] { return make(list); }));
    return &made->view;
}

}  // namespace opennvsci::api
