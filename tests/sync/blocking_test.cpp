// SPDX-License-Identifier: Apache-2.0
//
// A driver may keep a call waiting until there is room in a stream, which is for ever if only another thread can make
// it. So while one thread stands still in a wait or a signal of an object, everybody else goes on: with the object,
// with others, and with the end of either. The software device has room without end, so what the library submits to one
// stream is made to stand still.
#include <atomic>
#include <chrono>
#include <functional>
#include <future>
#include <list>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "driver_hooks.h"
#include "sync_test.h"

namespace opennvsci::test {
namespace {

using namespace cu;  // NOLINT(google-build-using-namespace): CUDA's own names

/// What stands still: everything that is submitted to the stream, or only the calls of one name.
constexpr const char* kCalls[] = {"",
                                  "cuStreamWaitValue64",
                                  "cuStreamWaitEvent",
                                  "cuStreamWriteValue64",
                                  "cuStreamBatchMemOp",
                                  "cuEventRecord",
                                  "cuLaunchHostFunc",
                                  "cuLaunchKernel"};

/// What other threads do meanwhile, each in a thread of its own, so that one that stands still is named and does not
/// hide the others.
class Others {
  public:
    void add(const char* what, std::function<void()> action) {
        Other& other = others_.emplace_back();
        other.what = what;
        other.done = other.promise.get_future();
        other.thread = std::thread([&other, action = std::move(action)] {
            TestDevice::instance().make_current();
            action();
            other.promise.set_value();
        });
    }
    /// Fails for each that has not come to its end in some seconds.
    void expect_all_go_on() {
        const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(10);
        for (const Other& other : others_)
            EXPECT_EQ(other.done.wait_until(end), std::future_status::ready) << other.what << " stands still";
    }
    void join() {
        for (Other& other : others_)
            other.thread.join();
        others_.clear();
    }

  private:
    struct Other {
        const char* what = nullptr;
        std::promise<void> promise;
        std::future<void> done;
        std::thread thread;
    };
    std::list<Other> others_;
};

/// An object with three streams, of which one stands still, and two expired fences.
class BlockingScene : public StreamScene {
  public:
    explicit BlockingScene(const Participants& of) : StreamScene(of), participants(of) {
        EXPECT_TRUE(comes_to_its_end(cuda, signals));
    }
    BlockingScene(const BlockingScene&) = delete;
    BlockingScene& operator=(const BlockingScene&) = delete;
    ~BlockingScene() { gate.reset(); }

    [[nodiscard]] bool signals_with_cpu() const { return participants.cpu_signals; }
    /// The fence of the next signal, which is given at once.
    NvSciSyncFence next_signaled(CUstream stream) {
        NvSciSyncFence fence = NvSciSyncFenceInitializer;
        if (signals_with_cpu()) {
            fence = generate(object);
            EXPECT_EQ(NvSciSyncObjSignal(object), kSuccess);
        } else {
            EXPECT_EQ(semaphore->signal(stream, &fence), CUDA_SUCCESS) << opennvsciGetLastErrorText();
        }
        return fence;
    }
    /// A fence that expires when expire_pending() lets it. One of each scene.
    NvSciSyncFence next_pending() {
        if (signals_with_cpu()) return generate(object);
        gate->hold(signals);
        return next_signaled(signals);
    }
    void expire_pending() {
        if (has_expired.exchange(true)) return;
        gate->open();
        if (signals_with_cpu()) {
            EXPECT_EQ(NvSciSyncObjSignal(object), kSuccess);
        }
    }
    void wait(CUstream stream, const NvSciSyncFence& fence) const {
        EXPECT_EQ(semaphore->wait(stream, fence), CUDA_SUCCESS) << opennvsciGetLastErrorText();
    }
    /// What never needs the stream that stands still.
    void add_what_always_goes_on(Others& others) {
        others.add("a CPU's look at an expired fence", [this] { expect_of_a_wait(expired[0], 0, kSuccess); });
        others.add("a task status", [this] { (void)task_status(expired[1]); });
        if (participants.has_timestamps) {
            others.add("a timestamp", [this] {
                std::uint64_t time = 0;
                EXPECT_EQ(NvSciSyncFenceGetTimestamp(&expired[1], &time), kSuccess);
            });
        }
        others.add("a handle more and less", [this] { (void)handed_over(object); });
        others.add("another object of the CPU", [this] {
            for (int i = 0; i < 20; ++i) {
                const SyncObject other = cpu_object(module);
                (void)generate(other);
            }
        });
        others.add("another object of a stream", [this] {
            const Stream stream;
            for (int i = 0; i < 5; ++i) {
                const SyncObject other =
                    allocate({gpu_list(module, 1), cpu_list(module, NvSciSyncAccessPerm_WaitOnly)});
                const Semaphore imported(other);
                NvSciSyncFence fence = NvSciSyncFenceInitializer;
                EXPECT_EQ(imported.signal(stream, &fence), CUDA_SUCCESS) << opennvsciGetLastErrorText();
                expect_of_a_wait(fence, 10000000, kSuccess);
            }
        });
        others.add("a stream's wait for an expired fence", [this] { wait(waits, expired[1]); });
    }
    void expect_of_a_wait(const NvSciSyncFence& fence, std::int64_t timeout, NvSciError code) const {
        const WaitContext own = wait_context(module);
        EXPECT_EQ(NvSciSyncFenceWait(&fence, own, timeout), code) << opennvsciGetLastErrorText();
    }

