// SPDX-License-Identifier: Apache-2.0
#include "buf/pixels.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <vector>

#include "base/block_linear.h"
#include "base/checked.h"
#include "buf/color_format.h"
#include "buf/image.h"
#include "buf/keys.h"

namespace opennvsci::buf {
namespace {

// Where the components of one user plane are: in every pixel of an image plane, or in every second component of it.
struct Source {
    std::uint32_t plane;
    bool is_half;             // U or V of a plane that holds both
    std::uint32_t component;  // of a half: 0 or 1
};

struct PixelImage {
    Image image;
    bool is_yuv;
    std::uint32_t user_count;
    std::array<Source, kMaxPlanes> sources;
};

// The user planes (0 to 2: Y, U, V or R, G, B) in one plane of several: one, or two that take turns, the one at the
// lower address first. None for a plane that never is one of several different ones.
std::span<const std::uint32_t> user_planes_in(Content content) {
    static constexpr std::uint32_t kUsers[] = {0, 1, 2, 1};
    switch (content) {
        case Content::luma:
        case Content::red:
            return {kUsers, 1};
        case Content::u:
        case Content::green:
            return {kUsers + 1, 1};
        case Content::v:
        case Content::blue:
            return {kUsers + 2, 1};
        case Content::uv:
            return {kUsers + 1, 2};
        case Content::vu:
            return {kUsers + 2, 2};
        default:
            return {};
    }
}

tl::unexpected<Error> unknown_image(const Image& image) {
    std::string formats;
    for (const Plane& plane : image.planes)
        formats += fmt::format("{}{}", formats.empty() ? "" : ", ", color_format(plane.format).name);
    return fail(NvSciError_NotSupported, fmt::format("the planes {} together are no known image", formats));
}

Result<PixelImage> describe(const Object& object) {
    const attr::Slot& slot = object.list()->reconciled();
    if (!object.is_image()) return fail(NvSciError_BadParameter, "the object is no image");
    PixelImage pixels{image_of(slot), false, 0, {}};
    const std::uint32_t planes = pixels.image.planes.size();
    const auto content = [&](std::uint32_t i) { return color_format(pixels.image.planes[i].format).content; };
    pixels.is_yuv = is_yuv(content(0));
    if (planes == 1 || content(0) == Content::raw || content(0) == Content::rgba) {
        for (std::uint32_t i = 0; i < planes; ++i) {
            if (content(i) != content(0)) return unknown_image(pixels.image);
            pixels.sources[i] = {i, false, 0};
        }
        pixels.user_count = planes;
        return pixels;
    }
    std::uint32_t found = 0;  // bit n: user plane n
    for (std::uint32_t i = 0; i < planes; ++i) {
        const auto users = user_planes_in(content(i));
        if (users.empty() || is_yuv(content(i)) != pixels.is_yuv) return unknown_image(pixels.image);
        for (std::uint32_t component = 0; component < users.size(); ++component) {
            if ((found >> users[component] & 1U) != 0) return unknown_image(pixels.image);
            found |= 1U << users[component];
            pixels.sources[users[component]] = {i, users.size() == 2, component};
        }
    }
    if (found != 0b111) return unknown_image(pixels.image);
    pixels.user_count = 3;
    return pixels;
}

// What of an image plane is copied, in bytes of the image plane and rows.
struct Window {
    std::uint64_t first_byte;
    std::uint64_t bytes;
    std::uint64_t first_row;
    std::uint64_t rows;
};

Result<Window> window_of(const PixelImage& pixels, std::uint32_t user, const NvSciBufRect* rect) {
    const Plane& plane = pixels.image.planes[pixels.sources[user].plane];
    const std::uint64_t pixel = color_format(plane.format).bits_per_pixel / 8U;
    if (rect == nullptr) return Window{0, plane.width * pixel, 0, plane.height};
    if (pixels.is_yuv) return fail(NvSciError_BadParameter, "rect must be null for a YUV image");
    if (rect->x0 > rect->x1 || rect->y0 > rect->y1 || rect->x1 > plane.width || rect->y1 > plane.height) {
        return fail(
            NvSciError_BadParameter,
            fmt::format("the rectangle from ({}, {}) to ({}, {}) does not lie in the {} x {} pixels of plane {}",
                        rect->x0, rect->y0, rect->x1, rect->y1, plane.width, plane.height, user));
    }
    return Window{rect->x0 * pixel, (rect->x1 - rect->x0) * pixel, rect->y0, rect->y1 - rect->y0};
}

std::uint64_t user_row_bytes(const Source& source, const Window& window) {
    return source.is_half ? window.bytes / 2 : window.bytes;
}

struct Range {
    const std::byte* begin;
    std::uint64_t size;

