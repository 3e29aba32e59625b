// SPDX-License-Identifier: Apache-2.0
#include "buf/placement.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "buf/keys.h"
#include "driver/relaxed_capture.h"

namespace opennvsci::buf {
namespace {

using attr::Negotiation;
using attr::Reason;
using driver::Device;
using memory::Domain;

// What is told of the three memories that there are.
struct Obstacles {
    attr::Text video;
    attr::Text system;
    attr::Text driver_system;
};

void report_places(Negotiation& negotiation, const Device* gpu, Obstacles obstacles, std::optional<Domain> chosen) {
    constexpr std::array kOrder{Domain::video, Domain::system, Domain::driver_system};
    std::optional<std::size_t> number;
    if (chosen) number = static_cast<std::size_t>(std::ranges::find(kOrder, *chosen) - kOrder.begin());
    negotiation.report().set_places(
        {{{domain_name(kOrder[0]), gpu != nullptr ? gpu->uuid : Uuid{}, std::move(obstacles.video)},
          {domain_name(kOrder[1]), {}, std::move(obstacles.system)},
          {domain_name(kOrder[2]), {}, std::move(obstacles.driver_system)}}},
        number);
}

constexpr const char* kOthersAreAsked = "VidMem_GpuId asks for video memory";
constexpr const char* kForArraysOnly = "only a block-linear image that a GPU uses is there";

// Why the buffer cannot be in the video memory that VidMem_GpuId asks for; empty if it can.
std::string obstacle_as_asked(const Participants& participants, const Device& owner) {
    if (participants.cpu) {
        return fmt::format("the CPU cannot see the video memory of {}, and NeedCpuAccess is true", owner.name);
    }
    if (!owner.supports_virtual_memory) {
        return fmt::format("{} has no shareable video memory (device attributes 102 and 103)", owner.name);
    }
    for (const Gpu& gpu : participants.gpus) {
        if (gpu.device == &owner) continue;
        int can_access = 0;
        driver::apart(*participants.driver)->cuDeviceCanAccessPeer(&can_access, gpu.device->handle, owner.handle);
        if (can_access != 0) continue;
        return fmt::format("{} of GpuId cannot access the video memory of {}", gpu.device->uuid.text(),
                           owner.uuid.text());
    }
    return {};
}

Result<Placement> place_in_video_memory_as_asked(Negotiation& negotiation, Participants participants,
                                                 const NvSciRmGpuId& id) {
    const auto key = NvSciBufGeneralAttrKey_VidMem_GpuId;
    OPENNVSCI_TRY_ASSIGN(owner, require_device(negotiation, *participants.driver, key, id));
    std::string obstacle = obstacle_as_asked(participants, *owner);
    const bool fits = obstacle.empty();
    report_places(negotiation, owner, {fits ? attr::Text() : attr::Text(obstacle), kOthersAreAsked, kOthersAreAsked},
                  fits ? std::optional(Domain::video) : std::nullopt);
    if (fits) return Placement{std::move(participants), Domain::video, owner, "VidMem_GpuId names this GPU"};
    return negotiation.refuse(
        key, NvSciError_NotSupported, Reason::no_place, std::move(obstacle),
        {participants.cpu ? "leave VidMem_GpuId unset, or NeedCpuAccess false" : "leave VidMem_GpuId unset",
         negotiation.leave_out(key)});
}

// Why the buffer cannot or need not be in the video memory of the only GPU, or null.
const char* reason_for_system_memory(Negotiation& negotiation, const Participants& participants) {
    if (participants.cpu) return "the CPU takes part";
    if (participants.gpus.empty()) return "no GPU takes part";
    const Device* gpu = participants.only_device();
    if (gpu == nullptr) return "several GPUs take part and VidMem_GpuId is unset";
    if (gpu->is_integrated) return "the GPU shares the system's memory";
    if (!gpu->supports_virtual_memory) return "the GPU has no shareable video memory (attributes 102 and 103)";
    // Only system memory is not cached by a discrete GPU, and here both are open.
    for (const attr::Ask& ask : negotiation.asks(NvSciBufGeneralAttrKey_EnableGpuCache)) {
        for (const auto& wish : attr::elements<NvSciBufAttrValGpuCache>(ask.value)) {
            if (!wish.cacheability) return "EnableGpuCache false is asked, and video memory is always cached";
        }
    }
    return nullptr;
}

constexpr const char* kNoArrays = "a GPU maps a block-linear image as an array, and there are none in it";

// A GPU maps a block-linear image as an array, and arrays need memory of the driver.
Result<Placement> place_in_driver_memory(Negotiation& negotiation, Participants participants, const char* reason) {
    for (const Gpu& gpu : participants.gpus) {
        const auto possible = gpu.device->check_system_memory(*participants.driver);
        if (possible) continue;
        report_places(negotiation, nullptr, {reason, kNoArrays, possible.error().text}, std::nullopt);
        return negotiation.refuse(
            NvSciBufImageAttrKey_Layout, possible.error().code, Reason::no_place,
            fmt::format(
                "a block-linear image would have to be in system memory that arrays can be mapped in, as {}; {}",
                reason, possible.error().text),
            {fmt::format("set PitchLinear{}", or_video_memory(participants)),
             negotiation.ask_instead(NvSciBufImageAttrKey_Layout, NvSciBufImage_PitchLinearType)});
    }
    const Device* first = participants.gpus[0].device;
    report_places(negotiation, nullptr, {reason, kNoArrays, {}}, Domain::driver_system);
    return Placement{std::move(participants), Domain::driver_system, first, reason};
}

}  // namespace

Result<Placement> decide_placement(Negotiation& negotiation, Participants participants) {
    const auto video = negotiation.result().scalar<NvSciRmGpuId>(NvSciBufGeneralAttrKey_VidMem_GpuId);
    if (video) return place_in_video_memory_as_asked(negotiation, std::move(participants), *video);
    const bool is_tiled = negotiation.result().scalar<std::uint32_t>(NvSciBufImageAttrKey_Layout) ==
                          std::uint32_t{NvSciBufImage_BlockLinearType};
    const char* reason = reason_for_system_memory(negotiation, participants);
    if (reason == nullptr) {
        const Device* only = participants.only_device();
        report_places(negotiation, only, is_tiled ? Obstacles{{}, kNoArrays, {}} : Obstacles{{}, {}, kForArraysOnly},
                      Domain::video);
        return Placement{std::move(participants), Domain::video, only, "one GPU and no CPU takes part"};
    }
    if (is_tiled && !participants.gpus.empty()) {
        return place_in_driver_memory(negotiation, std::move(participants), reason);
    }
    report_places(negotiation, nullptr, {reason, {}, kForArraysOnly}, Domain::system);
    return Placement{std::move(participants), Domain::system, nullptr, reason};
}

void state_placement(Negotiation& negotiation, const Placement& placement) {
    negotiation.compute(kMemoryDomain, placement.domain, placement.reason);
    if (placement.device != nullptr) negotiation.result().put_scalar(kMemoryGpu, placement.device->uuid);
}

const char* or_video_memory(const Participants& participants) {
    const bool is_alone = !participants.cpu && participants.only_device() != nullptr;
    return is_alone ? "" : ", or let exactly one GPU and no CPU take part";
}

Result<const Device*> memory_device_of(const driver::Driver& driver, const attr::Slot& reconciled) {
    return driver.require(Uuid::from(reconciled.scalar<NvSciRmGpuId>(kMemoryGpu).value_or(NvSciRmGpuId{}).bytes));
}

Result<Placement> placement_of(const attr::Slot& reconciled) {
    OPENNVSCI_TRY_ASSIGN(participants, participants_of(reconciled));
    Placement placement{std::move(participants), reconciled.required<Domain>(kMemoryDomain)};
    if (placement.domain == Domain::system) return placement;
    OPENNVSCI_TRY_ASSIGN(driver, driver::instance());
    OPENNVSCI_TRY_ASSIGN(device, memory_device_of(*driver, reconciled));
    placement.participants.driver = driver;
    placement.device = device;
    return placement;
}

}  // namespace opennvsci::buf
