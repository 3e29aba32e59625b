// SPDX-License-Identifier: Apache-2.0
//
// The set-up that programs do over NvSciIpc before they work: sync objects for both directions, and buffers.
#pragma once

#include <vector>

#include "exchange/channel.h"
#include "exchange/peer.h"
#include "nvscibuf.h"
#include "nvscisync.h"

namespace opennvsci::bench {

/// The module of this process, for as long as it runs.
[[nodiscard]] NvSciSyncModule sync_module();

/// A list for the CPU, and one for a device (CUDA_NVSCISYNC_ATTR_SIGNAL 1, WAIT 2). With `deterministic`, the n-th
/// signal reaches n, so a waiter can make its fences itself.
[[nodiscard]] NvSciSyncAttrList cpu_sync_list(NvSciSyncAccessPerm permission, bool deterministic);
[[nodiscard]] NvSciSyncAttrList device_sync_list(cu::CUdevice device, int flags, bool deterministic);

/// An object that this process signals and one that the peer signals.
class SyncPair {
  public:
    /// Takes the lists of this process' signaler and waiter.
    SyncPair(IpcChannel& channel, NvSciSyncAttrList signaler, NvSciSyncAttrList waiter);
    SyncPair(const SyncPair&) = delete;
    SyncPair& operator=(const SyncPair&) = delete;
    ~SyncPair();

    [[nodiscard]] NvSciSyncObj own() const noexcept { return own_; }
    [[nodiscard]] NvSciSyncObj peers() const noexcept { return peers_; }

  private:
    NvSciSyncObj own_ = nullptr;
    NvSciSyncObj peers_ = nullptr;
};

/// The same in the hands of CUDA, with a stream's part.
class StreamFences {
  public:
    StreamFences(IpcChannel& channel, cu::CUdevice device, bool deterministic);
    StreamFences(const StreamFences&) = delete;
    StreamFences& operator=(const StreamFences&) = delete;
    ~StreamFences();

    /// Signals, without telling the peer.
    void signal(cu::CUstream stream);
    /// Waits for the next signal of the peer. Objects with deterministic fences only.
    void wait_for_next(cu::CUstream stream);
    /// Signals, and gives the fence for the peer.
    [[nodiscard]] NvSciSyncFenceIpcExportDescriptor signal_for_peer(cu::CUstream stream);
    void wait(const NvSciSyncFenceIpcExportDescriptor& fence, cu::CUstream stream);

  private:
    void wait(NvSciSyncFence& fence, cu::CUstream stream);

    IpcChannel& channel_;
    SyncPair objects_;
    cu::CUexternalSemaphore signal_ = nullptr;
    cu::CUexternalSemaphore wait_ = nullptr;
    std::uint64_t waited_ = 0;
};

/// What a process needs of a raw buffer for a device.
[[nodiscard]] NvSciBufAttrList device_buffer_list(cu::CUdevice device, std::uint64_t size);

/// Buffers that both processes may write: the one that makes them, and the one that gets them.
[[nodiscard]] std::vector<NvSciBufObj> make_shared_buffers(IpcChannel& channel, cu::CUdevice device, std::uint64_t size,
                                                           std::size_t count);
/// The list that they came with is the caller's.
struct ReceivedBuffers {
    NvSciBufAttrList list = nullptr;
    NvSciBufAttrList own = nullptr;
};
/// Sends the list of this process and receives the reconciled one.
[[nodiscard]] ReceivedBuffers ask_for_buffers(IpcChannel& channel, cu::CUdevice device, std::uint64_t size);
void send_buffer(IpcChannel& channel, NvSciBufObj object);
[[nodiscard]] NvSciBufObjIpcExportDescriptor receive_buffer(IpcChannel& channel);
[[nodiscard]] NvSciBufObj import_buffer(IpcChannel& channel, const ReceivedBuffers& received,
                                        const NvSciBufObjIpcExportDescriptor& descriptor);

/// A buffer of NvSciBuf, or what stands for it, in the hands of CUDA.
struct MappedObject {
    cu::CUexternalMemory memory = nullptr;
    cu::CUdeviceptr pointer = 0;
};
[[nodiscard]] MappedObject map_object(NvSciBufObj object, std::uint64_t size);
void unmap_object(const MappedObject& mapped);

}  // namespace opennvsci::bench
