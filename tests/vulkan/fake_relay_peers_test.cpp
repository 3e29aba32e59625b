// SPDX-License-Identifier: Apache-2.0
//
// Fences between Vulkan and another process, played by one: what an importer with Vulkan may do, and what a peer cannot
// make it do.
#include "api/handles.h"
#include "fake_fence.h"
#include "sync/object.h"
#include "sync_peers.h"

namespace opennvsci::test {
namespace {

using namespace cu;  // NOLINT(google-build-using-namespace): CUDA's own names
using namespace vk;  // NOLINT(google-build-using-namespace): Vulkan's own names

class FakeRelayPeers : public SyncPeersTest {
  protected:
    void SetUp() override {
        if (!TestDevice::current().driver().is_software) GTEST_SKIP() << "for the software device";
        semaphores_.are_exported = false;
        ASSERT_EQ(nvsciVkRegisterInstance(fake_.instance(), FakeVulkan::get_instance_proc_addr), VK_SUCCESS);
        ASSERT_EQ(nvsciVkRegisterDevice(fake_.physical(), fake_.device()), VK_SUCCESS);
    }
    void TearDown() override {
        nvsciVkUnregisterInstance(fake_.instance());
        SyncPeersTest::TearDown();
    }
    [[nodiscard]] SyncList vulkan_there(VkSciSyncClientTypeNV client) {
        return vulkan_list(peer_module_, fake_.physical(), client);
    }
    FakeVulkan fake_;
    FakeSemaphores semaphores_;
};

TEST_F(FakeRelayPeers, AnImportersCudaMayBeApartFromItsVulkan) {
    const SyncList cpu = cpu_list(module_, kWait);
    const SyncList streams = gpu_list(peer_module_, 1);
    const SyncList vulkan = vulkan_there(kWaiter);
    const Pair object = shared({cpu}, {streams, vulkan});
    const Pool pool(fake_.device(), object.there);
    const Semaphore semaphore(object.there);
    NvSciSyncFence fence = NvSciSyncFenceInitializer;
    ASSERT_EQ(semaphore.signal(first_, &fence), CUDA_SUCCESS) << opennvsciGetLastErrorText();
    EXPECT_TRUE(semaphores_.comes_to(pool.wait(fence)));
    EXPECT_EQ(wait_here(carried(fence, object.here)), kSuccess);
}

TEST_F(FakeRelayPeers, APeerIsToldWhatHasBecomeOfVulkan) {
    const SyncList cpu = cpu_list(module_, kWait);
    const SyncList vulkan = vulkan_there(kSignaler);
    const Pair object = shared({cpu}, {vulkan});
    Pool pool(fake_.device(), object.there);
    NvSciSyncFence fence = NvSciSyncFenceInitializer;
    semaphores_.submit(pool.signal(&fence));
    const NvSciSyncFence first = carried(fence, object.here);
    EXPECT_EQ(wait_here(first), kSuccess);
    (void)pool.signal(&fence);
    const NvSciSyncFence second = carried(fence, object.here);
    pool.destroy();
    EXPECT_EQ(wait_here(first), kSuccess);
    EXPECT_EQ(wait_here(second), kResourceError);
    EXPECT_TRUE(contains(opennvsciGetLastErrorText(), "has destroyed the Vulkan semaphore pool"))
        << opennvsciGetLastErrorText();
}

// The page that both share can be written by the peer, who only waits.
TEST_F(FakeRelayPeers, WhatAPeerHasWrittenIsNoValueOfVulkan) {
    for (const std::uint64_t lie : {std::uint64_t{1000}, UINT64_MAX}) {
        const SyncList cpu = cpu_list(module_, kWait);
        const SyncList vulkan = vulkan_there(kSignaler);
        const Pair object = shared({cpu}, {vulkan});
        const auto inside = api::sync_objects().acquire(api::number(object.here.get()));
        static_cast<sync::CounterWords*>((*inside).object()->timeline().counter().pages().words->address())->payload =
            lie;
        const Pool pool(fake_.device(), object.there);
        EXPECT_EQ(semaphores_.alive.begin()->second->value(), 0U);
        NvSciSyncFence fence = NvSciSyncFenceInitializer;
        NvSciVkSemaphoreValue signal{};
        EXPECT_NE(pool.signal(&fence, &signal), VK_SUCCESS);
        EXPECT_TRUE(contains(opennvsciGetLastErrorText(), "a peer has changed its payload"))
            << opennvsciGetLastErrorText();
        EXPECT_TRUE(is_cleared(fence));
    }
}

TEST_F(FakeRelayPeers, OfTwoImportsOneSignals) {
    const SyncList cpu = cpu_list(module_, kWait);
    const SyncList vulkan = vulkan_there(kSignaler);
    const SyncList list = reconciled({cpu}, {vulkan});
    const SyncObject here = allocated(list);
    const SyncList theirs = list_there(list);
    const SyncObject first = imported(exported(here), theirs);
    const SyncObject second = imported(exported(here), theirs);
    const Pool signals(fake_.device(), first);
    const Pool refused(fake_.device(), second);
    NvSciSyncFence fence = NvSciSyncFenceInitializer;
    semaphores_.submit(signals.signal(&fence));
    EXPECT_EQ(wait_here(carried(fence, here)), kSuccess);
    NvSciSyncFence none = NvSciSyncFenceInitializer;
    NvSciVkSemaphoreValue unused{};
    EXPECT_NE(refused.signal(&none, &unused), VK_SUCCESS);
    EXPECT_TRUE(contains(opennvsciGetLastErrorText(), "another import of it")) << opennvsciGetLastErrorText();
    EXPECT_TRUE(is_cleared(none));
}

}  // namespace
}  // namespace opennvsci::test
