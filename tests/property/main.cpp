// SPDX-License-Identifier: Apache-2.0
//
// main() of the property tests: on two software devices and with a fixed seed, unless the environment says otherwise
// (OPENNVSCI_DEVICE, OPENNVSCI_SOFT_DEVICES; RC_PARAMS="seed=1 max_success=10000" for another and longer run).
#include <gtest/gtest.h>

#include <cstdlib>

#include "device.h"

int main(int argc, char** argv) {
    ::testing::InitGoogleTest(&argc, argv);
    ::setenv("RC_PARAMS", "seed=20240611 max_success=500 max_discard_ratio=50", 0);
    ::setenv("OPENNVSCI_DEVICE", "soft", 0);
    ::setenv("OPENNVSCI_SOFT_DEVICES", "2", 0);
    opennvsci::test::TestDevice::instance();  // loaded now, so that no case pays for it or counts it as a leak
    return RUN_ALL_TESTS();
}
