// SPDX-License-Identifier: Apache-2.0
//
// StreamSignals: the ring finds what was put in and only that, keeps it while it grows, and uses events again as soon
// as their signals are done. A stream is held up by a wait for a word of memory.
#include "sync/stream_signals.h"

#include <gtest/gtest.h>

#include <set>
#include <vector>

#include "device.h"
#include "leak_check.h"

namespace opennvsci::sync {
namespace {

using namespace cu;  // NOLINT(google-build-using-namespace): CUDA's own names
using test::LeakCheck;
using test::TestDevice;

class StreamSignalsTest : public ::testing::Test {
  protected:
    StreamSignalsTest() {
        device_.make_current();
        EXPECT_EQ(cuda_.cuStreamCreate(&stream_, CU_STREAM_NON_BLOCKING), CUDA_SUCCESS);
        EXPECT_EQ(cuda_.cuMemHostAlloc(&memory_, 8, kMemHostAllocDeviceMap), CUDA_SUCCESS);
        EXPECT_EQ(cuda_.cuMemHostGetDevicePointer(&gate_, memory_, 0), CUDA_SUCCESS);
        let_pass(0);
        context_ = *driver::ContextWatch::of_current(device_.driver());
    }
    ~StreamSignalsTest() override {
        let_pass(1000000);
        EXPECT_EQ(cuda_.cuStreamSynchronize(stream_), CUDA_SUCCESS);
        EXPECT_EQ(cuda_.cuStreamDestroy(stream_), CUDA_SUCCESS);
        EXPECT_EQ(cuda_.cuMemFreeHost(memory_), CUDA_SUCCESS);
    }

    /// Records a signal; it is done when `let_pass` lets its value pass.
    void record(std::uint64_t value) {
        EXPECT_EQ(cuda_.cuStreamWaitValue64(stream_, gate_, value, CU_STREAM_WAIT_VALUE_GEQ), CUDA_SUCCESS);
        if (!signals_.has_event_of(context_)) {
            ASSERT_TRUE(signals_.make_event(context_));
        }
        const StreamSignal& added = signals_.append(value);
        EXPECT_EQ(cuda_.cuEventRecord(added.event.handle(), stream_), CUDA_SUCCESS);
        handles_.push_back(added.event.handle());
    }
    /// Records signals until there is no room; returns how many.
    std::size_t fill() {
        std::size_t count = 0;
        for (; !signals_.is_full(); ++count)
            record(handles_.size() + 1);
        return count;
    }
    void let_pass(std::uint64_t value) {
        __atomic_store_n(static_cast<std::uint64_t*>(memory_), value, __ATOMIC_SEQ_CST);
    }
    /// Lets a signal pass and waits until it is done.
    void finish(std::uint64_t value) {
        let_pass(value);
        while (signals_.find(value)->event.query() == CUDA_ERROR_NOT_READY) {
        }
    }

    TestDevice& device_ = TestDevice::instance();
    const driver::EntryPoints& cuda_ = device_.cuda();
    CUstream stream_ = nullptr;
    void* memory_ = nullptr;
    CUdeviceptr gate_ = 0;
    const driver::ContextWatch* context_ = nullptr;
    std::vector<CUevent> handles_;  // of the signals, in order
    StreamSignals signals_;
};

TEST_F(StreamSignalsTest, FindsWhatWasPutInAndOnlyThat) {
    EXPECT_EQ(signals_.find(1), nullptr);
    for (const std::uint64_t value : {2, 3, 7, 20, 21})
        record(value);
    for (const std::uint64_t value : {2, 3, 7, 20, 21}) {
        ASSERT_NE(signals_.find(value), nullptr) << value;
        EXPECT_EQ(signals_.find(value)->value, value);
    }
    for (const std::uint64_t value : {0, 1, 4, 6, 8, 19, 22, 1000})
        EXPECT_EQ(signals_.find(value), nullptr) << value;
    EXPECT_EQ(signals_.oldest().value, 2U);
    EXPECT_EQ(signals_.newest().value, 21U);
    EXPECT_EQ(signals_.before_newest()->value, 20U);
    signals_.drop_newest();
    EXPECT_EQ(signals_.find(21), nullptr);
    EXPECT_EQ(signals_.newest().value, 20U);
}

TEST_F(StreamSignalsTest, GrowsWhileNoneIsDoneAndKeepsAll) {
    std::size_t count = fill();
    for (int i = 0; i < 3; ++i) {
        EXPECT_EQ(signals_.make_room(), std::nullopt);
        count += fill();
    }
    for (std::size_t i = 0; i < count; ++i) {
        ASSERT_NE(signals_.find(i + 1), nullptr) << i;
        EXPECT_EQ(signals_.find(i + 1)->event.handle(), handles_[i]);
    }
    EXPECT_EQ(std::set(handles_.begin(), handles_.end()).size(), count) << "each has an event of its own";
}

TEST_F(StreamSignalsTest, UsesTheEventsOfTheOlderHalfAgainWhenItsLastIsDone) {
    const std::size_t count = fill();
    finish(count / 2);
    EXPECT_EQ(signals_.make_room(), count / 2);
    EXPECT_EQ(signals_.oldest().value, count / 2 + 1);
    EXPECT_EQ(signals_.find(count / 2), nullptr);
    EXPECT_EQ(fill(), count / 2);
    for (std::size_t i = 0; i < count / 2; ++i)
        EXPECT_EQ(handles_[count + i], handles_[i]) << "no event was made";
    // The ring starts in its middle now, and must keep its order when it grows.
    EXPECT_EQ(signals_.make_room(), std::nullopt);
    EXPECT_EQ(fill(), count);
    for (std::size_t i = count / 2; i < 5 * count / 2; ++i)
        EXPECT_EQ(signals_.find(i + 1)->event.handle(), handles_[i]);
}

TEST_F(StreamSignalsTest, AnEventOfAnotherContextIsReplaced) {
    LeakCheck check;
    CUcontext other = nullptr;
    ASSERT_EQ(cuda_.cuCtxCreate(&other, 0, device_.device().handle), CUDA_SUCCESS);
    const driver::ContextWatch* const watch = *driver::ContextWatch::of_current(device_.driver());
    {
        StreamSignals signals;
        ASSERT_TRUE(signals.make_event(watch));
        EXPECT_TRUE(signals.has_event_of(watch));
        EXPECT_FALSE(signals.has_event_of(context_));
        ASSERT_TRUE(signals.make_event(context_));
        EXPECT_TRUE(signals.has_event_of(context_));
        EXPECT_TRUE(signals.append(1).event.is_of(context_));
        EXPECT_FALSE(signals.has_event_of(context_)) << "the next one has none yet";
    }
    ASSERT_EQ(cuda_.cuCtxDestroy(other), CUDA_SUCCESS);
    device_.make_current();
    EXPECT_EQ(check.differences(), "");
}

}  // namespace
}  // namespace opennvsci::sync
