// SPDX-License-Identifier: Apache-2.0
#include "buf/value_types.h"

#include <array>
#include <cstddef>
#include <cstring>
#include <span>
#include <string>
#include <string_view>

#include "buf/buffer_type.h"
#include "buf/color_format.h"
#include "memory/domain.h"
#include "nvscibuf.h"

namespace opennvsci::buf::value {
namespace {

using attr::Enumerator;
using attr::ValueType;
using attr::value::counted;
using attr::value::enumeration;
using attr::value::named;
using memory::Domain;

constexpr std::array<Enumerator, 4> kPermissions{{{"Readonly", NvSciBufAccessPerm_Readonly},
                                                  {"ReadWrite", NvSciBufAccessPerm_ReadWrite},
                                                  {"Auto", NvSciBufAccessPerm_Auto},
                                                  {"Invalid", NvSciBufAccessPerm_Invalid}}};
constexpr auto kLayouts = counted({"BlockLinear", "PitchLinear"});
constexpr auto kScanTypes = counted({"Progressive", "Interlace"});
constexpr auto kColorStandards =
    counted({"SRGB", "REC601_SR", "REC601_ER", "REC709_SR", "REC709_ER", "REC2020_RGB", "REC2020_SR", "REC2020_ER",
             "YcCbcCrc_SR", "YcCbcCrc_ER", "SENSOR_RGBA", "REQ2020PQ_ER"});
constexpr auto kDataTypes = counted(
    {"Int4", "Uint4", "Int8", "Uint8", "Int16", "Uint16", "Int32", "Uint32", "Float16", "Float32", "FloatISP", "Bool"});
constexpr auto kSurfaceTypes = counted({"YUV", "RGBA", "RAW"});
constexpr auto kSurfaceLayouts = counted({"Packed", "SemiPlanar", "Planar"});
constexpr auto kSurfaceSamplings = counted({"420", "422", "444", "422R", "400"});
constexpr auto kSurfaceBits = counted({"Layout_16_8_8", "Layout_10_8_8", "8", "10", "12", "14", "16"});
constexpr auto kSurfaceOrders = counted({"YUV", "YVU", "Luma"});
constexpr auto kCompressionTypes = counted({"None", "GenericCompressible"});
constexpr auto kMemoryDomains =
    counted({domain_name(Domain::system), domain_name(Domain::video), domain_name(Domain::driver_system)});

std::span<const Enumerator> buffer_types() {
    static const auto all = [] {
        std::array<Enumerator, NvSciBufType_MaxValid> types{{{"General", NvSciBufType_General}}};
        for (std::uint32_t type = NvSciBufType_General + 1; type < types.size(); ++type)
            types[type] = {find_buffer_type(type)->name, type};
        return types;
    }();
    return all;
}

// Without LowerBound, the format of a tensor whose elements are no pixels.
std::span<const Enumerator> color_formats() {
    static const auto all = [] {
        std::array<Enumerator, NvSciColor_UpperBound - 1> formats{};
        for (std::uint32_t number = NvSciColor_LowerBound + 1; number < NvSciColor_UpperBound; ++number)
            formats[number - 1] = {find_color_format(number)->name, number};
        return formats;
    }();
    return all;
}

// A GPU and what it has.
template <class Value, std::size_t kOffset, const ValueType& kType>
void append_of_gpu(std::string& out, const void* element) {
    gpu_id.append_text(out, element);
    out += ": ";
    kType.append_text(out, static_cast<const std::byte*>(element) + kOffset);
}

template <class Value, std::size_t kOffset, const ValueType& kType>
bool parse_of_gpu(std::string_view text, void* element) {
    const std::size_t colon = text.find(": ");
    Value value{};
    if (colon == std::string_view::npos || !gpu_id.parse(text.substr(0, colon), &value) ||
        !kType.parse(text.substr(colon + 2), reinterpret_cast<std::byte*>(&value) + kOffset)) {
        return false;
    }
    std::memcpy(element, &value, sizeof(value));
    return true;
}

template <class Value, std::size_t kOffset, const ValueType& kType>
constexpr ValueType of_gpu(const char* name, const char* form) {
    return {name, sizeof(Value), nullptr, append_of_gpu<Value, kOffset, kType>, parse_of_gpu<Value, kOffset, kType>,
            form};
}

constexpr ValueType kCompressionType = enumeration<kCompressionTypes>("NvSciBufCompressionType");

}  // namespace

const ValueType buffer_type = named<buffer_types>("NvSciBufType");
const ValueType permission = enumeration<kPermissions>("NvSciBufAttrValAccessPerm");
const ValueType gpu_cache = of_gpu<NvSciBufAttrValGpuCache, offsetof(NvSciBufAttrValGpuCache, cacheability), boolean>(
    "NvSciBufAttrValGpuCache",
    "a GPU and whether it caches, such as \"GPU-00112233-4455-6677-8899-aabbccddeeff: true\"");
const ValueType gpu_compression =
    of_gpu<NvSciBufAttrValGpuCompression, offsetof(NvSciBufAttrValGpuCompression, compressionType), kCompressionType>(
        "NvSciBufAttrValGpuCompression",
        "a GPU and its compression, such as \"GPU-00112233-4455-6677-8899-aabbccddeeff: GenericCompressible\"");
const ValueType image_layout = enumeration<kLayouts>("NvSciBufAttrValImageLayoutType");
const ValueType scan_type = enumeration<kScanTypes>("NvSciBufAttrValImageScanType");
const ValueType color_format = named<color_formats>("NvSciBufAttrValColorFmt");
const ValueType color_standard = enumeration<kColorStandards>("NvSciBufAttrValColorStd");
const ValueType data_type = enumeration<kDataTypes>("NvSciBufAttrValDataType");
const ValueType surface_type = enumeration<kSurfaceTypes>("NvSciBufSurfType");
const ValueType surface_layout = enumeration<kSurfaceLayouts>("NvSciBufSurfMemLayout");
const ValueType surface_sampling = enumeration<kSurfaceSamplings>("NvSciBufSurfSampleType");
const ValueType surface_bits = enumeration<kSurfaceBits>("NvSciBufSurfBPC");
const ValueType surface_order = enumeration<kSurfaceOrders>("NvSciBufSurfComponentOrder");
const ValueType memory_domain = enumeration<kMemoryDomains>("MemoryDomain");

}  // namespace opennvsci::buf::value
