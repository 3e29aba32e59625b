// SPDX-License-Identifier: Apache-2.0
//
// What is NvSciSync's own of the exchange of lists (attr/wire.h): how its lists travel, what a peer sees of a result
// (sync/peers.h says what it gets), and what is believed of one that comes.
#pragma once

#include <span>

#include "attr/wire.h"

namespace opennvsci::sync {

[[nodiscard]] const attr::wire::Library& wire_library() noexcept;

/// Checks what goes out unreconciled; a list of the CPU that names no primitives gets those that a CPU can use. Errors:
/// BadParameter, with the list, for a value that nobody checked when it was set.
[[nodiscard]] Result<> complete_for_export(std::span<attr::Wishes> slots);

/// A reconciled list as the process at the other end of the link `session` is to see it. Errors: BadParameter if none
/// of its lists took part.
[[nodiscard]] Result<attr::wire::View> view_for_peer(const attr::List& reconciled, std::uint64_t session);

/// Errors: BadParameter for a result that no reconciliation with a peer gives.
[[nodiscard]] Result<> check_result(const attr::Slot& result);

}  // namespace opennvsci::sync
