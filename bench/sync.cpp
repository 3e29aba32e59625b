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
#include "turns.h"

namespace opennvsci::bench {
namespace {

using namespace cu;  // NOLINT(google-build-using-namespace): CUDA's own names

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

/// Two streams that hand over to each other.
class StreamPair {
  public:
    static constexpr int kRounds = 100;  // between two waits for the streams
    static constexpr int kRepeats = 20;  // so that what the other sides left in the caches counts little
    static constexpr int kHops = 2 * kRounds * kRepeats;

    StreamPair() {
        for (CUstream& stream : streams_)
            BENCH_CHECK(cuda_.cuStreamCreate(&stream, CU_STREAM_NON_BLOCKING));
    }
    StreamPair(const StreamPair&) = delete;
    StreamPair& operator=(const StreamPair&) = delete;
    ~StreamPair() {
        for (CUstream stream : streams_)
            BENCH_CHECK(cuda_.cuStreamDestroy(stream));
    }

    /// hop(from, to, direction) there and back some times, then waits for both streams; all that again and again.
    template <class Hop>
    std::chrono::nanoseconds hand_over(Hop&& hop) const {
        const auto start = Clock::now();
        for (int repeat = 0; repeat < kRepeats; ++repeat) {
            for (int i = 0; i < kRounds; ++i) {
                hop(streams_[0], streams_[1], 0);
                hop(streams_[1], streams_[0], 1);
            }
            for (CUstream stream : streams_)
                BENCH_CHECK(cuda_.cuStreamSynchronize(stream));
        }
        return Clock::now() - start;
    }

  private:
    const driver::EntryPoints& cuda_ = device_driver().call;
    CUstream streams_[2] = {};
};

/// A semaphore for each direction, of objects that GPUs of this process use, or the CPU too.
class SemaphorePair {
  public:
    explicit SemaphorePair(bool with_cpu) {
        for (CUexternalSemaphore& semaphore : semaphores_) {
            std::vector<NvSciSyncAttrList> lists{gpu_list(1), gpu_list(2)};
            if (with_cpu) lists.push_back(cpu_list(NvSciSyncAccessPerm_WaitOnly));
            NvSciSyncObj object = allocate(lists);
            semaphore = import(object);
            NvSciSyncObjFree(object);
        }
    }
    SemaphorePair(const SemaphorePair&) = delete;
    SemaphorePair& operator=(const SemaphorePair&) = delete;
    ~SemaphorePair() {
        for (CUexternalSemaphore semaphore : semaphores_)
            BENCH_CHECK(nvsciCuDestroyExternalSemaphore(semaphore));
    }
    void hop(CUstream from, CUstream to, int direction) {
        fence_.signal(semaphores_[direction], from);
        fence_.wait(semaphores_[direction], to);
    }

  private:
    CUexternalSemaphore semaphores_[2] = {};
    StreamFence fence_;
};

void hand_over(benchmark::State& state) {
    const auto& cuda = device_driver().call;
    const StreamPair streams;
    SemaphorePair ours(false);
    SemaphorePair with_cpu(true);
    CUevent events[2] = {};
    for (CUevent& event : events)
        BENCH_CHECK(cuda.cuEventCreate(&event, CU_EVENT_DISABLE_TIMING));
    CUdeviceptr words = 0;
    BENCH_CHECK(cuda.cuMemAlloc(&words, 256));
    BENCH_CHECK(cuda.cuMemsetD8(words, 0, 256));
    std::uint64_t values[2] = {};

    const auto by_events = [&](CUstream from, CUstream to, int direction) {
        BENCH_CHECK(cuda.cuEventRecord(events[direction], from));
        BENCH_CHECK(cuda.cuStreamWaitEvent(to, events[direction], 0));
    };
    const auto by_memory = [&](CUstream from, CUstream to, int direction) {
        const CUdeviceptr word = words + 128ULL * static_cast<unsigned>(direction);
        const std::uint64_t value = ++values[direction];
        BENCH_CHECK(cuda.cuStreamWriteValue64(from, word, value, 0));
        BENCH_CHECK(cuda.cuStreamWaitValue64(to, word, value, 0));
    };
    const auto hop_of = [](SemaphorePair& pair) {
        return [&pair](CUstream from, CUstream to, int direction) { pair.hop(from, to, direction); };
    };
    take_turns(state, StreamPair::kHops,
               {{"ours", [&] { return streams.hand_over(hop_of(ours)); }},
                {"events", [&] { return streams.hand_over(by_events); }},
                {"with_cpu", [&] { return streams.hand_over(hop_of(with_cpu)); }},
                {"memory_operations", [&] { return streams.hand_over(by_memory); }}});

    BENCH_CHECK(cuda.cuMemFree(words));
    for (CUevent event : events)
        BENCH_CHECK(cuda.cuEventDestroy(event));
}
BENCHMARK(hand_over)->UseManualTime()->MinTime(0.01);

/// Two threads that play ping-pong, both spinning: this one serves, a thread of its own returns. Between batches that
/// thread sleeps.
class PingPong {
  public:
    static constexpr int kRounds = 10000;

