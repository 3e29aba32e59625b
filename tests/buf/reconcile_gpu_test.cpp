// SPDX-License-Identifier: Apache-2.0
//
// Reconciling what GPUs ask: who takes part, whose memory holds the buffer, and the attributes that exist per GPU.
// Where a buffer lies is seen by whether EnableGpuCache is true: a discrete GPU caches its video memory only.
#include "buf_test.h"

namespace opennvsci::test {
namespace {

constexpr auto kGpuId = NvSciBufGeneralAttrKey_GpuId;
constexpr auto kVidMem = NvSciBufGeneralAttrKey_VidMem_GpuId;
constexpr auto kCpu = NvSciBufGeneralAttrKey_NeedCpuAccess;
constexpr auto kCache = NvSciBufGeneralAttrKey_EnableGpuCache;
constexpr auto kCompression = NvSciBufGeneralAttrKey_EnableGpuCompression;
constexpr auto kGeneric = NvSciBufCompressionType_GenericCompressible;

class ReconcileGpuTest : public BufTest {
  protected:
    void SetUp() override {
        if (TestDevice::instance().device().is_integrated) GTEST_SKIP() << "these are the rules of discrete GPUs";
    }
    static bool compresses() {
        const TestDevice& device = TestDevice::instance();
        return device.device().grants_compression(device.driver());
    }
    /// The cacheability of every GPU of the result, in its order.
    static std::vector<bool> cached(NvSciBufAttrList list) {
        std::vector<bool> flags;
        for (const auto& element : get<NvSciBufAttrValGpuCache>(list, kCache))
            flags.push_back(element.cacheability);
        return flags;
    }
    static std::vector<NvSciBufCompressionType> compression(NvSciBufAttrList list) {
        std::vector<NvSciBufCompressionType> types;
        for (const auto& element : get<NvSciBufAttrValGpuCompression>(list, kCompression))
            types.push_back(element.compressionType);
        return types;
    }
    /// A complete list that asks GPU 0 for compression.
    [[nodiscard]] List compressed_list() const {
        List list = gpu_list();
        EXPECT_EQ(set(list, kCompression, NvSciBufAttrValGpuCompression{gpu(0), kGeneric}), kSuccess);
        return list;
    }
};

#define NEEDS_TWO_GPUS() \
    if (gpu_count() < 2) GTEST_SKIP() << "needs two devices, there is one"

using Gpus = std::vector<NvSciRmGpuId>;
using Flags = std::vector<bool>;

TEST_F(ReconcileGpuTest, GpuIdsAreUnitedInOrderOfFirstAppearance) {
    NEEDS_TWO_GPUS();
    const List one = raw_list(module_, 4096);
    const List two = raw_list(module_, 0);
    ASSERT_EQ(set(one, kGpuId, {gpu(1), gpu(1)}), kSuccess);
    ASSERT_EQ(set(two, kGpuId, {gpu(0), gpu(1)}), kSuccess);
    EXPECT_TRUE(same(get<NvSciRmGpuId>(reconciled({one, two}), kGpuId), {gpu(1), gpu(0)}));
    EXPECT_TRUE(same(get<NvSciRmGpuId>(reconciled({two, one}), kGpuId), {gpu(0), gpu(1)}));
}

TEST_F(ReconcileGpuTest, BothSpellingsOfADeviceAreAccepted) {
    const auto& device = TestDevice::instance().device();
    NvSciRmGpuId instance{};
    std::memcpy(instance.bytes, device.instance_uuid.bytes.data(), sizeof(instance.bytes));
    const List list = raw_list(module_, 4096);
    ASSERT_EQ(set(list, kGpuId, instance), kSuccess);
    EXPECT_EQ(cached(reconciled({list})), Flags{true});
}

TEST_F(ReconcileGpuTest, AGpuThatDoesNotExistIsRefused) {
    for (const auto key : {kGpuId, kVidMem}) {
        for (const NvSciRmGpuId& id : {unknown_gpu(), NvSciRmGpuId{}}) {
            const List list = raw_list(module_, 4096);
            ASSERT_EQ(set(list, key, id), kSuccess) << "only the reconciliation asks the machine";
            const Reconciliation<List> outcome = reconcile({list});
            EXPECT_EQ(outcome.code, kBadParameter);
            EXPECT_EQ(outcome.conflict.get(), nullptr);
            EXPECT_TRUE(contains(opennvsciGetLastErrorText(), "GpuId"));
        }
    }
    const List list = gpu_list();
    const List other = raw_list(module_, 0);
    ASSERT_EQ(set(other, kGpuId, {gpu(0), unknown_gpu()}), kSuccess);
    EXPECT_EQ(reconcile({list, other}).code, kBadParameter);
}

TEST_F(ReconcileGpuTest, MoreThanSixteenGpusFail) {
    Gpus many;
    for (unsigned char i = 1; i <= 16; ++i)
        many.push_back(unknown_gpu(i));
    const List one = raw_list(module_, 4096);
    NvSciBufAttrKeyValuePair pair{kGpuId, many.data(), many.size() * sizeof(many[0])};
    ASSERT_EQ(NvSciBufAttrListSetAttrs(one, &pair, 1), kSuccess);
    const Reconciliation<List> outcome = reconcile({one, gpu_list()});
    EXPECT_EQ(outcome.code, kReconciliationFailed);
    EXPECT_NE(outcome.conflict.get(), nullptr);
}

TEST_F(ReconcileGpuTest, PlacementFollowsWhoTakesPart) {
    EXPECT_EQ(cached(reconciled({gpu_list()})), Flags{true}) << "one GPU, no CPU: video memory";
    EXPECT_EQ(cached(reconciled({gpu_list(), cpu_list()})), Flags{false}) << "the CPU: system memory";
    const List quiet = raw_list(module_, 4096);
    ASSERT_EQ(set(quiet, kCpu, false), kSuccess);
    EXPECT_EQ(cached(reconciled({gpu_list(), quiet})), Flags{true}) << "false is no CPU access";
    EXPECT_TRUE(cached(reconciled({cpu_list()})).empty()) << "no GPU, so nothing per GPU";
}

TEST_F(ReconcileGpuTest, SeveralGpusShareSystemMemory) {
    NEEDS_TWO_GPUS();
    const List other = raw_list(module_, 0);
    ASSERT_EQ(set(other, kGpuId, gpu(1)), kSuccess);
    EXPECT_EQ(cached(reconciled({gpu_list(), other})), (Flags{false, false}));
}

TEST_F(ReconcileGpuTest, VidMemPlacesTheBufferInVideoMemory) {
    const List list = gpu_list();
    ASSERT_EQ(set(list, kVidMem, gpu(0)), kSuccess);
    const List result = reconciled({list});
    EXPECT_EQ(cached(result), Flags{true});
    EXPECT_TRUE(same(get<NvSciRmGpuId>(result, kVidMem), {gpu(0)}));
}

TEST_F(ReconcileGpuTest, VidMemWorksWithoutGpuId) {
    const List list = raw_list(module_, 4096);
    ASSERT_EQ(set(list, kVidMem, gpu(0)), kSuccess);
    const List result = reconciled({list});
    EXPECT_TRUE(same(get<NvSciRmGpuId>(result, kGpuId), {NvSciRmGpuId{}}));
    EXPECT_TRUE(cached(result).empty());
    EXPECT_NE(allocate(result).get(), nullptr);
}

TEST_F(ReconcileGpuTest, VidMemWithCpuAccessIsNotSupported) {
    const List list = cpu_list();
    ASSERT_EQ(set(list, kVidMem, gpu(0)), kSuccess);
    const Reconciliation<List> outcome = reconcile({list});
    EXPECT_EQ(outcome.code, kNotSupported);
    EXPECT_EQ(outcome.conflict.get(), nullptr);
    EXPECT_TRUE(contains(opennvsciGetLastErrorText(), "NvSciBufGeneralAttrKey_VidMem_GpuId"));
    EXPECT_TRUE(contains(opennvsciGetLastErrorText(), "NeedCpuAccess"));
    const List video = gpu_list();
    ASSERT_EQ(set(video, kVidMem, gpu(0)), kSuccess);
    EXPECT_EQ(reconcile({video, cpu_list()}).code, kNotSupported) << "also if another list asks for the CPU";
}

TEST_F(ReconcileGpuTest, TwoOwnersOfVideoMemoryFail) {
    NEEDS_TWO_GPUS();
    const List one = gpu_list();
    const List two = gpu_list();
    ASSERT_EQ(set(one, kVidMem, gpu(0)), kSuccess);
    ASSERT_EQ(set(two, kVidMem, gpu(1)), kSuccess);
    EXPECT_EQ(reconcile({one, two}).code, kReconciliationFailed);
    const List same = gpu_list();
    ASSERT_EQ(set(same, kVidMem, gpu(0)), kSuccess);
    EXPECT_EQ(reconcile({one, same}).code, kSuccess);
}

TEST_F(ReconcileGpuTest, VideoMemoryOfOneGpuServesAnotherThatReachesIt) {
    NEEDS_TWO_GPUS();
    const TestDevice& device = TestDevice::instance();
    int reaches = 0;
    device.cuda().cuDeviceCanAccessPeer(&reaches, device.driver().devices[1].handle, device.device().handle);
    const List list = gpu_list();
    ASSERT_EQ(set(list, kVidMem, gpu(0)), kSuccess);
    const List other = raw_list(module_, 0);
    ASSERT_EQ(set(other, kGpuId, gpu(1)), kSuccess);
    const Reconciliation<List> outcome = reconcile({list, other});
    ASSERT_EQ(outcome.code, reaches != 0 ? kSuccess : kNotSupported);
    if (reaches != 0) {
        EXPECT_EQ(cached(outcome.reconciled), (Flags{true, true}));
    }
}

TEST_F(ReconcileGpuTest, CacheabilityEqualToTheDefaultIsAccepted) {
    const List list = gpu_list();
    ASSERT_EQ(set(list, kCache, NvSciBufAttrValGpuCache{gpu(0), true}), kSuccess);
    EXPECT_EQ(cached(reconciled({list})), Flags{true});
    const List uncached = gpu_list();
    ASSERT_EQ(set(uncached, kCache, NvSciBufAttrValGpuCache{gpu(0), false}), kSuccess);
    EXPECT_EQ(cached(reconciled({uncached, cpu_list()})), Flags{false}) << "what NVIDIA's CUDA guide asks for";
}

TEST_F(ReconcileGpuTest, UncachedWithoutCpuIsSystemMemory) {
    const List list = gpu_list();
    ASSERT_EQ(set(list, kCache, NvSciBufAttrValGpuCache{gpu(0), false}), kSuccess);
    EXPECT_EQ(cached(reconciled({list})), Flags{false});
}

TEST_F(ReconcileGpuTest, CacheabilityOtherThanTheDefaultFails) {
    const List cached_list = gpu_list();
    ASSERT_EQ(set(cached_list, kCache, NvSciBufAttrValGpuCache{gpu(0), true}), kSuccess);
    EXPECT_EQ(reconcile({cached_list, cpu_list()}).code, kReconciliationFailed) << "system memory is never cached";
    const List video = gpu_list();
    ASSERT_EQ(set(video, kVidMem, gpu(0)), kSuccess);
    ASSERT_EQ(set(video, kCache, NvSciBufAttrValGpuCache{gpu(0), false}), kSuccess);
    const Reconciliation<List> outcome = reconcile({video});
    EXPECT_EQ(outcome.code, kReconciliationFailed) << "video memory is always cached";
    EXPECT_NE(outcome.conflict.get(), nullptr);
    const List uncached = gpu_list();
    ASSERT_EQ(set(uncached, kCache, NvSciBufAttrValGpuCache{gpu(0), false}), kSuccess);
    EXPECT_EQ(reconcile({cached_list, uncached}).code, kReconciliationFailed);
    EXPECT_EQ(reconcile({uncached, cached_list}).code, kReconciliationFailed);
}

TEST_F(ReconcileGpuTest, CacheabilityOfAGpuThatTakesNoPartFails) {
    for (const NvSciRmGpuId& id : {unknown_gpu(), gpu(0)}) {
        const List list = raw_list(module_, 4096);
        ASSERT_EQ(set(list, kCache, NvSciBufAttrValGpuCache{id, false}), kSuccess);
        EXPECT_EQ(reconcile({list}).code, kReconciliationFailed) << "nobody names it in GpuId";
    }
    const List list = gpu_list();
    ASSERT_EQ(set(list, kCache, NvSciBufAttrValGpuCache{unknown_gpu(), true}), kSuccess);
    EXPECT_EQ(reconcile({list}).code, kReconciliationFailed);
    EXPECT_TRUE(contains(opennvsciGetLastErrorText(), "NvSciBufGeneralAttrKey_EnableGpuCache"));
}

TEST_F(ReconcileGpuTest, SoftwareCacheMaintenanceIsNeverNeeded) {
    const auto coherency = NvSciBufGeneralAttrKey_GpuSwNeedCacheCoherency;
    for (const bool with_cpu : {false, true}) {
        const List second = with_cpu ? cpu_list() : raw_list(module_, 4096);
        const auto needs = get<NvSciBufAttrValGpuCache>(reconciled({gpu_list(), second}), coherency);
        ASSERT_EQ(needs.size(), 1U);
        EXPECT_TRUE(same({needs[0].gpuId}, {gpu(0)}));
        EXPECT_FALSE(needs[0].cacheability);
    }
    EXPECT_TRUE(get<NvSciBufAttrValGpuCache>(reconciled({cpu_list()}), coherency).empty());
}

TEST_F(ReconcileGpuTest, CompressionIsNoneIfNobodyAsks) {
    EXPECT_EQ(compression(reconciled({gpu_list()})),
              std::vector<NvSciBufCompressionType>{NvSciBufCompressionType_None});
    EXPECT_TRUE(compression(reconciled({cpu_list()})).empty());
}

TEST_F(ReconcileGpuTest, CompressionIsGrantedWhereTheDeviceHasIt) {
    const auto expected = compresses() ? kGeneric : NvSciBufCompressionType_None;
    EXPECT_EQ(compression(reconciled({compressed_list()})), std::vector<NvSciBufCompressionType>{expected});
    EXPECT_EQ(compression(reconciled({compressed_list(), compressed_list()})),
              std::vector<NvSciBufCompressionType>{expected});
    EXPECT_NE(allocate(reconciled({compressed_list()})).get(), nullptr);
}

TEST_F(ReconcileGpuTest, CompressionIsSilentlyDeniedInSystemMemory) {
    const std::vector<NvSciBufCompressionType> none{NvSciBufCompressionType_None};
    EXPECT_EQ(compression(reconciled({compressed_list(), cpu_list()})), none) << "a list needs the CPU";
    const List uncached = gpu_list();
    ASSERT_EQ(set(uncached, kCache, NvSciBufAttrValGpuCache{gpu(0), false}), kSuccess);
    EXPECT_EQ(compression(reconciled({compressed_list(), uncached})), none);
}

TEST_F(ReconcileGpuTest, CompressionIsDeniedIfTwoGpusAsk) {
    NEEDS_TWO_GPUS();
    const List other = raw_list(module_, 0);
    ASSERT_EQ(set(other, kGpuId, gpu(1)), kSuccess);
    ASSERT_EQ(set(other, kCompression, NvSciBufAttrValGpuCompression{gpu(1), kGeneric}), kSuccess);
    const std::vector<NvSciBufCompressionType> none(2, NvSciBufCompressionType_None);
    EXPECT_EQ(compression(reconciled({compressed_list(), other})), none);
    const List video = raw_list(module_, 0);
    ASSERT_EQ(set(video, kVidMem, gpu(0)), kSuccess);
    const Reconciliation<List> outcome = reconcile({compressed_list(), other, video});
    if (outcome.code == kSuccess) {  // not supported where the GPUs do not reach each other
        EXPECT_EQ(compression(outcome.reconciled), none);
    }
}

// Not of those who want what most do, but of who brings the other one.
TEST_F(ReconcileGpuTest, WhoBringsAnotherGpuIsNamed) {
    NEEDS_TWO_GPUS();
    const auto reason_of = [](NvSciBufAttrList list, std::uint32_t key) {
        const OpenNvSciReport* report = nullptr;
        EXPECT_EQ(opennvsciBufAttrListGetReport(list, &report), kSuccess);
        for (const OpenNvSciDecision& made : std::span(report->decisions, report->decisionCount)) {
            if (made.key == key) return std::string(made.reason);
        }
        return std::string();
    };
    const List first = compressed_list();
    const List second = gpu_list();
    const List culprit = raw_list(module_, 4096);
    ASSERT_EQ(set(culprit, kGpuId, gpu(1)), kSuccess);
    ASSERT_EQ(opennvsciBufAttrListSetName(culprit, "culprit"), kSuccess);
    const std::string who = "GpuId of culprit names another than ";
    const std::string system = reason_of(reconciled({first, second, culprit}), kCompression);
    EXPECT_NE(system.find("several GPUs take part and VidMem_GpuId is unset (" + who), std::string::npos) << system;
    ASSERT_EQ(set(culprit, kCompression, NvSciBufAttrValGpuCompression{gpu(1), kGeneric}), kSuccess);
    const std::string both = reason_of(reconciled({first, second, culprit}), kCompression);
    EXPECT_NE(both.find("EnableGpuCompression of culprit names another than "), std::string::npos) << both;
}

TEST_F(ReconcileGpuTest, CompressionOfAGpuThatTakesNoPartFails) {
    const List list = raw_list(module_, 4096);
    ASSERT_EQ(set(list, kCompression, NvSciBufAttrValGpuCompression{gpu(0), kGeneric}), kSuccess);
    EXPECT_EQ(reconcile({list}).code, kReconciliationFailed);
    EXPECT_TRUE(contains(opennvsciGetLastErrorText(), "NvSciBufGeneralAttrKey_EnableGpuCompression"));
    EXPECT_EQ(reconcile({list, gpu_list()}).code, kSuccess) << "any list may name it";
}

TEST_F(ReconcileGpuTest, AskingForNoCompressionCannotBeSet) {
    const List list = gpu_list();
    EXPECT_EQ(set(list, kCompression, NvSciBufAttrValGpuCompression{gpu(0), NvSciBufCompressionType_None}),
              kBadParameter);
}

}  // namespace
}  // namespace opennvsci::test
