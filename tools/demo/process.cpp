// SPDX-License-Identifier: Apache-2.0
#include "demo/process.h"

#include <fmt/format.h>

#include "demo/report.h"
#include "opennvsci.h"

namespace opennvsci::tool {

using namespace cu;  // NOLINT(google-build-using-namespace): CUDA's own names for its constants

Result<Process> Process::begin(const Driver& driver, const OpenNvSciDevice& device, const std::string& name,
                               const std::string& endpoint) {
    OPENNVSCI_TRY_ASSIGN(stream, Stream::create(driver));
    OPENNVSCI_TRY_ASSIGN(channel, Channel::connect(endpoint));
    print_done(fmt::format("connected over the endpoint {}", endpoint));
    Process process(driver, device, name, std::move(channel), std::move(stream));
    OPENNVSCI_TRY(process.agree_on_fences());
    return process;
}

Result<> Process::agree_on_fences() {
    SyncModule module;
    OPENNVSCI_TRY(check(NvSciSyncModuleOpen(module.out()), "NvSciSyncModuleOpen"));
    OPENNVSCI_TRY_ASSIGN(signaler, list_for_streams(driver_, device_, module, kNvSciSyncAttrSignal, name_));
    OPENNVSCI_TRY_ASSIGN(waiter, list_for_streams(driver_, device_, module, kNvSciSyncAttrWait, name_));
    const NvSciIpcEndpoint endpoint = channel_.endpoint();

    // The lists of the waiters cross.
    void* bytes = nullptr;
    std::size_t size = 0;
    const NvSciSyncAttrList waiters[] = {waiter.get()};
    OPENNVSCI_TRY(check(NvSciSyncAttrListIpcExportUnreconciled(waiters, 1, endpoint, &bytes, &size),
                        "NvSciSyncAttrListIpcExportUnreconciled"));
    Result<> sent = channel_.send_blob(bytes, size);
    NvSciSyncAttrListFreeDesc(bytes);
    OPENNVSCI_TRY(std::move(sent));
    SyncList peers_waiter;
    {
        OPENNVSCI_TRY_ASSIGN(blob, channel_.receive_blob());
        OPENNVSCI_TRY(check(NvSciSyncAttrListIpcImportUnreconciled(module.get(), endpoint, blob.data(), blob.size(),
                                                                   peers_waiter.out()),
                            "NvSciSyncAttrListIpcImportUnreconciled"));
    }
    // This process signals an object that the peer may only wait for, and the other way round.
    SyncObject own;
    SyncList conflicts;
    const NvSciSyncAttrList both[] = {signaler.get(), peers_waiter.get()};
    OPENNVSCI_TRY(check(NvSciSyncAttrListReconcileAndObjAlloc(both, 2, own.out(), conflicts.out()),
                        "NvSciSyncAttrListReconcileAndObjAlloc"));
    OPENNVSCI_TRY(
        check(NvSciSyncIpcExportAttrListAndObj(own.get(), NvSciSyncAccessPerm_WaitOnly, endpoint, &bytes, &size),
              "NvSciSyncIpcExportAttrListAndObj"));
    sent = channel_.send_blob(bytes, size);
    NvSciSyncAttrListAndObjFreeDesc(bytes);
    OPENNVSCI_TRY(std::move(sent));
    {
        OPENNVSCI_TRY_ASSIGN(blob, channel_.receive_blob());
        OPENNVSCI_TRY(check(NvSciSyncIpcImportAttrListAndObj(module.get(), endpoint, blob.data(), blob.size(), waiters,
                                                             1, NvSciSyncAccessPerm_WaitOnly, -1, peers_object_.out()),
                            "NvSciSyncIpcImportAttrListAndObj"));
    }
    OPENNVSCI_TRY_ASSIGN(signal, Semaphore::import(driver_, own));
    own_.emplace(std::move(signal));
    OPENNVSCI_TRY_ASSIGN(wait, Semaphore::import(driver_, peers_object_));
    peers_.emplace(std::move(wait));
    print_done("fences: one sync object to signal, and the peer's, wait-only");
    return {};
}

Result<> Process::send(std::uint32_t buffer, std::uint32_t checksum) {
    Packet packet{buffer, checksum, {}};
    OPENNVSCI_TRY_ASSIGN(fence, own_->signal(stream_.get()));
    OPENNVSCI_TRY(
        check(NvSciSyncIpcExportFence(&fence, channel_.endpoint(), &packet.fence), "NvSciSyncIpcExportFence"));
    return channel_.send(packet);
}

Result<Packet> Process::receive() {
    OPENNVSCI_TRY_ASSIGN(packet, channel_.receive<Packet>());
    if (packet.buffer == Packet::kNoMoreFrames) return packet;
    if (packet.buffer > Packet::kBuffers) return fail(fmt::format("a packet names buffer {}", packet.buffer));
    NvSciSyncFence fence = NvSciSyncFenceInitializer;
    OPENNVSCI_TRY(
        check(NvSciSyncIpcImportFence(peers_object_.get(), &packet.fence, &fence), "NvSciSyncIpcImportFence"));
    OPENNVSCI_TRY(peers_->wait(fence, stream_.get()));
    return packet;
}

}  // namespace opennvsci::tool
