// SPDX-License-Identifier: Apache-2.0
//
// The walk over everything that can fail below the library: a scenario is run again and again, with a failure at its
// first point, at its second, … until none is hit. What it makes of the failures is checked where they come back.
#pragma once

#include <gtest/gtest.h>

#include <cstdio>
#include <ios>
#include <optional>

#include "base/vulkan_abi.h"
#include "driver/driver.h"
#include "failure_point.h"
#include "leak_check.h"
#include "nvsci.h"
#include "opennvsci.h"

namespace opennvsci::test {

inline constexpr std::optional<FailurePoint::Kind> kEveryPoint{};
inline constexpr std::optional<FailurePoint::Kind> kHeapAlone{FailurePoint::Kind::heap};

/// What ended the calls of a scenario. GoogleTest is kept out of it, because its allocations would count.
struct Failure {
    bool is_cuda;
    unsigned code;
    bool has_text;
    bool is_vulkan = false;

    [[nodiscard]] bool is_documented() const noexcept {
        if (is_vulkan) {
            const auto result = static_cast<vk::VkResult>(code);
            return result == vk::VK_ERROR_OUT_OF_HOST_MEMORY || result == vk::VK_ERROR_OUT_OF_DEVICE_MEMORY ||
                   result == vk::VK_ERROR_TOO_MANY_OBJECTS || result == vk::VK_ERROR_INITIALIZATION_FAILED ||
                   result == vk::VK_ERROR_INVALID_EXTERNAL_HANDLE;
        }
        if (is_cuda) return code == cu::CUDA_ERROR_OUT_OF_MEMORY || code == cu::CUDA_ERROR_OPERATING_SYSTEM;
        return code == kInsufficientMemory || code == kResourceError;
    }
};
using CallOutcome = std::optional<Failure>;

inline CallOutcome outcome_of(NvSciError code) {
    if (code == kSuccess) return std::nullopt;
    return Failure{false, static_cast<unsigned>(code), *opennvsciGetLastErrorText() != '\0'};
}
inline CallOutcome outcome_of(cu::CUresult code) {
    if (code == cu::CUDA_SUCCESS) return std::nullopt;
    return Failure{true, static_cast<unsigned>(code), *opennvsciGetLastErrorText() != '\0'};
}
inline CallOutcome outcome_of(vk::VkResult code) {
    if (code == vk::VK_SUCCESS) return std::nullopt;
    return Failure{false, static_cast<unsigned>(code), *opennvsciGetLastErrorText() != '\0', true};
}

inline CallOutcome outcome_of(const CallOutcome& outcome) {
    return outcome;
}

/// In a function that gives a CallOutcome: ends it with a call that failed.
#define TRY_CALL(call)                                             \
    do {                                                           \
        if (const auto failure = outcome_of(call)) return failure; \
    } while (false)

/// Calls `scenario(point)` until a point is not hit any more, or a test fails. The scenario arms the point where what
/// may fail begins, and may disarm it where that ends.
template <class Scenario>
void walk_failure_points(std::optional<FailurePoint::Kind> only, Scenario&& scenario) {
    hook_system_calls();
    bool is_hit = true;
    for (long n = 1; is_hit && !::testing::Test::HasFailure(); ++n) {
        SCOPED_TRACE(::testing::Message() << (only ? "heap point " : "point ") << n);
        FailurePoint point(n, only);
        scenario(point);
        is_hit = point.disarm();
    }
}

/// The same for a scenario that gives the outcome of its calls. Each failure must come back as a documented code with a
/// text, and leave nothing behind. Gives how many came back.
template <class Scenario>
long expect_failures_come_back(std::optional<FailurePoint::Kind> only, Scenario&& scenario) {
    long points = 0;
    long failures = 0;
    walk_failure_points(only, [&](FailurePoint& point) {
        const LeakCheck leaks;
        const CallOutcome outcome = scenario(point);
        if (point.disarm()) ++points;
        EXPECT_EQ(leaks.differences(), "");
        if (!outcome) return;
        ++failures;
        EXPECT_TRUE(outcome->is_documented()) << (outcome->is_vulkan ? "Vulkan "
                                                  : outcome->is_cuda ? "CUDA "
                                                                     : "NvSci ")
                                              << std::hex << outcome->code << ": " << opennvsciGetLastErrorText();
        EXPECT_TRUE(outcome->has_text);
    });
    std::printf("%ld points, %ld failures came back\n", points, failures);
    return failures;
}

}  // namespace opennvsci::test
