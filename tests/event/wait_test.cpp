// SPDX-License-Identifier: Apache-2.0
//
// The four waits: what they return, when, and what they say about each notifier.
#include <pthread.h>

#include <array>
#include <csignal>

#include "event_test.h"

namespace opennvsci::test {
namespace {

using std::chrono::steady_clock;

class Waits : public EventTest {
  protected:
    ~Waits() override {
        for (NvSciLocalEvent* event : events_)
            end(event);
    }
    NvSciEventNotifier* notifier(std::size_t i) const { return events_[i]->eventNotifier; }
    void signal(std::size_t i) const { EXPECT_EQ(events_[i]->Signal(events_[i]), NvSciError_Success); }
    std::array<NvSciEventNotifier*, 3> all() const { return {notifier(0), notifier(1), notifier(2)}; }

    const std::array<NvSciLocalEvent*, 3> events_{make_local(), make_local(), make_local()};
};

TEST_F(Waits, an_event_that_came_before_the_wait_ends_it_at_once_and_is_consumed) {
    signal(0);
    EXPECT_EQ(loop_->WaitForEvent(notifier(0), kForEver), NvSciError_Success);
    EXPECT_EQ(loop_->WaitForEvent(notifier(0), kPoll), NvSciError_Timeout);
}

TEST_F(Waits, several_signals_before_a_wait_are_one_event) {
    signal(0);
    signal(0);
    EXPECT_EQ(loop_->WaitForEvent(notifier(0), kPoll), NvSciError_Success);
    EXPECT_EQ(loop_->WaitForEvent(notifier(0), kPoll), NvSciError_Timeout);
}

TEST_F(Waits, an_event_of_another_notifier_does_not_end_the_wait_and_stays) {
    signal(1);
    EXPECT_EQ(loop_->WaitForEvent(notifier(0), 1000), NvSciError_Timeout);
    EXPECT_EQ(loop_->WaitForEvent(notifier(1), kPoll), NvSciError_Success);
}

TEST_F(Waits, a_wait_lasts_as_long_as_it_was_told) {
    const auto begin = steady_clock::now();
    EXPECT_EQ(loop_->WaitForEvent(notifier(0), 20'000), NvSciError_Timeout);
    EXPECT_GE(steady_clock::now() - begin, std::chrono::milliseconds(20));
}

TEST_F(Waits, a_signal_from_another_thread_ends_a_wait_for_ever) {
    std::thread signaler([&] {
        until_waited_on(loop_, notifier(1));
        signal(0);
    });
    EXPECT_EQ(loop_->WaitForEvent(notifier(0), kForEver), NvSciError_Success);
    signaler.join();
}

TEST_F(Waits, of_a_set_each_element_tells_whether_that_notifier_had_an_event) {
    signal(0);
    signal(2);
    std::array<bool, 3> news{false, true, false};
    EXPECT_EQ(loop_->WaitForMultipleEvents(all().data(), 3, kForEver, news.data()), NvSciError_Success);
    EXPECT_EQ(news, (std::array<bool, 3>{true, false, true}));
    news.fill(true);
    EXPECT_EQ(loop_->WaitForMultipleEvents(all().data(), 3, kPoll, news.data()), NvSciError_Timeout);
    EXPECT_EQ(news, (std::array<bool, 3>{false, false, false}));
}

TEST_F(Waits, a_notifier_may_stand_twice_in_a_set) {
    signal(1);
    const std::array<NvSciEventNotifier*, 3> twice{notifier(1), notifier(0), notifier(1)};
    std::array<bool, 3> news{};
    EXPECT_EQ(loop_->WaitForAnyEvent(twice.data(), 3, kPoll, news.data()), NvSciError_Success);
    EXPECT_EQ(news, (std::array<bool, 3>{true, false, true}));
}

TEST_F(Waits, any_event_is_the_wait_for_several) {
    signal(1);
    std::array<bool, 3> news{};
    EXPECT_EQ(loop_->WaitForAnyEvent(all().data(), 3, kForEver, news.data()), NvSciError_Success);
    EXPECT_EQ(news, (std::array<bool, 3>{false, true, false}));
    EXPECT_EQ(loop_->WaitForAnyEvent(all().data(), 3, 100, news.data()), NvSciError_Timeout);
}

TEST_F(Waits, with_the_service_named_there_may_be_notifiers_or_none) {
    signal(2);
    std::array<bool, 3> news{};
    EXPECT_EQ(loop_->WaitForMultipleEventsExt(service(), all().data(), 3, kForEver, news.data()), NvSciError_Success);
    EXPECT_EQ(news, (std::array<bool, 3>{false, false, true}));
    EXPECT_EQ(loop_->WaitForMultipleEventsExt(service(), nullptr, 0, 100, nullptr), NvSciError_Timeout);
}

TEST_F(Waits, without_a_handler_a_wait_for_none_leaves_events_alone) {
    signal(0);
    EXPECT_EQ(loop_->WaitForMultipleEventsExt(service(), nullptr, 0, kPoll, nullptr), NvSciError_Timeout);
    EXPECT_EQ(loop_->WaitForEvent(notifier(0), kPoll), NvSciError_Success);
}

TEST_F(Waits, a_second_thread_is_refused_and_the_first_goes_on) {
    std::thread second([&] {
        until_waited_on(loop_, notifier(1));
        EXPECT_NE(std::string(opennvsciGetLastErrorText()).find("another thread"), std::string::npos);
        std::array<bool, 3> news{};
        EXPECT_EQ(loop_->WaitForMultipleEvents(all().data(), 3, kForEver, news.data()), NvSciError_NotSupported);
        EXPECT_EQ(loop_->WaitForMultipleEventsExt(service(), nullptr, 0, kPoll, nullptr), NvSciError_NotSupported);
        signal(0);
    });
    EXPECT_EQ(loop_->WaitForEvent(notifier(0), kLong), NvSciError_Success);
    second.join();
}

TEST_F(Waits, two_services_are_waited_on_by_two_threads) {
    NvSciEventLoopService* other = nullptr;
    ASSERT_EQ(NvSciEventLoopServiceCreate(1, &other), NvSciError_Success);
    NvSciLocalEvent* theirs = make_local(other);
    std::thread second([&] {
        until_waited_on(loop_, notifier(1));
        signal(0);
        EXPECT_EQ(other->WaitForEvent(theirs->eventNotifier, kLong), NvSciError_Success);
    });
    EXPECT_EQ(loop_->WaitForEvent(notifier(0), kLong), NvSciError_Success);
    EXPECT_EQ(theirs->Signal(theirs), NvSciError_Success);
    second.join();
    end(theirs);
    other->EventService.Delete(&other->EventService);
}

TEST_F(Waits, a_signal_of_the_system_interrupts_and_says_so) {
    struct sigaction ignore {};
    ignore.sa_handler = [](int) {};
    struct sigaction before {};
    ASSERT_EQ(::sigaction(SIGUSR1, &ignore, &before), 0);
    const pthread_t waiter = ::pthread_self();
    std::atomic<bool> is_over = false;
    std::thread interrupter([&] {
        until_waited_on(loop_, notifier(1));
        // The wait is announced a moment before it sleeps.
        while (!is_over) {
            ::pthread_kill(waiter, SIGUSR1);
            std::this_thread::sleep_for(std::chrono::milliseconds(1));
        }
    });
    EXPECT_EQ(loop_->WaitForEvent(notifier(0), kLong), NvSciError_InterruptedCall);
    is_over = true;
    interrupter.join();
    ::sigaction(SIGUSR1, &before, nullptr);
}

TEST_F(Waits, a_service_of_SafeX_waits_for_a_time_only) {
    NvSciEventLoopService* bounded = nullptr;
    ASSERT_EQ(NvSciEventLoopServiceCreateSafeX(1, nullptr, &bounded), NvSciError_Success);
    NvSciLocalEvent* event = make_local(bounded);
    bool news = false;
    EXPECT_EQ(event->Signal(event), NvSciError_Success);
    EXPECT_EQ(bounded->WaitForEvent(event->eventNotifier, kForEver), NvSciError_BadParameter);
    EXPECT_EQ(bounded->WaitForMultipleEvents(&event->eventNotifier, 1, kForEver, &news), NvSciError_BadParameter);
    EXPECT_EQ(bounded->WaitForAnyEvent(&event->eventNotifier, 1, kForEver, &news), NvSciError_BadParameter);
    EXPECT_EQ(bounded->WaitForMultipleEventsExt(&bounded->EventService, nullptr, 0, kForEver, nullptr),
              NvSciError_BadParameter);
    EXPECT_EQ(bounded->WaitForEvent(event->eventNotifier, kLong), NvSciError_Success);
    end(event);
    bounded->EventService.Delete(&bounded->EventService);
}

TEST_F(Waits, times_as_long_as_can_be_written_do_not_overflow) {
    signal(0);
    EXPECT_EQ(loop_->WaitForEvent(notifier(0), INT64_MAX), NvSciError_Success);
}

TEST_F(Waits, a_hundred_notifiers_of_all_kinds_are_one_set) {
    constexpr std::size_t kCount = 110;
    std::vector<NvSciEventNotifier*> set;
    std::vector<NvSciLocalEvent*> local;
    std::vector<std::shared_ptr<Native>> native;
    for (std::size_t i = 0; i < kCount; ++i) {
        if (i % 2 == 0) {
            local.push_back(make_local());
            set.push_back(local.back()->eventNotifier);
        } else {
            native.push_back(std::make_shared<Native>());
            set.push_back(notifier_of(service(), Native::describe(native.back())));
        }
    }
    const auto news = std::make_unique<bool[]>(kCount);
    EXPECT_EQ(local[40]->Signal(local[40]), NvSciError_Success);
    native[50]->make_ready();
    EXPECT_EQ(loop_->WaitForMultipleEventsExt(service(), set.data(), kCount, kLong, news.get()), NvSciError_Success);
    for (std::size_t i = 0; i < kCount; ++i)
        EXPECT_EQ(news[i], i == 80 || i == 101) << i;
    for (NvSciEventNotifier* notifier : set)
        notifier->Delete(notifier);
    for (NvSciLocalEvent* event : local)
        event->Delete(event);
}

}  // namespace
}  // namespace opennvsci::test
