// SPDX-License-Identifier: Apache-2.0
#include "buf/keys.h"

#include <array>
#include <cstddef>

#include "attr/rules.h"
#include "base/checked.h"
#include "base/unaligned.h"
#include "buf/buffer_type.h"
#include "buf/color_format.h"
#include "buf/rules.h"
#include "buf/value_types.h"

namespace opennvsci::buf {
namespace {

using attr::Direction;
using attr::Key;
using attr::Legal;
using attr::Presence;

// Legal values of one element. Elements may lie at any address and hold anything.

template <class T, T kLow, T kHigh>
bool in_range(const void* element) {
    const T value = load<T>(element);
    return value >= kLow && value <= kHigh;
}

template <std::uint32_t kLow, std::uint32_t kHigh>
constexpr Legal enumerators(const char* text) {
    return {text, in_range<std::uint32_t, kLow, kHigh>};
}

constexpr const Legal& kAny = attr::legal::any;
constexpr const Legal& kBool = attr::legal::boolean;
constexpr Legal kType = enumerators<1, NvSciBufType_MaxValid - 1>("a type between General and MaxValid");
constexpr Legal kPermission{"Readonly or ReadWrite", [](const void* element) {
                                const auto value = load<std::uint32_t>(element);
                                return value == NvSciBufAccessPerm_Readonly || value == NvSciBufAccessPerm_ReadWrite;
                            }};
constexpr Legal kCacheElement{"a GPU id with cacheability true or false", [](const void* element) {
                                  return load<std::uint8_t>(static_cast<const std::byte*>(element) +
                                                            offsetof(NvSciBufAttrValGpuCache, cacheability)) <= 1;
                              }};
std::uint32_t compression_of(const void* element) {
    return load<std::uint32_t>(static_cast<const std::byte*>(element) +
                               offsetof(NvSciBufAttrValGpuCompression, compressionType));
}
constexpr Legal kCompressionElement{
    "a GPU id with GenericCompressible (None is an output only)",
    [](const void* element) { return compression_of(element) == NvSciBufCompressionType_GenericCompressible; },
    [](const void* element) { return compression_of(element) <= NvSciBufCompressionType_GenericCompressible; }};
constexpr Legal kPositive8{"greater than 0", [](const void* e) { return load<std::uint8_t>(e) > 0; }};
constexpr Legal kPositive32{"greater than 0", [](const void* e) { return load<std::uint32_t>(e) > 0; }};
constexpr Legal kPositive64{"greater than 0", [](const void* e) { return load<std::uint64_t>(e) > 0; }};
constexpr Legal kPowerOfTwo32{"a power of two",
                              [](const void* e) { return checked::is_power_of_two(load<std::uint32_t>(e)); }};
constexpr Legal kPowerOfTwo64{"a power of two",
                              [](const void* e) { return checked::is_power_of_two(load<std::uint64_t>(e)); }};
constexpr Legal kAlign{"0 (no request) or a power of two", [](const void* e) {
                           const auto value = load<std::uint64_t>(e);
                           return value == 0 || checked::is_power_of_two(value);
                       }};
constexpr Legal kLayout = enumerators<0, 1>("BlockLinear or PitchLinear");
constexpr Legal kScan = enumerators<0, 1>("Progressive or Interlace");
bool is_color_format(const void* element) {
    const auto value = load<std::uint32_t>(element);
    return value > NvSciColor_LowerBound && value < NvSciColor_UpperBound && value != NvSciColor_Signed_X12Bayer20GBRG;
}
// A format without a layout can be asked for, and is then refused with the reason; no result has it.
bool is_laid_out(const void* element) {
    return is_color_format(element) && find_color_format(load<std::uint32_t>(element))->no_layout == nullptr;
}
constexpr Legal kColorFormat{"a colour format other than Signed_X12Bayer20GBRG", is_color_format, is_laid_out};
// The result of a tensor that is no image is LowerBound.
constexpr Legal kPixelFormat{kColorFormat.text, is_color_format, [](const void* element) {
                                 return load<std::uint32_t>(element) == NvSciColor_LowerBound || is_laid_out(element);
                             }};
constexpr Legal kColorStandard = enumerators<0, NvSciColorStd_REQ2020PQ_ER>("a colour standard");
constexpr Legal kPlaneCount = enumerators<1, 3>("1 to 3");
constexpr Legal kOneImage{"1", [](const void* element) { return load<std::uint64_t>(element) == 1; }};
constexpr Legal kSurfaceType = enumerators<NvSciSurfType_YUV, NvSciSurfType_YUV>("YUV");
constexpr Legal kSurfaceLayout = enumerators<0, NvSciSurfMemLayout_MaxValid - 1>("a surface memory layout");
constexpr Legal kSurfaceSampling = enumerators<0, NvSciSurfSampleType_MaxValid - 1>("a sample type");
constexpr Legal kSurfaceBits = enumerators<0, NvSciSurfBPC_MaxValid - 1>("bits per component");
constexpr Legal kSurfaceOrder = enumerators<0, NvSciSurfComponentOrder_MaxValid - 1>("a component order");
constexpr Legal kDataType = enumerators<0, NvSciDataType_UpperBound - 1>("a data type");
constexpr Legal kDomain = enumerators<0, static_cast<std::uint32_t>(memory::Domain::driver_system)>("a memory domain");
constexpr Legal kTensorData = enumerators<NvSciDataType_Int4, NvSciDataType_Float32>("Int4 to Float32");
constexpr Legal kArrayData = enumerators<NvSciDataType_Int4, NvSciDataType_Bool>("Int4 to Bool");
constexpr Legal kDimensions = enumerators<1, 8>("1 to 8");
constexpr Legal kLevels = enumerators<1, 10>("1 to 10");
constexpr Legal kScale{"greater than 0, at most 1", [](const void* element) {
                           const auto value = load<float>(element);
                           return value > 0.0F && value <= 1.0F;
                       }};

// Columns that many rows share.
constexpr auto kIn = Direction::in;
constexpr auto kOut = Direction::out;
constexpr auto kInOut = Direction::in_out;
constexpr auto kInternal = Direction::internal;
constexpr auto kMandatory = Presence::mandatory;
constexpr auto kOptional = Presence::optional;
constexpr auto kConditional = Presence::conditional;
constexpr auto kOutput = Presence::output;
constexpr bool kMayBeAbsent = true;
constexpr std::uint16_t kPlanes = 3;
constexpr std::uint16_t kMaxLevels = 10;
constexpr std::uint16_t kMaxDimensions = 8;
constexpr std::uint16_t kMaxGpus = 16;
constexpr std::uint16_t kMaxPeers = 128;
using attr::check::at_least;
using attr::check::implies;
using attr::check::superset;
using attr::merge::logical_or;
using attr::merge::maximum;
using attr::merge::set_union;
constexpr const attr::MergeRule& kSame = attr::merge::equal;
constexpr const attr::CheckRule& kImpliesOwn = attr::check::implies_for_own_lists;
constexpr const attr::CheckRule& kIsSame = attr::check::equal;
constexpr const attr::CheckRule& kIsSameIfAsked = attr::check::equal_if_asked;

#define GENERAL(name) NvSciBufGeneralAttrKey_##name, "NvSciBufGeneralAttrKey_" #name
#define RAW(name) NvSciBufRawBufferAttrKey_##name, "NvSciBufRawBufferAttrKey_" #name
#define IMAGE(name) NvSciBufImageAttrKey_##name, "NvSciBufImageAttrKey_" #name
#define TENSOR(name) NvSciBufTensorAttrKey_##name, "NvSciBufTensorAttrKey_" #name
#define ARRAY(name) NvSciBufArrayAttrKey_##name, "NvSciBufArrayAttrKey_" #name
#define PYRAMID(name) NvSciBufPyramidAttrKey_##name, "NvSciBufPyramidAttrKey_" #name

// clang-format off
constexpr std::array kKeys{
    // number and name                    type                     count           direction  presence      legal                 merge               check
    Key{GENERAL(Types),                   &value::buffer_type,     5,              kInOut,    kMandatory,   &kType,               &rule::types,       &superset},
    Key{GENERAL(NeedCpuAccess),           &value::boolean,         1,              kInOut,    kOptional,    &kBool,               &logical_or,        &kImpliesOwn},
    Key{GENERAL(RequiredPerm),            &value::permission,      1,              kIn,       kOptional,    &kPermission,         &maximum,           &rule::granted_permission},
    Key{GENERAL(EnableCpuCache),          &value::boolean,         1,              kInOut,    kOptional,    &kBool,               &logical_or,        &implies},
    Key{GENERAL(GpuId),                   &value::gpu_id,          kMaxGpus,       kInOut,    kOptional,    &kAny,                &set_union,         &superset},
    Key{GENERAL(CpuNeedSwCacheCoherency), &value::boolean,         1,              kOut,      kOutput,      &kBool,               nullptr,            &implies},
    Key{GENERAL(ActualPerm),              &value::permission,      1,              kOut,      kOutput,      &kPermission,         nullptr,            nullptr},
    Key{GENERAL(VidMem_GpuId),            &value::gpu_id,          1,              kInOut,    kOptional,    &kAny,                &kSame,             &kIsSameIfAsked},
    Key{GENERAL(EnableGpuCache),          &value::gpu_cache,       kMaxGpus,       kInOut,    kOptional,    &kCacheElement,       nullptr,            nullptr, kMayBeAbsent},
    Key{GENERAL(GpuSwNeedCacheCoherency), &value::gpu_cache,       kMaxGpus,       kOut,      kOutput,      &kCacheElement,       nullptr,            nullptr, kMayBeAbsent},
    Key{GENERAL(EnableGpuCompression),    &value::gpu_compression, kMaxGpus,       kInOut,    kOptional,    &kCompressionElement, nullptr,            nullptr, kMayBeAbsent},
    Key{GENERAL(PeerLocationInfo),        &value::peer_location,   kMaxPeers,      kInOut,    kOptional,    &kAny,                &set_union,         &superset, kMayBeAbsent},
    Key{GENERAL(PeerHwEngineArray),       &value::peer_engine,     kMaxPeers,      kInOut,    kOptional,    &kAny,                &set_union,         &superset, kMayBeAbsent},

    Key{RAW(Size),                        &value::uint64,          1,              kInOut,    kMandatory,   &kPositive64,         &kSame,             &kIsSame},
    Key{RAW(Align),                       &value::uint64,          1,              kInOut,    kOptional,    &kAlign,              &maximum,           &at_least},

    Key{IMAGE(Layout),                    &value::image_layout,    1,              kInOut,    kMandatory,   &kLayout,             &kSame,             &kIsSame},
    Key{IMAGE(TopPadding),                &value::uint64,          kPlanes,        kInOut,    kConditional, &kAny,                &kSame,             &kIsSame},
    Key{IMAGE(BottomPadding),             &value::uint64,          kPlanes,        kInOut,    kConditional, &kAny,                &kSame,             &kIsSame},
    Key{IMAGE(LeftPadding),               &value::uint64,          kPlanes,        kInOut,    kConditional, &kAny,                &kSame,             &kIsSame},
    Key{IMAGE(RightPadding),              &value::uint64,          kPlanes,        kInOut,    kConditional, &kAny,                &kSame,             &kIsSame},
    Key{IMAGE(VprFlag),                   &value::boolean,         1,              kInOut,    kOptional,    &kBool,               &logical_or,        &implies},
    Key{IMAGE(Size),                      &value::uint64,          1,              kOut,      kOutput,      &kPositive64,         nullptr,            &at_least},
    Key{IMAGE(Alignment),                 &value::uint64,          1,              kOut,      kOutput,      &kPowerOfTwo64,       nullptr,            &at_least},
    Key{IMAGE(PlaneCount),                &value::uint32,          1,              kInOut,    kConditional, &kPlaneCount,         &kSame,             &kIsSame},
    Key{IMAGE(PlaneColorFormat),          &value::color_format,    kPlanes,        kInOut,    kConditional, &kColorFormat,        &kSame,             &kIsSame},
    Key{IMAGE(PlaneColorStd),             &value::color_standard,  kPlanes,        kInOut,    kConditional, &kColorStandard,      &kSame,             &kIsSame},
    Key{IMAGE(PlaneBaseAddrAlign),        &value::uint32,          kPlanes,        kInOut,    kConditional, &kPowerOfTwo32,       &maximum,           &at_least},
    Key{IMAGE(PlaneWidth),                &value::uint32,          kPlanes,        kInOut,    kConditional, &kPositive32,         &kSame,             &kIsSame},
    Key{IMAGE(PlaneHeight),               &value::uint32,          kPlanes,        kInOut,    kConditional, &kPositive32,         &kSame,             &kIsSame},
    Key{IMAGE(ScanType),                  &value::scan_type,       1,              kInOut,    kConditional, &kScan,               &kSame,             &kIsSame},
    Key{IMAGE(PlaneBitsPerPixel),         &value::uint32,          kPlanes,        kOut,      kOutput,      &kPositive32,         nullptr,            &kIsSame},
    Key{IMAGE(PlaneOffset),               &value::uint64,          kPlanes,        kOut,      kOutput,      &kAny,                nullptr,            &at_least},
    Key{IMAGE(PlaneDatatype),             &value::data_type,       kPlanes,        kOut,      kOutput,      &kDataType,           nullptr,            &kIsSame},
    Key{IMAGE(PlaneChannelCount),         &value::uint8,           kPlanes,        kOut,      kOutput,      &kPositive8,          nullptr,            &kIsSame},
    Key{IMAGE(PlaneSecondFieldOffset),    &value::uint64,          kPlanes,        kOut,      kOutput,      &kAny,                nullptr,            &at_least},
    Key{IMAGE(PlanePitch),                &value::uint32,          kPlanes,        kOut,      kOutput,      &kPositive32,         nullptr,            &at_least},
    Key{IMAGE(PlaneAlignedHeight),        &value::uint32,          kPlanes,        kOut,      kOutput,      &kPositive32,         nullptr,            &at_least},
    Key{IMAGE(PlaneAlignedSize),          &value::uint64,          kPlanes,        kOut,      kOutput,      &kPositive64,         nullptr,            &at_least},
    Key{IMAGE(ImageCount),                &value::uint64,          1,              kInOut,    kConditional, &kOneImage,           &kSame,             &kIsSame},
    Key{IMAGE(SurfType),                  &value::surface_type,    1,              kInOut,    kConditional, &kSurfaceType,        &kSame,             &kIsSameIfAsked, kMayBeAbsent},
    Key{IMAGE(SurfMemLayout),             &value::surface_layout,  1,              kInOut,    kConditional, &kSurfaceLayout,      &kSame,             &kIsSameIfAsked, kMayBeAbsent},
    Key{IMAGE(SurfSampleType),            &value::surface_sampling, 1,             kInOut,    kConditional, &kSurfaceSampling,    &kSame,             &kIsSameIfAsked, kMayBeAbsent},
    Key{IMAGE(SurfBPC),                   &value::surface_bits,    1,              kInOut,    kConditional, &kSurfaceBits,        &kSame,             &kIsSameIfAsked, kMayBeAbsent},
    Key{IMAGE(SurfComponentOrder),        &value::surface_order,   1,              kInOut,    kConditional, &kSurfaceOrder,       &kSame,             &kIsSameIfAsked, kMayBeAbsent},
    Key{IMAGE(SurfWidthBase),             &value::uint32,          1,              kInOut,    kConditional, &kPositive32,         &kSame,             &kIsSameIfAsked, kMayBeAbsent},
    Key{IMAGE(SurfHeightBase),            &value::uint32,          1,              kInOut,    kConditional, &kPositive32,         &kSame,             &kIsSameIfAsked, kMayBeAbsent},
    Key{IMAGE(SurfColorStd),              &value::color_standard,  1,              kInOut,    kConditional, &kColorStandard,      &kSame,             &kIsSameIfAsked, kMayBeAbsent},

    Key{TENSOR(DataType),                 &value::data_type,       1,              kInOut,    kMandatory,   &kTensorData,         &kSame,             &kIsSame},
    Key{TENSOR(NumDims),                  &value::uint32,          1,              kInOut,    kMandatory,   &kDimensions,         &kSame,             &kIsSame},
    Key{TENSOR(SizePerDim),               &value::uint64,          kMaxDimensions, kInOut,    kMandatory,   &kAny,                &rule::dimensions,  &rule::same_dimensions},
    Key{TENSOR(AlignmentPerDim),          &value::uint32,          kMaxDimensions, kInOut,    kConditional, &kPowerOfTwo32,       &maximum,           &rule::at_least_dimensions},
    Key{TENSOR(StridesPerDim),            &value::uint64,          kMaxDimensions, kOut,      kOutput,      &kAny,                nullptr,            &at_least},
    Key{TENSOR(PixelFormat),              &value::color_format,    1,              kInOut,    kConditional, &kPixelFormat,        &kSame,             &kIsSame},
    Key{TENSOR(BaseAddrAlign),            &value::uint64,          1,              kInOut,    kOptional,    &kPowerOfTwo64,       &maximum,           &at_least},
    Key{TENSOR(Size),                     &value::uint64,          1,              kOut,      kOutput,      &kPositive64,         nullptr,            &at_least},

    Key{ARRAY(DataType),                  &value::data_type,       1,              kInOut,    kMandatory,   &kArrayData,          &kSame,             &kIsSame},
    Key{ARRAY(Stride),                    &value::uint64,          1,              kInOut,    kMandatory,   &kPositive64,         &kSame,             &kIsSame},
    Key{ARRAY(Capacity),                  &value::uint64,          1,              kInOut,    kMandatory,   &kPositive64,         &kSame,             &kIsSame},
    Key{ARRAY(Size),                      &value::uint64,          1,              kOut,      kOutput,      &kPositive64,         nullptr,            &at_least},
    Key{ARRAY(Alignment),                 &value::uint64,          1,              kOut,      kOutput,      &kPowerOfTwo64,       nullptr,            &at_least},

    Key{PYRAMID(NumLevels),               &value::uint32,          1,              kInOut,    kMandatory,   &kLevels,             &kSame,             &kIsSame},
    Key{PYRAMID(Scale),                   &value::float32,         1,              kInOut,    kMandatory,   &kScale,              &kSame,             &kIsSame},
    Key{PYRAMID(LevelOffset),             &value::uint64,          kMaxLevels,     kOut,      kOutput,      &kAny,                nullptr,            &at_least},
    Key{PYRAMID(LevelSize),               &value::uint64,          kMaxLevels,     kOut,      kOutput,      &kPositive64,         nullptr,            &at_least},
    Key{PYRAMID(Alignment),               &value::uint64,          1,              kOut,      kOutput,      &kPowerOfTwo64,       nullptr,            &at_least},

    Key{kMemoryDomain, "MemoryDomain",    &value::memory_domain,   1,              kInternal, kOutput,      &kDomain,             nullptr,            nullptr},
    Key{kMemoryGpu, "MemoryGpu",          &value::gpu_id,          1,              kInternal, kOutput,      &kAny,                nullptr,            nullptr, kMayBeAbsent},
    Key{kMemoryCompressed, "MemoryCompressed", &value::boolean,    1,              kInternal, kOutput,      &kBool,               nullptr,            nullptr, kMayBeAbsent},
    Key{kVulkanGpu, "VulkanGpu",          &value::gpu_id,          1,              kInternal, kOptional,    &kAny,                nullptr,            &rule::importable_by_vulkan, kMayBeAbsent},
    Key{kVulkanHostPointers, "VulkanHostPointers", &value::uint64, 1,              kInternal, kOptional,    &kAlign,              nullptr,            nullptr, kMayBeAbsent},
    Key{kVulkanDescriptors, "VulkanDescriptors", &value::boolean,  1,              kInternal, kOptional,    &kBool,               nullptr,            nullptr, kMayBeAbsent},
};
// clang-format on

}  // namespace

const attr::Schema& schema() {
    static const attr::Schema schema(
        kKeys, NvSciBufGeneralAttrKey_Types, keys_of_types,
        {.counts = {NvSciBufImageAttrKey_PlaneCount, NvSciBufTensorAttrKey_NumDims, NvSciBufPyramidAttrKey_NumLevels}});
    return schema;
}

std::string text_of(const attr::Slot& slot, std::uint32_t key) {
    const attr::Key& row = *schema().find(key);
    return row.text(slot.get(row));
}

}  // namespace opennvsci::buf
