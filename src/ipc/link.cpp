// SPDX-License-Identifier: Apache-2.0
#include "ipc/link.h"

#include <fmt/format.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <new>

#include "base/os.h"
#include "base/process.h"
#include "ipc/messages.h"
#include "ipc/random.h"

namespace opennvsci::ipc {
namespace {

constexpr std::uint32_t kParkedAtFirst = 16;  // what every peer parks, also one that has not said how much
constexpr std::size_t kMostLost = 256;        // tokens of lost parcels that are remembered
constexpr int kBatch = 4;                     // messages for one system call
constexpr int kMostBatches = 256;             // of one drain: a peer may fill the socket as fast as it is emptied
constexpr char kKnock = 'K';

// A quarter of the descriptors that this process may have, so that a peer cannot take them all.
std::uint32_t own_bound() noexcept {
    rlimit limit{};
    if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return kParkedAtFirst;
    return static_cast<std::uint32_t>(
        std::clamp<std::uint64_t>(limit.rlim_cur / 4, kParkedAtFirst, std::uint64_t{Link::kMostParked}));
}

// Room on the way for as much as the peer parks. The kernel counts some 2,300 bytes for a message, doubles what it is
// asked for, and gives at most net.core.wmem_max of it; then less fits, and send() says so.
void make_room(int socket) noexcept {
    constexpr int kBytes = static_cast<int>(Link::kMostParked) * 2304 / 2;
    ::setsockopt(socket, SOL_SOCKET, SO_SNDBUF, &kBytes, sizeof(kBytes));
}

bool is_hung_up(int socket) noexcept {
    pollfd asked{socket, 0, 0};
    return ::poll(&asked, 1, 0) == 1 && (asked.revents & (POLLHUP | POLLERR | POLLNVAL)) != 0;
}

// One message with descriptors. The result of sendmsg; never blocks, and no signal comes if the peer is gone.
ssize_t send_message(int socket, std::span<const iovec> parts, std::span<const int> files) noexcept {
    alignas(cmsghdr) std::array<std::byte, CMSG_SPACE(Link::kMostFiles * sizeof(int))> control{};
    msghdr message{};
    message.msg_iov = const_cast<iovec*>(parts.data());
    message.msg_iovlen = parts.size();
    if (!files.empty()) {
        message.msg_control = control.data();
        message.msg_controllen = CMSG_SPACE(files.size_bytes());
        cmsghdr* const head = CMSG_FIRSTHDR(&message);
        head->cmsg_level = SOL_SOCKET;
        head->cmsg_type = SCM_RIGHTS;
        head->cmsg_len = CMSG_LEN(files.size_bytes());
        std::memcpy(CMSG_DATA(head), files.data(), files.size_bytes());
    }
    for (;;) {
        const ssize_t sent = ::sendmsg(socket, &message, MSG_DONTWAIT | MSG_NOSIGNAL);
        if (sent >= 0 || errno != EINTR) return sent;
    }
}

// The descriptors that came with a message, each owned; those beyond `files` are closed.
std::size_t collect_files(const msghdr& message, std::span<UniqueFd> files) noexcept {
    std::size_t count = 0;
    for (cmsghdr* head = CMSG_FIRSTHDR(&message); head != nullptr;
         head = CMSG_NXTHDR(const_cast<msghdr*>(&message), head)) {
        if (head->cmsg_level != SOL_SOCKET || head->cmsg_type != SCM_RIGHTS) continue;
        const std::size_t bytes = head->cmsg_len - CMSG_LEN(0);
        for (std::size_t at = 0; at + sizeof(int) <= bytes; at += sizeof(int)) {
            int file = -1;
            std::memcpy(&file, CMSG_DATA(head) + at, sizeof(file));
            UniqueFd owned(file);
            if (count < files.size()) files[count++] = std::move(owned);
        }
    }
    return count;
}

// The message at the beginning of `bytes`, copied; nothing if it is shorter or of another kind.
template <class Message>
bool read_message(std::span<const std::byte> bytes, message::Kind kind, Message& read) noexcept {
    if (bytes.size() < sizeof(Message)) return false;
    std::memcpy(&read, bytes.data(), sizeof(Message));
    return read.header.magic == message::kMagic && read.header.kind == kind;
}

std::array<char, 64> padded(const std::string& name) noexcept {
    std::array<char, 64> bytes{};
    std::memcpy(bytes.data(), name.data(), std::min(name.size(), bytes.size() - 1));
    return bytes;
}

bool is_end_of_peer(int number) noexcept {
    return number == EPIPE || number == ECONNRESET || number == ENOTCONN;
}

std::string gone(const std::string& peer) {
    return fmt::format("peer {} is gone", peer);
}

}  // namespace

Link::Link(LinkTerms terms, std::uint64_t session, std::shared_ptr<RingMemory> rings)
    : owner_(process::token()),
      terms_(std::move(terms)),
      session_(session),
      rings_(std::move(rings)),
      parks_(own_bound()),
      peer_parks_(kParkedAtFirst) {}

void Link::adopt(ProcessFd socket) noexcept {
    make_room(socket.get());
    socket_ = std::move(socket);
}

Link::~Link() = default;

Result<std::shared_ptr<Link>> Link::connect(ProcessFd socket, const LinkTerms& terms) {
    OPENNVSCI_TRY_ASSIGN(session, random_number());
    OPENNVSCI_TRY_ASSIGN(rings, RingMemory::create(terms.shape, 0));
    const message::Hello hello{
        .header = {message::kMagic, message::Kind::hello},
        .version = message::kVersion,
        .most_parked = own_bound(),
        .session = session,
        .instance = terms.instance,
        .frames = terms.shape.frames,
        .frame_size = terms.shape.frame_size,
        .sender = padded(terms.own_name),
        .receiver = padded(terms.peer_name),
    };
    const iovec part{const_cast<message::Hello*>(&hello), sizeof(hello)};
    const int memory = rings->file();
    if (send_message(socket.get(), {&part, 1}, {&memory, 1}) < 0) {
        if (is_end_of_peer(errno)) return fail(NvSciError_ConnectionReset, gone(terms.peer_name));
        return os::os_error("sendmsg to peer " + terms.peer_name);
    }
    if (!terms.is_shown) rings->forget_file();
    std::shared_ptr<Link> made(new Link(terms, session, std::move(rings)));
    made->adopt(std::move(socket));
    return made;
}

Result<std::shared_ptr<Link>> Link::accept(ProcessFd& socket, const LinkTerms& terms) {
    const auto refuse = [&](std::string_view what) {
        socket.reset();
        return fail(NvSciError_NotPermitted,
                    fmt::format("a connection to endpoint {} is refused: {}", terms.own_name, what));
    };
    std::array<std::byte, message::kMostBytes> bytes{};
    alignas(cmsghdr) std::array<std::byte, CMSG_SPACE(kMostFiles * sizeof(int))> control{};
    iovec part{bytes.data(), bytes.size()};
    msghdr received{};
    received.msg_iov = &part;
    received.msg_iovlen = 1;
    received.msg_control = control.data();
    received.msg_controllen = control.size();
    std::array<UniqueFd, kMostFiles> files;
    std::size_t file_count = 0;
    ssize_t count = 0;
    {
        // What comes is memory, of which no peer notices whether a child has it for a moment.
        const ForkPause pause;
        do {
            // The message stays, so that this can be tried again if no descriptor is free now.
            count = ::recvmsg(socket.get(), &received, MSG_PEEK | MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
        } while (count < 0 && (errno == EINTR || errno == ECONNRESET));
        if (count >= 0) file_count = collect_files(received, files);
    }
    if (count < 0 && errno == EAGAIN) return std::shared_ptr<Link>();
    if (count <= 0) return refuse("the peer was gone at once");
    if ((received.msg_flags & MSG_CTRUNC) != 0 && file_count == 0) return std::shared_ptr<Link>();

    message::Hello hello{};
    if (static_cast<std::size_t>(count) != sizeof(hello) || (received.msg_flags & MSG_TRUNC) != 0 ||
        !read_message({bytes.data(), static_cast<std::size_t>(count)}, message::Kind::hello, hello))
        return refuse("what came is no greeting of an endpoint");
    if (hello.version != message::kVersion) {
        return refuse(
            fmt::format("the peer's library speaks version {} and this one version {}: use the same on both "
                        "sides",
                        hello.version, message::kVersion));
    }
    if (hello.sender != padded(terms.peer_name) || hello.receiver != padded(terms.own_name))
        return refuse("the names of the endpoints are not those of the configuration");
    if (hello.frames != terms.shape.frames || hello.frame_size != terms.shape.frame_size) {
        return refuse(
            fmt::format("the peer's configuration has {} frames of {} bytes, and this one {} of {}: use the "
                        "same on both sides",
                        hello.frames, hello.frame_size, terms.shape.frames, terms.shape.frame_size));
    }
    if (hello.session == 0 || hello.instance == 0) return refuse("it has no session");
    if (file_count != 1) return refuse(fmt::format("it came with {} descriptors", file_count));
    auto rings = RingMemory::open(files[0].get(), terms.shape, 1);
    if (!rings) {
        if (rings.error().code == NvSciError_ResourceError) return std::shared_ptr<Link>();
        return refuse(rings.error().text);
    }
    if (terms.is_shown) (*rings)->keep_file(std::move(files[0]));
    std::shared_ptr<Link> made(new Link(terms, hello.session, *std::move(rings)));

    // Nothing fails any more.
    if (terms.is_shown) made->rings_->shut_out_others();
    [[maybe_unused]] const auto consumed = ::recv(socket.get(), nullptr, 0, MSG_DONTWAIT | MSG_TRUNC);
    const message::Welcome welcome{
        .header = {message::kMagic, message::Kind::welcome},
        .version = message::kVersion,
        .most_parked = own_bound(),
        .session = hello.session,
        .instance = terms.instance,
    };
    const iovec answer{const_cast<message::Welcome*>(&welcome), sizeof(welcome)};
    // If the peer is gone already, what it left can still be read.
    [[maybe_unused]] const auto sent = send_message(socket.get(), {&answer, 1}, {});
    made->adopt(std::move(socket));
    made->peer_instance_.store(hello.instance, std::memory_order_release);
    made->peer_parks_.store(std::clamp(hello.most_parked, kParkedAtFirst, kMostParked), std::memory_order_relaxed);
    return made;
}

bool Link::is_peer_alive() const noexcept {
    return owner_ == process::token() && !is_hung_up(socket_.get());
}

void Link::knock_if_armed() const noexcept {
    std::atomic<std::uint32_t>& armed = rings_->peer().armed;
    if (armed.load(std::memory_order_relaxed) == 0) return;
    if (armed.exchange(0, std::memory_order_seq_cst) == 0) return;
    // If the socket is full, the peer's event descriptor is readable until somebody drains it, who looks for that.
    [[maybe_unused]] const auto sent = ::send(socket_.get(), &kKnock, sizeof(kKnock), MSG_DONTWAIT | MSG_NOSIGNAL);
}

// Sending

Result<> Link::charge(std::uint64_t weight) {
    // What the peer says that it took is believed only if it can be.
    const std::uint64_t said = rings_->peer().taken.load(std::memory_order_acquire);
    const std::uint64_t outstanding = sent_ - (said <= sent_ ? said : 0);
    const std::uint32_t bound = peer_parks_.load(std::memory_order_relaxed);
    if (outstanding + weight <= bound) return {};
    return expected_outcome(
        NvSciError_TryItAgain,
        fmt::format("peer {} has not taken {} descriptors that were exported to it, and parks {} at most: "
                    "import there, or export fewer at once",
                    peer_name(), outstanding, bound));
}

Result<> Link::check_room(std::size_t file_count) {
    const std::lock_guard lock(send_mutex_);
    return charge(std::max<std::uint64_t>(file_count, 1));
}

Result<Token> Link::send(std::span<const std::byte> content, std::span<const int> files) {
    if (owner_ != process::token())
        return fail(NvSciError_InvalidState, "a forked child cannot use the endpoints of its parent");
    if (content.size() > kMostContent || files.size() > kMostFiles)
        return fail(NvSciError_BadParameter, "a parcel cannot be that large");
    Token token;
    for (std::uint64_t& word : token.words) {
        OPENNVSCI_TRY_ASSIGN(drawn, random_number());
        word = drawn;
    }
    const message::ParcelHead head{
        .header = {message::kMagic, message::Kind::parcel},
        .token = token,
        .content_size = static_cast<std::uint32_t>(content.size()),
        .file_count = static_cast<std::uint32_t>(files.size()),
    };
    const std::array<iovec, 2> parts{iovec{const_cast<message::ParcelHead*>(&head), sizeof(head)},
                                     iovec{const_cast<std::byte*>(content.data()), content.size()}};
    const std::uint64_t weight = std::max<std::uint64_t>(files.size(), 1);

    const std::lock_guard lock(send_mutex_);
    OPENNVSCI_TRY(charge(weight));
    if (send_message(socket_.get(), parts, files) >= 0) {
        sent_ += weight;
        rings_->own().sent.store(sent_, std::memory_order_relaxed);
        return token;
    }
    const int number = errno;
    if (is_end_of_peer(number)) return fail(NvSciError_ResourceError, gone(peer_name()));
    if (number == EAGAIN) {
        return expected_outcome(
            NvSciError_TryItAgain,
            fmt::format(
                "the socket to peer {} is full: it must import what was exported to it before, or ask for events",
                peer_name()));
    }
    if (number == ETOOMANYREFS) {
        return fail(
            NvSciError_ResourceError,
            fmt::format("more descriptors of this user are on their way between processes than RLIMIT_NOFILE of "
                        "this one allows (`ulimit -n`); peer {} was to get {} more",
                        peer_name(), files.size()));
    }
    errno = number;
    return os::os_error("sendmsg to peer " + peer_name());
}

// Receiving

// What one system call brings.
struct Link::Batch {
    std::array<std::array<std::byte, message::kMostBytes>, kBatch> bytes;
    std::array<std::array<ProcessFd, kMostFiles>, kBatch> files;
    std::array<std::size_t, kBatch> file_counts{};
    std::array<std::size_t, kBatch> sizes{};
    std::array<bool, kBatch> is_cut{};
    int count = 0;
};

void Link::receive(Batch& batch) const noexcept {
    alignas(cmsghdr) std::array<std::array<std::byte, CMSG_SPACE(kMostFiles * sizeof(int))>, kBatch> control;
    std::array<iovec, kBatch> parts{};
    std::array<mmsghdr, kBatch> messages{};
    for (int i = 0; i < kBatch; ++i) {
        parts[i] = {batch.bytes[i].data(), batch.bytes[i].size()};
        msghdr& head = messages[i].msg_hdr;
        head.msg_iov = &parts[i];
        head.msg_iovlen = 1;
        head.msg_control = control[i].data();
        head.msg_controllen = control[i].size();
    }
    const ForkPause pause;
    do {
        // ECONNRESET comes once, before what a peer that is gone had sent.
        batch.count = ::recvmmsg(socket_.get(), messages.data(), kBatch, MSG_DONTWAIT | MSG_CMSG_CLOEXEC, nullptr);
    } while (batch.count < 0 && (errno == EINTR || errno == ECONNRESET));
    for (int i = 0; i < batch.count; ++i) {
        const msghdr& head = messages[i].msg_hdr;
        std::array<UniqueFd, kMostFiles> files;
        batch.file_counts[i] = collect_files(head, files);
        for (std::size_t k = 0; k < batch.file_counts[i]; ++k)
            batch.files[i][k] = ProcessFd::adopt(std::move(files[k]), pause);
        batch.sizes[i] = (head.msg_flags & MSG_TRUNC) != 0 ? 0 : messages[i].msg_len;
        batch.is_cut[i] = (head.msg_flags & MSG_CTRUNC) != 0;
    }
}

bool Link::drain() noexcept {
    const std::lock_guard lock(receive_mutex_);
    return drain_locked();
}

bool Link::drain_locked() noexcept {
    bool is_knocked = false;
    bool is_any = false;
    for (int batches = 0; batches < kMostBatches; ++batches) {
        Batch batch;
        receive(batch);
        bool is_at_end = batch.count < kBatch;
        is_any = is_any || batch.count > 0;
        for (int i = 0; i < batch.count; ++i) {
            const std::span<const std::byte> bytes(batch.bytes[i].data(), batch.sizes[i]);
            if (bytes.size() == 1) {
                is_knocked = true;
            } else if (bytes.empty()) {
                is_at_end = is_at_end || is_hung_up(socket_.get());
            } else {
                believe(bytes, {batch.files[i].data(), batch.file_counts[i]}, batch.is_cut[i]);
            }
        }
        if (is_at_end) break;
    }
    // A knock may have found the socket full.
    return is_knocked || (is_any && rings_->own().armed.load(std::memory_order_seq_cst) == 0);
}

// What came is a welcome or a parcel; anything else is passed over.
void Link::believe(std::span<const std::byte> bytes, std::span<ProcessFd> files, bool is_cut) noexcept try {
    message::Welcome welcome{};
    if (bytes.size() == sizeof(welcome) && read_message(bytes, message::Kind::welcome, welcome)) {
        // Only the end that connected does not know the peer yet; it learns it once.
        std::uint64_t unknown = 0;
        if (welcome.version != message::kVersion || welcome.session != session_ || welcome.instance == 0) return;
        if (peer_instance_.compare_exchange_strong(unknown, welcome.instance, std::memory_order_release))
            peer_parks_.store(std::clamp(welcome.most_parked, kParkedAtFirst, kMostParked), std::memory_order_relaxed);
        return;
    }
    message::ParcelHead head{};
    if (!read_message(bytes, message::Kind::parcel, head)) return;
    const auto content = bytes.subspan(sizeof(head));
    if (head.content_size != content.size() || head.file_count > kMostFiles) return;
    const std::uint64_t weight = std::max<std::uint64_t>(head.file_count, 1);
    const bool is_whole = !is_cut && files.size() == head.file_count &&
                          std::all_of(files.begin(), files.end(), [](const ProcessFd& file) { return bool{file}; });
    if (!is_whole || parked_weight_ + weight > parks_ || find(head.token) != parked_.end()) {
        lose(head.token, weight);
        return;
    }
    try {
        Parked parked{head.token, {content.begin(), content.end()}, {}, weight, false};
        parked.files.reserve(files.size());
        for (ProcessFd& file : files)
            parked.files.push_back(std::move(file));
        parked_.push_back(std::move(parked));
        parked_weight_ += weight;
        return;
    } catch (const std::bad_alloc&) {
        // The token may still find room.
    }
    lose(head.token, weight);
} catch (const std::bad_alloc&) {
    // The parcel is gone, and whoever asks for it is told that it never came.
}

std::deque<Link::Parked>::iterator Link::find(const Token& token) noexcept {
    return std::find_if(parked_.begin(), parked_.end(), [&](const Parked& parked) { return parked.token == token; });
}

// The token stays, so that whoever asks for it is told what happened; so many, and then the oldest is forgotten.
void Link::lose(const Token& token, std::uint64_t weight) {
    if (find(token) != parked_.end()) return;  // a token that comes twice is no peer's of ours
    count_taken(weight);
    if (lost_count_ == kMostLost) {
        parked_.erase(std::find_if(parked_.begin(), parked_.end(), [](const Parked& old) { return old.is_lost; }));
        --lost_count_;
    }
    parked_.push_back({token, {}, {}, 0, true});
    ++lost_count_;
}

void Link::count_taken(std::uint64_t weight) noexcept {
    // Under the lock there is one writer. What is counted is kept here: the peer can write there too.
    taken_ += weight;
    rings_->own().taken.store(taken_, std::memory_order_release);
}

Result<Parcel> Link::take(const Token& token) {
    if (owner_ != process::token())
        return fail(NvSciError_InvalidState, "a forked child cannot use the endpoints of its parent");
    const std::lock_guard lock(receive_mutex_);
    auto found = find(token);
    if (found == parked_.end()) {
        // The endpoint waits for knocks, so one that was taken away is passed on.
        if (drain_locked()) terms_.doorbell->ring();
        found = find(token);
    }
    if (found == parked_.end()) {
        return fail_unmet(NvSciError_BadParameter, {"descriptor", "nothing under it", "sent by peer " + peer_name()},
                          "nothing came under this descriptor that was {needed}: it was imported before, or made for "
                          "another endpoint, or changed");
    }
    if (found->is_lost) {
        parked_.erase(found);
        --lost_count_;
        return fail(NvSciError_ResourceError,
                    fmt::format("descriptors from peer {} were lost, because this process had no file descriptor left "
                                "for them (RLIMIT_NOFILE, `ulimit -n`), no memory, or did not import what came before: "
                                "the peer must export once more",
                                peer_name()));
    }
    Parcel parcel;
    parcel.files.reserve(found->files.size());
    for (ProcessFd& file : found->files)
        parcel.files.push_back(file.release());
    parcel.content = std::move(found->content);
    parked_weight_ -= found->weight;
    count_taken(found->weight);
    parked_.erase(found);
    return parcel;
}

bool Link::has_parked() const noexcept {
    const std::lock_guard lock(receive_mutex_);
    return parked_.size() > lost_count_;
}

}  // namespace opennvsci::ipc
