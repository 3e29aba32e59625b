// SPDX-License-Identifier: Apache-2.0
//
// The table of colour formats against nvscibuf.md 2.11, written down a second time from that document.
#include "buf/color_format.h"

#include <iterator>
#include <string>
#include <utility>

#include <gtest/gtest.h>

#include <span>

#include "base/array_format.h"
#include "buf/data_type.h"
#include "buf/keys.h"

namespace opennvsci::test {
namespace {

struct FormatRow {
    int number;
    NvSciBufAttrValColorFmt enumerator;
    const char* name;
    unsigned bits;
    unsigned significant;  // of the widest component
    unsigned channels;
    NvSciBufAttrValDataType type;
};

#define ROW(number, name, bits, significant, channels, type) \
    { number, NvSciColor_##name, #name, bits, significant, channels, NvSciDataType_##type }
// clang-format off
constexpr FormatRow kReference[] = {
    ROW(1, Bayer8RGGB, 8, 8, 1, Uint8),
    ROW(2, Bayer8CCCC, 8, 8, 1, Uint8),
    ROW(3, Bayer8BGGR, 8, 8, 1, Uint8),
    ROW(4, Bayer8GBRG, 8, 8, 1, Uint8),
    ROW(5, Bayer8GRBG, 8, 8, 1, Uint8),
    ROW(6, Bayer16BGGR, 16, 16, 1, Uint16),
    ROW(7, Bayer16CCCC, 16, 16, 1, Uint16),
    ROW(8, Bayer16GBRG, 16, 16, 1, Uint16),
    ROW(9, Bayer16GRBG, 16, 16, 1, Uint16),
    ROW(10, Bayer16RGGB, 16, 16, 1, Uint16),
    ROW(11, Bayer16RCCB, 16, 16, 1, Uint16),
    ROW(12, Bayer16BCCR, 16, 16, 1, Uint16),
    ROW(13, Bayer16CRBC, 16, 16, 1, Uint16),
    ROW(14, Bayer16CBRC, 16, 16, 1, Uint16),
    ROW(15, Bayer16RCCC, 16, 16, 1, Uint16),
    ROW(16, Bayer16CCCR, 16, 16, 1, Uint16),
    ROW(17, Bayer16CRCC, 16, 16, 1, Uint16),
    ROW(18, Bayer16CCRC, 16, 16, 1, Uint16),
    ROW(19, X2Bayer14GBRG, 16, 14, 1, Uint16),
    ROW(20, X4Bayer12GBRG, 16, 12, 1, Uint16),
    ROW(21, X6Bayer10GBRG, 16, 10, 1, Uint16),
    ROW(22, X2Bayer14GRBG, 16, 14, 1, Uint16),
    ROW(23, X4Bayer12GRBG, 16, 12, 1, Uint16),
    ROW(24, X6Bayer10GRBG, 16, 10, 1, Uint16),
    ROW(25, X2Bayer14BGGR, 16, 14, 1, Uint16),
    ROW(26, X4Bayer12BGGR, 16, 12, 1, Uint16),
    ROW(27, X6Bayer10BGGR, 16, 10, 1, Uint16),
    ROW(28, X2Bayer14RGGB, 16, 14, 1, Uint16),
    ROW(29, X4Bayer12RGGB, 16, 12, 1, Uint16),
    ROW(30, X6Bayer10RGGB, 16, 10, 1, Uint16),
    ROW(31, X2Bayer14CCCC, 16, 14, 1, Uint16),
    ROW(32, X4Bayer12CCCC, 16, 12, 1, Uint16),
    ROW(33, X6Bayer10CCCC, 16, 10, 1, Uint16),
    ROW(34, X4Bayer12RCCB, 16, 12, 1, Uint16),
    ROW(35, X4Bayer12BCCR, 16, 12, 1, Uint16),
    ROW(36, X4Bayer12CRBC, 16, 12, 1, Uint16),
    ROW(37, X4Bayer12CBRC, 16, 12, 1, Uint16),
    ROW(38, X4Bayer12RCCC, 16, 12, 1, Uint16),
    ROW(39, X4Bayer12CCCR, 16, 12, 1, Uint16),
    ROW(40, X4Bayer12CRCC, 16, 12, 1, Uint16),
    ROW(41, X4Bayer12CCRC, 16, 12, 1, Uint16),
    ROW(42, Signed_X2Bayer14CCCC, 16, 14, 1, Int16),
    ROW(43, Signed_X4Bayer12CCCC, 16, 12, 1, Int16),
    ROW(44, Signed_X6Bayer10CCCC, 16, 10, 1, Int16),
    ROW(45, Signed_Bayer16CCCC, 16, 16, 1, Int16),
    ROW(46, FloatISP_Bayer16CCCC, 16, 16, 1, FloatISP),
    ROW(47, FloatISP_Bayer16RGGB, 16, 16, 1, FloatISP),
    ROW(48, FloatISP_Bayer16BGGR, 16, 16, 1, FloatISP),
    ROW(49, FloatISP_Bayer16GRBG, 16, 16, 1, FloatISP),
    ROW(50, FloatISP_Bayer16GBRG, 16, 16, 1, FloatISP),
    ROW(51, FloatISP_Bayer16RCCB, 16, 16, 1, FloatISP),
    ROW(52, FloatISP_Bayer16BCCR, 16, 16, 1, FloatISP),
    ROW(53, FloatISP_Bayer16CRBC, 16, 16, 1, FloatISP),
    ROW(54, FloatISP_Bayer16CBRC, 16, 16, 1, FloatISP),
    ROW(55, FloatISP_Bayer16RCCC, 16, 16, 1, FloatISP),
    ROW(56, FloatISP_Bayer16CCCR, 16, 16, 1, FloatISP),
    ROW(57, FloatISP_Bayer16CRCC, 16, 16, 1, FloatISP),
    ROW(58, FloatISP_Bayer16CCRC, 16, 16, 1, FloatISP),
    ROW(59, X12Bayer20CCCC, 32, 20, 1, Uint32),
    ROW(60, X12Bayer20BGGR, 32, 20, 1, Uint32),
    ROW(61, X12Bayer20RGGB, 32, 20, 1, Uint32),
    ROW(62, X12Bayer20GRBG, 32, 20, 1, Uint32),
    ROW(63, X12Bayer20GBRG, 32, 20, 1, Uint32),
    ROW(64, X12Bayer20RCCB, 32, 20, 1, Uint32),
    ROW(65, X12Bayer20BCCR, 32, 20, 1, Uint32),
    ROW(66, X12Bayer20CRBC, 32, 20, 1, Uint32),
    ROW(67, X12Bayer20CBRC, 32, 20, 1, Uint32),
    ROW(68, X12Bayer20RCCC, 32, 20, 1, Uint32),
    ROW(69, X12Bayer20CCCR, 32, 20, 1, Uint32),
    ROW(70, X12Bayer20CRCC, 32, 20, 1, Uint32),
    ROW(71, X12Bayer20CCRC, 32, 20, 1, Uint32),
    ROW(72, Signed_X12Bayer20CCCC, 32, 20, 1, Int32),
    ROW(73, Signed_X12Bayer20GBRG, 32, 20, 1, Int32),
    ROW(74, U8V8, 16, 8, 2, Uint8),
    ROW(75, U8_V8, 16, 8, 2, Uint8),
    ROW(76, V8U8, 16, 8, 2, Uint8),
    ROW(77, V8_U8, 16, 8, 2, Uint8),
    ROW(78, U10V10, 32, 10, 2, Uint16),
    ROW(79, V10U10, 32, 10, 2, Uint16),
    ROW(80, U12V12, 32, 12, 2, Uint16),
    ROW(81, V12U12, 32, 12, 2, Uint16),
    ROW(82, U16V16, 32, 16, 2, Uint16),
    ROW(83, V16U16, 32, 16, 2, Uint16),
    ROW(84, Y8, 8, 8, 1, Uint8),
    ROW(85, Y10, 16, 10, 1, Uint16),
    ROW(86, Y12, 16, 12, 1, Uint16),
    ROW(87, Y16, 16, 16, 1, Uint16),
    ROW(88, U8, 8, 8, 1, Uint8),
    ROW(89, V8, 8, 8, 1, Uint8),
    ROW(90, U10, 16, 10, 1, Uint16),
    ROW(91, V10, 16, 10, 1, Uint16),
    ROW(92, U12, 16, 12, 1, Uint16),
    ROW(93, V12, 16, 12, 1, Uint16),
    ROW(94, U16, 16, 16, 1, Uint16),
    ROW(95, V16, 16, 16, 1, Uint16),
    ROW(96, A8Y8U8V8, 32, 8, 4, Uint8),
    ROW(97, Y8U8Y8V8, 16, 8, 2, Uint8),
    ROW(98, Y8V8Y8U8, 16, 8, 2, Uint8),
    ROW(99, U8Y8V8Y8, 16, 8, 2, Uint8),
    ROW(100, V8Y8U8Y8, 16, 8, 2, Uint8),
    ROW(101, A16Y16U16V16, 64, 16, 4, Uint16),
    ROW(102, A8, 8, 8, 1, Uint8),
    ROW(103, Signed_A8, 8, 8, 1, Int8),
    ROW(104, B8G8R8A8, 32, 8, 4, Uint8),
    ROW(105, A8R8G8B8, 32, 8, 4, Uint8),
    ROW(106, A8B8G8R8, 32, 8, 4, Uint8),
    ROW(107, A2R10G10B10, 32, 10, 4, Uint32),
    ROW(108, A16, 16, 16, 1, Uint16),
    ROW(109, Signed_A16, 16, 16, 1, Int16),
    ROW(110, Signed_R16G16, 32, 16, 2, Int16),
    ROW(111, A16B16G16R16, 64, 16, 4, Uint16),
    ROW(112, Signed_A16B16G16R16, 64, 16, 4, Int16),
    ROW(113, Float_A16B16G16R16, 64, 16, 4, Float16),
    ROW(114, A32, 32, 32, 1, Uint32),
    ROW(115, Signed_A32, 32, 32, 1, Int32),
    ROW(116, Float_A16, 16, 16, 1, Float16),
    ROW(117, X6Bayer10BGGI_RGGI, 16, 10, 1, Uint16),
    ROW(118, X6Bayer10GBIG_GRIG, 16, 10, 1, Uint16),
    ROW(119, X6Bayer10GIBG_GIRG, 16, 10, 1, Uint16),
    ROW(120, X6Bayer10IGGB_IGGR, 16, 10, 1, Uint16),
    ROW(121, X6Bayer10RGGI_BGGI, 16, 10, 1, Uint16),
    ROW(122, X6Bayer10GRIG_GBIG, 16, 10, 1, Uint16),
    ROW(123, X6Bayer10GIRG_GIBG, 16, 10, 1, Uint16),
    ROW(124, X6Bayer10IGGR_IGGB, 16, 10, 1, Uint16),
    ROW(125, X4Bayer12BGGI_RGGI, 16, 12, 1, Uint16),
    ROW(126, X4Bayer12GBIG_GRIG, 16, 12, 1, Uint16),
    ROW(127, X4Bayer12GIBG_GIRG, 16, 12, 1, Uint16),
    ROW(128, X4Bayer12IGGB_IGGR, 16, 12, 1, Uint16),
    ROW(129, X4Bayer12RGGI_BGGI, 16, 12, 1, Uint16),
    ROW(130, X4Bayer12GRIG_GBIG, 16, 12, 1, Uint16),
    ROW(131, X4Bayer12GIRG_GIBG, 16, 12, 1, Uint16),
    ROW(132, X4Bayer12IGGR_IGGB, 16, 12, 1, Uint16),
    ROW(133, X2Bayer14BGGI_RGGI, 16, 14, 1, Uint16),
    ROW(134, X2Bayer14GBIG_GRIG, 16, 14, 1, Uint16),
    ROW(135, X2Bayer14GIBG_GIRG, 16, 14, 1, Uint16),
    ROW(136, X2Bayer14IGGB_IGGR, 16, 14, 1, Uint16),
    ROW(137, X2Bayer14RGGI_BGGI, 16, 14, 1, Uint16),
    ROW(138, X2Bayer14GRIG_GBIG, 16, 14, 1, Uint16),
    ROW(139, X2Bayer14GIRG_GIBG, 16, 14, 1, Uint16),
    ROW(140, X2Bayer14IGGR_IGGB, 16, 14, 1, Uint16),
    ROW(141, Bayer16BGGI_RGGI, 16, 16, 1, Uint16),
    ROW(142, Bayer16GBIG_GRIG, 16, 16, 1, Uint16),
    ROW(143, Bayer16GIBG_GIRG, 16, 16, 1, Uint16),
    ROW(144, Bayer16IGGB_IGGR, 16, 16, 1, Uint16),
    ROW(145, Bayer16RGGI_BGGI, 16, 16, 1, Uint16),
    ROW(146, Bayer16GRIG_GBIG, 16, 16, 1, Uint16),
    ROW(147, Bayer16GIRG_GIBG, 16, 16, 1, Uint16),
    ROW(148, Bayer16IGGR_IGGB, 16, 16, 1, Uint16),
    ROW(149, X4Bayer12RGGB_RJ, 16, 12, 1, Uint16),
    ROW(150, R8, 8, 8, 1, Uint8),
    ROW(151, G8, 8, 8, 1, Uint8),
    ROW(152, B8, 8, 8, 1, Uint8),
};
// clang-format on
#undef ROW

TEST(ColorFormatTest, EveryRowIsThatOfTheReference) {
    ASSERT_EQ(std::size(kReference), 152U);
    for (const FormatRow& row : kReference) {
        EXPECT_EQ(row.number, static_cast<int>(row.enumerator)) << row.name;
        const buf::ColorFormat* format = buf::find_color_format(row.enumerator);
        ASSERT_NE(format, nullptr) << row.name;
        EXPECT_STREQ(format->name, row.name);
        EXPECT_EQ(format->bits_per_pixel, row.bits) << row.name;
        EXPECT_EQ(format->significant_bits, row.significant) << row.name;
        EXPECT_EQ(format->channels, row.channels) << row.name;
        EXPECT_EQ(format->data_type, row.type) << row.name;
        EXPECT_EQ(&buf::color_format(row.enumerator), format);
    }
}

TEST(ColorFormatTest, TheSentinelsAreNoFormats) {
    for (const std::uint32_t number : {0U, 157U, 158U, ~0U})
        EXPECT_EQ(buf::find_color_format(number), nullptr) << number;
}

// Formats of newer releases, with numbers of this project: raw, and no buffer can have one.
TEST(ColorFormatTest, FormatsWithoutLayoutSayWhy) {
    std::uint32_t number = 153;
    for (const char* name : {"X2Rc10Rb10Ra10_Bayer10RGGB", "X2Rc10Rb10Ra10_Bayer10BGGR", "X2Rc10Rb10Ra10_Bayer10GRBG",
                             "X2Rc10Rb10Ra10_Bayer10GBRG"}) {
        const buf::ColorFormat* format = buf::find_color_format(number++);
        ASSERT_NE(format, nullptr) << name;
        EXPECT_STREQ(format->name, name);
        EXPECT_EQ(format->bits_per_pixel, 0) << name;
        EXPECT_NE(format->no_layout, nullptr) << name;
        EXPECT_EQ(format->content, buf::Content::raw) << name;
    }
    EXPECT_EQ(number, static_cast<std::uint32_t>(NvSciColor_UpperBound));
    // A program may ask for one; a list that comes from a peer as a result cannot have it.
    const NvSciBufAttrValColorFmt asked = NvSciColor_X2Rc10Rb10Ra10_Bayer10RGGB;
    for (const auto key : {NvSciBufImageAttrKey_PlaneColorFormat, NvSciBufTensorAttrKey_PixelFormat}) {
        EXPECT_TRUE(buf::schema().find(key)->is_legal(std::as_bytes(std::span(&asked, 1)))) << key;
        EXPECT_FALSE(buf::schema().find(key)->is_legal_result(std::as_bytes(std::span(&asked, 1)))) << key;
    }
    for (const FormatRow& row : kReference)
        EXPECT_EQ(buf::color_format(row.enumerator).no_layout, nullptr) << row.name;
}

// The content follows from the ranges of numbers that published programs rely on.
TEST(ColorFormatTest, TheContentIsThatOfItsRange) {
    for (const FormatRow& row : kReference) {
        const int number = row.number;
        const bool is_single_color = number >= NvSciColor_R8 && number <= NvSciColor_B8;
        const bool is_raw = number < NvSciColor_U8V8 || (number > NvSciColor_Float_A16 && !is_single_color);
        const bool is_yuv = number >= NvSciColor_U8V8 && number < NvSciColor_A8;
        const buf::Content content = buf::color_format(row.enumerator).content;
        EXPECT_EQ(content == buf::Content::raw, is_raw) << row.name;
        EXPECT_EQ(buf::is_yuv(content), is_yuv) << row.name;
        const bool is_pair = number >= NvSciColor_U8V8 && number <= NvSciColor_V16U16;
        EXPECT_EQ(content == buf::Content::uv || content == buf::Content::vu, is_pair) << row.name;
        EXPECT_EQ(content == buf::Content::luma, number > NvSciColor_V16U16 && number < NvSciColor_U8) << row.name;
        EXPECT_EQ(content == buf::Content::packed_yuv, number > NvSciColor_V16 && number < NvSciColor_A8) << row.name;
        // A name begins with the component at the highest bits, and the lowest lies at the lower address; but the words
        // of U8_V8 stand in the order of memory.
        if (is_pair) {
            const std::string name = row.name;
            const bool names_u_first = name[0] == 'U';
            const bool is_two_words = name.find('_') != std::string::npos;
            EXPECT_EQ(content == buf::Content::uv, names_u_first == is_two_words) << name;
        }
    }
}

// cuda-interop.md 3.1: bits per channel are those of the pixel divided by the channels; CUDA has 1, 2 or 4 channels.
TEST(ColorFormatTest, EveryFormatIsAnArrayOfTheSameBytes) {
    for (const FormatRow& row : kReference) {
        const buf::ColorFormat& format = buf::color_format(row.enumerator);
        const buf::ArrayElement element = format.array_element();
        EXPECT_EQ(cu::array_element_size(element.format, element.channels) * 8, row.bits) << row.name;
        const bool is_one_word = row.enumerator == NvSciColor_A2R10G10B10;
        EXPECT_EQ(element.channels, is_one_word ? 1 : row.channels) << row.name;
        const bool is_signed =
            row.type == NvSciDataType_Int8 || row.type == NvSciDataType_Int16 || row.type == NvSciDataType_Int32;
        EXPECT_EQ(element.format == cu::CU_AD_FORMAT_SIGNED_INT8 || element.format == cu::CU_AD_FORMAT_SIGNED_INT16 ||
                      element.format == cu::CU_AD_FORMAT_SIGNED_INT32,
                  is_signed)
            << row.name;
        EXPECT_EQ(element.format == cu::CU_AD_FORMAT_HALF, row.type == NvSciDataType_Float16) << row.name;
    }
}

TEST(DataTypeTest, BitsAreThoseOfTheName) {
    constexpr std::pair<NvSciBufAttrValDataType, unsigned> kBits[] = {
        {NvSciDataType_Int4, 4},     {NvSciDataType_Uint4, 4},     {NvSciDataType_Int8, 8},
        {NvSciDataType_Uint8, 8},    {NvSciDataType_Int16, 16},    {NvSciDataType_Uint16, 16},
        {NvSciDataType_Int32, 32},   {NvSciDataType_Uint32, 32},   {NvSciDataType_Float16, 16},
        {NvSciDataType_Float32, 32}, {NvSciDataType_FloatISP, 16}, {NvSciDataType_Bool, 8}};
    for (const auto& [type, bits] : kBits)
        EXPECT_EQ(buf::bits_of(type), bits) << type;
}

}  // namespace
}  // namespace opennvsci::test
