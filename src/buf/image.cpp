// SPDX-License-Identifier: Apache-2.0
#include "buf/image.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <functional>
#include <memory>
#include <span>
#include <type_traits>

#include "base/block_linear.h"
#include "base/checked.h"
#include "buf/buffer_type.h"
#include "buf/color_format.h"
#include "buf/keys.h"
#include "buf/surface.h"
#include "driver/array_probe.h"

namespace opennvsci::buf {
namespace {

using attr::Change;
using attr::Negotiation;
using attr::Reason;
using attr::Slot;
using attr::Suggestion;

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

// Either of the two descriptions goes; first that of fewer asks.
Suggestion describe_one_way(Negotiation& negotiation) {
    std::vector<Change> planes;
    std::vector<Change> surface;
    const auto add = [&](std::uint32_t key, std::vector<Change>& to) {
        const auto changes = negotiation.leave_out(key);
        to.insert(to.end(), changes.begin(), changes.end());
    };
    for (const PlaneKey& key : kPlaneKeys)
        add(key.number, planes);
    for (const auto key : kSurfaceKeys)
        add(key, surface);
    constexpr const char* kNoPlanes = "leave out the keys of planes";
    constexpr const char* kNoSurface = "leave out the keys of the surface";
    if (planes.size() < surface.size()) return {kNoPlanes, std::move(planes), {kNoSurface, std::move(surface)}};
    return {kNoSurface, std::move(surface), {kNoPlanes, std::move(planes)}};
}

Result<> require(Negotiation& negotiation, std::uint32_t key, const char* description) {
    if (negotiation.is_asked(key)) return {};
    return negotiation.refuse(key, NvSciError_BadParameter, Reason::missing,
                              fmt::format("mandatory for an image described by {}, and no list sets it", description),
                              "set it in one of the lists");
}

// The keys that state one value for every plane, each with the part of a plane that it states.
template <class Visit>
void for_each_shape_key(Visit&& visit) {
    visit(NvSciBufImageAttrKey_PlaneColorFormat, &PlaneShape::format);
    visit(NvSciBufImageAttrKey_PlaneWidth, &PlaneShape::width);
    visit(NvSciBufImageAttrKey_PlaneHeight, &PlaneShape::height);
}
template <class Visit>
void for_each_layout_key(Visit&& visit) {
    visit(NvSciBufImageAttrKey_PlaneOffset, &Plane::offset);
    visit(NvSciBufImageAttrKey_PlaneAlignedSize, &Plane::size);
    visit(NvSciBufImageAttrKey_PlaneSecondFieldOffset, &Plane::second_field_offset);
    visit(NvSciBufImageAttrKey_PlanePitch, &Plane::pitch);
    visit(NvSciBufImageAttrKey_PlaneAlignedHeight, &Plane::aligned_height);
    visit(NvSciBufImageAttrKey_PlaneBaseAddrAlign, &Plane::alignment);
}

// Planes that the key has no value for stay as they are.
template <class AnyPlane, class Owner, class Value>
void read_key(const Slot& slot, std::uint32_t key, Value Owner::*part, Planes<AnyPlane>& planes) {
    const auto values = slot.elements<Value>(key);
    for (std::size_t i = 0; i < std::min<std::size_t>(planes.size(), values.size()); ++i)
        planes[i].*part = values[i];
}

// `part` is a member of the planes, or computes from one.
template <class AnyPlane, class Part>
void compute_key(Negotiation& negotiation, std::uint32_t key, const Planes<AnyPlane>& planes, Part part,
                 const char* reason, std::uint32_t follows_from = 0) {
    using Value = std::remove_cvref_t<std::invoke_result_t<Part, const AnyPlane&>>;
    std::array<Value, kMaxPlanes> values{};
    std::ranges::transform(planes, values.begin(), part);
    negotiation.compute(key, std::span<const Value>(values).first(planes.size()), reason, follows_from);
}

Result<> expand_surface(Negotiation& negotiation) {
    for (const auto key : kSurfaceKeys) {
        if (key != NvSciBufImageAttrKey_SurfColorStd) OPENNVSCI_TRY(require(negotiation, key, "a surface"));
    }
    const Slot& result = negotiation.result();
    const auto value = [&](std::uint32_t key) { return result.required<std::uint32_t>(key); };
    const auto planes =
        planes_of({static_cast<NvSciBufSurfMemLayout>(value(NvSciBufImageAttrKey_SurfMemLayout)),
                   static_cast<NvSciBufSurfSampleType>(value(NvSciBufImageAttrKey_SurfSampleType)),
                   static_cast<NvSciBufSurfBPC>(value(NvSciBufImageAttrKey_SurfBPC)),
                   static_cast<NvSciBufSurfComponentOrder>(value(NvSciBufImageAttrKey_SurfComponentOrder)),
                   value(NvSciBufImageAttrKey_SurfWidthBase), value(NvSciBufImageAttrKey_SurfHeightBase)});
    if (!planes) {
        const std::uint32_t key = planes.error().key;
        const auto& only = planes.error().only_value;
        Suggestion suggestion(planes.error().remedy,
                              only ? negotiation.ask_instead(key, *only) : std::vector<Change>());
        return negotiation.refuse(key, NvSciError_NotSupported, Reason::inconsistent,
                                  fmt::format("{}, but {}", text_of(result, key), planes.error().text),
                                  std::move(suggestion));
    }
    const char* const reason = "from the surface";
    negotiation.compute(NvSciBufImageAttrKey_PlaneCount, planes->size(), reason);
    for_each_shape_key([&](std::uint32_t key, auto part) { compute_key(negotiation, key, *planes, part, reason); });
    if (const auto standard = result.scalar<std::uint32_t>(NvSciBufImageAttrKey_SurfColorStd)) {
        compute_key(
            negotiation, NvSciBufImageAttrKey_PlaneColorStd, *planes, [&](const auto&) { return *standard; }, reason);
    }
    return {};
}

Result<> check_planes(Negotiation& negotiation) {
    for (const PlaneKey& key : kPlaneKeys) {
        if (key.is_mandatory) OPENNVSCI_TRY(require(negotiation, key.number, "its planes"));
    }
    OPENNVSCI_TRY(require(negotiation, NvSciBufImageAttrKey_ScanType, "its planes"));
    const Slot& result = negotiation.result();
    const auto planes = result.required<std::uint32_t>(NvSciBufImageAttrKey_PlaneCount);
    for (const PlaneKey& plane_key : kPlaneKeys) {
        const attr::Key& key = negotiation.key(plane_key.number);
        const std::size_t count = attr::elements(key, result.get(key)).size();
        if (count == 0 || count == planes || plane_key.count == PlaneKey::one) continue;
        if (count < planes && plane_key.count == PlaneKey::at_most_one_per_plane) continue;
        return negotiation.refuse(key.number, NvSciError_ReconciliationFailed, Reason::inconsistent,
                                  fmt::format("{} {}, but NvSciBufImageAttrKey_PlaneCount is {}", count,
                                              count == 1 ? "value" : "values", planes),
                                  "give one value per plane");
    }
    return {};
}

PlaneRows rows_of(const Image& image, const Plane& plane) {
    return {plane.width,
            plane.height,
            plane.row_bytes(),
            plane.pitch,
            plane.aligned_height,
            plane.second_field_offset,
            image.is_tiled() ? 1U << block_linear::block_height_log2(plane.height) : 0};
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
    rules.array_needs = [probe](const driver::ArrayShape& array) { return probe->ask(array); };
    return rules;
}

ImageShape image_shape_of(const Slot& result) {
    ImageShape shape{};
    shape.layout = result.required<NvSciBufAttrValImageLayoutType>(NvSciBufImageAttrKey_Layout);
    shape.is_interlaced = result.required<std::uint32_t>(NvSciBufImageAttrKey_ScanType) == NvSciBufScan_InterlaceType;
    shape.planes.count = result.required<std::uint32_t>(NvSciBufImageAttrKey_PlaneCount);
    for_each_shape_key([&](std::uint32_t key, auto part) { read_key(result, key, part, shape.planes); });
    read_key(result, NvSciBufImageAttrKey_PlaneBaseAddrAlign, &PlaneShape::alignment, shape.planes);
    return shape;
}

Image image_of(const Slot& reconciled) {
    const ImageShape shape = image_shape_of(reconciled);
    Image image{shape.layout, shape.is_interlaced, {shape.planes.size(), {}}, 0};
    for (std::uint32_t i = 0; i < shape.planes.size(); ++i)
        static_cast<PlaneShape&>(image.planes[i]) = shape.planes[i];
    for_each_layout_key([&](std::uint32_t key, auto part) { read_key(reconciled, key, part, image.planes); });
    image.size = reconciled.required<std::uint64_t>(NvSciBufImageAttrKey_Size);
    return image;
}

std::optional<Plane> plane_at(const Slot& reconciled, std::uint64_t offset) {
    if (!reconciled.scalar<std::uint32_t>(NvSciBufImageAttrKey_PlaneCount)) return std::nullopt;
    const Image image = image_of(reconciled);
    for (const Plane& plane : image.planes) {
        if (offset >= plane.offset && offset < plane.end()) return plane;
    }
    return std::nullopt;
}

Result<> check_formats(Negotiation& negotiation, std::uint32_t key) {
    for (const auto number : negotiation.result().elements<std::uint32_t>(key)) {
        const ColorFormat* format = find_color_format(number);
        if (format == nullptr || format->no_layout == nullptr) continue;
        return negotiation.refuse(key, NvSciError_NotSupported, Reason::not_supported,
                                  fmt::format("{} has no layout here: {}", format->name, format->no_layout),
                                  "use a format of one sample per pixel, or a raw buffer");
    }
    return {};
}

Result<> complete_image_description(Negotiation& negotiation) {
    const attr::Key* plane_key = first_asked_plane_key(negotiation);
    const attr::Key* surface_key = first_asked_surface_key(negotiation);
    if (plane_key != nullptr && surface_key != nullptr) {
        return negotiation.refuse(
            surface_key->number, NvSciError_ReconciliationFailed, Reason::excluded,
            fmt::format("the image is described by a surface ({} in {}) and by planes ({} in {})",
                        attr::own_part(surface_key->name), negotiation.names_of(surface_key->number),
                        attr::own_part(plane_key->name), negotiation.names_of(plane_key->number)),
            describe_one_way(negotiation));
    }
    OPENNVSCI_TRY(surface_key != nullptr ? expand_surface(negotiation) : check_planes(negotiation));
    OPENNVSCI_TRY(check_formats(negotiation, NvSciBufImageAttrKey_PlaneColorFormat));
    const Slot& result = negotiation.result();
    if (result.scalar<bool>(NvSciBufImageAttrKey_VprFlag).value_or(false)) {
        return negotiation.refuse(NvSciBufImageAttrKey_VprFlag, NvSciError_NotSupported, Reason::not_supported,
                                  "true, but a machine with discrete GPUs has no video protected region",
                                  negotiation.without(NvSciBufImageAttrKey_VprFlag));
    }
    const auto planes = result.required<std::uint32_t>(NvSciBufImageAttrKey_PlaneCount);
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

tl::unexpected<Error> refuse_layout(Negotiation& negotiation, std::uint32_t key, NvSciError code, std::string text) {
    const bool is_too_large = code == NvSciError_Overflow;
    return negotiation.refuse(
        key, code, is_too_large ? Reason::too_large : Reason::not_supported, std::move(text),
        is_too_large
            ? Suggestion("ask for a smaller image")
            : Suggestion(fmt::format("set PitchLinear in {}", negotiation.names_of(NvSciBufImageAttrKey_Layout)),
                         negotiation.ask_instead(NvSciBufImageAttrKey_Layout, NvSciBufImage_PitchLinearType)));
}

constexpr const char* kFromLayout = "how the planes are laid out";

Result<> complete_image_layout(Negotiation& negotiation, const LayoutRules& rules) {
    const auto image = lay_out(image_shape_of(negotiation.result()), rules);
    if (!image) {
        return refuse_layout(negotiation, NvSciBufImageAttrKey_Size, image.error().code, image.error().text);
    }
    const auto compute = [&](std::uint32_t key, auto part) {
        compute_key(negotiation, key, image->planes, part, "of the color format",
                    NvSciBufImageAttrKey_PlaneColorFormat);
    };
    compute(NvSciBufImageAttrKey_PlaneBitsPerPixel,
            [](const Plane& plane) -> std::uint32_t { return color_format(plane.format).bits_per_pixel; });
    compute(NvSciBufImageAttrKey_PlaneDatatype,
            [](const Plane& plane) { return color_format(plane.format).data_type; });
    compute(NvSciBufImageAttrKey_PlaneChannelCount,
            [](const Plane& plane) { return color_format(plane.format).channels; });
    for_each_layout_key([&](std::uint32_t key, auto part) {
        compute_key(negotiation, key, image->planes, part, kFromLayout, NvSciBufImageAttrKey_Layout);
    });
    negotiation.compute(NvSciBufImageAttrKey_Size, image->size, kFromLayout, NvSciBufImageAttrKey_Layout);
    negotiation.compute(NvSciBufImageAttrKey_Alignment, std::uint64_t{image->planes[0].alignment}, kFromLayout,
                        NvSciBufImageAttrKey_Layout);
    return {};
}

Result<> complete_image(Negotiation& negotiation, const Placement& placement) {
    OPENNVSCI_TRY(complete_image_description(negotiation));
    return complete_image_layout(negotiation, layout_rules(placement));
}

namespace {

// What of the shape of a plane is stated a second time agrees with its format.
Result<> check_format_keys(const Slot& reconciled, std::uint32_t i, const ColorFormat& format) {
    if (reconciled.elements<std::uint32_t>(NvSciBufImageAttrKey_PlaneBitsPerPixel)[i] != format.bits_per_pixel) {
        return wrong_result(NvSciBufImageAttrKey_PlaneBitsPerPixel, "not that of the colour format");
    }
    if (reconciled.elements<std::uint32_t>(NvSciBufImageAttrKey_PlaneDatatype)[i] != format.data_type) {
        return wrong_result(NvSciBufImageAttrKey_PlaneDatatype, "not that of the colour format");
    }
    if (reconciled.elements<std::uint8_t>(NvSciBufImageAttrKey_PlaneChannelCount)[i] != format.channels) {
        return wrong_result(NvSciBufImageAttrKey_PlaneChannelCount, "not that of the colour format");
    }
    return {};
}

// The rows of a plane lie inside its size, whether they are read as rows, as two fields or as an array.
Result<> check_rows(const Image& image, const Plane& plane) {
    if (plane.pitch < plane.row_bytes()) return wrong_result(NvSciBufImageAttrKey_PlanePitch, "less than a row");
    const std::uint64_t field_rows = image.is_interlaced ? (std::uint64_t{plane.height} + 1) / 2 : plane.height;
    if (plane.aligned_height < field_rows) {
        return wrong_result(NvSciBufImageAttrKey_PlaneAlignedHeight, "less than the rows of a field");
    }
    const std::uint64_t field = std::uint64_t{plane.pitch} * plane.aligned_height;  // 64 bits at most
    const bool has_second = image.is_interlaced;
    if (has_second ? plane.second_field_offset < field : plane.second_field_offset != 0) {
        return wrong_result(NvSciBufImageAttrKey_PlaneSecondFieldOffset, "not behind the first field");
    }
    if (!checked::window_fits(plane.second_field_offset, field, plane.size)) {
        return wrong_result(NvSciBufImageAttrKey_PlaneAlignedSize, "less than the rows");
    }
    if (!image.is_tiled()) return {};
    const auto tiling = block_linear::lay_out(plane.row_bytes(), plane.height);
    if (tiling && tiling->size <= plane.size) return {};
    return wrong_result(NvSciBufImageAttrKey_PlaneAlignedSize, "less than the blocks");
}

}  // namespace

Result<> check_image(const Slot& reconciled) {
    const Image image = image_of(reconciled);
    std::uint64_t end = 0;
    for (std::uint32_t i = 0; i < image.planes.size(); ++i) {
        const Plane& plane = image.planes[i];
        OPENNVSCI_TRY(check_format_keys(reconciled, i, color_format(plane.format)));
        OPENNVSCI_TRY(check_rows(image, plane));
        if (plane.offset < end || plane.offset % plane.alignment != 0) {
            return wrong_result(NvSciBufImageAttrKey_PlaneOffset,
                                fmt::format("plane {} overlaps the one before, or is not aligned", i));
        }
        if (!checked::window_fits(plane.offset, plane.size, image.size)) {
            return wrong_result(NvSciBufImageAttrKey_Size, fmt::format("less than the end of plane {}", i));
        }
        end = plane.end();
    }
    return {};
}

// The key Alignment is that of plane 0 only.
Extent image_extent(const Slot& reconciled) {
    Extent extent{reconciled.required<std::uint64_t>(NvSciBufImageAttrKey_Size), 1};
    for (const std::uint64_t alignment : reconciled.elements<std::uint32_t>(NvSciBufImageAttrKey_PlaneBaseAddrAlign))
        extent.alignment = std::max(extent.alignment, alignment);
    return extent;
}

void append_regions(std::vector<Region>& regions, const std::string& prefix, std::uint64_t start, const Image& image) {
    for (std::uint32_t i = 0; i < image.planes.size(); ++i) {
        const Plane& plane = image.planes[i];
        regions.push_back({fmt::format("{}plane {}", prefix, i),
                           color_format(plane.format).name,
                           start + plane.offset,
                           plane.size,
                           plane.row_bytes() * plane.height,
                           rows_of(image, plane),
                           {}});
    }
}

Result<std::vector<Region>> image_regions(const Slot& reconciled) {
    std::vector<Region> regions;
    append_regions(regions, "", 0, image_of(reconciled));
    return regions;
}

}  // namespace opennvsci::buf
