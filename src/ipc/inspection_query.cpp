// SPDX-License-Identifier: Apache-2.0
#include "ipc/inspection_query.h"

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <optional>
#include <utility>

#include "base/os.h"
#include "ipc/inspection_answerer.h"
#include "ipc/inspection_place.h"
#include "ipc/local_socket.h"
#include "ipc/onlooker.h"

namespace opennvsci::ipc::inspection {
namespace {

using std::chrono::milliseconds;
using Clock = std::chrono::steady_clock;

constexpr std::size_t kMostBytesInAll = std::size_t{64} << 20;
constexpr milliseconds kBeforeNextTry{20};  // at a process that has not looked at those who came before

class Query {
  public:
    Query(const RuntimeFolder& folder, pid_t only) : folder_(&folder), only_(only) {}

    [[nodiscard]] Result<std::vector<Answer>> run() {
        // Which place is whose says the kernel, and only to who connects.
        const std::size_t most = only_ == 0 ? kMostProcesses : InspectionPlace::kMostPlaces;
        OPENNVSCI_TRY_ASSIGN(names, InspectionPlace::find_all(*folder_, most));
        for (std::string& name : names) {
            asked_.push_back({std::move(name), {}, {}});
            OPENNVSCI_TRY(try_to_connect(asked_.back()));
        }
        const Clock::time_point end = Clock::now() + kLongestWait;
        for (Clock::time_point now = Clock::now(); now < end && !is_done(); now = Clock::now())
            OPENNVSCI_TRY(go_on(end - now));
        const bool is_found = only_ != 0 && has_found();
        std::vector<Answer> answers;
        for (Asked& asked : asked_) {
            if (asked.answer) answers.push_back(std::move(*asked.answer));
            // Nobody knows which process it is that has not looked at so many.
            if (!asked.answer && !asked.is_skipped && !is_found) answers.emplace_back();
        }
        std::ranges::sort(answers, {}, &Answer::process);
        return answers;
    }

  private:
    struct Asked {
        std::string name;
        ProcessFd socket;              // while there may be more
        std::optional<Answer> answer;  // since it was reached
        bool is_skipped = false;
    };

    [[nodiscard]] bool has_found() const noexcept {
        return std::ranges::any_of(asked_, [](const Asked& asked) { return asked.answer.has_value(); });
    }
    // Where one is wanted and found, those that look at nobody are others.
    [[nodiscard]] bool is_done() const noexcept {
        const bool is_found = only_ != 0 && has_found();
        return std::ranges::all_of(
            asked_, [&](const Asked& asked) { return asked.is_skipped || (asked.answer ? !asked.socket : is_found); });
    }

    Result<> try_to_connect(Asked& asked) {
        OPENNVSCI_TRY_ASSIGN(socket, local_socket::create(SOCK_STREAM));
        OPENNVSCI_TRY_ASSIGN(reached, local_socket::connect_to_any(socket.get(), *folder_, asked.name));
        if (reached == local_socket::Reached::not_now) return {};
        const auto peer = reached == local_socket::Reached::yes ? local_socket::peer_of(socket.get()) : std::nullopt;
        asked.is_skipped = !peer || peer->uid != ::geteuid() || (only_ != 0 && peer->pid != only_);
        if (asked.is_skipped) return {};
        asked.socket = std::move(socket);
        asked.answer.emplace();
        asked.answer->process = peer->pid;
        asked.answer->program = peer->pid == 0 ? "" : overview::program_of(peer->pid);
        return {};
    }

    Result<> go_on(Clock::duration left) {
        std::vector<pollfd> polled;
        auto timeout = std::chrono::ceil<milliseconds>(left);
        const bool is_found = only_ != 0 && has_found();
        for (Asked& asked : asked_) {
            if (asked.is_skipped || (is_found && !asked.answer)) continue;
            if (!asked.answer) OPENNVSCI_TRY(try_to_connect(asked));
            if (!asked.answer) timeout = std::min(timeout, kBeforeNextTry);
            if (asked.socket) polled.push_back({asked.socket.get(), POLLIN, 0});
        }
        if (::poll(polled.data(), polled.size(), static_cast<int>(timeout.count())) < 0 && errno != EINTR)
            return os::os_error("poll");
        for (Asked& asked : asked_) {
            if (asked.socket) read_from(asked);
        }
        return {};
    }

    void read_from(Asked& asked) {
        std::array<char, std::size_t{16} << 10> part;  // not zeroed: what is read was written
        const ssize_t count = ::recv(asked.socket.get(), part.data(), part.size(), MSG_DONTWAIT);
        if (count < 0 && (errno == EAGAIN || errno == EINTR)) return;
        Answer& answer = *asked.answer;
        const auto bytes = static_cast<std::size_t>(std::max<ssize_t>(count, 0));
        const bool is_too_much = answer.bytes.size() + bytes > kMostAnswerBytes || bytes_ + bytes > kMostBytesInAll;
        if (count > 0 && !is_too_much) {
            answer.bytes.append(part.data(), bytes);
            bytes_ += bytes;
            return;
        }
        asked.socket.reset();
        const bool is_whole = count == 0 && answer.bytes.ends_with('\n');
        answer.outcome = is_whole ? Outcome::answered : Outcome::broken;
        if (!is_whole) answer.bytes.clear();
    }

    const RuntimeFolder* folder_;
    const pid_t only_;
    std::vector<Asked> asked_;
    std::size_t bytes_ = 0;
};

}  // namespace

Result<std::vector<Answer>> ask(pid_t only) {
    OPENNVSCI_TRY_ASSIGN(users, AllowedUsers::load());
    OPENNVSCI_TRY_ASSIGN(folder, RuntimeFolder::find(users));
    if (!folder) return std::vector<Answer>();
    return Query(*folder, only).run();
}

}  // namespace opennvsci::ipc::inspection
