// SPDX-License-Identifier: Apache-2.0
//
// Reconciling raw buffers: the arguments, Types, Size and Align, and what comes out on success and on failure.
#include "buf_test.h"

namespace opennvsci::test {
namespace {

using ReconcileTest = BufTest;

std::vector<std::uint64_t> size_of(NvSciBufAttrList list) {
    return get<std::uint64_t>(list, NvSciBufRawBufferAttrKey_Size);
}
std::vector<std::uint64_t> align_of(NvSciBufAttrList list) {
    return get<std::uint64_t>(list, NvSciBufRawBufferAttrKey_Align);
}
using Numbers = std::vector<std::uint64_t>;

TEST_F(ReconcileTest, SuccessGivesTheListAndNoConflict) {
    // reconcile() passes garbage in both variables, as programs do.
    const Reconciliation<List> outcome = reconcile({raw_list(module_, 5000), raw_list(module_, 0)});
    EXPECT_EQ(outcome.code, kSuccess);
    EXPECT_NE(outcome.reconciled.get(), nullptr);
    EXPECT_EQ(outcome.conflict.get(), nullptr);
    EXPECT_EQ(size_of(outcome.reconciled), Numbers{5000}) << "echoed, not rounded";
}

TEST_F(ReconcileTest, ReconciliationFailedGivesTheConflictAndNoList) {
    const Reconciliation<List> outcome = reconcile({raw_list(module_, 5000), raw_list(module_, 5001)});
    EXPECT_EQ(outcome.code, kReconciliationFailed);
    EXPECT_EQ(outcome.reconciled.get(), nullptr);
    ASSERT_NE(outcome.conflict.get(), nullptr);
    EXPECT_EQ(set(outcome.conflict, NvSciBufGeneralAttrKey_NeedCpuAccess, true), kBadParameter) << "cannot be written";
    EXPECT_EQ(NvSciBufAttrListGetSlotCount(outcome.conflict), 2U);
}

TEST_F(ReconcileTest, OtherFailuresGiveNeither) {
    const Reconciliation<List> outcome = reconcile({raw_list(module_, 0)});
    EXPECT_EQ(outcome.code, kBadParameter);
    EXPECT_EQ(outcome.reconciled.get(), nullptr);
    EXPECT_EQ(outcome.conflict.get(), nullptr);
}

TEST_F(ReconcileTest, BadArgumentsAreRefused) {
    const List list = gpu_list();
    NvSciBufAttrList lists[] = {list};
    NvSciBufAttrList result = nullptr;
    NvSciBufAttrList conflict = nullptr;
    NvSciBufObj object = nullptr;
    EXPECT_EQ(NvSciBufAttrListReconcile(nullptr, 1, &result, &conflict), kBadParameter);
    EXPECT_EQ(NvSciBufAttrListReconcile(lists, 0, &result, &conflict), kBadParameter);
    EXPECT_EQ(NvSciBufAttrListReconcile(lists, 1, nullptr, &conflict), kBadParameter);
    EXPECT_EQ(NvSciBufAttrListReconcile(lists, 1, &result, nullptr), kBadParameter);
    EXPECT_EQ(NvSciBufAttrListReconcileAndObjAlloc(nullptr, 1, &object, &conflict), kBadParameter);
    EXPECT_EQ(NvSciBufAttrListReconcileAndObjAlloc(lists, 0, &object, &conflict), kBadParameter);
    EXPECT_EQ(NvSciBufAttrListReconcileAndObjAlloc(lists, 1, nullptr, &conflict), kBadParameter);
    EXPECT_EQ(NvSciBufAttrListReconcileAndObjAlloc(lists, 1, &object, nullptr), kBadParameter);
    EXPECT_EQ(result, nullptr);
    EXPECT_EQ(conflict, nullptr);
    EXPECT_EQ(object, nullptr);
}

TEST_F(ReconcileTest, WrongListsAreRefused) {
    const List list = raw_list(module_, 4096);
    const List result = reconciled({list});
    const Module elsewhere = open_module();
    const List foreign = raw_list(elsewhere, 4096);
    const Reconciliation<List> failed = reconcile({list, raw_list(module_, 1)});
    EXPECT_EQ(reconcile({list, list}).code, kBadParameter);
    EXPECT_EQ(reconcile({list, nullptr}).code, kBadParameter);
    EXPECT_EQ(reconcile({list, result}).code, kBadParameter);
    EXPECT_EQ(reconcile({result}).code, kBadParameter);
    EXPECT_EQ(reconcile({list, foreign}).code, kBadParameter);
    EXPECT_EQ(reconcile({list, failed.conflict}).code, kBadParameter);
    EXPECT_EQ(reconcile({failed.conflict}).code, kBadParameter);
    EXPECT_EQ(reconcile({list}).code, kSuccess);
}

TEST_F(ReconcileTest, InputsStayUnchangedAndCanBeReconciledAgain) {
    const List one = raw_list(module_, 4096);
    const List two = raw_list(module_, 0);
    const List first = reconciled({one, two});
    EXPECT_TRUE(size_of(two).empty());
    EXPECT_EQ(set(two, NvSciBufRawBufferAttrKey_Align, std::uint64_t{8192}), kSuccess) << "still writable";
    const List second = reconciled({one, two});
    EXPECT_EQ(align_of(first), Numbers{4096});
    EXPECT_EQ(align_of(second), Numbers{8192});
}

TEST_F(ReconcileTest, AllSlotsOfAListTakePart) {
    const List many = append({raw_list(module_, 4096), raw_list(module_, 0)});
    EXPECT_EQ(size_of(reconciled({raw_list(module_, 0), many})), Numbers{4096});
    EXPECT_EQ(reconcile({append({raw_list(module_, 1), raw_list(module_, 2)})}).code, kReconciliationFailed);
}

TEST_F(ReconcileTest, OneListMustHaveTypes) {
    const List typeless = create_list(module_);
    EXPECT_EQ(set(typeless, NvSciBufGeneralAttrKey_NeedCpuAccess, true), kSuccess);
    EXPECT_EQ(reconcile({typeless}).code, kBadParameter);
    EXPECT_TRUE(contains(opennvsciGetLastErrorText(), "NvSciBufGeneralAttrKey_Types"));
    const List result = reconciled({typeless, raw_list(module_, 4096)});
    EXPECT_EQ(get<NvSciBufType>(result, NvSciBufGeneralAttrKey_Types),
              std::vector<NvSciBufType>{NvSciBufType_RawBuffer});
    EXPECT_EQ(get_flags(result, NvSciBufGeneralAttrKey_NeedCpuAccess), std::vector<bool>{true})
        << "its General keys count";
}

List list_of_types(NvSciBufModule module, std::initializer_list<NvSciBufType> types) {
    List list = create_list(module);
    EXPECT_EQ(set(list, NvSciBufGeneralAttrKey_Types, types), kSuccess);
    return list;
}

TEST_F(ReconcileTest, DifferentTypesFail) {
    using Types = std::initializer_list<NvSciBufType>;
    const List raw = raw_list(module_, 4096);
    for (const Types& other : {Types{NvSciBufType_Image}, Types{NvSciBufType_Tensor}, Types{NvSciBufType_Array},
                               Types{NvSciBufType_Pyramid}, Types{NvSciBufType_Image, NvSciBufType_RawBuffer}}) {
        const Reconciliation<List> outcome = reconcile({raw, list_of_types(module_, other)});
        EXPECT_EQ(outcome.code, kReconciliationFailed);
        EXPECT_NE(outcome.conflict.get(), nullptr);
    }
    EXPECT_EQ(reconcile({list_of_types(module_, {NvSciBufType_Image, NvSciBufType_RawBuffer})}).code,
              kReconciliationFailed);
    EXPECT_EQ(reconcile({list_of_types(module_, {NvSciBufType_Tensor, NvSciBufType_Pyramid})}).code,
              kReconciliationFailed);
    EXPECT_EQ(
        reconcile({list_of_types(module_, {NvSciBufType_Tensor}), list_of_types(module_, {NvSciBufType_Array})}).code,
        kReconciliationFailed);
}

TEST_F(ReconcileTest, TypesGivenTwiceAreOne) {
    const List twice = list_of_types(module_, {NvSciBufType_RawBuffer, NvSciBufType_RawBuffer});
    const List result = reconciled({twice, raw_list(module_, 4096)});
    EXPECT_EQ(get<NvSciBufType>(result, NvSciBufGeneralAttrKey_Types),
              std::vector<NvSciBufType>{NvSciBufType_RawBuffer});
}

TEST_F(ReconcileTest, SizeIsMandatory) {
    const List incomplete = raw_list(module_, 0);
    EXPECT_EQ(reconcile({incomplete}).code, kBadParameter);
    EXPECT_TRUE(contains(opennvsciGetLastErrorText(), "NvSciBufRawBufferAttrKey_Size"));
    EXPECT_EQ(reconcile({incomplete, raw_list(module_, 1)}).code, kSuccess) << "in one of the lists";
}

TEST_F(ReconcileTest, SizesMustBeTheSame) {
    EXPECT_EQ(size_of(reconciled({raw_list(module_, 77), raw_list(module_, 77)})), Numbers{77});
    EXPECT_EQ(reconcile({raw_list(module_, 77), raw_list(module_, 78)}).code, kReconciliationFailed)
        << "also if one is larger";
    EXPECT_EQ(reconcile({raw_list(module_, 78), raw_list(module_, 77)}).code, kReconciliationFailed);
}

TEST_F(ReconcileTest, ASizeNearTheEndOfTheAddressSpaceOverflows) {
    for (const std::uint64_t size : {~0ULL, ~0ULL - 4096, ~0ULL - (2ULL << 20) + 2}) {
        const Reconciliation<List> outcome = reconcile({raw_list(module_, size)});
        EXPECT_EQ(outcome.code, kOverflow) << size;
        EXPECT_EQ(outcome.conflict.get(), nullptr);
    }
    const List aligned = raw_list(module_, (1ULL << 63) + 1);
    EXPECT_EQ(reconcile({aligned}).code, kSuccess) << "reconciles; only an allocation fails";
    EXPECT_EQ(set(aligned, NvSciBufRawBufferAttrKey_Align, std::uint64_t{1} << 63), kSuccess);
    EXPECT_EQ(reconcile({aligned}).code, kOverflow);
}

TEST_F(ReconcileTest, AlignIsTheGreatestAskedOrTheAllocatorsOwn) {
    struct Row {
        std::vector<std::uint64_t> asked;  // by one list each
        std::uint64_t granted;
    };
    const Row rows[] = {
        {{}, 4096},     {{1}, 4096},          {{512}, 4096},          {{4096}, 4096},
        {{8192}, 8192}, {{64, 16384}, 16384}, {{16384, 8192}, 16384}, {{2ULL << 20}, 2ULL << 20},
        {{0}, 0},       {{0, 0}, 0},          {{0, 512}, 4096},       {{8192, 0}, 8192},
    };
    for (const Row& row : rows) {
        std::vector<List> lists;
        std::vector<NvSciBufAttrList> handles;
        lists.push_back(raw_list(module_, 4096));
        for (const std::uint64_t align : row.asked) {
            lists.push_back(raw_list(module_, 0));
            EXPECT_EQ(set(lists.back(), NvSciBufRawBufferAttrKey_Align, align), kSuccess);
            EXPECT_EQ(align_of(lists.back()), Numbers{align}) << "unchanged, also 0";
        }
        for (const List& list : lists)
            handles.push_back(list);
        EXPECT_EQ(align_of(reconciled(handles)), Numbers{row.granted});
    }
}

TEST_F(ReconcileTest, ReconcileAndAllocIsBothInOne) {
    const List list = cpu_list(5000);
    NvSciBufAttrList lists[] = {list};
    auto conflict = reinterpret_cast<NvSciBufAttrList>(1);
    Object object;
    ASSERT_EQ(NvSciBufAttrListReconcileAndObjAlloc(lists, 1, object.out(), &conflict), kSuccess);
    EXPECT_EQ(conflict, nullptr);
    NvSciBufAttrList own = nullptr;
    ASSERT_EQ(NvSciBufObjGetAttrList(object, &own), kSuccess);
    EXPECT_EQ(size_of(own), Numbers{5000});
    void* pointer = nullptr;
    EXPECT_EQ(NvSciBufObjGetCpuPtr(object, &pointer), kSuccess);
}

TEST_F(ReconcileTest, ReconcileAndAllocFailsAsItsParts) {
    const List one = raw_list(module_, 1);
    const List two = raw_list(module_, 2);
    NvSciBufAttrList both[] = {one, two};
    auto object = reinterpret_cast<NvSciBufObj>(1);
    List conflict;
    EXPECT_EQ(NvSciBufAttrListReconcileAndObjAlloc(both, 2, &object, conflict.out()), kReconciliationFailed);
    EXPECT_EQ(object, nullptr);
    EXPECT_NE(conflict.get(), nullptr);
    const List huge = raw_list(module_, 1ULL << 46);
    NvSciBufAttrList alone[] = {huge};
    object = reinterpret_cast<NvSciBufObj>(1);
    auto none = reinterpret_cast<NvSciBufAttrList>(1);
    EXPECT_EQ(NvSciBufAttrListReconcileAndObjAlloc(alone, 1, &object, &none), kResourceError);
    EXPECT_EQ(object, nullptr);
    EXPECT_EQ(none, nullptr);
}

}  // namespace
}  // namespace opennvsci::test
