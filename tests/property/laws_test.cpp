// SPDX-License-Identifier: Apache-2.0
//
// The laws of reconciliation, on random participants. The model (model.h) says independently what must come out.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>

#include "api/handles.h"
#include "leak_check.h"
#include "model.h"
#include "opennvsci.h"
#include "suggestion.h"

namespace opennvsci::test {
namespace {

/// The lists of some participants, and what reconciling them gave.
class Run {
  public:
    explicit Run(const std::vector<Wishes>& participants) {
        for (const Wishes& wishes : participants)
            lists_.push_back(make_list(module_, wishes));
        result_ = reconcile(handles());
    }

    [[nodiscard]] NvSciBufModule module() const { return module_; }
    [[nodiscard]] NvSciError code() const { return result_.code; }
    [[nodiscard]] NvSciBufAttrList reconciled() const { return result_.reconciled; }
    [[nodiscard]] NvSciBufAttrList conflict() const { return result_.conflict; }
    [[nodiscard]] std::vector<NvSciBufAttrList> handles() const { return {lists_.begin(), lists_.end()}; }
    /// What came out; only if it succeeded.
    [[nodiscard]] std::optional<Outcome> outcome() const {
        return code() == kSuccess ? std::optional(read_outcome(reconciled())) : std::nullopt;
    }
    /// The decision that refused; its texts live as long as this. Only after ReconciliationFailed.
    [[nodiscard]] OpenNvSciDecision refusal() const {
        const OpenNvSciDecision* decisions = nullptr;
        std::size_t count = 0;
        RC_ASSERT(opennvsciBufAttrListGetDecisions(conflict(), &decisions, &count) == kSuccess);
        RC_ASSERT(count > 0U);
        for (std::size_t i = 0; i < count; ++i) {
            if (decisions[i].outcome == OpenNvSciOutcome_Refused) return decisions[i];
        }
        RC_FAIL("the conflict list tells no refusal");
        return {};
    }

    /// What the report suggests.
    [[nodiscard]] std::vector<Advice> advice() const {
        const OpenNvSciReport* report = nullptr;
        if (code() == kSuccess) {
            RC_ASSERT(opennvsciBufAttrListGetReport(reconciled(), &report) == kSuccess);
            return advice_of(*report);
        }
        const OpenNvSciRefusal* refusal = nullptr;
        RC_ASSERT(opennvsciGetLastRefusal(&refusal) == kSuccess);
        RC_ASSERT(refusal->report != nullptr);
        return advice_of(*refusal->report);
    }

