// SPDX-License-Identifier: Apache-2.0
#include "sync/list_exchange.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/unaligned.h"
#include "memory/domain.h"
#include "sync/keys.h"
#include "sync/participants.h"
#include "sync/peers.h"
#include "sync/vulkan_participants.h"

namespace opennvsci::sync {
namespace {

namespace wire = attr::wire;

// The last two tell which of a peer's lists speak for CUDA.
constexpr std::uint32_t kShareKeys[] = {NvSciSyncAttrKey_NeedCpuAccess, NvSciSyncAttrKey_RequiredPerm,
                                        NvSciSyncAttrKey_GpuId, kVulkanParticipant};
constexpr wire::Library kLibrary{
    2, "NvSciSync", schema, NvSciError_BadParameter, NvSciError_AttrListValidationFailed, kShareKeys};

// What a list of the CPU takes that names none (nvscisync.md 5.2).
constexpr NvSciSyncAttrValPrimitiveType kPrimitivesOfTheCpu[] = {
    NvSciSyncAttrValPrimitiveType_Syncpoint, NvSciSyncAttrValPrimitiveType_SysmemSemaphore,
    NvSciSyncAttrValPrimitiveType_SysmemSemaphorePayload64b};

// Nobody checks values when they are set (nvscisync.md 5.2).
Result<> check_values(const attr::Wishes& wishes, std::size_t slot) {
    const auto checked = attr::CheckedWishes::of(wishes.values);
    if (checked) return {};
    const std::string name = wishes.name.empty() ? fmt::format("slot {}", slot + 1) : wishes.name;
    return fail(NvSciError_BadParameter, fmt::format("{}: {}", name, checked.error().text));
}

void add_primitives(attr::Values& values) {
    const attr::Bytes needs_cpu = values.get(*schema().find(NvSciSyncAttrKey_NeedCpuAccess));
    const attr::Key& primitives = *schema().find(NvSciSyncAttrKey_PrimitiveInfo);
    if (needs_cpu.empty() || !load<bool>(needs_cpu.data()) || values.has(primitives)) return;
    values.put(primitives, std::as_bytes(std::span(kPrimitivesOfTheCpu)));
}

// What the peer sees: its own rights and roles in place of this process's.
attr::Slot result_for_peer(const attr::List& list, std::uint64_t session, const PeerShare& share) {
    attr::Slot view = list.reconciled();
    view.put_scalar(NvSciSyncAttrKey_NeedCpuAccess, share.needs_cpu_access);
    view.put_scalar(NvSciSyncAttrKey_RequiredPerm, share.permission);
    view.put_scalar(NvSciSyncAttrKey_ActualPerm, share.permission);
    Roles roles;
    const auto report = list.report();
    const auto all = participants_of(*report);
    for (const Participant& participant : all) {
        if (participant.origin->path == session && participant.origin->beyond.empty()) roles.add(participant);
    }
    roles.is_cuda_relayed = is_cuda_apart_from_vulkan(all, session);
    roles.put(view);
    return view;
}

attr::Report report_for_peer(const attr::Report& report, const PeerShare& share) {
    attr::Report view = report;
    const auto decide = [&](std::uint32_t key, attr::Outcome outcome, const char* reason) {
        view.decide(schema().index_of(*schema().find(key)), {outcome, reason});
    };
    decide(NvSciSyncAttrKey_NeedCpuAccess, share.needs_cpu_access ? attr::Outcome::granted : attr::Outcome::defaulted,
           "what the lists of this process ask");
    decide(NvSciSyncAttrKey_ActualPerm, attr::Outcome::computed, "what the lists of this process ask");
    return view;
}

tl::unexpected<Error> wrong_result(std::uint32_t key, std::string_view problem) {
    return fail(NvSciError_BadParameter, fmt::format("{}: {}", schema().find(key)->name, problem));
}

}  // namespace

const wire::Library& wire_library() noexcept {
    return kLibrary;
}

Result<> complete_for_export(std::span<attr::Wishes> slots) {
    for (std::size_t i = 0; i < slots.size(); ++i) {
        OPENNVSCI_TRY(check_values(slots[i], i));
        add_primitives(slots[i].values);
    }
    return {};
}

Result<wire::View> view_for_peer(const attr::List& list, std::uint64_t session) {
    OPENNVSCI_TRY_ASSIGN(share, share_of(list, session));
    // There is a report: it has the peer's share.
    return wire::View{result_for_peer(list, session, share), report_for_peer(*list.report(), share)};
}

// The values are legal one by one; together they describe an object that two processes can share. Which GPUs there are
// is asked where they are used, and the rest is only shown.
Result<> check_result(const attr::Slot& result) {
    const auto primitives = result.elements<NvSciSyncAttrValPrimitiveType>(NvSciSyncAttrKey_PrimitiveInfo);
    if (primitives.size() != 1 ||
        std::ranges::find(kPrimitivesOfThisMachine, primitives[0]) == kPrimitivesOfThisMachine.end()) {
        return wrong_result(NvSciSyncAttrKey_PrimitiveInfo, "not one primitive that this machine has");
    }
    const bool is_64_bit = primitives[0] == NvSciSyncAttrValPrimitiveType_SysmemSemaphorePayload64b;
    if (result.required<std::uint64_t>(NvSciSyncAttrKey_MaxPrimitiveValue) != (is_64_bit ? UINT64_MAX : UINT32_MAX)) {
        return wrong_result(NvSciSyncAttrKey_MaxPrimitiveValue, "not that of the primitive");
    }
    const bool has_timestamps = result.required<bool>(NvSciSyncAttrKey_WaiterRequireTimestamps);
    if (result.required<std::uint32_t>(NvSciSyncAttrKey_NumTimestampSlots) != (has_timestamps ? kSlots : 0)) {
        return wrong_result(NvSciSyncAttrKey_NumTimestampSlots, "not that of an object with, or without, timestamps");
    }
    if (result.required<std::uint32_t>(NvSciSyncAttrKey_NumTaskStatusSlots) != kSlots) {
        return wrong_result(NvSciSyncAttrKey_NumTaskStatusSlots, "not that of an object");
    }
    if (result.scalar<memory::Domain>(kPayloadDomain) != memory::Domain::system) {
        return wrong_result(kPayloadDomain, "the payload is not in memory that processes share");
    }
    const auto permission = result.required<NvSciSyncAccessPerm>(NvSciSyncAttrKey_ActualPerm);
    const bool vulkan_signals = result.scalar<bool>(kVulkanSignaler).value_or(false);
    const bool others_signal = result.required<bool>(kCpuSignaler) || result.required<bool>(kStreamSignaler);
    if (vulkan_signals && others_signal) return wrong_result(kVulkanSignaler, "an object has one signaler");
    if ((vulkan_signals || others_signal) && (permission & NvSciSyncAccessPerm_SignalOnly) == 0) {
        return wrong_result(NvSciSyncAttrKey_ActualPerm, "no right to signal, and this process is the signaler");
    }
    return {};
}

}  // namespace opennvsci::sync
