// SPDX-License-Identifier: Apache-2.0
//
// Objects: duplicating.
#include "fixture.h"

#include <benchmark/benchmark.h>

namespace opennvsci::bench {
namespace {

// In batches, freed outside the measured part.
void dup_object(benchmark::State& state) {
    constexpr int kBatch = 256;
    std::vector<NvSciBufObj> duplicates(kBatch);
    NvSciBufObj original = object(1 << 20, true);
    while (state.KeepRunningBatch(kBatch)) {
        for (NvSciBufObj& duplicate : duplicates)
            BENCH_CHECK(NvSciBufObjDup(original, &duplicate));
        state.PauseTiming();
        for (NvSciBufObj duplicate : duplicates)
            NvSciBufObjFree(duplicate);
        state.ResumeTiming();
    }
    NvSciBufObjFree(original);
}
BENCHMARK(dup_object);

void reduce_permission(benchmark::State& state) {
    NvSciBufObj original = object(1 << 20, true);
    for (auto _ : state) {
        NvSciBufObj reduced = nullptr;
        BENCH_CHECK(NvSciBufObjDupWithReducePerm(original, NvSciBufAccessPerm_Readonly, &reduced));
        NvSciBufObjFree(reduced);
    }
    NvSciBufObjFree(original);
}
BENCHMARK(reduce_permission);

}  // namespace
}  // namespace opennvsci::bench
