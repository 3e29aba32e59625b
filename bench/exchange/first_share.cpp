// SPDX-License-Identifier: Apache-2.0
//
// How long a process takes to open 8 MiB that the other one has made, from the call of the import until there is a
// pointer for CUDA: a buffer of NvSciBuf, CUDA IPC, and a file descriptor of the driver passed over a Unix socket. What
// the exporter sends is there before the time begins. Each buffer is opened a first time, closed, and opened again.
#include <algorithm>
#include <chrono>

#include "exchange/cuda_ipc.h"
#include "exchange/device.h"
#include "exchange/peer.h"
#include "exchange/shared_objects.h"

namespace opennvsci::bench {

using namespace cu;  // NOLINT(google-build-using-namespace): CUDA's own names

namespace {

constexpr std::uint64_t kSize = 8 << 20;
constexpr Target kRawTarget{Target::Kind::at_most, 1.15};
constexpr Target kCudaIpcTarget{Target::Kind::at_most, 1};
constexpr const char* kWhat = "8 MiB of the other process, from the import to a pointer";

using Clock = std::chrono::steady_clock;

// One way to share, in both processes. The exporter has made `count` buffers when begin() is over.
class Method {
  public:
    virtual ~Method() = default;
    virtual void send(std::size_t number) = 0;  // the exporter
    virtual void await() = 0;                   // the importer: until what was sent is there
    virtual void open() = 0;                    // the importer: measured
    virtual void close() = 0;                   // the importer
};

class Ours : public Method {
  public:
    Ours(const Peer& peer, IpcChannel& channel, CUdevice device, std::size_t count) : channel_(channel) {
        if (peer.is_leader()) {
            received_ = ask_for_buffers(channel, device, kSize);
        } else {
            objects_ = make_shared_buffers(channel, device, kSize, count);
        }
    }
    ~Ours() override {
        NvSciBufAttrListFree(received_.list);
        NvSciBufAttrListFree(received_.own);
        for (NvSciBufObj object : objects_)
            NvSciBufObjFree(object);
    }
    void send(std::size_t number) override { send_buffer(channel_, objects_[number]); }
    void await() override { descriptor_ = receive_buffer(channel_); }
    void open() override {
        object_ = import_buffer(channel_, received_, descriptor_);
        mapped_ = map_object(object_, kSize);
    }
    void close() override {
        unmap_object(mapped_);
        NvSciBufObjFree(object_);
    }

  private:
    IpcChannel& channel_;
    ReceivedBuffers received_;
    std::vector<NvSciBufObj> objects_;
    NvSciBufObjIpcExportDescriptor descriptor_{};
    NvSciBufObj object_ = nullptr;
    MappedObject mapped_;
};

class DescriptorPassing : public Method {
  public:
    DescriptorPassing(const Peer& peer, CUdevice device, std::size_t count)
        : peer_(peer), location_{CU_MEM_LOCATION_TYPE_DEVICE, device} {
        if (peer.is_leader()) return;
        CUmemAllocationProp prop{};
        prop.type = CU_MEM_ALLOCATION_TYPE_PINNED;
        prop.requestedHandleTypes = CU_MEM_HANDLE_TYPE_POSIX_FILE_DESCRIPTOR;
        prop.location = location_;
        for (std::size_t i = 0; i < count; ++i) {
            CUmemGenericAllocationHandle memory = 0;
            int descriptor = -1;
            BENCH_CHECK(call_.cuMemCreate(&memory, kSize, &prop, 0));
            BENCH_CHECK(
                call_.cuMemExportToShareableHandle(&descriptor, memory, CU_MEM_HANDLE_TYPE_POSIX_FILE_DESCRIPTOR, 0));
            BENCH_CHECK(call_.cuMemRelease(memory));  // the descriptor keeps it
            files_.emplace_back(descriptor);
        }
    }
    void send(std::size_t number) override { peer_.send_file(files_[number].get()); }
    void await() override { peer_.wait_for_arrival(); }
    void open() override {
        const CUmemAccessDesc access{location_, CU_MEM_ACCESS_FLAGS_PROT_READWRITE};
        const UniqueFd file = peer_.receive_file();
        BENCH_CHECK(call_.cuMemImportFromShareableHandle(
            &memory_, reinterpret_cast<void*>(static_cast<std::uintptr_t>(file.get())),
            CU_MEM_HANDLE_TYPE_POSIX_FILE_DESCRIPTOR));
        BENCH_CHECK(call_.cuMemAddressReserve(&pointer_, kSize, 0, 0, 0));
        BENCH_CHECK(call_.cuMemMap(pointer_, kSize, 0, memory_, 0));
        BENCH_CHECK(call_.cuMemSetAccess(pointer_, kSize, &access, 1));
    }
    void close() override {
        BENCH_CHECK(call_.cuMemUnmap(pointer_, kSize));
        BENCH_CHECK(call_.cuMemAddressFree(pointer_, kSize));
        BENCH_CHECK(call_.cuMemRelease(memory_));
    }

