// SPDX-License-Identifier: Apache-2.0
//
// Handlers: when they run, in which thread, and what may be done in one.
#include <chrono>
#include <stdexcept>

#include "event_test.h"

namespace opennvsci::test {
namespace {

class Handlers : public EventTest {
  protected:
    ~Handlers() override {
        end(event_);
        end(other_);
    }
    void signal(NvSciLocalEvent* event) const { EXPECT_EQ(event->Signal(event), NvSciError_Success); }
    NvSciError serve(std::int64_t microseconds) const {
        return loop_->WaitForMultipleEventsExt(service(), nullptr, 0, microseconds, nullptr);
    }
    /// Serves until `counter` has counted, or for some seconds.
    void serve_until_called(const Counter& counter) const {
        const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(10);
        while (counter.calls == 0 && std::chrono::steady_clock::now() < end)
            EXPECT_EQ(serve(1000), NvSciError_Timeout);
    }

    NvSciLocalEvent* const event_ = make_local();
    NvSciLocalEvent* const other_ = make_local();
    NvSciEventNotifier* const notifier_ = event_->eventNotifier;
    NvSciEventNotifier* const other_notifier_ = other_->eventNotifier;
};

TEST_F(Handlers, one_runs_in_the_thread_that_waits_and_nowhere_else) {
    std::thread::id ran_in;
    Handler handler{[&] { ran_in = std::this_thread::get_id(); }};
    handler.set(notifier_);
    std::thread([&] { signal(event_); }).join();
    EXPECT_EQ(ran_in, std::thread::id());
    EXPECT_EQ(loop_->WaitForEvent(notifier_, kPoll), NvSciError_Success);
    EXPECT_EQ(ran_in, std::this_thread::get_id());
}

TEST_F(Handlers, an_event_with_a_handler_is_also_told_to_the_wait) {
    Counter counter;
    ASSERT_EQ(notifier_->SetHandler(notifier_, Counter::count, &counter, 3), NvSciError_Success);
    signal(event_);
    bool news = false;
    EXPECT_EQ(loop_->WaitForMultipleEvents(&notifier_, 1, kPoll, &news), NvSciError_Success);
    EXPECT_TRUE(news);
    EXPECT_EQ(counter.calls, 1);
}

TEST_F(Handlers, a_wait_for_one_notifier_runs_the_handlers_of_the_others) {
    Handler handler{[&] { signal(event_); }};
    handler.set(other_notifier_);
    signal(other_);
    EXPECT_EQ(loop_->WaitForEvent(notifier_, kForEver), NvSciError_Success);
}

TEST_F(Handlers, what_was_pending_before_a_wait_is_handled_before_it_returns) {
    Counter counter;
    ASSERT_EQ(other_notifier_->SetHandler(other_notifier_, Counter::count, &counter, 0), NvSciError_Success);
    signal(event_);
    signal(other_);
    EXPECT_EQ(loop_->WaitForEvent(notifier_, kPoll), NvSciError_Success);
    EXPECT_EQ(counter.calls, 1);
}

TEST_F(Handlers, a_wait_for_no_notifier_serves_them_until_the_time_is_up) {
    Counter counter;
    ASSERT_EQ(notifier_->SetHandler(notifier_, Counter::count, &counter, 0), NvSciError_Success);
    signal(event_);
    EXPECT_EQ(serve(1000), NvSciError_Timeout);
    EXPECT_EQ(counter.calls, 1);
}

TEST_F(Handlers, one_that_is_removed_does_not_run_and_the_event_stays) {
    Counter counter;
    ASSERT_EQ(notifier_->SetHandler(notifier_, Counter::count, &counter, 0), NvSciError_Success);
    ASSERT_EQ(notifier_->SetHandler(notifier_, nullptr, nullptr, 0), NvSciError_Success);
    signal(event_);
    EXPECT_EQ(serve(kPoll), NvSciError_Timeout);
    EXPECT_EQ(counter.calls, 0);
    EXPECT_EQ(loop_->WaitForEvent(notifier_, kPoll), NvSciError_Success);
}

TEST_F(Handlers, one_may_replace_itself) {
    Counter next;
    Handler first{[&] {
        EXPECT_EQ(notifier_->SetHandler(notifier_, Counter::count, &next, 0), NvSciError_Success);
        signal(event_);
    }};
    first.set(notifier_);
    signal(event_);
    serve_until_called(next);
    EXPECT_EQ(next.calls, 1);
}

TEST_F(Handlers, none_of_the_waits_may_be_called_from_one_also_not_of_another_service) {
    NvSciEventLoopService* elsewhere = nullptr;
    ASSERT_EQ(NvSciEventLoopServiceCreate(1, &elsewhere), NvSciError_Success);
    NvSciLocalEvent* theirs = make_local(elsewhere);
    int calls = 0;
    Handler handler{[&] {
        ++calls;
        bool news = false;
        EXPECT_EQ(loop_->WaitForEvent(other_notifier_, kPoll), NvSciError_InvalidState);
        EXPECT_EQ(loop_->WaitForMultipleEvents(&other_notifier_, 1, kForEver, &news), NvSciError_InvalidState);
        EXPECT_EQ(loop_->WaitForAnyEvent(&other_notifier_, 1, kForEver, &news), NvSciError_InvalidState);
        EXPECT_EQ(serve(kForEver), NvSciError_InvalidState);
        EXPECT_EQ(elsewhere->WaitForEvent(theirs->eventNotifier, kForEver), NvSciError_InvalidState);
    }};
    handler.set(notifier_);
    signal(event_);
    EXPECT_EQ(loop_->WaitForEvent(notifier_, kPoll), NvSciError_Success);
    EXPECT_EQ(calls, 1);
    // Another thread may wait on the other service meanwhile, and this one afterwards.
    EXPECT_EQ(elsewhere->WaitForEvent(theirs->eventNotifier, kPoll), NvSciError_Timeout);
    end(theirs);
    elsewhere->EventService.Delete(&elsewhere->EventService);
}

TEST_F(Handlers, one_may_make_signal_and_delete_notifiers) {
    NvSciLocalEvent* made = nullptr;
    Counter counter;
    Handler handler{[&] {
        made = make_local();
        NvSciEventNotifier* const notifier = made->eventNotifier;
        EXPECT_EQ(notifier->SetHandler(notifier, Counter::count, &counter, 0), NvSciError_Success);
        signal(made);
        NvSciLocalEvent* brief = make_local();
        end(brief);
    }};
    handler.set(notifier_);
    signal(event_);
    serve_until_called(counter);
    EXPECT_EQ(counter.calls, 1);
    end(made);
}

TEST_F(Handlers, one_set_while_another_thread_waits_is_served_by_that_wait) {
    Handler handler{[&] { signal(event_); }};
    std::thread setter([&] {
        until_waited_on(loop_, other_notifier_);
        NvSciLocalEvent* late = make_local();
        signal(late);
        handler.set(late->eventNotifier);
        while (loop_->WaitForEvent(other_notifier_, kPoll) == NvSciError_NotSupported)
            std::this_thread::yield();
        end(late);
    });
    EXPECT_EQ(loop_->WaitForEvent(notifier_, kLong), NvSciError_Success);
    setter.join();
}

TEST_F(Handlers, those_of_several_notifiers_run_one_after_the_other) {
    std::atomic<int> inside = 0;
    int calls = 0;
    Handler handler{[&] {
        EXPECT_EQ(++inside, 1);
        ++calls;
        --inside;
    }};
    handler.set(notifier_);
    handler.set(other_notifier_);
    signal(event_);
    signal(other_);
    EXPECT_EQ(serve(kPoll), NvSciError_Timeout);
    EXPECT_EQ(calls, 2);
}

TEST_F(Handlers, an_exception_that_leaves_one_ends_the_wait_and_nothing_else) {
    Handler handler{[] { throw std::runtime_error("from a handler"); }};
    handler.set(notifier_);
    signal(event_);
    EXPECT_EQ(loop_->WaitForEvent(notifier_, kPoll), NvSciError_ResourceError);
    signal(other_);
    EXPECT_EQ(loop_->WaitForEvent(other_notifier_, kPoll), NvSciError_Success);
}

}  // namespace
}  // namespace opennvsci::test
