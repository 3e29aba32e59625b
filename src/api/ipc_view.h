// SPDX-License-Identifier: Apache-2.0
//
// The channels of NvSciIpc, as they are now, in the form of the public interface.
#pragma once

#include "base/result.h"
#include "opennvsci.h"

namespace opennvsci::api {

/// The overview, of the calling thread until its next one. Errors: those of ipc::overview::take().
[[nodiscard]] Result<const OpenNvSciIpcOverview*> ipc_view();

}  // namespace opennvsci::api
