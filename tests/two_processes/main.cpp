// SPDX-License-Identifier: Apache-2.0
//
// main() of a test of several processes: a role, or the test, which uses neither the libraries nor CUDA itself.
#include <gtest/gtest.h>

#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

#include "driver/driver.h"
#include "process.h"
#include "role.h"

namespace opennvsci::test {
namespace {

const Role kAsksForTheDevice("asks_for_the_device", [](const Arguments&) {
    const auto driver = driver::instance();
    require_that(driver.has_value(), driver ? "" : driver.error().text);
    std::printf("device: %s (%s)\n", (*driver)->devices.front().name.c_str(), (*driver)->path.c_str());
});

}  // namespace
}  // namespace opennvsci::test

int main(int argc, char** argv) {
    constexpr int kSkipped = 77;
    if (const int status = opennvsci::test::Role::run(argc, argv); status >= 0) return status;
    ::testing::InitGoogleTest(&argc, argv);
    const char* wanted = std::getenv("OPENNVSCI_DEVICE");
    std::string text;
    if (!opennvsci::test::has_device(text)) {
        std::printf("SKIPPED, nothing was tested: %s\n", text.c_str());
        return wanted != nullptr && std::string_view(wanted) == "gpu" ? kSkipped : EXIT_FAILURE;
    }
    std::printf("%s", text.c_str());
    return RUN_ALL_TESTS();
}
