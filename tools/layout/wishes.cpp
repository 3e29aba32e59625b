// SPDX-License-Identifier: Apache-2.0
#include "layout/wishes.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <optional>
#include <string_view>
#include <system_error>

#include "device_choice.h"

namespace opennvsci::tool {
namespace {

// The names are those of FourCC codes and of Linux and Windows media interfaces. P010 and its like keep their samples
// in the upper bits of 16, which the layout does not show.
// clang-format off
constexpr SurfaceFormat kSurfaces[] = {
    // name    memory layout                   sampling                 bits per component  order
    {"NV12",   NvSciSurfMemLayout_SemiPlanar,  NvSciSurfSampleType_420, NvSciSurfBPC_8,     NvSciSurfComponentOrder_YUV},
    {"NV21",   NvSciSurfMemLayout_SemiPlanar,  NvSciSurfSampleType_420, NvSciSurfBPC_8,     NvSciSurfComponentOrder_YVU},
    {"NV16",   NvSciSurfMemLayout_SemiPlanar,  NvSciSurfSampleType_422, NvSciSurfBPC_8,     NvSciSurfComponentOrder_YUV},
    {"NV61",   NvSciSurfMemLayout_SemiPlanar,  NvSciSurfSampleType_422, NvSciSurfBPC_8,     NvSciSurfComponentOrder_YVU},
    {"NV24",   NvSciSurfMemLayout_SemiPlanar,  NvSciSurfSampleType_444, NvSciSurfBPC_8,     NvSciSurfComponentOrder_YUV},
    {"NV42",   NvSciSurfMemLayout_SemiPlanar,  NvSciSurfSampleType_444, NvSciSurfBPC_8,     NvSciSurfComponentOrder_YVU},
    {"P010",   NvSciSurfMemLayout_SemiPlanar,  NvSciSurfSampleType_420, NvSciSurfBPC_10,    NvSciSurfComponentOrder_YUV},
    {"P012",   NvSciSurfMemLayout_SemiPlanar,  NvSciSurfSampleType_420, NvSciSurfBPC_12,    NvSciSurfComponentOrder_YUV},
    {"P016",   NvSciSurfMemLayout_SemiPlanar,  NvSciSurfSampleType_420, NvSciSurfBPC_16,    NvSciSurfComponentOrder_YUV},
    {"P210",   NvSciSurfMemLayout_SemiPlanar,  NvSciSurfSampleType_422, NvSciSurfBPC_10,    NvSciSurfComponentOrder_YUV},
    {"P216",   NvSciSurfMemLayout_SemiPlanar,  NvSciSurfSampleType_422, NvSciSurfBPC_16,    NvSciSurfComponentOrder_YUV},
    {"I420",   NvSciSurfMemLayout_Planar,      NvSciSurfSampleType_420, NvSciSurfBPC_8,     NvSciSurfComponentOrder_YUV},
    {"YV12",   NvSciSurfMemLayout_Planar,      NvSciSurfSampleType_420, NvSciSurfBPC_8,     NvSciSurfComponentOrder_YVU},
    {"I422",   NvSciSurfMemLayout_Planar,      NvSciSurfSampleType_422, NvSciSurfBPC_8,     NvSciSurfComponentOrder_YUV},
    {"YV16",   NvSciSurfMemLayout_Planar,      NvSciSurfSampleType_422, NvSciSurfBPC_8,     NvSciSurfComponentOrder_YVU},
    {"I444",   NvSciSurfMemLayout_Planar,      NvSciSurfSampleType_444, NvSciSurfBPC_8,     NvSciSurfComponentOrder_YUV},
    {"YV24",   NvSciSurfMemLayout_Planar,      NvSciSurfSampleType_444, NvSciSurfBPC_8,     NvSciSurfComponentOrder_YVU},
    {"I010",   NvSciSurfMemLayout_Planar,      NvSciSurfSampleType_420, NvSciSurfBPC_10,    NvSciSurfComponentOrder_YUV},
    {"GREY",   NvSciSurfMemLayout_Packed,      NvSciSurfSampleType_400, NvSciSurfBPC_8,     NvSciSurfComponentOrder_Luma},
};
// clang-format on

// The keys that stand for the types of the values that --format and --data-type name.
constexpr auto kFormatKey = NvSciBufTensorAttrKey_PixelFormat;
constexpr auto kDataTypeKey = NvSciBufTensorAttrKey_DataType;

template <class Value>
std::optional<Value> value_of(NvSciBufAttrKey key, const std::string& name) {
    const auto all = enumerators_of(key);
    const auto found = std::find_if(all.begin(), all.end(), [&](const auto& one) { return name == one.name; });
    if (found == all.end()) return std::nullopt;
    return static_cast<Value>(found->value);
}

std::vector<std::string> names_of(NvSciBufAttrKey key) {
    std::vector<std::string> names;
    for (const OpenNvSciEnumerator& one : enumerators_of(key))
        names.emplace_back(one.name);
    return names;
}

Result<NvSciBufAttrValDataType> parse_data_type(const std::string& name) {
    const auto type = value_of<NvSciBufAttrValDataType>(kDataTypeKey, name);
    if (!type) return fail(fmt::format("'{}' is no NvSciDataType", name));
    return *type;
}

void ask_for_surface(Participant& participant, const SurfaceFormat& surface, ImageSize size) {
    participant.asks(NvSciBufImageAttrKey_SurfType, NvSciSurfType_YUV)
        .asks(NvSciBufImageAttrKey_SurfMemLayout, surface.layout)
        .asks(NvSciBufImageAttrKey_SurfSampleType, surface.sampling)
        .asks(NvSciBufImageAttrKey_SurfBPC, surface.bits)
        .asks(NvSciBufImageAttrKey_SurfComponentOrder, surface.order)
        .asks(NvSciBufImageAttrKey_SurfWidthBase, size.width)
        .asks(NvSciBufImageAttrKey_SurfHeightBase, size.height);
}

void ask_for_planes(Participant& participant, const std::vector<NvSciBufAttrValColorFmt>& formats,
                    const std::vector<ImageSize>& sizes) {
    std::vector<std::uint32_t> widths;
    std::vector<std::uint32_t> heights;
    for (std::size_t i = 0; i < formats.size(); ++i) {
        const ImageSize size = sizes.size() == 1 ? sizes[0] : sizes[i];
        widths.push_back(size.width);
        heights.push_back(size.height);
    }
    participant.asks(NvSciBufImageAttrKey_PlaneCount, static_cast<std::uint32_t>(formats.size()))
        .asks_all(NvSciBufImageAttrKey_PlaneColorFormat, formats)
        .asks_all(NvSciBufImageAttrKey_PlaneWidth, widths)
        .asks_all(NvSciBufImageAttrKey_PlaneHeight, heights);
}

Result<> ask_for_image(Participant& participant, const LayoutOptions& options) {
    OPENNVSCI_TRY_ASSIGN(format, parse_formats(options.formats));
    std::vector<ImageSize> sizes;
    for (const std::string& text : options.sizes) {
        OPENNVSCI_TRY_ASSIGN(size, parse_size(text));
        sizes.push_back(size);
    }
    const std::size_t wanted = format.surface != nullptr ? 1 : format.planes.size();
    if (sizes.size() != 1 && sizes.size() != wanted) {
        return fail(format.surface != nullptr ? fmt::format("--size: {} sizes, but {} is a surface, which has one",
                                                            sizes.size(), format.surface->name)
                                              : fmt::format("--size: {} sizes for {} planes", sizes.size(), wanted));
    }
    if (format.surface != nullptr) {
        ask_for_surface(participant, *format.surface, sizes[0]);
    } else {
        ask_for_planes(participant, format.planes, sizes);
    }
    participant
        .asks(NvSciBufImageAttrKey_Layout,
              options.arrangement == "block-linear" ? NvSciBufImage_BlockLinearType : NvSciBufImage_PitchLinearType)
        .asks(NvSciBufImageAttrKey_ScanType,
              options.interlaced ? NvSciBufScan_InterlaceType : NvSciBufScan_ProgressiveType);
    if (!options.plane_align.empty()) {
        participant.asks_all(NvSciBufImageAttrKey_PlaneBaseAddrAlign, options.plane_align);
    }
    return {};
}

Result<> ask_for_pyramid(Participant& participant, const LayoutOptions& options) {
    OPENNVSCI_TRY(ask_for_image(participant, options));
    if (options.levels) participant.asks(NvSciBufPyramidAttrKey_NumLevels, *options.levels);
    participant.asks(NvSciBufPyramidAttrKey_Scale, options.scale);
    return {};
}

Result<> ask_for_tensor(Participant& participant, const LayoutOptions& options) {
    if (!options.data_type.empty()) {
        OPENNVSCI_TRY_ASSIGN(type, parse_data_type(options.data_type));
        participant.asks(NvSciBufTensorAttrKey_DataType, type);
    }
    if (!options.dims.empty()) {
        participant.asks(NvSciBufTensorAttrKey_NumDims, static_cast<std::uint32_t>(options.dims.size()))
            .asks_all(NvSciBufTensorAttrKey_SizePerDim, options.dims);
    }
    std::vector<std::uint32_t> alignments(options.dims.size(), 1);
    if (!options.align.empty()) alignments.assign(options.align.begin(), options.align.end());
    if (!alignments.empty()) {
        participant.asks_all(NvSciBufTensorAttrKey_AlignmentPerDim, alignments);
    }
    return {};
}

Result<> ask_for_array(Participant& participant, const LayoutOptions& options) {
    if (!options.data_type.empty()) {
        OPENNVSCI_TRY_ASSIGN(type, parse_data_type(options.data_type));
        participant.asks(NvSciBufArrayAttrKey_DataType, type);
    }
    if (options.stride) participant.asks(NvSciBufArrayAttrKey_Stride, *options.stride);
    if (options.capacity) participant.asks(NvSciBufArrayAttrKey_Capacity, *options.capacity);
    return {};
}

Result<> ask_for_raw_buffer(Participant& participant, const LayoutOptions& options) {
    if (options.align.size() > 1) {
        return fail(fmt::format("--align: {} values, but a raw buffer has one alignment", options.align.size()));
    }
    if (options.bytes) participant.asks(NvSciBufRawBufferAttrKey_Size, *options.bytes);
    if (!options.align.empty()) participant.asks(NvSciBufRawBufferAttrKey_Align, options.align[0]);
    return {};
}

struct BufferType {
    std::string_view word;
    NvSciBufType type;
    Result<> (*ask)(Participant&, const LayoutOptions&);
};
constexpr BufferType kTypes[] = {
    {"image", NvSciBufType_Image, ask_for_image},        {"pyramid", NvSciBufType_Pyramid, ask_for_pyramid},
    {"tensor", NvSciBufType_Tensor, ask_for_tensor},     {"array", NvSciBufType_Array, ask_for_array},
    {"raw", NvSciBufType_RawBuffer, ask_for_raw_buffer},
};

}  // namespace

std::vector<std::string> buffer_type_names() {
    std::vector<std::string> names;
    for (const BufferType& type : kTypes)
        names.emplace_back(type.word);
    return names;
}

std::string surface_names() {
    std::string names;
    for (const SurfaceFormat& surface : kSurfaces) {
        if (!names.empty()) names += ", ";
        names += surface.name;
    }
    return names;
}

std::vector<std::string> format_names() {
    std::vector<std::string> names = names_of(kFormatKey);
    for (const SurfaceFormat& surface : kSurfaces)
        names.emplace_back(surface.name);
    return names;
}

std::string no_format() {
    return fmt::format("neither an NvSciColor nor one of {}", surface_names());
}

std::vector<std::string> data_type_names() {
    return names_of(kDataTypeKey);
}

Result<Format> parse_formats(const std::vector<std::string>& names) {
    Format format;
    for (const std::string& name : names) {
        const auto* surface = std::find_if(std::begin(kSurfaces), std::end(kSurfaces),
                                           [&](const auto& known) { return name == known.name; });
        if (surface != std::end(kSurfaces)) {
            if (names.size() != 1) {
                return fail(fmt::format("{} is a surface with all its planes, and stands alone", name));
            }
            return Format{surface, {}};
        }
        const auto color = value_of<NvSciBufAttrValColorFmt>(kFormatKey, name);
        if (!color) return fail(fmt::format("'{}' is {}", name, no_format()));
        format.planes.push_back(*color);
    }
    if (format.planes.size() > NV_SCI_BUF_IMAGE_MAX_PLANES) {
        return fail(
            fmt::format("{} planes, an image has at most {}", format.planes.size(), NV_SCI_BUF_IMAGE_MAX_PLANES));
    }
    return format;
}

Result<ImageSize> parse_size(const std::string& text) {
    ImageSize size{};
    const char* const end = text.data() + text.size();
    const auto width = std::from_chars(text.data(), end, size.width);
    const bool has_x = width.ec != std::errc::invalid_argument && width.ptr != end && *width.ptr == 'x';
    const auto height = has_x ? std::from_chars(width.ptr + 1, end, size.height) : width;
    if (!has_x || height.ec == std::errc::invalid_argument || height.ptr != end) {
        return fail(fmt::format("'{}' is no size like 1920x1080", text));
    }
    if (width.ec != std::errc{} || height.ec != std::errc{} || size.width == 0 || size.height == 0) {
        return fail(fmt::format("{} is out of range: width and height must be 1 to {} pixels", text, UINT32_MAX));
    }
    return size;
}

Result<Participant> wishes_of(const LayoutOptions& options) {
    const auto* type = std::find_if(std::begin(kTypes), std::end(kTypes),
                                    [&](const auto& known) { return options.type == known.word; });
    if (type == std::end(kTypes)) {
        return fail(fmt::format("'{}' is no type of a buffer", options.type));
    }
    Participant participant("the command line");
    participant.asks(NvSciBufGeneralAttrKey_Types, type->type);
    if (options.cpu) participant.asks(NvSciBufGeneralAttrKey_NeedCpuAccess, true);
    if (options.gpu) {
        OPENNVSCI_TRY_ASSIGN(driver, driver_in_use());
        OPENNVSCI_TRY_ASSIGN(device, choose_device(*driver, std::to_string(*options.gpu)));
        participant.asks(NvSciBufGeneralAttrKey_GpuId, device->gpuId);
    }
    OPENNVSCI_TRY(type->ask(participant, options));
    return participant;
}

}  // namespace opennvsci::tool
