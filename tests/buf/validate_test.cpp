// SPDX-License-Identifier: Apache-2.0
//
// Does a reconciled list satisfy other lists, or key/value pairs: one satisfied and one unsatisfied case for every
// check rule of nvscibuf.md 4 (column "valid"), and the codes.
#include <ios>

#include "buf_test.h"

namespace opennvsci::test {
namespace {

constexpr auto kMismatch = kAttrListValidationFailed;

/// One key with one value, as bytes.
struct Wish {
    const char* what;
    NvSciBufAttrKey key;
    std::vector<unsigned char> value;
    bool holds;
};

class ValidateTest : public BufTest {
  protected:
    /// A rich list: 5000 bytes at 8192, GPU 0 and the CPU, ReadWrite, two peers.
    [[nodiscard]] List rich() const {
        const List list = raw_list(module_, 5000);
        EXPECT_EQ(set(list, NvSciBufRawBufferAttrKey_Align, std::uint64_t{8192}), kSuccess);
        EXPECT_EQ(set(list, NvSciBufGeneralAttrKey_GpuId, gpu(0)), kSuccess);
        EXPECT_EQ(set(list, NvSciBufGeneralAttrKey_NeedCpuAccess, true), kSuccess);
        EXPECT_EQ(set(list, NvSciBufGeneralAttrKey_EnableCpuCache, true), kSuccess);
        EXPECT_EQ(set(list, NvSciBufGeneralAttrKey_RequiredPerm, NvSciBufAccessPerm_ReadWrite), kSuccess);
        EXPECT_EQ(set(list, NvSciBufGeneralAttrKey_PeerLocationInfo, {peer(1), peer(2)}), kSuccess);
        EXPECT_EQ(set(list, NvSciBufGeneralAttrKey_PeerHwEngineArray, {engine(1), engine(2)}), kSuccess);
        return reconciled({list});
    }
    /// The opposite: nothing asked but a size.
    [[nodiscard]] List plain() const { return reconciled({raw_list(module_, 5000)}); }
    /// In the video memory of GPU 0.
    [[nodiscard]] List video() const {
        const List list = gpu_list(5000);
        EXPECT_EQ(set(list, NvSciBufGeneralAttrKey_VidMem_GpuId, gpu(0)), kSuccess);
        return reconciled({list});
    }

    static NvSciBufPeerLocationInfo peer(std::uint32_t soc) { return {soc, 0, 0}; }
    static NvSciBufPeerHwEngine engine(int platform) {
        return {NvSciBufHwEngName_Gpu, static_cast<NvSciBufPlatformName>(platform)};
    }
    template <class... T>
    static std::vector<unsigned char> bytes(const T&... values) {
        std::vector<unsigned char> raw;
        const auto add = [&](const void* value, std::size_t size) {
            const auto* first = static_cast<const unsigned char*>(value);
            raw.insert(raw.end(), first, first + size);
        };
        (add(&values, sizeof(values)), ...);
        return raw;
    }

