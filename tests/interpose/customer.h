// SPDX-License-Identifier: Apache-2.0
//
// What all customer programs do, in whatever shape they are linked: see customer.cpp.
#pragma once

extern "C" int customer_main(int argc, char** argv);
