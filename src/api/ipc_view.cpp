// SPDX-License-Identifier: Apache-2.0
#include "api/ipc_view.h"

#include <memory>
#include <vector>

#include "ipc/overview.h"

namespace opennvsci::api {
namespace {

using ipc::overview::ChannelView;
using ipc::overview::Condition;
using ipc::overview::EndpointView;

// The numbers of both are the same, so that no table can be wrong.
constexpr bool is_same(Condition condition, OpenNvSciIpcState state) {
    return static_cast<int>(condition) == static_cast<int>(state);
}
static_assert(is_same(Condition::unknown, OpenNvSciIpcState_Unknown) &&
              is_same(Condition::not_open, OpenNvSciIpcState_NotOpen) &&
              is_same(Condition::open, OpenNvSciIpcState_Open) &&
              is_same(Condition::not_reset, OpenNvSciIpcState_NotReset) &&
              is_same(Condition::waiting, OpenNvSciIpcState_Waiting) &&
              is_same(Condition::connecting, OpenNvSciIpcState_Connecting) &&
              is_same(Condition::connected, OpenNvSciIpcState_Connected) &&
              is_same(Condition::peer_gone, OpenNvSciIpcState_PeerGone));

/// An overview, and what points into it.
class IpcView {
  public:
    explicit IpcView(ipc::overview::Overview taken) : taken_(std::move(taken)) {
        endpoints_.reserve(2 * taken_.channels.size());  // so that none moves any more
        channels_.reserve(taken_.channels.size());
        for (const ChannelView& channel : taken_.channels)
            add(channel);
        view_.configuration = taken_.configuration.c_str();
        view_.folder = taken_.folder.c_str();
        view_.hasFolder = taken_.has_folder;
        view_.channels = channels_.data();
        view_.channelCount = channels_.size();
    }
    [[nodiscard]] const OpenNvSciIpcOverview* view() const noexcept { return &view_; }

  private:
    void add(const ChannelView& channel) {
        OpenNvSciIpcChannel view{};
        view.kind = channel.channel.backend_name.c_str();
        view.frames = channel.channel.frames;
        view.frameSize = channel.channel.frame_size;
        view.endpoints = endpoints_.data() + endpoints_.size();
        view.endpointCount = channel.ends.size();
        for (const EndpointView& end : channel.ends)
            add(end);
        channels_.push_back(view);
    }

    void add(const EndpointView& end) {
        OpenNvSciIpcEndpoint view{};
        view.name = end.name.c_str();
        view.state = static_cast<OpenNvSciIpcState>(end.condition);
        view.isOwn = end.is_own;
        view.hasCounts = end.waiting.has_value();
        view.unreadFrames = end.waiting ? end.waiting->frames : 0;
        view.parkedDescriptors = end.waiting ? end.waiting->descriptors : 0;
        view.ownerPid = end.owner;
        view.ownerProgram = end.program.c_str();
        endpoints_.push_back(view);
    }

    const ipc::overview::Overview taken_;
    std::vector<OpenNvSciIpcEndpoint> endpoints_;
    std::vector<OpenNvSciIpcChannel> channels_;
    OpenNvSciIpcOverview view_{};
};

}  // namespace

Result<const OpenNvSciIpcOverview*> ipc_view() {
    thread_local std::unique_ptr<const IpcView> t_view;
    OPENNVSCI_TRY_ASSIGN(taken, ipc::overview::take());
    t_view = std::make_unique<const IpcView>(std::move(taken));
    return t_view->view();
}

}  // namespace opennvsci::api
