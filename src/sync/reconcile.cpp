// SPDX-License-Identifier: Apache-2.0
#include "sync/reconcile.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "attr/negotiation.h"
#include "attr/value_types.h"
#include "driver/driver.h"
#include "memory/domain.h"
#include "sync/keys.h"
#include "sync/participants.h"
#include "sync/vulkan_participants.h"

namespace opennvsci::sync {
namespace {

using attr::Ask;
using attr::Bytes;
using attr::Key;
using attr::Negotiation;
using attr::Outcome;
using attr::Reason;
using attr::Suggestion;

Result<std::vector<Participant>> participants(Negotiation& negotiation) {
    std::vector<Participant> all = participants_of(negotiation.report());
    for (std::size_t i = 0; i < all.size(); ++i) {
        if (all[i].permission != 0) continue;
        const std::string name = negotiation.report().participants()[i].text();
        return negotiation.refuse(NvSciSyncAttrKey_RequiredPerm, NvSciError_BadParameter, Reason::missing,
                                  fmt::format("{} does not set it", name),
                                  fmt::format("set it to WaitOnly, SignalOnly or WaitSignal in {}", name));
    }
    return all;
}

/// The names of the participants that `is_meant` is true for, by number.
template <class IsMeant>
std::string names_of(Negotiation& negotiation, IsMeant&& is_meant) {
    std::string names;
    const auto& participants = negotiation.report().participants();
    for (std::size_t i = 0; i < participants.size(); ++i) {
        if (!is_meant(i)) continue;
        if (!names.empty()) names += ", ";
        names += participants[i].text();
    }
    return names;
}

attr::Change ask_permission(std::size_t participant, NvSciSyncAccessPerm permission) {
    return Negotiation::ask_in(static_cast<std::uint32_t>(participant), NvSciSyncAttrKey_RequiredPerm,
                               std::span<const NvSciSyncAccessPerm>(&permission, 1));
}

// Of several signalers one stays: the first of a peer, which this process cannot change, else the first.
Suggestion let_the_others_wait(Negotiation& negotiation, const std::vector<Participant>& all) {
    const auto& known = negotiation.report().participants();
    std::optional<std::size_t> stays;
    for (std::size_t i = 0; i < all.size(); ++i) {
        if (!all[i].signals()) continue;
        if (!stays || (known[i].is_elsewhere() && !known[*stays].is_elsewhere())) stays = i;
    }
    const auto gives_way = [&](std::size_t i) { return all[i].signals() && i != *stays; };
    std::vector<attr::Change> changes;
    for (std::size_t i = 0; i < all.size(); ++i) {
        if (gives_way(i)) changes.push_back(ask_permission(i, NvSciSyncAccessPerm_WaitOnly));
    }
    return {fmt::format("ask WaitOnly in {}", names_of(negotiation, gives_way)), std::move(changes)};
}

// One signaler and at least one waiter; one list may be both (nvscisync.md 6.1). Returns the signaler.
Result<const Participant*> find_signaler(Negotiation& negotiation, const std::vector<Participant>& all) {
    const auto signals = [](const Participant& participant) { return participant.signals(); };
    const auto count = std::count_if(all.begin(), all.end(), signals);
    if (count != 1) {
        return negotiation.refuse(
            NvSciSyncAttrKey_RequiredPerm, NvSciError_ReconciliationFailed, Reason::roles,
            count == 0 ? std::string("no list signals, and exactly one must")
                       : fmt::format("{} lists signal ({}), and exactly one must", count,
                                     names_of(negotiation, [&](std::size_t i) { return all[i].signals(); })),
            count == 0 ? Suggestion("set SignalOnly in the list of the signaler")
                       : let_the_others_wait(negotiation, all));
    }
    const auto signaler = std::find_if(all.begin(), all.end(), signals);
    const auto number = static_cast<std::size_t>(signaler - all.begin());
    if (std::none_of(all.begin(), all.end(), [](const Participant& participant) { return participant.waits(); })) {
        return negotiation.refuse(
            NvSciSyncAttrKey_RequiredPerm, NvSciError_ReconciliationFailed, Reason::roles, "no list waits",
            {fmt::format("ask WaitSignal in {}", negotiation.report().participants()[number].text()),
             {ask_permission(number, NvSciSyncAccessPerm_WaitSignal)},
             "add a list that asks WaitOnly"});
    }
    return &*signaler;
}

bool offers(const Ask& ask, NvSciSyncAttrValPrimitiveType primitive) {
    const auto offered = attr::elements<NvSciSyncAttrValPrimitiveType>(ask.value);
    return std::find(offered.begin(), offered.end(), primitive) != offered.end();
}

// That everybody offers the best primitive of this machine.
std::vector<attr::Change> add_the_better(const std::vector<Ask>& asks) {
    std::vector<attr::Change> changes;
    for (const Ask& ask : asks) {
        if (offers(ask, kPrimitivesOfThisMachine.back())) continue;
        std::vector<NvSciSyncAttrValPrimitiveType> offered;
        for (const auto primitive : attr::elements<NvSciSyncAttrValPrimitiveType>(ask.value))
            offered.push_back(primitive);
        offered.push_back(kPrimitivesOfThisMachine.back());
        changes.push_back(Negotiation::ask_in(ask.participant, NvSciSyncAttrKey_PrimitiveInfo,
                                              std::span<const NvSciSyncAttrValPrimitiveType>(offered)));
    }
    return changes;
}

// The best that this machine has and all lists offer; a list that names none, or wants the CPU only, takes
// any of them (nvscisync.md 5.2 and 6.2).
Result<> choose_primitive(Negotiation& negotiation) {
    std::vector<NvSciSyncAttrValPrimitiveType> possible(kPrimitivesOfThisMachine.begin(),
                                                        kPrimitivesOfThisMachine.end());
    const auto known = negotiation.asks(NvSciSyncAttrKey_PrimitiveInfo);
    const std::vector<Ask> asks(known.begin(), known.end());
    const auto lacks_the_better = [&](std::size_t participant) {
        return std::any_of(asks.begin(), asks.end(), [&](const Ask& ask) {
            return ask.participant == participant && !offers(ask, kPrimitivesOfThisMachine.back());
        });
    };
    for (const Ask& ask : asks) {
        std::erase_if(possible, [&](auto primitive) { return !offers(ask, primitive); });
        if (!possible.empty()) continue;
        const Key& key = negotiation.key(NvSciSyncAttrKey_PrimitiveInfo);
        const auto text = [&](std::span<const NvSciSyncAttrValPrimitiveType> primitives) {
            return key.elements_text(std::as_bytes(primitives));
        };
        return negotiation.refuse(
            key.number, NvSciError_UnsupportedConfig, Reason::no_common_primitive,
            fmt::format("{} offers {}; of that, the other lists and this machine ({}) have none",
                        negotiation.name_of(ask), key.text(ask.value), text(kPrimitivesOfThisMachine)),
            {fmt::format("add {} in {}", text(std::span(kPrimitivesOfThisMachine).last(1)),
                         names_of(negotiation, lacks_the_better)),
             add_the_better(asks)});
    }
    negotiation.result().put_scalar(NvSciSyncAttrKey_PrimitiveInfo, possible.back());
    negotiation.decide(NvSciSyncAttrKey_PrimitiveInfo, {asks.empty() ? Outcome::defaulted : Outcome::granted});
    const bool is_64_bit = possible.back() == NvSciSyncAttrValPrimitiveType_SysmemSemaphorePayload64b;
    negotiation.compute(NvSciSyncAttrKey_MaxPrimitiveValue, is_64_bit ? std::uint64_t{UINT64_MAX} : UINT32_MAX,
                        "the greatest that the primitive holds", NvSciSyncAttrKey_PrimitiveInfo);
    return {};
}

attr::Change let_use_cpu(std::uint32_t participant) {
    constexpr bool kYes = true;
    return Negotiation::ask_in(participant, NvSciSyncAttrKey_NeedCpuAccess, std::span<const bool>(&kYes, 1));
}

Result<> decide_timestamps(Negotiation& negotiation, const std::vector<Participant>& all, const Participant& signaler) {
    constexpr auto kTimestamps = NvSciSyncAttrKey_WaiterRequireTimestamps;
    const bool asked = std::any_of(all.begin(), all.end(), [](const Participant& p) { return p.wants_timestamps; });
    const bool wanted = std::any_of(all.begin(), all.end(), [](const Participant& participant) {
        return participant.wants_timestamps && participant.waits() && participant.has_cpu;
    });
    if (wanted && !signaler.has_cpu && signaler.gpus.empty()) {
        const auto number = static_cast<std::uint32_t>(&signaler - all.data());
        const std::string name = negotiation.report().participants()[number].text();
        return negotiation.refuse(
            kTimestamps, NvSciError_ReconciliationFailed, Reason::inconsistent,
            fmt::format("the signaler, {}, names neither a GPU nor the CPU, which could supply them", name),
            {fmt::format("set NvSciSyncAttrKey_NeedCpuAccess in {}", name),
             {let_use_cpu(number)},
             fmt::format("set NvSciSyncAttrKey_GpuId in {}", name)});
    }
    negotiation.result().put_scalar(kTimestamps, wanted);
    if (asked && !wanted) {
        const auto could_have_them = [&](std::size_t i) {
            return all[i].wants_timestamps && all[i].waits() && !all[i].has_cpu;
        };
        std::vector<attr::Change> changes;
        for (std::uint32_t i = 0; i < all.size(); ++i) {
            if (could_have_them(i)) changes.push_back(let_use_cpu(i));
        }
        const std::string waiters = names_of(negotiation, could_have_them);
        negotiation.decide(
            kTimestamps,
            {Outcome::denied,
             "no list that asks for them waits with the CPU",
             {waiters.empty() ? std::string("ask for them in the list of a waiter, with NvSciSyncAttrKey_NeedCpuAccess")
                              : fmt::format("set NvSciSyncAttrKey_NeedCpuAccess in {}", waiters),
              std::move(changes)},
             Reason::downgraded});
    } else {
        negotiation.decide(kTimestamps, {asked ? Outcome::granted : Outcome::defaulted});
    }
    negotiation.compute(NvSciSyncAttrKey_NumTimestampSlots, wanted ? kSlots : 0U, "none without timestamps",
                        kTimestamps);
    negotiation.compute(NvSciSyncAttrKey_NumTaskStatusSlots, kSlots, "as many as every object has");
    return {};
}

Result<> merge_the_rest(Negotiation& negotiation) {
    for (const Key& key : schema().keys()) {
        if (key.merge == nullptr) continue;
        OPENNVSCI_TRY(negotiation.merge(key));
        if (key.type == &attr::value::boolean) negotiation.default_to(key.number, false);
    }
    return {};
}

// What a process may do follows from its own lists, not from those of others (nvscisync.md 5.2). A process that
// reconciles for others and has no list of its own keeps the permissions of all.
void keep_own_access(Negotiation& negotiation) {
    const Key& permissions = negotiation.key(NvSciSyncAttrKey_RequiredPerm);
    if (const auto own = negotiation.own_asks(permissions.number); !own.empty()) {
        (void)permissions.merge->merge(permissions, own, negotiation.result());  // always merges
    }
    negotiation.keep_own(NvSciSyncAttrKey_NeedCpuAccess);
}

struct Place {
    std::optional<memory::Domain> domain;  // none: CUDA's events order it
    attr::Text reason;
    Uuid gpu{};
};

attr::Text asked(const char* fact, std::uint32_t key) noexcept {
    return {fact, attr::Text::Owners::asking, key};
}

bool takes_part_elsewhere(Negotiation& negotiation, const std::vector<Participant>& all) {
    return !std::all_of(all.begin(), all.end(), [](const Participant& p) { return p.origin->is_this_process(); }) ||
           negotiation.is_asked(NvSciSyncAttrKey_PeerLocationInfo) ||
           negotiation.is_asked(NvSciSyncAttrKey_PeerHwEngineArray);
}

Place place_payload(Negotiation& negotiation, const std::vector<Participant>& all) {
    const auto signals_with_vulkan = [](const Participant& p) { return p.is_vulkan && p.signals(); };
    if (is_cuda_apart_from_vulkan(all, 0)) {
        return {memory::Domain::system,
                "CUDA cannot have the semaphore of the Vulkan device, and the CPU carries its values"};
    }
    if (std::any_of(all.begin(), all.end(), signals_with_vulkan) && !takes_part_elsewhere(negotiation, all)) {
        return {std::nullopt, "Vulkan signals, and its timeline semaphore has the payload"};
    }
    const auto has_cpu = [](const Participant& p) { return p.has_cpu; };
    const auto names_no_gpu = [](const Participant& p) { return p.gpus.empty(); };
    if (std::any_of(all.begin(), all.end(), has_cpu))
        return {memory::Domain::system, asked("the CPU takes part", NvSciSyncAttrKey_NeedCpuAccess)};
    if (std::any_of(all.begin(), all.end(), names_no_gpu))
        return {memory::Domain::system,
                attr::Text("a list names no GPU", attr::Text::Owners::lacking, NvSciSyncAttrKey_GpuId)};
    if (!std::all_of(all.begin(), all.end(), [](const Participant& p) { return p.origin->is_this_process(); })) {
        return {memory::Domain::system, attr::Text("another process takes part", attr::Text::Owners::peers)};
    }
    for (const auto key : {NvSciSyncAttrKey_PeerLocationInfo, NvSciSyncAttrKey_PeerHwEngineArray}) {
        if (negotiation.is_asked(key)) return {memory::Domain::system, asked("a peer will come later", key)};
    }
    if (!negotiation.result().required<bool>(NvSciSyncAttrKey_RequireDeterministicFences)) {
        return {std::nullopt,
                asked("only GPUs of this process take part, which CUDA's events order", NvSciSyncAttrKey_GpuId)};
    }
    const Uuid gpu = all.front().gpus.front();
    const bool is_only_gpu = std::all_of(all.begin(), all.end(), [&](const Participant& participant) {
        return std::all_of(participant.gpus.begin(), participant.gpus.end(), [&](const Uuid& id) { return id == gpu; });
    });
    if (!is_only_gpu) return {memory::Domain::system, asked("several GPUs take part", NvSciSyncAttrKey_GpuId)};
    const auto driver = driver::instance();
    if (!driver)
        return {memory::Domain::system, attr::Text(fmt::format("CUDA cannot be used now: {}", driver.error().text))};
    const driver::Device* device = (*driver)->find(gpu);
    if (device == nullptr || !device->supports_virtual_memory) {
        return {memory::Domain::system, "the GPU is not of this machine, or cannot share its memory"};
    }
    return {memory::Domain::video,
            asked("one GPU takes part, and its fences are deterministic", NvSciSyncAttrKey_GpuId), gpu};
}

void decide_place(Negotiation& negotiation, const std::vector<Participant>& all) {
    Place place = place_payload(negotiation, all);
    attr::Slot& result = negotiation.result();
    if (place.domain) result.put_scalar(kPayloadDomain, *place.domain);
    if (place.domain == memory::Domain::video) result.put_scalar(kPayloadGpu, place.gpu);
    negotiation.decide(kPayloadDomain, {Outcome::computed, std::move(place.reason), {}, Reason::follows});
    Roles roles;
    for (const Participant& participant : all) {
        if (participant.origin->is_this_process()) roles.add(participant);
    }
    roles.is_cuda_relayed = is_cuda_apart_from_vulkan(all, 0);
    roles.put(result);
    // The process that reconciles owns the primitive (nvscisync.md 5.2).
    negotiation.compute(NvSciSyncAttrKey_ActualPerm, NvSciSyncAccessPerm{NvSciSyncAccessPerm_WaitSignal},
                        "this process owns the primitive");
}

Result<> negotiate(Negotiation& negotiation) {
    OPENNVSCI_TRY(negotiation.check_asks());
    OPENNVSCI_TRY_ASSIGN(all, participants(negotiation));
    OPENNVSCI_TRY_ASSIGN(signaler, find_signaler(negotiation, all));
    OPENNVSCI_TRY(check_vulkan(negotiation, all));
    OPENNVSCI_TRY(choose_primitive(negotiation));
    OPENNVSCI_TRY(decide_timestamps(negotiation, all, *signaler));
    OPENNVSCI_TRY(merge_the_rest(negotiation));
    keep_own_access(negotiation);
    decide_place(negotiation, all);
    return {};
}

}  // namespace

attr::Reconciliation reconcile(std::span<const attr::List* const> lists) {
    Negotiation negotiation(schema(), lists);
    return negotiation.end(negotiate(negotiation));
}

Result<> validate(const attr::Slot& reconciled, std::span<const attr::List* const> lists, NvSciError mismatch) {
    OPENNVSCI_TRY(attr::check_satisfies(reconciled, lists, mismatch));
    // The value is of the process whose list it is, so the lists of others say nothing about it.
    bool has_own_lists = false;
    bool wants_cpu = !reconciled.required<bool>(NvSciSyncAttrKey_NeedCpuAccess);
    for (const attr::List* list : lists) {
        list->for_each_participant([&](const attr::Wishes& wishes) {
            if (!wishes.origin.is_this_process()) return;
            has_own_lists = true;
            const Bytes asked = wishes.values.get(*schema().find(NvSciSyncAttrKey_NeedCpuAccess));
            wants_cpu = wants_cpu || (!asked.empty() && asked[0] != std::byte{0});
        });
    }
    if (wants_cpu || !has_own_lists) return {};
    return expected_outcome(
        mismatch, "NvSciSyncAttrKey_NeedCpuAccess: the reconciled list has true, and none of the others asks for it");
}

}  // namespace opennvsci::sync
