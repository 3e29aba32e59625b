// SPDX-License-Identifier: Apache-2.0
//
// Permissions across the border: the tables of nvscibuf.md 7, row by row; the reverse-path rule; processes in the
// middle; peers that come later.
#include "buffer_exchange.h"
#include "own_process.h"

namespace opennvsci::test {
namespace {

using Permission = NvSciBufAttrValAccessPerm;
using BufferRightsTest = BufferExchangeTest;

struct ExportRow {
    std::optional<Permission> asked_by_peer;
    Permission object;  // of the object that is exported
    Permission argument;
    NvSciError code;
    Permission granted;  // if it succeeds
};
constexpr Permission kNone = NvSciBufAccessPerm_Invalid;
constexpr ExportRow kExportRows[] = {
    {std::nullopt, kReadWrite, kAuto, kSuccess, kReadonly},
    {std::nullopt, kReadWrite, kReadonly, kSuccess, kReadonly},
    {std::nullopt, kReadWrite, kReadWrite, kSuccess, kReadWrite},
    {kReadonly, kReadWrite, kAuto, kSuccess, kReadonly},
    {kReadonly, kReadWrite, kReadonly, kSuccess, kReadonly},
    {kReadonly, kReadWrite, kReadWrite, kSuccess, kReadWrite},
    {kReadWrite, kReadWrite, kAuto, kSuccess, kReadWrite},
    {kReadWrite, kReadWrite, kReadonly, kInvalidOperation, kNone},
    {kReadWrite, kReadWrite, kReadWrite, kSuccess, kReadWrite},
    {kReadonly, kReadonly, kAuto, kSuccess, kReadonly},
    {kReadonly, kReadonly, kReadonly, kSuccess, kReadonly},
    {kReadonly, kReadonly, kReadWrite, kBadParameter, kNone},
    {kReadWrite, kReadonly, kAuto, kInvalidOperation, kNone},
    {kReadWrite, kReadonly, kReadonly, kInvalidOperation, kNone},
    {kReadWrite, kReadonly, kReadWrite, kBadParameter, kNone},
};

TEST_F(BufferRightsTest, EveryRowOfTheTableOfExportsHolds) {
    for (const ExportRow& row : kExportRows) {
        SCOPED_TRACE(::testing::Message() << "peer asked " << row.asked_by_peer.value_or(kNone) << ", object has "
                                          << row.object << ", argument " << row.argument);
        const Shared shared = share(row.asked_by_peer);
        const Object exported = make<Object>(NvSciBufObjDupWithReducePerm, shared.object.get(), row.object);
        Descriptor descriptor{};
        EXPECT_EQ(NvSciBufObjIpcExport(exported, row.argument, channel_.handle(kProducer), &descriptor), row.code)
            << opennvsciGetLastErrorText();
        if (row.code != kSuccess) {
            EXPECT_TRUE(contains(opennvsciGetLastErrorText(), "test_1"));
            EXPECT_EQ(descriptor.data[0], 0U) << "a refusal leaves the descriptor";
            continue;
        }
        const Import import = imported(shared, descriptor);
        ASSERT_EQ(import.code, kSuccess) << opennvsciGetLastErrorText();
        EXPECT_EQ(permission_of(import.object), row.granted);
    }
}

TEST_F(BufferRightsTest, EveryRowOfTheTableOfImportsHolds) {
    struct Row {
        Permission exported;
        Permission minimum;
        NvSciError code;
    };
    constexpr Row kRows[] = {
        {kReadonly, kAuto, kSuccess},  {kReadonly, kReadonly, kSuccess},  {kReadonly, kReadWrite, kAccessDenied},
        {kReadWrite, kAuto, kSuccess}, {kReadWrite, kReadonly, kSuccess}, {kReadWrite, kReadWrite, kSuccess},
    };
    for (const Row& row : kRows) {
        SCOPED_TRACE(::testing::Message() << "exported " << row.exported << ", minimum " << row.minimum);
        const Shared shared = share(row.exported);
        const Descriptor descriptor = exported(shared);
        const Import import = imported(shared, descriptor, row.minimum);
        EXPECT_EQ(import.code, row.code) << opennvsciGetLastErrorText();
        if (import.code == kSuccess) {
            EXPECT_EQ(permission_of(import.object), row.exported) << "a minimum, not a cap";
        } else {
            EXPECT_TRUE(contains(opennvsciGetLastErrorText(), "test_0"));
            EXPECT_EQ(imported(shared, descriptor, kReadonly).code, kSuccess) << "it may be asked again, for less";
        }
    }
}

TEST_F(BufferRightsTest, NumbersThatAreNoPermissionAreRefused) {
    const Shared shared = share();
    Descriptor descriptor = exported(shared);
    NvSciBufObj object = nullptr;
    for (const std::uint32_t number : {0U, 2U, 5U, 6U, 7U}) {
        Permission permission{};
        std::memcpy(&permission, &number, sizeof(number));
        Descriptor none{};
        EXPECT_EQ(NvSciBufObjIpcExport(shared.object, permission, channel_.handle(kProducer), &none), kBadParameter);
        EXPECT_EQ(NvSciBufObjIpcImport(channel_.handle(kConsumer), &descriptor, shared.consumers_result, permission, 0,
                                       &object),
                  kBadParameter);
    }
    EXPECT_EQ(imported(shared, descriptor).code, kSuccess);
}

TEST_F(BufferRightsTest, TheGreatestPermissionIsThatOfAnExportWithAuto) {
    for (const ExportRow& row : kExportRows) {
        if (row.argument != kAuto) continue;
        const Shared shared = share(row.asked_by_peer);
        const Object object = make<Object>(NvSciBufObjDupWithReducePerm, shared.object.get(), row.object);
        auto permission = kNone;
        EXPECT_EQ(NvSciBufObjGetMaxPerm(object, channel_.handle(kProducer), &permission), row.code);
        EXPECT_EQ(permission, row.granted);
    }
    const Shared shared = share();
    auto permission = kNone;
    EXPECT_EQ(NvSciBufObjGetMaxPerm(nullptr, channel_.handle(kProducer), &permission), kBadParameter);
    EXPECT_EQ(NvSciBufObjGetMaxPerm(shared.object, 0, &permission), kBadParameter);
    EXPECT_EQ(NvSciBufObjGetMaxPerm(shared.object, 12345, &permission), kBadParameter);
    EXPECT_EQ(NvSciBufObjGetMaxPerm(shared.object, channel_.handle(kProducer), nullptr), kBadParameter);
    EXPECT_EQ(permission, kNone);
}

TEST_F(BufferRightsTest, AnObjectGoesOnlyWhereListsCameFrom) {
    const Shared shared = share();
    const LinkedEndpoints other("other");
    Descriptor descriptor{};
    EXPECT_EQ(NvSciBufObjIpcExport(shared.object, kAuto, other.handle(0), &descriptor), kNotPermitted);
    EXPECT_TRUE(contains(opennvsciGetLastErrorText(), "other_1"));
    auto permission = kNone;
    EXPECT_EQ(NvSciBufObjGetMaxPerm(shared.object, other.handle(0), &permission), kNotPermitted);
    // The consumer's object does not go back.
    const Object at_consumer = handed_over(shared);
    EXPECT_EQ(NvSciBufObjIpcExport(at_consumer, kAuto, channel_.handle(kConsumer), &descriptor), kNotPermitted);
    // An object of local lists goes nowhere.
    const Object local = allocate(reconciled({bytes().list(module_)}));
    EXPECT_EQ(NvSciBufObjIpcExport(local, kAuto, channel_.handle(kProducer), &descriptor), kNotPermitted);
}

TEST_F(BufferRightsTest, CpuAccessOfEachProcessIsItsOwn) {
    const Attributes no_cpu = bytes().without(NvSciBufGeneralAttrKey_NeedCpuAccess);
    const Shared shared = share(no_cpu, bytes());
    void* pointer = nullptr;
    EXPECT_EQ(NvSciBufObjGetCpuPtr(shared.object, &pointer), kBadParameter);
    const Object with_cpu = handed_over(shared);
    EXPECT_NE(readable(with_cpu), nullptr);
    EXPECT_EQ(NvSciBufObjGetCpuPtr(with_cpu, &pointer), kBadParameter) << "read-only";

    const Shared reverse = share(bytes(kReadWrite), no_cpu.with(NvSciBufGeneralAttrKey_RequiredPerm, kReadWrite));
    EXPECT_NE(writable(reverse.object), nullptr);
    const Object without_cpu = handed_over(reverse);
    EXPECT_EQ(NvSciBufObjGetCpuPtr(without_cpu, &pointer), kBadParameter);
    EXPECT_EQ(get_flags(list_of(without_cpu), NvSciBufGeneralAttrKey_NeedCpuAccess), std::vector<bool>{false});
}

TEST_F(BufferRightsTest, AReaderThatAskedForNoMoreMayWriteUntilTheMemoryIsSealed) {
    const Shared shared = share(kReadonly);
    const Object writer = handed_over(shared, kReadWrite);
    writable(writer)[3] = 9;
    EXPECT_EQ(readable(shared.object)[3], 9);
    const OpenNvSciReport* report = nullptr;
    ASSERT_EQ(opennvsciBufAttrListGetReport(list_of(writer), &report), kSuccess);
    EXPECT_TRUE(contains(report->fullText, "peer itc_test_0 exported it with ReadWrite")) << report->fullText;
    EXPECT_EQ(permission_of(handed_over(shared, kReadonly)), kReadonly);
    EXPECT_EQ(permission_of(handed_over(shared, kReadWrite)), kReadWrite) << "a writer keeps the memory open";

    const Shared sealed = share(kReadonly);
    const Object reader = handed_over(sealed);
    Descriptor descriptor{};
    EXPECT_EQ(NvSciBufObjIpcExport(sealed.object, kReadWrite, channel_.handle(kProducer), &descriptor),
              kInvalidOperation);
    EXPECT_TRUE(contains(opennvsciGetLastErrorText(), "sealed"));
    EXPECT_TRUE(contains(opennvsciGetLastErrorText(), "peer itc_test_1"));
    writable(sealed.object)[5] = 7;
    EXPECT_EQ(readable(reader)[5], 7) << "the owner goes on writing";
}

TEST_F(BufferRightsTest, AWriterThatAttachesAfterTheMemoryWasSealedIsRefused) {
    const LinkedEndpoints late("first");
    const Shared shared = share(kReadonly);
    const Object reader = handed_over(shared);
    const List writes = send_wishes(late, kConsumer, {bytes(kReadWrite).list(peer_module_)}, module_);
    const List reads = send_wishes(late, kConsumer, {bytes(kReadonly).list(peer_module_)}, module_);
    const NvSciBufAttrList writer[] = {writes};
    EXPECT_EQ(NvSciBufObjAttachPeer(shared.object, writer, 1), kReconciliationFailed);
    EXPECT_TRUE(contains(opennvsciGetLastErrorText(), "sealed"));
    Descriptor descriptor{};
    EXPECT_EQ(NvSciBufObjIpcExport(shared.object, kAuto, late.handle(0), &descriptor), kNotPermitted);

    const NvSciBufAttrList another_reader[] = {reads};
    ASSERT_EQ(NvSciBufObjAttachPeer(shared.object, another_reader, 1), kSuccess) << opennvsciGetLastErrorText();
    descriptor = export_object(late, kProducer, shared.object);
    const List result = send_result(late, kProducer, list_of(shared.object), peer_module_);
    EXPECT_EQ(import_object(late, kConsumer, descriptor, result).code, kSuccess) << opennvsciGetLastErrorText();
}

TEST_F(BufferRightsTest, AnAttachedWriterKeepsTheMemoryOpen) {
    const LinkedEndpoints late("first");
    const Shared shared = share(kReadonly);
    const List wishes = send_wishes(late, kConsumer, {bytes(kReadWrite).list(peer_module_)}, module_);
    const NvSciBufAttrList writer[] = {wishes};
    ASSERT_EQ(NvSciBufObjAttachPeer(shared.object, writer, 1), kSuccess) << opennvsciGetLastErrorText();
    const Object reader = handed_over(shared);
    const Descriptor descriptor = export_object(late, kProducer, shared.object);
    const List result = send_result(late, kProducer, list_of(shared.object), peer_module_);
    const Import import = import_object(late, kConsumer, descriptor, result);
    ASSERT_EQ(import.code, kSuccess) << opennvsciGetLastErrorText();
    writable(import.object)[1] = 5;
    EXPECT_EQ(readable(reader)[1], 5);
}

/// A process in the middle: the producer knows it alone, and the leaf knows it alone.
class MiddleTest : public BufferExchangeTest {
  protected:
    // Open while the test runs, and no longer: it would be taken for a leak.
    void SetUp() override { leaf_channel_ = std::make_unique<LinkedEndpoints>("second"); }
    void TearDown() override {
        leaf_channel_.reset();
        BufferExchangeTest::TearDown();
    }

