// SPDX-License-Identifier: Apache-2.0
//
// What the command does itself is no part of a program's capture or trace: every command but `run` and `demo`, which
// are programs or become one, takes the variables that ask for them away before the libraries read them.
#pragma once

namespace opennvsci::tool {

/// Puts the variables back, for whoever looks at the environment: by now the libraries have read it.
void give_back_recording_variables();

}  // namespace opennvsci::tool
