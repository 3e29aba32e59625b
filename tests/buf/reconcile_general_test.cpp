// SPDX-License-Identifier: Apache-2.0
//
// Reconciling the General keys that have nothing to do with GPUs: CPU access, permission, caching, peers; and which
// General keys a reconciled list always has.
#include <chrono>
#include <ios>

#include "buf_test.h"

namespace opennvsci::test {
namespace {

class ReconcileGeneralTest : public BufTest {
  protected:
    /// A list for each value, every one with the key set to it, plus a complete one that does not set it.
    template <class T>
    List reconcile_each(NvSciBufAttrKey key, const std::vector<T>& values) {
        std::vector<List> lists;
        std::vector<NvSciBufAttrList> handles;
        lists.push_back(raw_list(module_, 4096));
        for (const T value : values) {
            lists.push_back(create_list(module_));
            EXPECT_EQ(set(lists.back(), key, value), kSuccess);
        }
        for (const List& list : lists)
            handles.push_back(list);
        return reconciled(handles);
    }
};

using Flags = std::vector<bool>;

TEST_F(ReconcileGeneralTest, BooleanWishesAreOred) {
    for (const NvSciBufAttrKey key : {NvSciBufGeneralAttrKey_NeedCpuAccess, NvSciBufGeneralAttrKey_EnableCpuCache}) {
        struct Row {
            Flags asked;
            bool granted;
        };
        for (const Row& row : {Row{{}, false}, Row{{false}, false}, Row{{true}, true}, Row{{false, true}, true},
                               Row{{true, false}, true}, Row{{false, false}, false}, Row{{true, true}, true}}) {
            const List result = reconcile_each<bool>(key, row.asked);
            EXPECT_EQ(get_flags(result, key), Flags{row.granted}) << std::hex << key;
        }
    }
}

TEST_F(ReconcileGeneralTest, ActualPermIsTheGreatestRequiredPerm) {
    struct Row {
        std::vector<NvSciBufAttrValAccessPerm> asked;
        NvSciBufAttrValAccessPerm granted;
    };
    constexpr auto kReadonly = NvSciBufAccessPerm_Readonly;
    constexpr auto kReadWrite = NvSciBufAccessPerm_ReadWrite;
    for (const Row& row : {Row{{}, kReadonly}, Row{{kReadonly}, kReadonly}, Row{{kReadWrite}, kReadWrite},
                           Row{{kReadonly, kReadWrite}, kReadWrite}, Row{{kReadWrite, kReadonly}, kReadWrite},
                           Row{{kReadonly, kReadonly}, kReadonly}}) {
        const List result = reconcile_each(NvSciBufGeneralAttrKey_RequiredPerm, row.asked);
        EXPECT_EQ(get<NvSciBufAttrValAccessPerm>(result, NvSciBufGeneralAttrKey_ActualPerm),
                  std::vector<NvSciBufAttrValAccessPerm>{row.granted});
    }
}

TEST_F(ReconcileGeneralTest, CpuNeedSwCacheCoherencyIsFalseWithoutADisplayEngine) {
    const List list = cpu_list();
    ASSERT_EQ(set(list, NvSciBufGeneralAttrKey_EnableCpuCache, true), kSuccess);
    ASSERT_EQ(set(list, NvSciBufGeneralAttrKey_GpuId, gpu(0)), kSuccess);
    EXPECT_EQ(get_flags(reconciled({list}), NvSciBufGeneralAttrKey_CpuNeedSwCacheCoherency), Flags{false});
}

// nvscibuf.md 4.1: of the General keys only RequiredPerm, the two Peer keys and, without GpuId, the per-GPU keys may be
// absent.
TEST_F(ReconcileGeneralTest, EveryOtherGeneralKeyIsPresent) {
    struct Row {
        NvSciBufAttrKey key;
        std::size_t length;
        bool needs_gpu;
    };
    const Row rows[] = {
        {NvSciBufGeneralAttrKey_Types, 4, false},
        {NvSciBufGeneralAttrKey_NeedCpuAccess, 1, false},
        {NvSciBufGeneralAttrKey_EnableCpuCache, 1, false},
        {NvSciBufGeneralAttrKey_GpuId, 16, false},
        {NvSciBufGeneralAttrKey_CpuNeedSwCacheCoherency, 1, false},
        {NvSciBufGeneralAttrKey_ActualPerm, 4, false},
        {NvSciBufGeneralAttrKey_VidMem_GpuId, 16, false},
        {NvSciBufGeneralAttrKey_EnableGpuCache, 17, true},
        {NvSciBufGeneralAttrKey_GpuSwNeedCacheCoherency, 17, true},
        {NvSciBufGeneralAttrKey_EnableGpuCompression, 20, true},
        {NvSciBufRawBufferAttrKey_Size, 8, false},
        {NvSciBufRawBufferAttrKey_Align, 8, false},
    };
    for (const bool with_gpu : {false, true}) {
        const List result = reconciled({with_gpu ? gpu_list() : raw_list(module_, 4096)});
        for (const Row& row : rows) {
            NvSciBufAttrKeyValuePair pair{row.key, nullptr, 77};
            ASSERT_EQ(NvSciBufAttrListGetAttrs(result, &pair, 1), kSuccess);
            const bool present = with_gpu || !row.needs_gpu;
            EXPECT_EQ(pair.len, present ? row.length : 0) << std::hex << row.key;
            EXPECT_EQ(pair.value != nullptr, present) << std::hex << row.key;
        }
        for (const auto key : {NvSciBufGeneralAttrKey_PeerLocationInfo, NvSciBufGeneralAttrKey_PeerHwEngineArray}) {
            EXPECT_TRUE(get<std::uint8_t>(result, key).empty()) << "nobody asked, and there is no default";
        }
    }
}

TEST_F(ReconcileGeneralTest, WithoutGpusTheIdsReadAsZeros) {
    const List result = reconciled({cpu_list()});
    for (const auto key : {NvSciBufGeneralAttrKey_GpuId, NvSciBufGeneralAttrKey_VidMem_GpuId}) {
        EXPECT_EQ(get<std::uint8_t>(result, key), std::vector<std::uint8_t>(16, 0)) << "an invalid id, not unset";
    }
    const Object object = allocate(result);
    EXPECT_NE(object.get(), nullptr) << "a buffer for the CPU alone";
}

NvSciBufPeerLocationInfo peer(std::uint32_t soc, std::uint32_t vm) {
    return {soc, vm, 0};
}

TEST_F(ReconcileGeneralTest, PeerLocationsAreUnitedInOrderOfFirstAppearance) {
    const List one = raw_list(module_, 4096);
    const List two = raw_list(module_, 0);
    const auto self = peer(NV_SCI_BUF_PEER_INFO_SELF_SOCID, NV_SCI_BUF_PEER_INFO_SELF_VMID);
    ASSERT_EQ(set(one, NvSciBufGeneralAttrKey_PeerLocationInfo, {peer(1, 2), self, peer(1, 2)}), kSuccess);
    ASSERT_EQ(set(two, NvSciBufGeneralAttrKey_PeerLocationInfo, {self, peer(3, 4)}), kSuccess);
    const auto merged = get<NvSciBufPeerLocationInfo>(reconciled({one, two}), NvSciBufGeneralAttrKey_PeerLocationInfo);
    ASSERT_EQ(merged.size(), 3U);
    const NvSciBufPeerLocationInfo expected[] = {peer(1, 2), self, peer(3, 4)};
    EXPECT_EQ(std::memcmp(merged.data(), expected, sizeof(expected)), 0);
}

TEST_F(ReconcileGeneralTest, PeerEnginesAreUnited) {
    const NvSciBufPeerHwEngine gpu_engine{NvSciBufHwEngName_Gpu, NvSciBufPlatformName_Orin};
    const NvSciBufPeerHwEngine display{NvSciBufHwEngName_Display, NvSciBufPlatformName_Orin};
    const List one = raw_list(module_, 4096);
    const List two = raw_list(module_, 0);
    ASSERT_EQ(set(one, NvSciBufGeneralAttrKey_PeerHwEngineArray, {gpu_engine}), kSuccess);
    ASSERT_EQ(set(two, NvSciBufGeneralAttrKey_PeerHwEngineArray, {display, gpu_engine}), kSuccess);
    const auto merged = get<NvSciBufPeerHwEngine>(reconciled({one, two}), NvSciBufGeneralAttrKey_PeerHwEngineArray);
    ASSERT_EQ(merged.size(), 2U);
    EXPECT_EQ(std::memcmp(&merged[0], &gpu_engine, sizeof(gpu_engine)), 0);
    EXPECT_EQ(std::memcmp(&merged[1], &display, sizeof(display)), 0);
}

TEST_F(ReconcileGeneralTest, MorePeersThanTheTableHoldsFail) {
    const List one = raw_list(module_, 4096);
    const List two = raw_list(module_, 0);
    std::vector<NvSciBufPeerLocationInfo> peers;
    for (std::uint32_t i = 0; i < NV_SCI_BUF_PEER_INFO_MAX_NUMBER; ++i)
        peers.push_back(peer(i, 0));
    NvSciBufAttrKeyValuePair pair{NvSciBufGeneralAttrKey_PeerLocationInfo, peers.data(),
                                  peers.size() * sizeof(peers[0])};
    ASSERT_EQ(NvSciBufAttrListSetAttrs(one, &pair, 1), kSuccess);
    ASSERT_EQ(set(two, NvSciBufGeneralAttrKey_PeerLocationInfo, peer(127, 0)), kSuccess);
    EXPECT_EQ(reconcile({one, two}).code, kSuccess) << "128 different ones fit";
    const List three = raw_list(module_, 0);
    ASSERT_EQ(set(three, NvSciBufGeneralAttrKey_PeerLocationInfo, peer(128, 0)), kSuccess);
    EXPECT_EQ(reconcile({one, two, three}).code, kReconciliationFailed);
}

// The lists are read before anything is stored.
TEST_F(ReconcileGeneralTest, AnOutputMayBeAnElementOfTheArray) {
    const List list = raw_list(module_, 4096);
    NvSciBufAttrList array[] = {list};
    NvSciBufAttrList conflict = nullptr;
    EXPECT_EQ(NvSciBufAttrListReconcile(array, 1, &array[0], &conflict), kSuccess) << opennvsciGetLastErrorText();
    EXPECT_NE(array[0], list.get());
    NvSciBufAttrListFree(array[0]);
    array[0] = list;
    EXPECT_EQ(NvSciBufAttrListReconcile(array, 0, &array[0], &conflict), kBadParameter);
    EXPECT_EQ(array[0], nullptr) << "as after every failure";
}

// The explanation of a conflict does not grow with a power of the number of lists.
TEST_F(ReconcileGeneralTest, ManyListsConflictInTime) {
    std::vector<List> lists;
    for (std::uint32_t i = 0; i < 200; ++i) {
        lists.push_back(raw_list(module_, 4096));
        std::array<NvSciBufPeerLocationInfo, 128> peers{};
        for (std::uint32_t k = 0; k < peers.size(); ++k)
            peers[k] = {i == 199 ? 1000 + k : k, 0, 0};
        ASSERT_EQ(set(lists.back(), NvSciBufGeneralAttrKey_PeerLocationInfo, peers), kSuccess);
    }
    const auto start = std::chrono::steady_clock::now();
    EXPECT_EQ(reconcile({lists.begin(), lists.end()}).code, kReconciliationFailed);
    EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(10));
}

}  // namespace
}  // namespace opennvsci::test
