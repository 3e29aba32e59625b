// SPDX-License-Identifier: Apache-2.0
//
// AllocateChain: what a program may pass to nvsciVkAllocateMemory, of the bytes of the input: structures of the
// extension and others in any number and order.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <utility>
#include <variant>

#include "api/nvscivk_abi.h"
#include "support.h"

namespace opennvsci::fuzz {

class AllocateChain {
  public:
    AllocateChain(FuzzedDataProvider& in, NvSciBufObj object, NvSciBufAttrList list, vk::VkImage image) : in_(in) {
        for (int count = in.ConsumeIntegralInRange(1, 4); count > 0; --count) {
            switch (in.ConsumeIntegralInRange(0, 7)) {
                case 0:
                case 1:
                case 6:
                case 7:
                    put<vk::VkImportMemorySciBufInfoNV>(vk::kImportMemorySciBufInfo, any_type(), object);
                    break;
                case 2:
                    put<vk::VkExportMemorySciBufInfoNV>(vk::kExportMemorySciBufInfo, in.ConsumeBool() ? nullptr : list);
                    break;
                case 3:
                    put<vk::VkExportMemoryAllocateInfo>(vk::VK_STRUCTURE_TYPE_EXPORT_MEMORY_ALLOCATE_INFO,
                                                        vk::VkFlags{any_type()});
                    break;
                case 4:
                    put<vk::VkMemoryDedicatedAllocateInfo>(vk::VK_STRUCTURE_TYPE_MEMORY_DEDICATED_ALLOCATE_INFO, image,
                                                           nullptr);
                    break;
                default:
                    put<Unknown>(vk::VkStructureType{77});
            }
        }
    }
    AllocateChain(const AllocateChain&) = delete;
    AllocateChain& operator=(const AllocateChain&) = delete;

    [[nodiscard]] const void* first() const noexcept { return first_; }

  private:
    struct Unknown {
        vk::VkStructureType sType;
        const void* pNext;
    };

    // The right one mostly: else nothing gets far.
    vk::VkExternalMemoryHandleTypeFlagBits any_type() {
        static constexpr std::array<std::uint32_t, 6> kTypes{0x2000, 0x2000, 0x2000, 0x2001, 1, 0};
        return vk::VkExternalMemoryHandleTypeFlagBits{in_.PickValueInArray(kTypes)};
    }

    // From the last to the first.
    template <class Structure, class... Members>
    void put(vk::VkStructureType type, Members... members) {
        first_ = &std::get<Structure>(structures_.emplace_back(Structure{type, first_, members...}));
    }

    FuzzedDataProvider& in_;
    std::deque<std::variant<vk::VkImportMemorySciBufInfoNV, vk::VkExportMemorySciBufInfoNV,
                            vk::VkExportMemoryAllocateInfo, vk::VkMemoryDedicatedAllocateInfo, Unknown>>
        structures_;
    const void* first_ = nullptr;
};

}  // namespace opennvsci::fuzz
