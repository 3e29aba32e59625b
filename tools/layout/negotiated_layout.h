// SPDX-License-Identifier: Apache-2.0
//
// The layout that a program gets which asks for a buffer in the words of the command line.
#pragma once

#include <span>
#include <string>

#include "commands.h"
#include "nvsci.h"
#include "opennvsci.h"

namespace opennvsci::tool {

struct NegotiatedLayout {
    std::string title;  ///< what was asked: "image NV12 1920x1080, block-linear"
    List list;          ///< the reconciled list, to which the layout belongs
    const OpenNvSciBufLayout* layout;

    [[nodiscard]] std::span<const OpenNvSciBufRegion> regions() const { return {layout->regions, layout->regionCount}; }
};

[[nodiscard]] inline bool is_plane(const OpenNvSciBufRegion& region) {
    return region.pitch != 0;
}

/// Reconciles the attributes that the options stand for. Errors: those of the reconciliation and of wishes_of().
[[nodiscard]] Result<NegotiatedLayout> negotiate_layout(const LayoutOptions& options);

}  // namespace opennvsci::tool
