// SPDX-License-Identifier: Apache-2.0
//
// Stream memory operations: a stream waits for a value in memory, or writes one. Addresses are checked and pinned when
// the call is made, like the operands of copies. A wait looks again and again, ever more slowly, because the value may
// be written by anybody: a stream, the CPU, another process.
#pragma once

#include <span>

#include "softcuda/context.h"
#include "softcuda/stream.h"

namespace opennvsci::softcuda {

/// Puts the operations into the stream as one piece of work. INVALID_VALUE for a bad operation or flag, an address that
/// is not aligned or that the device of the stream's context may not use; NOT_SUPPORTED for flushing remote writes.
[[nodiscard]] CUresult submit_memory_operations(Stream& stream, std::span<const CUstreamBatchMemOpParams> operations);

}  // namespace opennvsci::softcuda
