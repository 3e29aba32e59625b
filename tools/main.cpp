// SPDX-License-Identifier: Apache-2.0
#include <exception>
#include <new>

#include "command_line.h"
#include "output.h"
#include "recording.h"

int main(int argc, char** argv) {
    opennvsci::tool::keep_standard_descriptors();
    opennvsci::tool::give_back_recording_variables();
    try {
        return opennvsci::tool::run_command_line(argc, argv);
    } catch (const std::bad_alloc&) {
        return opennvsci::tool::report_failure("not enough memory");
    } catch (const std::exception& error) {
        return opennvsci::tool::report_failure(error.what());
    }
}
