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

    // The libraries: their functions, and which of the members below is theirs (blobs.cpp).
    struct Buf;
    struct Sync;
    template <class Module, class List, class Object>
    struct Side {
        Module module;
        // of the exporter
        List own, theirs, reconciled;
        Object object;
        // of the importer
        List asked, imported;
    };

    template <class Of>
    void exchange_lists();
    template <class Of>
    Bytes unreconciled();
    template <class Of>
    Bytes reconciled();
    template <class Of>
    Bytes object();
    template <class Of>
    Bytes list_and_object();
    Bytes sync_fence();
    template <class Of>
    Imported take_unreconciled(const Bytes& bytes);
    Imported take_buf_reconciled(const Bytes& bytes);
    Imported take_sync_reconciled(const Bytes& bytes);
    template <class Of>
    Imported take_object(const Bytes& bytes);
    template <class Of>
    Imported take_list_and_object(const Bytes& bytes);
    Imported take_sync_fence(const Bytes& bytes);
    [[nodiscard]] std::string use(NvSciBufObj object) const;
    [[nodiscard]] std::string use(NvSciSyncObj object) const;
    [[nodiscard]] std::string use_imported(NvSciBufObj object) const;
    [[nodiscard]] std::string use_imported(NvSciSyncObj object) const;

    ThreadChannel channel_;
    Side<BufModule, BufList, BufObject> buf_;
    Side<SyncModule, SyncList, SyncObject> sync_;
    Context context_;  // of the importer, as what follows
    SyncObject sync_imported_object_;
};

}  // namespace opennvsci::test
