// SPDX-License-Identifier: Apache-2.0
#include "base/block_linear.h"

#include <algorithm>
#include <cstring>

#include "base/checked.h"

namespace opennvsci::block_linear {
namespace {

constexpr std::uint64_t kRun = 16;  // the longest piece of a row that is contiguous

/// Calls move(offset in the plane, offset in the row, bytes) for the contiguous pieces of one row, left to right. Whole
/// runs get their size as a constant, so that a move is one instruction.
template <class Move>
void for_each_piece(const Layout& layout, const Rectangle& part, std::uint64_t y, const Move& move) {
    const std::uint64_t row = row_offset(layout, y);
    const std::uint64_t head = std::min(part.width, (kRun - part.xb % kRun) % kRun);
    if (head != 0) move(row + column_offset(layout, part.xb), std::uint64_t{0}, head);
    std::uint64_t x = head;
    for (; x + kRun <= part.width; x += kRun)
        move(row + column_offset(layout, part.xb + x), x, kRun);
    if (x != part.width) move(row + column_offset(layout, part.xb + x), x, part.width - x);
}

}  // namespace

unsigned block_height_log2(std::uint64_t rows) noexcept {
    unsigned h = 4;
    rows = std::min(rows, kGobHeight << h);
    while (h > 0 && (kGobHeight << h) > rows + rows / 2)  // more than half of the block would be waste
        --h;
    while (h > 0 && (kGobHeight << (h - 1)) >= rows)  // half a block would do
        --h;
    return h;
}

std::optional<Layout> lay_out(std::uint64_t row_bytes, std::uint64_t rows) noexcept {
    return lay_out(row_bytes, rows, block_height_log2(rows));
}

std::optional<Layout> lay_out(std::uint64_t row_bytes, std::uint64_t rows, unsigned height_log2) noexcept {
    const auto pitch = checked::align_up(row_bytes, kGobWidth);
    const auto aligned_height = checked::align_up(rows, kGobHeight << height_log2);
    if (!pitch || !aligned_height) return std::nullopt;
    const auto bytes = checked::multiply(*pitch, *aligned_height);
    if (!bytes) return std::nullopt;
    const auto size = checked::align_up(*bytes, kPlaneAlignment);
    if (!size) return std::nullopt;
    return Layout{*pitch, *aligned_height, *size, height_log2};
}

void read(const Layout& layout, const void* plane, const Rectangle& from, void* to, std::uint64_t pitch) noexcept {
    const auto* source = static_cast<const unsigned char*>(plane);
    for (std::uint64_t row = 0; row < from.rows; ++row) {
        auto* line = static_cast<unsigned char*>(to) + row * pitch;
        for_each_piece(layout, from, from.y + row, [&](std::uint64_t in_plane, std::uint64_t in_row, std::uint64_t n) {
            std::memcpy(line + in_row, source + in_plane, n);
        });
    }
}

void write(const Layout& layout, void* plane, const Rectangle& to, const void* from, std::uint64_t pitch) noexcept {
    auto* destination = static_cast<unsigned char*>(plane);
    for (std::uint64_t row = 0; row < to.rows; ++row) {
        const auto* line = static_cast<const unsigned char*>(from) + row * pitch;
        for_each_piece(layout, to, to.y + row, [&](std::uint64_t in_plane, std::uint64_t in_row, std::uint64_t n) {
            std::memcpy(destination + in_plane, line + in_row, n);
        });
    }
}

}  // namespace opennvsci::block_linear
