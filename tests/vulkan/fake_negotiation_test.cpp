// SPDX-License-Identifier: Apache-2.0
//
// Negotiations in which a Vulkan device takes part: what comes out of them it can import; what it could not is refused,
// with its reason and a suggestion that was tried.
#include "buffer_exchange.h"
#include "fake_test.h"

namespace opennvsci::test {
namespace {

using namespace vk;  // NOLINT(google-build-using-namespace): Vulkan's own names

class FakeNegotiationTest : public FakeTest {
  protected:
    static constexpr std::uint64_t kSize = 4096;
    FakeNegotiationTest() { register_all(); }

    /// A list of these attributes and of what the Vulkan device needs.
    [[nodiscard]] List vulkan_list(const Attributes& attributes) {
        List list = attributes.list(module_);
        EXPECT_EQ(opennvsciBufAttrListSetName(list, "renderer"), kSuccess);
        EXPECT_EQ(nvsciVkGetPhysicalDeviceSciBufAttributesNV(fake_.physical(), list), VK_SUCCESS)
            << opennvsciGetLastErrorText();
        return list;
    }
    static Attributes raw() {
        return Attributes()
            .with(NvSciBufGeneralAttrKey_Types, NvSciBufType_RawBuffer)
            .with(NvSciBufRawBufferAttrKey_Size, kSize);
    }
    static Attributes rgba(NvSciBufAttrValImageLayoutType layout) {
        return plane_image(layout, {{NvSciColor_A8B8G8R8, 64, 128}});
    }
    static std::string memory_of(NvSciBufAttrList list) {
        const OpenNvSciBufLayout* layout = nullptr;
        EXPECT_EQ(opennvsciBufAttrListGetLayout(list, &layout), kSuccess);
        return layout->memory;
    }
    void expect_importable(const List& result) {
        const Object object = allocate(result);
        NvSciVkMemoryProperties properties{};
        EXPECT_EQ(nvsciVkGetMemoryProperties(fake_.device(), object, &properties), VK_SUCCESS)
            << opennvsciGetLastErrorText();
    }
    /// The lists are refused for this reason, and reconcile with the first suggestion.
    static void expect_refused_until(const std::vector<NvSciBufAttrList>& lists, const std::string& reason,
                                     const std::string& suggestion) {
        const Reconciliation<List> outcome = reconcile(lists);
        ASSERT_EQ(outcome.code, kReconciliationFailed) << opennvsciGetLastErrorText();
        const OpenNvSciReport* report = nullptr;
        ASSERT_EQ(opennvsciBufAttrListGetReport(outcome.conflict, &report), kSuccess);
        ASSERT_NE(report->deciding, nullptr);
        EXPECT_TRUE(contains(report->deciding->reason, "renderer speaks for a Vulkan device, which "));
        EXPECT_TRUE(contains(report->deciding->reason, reason));
        ASSERT_NE(report->deciding->suggestionCount, 0U);
        EXPECT_TRUE(contains(report->deciding->suggestions[0].text, suggestion));
        EXPECT_EQ(report->deciding->suggestions[0].trial, OpenNvSciTrial_Verified)
            << report->deciding->suggestions[0].then;
    }
};

TEST_F(FakeNegotiationTest, ADeviceThatCudaDoesNotKnowGetsNoBlockLinearImage) {
    fake_.is_cpu = true;
    register_again();
    expect_refused_until({vulkan_list(rgba(kBlock))}, "is none that CUDA knows, and only those have block-linear",
                         "set PitchLinear in renderer");
    expect_importable(reconciled({vulkan_list(rgba(kPitch))}));
}

TEST_F(FakeNegotiationTest, WithoutDescriptorsABufferIsInSystemMemory) {
    const List before = reconciled({vulkan_list(raw())});
    EXPECT_EQ(memory_of(before), "video memory");
    fake_.extensions.erase("VK_KHR_external_memory_fd");
    register_again();
    const List list = vulkan_list(raw());
    const List result = reconciled({list});
    EXPECT_EQ(memory_of(result), "system memory");
    const OpenNvSciReport* report = nullptr;
    ASSERT_EQ(opennvsciBufAttrListGetReport(result, &report), kSuccess);
    EXPECT_TRUE(contains(report->places[0].reason,
                         "renderer speaks for a Vulkan device, which has no "
                         "VK_KHR_external_memory_fd"));
    expect_importable(result);
    // What was agreed on for others it could not import.
    NvSciBufAttrList lists[] = {list};
    bool is_valid = true;
    EXPECT_EQ(NvSciBufAttrListValidateReconciled(before, lists, 1, &is_valid), kReconciliationFailed);
    EXPECT_FALSE(is_valid);
    EXPECT_EQ(NvSciBufAttrListValidateReconciled(result, lists, 1, &is_valid), kSuccess);
    EXPECT_TRUE(is_valid) << opennvsciGetLastErrorText();
    expect_refused_until({vulkan_list(rgba(kBlock))}, "has no VK_KHR_external_memory_fd", "set PitchLinear");
    expect_refused_until({vulkan_list(raw().with(NvSciBufGeneralAttrKey_VidMem_GpuId, gpu(0)))},
                         "has no VK_KHR_external_memory_fd", "leave VidMem_GpuId out of renderer");
}

TEST_F(FakeNegotiationTest, WithoutHostPointersABufferIsInVideoMemoryOrRefused) {
    fake_.extensions.erase("VK_EXT_external_memory_host");
    register_again();
    expect_importable(reconciled({vulkan_list(raw())}));
    const List cpu = cpu_list();
    expect_refused_until({cpu, vulkan_list(raw())}, "has no VK_EXT_external_memory_host, which system memory needs",
                         "NeedCpuAccess");
}

TEST_F(FakeNegotiationTest, HostPointersMustFitTheAlignmentOfBuffers) {
    fake_.is_cpu = true;
    fake_.host_pointer_alignment = 65536;
    register_again();
    const List list = raw().list(module_);
    EXPECT_EQ(nvsciVkGetPhysicalDeviceSciBufAttributesNV(fake_.physical(), list), VK_ERROR_FEATURE_NOT_PRESENT);
    EXPECT_TRUE(contains(opennvsciGetLastErrorText(), "imports system memory of multiples of 65536 bytes only"));
}

TEST_F(FakeNegotiationTest, MemoryIsThatOfTheGpuThatVulkanIs) {
    if (gpu_count() < 2) GTEST_SKIP() << "SKIPPED: needs two GPUs";
    expect_differences("retained contexts +1; ");  // of the second GPU, as long as the module lives
    const List image = rgba(kBlock).with(NvSciBufGeneralAttrKey_GpuId, gpu(0)).list(module_);
    fake_.uuid = TestDevice::instance().driver().devices[1].uuid;
    register_again();
    const List result = reconciled({image, vulkan_list(rgba(kBlock))});
    EXPECT_EQ(memory_of(result), "system memory of the driver");
    expect_importable(result);
    const List video = raw().with(NvSciBufGeneralAttrKey_VidMem_GpuId, gpu(0)).list(module_);
    expect_refused_until({video, vulkan_list(raw())},
                         "and the buffer is in video memory of " + TestDevice::instance().device().uuid.text(),
                         "leave VidMem_GpuId out");
}

TEST_F(FakeNegotiationTest, AListSpeaksForOneDevice) {
    const List list = vulkan_list(raw());
    EXPECT_EQ(nvsciVkGetPhysicalDeviceSciBufAttributesNV(fake_.physical(), list), VK_SUCCESS);
    fake_.extensions.erase("VK_KHR_external_memory_fd");
    register_again();
    EXPECT_EQ(nvsciVkGetPhysicalDeviceSciBufAttributesNV(fake_.physical(), list), VK_ERROR_VALIDATION_FAILED_EXT);
    EXPECT_TRUE(contains(opennvsciGetLastErrorText(), "VulkanDescriptors with another value"));
    EXPECT_EQ(memory_of(reconciled({clone(list)})), "video memory") << "the clone speaks for the device as it was";
}

// The list says it in the process that reconciles, which may have no Vulkan.
class FakeNegotiationOfPeers : protected BufferExchangeChannel, public FakeNegotiationTest {};

TEST_F(FakeNegotiationOfPeers, AListOfAPeerSpeaksForItsDevice) {
    fake_.extensions.erase("VK_KHR_external_memory_fd");
    register_again();
    const Module peer_module = open_module();
    const auto wishes = [&](NvSciBufAttrValImageLayoutType layout) {
        List list = rgba(layout).list(peer_module);
        EXPECT_EQ(opennvsciBufAttrListSetName(list, "renderer"), kSuccess);
        EXPECT_EQ(nvsciVkGetPhysicalDeviceSciBufAttributesNV(fake_.physical(), list), VK_SUCCESS);
        return send_wishes(channel_, 1, {list}, module_);
    };
    const List linear = wishes(kPitch);
    const List tiled = wishes(kBlock);
    unregister();
    EXPECT_EQ(memory_of(reconciled({linear})), "system memory");
    const Reconciliation<List> outcome = reconcile({tiled});
    EXPECT_EQ(outcome.code, kReconciliationFailed);
    EXPECT_TRUE(contains(opennvsciGetLastErrorText(), "renderer at peer "));
    EXPECT_TRUE(contains(opennvsciGetLastErrorText(), "which has no VK_KHR_external_memory_fd"));
}

}  // namespace
}  // namespace opennvsci::test
