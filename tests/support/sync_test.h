// SPDX-License-Identifier: Apache-2.0
//
// What the tests of NvSciSync with streams share. SyncTest is the fixture; StreamScene is one object with everything
// around it, for processes of their own, in which several follow each other.
#pragma once

#include <optional>

#include "cuda_objects.h"
#include "handed_over.h"
#include "leak_check.h"
#include "memory_gate.h"
#include "own_process.h"
#include "sync_objects.h"

namespace opennvsci::test {

class SyncTest : public LeakCheckedTest {
  protected:
    void TearDown() override {
        EXPECT_EQ(cuda_.cuCtxSynchronize(), cu::CUDA_SUCCESS);
        cpu_object(module_);  // the next object sweeps those that have ended
        LeakCheckedTest::TearDown();
    }
    [[nodiscard]] NvSciError poll(const NvSciSyncFence& fence) const { return NvSciSyncFenceWait(&fence, context_, 0); }

    TestDevice& device_ = TestDevice::current();
    const driver::EntryPoints& cuda_ = device_.cuda();
    Stream first_;
    Stream second_;
    SyncModule module_ = open_sync_module();
    WaitContext context_ = wait_context(module_);
};

/// An object for which streams wait, imported, with two streams and a gate to hold them up. Only in the body of
/// in_new_process: a stream that goes on for ever cannot be waited for, so a failure ends the process.
class StreamScene {
  public:
    explicit StreamScene(const Participants& participants) : object(allocate(module, participants)) {}
    StreamScene(const StreamScene&) = delete;
    StreamScene& operator=(const StreamScene&) = delete;
    ~StreamScene() {
        if (::testing::Test::HasFailure()) end_new_process();
    }

    [[nodiscard]] NvSciError poll(const NvSciSyncFence& fence) const { return NvSciSyncFenceWait(&fence, context, 0); }
    void end_object() {
        object.reset();
        semaphore.reset();
    }

    TestDevice& device = TestDevice::current();
    const driver::EntryPoints& cuda = device.cuda();
    Stream first;
    Stream second;
    SyncModule module = open_sync_module();
    WaitContext context = wait_context(module);
    SyncObject object;
    std::optional<Semaphore> semaphore{std::in_place, object};
    std::optional<MemoryGate> gate{std::in_place, cuda};  // opened before anything else ends
};

}  // namespace opennvsci::test
