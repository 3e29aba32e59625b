// SPDX-License-Identifier: Apache-2.0
//
// main() of the tests of NvSciIpc, which is the program of their peers too.
#include <gtest/gtest.h>

#include "peer_process.h"

int main(int argc, char** argv) {
    opennvsci::test::be_peer_if_told(argc, argv);
    ::testing::InitGoogleTest(&argc, argv);
    GTEST_FLAG_SET(death_test_style, "threadsafe");
    return RUN_ALL_TESTS();
}
