// SPDX-License-Identifier: Apache-2.0
//
// ProcessFd owns a descriptor of the exchange between processes that a forked child must not keep: as long as any
// process holds a socket, the other end does not learn that its owner has died. So the copies of a child are closed
// while the child is made, and CLOEXEC does the same for what is executed.
//
// Every descriptor made while a ForkPause is held is either in a ProcessFd when a fork happens, or not made yet.
#pragma once

#include <memory>
#include <mutex>
#include <utility>

#include "base/unique_fd.h"

namespace opennvsci::ipc {

/// Keeps this process from forking; for the moment between a system call that makes a descriptor and its ProcessFd.
class ForkPause {
  public:
    ForkPause() noexcept;
    ~ForkPause();
    ForkPause(const ForkPause&) = delete;
    ForkPause& operator=(const ForkPause&) = delete;
};

class ProcessFd {
  public:
    ProcessFd() = default;
    ProcessFd(ProcessFd&& other) noexcept : node_(std::exchange(other.node_, nullptr)) {}
    ProcessFd& operator=(ProcessFd&& other) noexcept {
        std::swap(node_, other.node_);
        return *this;
    }
    ~ProcessFd() { reset(); }

    /// Owns what `make` returns: a descriptor, or a negative number and errno.
    template <class Make>
    [[nodiscard]] static ProcessFd make(Make&& make) {
        ProcessFd made(new Node);
        const ForkPause pause;
        made.node_->file.reset(std::forward<Make>(make)());
        made.enlist();
        return made;
    }

    /// Owns `file`, which was made under `pause`; without memory for that it is closed, and nothing is owned. While a
    /// pause lasts, its thread must not end a ProcessFd.
    [[nodiscard]] static ProcessFd adopt(UniqueFd file, const ForkPause& pause) noexcept;

    /// The descriptor, still owned by this object; negative if there is none, and in a forked child.
    [[nodiscard]] int get() const noexcept { return node_ == nullptr ? -1 : node_->file.get(); }
    [[nodiscard]] explicit operator bool() const noexcept { return get() >= 0; }

    /// Gives the descriptor away; a child forked from then on keeps it.
    [[nodiscard]] UniqueFd release() noexcept;
    void reset() noexcept;

  private:
    friend void close_in_forked_child() noexcept;
    struct Node {
        UniqueFd file;
        Node* previous = nullptr;
        Node* next = nullptr;
    };
    explicit ProcessFd(Node* node) noexcept : node_(node) {}
    void enlist() noexcept;
    static void delist(Node& node) noexcept;

    static constinit Node* g_first;
    Node* node_ = nullptr;
};

}  // namespace opennvsci::ipc
