// SPDX-License-Identifier: Apache-2.0
#include "layout/table.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <vector>

namespace opennvsci::tool {

using buf::Dimension;
using buf::Layout;
using buf::Region;

namespace {

std::string joined(const std::vector<Dimension>& dimensions, const char* separator, std::uint64_t Dimension::*member) {
    std::string text;
    for (const Dimension& dimension : dimensions) {
        if (!text.empty()) text += separator;
        text += fmt::format("{}", dimension.*member);
    }
    return text;
}

// A column is left out if it has no text for any region.
struct Column {
    const char* title;
    bool is_number;
    std::string (*text)(const Region& region);
};
constexpr Column kColumns[] = {
    {"region", false, [](const Region& region) { return region.name; }},
    {"format", false, [](const Region& region) { return region.element; }},
    {"width x height", true,
     [](const Region& region) {
         return region.rows ? fmt::format("{} x {}", region.rows->width, region.rows->height) : "";
     }},
    {"elements", true, [](const Region& region) { return joined(region.dimensions, " x ", &Dimension::count); }},
    {"strides", true, [](const Region& region) { return joined(region.dimensions, ", ", &Dimension::stride); }},
    {"offset", true, [](const Region& region) { return fmt::format("{}", region.offset); }},
    {"pitch", true, [](const Region& region) { return region.rows ? fmt::format("{}", region.rows->pitch) : ""; }},
    {"aligned height", true,
     [](const Region& region) { return region.rows ? fmt::format("{}", region.rows->aligned_height) : ""; }},
    {"second field", true,
     [](const Region& region) {
         const bool is_interlaced = region.rows && region.rows->second_field_offset != 0;
         return is_interlaced ? fmt::format("+{}", region.rows->second_field_offset) : "";
     }},
    {"block height", true,
     [](const Region& region) {
         const bool is_tiled = region.rows && region.rows->block_height != 0;
         return is_tiled ? fmt::format("{}", region.rows->block_height) : "";
     }},
    {"used", true, [](const Region& region) { return fmt::format("{}", region.used); }},
    {"size", true, [](const Region& region) { return fmt::format("{}", region.size); }},
    {"waste", true,
     [](const Region& region) { return fmt::format("{:.1f} %", waste_percent(region.used, region.size)); }},
};

void append_cell(std::string& line, const std::string& text, std::size_t width, bool is_number) {
    line += "  ";
    line += is_number ? fmt::format("{:>{}}", text, width) : fmt::format("{:<{}}", text, width);
}

std::string regions_table(const std::vector<Region>& regions) {
    std::string titles;
    std::string rules;
    std::vector<std::string> rows(regions.size());
    for (const Column& column : kColumns) {
        std::vector<std::string> texts;
        std::size_t widest = 0;
        for (const Region& region : regions) {
            texts.push_back(column.text(region));
            widest = std::max(widest, texts.back().size());
        }
        if (widest == 0) continue;
        const std::size_t width = std::max(widest, std::string_view(column.title).size());
        append_cell(titles, column.title, width, column.is_number);
        append_cell(rules, std::string(width, '-'), width, false);
        for (std::size_t i = 0; i < regions.size(); ++i)
            append_cell(rows[i], texts[i], width, column.is_number);
    }
    std::string table = fmt::format("{}\n{}\n", titles, rules);
    for (const std::string& row : rows)
        table += row + '\n';
    return table;
}

}  // namespace

double waste_percent(std::uint64_t used, std::uint64_t size) {
    return 100.0 * static_cast<double>(size - used) / static_cast<double>(size);
}

std::string layout_table(const NegotiatedLayout& negotiated) {
    const Layout& layout = negotiated.layout;
    const std::uint64_t used = layout.used();
    return fmt::format(
        "{}\n\n{}\n  size       {} bytes, of which {} ({:.1f} %) are waste\n  alignment  {} bytes\n"
        "  memory     {}: {}\n",
        negotiated.title, regions_table(layout.regions), layout.size, layout.size - used,
        waste_percent(used, layout.size), layout.alignment, negotiated.memory, negotiated.memory_reason);
}

std::string layout_json(const NegotiatedLayout& negotiated) {
    using Json = nlohmann::ordered_json;
    const Layout& layout = negotiated.layout;
    auto regions = Json::array();
    for (const Region& region : layout.regions) {
        Json json{{"name", region.name},
                  {"format", region.element},
                  {"offset", region.offset},
                  {"size", region.size},
                  {"used", region.used}};
        if (region.rows) {
            json["width"] = region.rows->width;
            json["height"] = region.rows->height;
            json["row_bytes"] = region.rows->row_bytes;
            json["pitch"] = region.rows->pitch;
            json["aligned_height"] = region.rows->aligned_height;
            json["second_field_offset"] = region.rows->second_field_offset;
            json["block_height_gobs"] = region.rows->block_height;
        }
        for (const Dimension& dimension : region.dimensions)
            json["dimensions"].push_back({{"count", dimension.count}, {"stride", dimension.stride}});
        regions.push_back(std::move(json));
    }
    const Json all{{"title", negotiated.title},
                   {"size", layout.size},
                   {"used", layout.used()},
                   {"alignment", layout.alignment},
                   {"memory",
                    {{"place", negotiated.memory},
                     {"reason", negotiated.memory_reason},
                     {"gpu", negotiated.gpu.empty() ? Json(nullptr) : Json(negotiated.gpu)}}},
                   {"regions", std::move(regions)}};
    return all.dump(2) + '\n';
}

}  // namespace opennvsci::tool
