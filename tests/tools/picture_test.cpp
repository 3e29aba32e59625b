// SPDX-License-Identifier: Apache-2.0
//
// Reading and writing of pictures: every kind that is read gives the stored colours unchanged, and no file, however
// damaged, gives more than an error.
#include "picture.h"

#include <gtest/gtest.h>
#include <png.h>

#include <numeric>
#include <string>
#include <string_view>

namespace opennvsci::tool {
namespace {

using File = std::vector<std::uint8_t>;

File bytes(std::string_view text) {
    return {text.begin(), text.end()};
}

// A PNG of the kind that libpng's `format` says, from samples in that format.
File png(std::uint32_t format, std::uint32_t width, std::uint32_t height, const void* samples, std::uint32_t colors = 0,
         const void* colormap = nullptr) {
    png_image image{};
    image.version = PNG_IMAGE_VERSION;
    image.format = format;
    image.width = width;
    image.height = height;
    image.colormap_entries = colors;
    File file(4096);
    png_alloc_size_t size = file.size();
    EXPECT_NE(png_image_write_to_memory(&image, file.data(), &size, 0, samples, 0, colormap), 0) << image.message;
    file.resize(size);
    return file;
}

std::string error_of(const File& file) {
    const auto picture = decode_picture(file);
    return picture ? "no error" : picture.error().text;
}

TEST(PictureTest, OtherFilesAreNoPictures) {
    for (const char* text : {"", "P", "P6 1 1 255\nabc", "GIF89a", "\x89PNG\r\n\x1a\n"}) {
        EXPECT_EQ(error_of(bytes(text)), "it is no PNG") << text;
    }
}

TEST(PictureTest, PngOfEveryKindGivesItsStoredColours) {
    const File rgb{1, 2, 3, 250, 128, 0};
    const File rgba{1, 2, 3, 255, 250, 128, 0, 17};
    const File gray{9, 200};
    const File gray_as_rgb{9, 9, 9, 200, 200, 200};
    const File palette{0, 0, 0, 1, 2, 3, 250, 128, 0};
    const File indexes{1, 2};
    EXPECT_EQ(decode_picture(png(PNG_FORMAT_RGB, 2, 1, rgb.data()))->rgb, rgb);
    EXPECT_EQ(decode_picture(png(PNG_FORMAT_RGBA, 2, 1, rgba.data()))->rgb, rgb) << "alpha is dropped";
    EXPECT_EQ(decode_picture(png(PNG_FORMAT_GRAY, 2, 1, gray.data()))->rgb, gray_as_rgb);
    EXPECT_EQ(decode_picture(png(PNG_FORMAT_RGB_COLORMAP, 2, 1, indexes.data(), 3, palette.data()))->rgb, rgb);
}

TEST(PictureTest, PngWith16BitsIsRefused) {
    const std::vector<std::uint16_t> linear{1, 2, 3};
    EXPECT_EQ(error_of(png(PNG_FORMAT_LINEAR_RGB, 1, 1, linear.data())), "16 bits per channel, only 8 are read");
}

// The width and height of a PNG stand behind the signature and the head of the chunk IHDR; the CRC of the chunk is made
// right again, so that only the sizes are wrong.
File png_that_claims(std::uint32_t width, std::uint32_t height) {
    const File one{1, 2, 3};
    File file = png(PNG_FORMAT_RGB, 1, 1, one.data());
    const auto put = [&](std::size_t at, std::uint32_t value) {
        for (int i = 0; i < 4; ++i)
            file[at + static_cast<std::size_t>(i)] = static_cast<std::uint8_t>(value >> (24 - 8 * i));
    };
    put(16, width);
    put(20, height);
    std::uint32_t crc = ~0U;
    for (std::size_t at = 12; at < 29; ++at) {
        crc ^= file[at];
        for (int bit = 0; bit < 8; ++bit)
            crc = (crc >> 1) ^ ((crc & 1) != 0 ? 0xedb88320U : 0U);
    }
    put(29, ~crc);
    return file;
}

TEST(PictureTest, PngThatClaimsTooMuchIsRefusedBeforeMemoryIsTaken) {
    EXPECT_NE(error_of(png_that_claims(16384, 16384)).find("bytes cannot hold 16384 x 16384 pixels"),
              std::string::npos);
    EXPECT_EQ(error_of(png_that_claims(16385, 1)), "16385 x 1 pixels, the limit is 16384 per side");
    EXPECT_NE(error_of(png_that_claims(0x7fffffff, 0x7fffffff)), "no error");
    EXPECT_NE(error_of(png_that_claims(0, 1)), "no error");
    EXPECT_NE(error_of(png_that_claims(1, 2)), "no error") << "fewer rows than claimed";
    EXPECT_EQ(error_of(png_that_claims(1, 1)), "no error") << "the helper itself is right";
}

// Every file cut at every place, and with every byte replaced, is decoded: an error or a picture of the right size.
TEST(PictureTest, DamagedFilesNeverHarm) {
    File samples(120);  // 8 x 5 pixels
    std::iota(samples.begin(), samples.end(), std::uint8_t{0});
    const File whole = png(PNG_FORMAT_RGB, 8, 5, samples.data());
    ASSERT_TRUE(decode_picture(whole));
    for (std::size_t length = 0; length < whole.size(); ++length) {
        const auto cut = decode_picture(std::span(whole).first(length));
        if (cut) {
            EXPECT_EQ(cut->rgb, decode_picture(whole)->rgb) << length;
        }
    }
    for (std::size_t at = 0; at < whole.size(); ++at) {
        for (const int flip : {0x01, 0x80, 0xff}) {
            File damaged = whole;
            damaged[at] = static_cast<std::uint8_t>(damaged[at] ^ flip);
            const auto picture = decode_picture(damaged);
            if (picture) {
                EXPECT_EQ(picture->rgb.size(), std::size_t{picture->pixels()} * 3);
            }
        }
    }
}

TEST(PictureTest, GrayPicturesComeBack) {
    const File gray{0, 1, 127, 128, 254, 255};
    const File as_rgb{0, 0, 0, 1, 1, 1, 127, 127, 127, 128, 128, 128, 254, 254, 254, 255, 255, 255};
    EXPECT_EQ(decode_picture(*encode_gray(3, 2, gray))->rgb, as_rgb);
    EXPECT_FALSE(encode_gray(3, 3, gray)) << "too few bytes";
    EXPECT_FALSE(encode_gray(0, 0, {}));
}

TEST(PictureTest, FilesThatCannotBeReadAreNamed) {
    EXPECT_NE(read_picture("/nowhere/a.png").error().text.find("/nowhere/a.png: No such file"), std::string::npos);
    EXPECT_NE(read_picture("/").error().text.find("it is a directory"), std::string::npos);
}

}  // namespace
}  // namespace opennvsci::tool