    struct Chain {
        List result;
        Object object;
        List middles_result;
        Import at_middle;
    };
    [[nodiscard]] Chain chain(const Attributes& middle, const Attributes& leaf) const {
        Chain made;
        const List from_leaf = send_wishes((*leaf_channel_), kConsumer, {leaf.list(leaf_module_)}, peer_module_);
        const List wishes = send_wishes(channel_, kConsumer, {middle.list(peer_module_), from_leaf}, module_);
        made.result = reconciled({bytes().list(module_), wishes});
        made.object = allocate(made.result);
        made.middles_result = send_result(channel_, kProducer, made.result, peer_module_);
        made.at_middle =
            import_object(channel_, kConsumer, export_object(channel_, kProducer, made.object), made.middles_result);
        EXPECT_EQ(made.at_middle.code, kSuccess) << opennvsciGetLastErrorText();
        return made;
    }
    /// From the middle to the leaf.
    [[nodiscard]] Import at_leaf(const Chain& chain, NvSciBufObj object) const {
        const Descriptor descriptor = export_object((*leaf_channel_), kProducer, object);
        const List result = send_result((*leaf_channel_), kProducer, chain.middles_result, leaf_module_);
        return import_object((*leaf_channel_), kConsumer, descriptor, result);
    }

    std::unique_ptr<LinkedEndpoints> leaf_channel_;
    Module leaf_module_ = open_module();
};

TEST_F(MiddleTest, ItHandsOnWhatItsLeavesAskedFor) {
    const Chain made = chain(bytes(kReadWrite), bytes(kReadonly));
    EXPECT_EQ(permission_of(made.at_middle.object), kReadWrite);
    const Import leaf = at_leaf(made, made.at_middle.object);
    ASSERT_EQ(leaf.code, kSuccess) << opennvsciGetLastErrorText();
    EXPECT_EQ(permission_of(leaf.object), kReadonly);
    writable(made.object)[0] = 1;
    writable(made.at_middle.object)[1] = 2;
    EXPECT_EQ(readable(leaf.object)[0], 1);
    EXPECT_EQ(readable(leaf.object)[1], 2);
    Descriptor descriptor{};
    EXPECT_EQ(NvSciBufObjIpcExport(made.object, kAuto, leaf_channel_->handle(kProducer), &descriptor), kNotPermitted)
        << "the producer knows no way to the leaf";
}

TEST_F(MiddleTest, ItsShareIsThatOfItsLeavesToo) {
    const Chain made = chain(bytes(kReadonly), bytes(kReadWrite));
    EXPECT_EQ(permission_of(made.at_middle.object), kReadWrite);
    const Import leaf = at_leaf(made, made.at_middle.object);
    ASSERT_EQ(leaf.code, kSuccess);
    writable(leaf.object)[9] = 8;
    EXPECT_EQ(readable(made.object)[9], 8);
}

TEST_F(MiddleTest, RightsNeverGrowOnTheWay) {
    const Chain made = chain(bytes(kReadonly), bytes(kReadWrite));
    const Object reduced = make<Object>(NvSciBufObjDupWithReducePerm, made.at_middle.object.get(), kReadonly);
    Descriptor descriptor{};
    const NvSciIpcEndpoint leaf = leaf_channel_->handle(kProducer);
    EXPECT_EQ(NvSciBufObjIpcExport(reduced, kAuto, leaf, &descriptor), kInvalidOperation);
    EXPECT_EQ(NvSciBufObjIpcExport(reduced, kReadWrite, leaf, &descriptor), kBadParameter);
    const Chain readers = chain(bytes(kReadonly), bytes(kReadonly));
    EXPECT_EQ(permission_of(readers.at_middle.object), kReadonly);
    EXPECT_EQ(NvSciBufObjIpcExport(readers.at_middle.object, kReadWrite, leaf, &descriptor), kBadParameter);
    const Import at_the_leaf = at_leaf(readers, readers.at_middle.object);
    ASSERT_EQ(at_the_leaf.code, kSuccess);
    EXPECT_EQ(permission_of(at_the_leaf.object), kReadonly);
}

TEST_F(BufferRightsTest, AForkedChildExportsNothingOfItsParent) {
    SKIP_WHERE_FORKS_STAND_STILL();
    const Shared shared = share();
    const std::string found = findings_of_forked_child([&](Findings& findings) {
        Descriptor descriptor{};
        const NvSciError code = NvSciBufObjIpcExport(shared.object, kAuto, channel_.handle(kProducer), &descriptor);
        findings.check(code == kNotPermitted, "the export gives " + std::to_string(code));
        findings.check(contains(opennvsciGetLastErrorText(), "forked"), "it does not say why");
    });
    EXPECT_EQ(found, "");
    EXPECT_EQ(imported(shared, exported(shared)).code, kSuccess) << "the parent goes on";
}

}  // namespace
}  // namespace opennvsci::test
