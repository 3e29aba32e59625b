// SPDX-License-Identifier: Apache-2.0
//
// What the tests of NvSciEvent share: a service with its wishes, owners of its objects, a native source that the test
// makes ready, and a count of the descriptors that must be back at the end.
#pragma once

#include <gtest/gtest.h>
#include <sys/eventfd.h>

#include <atomic>
#include <chrono>
#include <filesystem>
#include <functional>
#include <iterator>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "base/unique_fd.h"
#include "event/native_event.h"
#include "event/service.h"
#include "nvscievent.h"
#include "opennvsci.h"

namespace opennvsci::test {

constexpr std::int64_t kForEver = NV_SCI_EVENT_INFINITE_WAIT;
constexpr std::int64_t kPoll = 0;
/// Longer than any wait that is to end by an event, so that a missed one fails the test instead of hanging it.
constexpr std::int64_t kLong = 20'000'000;

inline std::ptrdiff_t open_descriptors() {
    return std::distance(std::filesystem::directory_iterator("/proc/self/fd"), {});
}

class EventTest : public ::testing::Test {
  protected:
    EventTest() { EXPECT_EQ(NvSciEventLoopServiceCreateSafe(1, nullptr, &loop_), NvSciError_Success); }
    ~EventTest() override {
        if (loop_ != nullptr) service()->Delete(service());
        EXPECT_EQ(open_descriptors(), descriptors_);
    }

    [[nodiscard]] NvSciEventService* service() const { return &loop_->EventService; }

    [[nodiscard]] NvSciLocalEvent* make_local() const { return make_local(loop_); }
    static NvSciLocalEvent* make_local(NvSciEventLoopService* loop) {
        NvSciLocalEvent* event = nullptr;
        EXPECT_EQ(loop->EventService.CreateLocalEvent(&loop->EventService, &event), NvSciError_Success)
            << opennvsciGetLastErrorText();
        return event;
    }

    static void end(NvSciLocalEvent* event) {
        event->eventNotifier->Delete(event->eventNotifier);
        event->Delete(event);
    }

    /// Until a thread waits on the service of the notifier.
    static void until_waited_on(NvSciEventLoopService* loop, NvSciEventNotifier* notifier) {
        // Each look is a wait itself, which a wait that begins meanwhile would be refused for: so it looks seldom.
        do {
            std::this_thread::sleep_for(std::chrono::milliseconds(5));
        } while (loop->WaitForEvent(notifier, kPoll) != NvSciError_NotSupported);
    }

    const std::ptrdiff_t descriptors_ = open_descriptors();
    NvSciEventLoopService* loop_ = nullptr;
};

/// A native source: an eventfd.
struct Native {
    UniqueFd descriptor{::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)};
    std::atomic<int> drained{0};
    std::atomic<int> deleted{0};
    std::atomic<int> handled{0};

    void make_ready() const { EXPECT_EQ(::eventfd_write(descriptor.get(), 1), 0); }

    static NvSciNativeEvent describe(const std::shared_ptr<Native>& native) {
        NvSciNativeEvent event;
        event.owner = native;
        event.descriptor = native->descriptor.get();
        event.drain = [](void* owner) noexcept {
            auto& self = *static_cast<Native*>(owner);
            eventfd_t count = 0;
            (void)::eventfd_read(self.descriptor.get(), &count);
            ++self.drained;
        };
        event.deleted = [](void* owner) noexcept { ++static_cast<Native*>(owner)->deleted; };
        return event;
    }
};

inline NvSciEventNotifier* notifier_of(NvSciEventService* service, NvSciNativeEvent event) {
    NvSciEventNotifier* notifier = nullptr;
    EXPECT_EQ(service->CreateNativeEventNotifier(service, &event, &notifier), NvSciError_Success)
        << opennvsciGetLastErrorText();
    return notifier;
}

/// Counts its calls.
struct Counter {
    std::atomic<int> calls{0};
    static void count(void* cookie) { ++static_cast<Counter*>(cookie)->calls; }
};

/// A handler that is any function.
struct Handler {
    std::function<void()> body;
    static void run(void* cookie) { static_cast<Handler*>(cookie)->body(); }
    void set(NvSciEventNotifier* notifier) {
        EXPECT_EQ(notifier->SetHandler(notifier, run, this, 0), NvSciError_Success) << opennvsciGetLastErrorText();
    }
};

}  // namespace opennvsci::test
