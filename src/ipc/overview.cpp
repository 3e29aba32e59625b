// SPDX-License-Identifier: Apache-2.0
#include "ipc/overview.h"

#include <unistd.h>

#include <algorithm>
#include <mutex>

#include "base/process.h"
#include "ipc/endpoint.h"
#include "ipc/onlooker.h"

namespace opennvsci::ipc::overview {
namespace {

struct Enlisted {
    ChannelEnd end;
    std::weak_ptr<Endpoint> endpoint;
};

constinit std::mutex g_enlisted_mutex;

// Never destroyed: programs close endpoints in static destructors.
std::vector<Enlisted>& enlisted() {
    static std::vector<Enlisted>& made = *new std::vector<Enlisted>;
    return made;
}

[[gnu::constructor]] void guard_enlisted_across_fork() {
    process::guard_across_fork(g_enlisted_mutex);
    (void)enlisted();
}

/// An endpoint of this process that was open when it was looked at.
struct Own {
    ChannelEnd end;
    Glimpse seen;
};

std::vector<Own> look_at_own() {
    std::vector<std::pair<ChannelEnd, std::shared_ptr<Endpoint>>> living;
    {
        const std::lock_guard lock(g_enlisted_mutex);
        for (const Enlisted& each : enlisted()) {
            if (auto endpoint = each.endpoint.lock()) living.emplace_back(each.end, std::move(endpoint));
        }
    }
    std::vector<Own> own;
    for (auto& [end, endpoint] : living) {
        if (const auto seen = endpoint->glimpse()) own.push_back({end, *seen});
    }
    return own;
}

/// Adds a channel that is not among them.
void add(std::vector<ChannelView>& views, const Channel& channel) {
    const bool is_known = std::any_of(views.begin(), views.end(), [&](const ChannelView& view) {
        return view.channel.names[0] == channel.names[0] && view.channel.names[1] == channel.names[1];
    });
    if (!is_known) views.push_back({channel, {}});
}

Result<EndpointView> view_of(const ChannelEnd& end, const std::vector<Own>& own,
                             const std::optional<Onlooker>& onlooker) {
    EndpointView view;
    view.name = end.name();
    const auto found =
        std::find_if(own.begin(), own.end(), [&](const Own& each) { return each.end.name() == end.name(); });
    if (found != own.end()) {
        view.condition = condition_of(found->seen.state);
        view.is_own = true;
        view.owner = ::getpid();
        view.program = program_of(::getpid());
        view.session = found->seen.session;
        view.waiting = found->seen.waiting;
        return view;
    }
    if (end.channel.backend == Backend::other) return view;
    if (end.channel.backend == Backend::process && onlooker) return onlooker->look(end);
    view.condition = Condition::not_open;
    return view;
}

// A survivor stays connected until the next peer has come.
void tell_whose_peer_is_gone(ChannelView& view) noexcept {
    if (view.ends.size() != 2) return;
    for (const int side : {0, 1}) {
        EndpointView& end = view.ends[side];
        const EndpointView& peer = view.ends[1 - side];
        const bool is_another = peer.session != 0 && peer.session != end.session;
        if (end.condition == Condition::connected && (peer.condition == Condition::not_open || is_another))
            end.condition = Condition::peer_gone;
    }
}

}  // namespace

Words Words::of(const SideWords& words) noexcept {
    return {words.written.load(std::memory_order_relaxed), words.read.load(std::memory_order_relaxed),
            words.taken.load(std::memory_order_relaxed), words.sent.load(std::memory_order_relaxed)};
}

std::optional<Waiting> waiting_for(const Words& own, const Words& peer, State state, Shape shape) noexcept {
    // Frames of a connection that is being made, or made anew, are void or cannot be read yet.
    const Waiting waiting{state == State::established ? peer.written - own.read : 0, peer.sent - own.taken};
    if (waiting.frames > shape.frames || waiting.descriptors > Link::kMostParked) return std::nullopt;
    return waiting;
}

void enlist(const ChannelEnd& end, const std::shared_ptr<Endpoint>& endpoint) {
    const std::lock_guard lock(g_enlisted_mutex);
    std::erase_if(enlisted(), [](const Enlisted& each) { return each.endpoint.expired(); });
    enlisted().push_back({end, endpoint});
}

Result<Overview> take() {
    OPENNVSCI_TRY_ASSIGN(configuration, Configuration::load());
    OPENNVSCI_TRY_ASSIGN(users, AllowedUsers::load());
    OPENNVSCI_TRY_ASSIGN(folder, RuntimeFolder::find(users));
    Overview made{configuration.origin(), RuntimeFolder::usual_path(), folder.has_value(), {}};
    std::optional<Onlooker> onlooker;
    if (folder) {
        OPENNVSCI_TRY_ASSIGN(created, Onlooker::create(std::move(*folder), std::move(users)));
        onlooker = std::move(created);
    }
    const auto own = look_at_own();
    for (const Channel& channel : configuration.channels())
        made.channels.push_back({channel, {}});
    for (const Own& each : own)
        add(made.channels, each.end.channel);
    if (onlooker) {
        OPENNVSCI_TRY_ASSIGN(described, onlooker->described_channels());
        for (const Channel& channel : described)
            add(made.channels, channel);
    }
    for (ChannelView& view : made.channels) {
        for (int side = 0; side < (view.channel.backend == Backend::other ? 1 : 2); ++side) {
            OPENNVSCI_TRY_ASSIGN(end, view_of({view.channel, side}, own, onlooker));
            view.ends.push_back(std::move(end));
        }
        tell_whose_peer_is_gone(view);
    }
    return made;
}

}  // namespace opennvsci::ipc::overview
