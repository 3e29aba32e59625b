// SPDX-License-Identifier: Apache-2.0
//
// A stream of one process hands over to a stream of the other and gets it back: NvSciSync, raw memory operations on a
// word of shared system memory each way, and CUDA IPC events, whose every use the two processes must agree on by
// messages.
//
// "Queued": ten times there and back are queued by each side on its own and waited for together; the fences are
// deterministic, so no message is needed. CUDA IPC cannot do that. "By messages": each fence travels as a message, and
// the stream is waited for after each time there and back.
#include <optional>

#include "exchange/cuda_ipc.h"
#include "exchange/device.h"
#include "exchange/peer.h"
#include "exchange/shared_objects.h"

namespace opennvsci::bench {

using namespace cu;  // NOLINT(google-build-using-namespace): CUDA's own names

namespace {

constexpr Target kMemoryOperations{Target::Kind::at_most, 1.1};
constexpr Target kCudaIpc{Target::Kind::times_faster, 25};

// A word each way in memory of both processes that the device can use.
class Words {
  public:
    Words(const Peer& peer, CUstream stream) : memory_(peer, 4096), stream_(stream) {
        CUdeviceptr base = 0;
        BENCH_CHECK(call_.cuMemHostRegister(memory_.data(), memory_.size(),
                                            kMemHostRegisterPortable | kMemHostRegisterDeviceMap));
        BENCH_CHECK(call_.cuMemHostGetDevicePointer(&base, memory_.data(), 0));
        own_ = base + (peer.is_leader() ? 0 : 128);
        peers_ = base + (peer.is_leader() ? 128 : 0);
    }
    Words(const Words&) = delete;
    Words& operator=(const Words&) = delete;
    ~Words() { BENCH_CHECK(call_.cuMemHostUnregister(memory_.data())); }

    void signal() { BENCH_CHECK(call_.cuStreamWriteValue64(stream_, own_, ++signaled_, 0)); }
    void wait() { BENCH_CHECK(call_.cuStreamWaitValue64(stream_, peers_, ++waited_, 0)); }

  private:
    const driver::EntryPoints& call_ = device_driver().call;
    SharedMemory memory_;
    CUstream stream_;
    CUdeviceptr own_ = 0;
    CUdeviceptr peers_ = 0;
    std::uint64_t signaled_ = 0;
    std::uint64_t waited_ = 0;
};

// An event each way, with a message for every record.
class IpcEvents {
  public:
    IpcEvents(const Peer& peer, const CudaIpc& ipc, CUstream stream) : ring_(peer, 64), stream_(stream) {
        BENCH_CHECK(call_.cuEventCreate(&own_, CudaIpc::kInterprocessEvent));
        CudaIpcEventHandle handle{};
        BENCH_CHECK(ipc.get_event_handle(&handle, own_));
        peer.send(handle);
        handle = peer.receive<CudaIpcEventHandle>();
        // In the context of the stream that waits: opened in one of the other device, it ends the process there.
        BENCH_CHECK(ipc.open_event_handle(&peers_, handle));
    }
    IpcEvents(const IpcEvents&) = delete;
    IpcEvents& operator=(const IpcEvents&) = delete;
    ~IpcEvents() {
        BENCH_CHECK(call_.cuEventDestroy(own_));
        BENCH_CHECK(call_.cuEventDestroy(peers_));
    }

    void signal() {
        BENCH_CHECK(call_.cuEventRecord(own_, stream_));
        const char message = '.';
        ring_.send(&message, sizeof(message));
    }
    void wait() {
        char message = 0;
        ring_.receive(&message, sizeof(message));
        BENCH_CHECK(call_.cuStreamWaitEvent(stream_, peers_, 0));
    }

