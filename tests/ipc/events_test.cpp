// SPDX-License-Identifier: Apache-2.0
//
// Events and the descriptor to wait by (nvsciipc.md 5.1, 5.3 and 6), and the notifier of an event service.
#include <sys/select.h>

#include <thread>

#include "channel.h"
#include "nvscievent.h"

namespace opennvsci::test {
namespace {

class EventsTest : public ConnectedTest {
  protected:
    void SetUp() override {
        ConnectedTest::SetUp();
        ASSERT_FALSE(a_.is_readable());
        ASSERT_FALSE(b_.is_readable());
    }
};
OPENNVSCI_FOR_EACH_CHANNEL(EventsTest);

TEST_P(EventsTest, LevelsAreToldByEveryCallAndEdgesOnce) {
    ASSERT_EQ(b_.write("x"), kIpcSuccess);
    for (int i = 0; i < 3; ++i)
        EXPECT_EQ(a_.events(), kRead | kWrite | kEmpty);
    for (int i = 0; i < 4; ++i)
        ASSERT_EQ(a_.write("x"), kIpcSuccess);
    for (int i = 0; i < 3; ++i)
        EXPECT_EQ(a_.events(), kRead);
    EXPECT_EQ(b_.read(), "x");
    for (int i = 0; i < 3; ++i)
        EXPECT_EQ(a_.events(), kRead | kWrite);
}

// A thread that was told of no room is told of it; see also FramesTest, with two threads.
TEST_P(EventsTest, RoomInAFullQueueWakes) {
    for (int i = 0; i < 4; ++i)
        ASSERT_EQ(a_.write("x"), kIpcSuccess);
    EXPECT_EQ(a_.events(), 0U);
    EXPECT_FALSE(a_.is_readable());
    EXPECT_EQ(b_.read(), "x");
    EXPECT_TRUE(a_.is_readable());
    EXPECT_EQ(a_.events(), kWrite);
    EXPECT_FALSE(a_.is_readable()) << "room is no reason to stay readable";
    EXPECT_EQ(b_.read(), "x");
    EXPECT_FALSE(a_.is_readable()) << "there was room before";
}

TEST_P(EventsTest, TheEndOfTheLastFrameWakes) {
    ASSERT_EQ(a_.write("x"), kIpcSuccess);
    ASSERT_EQ(a_.write("y"), kIpcSuccess);
    EXPECT_EQ(a_.events(), kWrite);
    EXPECT_EQ(b_.read(), "x");
    EXPECT_FALSE(a_.is_readable());
    EXPECT_EQ(b_.read(), "y");
    EXPECT_TRUE(a_.is_readable());
    EXPECT_EQ(a_.events(), kWrite | kEmpty);
}

TEST_P(EventsTest, FramesWakeOnceAndMoreFramesMakeNoSystemCall) {
    ASSERT_EQ(b_.write("1"), kIpcSuccess);
    EXPECT_TRUE(a_.is_readable());
    const auto link = *a_.inner()->link();
    EXPECT_EQ(link->rings()->own().armed.load(), 0U);
    ASSERT_EQ(b_.write("2"), kIpcSuccess);  // not armed, so nothing is sent
    EXPECT_EQ(a_.read(), "1");
    EXPECT_EQ(a_.read(), "2");
    EXPECT_EQ(a_.events(), kWrite | kEmpty);
    EXPECT_FALSE(a_.is_readable());
}

TEST_P(EventsTest, SelectSaysTheSame) {
    const int fd = a_.descriptor();
    ASSERT_LT(fd, FD_SETSIZE);
    const auto select_now = [&] {
        fd_set set;
        FD_ZERO(&set);
        FD_SET(fd, &set);
        timeval none{};
        return ::select(fd + 1, &set, nullptr, nullptr, &none) == 1 && FD_ISSET(fd, &set);
    };
    EXPECT_FALSE(select_now());
    ASSERT_EQ(b_.write("x"), kIpcSuccess);
    EXPECT_TRUE(select_now());
    EXPECT_EQ(a_.read(), "x");
    static_cast<void>(a_.events());
    EXPECT_FALSE(select_now());
}

TEST_P(EventsTest, ASleepingReaderIsWokenByEachOfManyFrames) {
    constexpr int kMessages = 500;
    std::thread echo([&] {
        for (int i = 0; i < kMessages; ++i) {
            while ((b_.events() & kRead) == 0) {
                if (!b_.is_readable(5000)) return;
            }
            const std::string text = b_.read();
            if (b_.write(text) != kIpcSuccess) return;
        }
    });
    for (int i = 0; i < kMessages; ++i) {
        ASSERT_EQ(a_.write(std::to_string(i)), kIpcSuccess);
        while ((a_.events() & kRead) == 0)
            ASSERT_TRUE(a_.is_readable(5000)) << "message " << i;
        ASSERT_EQ(a_.read(), std::to_string(i));
    }
    echo.join();
}

TEST_P(EventsTest, AStateChangeOfThePeerWakes) {
    b_.reset();
    EXPECT_TRUE(a_.is_readable());
    EXPECT_EQ(a_.events(), kReset);
    settle(a_, b_);
    EXPECT_FALSE(a_.is_readable());
}

TEST_P(EventsTest, ASideWithoutNotificationsWakesNobodyAndIsSeenAllTheSame) {
    ASSERT_EQ(NvSciIpcEnableNotification(b_, false), kIpcSuccess);
    ASSERT_EQ(b_.write("quiet"), kIpcSuccess);
    EXPECT_FALSE(a_.is_readable());
    EXPECT_EQ(a_.events(), kRead | kWrite | kEmpty);
    EXPECT_TRUE(a_.is_readable()) << "a frame is there, and it is known now";
    EXPECT_EQ(a_.read(), "quiet");
    EXPECT_EQ(a_.events(), kWrite | kEmpty);
    ASSERT_EQ(b_.write("still quiet"), kIpcSuccess);
    EXPECT_FALSE(a_.is_readable());
    ASSERT_EQ(NvSciIpcEnableNotification(b_, true), kIpcSuccess);
    EXPECT_TRUE(a_.is_readable()) << "of what was done meanwhile";
    EXPECT_EQ(a_.read(), "still quiet");
}

TEST_P(EventsTest, TheDescriptorWorksBeforeThePeerIsThere) {
    b_.close();
    a_.close();
    a_ = OpenEndpoint(name(0));
    a_.reset();
    EXPECT_TRUE(a_.is_readable());
    EXPECT_EQ(a_.events(), kReset);
    EXPECT_FALSE(a_.is_readable());
    b_ = OpenEndpoint(name(1));
    EXPECT_TRUE(a_.is_readable()) << "the peer is there";
    EXPECT_EQ(a_.events(), 0U);
    EXPECT_FALSE(a_.is_readable());
    b_.reset();
    EXPECT_TRUE(a_.is_readable());
}

TEST_P(EventsTest, AParcelThatComesDoesNotHideAKnockFromTheDescriptor) {
    auto out = *b_.inner()->link();
    auto in = *a_.inner()->link();
    const auto token = out->send({}, {});
    ASSERT_TRUE(token);
    ASSERT_EQ(b_.write("after the parcel"), kIpcSuccess);  // knocks behind it
    ASSERT_TRUE(in->take(*token));                         // takes both off the socket
    EXPECT_TRUE(a_.is_readable());
    EXPECT_EQ(a_.events() & kRead, kRead);
    EXPECT_EQ(a_.read(), "after the parcel");
    static_cast<void>(a_.events());
    EXPECT_FALSE(a_.is_readable());
}

TEST_P(EventsTest, CallsWithBadArgumentsSayWhy) {
    std::uint32_t bits = 0;
    std::int32_t fd = 0;
    EXPECT_EQ(NvSciIpcGetEventSafe(a_, nullptr), NvSciError_BadParameter);
    EXPECT_EQ(NvSciIpcGetLinuxEventFd(a_, nullptr), NvSciError_BadParameter);
    EXPECT_EQ(NvSciIpcGetAsyncErrors(a_, nullptr), NvSciError_BadParameter);
    EXPECT_EQ(NvSciIpcGetAsyncErrors(a_, &bits), NvSciError_NotSupported);
    EXPECT_EQ(NvSciIpcGetEndpointInfo(a_, nullptr), NvSciError_BadParameter);
    EXPECT_EQ(NvSciIpcReadGetNextFrame(a_, nullptr), NvSciError_BadParameter);
    EXPECT_EQ(NvSciIpcWriteGetNextFrame(a_, nullptr), NvSciError_BadParameter);
    EXPECT_EQ(NvSciIpcGetEventNotifier(a_, nullptr), NvSciError_BadParameter);
    NvSciEventNotifier* notifier = nullptr;
    EXPECT_EQ(NvSciIpcGetEventNotifier(a_, &notifier), NvSciError_InvalidState);
    for (const NvSciIpcEndpoint handle : {NvSciIpcEndpoint{0}, NvSciIpcEndpoint{12345}, a_.get() + 1}) {
        EXPECT_EQ(NvSciIpcGetEventSafe(handle, &bits), NvSciError_BadParameter);
        EXPECT_EQ(NvSciIpcGetLinuxEventFd(handle, &fd), NvSciError_BadParameter);
        EXPECT_EQ(NvSciIpcResetEndpointSafe(handle), NvSciError_BadParameter);
        EXPECT_EQ(NvSciIpcCloseEndpointSafe(handle, true), NvSciError_BadParameter);
        EXPECT_EQ(NvSciIpcEnableNotification(handle, true), NvSciError_BadParameter);
        EXPECT_EQ(NvSciIpcReadAdvance(handle), NvSciError_BadParameter);
        EXPECT_EQ(NvSciIpcWriteAdvance(handle), NvSciError_BadParameter);
    }
}

TEST_P(EventsTest, ANotifierOfAnEventServiceIsWokenByFrames) {
    a_.close();
    NvSciEventLoopService* loop = nullptr;
    ASSERT_EQ(NvSciEventLoopServiceCreateSafe(1, nullptr, &loop), kIpcSuccess);
    NvSciIpcEndpoint handle = 0;
    ASSERT_EQ(NvSciIpcOpenEndpointWithEventService(name(0).c_str(), &handle, &loop->EventService), kIpcSuccess)
        << opennvsciGetLastErrorText();
    NvSciEventNotifier* notifier = nullptr;
    ASSERT_EQ(NvSciIpcGetEventNotifier(handle, &notifier), kIpcSuccess) << opennvsciGetLastErrorText();
    NvSciEventNotifier* second = nullptr;
    EXPECT_EQ(NvSciIpcGetEventNotifier(handle, &second), NvSciError_InvalidState);

    const auto events = [&] {
        std::uint32_t bits = 0;
        EXPECT_EQ(NvSciIpcGetEventSafe(handle, &bits), kIpcSuccess);
        return bits;
    };
    ASSERT_EQ(NvSciIpcResetEndpointSafe(handle), kIpcSuccess);
    b_.reset();
    std::uint32_t seen = 0;
    for (int i = 0; i < 20 && (seen & kEst) == 0; ++i) {
        seen |= events();
        static_cast<void>(b_.events());
        if ((seen & kEst) == 0) static_cast<void>(loop->WaitForEvent(notifier, 1000));
    }
    EXPECT_NE(seen & kEst, 0U);
    while (loop->WaitForEvent(notifier, 0) == kIpcSuccess)
        static_cast<void>(events());
    EXPECT_EQ(loop->WaitForEvent(notifier, 0), NvSciError_Timeout);
    for (int i = 0; i < 50; ++i) {
        ASSERT_EQ(b_.write("one"), kIpcSuccess);
        ASSERT_EQ(b_.write("two"), kIpcSuccess);
        ASSERT_EQ(loop->WaitForEvent(notifier, 5'000'000), kIpcSuccess);
        ASSERT_NE(events() & kRead, 0U);
        ASSERT_EQ(loop->WaitForEvent(notifier, 5'000'000), kIpcSuccess) << "frames are there still";
        char frame[64] = {};
        std::int32_t bytes = 0;
        ASSERT_EQ(NvSciIpcRead(handle, frame, sizeof(frame), &bytes), kIpcSuccess);
        ASSERT_EQ(NvSciIpcRead(handle, frame, sizeof(frame), &bytes), kIpcSuccess);
        ASSERT_EQ(events() & kRead, 0U);
    }

    int handled = 0;
    ASSERT_EQ(notifier->SetHandler(
                  notifier, [](void* count) { ++*static_cast<int*>(count); }, &handled, 0),
              kIpcSuccess);
    ASSERT_EQ(b_.write("for the handler"), kIpcSuccess);
    bool is_new = false;
    EXPECT_EQ(loop->WaitForMultipleEvents(&notifier, 1, 5'000'000, &is_new), kIpcSuccess);
    EXPECT_TRUE(is_new);
    EXPECT_GE(handled, 1);

    // The wrong order: the endpoint is free all the same.
    NvSciIpcCloseEndpoint(handle);
    a_ = OpenEndpoint(name(0));
    EXPECT_NE(a_.get(), 0U);
    notifier->Delete(notifier);
    loop->EventService.Delete(&loop->EventService);
}

class LibraryTest : public IpcTest {};

TEST_F(LibraryTest, OpeningTellsWhatIsWrongWithANameOrAKind) {
    NvSciIpcEndpoint handle = 9;
    EXPECT_EQ(NvSciIpcOpenEndpoint(nullptr, &handle), NvSciError_BadParameter);
    EXPECT_EQ(handle, 0U);
    EXPECT_EQ(NvSciIpcOpenEndpoint("process_0", nullptr), NvSciError_BadParameter);
    EXPECT_EQ(NvSciIpcOpenEndpoint("", &handle), NvSciError_BadParameter);
    EXPECT_EQ(NvSciIpcOpenEndpoint(std::string(64, 'n').c_str(), &handle), NvSciError_BadParameter);
    EXPECT_EQ(NvSciIpcOpenEndpoint(std::string(63, 'n').c_str(), &handle), NvSciError_NoSuchEntry);
    EXPECT_EQ(NvSciIpcOpenEndpoint("vm_0", &handle), NvSciError_NotSupported);
    EXPECT_NE(std::string(opennvsciGetLastErrorText()).find("INTER_VM"), std::string::npos);
    NvSciEventService none{};
    EXPECT_EQ(NvSciIpcOpenEndpointWithEventService("process_0", &handle, nullptr), NvSciError_BadParameter);
    EXPECT_EQ(NvSciIpcOpenEndpointWithEventService("process_0", &handle, &none), NvSciError_BadParameter);
}

TEST_F(LibraryTest, VersionsAreCompatibleUpToThisOne) {
    const auto is_compatible = [](std::uint32_t major, std::uint32_t minor) {
        bool result = false;
        EXPECT_EQ(NvSciIpcCheckVersionCompatibility(major, minor, &result), kIpcSuccess);
        return result;
    };
    EXPECT_TRUE(is_compatible(1, 0));
    EXPECT_TRUE(is_compatible(1, 4));
    EXPECT_FALSE(is_compatible(1, 5));
    EXPECT_FALSE(is_compatible(0, 0));
    EXPECT_FALSE(is_compatible(2, 0));
    EXPECT_EQ(NvSciIpcCheckVersionCompatibility(1, 0, nullptr), NvSciError_BadParameter);
}

TEST_F(LibraryTest, InitIsCountedAndTheLastDeinitClosesWhatIsOpen) {
    ASSERT_EQ(NvSciIpcInit(), kIpcSuccess);
    NvSciIpcEndpoint handle = 0;
    ASSERT_EQ(NvSciIpcOpenEndpoint("process_0", &handle), kIpcSuccess);
    NvSciIpcDeinit();
    std::uint32_t bits = 0;
    EXPECT_EQ(NvSciIpcGetEvent(handle, &bits), kIpcSuccess);
    NvSciIpcDeinit();
    EXPECT_EQ(NvSciIpcGetEvent(handle, &bits), NvSciError_NotInitialized);
    EXPECT_EQ(NvSciIpcCloseEndpointSafe(handle, false), NvSciError_NotInitialized);
    NvSciIpcDeinit();  // one too many is ignored
    ASSERT_EQ(NvSciIpcInit(), kIpcSuccess);
    EXPECT_EQ(NvSciIpcGetEvent(handle, &bits), NvSciError_BadParameter);
    OpenEndpoint again("process_0");
}

TEST_F(LibraryTest, ZeroIsIgnoredByCloseAndGarbageIsSaid) {
    ::testing::internal::CaptureStderr();
    NvSciIpcCloseEndpoint(0);
    EXPECT_EQ(::testing::internal::GetCapturedStderr(), "");
    ::testing::internal::CaptureStderr();
    NvSciIpcCloseEndpoint(1234);
    NvSciIpcResetEndpoint(1234);
    const std::string said = ::testing::internal::GetCapturedStderr();
    EXPECT_EQ(std::count(said.begin(), said.end(), '\n'), 2) << said;
}

}  // namespace
}  // namespace opennvsci::test
