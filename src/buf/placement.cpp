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

attr::Text asked(const char* fact, std::uint32_t key) noexcept {
    return {fact, attr::Text::Owners::asking, key};
}
constexpr const char* kForArraysOnly = "only a block-linear image that a GPU uses is there";

std::string names_of_gpu(Negotiation& negotiation, const Gpu& gpu) {
    return negotiation.names_of(NvSciBufGeneralAttrKey_GpuId, [&](attr::Bytes value) {
        return std::ranges::any_of(attr::elements<NvSciRmGpuId>(value),
                                   [&](const NvSciRmGpuId& id) { return gpu.device->has_uuid(Uuid::from(id.bytes)); });
    });
}

// Why the buffer cannot be in the video memory that VidMem_GpuId asks for; empty if it can.
std::string obstacle_as_asked(Negotiation& negotiation, const Participants& participants, const Device& owner) {
    if (participants.cpu) {
        return fmt::format("the CPU cannot see the video memory of {}, and NeedCpuAccess is true in {}", owner.name,
                           negotiation.names_of(NvSciBufGeneralAttrKey_NeedCpuAccess));
    }
    if (!owner.supports_virtual_memory) {
        return fmt::format("{} has no shareable video memory (device attributes 102 and 103)", owner.name);
    }
    for (const Gpu& gpu : participants.gpus) {
        if (gpu.device == &owner) continue;
        int can_access = 0;
        driver::apart(*participants.driver)->cuDeviceCanAccessPeer(&can_access, gpu.device->handle, owner.handle);
        if (can_access != 0) continue;
        const std::string who = names_of_gpu(negotiation, gpu);
        return fmt::format("{}, which GpuId of {} names, cannot access the video memory of {}", gpu.device->uuid.text(),
                           who, owner.uuid.text());
    }
    return {};
}

Result<Placement> place_in_video_memory_as_asked(Negotiation& negotiation, Participants participants,
                                                 const NvSciRmGpuId& id) {
    const auto key = NvSciBufGeneralAttrKey_VidMem_GpuId;
    OPENNVSCI_TRY_ASSIGN(owner, require_device(negotiation, *participants.driver, key, id));
    std::string obstacle = obstacle_as_asked(negotiation, participants, *owner);
    const bool fits = obstacle.empty();
    const attr::Text elsewhere = asked("video memory is asked for", key);
    report_places(negotiation, owner, {fits ? attr::Text() : attr::Text(obstacle), elsewhere, elsewhere},
                  fits ? std::optional(Domain::video) : std::nullopt);
    if (fits) {
        return Placement{std::move(participants), Domain::video, owner,
                         asked("video memory of this GPU is asked for", key)};
    }
    attr::Suggestion otherwise;
    if (participants.cpu) otherwise = negotiation.without(NvSciBufGeneralAttrKey_NeedCpuAccess);
    return negotiation.refuse(key, NvSciError_NotSupported, Reason::no_place, std::move(obstacle),
                              negotiation.without(key, std::move(otherwise)));
}

// Why the buffer cannot or need not be in the video memory of the only GPU, or empty.
attr::Text reason_for_system_memory(Negotiation& negotiation, const Participants& participants) {
    if (participants.cpu) return asked("the CPU takes part", NvSciBufGeneralAttrKey_NeedCpuAccess);
    if (participants.gpus.empty()) return "no GPU takes part";
    const Device* gpu = participants.only_device();
    if (gpu == nullptr) {
        return fmt::format(
            "several GPUs take part and VidMem_GpuId is unset ({})",
            who_names_another(negotiation, NvSciBufGeneralAttrKey_GpuId, *participants.gpus.front().device));
    }
    if (gpu->is_integrated) return "the GPU shares the system's memory";
    if (!gpu->supports_virtual_memory) return "the GPU has no shareable video memory (attributes 102 and 103)";
    for (const VulkanParticipant& one : participants.vulkan) {
        const std::string obstacle = one.device.obstacle_to(Domain::video, gpu->uuid);
        if (!obstacle.empty()) return obstacle_text(negotiation, one, obstacle);
    }
    // Only system memory is not cached by a discrete GPU, and here both are open.
    const std::string uncached = negotiation.names_of(NvSciBufGeneralAttrKey_EnableGpuCache, asks_uncached);
    if (uncached.empty()) return {};
    return fmt::format("EnableGpuCache is false in {}, and video memory is always cached", uncached);
}

constexpr const char* kNoArrays = "a GPU maps a block-linear image as an array, and there are none in it";

