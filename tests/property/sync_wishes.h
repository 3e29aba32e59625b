// SPDX-License-Identifier: Apache-2.0
//
// SyncWishes: what one participant asks of an NvSciSync object, as plain values, and random ones. The domains are small
// on purpose, as those of Wishes are (wishes.h).
#pragma once

#include <rapidcheck.h>

#include <iosfwd>
#include <optional>
#include <ostream>
#include <vector>

#include "sync_objects.h"
#include "wishes.h"

namespace opennvsci::test {

struct SyncWishes {
    std::optional<NvSciSyncAccessPerm> permission;
    std::optional<bool> cpu;
    std::optional<bool> context_insensitive;
    std::optional<bool> timestamps;
    std::optional<bool> deterministic;
    std::optional<std::vector<std::uint32_t>> primitives;  ///< numbers, because some are no enumerators
    std::optional<std::vector<std::uint32_t>> peers;       ///< SoC numbers
    std::optional<std::vector<GpuNumber>> gpus;            ///< every number that is no device's is another unknown GPU
    std::optional<std::vector<std::uint32_t>> engines;     ///< platform numbers

    [[nodiscard]] bool signals() const { return (permission.value_or(0) & NvSciSyncAccessPerm_SignalOnly) != 0; }
    [[nodiscard]] bool waits() const { return (permission.value_or(0) & NvSciSyncAccessPerm_WaitOnly) != 0; }
    [[nodiscard]] bool has_cpu() const { return cpu.value_or(false); }
};

std::ostream& operator<<(std::ostream& stream, const SyncWishes& wishes);

/// Wishes of any kind, seldom illegal ones.
[[nodiscard]] rc::Gen<SyncWishes> any_sync_wishes();
/// One to six participants of any kind.
[[nodiscard]] rc::Gen<std::vector<SyncWishes>> any_sync_participants();
/// A waiter that fits every set of fitting participants.
[[nodiscard]] rc::Gen<SyncWishes> fitting_waiter();
/// One to six participants that fit together: one signaler that can give timestamps, and waiters, in any order.
[[nodiscard]] rc::Gen<std::vector<SyncWishes>> fitting_sync_participants();

/// The id of a GPU by number, and back.
[[nodiscard]] NvSciRmGpuId sync_gpu_id(GpuNumber number);
[[nodiscard]] GpuNumber sync_gpu_number(const NvSciRmGpuId& id);

/// A list that asks these wishes.
[[nodiscard]] SyncList make_list(NvSciSyncModule module, const SyncWishes& wishes);

}  // namespace opennvsci::test
