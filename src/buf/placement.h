// SPDX-License-Identifier: Apache-2.0
//
// Placement: where the bytes of a buffer will live, decided during a reconciliation from who takes part. On a machine
// with discrete GPUs: in the video memory of the GPU that VidMem_GpuId names, or of the only GPU when no CPU takes
// part; otherwise in system memory. A block-linear image that a GPU uses needs memory that the driver can tile, so its
// system memory is the driver's.
#pragma once

#include "buf/participants.h"
#include "memory/domain.h"

namespace opennvsci::buf {

struct Placement {
    Participants participants;
    memory::Domain domain = memory::Domain::system;
    const driver::Device* device = nullptr;  ///< whose memory it is; null for Domain::system
    attr::Text reason{};
};

/// Decides the placement from the merged keys. Errors: BadParameter for a GPU that does not exist, NotSupported with
/// the reason.
[[nodiscard]] Result<Placement> decide_placement(attr::Negotiation& negotiation, Participants participants);

/// Writes the placement into the result.
void state_placement(attr::Negotiation& negotiation, const Placement& placement);

/// True if a value of EnableGpuCache says false of any GPU.
[[nodiscard]] bool asks_uncached(attr::Bytes cacheability);

/// "GpuId of b, c names another than GPU-...": in whose asks of `key`, GpuId or EnableGpuCompression, there is another
/// GPU than `device`.
[[nodiscard]] std::string who_names_another(attr::Negotiation& negotiation, std::uint32_t key,
                                            const driver::Device& device);

/// The way that would bring a buffer from system memory into video memory, as one more way out of a conflict; none if
/// there is another obstacle than the participants.
[[nodiscard]] attr::Suggestion way_to_video_memory(attr::Negotiation& negotiation, const Participants& participants);

/// The device whose memory a reconciled list states, which is not Domain::system. Errors: those of Driver::require.
[[nodiscard]] Result<const driver::Device*> memory_device_of(const driver::Driver& driver,
                                                             const attr::Slot& reconciled);

/// The placement that a reconciled list states, without the reason. Errors: those of Driver::require.
[[nodiscard]] Result<Placement> placement_of(const attr::Slot& reconciled);

}  // namespace opennvsci::buf
