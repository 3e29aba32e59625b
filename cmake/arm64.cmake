# SPDX-License-Identifier: Apache-2.0
#
# Toolchain: from another architecture to arm64, with Debian's cross compiler and its packages of both architectures
# (`./run setup arm64`). What is built runs here under QEMU's user emulation.
set(CMAKE_SYSTEM_NAME Linux)
set(CMAKE_SYSTEM_PROCESSOR aarch64)
set(CMAKE_C_COMPILER aarch64-linux-gnu-gcc)
set(CMAKE_CXX_COMPILER aarch64-linux-gnu-g++)
find_program(OPENNVSCI_QEMU qemu-aarch64)
if(OPENNVSCI_QEMU)
    set(CMAKE_CROSSCOMPILING_EMULATOR ${OPENNVSCI_QEMU} -L /usr/aarch64-linux-gnu)
endif()
