// SPDX-License-Identifier: Apache-2.0
//
// Objects that were freed while streams still use them wait to end. They cost nobody anything meanwhile, and when the
// streams are done they all end.
#include <sys/resource.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <optional>
#include <vector>

#include "cuda_objects.h"
#include "leak_check.h"
#include "memory_gate.h"
#include "sync_objects.h"

namespace opennvsci::test {
namespace {

using namespace cu;  // NOLINT(google-build-using-namespace): CUDA's own names
using Clock = std::chrono::steady_clock;
using Microseconds = std::chrono::duration<double, std::micro>;

// A GPU's stream has room for about a thousand operations, and its streams share few hardware queues, of which a gate
// closes one.
constexpr std::size_t kObjectsAside = 2000;
constexpr std::size_t kObjectsAsideOfAGpu = 400;
constexpr std::size_t kStreams = 2;

/// The least time of many runs: what a busy machine adds is no property of the library.
template <class Action>
Microseconds least_time(int runs, Action&& action) {
    auto least = Microseconds::max();
    for (int i = 0; i < runs; ++i) {
        const auto start = Clock::now();
        action();
        least = std::min<Microseconds>(least, Clock::now() - start);
    }
    return least;
}

/// As the cost with nothing else around, but for what a machine may do: it is measured again while other programs may
/// be what is slow.
template <class Measure>
void expect_about_the_same(Measure&& measure, Microseconds before, const char* what) {
    constexpr int kMostTries = 20;
    const Microseconds most = 5 * before + Microseconds(50);
    auto now = Microseconds::max();
    for (int i = 0; i < kMostTries && now >= most; ++i)
        now = std::min<Microseconds>(now, measure());
    EXPECT_LT(now.count(), most.count()) << what;
    std::printf("%s: %.1f us, before %.1f us\n", what, now.count(), before.count());
}

/// How many objects this process may have descriptors for and its streams have room for.
std::size_t affordable_objects(bool is_software) {
    rlimit limit{};
    getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
    constexpr std::size_t kOthers = 200;
    constexpr std::size_t kMostPerObject = 3;
    return std::min<std::size_t>(is_software ? kObjectsAside : kObjectsAsideOfAGpu,
                                 (limit.rlim_cur - kOthers) / kMostPerObject);
}

class SyncEnd : public ::testing::TestWithParam<bool> {
  protected:
    /// Makes an object, uses it in the stream and frees everything. With the parameter, the stream waits in memory too.
    [[nodiscard]] NvSciSyncFence use_and_free(CUstream stream) const {
        const bool waits_in_memory = GetParam();
        NvSciSyncFence fence = NvSciSyncFenceInitializer;
        if (waits_in_memory) {
            const SyncObject object = allocate({cpu_signaler_, deterministic_waiter_, cpu_waiter_});
            const Semaphore semaphore(object);
            fence = generate(object);
            EXPECT_EQ(semaphore.wait(stream, fence), CUDA_SUCCESS) << opennvsciGetLastErrorText();
            EXPECT_EQ(NvSciSyncObjSignal(object), kSuccess);
        } else {
            const SyncObject object = allocate({gpu_signaler_, cpu_waiter_});
            const Semaphore semaphore(object);
            EXPECT_EQ(semaphore.signal(stream, &fence), CUDA_SUCCESS) << opennvsciGetLastErrorText();
        }
        return fence;
    }
    /// What making and freeing costs: an object of the CPU alone; one that a stream without a gate uses.
    [[nodiscard]] Microseconds cost_of_cpu_object() const {
        return least_time(60, [&] { (void)allocate({cpu_signaler_, cpu_waiter_}); });
    }
    [[nodiscard]] Microseconds cost_of_stream_object() const {
        return least_time(60, [&] { (void)use_and_free(free_stream_); });
    }

