// SPDX-License-Identifier: Apache-2.0
//
// Reconciling arrays and pyramids.
#include <cmath>

#include "buf_test.h"

namespace opennvsci::test {
namespace {

using Longs = std::vector<std::uint64_t>;

class ArrayTest : public BufTest {
  protected:
    static Attributes array(NvSciBufAttrValDataType type, std::uint64_t stride, std::uint64_t capacity) {
        return Attributes()
            .with(NvSciBufGeneralAttrKey_Types, NvSciBufType_Array)
            .with(NvSciBufArrayAttrKey_DataType, type)
            .with(NvSciBufArrayAttrKey_Stride, stride)
            .with(NvSciBufArrayAttrKey_Capacity, capacity);
    }
};

TEST_F(ArrayTest, SizeIsCapacityTimesStride) {
    struct Row {
        NvSciBufAttrValDataType type;
        std::uint64_t stride;
        std::uint64_t capacity;
    };
    const Row rows[] = {{NvSciDataType_Int4, 1, 5},
                        {NvSciDataType_Bool, 1, 1},
                        {NvSciDataType_Float32, 4, 1000},
                        {NvSciDataType_Int16, 24, 10},
                        {NvSciDataType_FloatISP, 2, 3},
                        {NvSciDataType_Uint8, 1, ~0ULL >> 1},
                        {NvSciDataType_Uint8, 1ULL << 32, 1ULL << 31}};
    for (const Row& row : rows) {
        const List list = result_of(array(row.type, row.stride, row.capacity));
        EXPECT_EQ(get<std::uint64_t>(list, NvSciBufArrayAttrKey_Size), Longs{row.stride * row.capacity});
        EXPECT_EQ(get<std::uint64_t>(list, NvSciBufArrayAttrKey_Alignment), Longs{4096});
    }
    expect_complete(array(NvSciDataType_Int32, 4, 4), NvSciBufType_Array);
}

TEST_F(ArrayTest, AStrideHoldsAnElement) {
    constexpr std::pair<NvSciBufAttrValDataType, std::uint64_t> kSizes[] = {
        {NvSciDataType_Int16, 2}, {NvSciDataType_Float16, 2}, {NvSciDataType_FloatISP, 2}, {NvSciDataType_Uint32, 4}};
    for (const auto& [type, size] : kSizes) {
        expect_refused({array(type, size - 1, 1)}, kBadParameter,
                       {"NvSciBufArrayAttrKey_Stride", std::to_string(size - 1) + " bytes",
                        "an element has " + std::to_string(size)});
        EXPECT_EQ(reconcile({array(type, size, 1).list(module_)}).code, kSuccess);
    }
}

TEST_F(ArrayTest, ASizeBeyondTheAddressSpaceOverflows) {
    expect_refused({array(NvSciDataType_Int8, 1ULL << 32, 1ULL << 32)}, kOverflow,
                   {"NvSciBufArrayAttrKey_Size", "4294967296 elements of 4294967296 bytes"});
    expect_refused({array(NvSciDataType_Int8, 1, ~0ULL)}, kOverflow, {"18446744073709551615 bytes"});
}

TEST_F(ArrayTest, AllKeysAreMandatoryAndMustBeTheSame) {
    const Attributes good = array(NvSciDataType_Int8, 8, 8);
    const Attributes other = array(NvSciDataType_Uint8, 16, 16);
    for (const auto& [key, value] : other.values()) {
        if (key == NvSciBufGeneralAttrKey_Types) continue;
        expect_refused({good.without(key)}, kBadParameter, {name_of(key)});
        expect_refused({good, good.with_bytes(key, value.data(), value.size())}, kReconciliationFailed,
                       {name_of(key), "list 1", "list 2"});
    }
}

class PyramidTest : public BufTest {
  protected:
    static Attributes pyramid(std::uint32_t levels, float scale, const std::vector<PlaneDescription>& planes,
                              NvSciBufAttrValImageLayoutType layout = NvSciBufImage_PitchLinearType) {
        return plane_image(layout, planes)
            .with(NvSciBufGeneralAttrKey_Types, NvSciBufType_Pyramid)
            .with(NvSciBufPyramidAttrKey_NumLevels, levels)
            .with(NvSciBufPyramidAttrKey_Scale, scale);
    }
    static Attributes small() { return pyramid(2, 0.5F, {{NvSciColor_Y8, 256, 4}}); }
    static Longs offsets(NvSciBufAttrList list) { return get<std::uint64_t>(list, NvSciBufPyramidAttrKey_LevelOffset); }
    static Longs sizes(NvSciBufAttrList list) { return get<std::uint64_t>(list, NvSciBufPyramidAttrKey_LevelSize); }
};

TEST_F(PyramidTest, LevelsAreThoseOfTheFormula) {
    struct Row {
        Attributes asked;
        Longs offsets;
        Longs sizes;
    };
    const auto y8 = [](std::uint32_t levels, float scale, std::uint32_t width, std::uint32_t height) {
        return pyramid(levels, scale, {{NvSciColor_Y8, width, height}});
    };
    const Row rows[] = {
        {y8(1, 0.5F, 256, 4), {0}, {1024}},
        {y8(4, 0.5F, 1024, 7), {0, 7168, 8704, 9216}, {7168, 1536, 512, 512}},
        {y8(3, 1.0F, 256, 4), {0, 1024, 2048}, {1024, 1024, 1024}},
        {y8(3, 0.001F, 100, 100), {0, 25600, 26112}, {25600, 512, 512}},
        // The plane of 9 x 9 becomes 4 x 4, 2 x 2 and 1 x 1 and stays there.
        {y8(6, 0.5F, 9, 9), {0, 2560, 3584, 4096, 4608, 5120}, {2560, 1024, 512, 512, 512, 512}},
        {pyramid(2, 0.5F, {{NvSciColor_Y8, 512, 6}, {NvSciColor_V8U8, 256, 3}}),
         {0, 3072 + 1536},
         {3072 + 1536, 1024 + 512}},
        {small().with(NvSciBufImageAttrKey_PlaneBaseAddrAlign, {4096U}), {0, 4096}, {4096, 4096}},
        {pyramid(3, 0.5F, {{NvSciColor_A8B8G8R8, 256, 256}}, NvSciBufImage_BlockLinearType),
         {0, 262144, 327680},
         {262144, 65536, 65536}},
    };
    for (const Row& row : rows) {
        const List list = result_of(row.asked);
        EXPECT_EQ(offsets(list), row.offsets);
        EXPECT_EQ(sizes(list), row.sizes);
        EXPECT_EQ(get<std::uint64_t>(list, NvSciBufPyramidAttrKey_Alignment),
                  get<std::uint64_t>(list, NvSciBufImageAttrKey_Alignment));
        EXPECT_EQ(sizes(list)[0], get<std::uint64_t>(list, NvSciBufImageAttrKey_Size)[0]);
    }
}

TEST_F(PyramidTest, TheSpellingsOfTypesReconcileWithEachOther) {
    const auto types = [&](std::initializer_list<NvSciBufType> names) {
        return small().with(NvSciBufGeneralAttrKey_Types, names).list(module_);
    };
    const List pyramid = types({NvSciBufType_Pyramid});
    const List both = types({NvSciBufType_Image, NvSciBufType_Pyramid});
    const List image = plane_image(NvSciBufImage_PitchLinearType, {{NvSciColor_Y8, 256, 4}}).list(module_);
    for (const std::vector<NvSciBufAttrList>& lists : {std::vector<NvSciBufAttrList>{pyramid},
                                                       {both},
                                                       {pyramid, both},
                                                       {both, pyramid},
                                                       {image, pyramid},
                                                       {image, both}}) {
        const List result = reconciled(lists);
        EXPECT_EQ(offsets(result), (Longs{0, 1024}));
        bool is_valid = false;
        EXPECT_EQ(NvSciBufAttrListValidateReconciled(result, lists.data(), lists.size(), &is_valid), kSuccess);
    }
    expect_complete(small(), NvSciBufType_Pyramid);
}

TEST_F(PyramidTest, TheKeysOfItsImageAreMandatoryToo) {
    const Attributes complete = small();
    for (const auto& [key, value] : complete.values()) {
        if (key != NvSciBufGeneralAttrKey_Types) expect_refused({complete.without(key)}, kBadParameter, {name_of(key)});
    }
    expect_refused({small(), small().with(NvSciBufPyramidAttrKey_Scale, 0.25F)}, kReconciliationFailed,
                   {"NvSciBufPyramidAttrKey_Scale", "0.5", "0.25"});
    expect_refused({small(), small().with(NvSciBufPyramidAttrKey_NumLevels, 3U)}, kReconciliationFailed,
                   {"NvSciBufPyramidAttrKey_NumLevels", "2", "3"});
}

TEST_F(PyramidTest, TheBufferReachesToTheEndOfTheLastLevel) {
    const List list = result_of(pyramid(10, 0.9F, {{NvSciColor_Y8, 500, 500}, {NvSciColor_V8U8, 250, 250}})
                                    .with(NvSciBufGeneralAttrKey_NeedCpuAccess, true));
    const Object object = allocate(list);
    void* pointer = nullptr;
    ASSERT_EQ(NvSciBufObjGetCpuPtr(object, &pointer), kSuccess);
    const std::uint64_t end = offsets(list).back() + sizes(list).back();
    std::memset(pointer, 1, end);
    EXPECT_EQ(NvSciBufObjFlushCpuCacheRange(object, end - 1, 1), kSuccess);
    EXPECT_EQ(NvSciBufObjFlushCpuCacheRange(object, end, 1), kBadParameter);
}

TEST_F(PyramidTest, AnEndBeyond64BitsOverflows) {
    const std::uint32_t large = 4294967040U;
    expect_refused({pyramid(2, 1.0F, {{NvSciColor_Y8, large, large}})}, kOverflow,
                   {"NvSciBufPyramidAttrKey_LevelSize", "level 1"});
}

}  // namespace
}  // namespace opennvsci::test
