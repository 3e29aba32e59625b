// SPDX-License-Identifier: Apache-2.0
//
// The socket of a link, with a peer at the other end that sends what it likes: greetings, parcels, knocks, anything,
// with descriptors of any kind and number. Whatever comes, no descriptor stays open when the link has gone, and what is
// taken out of a parcel is what was put into it.
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>

#include "ipc/link.h"
#include "ipc/messages.h"
#include "peer.h"

namespace opennvsci::fuzz {
namespace {

constexpr ipc::Shape kShape{4, 128};

// The number that the next descriptor gets: the same before and after if none stayed open.
int next_descriptor() {
    const UniqueFd probe(::open("/dev/null", O_RDONLY | O_CLOEXEC));
    return probe.get();
}

std::array<char, 64> padded(const char* name) {
    std::array<char, 64> bytes{};
    std::strncpy(bytes.data(), name, bytes.size() - 1);
    return bytes;
}

class Enemy {
  public:
    explicit Enemy(FuzzedDataProvider& in) : in_(in) {
        int ends[2] = {-1, -1};
        REQUIRE(::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends) == 0);
        own_.reset(ends[0]);
        theirs_.reset(ends[1]);
    }

    void run() {
        auto doorbell = ipc::Doorbell::create();
        REQUIRE(doorbell);
        const ipc::LinkTerms terms{"end_0", "end_1", kShape, 7, *doorbell};
        auto socket = ipc::ProcessFd::make([&] { return theirs_.release(); });
        if (in_.ConsumeBool()) {
            auto made = ipc::Link::connect(std::move(socket), terms);
            REQUIRE(made);
            link_ = std::move(*made);
        } else {
            greet();
            auto made = ipc::Link::accept(socket, terms);
            if (!made) REQUIRE(!socket && *opennvsciGetLastErrorText() != '\1');
            if (made && *made == nullptr) REQUIRE(socket);
            if (made) link_ = std::move(*made);
        }
        while (link_ != nullptr && in_.remaining_bytes() > 0)
            step();
    }

  private:
    // Mostly what a peer says, with one thing or another that is not right.
    void greet() {
        ipc::message::Hello hello{};
        hello.header = {ipc::message::kMagic, ipc::message::Kind::hello};
        hello.version = ipc::message::kVersion;
        hello.most_parked = in_.ConsumeBool() ? 256 : in_.ConsumeIntegral<std::uint32_t>();
        hello.session = 11;
        hello.instance = 13;
        hello.frames = kShape.frames;
        hello.frame_size = kShape.frame_size;
        hello.sender = padded("end_1");
        hello.receiver = padded("end_0");
        std::vector<std::uint8_t> bytes = bytes_of(hello);
        if (in_.ConsumeIntegralInRange(0, 3) == 0) disturb(bytes);
        files_.clear();
        const std::uint64_t size = ipc::RingMemory::bytes_for(kShape);
        const int what = in_.ConsumeIntegralInRange(0, 9);
        UniqueFd memory(::memfd_create("enemy", MFD_CLOEXEC | MFD_ALLOW_SEALING));
        REQUIRE(memory);
        REQUIRE(::ftruncate(memory.get(), static_cast<off_t>(what == 0 ? size - 1 : what == 1 ? size + 1 : size)) == 0);
        int seals = F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL;
        if (what == 2) seals &= ~F_SEAL_SHRINK;
        if (what == 3) seals |= F_SEAL_WRITE;
        if (what == 4) seals |= F_SEAL_FUTURE_WRITE;
        if (what != 5) REQUIRE(::fcntl(memory.get(), F_ADD_SEALS, seals) == 0);
        if (what == 6) memory.reset(::open("/proc/self/exe", O_RDONLY | O_CLOEXEC));
        if (what != 7) files_.push_back(std::move(memory));
        if (what == 8) add_files();
        send(bytes);
    }

    void disturb(std::vector<std::uint8_t>& bytes) {
        if (in_.ConsumeBool() && !bytes.empty()) {
            bytes[in_.ConsumeIntegralInRange<std::size_t>(0, bytes.size() - 1)] = in_.ConsumeIntegral<std::uint8_t>();
        } else {
            bytes.resize(in_.ConsumeIntegralInRange<std::size_t>(0, 1200));
        }
    }

    void add_files() {
        const int count = in_.ConsumeIntegralInRange(0, 20);
        for (int i = 0; i < count; ++i)
            files_.emplace_back(::open("/dev/null", O_RDONLY | O_CLOEXEC));
    }

