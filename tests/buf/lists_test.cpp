// SPDX-License-Identifier: Apache-2.0
//
// Modules and lists as things: creating, cloning, appending, freeing, in any order; and the version question.
#include <cstdlib>

#include "buf_test.h"
#include "log_level.h"
#include "own_process.h"

namespace opennvsci::test {
namespace {

using ListsTest = BufTest;

bool is_reconciled(NvSciBufAttrList list) {
    bool answer = false;
    EXPECT_EQ(NvSciBufAttrListIsReconciled(list, &answer), kSuccess);
    return answer;
}

bool is_writable(NvSciBufAttrList list) {
    return set(list, NvSciBufGeneralAttrKey_EnableCpuCache, true) == kSuccess;
}

std::vector<std::uint64_t> sizes_of_slots(NvSciBufAttrList list) {
    std::vector<std::uint64_t> sizes;
    for (std::size_t slot = 0; slot < NvSciBufAttrListGetSlotCount(list); ++slot) {
        NvSciBufAttrKeyValuePair pair{NvSciBufRawBufferAttrKey_Size, nullptr, 0};
        EXPECT_EQ(NvSciBufAttrListSlotGetAttrs(list, slot, &pair, 1), kSuccess);
        sizes.push_back(pair.value == nullptr ? 0 : *static_cast<const std::uint64_t*>(pair.value));
    }
    return sizes;
}

TEST_F(ListsTest, ANewListIsEmptyWritableAndUnreconciled) {
    const List list = create_list(module_);
    EXPECT_EQ(NvSciBufAttrListGetSlotCount(list), 1U);
    EXPECT_FALSE(is_reconciled(list));
    EXPECT_TRUE(get<NvSciBufType>(list, NvSciBufGeneralAttrKey_Types).empty());
    EXPECT_TRUE(is_writable(list));
}

TEST_F(ListsTest, CreateRefusesNull) {
    NvSciBufAttrList list = nullptr;
    EXPECT_EQ(NvSciBufAttrListCreate(nullptr, &list), kBadParameter);
    EXPECT_EQ(NvSciBufAttrListCreate(module_, nullptr), kBadParameter);
    EXPECT_EQ(NvSciBufModuleOpen(nullptr), kBadParameter);
    EXPECT_EQ(list, nullptr);
}

TEST_F(ListsTest, EveryOpenGivesAnotherModule) {
    const Module other = open_module();
    EXPECT_NE(other.get(), module_.get());
}

TEST_F(ListsTest, ACloneIsWritableOnceMoreAndIndependent) {
    const List list = raw_list(module_, 1);
    const List copy = clone(list);
    ASSERT_EQ(set(copy, NvSciBufRawBufferAttrKey_Size, std::uint64_t{2}), kSuccess);
    EXPECT_EQ(set(copy, NvSciBufRawBufferAttrKey_Size, std::uint64_t{3}), kBadParameter) << "once";
    EXPECT_EQ(set(list, NvSciBufRawBufferAttrKey_Align, std::uint64_t{64}), kSuccess);
    EXPECT_EQ(sizes_of_slots(list), std::vector<std::uint64_t>{1});
    EXPECT_EQ(sizes_of_slots(copy), std::vector<std::uint64_t>{2});
    EXPECT_TRUE(get<std::uint64_t>(copy, NvSciBufRawBufferAttrKey_Align).empty());
}

TEST_F(ListsTest, ACloneOutlivesItsOriginal) {
    List list = raw_list(module_, 1);
    const List copy = clone(list);
    list.reset();
    EXPECT_EQ(sizes_of_slots(copy), std::vector<std::uint64_t>{1});
}

TEST_F(ListsTest, ACloneOfSeveralSlotsKeepsThemAndIsReadOnly) {
    const List copy = clone(append({raw_list(module_, 1), raw_list(module_, 2)}));
    EXPECT_EQ(sizes_of_slots(copy), (std::vector<std::uint64_t>{1, 2}));
    EXPECT_FALSE(is_writable(copy));
}

TEST_F(ListsTest, ACloneOfOneAppendedSlotIsWritable) {
    EXPECT_TRUE(is_writable(clone(append({raw_list(module_, 1)}))));
}

TEST_F(ListsTest, ACloneOfAReconciledListIsReconciledAndReadOnly) {
    const List result = reconciled({cpu_list(5000)});
    const List copy = clone(result);
    EXPECT_TRUE(is_reconciled(copy));
    EXPECT_FALSE(is_writable(copy));
    EXPECT_EQ(get<std::uint64_t>(copy, NvSciBufRawBufferAttrKey_Size), std::vector<std::uint64_t>{5000});
    const Object object = allocate(copy);
    EXPECT_NE(object.get(), nullptr);
}

TEST_F(ListsTest, CloneRefusesNullAndListsWithoutTypes) {
    const List typeless = create_list(module_);
    const List list = raw_list(module_, 1);
    NvSciBufAttrList copy = nullptr;
    EXPECT_EQ(NvSciBufAttrListClone(nullptr, &copy), kBadParameter);
    EXPECT_EQ(NvSciBufAttrListClone(list, nullptr), kBadParameter);
    EXPECT_EQ(NvSciBufAttrListClone(typeless, &copy), kBadParameter);
    EXPECT_EQ(copy, nullptr);
}

TEST_F(ListsTest, AppendKeepsAllSlotsInOrder) {
    const List one = raw_list(module_, 1);
    const List two = raw_list(module_, 2);
    const List three = raw_list(module_, 3);
    const List first = append({three, one});
    const List all = append({first, two});
    EXPECT_EQ(sizes_of_slots(all), (std::vector<std::uint64_t>{3, 1, 2}));
    EXPECT_FALSE(is_reconciled(all));
    EXPECT_FALSE(is_writable(all));
    EXPECT_TRUE(is_writable(one)) << "the inputs stay as they were";
    EXPECT_TRUE(get_flags(all, NvSciBufGeneralAttrKey_EnableCpuCache).empty()) << "and are copied";
}

TEST_F(ListsTest, AppendRefusals) {
    const List list = raw_list(module_, 1);
    const List typeless = create_list(module_);
    const List result = reconciled({list});
    const Module elsewhere = open_module();
    const List foreign = raw_list(elsewhere, 1);
    const List conflict = std::move(reconcile({raw_list(module_, 1), raw_list(module_, 2)}).conflict);
    ASSERT_NE(conflict.get(), nullptr);
    NvSciBufAttrList out = nullptr;
    NvSciBufAttrList one[] = {list};
    EXPECT_EQ(NvSciBufAttrListAppendUnreconciled(nullptr, 1, &out), kBadParameter);
    EXPECT_EQ(NvSciBufAttrListAppendUnreconciled(one, 0, &out), kBadParameter);
    EXPECT_EQ(NvSciBufAttrListAppendUnreconciled(one, 1, nullptr), kBadParameter);
    for (const NvSciBufAttrList second : {list.get(), typeless.get(), result.get(), foreign.get(), conflict.get(),
                                          static_cast<NvSciBufAttrList>(nullptr)}) {
        NvSciBufAttrList two[] = {list, second};
        EXPECT_EQ(NvSciBufAttrListAppendUnreconciled(two, 2, &out), kBadParameter);
        std::swap(two[0], two[1]);
        EXPECT_EQ(NvSciBufAttrListAppendUnreconciled(two, 2, &out), kBadParameter);
    }
    EXPECT_EQ(out, nullptr);
}

TEST_F(ListsTest, IsReconciledRefusesNull) {
    bool answer = true;
    EXPECT_EQ(NvSciBufAttrListIsReconciled(nullptr, &answer), kBadParameter);
    EXPECT_EQ(NvSciBufAttrListIsReconciled(raw_list(module_, 1), nullptr), kBadParameter);
    EXPECT_TRUE(answer);
}

TEST_F(ListsTest, IsReconciledTellsTheKinds) {
    const List one = raw_list(module_, 1);
    const List two = raw_list(module_, 2);
    EXPECT_TRUE(is_reconciled(reconciled({one})));
    EXPECT_FALSE(is_reconciled(append({one})));
    const Reconciliation<List> outcome = reconcile({one, two});
    EXPECT_FALSE(is_reconciled(outcome.conflict));
}

TEST_F(ListsTest, SlotCounts) {
    EXPECT_EQ(NvSciBufAttrListGetSlotCount(nullptr), 0U);
    EXPECT_EQ(NvSciBufAttrListGetSlotCount(reconciled({raw_list(module_, 1), raw_list(module_, 1)})), 1U);
    EXPECT_EQ(NvSciBufAttrListGetSlotCount(append({raw_list(module_, 1), raw_list(module_, 1)})), 2U);
}

std::string dump(NvSciBufAttrList list) {
    void* text = nullptr;
    std::size_t length = 0;
    EXPECT_EQ(NvSciBufAttrListDebugDump(list, &text, &length), kSuccess);
    if (text == nullptr) return {};
    EXPECT_EQ(static_cast<char*>(text)[length - 1], '\0');
    std::string copy = static_cast<char*>(text);
    std::free(text);
    return copy;
}

TEST_F(ListsTest, TheDumpNamesEveryKeyThatIsSet) {
    const List list = raw_list(module_, 4711);
    EXPECT_TRUE(contains(dump(list), "NvSciBufRawBufferAttrKey_Size = 4711"));
    EXPECT_TRUE(contains(dump(list), "NvSciBufGeneralAttrKey_Types = {RawBuffer}"));
    EXPECT_EQ(dump(list).find("Align"), std::string::npos);
    EXPECT_EQ(dump(create_list(module_)), "");
    const std::string both = dump(append({list, raw_list(module_, 4712)}));
    EXPECT_TRUE(contains(both, "4711"));
    EXPECT_TRUE(contains(both, "4712"));
    EXPECT_TRUE(contains(dump(reconciled({list})), "NvSciBufRawBufferAttrKey_Align = 4096"));
    const Reconciliation<List> outcome = reconcile({list, raw_list(module_, 4712)});
    EXPECT_TRUE(contains(dump(outcome.conflict), "4711"));
    EXPECT_TRUE(contains(dump(outcome.conflict), "4712"));
}

TEST_F(ListsTest, TheDumpRefusesNull) {
    const List list = raw_list(module_, 1);
    void* text = nullptr;
    std::size_t length = 77;
    EXPECT_EQ(NvSciBufAttrListDebugDump(nullptr, &text, &length), kBadParameter);
    EXPECT_EQ(NvSciBufAttrListDebugDump(list, nullptr, &length), kBadParameter);
    EXPECT_EQ(NvSciBufAttrListDebugDump(list, &text, nullptr), kBadParameter);
    EXPECT_EQ(text, nullptr);
    EXPECT_EQ(length, 77U);
}

TEST_F(ListsTest, FreeingNothingIsSilent) {
    ::testing::internal::CaptureStderr();
    NvSciBufAttrListFree(nullptr);
    NvSciBufObjFree(nullptr);
    NvSciBufModuleClose(nullptr);
    EXPECT_EQ(::testing::internal::GetCapturedStderr(), "");
}

TEST_F(ListsTest, ASecondFreeIsHarmlessAndSaysSo) {
    const LogLevel all("debug");  // the same text more often than once a second
    in_new_process([this] {
        NvSciBufAttrList list = nullptr;
        ASSERT_EQ(NvSciBufAttrListCreate(module_, &list), kSuccess);
        ::testing::internal::CaptureStderr();
        NvSciBufAttrListFree(list);
        EXPECT_EQ(::testing::internal::GetCapturedStderr(), "");
        ::testing::internal::CaptureStderr();
        NvSciBufAttrListFree(list);
        const std::string said = ::testing::internal::GetCapturedStderr();
        EXPECT_TRUE(contains(said, "NvSciBufAttrListFree"));
        EXPECT_EQ(std::count(said.begin(), said.end(), '\n'), 1) << said;
    });
}

TEST_F(ListsTest, FreeingTheListOfAnObjectIsIgnored) {
    const Object object = allocate(reconciled({cpu_list()}));
    NvSciBufAttrList borrowed = nullptr;
    ASSERT_EQ(NvSciBufObjGetAttrList(object, &borrowed), kSuccess);
    ::testing::internal::CaptureStderr();
    NvSciBufAttrListFree(borrowed);
    NvSciBufAttrListFree(borrowed);
    EXPECT_EQ(::testing::internal::GetCapturedStderr(), "");
    EXPECT_EQ(get<std::uint64_t>(borrowed, NvSciBufRawBufferAttrKey_Size), std::vector<std::uint64_t>{4096});
}

TEST_F(ListsTest, ListsOutliveTheirModule) {
    Module other = open_module();
    const NvSciBufModule closed = other.get();
    const List one = raw_list(other, 1);
    const List two = raw_list(other, 1);
    other.reset();
    EXPECT_EQ(set(one, NvSciBufGeneralAttrKey_NeedCpuAccess, true), kSuccess);
    EXPECT_EQ(sizes_of_slots(append({one, two})).size(), 2U);
    EXPECT_TRUE(is_reconciled(reconciled({one, two})));
    EXPECT_EQ(sizes_of_slots(clone(one)).size(), 1U);
    NvSciBufAttrList list = nullptr;
    EXPECT_EQ(NvSciBufAttrListCreate(closed, &list), kBadParameter) << "but the handle is gone";
}

TEST_F(ListsTest, ListsOfTwoClosedModulesStillDoNotMix) {
    Module first = open_module();
    Module second = open_module();
    const List one = raw_list(first, 1);
    const List two = raw_list(second, 1);
    first.reset();
    second.reset();
    EXPECT_EQ(reconcile({one, two}).code, kBadParameter);
}

// No array has that many elements: the count is wrong, and the text names it.
TEST_F(ListsTest, CountsThatNoArrayCanHaveAreRefusedAndNamed) {
    List list = raw_list(module_, 1);
    const List result = reconciled({list});
    const NvSciBufAttrList lists[] = {list};
    const std::uint64_t value = 1;
    NvSciBufAttrKeyValuePair pair{NvSciBufRawBufferAttrKey_Align, &value, sizeof(value)};
    NvSciBufAttrList made = nullptr;
    NvSciBufAttrList conflict = nullptr;
    NvSciBufObj object = nullptr;
    bool is_valid = false;
    for (const std::size_t count :
         {SIZE_MAX, SIZE_MAX / 2, SIZE_MAX / 8, SIZE_MAX / 8 - 1, std::size_t{1} << 60, (std::size_t{1} << 60) - 1}) {
        const auto expect_refused = [&](NvSciError code) {
            EXPECT_EQ(code, kBadParameter);
            EXPECT_TRUE(contains(opennvsciGetLastErrorText(), std::to_string(count)));
        };
        expect_refused(NvSciBufAttrListReconcile(lists, count, &made, &conflict));
        expect_refused(NvSciBufAttrListReconcileAndObjAlloc(lists, count, &object, &conflict));
        expect_refused(NvSciBufAttrListAppendUnreconciled(lists, count, &made));
        expect_refused(NvSciBufAttrListValidateReconciled(result, lists, count, &is_valid));
        expect_refused(NvSciBufAttrListValidateReconciledAgainstAttrs(result, &pair, count));
        expect_refused(NvSciBufAttrListSetAttrs(list, &pair, count));
        expect_refused(NvSciBufAttrListGetAttrs(list, &pair, count));
    }
    EXPECT_EQ(NvSciBufAttrListSetAttrs(list, &pair, buf::schema().keys().size() + 1), kBadParameter)
        << "a key is set once";
    EXPECT_EQ(set(list, NvSciBufRawBufferAttrKey_Align, value), kSuccess) << "and is still open";
}

// A count that an array could have costs nothing before its elements are read, and they are read one by one.
TEST_F(ListsTest, ACountThatIsTooGreatEndsAtTheFirstElementThatIsNoList) {
    const List list = raw_list(module_, 1);
    const NvSciBufAttrList lists[] = {list, nullptr};
    NvSciBufAttrList made = nullptr;
    EXPECT_EQ(NvSciBufAttrListAppendUnreconciled(lists, std::size_t{1} << 24, &made), kBadParameter);
    EXPECT_TRUE(contains(opennvsciGetLastErrorText(), "list 2 of 16777216 is NULL"));
}

TEST_F(ListsTest, VersionsAreCompatibleUpToOurMinorOfOurMajor) {
    struct Row {
        std::uint32_t major;
        std::uint32_t minor;
        bool compatible;
    };
    for (const Row& row : {Row{2, 11, true}, Row{2, 10, true}, Row{2, 0, true}, Row{2, 12, false}, Row{2, ~0U, false},
                           Row{1, 11, false}, Row{3, 0, false}, Row{0, 0, false}}) {
        bool compatible = !row.compatible;
        EXPECT_EQ(NvSciBufCheckVersionCompatibility(row.major, row.minor, &compatible), kSuccess);
        EXPECT_EQ(compatible, row.compatible) << row.major << "." << row.minor;
    }
    EXPECT_EQ(NvSciBufCheckVersionCompatibility(2, 11, nullptr), kBadParameter);
    EXPECT_EQ(NvSciBufMajorVersion, 2U);
    EXPECT_EQ(NvSciBufMinorVersion, 11U);
}

}  // namespace
}  // namespace opennvsci::test
