// SPDX-License-Identifier: Apache-2.0
#include "ipc/descriptors.h"

#include <pthread.h>

#include <cerrno>
#include <new>

#include "base/process.h"

namespace opennvsci::ipc {

constinit ProcessFd::Node* ProcessFd::g_first = nullptr;

namespace {

// Guards the list of all nodes.
constinit std::mutex g_files_mutex;

}  // namespace

// Runs while the child is being made, in its only thread: the list is whole, because no other thread held the lock.
void close_in_forked_child() noexcept {
    for (ProcessFd::Node* node = ProcessFd::g_first; node != nullptr; node = node->next)
        node->file.reset();
}

namespace {

[[gnu::constructor]] void close_files_in_forks() {
    process::guard_across_fork(g_files_mutex);
    pthread_atfork(nullptr, nullptr, close_in_forked_child);
}

}  // namespace

ForkPause::ForkPause() noexcept {
    g_files_mutex.lock();
}

ForkPause::~ForkPause() {
    g_files_mutex.unlock();
}

ProcessFd ProcessFd::adopt(UniqueFd file, const ForkPause& /*pause*/) noexcept {
    ProcessFd made(new (std::nothrow) Node);
    if (made.node_ == nullptr) return made;
    made.node_->file = std::move(file);
    made.enlist();
    return made;
}

void ProcessFd::enlist() noexcept {
    node_->next = g_first;
    if (g_first != nullptr) g_first->previous = node_;
    g_first = node_;
}

void ProcessFd::delist(Node& node) noexcept {
    (node.previous == nullptr ? g_first : node.previous->next) = node.next;
    if (node.next != nullptr) node.next->previous = node.previous;
}

UniqueFd ProcessFd::release() noexcept {
    if (node_ == nullptr) return {};
    Node* const node = std::exchange(node_, nullptr);
    UniqueFd file;
    {
        const ForkPause pause;
        delist(*node);
        file = std::move(node->file);
    }
    delete node;
    return file;
}

void ProcessFd::reset() noexcept {
    if (node_ == nullptr) return;
    const int kept = errno;
    Node* const node = std::exchange(node_, nullptr);
    {
        const ForkPause pause;
        delist(*node);
        node->file.reset();
    }
    delete node;
    errno = kept;
}

}  // namespace opennvsci::ipc
