// SPDX-License-Identifier: Apache-2.0
//
// The layouts that `opennvsci layout` shows: that the regions are what the keys of a reconciled list say, and that the
// drawing is well-formed and to scale.
#include <gtest/gtest.h>

#include <CLI/CLI.hpp>
#include <cmath>
#include <map>
#include <string>
#include <vector>

#include "layout/command_line.h"
#include "layout/memory_map.h"
#include "layout/negotiated_layout.h"
#include "layout/wishes.h"

namespace opennvsci::tool {
namespace {

// What the command line makes of the arguments. Throws their mistake.
LayoutOptions parsed(const std::string& arguments) {
    LayoutOptions options;
    CLI::App command;
    add_layout_options(command, options);
    command.parse(arguments);
    return options;
}

bool is_refused(const std::string& arguments) {
    try {
        static_cast<void>(parsed(arguments));
        return false;
    } catch (const CLI::ParseError&) {
        return true;
    }
}

LayoutOptions image_options(const std::string& format, const std::string& size, const std::string& arrangement) {
    return parsed("--type image --format " + format + " --size " + size + " --layout " + arrangement);
}

LayoutOptions pyramid_options(std::uint32_t levels, float scale, const std::string& arrangement) {
    LayoutOptions options = image_options("I420", "1280x720", arrangement);
    options.type = "pyramid";
    options.levels = levels;
    options.scale = scale;
    return options;
}

// One of every type, with all kinds of padding.
std::vector<LayoutOptions> many_layouts() {
    std::vector<LayoutOptions> all;
    for (const char* arrangement : {"block-linear", "pitch-linear"}) {
        all.push_back(image_options("NV12", "1920x1080", arrangement));
        all.push_back(image_options("P010", "1921x1081", arrangement));
        all.push_back(image_options("Y8,V8U8", "641x481,321x241", arrangement));
        all.back().interlaced = true;
        all.push_back(pyramid_options(10, 0.7F, arrangement));
        all.push_back(pyramid_options(4, 0.5F, arrangement));
        all.back().gpu = 0;
    }
    LayoutOptions tensor;
    tensor.type = "tensor";
    tensor.dims = {2, 3, 5, 7};
    tensor.align = {1, 1, 64, 1};
    tensor.data_type = "Float16";
    all.push_back(tensor);
    LayoutOptions array;
    array.type = "array";
    array.stride = 24;
    array.capacity = 1000;
    array.data_type = "Uint32";
    all.push_back(array);
    LayoutOptions raw;
    raw.type = "raw";
    raw.bytes = 12345;
    all.push_back(raw);
    return all;
}

NegotiatedLayout negotiated(const LayoutOptions& options) {
    auto result = negotiate_layout(options);
    EXPECT_TRUE(result) << result.error().text;
    return std::move(*result);
}

TEST(LayoutTest, RegionsAscendWithoutOverlapAndFillTheBuffer) {
    for (const LayoutOptions& options : many_layouts()) {
        const NegotiatedLayout found = negotiated(options);
        std::uint64_t end = 0;
        for (const OpenNvSciBufRegion& region : found.regions()) {
            EXPECT_GE(region.offset, end) << found.title << ", " << region.name;
            EXPECT_LE(region.used, region.size) << found.title << ", " << region.name;
            end = region.offset + region.size;
        }
        EXPECT_EQ(end, found.layout->size) << found.title;
    }
}

// The planes of the levels are not in the keys; where one level ends and the next begins is.
TEST(LayoutTest, LevelsOfAPyramidBeginWhereTheOnesBeforeEnd) {
    const NegotiatedLayout found = negotiated(pyramid_options(3, 0.5F, "block-linear"));
    ASSERT_EQ(found.regions().size(), 9U);
    const OpenNvSciBufRegion& last = found.regions()[8];
    EXPECT_STREQ(last.name, "level 2 plane 2");
    EXPECT_STREQ(last.element, "V8");
    EXPECT_EQ(last.width, 160U);
    EXPECT_EQ(last.height, 90U);
    EXPECT_EQ(last.blockHeight, 16U);
    for (std::size_t i = 1; i < 9; ++i) {
        const OpenNvSciBufRegion& before = found.regions()[i - 1];
        EXPECT_EQ(found.regions()[i].offset, before.offset + before.size) << i;
    }
}

TEST(LayoutTest, TensorHasStridesAndItsUsedBytes) {
    LayoutOptions options;
    options.type = "tensor";
    options.dims = {2, 3, 5, 7};
    options.align = {1, 1, 64, 1};
    options.data_type = "Float16";
    const NegotiatedLayout found = negotiated(options);
    ASSERT_EQ(found.regions().size(), 1U);
    const OpenNvSciBufRegion& tensor = found.regions()[0];
    EXPECT_EQ(tensor.used, 2U * 2 * 3 * 5 * 7);
    ASSERT_EQ(tensor.dimensionCount, 4U);
    EXPECT_EQ(tensor.stridesPerDim[3], 2U);
    EXPECT_EQ(tensor.stridesPerDim[2], 14U);
    EXPECT_EQ(tensor.stridesPerDim[1], 128U) << "5 rows of 14 bytes, aligned to 64";
    EXPECT_EQ(tensor.stridesPerDim[0], 384U);
}

TEST(LayoutTest, EverySurfaceNameReconciles) {
    for (const char* name : {"NV12", "NV21", "NV16", "NV61", "NV24", "NV42", "P010", "P012", "P016", "P210", "P216",
                             "I420", "YV12", "I422", "YV16", "I444", "YV24", "I010", "GREY"}) {
        const auto found = negotiate_layout(image_options(name, "64x48", "block-linear"));
        ASSERT_TRUE(found) << name << ": " << found.error().text;
    }
    const auto elements = [](const char* name) {
        std::string text;
        const NegotiatedLayout found = negotiated(image_options(name, "64x48", "pitch-linear"));
        for (const OpenNvSciBufRegion& region : found.regions())
            text += std::string(region.element) + ' ';
        return text;
    };
    EXPECT_EQ(elements("NV12"), "Y8 V8U8 ");
    EXPECT_EQ(elements("NV21"), "Y8 U8V8 ");
    EXPECT_EQ(elements("P010"), "Y10 V10U10 ");
    EXPECT_EQ(elements("YV12"), "Y8 V8 U8 ");
    EXPECT_EQ(elements("GREY"), "Y8 ");
}

TEST(LayoutTest, EveryColorFormatHasAName) {
    for (std::uint32_t number = NvSciColor_LowerBound + 1; number < NvSciColor_UpperBound; ++number) {
        const auto format = parse_formats({text_of(NvSciBufTensorAttrKey_PixelFormat, number)});
        ASSERT_TRUE(format) << number;
        ASSERT_EQ(format->planes.size(), 1U);
        EXPECT_EQ(static_cast<std::uint32_t>(format->planes[0]), number);
    }
}

TEST(LayoutTest, WordsThatMeanNothingAreRefused) {
    const std::string rest = " --size 64x48 --layout pitch-linear";
    for (const char* format : {"NV13", "Y8,Y9", "LowerBound", "NvSciColor_Y8", "UpperBound", "0"})
        EXPECT_TRUE(is_refused("--type image --format " + std::string(format) + rest)) << format;
    EXPECT_EQ(parsed("--type image --format nv12" + rest).formats, std::vector<std::string>{"NV12"});
    EXPECT_EQ(parsed("--type image --format y8,V8u8" + rest).formats, (std::vector<std::string>{"Y8", "V8U8"}));
    EXPECT_FALSE(parse_formats({"Y8", "Y8", "Y8", "Y8"}));
    EXPECT_FALSE(parse_formats({"NV12", "Y8"})) << "a surface has all planes";
    EXPECT_FALSE(parse_formats({"y8"})) << "the command line makes it Y8";
    for (const char* size : {"", "1920", "x", "1x", "1x2x3", "-1x1", "1x4294967296", "0x1", "1x0", " 1x1", "1X1"})
        EXPECT_FALSE(parse_size(size)) << size;
    EXPECT_EQ(parse_size("1x4294967295")->height, UINT32_MAX);
    EXPECT_TRUE(is_refused("--type array --stride 8 --capacity 1 --data-type float"));
    EXPECT_EQ(parsed("--type array --stride 8 --capacity 1 --data-type floatisp").data_type, "FloatISP");
    LayoutOptions two_sizes = image_options("NV12", "64x48,32x24", "pitch-linear");
    EXPECT_FALSE(negotiate_layout(two_sizes));
    two_sizes.formats = {"Y8", "U8", "V8"};
    EXPECT_FALSE(negotiate_layout(two_sizes));
}

// An element of the drawing: its attributes, and how deep it stands.
struct Element {
    std::string name;
    std::map<std::string, std::string> attributes;
    std::size_t depth = 0;

