// SPDX-License-Identifier: Apache-2.0
//
// The block-linear layout against a second, slower description of it: the table of offset bits, and the geometry by
// division as the public documents have it.
#include "base/block_linear.h"

#include <gtest/gtest.h>

#include <array>
#include <random>
#include <set>
#include <utility>
#include <vector>

namespace opennvsci::block_linear {
namespace {

/// The bits of an offset inside a GOB, high to low: {is it a bit of x, which one}.
struct OffsetBit {
    bool of_x;
    unsigned bit;
};
constexpr std::array<OffsetBit, 9> kOffsetBits{
    {{true, 5}, {false, 2}, {true, 4}, {false, 1}, {false, 0}, {true, 3}, {true, 2}, {true, 1}, {true, 0}}};

std::uint64_t slow_offset(std::uint64_t pitch, unsigned h, std::uint64_t xb, std::uint64_t y) {
    const std::uint64_t block_rows = std::uint64_t{8} << h;
    const std::uint64_t block = y / block_rows * (pitch / 64) + xb / 64;
    std::uint64_t in_gob = 0;
    for (const OffsetBit& part : kOffsetBits)
        in_gob = in_gob * 2 + ((part.of_x ? xb % 64 : y % 8) >> part.bit) % 2;
    return block * (std::uint64_t{512} << h) + y % block_rows / 8 * 512 + in_gob;
}

TEST(BlockLinear, KnownPixels) {
    const Layout layout = lay_out(64 * 4, 768).value();  // 32 bits per pixel; driver-facts.md F18
    EXPECT_EQ(layout.block_height_log2, 4U);
    EXPECT_EQ(offset_of(layout, 0, 0), 0U);
    EXPECT_EQ(offset_of(layout, 4 * 4, 0), 64U);
    EXPECT_EQ(offset_of(layout, 0, 1), 16U);
    EXPECT_EQ(offset_of(layout, 0, 2), 32U);
    EXPECT_EQ(offset_of(layout, 8 * 4, 0), 256U);
    EXPECT_EQ(offset_of(layout, 0, 4), 128U);
    EXPECT_EQ(offset_of(layout, 0, 8), 512U);
    EXPECT_EQ(offset_of(layout, 16 * 4, 0), 16U * 512U);      // the next block
    EXPECT_EQ(offset_of(layout, 0, 128), 4U * 16U * 512U);    // the next row of blocks
    EXPECT_EQ(offset_of(layout, 255, 767), layout.size - 1);  // the last byte of a plane without padding
}

TEST(BlockLinear, KnownSizes) {
    EXPECT_EQ(lay_out(720, 480)->size, 393216U);  // driver-facts.md F17
    EXPECT_EQ(lay_out(360, 240)->size, 131072U);
    EXPECT_EQ(lay_out(1920 * 4, 1080)->size, 8847360U);
    EXPECT_EQ(lay_out(1, 1)->size, 65536U);
    EXPECT_EQ(lay_out(1920 * 4, 1080)->pitch, 7680U);
    EXPECT_EQ(lay_out(1920 * 4, 1080)->aligned_height, 1152U);
    EXPECT_EQ(lay_out(65, 33)->pitch, 128U);
    EXPECT_EQ(lay_out(65, 33)->aligned_height, 64U);
    EXPECT_EQ(lay_out(65, 33, 5)->aligned_height, 256U);
}

TEST(BlockLinear, BlockHeightChangesAtTheThresholds) {
    const std::vector<std::uint64_t> first_rows{11, 22, 43, 86};
    unsigned expected = 0;
    for (std::uint64_t rows = 0; rows < 5000; ++rows) {
        if (expected < first_rows.size() && rows == first_rows[expected]) ++expected;
        ASSERT_EQ(block_height_log2(rows), expected) << rows;
    }
    EXPECT_EQ(block_height_log2(UINT64_MAX), 4U);
}

TEST(BlockLinear, OverflowGivesNothing) {
    EXPECT_FALSE(lay_out(UINT64_MAX, 1));
    EXPECT_FALSE(lay_out(1, UINT64_MAX));
    EXPECT_FALSE(lay_out(std::uint64_t{1} << 32, std::uint64_t{1} << 32));
    EXPECT_FALSE(lay_out(std::uint64_t{1} << 32, (std::uint64_t{1} << 32) - 1));  // the padded height is what overflows
    EXPECT_FALSE(lay_out(UINT64_MAX - 63, 1));
    EXPECT_TRUE(lay_out(std::uint64_t{1} << 32, std::uint64_t{1} << 30));
}

// Every byte has a place of its own inside the plane, and it is where the slow description puts it.
TEST(BlockLinear, EveryByteHasItsPlace) {
    for (const auto& [width, rows] : {std::pair{1, 1}, {64, 8}, {65, 9}, {200, 43}, {128, 130}, {17, 22}}) {
        const Layout layout = lay_out(static_cast<std::uint64_t>(width), static_cast<std::uint64_t>(rows)).value();
        std::set<std::uint64_t> places;
        for (std::uint64_t y = 0; y < layout.aligned_height; ++y) {
            for (std::uint64_t xb = 0; xb < layout.pitch; ++xb) {
                const std::uint64_t place = offset_of(layout, xb, y);
                ASSERT_EQ(place, slow_offset(layout.pitch, layout.block_height_log2, xb, y)) << xb << ' ' << y;
                ASSERT_LT(place, layout.size);
                places.insert(place);
            }
        }
        EXPECT_EQ(places.size(), layout.pitch * layout.aligned_height);
    }
}

// Random rectangles: a write touches exactly the bytes of the rectangle, and a read gives them back.
TEST(BlockLinear, RectanglesAreCopiedByteForByte) {
    std::mt19937 random(7);  // NOLINT(cert-msc51-cpp): the same shapes in every run
    const auto below = [&](std::uint64_t limit) { return random() % limit; };
    for (int round = 0; round < 300; ++round) {
        const std::uint64_t width = 1 + below(300);
        const std::uint64_t rows = 1 + below(200);
        const auto height_log2 = static_cast<unsigned>(below(6));
        const Layout layout = lay_out(width, rows, height_log2).value();
        Rectangle part{below(width), below(rows), 0, 0};
        part.width = below(width - part.xb + 1);
        part.rows = below(rows - part.y + 1);
        const std::uint64_t pitch = part.width + below(40);

        std::vector<unsigned char> rows_in(part.rows * pitch + 1);
        for (auto& byte : rows_in)
            byte = static_cast<unsigned char>(1 + below(255));
        std::vector<unsigned char> plane(layout.size, 0);
        std::vector<unsigned char> expected(layout.size, 0);
        write(layout, plane.data(), part, rows_in.data(), pitch);
        for (std::uint64_t y = 0; y < part.rows; ++y) {
            for (std::uint64_t x = 0; x < part.width; ++x)
                expected[slow_offset(layout.pitch, height_log2, part.xb + x, part.y + y)] = rows_in[y * pitch + x];
        }
        ASSERT_EQ(plane, expected) << width << " x " << rows << ", h " << height_log2;

        std::vector<unsigned char> rows_out(rows_in.size(), 0);
        read(layout, plane.data(), part, rows_out.data(), pitch);
        for (std::uint64_t i = 0; i < rows_out.size(); ++i) {
            const bool inside = pitch != 0 && i / pitch < part.rows && i % pitch < part.width;
            ASSERT_EQ(rows_out[i], inside ? rows_in[i] : 0) << i;
        }
    }
}

}  // namespace
}  // namespace opennvsci::block_linear
