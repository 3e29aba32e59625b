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

Result<> check_processes(Negotiation& negotiation, const std::vector<Participant>& all, const std::string& vulkan) {
    const auto elsewhere = std::find_if(
        all.begin(), all.end(), [](const Participant& participant) { return !participant.origin->is_this_process(); });
    const char* const remedy =
        "make one object for Vulkan and another one for the peer, and signal the second with "
        "CUDA or the CPU when the first is reached";
    if (elsewhere != all.end()) {
        return negotiation.refuse(
            NvSciSyncAttrKey_RequiredPerm, NvSciError_UnsupportedConfig, Reason::not_supported,
            fmt::format("{} speaks for Vulkan and {} is of another process, which cannot share a timeline semaphore",
                        vulkan, name_of(negotiation, all, *elsewhere)),
            {remedy});
    }
    for (const std::uint32_t key : {NvSciSyncAttrKey_PeerLocationInfo, NvSciSyncAttrKey_PeerHwEngineArray}) {
        if (!negotiation.is_asked(key)) continue;
        return negotiation.refuse(
            key, NvSciError_UnsupportedConfig, Reason::not_supported,
            fmt::format("{} speaks for Vulkan, and a peer cannot share a timeline semaphore", vulkan), {remedy});
    }
    return {};
}

Result<> check_gpus(Negotiation& negotiation, const std::vector<Participant>& all, const Participant& vulkan) {
    const std::string name = name_of(negotiation, all, vulkan);
    for (const Participant& other : all) {
        if (other.is_vulkan && other.gpus != vulkan.gpus) {
            return negotiation.refuse(
                NvSciSyncAttrKey_GpuId, NvSciError_UnsupportedConfig, Reason::inconsistent,
                fmt::format("{} and {} speak for different Vulkan devices, and a timeline semaphore is of one", name,
                            name_of(negotiation, all, other)),
                {"make an object for each Vulkan device"});
        }
        if (!other.speaks_for_cuda()) continue;
        if (vulkan.gpus.empty()) {
            return negotiation.refuse(
                NvSciSyncAttrKey_GpuId, NvSciError_UnsupportedConfig, Reason::not_supported,
                fmt::format("{} speaks for a Vulkan device that shares no semaphores with CUDA, for which {} speaks",
                            name, name_of(negotiation, all, other)),
                {"make one object for Vulkan and the CPU, and another one for the CPU and CUDA; the CPU waits for the "
                 "one and then submits, or signals, the other"});
        }
        const bool is_same = std::all_of(other.gpus.begin(), other.gpus.end(),
                                         [&](const Uuid& gpu) { return gpu == vulkan.gpus.front(); });
        if (is_same) continue;
        return negotiation.refuse(
            NvSciSyncAttrKey_GpuId, NvSciError_UnsupportedConfig, Reason::inconsistent,
            fmt::format("{} speaks for Vulkan on one GPU and {} names another one, which cannot use its timeline "
                        "semaphore",
                        name, name_of(negotiation, all, other)),
            {"let CUDA take part with the GPU of the Vulkan device"});
    }
    return {};
}

}  // namespace

Result<> check_vulkan(Negotiation& negotiation, const std::vector<Participant>& all) {
    const auto is_vulkan = [](const Participant& participant) { return participant.is_vulkan; };
    const auto vulkan = std::find_if(all.begin(), all.end(), is_vulkan);
    if (vulkan == all.end()) return {};
    OPENNVSCI_TRY(check_processes(negotiation, all, name_of(negotiation, all, *vulkan)));
    OPENNVSCI_TRY(check_gpus(negotiation, all, *vulkan));
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
