// SPDX-License-Identifier: Apache-2.0
//
// NvSciSync: handing over between two streams and between two threads, against the shortest way to do the same; and
// what it costs to wait with the CPU.
#include "fixture.h"

#include <benchmark/benchmark.h>
#include <sys/resource.h>

#include <atomic>
#include <chrono>
#include <thread>

#include "nvscisync.h"

namespace opennvsci::bench {
namespace {

using namespace cu;  // NOLINT(google-build-using-namespace): CUDA's own names
using Clock = std::chrono::steady_clock;

NvSciSyncModule sync_module() {
    static const NvSciSyncModule opened = [] {
        NvSciSyncModule created = nullptr;
        BENCH_CHECK(NvSciSyncModuleOpen(&created));
        return created;
    }();
    return opened;
}

NvSciSyncCpuWaitContext wait_context() {
    NvSciSyncCpuWaitContext context = nullptr;
    BENCH_CHECK(NvSciSyncCpuWaitContextAlloc(sync_module(), &context));
    return context;
}

NvSciSyncAttrList cpu_list(NvSciSyncAccessPerm permission) {
    NvSciSyncAttrList list = nullptr;
    const bool cpu = true;
    const NvSciSyncAttrKeyValuePair pairs[] = {{NvSciSyncAttrKey_NeedCpuAccess, &cpu, sizeof(cpu)},
                                               {NvSciSyncAttrKey_RequiredPerm, &permission, sizeof(permission)}};
    BENCH_CHECK(NvSciSyncAttrListCreate(sync_module(), &list));
    BENCH_CHECK(NvSciSyncAttrListSetAttrs(list, pairs, 2));
    return list;
}

NvSciSyncAttrList gpu_list(int flags) {
    NvSciSyncAttrList list = nullptr;
    BENCH_CHECK(NvSciSyncAttrListCreate(sync_module(), &list));
    BENCH_CHECK(nvsciCuDeviceGetNvSciSyncAttributes(list, device_driver().devices.front().handle, flags));
    return list;
}

NvSciSyncObj allocate(std::vector<NvSciSyncAttrList> lists) {
    NvSciSyncObj object = nullptr;
    NvSciSyncAttrList conflict = nullptr;
    BENCH_CHECK(NvSciSyncAttrListReconcileAndObjAlloc(lists.data(), lists.size(), &object, &conflict));
    for (NvSciSyncAttrList list : lists)
        NvSciSyncAttrListFree(list);
    return object;
}

CUexternalSemaphore import(NvSciSyncObj object) {
    CUDA_EXTERNAL_SEMAPHORE_HANDLE_DESC desc{};
    desc.type = CU_EXTERNAL_SEMAPHORE_HANDLE_TYPE_NVSCISYNC;
    desc.handle.nvSciSyncObj = object;
    CUexternalSemaphore semaphore = nullptr;
    BENCH_CHECK(nvsciCuImportExternalSemaphore(&semaphore, &desc));
    return semaphore;
}

/// A fence, and the parameters of the calls that signal and wait with it.
class StreamFence {
  public:
    StreamFence() {
        signal_.params.nvSciSync.fence = &fence_;
        wait_.params.nvSciSync.fence = &fence_;
    }
    StreamFence(const StreamFence&) = delete;
    StreamFence& operator=(const StreamFence&) = delete;

    void signal(CUexternalSemaphore semaphore, CUstream stream) {
        BENCH_CHECK(nvsciCuSignalExternalSemaphoresAsync(&semaphore, &signal_, 1, stream));
    }
    void wait(CUexternalSemaphore semaphore, CUstream stream) {
        BENCH_CHECK(nvsciCuWaitExternalSemaphoresAsync(&semaphore, &wait_, 1, stream));
    }
    [[nodiscard]] const NvSciSyncFence& value() const { return fence_; }

