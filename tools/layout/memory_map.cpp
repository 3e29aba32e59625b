// SPDX-License-Identifier: Apache-2.0
#include "layout/memory_map.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <iterator>
#include <string_view>
#include <vector>

#include "layout/table.h"

namespace opennvsci::tool {

using Region = OpenNvSciBufRegion;

namespace {

constexpr std::uint64_t kGobHeight = 8;  // rows

// Where things stand, in pixels.
constexpr double kWidth = 1000;
constexpr double kMapLeft = 190;
constexpr double kMapRight = 570;
constexpr double kMapTop = 104;
constexpr double kMapLeastHeight = 440;
constexpr double kLabelLeft = 632;
constexpr double kLabelGap = 42;    // between the two-line labels of regions
constexpr double kLineGap = 15;     // for the third line of those that have two fields
constexpr double kLeastField = 18;  // pixels of a field in which its name has room
constexpr double kOffsetGap = 17;   // between the labels of offsets
constexpr double kFooter = 76;
constexpr double kLeastBlockRow = 5;  // rows of blocks that are lower than this are not drawn

constexpr std::array kColors{"#3d6fb4", "#d98332", "#4c9a62", "#b3527b", "#7766b5", "#2e9599"};

constexpr const char* kStyle = R"svg(  <style>
    text { font-family: "Inter", "Segoe UI", "Helvetica Neue", "DejaVu Sans", sans-serif; font-size: 13px; fill: #1d2733; }
    .title { font-size: 20px; font-weight: 600; }
    .name { font-weight: 600; }
    .quiet { fill: #66717f; font-size: 12px; }
    .offset { font-family: "JetBrains Mono", "DejaVu Sans Mono", monospace; font-size: 12px; text-anchor: end; }
    .leader { fill: none; stroke: #98a2ae; stroke-width: 1; }
    .field { font-size: 12px; text-anchor: end; paint-order: stroke; stroke: #ffffff; stroke-width: 3px; }
    .fields { stroke: #1d2733; stroke-width: 1; stroke-dasharray: 5 3; }
    .blocks { stroke: #ffffff; stroke-width: 1; stroke-opacity: 0.45; }
    .frame { fill: none; stroke: #1d2733; stroke-width: 1.5; }
  </style>
  <defs>
    <pattern id="padding" width="7" height="7" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">
      <rect width="7" height="7" fill="#eef0f3"/>
      <rect width="1.6" height="7" fill="#a9b2bd"/>
    </pattern>
  </defs>
)svg";

std::string escaped(std::string_view text) {
    std::string out;
    for (const char c : text) {
        switch (c) {
            case '&':
                out += "&amp;";
                break;
            case '<':
                out += "&lt;";
                break;
            case '>':
                out += "&gt;";
                break;
            case '"':
                out += "&quot;";
                break;
            default:
                out += c;
        }
    }
    return out;
}

std::string readable_bytes(double bytes) {
    constexpr std::array kUnits{"bytes", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
    std::size_t unit = 0;
    for (; bytes >= 1024; bytes /= 1024)
        ++unit;
    const bool is_whole = bytes == std::floor(bytes);
    return fmt::format("{:.{}f} {}", bytes, is_whole ? 0 : 2, kUnits[unit]);
}

/// Positions as near to the wanted ones, which ascend, as `gap` between them and the two ends allow.
std::vector<double> spread(std::vector<double> wanted, double gap, double first, double last) {
    double least = first;
    for (double& position : wanted) {
        position = std::max(position, least);
        least = position + gap;
    }
    double most = last;
    for (auto position = wanted.rbegin(); position != wanted.rend(); ++position) {
        *position = std::min(*position, most);
        most = *position - gap;
    }
    return wanted;
}

bool is_interlaced(const Region& region) {
    return is_plane(region) && region.secondFieldOffset != 0;
}

struct Rectangle {
    double left;
    double top;
    double width;
    double height;
};

class Drawing {
  public:
    explicit Drawing(const NegotiatedLayout& negotiated)
        : negotiated_(negotiated),
          layout_(*negotiated.layout),
          regions_(negotiated.regions()),
          label_gap_(kLabelGap + (std::any_of(regions_.begin(), regions_.end(), is_interlaced) ? kLineGap : 0)),
          map_height_(std::max(kMapLeastHeight, label_gap_ * static_cast<double>(regions_.size()))) {}

    [[nodiscard]] std::string draw() {
        begin();
        for (std::size_t i = 0; i < regions_.size(); ++i)
            draw_region(regions_[i], color(i));
        add("  <rect class=\"frame\" x=\"{:.2f}\" y=\"{:.2f}\" width=\"{:.2f}\" height=\"{:.2f}\"/>\n", kMapLeft,
            kMapTop, kMapRight - kMapLeft, map_height_);
        draw_offsets();
        draw_labels();
        draw_legend();
        out_ += "</svg>\n";
        return std::move(out_);
    }

  private:
    template <class... Values>
    void add(fmt::format_string<Values...> format, Values&&... values) {
        fmt::format_to(std::back_inserter(out_), format, std::forward<Values>(values)...);
    }
    [[nodiscard]] static const char* color(std::size_t region) { return kColors[region % kColors.size()]; }
    [[nodiscard]] double bottom() const { return kMapTop + map_height_; }

    /// The place of a byte, in hundredths of a pixel, so that what ends where another begins is printed so.
    [[nodiscard]] double y_of(std::uint64_t offset) const {
        const double y = kMapTop + map_height_ * static_cast<double>(offset) / static_cast<double>(layout_.size);
        return std::round(y * 100) / 100;
    }

    void begin() {
        const double height = bottom() + kFooter;
        add("<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {0:.0f} {1:.0f}\" width=\"{0:.0f}\" "
            "height=\"{1:.0f}\">\n",
            kWidth, height);
        add("  <title>{}</title>\n", escaped(negotiated_.title));
        out_ += kStyle;
        add("  <rect width=\"{:.0f}\" height=\"{:.0f}\" fill=\"#ffffff\"/>\n", kWidth, height);
        add("  <text class=\"title\" x=\"32\" y=\"42\">{}</text>\n", escaped(negotiated_.title));
        add("  <text class=\"quiet\" x=\"32\" y=\"64\">{} bytes in {}, aligned to {}; {:.1f} % waste</text>\n",
            layout_.size, escaped(layout_.memory), readable_bytes(static_cast<double>(layout_.alignment)),
            waste_percent(layout_.used, layout_.size));
    }

    void draw_rectangle(const char* name, const Rectangle& rectangle, const std::string& paint,
                        const std::string& title = {}) {
        add("    <rect class=\"{}\" x=\"{:.2f}\" y=\"{:.2f}\" width=\"{:.2f}\" height=\"{:.2f}\" {}", name,
            rectangle.left, rectangle.top, rectangle.width, rectangle.height, paint);
        if (title.empty()) {
            add("/>\n");
        } else {
            add("><title>{}</title></rect>\n", escaped(title));
        }
    }

    void draw_region(const Region& region, const char* color) {
        const double top = y_of(region.offset);
        add("  <g class=\"region\" data-offset=\"{}\" data-size=\"{}\" data-used=\"{}\">\n", region.offset, region.size,
            region.used);
        add("    <title>{}</title>\n", escaped(pointer_text(region)));
        draw_rectangle("bytes", {kMapLeft, top, kMapRight - kMapLeft, y_of(region.offset + region.size) - top},
                       fmt::format("fill=\"url(#padding)\" stroke=\"{}\" stroke-width=\"1\"", color));
        if (is_interlaced(region)) {
            const std::uint64_t first_rows = (std::uint64_t{region.height} + 1) / 2;
            draw_rows(region, 0, first_rows, color, "first field");
            draw_rows(region, region.secondFieldOffset, region.height - first_rows, color, "second field");
            draw_names_of_fields(region);
        } else if (is_plane(region)) {
            draw_rows(region, 0, region.height, color, "");
        } else {
            const double share = static_cast<double>(region.used) / static_cast<double>(region.size);
            draw_used(region.offset, region.offset + region.size, share, color, "");
        }
        out_ += "  </g>\n";
    }

    // What is shown at the pointer.
    [[nodiscard]] static std::string pointer_text(const Region& region) {
        std::string text = fmt::format("{}: {}\nbytes {} to {}, {} of them used", region.name, first_line(region),
                                       region.offset, region.offset + region.size - 1, region.used);
        if (is_plane(region)) text += fmt::format("\npitch {}, aligned height {}", region.pitch, region.alignedHeight);
        if (region.blockHeight != 0) text += fmt::format(", blocks {} GOBs high", region.blockHeight);
        if (is_interlaced(region)) text += fmt::format("\nsecond field at +{}", region.secondFieldOffset);
        return text;
    }

    void draw_names_of_fields(const Region& region) {
        const double second = y_of(region.offset + region.secondFieldOffset);
        add("    <line class=\"fields\" x1=\"{:.2f}\" y1=\"{:.2f}\" x2=\"{:.2f}\" y2=\"{:.2f}\"/>\n", kMapLeft, second,
            kMapRight, second);
        if (y_of(region.offset + region.size) - second < kLeastField) return;  // the label beside the map says it too
        add("    <text class=\"field\" x=\"{:.2f}\" y=\"{:.2f}\">second field</text>\n", kMapRight - 8, second + 14);
    }

    void draw_used(std::uint64_t begin, std::uint64_t end, double share_of_row, const char* color,
                   const std::string& title) {
        draw_rectangle("used", {kMapLeft, y_of(begin), (kMapRight - kMapLeft) * share_of_row, y_of(end) - y_of(begin)},
                       fmt::format("fill=\"{}\"", color), title);
    }

    // The rows of a field, and where its rows of blocks end.
    void draw_rows(const Region& region, std::uint64_t field_offset, std::uint64_t count, const char* color,
                   const char* field) {
        const std::uint64_t begin = region.offset + field_offset;
        const double share = static_cast<double>(region.rowBytes) / region.pitch;
        const std::uint64_t end = begin + count * region.pitch;
        const bool has_field = *field != '\0';
        draw_used(
            begin, end, share, color,
            has_field ? fmt::format("{}, {}: {} rows, bytes {} to {}", region.name, field, count, begin, end - 1) : "");
        const std::uint64_t block_bytes = region.blockHeight * kGobHeight * region.pitch;
        if (block_bytes == 0 || y_of(begin + block_bytes) - y_of(begin) < kLeastBlockRow) return;
        const double right = kMapLeft + (kMapRight - kMapLeft) * share;
        for (std::uint64_t at = block_bytes; at < count * region.pitch; at += block_bytes) {
            add("    <line class=\"blocks\" x1=\"{0:.2f}\" y1=\"{2:.2f}\" x2=\"{1:.2f}\" y2=\"{2:.2f}\"/>\n", kMapLeft,
                right, y_of(begin + at));
        }
    }

    void draw_offsets() {
        std::vector<std::uint64_t> offsets;
        std::vector<double> wanted;
        for (const Region& region : regions_) {
            offsets.push_back(region.offset);
            if (is_interlaced(region)) offsets.push_back(region.offset + region.secondFieldOffset);
        }
        offsets.push_back(layout_.size);
        for (const std::uint64_t offset : offsets)
            wanted.push_back(y_of(offset));
        const auto places = spread(wanted, kOffsetGap, kMapTop, bottom());
        add("  <text class=\"quiet\" x=\"{:.2f}\" y=\"{:.2f}\" text-anchor=\"end\">offset in bytes</text>\n",
            kMapLeft - 34, kMapTop - 14);
        for (std::size_t i = 0; i < offsets.size(); ++i) {
            add("  <path class=\"leader\" d=\"M {:.2f} {:.2f} H {:.2f} L {:.2f} {:.2f} H {:.2f}\"/>\n", kMapLeft,
                wanted[i], kMapLeft - 8, kMapLeft - 22, places[i], kMapLeft - 28);
            add("  <text class=\"offset\" x=\"{:.2f}\" y=\"{:.2f}\">{}</text>\n", kMapLeft - 34, places[i] + 4,
                offsets[i]);
        }
    }

    void draw_labels() {
        std::vector<double> wanted;
        for (const Region& region : regions_)
            wanted.push_back((y_of(region.offset) + y_of(region.offset + region.size)) / 2);
        const auto places = spread(wanted, label_gap_, kMapTop + label_gap_ / 2, bottom() - label_gap_ / 2);
        for (std::size_t i = 0; i < regions_.size(); ++i) {
            const Region& region = regions_[i];
            add("  <path class=\"leader\" d=\"M {:.2f} {:.2f} H {:.2f} L {:.2f} {:.2f} H {:.2f}\"/>\n", kMapRight,
                wanted[i], kMapRight + 10, kLabelLeft - 30, places[i], kLabelLeft - 22);
            add("  <rect x=\"{:.2f}\" y=\"{:.2f}\" width=\"12\" height=\"12\" rx=\"3\" fill=\"{}\"/>\n",
                kLabelLeft - 20, places[i] - 6, color(i));
            add("  <text x=\"{:.2f}\" y=\"{:.2f}\"><tspan class=\"name\">{}</tspan> {}</text>\n", kLabelLeft,
                places[i] - 2, escaped(region.name), escaped(first_line(region)));
            add("  <text class=\"quiet\" x=\"{:.2f}\" y=\"{:.2f}\">{}</text>\n", kLabelLeft, places[i] + 14,
                escaped(second_line(region)));
            if (!is_interlaced(region)) continue;
            add("  <text class=\"quiet\" x=\"{:.2f}\" y=\"{:.2f}\">second field at +{}, the dashed line</text>\n",
                kLabelLeft, places[i] + 14 + kLineGap, region.secondFieldOffset);
        }
    }

    [[nodiscard]] static std::string first_line(const Region& region) {
        if (is_plane(region)) return fmt::format("{}, {} × {}", region.element, region.width, region.height);
        std::string text = region.element;
        for (std::uint32_t i = 0; i < region.dimensionCount; ++i)
            text += fmt::format("{}{}", i == 0 ? ", " : " × ", region.elementsPerDim[i]);
        return text;
    }
    [[nodiscard]] static std::string second_line(const Region& region) {
        std::string text = readable_bytes(static_cast<double>(region.size));
        if (is_plane(region)) {
            text += fmt::format(", pitch {}, {} rows", region.pitch, region.alignedHeight);
            if (region.secondFieldOffset != 0) text += " a field";
        }
        if (region.used != region.size) {
            text += fmt::format(", {:.1f} % waste", waste_percent(region.used, region.size));
        }
        return text;
    }

    void draw_legend() {
        const double y = bottom() + 38;
        const bool is_tiled =
            std::any_of(regions_.begin(), regions_.end(), [](const Region& region) { return region.blockHeight != 0; });
        add("  <rect x=\"{:.2f}\" y=\"{:.2f}\" width=\"22\" height=\"12\" fill=\"{}\"/>\n", kMapLeft, y - 10, color(0));
        add("  <text class=\"quiet\" x=\"{:.2f}\" y=\"{:.2f}\">used{}</text>\n", kMapLeft + 30, y,
            is_tiled ? ", a stripe is a row of blocks" : "");
        add("  <rect x=\"{:.2f}\" y=\"{:.2f}\" width=\"22\" height=\"12\" fill=\"url(#padding)\"/>\n", kMapLeft + 250,
            y - 10);
        add("  <text class=\"quiet\" x=\"{:.2f}\" y=\"{:.2f}\">padding</text>\n", kMapLeft + 280, y);
        add("  <text class=\"quiet\" x=\"{:.2f}\" y=\"{:.2f}\">to scale: {} a pixel down{}</text>\n", kLabelLeft - 20,
            y, readable_bytes(static_cast<double>(layout_.size) / map_height_), has_rows() ? ", one pitch across" : "");
    }
    [[nodiscard]] bool has_rows() const { return std::any_of(regions_.begin(), regions_.end(), is_plane); }

    const NegotiatedLayout& negotiated_;
    const OpenNvSciBufLayout& layout_;
    const std::span<const Region> regions_;
    const double label_gap_;
    const double map_height_;
    std::string out_;
};

}  // namespace

std::string draw_memory_map(const NegotiatedLayout& negotiated) {
    return Drawing(negotiated).draw();
}

}  // namespace opennvsci::tool