// CUDA has it on every GPU, Vulkan on that which made it.
const Device* owner_of_driver_memory(const Participants& participants) {
    for (const VulkanParticipant& one : participants.vulkan) {
        for (const Gpu& gpu : participants.gpus) {
            if (gpu.device->uuid == one.device.gpu) return gpu.device;
        }
    }
    return participants.gpus[0].device;
}

// A GPU maps a block-linear image as an array, and arrays need memory of the driver.
Result<Placement> place_in_driver_memory(Negotiation& negotiation, Participants participants, attr::Text reason) {
    for (const Gpu& gpu : participants.gpus) {
        const auto possible = gpu.device->check_system_memory(*participants.driver);
        if (possible) continue;
        report_places(negotiation, nullptr, {reason, kNoArrays, possible.error().text}, std::nullopt);
        return negotiation.refuse(
            NvSciBufImageAttrKey_Layout, possible.error().code, Reason::no_place,
            fmt::format(
                "a block-linear image would have to be in system memory that arrays can be mapped in, as {}; {}",
                negotiation.words(reason), possible.error().text),
            {fmt::format("set PitchLinear in {}", negotiation.names_of(NvSciBufImageAttrKey_Layout)),
             negotiation.ask_instead(NvSciBufImageAttrKey_Layout, NvSciBufImage_PitchLinearType),
             way_to_video_memory(negotiation, participants)});
    }
    const Device* owner = owner_of_driver_memory(participants);
    report_places(negotiation, nullptr, {reason, kNoArrays, {}}, Domain::driver_system);
    return Placement{std::move(participants), Domain::driver_system, owner, std::move(reason)};
}

}  // namespace

bool asks_uncached(attr::Bytes cacheability) {
    return std::ranges::any_of(attr::elements<NvSciBufAttrValGpuCache>(cacheability),
                               [](const auto& wish) { return !wish.cacheability; });
}

std::string who_names_another(Negotiation& negotiation, std::uint32_t key, const Device& device) {
    const auto is_another = [&](const NvSciRmGpuId& id) { return !device.has_uuid(Uuid::from(id.bytes)); };
    const std::string who = negotiation.names_of(key, [&](attr::Bytes value) {
        if (key == std::uint32_t{NvSciBufGeneralAttrKey_GpuId}) {
            return std::ranges::any_of(attr::elements<NvSciRmGpuId>(value), is_another);
        }
        return std::ranges::any_of(attr::elements<NvSciBufAttrValGpuCompression>(value),
                                   [&](const auto& wish) { return is_another(wish.gpuId); });
    });
    return fmt::format("{} of {} names another than {}", attr::own_part(negotiation.key(key).name), who,
                       device.uuid.text());
}

Result<Placement> decide_placement(Negotiation& negotiation, Participants participants) {
    const auto video = negotiation.result().scalar<NvSciRmGpuId>(NvSciBufGeneralAttrKey_VidMem_GpuId);
    if (video) return place_in_video_memory_as_asked(negotiation, std::move(participants), *video);
    const bool is_tiled = is_block_linear(negotiation.result());
    attr::Text reason = reason_for_system_memory(negotiation, participants);
    if (reason.empty()) {
        const Device* only = participants.only_device();
        report_places(negotiation, only, is_tiled ? Obstacles{{}, kNoArrays, {}} : Obstacles{{}, {}, kForArraysOnly},
                      Domain::video);
        return Placement{std::move(participants), Domain::video, only,
                         asked("one GPU and no CPU takes part", NvSciBufGeneralAttrKey_GpuId)};
    }
    if (is_tiled && !participants.gpus.empty()) {
        return place_in_driver_memory(negotiation, std::move(participants), std::move(reason));
    }
    report_places(negotiation, nullptr, {reason, {}, kForArraysOnly}, Domain::system);
    return Placement{std::move(participants), Domain::system, nullptr, std::move(reason)};
}

void state_placement(Negotiation& negotiation, const Placement& placement) {
    negotiation.compute(kMemoryDomain, placement.domain, placement.reason);
    if (placement.device != nullptr) negotiation.result().put_scalar(kMemoryGpu, placement.device->uuid);
}

attr::Suggestion way_to_video_memory(Negotiation& negotiation, const Participants& participants) {
    if (participants.only_device() == nullptr) return "let exactly one GPU and no CPU take part";
    return participants.cpu ? negotiation.without(NvSciBufGeneralAttrKey_NeedCpuAccess) : attr::Suggestion();
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
