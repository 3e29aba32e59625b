// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "commands.h"

namespace CLI {
class App;
}

namespace opennvsci::tool {

/// Gives the subcommand its options, which write to `options`. Both must live until the command line is parsed, which
/// fails for an option that the type of the buffer has no use for.
void add_layout_options(CLI::App& command, LayoutOptions& options);

}  // namespace opennvsci::tool
