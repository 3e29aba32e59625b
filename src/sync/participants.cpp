// SPDX-License-Identifier: Apache-2.0
#include "sync/participants.h"

#include <cstring>
#include <utility>

#include "base/unaligned.h"
#include "sync/keys.h"

namespace opennvsci::sync {
namespace {

template <class Take>
void for_each_ask(const attr::Report& report, std::uint32_t number, Take&& take) {
    report.for_each_ask(schema().index_of(*schema().find(number)), std::forward<Take>(take));
}

}  // namespace

std::vector<Participant> participants_of(const attr::Report& report) {
    std::vector<Participant> all(report.participants().size());
    for (std::size_t i = 0; i < all.size(); ++i)
        all[i].origin = &report.participants()[i].origin;
    for_each_ask(report, NvSciSyncAttrKey_RequiredPerm, [&](std::uint32_t number, attr::Bytes value) {
        all[number].permission = load<NvSciSyncAccessPerm>(value.data());
    });
    for_each_ask(report, NvSciSyncAttrKey_NeedCpuAccess,
                 [&](std::uint32_t number, attr::Bytes value) { all[number].has_cpu = load<bool>(value.data()); });
    for_each_ask(report, NvSciSyncAttrKey_WaiterRequireTimestamps, [&](std::uint32_t number, attr::Bytes value) {
        all[number].wants_timestamps = load<bool>(value.data());
    });
    for_each_ask(report, NvSciSyncAttrKey_GpuId, [&](std::uint32_t number, attr::Bytes value) {
        for (const auto& id : attr::elements<NvSciRmGpuId>(value)) {
            if (const Uuid uuid = Uuid::from(id.bytes); !uuid.is_null()) all[number].gpus.push_back(uuid);
        }
    });
    for_each_ask(report, kVulkanParticipant,
                 [&](std::uint32_t number, attr::Bytes value) { all[number].is_vulkan = load<bool>(value.data()); });
    return all;
}

void Roles::put(attr::Slot& result) const {
    result.put_scalar(kCpuSignaler, cpu_signals);
    result.put_scalar(kStreamSignaler, streams_signal);
    result.put_scalar(kStreamWaiter, streams_wait);
    if (!vulkan_signals && !vulkan_waits && !result.has(*schema().find(kVulkanSignaler))) return;
    result.put_scalar(kVulkanSignaler, vulkan_signals);
    result.put_scalar(kVulkanWaiter, vulkan_waits);
    NvSciRmGpuId gpu;
    std::memcpy(gpu.bytes, vulkan_gpu.bytes.data(), sizeof(gpu.bytes));
    result.put_scalar(kVulkanGpu, gpu);
    result.put_scalar(kVulkanRelay, is_cuda_relayed);
}

}  // namespace opennvsci::sync
