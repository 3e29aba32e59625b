// SPDX-License-Identifier: Apache-2.0
#include "reference_keys.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <map>

namespace opennvsci::test {
namespace {

constexpr auto IN = attr::Direction::in;
constexpr auto OUT = attr::Direction::out;
constexpr auto IO = attr::Direction::in_out;
constexpr auto M = attr::Presence::mandatory;
constexpr auto O = attr::Presence::optional;
constexpr auto C = attr::Presence::conditional;
constexpr auto out = attr::Presence::output;

template <class T>
Value bytes(const T& value) {
    Value raw(sizeof(T));
    std::memcpy(raw.data(), &value, sizeof(T));
    return raw;
}
Value u8(unsigned value) {
    return bytes(static_cast<std::uint8_t>(value));
}
Value u32(std::uint32_t value) {
    return bytes(value);
}
Value u64(std::uint64_t value) {
    return bytes(value);
}

/// A GPU id followed by `rest`.
Value with_gpu(const Value& rest) {
    Value value(16 + rest.size(), std::byte{0x11});
    std::copy(rest.begin(), rest.end(), value.begin() + 16);
    return value;
}

struct Values {
    Value legal;
    std::vector<Value> illegal;
};

// The column "legal" of nvscibuf.md 4.2 to 4.7, and the enumerations of nvscibuf.md 2.
const std::map<std::uint32_t, Values>& values() {
    static const auto& table = *new std::map<std::uint32_t, Values>{
        {0x1, {u32(1), {u32(0), u32(6), u32(7), u32(0xFFFFFFFF)}}},
        {0x2, {u8(1), {u8(2), u8(255)}}},
        {0x3, {u32(3), {u32(0), u32(2), u32(4), u32(5), u32(0x80000001)}}},
        {0x4, {u8(1), {u8(2), u8(255)}}},
        {0x5, {Value(16, std::byte{0x11}), {}}},
        {0x8, {Value(16, std::byte{0x11}), {}}},
        {0x9, {with_gpu(u8(1)), {with_gpu(u8(2))}}},
        {0xB, {with_gpu(u32(1)), {with_gpu(u32(0)), with_gpu(u32(2))}}},
        {0xC, {Value(16, std::byte{0x22}), {}}},
        {0xD, {Value(8, std::byte{0x22}), {}}},

        {0x10000, {u64(4096), {u64(0)}}},
        {0x10001, {u64(512), {u64(3), u64(4097), u64(~0ULL)}}},

        {0x20000, {u32(1), {u32(2), u32(~0U)}}},
        {0x20001, {u64(100), {}}},
        {0x20002, {u64(100), {}}},
        {0x20003, {u64(100), {}}},
        {0x20004, {u64(100), {}}},
        {0x20005, {u8(1), {u8(2)}}},
        {0x20008, {u32(3), {u32(0), u32(4)}}},
        {0x20009, {u32(84), {u32(0), u32(73), u32(157), u32(158)}}},
        {0x2000A, {u32(11), {u32(12)}}},
        {0x2000B, {u32(512), {u32(3), u32(513)}}},
        {0x2000C, {u32(1), {u32(0)}}},
        {0x2000D, {u32(1), {u32(0)}}},
        {0x2000E, {u32(1), {u32(2)}}},
        {0x20017, {u64(1), {u64(0), u64(2)}}},
        {0x20018, {u32(0), {u32(1), u32(2), u32(3)}}},
        {0x20019, {u32(2), {u32(3)}}},
        {0x2001A, {u32(4), {u32(5)}}},
        {0x2001B, {u32(6), {u32(7)}}},
        {0x2001C, {u32(2), {u32(3)}}},
        {0x2001D, {u32(1), {u32(0)}}},
        {0x2001E, {u32(1), {u32(0)}}},
        {0x2001F, {u32(11), {u32(12)}}},

        {0x30000, {u32(9), {u32(10), u32(11), u32(12)}}},
        {0x30001, {u32(8), {u32(0), u32(9)}}},
        {0x30002, {u64(1), {}}},
        {0x30003, {u32(1), {u32(3), u32(6)}}},
        {0x30005, {u32(106), {u32(0), u32(73), u32(157)}}},
        {0x30006, {u64(512), {u64(3), u64(513)}}},

        {0x40000, {u32(11), {u32(12)}}},
        {0x40001, {u64(8), {u64(0)}}},
        {0x40002, {u64(8), {u64(0)}}},

        {0x50000, {u32(10), {u32(0), u32(11)}}},
        {0x50001,
         {bytes(1.0F),
          {bytes(0.0F), bytes(-0.5F), bytes(std::nextafter(1.0F, 2.0F)), bytes(std::numeric_limits<float>::quiet_NaN()),
           bytes(std::numeric_limits<float>::infinity())}}},
    };
    return table;
}

}  // namespace

const std::vector<ReferenceKey>& reference_keys() {
    static const auto& rows = *new std::vector<ReferenceKey>{
        {0x00001, "General Types", "NvSciBufType", 4, 5, IO, M},
        {0x00002, "General NeedCpuAccess", "bool", 1, 1, IO, O},
        {0x00003, "General RequiredPerm", "NvSciBufAttrValAccessPerm", 4, 1, IN, O},
        {0x00004, "General EnableCpuCache", "bool", 1, 1, IO, O},
        {0x00005, "General GpuId", "NvSciRmGpuId", 16, 16, IO, O},
        {0x00006, "General CpuNeedSwCacheCoherency", "bool", 1, 1, OUT, out},
        {0x00007, "General ActualPerm", "NvSciBufAttrValAccessPerm", 4, 1, OUT, out},
        {0x00008, "General VidMem_GpuId", "NvSciRmGpuId", 16, 1, IO, O},
        {0x00009, "General EnableGpuCache", "NvSciBufAttrValGpuCache", 17, 16, IO, O},
        {0x0000A, "General GpuSwNeedCacheCoherency", "NvSciBufAttrValGpuCache", 17, 16, OUT, out},
        {0x0000B, "General EnableGpuCompression", "NvSciBufAttrValGpuCompression", 20, 16, IO, O},
        {0x0000C, "General PeerLocationInfo", "NvSciBufPeerLocationInfo", 16, 128, IO, O},
        {0x0000D, "General PeerHwEngineArray", "NvSciBufPeerHwEngine", 8, 128, IO, O},

        {0x10000, "RawBuffer Size", "uint64_t", 8, 1, IO, M},
        {0x10001, "RawBuffer Align", "uint64_t", 8, 1, IO, O},

        {0x20000, "Image Layout", "NvSciBufAttrValImageLayoutType", 4, 1, IO, M},
        {0x20001, "Image TopPadding", "uint64_t", 8, 3, IO, C},
        {0x20002, "Image BottomPadding", "uint64_t", 8, 3, IO, C},
        {0x20003, "Image LeftPadding", "uint64_t", 8, 3, IO, C},
        {0x20004, "Image RightPadding", "uint64_t", 8, 3, IO, C},
        {0x20005, "Image VprFlag", "bool", 1, 1, IO, O},
        {0x20006, "Image Size", "uint64_t", 8, 1, OUT, out},
        {0x20007, "Image Alignment", "uint64_t", 8, 1, OUT, out},
        {0x20008, "Image PlaneCount", "uint32_t", 4, 1, IO, C},
        {0x20009, "Image PlaneColorFormat", "NvSciBufAttrValColorFmt", 4, 3, IO, C},
        {0x2000A, "Image PlaneColorStd", "NvSciBufAttrValColorStd", 4, 3, IO, C},
        {0x2000B, "Image PlaneBaseAddrAlign", "uint32_t", 4, 3, IO, C},
        {0x2000C, "Image PlaneWidth", "uint32_t", 4, 3, IO, C},
        {0x2000D, "Image PlaneHeight", "uint32_t", 4, 3, IO, C},
        {0x2000E, "Image ScanType", "NvSciBufAttrValImageScanType", 4, 1, IO, C},
        {0x2000F, "Image PlaneBitsPerPixel", "uint32_t", 4, 3, OUT, out},
        {0x20010, "Image PlaneOffset", "uint64_t", 8, 3, OUT, out},
        {0x20011, "Image PlaneDatatype", "NvSciBufAttrValDataType", 4, 3, OUT, out},
        {0x20012, "Image PlaneChannelCount", "uint8_t", 1, 3, OUT, out},
        {0x20013, "Image PlaneSecondFieldOffset", "uint64_t", 8, 3, OUT, out},
        {0x20014, "Image PlanePitch", "uint32_t", 4, 3, OUT, out},
        {0x20015, "Image PlaneAlignedHeight", "uint32_t", 4, 3, OUT, out},
        {0x20016, "Image PlaneAlignedSize", "uint64_t", 8, 3, OUT, out},
        {0x20017, "Image ImageCount", "uint64_t", 8, 1, IO, C},
        {0x20018, "Image SurfType", "NvSciBufSurfType", 4, 1, IO, C},
        {0x20019, "Image SurfMemLayout", "NvSciBufSurfMemLayout", 4, 1, IO, C},
        {0x2001A, "Image SurfSampleType", "NvSciBufSurfSampleType", 4, 1, IO, C},
        {0x2001B, "Image SurfBPC", "NvSciBufSurfBPC", 4, 1, IO, C},
        {0x2001C, "Image SurfComponentOrder", "NvSciBufSurfComponentOrder", 4, 1, IO, C},
        {0x2001D, "Image SurfWidthBase", "uint32_t", 4, 1, IO, C},
        {0x2001E, "Image SurfHeightBase", "uint32_t", 4, 1, IO, C},
        {0x2001F, "Image SurfColorStd", "NvSciBufAttrValColorStd", 4, 1, IO, C},

        {0x30000, "Tensor DataType", "NvSciBufAttrValDataType", 4, 1, IO, M},
        {0x30001, "Tensor NumDims", "uint32_t", 4, 1, IO, M},
        {0x30002, "Tensor SizePerDim", "uint64_t", 8, 8, IO, M},
        {0x30003, "Tensor AlignmentPerDim", "uint32_t", 4, 8, IO, C},
        {0x30004, "Tensor StridesPerDim", "uint64_t", 8, 8, OUT, out},
        {0x30005, "Tensor PixelFormat", "NvSciBufAttrValColorFmt", 4, 1, IO, C},
        {0x30006, "Tensor BaseAddrAlign", "uint64_t", 8, 1, IO, O},
        {0x30007, "Tensor Size", "uint64_t", 8, 1, OUT, out},

        {0x40000, "Array DataType", "NvSciBufAttrValDataType", 4, 1, IO, M},
        {0x40001, "Array Stride", "uint64_t", 8, 1, IO, M},
        {0x40002, "Array Capacity", "uint64_t", 8, 1, IO, M},
        {0x40003, "Array Size", "uint64_t", 8, 1, OUT, out},
        {0x40004, "Array Alignment", "uint64_t", 8, 1, OUT, out},

        {0x50000, "Pyramid NumLevels", "uint32_t", 4, 1, IO, M},
        {0x50001, "Pyramid Scale", "float", 4, 1, IO, M},
        {0x50002, "Pyramid LevelOffset", "uint64_t", 8, 10, OUT, out},
        {0x50003, "Pyramid LevelSize", "uint64_t", 8, 10, OUT, out},
        {0x50004, "Pyramid Alignment", "uint64_t", 8, 1, OUT, out},
    };
    return rows;
}

const ReferenceKey* find_reference_key(std::uint32_t number) {
    const auto& rows = reference_keys();
    const auto found =
        std::find_if(rows.begin(), rows.end(), [&](const ReferenceKey& row) { return row.number == number; });
    return found == rows.end() ? nullptr : &*found;
}

Value legal_element(const ReferenceKey& key) {
    return values().at(key.number).legal;
}

std::vector<Value> illegal_elements(const ReferenceKey& key) {
    return values().at(key.number).illegal;
}

std::uint32_t type_of(const ReferenceKey& key) {
    const std::uint32_t group = key.number >> 16;
    return group == 0 ? 1 : group;
}

}  // namespace opennvsci::test
