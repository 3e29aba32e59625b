// SPDX-License-Identifier: Apache-2.0
//
// The laws of NvSciSync's reconciliation, on random participants. The model (sync_model.h) says independently what must
// come out. What is different from NvSciBuf: exactly one participant signals, so asking twice is not asking once.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <cctype>

#include "api/handles.h"
#include "leak_check.h"
#include "opennvsci.h"
#include "suggestion.h"
#include "sync_model.h"

namespace opennvsci::test {
namespace {

using SyncParticipants = std::vector<SyncWishes>;

/// The lists of some participants, and what reconciling them gave.
class SyncRun {
  public:
    explicit SyncRun(const SyncParticipants& participants) {
        for (const SyncWishes& wishes : participants)
            lists_.push_back(make_list(module_, wishes));
        result_ = reconcile(handles());
        if (code() != kSuccess) error_text_ = opennvsciGetLastErrorText();
    }

    [[nodiscard]] NvSciSyncModule module() const { return module_; }
    [[nodiscard]] NvSciError code() const { return result_.code; }
    [[nodiscard]] const std::string& error_text() const { return error_text_; }
    [[nodiscard]] NvSciSyncAttrList reconciled() const { return result_.reconciled; }
    [[nodiscard]] NvSciSyncAttrList conflict() const { return result_.conflict; }
    [[nodiscard]] std::vector<NvSciSyncAttrList> handles() const { return {lists_.begin(), lists_.end()}; }
    /// What came out; only if it succeeded.
    [[nodiscard]] std::optional<SyncContent> content() const {
        return code() == kSuccess ? std::optional(read_sync_content(reconciled())) : std::nullopt;
    }
    /// The decision of this outcome in the report of a list, if there is one; its texts live as long as this.
    [[nodiscard]] static std::optional<OpenNvSciDecision> decision(NvSciSyncAttrList list, OpenNvSciOutcome outcome) {
        const OpenNvSciDecision* decisions = nullptr;
        std::size_t count = 0;
        RC_ASSERT(opennvsciSyncAttrListGetDecisions(list, &decisions, &count) == kSuccess);
        for (std::size_t i = 0; i < count; ++i) {
            if (decisions[i].outcome == outcome) return decisions[i];
        }
        return std::nullopt;
    }
    /// The decision that refused. Only if there is a conflict list.
    [[nodiscard]] OpenNvSciDecision refusal() const {
        const auto refused = decision(conflict(), OpenNvSciOutcome_Refused);
        RC_ASSERT(refused.has_value());
        return *refused;
    }

    /// What the report suggests.
    [[nodiscard]] std::vector<Advice> advice() const {
        const OpenNvSciReport* report = nullptr;
        if (code() == kSuccess) {
            RC_ASSERT(opennvsciSyncAttrListGetReport(reconciled(), &report) == kSuccess);
            return advice_of(*report);
        }
        const OpenNvSciRefusal* refusal = nullptr;
        RC_ASSERT(opennvsciGetLastRefusal(&refusal) == kSuccess);
        RC_ASSERT(refusal->report != nullptr);
        return advice_of(*refusal->report);
    }

