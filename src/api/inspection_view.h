// SPDX-License-Identifier: Apache-2.0
//
// What processes answered to an inspection, in the form of the public interface.
#pragma once

#include <cstdint>
#include <span>

#include "base/result.h"
#include "opennvsci.h"

namespace opennvsci::api {

/// The answers, of the calling thread until its next ones. Errors: BadParameter for a number that is no process's;
/// those of ipc::inspection::ask().
[[nodiscard]] Result<std::span<const OpenNvSciInspection>> inspection_view(std::int64_t pid);

}  // namespace opennvsci::api
