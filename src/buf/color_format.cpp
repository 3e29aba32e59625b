// SPDX-License-Identifier: Apache-2.0
#include "buf/color_format.h"

#include <array>

#include "buf/data_type.h"

namespace opennvsci::buf {
namespace {

constexpr const char* kRowsAreNotPublic = "nothing public says how its words of three samples lie in a row";

// Row n is the format with the number n + 1.
// clang-format off
constexpr std::array<ColorFormat, NvSciColor_UpperBound - 1> kFormats{{
    // name                        bits sig. channels
    {"Bayer8RGGB",             8,  8, 1, NvSciDataType_Uint8,    Content::raw},
    {"Bayer8CCCC",             8,  8, 1, NvSciDataType_Uint8,    Content::raw},
    {"Bayer8BGGR",             8,  8, 1, NvSciDataType_Uint8,    Content::raw},
    {"Bayer8GBRG",             8,  8, 1, NvSciDataType_Uint8,    Content::raw},
    {"Bayer8GRBG",             8,  8, 1, NvSciDataType_Uint8,    Content::raw},
    {"Bayer16BGGR",           16, 16, 1, NvSciDataType_Uint16,   Content::raw},
    {"Bayer16CCCC",           16, 16, 1, NvSciDataType_Uint16,   Content::raw},
    {"Bayer16GBRG",           16, 16, 1, NvSciDataType_Uint16,   Content::raw},
    {"Bayer16GRBG",           16, 16, 1, NvSciDataType_Uint16,   Content::raw},
    {"Bayer16RGGB",           16, 16, 1, NvSciDataType_Uint16,   Content::raw},
    {"Bayer16RCCB",           16, 16, 1, NvSciDataType_Uint16,   Content::raw},
    {"Bayer16BCCR",           16, 16, 1, NvSciDataType_Uint16,   Content::raw},
    {"Bayer16CRBC",           16, 16, 1, NvSciDataType_Uint16,   Content::raw},
    {"Bayer16CBRC",           16, 16, 1, NvSciDataType_Uint16,   Content::raw},
    {"Bayer16RCCC",           16, 16, 1, NvSciDataType_Uint16,   Content::raw},
    {"Bayer16CCCR",           16, 16, 1, NvSciDataType_Uint16,   Content::raw},
    {"Bayer16CRCC",           16, 16, 1, NvSciDataType_Uint16,   Content::raw},
    {"Bayer16CCRC",           16, 16, 1, NvSciDataType_Uint16,   Content::raw},
    {"X2Bayer14GBRG",         16, 14, 1, NvSciDataType_Uint16,   Content::raw},
    {"X4Bayer12GBRG",         16, 12, 1, NvSciDataType_Uint16,   Content::raw},
    {"X6Bayer10GBRG",         16, 10, 1, NvSciDataType_Uint16,   Content::raw},
    {"X2Bayer14GRBG",         16, 14, 1, NvSciDataType_Uint16,   Content::raw},
    {"X4Bayer12GRBG",         16, 12, 1, NvSciDataType_Uint16,   Content::raw},
    {"X6Bayer10GRBG",         16, 10, 1, NvSciDataType_Uint16,   Content::raw},
    {"X2Bayer14BGGR",         16, 14, 1, NvSciDataType_Uint16,   Content::raw},
    {"X4Bayer12BGGR",         16, 12, 1, NvSciDataType_Uint16,   Content::raw},
    {"X6Bayer10BGGR",         16, 10, 1, NvSciDataType_Uint16,   Content::raw},
    {"X2Bayer14RGGB",         16, 14, 1, NvSciDataType_Uint16,   Content::raw},
    {"X4Bayer12RGGB",         16, 12, 1, NvSciDataType_Uint16,   Content::raw},
    {"X6Bayer10RGGB",         16, 10, 1, NvSciDataType_Uint16,   Content::raw},
    {"X2Bayer14CCCC",         16, 14, 1, NvSciDataType_Uint16,   Content::raw},
    {"X4Bayer12CCCC",         16, 12, 1, NvSciDataType_Uint16,   Content::raw},
    {"X6Bayer10CCCC",         16, 10, 1, NvSciDataType_Uint16,   Content::raw},
    {"X4Bayer12RCCB",         16, 12, 1, NvSciDataType_Uint16,   Content::raw},
    {"X4Bayer12BCCR",         16, 12, 1, NvSciDataType_Uint16,   Content::raw},
    {"X4Bayer12CRBC",         16, 12, 1, NvSciDataType_Uint16,   Content::raw},
    {"X4Bayer12CBRC",         16, 12, 1, NvSciDataType_Uint16,   Content::raw},
    {"X4Bayer12RCCC",         16, 12, 1, NvSciDataType_Uint16,   Content::raw},
    {"X4Bayer12CCCR",         16, 12, 1, NvSciDataType_Uint16,   Content::raw},
    {"X4Bayer12CRCC",         16, 12, 1, NvSciDataType_Uint16,   Content::raw},
    {"X4Bayer12CCRC",         16, 12, 1, NvSciDataType_Uint16,   Content::raw},
    {"Signed_X2Bayer14CCCC",  16, 14, 1, NvSciDataType_Int16,    Content::raw},
    {"Signed_X4Bayer12CCCC",  16, 12, 1, NvSciDataType_Int16,    Content::raw},
    {"Signed_X6Bayer10CCCC",  16, 10, 1, NvSciDataType_Int16,    Content::raw},
    {"Signed_Bayer16CCCC",    16, 16, 1, NvSciDataType_Int16,    Content::raw},
    {"FloatISP_Bayer16CCCC",  16, 16, 1, NvSciDataType_FloatISP, Content::raw},
    {"FloatISP_Bayer16RGGB",  16, 16, 1, NvSciDataType_FloatISP, Content::raw},
    {"FloatISP_Bayer16BGGR",  16, 16, 1, NvSciDataType_FloatISP, Content::raw},
    {"FloatISP_Bayer16GRBG",  16, 16, 1, NvSciDataType_FloatISP, Content::raw},
    {"FloatISP_Bayer16GBRG",  16, 16, 1, NvSciDataType_FloatISP, Content::raw},
    {"FloatISP_Bayer16RCCB",  16, 16, 1, NvSciDataType_FloatISP, Content::raw},
    {"FloatISP_Bayer16BCCR",  16, 16, 1, NvSciDataType_FloatISP, Content::raw},
    {"FloatISP_Bayer16CRBC",  16, 16, 1, NvSciDataType_FloatISP, Content::raw},
    {"FloatISP_Bayer16CBRC",  16, 16, 1, NvSciDataType_FloatISP, Content::raw},
    {"FloatISP_Bayer16RCCC",  16, 16, 1, NvSciDataType_FloatISP, Content::raw},
    {"FloatISP_Bayer16CCCR",  16, 16, 1, NvSciDataType_FloatISP, Content::raw},
    {"FloatISP_Bayer16CRCC",  16, 16, 1, NvSciDataType_FloatISP, Content::raw},
    {"FloatISP_Bayer16CCRC",  16, 16, 1, NvSciDataType_FloatISP, Content::raw},
    {"X12Bayer20CCCC",        32, 20, 1, NvSciDataType_Uint32,   Content::raw},
    {"X12Bayer20BGGR",        32, 20, 1, NvSciDataType_Uint32,   Content::raw},
    {"X12Bayer20RGGB",        32, 20, 1, NvSciDataType_Uint32,   Content::raw},
    {"X12Bayer20GRBG",        32, 20, 1, NvSciDataType_Uint32,   Content::raw},
    {"X12Bayer20GBRG",        32, 20, 1, NvSciDataType_Uint32,   Content::raw},
    {"X12Bayer20RCCB",        32, 20, 1, NvSciDataType_Uint32,   Content::raw},
    {"X12Bayer20BCCR",        32, 20, 1, NvSciDataType_Uint32,   Content::raw},
    {"X12Bayer20CRBC",        32, 20, 1, NvSciDataType_Uint32,   Content::raw},
    {"X12Bayer20CBRC",        32, 20, 1, NvSciDataType_Uint32,   Content::raw},
    {"X12Bayer20RCCC",        32, 20, 1, NvSciDataType_Uint32,   Content::raw},
    {"X12Bayer20CCCR",        32, 20, 1, NvSciDataType_Uint32,   Content::raw},
    {"X12Bayer20CRCC",        32, 20, 1, NvSciDataType_Uint32,   Content::raw},
    {"X12Bayer20CCRC",        32, 20, 1, NvSciDataType_Uint32,   Content::raw},
    {"Signed_X12Bayer20CCCC", 32, 20, 1, NvSciDataType_Int32,    Content::raw},
    {"Signed_X12Bayer20GBRG", 32, 20, 1, NvSciDataType_Int32,    Content::raw},
    {"U8V8",                  16,  8, 2, NvSciDataType_Uint8,    Content::vu},
    {"U8_V8",                 16,  8, 2, NvSciDataType_Uint8,    Content::uv},
    {"V8U8",                  16,  8, 2, NvSciDataType_Uint8,    Content::uv},
    {"V8_U8",                 16,  8, 2, NvSciDataType_Uint8,    Content::vu},
    {"U10V10",                32, 10, 2, NvSciDataType_Uint16,   Content::vu},
    {"V10U10",                32, 10, 2, NvSciDataType_Uint16,   Content::uv},
    {"U12V12",                32, 12, 2, NvSciDataType_Uint16,   Content::vu},
    {"V12U12",                32, 12, 2, NvSciDataType_Uint16,   Content::uv},
    {"U16V16",                32, 16, 2, NvSciDataType_Uint16,   Content::vu},
    {"V16U16",                32, 16, 2, NvSciDataType_Uint16,   Content::uv},
    {"Y8",                     8,  8, 1, NvSciDataType_Uint8,    Content::luma},
    {"Y10",                   16, 10, 1, NvSciDataType_Uint16,   Content::luma},
    {"Y12",                   16, 12, 1, NvSciDataType_Uint16,   Content::luma},
    {"Y16",                   16, 16, 1, NvSciDataType_Uint16,   Content::luma},
    {"U8",                     8,  8, 1, NvSciDataType_Uint8,    Content::u},
    {"V8",                     8,  8, 1, NvSciDataType_Uint8,    Content::v},
    {"U10",                   16, 10, 1, NvSciDataType_Uint16,   Content::u},
    {"V10",                   16, 10, 1, NvSciDataType_Uint16,   Content::v},
    {"U12",                   16, 12, 1, NvSciDataType_Uint16,   Content::u},
    {"V12",                   16, 12, 1, NvSciDataType_Uint16,   Content::v},
    {"U16",                   16, 16, 1, NvSciDataType_Uint16,   Content::u},
    {"V16",                   16, 16, 1, NvSciDataType_Uint16,   Content::v},
    {"A8Y8U8V8",              32,  8, 4, NvSciDataType_Uint8,    Content::packed_yuv},
    {"Y8U8Y8V8",              16,  8, 2, NvSciDataType_Uint8,    Content::packed_yuv},
    {"Y8V8Y8U8",              16,  8, 2, NvSciDataType_Uint8,    Content::packed_yuv},
    {"U8Y8V8Y8",              16,  8, 2, NvSciDataType_Uint8,    Content::packed_yuv},
    {"V8Y8U8Y8",              16,  8, 2, NvSciDataType_Uint8,    Content::packed_yuv},
    {"A16Y16U16V16",          64, 16, 4, NvSciDataType_Uint16,   Content::packed_yuv},
    {"A8",                     8,  8, 1, NvSciDataType_Uint8,    Content::rgba},
    {"Signed_A8",              8,  8, 1, NvSciDataType_Int8,     Content::rgba},
    {"B8G8R8A8",              32,  8, 4, NvSciDataType_Uint8,    Content::rgba},
    {"A8R8G8B8",              32,  8, 4, NvSciDataType_Uint8,    Content::rgba},
    {"A8B8G8R8",              32,  8, 4, NvSciDataType_Uint8,    Content::rgba},
    {"A2R10G10B10",           32, 10, 4, NvSciDataType_Uint32,   Content::rgba},
    {"A16",                   16, 16, 1, NvSciDataType_Uint16,   Content::rgba},
    {"Signed_A16",            16, 16, 1, NvSciDataType_Int16,    Content::rgba},
    {"Signed_R16G16",         32, 16, 2, NvSciDataType_Int16,    Content::rgba},
    {"A16B16G16R16",          64, 16, 4, NvSciDataType_Uint16,   Content::rgba},
    {"Signed_A16B16G16R16",   64, 16, 4, NvSciDataType_Int16,    Content::rgba},
    {"Float_A16B16G16R16",    64, 16, 4, NvSciDataType_Float16,  Content::rgba},
    {"A32",                   32, 32, 1, NvSciDataType_Uint32,   Content::rgba},
    {"Signed_A32",            32, 32, 1, NvSciDataType_Int32,    Content::rgba},
    {"Float_A16",             16, 16, 1, NvSciDataType_Float16,  Content::rgba},
    {"X6Bayer10BGGI_RGGI",    16, 10, 1, NvSciDataType_Uint16,   Content::raw},
    {"X6Bayer10GBIG_GRIG",    16, 10, 1, NvSciDataType_Uint16,   Content::raw},
    {"X6Bayer10GIBG_GIRG",    16, 10, 1, NvSciDataType_Uint16,   Content::raw},
    {"X6Bayer10IGGB_IGGR",    16, 10, 1, NvSciDataType_Uint16,   Content::raw},
    {"X6Bayer10RGGI_BGGI",    16, 10, 1, NvSciDataType_Uint16,   Content::raw},
    {"X6Bayer10GRIG_GBIG",    16, 10, 1, NvSciDataType_Uint16,   Content::raw},
    {"X6Bayer10GIRG_GIBG",    16, 10, 1, NvSciDataType_Uint16,   Content::raw},
    {"X6Bayer10IGGR_IGGB",    16, 10, 1, NvSciDataType_Uint16,   Content::raw},
    {"X4Bayer12BGGI_RGGI",    16, 12, 1, NvSciDataType_Uint16,   Content::raw},
    {"X4Bayer12GBIG_GRIG",    16, 12, 1, NvSciDataType_Uint16,   Content::raw},
    {"X4Bayer12GIBG_GIRG",    16, 12, 1, NvSciDataType_Uint16,   Content::raw},
    {"X4Bayer12IGGB_IGGR",    16, 12, 1, NvSciDataType_Uint16,   Content::raw},
    {"X4Bayer12RGGI_BGGI",    16, 12, 1, NvSciDataType_Uint16,   Content::raw},
    {"X4Bayer12GRIG_GBIG",    16, 12, 1, NvSciDataType_Uint16,   Content::raw},
    {"X4Bayer12GIRG_GIBG",    16, 12, 1, NvSciDataType_Uint16,   Content::raw},
    {"X4Bayer12IGGR_IGGB",    16, 12, 1, NvSciDataType_Uint16,   Content::raw},
    {"X2Bayer14BGGI_RGGI",    16, 14, 1, NvSciDataType_Uint16,   Content::raw},
    {"X2Bayer14GBIG_GRIG",    16, 14, 1, NvSciDataType_Uint16,   Content::raw},
    {"X2Bayer14GIBG_GIRG",    16, 14, 1, NvSciDataType_Uint16,   Content::raw},
    {"X2Bayer14IGGB_IGGR",    16, 14, 1, NvSciDataType_Uint16,   Content::raw},
    {"X2Bayer14RGGI_BGGI",    16, 14, 1, NvSciDataType_Uint16,   Content::raw},
    {"X2Bayer14GRIG_GBIG",    16, 14, 1, NvSciDataType_Uint16,   Content::raw},
    {"X2Bayer14GIRG_GIBG",    16, 14, 1, NvSciDataType_Uint16,   Content::raw},
    {"X2Bayer14IGGR_IGGB",    16, 14, 1, NvSciDataType_Uint16,   Content::raw},
    {"Bayer16BGGI_RGGI",      16, 16, 1, NvSciDataType_Uint16,   Content::raw},
    {"Bayer16GBIG_GRIG",      16, 16, 1, NvSciDataType_Uint16,   Content::raw},
    {"Bayer16GIBG_GIRG",      16, 16, 1, NvSciDataType_Uint16,   Content::raw},
    {"Bayer16IGGB_IGGR",      16, 16, 1, NvSciDataType_Uint16,   Content::raw},
    {"Bayer16RGGI_BGGI",      16, 16, 1, NvSciDataType_Uint16,   Content::raw},
    {"Bayer16GRIG_GBIG",      16, 16, 1, NvSciDataType_Uint16,   Content::raw},
    {"Bayer16GIRG_GIBG",      16, 16, 1, NvSciDataType_Uint16,   Content::raw},
    {"Bayer16IGGR_IGGB",      16, 16, 1, NvSciDataType_Uint16,   Content::raw},
    {"X4Bayer12RGGB_RJ",      16, 12, 1, NvSciDataType_Uint16,   Content::raw},
    {"R8",                     8,  8, 1, NvSciDataType_Uint8,    Content::red},
    {"G8",                     8,  8, 1, NvSciDataType_Uint8,    Content::green},
    {"B8",                     8,  8, 1, NvSciDataType_Uint8,    Content::blue},
    {"X2Rc10Rb10Ra10_Bayer10RGGB", 0, 10, 1, NvSciDataType_Uint32, Content::raw, kRowsAreNotPublic},
    {"X2Rc10Rb10Ra10_Bayer10BGGR", 0, 10, 1, NvSciDataType_Uint32, Content::raw, kRowsAreNotPublic},
    {"X2Rc10Rb10Ra10_Bayer10GRBG", 0, 10, 1, NvSciDataType_Uint32, Content::raw, kRowsAreNotPublic},
    {"X2Rc10Rb10Ra10_Bayer10GBRG", 0, 10, 1, NvSciDataType_Uint32, Content::raw, kRowsAreNotPublic},
}};
// clang-format on

cu::CUarray_format array_format_of(NvSciBufAttrValDataType type) {
    switch (type) {
        case NvSciDataType_Int8:
            return cu::CU_AD_FORMAT_SIGNED_INT8;
        case NvSciDataType_Uint8:
            return cu::CU_AD_FORMAT_UNSIGNED_INT8;
        case NvSciDataType_Int16:
            return cu::CU_AD_FORMAT_SIGNED_INT16;
        case NvSciDataType_Int32:
            return cu::CU_AD_FORMAT_SIGNED_INT32;
        case NvSciDataType_Uint32:
            return cu::CU_AD_FORMAT_UNSIGNED_INT32;
        case NvSciDataType_Float16:
            return cu::CU_AD_FORMAT_HALF;
        default:  // Uint16, and FloatISP, whose 16 bits only a camera's processor understands
            return cu::CU_AD_FORMAT_UNSIGNED_INT16;
    }
}

}  // namespace

const ColorFormat* find_color_format(std::uint32_t number) noexcept {
    return number > NvSciColor_LowerBound && number < NvSciColor_UpperBound ? &kFormats[number - 1] : nullptr;
}

const ColorFormat& color_format(NvSciBufAttrValColorFmt number) noexcept {
    return kFormats[number - 1];
}

ArrayElement ColorFormat::array_element() const noexcept {
    return {array_format_of(data_type), bits_per_pixel / bits_of(data_type)};
}

}  // namespace opennvsci::buf
