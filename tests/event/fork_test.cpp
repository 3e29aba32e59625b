// SPDX-License-Identifier: Apache-2.0
//
// A forked child owns nothing of what it inherits: it may delete it, and the parent sees no change; anything else is an
// error that says why. What the child makes itself works. Whatever the parent's threads do at the fork, nothing hangs.
#include "event_test.h"
#include "own_process.h"

namespace opennvsci::test {
namespace {

class EventFork : public EventTest {
  protected:
    ~EventFork() override {
        end(event_);
        notifier_->Delete(notifier_);
    }

    const std::shared_ptr<Native> native_ = std::make_shared<Native>();
    NvSciLocalEvent* const event_ = make_local();
    NvSciEventNotifier* const notifier_ = notifier_of(service(), Native::describe(native_));
};

/// A child makes a service, and waits on it.
void check_own_service(Findings& findings) {
    NvSciEventLoopService* own = nullptr;
    NvSciLocalEvent* event = nullptr;
    findings.check(NvSciEventLoopServiceCreate(1, &own) == NvSciError_Success, "no service in the child");
    findings.check(own->EventService.CreateLocalEvent(&own->EventService, &event) == NvSciError_Success,
                   "no local event in the child");
    findings.check(event->Signal(event) == NvSciError_Success, "no signal in the child");
    findings.check(own->WaitForEvent(event->eventNotifier, kLong) == NvSciError_Success, "no event in the child");
    event->eventNotifier->Delete(event->eventNotifier);
    event->Delete(event);
    own->EventService.Delete(&own->EventService);
}

TEST_F(EventFork, the_child_can_only_delete_what_it_inherits_and_the_parent_keeps_it) {
    const std::string findings = findings_of_forked_child([&](Findings& child) {
        NvSciLocalEvent* made = nullptr;
        NvSciNativeEvent native = Native::describe(native_);
        NvSciEventNotifier* notifier = nullptr;
        const auto error = [&](NvSciError code, const char* what) {
            child.check_error(code, opennvsciGetLastErrorText(), what);
        };
        error(event_->Signal(event_), "Signal");
        error(loop_->WaitForEvent(event_->eventNotifier, kPoll), "WaitForEvent");
        error(loop_->WaitForMultipleEventsExt(service(), nullptr, 0, kPoll, nullptr), "WaitForMultipleEventsExt");
        error(service()->CreateLocalEvent(service(), &made), "CreateLocalEvent");
        error(service()->CreateNativeEventNotifier(service(), &native, &notifier), "CreateNativeEventNotifier");
        error(notifier_->SetHandler(notifier_, nullptr, nullptr, 0), "SetHandler");
        child.check(std::string(opennvsciGetLastErrorText()).find("forked") != std::string::npos,
                    "no word of the fork");
        notifier_->Delete(notifier_);
        child.check(native_->deleted == 0, "the owner of a parent's notifier was told of its deletion");
        end(event_);
        service()->Delete(service());
        check_own_service(child);
    });
    EXPECT_EQ(findings, "");
    EXPECT_EQ(loop_->WaitForEvent(event_->eventNotifier, kPoll), NvSciError_Timeout);
    EXPECT_EQ(event_->Signal(event_), NvSciError_Success);
    native_->make_ready();
    const std::array<NvSciEventNotifier*, 2> set{event_->eventNotifier, notifier_};
    std::array<bool, 2> news{};
    EXPECT_EQ(loop_->WaitForMultipleEvents(set.data(), 2, kLong, news.data()), NvSciError_Success);
    EXPECT_EQ(news, (std::array<bool, 2>{true, true}));
}

TEST_F(EventFork, a_child_forked_by_a_handler_may_wait) {
    std::string findings = "no child";
    Handler handler{[&] {
        findings = findings_of_forked_child(check_own_service);
        EXPECT_EQ(loop_->WaitForEvent(notifier_, kPoll), NvSciError_InvalidState) << "the parent is in the handler";
    }};
    handler.set(event_->eventNotifier);
    EXPECT_EQ(event_->Signal(event_), NvSciError_Success);
    EXPECT_EQ(loop_->WaitForEvent(event_->eventNotifier, kPoll), NvSciError_Success);
    EXPECT_EQ(findings, "");
}

// The children are forked while other threads hold the lock as often as they can.
TEST_F(EventFork, a_child_of_a_busy_parent_does_not_hang) {
    SKIP_WHERE_FORKS_STAND_STILL();
    std::atomic<bool> is_over = false;
    std::thread waiter([&] {
        while (!is_over)
            (void)loop_->WaitForEvent(notifier_, 100);
    });
    std::thread maker([&] {
        while (!is_over) {
            NvSciLocalEvent* event = make_local();
            (void)event->Signal(event);
            end(event);
        }
    });
    for (int i = 0; i < 20; ++i)
        EXPECT_EQ(findings_of_forked_child(check_own_service), "");
    is_over = true;
    waiter.join();
    maker.join();
}

}  // namespace
}  // namespace opennvsci::test
