// SPDX-License-Identifier: Apache-2.0
//
// SetAttrs, GetAttrs and SlotGetAttrs: the rules that are not about one key.
#include <ios>

#include "buf_test.h"

namespace opennvsci::test {
namespace {

using AttributesTest = BufTest;

constexpr std::uint64_t kSize = 4096;

TEST_F(AttributesTest, NumbersThatAreNoKeysAreRefused) {
    const std::uint32_t numbers[] = {
        0x0,       0xE,        0xFFFF,  // before and behind the General keys
        0x10002,   0x1FFFF,    0x20020,    0x30008,    0x40005, 0x50005, 0x60000,
        0x3FFFFFF,                                      // UpperBound
        0x4000000, 0x4000001,  0x4000002,  0x4000003,   // the library's own class
        0x4010000, 0xFC000001, 0xFFFFFFFF, 0x80010000,  // other classes on top of real numbers
    };
    const List list = raw_list(module_, kSize);
    const List result = reconciled({list});
    const std::uint64_t value = 1;
    for (const std::uint32_t number : numbers) {
        for (const std::size_t length : {1, 4, 8, 16, 17, 20}) {
            const std::array<std::uint64_t, 4> memory{value};
            NvSciBufAttrKeyValuePair pair = pair_of(number, memory.data(), length);
            EXPECT_EQ(NvSciBufAttrListSetAttrs(list, &pair, 1), kBadParameter) << std::hex << number;
        }
        for (const NvSciBufAttrList readable : {list.get(), result.get()}) {
            NvSciBufAttrKeyValuePair pair = pair_of(number, &value, 77);
            EXPECT_EQ(NvSciBufAttrListGetAttrs(readable, &pair, 1), kBadParameter) << std::hex << number;
            EXPECT_EQ(pair.value, &value);
            EXPECT_EQ(pair.len, 77U);
        }
    }
}

TEST_F(AttributesTest, BadArgumentsAreRefused) {
    const List list = raw_list(module_, 0);
    NvSciBufAttrKeyValuePair pair{NvSciBufRawBufferAttrKey_Size, &kSize, sizeof(kSize)};
    EXPECT_EQ(NvSciBufAttrListSetAttrs(nullptr, &pair, 1), kBadParameter);
    EXPECT_EQ(NvSciBufAttrListSetAttrs(list, nullptr, 1), kBadParameter);
    EXPECT_EQ(NvSciBufAttrListSetAttrs(list, &pair, 0), kBadParameter);
    EXPECT_EQ(NvSciBufAttrListGetAttrs(nullptr, &pair, 1), kBadParameter);
    EXPECT_EQ(NvSciBufAttrListGetAttrs(list, nullptr, 1), kBadParameter);
    EXPECT_EQ(NvSciBufAttrListGetAttrs(list, &pair, 0), kBadParameter);
    EXPECT_EQ(NvSciBufAttrListSlotGetAttrs(nullptr, 0, &pair, 1), kBadParameter);
    EXPECT_EQ(NvSciBufAttrListSlotGetAttrs(list, 0, nullptr, 1), kBadParameter);
    EXPECT_EQ(NvSciBufAttrListSlotGetAttrs(list, 0, &pair, 0), kBadParameter);
    EXPECT_EQ(NvSciBufAttrListSlotGetAttrs(list, 1, &pair, 1), kBadParameter);
    EXPECT_EQ(NvSciBufAttrListSlotGetAttrs(list, ~std::size_t{0}, &pair, 1), kBadParameter);
    EXPECT_EQ(pair.value, &kSize);
    EXPECT_EQ(get<std::uint64_t>(list, NvSciBufRawBufferAttrKey_Size).size(), 0U) << "nothing was stored";
}

TEST_F(AttributesTest, GeneralKeysMayComeBeforeTypes) {
    const List list = create_list(module_);
    EXPECT_EQ(set(list, NvSciBufGeneralAttrKey_NeedCpuAccess, true), kSuccess);
    EXPECT_EQ(set(list, NvSciBufGeneralAttrKey_Types, NvSciBufType_RawBuffer), kSuccess);
    EXPECT_EQ(get_flags(list, NvSciBufGeneralAttrKey_NeedCpuAccess), std::vector<bool>{true});
}

TEST_F(AttributesTest, AllOrNothing) {
    const List list = create_list(module_);
    const NvSciBufType type = NvSciBufType_RawBuffer;
    const bool yes = true;
    const std::uint64_t bad_align = 3;
    NvSciBufAttrKeyValuePair pairs[] = {
        {NvSciBufGeneralAttrKey_NeedCpuAccess, &yes, sizeof(yes)},
        {NvSciBufRawBufferAttrKey_Size, &kSize, sizeof(kSize)},
        {NvSciBufGeneralAttrKey_Types, &type, sizeof(type)},
        {NvSciBufRawBufferAttrKey_Align, &bad_align, sizeof(bad_align)},
    };
    EXPECT_EQ(NvSciBufAttrListSetAttrs(list, pairs, 4), kBadParameter);
    EXPECT_TRUE(get_flags(list, NvSciBufGeneralAttrKey_NeedCpuAccess).empty());
    EXPECT_TRUE(get<NvSciBufType>(list, NvSciBufGeneralAttrKey_Types).empty());
    EXPECT_TRUE(get<std::uint64_t>(list, NvSciBufRawBufferAttrKey_Size).empty());
    EXPECT_EQ(set(list, NvSciBufRawBufferAttrKey_Size, kSize), kBadParameter) << "the refused Types is not in effect";
    EXPECT_EQ(NvSciBufAttrListSetAttrs(list, pairs, 3), kSuccess) << "and all keys are still open";
}

TEST_F(AttributesTest, AnIllegalTypesInTheCallOpensNothing) {
    const List list = create_list(module_);
    const NvSciBufType types[] = {NvSciBufType_RawBuffer, NvSciBufType_MaxValid};
    NvSciBufAttrKeyValuePair pairs[] = {{NvSciBufRawBufferAttrKey_Size, &kSize, sizeof(kSize)},
                                        {NvSciBufGeneralAttrKey_Types, types, sizeof(types)}};
    EXPECT_EQ(NvSciBufAttrListSetAttrs(list, pairs, 2), kBadParameter);
    EXPECT_TRUE(get<std::uint64_t>(list, NvSciBufRawBufferAttrKey_Size).empty());
}

TEST_F(AttributesTest, SeveralTypesOpenTheKeysOfAll) {
    const List list = create_list(module_);
    ASSERT_EQ(set(list, NvSciBufGeneralAttrKey_Types, {NvSciBufType_Image, NvSciBufType_Tensor}), kSuccess);
    EXPECT_EQ(set(list, NvSciBufImageAttrKey_Layout, NvSciBufImage_PitchLinearType), kSuccess);
    EXPECT_EQ(set(list, NvSciBufTensorAttrKey_NumDims, std::uint32_t{4}), kSuccess);
    EXPECT_EQ(set(list, NvSciBufRawBufferAttrKey_Size, kSize), kBadParameter);
}

TEST_F(AttributesTest, SignedIntegersOfTheSameSizeAreTaken) {
    const List list = create_list(module_);
    ASSERT_EQ(set(list, NvSciBufGeneralAttrKey_Types, NvSciBufType_Image), kSuccess);
    EXPECT_EQ(set(list, NvSciBufImageAttrKey_PlaneCount, std::int32_t{1}), kSuccess);
    EXPECT_EQ(set(list, NvSciBufImageAttrKey_PlaneWidth, std::int32_t{640}), kSuccess);
    EXPECT_EQ(get<std::uint32_t>(list, NvSciBufImageAttrKey_PlaneWidth), std::vector<std::uint32_t>{640});
}

TEST_F(AttributesTest, FourByteValuesCanBeReadAsEight) {
    const List list = create_list(module_);
    ASSERT_EQ(set(list, NvSciBufGeneralAttrKey_Types, NvSciBufType_Image), kSuccess);
    ASSERT_EQ(set(list, NvSciBufImageAttrKey_PlaneCount, std::uint32_t{3}), kSuccess);
    NvSciBufAttrKeyValuePair pair{NvSciBufImageAttrKey_PlaneCount, nullptr, 0};
    ASSERT_EQ(NvSciBufAttrListGetAttrs(list, &pair, 1), kSuccess);
    EXPECT_EQ(pair.len, 4U) << "the length stays the real one";
    EXPECT_EQ(*static_cast<const std::uint64_t*>(pair.value), 3U);
    const List result = reconciled({gpu_list()});
    pair = {NvSciBufGeneralAttrKey_ActualPerm, nullptr, 0};
    ASSERT_EQ(NvSciBufAttrListGetAttrs(result, &pair, 1), kSuccess);
    EXPECT_EQ(*static_cast<const std::uint64_t*>(pair.value), std::uint64_t{NvSciBufAccessPerm_Readonly});
}

TEST_F(AttributesTest, PointersStayValidAndTheirValuesStayTheSame) {
    const List list = raw_list(module_, kSize);
    NvSciBufAttrKeyValuePair before{NvSciBufRawBufferAttrKey_Size, nullptr, 0};
    ASSERT_EQ(NvSciBufAttrListGetAttrs(list, &before, 1), kSuccess);
    EXPECT_EQ(set(list, NvSciBufGeneralAttrKey_NeedCpuAccess, true), kSuccess);
    EXPECT_EQ(set(list, NvSciBufRawBufferAttrKey_Align, std::uint64_t{512}), kSuccess);
    EXPECT_EQ(set(list, NvSciBufRawBufferAttrKey_Size, std::uint64_t{1}), kBadParameter);
    const List copy = clone(list);
    EXPECT_EQ(set(copy, NvSciBufRawBufferAttrKey_Size, std::uint64_t{1}), kSuccess);
    NvSciBufAttrKeyValuePair after{NvSciBufRawBufferAttrKey_Size, nullptr, 0};
    ASSERT_EQ(NvSciBufAttrListGetAttrs(list, &after, 1), kSuccess);
    EXPECT_EQ(after.value, before.value);
    EXPECT_EQ(*static_cast<const std::uint64_t*>(before.value), kSize);
}

TEST_F(AttributesTest, OneGetReadsManyKeysAndTheSameOneTwice) {
    const List list = raw_list(module_, kSize);
    NvSciBufAttrKeyValuePair pairs[] = {{NvSciBufRawBufferAttrKey_Size, nullptr, 0},
                                        {NvSciBufRawBufferAttrKey_Align, &kSize, 77},
                                        {NvSciBufRawBufferAttrKey_Size, nullptr, 0},
                                        {NvSciBufImageAttrKey_Layout, &kSize, 77}};
    ASSERT_EQ(NvSciBufAttrListGetAttrs(list, pairs, 4), kSuccess);
    EXPECT_EQ(pairs[0].value, pairs[2].value);
    EXPECT_EQ(pairs[0].len, 8U);
    for (const int unset : {1, 3}) {
        EXPECT_EQ(pairs[unset].value, nullptr);
        EXPECT_EQ(pairs[unset].len, 0U);
    }
}

TEST_F(AttributesTest, OneBadKeyInAGetModifiesNothing) {
    const List list = raw_list(module_, kSize);
    NvSciBufAttrKeyValuePair pairs[] = {{NvSciBufRawBufferAttrKey_Size, nullptr, 77},
                                        {NvSciBufGeneralAttrKey_ActualPerm, nullptr, 77}};
    EXPECT_EQ(NvSciBufAttrListGetAttrs(list, pairs, 2), kBadParameter);
    EXPECT_EQ(pairs[0].value, nullptr);
    EXPECT_EQ(pairs[0].len, 77U);
}

TEST_F(AttributesTest, SlotsAreReadByNumberAndGetReadsTheFirst) {
    const List first = raw_list(module_, 1);
    const List second = raw_list(module_, 2);
    const List both = append({first, second});
    for (const std::size_t slot : {0, 1}) {
        NvSciBufAttrKeyValuePair pair{NvSciBufRawBufferAttrKey_Size, nullptr, 0};
        ASSERT_EQ(NvSciBufAttrListSlotGetAttrs(both, slot, &pair, 1), kSuccess);
        EXPECT_EQ(*static_cast<const std::uint64_t*>(pair.value), slot + 1);
    }
    EXPECT_EQ(get<std::uint64_t>(both, NvSciBufRawBufferAttrKey_Size), std::vector<std::uint64_t>{1});
    NvSciBufAttrKeyValuePair pair{NvSciBufRawBufferAttrKey_Size, nullptr, 77};
    EXPECT_EQ(NvSciBufAttrListSlotGetAttrs(both, 2, &pair, 1), kBadParameter);
    EXPECT_EQ(pair.len, 77U);
    const List result = reconciled({first});
    EXPECT_EQ(NvSciBufAttrListSlotGetAttrs(result, 0, &pair, 1), kSuccess);
    EXPECT_EQ(NvSciBufAttrListSlotGetAttrs(result, 1, &pair, 1), kBadParameter);
}

}  // namespace
}  // namespace opennvsci::test
