// SPDX-License-Identifier: Apache-2.0
//
// Reconciling tensors, alone and as the other description of an image.
#include "buf_test.h"

namespace opennvsci::test {
namespace {

using Words = std::vector<std::uint32_t>;
using Longs = std::vector<std::uint64_t>;
constexpr auto kTensor = NvSciBufType_Tensor;

class TensorTest : public BufTest {
  protected:
    static Attributes tensor(NvSciBufAttrValDataType type, const Longs& sizes, const Words& alignments) {
        return Attributes()
            .with(NvSciBufGeneralAttrKey_Types, kTensor)
            .with(NvSciBufTensorAttrKey_DataType, type)
            .with(NvSciBufTensorAttrKey_NumDims, static_cast<std::uint32_t>(sizes.size()))
            .with(NvSciBufTensorAttrKey_SizePerDim, sizes)
            .with(NvSciBufTensorAttrKey_AlignmentPerDim, alignments);
    }
    static Longs strides(NvSciBufAttrList list) {
        return get<std::uint64_t>(list, NvSciBufTensorAttrKey_StridesPerDim);
    }
    static Longs size(NvSciBufAttrList list) { return get<std::uint64_t>(list, NvSciBufTensorAttrKey_Size); }

    /// An image of 20 x 10 pixels that is a tensor too.
    static Attributes pair(NvSciBufAttrValColorFmt format = NvSciColor_A8B8G8R8,
                           NvSciBufAttrValDataType type = NvSciDataType_Uint8) {
        return plane_image(NvSciBufImage_PitchLinearType, {{format, 20, 10}})
            .with(NvSciBufGeneralAttrKey_Types, {NvSciBufType_Image, kTensor})
            .with(NvSciBufImageAttrKey_ImageCount, std::uint64_t{1})
            .with(NvSciBufTensorAttrKey_DataType, type)
            .with(NvSciBufTensorAttrKey_NumDims, 4U)
            .with(NvSciBufTensorAttrKey_SizePerDim, Longs{1, 10, 20, 4})
            .with(NvSciBufTensorAttrKey_PixelFormat, format);
    }
};

TEST_F(TensorTest, LayoutsAreThoseOfTheFormula) {
    struct Row {
        NvSciBufAttrValDataType type;
        Longs sizes;
        Words alignments;
        Longs strides;
        std::uint64_t size;
    };
    const Row rows[] = {
        {NvSciDataType_Int8, {5000}, {1}, {1}, 5000},
        {NvSciDataType_Int8, {5000}, {4096}, {1}, 8192},
        {NvSciDataType_Float32, {2, 3, 5}, {1, 1, 1}, {60, 20, 4}, 120},
        {NvSciDataType_Float32, {2, 3, 5}, {256, 64, 32}, {128, 32, 4}, 256},
        {NvSciDataType_Float16, {1, 1, 1, 1, 1, 1, 1, 3}, {1, 1, 1, 1, 1, 1, 1, 1}, {6, 6, 6, 6, 6, 6, 6, 2}, 6},
        {NvSciDataType_Int4, {3, 10}, {1, 1}, {5, 1}, 15},
        {NvSciDataType_Uint4, {3, 10}, {1, 8}, {8, 1}, 24},
        {NvSciDataType_Uint32, {1}, {1U << 31}, {4}, 1ULL << 31},
    };
    for (const Row& row : rows) {
        const List list = result_of(tensor(row.type, row.sizes, row.alignments));
        EXPECT_EQ(strides(list), row.strides);
        EXPECT_EQ(size(list), Longs{row.size});
    }
}

// nvscibuf.md 5: a published sample asks this.
TEST_F(TensorTest, TheListOfTheSampleReconciles) {
    const List list = result_of(tensor(NvSciDataType_Int8, {1000}, {1})
                                    .with(NvSciBufTensorAttrKey_BaseAddrAlign, std::uint64_t{512})
                                    .with(NvSciBufGeneralAttrKey_NeedCpuAccess, true));
    EXPECT_EQ(get<std::uint64_t>(list, NvSciBufTensorAttrKey_BaseAddrAlign), Longs{4096});
    EXPECT_GE(size(list)[0], 1000U);
    const Object object = allocate(list);
    void* pointer = nullptr;
    ASSERT_EQ(NvSciBufObjGetCpuPtr(object, &pointer), kSuccess);
    std::memset(pointer, 1, size(list)[0]);
}

TEST_F(TensorTest, NoKeyOfTheTypeIsUnset) {
    expect_complete(tensor(NvSciDataType_Int8, {2, 3}, {1, 1}), kTensor);
    expect_complete(pair(), kTensor);
    EXPECT_EQ(get<std::uint32_t>(result_of(tensor(NvSciDataType_Int8, {2}, {1})), NvSciBufTensorAttrKey_PixelFormat),
              Words{0});
    EXPECT_EQ(
        get<std::uint32_t>(
            result_of(tensor(NvSciDataType_Int8, {2}, {1}).with(NvSciBufTensorAttrKey_PixelFormat, NvSciColor_Y8)),
            NvSciBufTensorAttrKey_PixelFormat),
        Words{NvSciColor_Y8});
}

TEST_F(TensorTest, APixelFormatWithoutLayoutIsRefusedWithTheReason) {
    expect_refused({tensor(NvSciDataType_Int8, {2}, {1})
                        .with(NvSciBufTensorAttrKey_PixelFormat, NvSciColor_X2Rc10Rb10Ra10_Bayer10GBRG)},
                   kNotSupported,
                   {"NvSciBufTensorAttrKey_PixelFormat: X2Rc10Rb10Ra10_Bayer10GBRG has no layout here: "});
}

TEST_F(TensorTest, MandatoryKeysMustBeInOneOfTheLists) {
    const Attributes complete = tensor(NvSciDataType_Int8, {2, 3}, {1, 1});
    for (const auto& [key, value] : complete.values()) {
        if (key == NvSciBufGeneralAttrKey_Types) continue;
        expect_refused({complete.without(key)}, kBadParameter, {name_of(key)});
        const Attributes rest =
            Attributes().with(NvSciBufGeneralAttrKey_Types, kTensor).with_bytes(key, value.data(), value.size());
        EXPECT_EQ(reconcile({complete.without(key).list(module_), rest.list(module_)}).code, kSuccess) << name_of(key);
    }
}

TEST_F(TensorTest, EveryDimensionHasOneValue) {
    const Attributes tensor2 = tensor(NvSciDataType_Int8, {2, 3}, {1, 1});
    expect_refused({tensor2.with(NvSciBufTensorAttrKey_SizePerDim, Longs{2})}, kBadParameter,
                   {"NvSciBufTensorAttrKey_SizePerDim", "1 value for 2 dimensions"});
    expect_refused({tensor2.with(NvSciBufTensorAttrKey_AlignmentPerDim, Words{1})}, kBadParameter,
                   {"NvSciBufTensorAttrKey_AlignmentPerDim", "1 value for 2 dimensions"});
    expect_refused({tensor2.with(NvSciBufTensorAttrKey_SizePerDim, Longs{2, 0})}, kBadParameter,
                   {"NvSciBufTensorAttrKey_SizePerDim", "dimension 1"});
}

TEST_F(TensorTest, HalfBytesComeInPairs) {
    expect_refused({tensor(NvSciDataType_Int4, {2, 7}, {1, 1})}, kNotSupported,
                   {"NvSciBufTensorAttrKey_SizePerDim", "7 elements"});
    EXPECT_EQ(reconcile({tensor(NvSciDataType_Int4, {7, 2}, {1, 1}).list(module_)}).code, kSuccess);
}

// Programs give arrays of the full eight elements; only the first NumDims mean something.
TEST_F(TensorTest, ElementsBeyondTheDimensionsMeanNothing) {
    const auto eight = [](std::uint64_t rest, std::uint32_t rest_alignment) {
        return tensor(NvSciDataType_Int8, {1, 2, 3, 4}, {1, 1, 1, 1})
            .with(NvSciBufTensorAttrKey_SizePerDim, Longs{1, 2, 3, 4, rest, rest, rest, rest})
            .with(NvSciBufTensorAttrKey_AlignmentPerDim,
                  Words{1, 2, 4, 8, rest_alignment, rest_alignment, rest_alignment, rest_alignment});
    };
    const List one = eight(0, 64).list(module_);
    const List two = eight(7, 128).list(module_);
    const List four = tensor(NvSciDataType_Int8, {1, 2, 3, 4}, {1, 1, 1, 1}).list(module_);
    const List result = reconciled({one, two, four});
    EXPECT_EQ(get<std::uint64_t>(result, NvSciBufTensorAttrKey_SizePerDim), (Longs{1, 2, 3, 4}));
    EXPECT_EQ(get<std::uint32_t>(result, NvSciBufTensorAttrKey_AlignmentPerDim), (Words{1, 2, 4, 8}));
    EXPECT_EQ(strides(result), (Longs{48, 24, 8, 1}));
    NvSciBufAttrList lists[] = {one, two, four};
    bool is_valid = false;
    EXPECT_EQ(NvSciBufAttrListValidateReconciled(result, lists, 3, &is_valid), kSuccess) << opennvsciGetLastErrorText();
    EXPECT_TRUE(is_valid);
    const List other = eight(0, 64).with(NvSciBufTensorAttrKey_SizePerDim, Longs{1, 2, 3, 5, 0, 0, 0, 0}).list(module_);
    const List larger =
        eight(0, 64).with(NvSciBufTensorAttrKey_AlignmentPerDim, Words{1, 2, 4, 16, 1, 1, 1, 1}).list(module_);
    for (const NvSciBufAttrList bad : {other.get(), larger.get()}) {
        NvSciBufAttrList alone[] = {bad};
        EXPECT_EQ(NvSciBufAttrListValidateReconciled(result, alone, 1, &is_valid), kReconciliationFailed);
    }
}

TEST_F(TensorTest, SizesThatContradictEachOtherAreExplained) {
    const Attributes one = tensor(NvSciDataType_Int8, {2, 3}, {1, 1});
    const Attributes other = tensor(NvSciDataType_Int8, {2, 4}, {1, 1});
    expect_refused(
        {one, one, other}, kReconciliationFailed,
        {"NvSciBufTensorAttrKey_SizePerDim", "list 1 asks {2, 3}, list 3 asks {2, 4}", "leave the key out of list 3"});
}

TEST_F(TensorTest, AlignmentsAreTheGreatest) {
    const Attributes one =
        tensor(NvSciDataType_Int8, {2, 3}, {64, 1}).with(NvSciBufTensorAttrKey_BaseAddrAlign, std::uint64_t{1} << 20);
    const Attributes two =
        tensor(NvSciDataType_Int8, {2, 3}, {1, 8}).with(NvSciBufTensorAttrKey_BaseAddrAlign, std::uint64_t{1} << 14);
    const List list = reconciled({one.list(module_), two.list(module_)});
    EXPECT_EQ(get<std::uint32_t>(list, NvSciBufTensorAttrKey_AlignmentPerDim), (Words{64, 8}));
    EXPECT_EQ(get<std::uint64_t>(list, NvSciBufTensorAttrKey_BaseAddrAlign), Longs{1U << 20});
    EXPECT_EQ(size(list), Longs{64});
}

TEST_F(TensorTest, ASizeBeyond64BitsOverflows) {
    const std::uint64_t half = std::uint64_t{1} << 32;
    expect_refused({tensor(NvSciDataType_Int8, {half, half}, {1, 1})}, kOverflow, {"NvSciBufTensorAttrKey_Size"});
    expect_refused({tensor(NvSciDataType_Int16, {half, half / 2}, {1, 1})}, kOverflow, {"NvSciBufTensorAttrKey_Size"});
    expect_refused({tensor(NvSciDataType_Int8, {~0ULL}, {2})}, kOverflow, {"NvSciBufTensorAttrKey_Size"});
    EXPECT_EQ(size(result_of(tensor(NvSciDataType_Int8, {half, half / 2}, {1, 1}))), Longs{half * (half / 2)});
}

TEST_F(TensorTest, AnImageCanBeATensor) {
    struct Row {
        NvSciBufAttrValColorFmt format;
        NvSciBufAttrValDataType type;
        Longs strides;
    };
    // Images of 10 rows of 256 bytes, in whole 512 bytes.
    const Row rows[] = {{NvSciColor_A8B8G8R8, NvSciDataType_Uint8, {2560, 256, 4, 1}},
                        {NvSciColor_Float_A16B16G16R16, NvSciDataType_Float16, {2560, 256, 8, 2}}};
    for (const Row& row : rows) {
        const List list = result_of(pair(row.format, row.type));
        EXPECT_EQ(strides(list), row.strides);
        EXPECT_EQ(size(list), Longs{2560});
        EXPECT_EQ(get<std::uint64_t>(list, NvSciBufImageAttrKey_Size), Longs{2560});
        EXPECT_EQ(get<std::uint32_t>(list, NvSciBufTensorAttrKey_AlignmentPerDim), (Words{1, 1, 1, 1}));
        EXPECT_EQ(get<std::uint64_t>(list, NvSciBufTensorAttrKey_BaseAddrAlign), Longs{4096});
    }
}

TEST_F(TensorTest, ATensorRaisesTheAlignmentsOfItsImage) {
    const List list = result_of(pair().with(NvSciBufTensorAttrKey_AlignmentPerDim, Words{8192, 1024, 512, 4}));
    EXPECT_EQ(strides(list), (Longs{8192, 512, 4, 1}));
    EXPECT_EQ(get<std::uint32_t>(list, NvSciBufImageAttrKey_PlanePitch), Words{512});
    EXPECT_EQ(get<std::uint64_t>(list, NvSciBufImageAttrKey_Size), Longs{8192});
    expect_refused({pair().with(NvSciBufTensorAttrKey_AlignmentPerDim, Words{1, 1, 1, 8})}, kNotSupported,
                   {"NvSciBufTensorAttrKey_AlignmentPerDim", "8 bytes", "4 bytes"});
}

TEST_F(TensorTest, ImageAndTensorMayComeFromTwoLists) {
    const Attributes both = pair();
    Attributes image = both.with(NvSciBufGeneralAttrKey_Types, NvSciBufType_Image);
    Attributes tensor = Attributes().with(NvSciBufGeneralAttrKey_Types, kTensor);
    for (const auto& [key, value] : both.values()) {
        if (key >> 16 != kTensor) continue;
        image = image.without(key);
        tensor = tensor.with_bytes(key, value.data(), value.size());
    }
    const List list = reconciled({tensor.list(module_), image.list(module_)});
    EXPECT_EQ(strides(list), (Longs{2560, 256, 4, 1}));
}

TEST_F(TensorTest, APairThatIsNoneIsRefused) {
    struct Row {
        Attributes asked;
        NvSciError code;
        std::vector<std::string> parts;
    };
    const Attributes good = pair();
    const auto plane_keys = [&](NvSciBufAttrValColorFmt format, std::uint32_t width, std::uint32_t height) {
        return good.with(NvSciBufImageAttrKey_PlaneColorFormat, format)
            .with(NvSciBufImageAttrKey_PlaneWidth, width)
            .with(NvSciBufImageAttrKey_PlaneHeight, height);
    };
    const Row rows[] = {
        {good.with(NvSciBufImageAttrKey_Layout, NvSciBufImage_BlockLinearType),
         kBadParameter,
         {"NvSciBufImageAttrKey_Layout", "BlockLinear"}},
        {good.with(NvSciBufImageAttrKey_TopPadding, Longs{3}), kBadParameter, {"NvSciBufImageAttrKey_TopPadding", "3"}},
        {good.with(NvSciBufImageAttrKey_RightPadding, Longs{3}),
         kBadParameter,
         {"NvSciBufImageAttrKey_RightPadding", "3"}},
        {good.without(NvSciBufImageAttrKey_ImageCount), kBadParameter, {"NvSciBufImageAttrKey_ImageCount"}},
        {good.without(NvSciBufTensorAttrKey_PixelFormat), kBadParameter, {"NvSciBufTensorAttrKey_PixelFormat"}},
        {good.with(NvSciBufImageAttrKey_PlaneCount, 2U)
             .with(NvSciBufImageAttrKey_PlaneColorFormat, {NvSciColor_A8B8G8R8, NvSciColor_A8B8G8R8})
             .with(NvSciBufImageAttrKey_PlaneWidth, Words{20, 20})
             .with(NvSciBufImageAttrKey_PlaneHeight, Words{10, 10}),
         kBadParameter,
         {"NvSciBufImageAttrKey_PlaneCount", "2"}},
        {good.with(NvSciBufImageAttrKey_ScanType, NvSciBufScan_InterlaceType),
         kBadParameter,
         {"NvSciBufImageAttrKey_ScanType", "Interlace"}},
        {good.with(NvSciBufTensorAttrKey_NumDims, 3U), kBadParameter, {"NvSciBufTensorAttrKey_NumDims", "3"}},
        {good.with(NvSciBufTensorAttrKey_PixelFormat, NvSciColor_B8G8R8A8),
         kBadParameter,
         {"NvSciBufTensorAttrKey_PixelFormat", "B8G8R8A8"}},
        {plane_keys(NvSciColor_B8G8R8A8, 20, 10),
         kReconciliationFailed,
         {"NvSciBufTensorAttrKey_PixelFormat", "A8B8G8R8", "B8G8R8A8"}},
        {good.with(NvSciBufTensorAttrKey_DataType, NvSciDataType_Float16),
         kReconciliationFailed,
         {"NvSciBufTensorAttrKey_DataType", "Float16", "A8B8G8R8"}},
        {plane_keys(NvSciColor_A8B8G8R8, 21, 10),
         kReconciliationFailed,
         {"NvSciBufTensorAttrKey_SizePerDim", "dimension 2", "20", "21"}},
        {plane_keys(NvSciColor_A8B8G8R8, 20, 11),
         kReconciliationFailed,
         {"NvSciBufTensorAttrKey_SizePerDim", "dimension 1", "10", "11"}},
        {good.with(NvSciBufTensorAttrKey_SizePerDim, Longs{2, 10, 20, 4}), kReconciliationFailed, {"dimension 0", "2"}},
        {good.with(NvSciBufTensorAttrKey_SizePerDim, Longs{1, 10, 20, 3}), kReconciliationFailed, {"dimension 3", "3"}},
    };
    for (const Row& row : rows)
        expect_refused({row.asked}, row.code, row.parts);
}

}  // namespace
}  // namespace opennvsci::test
