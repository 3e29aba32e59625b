// SPDX-License-Identifier: Apache-2.0
//
// The exchange of fences: what the 56 bytes of a descriptor hold, and what is believed of one. The identity of the
// timeline, which all processes that have its object know, stands for the number that only this process has. Nothing
// else of a process is in it, so it may travel any way, be imported any number of times, and be exported again as the
// same bytes. All zero is a cleared fence.
#pragma once

#include "nvscisync.h"
#include "sync/object.h"

namespace opennvsci::sync {

/// Errors: BadParameter if the object is gone and the fence has not expired; InvalidState in a forked child.
[[nodiscard]] Result<NvSciSyncFenceIpcExportDescriptor> export_fence(const Fence& fence);

/// A fence of `object`. The descriptor is read once. Errors: BadParameter if it is neither cleared nor of the object,
/// or its value is none that the object can have; InvalidState in a forked child.
[[nodiscard]] Result<Fence> import_fence(const Object& object, const NvSciSyncFenceIpcExportDescriptor& descriptor);

}  // namespace opennvsci::sync