  private:
    NvSciSyncFence fence_ = NvSciSyncFenceInitializer;
    CUDA_EXTERNAL_SEMAPHORE_SIGNAL_PARAMS signal_{};
    CUDA_EXTERNAL_SEMAPHORE_WAIT_PARAMS wait_{};
};

/// Two streams that hand over to each other: hop(from, to, direction), there and back, then waits for both.
template <class Hop>
void hand_over(benchmark::State& state, Hop&& hop) {
    constexpr int kRounds = 100;
    const auto& cuda = device_driver().call;
    CUstream streams[2] = {};
    for (CUstream& stream : streams)
        BENCH_CHECK(cuda.cuStreamCreate(&stream, CU_STREAM_NON_BLOCKING));
    while (state.KeepRunningBatch(2 * kRounds)) {
        for (int i = 0; i < kRounds; ++i) {
            hop(streams[0], streams[1], 0);
            hop(streams[1], streams[0], 1);
        }
        for (CUstream stream : streams)
            BENCH_CHECK(cuda.cuStreamSynchronize(stream));
    }
    for (CUstream stream : streams)
        BENCH_CHECK(cuda.cuStreamDestroy(stream));
}

void hand_over_ours(benchmark::State& state, bool with_cpu) {
    device_driver();
    CUexternalSemaphore semaphores[2] = {};
    for (CUexternalSemaphore& semaphore : semaphores) {
        std::vector<NvSciSyncAttrList> lists{gpu_list(1), gpu_list(2)};
        if (with_cpu) lists.push_back(cpu_list(NvSciSyncAccessPerm_WaitOnly));
        NvSciSyncObj object = allocate(lists);
        semaphore = import(object);
        NvSciSyncObjFree(object);
    }
    StreamFence fence;
    hand_over(state, [&](CUstream from, CUstream to, int direction) {
        fence.signal(semaphores[direction], from);
        fence.wait(semaphores[direction], to);
    });
    for (CUexternalSemaphore semaphore : semaphores)
        BENCH_CHECK(nvsciCuDestroyExternalSemaphore(semaphore));
}
BENCHMARK_CAPTURE(hand_over_ours, gpu, false)->Name("hand_over/ours");
BENCHMARK_CAPTURE(hand_over_ours, cpu, true)->Name("hand_over_with_cpu/ours");

void hand_over_events(benchmark::State& state) {
    const auto& cuda = device_driver().call;
    CUevent events[2] = {};
    for (CUevent& event : events)
        BENCH_CHECK(cuda.cuEventCreate(&event, CU_EVENT_DISABLE_TIMING));
    hand_over(state, [&](CUstream from, CUstream to, int direction) {
        BENCH_CHECK(cuda.cuEventRecord(events[direction], from));
        BENCH_CHECK(cuda.cuStreamWaitEvent(to, events[direction], 0));
    });
    for (CUevent event : events)
        BENCH_CHECK(cuda.cuEventDestroy(event));
}
BENCHMARK(hand_over_events)->Name("hand_over/events");

void hand_over_raw(benchmark::State& state) {
    const auto& cuda = device_driver().call;
    CUdeviceptr words = 0;
    BENCH_CHECK(cuda.cuMemAlloc(&words, 256));
    BENCH_CHECK(cuda.cuMemsetD8(words, 0, 256));
    std::uint64_t values[2] = {};
    hand_over(state, [&](CUstream from, CUstream to, int direction) {
        const CUdeviceptr word = words + 128ULL * static_cast<unsigned>(direction);
        const std::uint64_t value = ++values[direction];
        BENCH_CHECK(cuda.cuStreamWriteValue64(from, word, value, 0));
        BENCH_CHECK(cuda.cuStreamWaitValue64(to, word, value, 0));
    });
    BENCH_CHECK(cuda.cuMemFree(words));
}
BENCHMARK(hand_over_raw)->Name("hand_over/memory_operations");

// Two threads, both spinning. One iteration is there and back.

void cpu_ping_pong_ours(benchmark::State& state, NvSciSyncWaitMode mode) {
    NvSciSyncObj ping = allocate({cpu_list(NvSciSyncAccessPerm_WaitSignal)});
    NvSciSyncObj pong = allocate({cpu_list(NvSciSyncAccessPerm_WaitSignal)});
    std::atomic<bool> stop{false};
    std::thread other([&] {
        NvSciSyncCpuWaitContext context = wait_context();
        NvSciSyncFence fence = NvSciSyncFenceInitializer;
        for (std::uint64_t n = 1;; ++n) {
            BENCH_CHECK(NvSciSyncFenceUpdateFence(ping, 0, n, &fence));
            BENCH_CHECK(NvSciSyncFenceWaitWithMode(&fence, context, -1, mode));
            if (stop) break;
            BENCH_CHECK(NvSciSyncObjSignal(pong));
        }
        NvSciSyncCpuWaitContextFree(context);
    });
    NvSciSyncCpuWaitContext context = wait_context();
    NvSciSyncFence fence = NvSciSyncFenceInitializer;
    for (auto _ : state) {
        BENCH_CHECK(NvSciSyncObjGenerateFence(pong, &fence));
        BENCH_CHECK(NvSciSyncObjSignal(ping));
        BENCH_CHECK(NvSciSyncFenceWaitWithMode(&fence, context, -1, mode));
    }
    stop = true;
    BENCH_CHECK(NvSciSyncObjSignal(ping));
    other.join();
    NvSciSyncCpuWaitContextFree(context);
    NvSciSyncObjFree(ping);
    NvSciSyncObjFree(pong);
}
BENCHMARK_CAPTURE(cpu_ping_pong_ours, spin, NvSciSyncWaitMode_BusyNoYield)->Name("cpu_ping_pong/ours")->UseRealTime();
BENCHMARK_CAPTURE(cpu_ping_pong_ours, adaptive, NvSciSyncWaitMode_Default)
    ->Name("cpu_ping_pong/default_mode")
    ->UseRealTime();

void cpu_ping_pong_raw(benchmark::State& state) {
    struct alignas(64) Word {
        std::atomic<std::uint64_t> value{0};
        void wait(std::uint64_t wanted) const {
            while (value.load(std::memory_order_acquire) < wanted) {
#if defined(__x86_64__)
                __builtin_ia32_pause();
#endif
            }
        }
    };
    Word ping;
    Word pong;
    std::atomic<bool> stop{false};
    std::thread other([&] {
        for (std::uint64_t n = 1;; ++n) {
            ping.wait(n);
            if (stop) break;
            pong.value.store(n, std::memory_order_release);
        }
    });
    std::uint64_t n = 0;
    for (auto _ : state) {
        ++n;
        ping.value.store(n, std::memory_order_release);
        pong.wait(n);
    }
    stop = true;
    ping.value.store(n + 1, std::memory_order_release);
    other.join();
}
BENCHMARK(cpu_ping_pong_raw)->Name("cpu_ping_pong/raw")->UseRealTime();

// How late a waiting thread notices a signal that comes so many microseconds after it began to wait, and how much
// processor time it takes meanwhile.
template <class Prepare, class Trigger>
void notice(benchmark::State& state, Prepare&& prepare, Trigger&& trigger) {
    const std::chrono::microseconds delay(state.range(0));
    NvSciSyncCpuWaitContext context = wait_context();
    NvSciSyncFence fence = NvSciSyncFenceInitializer;
    long processor_us = 0;
    const auto processor_time = [] {
        rusage usage{};
        getrusage(RUSAGE_THREAD, &usage);
        return (usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1000000L + usage.ru_utime.tv_usec +
               usage.ru_stime.tv_usec;
    };
    for (auto _ : state) {
        prepare(fence);
        Clock::time_point triggered;
        std::thread other([&] {
            std::this_thread::sleep_for(delay);
            triggered = Clock::now();
            trigger();
        });
        const long before = processor_time();
        BENCH_CHECK(NvSciSyncFenceWait(&fence, context, -1));
        const auto noticed = Clock::now();
        processor_us += processor_time() - before;
        other.join();
        state.SetIterationTime(std::chrono::duration<double>(noticed - triggered).count());
    }
    state.counters["processor_us"] =
        benchmark::Counter(static_cast<double>(processor_us), benchmark::Counter::kAvgIterations);
    NvSciSyncCpuWaitContextFree(context);
}

void notice_cpu_signal(benchmark::State& state) {
    NvSciSyncObj object = allocate({cpu_list(NvSciSyncAccessPerm_WaitSignal)});
    notice(
        state, [&](NvSciSyncFence& fence) { BENCH_CHECK(NvSciSyncObjGenerateFence(object, &fence)); },
        [&] { BENCH_CHECK(NvSciSyncObjSignal(object)); });
    NvSciSyncObjFree(object);
}
BENCHMARK(notice_cpu_signal)->Arg(100)->Arg(1000)->Arg(10000)->UseManualTime();

// The stream waits for a word that the other thread writes, and then signals.
void notice_gpu_signal(benchmark::State& state) {
    const auto& cuda = device_driver().call;
    NvSciSyncObj object = allocate({gpu_list(1), cpu_list(NvSciSyncAccessPerm_WaitOnly)});
    CUexternalSemaphore semaphore = import(object);
    CUstream stream = nullptr;
    BENCH_CHECK(cuda.cuStreamCreate(&stream, CU_STREAM_NON_BLOCKING));
    void* word = nullptr;
    CUdeviceptr address = 0;
    BENCH_CHECK(cuda.cuMemHostAlloc(&word, 8, kMemHostAllocDeviceMap));
    BENCH_CHECK(cuda.cuMemHostGetDevicePointer(&address, word, 0));
    std::uint64_t round = 0;
    StreamFence signaled;
    __atomic_store_n(static_cast<std::uint64_t*>(word), round, __ATOMIC_SEQ_CST);
    notice(
        state,
        [&](NvSciSyncFence& fence) {
            BENCH_CHECK(cuda.cuStreamWaitValue64(stream, address, ++round, 0));
            signaled.signal(semaphore, stream);
            fence = signaled.value();
        },
        [&] { __atomic_store_n(static_cast<std::uint64_t*>(word), round, __ATOMIC_SEQ_CST); });
    BENCH_CHECK(cuda.cuStreamSynchronize(stream));
    BENCH_CHECK(cuda.cuStreamDestroy(stream));
    BENCH_CHECK(cuda.cuMemFreeHost(word));
    BENCH_CHECK(nvsciCuDestroyExternalSemaphore(semaphore));
    NvSciSyncObjFree(object);
}
BENCHMARK(notice_gpu_signal)->Arg(100)->Arg(1000)->Arg(10000)->UseManualTime();

}  // namespace
}  // namespace opennvsci::bench
