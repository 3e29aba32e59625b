// SPDX-License-Identifier: Apache-2.0
#include "sync/fence.h"

namespace opennvsci::sync {
Result<Fence> Fence::read(const NvSciSyncFence& storage) {
    const auto& words = storage.payload;
    if (words[0] == 0) {
        if ((words[1] | words[2] | words[3] | words[4] | words[5]) == 0) return Fence{};
    } else if (is_handle_of(HandleKind::timeline, words[0]) && words[3] <= kHas32Bits && (words[4] | words[5]) == 0) {
        const auto timestamp_slot = static_cast<std::uint32_t>(words[2]);
        const auto task_status_slot = static_cast<std::uint32_t>(words[2] >> 32);
        if (timestamp_slot < kSlots && task_status_slot < kSlots) {
            return Fence{words[0], words[1], timestamp_slot, task_status_slot, words[3] == kHas32Bits};
        }
    }
    return fail(NvSciError_BadParameter,
                "the fence is neither cleared nor one that this library wrote; its storage must be zeroed once");
}

}  // namespace opennvsci::sync
