// SPDX-License-Identifier: Apache-2.0
#include "sync/object.h"

#include <fmt/format.h>

#include "sync/keys.h"

namespace opennvsci::sync {
namespace {

Result<Timeline::Description> describe(const attr::Slot& reconciled) {
    Timeline::Description description{};
    description.residence = *reconciled.scalar<Residence>(kResidence);
    description.is_deterministic = *reconciled.scalar<bool>(NvSciSyncAttrKey_RequireDeterministicFences);
    description.has_timestamps = *reconciled.scalar<bool>(NvSciSyncAttrKey_WaiterRequireTimestamps);
    description.cpu_waits = *reconciled.scalar<bool>(NvSciSyncAttrKey_NeedCpuAccess);
    description.gpu_signals = *reconciled.scalar<bool>(kGpuSignaler);
    description.has_32_bits = *reconciled.scalar<std::uint64_t>(NvSciSyncAttrKey_MaxPrimitiveValue) == UINT32_MAX;
    if (description.residence != Residence::video) return description;
    OPENNVSCI_TRY_ASSIGN(driver, driver::instance());
    OPENNVSCI_TRY_ASSIGN(gpu, driver->require(Uuid::from(reconciled.scalar<NvSciRmGpuId>(kResidenceGpu)->bytes)));
    description.gpu = gpu;
    return description;
}

}  // namespace

Result<std::shared_ptr<Object>> Object::allocate(std::shared_ptr<attr::Module> module, const attr::List& reconciled) {
    auto list =
        std::make_shared<attr::List>(attr::List::Kind::reconciled, reconciled.copy_slots(), reconciled.report());
    OPENNVSCI_TRY_ASSIGN(description, describe(list->reconciled()));
    OPENNVSCI_TRY_ASSIGN(owned, Timelines::instance().create(module, description));
    return std::shared_ptr<Object>(new Object(std::move(module), std::move(list), std::move(owned)));
}

Object::Object(std::shared_ptr<attr::Module> module, std::shared_ptr<attr::List> list, OwnedTimeline owned)
    : module_(std::move(module)),
      list_(std::move(list)),
      owned_(std::move(owned)),
      permission_(*list_->reconciled().scalar<NvSciSyncAccessPerm>(NvSciSyncAttrKey_ActualPerm)),
      cpu_signals_(*list_->reconciled().scalar<bool>(kCpuSignaler)) {}

tl::unexpected<Error> Object::not_signaled_by_cpu() {
    return fail(NvSciError_BadParameter,
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
        const std::uint64_t now = timeline().reached();
        const auto ahead =
            static_cast<std::int32_t>(static_cast<std::uint32_t>(value) - static_cast<std::uint32_t>(now));
        value = ahead < 0 && now < static_cast<std::uint64_t>(-std::int64_t{ahead})
                    ? value
                    : now + static_cast<std::uint64_t>(std::int64_t{ahead});
    }
    timeline().note_fence(value);
    Fence made = fence(value);
    made.task_status_slot = 0;
    return made;
}

namespace cpu {

Result<> wait(const Fence& fence, const attr::Module* module, std::int64_t timeout_us, WaitMode mode) {
    if (fence.is_cleared()) return {};
    const auto timeline = Timelines::instance().acquire(fence.timeline);
    if (!timeline) {
        if (Timelines::instance().was_reached(fence.timeline, fence.value)) return {};
        return fail(NvSciError_ResourceError, "the object is gone, so nobody can signal the fence");
    }
    if ((*timeline)->module() != module) {
        return fail(NvSciError_BadParameter, "the fence belongs to another module than the wait context");
    }
    if (!(*timeline)->description().cpu_waits) {
        return fail(NvSciError_BadParameter,
                    "the CPU may not wait for the fence: no list of this process set NvSciSyncAttrKey_NeedCpuAccess "
                    "true");
    }
    return (*timeline)->wait(fence.value, timeout_us, mode);
}

Result<std::uint64_t> timestamp(const Fence& fence) {
    const auto timeline = Timelines::instance().acquire(fence.timeline);
    if (!timeline) return fail(NvSciError_BadParameter, "the object is gone, and the timestamps with it");
    if (!(*timeline)->description().has_timestamps) {
        return fail(NvSciError_BadParameter,
                    "the object has no timestamps: NvSciSyncAttrKey_WaiterRequireTimestamps is false in its list");
    }
    if (!(*timeline)->is_reached(fence.value)) {
        return fail(NvSciError_BadParameter, "the fence has not expired, so it has no timestamp yet");
    }
    return (*timeline)->timestamp(fence.timestamp_slot).load(std::memory_order_acquire);
}

Result<NvSciSyncTaskStatus> task_status(const Fence& fence) {
    const auto timeline = Timelines::instance().acquire(fence.timeline);
    if (!timeline) return fail(NvSciError_BadParameter, "the object is gone, and its task status with it");
    NvSciSyncTaskStatus status{};
    // CPUs and CUDA report nothing; that a signal was lost is known all the same.
    status.status = (*timeline)->is_lost(fence.value) ? NvSciSyncTaskStatus_Failure : NvSciSyncTaskStatus_Invalid;
    if ((*timeline)->description().has_timestamps && (*timeline)->is_reached(fence.value)) {
        status.timestamp = (*timeline)->timestamp(fence.timestamp_slot).load(std::memory_order_acquire);
    }
    return status;
}

}  // namespace cpu

}  // namespace opennvsci::sync
