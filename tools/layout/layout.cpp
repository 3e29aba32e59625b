// SPDX-License-Identifier: Apache-2.0
#include <nlohmann/json.hpp>

#include "commands.h"
#include "file.h"
#include "layout/memory_map.h"
#include "layout/negotiated_layout.h"
#include "layout/table.h"
#include "output.h"

namespace opennvsci::tool {

Result<> layout(const LayoutOptions& options) {
    const Existing existing = options.force ? Existing::replace : Existing::keep;
    const bool is_to_stdout = options.svg == "-";
    if (!options.svg.empty() && !is_to_stdout) OPENNVSCI_TRY(check_may_write(options.svg, existing));
    OPENNVSCI_TRY_ASSIGN(negotiated, negotiate_layout(options));
    if (is_to_stdout) {
        print_text(draw_memory_map(negotiated));
        return {};
    }
    if (!options.svg.empty()) OPENNVSCI_TRY(write_file(options.svg, draw_memory_map(negotiated), existing));
    if (options.json) {
        print_json(layout_json(negotiated));
    } else {
        print_text(layout_table(negotiated));
    }
    return {};
}

}  // namespace opennvsci::tool
