// SPDX-License-Identifier: Apache-2.0
//
// `opennvsci demo --two-processes`: a camera process and a vision process share four buffers, which vision may only
// read. The command starts itself twice, as the camera and as vision, and shows the reports of both.
#pragma once

#include "commands.h"

namespace opennvsci::tool {

/// Starts both processes and prints their reports. Errors: one of them failed, and has said why on stderr.
[[nodiscard]] Result<> show_two_processes(const DemoOptions& options);

/// One of the two, in its own process.
[[nodiscard]] Result<> be_camera(const DemoOptions& options);
[[nodiscard]] Result<> be_vision(const DemoOptions& options);

}  // namespace opennvsci::tool