  private:
    SyncModule module_ = open_sync_module();
    std::vector<SyncList> lists_;
    Reconciliation<SyncList> result_{};
    std::string error_text_;
};

SyncParticipants pick_any_sync() {
    return *any_sync_participants().as("participants");
}
SyncParticipants pick_fitting_sync() {
    return *fitting_sync_participants().as("participants");
}
SyncParticipants pick_sync() {
    return *rc::gen::oneOf(fitting_sync_participants(), any_sync_participants()).as("participants");
}

// Code, content and conflict list, against the model.
void check_against_model(const SyncParticipants& wishes) {
    const SyncPrediction expected = predict_sync(wishes);
    const SyncRun run(wishes);
    RC_LOG() << "code " << run.code() << ": " << run.error_text() << '\n';
    RC_CLASSIFY(run.code() == kSuccess, "succeeds");
    RC_ASSERT((run.code() == kSuccess) == expected.failures.empty());
    RC_ASSERT((run.reconciled() != nullptr) == expected.failures.empty());
    const bool has_conflict = run.code() == kReconciliationFailed || run.code() == kUnsupportedConfig;
    RC_ASSERT((run.conflict() != nullptr) == has_conflict);
    if (expected.failures.empty()) {
        RC_ASSERT(*run.content() == expected.content);
        // It would be believed if another process sent it.
        const auto entry = api::sync_lists().acquire(api::number(run.reconciled()));
        const auto checked = attr::Slot::checked((*entry)->list->reconciled());
        if (!checked) RC_FAIL(checked.error().text);
    } else {
        RC_ASSERT(expected.failures.contains(run.code()));
        RC_ASSERT(run.error_text().find("NvSciSyncAttrKey_") != std::string::npos);
    }
}

RC_GTEST_PROP(SyncReconcile, GivesWhatTheModelSays, ()) {
    check_against_model(pick_any_sync());
}

// The same with participants that fit together, so that long lists succeed too.
RC_GTEST_PROP(SyncReconcile, GivesWhatTheModelSaysWhereNothingConflicts, ()) {
    const auto wishes = pick_fitting_sync();
    RC_ASSERT(predict_sync(wishes).failures.empty());
    check_against_model(wishes);
}

// The one wish that a success may leave out is one for timestamps of a list that does not wait with the CPU, and then
// the report says so.
RC_GTEST_PROP(SyncReconcile, TheResultSatisfiesEveryParticipant, ()) {
    const auto wishes = pick_sync();
    const SyncRun run(wishes);
    if (run.code() != kSuccess) return;
    const SyncContent content = *run.content();
    bool is_denied = false;
    for (const SyncWishes& one : wishes) {
        is_denied = is_denied || (!content.timestamps && one.timestamps.value_or(false));
        RC_ASSERT(satisfies(content, one));
    }
    const auto denial = SyncRun::decision(run.reconciled(), OpenNvSciOutcome_Denied);
    RC_ASSERT(denial.has_value() == is_denied);
    if (denial) RC_ASSERT(denial->key == std::uint32_t{NvSciSyncAttrKey_WaiterRequireTimestamps});
    RC_CLASSIFY(is_denied, "without timestamps");
    const auto lists = run.handles();
    bool valid = false;
    RC_ASSERT(NvSciSyncAttrListValidateReconciled(run.reconciled(), lists.data(), lists.size(), &valid) == kSuccess);
    RC_ASSERT(valid);
}

// For a part of those who took part, and one who did not; the object says the same of peers that come late.
RC_GTEST_PROP(SyncValidate, AgreesWithTheModelOnStrangers, ()) {
    const auto wishes = pick_fitting_sync();
    const SyncRun run(wishes);
    SyncParticipants strangers = *rc::gen::container<SyncParticipants>(*rc::gen::inRange(0, 2), any_sync_wishes());
    for (const SyncWishes& one : wishes) {
        if (strangers.empty() || *rc::gen::arbitrary<bool>()) strangers.push_back(one);
    }
    RC_LOG() << "strangers: " << rc::toString(strangers) << '\n';
    const bool expected = is_valid_for(*run.content(), strangers);
    RC_CLASSIFY(expected, "valid");
    std::vector<SyncList> lists;
    for (const SyncWishes& stranger : strangers)
        lists.push_back(make_list(run.module(), stranger));
    const std::vector<NvSciSyncAttrList> handles(lists.begin(), lists.end());
    bool valid = !expected;
    const NvSciError code =
        NvSciSyncAttrListValidateReconciled(run.reconciled(), handles.data(), handles.size(), &valid);
    RC_ASSERT(code == (expected ? kSuccess : kBadParameter));
    RC_ASSERT(valid == expected);
    SyncObject object;
    RC_ASSERT(NvSciSyncObjAlloc(run.reconciled(), object.out()) == kSuccess);
    RC_ASSERT(NvSciSyncObjAttachPeer(object, handles.data(), handles.size()) == code);
}

RC_GTEST_PROP(SyncReconcile, IsCommutative, ()) {
    const auto wishes = pick_sync();
    auto shuffled = wishes;
    for (std::size_t i = 0; i < shuffled.size(); ++i)
        std::swap(shuffled[i], shuffled[*rc::gen::inRange(i, shuffled.size())]);
    const SyncRun one(wishes);
    const SyncRun other(shuffled);
    RC_ASSERT(one.content() == other.content());
    // Of several causes the first in the order of the lists may be told, but legal values come before everything else.
    RC_ASSERT((one.code() == kBadParameter) == (other.code() == kBadParameter));
    if (predict_sync(wishes).failures.size() < 2) RC_ASSERT(one.code() == other.code());
}

RC_GTEST_PROP(SyncReconcile, IsIdempotentInWaiters, ()) {
    const auto wishes = pick_sync();
    auto twice = wishes;
    std::copy_if(wishes.begin(), wishes.end(), std::back_inserter(twice),
                 [](const SyncWishes& one) { return !one.signals(); });
    const SyncRun one(wishes);
    const SyncRun other(twice);
    RC_ASSERT(one.code() == other.code());
    RC_ASSERT(one.content() == other.content());
}

/// The participants that a text names: "list 2, list 5" gives 1 and 4.
std::vector<std::size_t> participants_named_in(const std::string& text) {
    const std::string kList = "list ";
    std::vector<std::size_t> named;
    for (std::size_t at = text.find(kList); at != std::string::npos; at = text.find(kList, at)) {
        at += kList.size();
        if (at < text.size() && std::isdigit(static_cast<unsigned char>(text[at])) != 0) {
            named.push_back(std::stoul(text.substr(at)) - 1);
        }
    }
    return named;
}

RC_GTEST_PROP(SyncReconcile, ASignalerGivenTwiceIsTwoSignalers, ()) {
    auto wishes = pick_fitting_sync();
    wishes.push_back(*std::find_if(wishes.begin(), wishes.end(), [](const SyncWishes& one) { return one.signals(); }));
    const SyncRun run(wishes);
    RC_ASSERT(run.code() == kReconciliationFailed);
    RC_ASSERT(run.refusal().key == std::uint32_t{NvSciSyncAttrKey_RequiredPerm});
    // Every list that signals is named, and no other.
    for (const std::size_t named : participants_named_in(run.refusal().reason))
        RC_ASSERT(wishes.at(named).signals());
    RC_ASSERT(participants_named_in(run.refusal().reason).size() == 2U);
}

RC_GTEST_PROP(SyncReconcile, AClonedListAsksTheSame, ()) {
    const SyncRun run(pick_sync());
    std::vector<SyncList> clones;
    for (const NvSciSyncAttrList list : run.handles())
        RC_ASSERT(NvSciSyncAttrListClone(list, clones.emplace_back().out()) == kSuccess);
    const Reconciliation<SyncList> cloned = reconcile(std::vector<NvSciSyncAttrList>(clones.begin(), clones.end()));
    RC_ASSERT(cloned.code == run.code());
    if (cloned.code == kSuccess) RC_ASSERT(read_sync_content(cloned.reconciled) == *run.content());
}

// reconcile({a, b, c, …}) = reconcile({append(a, b), c, …}) = … for every place to cut.
RC_GTEST_PROP(SyncReconcile, IsAssociativeThroughAppend, ()) {
    const SyncRun run(pick_sync());
    const auto lists = run.handles();
    for (std::size_t cut = 1; cut < lists.size(); ++cut) {
        SyncList left;
        SyncList right;
        RC_ASSERT(NvSciSyncAttrListAppendUnreconciled(lists.data(), cut, left.out()) == kSuccess);
        RC_ASSERT(NvSciSyncAttrListAppendUnreconciled(lists.data() + cut, lists.size() - cut, right.out()) == kSuccess);
        const Reconciliation<SyncList> appended = reconcile({left, right});
        RC_ASSERT(appended.code == run.code());
        if (appended.code == kSuccess) RC_ASSERT(read_sync_content(appended.reconciled) == *run.content());
    }
}

/// The wishes of one participant that asks exactly for what a list holds.
SyncWishes asking_for(const SyncContent& content) {
    SyncWishes wishes;
    wishes.permission = content.required_permission;
    wishes.cpu = content.cpu;
    wishes.context_insensitive = content.context_insensitive;
    wishes.timestamps = content.timestamps;
    wishes.deterministic = content.deterministic;
    wishes.primitives = {content.primitive};
    if (!content.peers.empty()) wishes.peers.emplace(content.peers.begin(), content.peers.end());
    if (!content.gpus.empty()) wishes.gpus.emplace(content.gpus.begin(), content.gpus.end());
    if (!content.engines.empty()) wishes.engines.emplace(content.engines.begin(), content.engines.end());
    return wishes;
}

RC_GTEST_PROP(SyncReconcile, AResultAskedForGivesItself, ()) {
    const SyncRun run(pick_sync());
    if (run.code() != kSuccess) return;
    RC_ASSERT(SyncRun({asking_for(*run.content())}).content() == run.content());
}

template <class T>
bool includes_all(const std::set<T>& all, const std::set<T>& some) {
    return std::includes(all.begin(), all.end(), some.begin(), some.end());
}

// What was granted to the others stays granted, and nothing comes that nobody asked for.
RC_GTEST_PROP(SyncReconcile, AddingAParticipantTakesNothingAway, ()) {
    auto wishes = pick_fitting_sync();
    const SyncWishes added = *rc::gen::oneOf(fitting_waiter(), any_sync_wishes()).as("added");
    const SyncContent before = *SyncRun(wishes).content();
    wishes.push_back(added);
    const SyncRun run(wishes);
    RC_PRE(run.code() == kSuccess);
    const SyncContent after = *run.content();
    RC_ASSERT(after.actual_permission == before.actual_permission);
    RC_ASSERT(after.required_permission == (before.required_permission | *added.permission));
    RC_ASSERT(after.cpu == (before.cpu || added.has_cpu()));
    RC_ASSERT(after.context_insensitive == (before.context_insensitive || added.context_insensitive.value_or(false)));
    RC_ASSERT(after.deterministic == (before.deterministic || added.deterministic.value_or(false)));
    RC_ASSERT(after.timestamps >= before.timestamps);
    if (after.timestamps && !before.timestamps) RC_ASSERT(added.timestamps.value_or(false) && added.has_cpu());
    RC_ASSERT(after.timestamp_slots >= before.timestamp_slots);
    RC_ASSERT(after.task_status_slots == before.task_status_slots);
    // The one way down: to a primitive that the new one has too.
    RC_ASSERT(after.max_value <= before.max_value);
    if (after.primitive != before.primitive) RC_ASSERT(added.primitives.has_value());
    RC_ASSERT(includes_all(after.gpus, before.gpus));
    RC_ASSERT(includes_all(after.peers, before.peers));
    RC_ASSERT(includes_all(after.engines, before.engines));
}

RC_GTEST_PROP(SyncReconcile, AddingAParticipantHealsNoContradiction, ()) {
    auto wishes = pick_any_sync();
    const auto signalers = std::count_if(wishes.begin(), wishes.end(), [](const auto& one) { return one.signals(); });
    const SyncRun run(wishes);
    RC_PRE(run.code() != kSuccess);
    // A signaler or a waiter that is missing may be the one that comes.
    const bool may_be_healed = run.code() == kReconciliationFailed && signalers < 2 &&
                               run.refusal().key == std::uint32_t{NvSciSyncAttrKey_RequiredPerm};
    RC_PRE(!may_be_healed);
    wishes.push_back(*any_sync_wishes());
    RC_ASSERT(SyncRun(wishes).code() != kSuccess);
}

// After a refusal the lists are what they were: they ask the same again, some of them may agree, and a key that was not
// set can be set.
RC_GTEST_PROP(SyncReconcile, AFailureLeavesTheInputsUsable, ()) {
    auto wishes = pick_any_sync();
    const SyncRun run(wishes);
    RC_PRE(run.code() != kSuccess);
    const auto lists = run.handles();
    const Reconciliation<SyncList> again = reconcile(lists);
    RC_ASSERT(again.code == run.code());
    RC_ASSERT(std::string(opennvsciGetLastErrorText()) == run.error_text());
    for (std::size_t i = 0; i < lists.size(); ++i) {
        const auto permission = get<NvSciSyncAccessPerm>(lists[i], NvSciSyncAttrKey_RequiredPerm);
        RC_ASSERT(permission.size() == (wishes[i].permission ? 1U : 0U));
        if (!permission.empty()) RC_ASSERT(permission.front() == *wishes[i].permission);
        const NvSciError set_late = set(lists[i], NvSciSyncAttrKey_RequireDeterministicFences, true);
        RC_ASSERT((set_late == kSuccess) == !wishes[i].deterministic.has_value());
        if (!wishes[i].deterministic) wishes[i].deterministic = true;
    }
    SyncParticipants chosen;
    std::vector<NvSciSyncAttrList> chosen_lists;
    for (std::size_t i = 0; i < lists.size(); ++i) {
        if (*rc::gen::arbitrary<bool>()) continue;
        chosen.push_back(wishes[i]);
        chosen_lists.push_back(lists[i]);
    }
    RC_PRE(!chosen.empty());
    const SyncPrediction expected = predict_sync(chosen);
    const Reconciliation<SyncList> part = reconcile(chosen_lists);
    RC_CLASSIFY(part.code == kSuccess, "some of them agree");
    RC_ASSERT((part.code == kSuccess) == expected.failures.empty());
    if (expected.failures.empty()) RC_ASSERT(read_sync_content(part.reconciled) == expected.content);
}

/// Does what each suggestion says: a verified one reconciles, and grants what it said; one that is not enough does not.
void check_suggestions(const SyncParticipants& wishes) {
    const SyncRun run(wishes);
    const OpenNvSciKey* keys = nullptr;
    std::size_t key_count = 0;
    RC_ASSERT(opennvsciSyncGetKeys(&keys, &key_count) == kSuccess);
    for (const Advice& advice : run.advice()) {
        RC_LOG() << advice.key << ": " << advice.text << "; then: " << advice.then << '\n';
        RC_ASSERT((advice.trial == OpenNvSciTrial_NeedsValue) == advice.changes.empty());
        if (advice.changes.empty()) continue;
        const auto followed = follow<NvSciSyncAttrKey>(advice, run.handles(), run.module(), {keys, key_count});
        const Reconciliation<SyncList> then =
            reconcile(std::vector<NvSciSyncAttrList>(followed.begin(), followed.end()));
        RC_LOG() << "then: " << then.code << ' ' << opennvsciGetLastErrorText() << '\n';
        RC_CLASSIFY(advice.trial == OpenNvSciTrial_Verified, "verified");
        RC_CLASSIFY(advice.outcome == OpenNvSciOutcome_Denied, "denied");
        const auto denial =
            then.code == kSuccess ? SyncRun::decision(then.reconciled, OpenNvSciOutcome_Denied) : std::nullopt;
        const bool is_denied = denial && denial->key == advice.key;
        RC_ASSERT((advice.trial == OpenNvSciTrial_Verified) == (then.code == kSuccess && !is_denied));
        if (advice.trial != OpenNvSciTrial_Verified || advice.key != NvSciSyncAttrKey_WaiterRequireTimestamps) continue;
        RC_ASSERT(advice.then == "true");
        RC_ASSERT(read_sync_content(then.reconciled).timestamps);
    }
}

RC_GTEST_PROP(SyncSuggestion, HoldsForAnyWishes, ()) {
    check_suggestions(pick_any_sync());
}

RC_GTEST_PROP(SyncSuggestion, HoldsWhereOnlyWishesAreDenied, ()) {
    check_suggestions(pick_fitting_sync());
}

// Who signals is decided by the list with the signal permission, not by who else uses the CPU.
RC_GTEST_PROP(SyncObjects, OnlyACpuSignalerSignals, ()) {
    const auto wishes = pick_fitting_sync();
    const SyncRun run(wishes);
    SyncObject object;
    RC_ASSERT(NvSciSyncObjAlloc(run.reconciled(), object.out()) == kSuccess);
    const bool is_cpu_signaler =
        std::find_if(wishes.begin(), wishes.end(), [](const auto& one) { return one.signals(); })->has_cpu();
    RC_CLASSIFY(is_cpu_signaler, "CPU signaler");
    const NvSciError expected = is_cpu_signaler ? kSuccess : kBadParameter;
    NvSciSyncFence fence = NvSciSyncFenceInitializer;
    RC_ASSERT(NvSciSyncObjGenerateFence(object, &fence) == expected);
    RC_ASSERT(NvSciSyncObjSignal(object) == expected);
    NvSciSyncAttrList list = nullptr;
    RC_ASSERT(NvSciSyncObjGetAttrList(object, &list) == kSuccess);
    RC_ASSERT(read_sync_content(list) == *run.content());
    const WaitContext context = wait_context(run.module());
    RC_ASSERT(NvSciSyncFenceUpdateFence(object, 0, 1, &fence) == kSuccess);
    RC_ASSERT(NvSciSyncFenceWait(&fence, context, 0) == (!run.content()->cpu ? kBadParameter
                                                         : is_cpu_signaler   ? kSuccess
                                                                             : kTimeout));
}

// Every call on the way, then everything is freed. Freed handles are used again, so a handle that a call forgot would
// let the numbers grow from case to case.
RC_GTEST_PROP(SyncHandles, NothingLeaks, ()) {
    constexpr std::uint64_t kMostAtOnce = 64;
    const auto is_small = [](auto handle) {
        return (reinterpret_cast<std::uint64_t>(handle) & 0xFFFFFF) < kMostAtOnce;
    };
    const LeakCheck leaks;
    {
        const SyncRun run(pick_sync());
        const auto lists = run.handles();
        SyncList appended;
        RC_ASSERT(NvSciSyncAttrListAppendUnreconciled(lists.data(), lists.size(), appended.out()) == kSuccess);
        RC_ASSERT(is_small(appended.get()));
        SyncObject object;
        SyncList conflict;
        const NvSciError code =
            NvSciSyncAttrListReconcileAndObjAlloc(lists.data(), lists.size(), object.out(), conflict.out());
        RC_ASSERT(code == run.code());
        RC_ASSERT((conflict.get() != nullptr) == (run.conflict() != nullptr));
        RC_ASSERT((object.get() != nullptr) == (code == kSuccess));
        if (code == kSuccess) {
            SyncObject duplicate;
            RC_ASSERT(NvSciSyncObjDup(object, duplicate.out()) == kSuccess);
            NvSciSyncAttrList borrowed = nullptr;
            RC_ASSERT(NvSciSyncObjGetAttrList(duplicate, &borrowed) == kSuccess);
            RC_ASSERT(is_small(duplicate.get()) && is_small(borrowed));
        }
    }
    RC_ASSERT(leaks.differences() == "");
}

}  // namespace
}  // namespace opennvsci::test
