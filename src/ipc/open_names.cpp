// SPDX-License-Identifier: Apache-2.0
#include "ipc/open_names.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "base/process.h"
#include "ipc/runtime_folder.h"

namespace opennvsci::ipc {
namespace {

struct OpenEntry {
    std::uint64_t owner;  // token of the process
    std::shared_ptr<Mailbox> mailbox;
};

constinit std::mutex g_names_mutex;

[[gnu::constructor]] void guard_across_fork() {
    process::guard_across_fork(g_names_mutex);
}

// Never destroyed: programs close endpoints in static destructors.
std::map<std::string, OpenEntry>& entries() {
    static auto* const made = new std::map<std::string, OpenEntry>;
    return *made;
}

}  // namespace

void Mailbox::put(ProcessFd socket) {
    {
        const std::lock_guard lock(mutex_);
        sockets_.push_back(std::move(socket));
        count_.store(sockets_.size(), std::memory_order_release);
    }
    doorbell_->ring();
}

ProcessFd Mailbox::take() {
    const std::lock_guard lock(mutex_);
    if (sockets_.empty()) return {};
    ProcessFd socket = std::move(sockets_.front());
    sockets_.pop_front();
    count_.store(sockets_.size(), std::memory_order_release);
    return socket;
}

Result<OpenName> OpenName::claim(const std::string& name, const std::string& peer_name,
                                 std::shared_ptr<Mailbox> mailbox, std::shared_ptr<Mailbox>& found) {
    OpenName claimed;
    OpenEntry entry{process::token(), std::move(mailbox)};
    OpenEntry former;  // ends after the lock
    const std::lock_guard lock(g_names_mutex);
    OpenEntry& place = entries()[name];
    if (place.owner == entry.owner) {
        return fail(NvSciError_Busy, fmt::format("endpoint {} is open already, in this process: close it first", name));
    }
    claimed.name_ = name;
    former = std::exchange(place, std::move(entry));
    const auto peer = entries().find(peer_name);
    if (peer != entries().end() && peer->second.owner == place.owner) found = peer->second.mailbox;
    return claimed;
}

std::unique_lock<std::mutex> OpenName::hold_names() {
    return std::unique_lock(g_names_mutex);
}

bool OpenName::is_open_here(const std::string& stem) {
    return std::any_of(entries().begin(), entries().end(), [&](const auto& entry) {
        return entry.second.owner == process::token() && file_stem(entry.first) == stem;
    });
}

OpenName::~OpenName() {
    if (name_.empty()) return;
    OpenEntry former;  // ends after the lock
    const std::lock_guard lock(g_names_mutex);
    const auto found = entries().find(name_);
    if (found == entries().end() || found->second.owner != process::token()) return;
    former = std::move(found->second);
    entries().erase(found);
}

}  // namespace opennvsci::ipc
