// SPDX-License-Identifier: Apache-2.0
//
// Several ways to do one thing, measured in turns, so that a slow moment of the machine hits all of them.
#pragma once

#include <benchmark/benchmark.h>

#include <chrono>
#include <cstddef>
#include <functional>
#include <vector>

namespace opennvsci::bench {

using Clock = std::chrono::steady_clock;

/// One way to do what a benchmark measures.
struct Side {
    const char* name;
    std::function<std::chrono::nanoseconds()> run;  ///< does a batch of it, and says how long that took
};

/// The benchmark's time is that of a batch of the first side; each side's time per unit, of which a batch has so many,
/// is a counter with its name, in seconds. The benchmark must use manual time.
inline void take_turns(benchmark::State& state, int units, const std::vector<Side>& sides) {
    std::vector<std::chrono::nanoseconds> sums(sides.size(), std::chrono::nanoseconds(0));
    static std::size_t first = 0;  // goes on from one repetition to the next
    for (auto _ : state) {
        const auto before = sums[0];
        for (std::size_t i = 0; i < sides.size(); ++i) {
            const std::size_t turn = (first + i) % sides.size();
            sums[turn] += sides[turn].run();
        }
        ++first;
        state.SetIterationTime(std::chrono::duration<double>(sums[0] - before).count());
    }
    for (std::size_t i = 0; i < sides.size(); ++i) {
        state.counters[sides[i].name] =
            std::chrono::duration<double>(sums[i]).count() / static_cast<double>(state.iterations()) / units;
    }
}

}  // namespace opennvsci::bench
