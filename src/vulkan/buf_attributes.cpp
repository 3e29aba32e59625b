// SPDX-License-Identifier: Apache-2.0
#include "vulkan/buf_attributes.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <vector>

#include "attr/elements.h"
#include "buf/keys.h"
#include "vulkan/memory_import.h"

namespace opennvsci::vulkan {
namespace {

// Whether `value` is among the elements that the key has. Errors: VALIDATION_FAILED if it has others.
template <class T>
Result<bool> has_already(const attr::List& list, std::uint32_t key, const T& value) {
    const attr::Key& row = *buf::schema().find(key);
    bool is_set = false;
    bool is_there = false;
    list.for_each_participant([&](const attr::Wishes& wishes) {
        const attr::Bytes known = wishes.values.get(row);
        is_set = !known.empty();
        for (std::size_t at = 0; at + sizeof(T) <= known.size(); at += sizeof(T))
            is_there = is_there || std::memcmp(known.data() + at, &value, sizeof(T)) == 0;
    });
    if (is_there || !is_set) return is_there;
    return fail(VK_ERROR_VALIDATION_FAILED_EXT, NvSciError_BadParameter,
                fmt::format("the list has {} with another value than a Vulkan device needs", row.name));
}

}  // namespace

Result<> set_buf_attributes(attr::List& list, const PhysicalDevice& device) {
    if (!list.is_writable()) {
        return fail(VK_ERROR_VALIDATION_FAILED_EXT, NvSciError_BadParameter,
                    "the list cannot be written: it is reconciled, appended or imported");
    }
    OPENNVSCI_TRY(check_can_import(device));
    OPENNVSCI_TRY_ASSIGN(abilities, device.abilities());
    const auto permission = NvSciBufAccessPerm_ReadWrite;
    const bool is_cpu_needed = true;
    NvSciRmGpuId gpu{};
    std::ranges::copy(abilities.gpu.bytes, gpu.bytes);
    std::vector<attr::KeyValue> pairs;
    const auto add = [&](std::uint32_t key, const auto& value) -> Result<> {
        OPENNVSCI_TRY_ASSIGN(is_there, has_already(list, key, value));
        if (!is_there) pairs.push_back({key, &value, sizeof(value)});
        return {};
    };
    OPENNVSCI_TRY(add(NvSciBufGeneralAttrKey_RequiredPerm, permission));
    if (abilities.gpu.is_null()) {
        OPENNVSCI_TRY(add(NvSciBufGeneralAttrKey_NeedCpuAccess, is_cpu_needed));
    } else {
        OPENNVSCI_TRY(add(NvSciBufGeneralAttrKey_GpuId, gpu));
    }
    OPENNVSCI_TRY(add(buf::kVulkanGpu, gpu));
    OPENNVSCI_TRY(add(buf::kVulkanHostPointers, abilities.host_pointer_alignment));
    OPENNVSCI_TRY(add(buf::kVulkanDescriptors, abilities.imports_descriptors));
    if (pairs.empty()) return {};
    return list.set(
        pairs.size(), [&](std::size_t i) { return pairs[i]; }, attr::List::Setter::library);
}

}  // namespace opennvsci::vulkan
