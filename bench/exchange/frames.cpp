// SPDX-License-Identifier: Apache-2.0
//
// A whole program: frames of 2 MiB go around in four buffers between two processes, with a fence there and a fence
// back for each. The one process fills them, the other copies them. On NvSciBuf, NvSciSync and NvSciIpc, and on CUDA
// IPC with messages over a bare ring. A sample is the time of a frame, the mean of 100.
#include <algorithm>
#include <array>
#include <optional>

#include "exchange/cuda_ipc.h"
#include "exchange/device.h"
#include "exchange/peer.h"
#include "exchange/shared_objects.h"

namespace opennvsci::bench {

using namespace cu;  // NOLINT(google-build-using-namespace): CUDA's own names

namespace {

constexpr std::uint32_t kBuffers = 4;
constexpr std::uint64_t kSize = 2 << 20;  // CUDA IPC shares whole allocations of that size

// What differs: the buffers, and what happens to the fence of one in a packet.
class Exchange {
  public:
    virtual ~Exchange() = default;
    [[nodiscard]] virtual CUdeviceptr buffer(std::uint32_t number) const = 0;
    /// Queues a fence behind the work on the buffer and sends a packet.
    virtual void send(std::uint32_t number, CUstream stream) = 0;
    /// Receives a packet and queues a wait for its fence. Gives the buffer.
    virtual std::uint32_t receive(CUstream stream) = 0;
};

class Ours : public Exchange {
  public:
    Ours(const Peer& peer, IpcChannel& channel, CUdevice device) : channel_(channel), fences_(channel, device, false) {
        if (peer.is_leader()) {
            const std::vector<NvSciBufObj> objects = make_shared_buffers(channel, device, kSize, kBuffers);
            for (std::uint32_t i = 0; i < kBuffers; ++i) {
                send_buffer(channel, objects[i]);
                map(i, objects[i]);
            }
            return;
        }
        const ReceivedBuffers received = ask_for_buffers(channel, device, kSize);
        for (std::uint32_t i = 0; i < kBuffers; ++i)
            map(i, import_buffer(channel, received, receive_buffer(channel)));
        NvSciBufAttrListFree(received.list);
        NvSciBufAttrListFree(received.own);
    }
    ~Ours() override {
        for (const MappedObject& mapped : mapped_)
            unmap_object(mapped);
    }
    [[nodiscard]] CUdeviceptr buffer(std::uint32_t number) const override { return mapped_[number].pointer; }
    void send(std::uint32_t number, CUstream stream) override {
        const Packet packet{number, fences_.signal_for_peer(stream)};
        channel_.send_spinning(&packet, sizeof(packet));
    }
    std::uint32_t receive(CUstream stream) override {
        Packet packet{};
        channel_.receive_spinning(&packet, sizeof(packet));
        BENCH_EXPECT(packet.buffer < kBuffers);
        fences_.wait(packet.fence, stream);
        return packet.buffer;
    }

  private:
    struct Packet {
        std::uint32_t buffer;
        NvSciSyncFenceIpcExportDescriptor fence;
    };
    void map(std::uint32_t number, NvSciBufObj object) {
        mapped_[number] = map_object(object, kSize);
        NvSciBufObjFree(object);  // the mapping keeps the memory
    }

