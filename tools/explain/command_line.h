// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "commands.h"

namespace CLI {
class App;
}

namespace opennvsci::tool {

/// Gives the subcommand its options, which write to `options`. Both must live until the command line is parsed.
void add_explain_options(CLI::App& command, ExplainOptions& options);

/// The same for `check`, which needs a machine.
void add_check_options(CLI::App& command, ExplainOptions& options);

}  // namespace opennvsci::tool