    const Participants participants;
    const Stream stuck;
    const CUstream signals = first;
    const CUstream waits = second;
    std::atomic<bool> has_expired{false};
    std::optional<OwnContext> other_context;  // the end of what is registered in it waits for all work
    const Fences expired{next_signaled(signals), next_signaled(signals)};
};

/// Lets `blocked` run into calls that stand still, and `meanwhile` add what has to go on. True if a call of that name
/// was made at all.
bool run_blocked(BlockingScene& scene, const char* call, const std::function<void()>& blocked,
                 const std::function<void(Others&)>& meanwhile) {
    StuckCalls stuck(scene.stuck, call);
    std::atomic<bool> is_over{false};
    std::thread caller([&] {
        scene.device.make_current();
        blocked();
        is_over = true;
    });
    while (!is_over && stuck.count() == 0)
        std::this_thread::yield();
    const bool was_made = stuck.count() != 0;
    if (was_made) {
        Others others;
        meanwhile(others);
        others.expect_all_go_on();
        EXPECT_FALSE(is_over);
        stuck.release();
        others.join();
    }
    caller.join();
    return was_made;
}

constexpr Participants kParticipants[] = {{.cpu_signals = true},
                                          {.cpu_signals = true, .is_deterministic = true},
                                          {.cpu_signals = true, .is_deterministic = true, .has_timestamps = true},
                                          {},
                                          {.is_deterministic = true},
                                          {.has_timestamps = true},
                                          {.is_deterministic = true, .has_timestamps = true}};

class SyncBlocking : public ::testing::TestWithParam<Participants> {
  protected:
    template <class Body>
    static void for_each_call(Body&& body) {
        in_new_process([&] {
            for (const char* call : kCalls) {
                SCOPED_TRACE(*call == '\0' ? "every call" : call);
                const bool was_made = body(call);
                // Whatever the calls are that the library makes, it makes some.
                EXPECT_TRUE(was_made || *call != '\0');
                if (HasFailure()) return;
            }
        });
    }

