// SPDX-License-Identifier: Apache-2.0
//
// The model of NvSciSync: what nvscisync.md 5.2 and 6 say a reconciliation of lists of one process must give, written a
// second time, in the simplest way and without any code of the library.
#pragma once

#include <ostream>
#include <set>

#include "sync_wishes.h"

namespace opennvsci::test {

/// The content of a reconciled list; unions as sets.
struct SyncContent {
    bool cpu = false;
    NvSciSyncAccessPerm required_permission = 0;
    NvSciSyncAccessPerm actual_permission = 0;
    bool context_insensitive = false;
    bool timestamps = false;
    bool deterministic = false;
    std::uint32_t timestamp_slots = 0;
    std::uint32_t task_status_slots = 0;
    std::uint64_t max_value = 0;
    std::uint32_t primitive = 0;
    std::set<std::uint32_t> peers;
    std::set<GpuNumber> gpus;
    std::set<std::uint32_t> engines;

    bool operator==(const SyncContent&) const = default;
};

std::ostream& operator<<(std::ostream& stream, const SyncContent& content);

struct SyncPrediction {
    /// The codes that the reference allows; empty on success.
    std::set<NvSciError> failures;
    SyncContent content;
};

[[nodiscard]] SyncPrediction predict_sync(const std::vector<SyncWishes>& participants);

/// What a reconciled list holds.
[[nodiscard]] SyncContent read_sync_content(NvSciSyncAttrList reconciled);

/// Whether a reconciled list gives one participant what it asks (nvscisync.md 6.5, without NeedCpuAccess being false).
[[nodiscard]] bool satisfies(const SyncContent& content, const SyncWishes& wishes);
/// Whether it is valid for them all (nvscisync.md 6.5).
[[nodiscard]] bool is_valid_for(const SyncContent& content, const std::vector<SyncWishes>& participants);

}  // namespace opennvsci::test
