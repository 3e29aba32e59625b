// SPDX-License-Identifier: Apache-2.0
#include "buf/placement.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <span>
#include <vector>

#include "driver/relaxed_capture.h"

namespace opennvsci::buf {
namespace {

using attr::Negotiation;
using attr::Outcome;
using driver::Device;
using driver::Driver;
using memory::Domain;

// One element of GpuId: the id as the program spelled it, and its device.
struct Gpu {
    NvSciRmGpuId id;
    const Device* device;
};

struct Participants {
    const Driver* driver = nullptr;  // null if no key names a GPU
    std::vector<Gpu> gpus;
    const Device* video_owner = nullptr;  // whom VidMem_GpuId names
    bool cpu = false;

    [[nodiscard]] const Gpu* find(const NvSciRmGpuId& id) const {
        const auto uuid = Uuid::from(id.bytes);
        const auto found =
            std::find_if(gpus.begin(), gpus.end(), [&](const Gpu& g) { return g.device->has_uuid(uuid); });
        return found == gpus.end() ? nullptr : &*found;
    }
    /// The only device of GpuId, or null; two spellings of one device are one.
    [[nodiscard]] const Device* only_device() const {
        const bool one = !gpus.empty() && std::all_of(gpus.begin(), gpus.end(),
                                                      [&](const Gpu& gpu) { return gpu.device == gpus[0].device; });
        return one ? gpus[0].device : nullptr;
    }
};

std::string device_list(const Driver& driver) {
    std::string text;
    for (const Device& device : driver.devices) {
        if (!text.empty()) text += ", ";
        text += fmt::format("{} ({})", device.uuid.text(), device.name);
    }
    return text;
}

Result<const Device*> require_device(Negotiation& negotiation, const Driver& driver, std::uint32_t key,
                                     const NvSciRmGpuId& id) {
    const Device* device = driver.find(Uuid::from(id.bytes));
    if (device != nullptr) return device;
    return negotiation.refuse(
        key, NvSciError_BadParameter,
        fmt::format("{} is no GPU of this machine, which has {}", Uuid::from(id.bytes).text(), device_list(driver)),
        "use the bytes that cuDeviceGetUuid gives");
}

Result<Participants> find_participants(Negotiation& negotiation) {
    Participants participants;
    for (const attr::Ask& ask : negotiation.asks(NvSciBufGeneralAttrKey_NeedCpuAccess)) {
        participants.cpu = participants.cpu || ask.value[0] != std::byte{0};
    }
    const auto video = negotiation.result().scalar<NvSciRmGpuId>(NvSciBufGeneralAttrKey_VidMem_GpuId);
    const bool any_gpu = negotiation.is_asked(NvSciBufGeneralAttrKey_GpuId);
    if (!any_gpu && !video) return participants;

    OPENNVSCI_TRY_ASSIGN(driver, driver::instance());
    participants.driver = driver;
    for (const auto& id : negotiation.result().elements<NvSciRmGpuId>(NvSciBufGeneralAttrKey_GpuId)) {
        OPENNVSCI_TRY_ASSIGN(device, require_device(negotiation, *driver, NvSciBufGeneralAttrKey_GpuId, id));
        participants.gpus.push_back({id, device});
    }
    if (video) {
        OPENNVSCI_TRY_ASSIGN(owner, require_device(negotiation, *driver, NvSciBufGeneralAttrKey_VidMem_GpuId, *video));
        participants.video_owner = owner;
    }
    return participants;
}

Placement placed(const Participants& participants, Domain domain, const Device* device, const char* reason) {
    Placement placement{domain, reason, participants.driver, device, {}};
    placement.gpus.reserve(participants.gpus.size());
    for (const Gpu& gpu : participants.gpus)
        placement.gpus.push_back(gpu.device);
    return placement;
}

Result<Placement> video_memory_as_asked(Negotiation& negotiation, const Participants& participants) {
    const auto key = NvSciBufGeneralAttrKey_VidMem_GpuId;
    const Device& owner = *participants.video_owner;
    if (participants.cpu) {
        return negotiation.refuse(
            key, NvSciError_NotSupported,
            fmt::format("the CPU cannot see the video memory of {}, and NeedCpuAccess is true", owner.name),
            "leave VidMem_GpuId unset, or NeedCpuAccess false");
    }
    if (!owner.supports_virtual_memory) {
        return negotiation.refuse(
            key, NvSciError_NotSupported,
            fmt::format("{} has no shareable video memory (device attributes 102 and 103)", owner.name),
            "leave VidMem_GpuId unset");
    }
    for (const Gpu& gpu : participants.gpus) {
        if (gpu.device == &owner) continue;
        int can_access = 0;
        driver::apart(*participants.driver)->cuDeviceCanAccessPeer(&can_access, gpu.device->handle, owner.handle);
        if (can_access == 0) {
            return negotiation.refuse(key, NvSciError_NotSupported,
                                      fmt::format("{} of GpuId cannot access the video memory of {}",
                                                  gpu.device->uuid.text(), owner.uuid.text()),
                                      "leave VidMem_GpuId unset");
        }
    }
    return placed(participants, Domain::video, &owner, "VidMem_GpuId names this GPU");
}

// Why the buffer cannot or need not be in the video memory of the only GPU, or null.
const char* reason_for_system_memory(Negotiation& negotiation, const Participants& participants) {
    if (participants.cpu) return "the CPU takes part";
    if (participants.gpus.empty()) return "no GPU takes part";
    const Device* gpu = participants.only_device();
    if (gpu == nullptr) return "several GPUs take part and VidMem_GpuId is unset";
    if (gpu->is_integrated) return "the GPU shares the system's memory";
    if (!gpu->supports_virtual_memory) return "the GPU has no shareable video memory (attributes 102 and 103)";
    // Only system memory is not cached by a discrete GPU, and here both places are open.
    for (const attr::Ask& ask : negotiation.asks(NvSciBufGeneralAttrKey_EnableGpuCache)) {
        for (const auto& wish : attr::elements<NvSciBufAttrValGpuCache>(ask.value)) {
            if (!wish.cacheability) return "EnableGpuCache false is asked, and video memory is always cached";
        }
    }
    return nullptr;
}

// What would bring a buffer from system memory into video memory, as one more way out of a conflict; empty if there is
// another obstacle than the participants.
const char* or_video_memory(const Participants& participants) {
    const bool is_alone = !participants.cpu && participants.only_device() != nullptr;
    return is_alone ? "" : ", or let exactly one GPU and no CPU take part";
}

// A GPU maps a block-linear image as an array, and arrays need memory of the driver.
Result<Placement> driver_memory_for_arrays(Negotiation& negotiation, const Participants& participants,
                                           const char* reason) {
    for (const Gpu& gpu : participants.gpus) {
        const auto possible = gpu.device->check_system_memory(*participants.driver);
        if (possible) continue;
        return negotiation.refuse(
            NvSciBufImageAttrKey_Layout, possible.error().code,
            fmt::format(
                "a block-linear image would have to be in system memory that arrays can be mapped in, as {}; {}",
                reason, possible.error().text),
            fmt::format("set PitchLinear{}", or_video_memory(participants)));
    }
    return placed(participants, Domain::driver_system, participants.gpus[0].device, reason);
}

Result<Placement> decide_place(Negotiation& negotiation, const Participants& participants) {
    if (participants.video_owner != nullptr) return video_memory_as_asked(negotiation, participants);
    const char* reason = reason_for_system_memory(negotiation, participants);
    if (reason == nullptr) {
        return placed(participants, Domain::video, participants.only_device(), "one GPU and no CPU takes part");
    }
    const bool is_tiled = negotiation.result().scalar<std::uint32_t>(NvSciBufImageAttrKey_Layout) ==
                          std::uint32_t{NvSciBufImage_BlockLinearType};
    if (is_tiled && !participants.gpus.empty()) return driver_memory_for_arrays(negotiation, participants, reason);
    return placed(participants, Domain::system, nullptr, reason);
}

tl::unexpected<Error> refuse_unnamed_gpu(Negotiation& negotiation, std::uint32_t key, std::uint32_t participant,
                                         const NvSciRmGpuId& id) {
    return negotiation.refuse(
        key, NvSciError_ReconciliationFailed,
        fmt::format("{} names {}, which no list names in GpuId",
                    negotiation.report().participants()[participant].text(), Uuid::from(id.bytes).text()),
        "add this GPU to GpuId");
}

// A discrete GPU caches its video memory and does not cache system memory; the program cannot choose (reference 4.2).
bool caches_by_default(const Device& device, Domain domain) {
    return device.is_integrated || domain == Domain::video;
}

Result<> decide_cacheability(Negotiation& negotiation, const Participants& participants, const Placement& place) {
    const auto key = NvSciBufGeneralAttrKey_EnableGpuCache;
    const bool is_video = place.domain == Domain::video;
    std::vector<NvSciBufAttrValGpuCache> granted;
    for (const Gpu& gpu : participants.gpus)
        granted.push_back({gpu.id, caches_by_default(*gpu.device, place.domain)});

    for (const attr::Ask& ask : negotiation.asks(key)) {
        for (const auto& wish : attr::elements<NvSciBufAttrValGpuCache>(ask.value)) {
            const Gpu* gpu = participants.find(wish.gpuId);
            if (gpu == nullptr) return refuse_unnamed_gpu(negotiation, key, ask.participant, wish.gpuId);
            NvSciBufAttrValGpuCache& element = granted[static_cast<std::size_t>(gpu - participants.gpus.data())];
            if (wish.cacheability == element.cacheability) continue;
            if (gpu->device->is_integrated) {
                element.cacheability = false;  // one list that says false is enough
                continue;
            }
            return negotiation.refuse(
                key, NvSciError_ReconciliationFailed,
                fmt::format("{} asks {} for {}, but the buffer is in {} ({}), which a discrete GPU {}",
                            negotiation.report().participants()[ask.participant].text(), wish.cacheability,
                            Uuid::from(wish.gpuId.bytes).text(), is_video ? "video memory" : "system memory",
                            place.reason, is_video ? "always caches" : "never caches"),
                is_video ? "ask true, or leave VidMem_GpuId unset"
                         : fmt::format("ask false{}", or_video_memory(participants)));
        }
    }
    if (granted.empty()) return {};
    negotiation.result().put_array(key, std::span<const NvSciBufAttrValGpuCache>(granted));
    negotiation.decide(
        key, negotiation.is_asked(key) ? Outcome::granted : Outcome::defaulted,
        is_video ? "a discrete GPU caches its video memory" : "a discrete GPU does not cache system memory");

    // The published rule (reference 4.2, GpuSwNeedCacheCoherency). No engine but GPUs and the CPU exists here.
    const bool any_uncached =
        std::any_of(granted.begin(), granted.end(), [](const auto& element) { return !element.cacheability; });
    std::vector<NvSciBufAttrValGpuCache> needs_software;
    needs_software.reserve(granted.size());
    for (const auto& element : granted) {
        needs_software.push_back(
            {element.gpuId, !is_video && element.cacheability && (any_uncached || participants.cpu)});
    }
    negotiation.result().put_array(NvSciBufGeneralAttrKey_GpuSwNeedCacheCoherency,
                                   std::span<const NvSciBufAttrValGpuCache>(needs_software));
    negotiation.decide(NvSciBufGeneralAttrKey_GpuSwNeedCacheCoherency, Outcome::computed);
    return {};
}

// Why compression cannot be had, or null.
const char* compression_obstacle(const Participants& participants, const Placement& place, bool one_gpu_asks) {
    if (!one_gpu_asks) return "more than one GPU asks for compression";
    if (participants.cpu) return "a list asks for CPU access";
    if (place.domain != Domain::video) return "the buffer is in system memory";
    if (participants.only_device() != place.device) return "another GPU takes part";
    if (!place.device->grants_compression(*participants.driver)) return "the device has no compressible memory";
    return nullptr;
}

Result<> decide_compression(Negotiation& negotiation, const Participants& participants, const Placement& place) {
    const auto key = NvSciBufGeneralAttrKey_EnableGpuCompression;
    const Device* asking = nullptr;
    bool one_gpu_asks = true;
    for (const attr::Ask& ask : negotiation.asks(key)) {
        for (const auto& wish : attr::elements<NvSciBufAttrValGpuCompression>(ask.value)) {
            const Gpu* gpu = participants.find(wish.gpuId);
            if (gpu == nullptr) return refuse_unnamed_gpu(negotiation, key, ask.participant, wish.gpuId);
            one_gpu_asks = one_gpu_asks && (asking == nullptr || asking == gpu->device);
            asking = gpu->device;
        }
    }
    if (participants.gpus.empty()) return {};

    const bool is_asked = negotiation.is_asked(key);
    const char* obstacle = is_asked ? compression_obstacle(participants, place, one_gpu_asks) : nullptr;
    const bool compressed = is_asked && obstacle == nullptr;
    std::vector<NvSciBufAttrValGpuCompression> granted;
    for (const Gpu& gpu : participants.gpus) {
        const bool here = compressed && gpu.device == asking;
        granted.push_back({gpu.id, here ? NvSciBufCompressionType_GenericCompressible : NvSciBufCompressionType_None});
    }
    negotiation.result().put_array(key, std::span<const NvSciBufAttrValGpuCompression>(granted));
    negotiation.result().put_scalar(kMemoryCompressed, compressed);
    if (!is_asked) {
        negotiation.decide(key, Outcome::defaulted);
    } else if (compressed) {
        negotiation.decide(key, Outcome::granted);
    } else {
        negotiation.decide(key, Outcome::denied, obstacle,
                           "name one GPU that supports it, without CPU access and other GPUs");
    }
    return {};
}

}  // namespace

Result<Placement> decide_placement(Negotiation& negotiation) {
    OPENNVSCI_TRY_ASSIGN(participants, find_participants(negotiation));
    OPENNVSCI_TRY_ASSIGN(place, decide_place(negotiation, participants));
    OPENNVSCI_TRY(decide_cacheability(negotiation, participants, place));
    OPENNVSCI_TRY(decide_compression(negotiation, participants, place));

    negotiation.compute(kMemoryDomain, place.domain, place.reason);
    if (place.device != nullptr) negotiation.result().put_scalar(kMemoryGpu, place.device->uuid);
    return place;
}

Result<Placement> placement_of(const attr::Slot& reconciled) {
    Placement placement;
    placement.domain = *reconciled.scalar<Domain>(kMemoryDomain);
    std::vector<NvSciRmGpuId> ids;
    for (const auto& id : reconciled.elements<NvSciRmGpuId>(NvSciBufGeneralAttrKey_GpuId)) {
        if (!Uuid::from(id.bytes).is_null()) ids.push_back(id);
    }
    const auto owner = reconciled.scalar<NvSciRmGpuId>(kMemoryGpu);
    if (ids.empty() && !owner) return placement;

    OPENNVSCI_TRY_ASSIGN(driver, driver::instance());
    placement.driver = driver;
    for (const NvSciRmGpuId& id : ids) {
        OPENNVSCI_TRY_ASSIGN(gpu, driver->require(Uuid::from(id.bytes)));
        placement.gpus.push_back(gpu);
    }
    if (owner) {
        OPENNVSCI_TRY_ASSIGN(device, driver->require(Uuid::from(owner->bytes)));
        placement.device = device;
    }
    return placement;
}

}  // namespace opennvsci::buf
