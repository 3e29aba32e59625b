// SPDX-License-Identifier: Apache-2.0
#include "exchange/peer.h"

#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace opennvsci::bench {
namespace {

constexpr unsigned kLongestScenarioSeconds = 240;

// A process that spins for a message of a dead one would spin for ever.
void end_with_the_follower(int) {
    int status = 0;
    if (::waitpid(-1, &status, WNOHANG) <= 0) return;
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return;
    constexpr char kText[] = "opennvsci-bench-exchange: the second process failed\n";
    (void)!::write(STDERR_FILENO, kText, sizeof(kText) - 1);
    ::_exit(1);
}

void keep_on(const std::vector<int>& numbers) {
    cpu_set_t set;
    CPU_ZERO(&set);
    for (const int number : numbers)
        CPU_SET(static_cast<std::size_t>(number), &set);
    BENCH_EXPECT(::sched_setaffinity(0, sizeof(set), &set) == 0);
}

}  // namespace

void expect(bool holds, const char* what) {
    if (holds) return;
    std::fprintf(stderr, "not so: %s (errno: %s)\n", what, std::strerror(errno));
    std::abort();
}

Peer Peer::start(const std::string& scenario, bool quick) {
    std::array<int, 2> ends{};
    BENCH_EXPECT(::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends.data()) == 0);
    UniqueFd own(ends[0]);
    UniqueFd other(ends[1]);
    struct sigaction action {};
    action.sa_handler = &end_with_the_follower;
    action.sa_flags = SA_RESTART;
    BENCH_EXPECT(::sigaction(SIGCHLD, &action, nullptr) == 0);
    ::alarm(kLongestScenarioSeconds);

    const std::string socket = std::to_string(other.get());
    const std::array<const char*, 6> arguments{
        "opennvsci-bench-exchange", "--follow", scenario.c_str(), socket.c_str(), quick ? "--quick" : nullptr, nullptr};
    const pid_t child = ::fork();
    BENCH_EXPECT(child >= 0);
    if (child == 0) {
        ::prctl(PR_SET_PDEATHSIG, SIGKILL);
        ::fcntl(other.get(), F_SETFD, 0);  // to be inherited
        ::execv("/proc/self/exe", const_cast<char* const*>(arguments.data()));
        ::_exit(127);
    }
    return {std::move(own), child};
}

Peer Peer::of_leader(int socket) {
    BENCH_EXPECT(::fcntl(socket, F_SETFD, FD_CLOEXEC) == 0);
    return {UniqueFd(socket), 0};
}

void Peer::wait_for_end() {
    // The handler of SIGCHLD may have been faster, and has looked at the status then.
    int status = 0;
    pid_t ended = 0;
    while ((ended = ::waitpid(child_, &status, 0)) < 0 && errno == EINTR) {
    }
    BENCH_EXPECT(ended < 0 || (WIFEXITED(status) && WEXITSTATUS(status) == 0));
    ::alarm(0);
}

void Peer::send_bytes(const void* bytes, std::size_t size) const {
    BENCH_EXPECT(::send(socket_.get(), bytes, size, MSG_NOSIGNAL) == static_cast<ssize_t>(size));
}

void Peer::receive_bytes(void* bytes, std::size_t size) const {
    ssize_t received = 0;
    while ((received = ::recv(socket_.get(), bytes, size, 0)) < 0 && errno == EINTR) {
    }
    BENCH_EXPECT(received == static_cast<ssize_t>(size));
}

void Peer::send_file(int descriptor) const {
    char byte = 0;
    iovec content{&byte, 1};
    alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int))> control{};
    msghdr message{};
    message.msg_iov = &content;
    message.msg_iovlen = 1;
    message.msg_control = control.data();
    message.msg_controllen = control.size();
    cmsghdr* header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(sizeof(int));
    std::memcpy(CMSG_DATA(header), &descriptor, sizeof(descriptor));
    BENCH_EXPECT(::sendmsg(socket_.get(), &message, MSG_NOSIGNAL) == 1);
}

UniqueFd Peer::receive_file() const {
    char byte = 0;
    iovec content{&byte, 1};
    alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int))> control{};
    msghdr message{};
    message.msg_iov = &content;
    message.msg_iovlen = 1;
    message.msg_control = control.data();
    message.msg_controllen = control.size();
    ssize_t received = 0;
    while ((received = ::recvmsg(socket_.get(), &message, MSG_CMSG_CLOEXEC)) < 0 && errno == EINTR) {
    }
    const cmsghdr* header = CMSG_FIRSTHDR(&message);
    BENCH_EXPECT(received == 1 && header != nullptr && header->cmsg_type == SCM_RIGHTS);
    int descriptor = -1;
    std::memcpy(&descriptor, CMSG_DATA(header), sizeof(descriptor));
    return UniqueFd(descriptor);
}

void Peer::wait_for_arrival() const {
    pollfd ready{socket_.get(), POLLIN, 0};
    while (::poll(&ready, 1, -1) < 0)
        BENCH_EXPECT(errno == EINTR);
}

void Peer::meet() const {
    send('.');
    (void)receive<char>();
}

SharedMemory::SharedMemory(const Peer& peer, std::size_t size) : size_(size) {
    UniqueFd file;
    if (peer.is_leader()) {
        file = UniqueFd(::memfd_create("opennvsci-bench", MFD_CLOEXEC));
        BENCH_EXPECT(file.get() >= 0 && ::ftruncate(file.get(), static_cast<off_t>(size)) == 0);
        peer.send_file(file.get());
    } else {
        file = peer.receive_file();
    }
    data_ = ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_SHARED, file.get(), 0);
    BENCH_EXPECT(data_ != MAP_FAILED);
}

SharedMemory::~SharedMemory() {
    ::munmap(data_, size_);
}

std::vector<int> processors() {
    cpu_set_t set;
    CPU_ZERO(&set);
    BENCH_EXPECT(::sched_getaffinity(0, sizeof(set), &set) == 0);
    std::vector<int> numbers;
    for (int number = 0; number < CPU_SETSIZE; ++number) {
        if (CPU_ISSET(static_cast<std::size_t>(number), &set)) numbers.push_back(number);
    }
    return numbers;
}

Pinned::Pinned(const Peer& peer) : before_(processors()) {
    BENCH_EXPECT(before_.size() >= 2);
    // Neighbours are often two halves of one core.
    keep_on({peer.is_leader() ? before_[0] : before_[before_.size() >= 4 ? 2 : 1]});
}

Pinned::~Pinned() {
    keep_on(before_);
}

Group take_turns(const Peer& peer, std::string what, std::string state, const Amount& amount,
                 const std::vector<Way>& ways) {
    using Clock = std::chrono::steady_clock;
    Group group{std::move(what), std::move(state), {}};
    for (const Way& way : ways)
        group.sides.push_back({way.name, way.target, {}, {}});
    for (int turn = 0; turn < amount.turns; ++turn) {
        for (std::size_t i = 0; i < ways.size(); ++i) {
            const std::size_t at = (i + static_cast<std::size_t>(turn)) % ways.size();
            peer.meet();
            ways[at].play(amount.rounds);  // wakes the other process, fills the caches
            for (int sample = 0; sample < amount.samples; ++sample) {
                const auto start = Clock::now();
                ways[at].play(amount.rounds);
                const std::chrono::duration<double, std::micro> time = Clock::now() - start;
                group.sides[at].samples.add(time.count() / amount.rounds);
            }
        }
    }
    return group;
}

Side skipped_side(std::string name, std::string reason, Target target) {
    return {std::move(name), target, std::move(reason), {}};
}

}  // namespace opennvsci::bench
