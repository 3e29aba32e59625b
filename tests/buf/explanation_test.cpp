// SPDX-License-Identifier: Apache-2.0
//
// The report of a negotiation as data (opennvsci.h): asks, reasons, places, suggestions that were tried; and the last
// refusal of a thread.
#include <algorithm>
#include <span>
#include <string_view>
#include <thread>
#include <tuple>

#include "attributes.h"
#include "buf_objects.h"
#include "buf_test.h"

namespace opennvsci::test {
namespace {

class ExplanationTest : public BufTest {
  protected:
    static const OpenNvSciReport& report_of(NvSciBufAttrList list) {
        const OpenNvSciReport* report = nullptr;
        EXPECT_EQ(opennvsciBufAttrListGetReport(list, &report), kSuccess) << opennvsciGetLastErrorText();
        static const OpenNvSciReport kNone{};
        return report != nullptr ? *report : kNone;
    }
    static const OpenNvSciRefusal& last_refusal() {
        const OpenNvSciRefusal* refusal = nullptr;
        EXPECT_EQ(opennvsciGetLastRefusal(&refusal), kSuccess);
        return *refusal;
    }
    [[nodiscard]] List named(const char* name, std::uint64_t size) const {
        List list = raw_list(module_, size);
        EXPECT_EQ(opennvsciBufAttrListSetName(list, name), kSuccess);
        return list;
    }
};

TEST_F(ExplanationTest, AConflictIsThereAsData) {
    const Reconciliation<List> outcome = reconcile({named("camera", 4096), named("encoder", 8192)});
    const OpenNvSciReport& report = report_of(outcome.conflict);
    EXPECT_EQ(report.verdict, OpenNvSciVerdict_Refused);
    ASSERT_EQ(report.participantCount, 2U);
    EXPECT_STREQ(report.participants[1].name, "encoder");
    EXPECT_STREQ(report.participants[1].peer, "");
    EXPECT_EQ(report.participants[1].list, 1U);
    ASSERT_NE(report.deciding, nullptr);
    const OpenNvSciDecision& size = *report.deciding;
    EXPECT_EQ(size.key, std::uint32_t{NvSciBufRawBufferAttrKey_Size});
    EXPECT_EQ(size.reasonCode, OpenNvSciReason_Conflict);
    ASSERT_EQ(size.askCount, 2U);
    EXPECT_EQ(size.asks[1].participant, 1U);
    ASSERT_EQ(size.asks[1].len, sizeof(std::uint64_t));
    std::uint64_t asked = 0;
    std::memcpy(&asked, size.asks[1].value, sizeof(asked));
    EXPECT_EQ(asked, 8192U);
    EXPECT_STREQ(size.asks[1].text, "8192");
    for (const char* part :
         {"camera asks 4096", "encoder asks 8192", "rule 'equal'", "tried: it reconciles when encoder"})
        EXPECT_TRUE(contains(report.text, part)) << part << '\n' << report.text;
    EXPECT_TRUE(contains(report.json, "\"deciding_key\":\"NvSciBufRawBufferAttrKey_Size\""));
}

TEST_F(ExplanationTest, AVerifiedSuggestionReconcilesWhenItIsFollowed) {
    const List camera = named("camera", 4096);
    const Reconciliation<List> outcome = reconcile({camera, named("encoder", 8192)});
    const OpenNvSciDecision& size = *report_of(outcome.conflict).deciding;
    ASSERT_NE(size.suggestions, nullptr);
    EXPECT_EQ(size.suggestions->trial, OpenNvSciTrial_Verified);
    EXPECT_STREQ(size.suggestions->then, "4096");
    ASSERT_EQ(size.suggestions->changeCount, 1U);
    const OpenNvSciChange& change = size.suggestions->changes[0];
    EXPECT_EQ(change.kind, OpenNvSciChangeKind_LeaveOut);
    EXPECT_EQ(change.participant, 1U);
    EXPECT_EQ(change.key, std::uint32_t{NvSciBufRawBufferAttrKey_Size});
    const List without = create_list(module_);
    ASSERT_EQ(set(without, NvSciBufGeneralAttrKey_Types, NvSciBufType_RawBuffer), kSuccess);
    EXPECT_EQ(reconcile({camera, without}).code, kSuccess);
}

// The size is only the first thing in the way: the other GPU does not exist.
TEST_F(ExplanationTest, ASuggestionThatIsNotEnoughSaysWhatComesThen) {
    const List one = named("camera", 4096);
    const List two = named("encoder", 8192);
    ASSERT_EQ(set(two, NvSciBufGeneralAttrKey_GpuId, unknown_gpu()), kSuccess);
    const Reconciliation<List> outcome = reconcile({one, two});
    const OpenNvSciDecision& size = *report_of(outcome.conflict).deciding;
    ASSERT_NE(size.suggestions, nullptr);
    EXPECT_EQ(size.suggestions->trial, OpenNvSciTrial_NotEnough);
    EXPECT_TRUE(contains(size.suggestions->then, "NvSciBufGeneralAttrKey_GpuId")) << size.suggestions->then;
    EXPECT_TRUE(contains(opennvsciGetLastErrorText(), "tried: not enough, for when encoder leaves it out there is "));
}

TEST_F(ExplanationTest, WhereAPersonMustChooseNothingIsTried) {
    const List list = create_list(module_);
    ASSERT_EQ(set(list, NvSciBufGeneralAttrKey_Types, NvSciBufType_RawBuffer), kSuccess);
    EXPECT_EQ(reconcile({list}).code, kBadParameter);
    const OpenNvSciRefusal& refusal = last_refusal();
    ASSERT_NE(refusal.report, nullptr) << "also without a conflict list";
    const OpenNvSciDecision& size = *refusal.report->deciding;
    EXPECT_EQ(size.reasonCode, OpenNvSciReason_Missing);
    EXPECT_EQ(size.askCount, 0U);
    ASSERT_NE(size.suggestions, nullptr);
    EXPECT_EQ(size.suggestions->trial, OpenNvSciTrial_NeedsValue);
    EXPECT_EQ(size.suggestions->changeCount, 0U);
    EXPECT_TRUE(contains(refusal.report->summary, "which nobody asks for, is refused")) << refusal.report->summary;
}

TEST_F(ExplanationTest, KeysThatWereNotReachedAreUndecided) {
    // They disagree on the type, so nobody looks at the size and at the alignment.
    const List raw = create_list(module_);
    ASSERT_EQ(set(raw, NvSciBufGeneralAttrKey_Types, NvSciBufType_RawBuffer), kSuccess);
    ASSERT_EQ(set(raw, NvSciBufRawBufferAttrKey_Size, std::uint64_t{4096}), kSuccess);
    ASSERT_EQ(set(raw, NvSciBufRawBufferAttrKey_Align, std::uint64_t{256}), kSuccess);
    const List tensor = create_list(module_);
    ASSERT_EQ(set(tensor, NvSciBufGeneralAttrKey_Types, NvSciBufType_Tensor), kSuccess);
    const Reconciliation<List> outcome = reconcile({raw, tensor});
    const OpenNvSciReport& report = report_of(outcome.conflict);
    std::vector<std::string> undecided;
    for (const OpenNvSciDecision& made : std::span(report.decisions, report.decisionCount)) {
        if (made.outcome == OpenNvSciOutcome_Undecided) undecided.emplace_back(made.keyName);
    }
    EXPECT_EQ(undecided, (std::vector<std::string>{"NvSciBufRawBufferAttrKey_Size", "NvSciBufRawBufferAttrKey_Align"}));
    EXPECT_TRUE(contains(report.summary, "3 keys: 1 refused, 2 not decided")) << report.summary;
}

TEST_F(ExplanationTest, EveryPlaceIsNamedWhenNoneFits) {
    if (TestDevice::instance().device().is_integrated) GTEST_SKIP() << "the device has no memory of its own";
    const List list = cpu_list();
    ASSERT_EQ(set(list, NvSciBufGeneralAttrKey_VidMem_GpuId, gpu(0)), kSuccess);
    ASSERT_EQ(set(list, NvSciBufGeneralAttrKey_GpuId, gpu(0)), kSuccess);
    EXPECT_EQ(reconcile({list}).code, NvSciError_NotSupported);
    const OpenNvSciReport& report = *last_refusal().report;
    EXPECT_EQ(report.deciding->reasonCode, OpenNvSciReason_NoPlace);
    ASSERT_EQ(report.placeCount, 3U);
    for (const OpenNvSciPlace& place : std::span(report.places, report.placeCount)) {
        EXPECT_FALSE(place.fits);
        EXPECT_FALSE(place.isChosen);
        EXPECT_STRNE(place.reason, "") << place.memory;
        EXPECT_TRUE(contains(report.summary, place.memory));
    }
    EXPECT_TRUE(contains(report.summary, "0 of 3 places fit: ")) << report.summary;
}

TEST_F(ExplanationTest, OnePlaceIsChosenWhereTheBufferIs) {
    const List result = reconciled({cpu_list()});
    const OpenNvSciReport& report = report_of(result);
    EXPECT_EQ(report.verdict, OpenNvSciVerdict_Granted);
    EXPECT_EQ(report.deciding, nullptr);
    std::string chosen;
    for (const OpenNvSciPlace& place : std::span(report.places, report.placeCount)) {
        if (!place.isChosen) continue;
        EXPECT_TRUE(place.fits) << place.memory;
        chosen += place.memory;
    }
    EXPECT_EQ(chosen, "system memory");
}

TEST_F(ExplanationTest, WhatIsRefusedIsInNoPlace) {
    const List list = create_list(module_);
    ASSERT_EQ(set(list, NvSciBufGeneralAttrKey_Types, NvSciBufType_Array), kSuccess);
    ASSERT_EQ(set(list, NvSciBufArrayAttrKey_DataType, NvSciDataType_Float32), kSuccess);
    ASSERT_EQ(set(list, NvSciBufArrayAttrKey_Stride, std::uint64_t{1}), kSuccess);
    ASSERT_EQ(set(list, NvSciBufArrayAttrKey_Capacity, std::uint64_t{1}), kSuccess);
    EXPECT_EQ(reconcile({list}).code, kBadParameter);
    const OpenNvSciReport& report = *last_refusal().report;
    EXPECT_EQ(report.deciding->key, std::uint32_t{NvSciBufArrayAttrKey_Stride});
    EXPECT_EQ(report.deciding->suggestions->trial, OpenNvSciTrial_Verified);
    ASSERT_EQ(report.placeCount, 3U);
    for (const OpenNvSciPlace& place : std::span(report.places, report.placeCount))
        EXPECT_FALSE(place.isChosen) << place.memory;
}

TEST_F(ExplanationTest, ADeniedWishWeakensTheResult) {
    const auto key = NvSciBufGeneralAttrKey_EnableGpuCompression;
    const List list = gpu_list();
    ASSERT_EQ(set(list, key, NvSciBufAttrValGpuCompression{gpu(0), NvSciBufCompressionType_GenericCompressible}),
              kSuccess);
    const List result = reconciled({list, cpu_list()});
    const OpenNvSciReport& report = report_of(result);
    EXPECT_EQ(report.verdict, OpenNvSciVerdict_Weakened);
    ASSERT_NE(report.deciding, nullptr);
    EXPECT_EQ(report.deciding->reasonCode, OpenNvSciReason_Downgraded);
    ASSERT_NE(report.deciding->suggestions, nullptr);
    EXPECT_TRUE(contains(report.text, "1 denied")) << report.text;
    // Without the CPU the buffer is in video memory; whether that is compressible is up to the device.
    EXPECT_NE(report.deciding->suggestions->trial, OpenNvSciTrial_NotTried);
    EXPECT_NE(report.deciding->suggestions->trial, OpenNvSciTrial_NeedsValue);
}

// What nobody asked for has its reason too.
TEST_F(ExplanationTest, WhatFollowsSaysFromWhat) {
    const List image = plane_image(NvSciBufImage_PitchLinearType, {{NvSciColor_Y8, 64, 64}}).list(module_);
    const List for_gpu = gpu_list();
    const List for_cpu = cpu_list();
    for (NvSciBufAttrList list : {for_gpu.get(), for_cpu.get(), image.get()}) {
        const List result = reconciled({list});
        const OpenNvSciReport& report = report_of(result);
        for (const OpenNvSciDecision& made : std::span(report.decisions, report.decisionCount)) {
            const bool has_code = made.reasonCode != OpenNvSciReason_None;
            EXPECT_TRUE(!has_code || *made.reason != '\0') << made.keyName;
        }
    }
}

TEST_F(ExplanationTest, AnObjectSaysHowItCameByItsPermission) {
    const auto reason = [&](NvSciBufObj object) {
        NvSciBufAttrList list = nullptr;
        EXPECT_EQ(NvSciBufObjGetAttrList(object, &list), kSuccess);
        const OpenNvSciReport& report = report_of(list);
        for (const OpenNvSciDecision& made : std::span(report.decisions, report.decisionCount)) {
            if (made.key == std::uint32_t{NvSciBufGeneralAttrKey_ActualPerm}) {
                return std::string(made.granted) + ", " + made.reason;
            }
        }
        return std::string();
    };
    const Object object = allocate(reconciled({cpu_list()}));
    EXPECT_EQ(reason(object), "ReadWrite, this process made the object, and may write it");
    Object reader;
    ASSERT_EQ(NvSciBufObjDupWithReducePerm(object, NvSciBufAccessPerm_Readonly, reader.out()), kSuccess);
    EXPECT_EQ(reason(reader), "Readonly, the object was reduced to it");
}

TEST_F(ExplanationTest, EqualAsksAreGroupedAndThreeOfThemNamed) {
    std::vector<List> lists;
    std::vector<NvSciBufAttrList> handles;
    for (int i = 0; i < 6; ++i) {
        lists.push_back(named(("reader" + std::to_string(i)).c_str(), 4096));
        handles.push_back(lists.back());
    }
    lists.push_back(named("writer", 8192));
    handles.push_back(lists.back());
    const Reconciliation<List> outcome = reconcile(handles);
    const OpenNvSciReport& report = report_of(outcome.conflict);
    EXPECT_TRUE(contains(report.text, "6 ask 4096: reader0, reader1, reader2 and 3 more")) << report.text;
    EXPECT_TRUE(contains(report.fullText, "6 ask 4096: reader0, reader1, reader2, reader3, reader4, reader5"));
}

TEST_F(ExplanationTest, OtherRefusalsTellWhatTheyFoundAndNeeded) {
    const Object object = allocate(reconciled({cpu_list()}));
    Object reader;
    ASSERT_EQ(NvSciBufObjDupWithReducePerm(object, NvSciBufAccessPerm_Readonly, reader.out()), kSuccess);
    void* pointer = nullptr;
    ASSERT_EQ(NvSciBufObjGetCpuPtr(reader, &pointer), kBadParameter);
    const OpenNvSciRefusal& refusal = last_refusal();
    EXPECT_EQ(refusal.code, kBadParameter);
    EXPECT_STREQ(refusal.prerequisite, "permission");
    EXPECT_STREQ(refusal.found, "Readonly");
    EXPECT_STREQ(refusal.needed, "ReadWrite");
    EXPECT_EQ(refusal.report, nullptr);
    EXPECT_STREQ(refusal.text, opennvsciGetLastErrorText());
}

TEST_F(ExplanationTest, TheNextFailureForgetsTheReport) {
    EXPECT_EQ(reconcile({raw_list(module_, 1), raw_list(module_, 2)}).code, kReconciliationFailed);
    EXPECT_NE(last_refusal().report, nullptr);
    EXPECT_EQ(NvSciBufModuleOpen(nullptr), kBadParameter);
    EXPECT_EQ(last_refusal().report, nullptr);
    EXPECT_STREQ(last_refusal().prerequisite, "newModule");
}

// As the text has them.
TEST_F(ExplanationTest, MisuseIsThereAsFoundAndNeeded) {
    const auto expect = [](const char* what, const char* found, const char* needed) {
        const OpenNvSciRefusal& refusal = last_refusal();
        EXPECT_STREQ(refusal.prerequisite, what) << refusal.text;
        EXPECT_STREQ(refusal.found, found) << refusal.text;
        EXPECT_STREQ(refusal.needed, needed) << refusal.text;
    };
    const List list = raw_list(module_, 4096);
    NvSciBufObj object = nullptr;
    EXPECT_EQ(NvSciBufObjAlloc(list, &object), kBadParameter);
    expect("reconciledAttrList", "an unreconciled list", "a reconciled list");
    EXPECT_EQ(NvSciBufObjDup(reinterpret_cast<NvSciBufObj>(list.get()), &object), kBadParameter);
    expect("bufObj", "an attribute list (NvSciBufAttrList)", "a buffer object (NvSciBufObj)");
    const bool yes = true;
    NvSciBufAttrKeyValuePair pair{NvSciBufRawBufferAttrKey_Align, &yes, sizeof(yes)};
    EXPECT_EQ(NvSciBufAttrListSetAttrs(list, &pair, 1), kBadParameter);
    expect("NvSciBufRawBufferAttrKey_Align", "1 byte", "8 (uint64_t)");
}

TEST_F(ExplanationTest, AKeyOfTheOtherLibraryIsNamed) {
    const List list = create_list(module_);
    NvSciBufAttrKeyValuePair pair{};
    // Both libraries have keys of this number; only the value suits the other one's.
    const std::uint32_t number = NvSciSyncAttrKey_PrimitiveInfo;
    const auto primitive = NvSciSyncAttrValPrimitiveType_Syncpoint;
    std::memcpy(&pair.key, &number, sizeof(number));
    pair.value = &primitive;
    pair.len = sizeof(primitive);
    EXPECT_EQ(NvSciBufAttrListSetAttrs(list, &pair, 1), kBadParameter);
    EXPECT_TRUE(
        contains(opennvsciGetLastErrorText(), "; as a key of NvSciSync this number is NvSciSyncAttrKey_PrimitiveInfo"))
        << opennvsciGetLastErrorText();
}

// A line of a text is a line of ours.
TEST_F(ExplanationTest, ANameThatCannotBeShownIsRefused) {
    const List list = raw_list(module_, 4096);
    for (const char* name : {"\xff\xfe", "ab\n\x1b[31mIt reconciles", "\x7f", "\xc2\x9b", "\xe2\x80\xae"}) {
        EXPECT_EQ(opennvsciBufAttrListSetName(list, name), kBadParameter) << name;
        EXPECT_STREQ(last_refusal().prerequisite, "name");
    }
    for (const char* name : {"\u200dcamera", "camera\u200c", "a\u200d\u200db", "a \u200db", "a\u2060b", "\u200d"}) {
        EXPECT_EQ(opennvsciBufAttrListSetName(list, name), kBadParameter) << name;
        EXPECT_TRUE(contains(last_refusal().needed, "invisible"));
    }
    for (const char* name : {"K\xc3\xa4mera 1", "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645",
                             "\U0001f468\u200d\U0001f469\u200d\U0001f467", "\u2764\ufe0f\u200d\U0001f525"})
        EXPECT_EQ(opennvsciBufAttrListSetName(list, name), kSuccess) << name;
}

TEST_F(ExplanationTest, AListOfAnotherModuleIsCalledByItsName) {
    Module other;
    ASSERT_EQ(NvSciBufModuleOpen(other.out()), kSuccess);
    const List theirs = raw_list(other, 4096);
    ASSERT_EQ(opennvsciBufAttrListSetName(theirs, "display"), kSuccess);
    EXPECT_EQ(reconcile({named("camera", 4096), theirs}).code, kBadParameter);
    EXPECT_TRUE(
        contains(opennvsciGetLastErrorText(), "the module of display is another one, and must be that of camera"))
        << opennvsciGetLastErrorText();
}

// Asking must not be what is asked about.
TEST_F(ExplanationTest, AskingForTheLastRefusalLeavesIt) {
    std::thread([] {
        const OpenNvSciRefusal* refusal = nullptr;
        EXPECT_EQ(opennvsciGetLastRefusal(&refusal), NvSciError_NotInitialized);
        EXPECT_EQ(opennvsciGetLastRefusal(&refusal), NvSciError_NotInitialized) << "again";
        EXPECT_STREQ(opennvsciGetLastErrorText(), "");
    }).join();
    EXPECT_EQ(reconcile({raw_list(module_, 1), raw_list(module_, 2)}).code, kReconciliationFailed);
    EXPECT_EQ(opennvsciGetLastRefusal(nullptr), kBadParameter);
    EXPECT_NE(last_refusal().report, nullptr);
    EXPECT_TRUE(contains(opennvsciGetLastErrorText(), "NvSciBufAttrListReconcile"));
}

// A copy outlives later failures of the thread, and the thread; it leaves the failure as it is.
TEST_F(ExplanationTest, ACopyOfTheLastRefusalIsTheCallers) {
    const OpenNvSciRefusal* copy = nullptr;
    const OpenNvSciRefusal* unmet = nullptr;
    std::thread([&] {
        EXPECT_EQ(opennvsciCopyLastRefusal(&copy), NvSciError_NotInitialized);
        EXPECT_EQ(opennvsciCopyLastRefusal(nullptr), kBadParameter);
        EXPECT_EQ(reconcile({named("camera", 4096), named("encoder", 8192)}).code, kReconciliationFailed);
        EXPECT_EQ(opennvsciCopyLastRefusal(&copy), kSuccess);
        EXPECT_EQ(last_refusal().report, copy->report) << "one report, which both have";
        EXPECT_STREQ(last_refusal().text, copy->text);
        EXPECT_EQ(opennvsciBufAttrListSetName(raw_list(module_, 1), "\x1b"), kBadParameter);
        EXPECT_EQ(opennvsciCopyLastRefusal(&unmet), kSuccess);
        EXPECT_EQ(opennvsciBufAttrListSetName(nullptr, "x"), kBadParameter);
    }).join();
    EXPECT_EQ(copy->code, kReconciliationFailed);
    EXPECT_TRUE(contains(copy->text, "NvSciBufAttrListReconcile"));
    EXPECT_STREQ(copy->report->participants[1].name, "encoder");
    EXPECT_TRUE(contains(copy->report->json, "encoder"));
    EXPECT_STREQ(unmet->prerequisite, "name");
    EXPECT_EQ(unmet->report, nullptr);
    opennvsciFreeRefusal(copy);
    opennvsciFreeRefusal(unmet);
    opennvsciFreeRefusal(nullptr);
}

// The error text is cut where the thread keeps it; the report has it whole.
TEST_F(ExplanationTest, ARefusalHasItsWholeError) {
    std::vector<List> lists;
    std::vector<NvSciBufAttrList> handles;
    for (int i = 0; i < 40; ++i) {
        lists.push_back(named((std::string(50, 'n') + std::to_string(i)).c_str(), i < 20 ? 4096 : 8192));
        handles.push_back(lists.back());
    }
    EXPECT_EQ(reconcile(handles).code, kReconciliationFailed);
    const OpenNvSciReport& report = *last_refusal().report;
    EXPECT_TRUE(contains(report.json, "more change alike)\",\"decisions\"")) << report.json;
    EXPECT_EQ(report.deciding->suggestions->changeCount, 20U);
    EXPECT_TRUE(contains(report.deciding->suggestion, " and 12 more")) << report.deciding->suggestion;
}

// Of many lists, too, the fewest change.
TEST_F(ExplanationTest, TheOddOneOfManyIsToldToChange) {
    std::vector<List> lists;
    std::vector<NvSciBufAttrList> handles;
    for (int i = 0; i < 60; ++i) {
        lists.push_back(raw_list(module_, i == 0 ? 8192 : 4096));
        handles.push_back(lists.back());
    }
    const Reconciliation<List> outcome = reconcile(handles);
    const OpenNvSciSuggestion& suggestion = *report_of(outcome.conflict).deciding->suggestions;
    ASSERT_EQ(suggestion.changeCount, 1U);
    EXPECT_EQ(suggestion.changes[0].participant, 0U);
}

// A union that overflows has those outside that come last.
TEST_F(ExplanationTest, SomebodyIsNamedWhereAllTogetherAskTooMuch) {
    std::vector<List> lists;
    std::vector<NvSciBufAttrList> handles;
    for (std::uint64_t i = 0; i < 40; ++i) {
        lists.push_back(raw_list(module_, 4096));
        std::vector<NvSciBufPeerLocationInfo> peers(8);
        for (std::size_t k = 0; k < peers.size(); ++k)
            peers[k].socID = static_cast<std::uint32_t>(8 * i + k + 1);
        NvSciBufAttrKeyValuePair pair{NvSciBufGeneralAttrKey_PeerLocationInfo, peers.data(),
                                      peers.size() * sizeof(peers[0])};
        ASSERT_EQ(NvSciBufAttrListSetAttrs(lists.back(), &pair, 1), kSuccess);
        handles.push_back(lists.back());
    }
    const Reconciliation<List> outcome = reconcile(handles);
    ASSERT_EQ(outcome.code, kReconciliationFailed);
    const OpenNvSciSuggestion& suggestion = *report_of(outcome.conflict).deciding->suggestions;
    EXPECT_EQ(suggestion.trial, OpenNvSciTrial_Verified) << suggestion.then;
    EXPECT_EQ(suggestion.changeCount, 40U - 128 / 8);
}

// What helps comes first, then what this process can change itself, then what changes less; and no way does all that a
// better one does, and more. A list with the name of one of a peer stands for it.
void expect_best_first(const OpenNvSciReport& report, std::size_t least_verified) {
    const std::span ways(report.deciding->suggestions, report.deciding->suggestionCount);
    const auto is_of_peer = [&](const OpenNvSciChange& change) {
        return contains(report.participants[change.participant].name, " at peer ");
    };
    const auto rank = [&](const OpenNvSciSuggestion& way) {
        const std::span changes(way.changes, way.changeCount);
        const int state = way.trial == OpenNvSciTrial_Verified ? 0 : changes.empty() ? 2 : 1;
        return std::tuple(state, std::ranges::any_of(changes, is_of_peer), changes.size());
    };
    EXPECT_TRUE(std::ranges::is_sorted(ways, {}, rank)) << report.text;
    std::size_t verified = 0;
    for (const OpenNvSciSuggestion& better : ways) {
        if (better.trial != OpenNvSciTrial_Verified) continue;
        ++verified;
        for (const OpenNvSciSuggestion& way : ways) {
            if (&way == &better) continue;
            const bool has_all =
                std::ranges::all_of(std::span(better.changes, better.changeCount), [&](const OpenNvSciChange& one) {
                    return std::ranges::any_of(
                        std::span(way.changes, way.changeCount), [&](const OpenNvSciChange& other) {
                            return one.kind == other.kind && one.participant == other.participant &&
                                   one.key == other.key && one.len == other.len &&
                                   (one.len == 0 || std::memcmp(one.value, other.value, one.len) == 0);
                        });
                });
            EXPECT_FALSE(has_all) << better.text << '\n' << way.text;
        }
    }
    EXPECT_GE(verified, least_verified) << report.text;
}

TEST_F(ExplanationTest, TheBestWayOutComesFirst) {
    if (TestDevice::instance().device().is_integrated) GTEST_SKIP() << "the device has no memory of its own";
    const List app = named("app", 4096);
    ASSERT_EQ(set(app, NvSciBufGeneralAttrKey_VidMem_GpuId, gpu(0)), kSuccess);
    ASSERT_EQ(set(app, NvSciBufGeneralAttrKey_GpuId, gpu(0)), kSuccess);
    const List logger = named("logger", 4096);
    ASSERT_EQ(set(logger, NvSciBufGeneralAttrKey_NeedCpuAccess, true), kSuccess);
    const List vision = named("vision at peer p1", 4096);
    ASSERT_EQ(set(vision, NvSciBufGeneralAttrKey_GpuId, gpu(0)), kSuccess);
    ASSERT_EQ(set(vision, NvSciBufGeneralAttrKey_EnableGpuCache, NvSciBufAttrValGpuCache{gpu(0), true}), kSuccess);
    EXPECT_NE(reconcile({app, logger, vision}).code, kSuccess);
    expect_best_first(*last_refusal().report, 1);
    EXPECT_EQ(last_refusal().report->deciding->suggestions->changeCount, 1U);

    if (TestDevice::instance().driver().devices.size() < 2) GTEST_SKIP() << "there is one GPU";
    const List other = named("other", 4096);
    ASSERT_EQ(set(other, NvSciBufGeneralAttrKey_GpuId, gpu(1)), kSuccess);
    EXPECT_NE(reconcile({app, other, logger, vision}).code, kSuccess);
    expect_best_first(*last_refusal().report, 2);
}

TEST_F(ExplanationTest, EachThreadHasItsOwnLastRefusal) {
    EXPECT_EQ(reconcile({raw_list(module_, 1), raw_list(module_, 2)}).code, kReconciliationFailed);
    std::thread([] {
        const OpenNvSciRefusal* refusal = nullptr;
        EXPECT_EQ(opennvsciGetLastRefusal(&refusal), NvSciError_NotInitialized);
        EXPECT_EQ(refusal, nullptr);
    }).join();
    EXPECT_NE(last_refusal().report, nullptr);
}

TEST_F(ExplanationTest, BadArgumentsAreRefused) {
    const List list = raw_list(module_, 1);
    const OpenNvSciReport* report = nullptr;
    EXPECT_EQ(opennvsciBufAttrListGetReport(list, &report), kBadParameter) << "it came from no reconciliation";
    EXPECT_EQ(opennvsciBufAttrListGetReport(nullptr, &report), kBadParameter);
    EXPECT_EQ(opennvsciBufAttrListGetReport(reconciled({list}), nullptr), kBadParameter);
    EXPECT_EQ(opennvsciSyncAttrListGetReport(nullptr, &report), kBadParameter);
    EXPECT_EQ(opennvsciGetLastRefusal(nullptr), kBadParameter);
    EXPECT_EQ(report, nullptr);
}

}  // namespace
}  // namespace opennvsci::test
