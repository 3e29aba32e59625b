// SPDX-License-Identifier: Apache-2.0
//
// Programs that the tests start with OPENNVSCI_TRACE: each checks that its calls do what they do without it.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <pthread.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <thread>
#include <vector>

#include "buf_objects.h"
#include "cuda_objects.h"
#include "failure_walk.h"
#include "own_process.h"
#include "sync_objects.h"
#include "trace_file.h"

namespace opennvsci::test {
namespace {

/// An object that a CPU signals and waits for, with all that a wait needs.
struct CpuScene {
    [[nodiscard]] NvSciError wait(const NvSciSyncFence& fence, std::int64_t timeout_us = -1) const {
        return NvSciSyncFenceWait(&fence, context, timeout_us);
    }
    /// One fence, generated, signaled, waited for.
    [[nodiscard]] NvSciError go_round() const {
        NvSciSyncFence fence = NvSciSyncFenceInitializer;
        if (const NvSciError code = NvSciSyncObjGenerateFence(object, &fence); code != kSuccess) return code;
        if (const NvSciError code = NvSciSyncObjSignal(object); code != kSuccess) return code;
        return wait(fence);
    }

    SyncModule module = open_sync_module();
    WaitContext context = wait_context(module);
    SyncObject object = cpu_object(module);
};

TEST(Traced, DISABLED_Buffers) {
    TestDevice::current();
    const Module module = open_module();
    const List camera = raw_list(module, 8192);
    EXPECT_EQ(set(camera, NvSciBufGeneralAttrKey_NeedCpuAccess, true), kSuccess);
    EXPECT_EQ(set(camera, NvSciBufGeneralAttrKey_GpuId, TestDevice::instance().gpu_id()), kSuccess);
    const List display = raw_list(module, 8192);
    const auto both = reconcile({camera, display});
    ASSERT_EQ(both.code, kSuccess);
    const Object object = allocate(both.reconciled);
    void* pointer = nullptr;
    EXPECT_EQ(NvSciBufObjGetCpuPtr(object, &pointer), kSuccess);
    Mapped mapped;
    EXPECT_EQ(mapped.memory.import(object, 8192), cu::CUDA_SUCCESS);
    EXPECT_EQ(mapped.memory.map(&mapped.pointer, 4096, 4096), cu::CUDA_SUCCESS);

    const List other = raw_list(module, 4096);
    EXPECT_EQ(opennvsciBufAttrListSetName(other, "a \"strange\\ name\xc3\xa4"), kSuccess);
    EXPECT_EQ(reconcile({camera, other}).code, NvSciError_ReconciliationFailed);
}

TEST(Traced, DISABLED_Streams) {
    TestDevice::current();
    const SyncModule module = open_sync_module();
    const WaitContext context = wait_context(module);
    const SyncObject object = allocate(module, Participants{});
    const Semaphore semaphore(object);
    const Stream first;
    const Stream second;
    NvSciSyncFence fence = NvSciSyncFenceInitializer;
    EXPECT_EQ(semaphore.signal(first, &fence), cu::CUDA_SUCCESS);
    EXPECT_EQ(semaphore.wait(second, fence), cu::CUDA_SUCCESS);
    EXPECT_EQ(NvSciSyncFenceWait(&fence, context, -1), kSuccess);
}

TEST(Traced, DISABLED_WaitOfAnotherThread) {
    const CpuScene scene;
    const NvSciSyncFence fence = generate(scene.object);
    std::thread waiter([&] {
        ::pthread_setname_np(::pthread_self(), "waiter");
        EXPECT_EQ(scene.wait(fence), kSuccess);
    });
    ::usleep(20000);
    EXPECT_EQ(NvSciSyncObjSignal(scene.object), kSuccess);
    waiter.join();
    EXPECT_EQ(scene.wait(generate(scene.object), 1), NvSciError_Timeout);
}

TEST(Traced, DISABLED_WaitThatNeverEnds) {
    const CpuScene scene;
    const NvSciSyncFence fence = generate(scene.object);
    std::signal(SIGALRM, SIG_DFL);
    ::alarm(1);
    (void)scene.wait(fence);
}

TEST(Traced, DISABLED_ManyThreads) {
    TestDevice::current();
    const SyncModule module = open_sync_module();
    const SyncObject shared = allocate(module, Participants{});
    const Semaphore semaphore(shared);
    const Stream stream;
    std::vector<std::thread> threads;
    for (std::size_t i = 0; i < kManyThreads; ++i) {
        threads.emplace_back([&] {
            TestDevice::current();
            const CpuScene own;
            for (std::size_t round = 0; round < kRoundsOfAThread; ++round) {
                EXPECT_EQ(own.go_round(), kSuccess);
                NvSciSyncFence fence = NvSciSyncFenceInitializer;
                EXPECT_EQ(semaphore.signal(stream, &fence), cu::CUDA_SUCCESS);
            }
        });
    }
    for (std::thread& thread : threads)
        thread.join();
    EXPECT_EQ(TestDevice::instance().cuda().cuStreamSynchronize(stream), cu::CUDA_SUCCESS);
}

// Each child must come through, whatever the other threads hold at the moment of the fork.
TEST(Traced, DISABLED_ForksBesideThreads) {
    constexpr int kForks = 20;
    std::atomic<bool> is_over{false};
    std::vector<std::thread> threads;
    for (int i = 0; i < 4; ++i) {
        threads.emplace_back([&] {
            const CpuScene own;
            for (; !is_over; ::usleep(100))
                EXPECT_EQ(own.go_round(), kSuccess);
        });
    }
    for (int i = 0; i < kForks; ++i) {
        EXPECT_EQ(findings_of_forked_child([](Findings& findings) {
                      const CpuScene own;
                      findings.check(own.go_round() == kSuccess, "a round fails");
                  }),
                  "");
    }
    is_over = true;
    for (std::thread& thread : threads)
        thread.join();
}

TEST(Traced, DISABLED_WithoutMemory) {
    const CpuScene scene;
    const NvSciSyncFence fence = generate(scene.object);
    walk_failure_points(kHeapAlone, [&](FailurePoint& point) {
        point.arm();
        const NvSciError signal = NvSciSyncObjSignal(scene.object);
        const NvSciError wait = scene.wait(fence);
        point.disarm();
        EXPECT_EQ(signal, kSuccess);
        EXPECT_EQ(wait, kSuccess);
    });
}

// What a thread has in errno is its own, and a thread that is to be cancelled ends between calls, not in one.
TEST(Traced, DISABLED_ErrnoAndCancellation) {
    const CpuScene scene;
    const NvSciSyncFence fence = generate(scene.object);
    errno = 4711;
    EXPECT_EQ(NvSciSyncObjSignal(scene.object), kSuccess);
    EXPECT_EQ(scene.wait(fence), kSuccess);
    EXPECT_EQ(errno, 4711);
    bool is_done = false;
    std::thread cancelled([&] {
        ::pthread_cancel(::pthread_self());
        is_done = NvSciSyncObjSignal(scene.object) == kSuccess;
        ::pthread_testcancel();
        is_done = false;
    });
    cancelled.join();
    EXPECT_TRUE(is_done);
}

// As daemons do. The number of the trace is then one of the program's own files.
TEST(Traced, DISABLED_ProgramClosesAllDescriptors) {
    const CpuScene scene;
    EXPECT_EQ(scene.go_round(), kSuccess);
    constexpr int kMost = 256;
    for (int fd = 3; fd < kMost; ++fd)
        ::close(fd);
    std::vector<int> own;
    for (int i = 0; i < 32; ++i)
        own.push_back(::memfd_create("of the program", 0));
    EXPECT_EQ(scene.go_round(), kSuccess);
    for (const int fd : own)
        EXPECT_EQ(::lseek(fd, 0, SEEK_END), 0);
}

TEST(Traced, DISABLED_LimitOfFileSizes) {
    const CpuScene scene;
    EXPECT_EQ(scene.go_round(), kSuccess);
    const rlimit limit{100000, RLIM_INFINITY};
    ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &limit), 0);
    for (int i = 0; i < 1000; ++i)
        EXPECT_EQ(scene.go_round(), kSuccess);
}

TEST(Traced, DISABLED_OneRound) {
    EXPECT_EQ(CpuScene().go_round(), kSuccess);
}

}  // namespace
}  // namespace opennvsci::test