    /// Checks the wish both ways: as an unreconciled list, and as a key/value pair.
    void expect(NvSciBufAttrList result, const Wish& wish) const {
        NvSciBufAttrKeyValuePair pair{wish.key, wish.value.data(), wish.value.size()};
        const bool is_types = wish.key == NvSciBufGeneralAttrKey_Types;
        const List list = is_types ? create_list(module_) : raw_list(module_, 0);
        ASSERT_EQ(NvSciBufAttrListSetAttrs(list, &pair, 1), kSuccess) << wish.what << opennvsciGetLastErrorText();
        NvSciBufAttrList lists[] = {list};
        bool valid = !wish.holds;
        EXPECT_EQ(NvSciBufAttrListValidateReconciled(result, lists, 1, &valid),
                  wish.holds ? kSuccess : kReconciliationFailed)
            << wish.what;
        EXPECT_EQ(valid, wish.holds) << wish.what;
        EXPECT_EQ(NvSciBufAttrListValidateReconciledAgainstAttrs(result, &pair, 1), wish.holds ? kSuccess : kMismatch)
            << wish.what;
    }
};

TEST_F(ValidateTest, EveryRuleAcceptsAndRejects) {
    const List rich_list = rich();
    const NvSciBufType raw = NvSciBufType_RawBuffer;
    const NvSciBufType image = NvSciBufType_Image;
    const auto read = NvSciBufAccessPerm_Readonly;
    const auto write = NvSciBufAccessPerm_ReadWrite;
    const auto none = NvSciRmGpuId{};
    const Wish of_rich[] = {
        {"contains the type", NvSciBufGeneralAttrKey_Types, bytes(raw), true},
        {"contains not the type", NvSciBufGeneralAttrKey_Types, bytes(image), false},
        {"contains not both types", NvSciBufGeneralAttrKey_Types, bytes(raw, image), false},
        {"true implies", NvSciBufGeneralAttrKey_NeedCpuAccess, bytes(true), true},
        {"false implies nothing", NvSciBufGeneralAttrKey_NeedCpuAccess, bytes(false), true},
        {"cache", NvSciBufGeneralAttrKey_EnableCpuCache, bytes(true), true},
        {"no cache", NvSciBufGeneralAttrKey_EnableCpuCache, bytes(false), true},
        {"permission", NvSciBufGeneralAttrKey_RequiredPerm, bytes(write), true},
        {"smaller permission", NvSciBufGeneralAttrKey_RequiredPerm, bytes(read), true},
        {"contains the GPU", NvSciBufGeneralAttrKey_GpuId, bytes(gpu(0)), true},
        {"contains not the GPU", NvSciBufGeneralAttrKey_GpuId, bytes(unknown_gpu()), false},
        {"contains not both GPUs", NvSciBufGeneralAttrKey_GpuId, bytes(gpu(0), unknown_gpu()), false},
        {"is not in video memory", NvSciBufGeneralAttrKey_VidMem_GpuId, bytes(gpu(0)), false},
        {"contains the peer", NvSciBufGeneralAttrKey_PeerLocationInfo, bytes(peer(2)), true},
        {"contains not the peer", NvSciBufGeneralAttrKey_PeerLocationInfo, bytes(peer(1), peer(3)), false},
        {"contains the engines", NvSciBufGeneralAttrKey_PeerHwEngineArray, bytes(engine(2), engine(1)), true},
        {"contains not the engine", NvSciBufGeneralAttrKey_PeerHwEngineArray, bytes(engine(3)), false},
        {"same size", NvSciBufRawBufferAttrKey_Size, bytes(std::uint64_t{5000}), true},
        {"smaller size", NvSciBufRawBufferAttrKey_Size, bytes(std::uint64_t{4999}), false},
        {"larger size", NvSciBufRawBufferAttrKey_Size, bytes(std::uint64_t{5001}), false},
        {"same alignment", NvSciBufRawBufferAttrKey_Align, bytes(std::uint64_t{8192}), true},
        {"smaller alignment", NvSciBufRawBufferAttrKey_Align, bytes(std::uint64_t{64}), true},
        {"no alignment", NvSciBufRawBufferAttrKey_Align, bytes(std::uint64_t{0}), true},
        {"larger alignment", NvSciBufRawBufferAttrKey_Align, bytes(std::uint64_t{16384}), false},
    };
    for (const Wish& wish : of_rich)
        expect(rich_list, wish);
    const List plain_list = plain();
    const Wish of_plain[] = {
        {"no CPU access", NvSciBufGeneralAttrKey_NeedCpuAccess, bytes(true), false},
        {"no cache", NvSciBufGeneralAttrKey_EnableCpuCache, bytes(true), false},
        {"read-only", NvSciBufGeneralAttrKey_RequiredPerm, bytes(write), false},
        {"read-only is enough", NvSciBufGeneralAttrKey_RequiredPerm, bytes(read), true},
        {"no GPU", NvSciBufGeneralAttrKey_GpuId, bytes(gpu(0)), false},
        {"no peer", NvSciBufGeneralAttrKey_PeerLocationInfo, bytes(peer(1)), false},
        {"no engine", NvSciBufGeneralAttrKey_PeerHwEngineArray, bytes(engine(1)), false},
    };
    for (const Wish& wish : of_plain)
        expect(plain_list, wish);
    const List video_list = video();
    expect(video_list, {"video memory", NvSciBufGeneralAttrKey_VidMem_GpuId, bytes(gpu(0)), true});
    expect(video_list, {"not in that memory", NvSciBufGeneralAttrKey_VidMem_GpuId, bytes(unknown_gpu()), false});
    expect(video_list, {"in video memory after all", NvSciBufGeneralAttrKey_VidMem_GpuId, bytes(none), false});
}

// nvscibuf.md 4.2: these rows have no documented rule that a settable value could break.
TEST_F(ValidateTest, KeysWithoutARuleAreNotLookedAt) {
    const List list = rich();
    const NvSciBufAttrValGpuCache cached{gpu(0), true};
    const NvSciBufAttrValGpuCompression compressed{gpu(0), NvSciBufCompressionType_GenericCompressible};
    expect(list, {"cacheability", NvSciBufGeneralAttrKey_EnableGpuCache, bytes(cached), true});
    expect(list, {"compression", NvSciBufGeneralAttrKey_EnableGpuCompression, bytes(compressed), true});
}

TEST_F(ValidateTest, AListSatisfiesItsOwnInputs) {
    const List one = gpu_list(5000);
    const List two = cpu_list(5000);
    const List three = create_list(module_);
    ASSERT_EQ(set(three, NvSciBufGeneralAttrKey_RequiredPerm, NvSciBufAccessPerm_ReadWrite), kSuccess);
    const List result = reconciled({one, two, three});
    NvSciBufAttrList lists[] = {one, two, three};
    bool valid = false;
    EXPECT_EQ(NvSciBufAttrListValidateReconciled(result, lists, 3, &valid), kSuccess);
    EXPECT_TRUE(valid);
}

TEST_F(ValidateTest, EverySlotOfEveryListIsChecked) {
    const List result = plain();
    const List good = raw_list(module_, 5000);
    const List bad = raw_list(module_, 5001);
    const List slots = append({good, bad});
    for (const std::vector<NvSciBufAttrList>& lists :
         {std::vector<NvSciBufAttrList>{good, bad}, {bad, good}, {slots}, {good, slots}}) {
        bool valid = true;
        EXPECT_EQ(NvSciBufAttrListValidateReconciled(result, lists.data(), lists.size(), &valid),
                  kReconciliationFailed);
        EXPECT_FALSE(valid);
    }
    EXPECT_TRUE(contains(opennvsciGetLastErrorText(), "NvSciBufRawBufferAttrKey_Size"));
    EXPECT_TRUE(contains(opennvsciGetLastErrorText(), "rule 'equal': the result has it"));
}

TEST_F(ValidateTest, BadArgumentsOfValidateReconciled) {
    const List result = plain();
    const List list = raw_list(module_, 5000);
    const Module elsewhere = open_module();
    const List foreign = raw_list(elsewhere, 5000);
    const List foreign_result = reconciled({foreign});
    const List conflict = std::move(reconcile({list, raw_list(module_, 1)}).conflict);
    NvSciBufAttrList one[] = {list};
    bool valid = true;
    EXPECT_EQ(NvSciBufAttrListValidateReconciled(nullptr, one, 1, &valid), kBadParameter);
    EXPECT_EQ(NvSciBufAttrListValidateReconciled(list, one, 1, &valid), kBadParameter) << "not reconciled";
    EXPECT_EQ(NvSciBufAttrListValidateReconciled(conflict, one, 1, &valid), kBadParameter);
    EXPECT_EQ(NvSciBufAttrListValidateReconciled(result, nullptr, 1, &valid), kBadParameter);
    EXPECT_EQ(NvSciBufAttrListValidateReconciled(result, one, 0, &valid), kBadParameter);
    EXPECT_EQ(NvSciBufAttrListValidateReconciled(result, one, 1, nullptr), kBadParameter);
    EXPECT_EQ(NvSciBufAttrListValidateReconciled(foreign_result, one, 1, &valid), kBadParameter);
    for (const NvSciBufAttrList second :
         {list.get(), result.get(), foreign.get(), conflict.get(), static_cast<NvSciBufAttrList>(nullptr)}) {
        NvSciBufAttrList two[] = {list, second};
        EXPECT_EQ(NvSciBufAttrListValidateReconciled(result, two, 2, &valid), kBadParameter);
    }
    EXPECT_TRUE(valid) << "no answer was given";
}

TEST_F(ValidateTest, BadArgumentsOfAgainstAttrs) {
    const List result = plain();
    const List list = raw_list(module_, 5000);
    const std::uint64_t size = 5000;
    const std::uint32_t perm = NvSciBufAccessPerm_Auto;
    const NvSciBufAttrKeyValuePair good{NvSciBufRawBufferAttrKey_Size, &size, 8};
    EXPECT_EQ(NvSciBufAttrListValidateReconciledAgainstAttrs(result, &good, 1), kSuccess);
    EXPECT_EQ(NvSciBufAttrListValidateReconciledAgainstAttrs(nullptr, &good, 1), kBadParameter);
    EXPECT_EQ(NvSciBufAttrListValidateReconciledAgainstAttrs(list, &good, 1), kBadParameter) << "not reconciled";
    EXPECT_EQ(NvSciBufAttrListValidateReconciledAgainstAttrs(result, nullptr, 1), kBadParameter);
    EXPECT_EQ(NvSciBufAttrListValidateReconciledAgainstAttrs(result, &good, 0), kBadParameter);
    const NvSciBufAttrKeyValuePair bad[] = {
        {NvSciBufAttrKey_LowerBound, &size, 8},        {NvSciBufAttrKey_UpperBound, &size, 8},
        {NvSciBufGeneralAttrKey_ActualPerm, &perm, 4}, {NvSciBufRawBufferAttrKey_Align, nullptr, 8},
        {NvSciBufRawBufferAttrKey_Align, &size, 4},    {NvSciBufGeneralAttrKey_RequiredPerm, &perm, 4},
        {NvSciBufImageAttrKey_Layout, &perm, 4},       {NvSciBufRawBufferAttrKey_Size, &size, 8},
    };
    for (const NvSciBufAttrKeyValuePair& second : bad) {
        const NvSciBufAttrKeyValuePair pairs[] = {good, second};
        EXPECT_EQ(NvSciBufAttrListValidateReconciledAgainstAttrs(result, pairs, 2), kBadParameter)
            << std::hex << second.key;
    }
}

TEST_F(ValidateTest, PairsMayBringTypesAndManyKeys) {
    const List result = plain();
    const std::uint64_t size = 5000;
    const NvSciBufType type = NvSciBufType_RawBuffer;
    const bool yes = true;
    const NvSciBufAttrKeyValuePair pairs[] = {{NvSciBufRawBufferAttrKey_Size, &size, sizeof(size)},
                                              {NvSciBufGeneralAttrKey_Types, &type, sizeof(type)},
                                              {NvSciBufGeneralAttrKey_NeedCpuAccess, &yes, sizeof(yes)}};
    EXPECT_EQ(NvSciBufAttrListValidateReconciledAgainstAttrs(result, pairs, 2), kSuccess);
    EXPECT_EQ(NvSciBufAttrListValidateReconciledAgainstAttrs(result, pairs, 3), kMismatch);
}

// A clone may be set once more, also to another type; what it held for the old one is not asked.
TEST_F(ValidateTest, AListThatBecameAnotherTypeSatisfiesItsOwnResult) {
    const List other = clone(raw_list(module_, 5000));
    ASSERT_EQ(set(other, NvSciBufGeneralAttrKey_Types, NvSciBufType_Array), kSuccess);
    ASSERT_EQ(set(other, NvSciBufArrayAttrKey_DataType, NvSciDataType_Uint8), kSuccess);
    ASSERT_EQ(set(other, NvSciBufArrayAttrKey_Stride, std::uint64_t{1}), kSuccess);
    ASSERT_EQ(set(other, NvSciBufArrayAttrKey_Capacity, std::uint64_t{100}), kSuccess);
    const List result = reconciled({other});
    NvSciBufAttrList lists[] = {other};
    bool is_valid = false;
    EXPECT_EQ(NvSciBufAttrListValidateReconciled(result, lists, 1, &is_valid), kSuccess) << opennvsciGetLastErrorText();
    EXPECT_TRUE(is_valid);
}

TEST_F(ValidateTest, APermissionThatWasReducedIsNamed) {
    const List list = raw_list(module_, 5000);
    ASSERT_EQ(set(list, NvSciBufGeneralAttrKey_RequiredPerm, NvSciBufAccessPerm_ReadWrite), kSuccess);
    const Object object = allocate(reconciled({list}));
    Object reduced;
    ASSERT_EQ(NvSciBufObjDupWithReducePerm(object, NvSciBufAccessPerm_Readonly, reduced.out()), kSuccess);
    NvSciBufAttrList own = nullptr;
    ASSERT_EQ(NvSciBufObjGetAttrList(reduced, &own), kSuccess);
    NvSciBufAttrList lists[] = {list};
    bool is_valid = true;
    EXPECT_EQ(NvSciBufAttrListValidateReconciled(own, lists, 1, &is_valid), kReconciliationFailed);
    EXPECT_FALSE(is_valid);
    EXPECT_TRUE(
        contains(opennvsciGetLastErrorText(), "NvSciBufGeneralAttrKey_ActualPerm Readonly, the other one ReadWrite"));
}

}  // namespace
}  // namespace opennvsci::test