    IpcChannel& channel_;
    StreamFences fences_;
    std::array<MappedObject, kBuffers> mapped_;
};

class OnCudaIpc : public Exchange {
  public:
    OnCudaIpc(const Peer& peer, const CudaIpc& ipc) : ipc_(ipc), is_maker_(peer.is_leader()), ring_(peer, 64) {
        for (std::uint32_t i = 0; i < kBuffers; ++i) {
            CudaIpcMemHandle memory{};
            if (is_maker_) {
                BENCH_CHECK(call_.cuMemAlloc(&buffers_[i], kSize));
                BENCH_CHECK(ipc.get_mem_handle(&memory, buffers_[i]));
                peer.send(memory);
            } else {
                memory = peer.receive<CudaIpcMemHandle>();
                BENCH_CHECK(ipc.open_mem_handle(&buffers_[i], memory, CudaIpc::kLazyEnablePeerAccess));
            }
            BENCH_CHECK(call_.cuEventCreate(&own_[i], CudaIpc::kInterprocessEvent));
            CudaIpcEventHandle event{};
            BENCH_CHECK(ipc.get_event_handle(&event, own_[i]));
            peer.send(event);
            event = peer.receive<CudaIpcEventHandle>();
            BENCH_CHECK(ipc.open_event_handle(&peers_[i], event));
        }
    }
    ~OnCudaIpc() override {
        for (std::uint32_t i = 0; i < kBuffers; ++i) {
            BENCH_CHECK(is_maker_ ? call_.cuMemFree(buffers_[i]) : ipc_.close_mem_handle(buffers_[i]));
            BENCH_CHECK(call_.cuEventDestroy(own_[i]));
            BENCH_CHECK(call_.cuEventDestroy(peers_[i]));
        }
    }
    [[nodiscard]] CUdeviceptr buffer(std::uint32_t number) const override { return buffers_[number]; }
    void send(std::uint32_t number, CUstream stream) override {
        BENCH_CHECK(call_.cuEventRecord(own_[number], stream));
        ring_.send(&number, sizeof(number));
    }
    std::uint32_t receive(CUstream stream) override {
        std::uint32_t number = 0;
        ring_.receive(&number, sizeof(number));
        BENCH_EXPECT(number < kBuffers);
        BENCH_CHECK(call_.cuStreamWaitEvent(stream, peers_[number], 0));
        return number;
    }

  private:
    const driver::EntryPoints& call_ = device_driver().call;
    const CudaIpc& ipc_;
    bool is_maker_;
    RingChannel ring_;
    std::array<CUdeviceptr, kBuffers> buffers_{};
    std::array<CUevent, kBuffers> own_{};
    std::array<CUevent, kBuffers> peers_{};
};

// This process' part of so many frames, all of it done when it returns.
std::function<void(int)> frames(const Peer& peer, const Stream& stream, CUdeviceptr copy, Exchange& exchange) {
    return [&stream, &exchange, copy, is_leader = peer.is_leader()](int count) {
        const auto& call = device_driver().call;
        for (int frame = 0; frame < count; ++frame) {
            std::uint32_t number = 0;
            if (is_leader) {
                number = frame < static_cast<int>(kBuffers) ? static_cast<std::uint32_t>(frame)
                                                            : exchange.receive(stream.get());
                BENCH_CHECK(call.cuMemsetD32Async(exchange.buffer(number), static_cast<unsigned>(frame),
                                                  kSize / sizeof(std::uint32_t), stream.get()));
            } else {
                number = exchange.receive(stream.get());
                BENCH_CHECK(call.cuMemcpyDtoDAsync(copy, exchange.buffer(number), kSize, stream.get()));
            }
            exchange.send(number, stream.get());
        }
        if (is_leader) {
            for (int i = 0; i < std::min(count, static_cast<int>(kBuffers)); ++i)
                (void)exchange.receive(stream.get());
        }
        stream.synchronize();
    };
}

}  // namespace

std::vector<Group> measure_frames(Peer& peer, bool quick) {
    const auto& call = device_driver().call;
    const CUdevice device = use_device(0);
    IpcChannel channel(peer, "bench_24576");
    const Stream stream;
    CUdeviceptr copy = 0;
    BENCH_CHECK(call.cuMemAlloc(&copy, kSize));
    Group group;
    {
        Ours ours(peer, channel, device);
        std::optional<OnCudaIpc> on_cuda_ipc;
        constexpr const char* kIpcName = "the same program on CUDA IPC";
        const Target target{Target::Kind::at_most, 1};
        std::vector<Way> ways{{"NvSciBuf, NvSciSync, NvSciIpc", {}, frames(peer, stream, copy, ours)}};
        if (const CudaIpc* ipc = CudaIpc::instance(); ipc != nullptr) {
            on_cuda_ipc.emplace(peer, *ipc);
            ways.push_back({kIpcName, target, frames(peer, stream, copy, *on_cuda_ipc)});
        }
        group = take_turns(peer, "a frame of 2 MiB through four buffers, two fences each", "one device",
                           quick ? Amount{1, 2, 20} : Amount{20, 20, 100}, ways);
        if (!on_cuda_ipc) group.sides.push_back(skipped_side(kIpcName, kNoCudaIpc, target));
        peer.meet();  // nobody frees what the other still uses
    }
    BENCH_CHECK(call.cuMemFree(copy));
    return {group};
}

}  // namespace opennvsci::bench
