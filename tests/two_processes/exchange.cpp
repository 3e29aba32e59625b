// SPDX-License-Identifier: Apache-2.0
#include "exchange.h"

#include <memory>
#include <optional>

#include "cuda_objects.h"

namespace opennvsci::test {
namespace {

constexpr std::int64_t kLongestWaitUs = 60'000'000;

/// What goes around: which buffer, what its bytes say, and when they do.
struct Packet {
    std::uint32_t number;
    std::uint32_t buffer;
    std::uint64_t checksum;
    NvSciSyncFenceIpcExportDescriptor fence;
};

std::uint64_t checksum_of(std::span<const unsigned char> bytes) {
    std::uint64_t sum = 0;
    for (const unsigned char byte : bytes)
        sum = sum * 31 + byte;
    return sum;
}

unsigned char byte_of(std::uint32_t packet) {
    return static_cast<unsigned char>(packet * 7 + 1);
}

}  // namespace

Plan Plan::of(const Arguments& arguments) {
    Plan plan;
    plan.size = static_cast<std::uint64_t>(arguments.number("size", static_cast<long>(plan.size)));
    plan.buffers = static_cast<std::uint32_t>(arguments.number("buffers", plan.buffers));
    plan.packets = static_cast<std::uint32_t>(arguments.number("packets", plan.packets));
    plan.is_talk = arguments.number("is_talk") != 0;
    plan.is_joint = arguments.number("is_joint") != 0;
    plan.uses_cuda = arguments.number("uses_cuda") != 0;
    plan.is_video = arguments.number("is_video") != 0;
    return plan;
}

std::vector<std::string> Plan::words() const {
    return {"size=" + std::to_string(size),
            "buffers=" + std::to_string(buffers),
            "packets=" + std::to_string(packets),
            "is_talk=" + std::to_string(static_cast<int>(is_talk)),
            "is_joint=" + std::to_string(static_cast<int>(is_joint)),
            "uses_cuda=" + std::to_string(static_cast<int>(uses_cuda)),
            "is_video=" + std::to_string(static_cast<int>(is_video))};
}

// The objects as this side has them in CUDA.
struct Exchange::Work {
    Work(NvSciSyncObj own, NvSciSyncObj peers) : signals(own), waits(peers) {}
    TestDevice& device = TestDevice::current();
    Stream stream;
    Semaphore signals;
    Semaphore waits;
    std::vector<std::unique_ptr<Mapped>> mapped;

