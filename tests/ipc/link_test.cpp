// SPDX-License-Identifier: Apache-2.0
//
// Links: descriptors that go ahead of blobs (src/ipc/link.h).
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <optional>

#include "channel.h"
#include "failure_point.h"
#include "ipc/messages.h"

namespace opennvsci::test {
namespace {

/// Lets this process have so many descriptors.
class LowLimit {
  public:
    explicit LowLimit(rlim_t count) {
        ::getrlimit(RLIMIT_NOFILE, &before_);
        const rlimit low{count, before_.rlim_max};
        EXPECT_EQ(::setrlimit(RLIMIT_NOFILE, &low), 0);
    }
    ~LowLimit() { ::setrlimit(RLIMIT_NOFILE, &before_); }
    LowLimit(const LowLimit&) = delete;
    LowLimit& operator=(const LowLimit&) = delete;

  private:
    rlimit before_{};
};

class LinkTest : public ChannelTest {};
OPENNVSCI_FOR_EACH_CHANNEL(LinkTest);

std::vector<std::byte> bytes_of(const std::string& text) {
    const auto* const start = reinterpret_cast<const std::byte*>(text.data());
    return {start, start + text.size()};
}

ino_t inode_of(int file) {
    struct stat status {};
    EXPECT_EQ(::fstat(file, &status), 0);
    return status.st_ino;
}

TEST_P(LinkTest, AParcelIsThereUnderItsTokenOnce) {
    const OpenEndpoint a(name(0));
    const OpenEndpoint b(name(1));
    const UniqueFd file(::memfd_create("parcel", MFD_CLOEXEC));
    const int files[] = {file.get()};
    for (const auto& [from, to] : {std::pair{a.inner(), b.inner()}, std::pair{b.inner(), a.inner()}}) {
        auto out = from->link();
        ASSERT_TRUE(out) << out.error().text;
        const auto token = (*out)->send(bytes_of("content"), files);
        ASSERT_TRUE(token) << token.error().text;
        auto in = to->link_from(from->instance());
        ASSERT_TRUE(in) << in.error().text;
        EXPECT_EQ((*in)->session(), (*out)->session());
        auto parcel = (*in)->take(*token);
        ASSERT_TRUE(parcel) << parcel.error().text;
        EXPECT_EQ(parcel->content, bytes_of("content"));
        ASSERT_EQ(parcel->files.size(), 1U);
        EXPECT_EQ(inode_of(parcel->files[0].get()), inode_of(file.get()));
        const auto again = (*in)->take(*token);
        ASSERT_FALSE(again);
        EXPECT_EQ(again.error().code, NvSciError_BadParameter);
    }
}

TEST_P(LinkTest, WithoutAPeerThereIsNoLink) {
    const OpenEndpoint a(name(0));
    const auto link = a.inner()->link();
    ASSERT_FALSE(link);
    EXPECT_EQ(link.error().code, NvSciError_ResourceError);
    EXPECT_EQ(a.inner()->link_from(77).error().code, NvSciError_BadParameter);
}

TEST_P(LinkTest, AParcelOfAPeerThatHasClosedCanBeTaken) {
    OpenEndpoint a(name(0));
    const OpenEndpoint b(name(1));
    ipc::Token token;
    std::uint64_t instance = 0;
    {
        const auto link = a.inner()->link();
        ASSERT_TRUE(link);
        const auto sent = (*link)->send(bytes_of("left behind"), {});
        ASSERT_TRUE(sent);
        token = *sent;
        instance = a.inner()->instance();
    }
    a.close();
    const auto link = b.inner()->link_from(instance);
    ASSERT_TRUE(link) << link.error().text;
    EXPECT_FALSE((*link)->is_peer_alive());
    const auto parcel = (*link)->take(token);
    ASSERT_TRUE(parcel) << parcel.error().text;
    EXPECT_EQ(parcel->content, bytes_of("left behind"));
}

TEST_P(LinkTest, TheEndOfThePeerIsAHangUpOnceNothingHoldsTheLink) {
    OpenEndpoint a(name(0));
    const OpenEndpoint b(name(1));
    auto kept = *a.inner()->link();
    const auto link = *b.inner()->link();
    EXPECT_TRUE(link->is_peer_alive());
    a.close();
    EXPECT_TRUE(link->is_peer_alive());
    kept.reset();
    EXPECT_FALSE(link->is_peer_alive());
    pollfd watched{link->watch_descriptor(), 0, 0};
    EXPECT_EQ(::poll(&watched, 1, 0), 1);
    EXPECT_NE(watched.revents & POLLHUP, 0);
}

// Rounds with so few descriptors that a single one lost in each would end them.
TEST_P(LinkTest, TenThousandParcelsLeakNothingWithALimitOf64Descriptors) {
    const OpenEndpoint a(name(0));
    const OpenEndpoint b(name(1));
    const LowLimit limit(64);
    const UniqueFd file(::memfd_create("parcel", MFD_CLOEXEC));
    const int files[] = {file.get(), file.get(), file.get()};
    const auto out = *a.inner()->link();
    const auto in = *b.inner()->link();
    for (int i = 0; i < 10'000; ++i) {
        const auto token = out->send(bytes_of("round"), files);
        ASSERT_TRUE(token) << i << ": " << token.error().text;
        const auto parcel = in->take(*token);
        ASSERT_TRUE(parcel) << i << ": " << parcel.error().text;
        ASSERT_EQ(parcel->files.size(), 3U);
    }
}

TEST_P(LinkTest, WhatThePeerHasNotTakenIsBoundedAndTheRestGoesOnAfterwards) {
    const LowLimit limit(64);
    const OpenEndpoint a(name(0));
    const OpenEndpoint b(name(1));
    const UniqueFd file(::memfd_create("parcel", MFD_CLOEXEC));
    const int files[] = {file.get(), file.get()};
    const auto out = *a.inner()->link();
    const auto in = *b.inner()->link();
    std::vector<ipc::Token> sent;
    for (int i = 0; i < 100; ++i) {
        const auto token = out->send({}, files);
        if (!token) {
            EXPECT_EQ(token.error().code, NvSciError_TryItAgain);
            EXPECT_TRUE(token.error().is_expected);
            EXPECT_NE(token.error().text.find(name(1)), std::string::npos) << token.error().text;
            break;
        }
        sent.push_back(*token);
    }
    EXPECT_EQ(sent.size(), 8U);  // a quarter of 64, in pairs
    for (auto token = sent.rbegin(); token != sent.rend(); ++token)
        EXPECT_TRUE(in->take(*token));
    EXPECT_TRUE(out->send({}, files));
}

// Exports do not wait for the peer to look: this is what it is told to park, not what a queue of the kernel holds.
TEST_P(LinkTest, AllThatThePeerParksFindsRoomOnTheWay) {
    const OpenEndpoint a(name(0));
    const OpenEndpoint b(name(1));
    static_cast<void>(a.events());  // the peer's welcome
    const auto out = *a.inner()->link();
    const auto in = *b.inner()->link();
    std::vector<ipc::Token> sent;
    for (;;) {
        const auto token = out->send(std::vector<std::byte>(400), {});
        if (!token) {
            EXPECT_EQ(token.error().code, NvSciError_TryItAgain) << token.error().text;
            EXPECT_NE(token.error().text.find("parks 256"), std::string::npos) << token.error().text;
            break;
        }
        sent.push_back(*token);
    }
    EXPECT_EQ(sent.size(), 256U);
    for (const ipc::Token& token : sent)
        ASSERT_TRUE(in->take(token));
}

// A frame that comes when the socket has no room for a knock is seen by whoever waits, whoever empties the socket.
TEST_P(LinkTest, AKnockThatFoundNoRoomIsNotLost) {
    const OpenEndpoint a(name(0));
    const OpenEndpoint b(name(1));
    connect(a, b);
    const auto out = *a.inner()->link();
    const auto in = *b.inner()->link();
    constexpr int kLittle = 4608;  // the least that the kernel gives
    ASSERT_EQ(::setsockopt(out->watch_descriptor(), SOL_SOCKET, SO_SNDBUF, &kLittle, sizeof(kLittle)), 0);
    static_cast<void>(settle(a, b));  // b is armed
    std::optional<ipc::Token> last;
    auto token = out->send(std::vector<std::byte>(1000), {});
    for (; token; token = out->send(std::vector<std::byte>(1000), {}))
        last = *token;
    EXPECT_TRUE(token.error().is_expected) << token.error().text;
    ASSERT_TRUE(last);
    ASSERT_EQ(a.write("a frame"), kIpcSuccess);
    EXPECT_TRUE(in->take(*last));
    EXPECT_TRUE(b.is_readable());
    EXPECT_EQ(b.events() & kRead, kRead);
}

TEST_P(LinkTest, ParcelsAreBoundedWithoutDescriptorsToo) {
    const OpenEndpoint a(name(0));
    const OpenEndpoint b(name(1));
    const auto out = *a.inner()->link();
    const auto in = *b.inner()->link();
    std::vector<ipc::Token> sent;
    while (sent.size() < 100'000) {
        const auto token = out->send(std::vector<std::byte>(ipc::Link::kMostContent), {});
        if (!token) {
            EXPECT_EQ(token.error().code, NvSciError_TryItAgain) << token.error().text;
            break;
        }
        sent.push_back(*token);
        static_cast<void>(b.events());  // the endpoint parks them
    }
    EXPECT_LE(sent.size(), 256U);
    EXPECT_GE(sent.size(), 16U);
    for (const ipc::Token& token : sent)
        ASSERT_TRUE(in->take(token));
}

TEST_P(LinkTest, DescriptorsThatThisProcessHasNoRoomForAreLostAndNotTheLink) {
    const OpenEndpoint a(name(0));
    const OpenEndpoint b(name(1));
    const UniqueFd file(::memfd_create("parcel", MFD_CLOEXEC));
    const int files[] = {file.get(), file.get(), file.get(), file.get()};
    const auto out = *a.inner()->link();
    const auto in = *b.inner()->link();
    const auto lost = out->send(bytes_of("lost"), files);
    ASSERT_TRUE(lost);
    {
        std::vector<UniqueFd> all;
        const LowLimit limit(64);
        for (UniqueFd next(::dup(file.get())); next; next = UniqueFd(::dup(file.get())))
            all.push_back(std::move(next));
        all.pop_back();  // one of four finds room
        const auto parcel = in->take(*lost);
        ASSERT_FALSE(parcel);
        EXPECT_EQ(parcel.error().code, NvSciError_ResourceError);
        EXPECT_NE(parcel.error().text.find("RLIMIT_NOFILE"), std::string::npos) << parcel.error().text;
        EXPECT_TRUE(UniqueFd(::dup(file.get()))) << "the one that came is closed";
    }
    EXPECT_EQ(in->take(*lost).error().code, NvSciError_BadParameter) << "told once";
    const auto next = out->send(bytes_of("next"), files);
    ASSERT_TRUE(next);
    EXPECT_TRUE(in->take(*next));
}

TEST_P(LinkTest, AnOpeningThatThisEndNeverMetHasNoLink) {
    const OpenEndpoint a(name(0));
    const OpenEndpoint b(name(1));
    EXPECT_EQ(a.inner()->link_from(b.inner()->instance() + 1).error().code, NvSciError_BadParameter);
    EXPECT_EQ(a.inner()->link_from(a.inner()->instance()).error().code, NvSciError_BadParameter);
    EXPECT_EQ(a.inner()->link_from(0).error().code, NvSciError_BadParameter);
}

// A peer that does not keep to what it was told.
TEST_P(LinkTest, AFloodOfParcelsIsClosedAndForgotten) {
    const LowLimit limit(64);
    const OpenEndpoint a(name(0));
    const OpenEndpoint b(name(1));
    const auto out = *a.inner()->link();
    const auto in = *b.inner()->link();
    const UniqueFd file(::memfd_create("parcel", MFD_CLOEXEC));
    const int files[] = {file.get(), file.get(), file.get(), file.get()};
    for (int i = 0; i < 2000; ++i) {
        out->rings()->peer().taken.store(~std::uint64_t{0} / 2);  // a lie in either direction changes nothing here
        static_cast<void>(b.events());
        in->rings()->own().taken.store(static_cast<std::uint64_t>(i) * 4);  // "all was taken"
        static_cast<void>(out->send({}, files));
    }
    EXPECT_TRUE(UniqueFd(::dup(file.get()))) << "a descriptor is left for this process";
}

// Greetings

class GreetingTest : public IpcTest {
  protected:
    /// A socket to the endpoint process_0, as anybody of this user can have it.
    [[nodiscard]] UniqueFd stranger() const {
        UniqueFd socket(::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        const std::string path = (place_.runtime() / "process_0.sock").string();
        std::memcpy(address.sun_path, path.c_str(), std::min(path.size(), sizeof(address.sun_path) - 1));
        EXPECT_EQ(::connect(socket.get(), reinterpret_cast<sockaddr*>(&address), sizeof(address)), 0);
        return socket;
    }
    [[nodiscard]] static ipc::message::Hello right_hello() {
        ipc::message::Hello hello{};
        hello.header = {ipc::message::kMagic, ipc::message::Kind::hello};
        hello.version = ipc::message::kVersion;
        hello.most_parked = 16;
        hello.session = 4711;
        hello.instance = 4712;
        hello.frames = 4;
        hello.frame_size = 128;
        std::strcpy(hello.sender.data(), "process_1");
        std::strcpy(hello.receiver.data(), "process_0");
        return hello;
    }
    [[nodiscard]] static UniqueFd right_memory(int seals = F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL,
                                               std::size_t size = ipc::RingMemory::bytes_for({4, 128})) {
        UniqueFd file(::memfd_create("frames", MFD_CLOEXEC | MFD_ALLOW_SEALING));
        EXPECT_EQ(::ftruncate(file.get(), static_cast<off_t>(size)), 0);
        EXPECT_EQ(::fcntl(file.get(), F_ADD_SEALS, seals), 0);
        return file;
    }
    static void send(const UniqueFd& socket, const void* bytes, std::size_t size, const std::vector<int>& files) {
        alignas(cmsghdr) std::array<std::byte, CMSG_SPACE(64 * sizeof(int))> control{};
        iovec part{const_cast<void*>(bytes), size};
        msghdr message{};
        message.msg_iov = &part;
        message.msg_iovlen = 1;
        if (!files.empty()) {
            message.msg_control = control.data();
            message.msg_controllen = CMSG_SPACE(files.size() * sizeof(int));
            cmsghdr* const head = CMSG_FIRSTHDR(&message);
            *head = {CMSG_LEN(files.size() * sizeof(int)), SOL_SOCKET, SCM_RIGHTS};
            std::memcpy(CMSG_DATA(head), files.data(), files.size() * sizeof(int));
        }
        ASSERT_GE(::sendmsg(socket.get(), &message, MSG_NOSIGNAL), 0);
    }
    [[nodiscard]] static bool has_link(const OpenEndpoint& end) {
        return static_cast<bool>(end.inner()->link_from(4712));
    }
};

TEST_F(GreetingTest, ARightOneMakesALink) {
    const OpenEndpoint a("process_0");
    const auto hello = right_hello();
    const UniqueFd socket = stranger();
    EXPECT_FALSE(has_link(a)) << "it has not said anything yet";
    const UniqueFd memory = right_memory();
    send(socket, &hello, sizeof(hello), {memory.get()});
    EXPECT_TRUE(has_link(a));
    EXPECT_EQ((*a.inner()->link())->session(), 4711U);
}

// A greeting that is read late does not take the place of a peer that has connected since.
TEST_F(GreetingTest, TheLastToConnectIsThePeerWhoeverIsGreetedFirst) {
    const OpenEndpoint a("process_0");
    auto hello = right_hello();
    const UniqueFd memory = right_memory();
    const UniqueFd early = stranger();
    hello.session = 4713;
    hello.instance = 4714;
    const UniqueFd late = stranger();
    send(late, &hello, sizeof(hello), {memory.get()});
    static_cast<void>(a.events());
    hello = right_hello();
    send(early, &hello, sizeof(hello), {memory.get()});
    EXPECT_TRUE(has_link(a)) << "what it exports can be imported";
    const auto link = a.inner()->link();
    ASSERT_TRUE(link) << link.error().text;
    EXPECT_EQ((*link)->session(), 4713U);
}

// Whatever cannot be allocated while a peer is taken in, it is taken in later.
TEST_F(GreetingTest, APeerThatComesWithoutMemoryForItIsNotLost) {
    for (long n = 1;; ++n) {
        const OpenEndpoint a("process_0");
        const OpenEndpoint b("process_1");
        FailurePoint point(n, FailurePoint::Kind::heap);
        std::uint32_t bits = 0;
        point.arm();
        const NvSciError code = NvSciIpcGetEventSafe(a, &bits);
        const bool is_reached = point.disarm();
        EXPECT_TRUE(code == kIpcSuccess || code == NvSciError_InsufficientMemory) << n << ": " << code;
        EXPECT_TRUE(a.is_readable() || code == kIpcSuccess) << n;
        connect(a, b);
        EXPECT_EQ(b.write("after all"), kIpcSuccess) << n;
        EXPECT_EQ(a.read(), "after all") << n;
        if (!is_reached) break;
        ASSERT_LT(n, 100);
    }
}

TEST_F(GreetingTest, EveryOneThatIsWrongInOneThingIsRefused) {
    const OpenEndpoint a("process_0");
    struct Wrong {
        const char* what;
        void (*change)(ipc::message::Hello& hello);
    };
    constexpr Wrong kWrong[] = {
        {"magic", [](auto& hello) { hello.header.magic ^= 1; }},
        {"kind", [](auto& hello) { hello.header.kind = ipc::message::Kind::welcome; }},
        {"version", [](auto& hello) { ++hello.version; }},
        {"session", [](auto& hello) { hello.session = 0; }},
        {"instance", [](auto& hello) { hello.instance = 0; }},
        {"frames", [](auto& hello) { ++hello.frames; }},
        {"frame size", [](auto& hello) { hello.frame_size *= 2; }},
        {"sender", [](auto& hello) { hello.sender[0] = 'x'; }},
        {"sender without an end", [](auto& hello) { hello.sender.fill('p'); }},
        {"bytes behind the sender", [](auto& hello) { hello.sender[60] = 'x'; }},
        {"receiver", [](auto& hello) { hello.receiver[0] = 'x'; }},
    };
    ::testing::internal::CaptureStderr();
    for (const Wrong& wrong : kWrong) {
        auto hello = right_hello();
        wrong.change(hello);
        const UniqueFd socket = stranger();
        const UniqueFd memory = right_memory();
        send(socket, &hello, sizeof(hello), {memory.get()});
        EXPECT_FALSE(has_link(a)) << wrong.what;
        EXPECT_FALSE(a.inner()->link()) << wrong.what;
    }
    const std::string said = ::testing::internal::GetCapturedStderr();
    EXPECT_EQ(std::count(said.begin(), said.end(), '\n'), static_cast<long>(std::size(kWrong))) << said;
}

TEST_F(GreetingTest, WrongDescriptorsAreRefused) {
    const OpenEndpoint a("process_0");
    const auto hello = right_hello();
    ::testing::internal::CaptureStderr();
    const UniqueFd right = right_memory();
    const UniqueFd unsealed = right_memory(0);
    const UniqueFd can_shrink = right_memory(F_SEAL_GROW | F_SEAL_SEAL);
    const UniqueFd can_grow = right_memory(F_SEAL_SHRINK | F_SEAL_SEAL);
    const UniqueFd not_writable = right_memory(F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL | F_SEAL_WRITE);
    const UniqueFd small = right_memory(F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL, 4096);
    const UniqueFd large = right_memory(F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL, 1 << 20);
    const UniqueFd null(::open("/dev/null", O_RDWR | O_CLOEXEC));
    const UniqueFd folder(::open("/", O_RDONLY | O_CLOEXEC));
    const UniqueFd socket_file(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    const UniqueFd read_only(::open(("/proc/self/fd/" + std::to_string(right.get())).c_str(), O_RDONLY | O_CLOEXEC));
    const std::vector<std::vector<int>> wrong = {
        {},
        {right.get(), right.get()},
        std::vector<int>(9, right.get()),
        std::vector<int>(60, right.get()),
        {unsealed.get()},
        {can_shrink.get()},
        {can_grow.get()},
        {not_writable.get()},
        {small.get()},
        {large.get()},
        {null.get()},
        {folder.get()},
        {socket_file.get()},
        {read_only.get()},
    };
    for (std::size_t i = 0; i < wrong.size(); ++i) {
        const UniqueFd socket = stranger();
        send(socket, &hello, sizeof(hello), wrong[i]);
        EXPECT_FALSE(has_link(a)) << i;
    }
    static_cast<void>(::testing::internal::GetCapturedStderr());
}

TEST_F(GreetingTest, BytesThatAreNoGreetingAreRefusedAndSilentOnesDoNotPileUp) {
    const OpenEndpoint a("process_0");
    ::testing::internal::CaptureStderr();
    const auto hello = right_hello();
    const UniqueFd memory = right_memory();
    const std::vector<char> many(100'000, 'K');
    for (const std::size_t size : {std::size_t{1}, std::size_t{7}, sizeof(hello) - 1}) {
        const UniqueFd socket = stranger();
        send(socket, &hello, size, {memory.get()});
        EXPECT_FALSE(has_link(a));
    }
    {
        const UniqueFd socket = stranger();
        send(socket, many.data(), many.size(), {});
        EXPECT_FALSE(has_link(a));
    }
    std::vector<UniqueFd> silent;
    const LowLimit limit(256);
    for (int i = 0; i < 100; ++i) {
        silent.push_back(stranger());
        static_cast<void>(a.events());
    }
    EXPECT_FALSE(a.is_readable()) << "silence is nothing new";
    send(silent.back(), &hello, sizeof(hello), {memory.get()});
    EXPECT_TRUE(a.is_readable());
    EXPECT_TRUE(has_link(a));
    static_cast<void>(::testing::internal::GetCapturedStderr());
}

TEST_F(GreetingTest, WhateverComesAfterItChangesNothingThatMatters) {
    const OpenEndpoint a("process_0");
    const auto hello = right_hello();
    const UniqueFd socket = stranger();
    const UniqueFd memory = right_memory();
    send(socket, &hello, sizeof(hello), {memory.get()});
    ASSERT_TRUE(has_link(a));
    const auto link = *a.inner()->link();

    ipc::message::Welcome welcome{};
    welcome.header = {ipc::message::kMagic, ipc::message::Kind::welcome};
    welcome.version = ipc::message::kVersion;
    welcome.session = 4711;
    welcome.instance = 99;
    send(socket, &welcome, sizeof(welcome), {memory.get()});
    send(socket, &hello, sizeof(hello), {memory.get()});
    struct {
        ipc::message::ParcelHead head;
        char content[8];
    } parcel{};
    parcel.head.header = {ipc::message::kMagic, ipc::message::Kind::parcel};
    parcel.head.token = {{1, 1}};
    parcel.head.content_size = 8;
    parcel.head.file_count = 1;
    const auto send_parcel = [&](std::uint64_t token, std::uint32_t content, std::uint32_t files,
                                 std::size_t real_files) {
        auto changed = parcel;
        changed.head.token.words[0] = token;
        changed.head.content_size = content;
        changed.head.file_count = files;
        send(socket, &changed, sizeof(changed), std::vector<int>(real_files, memory.get()));
    };
    send_parcel(1, 8, 1, 1);
    send_parcel(1, 8, 1, 1);  // the same token
    send_parcel(2, 9, 1, 1);
    send_parcel(3, 0xFFFFFFFF, 1, 1);
    send_parcel(4, 8, 2, 1);
    send_parcel(5, 8, 0, 1);
    send_parcel(6, 8, 0xFFFFFFFF, 1);
    send_parcel(7, 8, 9, 9);
    send(socket, "", 0, {memory.get()});
    static_cast<void>(a.events());
    EXPECT_EQ(link->peer_instance(), 4712U);
    const auto taken = [&](std::uint64_t token) { return link->take({{token, 1}}); };
    EXPECT_TRUE(taken(1));
    for (std::uint64_t token = 1; token <= 7; ++token)
        EXPECT_FALSE(taken(token)) << token;
}

}  // namespace
}  // namespace opennvsci::test