    [[nodiscard]] bool overlaps(const Range& other) const {
        const auto from = reinterpret_cast<std::uintptr_t>(begin);
        const auto other_from = reinterpret_cast<std::uintptr_t>(other.begin);
        return from < other_from ? other_from - from < size : from - other_from < other.size;
    }
};

Result<> check_user_plane(std::uint32_t index, const UserPlane& plane, std::uint64_t row_bytes, std::uint64_t rows) {
    const auto bad = [&](const std::string& text) {
        return fail(NvSciError_BadParameter, fmt::format("plane {}: {}", index, text));
    };
    if (plane.start == nullptr) return bad("the pointer is null");
    if (plane.size == 0) return bad("the size is 0");
    if (plane.pitch == 0) return bad("the pitch is 0");
    if (row_bytes > plane.pitch) return bad(fmt::format("a row has {} bytes, the pitch is {}", row_bytes, plane.pitch));
    const std::uint64_t needed = rows == 0 ? 0 : (rows - 1) * plane.pitch + row_bytes;  // fits: 32 bits each
    if (needed > plane.size) {
        return bad(fmt::format("{} rows of {} bytes at pitch {} need {} bytes, the size is {}", rows, row_bytes,
                               plane.pitch, needed, plane.size));
    }
    return {};
}

Result<> check_apart(std::span<const UserPlane> planes, const Range& buffer) {
    for (std::size_t i = 0; i < planes.size(); ++i) {
        const Range range{planes[i].start, planes[i].size};
        if (range.overlaps(buffer)) {
            return fail(NvSciError_BadParameter, fmt::format("plane {} overlaps the buffer", i));
        }
        for (std::size_t k = 0; k < i; ++k) {
            if (range.overlaps({planes[k].start, planes[k].size})) {
                return fail(NvSciError_BadParameter, fmt::format("planes {} and {} overlap", k, i));
            }
        }
    }
    return {};
}

// Access to the rows of one image plane as the program counts them.
class Rows {
  public:
    Rows(const Image& image, const Plane& plane, std::byte* buffer)
        : image_(image),
          plane_(plane),
          start_(buffer + plane.offset),
          // CUDA maps both fields of a block-linear image as one array, so its rows are those of the frame.
          tiling_(*block_linear::lay_out(plane.row_bytes(), plane.height)) {}

    void read(std::uint64_t row, std::uint64_t first_byte, std::uint64_t bytes, std::byte* to) const {
        if (const std::byte* linear = linear_row(row)) {
            std::memcpy(to, linear + first_byte, bytes);
        } else {
            block_linear::read(tiling_, start_, {first_byte, row, bytes, 1}, to, bytes);
        }
    }
    void write(std::uint64_t row, std::uint64_t first_byte, std::uint64_t bytes, const std::byte* from) const {
        if (std::byte* linear = linear_row(row)) {
            std::memcpy(linear + first_byte, from, bytes);
        } else {
            block_linear::write(tiling_, start_, {first_byte, row, bytes, 1}, from, bytes);
        }
    }