    TestDevice& device_ = TestDevice::current();
    const driver::EntryPoints& cuda_ = device_.cuda();
    SyncModule module_ = open_sync_module();
    WaitContext context_ = wait_context(module_);
    SyncList gpu_signaler_ = gpu_list(module_, 1);
    SyncList cpu_signaler_ = cpu_list(module_, NvSciSyncAccessPerm_SignalOnly);
    SyncList cpu_waiter_ = cpu_list(module_, NvSciSyncAccessPerm_WaitOnly);
    SyncList deterministic_waiter_ = [this] {
        SyncList list = gpu_list(module_, 2);
        EXPECT_EQ(set(list, NvSciSyncAttrKey_RequireDeterministicFences, true), kSuccess);
        return list;
    }();
    Stream streams_[kStreams];
    Stream free_stream_;
    std::optional<MemoryGate> gate_{std::in_place, cuda_};
};
INSTANTIATE_TEST_SUITE_P(Streams, SyncEnd, ::testing::Bool(), [](const ::testing::TestParamInfo<bool>& parameter) {
    return parameter.param ? "Wait" : "Signal";
});

TEST_P(SyncEnd, ObjectsThatWaitToEndCostNothingAndAllEnd) {
    const std::size_t count = affordable_objects(device_.driver().is_software);
    ASSERT_GE(count, 200U) << "RLIMIT_NOFILE leaves nothing to measure";
    (void)cost_of_cpu_object();
    (void)cost_of_stream_object();
    ASSERT_TRUE(comes_to_its_end(cuda_, free_stream_));
    {
        // The memory of counters is kept, as much as was ever needed at once.
        constexpr std::size_t kOthersAtOnce = 300;
        std::vector<SyncObject> as_many;
        while (as_many.size() < count + kOthersAtOnce) {
            as_many.push_back(allocate({gpu_signaler_, cpu_waiter_}));
            const Semaphore mapped(as_many.back());
        }
    }
    const LeakCheck check;
    const Microseconds cpu_before = cost_of_cpu_object();
    const Microseconds stream_before = cost_of_stream_object();

    for (const Stream& stream : streams_)
        gate_->hold(stream);
    std::vector<NvSciSyncFence> fences;
    const auto cost_of_one_that_waits = [&](int runs) {
        return least_time(runs, [&] { fences.push_back(use_and_free(streams_[fences.size() % kStreams])); });
    };
    const Microseconds first_ones = cost_of_one_that_waits(static_cast<int>(count / 20));
    while (fences.size() < count)
        (void)cost_of_one_that_waits(1);
    std::printf("%zu objects wait to end: %s\n", count, check.differences_now().c_str());
    // A few more, for which kOthersAtOnce and the streams have room.
    expect_about_the_same([&] { return cost_of_one_that_waits(5); }, first_ones, "one more that waits to end");
    expect_about_the_same([&] { return cost_of_cpu_object(); }, cpu_before, "an object of the CPU");
    expect_about_the_same([&] { return cost_of_stream_object(); }, stream_before, "an object of another stream");
    for (std::size_t i = 0; i < fences.size(); i += 50)
        EXPECT_EQ(NvSciSyncFenceWait(&fences[i], context_, 0), GetParam() ? kSuccess : kTimeout);

    gate_->open();
    for (const Stream& stream : streams_)
        EXPECT_TRUE(comes_to_its_end(cuda_, stream));
    for (std::size_t i = 0; i < fences.size(); i += 50)
        EXPECT_EQ(NvSciSyncFenceWait(&fences[i], context_, 0), kSuccess) << opennvsciGetLastErrorText();
    // Each call may end some, and looking for what is left takes time too.
    const auto end = Clock::now() + std::chrono::seconds(20);
    for (std::size_t calls = 0; calls < 2 * count; ++calls)
        (void)allocate({cpu_signaler_, cpu_waiter_});
    while (!check.differences_now().empty() && Clock::now() < end)
        (void)allocate({cpu_signaler_, cpu_waiter_});
    EXPECT_EQ(check.differences(), "");
    for (const NvSciSyncFence& fence : fences)
        ASSERT_EQ(NvSciSyncFenceWait(&fence, context_, 0), kSuccess) << opennvsciGetLastErrorText();
}

// Those whose stream is done end, though older ones still wait.
TEST_P(SyncEnd, TheOldestDoesNotKeepTheOthers) {
    constexpr std::size_t kFew = 100;
    MemoryGate other_gate(cuda_);
    (void)use_and_free(free_stream_);
    ASSERT_TRUE(comes_to_its_end(cuda_, free_stream_));
    (void)allocate({cpu_signaler_, cpu_waiter_});
    gate_->hold(streams_[0]);
    const NvSciSyncFence oldest = use_and_free(streams_[0]);
    for (std::size_t i = 0; i < kFew; ++i)
        (void)allocate({cpu_signaler_, cpu_waiter_});
    const LeakCheck with_the_oldest;
    other_gate.hold(streams_[1]);
    for (std::size_t i = 0; i < kFew; ++i)
        (void)use_and_free(streams_[1]);
    other_gate.open();
    EXPECT_TRUE(comes_to_its_end(cuda_, streams_[1]));
    for (std::size_t i = 0; i < 4 * kFew; ++i)
        (void)allocate({cpu_signaler_, cpu_waiter_});
    EXPECT_EQ(with_the_oldest.differences(), "");
    gate_->open();
    EXPECT_TRUE(comes_to_its_end(cuda_, streams_[0]));
    EXPECT_EQ(NvSciSyncFenceWait(&oldest, context_, 0), kSuccess);
}

}  // namespace
}  // namespace opennvsci::test
