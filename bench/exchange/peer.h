// SPDX-License-Identifier: Apache-2.0
//
// The two processes of a scenario: the leader, which measures, starts the program anew as the follower. Both run the
// same scenario in lockstep. A socket pair between them carries what is not measured: values, descriptors, and the
// meetings at which each waits for the other. A follower that fails ends the leader, and a leader's end the follower.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <functional>
#include <string>
#include <type_traits>
#include <vector>

#include "base/unique_fd.h"
#include "exchange/measurement.h"
#include "fixture.h"

namespace opennvsci::bench {

/// Ends the program with the reason, if a system call or something else did not do what it must.
void expect(bool holds, const char* what);
#define BENCH_EXPECT(condition) ::opennvsci::bench::expect(condition, #condition)

class Peer {
  public:
    /// In the leader: starts the follower of a scenario.
    [[nodiscard]] static Peer start(const std::string& scenario, bool quick);
    /// In the follower: the socket that the leader gave it.
    [[nodiscard]] static Peer of_leader(int socket);
    /// In the leader: waits until the follower has ended well.
    void wait_for_end();

    [[nodiscard]] bool is_leader() const noexcept { return child_ != 0; }

    void send_bytes(const void* bytes, std::size_t size) const;
    void receive_bytes(void* bytes, std::size_t size) const;
    template <class Value>
    void send(const Value& value) const {
        static_assert(std::is_trivially_copyable_v<Value>);
        send_bytes(&value, sizeof(value));
    }
    template <class Value>
    [[nodiscard]] Value receive() const {
        static_assert(std::is_trivially_copyable_v<Value>);
        Value value;
        receive_bytes(&value, sizeof(value));
        return value;
    }
    void send_file(int descriptor) const;
    [[nodiscard]] UniqueFd receive_file() const;
    /// Until something has arrived.
    void wait_for_arrival() const;
    /// Until both are here.
    void meet() const;

  private:
    Peer(UniqueFd socket, pid_t child) : socket_(std::move(socket)), child_(child) {}

    UniqueFd socket_;
    pid_t child_;  // 0 in the follower
};

/// Memory that both processes have mapped, zero at first.
class SharedMemory {
  public:
    SharedMemory(const Peer& peer, std::size_t size);
    SharedMemory(const SharedMemory&) = delete;
    SharedMemory& operator=(const SharedMemory&) = delete;
    ~SharedMemory();

    [[nodiscard]] void* data() const noexcept { return data_; }
    [[nodiscard]] std::size_t size() const noexcept { return size_; }

  private:
    std::size_t size_;
    void* data_ = nullptr;
};

/// The processors that this process may use.
[[nodiscard]] std::vector<int> processors();

/// Keeps the calling thread on a processor of its own, while it lives; the leader's is another than the follower's.
/// There must be two. For scenarios without CUDA only: a device's threads would inherit it.
class Pinned {
  public:
    explicit Pinned(const Peer& peer);
    Pinned(const Pinned&) = delete;
    Pinned& operator=(const Pinned&) = delete;
    ~Pinned();

  private:
    std::vector<int> before_;
};

/// One way to do what a group compares, as this process does its part of it: `rounds` times.
struct Way {
    std::string name;
    Target target;
    std::function<void(int rounds)> play;
};

/// How often.
struct Amount {
    int turns;    ///< of each way
    int samples;  ///< of a turn
    int rounds;   ///< of a sample, whose time is divided by them
};

/// Both processes play all ways, which take turns, so that a slow moment of the machine hits all of them. Gives what
/// the leader measured.
[[nodiscard]] Group take_turns(const Peer& peer, std::string what, std::string state, const Amount& amount,
                               const std::vector<Way>& ways);

/// A side that was not measured.
[[nodiscard]] Side skipped_side(std::string name, std::string reason, Target target = {});

/// A scenario measures one or several groups; the follower's return value counts for nothing.
struct Scenario {
    const char* name;
    std::vector<Group> (*run)(Peer& peer, bool quick);
};
[[nodiscard]] const std::vector<Scenario>& scenarios();

std::vector<Group> measure_messages(Peer& peer, bool quick);
std::vector<Group> measure_cpu_fences(Peer& peer, bool quick);
std::vector<Group> measure_hand_over(Peer& peer, bool quick);
std::vector<Group> measure_hand_over_busy(Peer& peer, bool quick);
std::vector<Group> measure_hand_over_two_devices(Peer& peer, bool quick);
std::vector<Group> measure_first_share(Peer& peer, bool quick);
std::vector<Group> measure_frames(Peer& peer, bool quick);

}  // namespace opennvsci::bench
