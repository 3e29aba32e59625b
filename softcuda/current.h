// SPDX-License-Identifier: Apache-2.0
//
// What belongs to the calling thread: its stack of current contexts and its per-thread default streams. The streams are
// closed when the thread ends. The main thread keeps its state to the very end of the process, because static
// destructors may still call the device.
#pragma once

#include <memory>

#include "softcuda/abi.h"
#include "softcuda/context.h"
#include "softcuda/stream.h"

namespace opennvsci::softcuda {

/// The context on top of the stack, destroyed or not; nullptr if the stack is empty.
[[nodiscard]] std::shared_ptr<Context> top_context();

/// The current context. INVALID_CONTEXT if there is none, CONTEXT_IS_DESTROYED if it was destroyed.
[[nodiscard]] CUresult current_context(std::shared_ptr<Context>& context);

/// nullptr only takes the top away.
void replace_top_context(std::shared_ptr<Context> context);
void push_context(std::shared_ptr<Context> context);
/// nullptr if the stack is empty.
[[nodiscard]] std::shared_ptr<Context> pop_context();

/// The stream that a handle stands for to this thread. 0 and 1 are the legacy default stream of the current context, 2
/// the thread's own. INVALID_HANDLE for a handle that is not live.
[[nodiscard]] CUresult find_stream(CUstream handle, std::shared_ptr<Stream>& stream);

}  // namespace opennvsci::softcuda
