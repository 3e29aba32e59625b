// SPDX-License-Identifier: Apache-2.0
#include "sync/fence.h"

#include <cstring>

namespace opennvsci::sync {

Result<Fence> Fence::read(const NvSciSyncFence& storage) {
    // Read once: another thread of the program may be writing.
    std::array<std::uint64_t, 6> all;
    static_assert(sizeof(all) == sizeof(storage.payload));
    std::memcpy(all.data(), storage.payload, sizeof(all));
    if (all == std::array<std::uint64_t, 6>{}) return Fence{};
    const Words words{all[0], all[1], all[2], all[3], all[4]};
    if (!is_handle_of(HandleKind::timeline, words[0]) || all[5] != seal_over(words)) {
        return fail(
            NvSciError_BadParameter,
            "the fence is neither cleared nor one that this library wrote; its storage must be zeroed once, and "
            "not be written to");
    }
    const auto timestamp_slot = static_cast<std::uint32_t>(words[2]);
    const auto task_status_slot = static_cast<std::uint32_t>(words[2] >> 32);
    if (words[4] != process::token()) {
        return fail(NvSciError_BadParameter,
                    "the fence is not of this process: the bytes of a fence mean nothing in another one, nor in a "
                    "forked child; NvSciSyncIpcExportFence hands fences over");
    }
    if (timestamp_slot >= kSlots || task_status_slot >= kSlots) {  // sealed by somebody else
        return fail(NvSciError_BadParameter, "the fence has slots that no object has");
    }
    return Fence{words[0], words[1], timestamp_slot, task_status_slot, words[3] == kHas32Bits};
}

}  // namespace opennvsci::sync
