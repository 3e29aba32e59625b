// SPDX-License-Identifier: Apache-2.0
//
// Programs as they are written for DRIVE OS, in processes of their own: started in either order, in containers that
// share one folder, and three in a chain.
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <ostream>

#include "exchange.h"
#include "process.h"

namespace opennvsci::test {
namespace {

void take_part(const Arguments& arguments, const char* endpoint, void (Exchange::*part)()) {
    Channel channel(arguments.text("endpoint", endpoint).c_str());
    channel.reset();
    channel.await_connection();
    Exchange exchange(channel, Plan::of(arguments));
    (exchange.*part)();
}

const Role kProducer("producer", [](const Arguments& arguments) { take_part(arguments, "ch_0", &Exchange::produce); });
const Role kConsumer("consumer", [](const Arguments& arguments) { take_part(arguments, "ch_1", &Exchange::consume); });

// Opens its endpoint, says so, and waits for a peer as long as it takes.
const Role kOpensAndWaits("opens_and_waits", [](const Arguments& arguments) {
    Channel channel(arguments.text("endpoint").c_str());
    channel.reset();
    std::uint32_t events = 0;
    MUST(NvSciIpcGetEventSafe(channel, &events));
    std::puts("waits");
    std::fflush(stdout);
    channel.await_connection();
    Exchange exchange(channel, Plan::of(arguments));
    arguments.text("endpoint") == "ch_0" ? exchange.produce() : exchange.consume();
});

struct Case {
    const char* name;
    Plan plan;
};

void PrintTo(const Case& of, std::ostream* stream) {
    *stream << of.name;
}

class Flow : public ::testing::TestWithParam<Case> {
  protected:
    [[nodiscard]] Beginning beginning(const char* role, std::vector<std::string> more = {}) const {
        Beginning begin{role, GetParam().plan.words(), meeting_.environment()};
        begin.arguments.insert(begin.arguments.end(), more.begin(), more.end());
        return begin;
    }
    static void expect_good(Process& process, const char* who) {
        const Ending ending = process.end();
        EXPECT_TRUE(ending.is_good()) << who << " ended with status " << ending.status << "\n" << ending.text;
    }
    Meeting meeting_;
};

TEST_P(Flow, WorksIfTheProducerIsThereFirst) {
    Process producer(beginning("opens_and_waits", {"endpoint=ch_0"}));
    ASSERT_TRUE(producer.says("waits")) << producer.end().text;
    Process consumer(beginning("consumer"));
    expect_good(producer, "the producer");
    expect_good(consumer, "the consumer");
}

TEST_P(Flow, WorksIfTheConsumerIsThereFirst) {
    Process consumer(beginning("opens_and_waits", {"endpoint=ch_1"}));
    ASSERT_TRUE(consumer.says("waits")) << consumer.end().text;
    Process producer(beginning("producer"));
    expect_good(producer, "the producer");
    expect_good(consumer, "the consumer");
}

constexpr Case kCases[] = {
    {"Messages", {.is_talk = true}},
    {"Separate", {}},
    {"Joint", {.is_joint = true}},
    {"Streams", {.uses_cuda = true}},
    {"StreamsInVideoMemory", {.is_joint = true, .uses_cuda = true, .is_video = true}},
};

INSTANTIATE_TEST_SUITE_P(Plans, Flow, ::testing::ValuesIn(kCases),
                         [](const auto& parameter) { return parameter.param.name; });

// Whoever reaches the socket of an endpoint, and does not say what a peer says.
class Stranger {
  public:
    Stranger(const std::string& folder, const std::string& endpoint) {
        socket_.reset(::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0));
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        std::snprintf(address.sun_path, sizeof(address.sun_path), "%s/%s.sock", folder.c_str(), endpoint.c_str());
        EXPECT_EQ(::connect(socket_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)), 0)
            << address.sun_path << ": errno " << errno;
    }
    void say(const std::string& words) const {
        (void)::send(socket_.get(), words.data(), words.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    }
    // With as many descriptors as a message can have.
    void hand_over_files() const {
        constexpr std::size_t kCount = 253;
        alignas(cmsghdr) std::array<std::byte, CMSG_SPACE(kCount * sizeof(int))> control{};
        std::array<int, kCount> files{};
        files.fill(STDERR_FILENO);
        char byte = 'x';
        iovec part{&byte, 1};
        msghdr message{};
        message.msg_iov = &part;
        message.msg_iovlen = 1;
        message.msg_control = control.data();
        message.msg_controllen = control.size();
        cmsghdr* const head = CMSG_FIRSTHDR(&message);
        head->cmsg_level = SOL_SOCKET;
        head->cmsg_type = SCM_RIGHTS;
        head->cmsg_len = CMSG_LEN(sizeof(files));
        std::memcpy(CMSG_DATA(head), files.data(), sizeof(files));
        (void)::sendmsg(socket_.get(), &message, MSG_NOSIGNAL | MSG_DONTWAIT);
    }

  private:
    UniqueFd socket_;
};

class Strangers : public ::testing::TestWithParam<bool> {};
class Containers : public ::testing::TestWithParam<bool> {};

TEST_P(Strangers, AtTheSocketOfAnEndpointDoNotKeepThePeerAway) {
    const Meeting meeting;
    const Plan plan{.is_talk = GetParam()};
    std::vector<std::string> words = plan.words();
    words.emplace_back("endpoint=ch_0");
    Process producer({"opens_and_waits", words, meeting.environment()});
    ASSERT_TRUE(producer.says("waits")) << producer.end().text;
    std::vector<Stranger> strangers;
    for (int i = 0; i < 40; ++i) {
        Stranger stranger(meeting.folder() + "/run", "ch_0");
        if (i % 4 == 0) stranger.say("GET / HTTP/1.1");
        if (i % 4 == 1) stranger.hand_over_files();
        if (i % 4 == 2) stranger.say(std::string(100'000, 'x'));
        if (i % 8 != 7) strangers.push_back(std::move(stranger));  // some are gone at once, some never say a word
    }
    Process consumer({"consumer", plan.words(), meeting.environment()});
    const Ending of_producer = producer.end();
    const Ending of_consumer = consumer.end();
    EXPECT_TRUE(of_producer.is_good()) << of_producer.text;
    EXPECT_TRUE(of_consumer.is_good()) << of_consumer.text;
}

// Two containers that share nothing but one folder, which each of them has at another place.
TEST_P(Containers, ThatShareOneFolderExchange) {
    if (!can_make_containers()) GTEST_SKIP() << "this user may not make namespaces here: containers were not tested";
    const Meeting meeting;
    const Plan plan{.is_talk = GetParam()};
    const std::string shared = meeting.folder() + "/run";
    const std::string first = meeting.folder() + "/first";
    const std::string second = meeting.folder() + "/second";
    Process producer({"producer", plan.words(), meeting.environment_at(first), shared, first});
    Process consumer({"consumer", plan.words(), meeting.environment_at(second), shared, second});
    const Ending of_producer = producer.end();
    const Ending of_consumer = consumer.end();
    EXPECT_TRUE(of_producer.is_good()) << of_producer.text;
    EXPECT_TRUE(of_consumer.is_good()) << of_consumer.text;
}

std::string name_of_talk(const ::testing::TestParamInfo<bool>& is_talk) {
    return is_talk.param ? "Messages" : "Everything";
}
INSTANTIATE_TEST_SUITE_P(With, Strangers, ::testing::Bool(), name_of_talk);
INSTANTIATE_TEST_SUITE_P(With, Containers, ::testing::Bool(), name_of_talk);

}  // namespace
}  // namespace opennvsci::test
