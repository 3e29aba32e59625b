// SPDX-License-Identifier: Apache-2.0
//
// Two processes: start in either order, and the end of one at any point (nvsciipc.md 5.2 and 11.2.3).
#include <fcntl.h>
#include <sys/stat.h>

#include <sstream>

#include "channel.h"
#include "peer_process.h"

namespace opennvsci::test {
namespace {

class ProcessesTest : public IpcTest {
  protected:
    /// What the end sees until `wanted` is among it.
    [[nodiscard]] static std::uint32_t wait_for(const OpenEndpoint& end, std::uint32_t wanted) {
        std::uint32_t seen = 0;
        for (;;) {
            seen |= end.events();
            if ((seen & wanted) != 0) return seen;
            if (!end.is_readable(10'000)) {
                ADD_FAILURE() << "nothing woke this process";
                return 0;
            }
        }
    }
    static void connect_to(const OpenEndpoint& end, PeerProcess& peer) {
        EXPECT_EQ(peer("reset"), kDone);
        end.reset();
        peer.tell("connect");
        EXPECT_NE(wait_for(end, kEst), 0U);
        EXPECT_EQ(peer.answer(), "connected");
    }
};

TEST_F(ProcessesTest, TheyFindEachOtherInEitherOrderOfStart) {
    for (const bool is_first : {true, false}) {
        PeerProcess peer;
        OpenEndpoint a;
        if (is_first) a = OpenEndpoint("process_0");
        ASSERT_EQ(peer("open process_1"), kDone);
        if (!is_first) a = OpenEndpoint("process_0");
        connect_to(a, peer);
        ASSERT_EQ(a.write("to you"), kIpcSuccess);
        EXPECT_EQ(peer("wait"), "to you");
        ASSERT_EQ(peer("write to me"), kDone);
        EXPECT_NE(wait_for(a, NV_SCI_IPC_EVENT_READ), 0U);
        EXPECT_EQ(a.read(), "to me");
    }
}

TEST_F(ProcessesTest, EachWakesTheOtherManyTimes) {
    PeerProcess peer;
    ASSERT_EQ(peer("open process_1"), kDone);
    const OpenEndpoint a("process_0");
    connect_to(a, peer);
    constexpr int kMessages = 1000;
    peer.tell("echo " + std::to_string(kMessages));
    for (int i = 0; i < kMessages; ++i) {
        ASSERT_EQ(a.write(std::to_string(i)), kIpcSuccess);
        ASSERT_NE(wait_for(a, NV_SCI_IPC_EVENT_READ), 0U) << i;
        ASSERT_EQ(a.read(), std::to_string(i));
    }
    EXPECT_EQ(peer.answer(), "echoed");
}

TEST_F(ProcessesTest, AnEndpointIsBusyAsLongAsItsOwnerLives) {
    PeerProcess peer;
    ASSERT_EQ(peer("open process_0"), kDone);
    NvSciIpcEndpoint handle = 0;
    EXPECT_EQ(NvSciIpcOpenEndpoint("process_0", &handle), NvSciError_Busy);
    EXPECT_NE(std::string(opennvsciGetLastErrorText()).find(std::to_string(peer.id())), std::string::npos)
        << opennvsciGetLastErrorText();
    peer.kill();
    const OpenEndpoint a("process_0");
}

TEST_F(ProcessesTest, WhatAProcessWroteBeforeItEndedIsRead) {
    for (const char* end : {"exit", "kill"}) {
        PeerProcess peer;
        ASSERT_EQ(peer("open process_1"), kDone);
        const OpenEndpoint a("process_0");
        connect_to(a, peer);
        ASSERT_EQ(peer("write one"), kDone);
        ASSERT_EQ(peer("write two"), kDone);
        if (std::string(end) == "exit") peer.tell("exit");
        peer.kill();
        EXPECT_EQ(a.read(), "one");
        EXPECT_EQ(a.read(), "two");
        EXPECT_EQ(a.events() & (kReset | kEst), 0U);
        for (int i = 0; i < 4; ++i)
            EXPECT_EQ(a.write("nobody reads this"), kIpcSuccess);
        EXPECT_EQ(a.write("no room"), NvSciError_InsufficientMemory);
        EXPECT_EQ(a.events(), 0U);
        EXPECT_FALSE(a.is_readable()) << "the end of a peer is no event";
    }
}

// The peer is killed after so many of its calls; then another one takes its place, and everything works.
TEST_F(ProcessesTest, ASurvivorConnectsToTheNextPeerWhereverTheLastOneWasKilled) {
    const char* const steps[] = {"open process_1", "reset", "events", "events", "write a", "events", "read"};
    const OpenEndpoint a("process_0");
    a.reset();
    for (std::size_t count = 0; count <= std::size(steps); ++count) {
        for (const bool looks_between : {true, false}) {
            SCOPED_TRACE(std::to_string(count) + (looks_between ? " looking" : ""));
            {
                PeerProcess victim;
                for (std::size_t i = 0; i < count; ++i) {
                    static_cast<void>(victim(steps[i]));
                    if (looks_between) static_cast<void>(a.events());
                }
                victim.kill();
            }
            PeerProcess peer;
            ASSERT_EQ(peer("open process_1"), kDone);
            ASSERT_EQ(peer("reset"), kDone);
            const std::string marker = "for life " + std::to_string(count);
            peer.tell("connect");
            // Of this side every life is a reset and a connection, whether the one before came that far or not.
            std::uint32_t seen = a.events();
            for (int i = 0; i < 100 && (seen & kEst) == 0 && a.is_readable(10'000); ++i)
                seen |= a.events();
            ASSERT_NE(seen & kEst, 0U);
            ASSERT_EQ(peer.answer(), "connected");
            ASSERT_EQ(peer("write " + marker), kDone);
            std::string text;
            for (int i = 0; i < 20 && text != marker; ++i) {
                static_cast<void>(a.events());
                text = a.read();
            }
            ASSERT_EQ(text, marker);
        }
    }
}

TEST_F(ProcessesTest, ALinkSaysWhenTheProcessAtItsOtherEndDies) {
    PeerProcess peer;
    ASSERT_EQ(peer("open process_1"), kDone);
    const OpenEndpoint a("process_0");
    const auto link = a.inner()->link();
    ASSERT_TRUE(link) << link.error().text;
    ASSERT_TRUE((*link)->is_peer_alive());
    ASSERT_EQ(peer("close"), kDone);
    peer.kill();
    pollfd watched{(*link)->watch_descriptor(), 0, 0};
    EXPECT_EQ(::poll(&watched, 1, 10'000), 1);
    EXPECT_FALSE((*link)->is_peer_alive());
    const auto gone = a.inner()->link();
    ASSERT_FALSE(gone);
    EXPECT_NE(gone.error().text.find("process_1"), std::string::npos) << gone.error().text;
}

TEST_F(ProcessesTest, DescriptorsOfAProcessThatIsGoneCanBeTaken) {
    PeerProcess peer;
    const OpenEndpoint a("process_0");
    ASSERT_EQ(peer("open process_1"), kDone);
    std::istringstream text(peer("send 1"));
    ipc::Token token;
    std::uint64_t instance = 0;
    ino_t inode = 0;
    text >> token.words[0] >> token.words[1] >> instance >> inode;
    peer.kill();
    // Another one has come meanwhile.
    PeerProcess next;
    ASSERT_EQ(next("open process_1"), kDone);
    ASSERT_EQ(next("reset"), kDone);
    a.reset();
    static_cast<void>(a.events());
    const auto link = a.inner()->link_from(instance);
    ASSERT_TRUE(link) << link.error().text;
    const auto parcel = (*link)->take(token);
    ASSERT_TRUE(parcel) << parcel.error().text;
    struct stat status {};
    ASSERT_EQ(::fstat(parcel->files.at(0).get(), &status), 0);
    EXPECT_EQ(status.st_ino, inode);
}

}  // namespace
}  // namespace opennvsci::test
