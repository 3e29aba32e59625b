// SPDX-License-Identifier: Apache-2.0
//
// The layout that a program gets which asks for a buffer in the words of the command line.
#pragma once

#include <string>

#include "buf/layout.h"
#include "commands.h"

namespace opennvsci::tool {

struct NegotiatedLayout {
    std::string title;  ///< what was asked: "image NV12 1920x1080, block-linear"
    buf::Layout layout;
    std::string memory;         ///< where it is placed
    std::string memory_reason;  ///< and why
    std::string gpu;            ///< UUID of the GPU whose memory it is, or empty
};

/// Reconciles the attributes that the options stand for. Errors: those of the reconciliation and of wishes_of().
[[nodiscard]] Result<NegotiatedLayout> negotiate_layout(const LayoutOptions& options);

}  // namespace opennvsci::tool
