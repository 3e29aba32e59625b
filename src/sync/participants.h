// SPDX-License-Identifier: Apache-2.0
//
// Participants: what each list of a reconciliation wants, as far as several keys belong together. Read from the report,
// of a reconciliation in progress or of one that another process made.
#pragma once

#include <vector>

#include "attr/report.h"
#include "base/uuid.h"
#include "nvscisync.h"

namespace opennvsci::sync {

struct Participant {
    const attr::Origin* origin = nullptr;  ///< in the report
    NvSciSyncAccessPerm permission = 0;    ///< 0: not set
    bool has_cpu = false;
    bool wants_timestamps = false;
    bool is_vulkan = false;  ///< speaks for Vulkan, and so neither for CUDA nor for a CPU that signals
    std::vector<Uuid> gpus;

    [[nodiscard]] bool signals() const { return (permission & NvSciSyncAccessPerm_SignalOnly) != 0; }
    [[nodiscard]] bool waits() const { return (permission & NvSciSyncAccessPerm_WaitOnly) != 0; }
    /// A list that names no GPU and does not want the CPU leaves open what it is for.
    [[nodiscard]] bool speaks_for_cuda() const { return !is_vulkan && (!gpus.empty() || !has_cpu); }
};

/// In the order of the report, which they must not outlive.
[[nodiscard]] std::vector<Participant> participants_of(const attr::Report& report);

/// What the process of some participants may do itself; what it relays for others is not its own.
struct Roles {
    bool cpu_signals = false;
    bool streams_signal = false;
    bool streams_wait = false;
    bool vulkan_signals = false;
    bool vulkan_waits = false;
    Uuid vulkan_gpu{};             ///< null: of none, or of one whose semaphores CUDA does not import
    bool is_cuda_relayed = false;  ///< CUDA takes part where it cannot have Vulkan's semaphores

    void add(const Participant& participant) {
        if (participant.is_vulkan && !participant.gpus.empty()) vulkan_gpu = participant.gpus.front();
        vulkan_signals = vulkan_signals || (participant.signals() && participant.is_vulkan);
        vulkan_waits = vulkan_waits || (participant.waits() && participant.is_vulkan);
        cpu_signals = cpu_signals || (participant.signals() && participant.has_cpu && !participant.is_vulkan);
        streams_signal = streams_signal || (participant.signals() && participant.speaks_for_cuda());
        streams_wait = streams_wait || (participant.waits() && participant.speaks_for_cuda());
    }
    /// Writes them into the slot of a reconciled list, over those of another process.
    void put(attr::Slot& result) const;
};

}  // namespace opennvsci::sync
