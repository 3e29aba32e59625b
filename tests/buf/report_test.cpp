// SPDX-License-Identifier: Apache-2.0
//
// The report of a reconciliation, the names of participants, and what an error text must say.
#include <ios>

#include "buf_test.h"

namespace opennvsci::test {
namespace {

using Decisions = std::vector<OpenNvSciDecision>;

class ReportTest : public BufTest {
  protected:
    static Decisions decisions_of(NvSciBufAttrList list) {
        const OpenNvSciDecision* first = nullptr;
        std::size_t count = 0;
        EXPECT_EQ(opennvsciBufAttrListGetDecisions(list, &first, &count), kSuccess);
        return {first, first + count};
    }
    /// The decision on `key`, which must be there once.
    static OpenNvSciDecision decision(NvSciBufAttrList list, std::uint32_t key) {
        OpenNvSciDecision found{};
        int count = 0;
        for (const OpenNvSciDecision& made : decisions_of(list)) {
            if (made.key != key) continue;
            found = made;
            ++count;
        }
        EXPECT_EQ(count, 1) << std::hex << key;
        return found;
    }
    static NvSciError set_name(NvSciBufAttrList list, const char* name) {
        return opennvsciBufAttrListSetName(list, name);
    }
};

TEST_F(ReportTest, EveryDecisionIsComplete) {
    const List list = gpu_list();
    ASSERT_EQ(set(list, NvSciBufRawBufferAttrKey_Align, std::uint64_t{64}), kSuccess);
    const List result = reconciled({list, cpu_list()});
    const Decisions decisions = decisions_of(result);
    EXPECT_GE(decisions.size(), 10U);
    std::uint32_t last = 0;
    for (const OpenNvSciDecision& made : decisions) {
        EXPECT_GT(made.key, last) << "in the order of the keys";
        last = made.key;
        EXPECT_STRNE(made.keyName, "");
        EXPECT_STRNE(made.requested, "") << made.keyName;
        EXPECT_STRNE(made.granted, "") << made.keyName;
        for (const char* text : {made.rule, made.reason, made.suggestion})
            EXPECT_NE(text, nullptr) << made.keyName;
        EXPECT_GE(made.outcome, OpenNvSciOutcome_Granted);
        EXPECT_LE(made.outcome, OpenNvSciOutcome_Refused);
        if (made.outcome == OpenNvSciOutcome_Denied || made.outcome == OpenNvSciOutcome_Refused) {
            EXPECT_STRNE(made.reason, "") << made.keyName;
            EXPECT_STRNE(made.suggestion, "") << made.keyName;
        }
    }
}

TEST_F(ReportTest, OutcomesTellWhatBecameOfAKey) {
    const List list = gpu_list(5000);
    ASSERT_EQ(set(list, NvSciBufRawBufferAttrKey_Align, std::uint64_t{64}), kSuccess);
    const List result = reconciled({list});
    const OpenNvSciDecision size = decision(result, NvSciBufRawBufferAttrKey_Size);
    EXPECT_EQ(size.outcome, OpenNvSciOutcome_Granted);
    EXPECT_STREQ(size.keyName, "NvSciBufRawBufferAttrKey_Size");
    EXPECT_STREQ(size.requested, "list 1: 5000");
    EXPECT_STREQ(size.granted, "5000");
    EXPECT_STREQ(size.reason, "");
    const OpenNvSciDecision align = decision(result, NvSciBufRawBufferAttrKey_Align);
    EXPECT_EQ(align.outcome, OpenNvSciOutcome_Adjusted);
    EXPECT_STREQ(align.requested, "list 1: 64");
    EXPECT_STREQ(align.granted, "4096");
    EXPECT_STRNE(align.reason, "");
    const OpenNvSciDecision cpu = decision(result, NvSciBufGeneralAttrKey_NeedCpuAccess);
    EXPECT_EQ(cpu.outcome, OpenNvSciOutcome_Defaulted);
    EXPECT_STREQ(cpu.requested, "nobody asked");
    EXPECT_STREQ(cpu.granted, "false");
    EXPECT_EQ(decision(result, NvSciBufGeneralAttrKey_ActualPerm).outcome, OpenNvSciOutcome_Computed);
}

TEST_F(ReportTest, OneDecisionTellsWhereTheBufferLives) {
    const auto memory = [](NvSciBufAttrList list) {
        for (const OpenNvSciDecision& made : decisions_of(list)) {
            if (made.key > NvSciBufAttrKey_UpperBound) return std::string(made.granted);
        }
        return std::string("no decision");
    };
    EXPECT_TRUE(contains(memory(reconciled({cpu_list()})), "system memory"));
    if (TestDevice::instance().device().is_integrated) return;
    EXPECT_TRUE(contains(memory(reconciled({gpu_list()})), "video memory"));
}

TEST_F(ReportTest, ADeniedWishHasReasonAndSuggestion) {
    const List list = gpu_list();
    const auto key = NvSciBufGeneralAttrKey_EnableGpuCompression;
    ASSERT_EQ(set(list, key, NvSciBufAttrValGpuCompression{gpu(0), NvSciBufCompressionType_GenericCompressible}),
              kSuccess);
    const List result = reconciled({list, cpu_list()});
    const OpenNvSciDecision made = decision(result, key);
    EXPECT_EQ(made.outcome, OpenNvSciOutcome_Denied);
    EXPECT_TRUE(contains(made.requested, "GenericCompressible"));
    EXPECT_TRUE(contains(made.granted, "None"));
    EXPECT_TRUE(contains(made.reason, "CPU"));
    EXPECT_STRNE(made.suggestion, "");
}

TEST_F(ReportTest, ARefusalStandsInTheReportOfTheConflictList) {
    const Reconciliation<List> outcome = reconcile({raw_list(module_, 1), raw_list(module_, 2)});
    const OpenNvSciDecision made = decision(outcome.conflict, NvSciBufRawBufferAttrKey_Size);
    EXPECT_EQ(made.outcome, OpenNvSciOutcome_Refused);
    EXPECT_STREQ(made.requested, "list 1: 1, list 2: 2");
    EXPECT_STREQ(made.granted, "unset");
    EXPECT_STRNE(made.rule, "");
    EXPECT_STRNE(made.reason, "");
    EXPECT_TRUE(contains(made.suggestion, "list 2"));
}

// The suggestion is the smallest change that avoids the refusal: here, that the odd one gives in.
TEST_F(ReportTest, TheSuggestionNamesTheListThatAloneDisagrees) {
    const List odd = raw_list(module_, 1);
    const List one = raw_list(module_, 2);
    const List two = raw_list(module_, 2);
    for (const std::vector<NvSciBufAttrList>& lists :
         {std::vector<NvSciBufAttrList>{odd, one, two}, {one, odd, two}, {one, two, odd}}) {
        const auto position = std::find(lists.begin(), lists.end(), odd.get()) - lists.begin() + 1;
        const Reconciliation<List> outcome = reconcile(lists);
        const OpenNvSciDecision made = decision(outcome.conflict, NvSciBufRawBufferAttrKey_Size);
        EXPECT_TRUE(contains(made.suggestion, "list " + std::to_string(position)));
    }
}

TEST_F(ReportTest, AListThatContradictsItselfIsNotToldToLeaveTypesOut) {
    const List list = create_list(module_);
    ASSERT_EQ(set(list, NvSciBufGeneralAttrKey_Types, {NvSciBufType_RawBuffer, NvSciBufType_Image}), kSuccess);
    const Reconciliation<List> outcome = reconcile({list});
    ASSERT_EQ(outcome.code, kReconciliationFailed);
    const OpenNvSciDecision made = decision(outcome.conflict, NvSciBufGeneralAttrKey_Types);
    EXPECT_STRNE(made.suggestion, "leave the key out of list 1") << "then no list sets it, and it is mandatory";
}

// A list cannot have the keys of a type without Types, so the way out of two types is not to leave the key out.
TEST_F(ReportTest, AListOfAnotherTypeIsToldToGoApart) {
    const List raw = raw_list(module_, 4096);
    const List also_raw = raw_list(module_, 4096);
    const List image = create_list(module_);
    ASSERT_EQ(set(image, NvSciBufGeneralAttrKey_Types, NvSciBufType_Image), kSuccess);
    const Reconciliation<List> outcome = reconcile({raw, image, also_raw});
    ASSERT_EQ(outcome.code, kReconciliationFailed);
    const OpenNvSciDecision made = decision(outcome.conflict, NvSciBufGeneralAttrKey_Types);
    EXPECT_TRUE(contains(made.suggestion, "reconcile list 2 apart"));
    EXPECT_EQ(reconcile({raw, also_raw}).code, kSuccess);
}

// Where one GPU and no CPU takes part already, more of that cannot be what is missing.
TEST_F(ReportTest, WhoAsksForTheCacheIsToldWhatHelps) {
    const auto key = NvSciBufGeneralAttrKey_EnableGpuCache;
    // Each of them was tried, and helps.
    const auto ways = [&](NvSciBufAttrList conflict, std::uint32_t about) {
        std::vector<std::string> all;
        const OpenNvSciDecision made = decision(conflict, about);
        for (const OpenNvSciSuggestion& way : std::span(made.suggestions, made.suggestionCount)) {
            EXPECT_EQ(way.trial, OpenNvSciTrial_Verified) << way.text;
            all.emplace_back(way.text);
        }
        return all;
    };
    const auto asking = [&](bool cache) {
        List list = gpu_list();
        EXPECT_EQ(set(list, key, NvSciBufAttrValGpuCache{gpu(0), cache}), kSuccess);
        return list;
    };
    const List cached = asking(true);
    const List uncached = asking(false);
    const Reconciliation<List> alone = reconcile({cached, uncached});
    ASSERT_EQ(alone.code, kReconciliationFailed);
    EXPECT_STREQ(decision(alone.conflict, key).suggestion, "ask false in list 1");
    EXPECT_EQ(ways(alone.conflict, key), (std::vector<std::string>{"ask false in list 1", "ask true in list 2"}));
    EXPECT_EQ(reconcile({uncached, asking(false)}).code, kSuccess);

    const Reconciliation<List> with_cpu = reconcile({cached, cpu_list()});
    ASSERT_EQ(with_cpu.code, kReconciliationFailed);
    EXPECT_EQ(ways(with_cpu.conflict, key),
              (std::vector<std::string>{"ask false in list 1", "leave NeedCpuAccess out of list 2"}));
    EXPECT_EQ(reconcile({uncached, cpu_list()}).code, kSuccess);
    EXPECT_EQ(reconcile({cached}).code, kSuccess);
}

// Image goes with Pyramid and Image with Tensor: only the second and the third list contradict each other.
TEST_F(ReportTest, TheListsNamedInTheReasonContradictEachOther) {
    std::vector<List> lists;
    std::vector<NvSciBufAttrList> handles;
    for (const NvSciBufType type : {NvSciBufType_Image, NvSciBufType_Tensor, NvSciBufType_Pyramid}) {
        lists.push_back(create_list(module_));
        ASSERT_EQ(set(lists.back(), NvSciBufGeneralAttrKey_Types, type), kSuccess);
        handles.push_back(lists.back());
    }
    const Reconciliation<List> outcome = reconcile(handles);
    ASSERT_EQ(outcome.code, kReconciliationFailed);
    const OpenNvSciDecision made = decision(outcome.conflict, NvSciBufGeneralAttrKey_Types);
    EXPECT_TRUE(contains(made.reason, "list 2"));
    EXPECT_TRUE(contains(made.reason, "list 3"));
}

TEST_F(ReportTest, EveryRefusalGivesReasonAndSuggestion) {
    const List one = gpu_list();
    const List two = gpu_list();
    ASSERT_EQ(set(one, NvSciBufGeneralAttrKey_EnableGpuCache, NvSciBufAttrValGpuCache{unknown_gpu(), true}), kSuccess);
    const NvSciBufAttrValGpuCompression compression{unknown_gpu(), NvSciBufCompressionType_GenericCompressible};
    ASSERT_EQ(set(two, NvSciBufGeneralAttrKey_EnableGpuCompression, compression), kSuccess);
    const std::pair<NvSciBufAttrKey, List> refusals[] = {
        {NvSciBufGeneralAttrKey_EnableGpuCache, std::move(reconcile({one}).conflict)},
        {NvSciBufGeneralAttrKey_EnableGpuCompression, std::move(reconcile({two}).conflict)},
    };
    for (const auto& [key, conflict] : refusals) {
        const OpenNvSciDecision made = decision(conflict, key);
        EXPECT_EQ(made.outcome, OpenNvSciOutcome_Refused);
        EXPECT_STRNE(made.reason, "");
        EXPECT_STRNE(made.suggestion, "");
    }
}

TEST_F(ReportTest, ErrorTextsNameTheKeyAndBothLists) {
    const List first = raw_list(module_, 4096);
    const List second = raw_list(module_, 8192);
    EXPECT_EQ(reconcile({first, second}).code, kReconciliationFailed);
    const std::string text = opennvsciGetLastErrorText();
    for (const char* part : {"NvSciBufAttrListReconcile", "NvSciBufRawBufferAttrKey_Size", "list 1", "4096", "list 2",
                             "8192", "To avoid it"}) {
        EXPECT_TRUE(contains(text, part));
    }
}

TEST_F(ReportTest, NamesStandForListsEverywhere) {
    const List camera = raw_list(module_, 4096);
    const List encoder = raw_list(module_, 8192);
    ASSERT_EQ(set_name(camera, "camera"), kSuccess);
    ASSERT_EQ(set_name(encoder, "nobody"), kSuccess);
    ASSERT_EQ(set_name(encoder, "encoder"), kSuccess) << "a second call replaces the name";
    const Reconciliation<List> outcome = reconcile({camera, encoder});
    const std::string text = opennvsciGetLastErrorText();
    EXPECT_TRUE(contains(text, "camera"));
    EXPECT_TRUE(contains(text, "encoder"));
    EXPECT_EQ(text.find("nobody"), std::string::npos);
    EXPECT_EQ(text.find("list 1"), std::string::npos);
    const OpenNvSciDecision made = decision(outcome.conflict, NvSciBufRawBufferAttrKey_Size);
    EXPECT_STREQ(made.requested, "camera: 4096, encoder: 8192");
    EXPECT_TRUE(contains(made.suggestion, "encoder"));
}

TEST_F(ReportTest, NamesGoAlongWithClonesAndAppendedLists) {
    const List camera = raw_list(module_, 4096);
    ASSERT_EQ(set_name(camera, "camera"), kSuccess);
    const List slots = append({clone(camera), raw_list(module_, 4096)});
    const List result = reconciled({slots, raw_list(module_, 4096)});
    const OpenNvSciDecision made = decision(result, NvSciBufRawBufferAttrKey_Size);
    EXPECT_STREQ(made.requested, "camera: 4096, list 1 slot 2: 4096, list 2: 4096");
}

TEST_F(ReportTest, BadNamesAndListsAreRefused) {
    const List list = raw_list(module_, 4096);
    EXPECT_EQ(set_name(list, nullptr), kBadParameter);
    EXPECT_EQ(set_name(list, ""), kBadParameter);
    EXPECT_EQ(set_name(list, std::string(64, 'x').c_str()), kBadParameter);
    EXPECT_EQ(set_name(list, std::string(63, 'x').c_str()), kSuccess);
    EXPECT_EQ(set_name(nullptr, "x"), kBadParameter);
    EXPECT_EQ(set_name(append({list}), "x"), kBadParameter);
    EXPECT_EQ(set_name(reconciled({list}), "x"), kBadParameter);
    EXPECT_EQ(set_name(reconcile({list, raw_list(module_, 1)}).conflict, "x"), kBadParameter);
}

TEST_F(ReportTest, OnlyReconciliationsHaveReports) {
    const List list = raw_list(module_, 4096);
    const List result = reconciled({list});
    const OpenNvSciDecision* first = nullptr;
    std::size_t count = 77;
    EXPECT_EQ(opennvsciBufAttrListGetDecisions(list, &first, &count), kBadParameter);
    EXPECT_EQ(opennvsciBufAttrListGetDecisions(append({list}), &first, &count), kBadParameter);
    EXPECT_EQ(opennvsciBufAttrListGetDecisions(nullptr, &first, &count), kBadParameter);
    EXPECT_EQ(opennvsciBufAttrListGetDecisions(result, nullptr, &count), kBadParameter);
    EXPECT_EQ(opennvsciBufAttrListGetDecisions(result, &first, nullptr), kBadParameter);
    EXPECT_EQ(first, nullptr);
    EXPECT_EQ(count, 77U);
    EXPECT_EQ(decisions_of(clone(result)).size(), decisions_of(result).size()) << "a clone keeps it";
}

TEST_F(ReportTest, AnObjectsListHasTheReportOfItsReconciliation) {
    const Object object = allocate(reconciled({cpu_list()}));
    NvSciBufAttrList own = nullptr;
    ASSERT_EQ(NvSciBufObjGetAttrList(object, &own), kSuccess);
    EXPECT_STREQ(decision(own, NvSciBufGeneralAttrKey_NeedCpuAccess).requested, "list 1: true");
}

}  // namespace
}  // namespace opennvsci::test
