// SPDX-License-Identifier: Apache-2.0
//
// Arguments that are wrong: each is refused, and says why.
#include <sys/resource.h>

#include <array>

#include "event_test.h"

namespace opennvsci::test {
namespace {

class Misuse : public EventTest {
  protected:
    ~Misuse() override { end(event_); }
    NvSciLocalEvent* const event_ = make_local();
    NvSciEventNotifier* const notifier_ = event_->eventNotifier;
};

TEST_F(Misuse, a_service_is_made_of_one_loop_without_a_configuration) {
    NvSciEventLoopService* made = nullptr;
    int config = 0;
    EXPECT_EQ(NvSciEventLoopServiceCreate(0, &made), NvSciError_BadParameter);
    EXPECT_EQ(NvSciEventLoopServiceCreate(2, &made), NvSciError_BadParameter);
    EXPECT_EQ(NvSciEventLoopServiceCreate(1, nullptr), NvSciError_BadParameter);
    EXPECT_EQ(NvSciEventLoopServiceCreateSafe(2, nullptr, &made), NvSciError_BadParameter);
    EXPECT_EQ(NvSciEventLoopServiceCreateSafe(1, &config, &made), NvSciError_BadParameter);
    EXPECT_EQ(NvSciEventLoopServiceCreateSafe(1, nullptr, nullptr), NvSciError_BadParameter);
    EXPECT_EQ(NvSciEventLoopServiceCreateSafeX(0, nullptr, &made), NvSciError_BadParameter);
    EXPECT_EQ(NvSciEventLoopServiceCreateSafeX(1, &config, &made), NvSciError_BadParameter);
    EXPECT_EQ(made, nullptr);
}

TEST_F(Misuse, no_member_is_missing) {
    const NvSciEventService& service = loop_->EventService;
    EXPECT_TRUE(service.CreateNativeEventNotifier != nullptr && service.CreateLocalEvent != nullptr &&
                service.CreateTimerEvent != nullptr && service.Delete != nullptr);
    EXPECT_TRUE(loop_->CreateEventLoop != nullptr && loop_->WaitForEvent != nullptr &&
                loop_->WaitForMultipleEvents != nullptr && loop_->WaitForMultipleEventsExt != nullptr &&
                loop_->WaitForAnyEvent != nullptr);
    EXPECT_TRUE(event_->Signal != nullptr && event_->Delete != nullptr && notifier_->SetHandler != nullptr &&
                notifier_->Delete != nullptr);
}

TEST_F(Misuse, timers_and_loops_are_not_supported) {
    NvSciTimerEvent* timer = nullptr;
    NvSciEventLoop* loop = nullptr;
    EXPECT_EQ(service()->CreateTimerEvent(service(), &timer), NvSciError_NotSupported);
    EXPECT_EQ(service()->CreateTimerEvent(service(), nullptr), NvSciError_BadParameter);
    EXPECT_EQ(service()->CreateTimerEvent(nullptr, &timer), NvSciError_BadParameter);
    EXPECT_EQ(loop_->CreateEventLoop(loop_, &loop), NvSciError_NotSupported);
    EXPECT_EQ(loop_->CreateEventLoop(loop_, nullptr), NvSciError_BadParameter);
    EXPECT_EQ(loop_->CreateEventLoop(nullptr, &loop), NvSciError_BadParameter);
}

TEST_F(Misuse, null_is_refused_and_ignored_by_deletion) {
    bool news = false;
    EXPECT_EQ(event_->Signal(nullptr), NvSciError_BadParameter);
    EXPECT_EQ(notifier_->SetHandler(nullptr, nullptr, nullptr, 0), NvSciError_BadParameter);
    EXPECT_EQ(service()->CreateLocalEvent(nullptr, nullptr), NvSciError_BadParameter);
    EXPECT_EQ(service()->CreateLocalEvent(service(), nullptr), NvSciError_BadParameter);
    EXPECT_EQ(loop_->WaitForEvent(nullptr, kPoll), NvSciError_BadParameter);
    EXPECT_EQ(loop_->WaitForMultipleEvents(nullptr, 1, kPoll, &news), NvSciError_BadParameter);
    EXPECT_EQ(loop_->WaitForMultipleEvents(&notifier_, 1, kPoll, nullptr), NvSciError_BadParameter);
    EXPECT_EQ(loop_->WaitForMultipleEvents(&notifier_, 0, kPoll, &news), NvSciError_BadParameter);
    EXPECT_EQ(loop_->WaitForAnyEvent(nullptr, 1, kPoll, &news), NvSciError_BadParameter);
    EXPECT_EQ(loop_->WaitForMultipleEventsExt(nullptr, nullptr, 0, kPoll, nullptr), NvSciError_BadParameter);
    EXPECT_EQ(loop_->WaitForMultipleEventsExt(service(), nullptr, 1, kPoll, nullptr), NvSciError_BadParameter);
    EXPECT_EQ(loop_->WaitForMultipleEventsExt(service(), nullptr, 0, kPoll, &news), NvSciError_BadParameter);
    EXPECT_EQ(loop_->WaitForMultipleEventsExt(service(), &notifier_, 0, kPoll, &news), NvSciError_BadParameter);
    EXPECT_EQ(loop_->WaitForMultipleEventsExt(service(), &notifier_, 1, kPoll, nullptr), NvSciError_BadParameter);
    event_->Delete(nullptr);
    notifier_->Delete(nullptr);
    service()->Delete(nullptr);
}

TEST_F(Misuse, an_element_of_a_set_is_named_if_it_is_wrong) {
    const std::array<NvSciEventNotifier*, 2> set{notifier_, nullptr};
    std::array<bool, 2> news{};
    EXPECT_EQ(loop_->WaitForMultipleEvents(set.data(), 2, kPoll, news.data()), NvSciError_BadParameter);
    EXPECT_NE(std::string(opennvsciGetLastErrorText()).find("notifier 1"), std::string::npos)
        << opennvsciGetLastErrorText();
}

TEST_F(Misuse, negative_times_are_refused_but_for_the_one_that_is_for_ever) {
    EXPECT_EQ(event_->Signal(event_), NvSciError_Success);
    EXPECT_EQ(loop_->WaitForEvent(notifier_, -2), NvSciError_BadParameter);
    EXPECT_EQ(loop_->WaitForEvent(notifier_, INT64_MIN), NvSciError_BadParameter);
    EXPECT_EQ(loop_->WaitForEvent(notifier_, -1), NvSciError_Success);
}

TEST_F(Misuse, there_are_four_priorities) {
    EXPECT_EQ(notifier_->SetHandler(notifier_, nullptr, nullptr, 3), NvSciError_Success);
    EXPECT_EQ(notifier_->SetHandler(notifier_, nullptr, nullptr, 4), NvSciError_BadParameter);
}

// The address is compared, and nothing is read through it.
TEST_F(Misuse, any_address_that_is_no_live_object_is_refused) {
    NvSciEventNotifier copy = *notifier_;
    auto* const inside = reinterpret_cast<NvSciEventNotifier*>(reinterpret_cast<char*>(notifier_) + 8);
    auto* const garbage = reinterpret_cast<NvSciEventNotifier*>(0x1234567);
    for (NvSciEventNotifier* wrong : {&copy, inside, garbage, reinterpret_cast<NvSciEventNotifier*>(event_)}) {
        EXPECT_EQ(notifier_->SetHandler(wrong, nullptr, nullptr, 0), NvSciError_BadParameter);
        EXPECT_EQ(loop_->WaitForEvent(wrong, kPoll), NvSciError_BadParameter);
        notifier_->Delete(wrong);
    }
    EXPECT_EQ(event_->Signal(reinterpret_cast<NvSciLocalEvent*>(notifier_)), NvSciError_BadParameter);
    EXPECT_EQ(NvSciEventMoveNotifier(service(), nullptr, notifier_), NvSciError_BadParameter);
    EXPECT_EQ(NvSciEventMoveNotifier(nullptr, service(), notifier_), NvSciError_BadParameter);
    EXPECT_EQ(NvSciEventMoveNotifier(service(), service(), nullptr), NvSciError_BadParameter);
    EXPECT_EQ(loop_->WaitForEvent(notifier_, kPoll), NvSciError_Timeout);
}

TEST_F(Misuse, the_version_is_compatible_if_the_library_has_all_of_it) {
    bool is_compatible = false;
    EXPECT_EQ(NvSciEventCheckVersionCompatibility(NvSciEventMajorVersion, NvSciEventMinorVersion, &is_compatible),
              NvSciError_Success);
    EXPECT_TRUE(is_compatible);
    EXPECT_EQ(NvSciEventCheckVersionCompatibility(1, 5, &is_compatible), NvSciError_Success);
    EXPECT_TRUE(is_compatible) << "of 1.5 there is the wait for any event, which there is";
    EXPECT_EQ(NvSciEventCheckVersionCompatibility(1, 6, &is_compatible), NvSciError_Success);
    EXPECT_FALSE(is_compatible);
    EXPECT_EQ(NvSciEventCheckVersionCompatibility(2, 0, &is_compatible), NvSciError_Success);
    EXPECT_FALSE(is_compatible);
    EXPECT_EQ(NvSciEventCheckVersionCompatibility(1, 4, nullptr), NvSciError_BadParameter);
}

TEST_F(Misuse, without_a_descriptor_left_there_is_no_service_but_local_events) {
    rlimit before{};
    ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &before), 0);
    rlimit none = before;
    none.rlim_cur = 0;
    ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &none), 0);
    NvSciEventLoopService* made = nullptr;
    const NvSciError code = NvSciEventLoopServiceCreate(1, &made);
    NvSciLocalEvent* event = make_local();
    ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &before), 0);
    EXPECT_EQ(code, NvSciError_ResourceError);
    end(event);
}

}  // namespace
}  // namespace opennvsci::test
