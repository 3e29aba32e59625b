// SPDX-License-Identifier: Apache-2.0
//
// main() of the test programs that run on a device: OPENNVSCI_DEVICE says on which. Asked for a GPU where there is
// none, the program says so and ends with the code that ctest counts as skipped.
#include <gtest/gtest.h>

#include <cstdio>
#include <cstdlib>
#include <string_view>

#include "device.h"

int main(int argc, char** argv) {
    constexpr int kSkipped = 77;
    ::testing::InitGoogleTest(&argc, argv);
    // Forking a process that uses CUDA is not allowed, so death tests start the program anew.
    GTEST_FLAG_SET(death_test_style, "threadsafe");
    const char* wanted = std::getenv("OPENNVSCI_DEVICE");
    const auto driver = opennvsci::driver::instance();
    if (!driver) {
        std::printf("SKIPPED, nothing was tested: %s\n", driver.error().text.c_str());
        return wanted != nullptr && std::string_view(wanted) == "gpu" ? kSkipped : EXIT_FAILURE;
    }
    const auto& device = opennvsci::test::TestDevice::instance();
    std::printf("device: %s (%s)\n", device.device().name.c_str(), device.driver().path.c_str());
    return RUN_ALL_TESTS();
}
