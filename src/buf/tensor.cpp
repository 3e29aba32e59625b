// SPDX-License-Identifier: Apache-2.0
#include "buf/tensor.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <span>

#include "base/checked.h"
#include "buf/buffer_type.h"
#include "buf/color_format.h"
#include "buf/data_type.h"
#include "buf/image.h"
#include "buf/keys.h"

namespace opennvsci::buf {
namespace {

using attr::Negotiation;
using attr::Reason;
using attr::Slot;
using attr::Suggestion;

constexpr std::size_t kTensorDimensions = NV_SCI_BUF_TENSOR_MAX_DIMS;

constexpr const char* kFromDimensions = "of the dimensions, the alignments and the data type";
constexpr const char* kFromImage = "how the image is laid out";

struct Dimensions {
    std::uint32_t count;
    std::array<std::uint64_t, kTensorDimensions> sizes;
    std::array<std::uint32_t, kTensorDimensions> alignments;  // 1 where nobody asks
};

Result<Dimensions> read_dimensions(Negotiation& negotiation) {
    const Slot& result = negotiation.result();
    Dimensions dimensions{result.required<std::uint32_t>(NvSciBufTensorAttrKey_NumDims), {}, {}};
    const auto too_few = [&](std::uint32_t key, std::size_t count) {
        return negotiation.refuse(key, NvSciError_BadParameter, Reason::inconsistent,
                                  fmt::format("{} {} for {} dimensions (NvSciBufTensorAttrKey_NumDims)", count,
                                              count == 1 ? "value" : "values", dimensions.count),
                                  "give one value per dimension");
    };
    const auto sizes = result.elements<std::uint64_t>(NvSciBufTensorAttrKey_SizePerDim);
    const auto alignments = result.elements<std::uint32_t>(NvSciBufTensorAttrKey_AlignmentPerDim);
    if (sizes.size() < dimensions.count) return too_few(NvSciBufTensorAttrKey_SizePerDim, sizes.size());
    if (!alignments.empty() && alignments.size() < dimensions.count) {
        return too_few(NvSciBufTensorAttrKey_AlignmentPerDim, alignments.size());
    }
    for (std::uint32_t i = 0; i < dimensions.count; ++i) {
        dimensions.sizes[i] = sizes[i];
        dimensions.alignments[i] = alignments.empty() ? 1 : alignments[i];
        if (dimensions.sizes[i] == 0) {
            return negotiation.refuse(NvSciBufTensorAttrKey_SizePerDim, NvSciError_BadParameter, Reason::illegal_value,
                                      fmt::format("dimension {} has no elements", i), "give at least 1");
        }
    }
    return dimensions;
}

struct TensorLayout {
    std::array<std::uint64_t, kTensorDimensions> strides;
    std::uint64_t size;
};

// Bytes of `count` parts of `stride` bytes, rounded up to the alignment; nothing on overflow.
std::optional<std::uint64_t> rounded_product(std::uint64_t stride, std::uint64_t count, std::uint32_t alignment) {
    const auto bytes = checked::multiply(stride, count);
    return bytes ? checked::align_up<std::uint64_t>(*bytes, alignment) : bytes;
}

// nvscibuf.md 5: every stride is the rounded size of what it steps over. Elements of 4 bits are two to a byte in
// the innermost dimension, whose stride is then that of a pair.
std::optional<TensorLayout> lay_out(const Dimensions& dimensions, unsigned element_bits) {
    TensorLayout layout{};
    const std::uint32_t last = dimensions.count - 1;
    layout.strides[last] = std::max(element_bits / 8, 1U);
    std::uint64_t inner = element_bits < 8 ? dimensions.sizes[last] / 2 : dimensions.sizes[last];
    for (std::uint32_t i = last;; --i) {
        const auto bytes = rounded_product(layout.strides[i], inner, dimensions.alignments[i]);
        if (!bytes) return std::nullopt;
        if (i == 0) {
            layout.size = *bytes;
            return layout;
        }
        layout.strides[i - 1] = *bytes;
        inner = dimensions.sizes[i - 1];
    }
}

// The dimensions beyond NumDims that a program may have given mean nothing.
void put_dimensions(Negotiation& negotiation, const Dimensions& dimensions) {
    const auto key = NvSciBufTensorAttrKey_AlignmentPerDim;
    const auto alignments = std::span<const std::uint32_t>(dimensions.alignments).first(dimensions.count);
    negotiation.default_to(key, alignments);
    negotiation.result().put_array(key, alignments);
    negotiation.result().put_array(NvSciBufTensorAttrKey_SizePerDim,
                                   std::span<const std::uint64_t>(dimensions.sizes).first(dimensions.count));
}

tl::unexpected<Error> refuse_value(Negotiation& negotiation, std::uint32_t key, std::string text, Suggestion suggestion,
                                   Reason reason = Reason::inconsistent) {
    return negotiation.refuse(key, NvSciError_BadParameter, reason, std::move(text), std::move(suggestion));
}

// What a pair of image and tensor may have, beyond what each alone may.
Result<> check_values_of_pair(Negotiation& negotiation) {
    const Slot& result = negotiation.result();
    if (result.required<std::uint32_t>(NvSciBufImageAttrKey_Layout) != NvSciBufImage_PitchLinearType) {
        return refuse_value(
            negotiation, NvSciBufImageAttrKey_Layout, "BlockLinear, but an image that is a tensor too is PitchLinear",
            {"set PitchLinear", negotiation.ask_instead(NvSciBufImageAttrKey_Layout, NvSciBufImage_PitchLinearType)});
    }
    for (const auto key : {NvSciBufImageAttrKey_TopPadding, NvSciBufImageAttrKey_BottomPadding,
                           NvSciBufImageAttrKey_LeftPadding, NvSciBufImageAttrKey_RightPadding}) {
        if (!negotiation.is_asked(key)) continue;
        return refuse_value(negotiation, key,
                            fmt::format("{}, but an image that is a tensor too has no padding", text_of(result, key)),
                            negotiation.without(key), Reason::excluded);
    }
    for (const std::uint32_t key :
         {std::uint32_t{NvSciBufImageAttrKey_ImageCount}, std::uint32_t{NvSciBufTensorAttrKey_PixelFormat}}) {
        if (!negotiation.is_asked(key)) {
            return refuse_value(negotiation, key, "mandatory for an image that is a tensor too, and no list sets it",
                                "set it in one of the lists", Reason::missing);
        }
    }
    const auto planes = result.required<std::uint32_t>(NvSciBufImageAttrKey_PlaneCount);
    if (planes != 1) {
        return refuse_value(negotiation, NvSciBufImageAttrKey_PlaneCount,
                            fmt::format("an image that is a tensor too has one plane, this one has {}", planes),
                            {"set 1", negotiation.ask_instead(NvSciBufImageAttrKey_PlaneCount, std::uint32_t{1})});
    }
    if (result.required<std::uint32_t>(NvSciBufImageAttrKey_ScanType) != NvSciBufScan_ProgressiveType) {
        return refuse_value(
            negotiation, NvSciBufImageAttrKey_ScanType,
            "Interlace, but the rows of an interlaced image are no dimension of a tensor",
            {"set Progressive", negotiation.ask_instead(NvSciBufImageAttrKey_ScanType, NvSciBufScan_ProgressiveType)});
    }
    const auto dimensions = result.required<std::uint32_t>(NvSciBufTensorAttrKey_NumDims);
    if (dimensions != 4) {
        return refuse_value(negotiation, NvSciBufTensorAttrKey_NumDims,
                            fmt::format("an image is a tensor of 4 dimensions (NHWC), not of {}", dimensions),
                            {"set 4", negotiation.ask_instead(NvSciBufTensorAttrKey_NumDims, std::uint32_t{4})});
    }
    const auto format = result.required<std::uint32_t>(NvSciBufTensorAttrKey_PixelFormat);
    if (format != NvSciColor_A8B8G8R8 && format != NvSciColor_Float_A16B16G16R16) {
        return refuse_value(
            negotiation, NvSciBufTensorAttrKey_PixelFormat,
            fmt::format("{} is no format of an image that is a tensor too", find_color_format(format)->name),
            "set A8B8G8R8 or Float_A16B16G16R16");
    }
    return {};
}

tl::unexpected<Error> refuse_pair(Negotiation& negotiation, std::uint32_t key, std::string text,
                                  Suggestion suggestion) {
    return negotiation.refuse(key, NvSciError_ReconciliationFailed, Reason::inconsistent, std::move(text),
                              std::move(suggestion));
}

// Tensor and image say the same of the pixels.
Result<> check_agreement(Negotiation& negotiation, const Dimensions& tensor) {
    const Slot& result = negotiation.result();
    const PlaneShape plane = image_shape_of(result).planes[0];
    const ColorFormat& format = color_format(plane.format);
    const auto pixel = result.required<NvSciBufAttrValColorFmt>(NvSciBufTensorAttrKey_PixelFormat);
    if (pixel != plane.format) {
        return refuse_pair(
            negotiation, NvSciBufTensorAttrKey_PixelFormat,
            fmt::format("{}, but NvSciBufImageAttrKey_PlaneColorFormat is {}", color_format(pixel).name, format.name),
            {"set both the same", negotiation.ask_instead(NvSciBufTensorAttrKey_PixelFormat, plane.format)});
    }
    if (result.required<NvSciBufAttrValDataType>(NvSciBufTensorAttrKey_DataType) != format.data_type) {
        const auto key = NvSciBufTensorAttrKey_DataType;
        return refuse_pair(negotiation, key,
                           fmt::format("{}, but not the components of {}", text_of(result, key), format.name),
                           {format.data_type == NvSciDataType_Uint8 ? "set Uint8" : "set Float16",
                            negotiation.ask_instead(key, format.data_type)});
    }
    const std::array<std::uint64_t, 4> wanted{1, plane.height, plane.width, format.channels};
    const auto as_the_image = [&] {
        std::vector<attr::Change> changes;
        for (const attr::Ask& ask : negotiation.asks(NvSciBufTensorAttrKey_SizePerDim)) {
            changes.push_back(Negotiation::ask_in(ask.participant, NvSciBufTensorAttrKey_SizePerDim,
                                                  std::span<const std::uint64_t>(wanted)));
        }
        return changes;
    };
    for (std::uint32_t i = 0; i < 4; ++i) {
        if (tensor.sizes[i] == wanted[i]) continue;
        return refuse_pair(
            negotiation, NvSciBufTensorAttrKey_SizePerDim,
            fmt::format("dimension {} is {}, but the image makes it {} (images, height, width, channels)", i,
                        tensor.sizes[i], wanted[i]),
            {"describe the same pixels in both", as_the_image()});
    }
    return {};
}

Result<> complete_tensor_alone(Negotiation& negotiation) {
    OPENNVSCI_TRY(check_formats(negotiation, NvSciBufTensorAttrKey_PixelFormat));
    if (!negotiation.is_asked(NvSciBufTensorAttrKey_AlignmentPerDim)) {
        return refuse_value(negotiation, NvSciBufTensorAttrKey_AlignmentPerDim,
                            "mandatory for a tensor, and no list sets it", "set it in one of the lists",
                            Reason::missing);
    }
    OPENNVSCI_TRY_ASSIGN(dimensions, read_dimensions(negotiation));
    const auto type = negotiation.result().required<NvSciBufAttrValDataType>(NvSciBufTensorAttrKey_DataType);
    if (bits_of(type) < 8 && dimensions.sizes[dimensions.count - 1] % 2 != 0) {
        return negotiation.refuse(NvSciBufTensorAttrKey_SizePerDim, NvSciError_NotSupported, Reason::not_supported,
                                  fmt::format("the innermost dimension has {} elements of 4 bits, two to a byte",
                                              dimensions.sizes[dimensions.count - 1]),
                                  "make it even");
    }
    const auto layout = lay_out(dimensions, bits_of(type));
    if (!layout) {
        return negotiation.refuse(NvSciBufTensorAttrKey_Size, NvSciError_Overflow, Reason::too_large,
                                  "the size exceeds 64 bits", "ask for fewer elements, or for smaller alignments");
    }
    put_dimensions(negotiation, dimensions);
    negotiation.compute(NvSciBufTensorAttrKey_StridesPerDim, std::span(layout->strides).first(dimensions.count),
                        kFromDimensions, NvSciBufTensorAttrKey_SizePerDim);
    negotiation.compute(NvSciBufTensorAttrKey_Size, layout->size, kFromDimensions, NvSciBufTensorAttrKey_SizePerDim);
    negotiation.raise_to(NvSciBufTensorAttrKey_BaseAddrAlign, kDefaultAlignment, kAllocatorAligns);
    negotiation.default_to(NvSciBufTensorAttrKey_PixelFormat, NvSciColor_LowerBound, "elements, not pixels");
    return {};
}

// Checks that the Tensor keys and the described image are one buffer, and adds what the tensor demands to `rules`.
Result<> check_image_tensor(Negotiation& negotiation, LayoutRules& rules) {
    OPENNVSCI_TRY(check_values_of_pair(negotiation));
    OPENNVSCI_TRY_ASSIGN(dimensions, read_dimensions(negotiation));
    OPENNVSCI_TRY(check_agreement(negotiation, dimensions));
    const ColorFormat& format =
        color_format(negotiation.result().required<NvSciBufAttrValColorFmt>(NvSciBufTensorAttrKey_PixelFormat));
    const std::uint32_t pixel_bytes = format.bits_per_pixel / 8U;
    if (pixel_bytes % dimensions.alignments[3] != 0) {
        return negotiation.refuse(NvSciBufTensorAttrKey_AlignmentPerDim, NvSciError_NotSupported, Reason::inconsistent,
                                  fmt::format("dimension 3 asks for {} bytes, but the pixels of an image are {} bytes "
                                              "without gaps",
                                              dimensions.alignments[3], pixel_bytes),
                                  "ask for at most the size of a pixel");
    }
    put_dimensions(negotiation, dimensions);
    rules.pitch_alignment = std::max(rules.pitch_alignment, dimensions.alignments[2]);
    rules.plane_alignment = std::max({rules.plane_alignment, dimensions.alignments[1], dimensions.alignments[0]});
    return {};
}

// Completes the Tensor keys from the layout of the image.
void complete_from_image(Negotiation& negotiation) {
    const Slot& result = negotiation.result();
    const ColorFormat& format =
        color_format(result.required<NvSciBufAttrValColorFmt>(NvSciBufTensorAttrKey_PixelFormat));
    const auto size = result.required<std::uint64_t>(NvSciBufImageAttrKey_Size);
    const std::array<std::uint64_t, 4> strides{size, result.elements<std::uint32_t>(NvSciBufImageAttrKey_PlanePitch)[0],
                                               format.bits_per_pixel / 8U,
                                               std::uint64_t{format.bits_per_pixel} / 8 / format.channels};
    negotiation.compute(NvSciBufTensorAttrKey_StridesPerDim, std::span<const std::uint64_t>(strides), kFromImage);
    negotiation.compute(NvSciBufTensorAttrKey_Size, size, kFromImage);
    negotiation.raise_to(NvSciBufTensorAttrKey_BaseAddrAlign,
                         std::max(kDefaultAlignment, result.required<std::uint64_t>(NvSciBufImageAttrKey_Alignment)),
                         kAllocatorAligns);
}

Result<> complete_image_tensor(Negotiation& negotiation, const Placement& placement) {
    LayoutRules rules = layout_rules(placement);
    OPENNVSCI_TRY(complete_image_description(negotiation));
    OPENNVSCI_TRY(check_image_tensor(negotiation, rules));
    OPENNVSCI_TRY(complete_image_layout(negotiation, rules));
    complete_from_image(negotiation);
    return {};
}

bool is_image_too(const Slot& slot) {
    return includes(types_of(slot), NvSciBufType_Image);
}

}  // namespace

Result<> complete_tensor(Negotiation& negotiation, const Placement& placement) {
    return is_image_too(negotiation.result()) ? complete_image_tensor(negotiation, placement)
                                              : complete_tensor_alone(negotiation);
}

// Every element lies inside the size; elements of 4 bits are two to a byte in the innermost dimension.
Result<> check_tensor(const Slot& reconciled) {
    const auto type = reconciled.required<NvSciBufAttrValDataType>(NvSciBufTensorAttrKey_DataType);
    const auto sizes = reconciled.elements<std::uint64_t>(NvSciBufTensorAttrKey_SizePerDim);
    const auto strides = reconciled.elements<std::uint64_t>(NvSciBufTensorAttrKey_StridesPerDim);
    const bool is_packed = bits_of(type) < 8;
    std::optional<std::uint64_t> last = std::max(bits_of(type) / 8, 1U);  // the end of the last element
    std::optional<std::uint64_t> bytes = *last;                           // of all elements
    for (std::size_t i = 0; i < sizes.size() && last && bytes; ++i) {
        const bool is_halved = is_packed && i + 1 == sizes.size();
        if (sizes[i] == 0 || (is_halved && sizes[i] % 2 != 0)) {
            return wrong_result(NvSciBufTensorAttrKey_SizePerDim, fmt::format("dimension {} has {}", i, sizes[i]));
        }
        const std::uint64_t count = is_halved ? sizes[i] / 2 : sizes[i];
        const auto step = checked::multiply(count - 1, strides[i]);
        last = step ? checked::add(*last, *step) : step;
        bytes = checked::multiply(*bytes, count);
    }
    const std::uint64_t size = tensor_extent(reconciled).size;
    if (!last || !bytes || *last > size || *bytes > size) {
        return wrong_result(NvSciBufTensorAttrKey_Size, "less than its elements");
    }
    if (!is_image_too(reconciled)) return {};
    if (reconciled.required<std::uint32_t>(NvSciBufTensorAttrKey_PixelFormat) !=
        reconciled.elements<std::uint32_t>(NvSciBufImageAttrKey_PlaneColorFormat)[0]) {
        return wrong_result(NvSciBufTensorAttrKey_PixelFormat, "not that of the image");
    }
    if (size == reconciled.required<std::uint64_t>(NvSciBufImageAttrKey_Size)) return {};
    return wrong_result(NvSciBufTensorAttrKey_Size, "not that of the image");
}

Extent tensor_extent(const Slot& reconciled) {
    return {reconciled.required<std::uint64_t>(NvSciBufTensorAttrKey_Size),
            reconciled.required<std::uint64_t>(NvSciBufTensorAttrKey_BaseAddrAlign)};
}

Result<std::vector<Region>> tensor_regions(const Slot& reconciled) {
    if (is_image_too(reconciled)) return image_regions(reconciled);
    const auto type = reconciled.required<NvSciBufAttrValDataType>(NvSciBufTensorAttrKey_DataType);
    const std::string element = text_of(reconciled, NvSciBufTensorAttrKey_DataType);
    Region tensor{"tensor", element, 0, tensor_extent(reconciled).size, 0, std::nullopt, {}};
    std::uint64_t elements = 1;  // at most twice the size, which fits
    const auto sizes = reconciled.elements<std::uint64_t>(NvSciBufTensorAttrKey_SizePerDim);
    const auto strides = reconciled.elements<std::uint64_t>(NvSciBufTensorAttrKey_StridesPerDim);
    for (std::size_t i = 0; i < strides.size(); ++i) {
        tensor.dimensions.push_back({sizes[i], strides[i]});
        elements *= sizes[i];
    }
    tensor.used = bits_of(type) < 8 ? elements / 2 : elements * (bits_of(type) / 8);
    return one_region(std::move(tensor));
}

}  // namespace opennvsci::buf
