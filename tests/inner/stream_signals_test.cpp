// SPDX-License-Identifier: Apache-2.0
//
// StreamSignals: the ring finds what was put in and only that, keeps it while it grows, uses the events of dropped
// signals again unless somebody holds them, and asks each context once. A stream is held up by a wait for a word of
// memory.
#include "sync/stream_signals.h"

#include <gtest/gtest.h>

#include <set>
#include <vector>

#include "cuda_objects.h"
#include "leak_check.h"

namespace opennvsci::sync {
namespace {

using namespace cu;  // NOLINT(google-build-using-namespace): CUDA's own names
using test::LeakCheck;
using test::TestDevice;

class StreamSignalsTest : public ::testing::Test {
  protected:
    StreamSignalsTest() {
        EXPECT_EQ(cuda_.cuMemHostAlloc(&memory_, 8, kMemHostAllocDeviceMap), CUDA_SUCCESS);
        EXPECT_EQ(cuda_.cuMemHostGetDevicePointer(&gate_, memory_, 0), CUDA_SUCCESS);
        let_pass(0);
        context_ = *driver::ContextWatch::of_current(device_.driver());
    }
    ~StreamSignalsTest() override {
        let_pass(1000000);
        EXPECT_EQ(cuda_.cuStreamSynchronize(stream_), CUDA_SUCCESS);
        EXPECT_EQ(cuda_.cuMemFreeHost(memory_), CUDA_SUCCESS);
    }

    /// Records a signal; it is done when `let_pass` lets its value pass.
    void record(std::uint64_t value) {
        EXPECT_EQ(cuda_.cuStreamWaitValue64(stream_, gate_, value, CU_STREAM_WAIT_VALUE_GEQ), CUDA_SUCCESS);
        const auto event = signals_.prepare_event(context_);
        ASSERT_TRUE(event);
        EXPECT_EQ(cuda_.cuEventRecord((*event)->handle(), stream_), CUDA_SUCCESS);
        signals_.append(value);
        handles_.push_back((*event)->handle());
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
    TestDevice& device_ = TestDevice::current();
    const driver::EntryPoints& cuda_ = device_.cuda();
    const test::Stream stream_;
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
    EXPECT_EQ(signals_.at(0).value, 2U);
    EXPECT_EQ(signals_.newest().value, 21U);
    signals_.drop(6);
    EXPECT_EQ(signals_.find(3), nullptr);
    EXPECT_EQ(signals_.at(0).value, 7U);
    signals_.drop(21);
    EXPECT_TRUE(signals_.empty());
}

TEST_F(StreamSignalsTest, GrowsAndKeepsAll) {
    std::size_t count = fill();
    for (int i = 0; i < 3; ++i) {
        signals_.grow();
        count += fill();
    }
    for (std::size_t i = 0; i < count; ++i) {
        ASSERT_NE(signals_.find(i + 1), nullptr) << i;
        EXPECT_EQ(signals_.find(i + 1)->event->handle(), handles_[i]);
    }
    EXPECT_EQ(std::set(handles_.begin(), handles_.end()).size(), count) << "each has an event of its own";
}

TEST_F(StreamSignalsTest, UsesTheEventsOfDroppedSignalsAgain) {
    const std::size_t count = fill();
    signals_.drop(count / 2);
    EXPECT_EQ(signals_.at(0).value, count / 2 + 1);
    EXPECT_EQ(signals_.find(count / 2), nullptr);
    EXPECT_EQ(fill(), count / 2);
    for (std::size_t i = 0; i < count / 2; ++i)
        EXPECT_EQ(handles_[count + i], handles_[i]) << "no event was made";
    // The ring starts in its middle now, and must keep its order when it grows.
    signals_.grow();
    EXPECT_EQ(fill(), count);
    for (std::size_t i = count / 2; i < 5 * count / 2; ++i)
        EXPECT_EQ(signals_.find(i + 1)->event->handle(), handles_[i]);
}

TEST_F(StreamSignalsTest, AnEventThatSomebodyHoldsIsNotRecordedAgain) {
    const std::size_t count = fill();
    const SharedEvent held = signals_.find(1)->event;
    signals_.drop(2);
    EXPECT_EQ(fill(), 2U);
    EXPECT_NE(handles_[count], held->handle());
    EXPECT_EQ(handles_[count + 1], handles_[1]) << "nobody held the second one";
}

TEST_F(StreamSignalsTest, AContextIsAskedOnceForItsNewestSignalUpToTheValue) {
    for (const std::uint64_t value : {2, 3, 7})
        record(value);
    let_pass(3);
    while (signals_.find(3)->event->progress().state == driver::Progress::State::running) {
    }
    const auto ask = [&](std::uint64_t value) {
        std::vector<StreamSignals::ContextProgress> all;
        signals_.for_each_context(value, [&](const auto& progress) { all.push_back(progress); });
        return all;
    };
    EXPECT_TRUE(ask(1).empty());
    ASSERT_EQ(ask(6).size(), 1U);
    EXPECT_EQ(ask(6)[0].oldest, 2U);
    EXPECT_EQ(ask(6)[0].newest, 3U);
    EXPECT_EQ(ask(6)[0].progress.state, driver::Progress::State::done);
    EXPECT_EQ(ask(7)[0].newest, 7U);
    EXPECT_EQ(ask(7)[0].progress.state, driver::Progress::State::running);
}

TEST_F(StreamSignalsTest, AnEventOfAnotherContextIsReplacedAndToldApart) {
    LeakCheck check;
    test::OwnContext other;
    const driver::ContextWatch* const watch = *driver::ContextWatch::of_current(device_.driver());
    {
        StreamSignals signals;
        EXPECT_FALSE(signals.has_other_than(watch));
        ASSERT_TRUE((*signals.prepare_event(watch))->is_of(watch));
        ASSERT_TRUE((*signals.prepare_event(context_))->is_of(context_));
        signals.append(1);
        EXPECT_FALSE(signals.has_other_than(context_));
        EXPECT_TRUE(signals.has_other_than(watch));
        ASSERT_TRUE(signals.prepare_event(watch));
        signals.append(2);
        EXPECT_TRUE(signals.has_other_than(context_));
        EXPECT_TRUE(signals.has_other_than(watch));
        int contexts = 0;
        signals.for_each_context(2, [&](const auto&) { ++contexts; });
        EXPECT_EQ(contexts, 2);
        signals.drop(1);
        EXPECT_FALSE(signals.has_other_than(watch));
    }
    other.destroy();
    EXPECT_EQ(check.differences(), "");
}

}  // namespace
}  // namespace opennvsci::sync
