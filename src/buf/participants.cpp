// SPDX-License-Identifier: Apache-2.0
#include "buf/participants.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/unaligned.h"
#include "buf/keys.h"

namespace opennvsci::buf {
namespace {

using attr::Negotiation;
using driver::Device;
using driver::Driver;

std::string device_list(const Driver& driver) {
    std::string text;
    for (const Device& device : driver.devices) {
        if (!text.empty()) text += ", ";
        text += fmt::format("{} ({})", device.uuid.text(), device.name);
    }
    return text;
}

std::vector<VulkanParticipant> vulkan_participants(Negotiation& negotiation) {
    std::vector<VulkanParticipant> all;
    for (const attr::Ask& ask : negotiation.asks(kVulkanGpu))
        all.push_back({ask.participant, {Uuid::from(ask.value.data())}});
    const auto read = [&]<class T>(std::uint32_t key, T VulkanDevice::*member) {
        for (const attr::Ask& ask : negotiation.asks(key)) {
            const auto one = std::ranges::find(all, ask.participant, &VulkanParticipant::participant);
            if (one != all.end()) one->device.*member = load<T>(ask.value.data());
        }
    };
    if (all.empty()) return all;
    read(kVulkanHostPointers, &VulkanDevice::host_pointer_alignment);
    read(kVulkanDescriptors, &VulkanDevice::imports_descriptors);
    return all;
}

}  // namespace

const Gpu* Participants::find(const NvSciRmGpuId& id) const {
    const auto uuid = Uuid::from(id.bytes);
    const auto found =
        std::find_if(gpus.begin(), gpus.end(), [&](const Gpu& gpu) { return gpu.device->has_uuid(uuid); });
    return found == gpus.end() ? nullptr : &*found;
}

const Device* Participants::only_device() const {
    const bool one = !gpus.empty() && std::all_of(gpus.begin(), gpus.end(),
                                                  [&](const Gpu& gpu) { return gpu.device == gpus[0].device; });
    return one ? gpus[0].device : nullptr;
}

Result<const Device*> require_device(Negotiation& negotiation, const Driver& driver, std::uint32_t key,
                                     const NvSciRmGpuId& id) {
    const Device* device = driver.find(Uuid::from(id.bytes));
    if (device != nullptr) return device;
    return negotiation.refuse(
        key, NvSciError_BadParameter, attr::Reason::unknown_gpu,
        fmt::format("{} is no GPU of this machine, which has {}", Uuid::from(id.bytes).text(), device_list(driver)),
        "use the bytes that cuDeviceGetUuid gives");
}

Result<Participants> find_participants(Negotiation& negotiation) {
    Participants participants;
    participants.cpu = negotiation.result().scalar<bool>(NvSciBufGeneralAttrKey_NeedCpuAccess).value_or(false);
    participants.vulkan = vulkan_participants(negotiation);
    if (!negotiation.is_asked(NvSciBufGeneralAttrKey_GpuId) &&
        !negotiation.is_asked(NvSciBufGeneralAttrKey_VidMem_GpuId)) {
        return participants;
    }
    OPENNVSCI_TRY_ASSIGN(driver, driver::instance());
    participants.driver = driver;
    for (const auto& id : negotiation.result().elements<NvSciRmGpuId>(NvSciBufGeneralAttrKey_GpuId)) {
        OPENNVSCI_TRY_ASSIGN(device, require_device(negotiation, *driver, NvSciBufGeneralAttrKey_GpuId, id));
        participants.gpus.push_back({id, device});
    }
    return participants;
}

std::string obstacle_text(Negotiation& negotiation, const VulkanParticipant& vulkan, std::string_view obstacle) {
    return fmt::format("{} speaks for a Vulkan device, which {}",
                       negotiation.report().participants()[vulkan.participant].text(), obstacle);
}

// Where no list named a GPU, the key has the null id as its default.
Result<Participants> participants_of(const attr::Slot& reconciled) {
    Participants participants;
    participants.cpu = reconciled.scalar<bool>(NvSciBufGeneralAttrKey_NeedCpuAccess).value_or(false);
    for (const auto& id : reconciled.elements<NvSciRmGpuId>(NvSciBufGeneralAttrKey_GpuId)) {
        if (Uuid::from(id.bytes).is_null()) continue;
        OPENNVSCI_TRY_ASSIGN(driver, driver::instance());
        OPENNVSCI_TRY_ASSIGN(device, driver->require(Uuid::from(id.bytes)));
        participants.driver = driver;
        participants.gpus.push_back({id, device});
    }
    return participants;
}

}  // namespace opennvsci::buf