  private:
    const driver::EntryPoints& call_ = device_driver().call;
    RingChannel ring_;
    CUstream stream_;
    CUevent own_ = nullptr;
    CUevent peers_ = nullptr;
};

// So often there and back, then a wait for the stream.
template <class Signal, class Wait>
std::function<void(int)> there_and_back(const Peer& peer, const Stream& stream, Signal signal, Wait wait) {
    return [=, &stream, is_leader = peer.is_leader()](int rounds) {
        for (int i = 0; i < rounds; ++i) {
            if (!is_leader) wait();
            signal();
            if (is_leader) wait();
        }
        stream.synchronize();
    };
}

std::vector<Group> measure(Peer& peer, bool quick, std::size_t ordinal, const std::string& state, bool slow) {
    const CUdevice device = use_device(ordinal);
    IpcChannel channel(peer, "bench_24576");
    StreamFences queued_fences(channel, device, true);
    StreamFences fences(channel, device, false);
    const Stream stream;
    Words words(peer, stream.get());
    std::optional<IpcEvents> events;
    const CudaIpc* ipc = CudaIpc::instance();
    if (ipc != nullptr) events.emplace(peer, *ipc, stream.get());

    const auto by_events = there_and_back(
        peer, stream, [&] { events->signal(); }, [&] { events->wait(); });
    const auto add_events = [&](std::vector<Way>& ways, Target target) {
        if (events) ways.push_back({"CUDA IPC events, a message each", target, by_events});
    };
    std::vector<Way> queued{
        {"NvSciSync",
         {},
         there_and_back(
             peer, stream, [&] { queued_fences.signal(stream.get()); },
             [&] { queued_fences.wait_for_next(stream.get()); })},
        {"memory operations on a registered memfd", kMemoryOperations,
         there_and_back(
             peer, stream, [&] { words.signal(); }, [&] { words.wait(); })},
    };
    add_events(queued, kCudaIpc);
    std::vector<Way> by_messages{{"NvSciSync, fences over NvSciIpc",
                                  {},
                                  there_and_back(
                                      peer, stream,
                                      [&] {
                                          const auto fence = fences.signal_for_peer(stream.get());
                                          channel.send_spinning(&fence, sizeof(fence));
                                      },
                                      [&] {
                                          NvSciSyncFenceIpcExportDescriptor fence;
                                          channel.receive_spinning(&fence, sizeof(fence));
                                          fences.wait(fence, stream.get());
                                      })}};
    add_events(by_messages, {});

    const int turns = slow ? 5 : 20;
    std::vector<Group> groups;
    groups.push_back(take_turns(peer, "hand over between streams of two processes and back, queued", state,
                                quick ? Amount{2, 3, 10} : Amount{turns, 50, 10}, queued));
    groups.push_back(take_turns(peer, "hand over between streams of two processes and back, by messages", state,
                                quick ? Amount{2, 5, 1} : Amount{turns, 100, 1}, by_messages));
    if (!events) {
        groups[0].sides.push_back(skipped_side("CUDA IPC events, a message each", kNoCudaIpc, kCudaIpc));
        groups[1].sides.push_back(skipped_side("CUDA IPC events, a message each", kNoCudaIpc));
    }
    peer.meet();  // nobody frees what the other still uses
    return groups;
}

std::vector<Group> nothing(const std::string& state, const std::string& reason) {
    return {{"hand over between streams of two processes and back", state, {skipped_side("NvSciSync", reason)}}};
}

}  // namespace

std::vector<Group> measure_hand_over(Peer& peer, bool quick) {
    return measure(peer, quick, 0, "one device, idle", false);
}

std::vector<Group> measure_hand_over_busy(Peer& peer, bool quick) {
    const std::string state = "one device, both contexts busy";
    if (device_driver().is_software) return nothing(state, "the software device has no kernels");
    (void)use_device(0);
    const BusyContext busy;
    return measure(peer, quick, 0, state, true);
}

std::vector<Group> measure_hand_over_two_devices(Peer& peer, bool quick) {
    const std::string state = "two devices, idle";
    if (device_driver().devices.size() < 2) return nothing(state, "there is one device");
    return measure(peer, quick, peer.is_leader() ? 0 : 1, state, false);
}

}  // namespace opennvsci::bench
