// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "commands.h"
#include "file.h"
#include "layout/memory_map.h"
#include "layout/negotiated_layout.h"
#include "layout/table.h"

namespace opennvsci::tool {

Result<> layout(const LayoutOptions& options) {
    OPENNVSCI_TRY_ASSIGN(negotiated, negotiate_layout(options));
    if (!options.svg.empty()) OPENNVSCI_TRY(write_file(options.svg, draw_memory_map(negotiated)));
    fmt::print("{}", options.json ? layout_json(negotiated) : layout_table(negotiated));
    return {};
}

}  // namespace opennvsci::tool