    void map(NvSciBufObj buffer, std::uint64_t size) {
        auto one = std::make_unique<Mapped>();
        require(CALL(one->memory.import(buffer, size)), "cudaImportExternalMemory");
        require(CALL(one->memory.map(&one->pointer, 0, size)), "cudaExternalMemoryGetMappedBuffer");
        mapped.push_back(std::move(one));
    }
    void synchronize() const { require(CALL(device.cuda().cuStreamSynchronize(stream)), "cuStreamSynchronize"); }
};

Exchange::Exchange(Channel& channel, const Plan& plan) : channel_(channel), plan_(plan) {
    MUST(NvSciBufModuleOpen(module_.out()));
    MUST(NvSciSyncModuleOpen(sync_module_.out()));
    MUST(NvSciSyncCpuWaitContextAlloc(sync_module_, context_.out()));
}

Exchange::~Exchange() {
    for (NvSciSyncFence& fence : came_)
        NvSciSyncFenceClear(&fence);
}

void Exchange::make_sync_list(SyncList& list, bool signals) {
    MUST(NvSciSyncAttrListCreate(sync_module_, list.out()));
    if (plan_.uses_cuda) {
        const int device = TestDevice::current().device().handle;
        require(CALL(nvsciCuDeviceGetNvSciSyncAttributes(list, device, signals ? 1 : 2)), "GetNvSciSyncAttributes");
        if (!signals) ask(list, NvSciSyncAttrKey_NeedCpuAccess, true);
        return;
    }
    ask(list, NvSciSyncAttrKey_NeedCpuAccess, true);
    ask(list, NvSciSyncAttrKey_RequiredPerm, signals ? NvSciSyncAccessPerm_SignalOnly : NvSciSyncAccessPerm_WaitOnly);
}

// Bursts that are longer than the queue, both ways.
void Exchange::talk(bool begins) {
    constexpr std::uint64_t kBurst = 20;
    for (std::uint32_t round = 0; round < 2 * plan_.packets; ++round) {
        const bool sends = begins == (round % 2 == 0);
        for (std::uint64_t i = 0; i < kBurst; ++i) {
            const std::uint64_t value = round * kBurst + i;
            if (sends) {
                channel_.send_value(value);
            } else {
                require_that(channel_.receive_value<std::uint64_t>() == value, "another message came");
            }
        }
    }
    channel_.flush();
}

void Exchange::exchange_sync() {
    SyncList signaler;
    make_sync_list(signaler, true);
    make_sync_list(own_waiter_, false);
    {
        SyncListBlob blob;
        const NvSciSyncAttrList lists[] = {own_waiter_};
        MUST(NvSciSyncAttrListIpcExportUnreconciled(lists, 1, channel_, &blob.address, &blob.size));
        channel_.send_blob(blob.bytes());
    }
    SyncList waiter;
    const Bytes blob = channel_.receive_blob();
    MUST(NvSciSyncAttrListIpcImportUnreconciled(sync_module_, channel_, blob.data(), blob.size(), waiter.out()));

    const NvSciSyncAttrList lists[] = {signaler, waiter};
    const NvSciSyncAttrList own[] = {own_waiter_};
    SyncList conflict;
    if (plan_.is_joint) {
        MUST(NvSciSyncAttrListReconcileAndObjAlloc(lists, 2, own_.out(), conflict.out()));
        SyncObjectBlob both;
        MUST(NvSciSyncIpcExportAttrListAndObj(own_, NvSciSyncAccessPerm_WaitOnly, channel_, &both.address, &both.size));
        channel_.send_blob(both.bytes());
        const Bytes theirs = channel_.receive_blob();
        MUST(NvSciSyncIpcImportAttrListAndObj(sync_module_, channel_, theirs.data(), theirs.size(), own, 1,
                                              NvSciSyncAccessPerm_WaitOnly, kLongestWaitUs, peers_.out()));
        return;
    }
    SyncList reconciled;
    MUST(NvSciSyncAttrListReconcile(lists, 2, reconciled.out(), conflict.out()));
    MUST(NvSciSyncObjAlloc(reconciled, own_.out()));
    {
        SyncListBlob mine;
        MUST(NvSciSyncAttrListIpcExportReconciled(reconciled, channel_, &mine.address, &mine.size));
        channel_.send_blob(mine.bytes());
        NvSciSyncObjIpcExportDescriptor descriptor{};
        MUST(NvSciSyncObjIpcExport(own_, NvSciSyncAccessPerm_Auto, channel_, &descriptor));
        channel_.send_value(descriptor);
    }
    SyncList theirs;
    const Bytes bytes = channel_.receive_blob();
    MUST(
        NvSciSyncAttrListIpcImportReconciled(sync_module_, channel_, bytes.data(), bytes.size(), own, 1, theirs.out()));
    const auto descriptor = channel_.receive_value<NvSciSyncObjIpcExportDescriptor>();
    // Published programs give whatever they have as the time-out.
    MUST(NvSciSyncObjIpcImport(channel_, &descriptor, theirs, NvSciSyncAccessPerm_Auto,
                               static_cast<std::int64_t>(NvSciIpcEndpoint{channel_}), peers_.out()));
}

void Exchange::send_buffers() {
    List own;
    MUST(NvSciBufAttrListCreate(module_, own.out()));
    ask(own, NvSciBufGeneralAttrKey_Types, NvSciBufType_RawBuffer);
    ask(own, NvSciBufRawBufferAttrKey_Size, plan_.size);
    ask(own, NvSciBufGeneralAttrKey_RequiredPerm, NvSciBufAccessPerm_ReadWrite);
    if (!plan_.is_video) ask(own, NvSciBufGeneralAttrKey_NeedCpuAccess, true);
    if (plan_.uses_cuda) ask(own, NvSciBufGeneralAttrKey_GpuId, TestDevice::current().gpu_id());

    List theirs;
    const Bytes blob = channel_.receive_blob();
    MUST(NvSciBufAttrListIpcImportUnreconciled(module_, channel_, blob.data(), blob.size(), theirs.out()));
    const NvSciBufAttrList lists[] = {own, theirs};
    List reconciled;
    List conflict;
    MUST(NvSciBufAttrListReconcile(lists, 2, reconciled.out(), conflict.out()));
    if (!plan_.is_joint) {
        ListBlob list;
        MUST(NvSciBufAttrListIpcExportReconciled(reconciled, channel_, &list.address, &list.size));
        channel_.send_blob(list.bytes());
    }
    for (std::uint32_t i = 0; i < plan_.buffers; ++i) {
        MUST(NvSciBufObjAlloc(reconciled, buffers_.emplace_back().out()));
        if (plan_.is_joint) {
            ObjectBlob both;
            MUST(NvSciBufIpcExportAttrListAndObj(buffers_[i], NvSciBufAccessPerm_Readonly, channel_, &both.address,
                                                 &both.size));
            channel_.send_blob(both.bytes());
            continue;
        }
        NvSciBufObjIpcExportDescriptor descriptor{};
        MUST(NvSciBufObjIpcExport(buffers_[i], NvSciBufAccessPerm_Auto, channel_, &descriptor));
        channel_.send_value(descriptor);
    }
}

void Exchange::receive_buffers() {
    List own;
    MUST(NvSciBufAttrListCreate(module_, own.out()));
    ask(own, NvSciBufGeneralAttrKey_Types, NvSciBufType_RawBuffer);
    ask(own, NvSciBufGeneralAttrKey_RequiredPerm, NvSciBufAccessPerm_Readonly);
    if (!plan_.is_video) ask(own, NvSciBufGeneralAttrKey_NeedCpuAccess, true);
    if (plan_.uses_cuda) ask(own, NvSciBufGeneralAttrKey_GpuId, TestDevice::current().gpu_id());
    const NvSciBufAttrList lists[] = {own};
    {
        ListBlob blob;
        MUST(NvSciBufAttrListIpcExportUnreconciled(lists, 1, channel_, &blob.address, &blob.size));
        channel_.send_blob(blob.bytes());
    }
    List reconciled;
    if (!plan_.is_joint) {
        const Bytes list = channel_.receive_blob();
        MUST(NvSciBufAttrListIpcImportReconciled(module_, channel_, list.data(), list.size(), lists, 1,
                                                 reconciled.out()));
    }
    for (std::uint32_t i = 0; i < plan_.buffers; ++i) {
        if (plan_.is_joint) {
            const Bytes both = channel_.receive_blob();
            MUST(NvSciBufIpcImportAttrListAndObj(module_, channel_, both.data(), both.size(), lists, 1,
                                                 NvSciBufAccessPerm_Readonly, kLongestWaitUs,
                                                 buffers_.emplace_back().out()));
            continue;
        }
        const auto descriptor = channel_.receive_value<NvSciBufObjIpcExportDescriptor>();
        MUST(NvSciBufObjIpcImport(channel_, &descriptor, reconciled, NvSciBufAccessPerm_Readonly, kLongestWaitUs,
                                  buffers_.emplace_back().out()));
    }
}

void Exchange::map_buffers() {
    if (!plan_.uses_cuda) return;
    work_ = std::make_unique<Work>(own_.get(), peers_.get());
    for (const Object& buffer : buffers_)
        work_->map(buffer, plan_.size);
}

void Exchange::wait_for(const NvSciSyncFenceIpcExportDescriptor& descriptor) {
    NvSciSyncFence& fence = came_.emplace_back();
    MUST(NvSciSyncIpcImportFence(peers_, &descriptor, &fence));
    if (work_ == nullptr) {
        MUST(NvSciSyncFenceWait(&fence, context_, kLongestWaitUs));
    } else {
        require(CALL(work_->waits.wait(work_->stream, fence)), "cudaWaitExternalSemaphoresAsync");
    }
}

// Has the buffer filled; on the stream, if streams take part. The checksum of what it will hold.
std::uint64_t Exchange::fill(std::size_t index, std::uint32_t packet) {
    const std::vector<unsigned char> bytes(plan_.size, byte_of(packet));
    if (work_ == nullptr) {
        void* pointer = nullptr;
        MUST(NvSciBufObjGetCpuPtr(buffers_[index], &pointer));
        std::memcpy(pointer, bytes.data(), bytes.size());
    } else {
        const Work& work = *work_;
        require(CALL(work.device.cuda().cuMemsetD8Async(work.mapped[index]->pointer, byte_of(packet), plan_.size,
                                                        work.stream)),
                "cuMemsetD8Async");
    }
    return checksum_of(bytes);
}

std::uint64_t Exchange::checksum(std::size_t index) {
    std::vector<unsigned char> bytes(plan_.size);
    if (work_ == nullptr) {
        const void* pointer = nullptr;
        MUST(NvSciBufObjGetConstCpuPtr(buffers_[index], &pointer));
        std::memcpy(bytes.data(), pointer, bytes.size());
    } else {
        const Work& work = *work_;
        require(CALL(work.device.cuda().cuMemcpyDtoHAsync(bytes.data(), work.mapped[index]->pointer, plan_.size,
                                                          work.stream)),
                "cuMemcpyDtoHAsync");
        work.synchronize();
    }
    return checksum_of(bytes);
}

// Streams go on if the signaler that they wait for is lost, and then its fence says so. Anything else is a fault.
void Exchange::other_bytes(std::uint32_t packet) const {
    const std::string text = "packet " + std::to_string(packet) + " holds other bytes";
    NvSciSyncTaskStatus status{};
    MUST(NvSciSyncFenceGetTaskStatus(&came_.back(), &status));
    require_that(work_ != nullptr && status.status == NvSciSyncTaskStatus_Failure, text);
    throw Failure(text + ", and its fence says that it failed", NvSciError_ResourceError);
}

// The fence of a signal: for the CPU, one that is still to be given.
void Exchange::signal(NvSciSyncFence& fence) {
    if (work_ == nullptr) {
        MUST(NvSciSyncObjGenerateFence(own_, &fence));
    } else {
        require(CALL(work_->signals.signal(work_->stream, &fence)), "cudaSignalExternalSemaphoresAsync");
    }
}

void Exchange::produce() {
    if (plan_.is_talk) return talk(true);
    exchange_sync();
    send_buffers();
    map_buffers();
    for (std::uint32_t number = 0; number < plan_.packets; ++number) {
        Packet packet{number, number % plan_.buffers, 0, {}};
        packet.checksum = fill(packet.buffer, number);
        NvSciSyncFence fence = NvSciSyncFenceInitializer;
        signal(fence);
        MUST(NvSciSyncIpcExportFence(&fence, channel_, &packet.fence));
        // The CPU's signal comes before the packet or after it.
        if (!plan_.uses_cuda && number % 2 == 0) MUST(NvSciSyncObjSignal(own_));
        channel_.send_value(packet);
        if (!plan_.uses_cuda && number % 2 != 0) MUST(NvSciSyncObjSignal(own_));
        NvSciSyncFenceClear(&fence);

        const auto back = channel_.receive_value<Packet>();
        require_that(back.number == number, "another packet came back");
        wait_for(back.fence);
    }
    if (work_ != nullptr) work_->synchronize();
    channel_.flush();
}

void Exchange::consume() {
    if (plan_.is_talk) return talk(false);
    exchange_sync();
    receive_buffers();
    map_buffers();
    for (std::uint32_t number = 0; number < plan_.packets; ++number) {
        auto packet = channel_.receive_value<Packet>();
        require_that(packet.number == number && packet.buffer < buffers_.size(), "another packet came");
        wait_for(packet.fence);
        const std::uint64_t found = checksum(packet.buffer);
        if (found != packet.checksum) other_bytes(number);
        NvSciSyncFence fence = NvSciSyncFenceInitializer;
        signal(fence);
        MUST(NvSciSyncIpcExportFence(&fence, channel_, &packet.fence));
        channel_.send_value(packet);
        if (!plan_.uses_cuda) MUST(NvSciSyncObjSignal(own_));
        NvSciSyncFenceClear(&fence);
    }
    if (work_ != nullptr) work_->synchronize();
    channel_.flush();
}

void Exchange::look_after_loss() {
    // What this side's stream was given before the peer was lost may still write to the buffers.
    if (work_ != nullptr) work_->synchronize();
    for (std::size_t i = 0; !plan_.is_video && i < buffers_.size(); ++i) {
        if (buffers_[i].get() == nullptr) continue;
        const void* pointer = nullptr;
        MUST(NvSciBufObjGetConstCpuPtr(buffers_[i], &pointer));
        std::vector<unsigned char> bytes(plan_.size);
        std::memcpy(bytes.data(), pointer, bytes.size());
    }
    for (const NvSciSyncFence& fence : came_) {
        const NvSciError code = CALL(NvSciSyncFenceWait(&fence, context_, kLongestWaitUs));
        require_that(code == NvSciError_Success || code == NvSciError_ResourceError,
                     "a fence of a lost peer gave " + std::to_string(code) + ": " + opennvsciGetLastErrorText());
    }
}

}  // namespace opennvsci::test
