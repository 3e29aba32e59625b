// SPDX-License-Identifier: Apache-2.0
#include "picture.h"

#include <fmt/format.h>
#include <png.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <ios>
#include <system_error>

namespace opennvsci::tool {
namespace {

using Bytes = std::span<const std::uint8_t>;

constexpr std::size_t kMaxFileBytes = std::size_t{1} << 30;  // more than the largest picture has

Result<> check_size(std::uint64_t width, std::uint64_t height) {
    if (width == 0 || height == 0) return fail(fmt::format("it has no pixels ({} x {})", width, height));
    if (width > kMaxPictureSide || height > kMaxPictureSide) {
        return fail(fmt::format("{} x {} pixels, the limit is {} per side", width, height, kMaxPictureSide));
    }
    return {};
}

constexpr std::array<std::uint8_t, 8> kPngSignature{0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n'};
constexpr std::size_t kPngBitDepthAt = 24;  // signature, then the chunk IHDR: length, name, width, height, bit depth

// A whole picture in libpng's hands. It reports errors by return value: no jump crosses C++ code.
struct PngImage {
    png_image image{};
    PngImage() { image.version = PNG_IMAGE_VERSION; }
    PngImage(const PngImage&) = delete;
    PngImage& operator=(const PngImage&) = delete;
    ~PngImage() { png_image_free(&image); }

    [[nodiscard]] tl::unexpected<Error> error() const {
        return fail(fmt::format("the PNG is damaged or cut off: {}", image.message));
    }
};

Result<Picture> decode_png(Bytes file) {
    PngImage png;
    if (png_image_begin_read_from_memory(&png.image, file.data(), file.size()) == 0) return png.error();
    OPENNVSCI_TRY(check_size(png.image.width, png.image.height));
    // 16 bits would go through a colour conversion, and the result would not be the file's values any more.
    if (file[kPngBitDepthAt] > 8) return fail("16 bits per channel, only 8 are read");
    // One byte of deflate data gives at most 1032 bytes, and a pixel has at least one bit: a short file cannot claim a
    // huge picture and make us take the memory for it.
    constexpr std::uint64_t kMostInflated = 1032;
    Picture picture{png.image.width, png.image.height, {}};
    if (picture.pixels() / 8 > file.size() * kMostInflated) {
        return fail(fmt::format("it is cut off: {} bytes cannot hold {} x {} pixels", file.size(), picture.width,
                                picture.height));
    }
    // Read with alpha, because without it libpng would mix transparent pixels with a background.
    png.image.format = PNG_FORMAT_RGBA;
    std::vector<std::uint8_t> rgba(PNG_IMAGE_SIZE(png.image));
    if (png_image_finish_read(&png.image, nullptr, rgba.data(), 0, nullptr) == 0) return png.error();
    picture.rgb.reserve(std::size_t{picture.pixels()} * 3);
    for (std::size_t at = 0; at < rgba.size(); at += 4) {
        picture.rgb.insert(picture.rgb.end(), {rgba[at], rgba[at + 1], rgba[at + 2]});
    }
    return picture;
}

Result<std::vector<std::uint8_t>> read_file(const std::filesystem::path& path) {
    std::error_code status;
    if (std::filesystem::is_directory(path, status)) return fail("it is a directory");
    std::ifstream stream(path, std::ios::binary);
    if (!stream) return fail(std::strerror(errno));
    std::vector<std::uint8_t> file;
    std::array<char, 1 << 16> block;
    while (stream.read(block.data(), block.size()) || stream.gcount() > 0) {
        file.insert(file.end(), block.data(), block.data() + stream.gcount());
        if (file.size() > kMaxFileBytes) return fail(fmt::format("more than {} bytes", kMaxFileBytes));
    }
    if (stream.bad()) return fail(std::strerror(errno));
    return file;
}

}  // namespace

Result<Picture> decode_picture(Bytes file) {
    if (file.size() > kPngBitDepthAt && std::equal(kPngSignature.begin(), kPngSignature.end(), file.begin())) {
        return decode_png(file);
    }
    return fail("it is no PNG");
}

Result<Picture> read_picture(const std::filesystem::path& path) {
    auto picture = read_file(path).and_then([](const auto& file) { return decode_picture(file); });
    if (picture) return picture;
    Error error = std::move(picture).error();
    error.text = fmt::format("cannot read the picture {}: {}", path.string(), error.text);
    return tl::make_unexpected(std::move(error));
}

Result<std::vector<std::uint8_t>> encode_gray(std::uint32_t width, std::uint32_t height, Bytes gray) {
    OPENNVSCI_TRY(check_size(width, height));
    if (gray.size() != std::size_t{width} * height) {
        return fail(fmt::format("{} bytes are no gray picture of {} x {}", gray.size(), width, height));
    }
    PngImage png;
    png.image.width = width;
    png.image.height = height;
    png.image.format = PNG_FORMAT_GRAY;
    png_alloc_size_t size = PNG_IMAGE_PNG_SIZE_MAX(png.image);
    std::vector<std::uint8_t> file(size);
    if (png_image_write_to_memory(&png.image, file.data(), &size, 0, gray.data(), 0, nullptr) == 0) {
        return fail(fmt::format("the PNG cannot be encoded: {}", png.image.message));
    }
    file.resize(size);
    return file;
}

}  // namespace opennvsci::tool
