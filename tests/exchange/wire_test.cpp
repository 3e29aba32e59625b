// SPDX-License-Identifier: Apache-2.0
//
// The bytes of lists: how long they are, what is cut first, what is refused, and that words of a peer are safe to
// print.
#include "attr/wire.h"

#include <optional>

#include "attr/printable.h"
#include "buf_test.h"
#include "exchange.h"
#include "exchange_channel.h"

namespace opennvsci::test {
namespace {

namespace wire = attr::wire;

constexpr std::size_t kFrame = 24'576;  // of the published samples
constexpr std::uint64_t kExporter = 0xABCD;
constexpr std::uint32_t kShareKeys[] = {NvSciBufGeneralAttrKey_NeedCpuAccess, NvSciBufGeneralAttrKey_RequiredPerm};
constexpr wire::Library kBuf{1, "NvSciBuf", buf::schema, kNotSupported, kBadParameter, kShareKeys};
const wire::Arrival kArrival{0x5E55, "far_1"};

template <class T>
std::string refusal(const Result<T>& result) {
    return result ? "accepted" : result.error().text;
}

class WireTest : protected ExchangeFixture, public BufTest {
  protected:
    [[nodiscard]] static std::shared_ptr<attr::List> inside(NvSciBufAttrList list) {
        return (*api::lists().acquire(api::number(list)))->list;
    }
    static Result<std::unique_ptr<attr::List>> decoded(const wire::Blob& blob) {
        OPENNVSCI_TRY_ASSIGN(received, wire::Received::copy(kBuf, blob.data(), blob.size()));
        return wire::decode_unreconciled(received, kArrival);
    }
    static Result<wire::Imported> decoded_result(const wire::Blob& blob, wire::Kind kind = wire::Kind::reconciled) {
        OPENNVSCI_TRY_ASSIGN(received, wire::Received::copy(kBuf, blob.data(), blob.size()));
        return wire::decode_reconciled(received, kArrival, kind);
    }
    static wire::Blob encoded(const std::vector<attr::Wishes>& slots) {
        auto blob = wire::encode_unreconciled(kBuf, kExporter, slots);
        EXPECT_TRUE(blob) << blob.error().text;
        return std::move(*blob);
    }
    template <class T>
    static attr::Wishes wishes(std::uint32_t key, const T& value, std::string name = {}) {
        attr::Wishes made{attr::Values(buf::schema()), std::move(name)};
        made.values.put(*buf::schema().find(key), std::as_bytes(std::span(&value, 1)));
        return made;
    }
    [[nodiscard]] wire::Blob encoded_result(NvSciBufAttrList list, const attr::Report* report,
                                            attr::Bytes attachment = {}) const {
        auto blob = wire::encode_reconciled(
            kBuf, attachment.empty() ? wire::Kind::reconciled : wire::Kind::reconciled_with_object, kExporter,
            kArrival.session, inside(list)->reconciled(), report, attachment);
        EXPECT_TRUE(blob) << blob.error().text;
        return std::move(*blob);
    }
};

TEST_F(WireTest, SixtyFourListsOfTenKeysFitAFrame) {
    const Module peer_module = open_module();
    std::vector<List> lists;
    for (int i = 0; i < 64; ++i) {
        lists.push_back(plane_image(kPitch, {{NvSciColor_A8B8G8R8, 640, 480}}).list(peer_module));
        ASSERT_EQ(set(lists.back(), NvSciBufGeneralAttrKey_NeedCpuAccess, true), kSuccess);
        ASSERT_EQ(set(lists.back(), NvSciBufGeneralAttrKey_RequiredPerm, NvSciBufAccessPerm_Readonly), kSuccess);
        ASSERT_EQ(set(lists.back(), NvSciBufGeneralAttrKey_GpuId, gpu(0)), kSuccess);
        ASSERT_EQ(opennvsciBufAttrListSetName(lists.back(), ("participant " + std::to_string(i)).c_str()), kSuccess);
    }
    const std::vector<NvSciBufAttrList> handles(lists.begin(), lists.end());
    const BlobBytes up = sent<NvSciBufAttrList>(handles, channel_[1]);
    EXPECT_LE(up.size(), kFrame);
    const List result = reconciled({taken<NvSciBufAttrList>(module_, up, channel_[0])});
    const BlobBytes down = sent_result<NvSciBufAttrList>(result, channel_[0]);
    EXPECT_LE(down.size(), wire::kRoom);
    const List arrived = taken_result<NvSciBufAttrList>(peer_module, down, channel_[1], handles);
    EXPECT_TRUE(get_flags(arrived, NvSciBufGeneralAttrKey_NeedCpuAccess).at(0));
}

// The report is cut step by step, and the shares of those behind the link never.
TEST_F(WireTest, WhatIsLeastNeededIsLeftOutFirst) {
    const List result = reconciled({cpu_list()});
    const auto index = [](std::uint32_t key) { return buf::schema().index_of(*buf::schema().find(key)); };
    attr::Report report(*inside(result)->report());
    std::vector<int> kept;  // of: reasons, decisions, all asks, other participants
    for (std::uint32_t number = 1; number < 400; ++number) {
        const auto ask = [&](std::uint32_t key, const auto& value) {
            report.add_ask(index(key), number, std::as_bytes(std::span(&value, 1)));
        };
        const bool is_behind = number == 1;
        report.add_participant(
            {number, 0, true, "participant", {is_behind ? kArrival.session : 0x77, {}, "near_1", number}});
        ask(NvSciBufRawBufferAttrKey_Size, std::uint64_t{4096});
        ask(NvSciBufRawBufferAttrKey_Align, std::uint64_t{4096});
        ask(NvSciBufGeneralAttrKey_RequiredPerm, NvSciBufAccessPerm_ReadWrite);
        const wire::Blob blob = encoded_result(result, &report);
        ASSERT_LE(blob.size(), wire::kRoom) << number;
        const auto imported = decoded_result(blob);
        ASSERT_TRUE(imported) << refusal(imported);
        const auto arrived = imported->list->report();
        std::vector<attr::Ask> found;
        arrived->asks(index(NvSciBufGeneralAttrKey_RequiredPerm), found);
        ASSERT_TRUE(std::ranges::any_of(found, [&](const attr::Ask& one) {
            return arrived->participants()[one.participant].origin.is_this_process();
        })) << number;
        const attr::Decision* memory = arrived->decision(index(buf::kMemoryDomain));
        const int now = (memory != nullptr && *memory->text.c_str() != 0 ? 1 : 0) + (memory != nullptr ? 1 : 0) +
                        (arrived->is_asked(index(NvSciBufRawBufferAttrKey_Size)) ? 1 : 0) +
                        (arrived->participants().size() == report.participants().size() ? 1 : 0);
        ASSERT_TRUE(kept.empty() || now <= kept.back()) << number;
        if (kept.empty() || now != kept.back()) kept.push_back(now);
    }
    EXPECT_EQ(kept, (std::vector<int>{4, 3, 1, 0}));
}

TEST_F(WireTest, AnAttachmentGoesAlongWithAnObjectOnly) {
    const List result = reconciled({cpu_list()});
    const std::byte attachment[] = {std::byte{1}, std::byte{2}, std::byte{3}};
    const wire::Blob blob = encoded_result(result, nullptr, attachment);
    const auto imported = decoded_result(blob, wire::Kind::reconciled_with_object);
    ASSERT_TRUE(imported) << refusal(imported);
    EXPECT_TRUE(std::ranges::equal(imported->attachment, attachment));
    EXPECT_TRUE(
        contains(refusal(decoded_result(blob)), "holds a list with its object, and must hold a reconciled list"));
    EXPECT_TRUE(contains(refusal(decoded_result(encoded_result(result, nullptr), wire::Kind::reconciled_with_object)),
                         "must hold a list with its object"));
}

TEST_F(WireTest, SlotsAndWaysAreBounded) {
    const std::vector<attr::Wishes> many(wire::kMostSlots + 1,
                                         wishes(NvSciBufGeneralAttrKey_Types, NvSciBufType_RawBuffer));
    EXPECT_TRUE(contains(refusal(wire::encode_unreconciled(kBuf, kExporter, many)), "4097 slots"));
    const auto all = decoded(encoded({many.begin(), many.end() - 1}));
    ASSERT_TRUE(all) << refusal(all);
    EXPECT_EQ((*all)->slot_count(), wire::kMostSlots);
    EXPECT_TRUE(contains(refusal(decoded(encoded({}))), "0 slots"));

    attr::Wishes far = wishes(NvSciBufGeneralAttrKey_Types, NvSciBufType_RawBuffer);
    for (const std::uint64_t hop : {std::uint64_t{0}, attr::Origin::kElsewhere}) {
        far.origin = {1, {hop}, "", 0};
        EXPECT_TRUE(contains(refusal(decoded(encoded({far}))), "a link that cannot be"));
    }
}

TEST_F(WireTest, OnlyWhatAProgramCouldHaveSetIsTaken) {
    EXPECT_EQ(refusal(decoded(encoded({wishes(NvSciBufGeneralAttrKey_Types, NvSciBufType_RawBuffer)}))), "accepted");
    struct Case {
        attr::Wishes wishes;
        const char* text;
    };
    const Case cases[] = {
        {wishes(NvSciBufGeneralAttrKey_Types, std::uint32_t{77}), "Types: {77} is not legal"},
        {wishes(NvSciBufGeneralAttrKey_ActualPerm, NvSciBufAccessPerm_Readonly), "cannot be asked"},
        {wishes(buf::kMemoryDomain, std::uint32_t{0}), "cannot be asked"},
        {wishes(NvSciBufGeneralAttrKey_NeedCpuAccess, std::uint8_t{2}), "NeedCpuAccess: 2 is not legal"},
        {wishes(NvSciBufGeneralAttrKey_RequiredPerm, NvSciBufAccessPerm_Auto), "RequiredPerm"},
        {wishes(NvSciBufRawBufferAttrKey_Size, std::uint64_t{1}), "needs a matching"},
    };
    for (const Case& wrong : cases) {
        const auto taken = decoded(encoded({wrong.wishes}));
        ASSERT_FALSE(taken) << wrong.text;
        EXPECT_EQ(taken.error().code, kBadParameter);
        EXPECT_TRUE(contains(taken.error().text, wrong.text));
        EXPECT_TRUE(contains(taken.error().text, "list 0 at peer far_1"));
    }
}

TEST_F(WireTest, WordsOfAPeerAreSafeToPrint) {
    EXPECT_EQ(attr::printable("camera 1"), "camera 1");
    EXPECT_EQ(attr::printable("Kamera für 日本"), "Kamera für 日本");
    EXPECT_EQ(attr::printable("\x1b[2J\n\x7f"), "?[2J??");
    EXPECT_EQ(attr::printable(std::string_view("a\0b", 3)), "a?b");
    EXPECT_EQ(attr::printable("\xc2\x9b"), "??") << "a control of eight bits";
    EXPECT_EQ(attr::printable("\xc0\xaf\xed\xa0\x80\xf5\xff\xe2\x82"), "?????????") << "no UTF-8";
    EXPECT_EQ(attr::printable("\xe2\x80\xae"), "???") << "turns the direction of writing";
    for (const std::string_view unseen :
         {"\u00ad", "\u061c", "\u200b", "\u2028", "\u2066", "\u3164", "\ufeff", "\U000e0041"})
        EXPECT_EQ(attr::printable(unseen), std::string(unseen.size(), '?')) << unseen;
    EXPECT_EQ(attr::printable("e\u0301 \u2764\ufe0f \u202f"), "e\u0301 \u2764\ufe0f \u202f") << "parts of what is seen";
    EXPECT_EQ(attr::shortened("für", 3), "für" == attr::shortened("für", 4) ? "..." : "") << "no half of a character";
    EXPECT_EQ(attr::shortened("123456", 5), "12...");

    const auto list = decoded(encoded({wishes(NvSciBufGeneralAttrKey_Types, NvSciBufType_RawBuffer, "a\x1b]b")}));
    ASSERT_TRUE(list) << refusal(list);
    EXPECT_TRUE(contains((*list)->text(), "a?]b at peer far_1"));
}

}  // namespace
}  // namespace opennvsci::test
