// SPDX-License-Identifier: Apache-2.0
#include "buf/vulkan_participants.h"

#include <fmt/format.h>

namespace opennvsci::buf {
namespace {

using attr::Negotiation;
using memory::Domain;

// The key that brought it about, and what to ask of it instead.
tl::unexpected<Error> refuse(Negotiation& negotiation, const Placement& placement, const VulkanDevice& device,
                             std::string text) {
    constexpr auto kLayoutKey = NvSciBufImageAttrKey_Layout;
    constexpr auto kVideoKey = NvSciBufGeneralAttrKey_VidMem_GpuId;
    std::uint32_t key = NvSciBufGeneralAttrKey_NeedCpuAccess;
    attr::Suggestion way_out;
    if (placement.domain == Domain::video && negotiation.is_asked(kVideoKey)) {
        key = kVideoKey;
        way_out = negotiation.without(kVideoKey);
    } else if (is_block_linear(negotiation.result())) {
        key = kLayoutKey;
        way_out = {fmt::format("set PitchLinear in {}", negotiation.names_of(kLayoutKey)),
                   negotiation.ask_instead(kLayoutKey, NvSciBufImage_PitchLinearType)};
    } else if (!device.gpu.is_null()) {
        key = NvSciBufGeneralAttrKey_GpuId;
        way_out = way_to_video_memory(negotiation, placement.participants);
    }
    return negotiation.refuse(key, NvSciError_ReconciliationFailed, attr::Reason::not_supported, std::move(text),
                              std::move(way_out));
}

}  // namespace

Result<> check_vulkan(Negotiation& negotiation, const Placement& placement) {
    for (const VulkanParticipant& one : placement.participants.vulkan) {
        const std::string obstacle = one.device.obstacle_to(negotiation.result());
        if (obstacle.empty()) continue;
        return refuse(negotiation, placement, one.device,
                      fmt::format("{} ({}: {})", obstacle_text(negotiation, one, obstacle),
                                  memory::domain_name(placement.domain), negotiation.words(placement.reason)));
    }
    return {};
}

}  // namespace opennvsci::buf
