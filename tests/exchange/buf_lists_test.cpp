// SPDX-License-Identifier: Apache-2.0
//
// NvSciBuf's lists between two processes: what arrives, what each process gets of a result, and who may have it.
#include "buf/peers.h"
#include "buf_test.h"
#include "exchange.h"
#include "exchange_channel.h"

namespace opennvsci::test {
namespace {

constexpr auto kReadWrite = NvSciBufAccessPerm_ReadWrite;
constexpr auto kReadonly = NvSciBufAccessPerm_Readonly;

// Side 0 reconciles, with module_; side 1 is the peer.
class BufListExchangeTest : protected ExchangeFixture, public BufTest {
  protected:
    [[nodiscard]] List named(List list, const char* name) const {
        EXPECT_EQ(opennvsciBufAttrListSetName(list, name), kSuccess);
        return list;
    }
    [[nodiscard]] List peer_list(bool cpu, std::optional<NvSciBufAttrValAccessPerm> permission = {}) const {
        List list = raw_list(peer_module_, 4096);
        EXPECT_EQ(set(list, NvSciBufGeneralAttrKey_NeedCpuAccess, cpu), kSuccess);
        if (permission) {
            EXPECT_EQ(set(list, NvSciBufGeneralAttrKey_RequiredPerm, *permission), kSuccess);
        }
        return list;
    }
    [[nodiscard]] List imported(const std::vector<NvSciBufAttrList>& lists) const {
        return taken<NvSciBufAttrList>(module_, sent(lists, channel_[1]), channel_[0]);
    }
    [[nodiscard]] List at_peer(NvSciBufAttrList result) const {
        return taken_result<NvSciBufAttrList>(peer_module_, sent_result(result, channel_[0]), channel_[1]);
    }
    static bool cpu_access(NvSciBufAttrList list) {
        return get_flags(list, NvSciBufGeneralAttrKey_NeedCpuAccess).at(0);
    }
    static auto permission(NvSciBufAttrList list) {
        return get<NvSciBufAttrValAccessPerm>(list, NvSciBufGeneralAttrKey_ActualPerm).at(0);
    }
    static std::string dump(NvSciBufAttrList list) {
        void* text = nullptr;
        std::size_t size = 0;
        EXPECT_EQ(NvSciBufAttrListDebugDump(list, &text, &size), kSuccess);
        std::string all(static_cast<const char*>(text), size - 1);
        std::free(text);
        return all;
    }

