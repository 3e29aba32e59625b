// SPDX-License-Identifier: Apache-2.0
//
// A plug-in whose constructor asks for the driver, while the dynamic linker is held for the loading of the plug-in.
#include "driver/driver.h"

// The test program's: returns when another thread asks for the driver too.
extern "C" __attribute__((weak)) void constructor_runs();

namespace {

struct Asks {
    Asks() {
        constructor_runs();
        is_answered = opennvsci::driver::instance().has_value();
    }
    bool is_answered = false;
};

const Asks g_asks;

}  // namespace

extern "C" [[gnu::visibility("default")]] bool constructor_has_a_driver();
bool constructor_has_a_driver() {
    return g_asks.is_answered;
}