    void send(std::span<const std::uint8_t> bytes) {
        std::array<int, 32> numbers{};
        alignas(cmsghdr) std::array<std::byte, CMSG_SPACE(sizeof(numbers))> control{};
        const std::size_t count = std::min(files_.size(), numbers.size());
        for (std::size_t i = 0; i < count; ++i)
            numbers[i] = files_[i].get();
        iovec part{const_cast<std::uint8_t*>(bytes.data()), bytes.size()};
        msghdr message{};
        message.msg_iov = &part;
        message.msg_iovlen = 1;
        if (count != 0) {
            message.msg_control = control.data();
            message.msg_controllen = CMSG_SPACE(count * sizeof(int));
            cmsghdr* const head = CMSG_FIRSTHDR(&message);
            head->cmsg_level = SOL_SOCKET;
            head->cmsg_type = SCM_RIGHTS;
            head->cmsg_len = CMSG_LEN(count * sizeof(int));
            std::memcpy(CMSG_DATA(head), numbers.data(), count * sizeof(int));
        }
        (void)::sendmsg(own_.get(), &message, MSG_DONTWAIT | MSG_NOSIGNAL);
        files_.clear();
    }

    // A parcel under one of a few tokens, right or wrong.
    void send_parcel() {
        const std::size_t size = in_.ConsumeIntegralInRange<std::size_t>(0, 1100);
        ipc::message::ParcelHead head{};
        head.header = {ipc::message::kMagic, ipc::message::Kind::parcel};
        head.token.words = {in_.ConsumeIntegralInRange<std::uint64_t>(0, 5), 1};
        head.content_size = static_cast<std::uint32_t>(in_.ConsumeBool() ? size : in_.ConsumeIntegral<std::uint32_t>());
        files_.clear();
        add_files();
        head.file_count =
            in_.ConsumeBool() ? static_cast<std::uint32_t>(files_.size()) : in_.ConsumeIntegral<std::uint32_t>();
        std::vector<std::uint8_t> bytes = bytes_of(head);
        bytes.resize(bytes.size() + size, static_cast<std::uint8_t>(head.token.words[0]));
        if (in_.ConsumeIntegralInRange(0, 7) == 0) disturb(bytes);
        send(bytes);
    }

    void send_welcome() {
        ipc::message::Welcome welcome{};
        welcome.header = {ipc::message::kMagic, ipc::message::Kind::welcome};
        welcome.version = ipc::message::kVersion;
        welcome.most_parked = in_.ConsumeIntegral<std::uint32_t>();
        welcome.session = in_.ConsumeBool() ? link_->session() : in_.ConsumeIntegral<std::uint64_t>();
        welcome.instance = in_.ConsumeIntegral<std::uint64_t>();
        std::vector<std::uint8_t> bytes = bytes_of(welcome);
        if (in_.ConsumeIntegralInRange(0, 3) == 0) disturb(bytes);
        send(bytes);
    }

    void send_anything() {
        const auto bytes = in_.ConsumeBytes<std::uint8_t>(in_.ConsumeIntegralInRange<std::size_t>(0, 64));
        files_.clear();
        if (in_.ConsumeBool()) add_files();
        send(bytes);
    }

    void take() {
        const ipc::Token token{{in_.ConsumeIntegralInRange<std::uint64_t>(0, 5), 1}};
        const auto parcel = link_->take(token);
        if (!parcel) {
            REQUIRE(parcel.error().code == kBadParameter || parcel.error().code == kResourceError);
            return;
        }
        REQUIRE(parcel->files.size() <= ipc::Link::kMostFiles && parcel->content.size() <= ipc::Link::kMostContent);
        for (const UniqueFd& file : parcel->files)
            REQUIRE(::fcntl(file.get(), F_GETFD) == FD_CLOEXEC);
    }

    void step() {
        switch (in_.ConsumeIntegralInRange(0, 9)) {
            case 0:
            case 1:
                return send_parcel();
            case 2:
                return send_welcome();
            case 3:
                return send_anything();
            case 4:
                return take();
            case 5:
                (void)link_->drain();
                return;
            case 6: {  // what the other end says of what it took
                link_->rings()->peer().taken.store(in_.ConsumeIntegral<std::uint64_t>());
                const std::byte content[40] = {};
                const int file = own_.get() >= 0 ? own_.get() : STDIN_FILENO;
                (void)link_->send({content, in_.ConsumeIntegralInRange<std::size_t>(0, 40)}, {&file, 1});
                return;
            }
            case 7:
                link_->rings()->peer().armed.store(in_.ConsumeIntegral<std::uint32_t>());
                link_->knock_if_armed();
                return;
            case 8:
                (void)link_->has_parked();
                (void)link_->is_peer_alive();
                return;
            default:
                own_.reset();
        }
    }

    FuzzedDataProvider& in_;
    UniqueFd own_;
    UniqueFd theirs_;
    std::vector<UniqueFd> files_;
    std::shared_ptr<ipc::Link> link_;
};

}  // namespace

void fuzz_link(FuzzedDataProvider& in) {
    g_step = "a link";
    const int before = next_descriptor();
    Enemy(in).run();
    REQUIRE(next_descriptor() == before);
}

}  // namespace opennvsci::fuzz
