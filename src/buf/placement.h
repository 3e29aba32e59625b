// SPDX-License-Identifier: Apache-2.0
//
// Placement: where the bytes of a buffer will live, decided during a reconciliation from who takes part. On a machine
// with discrete GPUs: in the video memory of the GPU that VidMem_GpuId names, or of the only GPU when no CPU takes
// part; otherwise in system memory. A block-linear image that a GPU uses needs memory that the driver can tile, so its
// system memory is the driver's. Together with it the attributes that exist per GPU are decided: cacheability, the need
// for software cache maintenance, compression.
#pragma once

#include <vector>

#include "attr/negotiation.h"
#include "buf/keys.h"
#include "driver/driver.h"
#include "memory/domain.h"

namespace opennvsci::buf {

struct Placement {
    memory::Domain domain = memory::Domain::system;
    const char* reason = "";
    const driver::Driver* driver = nullptr;   ///< null if no key names a GPU
    const driver::Device* device = nullptr;   ///< whose memory it is; null for plain system memory
    std::vector<const driver::Device*> gpus;  ///< the GPUs of GpuId
};

/// Decides the placement from the merged keys and writes it, with all per-GPU outputs, into the result.
/// Errors: BadParameter for a GPU that does not exist, NotSupported and ReconciliationFailed with the reason.
[[nodiscard]] Result<Placement> decide_placement(attr::Negotiation& negotiation);

/// The placement that a reconciled list states, without the reason. Errors: those of Driver::require.
[[nodiscard]] Result<Placement> placement_of(const attr::Slot& reconciled);

}  // namespace opennvsci::buf
