// SPDX-License-Identifier: Apache-2.0
//
// NvSciSync objects between processes: fences of both topologies, with CPUs and streams on both sides; timestamps; who
// gets which right.
#include "sync_peers.h"

namespace opennvsci::test {
namespace {

TEST_F(SyncPeersTest, ASignalOfTheCpuReachesThePeer) {
    const SyncList local = cpu_list(module_, kSignal);
    const SyncList peer = cpu_list(peer_module_, kWait);
    const Pair object = shared({local}, {peer});
    const NvSciSyncFence fence = generate(object.here);
    const NvSciSyncFence theirs = carried(fence, object.there);
    EXPECT_EQ(poll_there(theirs), NvSciError_Timeout);
    EXPECT_EQ(task_status(theirs), NvSciSyncTaskStatus_Invalid);
    std::thread waiter([&] { EXPECT_EQ(wait_there(theirs), kSuccess) << opennvsciGetLastErrorText(); });
    EXPECT_EQ(NvSciSyncObjSignal(object.here), kSuccess);
    waiter.join();
    EXPECT_EQ(poll_there(theirs), kSuccess);

    NvSciSyncFence none = NvSciSyncFenceInitializer;
    EXPECT_EQ(NvSciSyncObjGenerateFence(object.there, &none), kBadParameter);
    EXPECT_EQ(NvSciSyncObjSignal(object.there), kBadParameter);
}

TEST_F(SyncPeersTest, APeersSignalReachesTheAllocator) {
    const SyncList local = cpu_list(module_, kWait);
    const SyncList peer = cpu_list(peer_module_, kSignal);
    const Pair object = shared({local}, {peer});
    const NvSciSyncFence theirs = generate(object.there);
    const NvSciSyncFence fence = carried(theirs, object.here);
    EXPECT_EQ(poll(fence), NvSciError_Timeout);
    std::thread waiter([&] { EXPECT_EQ(wait_here(fence), kSuccess) << opennvsciGetLastErrorText(); });
    EXPECT_EQ(NvSciSyncObjSignal(object.there), kSuccess);
    waiter.join();

    NvSciSyncFence none = NvSciSyncFenceInitializer;
    EXPECT_EQ(NvSciSyncObjGenerateFence(object.here, &none), kBadParameter) << "the peer is the signaler";
    EXPECT_EQ(NvSciSyncObjSignal(object.here), kBadParameter);
}

TEST_F(SyncPeersTest, AStreamWaitsForAStreamOfThePeer) {
    const SyncList local = gpu_list(module_, 1);
    const SyncList peer = gpu_list(peer_module_, 2);
    const SyncList peer_cpu = cpu_list(peer_module_, kWait);
    const Pair object = shared({local}, {peer, peer_cpu});
    const Semaphore signaler(object.here);
    const Semaphore waiter(object.there);
    NvSciSyncFence fence = NvSciSyncFenceInitializer;
    {
        MemoryGate gate(cuda_);
        gate.hold(first_);
        ASSERT_EQ(signaler.signal(first_, &fence), cu::CUDA_SUCCESS) << opennvsciGetLastErrorText();
        const NvSciSyncFence theirs = carried(fence, object.there);
        ASSERT_EQ(waiter.wait(second_, theirs), cu::CUDA_SUCCESS) << opennvsciGetLastErrorText();
        EXPECT_TRUE(is_held(cuda_, second_));
        EXPECT_EQ(poll_there(theirs), NvSciError_Timeout);
        gate.open();
        EXPECT_TRUE(comes_to_its_end(cuda_, second_));
        EXPECT_EQ(wait_there(theirs), kSuccess);
    }
    EXPECT_EQ(waiter.signal(second_, &fence), cu::CUDA_ERROR_NOT_SUPPORTED) << "the peer may only wait";
    EXPECT_EQ(signaler.wait(first_, fence), cu::CUDA_ERROR_NOT_SUPPORTED) << "no list here asked to wait";
}

TEST_F(SyncPeersTest, AStreamWaitsForAStreamOfAPeerThatSignals) {
    const SyncList local = gpu_list(module_, 2);
    const SyncList local_cpu = cpu_list(module_, kWait);
    const SyncList peer = gpu_list(peer_module_, 1);
    const Pair object = shared({local, local_cpu}, {peer});
    const Semaphore waiter(object.here);
    const Semaphore signaler(object.there);
    NvSciSyncFence theirs = NvSciSyncFenceInitializer;
    MemoryGate gate(cuda_);
    gate.hold(first_);
    ASSERT_EQ(signaler.signal(first_, &theirs), cu::CUDA_SUCCESS) << opennvsciGetLastErrorText();
    const NvSciSyncFence fence = carried(theirs, object.here);
    ASSERT_EQ(waiter.wait(second_, fence), cu::CUDA_SUCCESS) << opennvsciGetLastErrorText();
    EXPECT_TRUE(is_held(cuda_, second_));
    EXPECT_EQ(poll(fence), NvSciError_Timeout);
    gate.open();
    EXPECT_TRUE(comes_to_its_end(cuda_, second_));
    EXPECT_EQ(wait_here(fence), kSuccess);
    EXPECT_EQ(waiter.signal(second_, &theirs), cu::CUDA_ERROR_NOT_SUPPORTED) << "the peer is the signaler";
    EXPECT_EQ(signaler.wait(first_, fence), cu::CUDA_ERROR_NOT_SUPPORTED);
}

TEST_F(SyncPeersTest, AStreamWaitsForACpuOfThePeer) {
    const SyncList local = cpu_list(module_, kSignal);
    const SyncList peer = gpu_list(peer_module_, 2);
    const Pair object = shared({local}, {peer});
    const Semaphore waiter(object.there);
    const NvSciSyncFence theirs = carried(generate(object.here), object.there);
    ASSERT_EQ(waiter.wait(second_, theirs), cu::CUDA_SUCCESS) << opennvsciGetLastErrorText();
    EXPECT_TRUE(is_held(cuda_, second_));
    EXPECT_EQ(NvSciSyncObjSignal(object.here), kSuccess);
    EXPECT_TRUE(comes_to_its_end(cuda_, second_));
    EXPECT_EQ(poll_there(theirs), kBadParameter) << "no list of the peer asked for CPU access";
}

TEST_F(SyncPeersTest, AWaiterMayComeBeforeADeterministicSignal) {
    const SyncList local = gpu_list(module_, 1);
    const SyncList peer = gpu_list(peer_module_, 2);
    ASSERT_EQ(set(peer, NvSciSyncAttrKey_RequireDeterministicFences, true), kSuccess);
    const Pair object = shared({local}, {peer});
    const Semaphore signaler(object.here);
    const Semaphore waiter(object.there);
    ASSERT_EQ(waiter.wait(second_, fence_of(object.there, 2)), cu::CUDA_SUCCESS) << opennvsciGetLastErrorText();
    NvSciSyncFence fence = NvSciSyncFenceInitializer;
    ASSERT_EQ(signaler.signal(first_, &fence), cu::CUDA_SUCCESS);
    EXPECT_TRUE(is_held(cuda_, second_));
    ASSERT_EQ(signaler.signal(first_, &fence), cu::CUDA_SUCCESS);
    EXPECT_TRUE(comes_to_its_end(cuda_, second_));
}

class SyncTimestampsTest : public SyncPeersTest, public ::testing::WithParamInterface<bool> {};

TEST_P(SyncTimestampsTest, AreThereForTheWaiterOfAnotherProcess) {
    const bool streams_signal = GetParam();
    const SyncList local = streams_signal ? gpu_list(module_, 1) : cpu_list(module_, kSignal);
    const SyncList peer = cpu_list(peer_module_, kWait);
    ASSERT_EQ(set(peer, NvSciSyncAttrKey_WaiterRequireTimestamps, true), kSuccess);
    const Pair object = shared({local}, {peer});
    NvSciSyncFence fence = NvSciSyncFenceInitializer;
    if (streams_signal) {
        const Semaphore signaler(object.here);
        ASSERT_EQ(signaler.signal(first_, &fence), cu::CUDA_SUCCESS) << opennvsciGetLastErrorText();
    } else {
        fence = generate(object.here);
        ASSERT_EQ(NvSciSyncObjSignal(object.here), kSuccess);
    }
    const NvSciSyncFence theirs = carried(fence, object.there);
    ASSERT_EQ(wait_there(theirs), kSuccess) << opennvsciGetLastErrorText();
    std::uint64_t seen_here = 0;
    std::uint64_t seen_there = 0;
    ASSERT_EQ(NvSciSyncFenceGetTimestamp(&theirs, &seen_there), kSuccess) << opennvsciGetLastErrorText();
    ASSERT_EQ(NvSciSyncFenceGetTimestamp(&fence, &seen_here), kSuccess) << opennvsciGetLastErrorText();
    EXPECT_NE(seen_there, 0U);
    EXPECT_EQ(seen_there, seen_here);
    NvSciSyncTaskStatus status{};
    ASSERT_EQ(NvSciSyncFenceGetTaskStatus(&theirs, &status), kSuccess);
    EXPECT_EQ(status.timestamp, seen_there);
}

TEST_P(SyncTimestampsTest, OfAPeerThatSignalsAreThereForTheAllocator) {
    const bool streams_signal = GetParam();
    const SyncList local = cpu_list(module_, kWait);
    ASSERT_EQ(set(local, NvSciSyncAttrKey_WaiterRequireTimestamps, true), kSuccess);
    const SyncList peer = streams_signal ? gpu_list(peer_module_, 1) : cpu_list(peer_module_, kSignal);
    const Pair object = shared({local}, {peer});
    NvSciSyncFence theirs = NvSciSyncFenceInitializer;
    if (streams_signal) {
        const Semaphore signaler(object.there);
        ASSERT_EQ(signaler.signal(first_, &theirs), cu::CUDA_SUCCESS) << opennvsciGetLastErrorText();
    } else {
        theirs = generate(object.there);
        ASSERT_EQ(NvSciSyncObjSignal(object.there), kSuccess);
    }
    const NvSciSyncFence fence = carried(theirs, object.here);
    ASSERT_EQ(wait_here(fence), kSuccess) << opennvsciGetLastErrorText();
    std::uint64_t timestamp = 0;
    ASSERT_EQ(NvSciSyncFenceGetTimestamp(&fence, &timestamp), kSuccess) << opennvsciGetLastErrorText();
    EXPECT_NE(timestamp, 0U);
}

INSTANTIATE_TEST_SUITE_P(Signalers, SyncTimestampsTest, ::testing::Bool(),
                         [](const auto& parameter) { return parameter.param ? "Stream" : "Cpu"; });

// Rights

TEST_F(SyncPeersTest, AnObjectIsExportedWithWhatThePeerAskedAndNothingElse) {
    const SyncList local = cpu_list(module_, kSignal);
    const SyncList peer = cpu_list(peer_module_, kWait);
    const SyncList list = reconciled({local}, {peer});
    const SyncObject object = allocated(list);
    const SyncList theirs = list_there(list);
    struct Row {
        NvSciSyncAccessPerm permissions;
        NvSciError code;
    };
    for (const Row& row :
         {Row{kWait, kSuccess}, Row{kAuto, kSuccess}, Row{kSignal, kBadParameter}, Row{kWaitSignal, kBadParameter},
          Row{0, kBadParameter}, Row{4, kBadParameter}, Row{kAuto | kWait, kBadParameter}}) {
        SCOPED_TRACE(row.permissions);
        (void)exported(object, row.permissions, row.code);
    }
    for (const Row& row : {Row{kWait, kSuccess}, Row{kAuto, kSuccess}, Row{kSignal, kBadParameter},
                           Row{kWaitSignal, kBadParameter}, Row{0, kBadParameter}, Row{8, kBadParameter}}) {
        SCOPED_TRACE(row.permissions);
        const ObjectDescriptor descriptor = exported(object);
        const SyncObject there = imported(descriptor, theirs, row.permissions, row.code);
        if (row.code != kSuccess) {
            EXPECT_NE(imported(descriptor, theirs).get(), nullptr) << "a refused import costs nothing";
            continue;
        }
        NvSciSyncAttrList of_object = nullptr;
        ASSERT_EQ(NvSciSyncObjGetAttrList(there, &of_object), kSuccess);
        EXPECT_EQ(get<NvSciSyncAccessPerm>(of_object, NvSciSyncAttrKey_ActualPerm).at(0), kWait);
        (void)imported(descriptor, theirs, kAuto, kBadParameter);  // a descriptor serves once
    }
}

TEST_F(SyncPeersTest, ASignalerThatAskedForBothGetsBoth) {
    const SyncList local = cpu_list(module_, kWait);
    const SyncList peer = cpu_list(peer_module_, kWaitSignal);
    const SyncList list = reconciled({local}, {peer});
    const SyncObject object = allocated(list);
    const SyncList theirs = list_there(list);
    (void)exported(object, kSignal, kBadParameter);
    (void)exported(object, kWait, kBadParameter);
    const SyncObject there = imported(exported(object, kWaitSignal), theirs, kWaitSignal);
    const NvSciSyncFence fence = generate(there);
    EXPECT_EQ(poll_there(fence), NvSciError_Timeout);
    EXPECT_EQ(NvSciSyncObjSignal(there), kSuccess);
    EXPECT_EQ(poll_there(fence), kSuccess);
    EXPECT_EQ(poll(carried(fence, object)), kSuccess);
}

TEST_F(SyncPeersTest, AnEndpointWithoutAListGetsNoObject) {
    const SyncObject object = cpu_object(module_);
    (void)exported(object, kAuto, kBadParameter);
    (void)exported(object, kWait, kBadParameter);
}

TEST_F(SyncPeersTest, ListAndObjectTravelInOneBlob) {
    const SyncList local = cpu_list(module_, kSignal);
    const SyncList peer = cpu_list(peer_module_, kWait);
    const SyncList list = reconciled({local}, {peer});
    const SyncObject object = allocated(list);
    void* blob = nullptr;
    std::size_t size = 0;
    for (const NvSciSyncAccessPerm wrong : {kSignal, kWaitSignal, NvSciSyncAccessPerm{0}}) {
        EXPECT_EQ(NvSciSyncIpcExportAttrListAndObj(object, wrong, channel_[0], &blob, &size), kBadParameter);
    }
    ASSERT_EQ(NvSciSyncIpcExportAttrListAndObj(object, kWait, channel_[0], &blob, &size), kSuccess)
        << opennvsciGetLastErrorText();
    EXPECT_GE(size, sizeof(ObjectDescriptor));
    SyncObject there;
    const SyncList other = cpu_list(peer_module_, kSignal);
    const NvSciSyncAttrList unmet[] = {other};
    EXPECT_EQ(NvSciSyncIpcImportAttrListAndObj(peer_module_, channel_[1], blob, size, unmet, 1, kWait, 0, there.out()),
              kBadParameter);
    EXPECT_EQ(
        NvSciSyncIpcImportAttrListAndObj(peer_module_, channel_[1], blob, size, nullptr, 0, kSignal, 0, there.out()),
        kBadParameter);
    const NvSciSyncAttrList met[] = {peer};
    EXPECT_EQ(NvSciSyncIpcImportAttrListAndObj(peer_module_, channel_[1], blob, size, met, 1, kAuto, 0, there.out()),
              kSuccess)
        << opennvsciGetLastErrorText();
    NvSciSyncAttrListAndObjFreeDesc(blob);
    NvSciSyncAttrListAndObjFreeDesc(nullptr);
    const NvSciSyncFence theirs = carried(generate(object), there);
    EXPECT_EQ(poll_there(theirs), NvSciError_Timeout);
    EXPECT_EQ(NvSciSyncObjSignal(object), kSuccess);
    EXPECT_EQ(poll_there(theirs), kSuccess);
}

TEST_F(SyncPeersTest, AMiddleProcessHandsAnObjectOn) {
    // here reconciles; there is in the middle; the leaf is at the other end of a second channel.
    const Channel second("itc_second");
    const NvSciIpcEndpoint middle = second[0];
    const NvSciIpcEndpoint leaf = second[1];
    const SyncModule leaf_module = open_sync_module();
    const WaitContext leaf_context = wait_context(leaf_module);
    const SyncList leaf_list = cpu_list(leaf_module, kWait);
    const SyncList relayed = taken<NvSciSyncAttrList>(peer_module_, sent<NvSciSyncAttrList>({leaf_list}, leaf), middle);
    const SyncList local = cpu_list(module_, kSignal);
    const SyncList list = reconciled({local}, {relayed});
    const SyncObject here = allocated(list);
    const SyncList theirs = list_there(list);
    const SyncObject there = imported(exported(here), theirs);
    ObjectDescriptor descriptor{};
    ASSERT_EQ(NvSciSyncObjIpcExport(there, kAuto, middle, &descriptor), kSuccess) << opennvsciGetLastErrorText();
    const SyncList at_leaf =
        taken_result<NvSciSyncAttrList>(leaf_module, sent_result<NvSciSyncAttrList>(theirs, middle), leaf);
    SyncObject object;
    ASSERT_EQ(NvSciSyncObjIpcImport(leaf, &descriptor, at_leaf, kAuto, 0, object.out()), kSuccess)
        << opennvsciGetLastErrorText();
    const NvSciSyncFence fence = carried(carried(generate(here), there), object);
    EXPECT_EQ(NvSciSyncFenceWait(&fence, leaf_context, 0), NvSciError_Timeout);
    EXPECT_EQ(NvSciSyncObjSignal(here), kSuccess);
    EXPECT_EQ(NvSciSyncFenceWait(&fence, leaf_context, 0), kSuccess);
}

// Fences

TEST_F(SyncPeersTest, AFenceIsImportedAnyNumberOfTimesAndExportedAsTheSameBytes) {
    const SyncList local = cpu_list(module_, kSignal);
    const SyncList peer = cpu_list(peer_module_, kWait);
    const Pair object = shared({local}, {peer});
    const FenceDescriptor descriptor = exported(generate(object.here));
    for (int i = 0; i < 3; ++i) {
        const NvSciSyncFence theirs = imported(object.there, descriptor);
        EXPECT_EQ(poll_there(theirs), NvSciError_Timeout);
        const FenceDescriptor again = exported(theirs);
        EXPECT_EQ(std::memcmp(&again, &descriptor, sizeof(descriptor)), 0);
    }
    const FenceDescriptor cleared = exported(NvSciSyncFenceInitializer);
    EXPECT_EQ(std::count(std::begin(cleared.payload), std::end(cleared.payload), 0U), 7);
    EXPECT_TRUE(is_cleared(imported(object.there, cleared)));
}

TEST_F(SyncPeersTest, AFenceOfAnotherObjectIsRefusedAndTheStorageCleared) {
    const SyncList local = cpu_list(module_, kSignal);
    const SyncList peer = cpu_list(peer_module_, kWait);
    const Pair object = shared({local}, {peer});
    const Pair other = shared({local}, {peer});
    const FenceDescriptor descriptor = exported(generate(other.here));
    NvSciSyncFence fence = carried(generate(object.here), object.there);
    EXPECT_EQ(NvSciSyncIpcImportFence(object.there, &descriptor, &fence), kBadParameter);
    EXPECT_TRUE(is_cleared(fence));
    EXPECT_EQ(NvSciSyncIpcImportFence(nullptr, &descriptor, &fence), kBadParameter);
    EXPECT_EQ(NvSciSyncIpcImportFence(object.there, nullptr, &fence), kBadParameter);
    EXPECT_EQ(NvSciSyncIpcImportFence(object.there, &descriptor, nullptr), kBadParameter);
}

TEST_F(SyncPeersTest, EveryChangedByteOfADescriptorIsSeen) {
    const SyncList local = cpu_list(module_, kSignal);
    const SyncList peer = cpu_list(peer_module_, kWait);
    const SyncList list = reconciled({local}, {peer});
    const SyncObject here = allocated(list);
    const SyncList theirs = list_there(list);
    const ObjectDescriptor descriptor = exported(here);
    for (std::size_t i = 0; i < sizeof(descriptor); ++i) {
        for (const unsigned change : {1U, 0x80U, 0xFFU}) {
            ObjectDescriptor changed = descriptor;
            reinterpret_cast<unsigned char*>(&changed)[i] ^= static_cast<unsigned char>(change);
            SyncObject none;
            ASSERT_EQ(NvSciSyncObjIpcImport(channel_[1], &changed, theirs, kAuto, 0, none.out()), kBadParameter) << i;
        }
    }
    const SyncObject there = imported(descriptor, theirs);
    const FenceDescriptor of_fence = exported(generate(here));
    for (std::size_t i = 0; i < sizeof(of_fence); ++i) {
        for (unsigned change = 1; change < 256; ++change) {
            FenceDescriptor changed = of_fence;
            reinterpret_cast<unsigned char*>(&changed)[i] ^= static_cast<unsigned char>(change);
            NvSciSyncFence none = NvSciSyncFenceInitializer;
            ASSERT_EQ(NvSciSyncIpcImportFence(there, &changed, &none), kBadParameter) << i << " " << change;
        }
    }
}

TEST_F(SyncPeersTest, AFenceOfAPrimitiveWith32BitsIsOneThereToo) {
    const auto narrow = [](NvSciSyncAttrList list) {
        const std::uint32_t primitive = NvSciSyncAttrValPrimitiveType_SysmemSemaphore;
        EXPECT_EQ(set(list, NvSciSyncAttrKey_PrimitiveInfo, primitive), kSuccess);
    };
    const SyncList local = cpu_list(module_, kSignal);
    const SyncList peer = cpu_list(peer_module_, kWait);
    narrow(peer);
    const Pair object = shared({local}, {peer});
    const NvSciSyncFence fence = generate(object.here);
    EXPECT_EQ(value_of(carried(fence, object.there)), value_of(fence));
}

}  // namespace
}  // namespace opennvsci::test
