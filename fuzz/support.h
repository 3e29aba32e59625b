// SPDX-License-Identifier: Apache-2.0
//
// What the fuzz targets share: the check that aborts, steps, what a target knows of the handles it was given, and
// values made of the bytes of the input.
#pragma once

#include <fuzzer/FuzzedDataProvider.h>

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <span>
#include <vector>

#include "driver/driver.h"
#include "nvsci.h"
#include "opennvsci.h"

namespace opennvsci::fuzz {

using namespace test;  // NOLINT(google-build-using-namespace): the codes of NvSci

inline const char* g_step = "none";  // the last one that began

}  // namespace opennvsci::fuzz

#define REQUIRE(condition)                                                           \
    do {                                                                             \
        if (!(condition)) {                                                          \
            std::fprintf(stderr, "%s:%d: not %s\n", __FILE__, __LINE__, #condition); \
            std::fprintf(stderr, "in the step '%s'\n", opennvsci::fuzz::g_step);     \
            std::fprintf(stderr, "last error: %s\n", opennvsciGetLastErrorText());   \
            std::abort();                                                            \
        }                                                                            \
    } while (0)

namespace opennvsci::fuzz {

inline constexpr std::size_t kMostHandles = 24;
inline constexpr std::size_t kMostModules = 4;

// Distinct from every handle and from NULL: what an output holds before a call.
template <class Handle>
Handle untouched() {
    return reinterpret_cast<Handle>(std::uintptr_t{0x1111});
}

inline std::vector<NvSciRmGpuId> gpu_ids() {
    std::vector<NvSciRmGpuId> ids;
    const auto driver = driver::instance();
    REQUIRE(driver && (*driver)->is_software);
    for (const auto& device : (*driver)->devices)
        ids.push_back(id_of(device));
    return ids;
}

/// One call, or a few, made of the next bytes of the input; the more weight, the oftener.
template <class Target>
struct Step {
    const char* name;
    int weight;
    void (Target::*perform)();
};

template <class Target>
void perform_any(Target& target, FuzzedDataProvider& in, std::span<const Step<Target>> steps) {
    int total = 0;
    for (const Step<Target>& step : steps)
        total += step.weight;
    int chosen = in.ConsumeIntegralInRange(0, total - 1);
    auto step = steps.begin();
    for (; chosen >= step->weight; ++step)
        chosen -= step->weight;
    g_step = step->name;
    (target.*step->perform)();
}

template <class Handle>
struct Known {
    Handle handle;
    bool alive;
};

template <class T>
std::size_t pick(FuzzedDataProvider& in, const std::vector<T>& known) {
    return in.ConsumeIntegralInRange<std::size_t>(0, known.size() - 1);
}

// True if one of the handles is alive and has this number.
template <class T>
bool has_live(const std::vector<T>& known, std::uint64_t number) {
    return std::any_of(known.begin(), known.end(), [&](const T& one) {
        return one.alive && reinterpret_cast<std::uint64_t>(one.handle) == number;
    });
}

template <class T>
std::vector<std::uint8_t> bytes_of(const T& value) {
    std::vector<std::uint8_t> copy(sizeof(value));
    std::memcpy(copy.data(), &value, sizeof(value));
    return copy;
}

}  // namespace opennvsci::fuzz
