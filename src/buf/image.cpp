// SPDX-License-Identifier: Apache-2.0
#include "buf/image.h"

#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <span>

#include "buf/color_format.h"
#include "buf/keys.h"
#include "buf/surface.h"
#include "driver/array_probe.h"

namespace opennvsci::buf {
namespace {

using attr::Negotiation;
using attr::Slot;

// The keys that describe an image by its planes.
struct PlaneKey {
    NvSciBufAttrKey number;
    bool is_mandatory;
    enum Count { one, one_per_plane, at_most_one_per_plane } count;
};
constexpr PlaneKey kPlaneKeys[] = {
    {NvSciBufImageAttrKey_PlaneCount, true, PlaneKey::one},
    {NvSciBufImageAttrKey_PlaneColorFormat, true, PlaneKey::one_per_plane},
    {NvSciBufImageAttrKey_PlaneWidth, true, PlaneKey::one_per_plane},
    {NvSciBufImageAttrKey_PlaneHeight, true, PlaneKey::one_per_plane},
    {NvSciBufImageAttrKey_PlaneColorStd, false, PlaneKey::one_per_plane},
    // A missing element asks for nothing.
    {NvSciBufImageAttrKey_PlaneBaseAddrAlign, false, PlaneKey::at_most_one_per_plane},
    {NvSciBufImageAttrKey_TopPadding, false, PlaneKey::one_per_plane},
    {NvSciBufImageAttrKey_BottomPadding, false, PlaneKey::one_per_plane},
    {NvSciBufImageAttrKey_LeftPadding, false, PlaneKey::one_per_plane},
    {NvSciBufImageAttrKey_RightPadding, false, PlaneKey::one_per_plane},
};
// Those that describe it as a surface: all mandatory but the last.
constexpr NvSciBufAttrKey kSurfaceKeys[] = {NvSciBufImageAttrKey_SurfType,           NvSciBufImageAttrKey_SurfMemLayout,
                                            NvSciBufImageAttrKey_SurfSampleType,     NvSciBufImageAttrKey_SurfBPC,
                                            NvSciBufImageAttrKey_SurfComponentOrder, NvSciBufImageAttrKey_SurfWidthBase,
                                            NvSciBufImageAttrKey_SurfHeightBase,     NvSciBufImageAttrKey_SurfColorStd};

const attr::Key* first_asked_plane_key(Negotiation& negotiation) {
    for (const PlaneKey& key : kPlaneKeys) {
        if (negotiation.is_asked(key.number)) return &negotiation.key(key.number);
    }
    return nullptr;
}

const attr::Key* first_asked_surface_key(Negotiation& negotiation) {
    for (const auto number : kSurfaceKeys) {
        if (negotiation.is_asked(number)) return &negotiation.key(number);
    }
    return nullptr;
}

Result<> require(Negotiation& negotiation, std::uint32_t key, const char* description) {
    if (negotiation.is_asked(key)) return {};
    return negotiation.refuse(key, NvSciError_BadParameter,
                              fmt::format("mandatory for an image described by {}, and no list sets it", description),
                              "set it in one of the lists");
}

void expand_planes(Negotiation& negotiation, const SurfacePlanes& planes) {
    std::array<std::uint32_t, kMaxPlanes> formats{};
    std::array<std::uint32_t, kMaxPlanes> widths{};
    std::array<std::uint32_t, kMaxPlanes> heights{};
    for (std::uint32_t i = 0; i < planes.count; ++i) {
        formats[i] = planes.planes[i].format;
        widths[i] = planes.planes[i].width;
        heights[i] = planes.planes[i].height;
    }
    const auto compute = [&](std::uint32_t key, const std::array<std::uint32_t, kMaxPlanes>& values) {
        negotiation.compute(key, std::span(values).first(planes.count), "from the surface");
    };
    negotiation.compute(NvSciBufImageAttrKey_PlaneCount, planes.count, "from the surface");
    compute(NvSciBufImageAttrKey_PlaneColorFormat, formats);
    compute(NvSciBufImageAttrKey_PlaneWidth, widths);
    compute(NvSciBufImageAttrKey_PlaneHeight, heights);
    const auto standard = negotiation.result().scalar<std::uint32_t>(NvSciBufImageAttrKey_SurfColorStd);
    if (standard) compute(NvSciBufImageAttrKey_PlaneColorStd, {*standard, *standard, *standard});
}

Result<> expand_surface(Negotiation& negotiation) {
    for (const auto key : kSurfaceKeys) {
        if (key != NvSciBufImageAttrKey_SurfColorStd) OPENNVSCI_TRY(require(negotiation, key, "a surface"));
    }
    const Slot& result = negotiation.result();
    const auto value = [&](std::uint32_t key) { return *result.scalar<std::uint32_t>(key); };
    const auto planes =
        planes_of({static_cast<NvSciBufSurfMemLayout>(value(NvSciBufImageAttrKey_SurfMemLayout)),
                   static_cast<NvSciBufSurfSampleType>(value(NvSciBufImageAttrKey_SurfSampleType)),
                   static_cast<NvSciBufSurfBPC>(value(NvSciBufImageAttrKey_SurfBPC)),
                   static_cast<NvSciBufSurfComponentOrder>(value(NvSciBufImageAttrKey_SurfComponentOrder)),
                   value(NvSciBufImageAttrKey_SurfWidthBase), value(NvSciBufImageAttrKey_SurfHeightBase)});
    if (!planes) {
        const attr::Key& key = negotiation.key(planes.error().key);
        return negotiation.refuse(key.number, NvSciError_NotSupported,
                                  fmt::format("{}, but {}", key.text(result.get(key)), planes.error().text));
    }
    expand_planes(negotiation, *planes);
    return {};
}

Result<> check_planes(Negotiation& negotiation) {
    for (const PlaneKey& key : kPlaneKeys) {
        if (key.is_mandatory) OPENNVSCI_TRY(require(negotiation, key.number, "its planes"));
    }
    OPENNVSCI_TRY(require(negotiation, NvSciBufImageAttrKey_ScanType, "its planes"));
    const Slot& result = negotiation.result();
    const auto planes = *result.scalar<std::uint32_t>(NvSciBufImageAttrKey_PlaneCount);
    for (const PlaneKey& plane_key : kPlaneKeys) {
        const attr::Key& key = negotiation.key(plane_key.number);
        const std::size_t count = attr::elements(key, result.get(key)).size();
        if (count == 0 || count == planes || plane_key.count == PlaneKey::one) continue;
        if (count < planes && plane_key.count == PlaneKey::at_most_one_per_plane) continue;
        return negotiation.refuse(key.number, NvSciError_ReconciliationFailed,
                                  fmt::format("{} values, but NvSciBufImageAttrKey_PlaneCount is {}", count, planes),
                                  "give one value per plane");
    }
    return {};
}

}  // namespace

LayoutRules layout_rules(const Placement& placement) {
    LayoutRules rules;
    const auto respect = [&](const driver::Device& gpu) {
        rules.pitch_alignment = std::max(rules.pitch_alignment, gpu.texture_pitch_alignment);
        rules.plane_alignment = std::max(rules.plane_alignment, gpu.texture_alignment);
    };
    for (const Gpu& gpu : placement.participants.gpus)
        respect(*gpu.device);
    if (placement.device == nullptr) return rules;
    respect(*placement.device);  // VidMem_GpuId may name it alone
    const auto probe = std::make_shared<driver::ArrayProbe>(*placement.participants.driver, *placement.device);
    rules.array_needs = [probe](const PlaneShape& plane) {
        const ArrayElement element = color_format(plane.format).array_element();
        return probe->ask({plane.width, plane.height, element.format, element.channels});
    };
    return rules;
}

ImageShape image_shape_of(const Slot& result) {
    ImageShape shape{};
    shape.layout = *result.scalar<NvSciBufAttrValImageLayoutType>(NvSciBufImageAttrKey_Layout);
    shape.is_interlaced = *result.scalar<std::uint32_t>(NvSciBufImageAttrKey_ScanType) == NvSciBufScan_InterlaceType;
    shape.plane_count = *result.scalar<std::uint32_t>(NvSciBufImageAttrKey_PlaneCount);
    const auto formats = result.elements<NvSciBufAttrValColorFmt>(NvSciBufImageAttrKey_PlaneColorFormat);
    const auto widths = result.elements<std::uint32_t>(NvSciBufImageAttrKey_PlaneWidth);
    const auto heights = result.elements<std::uint32_t>(NvSciBufImageAttrKey_PlaneHeight);
    const auto alignments = result.elements<std::uint32_t>(NvSciBufImageAttrKey_PlaneBaseAddrAlign);
    for (std::uint32_t i = 0; i < shape.plane_count; ++i) {
        shape.planes[i] = {formats[i], widths[i], heights[i], i < alignments.size() ? alignments[i] : 0};
    }
    return shape;
}

ImageLayout image_layout_of(const Slot& reconciled) {
    ImageLayout layout{};
    layout.plane_count = *reconciled.scalar<std::uint32_t>(NvSciBufImageAttrKey_PlaneCount);
    layout.size = *reconciled.scalar<std::uint64_t>(NvSciBufImageAttrKey_Size);
    for (std::uint32_t i = 0; i < layout.plane_count; ++i) {
        layout.planes[i] = {reconciled.elements<std::uint64_t>(NvSciBufImageAttrKey_PlaneOffset)[i],
                            reconciled.elements<std::uint64_t>(NvSciBufImageAttrKey_PlaneAlignedSize)[i],
                            reconciled.elements<std::uint64_t>(NvSciBufImageAttrKey_PlaneSecondFieldOffset)[i],
                            reconciled.elements<std::uint32_t>(NvSciBufImageAttrKey_PlanePitch)[i],
                            reconciled.elements<std::uint32_t>(NvSciBufImageAttrKey_PlaneAlignedHeight)[i],
                            reconciled.elements<std::uint32_t>(NvSciBufImageAttrKey_PlaneBaseAddrAlign)[i]};
    }
    return layout;
}

Result<> complete_image_description(Negotiation& negotiation) {
    const attr::Key* plane_key = first_asked_plane_key(negotiation);
    const attr::Key* surface_key = first_asked_surface_key(negotiation);
    if (plane_key != nullptr && surface_key != nullptr) {
        return negotiation.refuse(
            surface_key->number, NvSciError_ReconciliationFailed,
            fmt::format("the image is described by a surface and by planes ({})", plane_key->name),
            "use either plane keys or surface keys in all lists");
    }
    OPENNVSCI_TRY(surface_key != nullptr ? expand_surface(negotiation) : check_planes(negotiation));
    const Slot& result = negotiation.result();
    if (result.scalar<bool>(NvSciBufImageAttrKey_VprFlag).value_or(false)) {
        return negotiation.refuse(NvSciBufImageAttrKey_VprFlag, NvSciError_NotSupported,
                                  "true, but a machine with discrete GPUs has no video protected region",
                                  "leave it unset");
    }
    const auto planes = *result.scalar<std::uint32_t>(NvSciBufImageAttrKey_PlaneCount);
    negotiation.default_to(NvSciBufImageAttrKey_ScanType, NvSciBufScan_ProgressiveType);
    negotiation.default_to(NvSciBufImageAttrKey_VprFlag, false);
    negotiation.default_to(NvSciBufImageAttrKey_ImageCount, std::uint64_t{1});
    const std::array standards{NvSciColorStd_SRGB, NvSciColorStd_SRGB, NvSciColorStd_SRGB};
    negotiation.default_to(NvSciBufImageAttrKey_PlaneColorStd, std::span(standards).first(planes));
    const std::array<std::uint64_t, kMaxPlanes> no_padding{};
    for (const auto key : {NvSciBufImageAttrKey_TopPadding, NvSciBufImageAttrKey_BottomPadding,
                           NvSciBufImageAttrKey_LeftPadding, NvSciBufImageAttrKey_RightPadding}) {
        negotiation.default_to(key, std::span(no_padding).first(planes));
    }
    return {};
}

Result<> complete_image_layout(Negotiation& negotiation, const LayoutRules& rules) {
    const ImageShape shape = image_shape_of(negotiation.result());
    const auto laid_out = lay_out(shape, rules);
    if (!laid_out) {
        return negotiation.refuse(NvSciBufImageAttrKey_Size, laid_out.error().code, laid_out.error().text);
    }

    // One array per key, element by element.
    std::array<std::uint32_t, kMaxPlanes> bits{};
    std::array<std::uint32_t, kMaxPlanes> data_types{};
    std::array<std::uint8_t, kMaxPlanes> channels{};
    std::array<std::uint64_t, kMaxPlanes> offsets{};
    std::array<std::uint64_t, kMaxPlanes> second_fields{};
    std::array<std::uint64_t, kMaxPlanes> sizes{};
    std::array<std::uint32_t, kMaxPlanes> pitches{};
    std::array<std::uint32_t, kMaxPlanes> heights{};
    std::array<std::uint32_t, kMaxPlanes> alignments{};
    for (std::uint32_t i = 0; i < shape.plane_count; ++i) {
        const ColorFormat& format = color_format(shape.planes[i].format);
        const PlaneLayout& plane = laid_out->planes[i];
        bits[i] = format.bits_per_pixel;
        data_types[i] = format.data_type;
        channels[i] = format.channels;
        offsets[i] = plane.offset;
        second_fields[i] = plane.second_field_offset;
        sizes[i] = plane.size;
        pitches[i] = plane.pitch;
        heights[i] = plane.aligned_height;
        alignments[i] = plane.alignment;
    }
    const auto compute = [&](std::uint32_t key, const auto& values) {
        negotiation.compute(key, std::span(values).first(shape.plane_count));
    };
    compute(NvSciBufImageAttrKey_PlaneBitsPerPixel, bits);
    compute(NvSciBufImageAttrKey_PlaneDatatype, data_types);
    compute(NvSciBufImageAttrKey_PlaneChannelCount, channels);
    compute(NvSciBufImageAttrKey_PlaneOffset, offsets);
    compute(NvSciBufImageAttrKey_PlaneSecondFieldOffset, second_fields);
    compute(NvSciBufImageAttrKey_PlaneAlignedSize, sizes);
    compute(NvSciBufImageAttrKey_PlanePitch, pitches);
    compute(NvSciBufImageAttrKey_PlaneAlignedHeight, heights);
    compute(NvSciBufImageAttrKey_PlaneBaseAddrAlign, alignments);
    negotiation.compute(NvSciBufImageAttrKey_Size, laid_out->size);
    negotiation.compute(NvSciBufImageAttrKey_Alignment, std::uint64_t{laid_out->planes[0].alignment});
    return {};
}

}  // namespace opennvsci::buf
