// SPDX-License-Identifier: Apache-2.0
//
// What is not this library's own work is believed only after the schema's check: values of a participant, and of a
// result; and what stops a process that reads what is not there.
#include "attr/slot.h"

#include <ios>

#include "api/handles.h"
#include "attr/negotiation.h"
#include "buf_test.h"
#include "sync/keys.h"
#include "sync/reconcile.h"

namespace opennvsci::test {
namespace {

using attr::Slot;

template <class T>
void put(attr::Values& values, std::uint32_t number, const T& value) {
    values.put(*values.schema().find(number), std::as_bytes(std::span(&value, 1)));
}

template <class T>
std::string refusal(const Result<T>& checked) {
    return checked ? "accepted" : checked.error().text;
}

class SlotTest : public BufTest {
  protected:
    /// What a reconciled list of this process holds, as if it came from another one.
    [[nodiscard]] static attr::Values values_of(NvSciBufAttrList list) {
        return (*api::lists().acquire(api::number(list)))->list->reconciled();
    }
    [[nodiscard]] attr::Values raw_result() const { return values_of(reconciled({gpu_list()})); }
};

TEST_F(SlotTest, ResultsOfThisLibraryPass) {
    EXPECT_EQ(refusal(Slot::checked(raw_result())), "accepted");
    EXPECT_EQ(refusal(Slot::checked(values_of(reconciled({cpu_list()})))), "accepted");
}

TEST_F(SlotTest, EveryRowOfAResultIsChecked) {
    const NvSciBufAttrValAccessPerm no_permission{};
    struct Case {
        std::uint32_t key;
        std::uint64_t value;
        std::size_t size;
    };
    for (const Case& wrong : {
             Case{NvSciBufGeneralAttrKey_ActualPerm, no_permission + 2U, 4},
             Case{NvSciBufGeneralAttrKey_CpuNeedSwCacheCoherency, 2, 1},
             Case{NvSciBufGeneralAttrKey_NeedCpuAccess, 2, 1}, Case{NvSciBufRawBufferAttrKey_Size, 0, 8},
             Case{NvSciBufRawBufferAttrKey_Align, 3, 8}, Case{buf::kMemoryDomain, 77, 4},
             Case{buf::kMemoryCompressed, 3, 1}, Case{NvSciBufArrayAttrKey_Size, 4096, 8},  // of another type
         }) {
        attr::Values values = raw_result();
        const attr::Key& key = *values.schema().find(wrong.key);
        values.put(key, std::as_bytes(std::span(&wrong.value, 1)).first(wrong.size));
        EXPECT_TRUE(contains(refusal(Slot::checked(std::move(values))), key.name));
    }
}

TEST_F(SlotTest, AResultLacksNoMandatoryValue) {
    for (const std::uint32_t number :
         {std::uint32_t{NvSciBufGeneralAttrKey_Types}, std::uint32_t{NvSciBufRawBufferAttrKey_Align},
          std::uint32_t{NvSciBufRawBufferAttrKey_Size}, std::uint32_t{NvSciBufGeneralAttrKey_ActualPerm},
          std::uint32_t{buf::kMemoryDomain}}) {
        const attr::Values whole = raw_result();
        attr::Values part(whole.schema());
        whole.for_each_set([&](std::size_t index, attr::Bytes value) {
            const attr::Key& key = whole.schema().keys()[index];
            if (key.number != number) part.put(key, value);
        });
        EXPECT_FALSE(Slot::checked(std::move(part))) << std::hex << number;
    }
}

TEST_F(SlotTest, AResultHasTypesThatOneBufferCanHave) {
    for (const std::vector<std::uint32_t>& types :
         {std::vector<std::uint32_t>{NvSciBufType_RawBuffer, NvSciBufType_Image}, {77}, {NvSciBufType_General}}) {
        attr::Values values = raw_result();
        values.put(values.schema().selector(), std::as_bytes(std::span(types)));
        EXPECT_TRUE(contains(refusal(Slot::checked(values)), "Types"));
    }
}

// The arrays of a tensor have an element for each dimension.
TEST_F(SlotTest, ArraysHaveAsManyElementsAsTheResultSays) {
    const List list = create_list(module_);
    ASSERT_EQ(set(list, NvSciBufGeneralAttrKey_Types, NvSciBufType_Tensor), kSuccess);
    ASSERT_EQ(set(list, NvSciBufTensorAttrKey_DataType, NvSciDataType_Int8), kSuccess);
    ASSERT_EQ(set(list, NvSciBufTensorAttrKey_NumDims, std::uint32_t{2}), kSuccess);
    ASSERT_EQ(set(list, NvSciBufTensorAttrKey_SizePerDim, {std::uint64_t{2}, std::uint64_t{3}}), kSuccess);
    ASSERT_EQ(set(list, NvSciBufTensorAttrKey_AlignmentPerDim, {std::uint32_t{1}, std::uint32_t{1}}), kSuccess);
    attr::Values values = values_of(reconciled({list}));
    EXPECT_EQ(refusal(Slot::checked(values)), "accepted");
    put(values, NvSciBufTensorAttrKey_SizePerDim, std::uint64_t{6});
    EXPECT_TRUE(contains(refusal(Slot::checked(values)), "SizePerDim: 1 elements do not fit"));
}

TEST_F(SlotTest, AParticipantAsksForNoResult) {
    for (const std::uint32_t number :
         {std::uint32_t{NvSciBufGeneralAttrKey_ActualPerm}, std::uint32_t{buf::kMemoryDomain}}) {
        attr::Values values(buf::schema());
        put(values, NvSciBufGeneralAttrKey_Types, std::uint32_t{NvSciBufType_RawBuffer});
        put(values, number, std::uint32_t{1});
        EXPECT_TRUE(contains(refusal(attr::CheckedWishes::of(values)), buf::schema().find(number)->name));
    }
}

TEST_F(SlotTest, ValuesOfAParticipantAreLegal) {
    attr::Values values(sync::schema());
    put(values, NvSciSyncAttrKey_NeedCpuAccess, std::uint8_t{7});
    EXPECT_TRUE(contains(refusal(attr::CheckedWishes::of(values)), "NeedCpuAccess"));
    attr::Values twice(sync::schema());
    const std::uint32_t primitives[] = {2, 4, 2};
    twice.put(*sync::schema().find(NvSciSyncAttrKey_PrimitiveInfo), std::as_bytes(std::span(primitives)));
    EXPECT_TRUE(contains(refusal(attr::CheckedWishes::of(twice)), "none twice"));
}

// Whoever asks whether a result satisfies a list is answered; a list that asks for what cannot be is refused.
TEST_F(SlotTest, ALegalListIsAnsweredAndAnIllegalOneRefused) {
    const Slot slot = *Slot::checked(values_of(reconciled({cpu_list(4096)})));
    attr::Values other(buf::schema());
    put(other, NvSciBufRawBufferAttrKey_Size, std::uint64_t{8192});
    const Result<> no = attr::check_satisfies(slot, {other, {}}, NvSciError_ReconciliationFailed);
    ASSERT_FALSE(no);
    EXPECT_TRUE(no.error().is_expected) << no.error().text;
    EXPECT_FALSE(attr::require_yes(no).error().is_expected);
    attr::Values illegal(buf::schema());
    put(illegal, NvSciBufGeneralAttrKey_NeedCpuAccess, std::uint8_t{7});
    const Result<> refused = attr::check_satisfies(slot, {illegal, {}}, NvSciError_ReconciliationFailed);
    ASSERT_FALSE(refused);
    EXPECT_FALSE(refused.error().is_expected) << refused.error().text;
}

TEST_F(SlotTest, AMissingMandatoryValueStopsTheProcess) {
    const Slot empty(buf::schema());
    EXPECT_DEATH((void)empty.required<std::uint64_t>(NvSciBufRawBufferAttrKey_Size), "NvSciBufRawBufferAttrKey_Size");
    EXPECT_DEATH((void)empty.elements<std::uint32_t>(NvSciBufImageAttrKey_PlaneWidth)[0], "an element of a value");
}

attr::Wishes wishes_of(NvSciSyncAccessPerm permission, bool has_cpu, std::uint64_t peer) {
    attr::Wishes wishes{attr::Values(sync::schema()), {}, {}};
    wishes.origin.path = peer;
    put(wishes.values, NvSciSyncAttrKey_RequiredPerm, permission);
    if (has_cpu) put(wishes.values, NvSciSyncAttrKey_NeedCpuAccess, true);
    NvSciRmGpuId gpu{};
    gpu.bytes[0] = 1;
    if (!has_cpu) put(wishes.values, NvSciSyncAttrKey_GpuId, gpu);
    return wishes;
}

// The same wishes of this process and of another one: only this process's CPU signals here, and CUDA's events order
// only streams of this process.
TEST_F(SlotTest, TheRulesAskWhoseProcessAParticipantIs) {
    for (const std::uint64_t peer : {0U, 5U}) {
        for (const bool has_cpu : {false, true}) {
            std::vector<attr::Wishes> all;
            all.push_back(wishes_of(NvSciSyncAccessPerm_SignalOnly, has_cpu, peer));
            all.push_back(wishes_of(NvSciSyncAccessPerm_WaitOnly, false, 0));
            const attr::List list(attr::List::Kind::unreconciled, std::move(all), nullptr);
            const attr::List* lists[] = {&list};
            const attr::Reconciliation made = sync::reconcile(lists);
            ASSERT_TRUE(made.list) << made.list.error().text;
            const Slot& result = (*made.list)->reconciled();
            EXPECT_EQ(refusal(Slot::checked(result)), "accepted");
            EXPECT_EQ(result.required<bool>(sync::kCpuSignaler), has_cpu && peer == 0);
            EXPECT_EQ(result.scalar<memory::Domain>(sync::kPayloadDomain),
                      !has_cpu && peer == 0 ? std::nullopt : std::optional(memory::Domain::system));
        }
    }
}

}  // namespace
}  // namespace opennvsci::test
