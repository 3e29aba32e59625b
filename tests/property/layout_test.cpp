// SPDX-License-Identifier: Apache-2.0
//
// Layouts of random images and sizes of random tensors, arrays and pyramids, against a checker that computes in 128
// bits: what does not fit 64 bits gives Overflow and never a wrapped value. And pixels that are put are the pixels one
// gets.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>

#include "attributes.h"
#include "opennvsci.h"

namespace opennvsci::test {
namespace {

__extension__ using Wide = unsigned __int128;
using Words = std::vector<std::uint32_t>;
using Longs = std::vector<std::uint64_t>;
constexpr Wide kLimit = Wide{1} << 64;
// Sizes are rounded up to the largest granularity of an allocator; what comes near the end overflows then.
constexpr Wide kAlmost = kLimit - (Wide{1} << 22);

Wide round_up(Wide value, Wide alignment) {
    return (value + alignment - 1) / alignment * alignment;
}

struct Format {
    NvSciBufAttrValColorFmt format;
    unsigned bytes;
};
constexpr Format kFormats[] = {
    {NvSciColor_Y8, 1}, {NvSciColor_A16, 2}, {NvSciColor_A8B8G8R8, 4}, {NvSciColor_A16B16G16R16, 8}};

struct Image {
    bool tiled;
    bool interlaced;
    std::vector<std::size_t> formats;
    Words widths;
    Words heights;
    Words alignments;  // one per plane

