// SPDX-License-Identifier: Apache-2.0
#include "buf/value_types.h"

#include <fmt/format.h>

#include <cstddef>
#include <string_view>

#include "base/unaligned.h"
#include "buf/buffer_type.h"
#include "buf/color_format.h"
#include "memory/domain.h"
#include "nvscibuf.h"

namespace opennvsci::buf::value {
namespace {

using attr::ValueType;
using attr::value::append_enumerator;
using attr::value::enumeration;
using attr::value::Names;
using memory::Domain;

constexpr Names<6> kPermissions{{"0", "Readonly", "2", "ReadWrite", "Auto", "Invalid"}};
constexpr Names<2> kLayouts{{"BlockLinear", "PitchLinear"}};
constexpr Names<2> kScanTypes{{"Progressive", "Interlace"}};
constexpr Names<12> kColorStandards{{"SRGB", "REC601_SR", "REC601_ER", "REC709_SR", "REC709_ER", "REC2020_RGB",
                                     "REC2020_SR", "REC2020_ER", "YcCbcCrc_SR", "YcCbcCrc_ER", "SENSOR_RGBA",
                                     "REQ2020PQ_ER"}};
constexpr Names<12> kDataTypes{
    {"Int4", "Uint4", "Int8", "Uint8", "Int16", "Uint16", "Int32", "Uint32", "Float16", "Float32", "FloatISP", "Bool"}};
constexpr Names<3> kSurfaceTypes{{"YUV", "RGBA", "RAW"}};
constexpr Names<3> kSurfaceLayouts{{"Packed", "SemiPlanar", "Planar"}};
constexpr Names<5> kSurfaceSamplings{{"420", "422", "444", "422R", "400"}};
constexpr Names<7> kSurfaceBits{{"Layout_16_8_8", "Layout_10_8_8", "8", "10", "12", "14", "16"}};
constexpr Names<3> kSurfaceOrders{{"YUV", "YVU", "Luma"}};
constexpr Names<2> kCompressionTypes{{"None", "GenericCompressible"}};
constexpr Names<3> kMemoryDomains{
    {domain_name(Domain::system), domain_name(Domain::video), domain_name(Domain::driver_system)}};

void append_buffer_type(std::string& out, const void* element) {
    const auto number = load<std::uint32_t>(element);
    if (const BufferType* type = find_buffer_type(number)) {
        out += type->name;
    } else {
        out += number == NvSciBufType_General ? "General" : std::to_string(number);
    }
}

// LowerBound is the format of a tensor whose elements are no pixels.
void append_color_format(std::string& out, const void* element) {
    const auto number = load<std::uint32_t>(element);
    if (const ColorFormat* format = find_color_format(number)) {
        out += format->name;
    } else {
        fmt::format_to(std::back_inserter(out), "{}", number);
    }
}

void append_gpu_cache(std::string& out, const void* element) {
    gpu_id.append_text(out, element);
    out += ": ";
    boolean.append_text(out, static_cast<const std::byte*>(element) + offsetof(NvSciBufAttrValGpuCache, cacheability));
}

void append_gpu_compression(std::string& out, const void* element) {
    gpu_id.append_text(out, element);
    out += ": ";
    append_enumerator<kCompressionTypes>(
        out, static_cast<const std::byte*>(element) + offsetof(NvSciBufAttrValGpuCompression, compressionType));
}

}  // namespace

const ValueType buffer_type{"NvSciBufType", 4, attr::value::less<std::uint32_t>, append_buffer_type};
const ValueType permission = enumeration<kPermissions>("NvSciBufAttrValAccessPerm");
const ValueType gpu_cache{"NvSciBufAttrValGpuCache", sizeof(NvSciBufAttrValGpuCache), nullptr, append_gpu_cache};
const ValueType gpu_compression{"NvSciBufAttrValGpuCompression", sizeof(NvSciBufAttrValGpuCompression), nullptr,
                                append_gpu_compression};
const ValueType image_layout = enumeration<kLayouts>("NvSciBufAttrValImageLayoutType");
const ValueType scan_type = enumeration<kScanTypes>("NvSciBufAttrValImageScanType");
const ValueType color_format{"NvSciBufAttrValColorFmt", 4, attr::value::less<std::uint32_t>, append_color_format};
const ValueType color_standard = enumeration<kColorStandards>("NvSciBufAttrValColorStd");
const ValueType data_type = enumeration<kDataTypes>("NvSciBufAttrValDataType");
const ValueType surface_type = enumeration<kSurfaceTypes>("NvSciBufSurfType");
const ValueType surface_layout = enumeration<kSurfaceLayouts>("NvSciBufSurfMemLayout");
const ValueType surface_sampling = enumeration<kSurfaceSamplings>("NvSciBufSurfSampleType");
const ValueType surface_bits = enumeration<kSurfaceBits>("NvSciBufSurfBPC");
const ValueType surface_order = enumeration<kSurfaceOrders>("NvSciBufSurfComponentOrder");
const ValueType memory_domain = enumeration<kMemoryDomains>("MemoryDomain");

}  // namespace opennvsci::buf::value
