// SPDX-License-Identifier: Apache-2.0
//
// Owning types for the handles of NvSciSync and of its import into CUDA. destroy() reports whether it worked; the
// destructor is for the ways out after a failure.
#pragma once

#include <string>
#include <utility>

#include "nvsci.h"
#include "nvscisync.h"

namespace opennvsci::tool {

using SyncModule = Owned<NvSciSyncModule, NvSciSyncModuleClose>;
using SyncList = Owned<NvSciSyncAttrList, NvSciSyncAttrListFree>;
using SyncObject = Owned<NvSciSyncObj, NvSciSyncObjFree>;

/// What streams of a device need to signal or to wait (kNvSciSyncAttr...), under a name for reports.
[[nodiscard]] Result<SyncList> list_for_streams(const Driver& driver, const OpenNvSciDevice& device,
                                                const SyncModule& module, int flags, const std::string& name);

/// An NvSciSync object in the hands of CUDA, in the context that is current when it is imported.
class Semaphore {
  public:
    [[nodiscard]] static Result<Semaphore> import(const Driver& driver, const SyncObject& object);
    Semaphore(Semaphore&& other) noexcept : driver_(other.driver_), handle_(std::exchange(other.handle_, nullptr)) {}
    ~Semaphore();

    /// A fence of all work that is in the stream.
    [[nodiscard]] Result<NvSciSyncFence> signal(cu::CUstream stream) const;
    /// What comes next in the stream waits for the fence.
    [[nodiscard]] Result<> wait(NvSciSyncFence fence, cu::CUstream stream) const;
    [[nodiscard]] Result<> destroy();

  private:
    Semaphore(const Driver& driver, cu::CUexternalSemaphore handle) : driver_(driver), handle_(handle) {}

    const Driver& driver_;
    cu::CUexternalSemaphore handle_;
};

}  // namespace opennvsci::tool