    [[nodiscard]] double number(const char* attribute) const { return std::stod(attributes.at(attribute)); }
    [[nodiscard]] bool is(const char* tag, const char* class_name) const {
        const auto found = attributes.find("class");
        return name == tag && found != attributes.end() && found->second == class_name;
    }
};

// Reads the elements of the part of XML that the drawings use, and fails the test where it is not well-formed.
class XmlReader {
  public:
    explicit XmlReader(const std::string& text) : text_(text) {}

    std::vector<Element> read() {
        std::vector<Element> elements;
        while (at_ < text_.size()) {
            if (text_[at_] != '<') {
                read_character();
            } else if (text_[at_ + 1] == '/') {
                read_end();
            } else {
                elements.push_back(read_start());
            }
        }
        EXPECT_TRUE(open_.empty()) << "not closed: " << open_.back();
        return elements;
    }

  private:
    void read_character() {
        EXPECT_NE(text_[at_], '>');
        if (text_[at_] == '&') {
            const std::string entity = text_.substr(at_, text_.find(';', at_) - at_ + 1);
            EXPECT_TRUE(entity == "&amp;" || entity == "&lt;" || entity == "&gt;" || entity == "&quot;") << entity;
        }
        ++at_;
    }
    void read_end() {
        const auto end = text_.find('>', at_);
        ASSERT_FALSE(open_.empty());
        EXPECT_EQ(text_.substr(at_ + 2, end - at_ - 2), open_.back());
        open_.pop_back();
        at_ = end + 1;
    }
    Element read_start() {
        Element element;
        const auto end_of_name = text_.find_first_of(" />", at_);
        element.name = text_.substr(at_ + 1, end_of_name - at_ - 1);
        element.depth = open_.size();
        at_ = end_of_name;
        while (text_[at_] == ' ') {
            const auto equals = text_.find("=\"", at_);
            const auto quote = text_.find('"', equals + 2);
            const std::string name = text_.substr(at_ + 1, equals - at_ - 1);
            const std::string value = text_.substr(equals + 2, quote - equals - 2);
            EXPECT_EQ(value.find('<'), std::string::npos);
            EXPECT_TRUE(element.attributes.emplace(name, value).second) << "twice: " << name;
            at_ = quote + 1;
        }
        const bool is_empty = text_.compare(at_, 2, "/>") == 0;
        EXPECT_TRUE(is_empty || text_[at_] == '>') << text_.substr(at_, 20);
        if (!is_empty) open_.push_back(element.name);
        at_ += is_empty ? 2 : 1;
        return element;
    }

