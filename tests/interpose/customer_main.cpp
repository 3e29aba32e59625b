// SPDX-License-Identifier: Apache-2.0
#include "customer.h"

int main(int argc, char** argv) {
    return customer_main(argc, argv);
}
