// SPDX-License-Identifier: Apache-2.0
//
// Every target runs on two software devices.
#include <cstdlib>

extern "C" int LLVMFuzzerInitialize(int*, char***) {
    setenv("OPENNVSCI_DEVICE", "soft", 1);
    setenv("OPENNVSCI_SOFT_DEVICES", "2", 1);
    return 0;
}