    const std::string& text_;
    std::size_t at_ = 0;
    std::vector<std::string> open_;
};

// Whatever is drawn, the height of a region is to that of the whole as its size is to the buffer's, the coloured area
// as the used bytes, up to the rounding to hundredths of a pixel.
TEST(MemoryMapTest, DrawingIsWellFormedAndToScale) {
    constexpr double kRounding = 0.0101;
    for (const LayoutOptions& options : many_layouts()) {
        const NegotiatedLayout drawn = negotiated(options);
        SCOPED_TRACE(drawn.title);
        const std::string svg = draw_memory_map(drawn);
        EXPECT_EQ(svg, draw_memory_map(drawn)) << "not deterministic";
        const std::vector<Element> elements = XmlReader(svg).read();
        Element frame;
        for (const Element& element : elements) {
            if (element.is("rect", "frame")) frame = element;
        }
        const double top = frame.number("y");
        const double left = frame.number("x");
        const double height = frame.number("height");
        const double width = frame.number("width");
        const auto bytes = static_cast<double>(drawn.layout->size);
        EXPECT_LE(top + height, elements[0].number("height"));

        std::size_t regions = 0;
        double end_of_last = top;
        double used_area = 0;
        Element bytes_of_region;
        for (const Element& element : elements) {
            if (element.is("g", "region")) {
                ASSERT_LT(regions, drawn.regions().size());
                const OpenNvSciBufRegion& region = drawn.regions()[regions++];
                EXPECT_EQ(element.attributes.at("data-offset"), std::to_string(region.offset));
                EXPECT_EQ(element.attributes.at("data-size"), std::to_string(region.size));
            } else if (element.is("rect", "bytes")) {
                bytes_of_region = element;
                const OpenNvSciBufRegion& region = drawn.regions()[regions - 1];
                EXPECT_NEAR(element.number("y"), top + height * static_cast<double>(region.offset) / bytes, kRounding);
                EXPECT_NEAR(element.number("height"), height * static_cast<double>(region.size) / bytes, 2 * kRounding);
                EXPECT_GE(element.number("y"), end_of_last - 1e-9) << "overlaps the region before";
                end_of_last = std::round(100 * (element.number("y") + element.number("height"))) / 100;
                EXPECT_EQ(element.number("x"), left);
                EXPECT_EQ(element.number("width"), width);
            } else if (element.is("rect", "used")) {
                EXPECT_EQ(element.depth, 2U);
                EXPECT_GE(element.number("y"), bytes_of_region.number("y"));
                EXPECT_LE(element.number("y") + element.number("height"),
                          bytes_of_region.number("y") + bytes_of_region.number("height") + 1e-9);
                EXPECT_LE(element.number("width"), width);
                used_area += element.number("height") * element.number("width");
            }
        }
        EXPECT_EQ(regions, drawn.regions().size());
        EXPECT_NEAR(end_of_last, top + height, kRounding);
        const double used = static_cast<double>(drawn.layout->used) / bytes;
        EXPECT_NEAR(used_area / (height * width), used, 2 * kRounding * static_cast<double>(regions) * 2 / height);
    }
}

// Labels are as far apart as their lines are high, also where the regions are thinner than a line.
TEST(MemoryMapTest, LabelsDoNotOverlap) {
    const std::string svg = draw_memory_map(negotiated(pyramid_options(10, 0.5F, "pitch-linear")));
    std::map<std::string, double> last;  // y of the last text of a column, by the column's x
    for (const Element& element : XmlReader(svg).read()) {
        if (element.name != "text") continue;
        const auto [before, is_first] = last.emplace(element.attributes.at("x"), element.number("y"));
        if (is_first) continue;
        EXPECT_GE(element.number("y") - before->second, 13.9) << element.attributes.at("x");
        before->second = element.number("y");
    }
}

// The map says where each second field begins: at the side, in the label, and by a line across.
TEST(MemoryMapTest, SecondFieldsAreLabelled) {
    LayoutOptions options = image_options("NV12", "1920x1080", "block-linear");
    EXPECT_EQ(draw_memory_map(negotiated(options)).find("second field"), std::string::npos);
    options.interlaced = true;
    const NegotiatedLayout drawn = negotiated(options);
    const std::string svg = draw_memory_map(drawn);
    ASSERT_EQ(drawn.regions().size(), 2U);
    std::size_t lines = 0;
    for (const Element& element : XmlReader(svg).read())
        lines += element.is("line", "fields") ? 1 : 0;
    EXPECT_EQ(lines, 2U);
    for (const OpenNvSciBufRegion& region : drawn.regions()) {
        const std::string offset = std::to_string(region.secondFieldOffset);
        EXPECT_NE(svg.find(">second field at +" + offset + ", the dashed line<"), std::string::npos) << svg;
        EXPECT_NE(svg.find(">" + std::to_string(region.offset + region.secondFieldOffset) + "</text>"),
                  std::string::npos);
        EXPECT_NE(svg.find(std::string(region.name) + ", second field: "), std::string::npos) << "for the pointer";
    }
    EXPECT_NE(svg.find(">second field</text>"), std::string::npos);
}

// Every region begins with its title, which is what browsers show at the pointer.
TEST(MemoryMapTest, RegionsHaveTitles) {
    for (const LayoutOptions& options : many_layouts()) {
        const NegotiatedLayout drawn = negotiated(options);
        const std::string svg = draw_memory_map(drawn);
        std::size_t titled = 0;
        const std::vector<Element> elements = XmlReader(svg).read();
        for (std::size_t i = 0; i + 1 < elements.size(); ++i)
            titled += elements[i].is("g", "region") && elements[i + 1].name == "title" ? 1 : 0;
        EXPECT_EQ(titled, drawn.regions().size()) << drawn.title;
        EXPECT_NE(svg.find("<title>" + std::string(drawn.regions()[0].name) + ": "), std::string::npos) << svg;
    }
}

TEST(MemoryMapTest, TextIsEscaped) {
    NegotiatedLayout drawn = negotiated(image_options("NV12", "64x48", "pitch-linear"));
    drawn.title = R"(a <b> & "c")";
    const std::string svg = draw_memory_map(drawn);
    EXPECT_NE(svg.find("<title>a &lt;b&gt; &amp; &quot;c&quot;</title>"), std::string::npos);
    XmlReader(svg).read();
}

}  // namespace
}  // namespace opennvsci::tool