    /// While a stream's wait for a fence that pends stands still, `meanwhile` adds what has to go on.
    template <class Meanwhile>
    static void while_a_wait_stands_still(Meanwhile&& meanwhile) {
        for_each_call([&](const char* call) {
            BlockingScene scene(GetParam());
            const NvSciSyncFence pending = scene.next_pending();
            const bool was_made = run_blocked(
                scene, call, [&] { scene.wait(scene.stuck, pending); },
                [&](Others& others) { meanwhile(scene, pending, others); });
            scene.expire_pending();
            EXPECT_TRUE(comes_to_its_end(scene.cuda, scene.stuck));
            EXPECT_TRUE(comes_to_its_end(scene.cuda, scene.waits));
            return was_made;
        });
    }
};
INSTANTIATE_TEST_SUITE_P(Objects, SyncBlocking, ::testing::ValuesIn(kParticipants),
                         [](const ::testing::TestParamInfo<Participants>& parameter) {
                             const Participants& of = parameter.param;
                             return std::string(of.cpu_signals ? "Cpu" : "Streams") +
                                    (of.is_deterministic ? "Deterministic" : "") +
                                    (of.has_timestamps ? "Timestamps" : "");
                         });

// A stream's wait stands still: everything else of the object goes on, the signals above all, which are what could
// make room.
TEST_P(SyncBlocking, WhileAWaitOfAStreamStandsStill) {
    while_a_wait_stands_still([](BlockingScene& scene, const NvSciSyncFence& pending, Others& others) {
        scene.add_what_always_goes_on(others);
        others.add("a CPU's wait that times out, and one that does not", [&] {
            if (scene.signals_with_cpu()) scene.expect_of_a_wait(pending, 1000, kTimeout);
            scene.expire_pending();
            scene.expect_of_a_wait(pending, 10000000, kSuccess);
            // And some more signals, each waited for by the CPU and by a stream.
            for (int i = 0; i < 10; ++i) {
                const NvSciSyncFence fence = scene.next_signaled(scene.signals);
                scene.wait(scene.waits, fence);
                scene.expect_of_a_wait(fence, 10000000, kSuccess);
            }
        });
    });
}

// A wait that comes before its signal stands still in memory's name: the signals of another stream release it.
TEST_P(SyncBlocking, WhileAWaitBeforeItsSignalStandsStill) {
    if (!GetParam().is_deterministic) return;
    for_each_call([](const char* call) {
        BlockingScene scene(GetParam());
        const NvSciSyncFence ahead = fence_of(scene.object, 5);
        const bool was_made = run_blocked(
            scene, call, [&] { scene.wait(scene.stuck, ahead); },
            [&](Others& others) {
                scene.add_what_always_goes_on(others);
                others.add("the signals that it needs", [&] {
                    for (int i = 0; i < 3; ++i)
                        (void)scene.next_signaled(scene.signals);
                    scene.expect_of_a_wait(ahead, 10000000, kSuccess);
                });
            });
        if (!was_made) {
            for (int i = 0; i < 3; ++i)
                (void)scene.next_signaled(scene.signals);
        }
        EXPECT_TRUE(comes_to_its_end(scene.cuda, scene.stuck));
        return was_made;
    });
}

// The import that the call uses is destroyed, and the object freed, meanwhile: the call keeps what it needs.
TEST_P(SyncBlocking, WhileAWaitStandsStillItsHandlesGo) {
    while_a_wait_stands_still([](BlockingScene& scene, const NvSciSyncFence& pending, Others& others) {
        others.add("the end of the handles", [&] {
            scene.expire_pending();
            scene.end_object();
            for (int i = 0; i < 20; ++i)
                cpu_object(scene.module);
            scene.expect_of_a_wait(pending, 10000000, kSuccess);
        });
    });
}

// Who signals may have to import the object first, in whatever context.
TEST_P(SyncBlocking, WhileAWaitStandsStillTheObjectIsImported) {
    while_a_wait_stands_still([](BlockingScene& scene, const NvSciSyncFence&, Others& others) {
        others.add("an import into the same context", [&] { const Semaphore another(scene.object); });
        others.add("an import into a new context", [&] {
            scene.other_context.emplace();
            const Semaphore another(scene.object);
        });
    });
}

// A stream's signal stands still. Signals that come after it wait for their turn; nobody else does.
TEST_P(SyncBlocking, WhileASignalOfAStreamStandsStill) {
    if (GetParam().cpu_signals) return;
    for_each_call([](const char* call) {
        BlockingScene scene(GetParam());
        const NvSciSyncFence submitted = scene.next_pending();
        NvSciSyncFence fence = NvSciSyncFenceInitializer;
        const bool was_made = run_blocked(
            scene, call,
            [&] {
                EXPECT_EQ(scene.semaphore->signal(scene.stuck, &fence), CUDA_SUCCESS) << opennvsciGetLastErrorText();
            },
            [&](Others& others) {
                scene.add_what_always_goes_on(others);
                others.add("a stream's wait for a submitted signal, and the CPU's", [&] {
                    scene.expect_of_a_wait(submitted, 1000, kTimeout);
                    scene.wait(scene.waits, submitted);
                    (void)task_status(submitted);
                    scene.gate->open();
                    scene.expect_of_a_wait(submitted, 10000000, kSuccess);
                    EXPECT_TRUE(comes_to_its_end(scene.cuda, scene.waits));
                });
            });
        scene.gate->open();
        EXPECT_EQ(value_of(fence), 4U);
        scene.expect_of_a_wait(fence, 10000000, kSuccess);
        EXPECT_TRUE(comes_to_its_end(scene.cuda, scene.stuck));
        return was_made;
    });
}

// The case as it is on a GPU, whose stream has room for some number of waits: one thread fills it, another signals.
TEST(SyncBlockingStream, SignalsEmptyAFullStream) {
    in_new_process([] {
        for (const bool has_timestamps : {false, true}) {
            SCOPED_TRACE(has_timestamps);
            BlockingScene scene({.cpu_signals = true, .is_deterministic = true, .has_timestamps = has_timestamps});
            constexpr int kWaits = 3000;
            Fences fences(kWaits, NvSciSyncFenceInitializer);
            for (NvSciSyncFence& fence : fences)
                fence = generate(scene.object);
            std::atomic<int> submitted{0};
            Others others;
            others.add("the waits", [&] {
                for (const NvSciSyncFence& fence : fences) {
                    scene.wait(scene.stuck, fence);
                    ++submitted;
                }
            });
            std::this_thread::sleep_for(std::chrono::milliseconds(200));
            others.add("the signals", [&] {
                for (int i = 0; i < kWaits; ++i)
                    EXPECT_EQ(NvSciSyncObjSignal(scene.object), kSuccess);
            });
            others.expect_all_go_on();
            others.join();
            EXPECT_EQ(submitted, kWaits);
            EXPECT_TRUE(comes_to_its_end(scene.cuda, scene.stuck));
        }
    });
}

}  // namespace
}  // namespace opennvsci::test
