// SPDX-License-Identifier: Apache-2.0
#include "buf/dma_buf.h"

#include <fmt/format.h>
#include <unistd.h>

#include <string_view>

#include "base/checked.h"
#include "buf/image.h"
#include "buf/keys.h"
#include "memory/domain.h"

namespace opennvsci::buf {
namespace {

constexpr std::uint32_t fourcc(char a, char b, char c, char d) {
    return static_cast<std::uint32_t>(a) | static_cast<std::uint32_t>(b) << 8 | static_cast<std::uint32_t>(c) << 16 |
           static_cast<std::uint32_t>(d) << 24;
}

// DRM names components from the most significant bit down, as NvSciBuf does.
struct Named {
    std::string_view color;
    std::uint32_t format;
};
constexpr Named kNamed[] = {
    {"A8B8G8R8", fourcc('A', 'B', '2', '4')},     {"A8R8G8B8", fourcc('A', 'R', '2', '4')},
    {"B8G8R8A8", fourcc('B', 'A', '2', '4')},     {"A2R10G10B10", fourcc('A', 'R', '3', '0')},
    {"A16B16G16R16", fourcc('A', 'B', '4', '8')}, {"Float_A16B16G16R16", fourcc('A', 'B', '4', 'H')},
};

// Samples and pairs of samples, whatever they mean, if all of their bits count.
struct Plain {
    NvSciBufAttrValDataType type;
    std::uint32_t channels;
    std::uint32_t format;
};
constexpr Plain kPlain[] = {
    {NvSciDataType_Uint8, 1, fourcc('R', '8', ' ', ' ')},
    {NvSciDataType_Uint8, 2, fourcc('G', 'R', '8', '8')},
    {NvSciDataType_Uint16, 1, fourcc('R', '1', '6', ' ')},
    {NvSciDataType_Uint16, 2, fourcc('G', 'R', '3', '2')},
};

Result<> check_exportable(const Object& object) {
    if (object.right() == memory::Right::read_only) {
        return fail(NvSciError_NotPermitted, {"permission", "Readonly", "ReadWrite"},
                    "the object is read-only (ActualPerm Readonly), and whoever has a dma-buf may write it");
    }
    const attr::Slot& result = object.list()->reconciled();
    const auto domain = result.required<memory::Domain>(kMemoryDomain);
    if (domain != memory::Domain::video) {
        return fail(NvSciError_NotSupported, {"memory", domain_name(domain), "video memory"},
                    fmt::format("the buffer is in {}, and only video memory has a dma-buf; let one GPU and no CPU take "
                                "part, or set NvSciBufGeneralAttrKey_VidMem_GpuId",
                                domain_name(domain)),
                    cu::CUDA_ERROR_NOT_SUPPORTED);
    }
    if (result.scalar<bool>(kMemoryCompressed).value_or(false)) {
        return fail(
            NvSciError_NotSupported, {"compression", "on", "off"},
            "the memory is compressible, and others than GPUs cannot read what is compressed; reconcile without "
            "NvSciBufGeneralAttrKey_EnableGpuCompression",
            cu::CUDA_ERROR_NOT_SUPPORTED);
    }
    return {};
}

// What of the object is exported; without a file as yet.
struct ExportedRange {
    std::uint64_t start;
    std::uint64_t size;
    DmaBuf described;
};

Result<ExportedRange> range_of(const Object& object, std::uint32_t number) {
    const auto page = static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
    if (!object.is_image()) {
        if (number != 0) return fail(NvSciError_BadParameter, "planeIndex is not 0, and the object is no image");
        const std::uint64_t size = *checked::align_up(object.extent().size, page);
        return ExportedRange{0, size, {{}, size, 0, 0, 0, 0, 0, kDrmModifierLinear}};
    }
    const Image image = image_of(object.list()->reconciled());
    if (number >= image.planes.size()) {
        return fail(NvSciError_BadParameter,
                    fmt::format("planeIndex is {}, and the image has {} planes", number, image.planes.size()));
    }
    const Plane& plane = image.planes[number];
    const std::uint64_t start = plane.offset / page * page;
    const std::uint64_t size = *checked::align_up(plane.end() - start, page);
    // NVIDIA's modifiers need the kind of the pages and its generation, which nothing public tells of this memory.
    const std::uint64_t modifier = image.is_tiled() ? kDrmModifierInvalid : kDrmModifierLinear;
    return ExportedRange{start,
                         size,
                         {{},
                          size,
                          plane.offset - start,
                          plane.width,
                          plane.height,
                          plane.pitch,
                          drm_format_of(color_format(plane.format)),
                          modifier}};
}

}  // namespace

std::uint32_t drm_format_of(const ColorFormat& color) noexcept {
    for (const Named& named : kNamed) {
        if (named.color == color.name) return named.format;
    }
    if (color.bits_per_pixel == 0 || color.content == Content::packed_yuv) return 0;
    const cu::ArrayElement element = color.array_element();
    if (color.significant_bits * element.channels != color.bits_per_pixel) return 0;
    for (const Plain& plain : kPlain) {
        if (plain.type == color.data_type && plain.channels == element.channels) return plain.format;
    }
    return 0;
}

Result<DmaBuf> export_dma_buf(const Object& object, std::uint32_t plane) {
    OPENNVSCI_TRY(check_exportable(object));
    OPENNVSCI_TRY_ASSIGN(range, range_of(object, plane));
    OPENNVSCI_TRY_ASSIGN(file, object.allocation().dma_buf(range.start, range.size));
    range.described.file = std::move(file);
    return std::move(range.described);
}

}  // namespace opennvsci::buf
