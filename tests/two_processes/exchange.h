// SPDX-License-Identifier: Apache-2.0
//
// The exchange of a program for DRIVE OS: sync lists both ways, a sync object of each side that the other waits for, a
// list and buffers from the producer to the consumer, then packets with fences around. The producer reconciles; the
// consumer reads. Each step goes through the public functions only. All of it is one round, and rounds may follow each
// other on one endpoint, with the same peer or with one that was started anew.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "buf_objects.h"
#include "channel.h"
#include "sync_objects.h"

namespace opennvsci::test {

/// Sets one attribute of a list. Throws a Failure.
template <class List, class Key, class T>
void ask(const List& list, Key key, const T& value) {
    const typename Library<Key>::Pair pair{key, &value, sizeof(value)};
    auto* pairs = const_cast<typename Library<Key>::Pair*>(&pair);  // NvSciBuf's prototype
    MUST(Library<Key>::set(list, pairs, 1));
}

/// The libraries' own memory for bytes, until they are freed by the function of the export.
template <void (*kFree)(void*)>
struct Blob {
    Blob() = default;
    Blob(const Blob&) = delete;
    Blob& operator=(const Blob&) = delete;
    ~Blob() { kFree(address); }
    [[nodiscard]] std::span<const std::byte> bytes() const { return {static_cast<const std::byte*>(address), size}; }
    void* address = nullptr;
    std::size_t size = 0;
};
using SyncListBlob = Blob<NvSciSyncAttrListFreeDesc>;
using SyncObjectBlob = Blob<NvSciSyncAttrListAndObjFreeDesc>;
using ListBlob = Blob<NvSciBufAttrListFreeDesc>;
using ObjectBlob = Blob<NvSciBufAttrListAndObjFreeDesc>;

struct Plan {
    std::uint64_t size = 16384;  ///< of a buffer
    std::uint32_t buffers = 2;
    std::uint32_t packets = 4;
    bool is_talk = false;    ///< nothing but messages
    bool is_joint = false;   ///< lists and objects in one blob, instead of the list, then the objects
    bool uses_cuda = false;  ///< streams signal and wait, and work on the buffers
    bool is_video = false;   ///< the buffers lie in video memory
    [[nodiscard]] static Plan of(const Arguments& arguments);
    [[nodiscard]] std::vector<std::string> words() const;
};

/// What both sides do, and what they hold while they do it.
class Exchange {
  public:
    Exchange(Channel& channel, const Plan& plan);
    Exchange(const Exchange&) = delete;
    Exchange& operator=(const Exchange&) = delete;
    ~Exchange();

    /// One round. Throws a Failure.
    void produce();
    void consume();
    /// After a round that failed because the peer is gone: the memory that there is can be read, and each fence that
    /// came is reached, or says that it will not be. Throws a Failure.
    void look_after_loss();

  private:
    struct Work;  // of the device

    void talk(bool begins);
    void exchange_sync();
    void make_sync_list(SyncList& list, bool signals);
    void send_buffers();
    void receive_buffers();
    void wait_for(const NvSciSyncFenceIpcExportDescriptor& descriptor);
    void map_buffers();
    [[nodiscard]] std::uint64_t fill(std::size_t index, std::uint32_t packet);
    [[nodiscard]] std::uint64_t checksum(std::size_t index);
    [[noreturn]] void other_bytes(std::uint32_t packet) const;
    void signal(NvSciSyncFence& fence);

    Channel& channel_;
    Plan plan_;
    Module module_;
    SyncModule sync_module_;
    WaitContext context_;
    SyncList own_waiter_;
    SyncObject own_;    // this side signals it
    SyncObject peers_;  // the peer does
    std::vector<Object> buffers_;
    std::vector<NvSciSyncFence> came_;
    std::unique_ptr<Work> work_;  // if streams take part
};

}  // namespace opennvsci::test
