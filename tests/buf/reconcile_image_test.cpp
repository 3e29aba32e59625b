// SPDX-License-Identifier: Apache-2.0
//
// Reconciling images: which keys describe one, what a surface stands for, and every output key.
#include <string>

#include "buf/color_format.h"
#include "buf_test.h"

namespace opennvsci::test {
namespace {

using Words = std::vector<std::uint32_t>;
using Longs = std::vector<std::uint64_t>;

class ImageTest : public BufTest {
  protected:
    static Attributes nv12(NvSciBufAttrValImageLayoutType layout = kPitch) {
        return plane_image(layout, {{NvSciColor_Y8, 1920, 1080}, {NvSciColor_V8U8, 960, 540}});
    }
    static Attributes surface() {
        return surface_image(kPitch, NvSciSurfMemLayout_SemiPlanar, NvSciSurfSampleType_420, NvSciSurfBPC_8,
                             NvSciSurfComponentOrder_YUV, 1920, 1080);
    }
};

// The table of nvscibuf.md 5 from its wording: the luma plane, the digits in the names of the chroma planes.
struct SurfaceRow {
    NvSciBufSurfBPC bits;
    const char* luma;
    const char* chroma;
};
constexpr SurfaceRow kSurfaceRows[] = {
    {NvSciSurfBPC_Layout_16_8_8, "Y16", "8"}, {NvSciSurfBPC_Layout_10_8_8, "Y10", "8"}, {NvSciSurfBPC_8, "Y8", "8"},
    {NvSciSurfBPC_10, "Y10", "10"},           {NvSciSurfBPC_12, "Y12", "12"},           {NvSciSurfBPC_14, "Y16", "16"},
    {NvSciSurfBPC_16, "Y16", "16"},
};

std::vector<std::string> expected_formats(const SurfaceRow& row, NvSciBufSurfMemLayout memory, bool u_first) {
    const std::string u = std::string("U") + row.chroma;
    const std::string v = std::string("V") + row.chroma;
    if (memory == NvSciSurfMemLayout_Packed) return {row.luma};
    if (memory == NvSciSurfMemLayout_SemiPlanar) return {row.luma, u_first ? v + u : u + v};
    return {row.luma, u_first ? u : v, u_first ? v : u};
}

TEST_F(ImageTest, EverySurfaceStandsForItsPlanesOrIsRefused) {
    struct Chroma {
        NvSciBufSurfSampleType sampling;
        Words size;  // of the planes of 1919 x 1079 luma pixels; none without chroma
    };
    const Chroma chromas[] = {{NvSciSurfSampleType_420, {960, 540}},
                              {NvSciSurfSampleType_422, {960, 1079}},
                              {NvSciSurfSampleType_444, {1919, 1079}},
                              {NvSciSurfSampleType_422R, {1919, 540}},
                              {NvSciSurfSampleType_400, {}}};
    for (const SurfaceRow& row : kSurfaceRows) {
        for (const Chroma& chroma : chromas) {
            for (const auto memory :
                 {NvSciSurfMemLayout_Packed, NvSciSurfMemLayout_SemiPlanar, NvSciSurfMemLayout_Planar}) {
                for (const auto order :
                     {NvSciSurfComponentOrder_YUV, NvSciSurfComponentOrder_YVU, NvSciSurfComponentOrder_Luma}) {
                    const Attributes asked =
                        surface_image(kPitch, memory, chroma.sampling, row.bits, order, 1919, 1079);
                    const bool is_grey = chroma.size.empty();
                    const bool is_possible = is_grey == (memory == NvSciSurfMemLayout_Packed) &&
                                             is_grey == (order == NvSciSurfComponentOrder_Luma);
                    if (!is_possible) {
                        expect_refused({asked}, kNotSupported, {"NvSciBufImageAttrKey_Surf", "4:0:0"});
                        continue;
                    }
                    const List list = result_of(asked);
                    std::vector<std::string> formats;
                    for (const auto format : get<NvSciBufAttrValColorFmt>(list, NvSciBufImageAttrKey_PlaneColorFormat))
                        formats.emplace_back(buf::color_format(format).name);
                    EXPECT_EQ(formats, expected_formats(row, memory, order == NvSciSurfComponentOrder_YUV));
                    Words widths{1919};
                    Words heights{1079};
                    for (std::size_t i = 1; i < formats.size(); ++i) {
                        widths.push_back(chroma.size[0]);
                        heights.push_back(chroma.size[1]);
                    }
                    EXPECT_EQ(get<std::uint32_t>(list, NvSciBufImageAttrKey_PlaneWidth), widths);
                    EXPECT_EQ(get<std::uint32_t>(list, NvSciBufImageAttrKey_PlaneHeight), heights);
                    EXPECT_EQ(get<std::uint32_t>(list, NvSciBufImageAttrKey_PlaneCount),
                              Words{static_cast<std::uint32_t>(formats.size())});
                }
            }
        }
    }
}

TEST_F(ImageTest, AnImpossibleSurfaceIsNamedWithItsValue) {
    expect_refused({surface().with(NvSciBufImageAttrKey_SurfMemLayout, NvSciSurfMemLayout_Packed)}, kNotSupported,
                   {"NvSciBufImageAttrKey_SurfMemLayout", "Packed"});
    expect_refused({surface().with(NvSciBufImageAttrKey_SurfComponentOrder, NvSciSurfComponentOrder_Luma)},
                   kNotSupported, {"NvSciBufImageAttrKey_SurfComponentOrder", "Luma"});
}

TEST_F(ImageTest, ALargestSurfaceRoundsUpWithoutWrapping) {
    const List list = result_of(surface_image(kPitch, NvSciSurfMemLayout_Planar, NvSciSurfSampleType_420,
                                              NvSciSurfBPC_8, NvSciSurfComponentOrder_YUV, 4294967040U, 3));
    EXPECT_EQ(get<std::uint32_t>(list, NvSciBufImageAttrKey_PlaneWidth),
              (Words{4294967040U, 2147483520U, 2147483520U}));
    EXPECT_EQ(get<std::uint32_t>(list, NvSciBufImageAttrKey_PlaneHeight), (Words{3, 2, 2}));
}

// They can be set, so that a program says what it wants, and the refusal says why it cannot have it.
TEST_F(ImageTest, AFormatWithoutLayoutIsRefusedWithTheReason) {
    constexpr NvSciBufAttrValColorFmt kFormats[] = {
        NvSciColor_X2Rc10Rb10Ra10_Bayer10RGGB, NvSciColor_X2Rc10Rb10Ra10_Bayer10BGGR,
        NvSciColor_X2Rc10Rb10Ra10_Bayer10GRBG, NvSciColor_X2Rc10Rb10Ra10_Bayer10GBRG};
    for (const NvSciBufAttrValColorFmt format : kFormats) {
        const std::string says = std::string(buf::color_format(format).name) + " has no layout here: ";
        expect_refused({plane_image(kPitch, {{format, 1920, 1080}})}, kNotSupported,
                       {"NvSciBufImageAttrKey_PlaneColorFormat", says});
        expect_refused({plane_image(kBlock, {{NvSciColor_Y8, 64, 64}, {format, 64, 64}})}, kNotSupported, {says});
    }
}

// Column Presence, for one list and for several.
TEST_F(ImageTest, MandatoryKeysMustBeInOneOfTheLists) {
    constexpr std::uint32_t kOfPlanes[] = {NvSciBufImageAttrKey_Layout,     NvSciBufImageAttrKey_ScanType,
                                           NvSciBufImageAttrKey_PlaneCount, NvSciBufImageAttrKey_PlaneColorFormat,
                                           NvSciBufImageAttrKey_PlaneWidth, NvSciBufImageAttrKey_PlaneHeight};
    constexpr std::uint32_t kOfSurface[] = {NvSciBufImageAttrKey_Layout,        NvSciBufImageAttrKey_SurfType,
                                            NvSciBufImageAttrKey_SurfMemLayout, NvSciBufImageAttrKey_SurfSampleType,
                                            NvSciBufImageAttrKey_SurfBPC,       NvSciBufImageAttrKey_SurfComponentOrder,
                                            NvSciBufImageAttrKey_SurfWidthBase, NvSciBufImageAttrKey_SurfHeightBase};
    const auto check = [&](const Attributes& complete, std::uint32_t key) {
        const Attributes incomplete = complete.without(key);
        expect_refused({incomplete}, kBadParameter, {name_of(key)});
        const auto& value = complete.values().at(key);
        const List rest = Attributes()
                              .with(NvSciBufGeneralAttrKey_Types, NvSciBufType_Image)
                              .with_bytes(key, value.data(), value.size())
                              .list(module_);
        EXPECT_EQ(reconcile({incomplete.list(module_), rest}).code, kSuccess) << name_of(key);
    };
    for (const std::uint32_t key : kOfPlanes)
        check(nv12(), key);
    for (const std::uint32_t key : kOfSurface)
        check(surface(), key);
    expect_refused({Attributes().with(NvSciBufGeneralAttrKey_Types, NvSciBufType_Image)}, kBadParameter,
                   {"NvSciBufImageAttrKey_Layout"});
    // A surface key alone is a surface, and an incomplete one.
    expect_refused({Attributes()
                        .with(NvSciBufGeneralAttrKey_Types, NvSciBufType_Image)
                        .with(NvSciBufImageAttrKey_Layout, kPitch)
                        .with(NvSciBufImageAttrKey_SurfColorStd, NvSciColorStd_SRGB)},
                   kBadParameter, {"NvSciBufImageAttrKey_SurfType"});
}

TEST_F(ImageTest, PlanesAndSurfaceDoNotMix) {
    const Attributes plane_keys =
        nv12()
            .with(NvSciBufImageAttrKey_PlaneColorStd, {NvSciColorStd_SRGB, NvSciColorStd_SRGB})
            .with(NvSciBufImageAttrKey_PlaneBaseAddrAlign, {512U, 512U})
            .with(NvSciBufImageAttrKey_TopPadding, Longs{1, 1})
            .with(NvSciBufImageAttrKey_BottomPadding, Longs{1, 1})
            .with(NvSciBufImageAttrKey_LeftPadding, Longs{1, 1})
            .with(NvSciBufImageAttrKey_RightPadding, Longs{1, 1});
    const Attributes surface_keys = surface().with(NvSciBufImageAttrKey_SurfColorStd, NvSciColorStd_SRGB);
    for (const auto& [key, value] : plane_keys.values()) {
        if (surface().values().contains(key) || key == NvSciBufImageAttrKey_ScanType) continue;
        const Attributes one = Attributes()
                                   .with(NvSciBufGeneralAttrKey_Types, NvSciBufType_Image)
                                   .with_bytes(key, value.data(), value.size());
        expect_refused({surface(), one}, kReconciliationFailed, {name_of(key), "NvSciBufImageAttrKey_SurfType"});
        expect_refused({surface().with_bytes(key, value.data(), value.size())}, kReconciliationFailed, {name_of(key)});
    }
    for (const auto& [key, value] : surface_keys.values()) {
        if (nv12().values().contains(key)) continue;
        expect_refused({nv12().with_bytes(key, value.data(), value.size())}, kReconciliationFailed,
                       {name_of(key), "NvSciBufImageAttrKey_PlaneCount"});
    }
}

TEST_F(ImageTest, EveryPlaneHasOneValue) {
    struct Row {
        std::uint32_t key;
        std::size_t size;
    };
    constexpr Row kRows[] = {
        {NvSciBufImageAttrKey_PlaneColorFormat, 4}, {NvSciBufImageAttrKey_PlaneWidth, 4},
        {NvSciBufImageAttrKey_PlaneHeight, 4},      {NvSciBufImageAttrKey_PlaneColorStd, 4},
        {NvSciBufImageAttrKey_TopPadding, 8},       {NvSciBufImageAttrKey_BottomPadding, 8},
        {NvSciBufImageAttrKey_LeftPadding, 8},      {NvSciBufImageAttrKey_RightPadding, 8},
    };
    for (const Row& row : kRows) {
        for (const std::size_t count : {1U, 3U}) {
            std::vector<unsigned char> value(count * row.size);
            for (std::size_t i = 0; i < count; ++i)
                value[i * row.size] = 1;
            expect_refused(
                {nv12().with_bytes(row.key, value.data(), value.size())}, kReconciliationFailed,
                {name_of(row.key), std::to_string(count) + (count == 1 ? " value," : " values"), "PlaneCount is 2"});
        }
    }
    expect_refused({nv12().with(NvSciBufImageAttrKey_PlaneBaseAddrAlign, {512U, 512U, 512U})}, kReconciliationFailed,
                   {"NvSciBufImageAttrKey_PlaneBaseAddrAlign", "3 values", "PlaneCount is 2"});
    const List fewer = result_of(nv12().with(NvSciBufImageAttrKey_PlaneBaseAddrAlign, {8192U}));
    EXPECT_EQ(get<std::uint32_t>(fewer, NvSciBufImageAttrKey_PlaneBaseAddrAlign), (Words{8192, 512}));
}

TEST_F(ImageTest, ValuesThatContradictEachOtherFail) {
    const Attributes one = nv12()
                               .with(NvSciBufImageAttrKey_TopPadding, Longs{1, 1})
                               .with(NvSciBufImageAttrKey_PlaneColorStd, {NvSciColorStd_SRGB, NvSciColorStd_SRGB});
    const std::pair<std::uint32_t, Attributes> others[] = {
        {NvSciBufImageAttrKey_Layout, one.with(NvSciBufImageAttrKey_Layout, kBlock)},
        {NvSciBufImageAttrKey_ScanType, one.with(NvSciBufImageAttrKey_ScanType, NvSciBufScan_InterlaceType)},
        {NvSciBufImageAttrKey_PlaneCount, one.with(NvSciBufImageAttrKey_PlaneCount, 1U)},
        {NvSciBufImageAttrKey_PlaneColorFormat,
         one.with(NvSciBufImageAttrKey_PlaneColorFormat, {NvSciColor_Y8, NvSciColor_U8V8})},
        {NvSciBufImageAttrKey_PlaneWidth, one.with(NvSciBufImageAttrKey_PlaneWidth, {1920U, 961U})},
        {NvSciBufImageAttrKey_PlaneHeight, one.with(NvSciBufImageAttrKey_PlaneHeight, {1080U, 541U})},
        {NvSciBufImageAttrKey_TopPadding, one.with(NvSciBufImageAttrKey_TopPadding, Longs{1, 2})},
        {NvSciBufImageAttrKey_PlaneColorStd,
         one.with(NvSciBufImageAttrKey_PlaneColorStd, {NvSciColorStd_SRGB, NvSciColorStd_REC709_ER})},
    };
    for (const auto& [key, other] : others)
        expect_refused({one, other}, kReconciliationFailed, {name_of(key), "list 1", "list 2"});
    EXPECT_EQ(reconcile({one.list(module_), one.list(module_)}).code, kSuccess);
}

TEST_F(ImageTest, ThereIsNoProtectedMemory) {
    expect_refused({nv12().with(NvSciBufImageAttrKey_VprFlag, true), nv12().with(NvSciBufImageAttrKey_VprFlag, false)},
                   kNotSupported, {"NvSciBufImageAttrKey_VprFlag", "true"});
    EXPECT_EQ(get_flags(result_of(nv12().with(NvSciBufImageAttrKey_VprFlag, false)), NvSciBufImageAttrKey_VprFlag),
              std::vector<bool>{false});
}

TEST_F(ImageTest, WhatNobodyAsksHasItsDefault) {
    for (const Attributes& asked : {nv12(), surface()}) {
        const List list = result_of(asked);
        for (const auto key : {NvSciBufImageAttrKey_TopPadding, NvSciBufImageAttrKey_BottomPadding,
                               NvSciBufImageAttrKey_LeftPadding, NvSciBufImageAttrKey_RightPadding})
            EXPECT_EQ(get<std::uint64_t>(list, key), (Longs{0, 0}));
        EXPECT_EQ(get_flags(list, NvSciBufImageAttrKey_VprFlag), std::vector<bool>{false});
        EXPECT_EQ(get<std::uint64_t>(list, NvSciBufImageAttrKey_ImageCount), Longs{1});
        EXPECT_EQ(get<std::uint32_t>(list, NvSciBufImageAttrKey_PlaneColorStd), (Words{0, 0}));
        EXPECT_EQ(get<std::uint32_t>(list, NvSciBufImageAttrKey_PlaneBaseAddrAlign), (Words{512, 512}));
        EXPECT_EQ(get<std::uint32_t>(list, NvSciBufImageAttrKey_ScanType), Words{NvSciBufScan_ProgressiveType});
        EXPECT_EQ(get<std::uint32_t>(list, NvSciBufImageAttrKey_PlaneWidth), (Words{1920, 960}));
        EXPECT_EQ(get<std::uint32_t>(list, NvSciBufImageAttrKey_PlaneHeight), (Words{1080, 540}));
    }
    const List coloured = result_of(surface().with(NvSciBufImageAttrKey_SurfColorStd, NvSciColorStd_REC709_SR));
    EXPECT_EQ(get<std::uint32_t>(coloured, NvSciBufImageAttrKey_PlaneColorStd), (Words{3, 3}));
    const List interlaced = result_of(surface().with(NvSciBufImageAttrKey_ScanType, NvSciBufScan_InterlaceType));
    EXPECT_EQ(get<std::uint32_t>(interlaced, NvSciBufImageAttrKey_ScanType), Words{NvSciBufScan_InterlaceType});
}

// nvscibuf.md 4.1: nothing of the type stays unset but the surface keys of an image that is described by planes.
TEST_F(ImageTest, NoKeyOfTheTypeIsUnset) {
    const auto check = [&](const Attributes& asked, bool has_surface) {
        const List list = result_of(asked);
        for (const attr::Key& key : buf::schema().keys()) {
            if (key.group() != NvSciBufType_Image) continue;
            const bool is_surface_key =
                key.number >= NvSciBufImageAttrKey_SurfType && key.number <= NvSciBufImageAttrKey_SurfColorStd;
            const std::size_t size = get<unsigned char>(list, static_cast<NvSciBufAttrKey>(key.number)).size();
            if (is_surface_key && (!has_surface || key.number == NvSciBufImageAttrKey_SurfColorStd)) {
                EXPECT_EQ(size, 0U) << key.name;
            } else {
                EXPECT_EQ(size, key.type->size * (key.max_count == 1 ? 1U : 2U)) << key.name;
            }
        }
    };
    for (const auto layout : {kPitch, kBlock}) {
        check(nv12(layout), false);
        check(surface().with(NvSciBufImageAttrKey_Layout, layout), true);
        check(surface()
                  .with(NvSciBufImageAttrKey_Layout, layout)
                  .with(NvSciBufImageAttrKey_ScanType, NvSciBufScan_InterlaceType)
                  .with(NvSciBufGeneralAttrKey_GpuId, gpu(0)),
              true);
    }
}

/// The computed keys of a layout, by hand.
struct LayoutRow {
    const char* what;
    Attributes asked;
    Words pitches;
    Words heights;
    Longs offsets;
    Longs second_fields;
    Longs sizes;
    Words alignments;
};

TEST_F(ImageTest, LayoutsAreThoseOfTheFormulas) {
    const auto interlace = [](const Attributes& a) {
        return a.with(NvSciBufImageAttrKey_ScanType, NvSciBufScan_InterlaceType);
    };
    const auto one = [](NvSciBufAttrValImageLayoutType layout, NvSciBufAttrValColorFmt format, std::uint32_t width,
                        std::uint32_t height) {
        return plane_image(layout, {{format, width, height}});
    };
    const LayoutRow rows[] = {
        {"NV12", nv12(), {2048, 2048}, {1080, 540}, {0, 2211840}, {0, 0}, {2211840, 1105920}, {512, 512}},
        {"a pixel", one(kPitch, NvSciColor_Y8, 1, 1), {256}, {1}, {0}, {0}, {512}, {512}},
        {"a row that fits", one(kPitch, NvSciColor_A8B8G8R8, 64, 3), {256}, {3}, {0}, {0}, {1024}, {512}},
        {"a row that does not", one(kPitch, NvSciColor_A8B8G8R8, 65, 2), {512}, {2}, {0}, {0}, {1024}, {512}},
        {"odd fields", interlace(one(kPitch, NvSciColor_Y8, 256, 5)), {256}, {3}, {0}, {768}, {1536}, {512}},
        {"fields",
         interlace(nv12()),
         {2048, 2048},
         {540, 270},
         {0, 2211840},
         {1105920, 552960},
         {2211840, 1105920},
         {512, 512}},
        {"the greater alignment places both",
         nv12().with(NvSciBufImageAttrKey_PlaneBaseAddrAlign, {4096U, 65536U}),
         {2048, 2048},
         {1080, 540},
         {0, 2228224},
         {0, 0},
         {2228224, 1114112},
         {4096, 65536}},
        // Sizes measured on an H100 (driver-facts.md F17).
        {"720x480 R8", one(kBlock, NvSciColor_Y8, 720, 480), {768}, {512}, {0}, {0}, {393216}, {65536}},
        {"360x240 R8", one(kBlock, NvSciColor_Y8, 360, 240), {384}, {256}, {0}, {0}, {131072}, {65536}},
        {"1080p RGBA", one(kBlock, NvSciColor_A8B8G8R8, 1920, 1080), {7680}, {1152}, {0}, {0}, {8847360}, {65536}},
        {"1x1", one(kBlock, NvSciColor_Y8, 1, 1), {64}, {8}, {0}, {0}, {65536}, {65536}},
        {"block-linear fields",
         interlace(one(kBlock, NvSciColor_Y8, 64, 33)),
         {64},
         {32},
         {0},
         {2048},
         {65536},
         {65536}},
    };
    for (const LayoutRow& row : rows) {
        const List list = result_of(row.asked);
        EXPECT_EQ(get<std::uint32_t>(list, NvSciBufImageAttrKey_PlanePitch), row.pitches) << row.what;
        EXPECT_EQ(get<std::uint32_t>(list, NvSciBufImageAttrKey_PlaneAlignedHeight), row.heights) << row.what;
        EXPECT_EQ(get<std::uint64_t>(list, NvSciBufImageAttrKey_PlaneOffset), row.offsets) << row.what;
        EXPECT_EQ(get<std::uint64_t>(list, NvSciBufImageAttrKey_PlaneSecondFieldOffset), row.second_fields) << row.what;
        EXPECT_EQ(get<std::uint64_t>(list, NvSciBufImageAttrKey_PlaneAlignedSize), row.sizes) << row.what;
        EXPECT_EQ(get<std::uint32_t>(list, NvSciBufImageAttrKey_PlaneBaseAddrAlign), row.alignments) << row.what;
        std::uint64_t sum = 0;
        for (const std::uint64_t size : row.sizes)
            sum += size;
        EXPECT_EQ(get<std::uint64_t>(list, NvSciBufImageAttrKey_Size), Longs{sum}) << row.what;
        EXPECT_EQ(get<std::uint64_t>(list, NvSciBufImageAttrKey_Alignment), Longs{row.alignments[0]}) << row.what;
    }
}

// nvscibuf.md 8 rule 17: what NVIDIA's cudaNvSci asks.
TEST_F(ImageTest, TheListOfCudaNvSciReconciles) {
    const Attributes sample = plane_image(kBlock, {{NvSciColor_B8G8R8A8, 640, 427}})
                                  .with(NvSciBufImageAttrKey_ScanType, NvSciBufScan_InterlaceType)
                                  .with(NvSciBufImageAttrKey_PlaneColorStd, NvSciColorStd_SRGB)
                                  .with(NvSciBufImageAttrKey_TopPadding, std::uint64_t{100})
                                  .with(NvSciBufImageAttrKey_BottomPadding, std::uint64_t{100})
                                  .with(NvSciBufImageAttrKey_LeftPadding, std::uint64_t{0})
                                  .with(NvSciBufImageAttrKey_RightPadding, std::uint64_t{0})
                                  .with(NvSciBufGeneralAttrKey_RequiredPerm, NvSciBufAccessPerm_ReadWrite)
                                  .with(NvSciBufGeneralAttrKey_NeedCpuAccess, false)
                                  .with(NvSciBufGeneralAttrKey_GpuId, gpu(0));
    const List list = result_of(sample);
    EXPECT_EQ(get<std::uint64_t>(list, NvSciBufImageAttrKey_TopPadding), Longs{100});
    EXPECT_EQ(get<std::uint64_t>(list, NvSciBufImageAttrKey_BottomPadding), Longs{100});
    EXPECT_EQ(get<std::uint32_t>(list, NvSciBufImageAttrKey_PlaneAlignedHeight), Words{256});
    EXPECT_EQ(get<std::uint64_t>(list, NvSciBufImageAttrKey_PlaneAlignedSize), Longs{2560 * 256 * 2});
    // The sample reads these 4-byte values as 8 bytes.
    for (const auto& [key, value] : {std::pair(NvSciBufImageAttrKey_PlaneCount, std::uint64_t{1}),
                                     {NvSciBufImageAttrKey_PlaneWidth, 640},
                                     {NvSciBufImageAttrKey_PlaneHeight, 427}}) {
        NvSciBufAttrKeyValuePair pair{key, nullptr, 0};
        ASSERT_EQ(NvSciBufAttrListGetAttrs(list, &pair, 1), kSuccess);
        EXPECT_EQ(*static_cast<const std::uint64_t*>(pair.value), value);
    }
    allocate(list);
}

TEST_F(ImageTest, AlignmentsAreTheGreatestOfEveryPlane) {
    const List list = reconciled({nv12().with(NvSciBufImageAttrKey_PlaneBaseAddrAlign, {1024U, 1U}).list(module_),
                                  nv12().with(NvSciBufImageAttrKey_PlaneBaseAddrAlign, {2048U}).list(module_),
                                  nv12().with(NvSciBufImageAttrKey_PlaneBaseAddrAlign, {1U, 8192U}).list(module_)});
    EXPECT_EQ(get<std::uint32_t>(list, NvSciBufImageAttrKey_PlaneBaseAddrAlign), (Words{2048, 8192}));
    EXPECT_EQ(get<std::uint64_t>(list, NvSciBufImageAttrKey_PlaneOffset)[1] % 8192, 0U);
}

// Alignment is that of plane 0, but the address of every plane has the alignment of that plane.
TEST_F(ImageTest, EveryPlaneBeginsAtItsAlignment) {
    const std::uint32_t large = 1U << 24;
    for (const auto layout : {kPitch, kBlock}) {
        const List list = result_of(plane_image(layout, {{NvSciColor_Y8, 16, 16}, {NvSciColor_V8U8, 8, 8}})
                                        .with(NvSciBufImageAttrKey_PlaneBaseAddrAlign, {512U, large})
                                        .with(NvSciBufGeneralAttrKey_NeedCpuAccess, true));
        std::vector<Object> objects;
        for (int i = 0; i < 4; ++i) {
            objects.push_back(allocate(list));
            void* pointer = nullptr;
            ASSERT_EQ(NvSciBufObjGetCpuPtr(objects.back(), &pointer), kSuccess);
            const auto offset = get<std::uint64_t>(list, NvSciBufImageAttrKey_PlaneOffset)[1];
            EXPECT_EQ((reinterpret_cast<std::uintptr_t>(pointer) + offset) % large, 0U);
        }
    }
}

TEST_F(ImageTest, WhatDoesNotFitItsAttributeOverflows) {
    const std::uint32_t most = ~std::uint32_t{0};
    const auto one = [](NvSciBufAttrValImageLayoutType layout, std::uint32_t width, std::uint32_t height) {
        return plane_image(layout, {{NvSciColor_A16B16G16R16, width, height}});
    };
    for (const auto layout : {kPitch, kBlock}) {
        expect_refused({one(layout, most, 1)}, kOverflow,
                       {"NvSciBufImageAttrKey_Size", "plane 0", "pitch", "34359738"});
        EXPECT_EQ(reconcile({one(layout, (1U << 29) - 32, 1).list(module_)}).code, kSuccess);
        expect_refused({one(layout, 1U << 29, 1)}, kOverflow, {"plane 0", "4294967296"});
    }
    expect_refused({one(kBlock, 1, most)}, kOverflow, {"plane 0", "aligned height", "4294967296"});
    EXPECT_EQ(reconcile({one(kPitch, 1, most).list(module_)}).code, kSuccess);
    expect_refused({plane_image(kPitch, {{NvSciColor_Y8, 4294967040U, most}, {NvSciColor_Y8, 4294967040U, most}})},
                   kOverflow, {"plane 1", "exceed 64 bits"});
}

}  // namespace
}  // namespace opennvsci::test
