// SPDX-License-Identifier: Apache-2.0
#include "softcuda/process_maps.h"

#include <sys/mman.h>

#include <cstdio>
#include <memory>

namespace opennvsci::softcuda {
namespace {

struct CloseFile {
    void operator()(std::FILE* file) const noexcept { std::fclose(file); }
};

/// Reads on to the end of the line.
void skip_line(std::FILE* file) {
    int read = 0;
    do {
        read = std::fgetc(file);
    } while (read != '\n' && read != EOF);
}

}  // namespace

CUresult protection_of(std::uintptr_t base, std::size_t size, int& protection) {
    const std::unique_ptr<std::FILE, CloseFile> maps(std::fopen("/proc/self/maps", "re"));
    if (maps == nullptr) return CUDA_ERROR_OPERATING_SYSTEM;
    const std::uintptr_t end = base + size;
    std::uintptr_t covered = base;
    protection = PROT_READ | PROT_WRITE;
    unsigned long first = 0;
    unsigned long last = 0;
    char flags[5] = {};
    // Lines are in ascending order: "first-last rwxp ...".
    while (covered < end && std::fscanf(maps.get(), "%lx-%lx %4s", &first, &last, flags) == 3) {
        skip_line(maps.get());
        if (last <= covered) continue;
        if (first > covered) break;
        if (flags[0] != 'r') protection &= ~PROT_READ;
        if (flags[1] != 'w') protection &= ~PROT_WRITE;
        covered = last;
    }
    return covered >= end ? CUDA_SUCCESS : CUDA_ERROR_INVALID_VALUE;
}

}  // namespace opennvsci::softcuda
