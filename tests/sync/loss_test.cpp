// SPDX-License-Identifier: Apache-2.0
//
// Contexts that are lost with signals outstanding. A value of a timeline is reached, lost or pending: signals of a lost
// context that were not done are lost, and so is every later value; earlier ones stay what they are. Lost is lost: for
// CPUs, for streams, in the task status, before and after the end of the object. A stream that waits in memory for a
// lost value goes on.
#include <atomic>
#include <chrono>
#include <memory>
#include <optional>
#include <thread>
#include <vector>

#include "doomed_context.h"
#include "sync_test.h"

namespace opennvsci::test {
namespace {

using namespace cu;  // NOLINT(google-build-using-namespace): CUDA's own names

/// How somebody looks at a fence.
enum class Look { cpu_wait, task_status, stream_wait, stream_signal };

/// Ends after everything that uses it.
struct Doomed {
    DoomedContext doomed;
};

/// An object that streams signal: two of the test device's context, and one of a context that will be lost.
class Scene : private Doomed, public StreamScene {
  public:
    explicit Scene(Kind kind)
        : StreamScene({.cpu_waits = test::has_cpu(kind), .is_deterministic = test::is_deterministic(kind)}),
          kind_(kind) {}

    using Doomed::doomed;

    [[nodiscard]] bool has_cpu() const { return test::has_cpu(kind_); }
    [[nodiscard]] std::vector<Look> looks() const {
        if (!has_cpu()) return {Look::task_status, Look::stream_wait, Look::stream_signal};
        return {Look::cpu_wait, Look::task_status, Look::stream_wait, Look::stream_signal};
    }

    /// The fences of `count` signals in `stream`.
    [[nodiscard]] Fences signal(CUstream stream, std::size_t count) const {
        Fences fences(count, NvSciSyncFenceInitializer);
        for (NvSciSyncFence& fence : fences)
            EXPECT_EQ(semaphore->signal(stream, &fence), CUDA_SUCCESS) << opennvsciGetLastErrorText();
        return fences;
    }
    [[nodiscard]] NvSciSyncFence fence_of(std::uint64_t value) const { return test::fence_of(object, value); }

    /// At a fence that is lost.
    void look(Look how, const NvSciSyncFence& fence) const {
        switch (how) {
            case Look::cpu_wait:
                EXPECT_EQ(poll(fence), kResourceError) << opennvsciGetLastErrorText();
                return;
            case Look::task_status:
                EXPECT_EQ(task_status(fence), NvSciSyncTaskStatus_Failure);
                return;
            case Look::stream_wait:
                EXPECT_EQ(semaphore->wait(first, fence), doomed.loss());
                EXPECT_STRNE(opennvsciGetLastErrorText(), "");
                return;
            case Look::stream_signal: {
                NvSciSyncFence untouched = NvSciSyncFenceInitializer;
                EXPECT_EQ(semaphore->signal(first, &untouched), doomed.loss());
                EXPECT_STRNE(opennvsciGetLastErrorText(), "");
                EXPECT_EQ(untouched.payload[0], 0U);
                return;
            }
        }
    }
    /// As everybody sees it who needs no import.
    void expect_lost(const Fences& fences) const {
        for (const NvSciSyncFence& fence : fences) {
            look(Look::task_status, fence);
            if (!has_cpu()) continue;
            for (const std::int64_t timeout : {0, 1000, -1})
                EXPECT_EQ(NvSciSyncFenceWait(&fence, context, timeout), kResourceError);
            EXPECT_STRNE(opennvsciGetLastErrorText(), "");
        }
    }
    void expect_refused_in_streams(const Fences& fences) const {
        for (const NvSciSyncFence& fence : fences)
            look(Look::stream_wait, fence);
        look(Look::stream_signal, fences.front());
        EXPECT_TRUE(comes_to_its_end(cuda, first)) << "a refused call has left something in the stream";
    }
    /// With the CPU, if it takes part.
    void expect(const Fences& fences, NvSciError code) const {
        for (const NvSciSyncFence& fence : fences) {
            if (object.get() != nullptr) {
                EXPECT_NE(task_status(fence), NvSciSyncTaskStatus_Failure);
            }
            if (!has_cpu()) continue;
            EXPECT_EQ(poll(fence), code) << opennvsciGetLastErrorText();
            EXPECT_EQ(NvSciSyncFenceWait(&fence, context, 1000), code) << opennvsciGetLastErrorText();
        }
    }
    /// Something that a library may use to tidy up.
    void make_and_free_another() const { cpu_object(module); }

