// SPDX-License-Identifier: Apache-2.0
#include "sync/object.h"

#include <fmt/format.h>

#include <algorithm>

#include "sync/keys.h"
#include "sync/participants.h"
#include "sync/peers.h"

namespace opennvsci::sync {
namespace {

Timeline::Description describe_common(const attr::Slot& reconciled) {
    Timeline::Description description{};
    description.domain = reconciled.scalar<memory::Domain>(kPayloadDomain);
    description.is_deterministic = reconciled.required<bool>(NvSciSyncAttrKey_RequireDeterministicFences);
    description.has_timestamps = reconciled.required<bool>(NvSciSyncAttrKey_WaiterRequireTimestamps);
    description.cpu_waits = reconciled.required<bool>(NvSciSyncAttrKey_NeedCpuAccess);
    description.cpu_signals = reconciled.required<bool>(kCpuSignaler);
    description.streams_wait = reconciled.required<bool>(kStreamWaiter);
    description.streams_signal = reconciled.required<bool>(kStreamSignaler);
    description.vulkan_signals = reconciled.scalar<bool>(kVulkanSignaler).value_or(false);
    description.vulkan_waits = reconciled.scalar<bool>(kVulkanWaiter).value_or(false);
    description.has_32_bits = reconciled.required<std::uint64_t>(NvSciSyncAttrKey_MaxPrimitiveValue) == UINT32_MAX;
    return description;
}

// Where the semaphore of this process's Vulkan is not that of who signals, or of who waits.
bool is_relayed(const Timeline::Description& description, const attr::Slot& reconciled) {
    if (!description.vulkan_signals && !description.vulkan_waits) return false;
    if (reconciled.scalar<bool>(kVulkanRelay).value_or(false)) return true;
    return description.vulkan_signals ? description.has_peers : description.is_signaled_elsewhere;
}

Result<Timeline::Description> describe(const attr::List& list) {
    const attr::Slot& reconciled = list.reconciled();
    Timeline::Description description = describe_common(reconciled);
    const auto report = list.report();
    const auto is_elsewhere = [](const attr::Participant& participant) {
        return !participant.origin.is_this_process();
    };
    if (report != nullptr && std::ranges::any_of(report->participants(), is_elsewhere)) {
        for (const Participant& participant : participants_of(*report)) {
            if (!participant.signals() || participant.origin->is_this_process()) continue;
            description.is_signaled_elsewhere = true;
            description.may_peer_streams_signal = participant.speaks_for_cuda();
        }
    }
    description.has_peers = list.has_peers() || reconciled.has(*schema().find(NvSciSyncAttrKey_PeerLocationInfo)) ||
                            reconciled.has(*schema().find(NvSciSyncAttrKey_PeerHwEngineArray));
    description.is_relayed = is_relayed(description, reconciled);
    if (description.domain != memory::Domain::video) return description;
    OPENNVSCI_TRY_ASSIGN(driver, driver::instance());
    OPENNVSCI_TRY_ASSIGN(
        gpu, driver->require(Uuid::from(reconciled.scalar<NvSciRmGpuId>(kPayloadGpu).value_or(NvSciRmGpuId{}).bytes)));
    description.gpu = gpu;
    return description;
}

}  // namespace

Result<std::shared_ptr<Object>> Object::allocate(std::shared_ptr<attr::Module> module, const attr::List& reconciled) {
    auto list = std::make_shared<attr::List>(reconciled.shared_result(), reconciled.report());
    OPENNVSCI_TRY_ASSIGN(description, describe(*list));
    OPENNVSCI_TRY_ASSIGN(owned, Timelines::instance().create(module, description));
    return std::shared_ptr<Object>(new Object(std::move(module), std::move(list), std::move(owned)));
}

Result<std::shared_ptr<Object>> Object::import(std::shared_ptr<attr::Module> module, const attr::List& reconciled,
                                               NvSciSyncAccessPerm permission, Timeline::Import import) {
    attr::Slot values = reconciled.reconciled();
    values.put_scalar(NvSciSyncAttrKey_ActualPerm, permission);
    auto list = std::make_shared<attr::List>(std::move(values), reconciled.report());
    Timeline::Description description = describe_common(list->reconciled());
    description.domain = memory::Domain::system;
    description.has_peers = true;
    const bool signals = description.cpu_signals || description.streams_signal || description.vulkan_signals;
    description.is_signaled_elsewhere = !signals || (permission & NvSciSyncAccessPerm_SignalOnly) == 0;
    if (description.is_signaled_elsewhere) {
        description.cpu_signals = description.streams_signal = description.vulkan_signals = false;
    }
    description.may_peer_streams_signal = import.may_streams_signal;
    description.is_relayed = is_relayed(description, list->reconciled());
    import.leads_to_signaler = signaler_path(*list) == attr::Origin::kElsewhere;
    OPENNVSCI_TRY_ASSIGN(owned, Timelines::instance().create(module, description, std::move(import)));
    return std::shared_ptr<Object>(new Object(std::move(module), std::move(list), std::move(owned)));
}

Object::Object(std::shared_ptr<attr::Module> module, std::shared_ptr<attr::List> list, OwnedTimeline owned)
    : module_(std::move(module)),
      list_(std::move(list)),
      owned_(std::move(owned)),
      permission_(list_->reconciled().required<NvSciSyncAccessPerm>(NvSciSyncAttrKey_ActualPerm)) {}

tl::unexpected<Error> Object::not_signaled_by_cpu() const {
    if (timeline().description().is_signaled_elsewhere) {
        return fail(NvSciError_BadParameter, {"signaler", "another process", "this process"},
                    "the object is signaled by another process, whose list has the signal "
                    "permission");
    }
    if (timeline().description().vulkan_signals) {
        return fail(NvSciError_BadParameter, {"signaler", "Vulkan", "the CPU"},
                    "the object is signaled by Vulkan, whose list has the signal permission");
    }
    return fail(NvSciError_BadParameter, {"NvSciSyncAttrKey_NeedCpuAccess of the signaler", "false", "true"},
                "the object is not signaled by the CPU: the list with the signal permission did not set "
                "NvSciSyncAttrKey_NeedCpuAccess true");
}

Result<Fence> Object::make_fence(std::uint64_t id, std::uint64_t value) const {
    const std::uint64_t greatest = timeline().description().has_32_bits ? UINT32_MAX : UINT64_MAX;
    if (id != 0) return fail(NvSciError_Overflow, fmt::format("id is {}; an object has one primitive, id 0", id));
    if (value > greatest) {
        return fail(NvSciError_Overflow, fmt::format("value is {}; the primitive goes to {}", value, greatest));
    }
    // Of the values with these low 32 bits the one nearest to what was reached: 32-bit payloads wrap around.
    if (timeline().description().has_32_bits) {
        const std::uint64_t now = timeline().counter().reached();
        const auto ahead =
            static_cast<std::int32_t>(static_cast<std::uint32_t>(value) - static_cast<std::uint32_t>(now));
        value = ahead < 0 && now < static_cast<std::uint64_t>(-std::int64_t{ahead})
                    ? value
                    : now + static_cast<std::uint64_t>(std::int64_t{ahead});
    }
    OPENNVSCI_TRY(timeline().note_fence(value));
    Fence made = fence(value);
    made.task_status_slot = 0;
    return made;
}

}  // namespace opennvsci::sync
