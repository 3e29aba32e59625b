// SPDX-License-Identifier: Apache-2.0
//
// Eight threads with a stream each, on objects that they share: random signals and waits by streams and by CPUs, with
// the checks that follow from the rules: a wait ends, a fence once expired stays so, and what a stream wrote before its
// signal is there for whoever waited.
#include <atomic>
#include <mutex>
#include <random>
#include <thread>

#include "sync_test.h"

namespace opennvsci::test {
namespace {

using namespace cu;  // NOLINT(google-build-using-namespace): CUDA's own names

constexpr int kThreads = 8;
constexpr int kSteps = 400;
constexpr int kObjects = 4;

/// An object with the newest fence that somebody got of it.
struct Shared {
    explicit Shared(NvSciSyncObj object) : semaphore(object) {}
    Semaphore semaphore;
    std::mutex mutex;
    NvSciSyncFence newest = NvSciSyncFenceInitializer;
};

using SyncStress = SyncTest;

TEST_F(SyncStress, EightThreadsAndStreams) {
    std::vector<std::unique_ptr<Shared>> shared;
    for (int i = 0; i < kObjects; ++i) {
        const SyncObject object = allocate(module_, {.cpu_waits = i % 2 == 0});
        shared.push_back(std::make_unique<Shared>(object));  // the object's own handle goes at once
    }
    std::atomic<int> expired{0};
    std::vector<std::thread> threads;
    for (int t = 0; t < kThreads; ++t) {
        threads.emplace_back([&, t] {
            device_.make_current();
            const WaitContext context = wait_context(module_);
            const Stream stream;
            std::mt19937 random(static_cast<unsigned>(t));
            for (int step = 0; step < kSteps; ++step) {
                const std::size_t which = random() % kObjects;
                Shared& chosen = *shared[which];
                NvSciSyncFence fence = NvSciSyncFenceInitializer;
                switch (random() % 4) {
                    case 0:
                    case 1: {
                        const std::lock_guard lock(chosen.mutex);
                        EXPECT_EQ(chosen.semaphore.signal(stream, &fence), CUDA_SUCCESS);
                        chosen.newest = fence;
                        break;
                    }
                    case 2: {
                        {
                            const std::lock_guard lock(chosen.mutex);
                            fence = chosen.newest;
                        }
                        EXPECT_EQ(chosen.semaphore.wait(stream, fence), CUDA_SUCCESS) << opennvsciGetLastErrorText();
                        break;
                    }
                    default: {
                        if (which % 2 != 0) break;
                        {
                            const std::lock_guard lock(chosen.mutex);
                            fence = chosen.newest;
                        }
                        EXPECT_EQ(NvSciSyncFenceWait(&fence, context, 20000000), kSuccess)
                            << opennvsciGetLastErrorText();
                        EXPECT_EQ(NvSciSyncFenceWait(&fence, context, 0), kSuccess);
                        ++expired;
                    }
                }
            }
            EXPECT_EQ(cuda_.cuStreamSynchronize(stream), CUDA_SUCCESS);
        });
    }
    for (std::thread& thread : threads)
        thread.join();
    EXPECT_GT(expired, 0);
}

// A chain through all streams: each waits for the fence of the one before, adds nothing but its own mark, and signals.
TEST_F(SyncStress, MarksArriveInOrderThroughEightStreams) {
    const SyncObject object = allocate(module_, {.cpu_waits = false});
    const Semaphore semaphore(object);
    constexpr int kRounds = 200;
    CUdeviceptr marks = 0;
    ASSERT_EQ(cuda_.cuMemAlloc(&marks, 4), CUDA_SUCCESS);
    ASSERT_EQ(cuda_.cuMemsetD32(marks, 0, 1), CUDA_SUCCESS);
    CUdeviceptr history = 0;
    ASSERT_EQ(cuda_.cuMemAlloc(&history, 4 * kThreads * kRounds), CUDA_SUCCESS);
    const Stream streams[kThreads];
    NvSciSyncFence fence = NvSciSyncFenceInitializer;
    for (unsigned i = 0; i < kThreads * kRounds; ++i) {
        const Stream& stream = streams[i % kThreads];
        ASSERT_EQ(semaphore.wait(stream, fence), CUDA_SUCCESS);
        ASSERT_EQ(cuda_.cuMemcpyDtoDAsync(history + 4ULL * i, marks, 4, stream), CUDA_SUCCESS);
        ASSERT_EQ(cuda_.cuMemsetD32Async(marks, i + 1, 1, stream), CUDA_SUCCESS);
        ASSERT_EQ(semaphore.signal(stream, &fence), CUDA_SUCCESS);
    }
    ASSERT_EQ(cuda_.cuCtxSynchronize(), CUDA_SUCCESS);
    const auto bytes = device_.read(history, 4 * kThreads * kRounds);
    for (unsigned i = 0; i < kThreads * kRounds; ++i)
        ASSERT_EQ(load<std::uint32_t>(&bytes[4ULL * i]), i);
    EXPECT_EQ(cuda_.cuMemFree(marks), CUDA_SUCCESS);
    EXPECT_EQ(cuda_.cuMemFree(history), CUDA_SUCCESS);
}

}  // namespace
}  // namespace opennvsci::test
