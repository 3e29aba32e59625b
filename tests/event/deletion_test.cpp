// SPDX-License-Identifier: Apache-2.0
//
// Deletion in the orders that clients use, the documented one and the odd ones; no descriptor is left behind by any.
#include "event_test.h"

namespace opennvsci::test {
namespace {

class Deletion : public EventTest {
  protected:
    void end_service() {
        service()->Delete(service());
        loop_ = nullptr;
    }
};

TEST_F(Deletion, the_service_may_go_before_its_notifiers_which_then_cannot_be_waited_for) {
    NvSciLocalEvent* event = make_local();
    auto* const wait = loop_->WaitForEvent;
    end_service();
    EXPECT_EQ(event->Signal(event), NvSciError_Success);
    EXPECT_EQ(wait(event->eventNotifier, kForEver), NvSciError_InvalidState);
    EXPECT_EQ(event->eventNotifier->SetHandler(event->eventNotifier, nullptr, nullptr, 0), NvSciError_Success);
    end(event);
}

TEST_F(Deletion, the_service_may_go_before_native_notifiers) {
    auto native = std::make_shared<Native>();
    NvSciEventNotifier* notifier = notifier_of(service(), Native::describe(native));
    end_service();
    notifier->Delete(notifier);
    EXPECT_EQ(native->deleted, 1);
}

TEST_F(Deletion, a_local_event_may_go_before_its_notifier) {
    NvSciLocalEvent* event = make_local();
    NvSciEventNotifier* notifier = event->eventNotifier;
    EXPECT_EQ(event->Signal(event), NvSciError_Success);
    event->Delete(event);
    EXPECT_EQ(loop_->WaitForEvent(notifier, kPoll), NvSciError_Success);
    EXPECT_EQ(loop_->WaitForEvent(notifier, kPoll), NvSciError_Timeout);
    notifier->Delete(notifier);
}

TEST_F(Deletion, a_signal_after_the_notifier_is_gone_has_no_effect) {
    NvSciLocalEvent* event = make_local();
    event->eventNotifier->Delete(event->eventNotifier);
    EXPECT_EQ(event->Signal(event), NvSciError_Success);
    event->Delete(event);
}

TEST_F(Deletion, a_handler_may_delete_its_own_notifier_and_the_wait_tells_the_event) {
    NvSciLocalEvent* event = make_local();
    NvSciEventNotifier* notifier = event->eventNotifier;
    int calls = 0;
    Handler handler{[&] {
        ++calls;
        notifier->Delete(notifier);
    }};
    handler.set(notifier);
    EXPECT_EQ(event->Signal(event), NvSciError_Success);
    EXPECT_EQ(loop_->WaitForEvent(notifier, kForEver), NvSciError_Success);
    EXPECT_EQ(calls, 1);
    EXPECT_EQ(loop_->WaitForEvent(notifier, kPoll), NvSciError_BadParameter);
    event->Delete(event);
}

TEST_F(Deletion, a_handler_may_delete_a_notifier_whose_event_the_same_wait_has_found) {
    NvSciLocalEvent* first = make_local();
    NvSciLocalEvent* second = make_local();
    Counter counter;
    Handler handler{[&] { second->eventNotifier->Delete(second->eventNotifier); }};
    handler.set(first->eventNotifier);
    ASSERT_EQ(second->eventNotifier->SetHandler(second->eventNotifier, Counter::count, &counter, 0),
              NvSciError_Success);
    EXPECT_EQ(first->Signal(first), NvSciError_Success);
    EXPECT_EQ(second->Signal(second), NvSciError_Success);
    EXPECT_EQ(loop_->WaitForEvent(first->eventNotifier, kPoll), NvSciError_Success);
    EXPECT_EQ(counter.calls, 0);
    end(first);
    second->Delete(second);
}

TEST_F(Deletion, a_handler_may_delete_the_service) {
    NvSciLocalEvent* event = make_local();
    Handler handler{[&] { end_service(); }};
    handler.set(event->eventNotifier);
    EXPECT_EQ(event->Signal(event), NvSciError_Success);
    auto* const wait = loop_->WaitForMultipleEventsExt;
    EXPECT_EQ(wait(service(), nullptr, 0, kForEver, nullptr), NvSciError_InvalidState);
    end(event);
}

// Its memory is freed when the handler has returned.
TEST_F(Deletion, of_a_notifier_whose_handler_runs_in_another_thread_returns_at_once) {
    auto native = std::make_shared<Native>();
    std::atomic<bool> is_inside = false;
    std::atomic<bool> may_leave = false;
    NvSciEventNotifier* notifier = notifier_of(service(), Native::describe(native));
    const std::weak_ptr<Native> watched = native;
    Handler handler{[&] {
        is_inside = true;
        while (!may_leave)
            std::this_thread::yield();
        EXPECT_FALSE(watched.expired());
    }};
    handler.set(notifier);
    native->make_ready();
    std::thread waiter([&] { EXPECT_EQ(loop_->WaitForEvent(notifier, kLong), NvSciError_Success); });
    while (!is_inside)
        std::this_thread::yield();
    notifier->Delete(notifier);
    EXPECT_EQ(native->deleted, 1);
    native.reset();
    may_leave = true;
    waiter.join();
    EXPECT_TRUE(watched.expired());
}

TEST_F(Deletion, of_all_that_a_wait_is_for_ends_it_with_an_error) {
    NvSciLocalEvent* event = make_local();
    NvSciLocalEvent* other = make_local();
    std::thread deleter([&] {
        until_waited_on(loop_, other->eventNotifier);
        event->eventNotifier->Delete(event->eventNotifier);
    });
    EXPECT_EQ(loop_->WaitForEvent(event->eventNotifier, kForEver), NvSciError_InvalidState);
    deleter.join();
    event->Delete(event);
    end(other);
}

TEST_F(Deletion, of_the_service_under_a_wait_ends_it_with_an_error) {
    NvSciLocalEvent* event = make_local();
    auto* const loop = loop_;
    std::thread deleter([&] {
        until_waited_on(loop, event->eventNotifier);
        end_service();
    });
    EXPECT_EQ(loop->WaitForEvent(event->eventNotifier, kForEver), NvSciError_InvalidState);
    deleter.join();
    end(event);
}

TEST_F(Deletion, what_is_gone_is_known_to_be_gone) {
    NvSciLocalEvent* event = make_local();
    NvSciEventNotifier* notifier = event->eventNotifier;
    const auto signal = event->Signal;
    const auto delete_event = event->Delete;
    const auto delete_notifier = notifier->Delete;
    const auto set_handler = notifier->SetHandler;
    end(event);
    EXPECT_EQ(signal(event), NvSciError_BadParameter);
    EXPECT_EQ(set_handler(notifier, nullptr, nullptr, 0), NvSciError_BadParameter);
    EXPECT_EQ(loop_->WaitForEvent(notifier, kPoll), NvSciError_BadParameter);
    delete_event(event);
    delete_notifier(notifier);
    EXPECT_NE(std::string(opennvsciGetLastErrorText()).find("no live notifier"), std::string::npos);
    NvSciEventService* const gone = service();
    const auto create = gone->CreateLocalEvent;
    const auto delete_service = gone->Delete;
    end_service();
    EXPECT_EQ(create(gone, &event), NvSciError_BadParameter);
    delete_service(gone);
}

}  // namespace
}  // namespace opennvsci::test
