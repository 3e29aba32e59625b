// SPDX-License-Identifier: Apache-2.0
//
// The codes of the list functions for wrong arguments, and the blobs that programs hold.
#include "buf_test.h"
#include "exchange.h"
#include "exchange_channel.h"
#include "log_level.h"
#include "own_process.h"

namespace opennvsci::test {
namespace {

template <class Handle>
struct Words;
template <>
struct Words<NvSciBufAttrList> {
    static auto module() { return open_module(); }
    static auto list(NvSciBufModule module) { return raw_list(module, 4096); }
    static constexpr NvSciError kNotReconciled = kBadParameter;
    static constexpr NvSciError kEmptyArray = kBadParameter;
};
template <>
struct Words<NvSciSyncAttrList> {
    static auto module() { return open_sync_module(); }
    static auto list(NvSciSyncModule module) { return cpu_list(module, NvSciSyncAccessPerm_WaitSignal); }
    static constexpr NvSciError kNotReconciled = kAttrListValidationFailed;
    static constexpr NvSciError kEmptyArray = kSuccess;
};

template <class Handle>
class ListArgumentsTest : protected ExchangeFixture, public LeakCheckedTest {};
using Handles = ::testing::Types<NvSciBufAttrList, NvSciSyncAttrList>;
TYPED_TEST_SUITE(ListArgumentsTest, Handles);

TYPED_TEST(ListArgumentsTest, WrongArgumentsOfExportsStoreNothing) {
    using Exchange = ListExchange<TypeParam>;
    const auto module = Words<TypeParam>::module();
    const auto other_module = Words<TypeParam>::module();
    const Channel& channel = this->channel_;
    const auto list = Words<TypeParam>::list(module);
    const auto foreign = Words<TypeParam>::list(other_module);
    const auto result = reconcile(std::vector<TypeParam>{list}).reconciled;
    int mark = 0;
    void* blob = &mark;
    std::size_t size = 77;
    const auto send = [&](std::vector<TypeParam> lists, NvSciIpcEndpoint endpoint) {
        return Exchange::export_unreconciled(lists.data(), lists.size(), endpoint, &blob, &size);
    };
    EXPECT_EQ(Exchange::export_unreconciled(nullptr, 1, channel[0], &blob, &size), kBadParameter);
    EXPECT_EQ(send({}, channel[0]), kBadParameter);
    EXPECT_EQ(send({list, list}, channel[0]), kBadParameter);
    EXPECT_EQ(send({list, foreign}, channel[0]), kBadParameter);
    EXPECT_EQ(send({result}, channel[0]), kBadParameter);
    EXPECT_EQ(send({list}, 0), kBadParameter);
    EXPECT_EQ(send({list}, 12345), kBadParameter);
    const TypeParam one[] = {list};
    EXPECT_EQ(Exchange::export_unreconciled(one, 1, channel[0], nullptr, &size), kBadParameter);
    EXPECT_EQ(Exchange::export_unreconciled(one, 1, channel[0], &blob, nullptr), kBadParameter);
    EXPECT_EQ(Exchange::export_reconciled(list, channel[0], &blob, &size), kBadParameter);
    EXPECT_EQ(Exchange::export_reconciled(nullptr, channel[0], &blob, &size), kBadParameter);
    EXPECT_EQ(Exchange::export_reconciled(result, 0, &blob, &size), kBadParameter);
    EXPECT_EQ(Exchange::export_reconciled(result, channel[0], nullptr, &size), kBadParameter);
    EXPECT_EQ(Exchange::export_reconciled(result, channel[0], &blob, nullptr), kBadParameter);
    EXPECT_EQ(blob, &mark);
    EXPECT_EQ(size, 77U);
}

TYPED_TEST(ListArgumentsTest, WrongArgumentsOfImportsStoreNothing) {
    using Exchange = ListExchange<TypeParam>;
    const auto module = Words<TypeParam>::module();
    const auto peer_module = Words<TypeParam>::module();
    const Channel& channel = this->channel_;
    const auto list = Words<TypeParam>::list(peer_module);
    const BlobBytes blob = sent<TypeParam>({list}, channel[1]);
    TypeParam out = nullptr;
    EXPECT_EQ(Exchange::import_unreconciled(nullptr, channel[0], blob.data(), blob.size(), &out), kBadParameter);
    EXPECT_EQ(Exchange::import_unreconciled(module, 0, blob.data(), blob.size(), &out), kBadParameter);
    EXPECT_EQ(Exchange::import_unreconciled(module, channel[0], nullptr, blob.size(), &out), kBadParameter);
    EXPECT_EQ(Exchange::import_unreconciled(module, channel[0], blob.data(), 0, &out), kBadParameter);
    EXPECT_EQ(Exchange::import_unreconciled(module, channel[0], blob.data(), blob.size() - 1, &out), kBadParameter);
    EXPECT_EQ(Exchange::import_unreconciled(module, channel[0], blob.data(), blob.size(), nullptr), kBadParameter);

    const auto arrived = taken<TypeParam>(module, blob, channel[0]);
    const auto reconciliation = reconcile(std::vector<TypeParam>{arrived});
    ASSERT_EQ(reconciliation.code, kSuccess) << opennvsciGetLastErrorText();
    const TypeParam result = reconciliation.reconciled;
    const BlobBytes result_blob = sent_result<TypeParam>(result, channel[0]);
    const TypeParam own[] = {list};
    const TypeParam others[] = {arrived};
    const auto import = [&](const BlobBytes& bytes, const TypeParam* lists, std::size_t count) {
        return Exchange::import_reconciled(peer_module, channel[1], bytes.data(), bytes.size(), lists, count, &out);
    };
    EXPECT_EQ(import(result_blob, nullptr, 1), kBadParameter);
    EXPECT_EQ(import(result_blob, others, 1), kBadParameter) << "of another module";
    EXPECT_EQ(import(sent<TypeParam>({arrived}, channel[0]), nullptr, 0), Words<TypeParam>::kNotReconciled);
    EXPECT_EQ(Exchange::import_unreconciled(peer_module, channel[1], result_blob.data(), result_blob.size(), &out),
              kBadParameter);
    EXPECT_EQ(out, nullptr);
    taken_result<TypeParam>(peer_module, result_blob, channel[1], {own[0]});
    EXPECT_EQ(import(result_blob, own, 0), Words<TypeParam>::kEmptyArray);
    typename Exchange::List owner;
    *owner.out() = out;
}

// The blob of one library is none of the other.
class ListBlobTest : protected ExchangeFixture, public LeakCheckedTest {};

TEST_F(ListBlobTest, EachLibraryKnowsItsOwn) {
    const Module module = open_module();
    const SyncModule sync_module = open_sync_module();
    const BlobBytes buffers = sent<NvSciBufAttrList>({raw_list(module, 4096)}, channel_[1]);
    const BlobBytes fences =
        sent<NvSciSyncAttrList>({cpu_list(sync_module, NvSciSyncAccessPerm_WaitOnly)}, channel_[1]);
    taken<NvSciSyncAttrList>(sync_module, buffers, channel_[0], kBadParameter);
    EXPECT_TRUE(contains(opennvsciGetLastErrorText(), "it is of NvSciBuf, and must be of NvSciSync"));
    taken<NvSciBufAttrList>(module, fences, channel_[0], kBadParameter);
}

template <class Call>
std::string printed_by(Call&& call) {
    ::testing::internal::CaptureStderr();
    call();
    return ::testing::internal::GetCapturedStderr();
}

TEST_F(ListBlobTest, OnlyBlobsOfTheFunctionAreFreed) {
    const LogLevel all("debug");  // the same text more often than once a second
    in_new_process([this] {
        const Module module = open_module();
        const List list = raw_list(module, 4096);
        const NvSciBufAttrList lists[] = {list};
        void* blob = nullptr;
        std::size_t size = 0;
        ASSERT_EQ(NvSciBufAttrListIpcExportUnreconciled(lists, 1, channel_[1], &blob, &size), kSuccess);
        int not_ours = 0;
        EXPECT_TRUE(contains(printed_by([&] { NvSciBufAttrListFreeDesc(&not_ours); }), "NvSciBufAttrListFreeDesc"));
        EXPECT_TRUE(contains(printed_by([&] { NvSciSyncAttrListFreeDesc(blob); }), "another export function"));
        EXPECT_TRUE(contains(printed_by([&] { NvSciBufAttrListAndObjFreeDesc(blob); }), "another export function"));
        EXPECT_TRUE(contains(printed_by([&] { NvSciBufAttrListFreeDesc(static_cast<char*>(blob) + 1); }), "no blob"));
        EXPECT_EQ(printed_by([&] { NvSciBufAttrListFreeDesc(blob); }), "");
        EXPECT_TRUE(contains(printed_by([&] { NvSciBufAttrListFreeDesc(blob); }), "was freed"));
        EXPECT_EQ(printed_by([&] { NvSciBufAttrListFreeDesc(nullptr); }), "");
    });
}

}  // namespace
}  // namespace opennvsci::test
