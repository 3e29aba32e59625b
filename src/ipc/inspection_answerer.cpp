// SPDX-License-Identifier: Apache-2.0
#include "ipc/inspection_answerer.h"

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <cstdint>
#include <exception>
#include <memory>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

#include "base/detached_thread.h"
#include "base/process.h"
#include "ipc/inspection_place.h"
#include "ipc/kept_fd.h"
#include "ipc/local_socket.h"

namespace opennvsci::ipc::inspection {
namespace {

using std::chrono::milliseconds;
using Clock = std::chrono::steady_clock;

constexpr std::size_t kMostReaders = 4;      // at once; others wait in the kernel
constexpr milliseconds kBetweenAnswers{50};  // at least; and so many times what the last answer took:
constexpr int kShareOfTime = 20;
constexpr milliseconds kLongestPause{1000};  // so that who asks in the meantime has its answer within three seconds
constexpr milliseconds kAfterAFailure{100};  // of the system, which may last

constexpr int kKernelBytes = 32 << 10;  // that lie in the kernel for a reader, twice that many as it counts

struct Reader {
    KeptFd socket;
    std::shared_ptr<const std::string> answer;
    std::size_t sent = 0;
    Clock::time_point deadline;
};

class Answerer {
  public:
    Answerer(InspectionPlace place, MakeAnswer make) : place_(std::move(place)), make_(make) {
        readers_.reserve(kMostReaders);
    }

    [[nodiscard]] bool is_of_this_process() const noexcept { return maker_ == process::token(); }
    void remove_files() const noexcept { place_.remove_files(); }

    // Until the program has closed what this one is found by. All is given back then; the next process may begin anew.
    void run() noexcept {
        while (place_.is_open()) {
            wait();
            const Clock::time_point now = Clock::now();
            std::erase_if(readers_, [&](Reader& reader) { return now >= reader.deadline || is_served(reader); });
            if (now >= next_look_ && place_.is_open()) admit(now);
        }
        readers_.clear();
        place_.close();
    }

  private:
    [[nodiscard]] bool has_room() const noexcept { return readers_.size() < kMostReaders; }

    // Until there is something to do. Whoever came too soon after the last answer is looked at later.
    void wait() noexcept {
        std::array<pollfd, kMostReaders + 1> polled{};
        nfds_t count = 0;
        std::optional<Clock::time_point> end;
        const auto wake_at = [&](Clock::time_point time) { end = end ? std::min(*end, time) : time; };
        for (const Reader& reader : readers_) {
            polled[count++] = {reader.socket.get(), POLLOUT, 0};
            wake_at(reader.deadline);
        }
        if (has_room()) {
            const bool is_too_soon = Clock::now() < next_look_;
            if (is_too_soon) wake_at(next_look_);
            if (!is_too_soon) polled[count++] = {place_.listener(), POLLIN, 0};
        }
        int timeout = -1;
        if (end) {
            const auto left = std::chrono::ceil<milliseconds>(*end - Clock::now()).count();
            timeout = static_cast<int>(std::clamp<std::int64_t>(left, 0, kLongestAnswer.count()));
        }
        if (::poll(polled.data(), count, timeout) < 0 && errno != EINTR) std::this_thread::sleep_for(kAfterAFailure);
    }

    // All that have connected get one answer, which is made after they came.
    void admit(Clock::time_point now) noexcept {
        try {
            std::vector<KeptFd> sockets;
            while (readers_.size() + sockets.size() < kMostReaders) {
                ProcessFd socket = local_socket::accept(place_.listener());
                if (!socket) break;
                const auto peer = local_socket::peer_of(socket.get());
                if (!peer || peer->uid != user_) continue;
                ::setsockopt(socket.get(), SOL_SOCKET, SO_SNDBUF, &kKernelBytes, sizeof(kKernelBytes));
                sockets.emplace_back(std::move(socket));
            }
            if (sockets.empty()) {
                // Where the system has no descriptor left, the one that waits keeps the listener readable.
                if (errno != EAGAIN) next_look_ = now + kAfterAFailure;
                return;
            }
            const Clock::time_point begin = Clock::now();
            const auto answer = std::make_shared<const std::string>(make_());
            const Clock::time_point end = Clock::now();
            const Clock::duration pause = std::min<Clock::duration>(kShareOfTime * (end - begin), kLongestPause);
            next_look_ = end + std::max<Clock::duration>(kBetweenAnswers, pause);
            for (KeptFd& socket : sockets)
                readers_.push_back({std::move(socket), answer, 0, now + kLongestAnswer});
        } catch (const std::exception&) {  // no memory: who has connected is sent away
            next_look_ = now + kAfterAFailure;
        }
    }

    // Sends what the socket takes; true if there is no more to do.
    static bool is_served(Reader& reader) noexcept {
        while (reader.sent < reader.answer->size()) {
            const ssize_t count = ::send(reader.socket.get(), reader.answer->data() + reader.sent,
                                         reader.answer->size() - reader.sent, MSG_NOSIGNAL | MSG_DONTWAIT);
            if (count < 0) return errno != EAGAIN && errno != EINTR;
            reader.sent += static_cast<std::size_t>(count);
        }
        return true;
    }

    const std::uint64_t maker_ = process::token();
    const uid_t user_ = ::geteuid();  // whose the place is, also when the program becomes another user
    InspectionPlace place_;
    const MakeAnswer make_;
    std::vector<Reader> readers_;
    Clock::time_point next_look_{};
};

// The token of the process that answers, or begins to. No lock: a forked child would find it held.
constinit std::atomic<std::uint64_t> g_claimed{0};
// Never destroyed: the thread may outlive the static destructors. In a forked child, its parent's.
constinit std::atomic<const Answerer*> g_answerer{nullptr};

[[gnu::destructor]] void remove_files() {
    const Answerer* const answerer = g_answerer.load();
    if (answerer != nullptr && answerer->is_of_this_process()) answerer->remove_files();
}

Result<> start(MakeAnswer make) {
    OPENNVSCI_TRY_ASSIGN(place, InspectionPlace::open());
    auto answerer = std::make_unique<Answerer>(std::move(place), make);
    Answerer* const kept = answerer.get();
    if (!start_detached_thread([kept] { kept->run(); })) {
        kept->remove_files();
        return fail(NvSciError_ResourceError, "no thread can be started that answers who inspects this process",
                    cu::CUDA_ERROR_OUT_OF_MEMORY);
    }
    g_answerer.store(answerer.release());
    return {};
}

}  // namespace

Result<> begin_to_answer(MakeAnswer make) {
    std::uint64_t claimed = g_claimed.load(std::memory_order_acquire);
    if (claimed == process::token() || !g_claimed.compare_exchange_strong(claimed, process::token())) return {};
    try {
        Result<> started = start(make);
        if (!started) g_claimed.store(0);
        return started;
    } catch (...) {
        g_claimed.store(0);
        throw;
    }
}

}  // namespace opennvsci::ipc::inspection
