// SPDX-License-Identifier: Apache-2.0
//
// A program, or a library as if a program named it first: whether it finds its libraries, and whether its calls of CUDA
// reach OpenNvSci when it is started from here. It is read and never run.
#pragma once

#include <string>
#include <vector>

#include "doctor/finding.h"
#include "doctor/load_order.h"
#include "doctor/own_libraries.h"

namespace opennvsci::tool {

struct ProgramFacts {
    std::string path;    ///< as the shell would find it
    std::string error;   ///< why it cannot be looked at; empty if it was
    std::string script;  ///< the interpreter that a script names; empty if it is none
    LoadOrder order;     ///< in this environment
    OwnLibraries own;
    std::vector<Namesake> namesakes;   ///< its libraries with names of NvSci's
    bool is_interposed = true;         ///< OPENNVSCI_INTERPOSE is not 0
    bool has_software_driver = false;  ///< the driver in use is the software device
};

/// Looks at a file, or at what PATH has under a name without a slash.
[[nodiscard]] ProgramFacts look_at_program(const std::string& name, const LibrarySearch& search, OwnLibraries own);
[[nodiscard]] std::vector<Finding> check_program(const ProgramFacts& facts);

}  // namespace opennvsci::tool
