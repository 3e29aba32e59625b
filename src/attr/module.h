// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace opennvsci::attr {

/// What an NvSciBufModule or NvSciSyncModule is: an identity. Lists and objects hold a reference on theirs, and may be
/// combined only with others of the same module.
struct Module {};

}  // namespace opennvsci::attr
