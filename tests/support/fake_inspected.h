// SPDX-License-Identifier: Apache-2.0
//
// FakeInspected: what looks like a process that agreed to be inspected, to those who look into the folder, and answers
// with any bytes. And a reader that does what it likes.
#pragma once

#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <atomic>
#include <cstring>
#include <string>
#include <thread>
#include <utility>

namespace opennvsci::test {

inline sockaddr_un socket_address(const std::string& path) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    EXPECT_LT(path.size(), sizeof(address.sun_path));
    std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
    return address;
}

/// A socket that has connected; negative if none can.
inline int connect_to(const std::string& path) {
    const int socket = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const sockaddr_un address = socket_address(path);
    if (::connect(socket, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0) return socket;
    ::close(socket);
    return -1;
}

class FakeInspected {
  public:
    enum class Manner { answers, says_nothing, looks_at_nobody };

    /// `stem` has 16 digits of a hexadecimal number.
    FakeInspected(const std::string& folder, const std::string& stem, std::string bytes,
                  Manner manner = Manner::answers, int type = SOCK_STREAM)
        : lock_path_(folder + "/" + stem + ".inspect-lock"),
          path_(folder + "/" + stem + ".inspect-sock"),
          bytes_(std::move(bytes)),
          manner_(manner) {
        ::mkdir(folder.c_str(), 0700);
        lock_ = ::open(lock_path_.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
        struct flock lock {};
        lock.l_type = F_WRLCK;
        EXPECT_EQ(::fcntl(lock_, F_OFD_SETLK, &lock), 0);
        listener_ = ::socket(AF_UNIX, type | SOCK_CLOEXEC, 0);
        const sockaddr_un address = socket_address(path_);
        EXPECT_EQ(::bind(listener_, reinterpret_cast<const sockaddr*>(&address), sizeof(address)), 0);
        const int most_not_looked_at = manner_ == Manner::looks_at_nobody ? 0 : 8;
        EXPECT_EQ(::listen(listener_, most_not_looked_at), type == SOCK_DGRAM ? -1 : 0);
        if (manner_ != Manner::looks_at_nobody) thread_ = std::thread([this] { serve(); });
    }
    FakeInspected(const FakeInspected&) = delete;
    FakeInspected& operator=(const FakeInspected&) = delete;
    ~FakeInspected() {
        is_over_ = true;
        if (thread_.joinable()) thread_.join();
        ::close(listener_);
        ::close(lock_);
        ::unlink(path_.c_str());
        ::unlink(lock_path_.c_str());
    }

  private:
    void serve() {
        int kept = -1;
        while (!is_over_) {
            pollfd asked{listener_, POLLIN, 0};
            if (::poll(&asked, 1, 20) != 1) continue;
            int client = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
            if (manner_ == Manner::says_nothing) {
                std::swap(kept, client);
            } else {
                send_all(client);
            }
            if (client >= 0) ::close(client);
        }
        if (kept >= 0) ::close(kept);
    }
    void send_all(int client) const {
        for (std::size_t sent = 0; sent < bytes_.size();) {
            const ssize_t count = ::send(client, bytes_.data() + sent, bytes_.size() - sent, MSG_NOSIGNAL);
            if (count <= 0) return;
            sent += static_cast<std::size_t>(count);
        }
    }

    const std::string lock_path_;
    const std::string path_;
    const std::string bytes_;
    const Manner manner_;
    int lock_ = -1;
    int listener_ = -1;
    std::atomic<bool> is_over_{false};
    std::thread thread_;
};

}  // namespace opennvsci::test