  private:
    // Null for block-linear planes. The even rows of an interlaced image are its first field.
    [[nodiscard]] std::byte* linear_row(std::uint64_t row) const {
        if (image_.is_tiled()) return nullptr;
        if (!image_.is_interlaced) return start_ + row * plane_.pitch;
        return start_ + (row % 2 != 0 ? plane_.second_field_offset : 0) + row / 2 * plane_.pitch;
    }

    const Image& image_;
    const Plane& plane_;
    std::byte* start_;
    block_linear::Layout tiling_;
};

// Moves the components of one half between a row of pairs and a row of its own.
void take_half(const std::byte* pairs, std::size_t component_bytes, std::byte* half, std::uint64_t half_bytes) {
    for (std::uint64_t at = 0; at < half_bytes; at += component_bytes)
        std::memcpy(half + at, pairs + 2 * at, component_bytes);
}
void put_half(std::byte* pairs, std::size_t component_bytes, const std::byte* half, std::uint64_t half_bytes) {
    for (std::uint64_t at = 0; at < half_bytes; at += component_bytes)
        std::memcpy(pairs + 2 * at, half + at, component_bytes);
}

// One user plane: every row is copied as it is, or through a row of pairs that keeps the other half as it was.
void copy_plane(const Rows& rows, const Source& source, std::size_t component_bytes, const Window& window,
                const UserPlane& user, bool to_user) {
    std::vector<std::byte> pairs(source.is_half ? window.bytes : 0);
    std::byte* const half = pairs.data() + source.component * component_bytes;
    for (std::uint64_t i = 0; i < window.rows; ++i) {
        std::byte* const line = user.start + i * user.pitch;
        const std::uint64_t row = window.first_row + i;
        if (!source.is_half) {
            to_user ? rows.read(row, window.first_byte, window.bytes, line)
                    : rows.write(row, window.first_byte, window.bytes, line);
            continue;
        }
        rows.read(row, window.first_byte, window.bytes, pairs.data());
        if (to_user) {
            take_half(half, component_bytes, line, window.bytes / 2);
        } else {
            put_half(half, component_bytes, line, window.bytes / 2);
            rows.write(row, window.first_byte, window.bytes, pairs.data());
        }
    }
}

Result<> copy(const Object& object, const NvSciBufRect* rect, std::span<const UserPlane> users, bool to_user) {
    OPENNVSCI_TRY_ASSIGN(pixels, describe(object));
    OPENNVSCI_TRY_ASSIGN(address, object.cpu_address(to_user ? memory::Right::read_only : memory::Right::read_write));
    auto* const buffer = static_cast<std::byte*>(address);
    std::array<Window, kMaxPlanes> windows{};
    for (std::uint32_t i = 0; i < pixels.user_count; ++i) {
        OPENNVSCI_TRY_ASSIGN(window, window_of(pixels, i, rect));
        OPENNVSCI_TRY(check_user_plane(i, users[i], user_row_bytes(pixels.sources[i], window), window.rows));
        windows[i] = window;
    }
    OPENNVSCI_TRY(check_apart(users, {buffer, object.allocation().size()}));
    for (std::uint32_t i = 0; i < pixels.user_count; ++i) {
        const Source& source = pixels.sources[i];
        const Plane& plane = pixels.image.planes[source.plane];
        const ColorFormat& format = color_format(plane.format);
        copy_plane(Rows(pixels.image, plane, buffer), source, format.bits_per_pixel / 8U / format.channels, windows[i],
                   users[i], to_user);
    }
    return {};
}

}  // namespace

Result<std::uint32_t> count_user_planes(const Object& object) {
    OPENNVSCI_TRY_ASSIGN(pixels, describe(object));
    return pixels.user_count;
}

Result<> get_pixels(const Object& object, const NvSciBufRect* rect, std::span<const UserPlane> to) {
    return copy(object, rect, to, true);
}

Result<> put_pixels(const Object& object, const NvSciBufRect* rect, std::span<const UserPlane> from) {
    return copy(object, rect, from, false);
}

}  // namespace opennvsci::buf
