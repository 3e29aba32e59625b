// SPDX-License-Identifier: Apache-2.0
//
// Peers that come late and go early: words that catch up, and fences that nobody can signal any more.
#include <sys/resource.h>

#include "sync_peers.h"

namespace opennvsci::test {
namespace {

using Clock = std::chrono::steady_clock;

TEST_F(SyncPeersTest, ALatePeerSeesWhatWasSignaledAndWhatIsInFlight) {
    const SyncList local = gpu_list(module_, 1);
    const SyncList local_cpu = cpu_list(module_, kWait);
    const SyncObject here = allocate({local, local_cpu});
    const Semaphore signaler(here);
    NvSciSyncFence done = NvSciSyncFenceInitializer;
    ASSERT_EQ(signaler.signal(first_, &done), cu::CUDA_SUCCESS);
    ASSERT_EQ(wait_here(done), kSuccess);
    NvSciSyncFence running = NvSciSyncFenceInitializer;
    NvSciSyncFence later = NvSciSyncFenceInitializer;
    MemoryGate gate(cuda_);
    gate.hold(first_);
    ASSERT_EQ(signaler.signal(first_, &running), cu::CUDA_SUCCESS);

    const SyncList peer = gpu_list(peer_module_, 2);
    const SyncList peer_cpu = cpu_list(peer_module_, kWait);
    const SyncList late =
        taken<NvSciSyncAttrList>(module_, sent<NvSciSyncAttrList>({peer, peer_cpu}, channel_[1]), channel_[0]);
    const NvSciSyncAttrList lists[] = {late};
    ASSERT_EQ(NvSciSyncObjAttachPeer(here, lists, 1), kSuccess) << opennvsciGetLastErrorText();
    NvSciSyncAttrList of_object = nullptr;
    ASSERT_EQ(NvSciSyncObjGetAttrList(here, &of_object), kSuccess);
    const ObjectDescriptor descriptor = exported(here);
    const SyncList theirs = list_there(of_object);
    const SyncObject there = imported(descriptor, theirs);
    const Semaphore waiter(there);

    EXPECT_EQ(poll_there(carried(done, there)), kSuccess);
    EXPECT_EQ(poll_there(carried(running, there)), NvSciError_Timeout);
    ASSERT_EQ(waiter.wait(second_, carried(running, there)), cu::CUDA_SUCCESS) << opennvsciGetLastErrorText();
    ASSERT_EQ(signaler.signal(first_, &later), cu::CUDA_SUCCESS) << opennvsciGetLastErrorText();
    EXPECT_TRUE(is_held(cuda_, second_));
    gate.open();
    EXPECT_TRUE(comes_to_its_end(cuda_, second_));
    EXPECT_EQ(wait_there(carried(later, there)), kSuccess);
    EXPECT_EQ(poll_there(carried(running, there)), kSuccess);
}

// Of several signals under way each comes when it is done, not all of them with the last.
TEST_F(SyncPeersTest, ALatePeerSeesEachSignalThatIsInFlight) {
    const SyncList list = reconciled({gpu_list(module_, 1), cpu_list(module_, kWait)}, {cpu_list(peer_module_, kWait)});
    const SyncObject here = allocated(list);
    const SyncList theirs = list_there(list);
    const Semaphore signaler(here);
    NvSciSyncFence early = NvSciSyncFenceInitializer;
    NvSciSyncFence late = NvSciSyncFenceInitializer;
    MemoryGate first_gate(cuda_);
    MemoryGate second_gate(cuda_);
    first_gate.hold(first_);
    ASSERT_EQ(signaler.signal(first_, &early), cu::CUDA_SUCCESS);
    second_gate.hold(first_);
    ASSERT_EQ(signaler.signal(first_, &late), cu::CUDA_SUCCESS);
    const SyncObject there = imported(exported(here), theirs);
    EXPECT_EQ(poll_there(carried(early, there)), NvSciError_Timeout);
    first_gate.open();
    EXPECT_EQ(wait_there(carried(early, there)), kSuccess);
    EXPECT_EQ(poll_there(carried(late, there)), NvSciError_Timeout);
    second_gate.open();
    EXPECT_EQ(wait_there(carried(late, there)), kSuccess);
}

// A context may end when all that was submitted in it is done: nothing of it is lost, here or at the peer.
TEST_F(SyncPeersTest, SignalsOfAContextThatEndedAfterThemStayReached) {
    const Pair object = shared({gpu_list(module_, 1)}, {cpu_list(peer_module_, kWait)});
    TestDevice& device = TestDevice::instance();
    NvSciSyncFence fence = NvSciSyncFenceInitializer;
    cu::CUcontext context = nullptr;
    ASSERT_EQ(cuda_.cuCtxCreate(&context, 0, device.device().handle), cu::CUDA_SUCCESS);
    {
        const Semaphore signaler(object.here);
        Stream stream;
        ASSERT_EQ(signaler.signal(stream, &fence), cu::CUDA_SUCCESS) << opennvsciGetLastErrorText();
        ASSERT_EQ(cuda_.cuStreamSynchronize(stream), cu::CUDA_SUCCESS);
    }
    ASSERT_EQ(cuda_.cuCtxDestroy(context), cu::CUDA_SUCCESS);
    device.make_current();
    const NvSciSyncFence theirs = carried(fence, object.there);
    EXPECT_EQ(wait_there(theirs), kSuccess);
    const Semaphore signaler(object.here);
    ASSERT_EQ(signaler.signal(first_, &fence), cu::CUDA_SUCCESS) << opennvsciGetLastErrorText();
    EXPECT_EQ(wait_there(carried(fence, object.there)), kSuccess);
    EXPECT_EQ(wait_there(theirs), kSuccess);
    expect_differences("events +1; ");  // it went with its context
}

TEST_F(SyncPeersTest, AFreedObjectOfTheSignalerFailsThePeersFences) {
    const SyncList local = cpu_list(module_, kSignal);
    const SyncList peer = gpu_list(peer_module_, 2);
    const SyncList peer_cpu = cpu_list(peer_module_, kWait);
    Pair object = shared({local}, {peer, peer_cpu});
    const Semaphore waiter(object.there);
    const NvSciSyncFence reached = carried(generate(object.here), object.there);
    const NvSciSyncFence lost = carried(generate(object.here), object.there);
    ASSERT_EQ(NvSciSyncObjSignal(object.here), kSuccess);
    ASSERT_EQ(waiter.wait(second_, lost), cu::CUDA_SUCCESS) << opennvsciGetLastErrorText();
    EXPECT_TRUE(is_held(cuda_, second_));
    object.here.reset();
    EXPECT_TRUE(comes_to_its_end(cuda_, second_));
    EXPECT_EQ(poll_there(reached), kSuccess);
    EXPECT_EQ(wait_there(lost), NvSciError_ResourceError);
    EXPECT_NE(std::string(opennvsciGetLastErrorText()).find("itc_test_0"), std::string::npos)
        << opennvsciGetLastErrorText();
    EXPECT_EQ(task_status(lost), NvSciSyncTaskStatus_Failure);
    EXPECT_EQ(waiter.wait(second_, lost), cu::CUDA_ERROR_ILLEGAL_STATE);
    EXPECT_EQ(waiter.wait(second_, reached), cu::CUDA_SUCCESS);
}

TEST_F(SyncPeersTest, WhatIsInFlightWhenTheSignalerFreesTheObjectStillComes) {
    const SyncList local = gpu_list(module_, 1);
    const SyncList peer = gpu_list(peer_module_, 2);
    const SyncList peer_cpu = cpu_list(peer_module_, kWait);
    ASSERT_EQ(set(peer, NvSciSyncAttrKey_RequireDeterministicFences, true), kSuccess);
    Pair object = shared({local}, {peer, peer_cpu});
    const Semaphore waiter(object.there);
    NvSciSyncFence running = NvSciSyncFenceInitializer;
    MemoryGate gate(cuda_);
    {
        const Semaphore signaler(object.here);
        gate.hold(first_);
        ASSERT_EQ(signaler.signal(first_, &running), cu::CUDA_SUCCESS) << opennvsciGetLastErrorText();
    }
    const NvSciSyncFence theirs = carried(running, object.there);
    const NvSciSyncFence never = fence_of(object.there, 2);
    object.here.reset();
    EXPECT_EQ(poll_there(theirs), NvSciError_Timeout);
    EXPECT_EQ(poll_there(never), NvSciError_ResourceError);
    ASSERT_EQ(waiter.wait(second_, theirs), cu::CUDA_SUCCESS) << opennvsciGetLastErrorText();
    EXPECT_TRUE(is_held(cuda_, second_));
    gate.open();
    EXPECT_EQ(wait_there(theirs), kSuccess) << opennvsciGetLastErrorText();
    EXPECT_TRUE(comes_to_its_end(cuda_, second_));
}

TEST_F(SyncPeersTest, AFreedObjectOfASignalingPeerFailsTheAllocatorsFences) {
    const SyncList local = cpu_list(module_, kWait);
    const SyncList local_gpu = gpu_list(module_, 2);
    const SyncList peer = cpu_list(peer_module_, kSignal);
    Pair object = shared({local, local_gpu}, {peer});
    const Semaphore waiter(object.here);
    const NvSciSyncFence lost = carried(generate(object.there), object.here);
    ASSERT_EQ(waiter.wait(second_, lost), cu::CUDA_SUCCESS) << opennvsciGetLastErrorText();
    EXPECT_TRUE(is_held(cuda_, second_));
    object.there.reset();
    EXPECT_TRUE(comes_to_its_end(cuda_, second_));
    EXPECT_EQ(wait_here(lost), NvSciError_ResourceError);
    EXPECT_EQ(task_status(lost), NvSciSyncTaskStatus_Failure);
}

TEST_F(SyncPeersTest, AFreedObjectOfTheWaiterHarmsNobody) {
    const SyncList local = cpu_list(module_, kSignal);
    const SyncList peer = cpu_list(peer_module_, kWait);
    Pair object = shared({local}, {peer});
    const NvSciSyncFence fence = generate(object.here);
    const NvSciSyncFence theirs = carried(fence, object.there);
    object.there.reset();
    EXPECT_EQ(poll_there(theirs), NvSciError_Timeout) << "a fence goes on without its object";
    EXPECT_EQ(NvSciSyncObjSignal(object.here), kSuccess);
    EXPECT_EQ(poll_there(theirs), kSuccess);
}

// Both ends of the channel close: as at the death of a process, nothing holds the link any more but the objects.
TEST_F(SyncPeersTest, ObjectsOutliveTheirEndpoints) {
    const SyncList local = cpu_list(module_, kSignal);
    const SyncList peer = cpu_list(peer_module_, kWait);
    Pair object = shared({local}, {peer});
    const NvSciSyncFence first = carried(generate(object.here), object.there);
    const NvSciSyncFence second = carried(generate(object.here), object.there);
    close_channel();
    EXPECT_EQ(NvSciSyncObjSignal(object.here), kSuccess);
    EXPECT_EQ(wait_there(first, 1'000'000), kSuccess);
    EXPECT_EQ(poll_there(second), NvSciError_Timeout);
    object.here.reset();
    EXPECT_EQ(wait_there(second, 1'000'000), NvSciError_ResourceError);
}

TEST_F(SyncPeersTest, ALostContextOfTheSignalerFailsThePeersFences) {
    const SyncList local = gpu_list(module_, 1);
    const SyncList local_cpu = cpu_list(module_, kWait);
    const SyncList peer = gpu_list(peer_module_, 2);
    const SyncList peer_cpu = cpu_list(peer_module_, kWait);
    const Pair object = shared({local, local_cpu}, {peer, peer_cpu});
    const Semaphore waiter(object.there);
    NvSciSyncFence fence = NvSciSyncFenceInitializer;
    expect_differences("events +1; ");  // it went with its context
    OwnContext doomed;
    doomed.make_current();
    {
        const Semaphore signaler(object.here);
        cu::CUstream stream = nullptr;
        ASSERT_EQ(cuda_.cuStreamCreate(&stream, cu::CU_STREAM_NON_BLOCKING), cu::CUDA_SUCCESS);
        ASSERT_EQ(signaler.signal(stream, &fence), cu::CUDA_SUCCESS) << opennvsciGetLastErrorText();
        ASSERT_EQ(cuda_.cuStreamSynchronize(stream), cu::CUDA_SUCCESS);
        device_.make_current();
    }
    EXPECT_EQ(wait_there(carried(fence, object.there)), kSuccess);
    doomed.destroy();
    EXPECT_EQ(poll_there(carried(fence, object.there)), kSuccess) << "what was reached stays so";
    EXPECT_EQ(poll(fence), kSuccess);
}

TEST(SyncDescriptorsTest, TenThousandFencesOfTwoHundredObjectsNeedFew) {
    in_new_process([] {
        const rlimit limit{64, 64};
        ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &limit), 0);
        const IpcSetUp set_up;
        const Channel channel;
        const SyncModule module = open_sync_module();
        const SyncModule peer_module = open_sync_module();
        const WaitContext context = wait_context(peer_module);
        const SyncList local = cpu_list(module, kSignal);
        const SyncList peer = cpu_list(peer_module, kWait);
        const SyncList late = taken<NvSciSyncAttrList>(module, sent<NvSciSyncAttrList>({peer}, channel[1]), channel[0]);
        const SyncList list = std::move(reconcile({local, late}).reconciled);
        const SyncList theirs =
            taken_result<NvSciSyncAttrList>(peer_module, sent_result<NvSciSyncAttrList>(list, channel[0]), channel[1]);
        for (int object_number = 0; object_number < 200; ++object_number) {
            const SyncObject object = make<SyncObject>(NvSciSyncObjAlloc, list.get());
            ObjectDescriptor descriptor{};
            ASSERT_EQ(NvSciSyncObjIpcExport(object, kAuto, channel[0], &descriptor), kSuccess)
                << opennvsciGetLastErrorText();
            SyncObject import;
            ASSERT_EQ(NvSciSyncObjIpcImport(channel[1], &descriptor, theirs, kAuto, 0, import.out()), kSuccess)
                << opennvsciGetLastErrorText();
            for (int i = 0; i < 50; ++i) {
                const NvSciSyncFence fence = generate(object);
                FenceDescriptor carried{};
                ASSERT_EQ(NvSciSyncIpcExportFence(&fence, channel[0], &carried), kSuccess);
                NvSciSyncFence imported = NvSciSyncFenceInitializer;
                ASSERT_EQ(NvSciSyncIpcImportFence(import, &carried, &imported), kSuccess);
                ASSERT_EQ(NvSciSyncFenceWait(&imported, context, 0), NvSciError_Timeout);
                ASSERT_EQ(NvSciSyncObjSignal(object), kSuccess);
                ASSERT_EQ(NvSciSyncFenceWait(&imported, context, 0), kSuccess);
            }
        }
    });
}

}  // namespace
}  // namespace opennvsci::test
