// SPDX-License-Identifier: Apache-2.0
//
// Threads that do everything at once: no event is lost, no handler runs for one that is gone, nothing hangs.
#include <array>

#include "event_test.h"

namespace opennvsci::test {
namespace {

using EventStress = EventTest;

// Two threads hand over to each other through two services. A lost wake-up ends the test by its time.
TEST_F(EventStress, no_signal_is_lost_between_a_look_and_the_sleep) {
    constexpr int kRounds = 2000;
    NvSciEventLoopService* other = nullptr;
    ASSERT_EQ(NvSciEventLoopServiceCreate(1, &other), NvSciError_Success);
    NvSciLocalEvent* ping = make_local();
    NvSciLocalEvent* pong = make_local(other);
    std::thread peer([&] {
        for (int i = 0; i < kRounds; ++i) {
            ASSERT_EQ(loop_->WaitForEvent(ping->eventNotifier, kLong), NvSciError_Success);
            ASSERT_EQ(pong->Signal(pong), NvSciError_Success);
        }
    });
    for (int i = 0; i < kRounds; ++i) {
        ASSERT_EQ(ping->Signal(ping), NvSciError_Success);
        ASSERT_EQ(other->WaitForEvent(pong->eventNotifier, kLong), NvSciError_Success);
    }
    peer.join();
    end(ping);
    end(pong);
    other->EventService.Delete(&other->EventService);
}

// Each of the threads makes notifiers with handlers, local and native ones, makes an event, waits until it is handled,
// and deletes them, in either order; all while one thread serves.
TEST_F(EventStress, notifiers_come_and_go_while_a_thread_serves_them) {
    constexpr int kRounds = 150;
    constexpr int kThreads = 3;
    NvSciLocalEvent* stop = make_local();
    std::thread server([&] { EXPECT_EQ(loop_->WaitForEvent(stop->eventNotifier, kForEver), NvSciError_Success); });
    std::vector<std::thread> threads;
    for (int t = 0; t < kThreads; ++t) {
        threads.emplace_back([&] {
            for (int i = 0; i < kRounds; ++i) {
                Counter counter;
                NvSciLocalEvent* event = make_local();
                NvSciEventNotifier* local = event->eventNotifier;
                const auto source = std::make_shared<Native>();
                NvSciEventNotifier* native = notifier_of(service(), Native::describe(source));
                ASSERT_EQ(local->SetHandler(local, Counter::count, &counter, 0), NvSciError_Success);
                ASSERT_EQ(native->SetHandler(native, Counter::count, &counter, 0), NvSciError_Success);
                ASSERT_EQ(event->Signal(event), NvSciError_Success);
                source->make_ready();
                while (counter.calls < 2)
                    std::this_thread::yield();
                EXPECT_EQ(source->drained, 1);
                if (i % 2 == 0) event->Delete(event);
                native->Delete(native);
                local->Delete(local);
                if (i % 2 != 0) event->Delete(event);
                EXPECT_EQ(counter.calls, 2);
            }
        });
    }
    for (std::thread& thread : threads)
        thread.join();
    EXPECT_EQ(stop->Signal(stop), NvSciError_Success);
    server.join();
    end(stop);
}

// Signals, handlers and moves of one notifier between two services that are both waited on.
TEST_F(EventStress, one_notifier_is_moved_to_and_fro_and_its_handler_runs_for_each_signal) {
    NvSciEventLoopService* other = nullptr;
    ASSERT_EQ(NvSciEventLoopServiceCreate(1, &other), NvSciError_Success);
    std::array<NvSciEventLoopService*, 2> loops{loop_, other};
    std::array<NvSciLocalEvent*, 2> stops{make_local(loop_), make_local(other)};
    std::vector<std::thread> servers;
    for (std::size_t i = 0; i < 2; ++i)
        servers.emplace_back(
            [&, i] { EXPECT_EQ(loops[i]->WaitForEvent(stops[i]->eventNotifier, kForEver), NvSciError_Success); });
    NvSciLocalEvent* event = make_local();
    NvSciEventNotifier* notifier = event->eventNotifier;
    std::atomic<int> inside = 0;
    std::atomic<int> calls = 0;
    Handler handler{[&] {
        EXPECT_EQ(++inside, 1);
        ++calls;
        --inside;
    }};
    handler.set(notifier);
    for (int i = 0; i < 300; ++i) {
        ASSERT_EQ(event->Signal(event), NvSciError_Success);
        while (calls <= i)
            std::this_thread::yield();
        NvSciEventService* from = &loops[static_cast<std::size_t>(i) % 2]->EventService;
        NvSciEventService* to = &loops[static_cast<std::size_t>(i + 1) % 2]->EventService;
        NvSciError code = NvSciError_InvalidState;  // while the handler has not returned yet
        while ((code = NvSciEventMoveNotifier(from, to, notifier)) == NvSciError_InvalidState)
            std::this_thread::yield();
        ASSERT_EQ(code, NvSciError_Success);
    }
    for (NvSciLocalEvent* stop : stops)
        EXPECT_EQ(stop->Signal(stop), NvSciError_Success);
    for (std::thread& server : servers)
        server.join();
    for (NvSciLocalEvent* stop : stops)
        end(stop);
    end(event);
    other->EventService.Delete(&other->EventService);
}

}  // namespace
}  // namespace opennvsci::test
