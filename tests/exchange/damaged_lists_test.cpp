// SPDX-License-Identifier: Apache-2.0
//
// Blobs that no honest peer sends: cut off, changed in any byte, or with values that are legal one by one and describe
// no buffer together. Each gives an error, or a list that can be used like any other.
#include <algorithm>
#include <cstring>

#include "attr/wire.h"
#include "buf/buffer_type.h"
#include "buf/reconcile.h"
#include "buf_test.h"
#include "exchange.h"
#include "exchange_channel.h"
#include "sync/keys.h"

namespace opennvsci::test {
namespace {

namespace wire = attr::wire;

// Everything that reads a list.
void use(NvSciBufAttrList list, NvSciBufModule module) {
    void* text = nullptr;
    std::size_t size = 0;
    EXPECT_EQ(NvSciBufAttrListDebugDump(list, &text, &size), kSuccess);
    std::free(text);
    bool is_reconciled = false;
    EXPECT_EQ(NvSciBufAttrListIsReconciled(list, &is_reconciled), kSuccess);
    const List other = raw_list(module, 4096);
    if (is_reconciled) {
        const NvSciBufAttrList lists[] = {other};
        bool is_valid = false;
        (void)NvSciBufAttrListValidateReconciled(list, lists, 1, &is_valid);
        const OpenNvSciBufLayout* layout = nullptr;
        (void)opennvsciBufAttrListGetLayout(list, &layout);
        const OpenNvSciDecision* decisions = nullptr;
        std::size_t count = 0;
        (void)opennvsciBufAttrListGetDecisions(list, &decisions, &count);
    } else {
        (void)reconcile({list, other});
    }
}

void use(NvSciSyncAttrList list, NvSciSyncModule module) {
    bool is_reconciled = false;
    EXPECT_EQ(NvSciSyncAttrListIsReconciled(list, &is_reconciled), kSuccess);
    const SyncList other = test::cpu_list(module, NvSciSyncAccessPerm_SignalOnly);
    if (is_reconciled) {
        const NvSciSyncAttrList lists[] = {other};
        bool is_valid = false;
        (void)NvSciSyncAttrListValidateReconciled(list, lists, 1, &is_valid);
        const OpenNvSciDecision* decisions = nullptr;
        std::size_t count = 0;
        (void)opennvsciSyncAttrListGetDecisions(list, &decisions, &count);
    } else {
        (void)reconcile({list, other});
    }
}

/// Imports every truncation of the blob, and the blob with each byte changed in two ways; uses what is taken. Returns
/// how many were.
template <class Handle, class Import>
int take_damaged(const BlobBytes& blob, typename ListExchange<Handle>::Module module, Import&& import) {
    int taken = 0;
    const auto attempt = [&](const BlobBytes& bytes, bool may_be_good) {
        typename ListExchange<Handle>::List list;
        if (import(bytes, list.out()) != kSuccess) return;
        EXPECT_TRUE(may_be_good);
        ++taken;
        use(list.get(), module);
    };
    for (std::size_t size = 0; size < blob.size(); ++size)
        attempt({blob.begin(), blob.begin() + static_cast<std::ptrdiff_t>(size)}, false);
    for (std::size_t i = 0; i < blob.size(); ++i) {
        for (const unsigned change : {0x01U, 0xFFU}) {
            BlobBytes bytes = blob;
            bytes[i] ^= static_cast<std::byte>(change);
            attempt(bytes, i >= 24);  // the header says whose it is, what it is and how long
        }
    }
    return taken;
}

class DamagedListsTest : protected ExchangeFixture, public BufTest {
  protected:
    Module peer_module_ = open_module();
};

TEST_F(DamagedListsTest, UnreconciledListsOfBuffersAreTakenOrRefused) {
    const List list = raw_list(peer_module_, 4096);
    ASSERT_EQ(set(list, NvSciBufGeneralAttrKey_GpuId, gpu(0)), kSuccess);
    ASSERT_EQ(opennvsciBufAttrListSetName(list, "camera"), kSuccess);
    const List arrived = taken<NvSciBufAttrList>(module_, sent<NvSciBufAttrList>({list}, channel_[1]), channel_[0]);
    const BlobBytes blob = sent<NvSciBufAttrList>({arrived, raw_list(module_, 1)}, channel_[0]);
    EXPECT_GT(take_damaged<NvSciBufAttrList>(blob, peer_module_,
                                             [&](const BlobBytes& bytes, NvSciBufAttrList* out) {
                                                 return NvSciBufAttrListIpcImportUnreconciled(
                                                     peer_module_, channel_[1], bytes.data(), bytes.size(), out);
                                             }),
              0)
        << "a size is a size";
}

TEST_F(DamagedListsTest, AReconciledListOfABufferIsTakenOrRefused) {
    const List typeless = create_list(module_);
    ASSERT_EQ(set(typeless, NvSciBufGeneralAttrKey_NeedCpuAccess, true), kSuccess);
    const List image = plane_image(kPitch, {{NvSciColor_Y8, 64, 48}, {NvSciColor_V8U8, 32, 24}}).list(peer_module_);
    const List arrived = taken<NvSciBufAttrList>(module_, sent<NvSciBufAttrList>({image}, channel_[1]), channel_[0]);
    const BlobBytes blob = sent_result<NvSciBufAttrList>(reconciled({arrived, typeless}), channel_[0]);
    EXPECT_GT(take_damaged<NvSciBufAttrList>(blob, peer_module_,
                                             [&](const BlobBytes& bytes, NvSciBufAttrList* out) {
                                                 return NvSciBufAttrListIpcImportReconciled(peer_module_, channel_[1],
                                                                                            bytes.data(), bytes.size(),
                                                                                            nullptr, 0, out);
                                             }),
              0);
}

TEST_F(DamagedListsTest, ListsOfSynchronizationObjectsAreTakenOrRefused) {
    const SyncModule module = open_sync_module();
    const SyncModule peer = open_sync_module();
    const BlobBytes up = sent<NvSciSyncAttrList>(
        {test::cpu_list(peer, NvSciSyncAccessPerm_WaitOnly), test::gpu_list(peer, 2)}, channel_[1]);
    take_damaged<NvSciSyncAttrList>(up, module, [&](const BlobBytes& bytes, NvSciSyncAttrList* out) {
        return NvSciSyncAttrListIpcImportUnreconciled(module, channel_[0], bytes.data(), bytes.size(), out);
    });
    const auto outcome = reconcile(
        {test::cpu_list(module, NvSciSyncAccessPerm_SignalOnly), taken<NvSciSyncAttrList>(module, up, channel_[0])});
    ASSERT_EQ(outcome.code, kSuccess);
    const BlobBytes down = sent_result<NvSciSyncAttrList>(outcome.reconciled, channel_[0]);
    take_damaged<NvSciSyncAttrList>(down, peer, [&](const BlobBytes& bytes, NvSciSyncAttrList* out) {
        return NvSciSyncAttrListIpcImportReconciled(peer, channel_[1], bytes.data(), bytes.size(), nullptr, 0, out);
    });
}

/// One value of a result that no reconciliation gives together with the others.
struct Lie {
    std::uint32_t key;
    std::vector<std::uint64_t> values;  // of the key's type
    const char* text;                   // of the refusal
};

class LyingResultTest : public BufTest {
  protected:
    /// The check of a result says what the lie is about, and passes the result without it.
    void expect_caught(const Attributes& asked, const std::vector<Lie>& lies) const {
        const List list = result_of(asked);
        const attr::Slot& honest = (*api::lists().acquire(api::number(list.get())))->list->reconciled();
        const auto truth = buf::check_result(honest);
        EXPECT_TRUE(truth) << truth.error().text;
        for (const Lie& lie : lies) {
            const attr::Key& key = *buf::schema().find(lie.key);
            std::vector<std::byte> bytes;
            for (const std::uint64_t value : lie.values) {
                std::vector<std::byte> element(key.type->size);  // what is longer than the number ends with zeros
                std::memcpy(element.data(), &value, std::min(element.size(), sizeof(value)));
                bytes.insert(bytes.end(), element.begin(), element.end());
            }
            attr::Slot slot = honest;
            slot.put(key, bytes);
            const auto legal = attr::Slot::checked(slot);
            ASSERT_TRUE(legal) << "each value alone is legal: " << legal.error().text;
            const auto checked = buf::check_result(slot);
            ASSERT_FALSE(checked) << key.name << " " << key.text(bytes);
            EXPECT_EQ(checked.error().code, kBadParameter);
            EXPECT_TRUE(contains(checked.error().text, lie.text)) << key.name;
        }
    }
};

constexpr std::uint64_t kHuge = std::uint64_t{1} << 63;

TEST_F(LyingResultTest, OfARawBuffer) {
    const Attributes raw = Attributes()
                               .with(NvSciBufGeneralAttrKey_Types, NvSciBufType_RawBuffer)
                               .with(NvSciBufRawBufferAttrKey_Size, std::uint64_t{4096})
                               .with(NvSciBufGeneralAttrKey_GpuId, gpu(0));
    expect_caught(raw, {{NvSciBufRawBufferAttrKey_Size, {~std::uint64_t{0}}, "exceed the address space"},
                        {NvSciBufGeneralAttrKey_NeedCpuAccess, {1}, "no CPU sees video memory"},
                        {buf::kMemoryGpu, {0}, ""}});
}

TEST_F(LyingResultTest, OfAnImage) {
    const std::vector<PlaneDescription> planes{{NvSciColor_Y8, 640, 480}, {NvSciColor_V8U8, 320, 240}};
    expect_caught(plane_image(kPitch, planes),
                  {{NvSciBufImageAttrKey_Size, {4096}, "the end of plane"},
                   {NvSciBufImageAttrKey_PlanePitch, {100, 768}, "less than a row"},
                   {NvSciBufImageAttrKey_PlanePitch, {0xFFFFFFFF, 768}, "less than the rows"},
                   {NvSciBufImageAttrKey_PlaneAlignedHeight, {479, 240}, "less than the rows of a field"},
                   {NvSciBufImageAttrKey_PlaneAlignedHeight, {0xFFFFFFFF, 240}, "less than the rows"},
                   {NvSciBufImageAttrKey_PlaneOffset, {0, 512}, "overlaps"},
                   {NvSciBufImageAttrKey_PlaneOffset, {0, ~std::uint64_t{511}}, "the end of plane"},
                   {NvSciBufImageAttrKey_PlaneAlignedSize, {~std::uint64_t{0}, 1 << 20}, "the end of plane"},
                   {NvSciBufImageAttrKey_PlaneAlignedSize, {1, 1}, "less than the rows"},
                   {NvSciBufImageAttrKey_PlaneSecondFieldOffset, {4096, 0}, "not behind the first field"},
                   {NvSciBufImageAttrKey_PlaneBitsPerPixel, {64, 16}, "not that of the colour format"},
                   {NvSciBufImageAttrKey_PlaneWidth, {640, 0xFFFFFFFF}, "less than a row"},
                   {NvSciBufImageAttrKey_PlaneHeight, {640000, 240}, "less than the rows of a field"},
                   {NvSciBufImageAttrKey_PlaneColorFormat,
                    {NvSciColor_Float_A16B16G16R16, NvSciColor_V8U8},
                    "not that of the colour format"}});
}

TEST_F(LyingResultTest, OfAnInterlacedImage) {
    const Attributes image = plane_image(kPitch, {{NvSciColor_A8B8G8R8, 64, 64}})
                                 .with(NvSciBufImageAttrKey_ScanType, NvSciBufScan_InterlaceType);
    expect_caught(image, {{NvSciBufImageAttrKey_PlaneSecondFieldOffset, {0}, "not behind the first field"},
                          {NvSciBufImageAttrKey_PlaneSecondFieldOffset, {~std::uint64_t{0}}, "less than the rows"},
                          {NvSciBufImageAttrKey_ScanType, {NvSciBufScan_ProgressiveType}, ""}});
}

TEST_F(LyingResultTest, OfABlockLinearImage) {
    expect_caught(plane_image(kBlock, {{NvSciColor_A8B8G8R8, 1024, 1024}}),
                  {{NvSciBufImageAttrKey_PlaneHeight, {1030}, "less than the rows"},
                   {NvSciBufImageAttrKey_PlaneAlignedSize, {std::uint64_t{4} << 20 | 1}, ""},
                   {NvSciBufImageAttrKey_PlaneWidth, {1025}, "less than a row"}});
}

TEST_F(LyingResultTest, OfATensor) {
    const Attributes tensor = Attributes()
                                  .with(NvSciBufGeneralAttrKey_Types, NvSciBufType_Tensor)
                                  .with(NvSciBufTensorAttrKey_DataType, NvSciDataType_Float16)
                                  .with(NvSciBufTensorAttrKey_NumDims, std::uint32_t{2})
                                  .with<std::uint64_t>(NvSciBufTensorAttrKey_SizePerDim, {16, 32})
                                  .with<std::uint32_t>(NvSciBufTensorAttrKey_AlignmentPerDim, {64, 2});
    expect_caught(tensor, {{NvSciBufTensorAttrKey_Size, {100}, "less than its elements"},
                           {NvSciBufTensorAttrKey_SizePerDim, {16, 0}, "dimension 1 has 0"},
                           {NvSciBufTensorAttrKey_SizePerDim, {kHuge, 32}, "less than its elements"},
                           {NvSciBufTensorAttrKey_StridesPerDim, {kHuge, 2}, "less than its elements"},
                           {NvSciBufTensorAttrKey_StridesPerDim, {1024, 64}, "less than its elements"}});
}

TEST_F(LyingResultTest, OfAnArray) {
    const Attributes array = Attributes()
                                 .with(NvSciBufGeneralAttrKey_Types, NvSciBufType_Array)
                                 .with(NvSciBufArrayAttrKey_DataType, NvSciDataType_Int32)
                                 .with(NvSciBufArrayAttrKey_Stride, std::uint64_t{8})
                                 .with(NvSciBufArrayAttrKey_Capacity, std::uint64_t{100});
    expect_caught(array, {{NvSciBufArrayAttrKey_Stride, {1}, "less than an element"},
                          {NvSciBufArrayAttrKey_Capacity, {kHuge}, "less than its elements"},
                          {NvSciBufArrayAttrKey_Size, {100}, "less than its elements"}});
}

TEST_F(LyingResultTest, OfAPyramid) {
    const Attributes pyramid = plane_image(kPitch, {{NvSciColor_A8B8G8R8, 64, 64}})
                                   .with<NvSciBufType>(NvSciBufGeneralAttrKey_Types, {NvSciBufType_Pyramid})
                                   .with(NvSciBufPyramidAttrKey_NumLevels, std::uint32_t{2})
                                   .with(NvSciBufPyramidAttrKey_Scale, 0.5F);
    expect_caught(pyramid, {{NvSciBufPyramidAttrKey_LevelSize, {1, 1}, "smaller than the image"},
                            {NvSciBufPyramidAttrKey_LevelOffset, {0, 0}, "overlaps"},
                            {NvSciBufPyramidAttrKey_LevelOffset, {~std::uint64_t{0}, 0}, "overlaps"}});
}

}  // namespace
}  // namespace opennvsci::test
