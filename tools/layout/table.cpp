// SPDX-License-Identifier: Apache-2.0
#include "layout/table.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <cstring>
#include <nlohmann/json.hpp>
#include <vector>

#include "device_choice.h"
#include "text_table.h"

namespace opennvsci::tool {

using Region = OpenNvSciBufRegion;

namespace {

std::string joined(const std::uint64_t* numbers, std::size_t count, const char* separator) {
    return fmt::format("{}", fmt::join(numbers, numbers + count, separator));
}

std::string text_if(bool is_there, const std::string& text) {
    return is_there ? text : "";
}

struct RegionColumn {
    const char* title;
    Column kind;
    std::string (*text)(const Region& region);
};
constexpr RegionColumn kColumns[] = {
    {"region", Column::name, [](const Region& region) { return std::string(region.name); }},
    {"format", Column::name, [](const Region& region) { return std::string(region.element); }},
    {"width x height", Column::number,
     [](const Region& region) {
         return text_if(is_plane(region), fmt::format("{} x {}", region.width, region.height));
     }},
    {"elements", Column::list,
     [](const Region& region) { return joined(region.elementsPerDim, region.dimensionCount, " x "); }},
    {"strides", Column::list,
     [](const Region& region) { return joined(region.stridesPerDim, region.dimensionCount, ", "); }},
    {"offset", Column::number, [](const Region& region) { return fmt::format("{}", region.offset); }},
    {"pitch", Column::number,
     [](const Region& region) { return text_if(is_plane(region), fmt::format("{}", region.pitch)); }},
    {"aligned height", Column::number,
     [](const Region& region) { return text_if(is_plane(region), fmt::format("{}", region.alignedHeight)); }},
    {"second field", Column::number,
     [](const Region& region) {
         return text_if(region.secondFieldOffset != 0, fmt::format("+{}", region.secondFieldOffset));
     }},
    {"block height", Column::number,
     [](const Region& region) { return text_if(region.blockHeight != 0, fmt::format("{}", region.blockHeight)); }},
    {"used", Column::number, [](const Region& region) { return fmt::format("{}", region.used); }},
    {"size", Column::number, [](const Region& region) { return fmt::format("{}", region.size); }},
    {"waste", Column::number,
     [](const Region& region) { return fmt::format("{:.1f} %", waste_percent(region.used, region.size)); }},
};

std::string regions_table(std::span<const Region> regions) {
    TextTable table;
    for (const RegionColumn& column : kColumns) {
        std::vector<std::string> texts;
        for (const Region& region : regions)
            texts.push_back(column.text(region));
        table.add_column(column.title, column.kind, std::move(texts));
    }
    return table.text(terminal_width());
}

}  // namespace

double waste_percent(std::uint64_t used, std::uint64_t size) {
    return 100.0 * static_cast<double>(size - used) / static_cast<double>(size);
}

std::string layout_table(const NegotiatedLayout& negotiated) {
    const OpenNvSciBufLayout& layout = *negotiated.layout;
    TextTable whole;
    whole.add_column("", Column::name, {"size", "alignment", "memory"});
    whole.add_column(
        "", Column::text,
        {fmt::format("{} bytes, of which {} ({:.1f} %) are waste", layout.size, layout.size - layout.used,
                     waste_percent(layout.used, layout.size)),
         fmt::format("{} bytes", layout.alignment), fmt::format("{}: {}", layout.memory, layout.memoryReason)});
    return fmt::format("{}\n\n{}\n{}", negotiated.title, regions_table(negotiated.regions()),
                       whole.text(terminal_width()));
}

Json layout_json(const NegotiatedLayout& negotiated) {
    const OpenNvSciBufLayout& layout = *negotiated.layout;
    auto regions = Json::array();
    for (const Region& region : negotiated.regions()) {
        Json json{{"name", region.name},
                  {"format", region.element},
                  {"offset", region.offset},
                  {"size", region.size},
                  {"used", region.used}};
        if (is_plane(region)) {
            json["width"] = region.width;
            json["height"] = region.height;
            json["row_bytes"] = region.rowBytes;
            json["pitch"] = region.pitch;
            json["aligned_height"] = region.alignedHeight;
            json["second_field_offset"] = region.secondFieldOffset;
            json["block_height_gobs"] = region.blockHeight;
        }
        for (std::uint32_t i = 0; i < region.dimensionCount; ++i)
            json["dimensions"].push_back({{"count", region.elementsPerDim[i]}, {"stride", region.stridesPerDim[i]}});
        regions.push_back(std::move(json));
    }
    const NvSciRmGpuId none{};
    const bool has_gpu = std::memcmp(&layout.memoryGpu, &none, sizeof(none)) != 0;
    return Json{{"title", negotiated.title},
                {"size", layout.size},
                {"used", layout.used},
                {"alignment", layout.alignment},
                {"memory",
                 {{"place", layout.memory},
                  {"reason", layout.memoryReason},
                  {"gpu", has_gpu ? Json(uuid_text(layout.memoryGpu)) : Json(nullptr)}}},
                {"regions", std::move(regions)}};
}

}  // namespace opennvsci::tool
