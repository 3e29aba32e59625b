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
    OPENNVSCI_TRY_ASSIGN(bytes, list.get(0, key));
    if (bytes.empty()) return false;
    for (std::size_t at = 0; at + sizeof(T) <= bytes.size(); at += sizeof(T)) {
        if (std::memcmp(bytes.data() + at, &value, sizeof(T)) == 0) return true;
    }
    return fail(
        VK_ERROR_VALIDATION_FAILED_EXT, NvSciError_BadParameter,
        fmt::format("the list has {} with another value than a Vulkan device needs", buf::schema().find(key)->name));
}

}  // namespace

Result<> set_buf_attributes(attr::List& list, const PhysicalDevice& device) {
    if (!list.is_writable()) {
        return fail(VK_ERROR_VALIDATION_FAILED_EXT, NvSciError_BadParameter,
                    "the list cannot be written: it is reconciled, appended or imported");
    }
    OPENNVSCI_TRY(check_can_import(device));
    OPENNVSCI_TRY_ASSIGN(gpu, device.gpu());
    const auto permission = NvSciBufAccessPerm_ReadWrite;
    const bool is_cpu_needed = true;
    NvSciRmGpuId id{};
    std::vector<attr::KeyValue> pairs;
    const auto add = [&](std::uint32_t key, const auto& value) -> Result<> {
        OPENNVSCI_TRY_ASSIGN(is_there, has_already(list, key, value));
        if (!is_there) pairs.push_back({key, &value, sizeof(value)});
        return {};
    };
    OPENNVSCI_TRY(add(NvSciBufGeneralAttrKey_RequiredPerm, permission));
    if (gpu != nullptr) {
        std::ranges::copy(gpu->uuid.bytes, id.bytes);
        OPENNVSCI_TRY(add(NvSciBufGeneralAttrKey_GpuId, id));
    } else {
        OPENNVSCI_TRY(add(NvSciBufGeneralAttrKey_NeedCpuAccess, is_cpu_needed));
    }
    if (pairs.empty()) return {};
    return list.set(pairs.size(), [&](std::size_t i) { return pairs[i]; });
}

}  // namespace opennvsci::vulkan