  private:
    const driver::EntryPoints& call_ = device_driver().call;
    const Peer& peer_;
    CUmemLocation location_;
    std::vector<UniqueFd> files_;
    CUmemGenericAllocationHandle memory_ = 0;
    CUdeviceptr pointer_ = 0;
};

class CudaIpcMemory : public Method {
  public:
    CudaIpcMemory(const Peer& peer, const CudaIpc& ipc, std::size_t count) : peer_(peer), ipc_(ipc) {
        if (peer.is_leader()) return;
        memory_.resize(count);
        for (CUdeviceptr& pointer : memory_)
            BENCH_CHECK(call_.cuMemAlloc(&pointer, kSize));
    }
    ~CudaIpcMemory() override {
        for (const CUdeviceptr pointer : memory_)
            BENCH_CHECK(call_.cuMemFree(pointer));
    }
    void send(std::size_t number) override {
        CudaIpcMemHandle handle{};
        BENCH_CHECK(ipc_.get_mem_handle(&handle, memory_[number]));
        peer_.send(handle);
    }
    void await() override { handle_ = peer_.receive<CudaIpcMemHandle>(); }
    void open() override { BENCH_CHECK(ipc_.open_mem_handle(&pointer_, handle_, CudaIpc::kLazyEnablePeerAccess)); }
    void close() override { BENCH_CHECK(ipc_.close_mem_handle(pointer_)); }

  private:
    const driver::EntryPoints& call_ = device_driver().call;
    const Peer& peer_;
    const CudaIpc& ipc_;
    std::vector<CUdeviceptr> memory_;
    CudaIpcMemHandle handle_{};
    CUdeviceptr pointer_ = 0;
};

void share(const Peer& peer, Method& method, std::size_t number, Samples* samples) {
    if (!peer.is_leader()) {
        method.send(number);
    } else {
        method.await();
        const auto start = Clock::now();
        method.open();
        const std::chrono::duration<double, std::micro> time = Clock::now() - start;
        method.close();
        if (samples != nullptr) samples->add(time.count());
    }
    peer.meet();
}

}  // namespace

std::vector<Group> measure_first_share(Peer& peer, bool quick) {
    const std::size_t count = quick ? 4 : 40;
    const CUdevice device = use_device(0);
    IpcChannel channel(peer, "bench_24576");
    std::vector<Group> groups{{kWhat, "the first time", {}}, {kWhat, "again", {}}};
    std::vector<std::unique_ptr<Method>> methods;
    const auto add = [&](std::unique_ptr<Method> method, const char* name, Target target) {
        methods.push_back(std::move(method));
        for (Group& group : groups)
            group.sides.push_back({name, target, {}, {}});
    };
    constexpr const char* kIpcName = "CUDA IPC, cuIpcOpenMemHandle";
    add(std::make_unique<Ours>(peer, channel, device, count), "NvSciBuf", {});
    add(std::make_unique<DescriptorPassing>(peer, device, count), "descriptor over a socket, import, map", kRawTarget);
    if (const CudaIpc* ipc = CudaIpc::instance(); ipc != nullptr) {
        add(std::make_unique<CudaIpcMemory>(peer, *ipc, count), kIpcName, kCudaIpcTarget);
    }
    for (std::size_t number = 0; number < count; ++number) {
        for (std::size_t i = 0; i < methods.size(); ++i) {
            const std::size_t at = (i + number) % methods.size();
            // The first buffer of all pays for what the process sets up once.
            share(peer, *methods[at], number, number == 0 ? nullptr : &groups[0].sides[at].samples);
            share(peer, *methods[at], number, number == 0 ? nullptr : &groups[1].sides[at].samples);
        }
    }
    if (CudaIpc::instance() == nullptr) {
        for (Group& group : groups)
            group.sides.push_back(skipped_side(kIpcName, kNoCudaIpc, kCudaIpcTarget));
    }
    return groups;
}

}  // namespace opennvsci::bench
