// SPDX-License-Identifier: Apache-2.0
#include "sync/reconcile.h"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "attr/negotiation.h"
#include "attr/value_types.h"
#include "driver/driver.h"
#include "sync/keys.h"

namespace opennvsci::sync {
namespace {

using attr::Ask;
using attr::Bytes;
using attr::Key;
using attr::Negotiation;
using attr::Outcome;

using Primitives = std::vector<std::uint32_t>;

/// What one participant wants, as far as several keys belong together.
struct Participant {
    NvSciSyncAccessPerm permission = 0;
    bool has_cpu = false;
    bool wants_timestamps = false;
    std::vector<Uuid> gpus;

    [[nodiscard]] bool signals() const { return (permission & NvSciSyncAccessPerm_SignalOnly) != 0; }
    [[nodiscard]] bool waits() const { return (permission & NvSciSyncAccessPerm_WaitOnly) != 0; }
    /// A list that names no GPU and does not want the CPU leaves open what it is for.
    [[nodiscard]] bool speaks_for_cuda() const { return !gpus.empty() || !has_cpu; }
};

template <class T>
std::vector<T> elements(Bytes value) {
    std::vector<T> all;
    for (std::size_t at = 0; at < value.size(); at += sizeof(T))
        all.push_back(load<T>(value.data() + at));
    return all;
}

bool has_duplicates(Primitives primitives) {
    std::sort(primitives.begin(), primitives.end());
    return std::adjacent_find(primitives.begin(), primitives.end()) != primitives.end();
}

// The values that setting did not check (nvscisync.md 5.2).
Result<> check_values(Negotiation& negotiation) {
    for (const Key& key : schema().keys()) {
        if (key.legal == nullptr) continue;
        for (const Ask& ask : negotiation.asks(key.number)) {
            bool legal =
                key.number != NvSciSyncAttrKey_PrimitiveInfo || !has_duplicates(elements<std::uint32_t>(ask.value));
            for (std::size_t at = 0; at < ask.value.size(); at += key.type->size)
                legal = legal && key.legal->accepts(ask.value.data() + at);
            if (legal) continue;
            const std::string name = negotiation.report().participants()[ask.participant].text();
            return negotiation.refuse(key.number, NvSciError_BadParameter,
                                      fmt::format("{} asks {}; it must be {}{}", name, key.text(ask.value),
                                                  key.legal->text, key.max_count > 1 ? ", none twice" : ""),
                                      fmt::format("change it in {}", name));
        }
    }
    return {};
}

Result<std::vector<Participant>> participants(Negotiation& negotiation) {
    std::vector<Participant> all(negotiation.report().participants().size());
    for (const Ask& ask : negotiation.asks(NvSciSyncAttrKey_RequiredPerm))
        all[ask.participant].permission = load<NvSciSyncAccessPerm>(ask.value.data());
    for (const Ask& ask : negotiation.asks(NvSciSyncAttrKey_NeedCpuAccess))
        all[ask.participant].has_cpu = load<bool>(ask.value.data());
    for (const Ask& ask : negotiation.asks(NvSciSyncAttrKey_WaiterRequireTimestamps))
        all[ask.participant].wants_timestamps = load<bool>(ask.value.data());
    for (const Ask& ask : negotiation.asks(NvSciSyncAttrKey_GpuId)) {
        for (const auto& id : elements<NvSciRmGpuId>(ask.value)) {
            if (const Uuid uuid = Uuid::from(id.bytes); !uuid.is_null()) all[ask.participant].gpus.push_back(uuid);
        }
    }
    for (std::size_t i = 0; i < all.size(); ++i) {
        if (all[i].permission != 0) continue;
        const std::string name = negotiation.report().participants()[i].text();
        return negotiation.refuse(NvSciSyncAttrKey_RequiredPerm, NvSciError_BadParameter,
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

// One signaler and at least one waiter; one list may be both (nvscisync.md 6.1). Returns the signaler.
Result<const Participant*> find_signaler(Negotiation& negotiation, const std::vector<Participant>& all) {
    const auto signals = [](const Participant& participant) { return participant.signals(); };
    const auto count = std::count_if(all.begin(), all.end(), signals);
    if (count != 1) {
        return negotiation.refuse(
            NvSciSyncAttrKey_RequiredPerm, NvSciError_ReconciliationFailed,
            count == 0 ? std::string("no list signals, and exactly one must")
                       : fmt::format("{} lists signal ({}), and exactly one must", count,
                                     names_of(negotiation, [&](std::size_t i) { return all[i].signals(); })),
            count == 0 ? "set SignalOnly in the list of the signaler" : "ask WaitOnly in all of them but one");
    }
    if (std::none_of(all.begin(), all.end(), [](const Participant& participant) { return participant.waits(); })) {
        return negotiation.refuse(NvSciSyncAttrKey_RequiredPerm, NvSciError_ReconciliationFailed, "no list waits",
                                  "add a list with WaitOnly, or ask WaitSignal");
    }
    OPENNVSCI_TRY(negotiation.merge(negotiation.key(NvSciSyncAttrKey_RequiredPerm)));
    return &*std::find_if(all.begin(), all.end(), signals);
}

// What a machine with discrete GPUs has, the better one first; a list that names none, or wants the CPU only, takes
// any of them (nvscisync.md 5.2 and 6.2).
Result<> choose_primitive(Negotiation& negotiation) {
    Primitives possible{NvSciSyncAttrValPrimitiveType_SysmemSemaphorePayload64b,
                        NvSciSyncAttrValPrimitiveType_SysmemSemaphore};
    const auto offers = [](const Ask& ask, std::uint32_t primitive) {
        const auto offered = elements<std::uint32_t>(ask.value);
        return std::find(offered.begin(), offered.end(), primitive) != offered.end();
    };
    const auto known = negotiation.asks(NvSciSyncAttrKey_PrimitiveInfo);
    const std::vector<Ask> asks(known.begin(), known.end());
    const auto lacks_the_better = [&](std::size_t participant) {
        return std::any_of(asks.begin(), asks.end(), [&](const Ask& ask) {
            return ask.participant == participant &&
                   !offers(ask, NvSciSyncAttrValPrimitiveType_SysmemSemaphorePayload64b);
        });
    };
    for (const Ask& ask : asks) {
        std::erase_if(possible, [&](std::uint32_t primitive) { return !offers(ask, primitive); });
        if (!possible.empty()) continue;
        const std::string name = negotiation.report().participants()[ask.participant].text();
        const std::string offer = negotiation.key(NvSciSyncAttrKey_PrimitiveInfo).text(ask.value);
        return negotiation.refuse(
            NvSciSyncAttrKey_PrimitiveInfo, NvSciError_UnsupportedConfig,
            fmt::format("{} offers {}; of that, the other lists and this machine (SysmemSemaphore, "
                        "SysmemSemaphorePayload64b) have none",
                        name, offer),
            fmt::format("add SysmemSemaphorePayload64b in {}", names_of(negotiation, lacks_the_better)));
    }
    attr::Slot& result = negotiation.result();
    result.put_scalar(NvSciSyncAttrKey_PrimitiveInfo, possible.front());
    negotiation.decide(NvSciSyncAttrKey_PrimitiveInfo,
                       negotiation.is_asked(NvSciSyncAttrKey_PrimitiveInfo) ? Outcome::granted : Outcome::defaulted);
    const bool is_64_bit = possible.front() == NvSciSyncAttrValPrimitiveType_SysmemSemaphorePayload64b;
    result.put_scalar(NvSciSyncAttrKey_MaxPrimitiveValue, is_64_bit ? std::uint64_t{UINT64_MAX} : UINT32_MAX);
    negotiation.decide(NvSciSyncAttrKey_MaxPrimitiveValue, Outcome::computed);
    return {};
}

Result<> decide_timestamps(Negotiation& negotiation, const std::vector<Participant>& all, const Participant& signaler) {
    constexpr auto kTimestamps = NvSciSyncAttrKey_WaiterRequireTimestamps;
    const bool asked = std::any_of(all.begin(), all.end(), [](const Participant& p) { return p.wants_timestamps; });
    const bool wanted = std::any_of(all.begin(), all.end(), [](const Participant& participant) {
        return participant.wants_timestamps && participant.waits() && participant.has_cpu;
    });
    if (wanted && !signaler.has_cpu && signaler.gpus.empty()) {
        return negotiation.refuse(kTimestamps, NvSciError_ReconciliationFailed,
                                  "the signaler names neither a GPU nor the CPU, which could supply them",
                                  "set NvSciSyncAttrKey_GpuId or NvSciSyncAttrKey_NeedCpuAccess in its list");
    }
    negotiation.result().put_scalar(kTimestamps, wanted);
    if (asked && !wanted) {
        const std::string waiters = names_of(
            negotiation, [&](std::size_t i) { return all[i].wants_timestamps && all[i].waits() && !all[i].has_cpu; });
        negotiation.decide(kTimestamps, Outcome::denied, "no list that asks for them waits with the CPU",
                           waiters.empty() ? "ask for them in the list of a waiter, with NvSciSyncAttrKey_NeedCpuAccess"
                                           : fmt::format("set NvSciSyncAttrKey_NeedCpuAccess in {}", waiters));
    } else {
        negotiation.decide(kTimestamps, asked ? Outcome::granted : Outcome::defaulted);
    }
    negotiation.result().put_scalar(NvSciSyncAttrKey_NumTimestampSlots, wanted ? kSlots : 0U);
    negotiation.decide(NvSciSyncAttrKey_NumTimestampSlots, Outcome::computed);
    negotiation.result().put_scalar(NvSciSyncAttrKey_NumTaskStatusSlots, kSlots);
    negotiation.decide(NvSciSyncAttrKey_NumTaskStatusSlots, Outcome::computed);
    return {};
}

Result<> merge_the_rest(Negotiation& negotiation) {
    for (const Key& key : schema().keys()) {
        if (key.merge == nullptr || key.number == NvSciSyncAttrKey_RequiredPerm) continue;
        OPENNVSCI_TRY(negotiation.merge(key));
        if (key.type != &attr::value::boolean || negotiation.result().has(key)) continue;
        negotiation.result().put_scalar(key.number, false);
        negotiation.decide(key.number, Outcome::defaulted);
    }
    return {};
}

struct Place {
    Residence residence;
    std::string reason;
    Uuid gpu{};
};

Place place_payload(Negotiation& negotiation, const std::vector<Participant>& all) {
    const auto has_cpu = [](const Participant& p) { return p.has_cpu; };
    const auto names_no_gpu = [](const Participant& p) { return p.gpus.empty(); };
    if (std::any_of(all.begin(), all.end(), has_cpu)) return {Residence::system, "the CPU takes part"};
    if (std::any_of(all.begin(), all.end(), names_no_gpu)) return {Residence::system, "a list names no GPU"};
    if (negotiation.is_asked(NvSciSyncAttrKey_PeerLocationInfo) ||
        negotiation.is_asked(NvSciSyncAttrKey_PeerHwEngineArray)) {
        return {Residence::system, "a peer will come later"};
    }
    if (!*negotiation.result().scalar<bool>(NvSciSyncAttrKey_RequireDeterministicFences)) {
        return {Residence::streams, "only GPUs of this process take part, which CUDA's events order"};
    }
    const Uuid gpu = all.front().gpus.front();
    const bool is_only_gpu = std::all_of(all.begin(), all.end(), [&](const Participant& participant) {
        return std::all_of(participant.gpus.begin(), participant.gpus.end(), [&](const Uuid& id) { return id == gpu; });
    });
    if (!is_only_gpu) return {Residence::system, "several GPUs take part"};
    const auto driver = driver::instance();
    if (!driver) return {Residence::system, fmt::format("CUDA cannot be used now: {}", driver.error().text)};
    const driver::Device* device = (*driver)->find(gpu);
    if (device == nullptr || !device->supports_virtual_memory) {
        return {Residence::system, "the GPU is not of this machine, or cannot share its memory"};
    }
    return {Residence::video, "one GPU takes part, and its fences are deterministic", gpu};
}

void decide_place(Negotiation& negotiation, const std::vector<Participant>& all, const Participant& signaler) {
    Place place = place_payload(negotiation, all);
    attr::Slot& result = negotiation.result();
    result.put_scalar(kResidence, place.residence);
    result.put_scalar(kResidenceGpu, place.gpu);
    result.put_scalar(kCpuSignaler, signaler.has_cpu);
    result.put_scalar(kStreamSignaler, signaler.speaks_for_cuda());
    result.put_scalar(kStreamWaiter, std::any_of(all.begin(), all.end(), [](const Participant& participant) {
                          return participant.waits() && participant.speaks_for_cuda();
                      }));
    negotiation.decide(kResidence, Outcome::computed, std::move(place.reason));
    // The process that reconciles owns the primitive (nvscisync.md 5.2).
    result.put_scalar(NvSciSyncAttrKey_ActualPerm, NvSciSyncAccessPerm_WaitSignal);
    negotiation.decide(NvSciSyncAttrKey_ActualPerm, Outcome::computed, "this process owns the primitive");
}

Result<> negotiate(Negotiation& negotiation) {
    OPENNVSCI_TRY(check_values(negotiation));
    OPENNVSCI_TRY_ASSIGN(all, participants(negotiation));
    OPENNVSCI_TRY_ASSIGN(signaler, find_signaler(negotiation, all));
    OPENNVSCI_TRY(choose_primitive(negotiation));
    OPENNVSCI_TRY(decide_timestamps(negotiation, all, *signaler));
    OPENNVSCI_TRY(merge_the_rest(negotiation));
    decide_place(negotiation, all, *signaler);
    return {};
}

}  // namespace

Reconciliation reconcile(std::span<const attr::List* const> lists) {
    Negotiation negotiation(schema(), lists);
    if (auto negotiated = negotiate(negotiation); !negotiated) {
        return {tl::make_unexpected(std::move(negotiated).error()), negotiation.take_conflict()};
    }
    return {negotiation.take_reconciled(), nullptr};
}

Result<> validate(const attr::Slot& reconciled, std::span<const attr::List* const> lists) {
    bool wants_cpu = false;
    for (const attr::List* list : lists) {
        for (const attr::NamedSlot& slot : list->copy_slots()) {
            wants_cpu = wants_cpu || slot.values.scalar<std::uint8_t>(NvSciSyncAttrKey_NeedCpuAccess).value_or(0) != 0;
            for (const Key& key : schema().keys()) {
                if (key.check == nullptr || key.check->holds(key, reconciled, slot.values)) continue;
                return fail(
                    NvSciError_BadParameter,
                    fmt::format("{}: the reconciled list has {}, the other one {}; rule '{}'", key.name,
                                key.text(reconciled.get(key)), key.text(slot.values.get(key)), key.check->name));
            }
        }
    }
    if (wants_cpu || !*reconciled.scalar<bool>(NvSciSyncAttrKey_NeedCpuAccess)) return {};
    return fail(NvSciError_BadParameter,
                "NvSciSyncAttrKey_NeedCpuAccess: the reconciled list has true, and none of the others asks for it");
}

}  // namespace opennvsci::sync
