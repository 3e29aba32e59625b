// SPDX-License-Identifier: Apache-2.0
//
// Notifiers of other libraries: the descriptor, its drain, the library's handler, moving, and what keeps it open.
#include <array>
#include <stdexcept>

#include "event_test.h"

namespace opennvsci::test {
namespace {

class NativeNotifiers : public EventTest {
  protected:
    ~NativeNotifiers() override {
        if (notifier_ != nullptr) notifier_->Delete(notifier_);
        native_.reset();
    }
    void end_notifier() {
        notifier_->Delete(notifier_);
        notifier_ = nullptr;
    }

    std::shared_ptr<Native> native_ = std::make_shared<Native>();
    NvSciEventNotifier* notifier_ = notifier_of(service(), Native::describe(native_));
};

TEST_F(NativeNotifiers, a_readable_descriptor_is_an_event_and_is_drained_once) {
    EXPECT_EQ(loop_->WaitForEvent(notifier_, kPoll), NvSciError_Timeout);
    native_->make_ready();
    EXPECT_EQ(loop_->WaitForEvent(notifier_, kForEver), NvSciError_Success);
    EXPECT_EQ(native_->drained, 1);
    EXPECT_EQ(loop_->WaitForEvent(notifier_, kPoll), NvSciError_Timeout);
}

TEST_F(NativeNotifiers, one_that_is_not_waited_for_and_has_no_handler_is_not_drained) {
    NvSciLocalEvent* event = make_local();
    native_->make_ready();
    EXPECT_EQ(loop_->WaitForEvent(event->eventNotifier, 1000), NvSciError_Timeout);
    EXPECT_EQ(native_->drained, 0);
    EXPECT_EQ(loop_->WaitForEvent(notifier_, kPoll), NvSciError_Success);
    end(event);
}

TEST_F(NativeNotifiers, it_is_drained_before_its_handler_runs) {
    int drained = 0;
    Handler handler{[&] { drained = native_->drained; }};
    handler.set(notifier_);
    native_->make_ready();
    EXPECT_EQ(loop_->WaitForMultipleEventsExt(service(), nullptr, 0, kPoll, nullptr), NvSciError_Timeout);
    EXPECT_EQ(drained, 1);
}

TEST_F(NativeNotifiers, readiness_that_comes_while_another_thread_waits_ends_the_wait) {
    std::thread other([&] {
        until_waited_on(loop_, notifier_);
        native_->make_ready();
    });
    EXPECT_EQ(loop_->WaitForEvent(notifier_, kLong), NvSciError_Success);
    other.join();
}

TEST_F(NativeNotifiers, the_handler_of_a_library_runs_and_programs_may_not_replace_it) {
    NvSciNativeEvent event = Native::describe(native_);
    event.handler = [](void* owner) { ++static_cast<Native*>(owner)->handled; };
    NvSciEventNotifier* const notifier = notifier_of(service(), event);
    EXPECT_EQ(notifier->SetHandler(notifier, Counter::count, nullptr, 0), NvSciError_NotPermitted);
    EXPECT_EQ(notifier->SetHandler(notifier, nullptr, nullptr, 0), NvSciError_NotPermitted);
    native_->make_ready();
    EXPECT_EQ(loop_->WaitForMultipleEventsExt(service(), nullptr, 0, kPoll, nullptr), NvSciError_Timeout);
    EXPECT_EQ(native_->handled, 1);
    notifier->Delete(notifier);
}

TEST_F(NativeNotifiers, one_made_with_a_handler_while_another_thread_waits_is_served_by_that_wait) {
    NvSciLocalEvent* event = make_local();
    const auto late = std::make_shared<Native>();
    late->make_ready();
    NvSciEventNotifier* made = nullptr;
    std::thread other([&] {
        until_waited_on(loop_, notifier_);
        NvSciNativeEvent source = Native::describe(late);
        source.handler = [](void* owner) { ++static_cast<Native*>(owner)->handled; };
        made = notifier_of(service(), source);
        while (late->handled == 0)
            std::this_thread::yield();
        EXPECT_EQ(event->Signal(event), NvSciError_Success);
    });
    EXPECT_EQ(loop_->WaitForEvent(event->eventNotifier, kLong), NvSciError_Success);
    other.join();
    made->Delete(made);
    end(event);
}

TEST_F(NativeNotifiers, the_owner_hears_of_the_deletion_once_and_is_let_go) {
    const std::weak_ptr<Native> watched = native_;
    end_notifier();
    EXPECT_EQ(native_->deleted, 1);
    native_.reset();
    EXPECT_TRUE(watched.expired());
}

TEST_F(NativeNotifiers, the_owner_is_kept_while_a_wait_polls_its_descriptor) {
    NvSciLocalEvent* event = make_local();
    Handler handler{[] {}};
    handler.set(notifier_);
    std::weak_ptr<Native> watched = native_;
    std::thread other([&] {
        until_waited_on(loop_, event->eventNotifier);
        native_.reset();
        EXPECT_FALSE(watched.expired());
        end_notifier();
        // The wait is woken, so that it lets go.
        while (!watched.expired())
            std::this_thread::yield();
        EXPECT_EQ(event->Signal(event), NvSciError_Success);
    });
    EXPECT_EQ(loop_->WaitForEvent(event->eventNotifier, kLong), NvSciError_Success);
    other.join();
    end(event);
}

TEST_F(NativeNotifiers, a_moved_one_belongs_to_the_other_service) {
    NvSciEventLoopService* other = nullptr;
    ASSERT_EQ(NvSciEventLoopServiceCreate(1, &other), NvSciError_Success);
    NvSciLocalEvent* stays = make_local();
    ASSERT_EQ(NvSciEventMoveNotifier(service(), &other->EventService, notifier_), NvSciError_Success)
        << opennvsciGetLastErrorText();
    EXPECT_EQ(NvSciEventMoveNotifier(service(), &other->EventService, notifier_), NvSciError_BadParameter);
    bool news = false;
    EXPECT_EQ(loop_->WaitForMultipleEventsExt(service(), &notifier_, 1, kPoll, &news), NvSciError_BadParameter);
    native_->make_ready();
    EXPECT_EQ(other->WaitForEvent(notifier_, kForEver), NvSciError_Success);
    const std::vector<NvSciEventNotifier*> mixed{notifier_, stays->eventNotifier};
    std::array<bool, 2> both{};
    EXPECT_EQ(loop_->WaitForMultipleEvents(mixed.data(), 2, kPoll, both.data()), NvSciError_BadParameter);
    end(stays);
    end_notifier();
    other->EventService.Delete(&other->EventService);
}

TEST_F(NativeNotifiers, one_with_an_event_pending_or_a_waiter_is_not_moved) {
    NvSciEventLoopService* other = nullptr;
    ASSERT_EQ(NvSciEventLoopServiceCreate(1, &other), NvSciError_Success);
    NvSciLocalEvent* event = make_local();
    native_->make_ready();
    EXPECT_EQ(event->Signal(event), NvSciError_Success);
    EXPECT_EQ(NvSciEventMoveNotifier(service(), &other->EventService, notifier_), NvSciError_InvalidState);
    EXPECT_EQ(NvSciEventMoveNotifier(service(), &other->EventService, event->eventNotifier), NvSciError_InvalidState);
    EXPECT_EQ(loop_->WaitForEvent(notifier_, kPoll), NvSciError_Success);
    EXPECT_EQ(loop_->WaitForEvent(event->eventNotifier, kPoll), NvSciError_Success);
    std::thread mover([&] {
        until_waited_on(loop_, notifier_);
        EXPECT_EQ(NvSciEventMoveNotifier(service(), &other->EventService, event->eventNotifier),
                  NvSciError_InvalidState);
        EXPECT_EQ(NvSciEventMoveNotifier(service(), &other->EventService, notifier_), NvSciError_Success);
        EXPECT_EQ(event->Signal(event), NvSciError_Success);
    });
    EXPECT_EQ(loop_->WaitForEvent(event->eventNotifier, kLong), NvSciError_Success);
    mover.join();
    EXPECT_EQ(NvSciEventMoveNotifier(service(), &other->EventService, event->eventNotifier), NvSciError_Success);
    EXPECT_EQ(event->Signal(event), NvSciError_Success);
    EXPECT_EQ(other->WaitForEvent(event->eventNotifier, kPoll), NvSciError_Success);
    end(event);
    end_notifier();
    other->EventService.Delete(&other->EventService);
}

TEST_F(NativeNotifiers, what_is_no_description_of_a_library_is_refused) {
    NvSciEventNotifier* notifier = nullptr;
    NvSciNativeEvent event = Native::describe(native_);
    event.mark = 0;
    EXPECT_EQ(service()->CreateNativeEventNotifier(service(), &event, &notifier), NvSciError_NotSupported);
    EXPECT_EQ(service()->CreateNativeEventNotifier(service(), nullptr, &notifier), NvSciError_BadParameter);
    event = Native::describe(native_);
    EXPECT_EQ(service()->CreateNativeEventNotifier(service(), &event, nullptr), NvSciError_BadParameter);
    EXPECT_EQ(service()->CreateNativeEventNotifier(nullptr, &event, &notifier), NvSciError_BadParameter);
}

TEST_F(NativeNotifiers, a_service_that_was_kept_and_is_deleted_makes_no_more) {
    const auto kept = event::find_service(service());
    ASSERT_TRUE(kept);
    end_notifier();
    service()->Delete(service());
    loop_ = nullptr;
    const auto refused = event::create_native_notifier(*kept, Native::describe(native_));
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, NvSciError_InvalidState);
}

}  // namespace
}  // namespace opennvsci::test
