// SPDX-License-Identifier: Apache-2.0
#include "sync/vulkan_participants.h"

#include <fmt/format.h>

#include <algorithm>

#include "sync/keys.h"

namespace opennvsci::sync {
namespace {

using attr::Negotiation;
using attr::Reason;

std::string name_of(Negotiation& negotiation, const std::vector<Participant>& all, const Participant& one) {
    return negotiation.report().participants()[static_cast<std::size_t>(&one - all.data())].text();
}

// A process has one timeline semaphore for an object.
Result<> check_devices(Negotiation& negotiation, const std::vector<Participant>& all, const Participant& vulkan) {
    const auto other = std::find_if(all.begin(), all.end(), [&](const Participant& participant) {
        return participant.is_vulkan && participant.origin->path == vulkan.origin->path &&
               participant.origin->beyond == vulkan.origin->beyond && participant.gpus != vulkan.gpus;
    });
    if (other == all.end()) return {};
    return negotiation.refuse(
        NvSciSyncAttrKey_GpuId, NvSciError_UnsupportedConfig, Reason::inconsistent,
        fmt::format("{} and {} speak for different Vulkan devices, and a timeline semaphore is of one",
                    name_of(negotiation, all, vulkan), name_of(negotiation, all, *other)),
        {"make an object for each Vulkan device"});
}

}  // namespace

bool is_cuda_apart_from_vulkan(const std::vector<Participant>& all, std::uint64_t path) {
    const auto is_there = [&](const Participant& p) { return p.origin->path == path && p.origin->beyond.empty(); };
    const auto vulkan =
        std::find_if(all.begin(), all.end(), [&](const Participant& p) { return p.is_vulkan && is_there(p); });
    if (vulkan == all.end()) return false;
    return std::any_of(all.begin(), all.end(), [&](const Participant& other) {
        if (!other.speaks_for_cuda() || !is_there(other)) return false;
        return vulkan->gpus.empty() || std::any_of(other.gpus.begin(), other.gpus.end(),
                                                   [&](const Uuid& gpu) { return gpu != vulkan->gpus.front(); });
    });
}

Result<> check_vulkan(Negotiation& negotiation, const std::vector<Participant>& all) {
    for (const Participant& participant : all) {
        if (participant.is_vulkan) OPENNVSCI_TRY(check_devices(negotiation, all, participant));
    }
    const auto wants_times = [](const Participant& participant) {
        return participant.wants_timestamps && participant.waits() && participant.has_cpu;
    };
    const auto signaler = std::find_if(all.begin(), all.end(), [](const Participant& p) { return p.signals(); });
    if (!signaler->is_vulkan || std::none_of(all.begin(), all.end(), wants_times)) return {};
    return negotiation.refuse(
        NvSciSyncAttrKey_WaiterRequireTimestamps, NvSciError_UnsupportedConfig, Reason::not_supported,
        fmt::format("{} signals with Vulkan, which supplies none", name_of(negotiation, all, *signaler)),
        {"leave NvSciSyncAttrKey_WaiterRequireTimestamps out, and let Vulkan write them with a query",
         negotiation.leave_out(NvSciSyncAttrKey_WaiterRequireTimestamps)});
}

}  // namespace opennvsci::sync
