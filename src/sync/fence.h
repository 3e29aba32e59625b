// SPDX-License-Identifier: Apache-2.0
//
// Fence: what an NvSciSyncFence holds: the number of a timeline, a value of it, and where the timestamp and the task
// status of that value are. A plain value: programs copy NvSciSyncFence with `=`, overwrite it and forget it, so it
// owns nothing. All zero is a cleared fence, which refers to nothing and never blocks.
//
// The 48 bytes are the program's memory and hold anything: they are read through read(), which tells a fence from
// garbage. They carry the token of the process that made them, so that another process, a forked child too, never takes
// them for a fence of its own, and a seal over all of it: a fence that was never given out is none.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>

#include "base/result.h"
#include "nvscisync.h"
#include "sync/seal.h"
#include "sync/timelines.h"

namespace opennvsci::sync {

struct Fence {
    std::uint64_t timeline = 0;  ///< 0: cleared
    std::uint64_t value = 0;
    std::uint32_t timestamp_slot = 0;
    std::uint32_t task_status_slot = 0;
    bool has_32_bits = false;  ///< the value as programs see it

    /// A fence for a value of a timeline, with the slots that belong to it (nvscisync.md 9, PROPOSED: value mod 1024).
    [[nodiscard]] static Fence of(const OwnedTimeline& owned, std::uint64_t value) noexcept {
        const auto slot = static_cast<std::uint32_t>(value % kSlots);
        return {owned.number, value, slot, slot, owned.timeline->description().has_32_bits};
    }

    /// Errors: BadParameter for bytes that are no fence of this process.
    [[nodiscard]] static Result<Fence> read(const NvSciSyncFence& storage);
    void write(NvSciSyncFence& storage) const noexcept {
        if (is_cleared()) {
            storage = NvSciSyncFenceInitializer;
            return;
        }
        const Words words{timeline, value, std::uint64_t{task_status_slot} << 32 | timestamp_slot,
                          has_32_bits ? kHas32Bits : 0, process::token()};
        std::copy(words.begin(), words.end(), storage.payload);
        storage.payload[words.size()] = seal_over(words);
    }

    [[nodiscard]] bool is_cleared() const noexcept { return timeline == 0; }

    /// The value as NvSciSyncFenceExtractFence gives it.
    [[nodiscard]] std::uint64_t visible_value() const noexcept {
        return has_32_bits ? static_cast<std::uint32_t>(value) : value;
    }

  private:
    using Words = std::array<std::uint64_t, 5>;     // of the storage, before the seal
    static constexpr std::uint64_t kHas32Bits = 1;  // in the fourth word
};

}  // namespace opennvsci::sync
