// SPDX-License-Identifier: Apache-2.0
#include "buf/surface.h"

namespace opennvsci::buf {
namespace {

// The formats of one depth: luma, then U and V in the order YUV; the order YVU exchanges the two of each pair.
struct Depth {
    NvSciBufAttrValColorFmt luma;
    NvSciBufAttrValColorFmt u_then_v;
    NvSciBufAttrValColorFmt v_then_u;
    NvSciBufAttrValColorFmt u;
    NvSciBufAttrValColorFmt v;
};

constexpr Depth kDepths[NvSciSurfBPC_MaxValid] = {
    /* Layout_16_8_8 */ {NvSciColor_Y16, NvSciColor_V8U8, NvSciColor_U8V8, NvSciColor_U8, NvSciColor_V8},
    /* Layout_10_8_8 */ {NvSciColor_Y10, NvSciColor_V8U8, NvSciColor_U8V8, NvSciColor_U8, NvSciColor_V8},
    /* 8 */ {NvSciColor_Y8, NvSciColor_V8U8, NvSciColor_U8V8, NvSciColor_U8, NvSciColor_V8},
    /* 10 */ {NvSciColor_Y10, NvSciColor_V10U10, NvSciColor_U10V10, NvSciColor_U10, NvSciColor_V10},
    /* 12 */ {NvSciColor_Y12, NvSciColor_V12U12, NvSciColor_U12V12, NvSciColor_U12, NvSciColor_V12},
    /* 14 */ {NvSciColor_Y16, NvSciColor_V16U16, NvSciColor_U16V16, NvSciColor_U16, NvSciColor_V16},
    /* 16 */ {NvSciColor_Y16, NvSciColor_V16U16, NvSciColor_U16V16, NvSciColor_U16, NvSciColor_V16},
};

// How often the chroma planes sample a direction: once for every 1 or 2 luma pixels.
struct Subsampling {
    std::uint32_t horizontal;
    std::uint32_t vertical;
};

constexpr Subsampling kSubsampling[NvSciSurfSampleType_400] = {
    /* 420 */ {2, 2},
    /* 422 */ {2, 1},
    /* 444 */ {1, 1},
    /* 422R */ {1, 2},
};

constexpr std::uint32_t divide_up(std::uint32_t value, std::uint32_t by) {
    return value / by + (value % by != 0 ? 1 : 0);
}

}  // namespace

tl::expected<Planes<PlaneShape>, Contradiction> planes_of(const Surface& surface) {
    const bool luma_only = surface.sampling == NvSciSurfSampleType_400;
    if (luma_only != (surface.layout == NvSciSurfMemLayout_Packed)) {
        constexpr auto kKey = NvSciBufImageAttrKey_SurfMemLayout;
        return tl::make_unexpected(
            luma_only ? Contradiction{kKey, "4:0:0 has no chroma planes, so its layout is Packed", "ask Packed",
                                      NvSciSurfMemLayout_Packed}
                      : Contradiction{kKey, "Packed is the layout of 4:0:0 only; others are SemiPlanar or Planar",
                                      "ask SemiPlanar or Planar", std::nullopt});
    }
    if (luma_only != (surface.order == NvSciSurfComponentOrder_Luma)) {
        constexpr auto kKey = NvSciBufImageAttrKey_SurfComponentOrder;
        return tl::make_unexpected(
            luma_only ? Contradiction{kKey, "4:0:0 has no chroma, so its component order is Luma", "ask Luma",
                                      NvSciSurfComponentOrder_Luma}
                      : Contradiction{kKey, "the component order Luma is that of 4:0:0 only; others are YUV or YVU",
                                      "ask YUV or YVU", std::nullopt});
    }

    const Depth& depth = kDepths[surface.bits];
    Planes<PlaneShape> planes{1, {{{depth.luma, surface.width, surface.height, 0}}}};
    if (luma_only) return planes;

    const Subsampling by = kSubsampling[surface.sampling];
    const std::uint32_t width = divide_up(surface.width, by.horizontal);
    const std::uint32_t height = divide_up(surface.height, by.vertical);
    const bool u_first = surface.order == NvSciSurfComponentOrder_YUV;
    if (surface.layout == NvSciSurfMemLayout_SemiPlanar) {
        planes.count = 2;
        planes[1] = {u_first ? depth.u_then_v : depth.v_then_u, width, height, 0};
    } else {
        planes.count = 3;
        planes[1] = {u_first ? depth.u : depth.v, width, height, 0};
        planes[2] = {u_first ? depth.v : depth.u, width, height, 0};
    }
    return planes;
}

}  // namespace opennvsci::buf
