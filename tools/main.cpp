// SPDX-License-Identifier: Apache-2.0
#include <exception>

#include "command_line.h"
#include "output.h"

int main(int argc, char** argv) {
    opennvsci::tool::keep_standard_descriptors();
    try {
        return opennvsci::tool::run_command_line(argc, argv);
    } catch (const std::exception& error) {  // no memory
        return opennvsci::tool::report_failure(error.what());
    }
}
