// SPDX-License-Identifier: Apache-2.0
#include "sync/fence.h"

#include <array>
#include <cstring>

namespace opennvsci::sync {

Result<Fence> Fence::read(const NvSciSyncFence& storage) {
    // Read once: another thread of the program may be writing.
    std::array<std::uint64_t, 6> words;
    static_assert(sizeof(words) == sizeof(storage.payload));
    std::memcpy(words.data(), storage.payload, sizeof(words));
    if (words == std::array<std::uint64_t, 6>{}) return Fence{};
    const auto timestamp_slot = static_cast<std::uint32_t>(words[2]);
    const auto task_status_slot = static_cast<std::uint32_t>(words[2] >> 32);
    if (!is_handle_of(HandleKind::timeline, words[0]) || words[3] > kHas32Bits || words[5] != 0 ||
        timestamp_slot >= kSlots || task_status_slot >= kSlots) {
        return fail(NvSciError_BadParameter,
                    "the fence is neither cleared nor one that this library wrote; its storage must be zeroed once");
    }
    if (words[4] != process::token()) {
        return fail(NvSciError_BadParameter,
                    "the fence is not of this process: the bytes of a fence mean nothing in another one, nor in a "
                    "forked child; NvSciSyncIpcExportFence hands fences over");
    }
    return Fence{words[0], words[1], timestamp_slot, task_status_slot, words[3] == kHas32Bits};
}

}  // namespace opennvsci::sync
