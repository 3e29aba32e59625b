// SPDX-License-Identifier: Apache-2.0
//
// NVTX ranges of traced calls, for NVIDIA's profilers. Built with OPENNVSCI_NVTX=ON, which needs the header of a CUDA
// toolkit; else the same functions do nothing.
#pragma once

namespace opennvsci::trace::nvtx {

extern const bool kIsBuilt;

/// Begins a range of the calling thread; ranges nest.
void push(const char* name) noexcept;
/// Ends the one that began last.
void pop() noexcept;

}  // namespace opennvsci::trace::nvtx
