// SPDX-License-Identifier: Apache-2.0
//
// Attribute lists: setting, reading, reconciling.
#include "fixture.h"

#include <benchmark/benchmark.h>

#include <array>
#include <memory>
#include <utility>
#include <vector>

#include "attr/list.h"
#include "buf/keys.h"

namespace opennvsci::bench {
namespace {

// Six keys, as a camera would ask.
std::array<attr::KeyValue, 6> raw_pairs() {
    static constexpr NvSciBufType kType = NvSciBufType_RawBuffer;
    static constexpr std::uint64_t kNumber = 4096;
    static constexpr bool kYes = true;
    static constexpr NvSciBufAttrValAccessPerm kPermission = NvSciBufAccessPerm_Readonly;
    return {{{NvSciBufGeneralAttrKey_Types, &kType, sizeof(kType)},
             {NvSciBufRawBufferAttrKey_Size, &kNumber, sizeof(kNumber)},
             {NvSciBufRawBufferAttrKey_Align, &kNumber, sizeof(kNumber)},
             {NvSciBufGeneralAttrKey_NeedCpuAccess, &kYes, sizeof(kYes)},
             {NvSciBufGeneralAttrKey_RequiredPerm, &kPermission, sizeof(kPermission)},
             {NvSciBufGeneralAttrKey_EnableCpuCache, &kYes, sizeof(kYes)}}};
}

// A key can be set once in a list, so lists are made and freed outside the measured part; each gets eight keys, one
// call per key.
void set_one_key(benchmark::State& state) {
    const NvSciBufType type = NvSciBufType_RawBuffer;
    const std::uint64_t number = 4096;
    const bool yes = true;
    const NvSciBufAttrValAccessPerm permission = NvSciBufAccessPerm_Readonly;
    const NvSciRmGpuId gpu = gpu_id();
    NvSciBufAttrKeyValuePair pairs[] = {
        {NvSciBufGeneralAttrKey_Types, &type, sizeof(type)},
        {NvSciBufRawBufferAttrKey_Size, &number, sizeof(number)},
        {NvSciBufRawBufferAttrKey_Align, &number, sizeof(number)},
        {NvSciBufGeneralAttrKey_NeedCpuAccess, &yes, sizeof(yes)},
        {NvSciBufGeneralAttrKey_RequiredPerm, &permission, sizeof(permission)},
        {NvSciBufGeneralAttrKey_EnableCpuCache, &yes, sizeof(yes)},
        {NvSciBufGeneralAttrKey_GpuId, &gpu, sizeof(gpu)},
        {NvSciBufGeneralAttrKey_VidMem_GpuId, &gpu, sizeof(gpu)},
    };
    std::vector<NvSciBufAttrList> lists(32);
    while (state.KeepRunningBatch(static_cast<std::int64_t>(lists.size() * std::size(pairs)))) {
        state.PauseTiming();
        for (NvSciBufAttrList& list : lists)
            BENCH_CHECK(NvSciBufAttrListCreate(module(), &list));
        state.ResumeTiming();
        for (NvSciBufAttrList list : lists) {
            for (NvSciBufAttrKeyValuePair& pair : pairs)
                BENCH_CHECK(NvSciBufAttrListSetAttrs(list, &pair, 1));
        }
        state.PauseTiming();
        for (NvSciBufAttrList list : lists)
            NvSciBufAttrListFree(list);
        state.ResumeTiming();
    }
}
BENCHMARK(set_one_key);

// From a reconciled list, as importers read.
void get_one_key(benchmark::State& state) {
    NvSciBufAttrList list = raw_list(4096, true);
    NvSciBufAttrList reconciled = nullptr;
    NvSciBufAttrList conflict = nullptr;
    BENCH_CHECK(NvSciBufAttrListReconcile(&list, 1, &reconciled, &conflict));
    NvSciBufAttrKeyValuePair pair{NvSciBufRawBufferAttrKey_Size, nullptr, 0};
    for (auto _ : state) {
        BENCH_CHECK(NvSciBufAttrListGetAttrs(reconciled, &pair, 1));
        benchmark::DoNotOptimize(pair.value);
    }
    NvSciBufAttrListFree(reconciled);
    NvSciBufAttrListFree(list);
}
BENCHMARK(get_one_key);

void create_and_free_list(benchmark::State& state) {
    for (auto _ : state) {
        NvSciBufAttrList list = nullptr;
        BENCH_CHECK(NvSciBufAttrListCreate(module(), &list));
        NvSciBufAttrListFree(list);
    }
}
BENCHMARK(create_and_free_list);

void reconcile(benchmark::State& state) {
    std::vector<NvSciBufAttrList> lists;
    for (int i = 0; i < state.range(0); ++i)
        lists.push_back(raw_list(1 << 20, true));
    for (auto _ : state) {
        NvSciBufAttrList reconciled = nullptr;
        NvSciBufAttrList conflict = nullptr;
        BENCH_CHECK(NvSciBufAttrListReconcile(lists.data(), lists.size(), &reconciled, &conflict));
        NvSciBufAttrListFree(reconciled);
    }
    for (NvSciBufAttrList list : lists)
        NvSciBufAttrListFree(list);
}
BENCHMARK(reconcile)->Arg(2)->Arg(8)->Arg(64);

// A camera that describes a planar 4:2:0 picture and a GPU that wants to read it.
void reconcile_image(benchmark::State& state) {
    NvSciBufAttrList lists[] = {image_list(1920, 1080), image_list(1920, 1080)};
    for (auto _ : state) {
        NvSciBufAttrList reconciled = nullptr;
        NvSciBufAttrList conflict = nullptr;
        BENCH_CHECK(NvSciBufAttrListReconcile(lists, std::size(lists), &reconciled, &conflict));
        NvSciBufAttrListFree(reconciled);
    }
    for (NvSciBufAttrList list : lists)
        NvSciBufAttrListFree(list);
}
BENCHMARK(reconcile_image);

// What a successful reconciliation of two raw-buffer lists does for its report: everything that was asked, a decision
// on each key, the places that were looked at.
void report_alone(benchmark::State& state) {
    attr::List one(buf::schema());
    attr::List two(buf::schema());
    for (attr::List* list : {&one, &two}) {
        const auto pairs = raw_pairs();
        BENCH_CHECK(list->set(pairs.size(), [&](std::size_t i) { return pairs[i]; }) ? NvSciError_Success
                                                                                     : NvSciError_BadParameter);
    }
    constexpr std::size_t kDecisions = 15;
    for (auto _ : state) {
        attr::Report report;
        report.reserve(2);
        one.report_to(report, 0);
        two.report_to(report, 1);
        for (std::size_t key = 0; key < kDecisions; ++key)
            report.decide(key, {attr::Outcome::granted, "a reason", {}, attr::Reason::follows});
        report.set_places({{{"a memory", {}, "the CPU takes part"},
                            {"another", {}, ""},
                            {"a third", {}, "only a block-linear image that a GPU uses is there"}}},
                          1);
        benchmark::DoNotOptimize(std::make_shared<const attr::Report>(std::move(report)));
    }
}
BENCHMARK(report_alone);

}  // namespace
}  // namespace opennvsci::bench