    /// make_back() makes, on the other thread, what is one turn of it.
    template <class Back>
    explicit PingPong(Back&& make_back)
        : other_([this, make_back] {
              auto back = make_back();
              for (int batch = 0;; ++batch) {
                  batches_.wait(batch);
                  if (stop_) return;
                  for (int i = 0; i <= kRounds; ++i)
                      back();
              }
          }) {}
    PingPong(const PingPong&) = delete;
    PingPong& operator=(const PingPong&) = delete;
    ~PingPong() {
        stop_ = true;
        begin();
        other_.join();
    }

    /// serve() is there and back on this thread.
    template <class Serve>
    std::chrono::nanoseconds play(Serve&& serve) {
        begin();
        serve();  // the other thread is awake after this one
        const auto start = Clock::now();
        for (int i = 0; i < kRounds; ++i)
            serve();
        return Clock::now() - start;
    }

  private:
    void begin() {
        ++batches_;
        batches_.notify_all();
    }

    std::atomic<int> batches_{0};
    std::atomic<bool> stop_{false};
    std::thread other_;
};

/// Both ways through fences.
class FencePingPong {
  public:
    explicit FencePingPong(NvSciSyncWaitMode mode) : mode_(mode) {}
    FencePingPong(const FencePingPong&) = delete;
    FencePingPong& operator=(const FencePingPong&) = delete;
    ~FencePingPong() {
        NvSciSyncCpuWaitContextFree(contexts_[0]);
        NvSciSyncCpuWaitContextFree(contexts_[1]);
        NvSciSyncObjFree(ping_);
        NvSciSyncObjFree(pong_);
    }
    std::chrono::nanoseconds play() {
        return game_.play([&] {
            BENCH_CHECK(NvSciSyncObjGenerateFence(pong_, &fence_));
            BENCH_CHECK(NvSciSyncObjSignal(ping_));
            BENCH_CHECK(NvSciSyncFenceWaitWithMode(&fence_, contexts_[0], -1, mode_));
        });
    }

  private:
    const NvSciSyncWaitMode mode_;
    NvSciSyncObj ping_ = allocate({cpu_list(NvSciSyncAccessPerm_WaitSignal)});
    NvSciSyncObj pong_ = allocate({cpu_list(NvSciSyncAccessPerm_WaitSignal)});
    NvSciSyncCpuWaitContext contexts_[2] = {wait_context(), wait_context()};
    NvSciSyncFence fence_ = NvSciSyncFenceInitializer;
    PingPong game_{[this] {
        return [this, n = std::uint64_t{0}, fence = NvSciSyncFence{}]() mutable {
            BENCH_CHECK(NvSciSyncFenceUpdateFence(ping_, 0, ++n, &fence));
            BENCH_CHECK(NvSciSyncFenceWaitWithMode(&fence, contexts_[1], -1, mode_));
            BENCH_CHECK(NvSciSyncObjSignal(pong_));
        };
    }};
};

/// Both ways through a word of memory.
class WordPingPong {
  public:
    std::chrono::nanoseconds play() {
        return game_.play([&] {
            ping_.value.store(++n_, std::memory_order_release);
            pong_.wait(n_);
        });
    }

  private:
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
    Word ping_;
    Word pong_;
    std::uint64_t n_ = 0;
    PingPong game_{[this] {
        return [this, n = std::uint64_t{0}]() mutable {
            ping_.wait(++n);
            pong_.value.store(n, std::memory_order_release);
        };
    }};
};

// One unit is there and back.
void cpu_ping_pong(benchmark::State& state) {
    FencePingPong ours(NvSciSyncWaitMode_BusyNoYield);
    FencePingPong default_mode(NvSciSyncWaitMode_Default);
    WordPingPong raw;
    take_turns(state, PingPong::kRounds,
               {{"ours", [&] { return ours.play(); }},
                {"raw", [&] { return raw.play(); }},
                {"default_mode", [&] { return default_mode.play(); }}});
}
BENCHMARK(cpu_ping_pong)->UseManualTime();

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
BENCHMARK(notice_cpu_signal)->Arg(100)->Arg(1000)->Arg(10000)->UseManualTime()->Iterations(20);

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
BENCHMARK(notice_gpu_signal)->Arg(100)->Arg(1000)->Arg(10000)->UseManualTime()->Iterations(20);

}  // namespace
}  // namespace opennvsci::bench