  private:
    const Kind kind_;
};

class SyncLoss : public ::testing::TestWithParam<Kind> {};
INSTANTIATE_TEST_SUITE_P(Objects, SyncLoss,
                         ::testing::Values(Kind::gpu_only, Kind::deterministic, Kind::with_cpu,
                                           Kind::deterministic_with_cpu),
                         name_of);
class SyncLossWithCpu : public SyncLoss {};
INSTANTIATE_TEST_SUITE_P(Objects, SyncLossWithCpu, ::testing::Values(Kind::with_cpu, Kind::deterministic_with_cpu),
                         name_of);
class SyncLossDeterministic : public SyncLoss {};
INSTANTIATE_TEST_SUITE_P(Objects, SyncLossDeterministic,
                         ::testing::Values(Kind::deterministic, Kind::deterministic_with_cpu), name_of);

// The first question decides nothing: neither which fence it is about, nor who asks it.
TEST_P(SyncLoss, WhicheverFenceIsAskedForFirst) {
    SKIP_WHERE_ALL_CONTEXTS_GO();
    in_new_process([] {
        constexpr std::size_t kLost = 3;
        for (const Look how : Scene(GetParam()).looks()) {
            for (std::size_t asked = 0; asked < kLost; ++asked) {
                SCOPED_TRACE(testing::Message() << "look " << static_cast<int>(how) << " at " << asked);
                Scene scene(GetParam());
                const Fences done = scene.signal(scene.doomed.stream(), 2);
                ASSERT_TRUE(comes_to_its_end(scene.cuda, scene.doomed.stream()));
                scene.doomed.hold();
                const Fences lost = scene.signal(scene.doomed.stream(), kLost);
                scene.doomed.lose();
                scene.look(how, lost[asked]);
                for (int again = 0; again < 2; ++again) {
                    scene.expect_lost(lost);
                    scene.expect_refused_in_streams(lost);
                    if (scene.has_cpu()) scene.expect(done, kSuccess);
                }
                scene.end_object();
                for (int again = 0; again < 2; ++again) {
                    scene.expect_lost(lost);
                    if (scene.has_cpu()) scene.expect(done, kSuccess);
                    scene.make_and_free_another();
                }
            }
        }
    });
}

// The object and its import are gone before anybody asks: the answer is the same.
TEST_P(SyncLoss, FreedBeforeAnybodyLooked) {
    SKIP_WHERE_ALL_CONTEXTS_GO();
    in_new_process([] {
        for (const bool is_freed_first : {false, true}) {
            SCOPED_TRACE(is_freed_first);
            Scene scene(GetParam());
            scene.doomed.hold();
            const Fences lost = scene.signal(scene.doomed.stream(), 3);
            if (is_freed_first) {
                scene.end_object();
                scene.make_and_free_another();
                if (scene.has_cpu()) scene.expect(lost, kTimeout);
            }
            scene.doomed.lose();
            scene.end_object();
            scene.make_and_free_another();
            scene.expect_lost(lost);
            scene.make_and_free_another();
            scene.expect_lost(lost);
        }
    });
}

// Signals of a living context come before the lost ones: their fences pend, and expire when the work is done.
TEST_P(SyncLoss, EarlierSignalsOfALivingContextStayPending) {
    SKIP_WHERE_ALL_CONTEXTS_GO();
    in_new_process([] {
        for (const bool looks_at_lost_first : {true, false}) {
            for (const bool frees : {false, true}) {
                SCOPED_TRACE(testing::Message() << looks_at_lost_first << frees);
                Scene scene(GetParam());
                const Fences done = scene.signal(scene.first, 1);
                ASSERT_TRUE(comes_to_its_end(scene.cuda, scene.first));
                scene.gate->hold(scene.first);
                const Fences pending = scene.signal(scene.first, 2);
                scene.doomed.hold();
                const Fences lost = scene.signal(scene.doomed.stream(), 2);
                scene.doomed.lose();
                if (looks_at_lost_first) scene.expect_lost({lost[1], lost[0]});
                scene.expect(pending, kTimeout);
                scene.expect_lost(lost);
                scene.expect(pending, kTimeout);
                for (const NvSciSyncFence& fence : pending)
                    EXPECT_EQ(scene.semaphore->wait(scene.second, fence), CUDA_SUCCESS) << opennvsciGetLastErrorText();
                EXPECT_TRUE(is_held(scene.cuda, scene.second));
                for (const NvSciSyncFence& fence : lost)
                    EXPECT_EQ(scene.semaphore->wait(scene.second, fence), scene.doomed.loss());
                if (frees) {
                    scene.end_object();
                    scene.expect_lost(lost);
                    scene.expect(pending, kTimeout);
                }
                scene.gate->open();
                EXPECT_TRUE(comes_to_its_end(scene.cuda, scene.first));
                EXPECT_TRUE(comes_to_its_end(scene.cuda, scene.second));
                scene.expect(done, kSuccess);
                scene.expect(pending, kSuccess);
                scene.expect_lost(lost);
                scene.end_object();
                scene.make_and_free_another();
                scene.expect(pending, kSuccess);
                scene.expect_lost(lost);
            }
        }
    });
}

// A counter cannot pass a lost value: what a living context signaled after it is lost too, whether somebody looked
// before the signal's work could run or after.
TEST_P(SyncLoss, LaterSignalsOfALivingContextAreLostToo) {
    SKIP_WHERE_ALL_CONTEXTS_GO();
    in_new_process([] {
        for (const bool looks_at_later_first : {true, false}) {
            SCOPED_TRACE(looks_at_later_first);
            Scene scene(GetParam());
            scene.doomed.hold();
            const Fences lost = scene.signal(scene.doomed.stream(), 2);
            const Fences later = scene.signal(scene.first, 2);
            EXPECT_TRUE(is_held(scene.cuda, scene.first));
            scene.doomed.lose();
            std::this_thread::sleep_for(std::chrono::milliseconds(20));
            scene.expect_lost(looks_at_later_first ? later : lost);
            scene.expect_lost(looks_at_later_first ? lost : later);
            if (scene.device.driver().is_software) {
                EXPECT_TRUE(comes_to_its_end(scene.cuda, scene.first));
            }
            scene.expect_refused_in_streams(lost);
            scene.expect_refused_in_streams(later);
            scene.end_object();
            scene.expect_lost(later);
            scene.expect_lost(lost);
        }
    });
}

TEST_P(SyncLossWithCpu, BlockedWaitersAreTold) {
    SKIP_WHERE_ALL_CONTEXTS_GO();
    in_new_process([] {
        Scene scene(GetParam());
        scene.doomed.hold();
        const Fences lost = scene.signal(scene.doomed.stream(), 4);
        std::vector<std::thread> waiters;
        for (const NvSciSyncFence& fence : lost) {
            waiters.emplace_back([&] {
                const WaitContext own = wait_context(scene.module);
                EXPECT_EQ(NvSciSyncFenceWait(&fence, own, -1), kResourceError);
                EXPECT_EQ(NvSciSyncFenceWait(&fence, own, NvSciSyncFenceMaxTimeout), kResourceError);
            });
        }
        std::this_thread::sleep_for(std::chrono::milliseconds(10));
        scene.doomed.lose();
        for (std::thread& waiter : waiters)
            waiter.join();
        scene.expect_lost(lost);
    });
}

// All ask at once, each for another fence in another way, so any of them may be the one that finds out.
TEST_P(SyncLoss, ManyLookAtOnce) {
    SKIP_WHERE_ALL_CONTEXTS_GO();
    in_new_process([] {
        const int rounds = TestDevice::instance().driver().is_software ? 20 : 3;
        for (int round = 0; round < rounds; ++round) {
            Scene scene(GetParam());
            scene.doomed.hold();
            const Fences lost = scene.signal(scene.doomed.stream(), 8);
            scene.doomed.lose();
            const std::vector<Look> looks = scene.looks();
            std::atomic<bool> starts{false};
            std::vector<std::thread> threads;
            for (std::size_t i = 0; i < lost.size(); ++i) {
                threads.emplace_back([&, i] {
                    scene.device.make_current();
                    while (!starts)
                        std::this_thread::yield();
                    if (i % 4 == 0 && scene.has_cpu()) {
                        // One wait per context at a time.
                        const WaitContext own = wait_context(scene.module);
                        EXPECT_EQ(NvSciSyncFenceWait(&lost[i], own, -1), kResourceError);
                    } else {
                        scene.look(i % 4 == 1 ? Look::task_status : looks[looks.size() - 1 - i % 2], lost[i]);
                    }
                });
            }
            starts = true;
            for (std::thread& thread : threads)
                thread.join();
            scene.expect_lost(lost);
        }
    });
}

// A value beyond all signals is lost with them. The stream that waits for it in memory goes on, however it is that
// somebody looks, and the fence stays lost although the stream has passed it.
TEST_P(SyncLossDeterministic, StreamThatWaitsInMemoryGoesOn) {
    SKIP_WHERE_ALL_CONTEXTS_GO();
    in_new_process([] {
        for (const Look how : Scene(GetParam()).looks()) {
            SCOPED_TRACE(static_cast<int>(how));
            Scene scene(GetParam());
            const Fences ahead{scene.fence_of(5), scene.fence_of(4)};
            ASSERT_EQ(scene.semaphore->wait(scene.second, ahead[0]), CUDA_SUCCESS) << opennvsciGetLastErrorText();
            scene.doomed.hold();
            const Fences lost = scene.signal(scene.doomed.stream(), 3);
            EXPECT_TRUE(is_held(scene.cuda, scene.second));
            scene.doomed.lose();
            scene.look(how, lost[0]);
            ASSERT_TRUE(comes_to_its_end(scene.cuda, scene.second));
            scene.expect_lost(ahead);
            scene.expect_lost(lost);
            scene.expect_lost({scene.fence_of(1), scene.fence_of(6)});
            scene.expect_refused_in_streams(ahead);
            scene.end_object();
            scene.make_and_free_another();
            scene.expect_lost(ahead);
            scene.expect_lost(lost);
        }
    });
}

// The streams of a lost object go on although nobody looked before it was freed.
TEST_P(SyncLossDeterministic, StreamThatWaitsInMemoryGoesOnAfterTheFree) {
    SKIP_WHERE_ALL_CONTEXTS_GO();
    in_new_process([] {
        Scene scene(GetParam());
        const Fences ahead{scene.fence_of(5)};
        ASSERT_EQ(scene.semaphore->wait(scene.second, ahead[0]), CUDA_SUCCESS) << opennvsciGetLastErrorText();
        scene.doomed.hold();
        const Fences lost = scene.signal(scene.doomed.stream(), 3);
        scene.doomed.lose();
        EXPECT_TRUE(is_held(scene.cuda, scene.second));
        scene.end_object();
        ASSERT_TRUE(comes_to_its_end(scene.cuda, scene.second));
        scene.expect_lost(ahead);
        scene.expect_lost(lost);
    });
}

TEST_P(SyncLoss, OnceBrokenNeverWhole) {
    SKIP_WHERE_ALL_CONTEXTS_GO();
    in_new_process([] {
        Scene scene(GetParam());
        const Fences done = scene.signal(scene.first, 2);
        ASSERT_TRUE(comes_to_its_end(scene.cuda, scene.first));
        scene.doomed.hold();
        const Fences lost = scene.signal(scene.doomed.stream(), 2);
        scene.doomed.lose();
        const std::vector<Look> looks = scene.looks();
        for (std::size_t i = 0; i < 200; ++i)
            scene.look(looks[i % looks.size()], lost[i / looks.size() % lost.size()]);
        // Neither another import nor another context mends it.
        const Semaphore again(scene.object);
        DoomedContext other;
        NvSciSyncFence fence = NvSciSyncFenceInitializer;
        for (const CUstream stream : std::initializer_list<CUstream>{scene.second, other.stream()}) {
            EXPECT_EQ(again.signal(stream, &fence), scene.doomed.loss());
            EXPECT_EQ(again.wait(stream, lost[1]), scene.doomed.loss());
            EXPECT_TRUE(comes_to_its_end(scene.cuda, stream));
        }
        other.destroy();
        const SyncObject theirs = handed_over(scene.object);
        scene.expect_lost({handed_over(lost[0]), scene.fence_of(3), scene.fence_of(4), scene.fence_of(5)});
        if (scene.has_cpu()) scene.expect({done[0], done[1], scene.fence_of(2)}, kSuccess);
        scene.expect_lost(lost);
    });
}

// Only signals are lost with a context: one that waited, or was the one of the import, takes nothing with it.
TEST_P(SyncLoss, ContextThatOnlyWaitedTakesNothingWithIt) {
    SKIP_WHERE_ALL_CONTEXTS_GO();
    in_new_process([] {
        Scene scene(GetParam());
        EXPECT_EQ(scene.cuda.cuCtxPushCurrent(scene.doomed.handle()), CUDA_SUCCESS);
        std::optional<Semaphore> imported(std::in_place, scene.object);
        scene.device.make_current();
        scene.gate->hold(scene.first);
        Fences fences(2, NvSciSyncFenceInitializer);
        ASSERT_EQ(imported->signal(scene.first, &fences[0]), CUDA_SUCCESS);
        scene.doomed.hold();
        ASSERT_EQ(imported->wait(scene.doomed.stream(), fences[0]), CUDA_SUCCESS);
        scene.doomed.lose();
        scene.expect({fences[0]}, kTimeout);
        ASSERT_EQ(imported->signal(scene.second, &fences[1]), CUDA_SUCCESS) << opennvsciGetLastErrorText();
        ASSERT_EQ(imported->wait(scene.first, fences[1]), CUDA_SUCCESS) << opennvsciGetLastErrorText();
        scene.gate->open();
        EXPECT_TRUE(comes_to_its_end(scene.cuda, scene.first));
        EXPECT_TRUE(comes_to_its_end(scene.cuda, scene.second));
        scene.expect(fences, kSuccess);
        imported.reset();
        scene.expect(fences, kSuccess);
    });
}

// A context that ends with its work done has lost nothing.
TEST_P(SyncLossWithCpu, ContextThatEndedInGoodOrderHasLostNothing) {
    in_new_process([] {
        for (const bool looks_before : {true, false}) {
            SCOPED_TRACE(looks_before);
            Scene scene(GetParam());
            const Fences done = scene.signal(scene.doomed.stream(), 3);
            ASSERT_TRUE(comes_to_its_end(scene.cuda, scene.doomed.stream()));
            if (looks_before) scene.expect(done, kSuccess);
            scene.doomed.destroy();
            const Fences later = scene.signal(scene.first, 2);
            EXPECT_TRUE(comes_to_its_end(scene.cuda, scene.first));
            scene.expect(done, kSuccess);
            scene.expect(later, kSuccess);
            EXPECT_EQ(value_of(later.back()), 5U);
            ASSERT_EQ(scene.semaphore->wait(scene.second, later.back()), CUDA_SUCCESS) << opennvsciGetLastErrorText();
            EXPECT_TRUE(comes_to_its_end(scene.cuda, scene.second));
        }
    });
}

// A signal that is in a stream when the object is freed still comes: what it reaches is not lost, and only then do
// those go on who wait for more.
TEST_P(SyncLossDeterministic, ASignalInAStreamStillComesAfterTheFree) {
    in_new_process([] {
        Scene scene(GetParam());
        scene.gate->hold(scene.first);
        const Fences pending = scene.signal(scene.first, 1);
        const Fences ahead{scene.fence_of(3)};
        ASSERT_EQ(scene.semaphore->wait(scene.second, ahead[0]), CUDA_SUCCESS) << opennvsciGetLastErrorText();
        scene.end_object();
        scene.make_and_free_another();
        EXPECT_TRUE(is_held(scene.cuda, scene.second));
        if (scene.has_cpu()) scene.expect(pending, kTimeout);
        scene.gate->open();
        EXPECT_TRUE(comes_to_its_end(scene.cuda, scene.first));
        if (scene.has_cpu()) scene.expect(pending, kSuccess);
        const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(10);
        while (is_held(scene.cuda, scene.second) && std::chrono::steady_clock::now() < end)
            scene.make_and_free_another();
        ASSERT_TRUE(comes_to_its_end(scene.cuda, scene.second));
        if (scene.has_cpu()) {
            EXPECT_EQ(scene.poll(ahead[0]), kResourceError);
            scene.expect(pending, kSuccess);
        }
    });
}

// A lost object holds nothing for longer than it lives. Its events went with the context, unseen.
TEST_P(SyncLoss, NothingIsKeptOfALostObject) {
    SKIP_WHERE_ALL_CONTEXTS_GO();
    in_new_process([] {
        { const Scene warm(GetParam()); }
        constexpr int kLosses = 5;
        constexpr int kSignals = 3;
        const LeakCheck check;
        for (int i = 0; i < kLosses; ++i) {
            Scene scene(GetParam());
            scene.doomed.hold();
            const Fences lost = scene.signal(scene.doomed.stream(), kSignals);
            scene.doomed.lose();
            if (i % 2 == 0) scene.expect_lost(lost);
            scene.end_object();
            scene.make_and_free_another();
        }
        const std::string events = "events +" + std::to_string(kLosses * kSignals) + "; ";
        EXPECT_EQ(check.differences(events), events);
    });
}

}  // namespace
}  // namespace opennvsci::test