  private:
    Module module_ = open_module();
    std::vector<List> lists_;
    Reconciliation<List> result_{};
};

/// The decision on a key in the report of a list; its texts live as long as that.
std::optional<OpenNvSciDecision> decision_on(NvSciBufAttrList list, std::uint32_t key) {
    const OpenNvSciDecision* decisions = nullptr;
    std::size_t count = 0;
    RC_ASSERT(opennvsciBufAttrListGetDecisions(list, &decisions, &count) == kSuccess);
    const auto* const found =
        std::find_if(decisions, decisions + count, [&](const auto& decision) { return decision.key == key; });
    return found == decisions + count ? std::nullopt : std::optional(*found);
}

std::vector<Wishes> pick_any(bool raw_only = false) {
    return *participants(any_wishes(raw_only)).as("participants");
}

// Code, content and conflict list, against the model.
RC_GTEST_PROP(Reconcile, GivesWhatTheModelSays, ()) {
    const auto wishes = pick_any();
    const Prediction expected = predict(wishes);
    const Run run(wishes);
    RC_LOG() << "code " << run.code() << ": " << opennvsciGetLastErrorText() << '\n';
    RC_CLASSIFY(run.code() == kSuccess, "succeeds");
    RC_ASSERT((run.code() == kSuccess) == expected.failures.empty());
    RC_ASSERT((run.reconciled() != nullptr) == expected.failures.empty());
    RC_ASSERT((run.conflict() != nullptr) == (run.code() == kReconciliationFailed));
    if (expected.failures.empty()) {
        RC_ASSERT(*run.outcome() == expected.outcome);
        // It would be believed if another process sent it.
        const auto entry = api::lists().acquire(api::number(run.reconciled()));
        const auto checked = attr::Slot::checked((*entry)->list->reconciled());
        if (!checked) RC_FAIL(checked.error().text);
    } else {
        RC_ASSERT(expected.failures.contains(run.code()));
        RC_ASSERT(std::string(opennvsciGetLastErrorText()).find("AttrKey_") != std::string::npos);
    }
}

// The same with participants that fit together, so that long lists succeed too.
RC_GTEST_PROP(Reconcile, GivesWhatTheModelSaysWhereNothingConflicts, ()) {
    const auto wishes = *participants(modest_wishes());
    const Prediction expected = predict(wishes);
    RC_ASSERT(expected.failures.empty());
    const Run run(wishes);
    RC_ASSERT(run.code() == kSuccess);
    RC_ASSERT(*run.outcome() == expected.outcome);
}

RC_GTEST_PROP(Reconcile, TheResultSatisfiesEveryParticipant, ()) {
    const auto wishes = *rc::gen::oneOf(participants(modest_wishes()), participants(any_wishes()));
    const Run run(wishes);
    if (run.code() != kSuccess) return;
    for (const Wishes& one : wishes)
        RC_ASSERT(satisfies(*run.outcome(), one));
    const auto lists = run.handles();
    bool valid = false;
    RC_ASSERT(NvSciBufAttrListValidateReconciled(run.reconciled(), lists.data(), lists.size(), &valid) == kSuccess);
    RC_ASSERT(valid);
}

// ValidateReconciled says the same as the column Val, for one who did not take part.
RC_GTEST_PROP(Validate, AgreesWithTheModelOnStrangers, ()) {
    const Run run(*participants(modest_wishes()));
    Wishes stranger = *rc::gen::oneOf(modest_wishes(), any_wishes());
    stranger.gpu_cache.reset();  // has no documented rule
    const bool expected = satisfies(*run.outcome(), stranger);
    RC_CLASSIFY(expected, "satisfied");
    const List list = make_list(run.module(), stranger);
    const NvSciBufAttrList lists[] = {list};
    bool valid = !expected;
    const NvSciError code = NvSciBufAttrListValidateReconciled(run.reconciled(), lists, 1, &valid);
    RC_ASSERT(code == (expected ? kSuccess : kReconciliationFailed));
    RC_ASSERT(valid == expected);
}

RC_GTEST_PROP(Reconcile, IsCommutative, ()) {
    const auto wishes = pick_any();
    auto shuffled = wishes;
    for (std::size_t i = 0; i < shuffled.size(); ++i)
        std::swap(shuffled[i], shuffled[*rc::gen::inRange(i, shuffled.size())]);
    const Run one(wishes);
    const Run other(shuffled);
    RC_ASSERT(one.code() == other.code());
    RC_ASSERT(one.outcome() == other.outcome());
}

RC_GTEST_PROP(Reconcile, IsIdempotent, ()) {
    const auto wishes = pick_any();
    auto twice = wishes;
    twice.insert(twice.end(), wishes.begin(), wishes.end());
    const Run one(wishes);
    const Run other(twice);
    RC_ASSERT(one.code() == other.code());
    RC_ASSERT(one.outcome() == other.outcome());
}

RC_GTEST_PROP(Reconcile, AClonedListAsksTheSame, ()) {
    const Run run(pick_any(true));
    auto lists = run.handles();
    std::vector<List> clones;
    for (const NvSciBufAttrList list : run.handles()) {
        clones.emplace_back();
        RC_ASSERT(NvSciBufAttrListClone(list, clones.back().out()) == kSuccess);
        lists.push_back(clones.back());
    }
    const Reconciliation<List> both = reconcile(lists);
    RC_ASSERT(both.code == run.code());
    if (both.code == kSuccess) RC_ASSERT(read_outcome(both.reconciled) == *run.outcome());
}

// reconcile({a, b, c, …}) = reconcile({append(a, b), c, …}) = … for every place to cut.
RC_GTEST_PROP(Reconcile, IsAssociativeThroughAppend, ()) {
    const auto wishes = *rc::gen::oneOf(participants(modest_wishes()), participants(any_wishes(true)));
    const Run run(wishes);
    const auto lists = run.handles();
    for (std::size_t cut = 1; cut < lists.size(); ++cut) {
        List left;
        List right;
        RC_ASSERT(NvSciBufAttrListAppendUnreconciled(lists.data(), cut, left.out()) == kSuccess);
        RC_ASSERT(NvSciBufAttrListAppendUnreconciled(lists.data() + cut, lists.size() - cut, right.out()) == kSuccess);
        const Reconciliation<List> appended = reconcile({left, right});
        RC_ASSERT(appended.code == run.code());
        if (appended.code == kSuccess) RC_ASSERT(read_outcome(appended.reconciled) == *run.outcome());
    }
}

/// The wishes that ask exactly for an outcome.
Wishes asking_for(const Outcome& outcome) {
    Wishes wishes;
    wishes.types.emplace(outcome.types.begin(), outcome.types.end());
    wishes.cpu = outcome.cpu;
    wishes.permission = outcome.permission;
    wishes.cpu_cache = outcome.cpu_cache;
    if (!outcome.gpus.empty()) wishes.gpus.emplace(outcome.gpus.begin(), outcome.gpus.end());
    wishes.video_memory = outcome.video_memory;
    if (!outcome.gpu_cache.empty()) wishes.gpu_cache.emplace(outcome.gpu_cache.begin(), outcome.gpu_cache.end());
    for (const auto& [gpu, compressed] : outcome.compression) {
        if (!compressed) continue;  // None cannot be asked for
        if (!wishes.compression) wishes.compression.emplace();
        wishes.compression->push_back(gpu);
    }
    if (!outcome.peers.empty()) wishes.peers.emplace(outcome.peers.begin(), outcome.peers.end());
    if (!outcome.engines.empty()) wishes.engines.emplace(outcome.engines.begin(), outcome.engines.end());
    wishes.size = outcome.size;
    wishes.align = outcome.align;
    return wishes;
}

RC_GTEST_PROP(Reconcile, AResultAskedForGivesItself, ()) {
    const Run run(*rc::gen::oneOf(participants(modest_wishes()), participants(any_wishes())));
    if (run.code() != kSuccess) return;
    const Wishes same = asking_for(*run.outcome());
    RC_ASSERT(Run({same}).outcome() == run.outcome());
    RC_ASSERT(Run({same, same}).outcome() == run.outcome());
}

bool is_cached(const Outcome& outcome, GpuNumber gpu) {
    return outcome.gpu_cache.contains({gpu, true});
}
bool is_compressed(const Outcome& outcome, GpuNumber gpu) {
    return outcome.compression.contains({gpu, true});
}

// What one more participant may change, key by key: wishes add up, nothing that was granted is taken from the others
// except by the documented rules, and nothing grows that nobody asked for.
RC_GTEST_PROP(Reconcile, AddingAParticipantNeverWidens, ()) {
    auto wishes = *participants(modest_wishes());
    const Wishes added = *rc::gen::oneOf(modest_wishes(), any_wishes(true));
    const Run before_run(wishes);
    const bool align_was_asked = std::any_of(wishes.begin(), wishes.end(), [](const Wishes& w) { return w.align; });
    wishes.push_back(added);
    const Run after_run(wishes);
    RC_PRE(after_run.code() == kSuccess);
    const Outcome before = *before_run.outcome();
    const Outcome after = *after_run.outcome();

    RC_ASSERT(after.types == before.types);
    RC_ASSERT(after.size == before.size);
    RC_ASSERT(after.permission == std::max(before.permission, added.permission.value_or(NvSciBufAccessPerm_Readonly)));
    RC_ASSERT(after.cpu == (before.cpu || added.cpu.value_or(false)));
    RC_ASSERT(after.cpu_cache == (before.cpu_cache || added.cpu_cache.value_or(false)));
    auto gpus = before.gpus;
    if (added.gpus) gpus.insert(added.gpus->begin(), added.gpus->end());
    RC_ASSERT(after.gpus == gpus);
    auto peers = before.peers;
    if (added.peers) peers.insert(added.peers->begin(), added.peers->end());
    RC_ASSERT(after.peers == peers);
    // The one way down: 0 is no request, and if it is the only one it is echoed instead of the default.
    if (align_was_asked || added.align != 0U) RC_ASSERT(after.align >= before.align);
    RC_ASSERT(after.video_memory == (before.video_memory ? before.video_memory : added.video_memory));
    for (const GpuNumber gpu : before.gpus) {
        // Only by naming the memory can somebody move a buffer back into video memory.
        if (!is_cached(before, gpu) && is_cached(after, gpu)) RC_ASSERT(added.video_memory.has_value());
        if (!is_compressed(before, gpu) && is_compressed(after, gpu)) RC_ASSERT(added.compression.has_value());
    }
}

RC_GTEST_PROP(Reconcile, AddingAParticipantHealsNoContradiction, ()) {
    auto wishes = pick_any(true);
    const Run run(wishes);
    RC_PRE(run.code() == kReconciliationFailed);
    const std::uint32_t key = run.refusal().key;
    RC_PRE(key == NvSciBufRawBufferAttrKey_Size || key == NvSciBufGeneralAttrKey_VidMem_GpuId);
    wishes.push_back(*any_wishes(true));
    RC_ASSERT(Run(wishes).code() == kReconciliationFailed);
}

/// Does what each suggestion says: a verified one reconciles, and grants what it said; one that is not enough does not.
void check_suggestions(const std::vector<Wishes>& wishes) {
    const Run run(wishes);
    const OpenNvSciKey* keys = nullptr;
    std::size_t key_count = 0;
    RC_ASSERT(opennvsciBufGetKeys(&keys, &key_count) == kSuccess);
    for (const Advice& advice : run.advice()) {
        RC_LOG() << advice.key << ": " << advice.text << "; then: " << advice.then << '\n';
        RC_ASSERT((advice.trial == OpenNvSciTrial_NeedsValue) == advice.changes.empty());
        const auto followed = follow<NvSciBufAttrKey>(advice, run.handles(), run.module(), {keys, key_count});
        if (advice.changes.empty() || followed.empty()) continue;
        const Reconciliation<List> then = reconcile(std::vector<NvSciBufAttrList>(followed.begin(), followed.end()));
        RC_LOG() << "then: " << then.code << ' ' << opennvsciGetLastErrorText() << '\n';
        RC_CLASSIFY(advice.trial == OpenNvSciTrial_Verified, "verified");
        RC_CLASSIFY(advice.outcome == OpenNvSciOutcome_Denied, "denied");
        const auto decision = then.code == kSuccess ? decision_on(then.reconciled, advice.key) : std::nullopt;
        const bool is_denied = decision && decision->outcome == OpenNvSciOutcome_Denied;
        RC_ASSERT((advice.trial == OpenNvSciTrial_Verified) == (then.code == kSuccess && !is_denied));
        if (advice.trial != OpenNvSciTrial_Verified) continue;
        RC_ASSERT(advice.then == (decision && decision->granted != std::string("unset") ? decision->granted : ""));
    }
}

RC_GTEST_PROP(Suggestion, HoldsForTypes, ()) {
    using Types = std::vector<NvSciBufType>;
    auto wishes = pick_any();
    for (Wishes& one : wishes) {
        one.types = *rc::gen::elementOf(std::vector<Types>{{NvSciBufType_RawBuffer},
                                                           {NvSciBufType_Image},
                                                           {NvSciBufType_Tensor},
                                                           {NvSciBufType_Pyramid},
                                                           {NvSciBufType_Image, NvSciBufType_Tensor}});
        const bool is_raw = one.types->front() == NvSciBufType_RawBuffer;
        one.size = is_raw ? std::optional<std::uint64_t>(4096) : std::nullopt;
        one.align.reset();
    }
    check_suggestions(wishes);
}

RC_GTEST_PROP(Suggestion, HoldsForValues, ()) {
    check_suggestions(pick_any(true));
}

RC_GTEST_PROP(Suggestion, HoldsWhereNothingConflicts, ()) {
    check_suggestions(*participants(modest_wishes()));
}

// Every call on the way, then everything is freed. Freed handles are used again, so a handle that a call forgot would
// let the numbers grow from case to case.
RC_GTEST_PROP(Handles, NothingLeaks, ()) {
    constexpr std::uint64_t kMostAtOnce = 64;
    const LeakCheck leaks;
    {
        const Run run(*rc::gen::oneOf(participants(modest_wishes()), participants(any_wishes(true))));
        const auto lists = run.handles();
        List appended;
        RC_ASSERT(NvSciBufAttrListAppendUnreconciled(lists.data(), lists.size(), appended.out()) == kSuccess);
        RC_ASSERT((reinterpret_cast<std::uint64_t>(appended.get()) & 0xFFFFFF) < kMostAtOnce);
        Object object;
        List conflict;
        const NvSciError code =
            NvSciBufAttrListReconcileAndObjAlloc(lists.data(), lists.size(), object.out(), conflict.out());
        RC_ASSERT(code == run.code());
        RC_ASSERT((conflict.get() != nullptr) == (code == kReconciliationFailed));
        if (code == kSuccess) {
            Object reduced;
            RC_ASSERT(NvSciBufObjDupWithReducePerm(object, NvSciBufAccessPerm_Readonly, reduced.out()) == kSuccess);
            NvSciBufAttrList borrowed = nullptr;
            RC_ASSERT(NvSciBufObjGetAttrList(reduced, &borrowed) == kSuccess);
            RC_ASSERT((reinterpret_cast<std::uint64_t>(reduced.get()) & 0xFFFFFF) < kMostAtOnce);
            const void* pointer = nullptr;
            const NvSciError mapped = NvSciBufObjGetConstCpuPtr(reduced, &pointer);
            RC_ASSERT((mapped == kSuccess) == run.outcome()->cpu);
        }
    }
    RC_ASSERT(leaks.differences() == "");
}

}  // namespace
}  // namespace opennvsci::test
