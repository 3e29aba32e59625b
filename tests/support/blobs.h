// SPDX-License-Identifier: Apache-2.0
//
// Every kind of bytes that the libraries make for a peer and take from one, in one table, over a channel within the
// process: so that the tests and the fuzz targets can change the bytes in between. The exporter and the importer are
// what two processes would be; whoever imports believes the bytes as little.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <vector>

#include "nvsci.h"
#include "nvsciipc.h"
#include "nvscisync.h"
#include "owned.h"

namespace opennvsci::test {

using Bytes = std::vector<std::byte>;

/// Both ends of a channel within the process, connected. Ends the process if that is not possible.
class ThreadChannel {
  public:
    ThreadChannel();
    ThreadChannel(const ThreadChannel&) = delete;
    ThreadChannel& operator=(const ThreadChannel&) = delete;
    ~ThreadChannel();
    [[nodiscard]] NvSciIpcEndpoint exporter() const noexcept { return ends_[0]; }
    [[nodiscard]] NvSciIpcEndpoint importer() const noexcept { return ends_[1]; }

  private:
    NvSciIpcEndpoint ends_[2] = {};
};

/// What an import made of bytes.
struct Imported {
    NvSciError code = NvSciError_Success;
    std::string harm;  ///< what it did that it may not do; empty if nothing
};

/// Exporter and importer with everything that the blobs are made of: reconciled lists of a buffer of which the importer
/// may only read, and of a sync object for which it may only wait.
class Blobs {
  public:
    Blobs();
    Blobs(const Blobs&) = delete;
    Blobs& operator=(const Blobs&) = delete;
    ~Blobs();

    /// One kind of bytes: how they are made, and what the importer does with them.
    struct Kind {
        const char* name;
        Bytes (Blobs::*make)();
        Imported (Blobs::*take)(const Bytes& bytes);
        bool is_list;  ///< of any length; else a struct of the public headers
        bool is_once;  ///< can be taken once
    };
    [[nodiscard]] static std::span<const Kind> kinds();

    [[nodiscard]] Bytes make(const Kind& kind) { return (this->*kind.make)(); }
    /// Imports the bytes and uses what came of it in every way; frees it.
    [[nodiscard]] Imported take(const Kind& kind, const Bytes& bytes) { return (this->*kind.take)(bytes); }

    [[nodiscard]] const ThreadChannel& channel() const noexcept { return channel_; }

  private:
    using BufModule = Owned<NvSciBufModule, NvSciBufModuleClose>;
    using BufList = Owned<NvSciBufAttrList, NvSciBufAttrListFree>;
    using BufObject = Owned<NvSciBufObj, NvSciBufObjFree>;
    using SyncModule = Owned<NvSciSyncModule, NvSciSyncModuleClose>;
    using SyncList = Owned<NvSciSyncAttrList, NvSciSyncAttrListFree>;
    using SyncObject = Owned<NvSciSyncObj, NvSciSyncObjFree>;
    using Context = Owned<NvSciSyncCpuWaitContext, NvSciSyncCpuWaitContextFree>;

    Bytes buf_unreconciled();
    Bytes buf_reconciled();
    Bytes buf_object();
    Bytes buf_list_and_object();
    Bytes sync_unreconciled();
    Bytes sync_reconciled();
    Bytes sync_object();
    Bytes sync_list_and_object();
    Bytes sync_fence();
    Imported take_buf_unreconciled(const Bytes& bytes);
    Imported take_buf_reconciled(const Bytes& bytes);
    Imported take_buf_object(const Bytes& bytes);
    Imported take_buf_list_and_object(const Bytes& bytes);
    Imported take_sync_unreconciled(const Bytes& bytes);
    Imported take_sync_reconciled(const Bytes& bytes);
    Imported take_sync_object(const Bytes& bytes);
    Imported take_sync_list_and_object(const Bytes& bytes);
    Imported take_sync_fence(const Bytes& bytes);
    [[nodiscard]] std::string use(NvSciBufObj object) const;
    [[nodiscard]] std::string use(NvSciSyncObj object) const;

    ThreadChannel channel_;
    BufModule buf_module_;
    SyncModule sync_module_;
    Context context_;
    // of the exporter
    BufList buf_own_, buf_theirs_, buf_reconciled_;
    BufObject buf_;
    SyncList sync_own_, sync_theirs_, sync_reconciled_;
    SyncObject sync_;
    // of the importer
    BufList buf_reader_, buf_imported_;
    SyncList sync_waiter_, sync_imported_;
    SyncObject sync_imported_object_;
};

}  // namespace opennvsci::test
