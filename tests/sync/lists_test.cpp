// SPDX-License-Identifier: Apache-2.0
//
// NvSciSync attribute lists: every key, every rule of setting, reading and reconciling (nvscisync.md 5 and 6).
#include "buf_objects.h"
#include "leak_check.h"
#include "sync_objects.h"

namespace opennvsci::test {
namespace {

constexpr auto kWait = NvSciSyncAccessPerm_WaitOnly;
constexpr auto kSignal = NvSciSyncAccessPerm_SignalOnly;
constexpr auto kBoth = NvSciSyncAccessPerm_WaitSignal;

// The table of nvscisync.md 5.2, with numbers instead of enumerators.
struct KeyRow {
    std::uint32_t number;
    std::size_t size;
    std::size_t max_count;
    bool can_be_set;
};
constexpr KeyRow kKeyRows[] = {
    {1, 1, 1, true},     {2, 8, 1, true},    {3, 8, 1, false},   {4, 1, 1, true},  {5, 1, 1, true},
    {6, 1, 1, true},     {7, 4, 1, false},   {8, 4, 1, false},   {9, 8, 1, false}, {10, 4, 5, true},
    {11, 16, 128, true}, {12, 16, 16, true}, {13, 8, 128, true},
};

NvSciSyncAttrKeyValuePair sync_pair(std::uint32_t number, const void* value, std::size_t length) {
    return pair_of<NvSciSyncAttrKeyValuePair>(number, value, length);
}

class SyncLists : public LeakCheckedTest {
  protected:
    SyncModule module_ = open_sync_module();
};

TEST_F(SyncLists, EveryKeyTakesItsLengthsAndNoOthers) {
    const std::vector<unsigned char> bytes(4096);
    for (const KeyRow& row : kKeyRows) {
        for (const std::size_t length : {std::size_t{0}, row.size - 1, row.size, row.size + 1, row.size * row.max_count,
                                         row.size * (row.max_count + 1)}) {
            SyncList list = create_list(module_);
            const auto pair = sync_pair(row.number, bytes.data(), length);
            const bool fits = length != 0 && length % row.size == 0 && length <= row.size * row.max_count;
            EXPECT_EQ(NvSciSyncAttrListSetAttrs(list, &pair, 1), row.can_be_set && fits ? kSuccess : kBadParameter)
                << "key " << row.number << ", " << length << " bytes";
        }
    }
}

TEST_F(SyncLists, EveryKeyReadsAsUnsetAndNoOtherNumberIsAKey) {
    SyncList list = create_list(module_);
    for (const KeyRow& row : kKeyRows) {
        auto pair = sync_pair(row.number, &row, 77);
        EXPECT_EQ(NvSciSyncAttrListGetAttrs(list, &pair, 1), kSuccess) << row.number;
        EXPECT_EQ(pair.value, nullptr);
        EXPECT_EQ(pair.len, 0U);
    }
    const std::uint64_t value = 1;
    for (const std::uint32_t number : {0U, 14U, 0x10001U, (1U << 26) + 1, ~0U}) {
        auto pair = sync_pair(number, &value, sizeof(value));
        EXPECT_EQ(NvSciSyncAttrListGetAttrs(list, &pair, 1), kBadParameter) << number;
        EXPECT_EQ(NvSciSyncAttrListSetAttrs(list, &pair, 1), kBadParameter) << number;
    }
}

TEST_F(SyncLists, SettingIsAllOrNothingAndOnce) {
    SyncList list = create_list(module_);
    const bool yes = true;
    NvSciSyncAttrKeyValuePair pairs[] = {sync_pair(1, &yes, 1), sync_pair(3, &yes, 8)};
    EXPECT_EQ(NvSciSyncAttrListSetAttrs(list, pairs, 2), kBadParameter);
    EXPECT_TRUE(get<bool>(list, NvSciSyncAttrKey_NeedCpuAccess).empty());
    pairs[1] = pairs[0];
    EXPECT_EQ(NvSciSyncAttrListSetAttrs(list, pairs, 2), kBadParameter);
    EXPECT_EQ(NvSciSyncAttrListSetAttrs(list, pairs, 0), kBadParameter);
    EXPECT_EQ(NvSciSyncAttrListSetAttrs(list, nullptr, 1), kBadParameter);
    EXPECT_EQ(NvSciSyncAttrListSetAttrs(nullptr, pairs, 1), kBadParameter);
    EXPECT_EQ(NvSciSyncAttrListSetAttrs(list, pairs, 1), kSuccess);
    EXPECT_EQ(NvSciSyncAttrListSetAttrs(list, pairs, 1), kBadParameter);
    const void* value = nullptr;
    size_t length = 0;
    EXPECT_EQ(NvSciSyncAttrListGetAttr(list, NvSciSyncAttrKey_NeedCpuAccess, &value, &length), kSuccess);
    ASSERT_EQ(length, 1U);
    EXPECT_EQ(load<std::uint64_t>(value), 1U);  // zero-padded: programs read more than the length
    EXPECT_EQ(NvSciSyncAttrListGetAttr(list, NvSciSyncAttrKey_NeedCpuAccess, nullptr, &length), kBadParameter);
    EXPECT_EQ(NvSciSyncAttrListGetAttr(list, NvSciSyncAttrKey_NeedCpuAccess, &value, nullptr), kBadParameter);
}

TEST_F(SyncLists, AppendAndCloneKeepSlots) {
    SyncList signaler = cpu_list(module_, kSignal);
    SyncList waiter = cpu_list(module_, kWait);
    NvSciSyncAttrList both[] = {signaler, waiter};
    SyncList appended;
    ASSERT_EQ(NvSciSyncAttrListAppendUnreconciled(both, 2, appended.out()), kSuccess);
    EXPECT_EQ(NvSciSyncAttrListGetSlotCount(appended), 2U);
    NvSciSyncAttrKeyValuePair pair{NvSciSyncAttrKey_RequiredPerm, nullptr, 0};
    ASSERT_EQ(NvSciSyncAttrListSlotGetAttrs(appended, 1, &pair, 1), kSuccess);
    EXPECT_EQ(load<std::uint64_t>(pair.value), kWait);
    EXPECT_EQ(NvSciSyncAttrListSlotGetAttrs(appended, 2, &pair, 1), kBadParameter);
    EXPECT_EQ(set(appended, NvSciSyncAttrKey_RequireDeterministicFences, true), kBadParameter);
    SyncList clone;
    ASSERT_EQ(NvSciSyncAttrListClone(appended, clone.out()), kSuccess);
    EXPECT_EQ(set(clone, NvSciSyncAttrKey_RequireDeterministicFences, true), kSuccess);  // slot 0
    EXPECT_EQ(set(clone, NvSciSyncAttrKey_RequiredPerm, kSignal), kSuccess);             // once more
    const Reconciliation<SyncList> outcome = reconcile({clone});
    ASSERT_EQ(outcome.code, kSuccess) << opennvsciGetLastErrorText();
    EXPECT_EQ(get<bool>(outcome.reconciled, NvSciSyncAttrKey_RequireDeterministicFences), std::vector<bool>{true});
    both[1] = both[0];
    EXPECT_EQ(NvSciSyncAttrListAppendUnreconciled(both, 2, appended.out()), kBadParameter);
}

// nvscisync.md 6.1: every combination of up to three permissions.
TEST_F(SyncLists, OneSignalerAndAWaiterAreNeeded) {
    const std::uint64_t permissions[] = {kWait, kSignal, kBoth};
    for (const std::uint64_t a : permissions) {
        for (const std::uint64_t b : permissions) {
            for (const std::uint64_t c : permissions) {
                SyncList lists[] = {cpu_list(module_, a), cpu_list(module_, b), cpu_list(module_, c)};
                const auto signalers = (a >> 1) + (b >> 1) + (c >> 1);
                const bool waits = ((a | b | c) & kWait) != 0;
                const Reconciliation<SyncList> outcome = reconcile({lists[0], lists[1], lists[2]});
                const bool good = signalers == 1 && waits;
                EXPECT_EQ(outcome.code, good ? kSuccess : kReconciliationFailed) << a << b << c;
                EXPECT_EQ(outcome.reconciled.get() != nullptr, good);
                EXPECT_EQ(outcome.conflict.get() != nullptr, !good);
            }
        }
    }
    SyncList only_signaler = cpu_list(module_, kSignal);
    EXPECT_EQ(reconcile({only_signaler}).code, kReconciliationFailed);
    SyncList both = cpu_list(module_, kBoth);
    EXPECT_EQ(reconcile({both}).code, kSuccess);
}

TEST_F(SyncLists, IllegalValuesAreFoundWhenReconciling) {
    const auto outcome_with = [&](NvSciSyncAttrKey key, auto... values) {
        SyncList list = create_list(module_);
        EXPECT_EQ(set(list, key, {values...}), kSuccess);
        if (key != NvSciSyncAttrKey_RequiredPerm) {
            EXPECT_EQ(set(list, NvSciSyncAttrKey_RequiredPerm, kBoth), kSuccess);
        }
        return reconcile({list}).code;
    };
    for (const std::uint64_t permission : {std::uint64_t{0}, std::uint64_t{4}, NvSciSyncAccessPerm_Auto})
        EXPECT_EQ(outcome_with(NvSciSyncAttrKey_RequiredPerm, permission), kBadParameter) << permission;
    EXPECT_EQ(outcome_with(NvSciSyncAttrKey_PrimitiveInfo, 0U), kBadParameter);
    EXPECT_EQ(outcome_with(NvSciSyncAttrKey_PrimitiveInfo, 6U), kBadParameter);
    EXPECT_EQ(outcome_with(NvSciSyncAttrKey_PrimitiveInfo, 4U, 4U), kBadParameter);
    EXPECT_EQ(outcome_with(NvSciSyncAttrKey_NeedCpuAccess, std::uint8_t{2}), kBadParameter);
    SyncList empty = create_list(module_);
    EXPECT_EQ(reconcile({empty}).code, kBadParameter);
}

// nvscisync.md 6.2, with the primitives as numbers.
TEST_F(SyncLists, PrimitiveIsTheBestThatAllOffer) {
    struct Row {
        std::vector<std::uint32_t> first;
        std::vector<std::uint32_t> second;
        std::uint32_t chosen;  // 0: none
    };
    const Row rows[] = {{{}, {}, 4},   {{2, 4}, {}, 4}, {{2}, {}, 2},    {{2, 4}, {2}, 2},       {{2, 4}, {4, 2}, 4},
                        {{2}, {4}, 0}, {{1}, {}, 0},    {{3, 5}, {}, 0}, {{1, 2}, {1, 2, 4}, 2}, {{1, 4}, {1, 2}, 0}};
    for (const Row& row : rows) {
        SyncList signaler = cpu_list(module_, kSignal);
        SyncList waiter = cpu_list(module_, kWait);
        const auto offer = [](NvSciSyncAttrList list, const std::vector<std::uint32_t>& primitives) {
            if (primitives.empty()) return;
            const auto pair = sync_pair(10, primitives.data(), primitives.size() * 4);
            EXPECT_EQ(NvSciSyncAttrListSetAttrs(list, &pair, 1), kSuccess);
        };
        offer(signaler, row.first);
        offer(waiter, row.second);
        const Reconciliation<SyncList> outcome = reconcile({signaler, waiter});
        EXPECT_EQ(outcome.code, row.chosen != 0 ? kSuccess : kUnsupportedConfig);
        EXPECT_EQ(outcome.conflict.get() != nullptr, row.chosen == 0);
        if (row.chosen == 0) continue;
        EXPECT_EQ(get<std::uint32_t>(outcome.reconciled, NvSciSyncAttrKey_PrimitiveInfo),
                  std::vector<std::uint32_t>{row.chosen});
        EXPECT_EQ(get<std::uint64_t>(outcome.reconciled, NvSciSyncAttrKey_MaxPrimitiveValue),
                  std::vector<std::uint64_t>{row.chosen == 4 ? UINT64_MAX : UINT32_MAX});
    }
}

TEST_F(SyncLists, ReconciledListHasEveryOutput) {
    SyncList signaler = cpu_list(module_, kSignal);
    SyncList waiter = create_list(module_);
    EXPECT_EQ(set(waiter, NvSciSyncAttrKey_RequiredPerm, kWait), kSuccess);
    const NvSciRmGpuId gpus[] = {{{1}}, {{2}}};
    const NvSciBufPeerLocationInfo peer{1, 2, 0};
    EXPECT_EQ(set(waiter, NvSciSyncAttrKey_GpuId, {gpus[0], gpus[1]}), kSuccess);
    EXPECT_EQ(set(signaler, NvSciSyncAttrKey_GpuId, {gpus[1]}), kSuccess);
    EXPECT_EQ(set(waiter, NvSciSyncAttrKey_PeerLocationInfo, peer), kSuccess);
    const Reconciliation<SyncList> outcome = reconcile({signaler, waiter});
    ASSERT_EQ(outcome.code, kSuccess) << opennvsciGetLastErrorText();
    const NvSciSyncAttrList list = outcome.reconciled;
    bool reconciled = false;
    EXPECT_EQ(NvSciSyncAttrListIsReconciled(list, &reconciled), kSuccess);
    EXPECT_TRUE(reconciled);
    EXPECT_EQ(get<bool>(list, NvSciSyncAttrKey_NeedCpuAccess), std::vector<bool>{true});
    EXPECT_EQ(get<std::uint64_t>(list, NvSciSyncAttrKey_RequiredPerm), std::vector<std::uint64_t>{kBoth});
    EXPECT_EQ(get<std::uint64_t>(list, NvSciSyncAttrKey_ActualPerm), std::vector<std::uint64_t>{kBoth});
    EXPECT_EQ(get<bool>(list, NvSciSyncAttrKey_WaiterContextInsensitiveFenceExports), std::vector<bool>{false});
    EXPECT_EQ(get<bool>(list, NvSciSyncAttrKey_WaiterRequireTimestamps), std::vector<bool>{false});
    EXPECT_EQ(get<bool>(list, NvSciSyncAttrKey_RequireDeterministicFences), std::vector<bool>{false});
    EXPECT_EQ(get<std::uint32_t>(list, NvSciSyncAttrKey_NumTimestampSlots), std::vector<std::uint32_t>{0});
    EXPECT_EQ(get<std::uint32_t>(list, NvSciSyncAttrKey_NumTaskStatusSlots), std::vector<std::uint32_t>{1024});
    EXPECT_EQ(get<NvSciRmGpuId>(list, NvSciSyncAttrKey_GpuId).size(), 2U);
    EXPECT_EQ(get<NvSciBufPeerLocationInfo>(list, NvSciSyncAttrKey_PeerLocationInfo).size(), 1U);
    EXPECT_EQ(set(list, NvSciSyncAttrKey_PeerHwEngineArray, std::uint64_t{0}), kBadParameter);

    bool valid = false;
    NvSciSyncAttrList inputs[] = {signaler, waiter};
    EXPECT_EQ(NvSciSyncAttrListValidateReconciled(list, inputs, 2, &valid), kSuccess) << opennvsciGetLastErrorText();
    EXPECT_TRUE(valid);
    EXPECT_EQ(NvSciSyncAttrListValidateReconciled(list, &inputs[1], 1, &valid),
              kBadParameter);  // nobody asks for the CPU
    EXPECT_FALSE(valid);
    SyncList other = cpu_list(module_, kWait);
    EXPECT_EQ(set(other, NvSciSyncAttrKey_RequireDeterministicFences, true), kSuccess);
    inputs[0] = other;
    EXPECT_EQ(NvSciSyncAttrListValidateReconciled(list, inputs, 1, &valid), kBadParameter);
    EXPECT_EQ(NvSciSyncAttrListValidateReconciledAgainstAttrs(list, nullptr, 0, 0), kSuccess);
    void* dump = nullptr;
    size_t length = 0;
    EXPECT_EQ(NvSciSyncAttrListDebugDump(list, &dump, &length), kNotSupported);
}

TEST_F(SyncLists, TimestampsNeedACpuThatWaitsAndASignalerWithAClock) {
    SyncList signaler = cpu_list(module_, kSignal);
    SyncList waiter = cpu_list(module_, kWait);
    EXPECT_EQ(set(waiter, NvSciSyncAttrKey_WaiterRequireTimestamps, true), kSuccess);
    const Reconciliation<SyncList> granted = reconcile({signaler, waiter});
    EXPECT_EQ(get<bool>(granted.reconciled, NvSciSyncAttrKey_WaiterRequireTimestamps), std::vector<bool>{true});
    EXPECT_EQ(get<std::uint32_t>(granted.reconciled, NvSciSyncAttrKey_NumTimestampSlots),
              std::vector<std::uint32_t>{1024});

    SyncList unknown = create_list(module_);
    EXPECT_EQ(set(unknown, NvSciSyncAttrKey_RequiredPerm, kSignal), kSuccess);
    EXPECT_EQ(reconcile({unknown, waiter}).code, kReconciliationFailed);

    SyncList without_cpu = create_list(module_);
    EXPECT_EQ(set(without_cpu, NvSciSyncAttrKey_RequiredPerm, kWait), kSuccess);
    EXPECT_EQ(set(without_cpu, NvSciSyncAttrKey_WaiterRequireTimestamps, true), kSuccess);
    const Reconciliation<SyncList> denied = reconcile({signaler, without_cpu});
    EXPECT_EQ(get<bool>(denied.reconciled, NvSciSyncAttrKey_WaiterRequireTimestamps), std::vector<bool>{false});
}

TEST_F(SyncLists, ReportNamesTheSignalers) {
    SyncList camera = cpu_list(module_, kSignal);
    SyncList display = cpu_list(module_, kBoth);
    EXPECT_EQ(opennvsciSyncAttrListSetName(camera, "camera"), kSuccess);
    EXPECT_EQ(opennvsciSyncAttrListSetName(display, "display"), kSuccess);
    const Reconciliation<SyncList> outcome = reconcile({camera, display});
    EXPECT_EQ(outcome.code, kReconciliationFailed);
    EXPECT_STREQ(opennvsciGetLastErrorText(),
                 "NvSciSyncAttrListReconcile: NvSciSyncAttrKey_RequiredPerm: 2 lists signal (camera, display), and "
                 "exactly one must. To avoid it: ask WaitOnly in display (tried: it reconciles when "
                 "display asks WaitOnly)");
    const OpenNvSciDecision* decisions = nullptr;
    size_t count = 0;
    EXPECT_EQ(opennvsciSyncAttrListGetDecisions(outcome.conflict, &decisions, &count), kSuccess);
    ASSERT_EQ(count, 1U);
    EXPECT_STREQ(decisions[0].requested, "camera: SignalOnly, display: WaitSignal");
    EXPECT_EQ(get<std::uint64_t>(outcome.conflict, NvSciSyncAttrKey_RequiredPerm), std::vector<std::uint64_t>{kSignal});
}

TEST_F(SyncLists, CudaFillsItsThreeKeys) {
    const int device = TestDevice::instance().device().handle;
    struct Row {
        int flags;
        std::uint64_t permission;
    };
    for (const Row& row : {Row{1, kSignal}, Row{2, kWait}, Row{3, kBoth}}) {
        SyncList list = create_list(module_);
        EXPECT_EQ(set(list, NvSciSyncAttrKey_NeedCpuAccess, true), kSuccess);
        EXPECT_EQ(nvsciCuDeviceGetNvSciSyncAttributes(list, device, row.flags), cu::CUDA_SUCCESS);
        EXPECT_EQ(get<std::uint64_t>(list, NvSciSyncAttrKey_RequiredPerm), std::vector<std::uint64_t>{row.permission});
        EXPECT_EQ(get<std::uint32_t>(list, NvSciSyncAttrKey_PrimitiveInfo), (std::vector<std::uint32_t>{2, 4}));
        const auto gpus = get<NvSciRmGpuId>(list, NvSciSyncAttrKey_GpuId);
        ASSERT_EQ(gpus.size(), 1U);
        const auto expected = TestDevice::instance().gpu_id();
        EXPECT_EQ(std::memcmp(&gpus[0], &expected, sizeof(expected)), 0);
        EXPECT_EQ(nvsciCuDeviceGetNvSciSyncAttributes(list, device, 1), cu::CUDA_ERROR_INVALID_VALUE);
    }
    SyncList list = create_list(module_);
    EXPECT_EQ(nvsciCuDeviceGetNvSciSyncAttributes(list, device, 0), cu::CUDA_ERROR_INVALID_VALUE);
    EXPECT_EQ(nvsciCuDeviceGetNvSciSyncAttributes(list, device, 4), cu::CUDA_ERROR_INVALID_VALUE);
    EXPECT_EQ(nvsciCuDeviceGetNvSciSyncAttributes(list, 99, 1), cu::CUDA_ERROR_INVALID_DEVICE);
    EXPECT_EQ(nvsciCuDeviceGetNvSciSyncAttributes(nullptr, device, 1), cu::CUDA_ERROR_INVALID_HANDLE);
    EXPECT_EQ(set(list, NvSciSyncAttrKey_GpuId, NvSciRmGpuId{{9}}), kSuccess);
    EXPECT_EQ(nvsciCuDeviceGetNvSciSyncAttributes(list, device, 1), cu::CUDA_ERROR_INVALID_VALUE);
    EXPECT_TRUE(get<std::uint64_t>(list, NvSciSyncAttrKey_RequiredPerm).empty());  // nothing was written
    SyncList both = cpu_list(module_, kBoth);
    const Reconciliation<SyncList> outcome = reconcile({both});
    EXPECT_EQ(nvsciCuDeviceGetNvSciSyncAttributes(outcome.reconciled, device, 1), cu::CUDA_ERROR_INVALID_HANDLE);
}

TEST_F(SyncLists, ListsOfTwoModulesDoNotMix) {
    SyncModule other = open_sync_module();
    SyncList signaler = cpu_list(module_, kSignal);
    SyncList waiter = cpu_list(other, kWait);
    EXPECT_EQ(reconcile({signaler, waiter}).code, kBadParameter);
    EXPECT_EQ(reconcile({signaler, signaler}).code, kBadParameter);
    EXPECT_EQ(NvSciSyncAttrListReconcile(nullptr, 0, signaler.out(), waiter.out()), kBadParameter);
}

TEST_F(SyncLists, FillC2cSetsPermissionAndPrimitives) {
    SyncList list = create_list(module_);
    EXPECT_EQ(NvSciSyncFillC2cAttrs(list, kWait), kSuccess);
    EXPECT_EQ(get<std::uint32_t>(list, NvSciSyncAttrKey_PrimitiveInfo), (std::vector<std::uint32_t>{2, 4}));
    EXPECT_EQ(NvSciSyncFillC2cAttrs(list, kWait), kBadParameter);
    EXPECT_EQ(NvSciSyncFillC2cAttrs(nullptr, kWait), kBadParameter);
}

TEST_F(SyncLists, HandlesOfNvSciBufAreNotTaken) {
    Module module = open_module();
    List list = create_list(module);
    EXPECT_EQ(set(reinterpret_cast<NvSciSyncAttrList>(list.get()), NvSciSyncAttrKey_NeedCpuAccess, true),
              kBadParameter);
    SyncList made;
    EXPECT_EQ(NvSciSyncAttrListCreate(reinterpret_cast<NvSciSyncModule>(module.get()), made.out()), kBadParameter);
    EXPECT_EQ(NvSciSyncAttrListGetSlotCount(nullptr), 0U);
    bool compatible = false;
    EXPECT_EQ(NvSciSyncCheckVersionCompatibility(2, 8, &compatible), kSuccess);
    EXPECT_TRUE(compatible);
    EXPECT_EQ(NvSciSyncCheckVersionCompatibility(2, 9, &compatible), kSuccess);
    EXPECT_FALSE(compatible);
    EXPECT_EQ(NvSciSyncCheckVersionCompatibility(2, 8, nullptr), kBadParameter);
}

}  // namespace
}  // namespace opennvsci::test