    Module peer_module_ = open_module();
};

TEST_F(BufListExchangeTest, AListArrivesWithAllItsValues) {
    const List list = raw_list(peer_module_, 8192);
    ASSERT_EQ(set(list, NvSciBufGeneralAttrKey_GpuId, {gpu(0), unknown_gpu()}), kSuccess);
    ASSERT_EQ(set(list, NvSciBufRawBufferAttrKey_Align, std::uint64_t{512}), kSuccess);
    const List arrived = imported({list});
    EXPECT_EQ(NvSciBufAttrListGetSlotCount(arrived), 1U);
    for (const attr::Key& key : buf::schema().keys()) {
        if (!key.can_be_asked() || key.direction == attr::Direction::internal) continue;
        const auto number = static_cast<NvSciBufAttrKey>(key.number);
        EXPECT_EQ(get<unsigned char>(arrived, number), get<unsigned char>(list, number)) << key.name;
    }
    EXPECT_EQ(set(arrived, NvSciBufGeneralAttrKey_EnableCpuCache, true), kBadParameter) << "it can only be read";
}

TEST_F(BufListExchangeTest, AllSlotsOfAllListsArriveAsOneList) {
    const List one = raw_list(peer_module_, 1);
    const List two = append({raw_list(peer_module_, 2), raw_list(peer_module_, 3)});
    const List arrived = imported({one, two});
    ASSERT_EQ(NvSciBufAttrListGetSlotCount(arrived), 3U);
    for (std::size_t slot = 0; slot < 3; ++slot) {
        NvSciBufAttrKeyValuePair pair{NvSciBufRawBufferAttrKey_Size, nullptr, 0};
        ASSERT_EQ(NvSciBufAttrListSlotGetAttrs(arrived, slot, &pair, 1), kSuccess);
        EXPECT_EQ(load<std::uint64_t>(pair.value), slot + 1);
    }
}

TEST_F(BufListExchangeTest, CpuAccessBelongsToTheProcessThatAskedForIt) {
    const List own = gpu_list();
    const List theirs = imported({peer_list(true)});
    const List result = reconciled({own, theirs});
    EXPECT_FALSE(cpu_access(result));
    EXPECT_TRUE(cpu_access(at_peer(result)));
    EXPECT_TRUE(contains(dump(result), "MemoryDomain = system memory")) << "the peer's CPU must see it";

    const List other_way = reconciled({cpu_list(), imported({peer_list(false)})});
    EXPECT_TRUE(cpu_access(other_way));
    EXPECT_FALSE(cpu_access(at_peer(other_way)));
}

// The table of nvscibuf.md 7.
TEST_F(BufListExchangeTest, EachProcessGetsThePermissionThatItAskedFor) {
    struct Row {
        std::optional<NvSciBufAttrValAccessPerm> own, theirs;
        NvSciBufAttrValAccessPerm result, at_peer;
    };
    for (const Row& row :
         {Row{{}, {}, kReadonly, kReadonly}, Row{kReadWrite, {}, kReadWrite, kReadonly},
          Row{{}, kReadWrite, kReadWrite, kReadWrite}, Row{kReadWrite, kReadonly, kReadWrite, kReadonly}}) {
        const List own = cpu_list();
        if (row.own) {
            ASSERT_EQ(set(own, NvSciBufGeneralAttrKey_RequiredPerm, *row.own), kSuccess);
        }
        const List result = reconciled({own, imported({peer_list(false, row.theirs)})});
        EXPECT_EQ(permission(result), row.result);
        EXPECT_EQ(permission(at_peer(result)), row.at_peer);
        const Object object = allocate(result);
        const auto entry = api::objects().acquire(api::number(object.get()));
        const auto share = buf::share_of(*entry->object()->list(), channel_.session());
        ASSERT_TRUE(share);
        EXPECT_EQ(share->right == memory::Right::read_write, row.at_peer == kReadWrite);
        EXPECT_EQ(buf::any_peer_writes(*entry->object()->list()), row.at_peer == kReadWrite);
        EXPECT_TRUE(entry->object()->list()->has_peers());
    }
}

TEST_F(BufListExchangeTest, AResultGoesOnlyWhereItsListsCameFrom) {
    const Channel other("itc_other");
    const List result = reconciled({cpu_list(), imported({peer_list(false)})});
    EXPECT_TRUE(sent_result<NvSciBufAttrList>(result, other[0], kNotPermitted).empty());
    const List alone = reconciled({cpu_list()});
    EXPECT_TRUE(sent_result<NvSciBufAttrList>(alone, channel_[0], kNotPermitted).empty());
    EXPECT_TRUE(contains(opennvsciGetLastErrorText(), "no list of this reconciliation came from the peer"));
    // The peer cannot send it back as its own.
    EXPECT_TRUE(sent_result<NvSciBufAttrList>(at_peer(result), channel_[1], kNotPermitted).empty());
}

TEST_F(BufListExchangeTest, AProcessThatWasStartedAgainIsAnotherOne) {
    Channel channel("itc_other");
    const List theirs =
        taken<NvSciBufAttrList>(module_, sent<NvSciBufAttrList>({peer_list(false)}, channel[1]), channel[0]);
    const List result = reconciled({cpu_list(), theirs});
    const BlobBytes blob = sent_result<NvSciBufAttrList>(result, channel[0]);
    channel.open_again(1);
    EXPECT_TRUE(sent_result<NvSciBufAttrList>(result, channel[0], kNotPermitted).empty());
    taken_result<NvSciBufAttrList>(peer_module_, blob, channel[1], {}, kBadParameter);
    EXPECT_TRUE(contains(opennvsciGetLastErrorText(), "another opening of the endpoint"));
}

TEST_F(BufListExchangeTest, BlobsOfOthersAreRefused) {
    const Channel other("itc_other");
    const BlobBytes blob = sent<NvSciBufAttrList>({peer_list(true)}, channel_[1]);
    taken<NvSciBufAttrList>(module_, blob, other[0], kBadParameter);
    taken<NvSciBufAttrList>(module_, blob, channel_[1], kBadParameter);  // its own
    taken<NvSciBufAttrList>(module_, blob, channel_[0]);
    taken<NvSciBufAttrList>(module_, blob, channel_[0]);  // lists are values: twice is two lists
}

TEST_F(BufListExchangeTest, AnImporterSaysWhatItExpects) {
    const List own = peer_list(true);
    const List result = reconciled({cpu_list(), imported({own})});
    const BlobBytes blob = sent_result<NvSciBufAttrList>(result, channel_[0]);
    taken_result<NvSciBufAttrList>(peer_module_, blob, channel_[1], {own});
    const List writer = peer_list(true, kReadWrite);
    taken_result<NvSciBufAttrList>(peer_module_, blob, channel_[1], {own, writer}, kAttrListValidationFailed);
    EXPECT_TRUE(contains(opennvsciGetLastErrorText(), "RequiredPerm"));
    taken_result<NvSciBufAttrList>(peer_module_, blob, channel_[1], {own, own}, kAttrListValidationFailed);
}

// At the reconciler the result has no CPU access for the peer's list, and satisfies it all the same.
TEST_F(BufListExchangeTest, ValidatingAsksForCpuAccessForOwnListsOnly) {
    const List theirs = imported({peer_list(true)});
    const List result = reconciled({gpu_list(), theirs});
    const NvSciBufAttrList lists[] = {theirs};
    bool is_valid = false;
    EXPECT_EQ(NvSciBufAttrListValidateReconciled(result, lists, 1, &is_valid), kSuccess) << opennvsciGetLastErrorText();
    EXPECT_TRUE(is_valid);
    const List own = cpu_list();
    const NvSciBufAttrList own_lists[] = {own};
    EXPECT_EQ(NvSciBufAttrListValidateReconciled(result, own_lists, 1, &is_valid), kReconciliationFailed);
}

TEST_F(BufListExchangeTest, RefusalsNameThePeer) {
    const List theirs = imported({named(raw_list(peer_module_, 4096), "lens"), named(peer_list(true), "camera")});
    const List own = named(raw_list(module_, 8192), "vision");
    const auto outcome = reconcile({own, theirs});
    EXPECT_EQ(outcome.code, kReconciliationFailed);
    const std::string text = opennvsciGetLastErrorText();
    EXPECT_TRUE(contains(text, "vision asks 8192"));
    EXPECT_TRUE(contains(text, "leave the key out of vision (tried: it reconciles"))
        << "others are changed at the peer";
    EXPECT_TRUE(contains(text, "lens at peer itc_test_1 asks 4096"));
    EXPECT_TRUE(contains(dump(outcome.conflict), "camera at peer itc_test_1"));
    EXPECT_FALSE(contains(dump(outcome.conflict), "at peer itc_test_1 at peer"));
    EXPECT_TRUE(contains(dump(theirs), "slot 2 camera at peer itc_test_1"));
}

TEST_F(BufListExchangeTest, TheReportGoesAlong) {
    const List result = reconciled({named(gpu_list(), "vision"), imported({named(peer_list(true), "camera")})});
    const List arrived = at_peer(result);
    const OpenNvSciDecision* decisions = nullptr;
    std::size_t count = 0;
    ASSERT_EQ(opennvsciBufAttrListGetDecisions(arrived, &decisions, &count), kSuccess);
    std::string memory;
    std::string size;
    for (std::size_t i = 0; i < count; ++i) {
        if (decisions[i].key == buf::kMemoryDomain) memory = decisions[i].reason;
        if (decisions[i].key == NvSciBufRawBufferAttrKey_Size) size = decisions[i].requested;
    }
    EXPECT_EQ(memory, "the CPU takes part (camera at peer itc_test_1 asks for NeedCpuAccess)");
    EXPECT_EQ(size, "vision at peer itc_test_0: 4096, camera: 4096");
}

TEST_F(BufListExchangeTest, ListsThatCameInAreReconciledClonedAndAppendedAsOthers) {
    const List theirs = imported({peer_list(true), peer_list(false)});
    const List copy = clone(theirs);
    const List both = append({theirs, cpu_list()});
    EXPECT_EQ(NvSciBufAttrListGetSlotCount(both), 3U);
    // They keep whose they are.
    const List result = reconciled({gpu_list(), copy});
    EXPECT_FALSE(cpu_access(result));
    EXPECT_TRUE(cpu_access(at_peer(result)));
    EXPECT_TRUE(cpu_access(at_peer(clone(result))));
    EXPECT_TRUE(cpu_access(at_peer(reconciled({both}))));
}

}  // namespace
}  // namespace opennvsci::test