    [[nodiscard]] Attributes attributes() const {
        std::vector<PlaneDescription> planes;
        for (std::size_t i = 0; i < formats.size(); ++i)
            planes.push_back({kFormats[formats[i]].format, widths[i], heights[i]});
        return plane_image(tiled ? NvSciBufImage_BlockLinearType : NvSciBufImage_PitchLinearType, planes)
            .with(NvSciBufImageAttrKey_ScanType, interlaced ? NvSciBufScan_InterlaceType : NvSciBufScan_ProgressiveType)
            .with(NvSciBufImageAttrKey_PlaneBaseAddrAlign, alignments);
    }
};

rc::Gen<std::uint32_t> any_extent() {
    return rc::gen::oneOf(rc::gen::inRange<std::uint32_t>(1, 300), rc::gen::inRange<std::uint32_t>(1, 10000),
                          rc::gen::map(rc::gen::arbitrary<std::uint32_t>(), [](std::uint32_t v) { return v | 1U; }),
                          rc::gen::element<std::uint32_t>(1U << 29, ~0U, ~0U - 255, 1U << 31));
}

Image pick_image(const rc::Gen<std::uint32_t>& extent, unsigned largest_alignment_log2) {
    const auto planes = *rc::gen::inRange<std::size_t>(1, 4);
    Image image{*rc::gen::arbitrary<bool>(), *rc::gen::arbitrary<bool>(), {}, {}, {}, {}};
    for (std::size_t i = 0; i < planes; ++i) {
        image.formats.push_back(*rc::gen::inRange<std::size_t>(0, std::size(kFormats)));
        image.widths.push_back(*extent);
        image.heights.push_back(*extent);
        image.alignments.push_back(1U << *rc::gen::inRange(0U, largest_alignment_log2 + 1));
    }
    return image;
}

std::uint64_t block_rows(std::uint64_t height) {
    return height <= 10 ? 8 : height <= 21 ? 16 : height <= 42 ? 32 : height <= 85 ? 64 : 128;
}

/// The least that the reference asks of the planes.
struct Bounds {
    Wide row;
    Wide field_rows;
    Wide array;  // bytes of the tiles of the whole plane
};
Bounds bounds_of(const Image& image, std::size_t i) {
    const Wide row = Wide{image.widths[i]} * kFormats[image.formats[i]].bytes;
    const Wide height = image.heights[i];
    const Wide field = image.interlaced ? (height + 1) / 2 : height;
    if (!image.tiled) return {round_up(row, 256), field, 0};
    const std::uint64_t block = block_rows(image.heights[i]);
    return {round_up(row, 64), round_up(field, block), round_up(row, 64) * round_up(height, block)};
}

void check_layout(const Image& image) {
    const Module module = open_module();
    const List asked = image.attributes().list(module);
    const Reconciliation<List> outcome = reconcile({asked});
    const Wide floor = image.tiled ? 65536 : 512;
    const Wide alignment = std::max<Wide>(floor, *std::max_element(image.alignments.begin(), image.alignments.end()));
    bool fits = true;
    Wide total = 0;
    for (std::size_t i = 0; i < image.formats.size(); ++i) {
        const Bounds bounds = bounds_of(image, i);
        fits = fits && bounds.row < (Wide{1} << 32) && bounds.field_rows < (Wide{1} << 32);
        total += round_up(bounds.row * bounds.field_rows * (image.interlaced ? 2 : 1), alignment);
    }
    fits = fits && total < kLimit;
    RC_CLASSIFY(fits, "fits");
    if (!fits) {
        RC_ASSERT(outcome.code == kOverflow);
        return;
    }
    if (total >= kAlmost && outcome.code == kOverflow) return;
    RC_ASSERT(outcome.code == kSuccess);

    const NvSciBufAttrList list = outcome.reconciled;
    const auto offsets = get<std::uint64_t>(list, NvSciBufImageAttrKey_PlaneOffset);
    const auto sizes = get<std::uint64_t>(list, NvSciBufImageAttrKey_PlaneAlignedSize);
    const auto fields = get<std::uint64_t>(list, NvSciBufImageAttrKey_PlaneSecondFieldOffset);
    const auto pitches = get<std::uint32_t>(list, NvSciBufImageAttrKey_PlanePitch);
    const auto heights = get<std::uint32_t>(list, NvSciBufImageAttrKey_PlaneAlignedHeight);
    const auto alignments = get<std::uint32_t>(list, NvSciBufImageAttrKey_PlaneBaseAddrAlign);
    const auto size = get<std::uint64_t>(list, NvSciBufImageAttrKey_Size).at(0);
    RC_ASSERT(get<std::uint64_t>(list, NvSciBufImageAttrKey_Alignment).at(0) == alignments.at(0));
    Wide end = 0;
    for (std::size_t i = 0; i < image.formats.size(); ++i) {
        const Bounds bounds = bounds_of(image, i);
        RC_ASSERT(offsets.at(i) == end);  // no gap and no overlap, so that Size is the sum
        end += sizes.at(i);
        RC_ASSERT(alignments.at(i) >= std::max<Wide>(floor, image.alignments[i]));
        RC_ASSERT(offsets[i] % alignments[i] == 0U);
        RC_ASSERT(pitches.at(i) == bounds.row);
        RC_ASSERT(heights.at(i) == bounds.field_rows);
        const Wide field = Wide{pitches[i]} * heights[i];
        RC_ASSERT(fields.at(i) == (image.interlaced ? field : 0));
        RC_ASSERT(sizes[i] >= std::max(field * (image.interlaced ? 2 : 1), bounds.array));
    }
    RC_ASSERT(size == end);
    RC_ASSERT(size == total);
}

RC_GTEST_PROP(Layout, OfImagesHoldsEveryPlane, ()) {
    for (int i = 0; i < 4; ++i)
        check_layout(pick_image(any_extent(), 31));
}

RC_GTEST_PROP(Layout, OfSmallImagesHoldsEveryPlane, ()) {
    check_layout(pick_image(rc::gen::inRange<std::uint32_t>(1, 300), 20));
}

std::vector<std::vector<unsigned char>> image_values(NvSciBufAttrList list) {
    std::vector<std::vector<unsigned char>> values;
    for (std::uint32_t key = NvSciBufImageAttrKey_Layout; key <= NvSciBufImageAttrKey_SurfColorStd; ++key)
        values.push_back(get<unsigned char>(list, static_cast<NvSciBufAttrKey>(key)));
    return values;
}

// The laws of reconciliation for images: who says a part of the description, in which order and how often is the same,
// and the result satisfies everybody.
RC_GTEST_PROP(Layout, IsTheSameWhoeverDescribesTheImage, ()) {
    const Attributes complete = pick_image(rc::gen::inRange<std::uint32_t>(1, 300), 16).attributes();
    const auto count = *rc::gen::inRange<std::size_t>(1, 5);
    const Attributes typed = Attributes().with(NvSciBufGeneralAttrKey_Types, NvSciBufType_Image);
    std::vector<Attributes> parts(count, typed);
    for (const auto& [key, value] : complete.values()) {
        const auto owner = *rc::gen::inRange<std::size_t>(0, count);
        parts[owner] = parts[owner].with_bytes(key, value.data(), value.size());
        const auto another = *rc::gen::inRange<std::size_t>(0, count);
        parts[another] = parts[another].with_bytes(key, value.data(), value.size());
    }
    const Module module = open_module();
    std::vector<List> lists;
    for (const Attributes& part : parts)
        lists.push_back(part.list(module));
    std::vector<NvSciBufAttrList> handles(lists.begin(), lists.end());
    const Reconciliation<List> split = reconcile(handles);
    std::reverse(handles.begin(), handles.end());
    const Reconciliation<List> reversed = reconcile(handles);
    const List whole = complete.list(module);
    const Reconciliation<List> alone = reconcile({whole});
    RC_ASSERT(alone.code == kSuccess);
    RC_ASSERT(split.code == kSuccess);
    RC_ASSERT(reversed.code == kSuccess);
    RC_ASSERT(image_values(split.reconciled) == image_values(alone.reconciled));
    RC_ASSERT(image_values(reversed.reconciled) == image_values(alone.reconciled));
    handles.push_back(whole);
    bool is_valid = false;
    RC_ASSERT(NvSciBufAttrListValidateReconciled(split.reconciled, handles.data(), handles.size(), &is_valid) ==
              kSuccess);
    RC_ASSERT(is_valid);
}

/// The code and the value of a Size key must be those of the exact size.
void check_size(const Attributes& attributes, NvSciBufAttrKey key, Wide exact, bool overflowed) {
    const Module module = open_module();
    const List asked = attributes.list(module);
    const Reconciliation<List> outcome = reconcile({asked});
    RC_CLASSIFY(outcome.code == kSuccess, "fits");
    if (overflowed || exact >= kLimit) {
        RC_ASSERT(outcome.code == kOverflow);
    } else if (outcome.code == kSuccess) {
        RC_ASSERT(get<std::uint64_t>(outcome.reconciled, key).at(0) == exact);
    } else {
        RC_ASSERT(outcome.code == kOverflow && exact >= kAlmost);
    }
}

rc::Gen<std::uint64_t> any_count() {
    return rc::gen::map(rc::gen::pair(rc::gen::arbitrary<std::uint64_t>(), rc::gen::inRange(0, 64)),
                        [](const auto& v) { return std::max<std::uint64_t>(v.first >> v.second, 1); });
}

RC_GTEST_PROP(Layout, OfTensorsIsExactOrOverflows, ()) {
    constexpr std::pair<NvSciBufAttrValDataType, unsigned> kTypes[] = {
        {NvSciDataType_Int8, 1}, {NvSciDataType_Float16, 2}, {NvSciDataType_Float32, 4}};
    const auto& [type, bytes] = kTypes[*rc::gen::inRange<std::size_t>(0, std::size(kTypes))];
    const auto count = *rc::gen::inRange<std::size_t>(1, 9);
    Longs sizes;
    Words alignments;
    for (std::size_t i = 0; i < count; ++i) {
        sizes.push_back(*rc::gen::oneOf(rc::gen::inRange<std::uint64_t>(1, 500), any_count()));
        alignments.push_back(1U << *rc::gen::inRange(0, 32));
    }
    Wide size = bytes;
    bool overflowed = false;
    for (std::size_t i = count; i-- > 0 && !overflowed;) {
        size = round_up(size * sizes[i], alignments[i]);
        overflowed = size >= kLimit;
    }
    check_size(Attributes()
                   .with(NvSciBufGeneralAttrKey_Types, NvSciBufType_Tensor)
                   .with(NvSciBufTensorAttrKey_DataType, type)
                   .with(NvSciBufTensorAttrKey_NumDims, static_cast<std::uint32_t>(count))
                   .with(NvSciBufTensorAttrKey_SizePerDim, sizes)
                   .with(NvSciBufTensorAttrKey_AlignmentPerDim, alignments),
               NvSciBufTensorAttrKey_Size, size, overflowed);
}

RC_GTEST_PROP(Layout, OfArraysIsExactOrOverflows, ()) {
    const auto stride = *any_count();
    const auto capacity = *any_count();
    check_size(Attributes()
                   .with(NvSciBufGeneralAttrKey_Types, NvSciBufType_Array)
                   .with(NvSciBufArrayAttrKey_DataType, NvSciDataType_Int8)
                   .with(NvSciBufArrayAttrKey_Stride, stride)
                   .with(NvSciBufArrayAttrKey_Capacity, capacity),
               NvSciBufArrayAttrKey_Size, Wide{stride} * capacity, false);
}

// Scale 1: every level is as large as the image, which keeps the checker simple and the sums large.
RC_GTEST_PROP(Layout, OfPyramidsIsExactOrOverflows, ()) {
    Image image = pick_image(any_extent(), 16);
    const auto levels = *rc::gen::inRange<std::uint32_t>(1, 11);
    const Module module = open_module();
    const List alone = image.attributes().list(module);
    const List asked = image.attributes()
                           .with(NvSciBufGeneralAttrKey_Types, NvSciBufType_Pyramid)
                           .with(NvSciBufPyramidAttrKey_NumLevels, levels)
                           .with(NvSciBufPyramidAttrKey_Scale, 1.0F)
                           .list(module);
    const Reconciliation<List> one = reconcile({alone});
    const Reconciliation<List> all = reconcile({asked});
    if (one.code != kSuccess) {
        RC_ASSERT(all.code == one.code);
        return;
    }
    const Wide size = get<std::uint64_t>(one.reconciled, NvSciBufImageAttrKey_Size).at(0);
    RC_CLASSIFY(size * levels < kLimit, "fits");
    if (all.code != kSuccess) {
        RC_ASSERT(all.code == kOverflow && size * levels >= kAlmost);
        return;
    }
    const auto offsets = get<std::uint64_t>(all.reconciled, NvSciBufPyramidAttrKey_LevelOffset);
    RC_ASSERT(offsets.size() == levels);
    for (std::uint32_t i = 0; i < levels; ++i)
        RC_ASSERT(offsets[i] == size * i);
}

RC_GTEST_PROP(Pixels, ThatArePutAreThoseOneGets, ()) {
    Image image = pick_image(rc::gen::inRange<std::uint32_t>(1, 150), 12);
    image.formats.resize(1);
    image.widths.resize(1);
    image.heights.resize(1);
    image.alignments.resize(1);
    const Module module = open_module();
    const List asked = image.attributes().with(NvSciBufGeneralAttrKey_NeedCpuAccess, true).list(module);
    const Reconciliation<List> outcome = reconcile({asked});
    RC_ASSERT(outcome.code == kSuccess);
    Object object;
    RC_ASSERT(NvSciBufObjAlloc(outcome.reconciled, object.out()) == kSuccess);
    const std::uint32_t bytes = kFormats[image.formats[0]].bytes;
    const std::uint32_t pitch = image.widths[0] * bytes;
    const auto total = pitch * image.heights[0];
    const auto copy = [&](bool put, std::vector<unsigned char>& plane, const NvSciBufRect* rect) {
        void* pointer = plane.data();
        const void* const_pointer = pointer;
        return put ? NvSciBufObjPutPixels(object, rect, &const_pointer, &total, &pitch)
                   : NvSciBufObjGetPixels(object, rect, &pointer, &total, &pitch);
    };
    std::vector<unsigned char> expected(total);
    for (std::size_t i = 0; i < total; ++i)
        expected[i] = static_cast<unsigned char>(i * 31 + i / pitch);
    // Y8 is YUV, which is copied as a whole only.
    const bool may_have_rect = image.formats[0] != 0;
    RC_ASSERT(copy(true, expected, nullptr) == kSuccess);
    if (may_have_rect) {
        const auto x0 = *rc::gen::inRange<std::uint64_t>(0, image.widths[0] + 1);
        const auto y0 = *rc::gen::inRange<std::uint64_t>(0, image.heights[0] + 1);
        const NvSciBufRect rect{x0, y0, *rc::gen::inRange<std::uint64_t>(x0, image.widths[0] + 1),
                                *rc::gen::inRange<std::uint64_t>(y0, image.heights[0] + 1)};
        std::vector<unsigned char> part(total, 0xEE);
        RC_ASSERT(copy(true, part, &rect) == kSuccess);
        for (std::uint64_t y = rect.y0; y < rect.y1; ++y)
            std::fill_n(expected.begin() + static_cast<std::ptrdiff_t>(y * pitch + x0 * bytes), (rect.x1 - x0) * bytes,
                        0xEE);
    }
    std::vector<unsigned char> got(total);
    RC_ASSERT(copy(false, got, nullptr) == kSuccess);
    RC_ASSERT(got == expected);
}

}  // namespace
}  // namespace opennvsci::test
