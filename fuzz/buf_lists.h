// SPDX-License-Identifier: Apache-2.0
//
// BufLists: the attribute lists of the NvSciBuf fuzz target.
#pragma once

#include <array>
#include <string>

#include "lists.h"
#include "nvscibuf.h"

namespace opennvsci::fuzz {

struct BufLibrary {
    using Module = NvSciBufModule;
    using Handle = NvSciBufAttrList;
    using Pair = NvSciBufAttrKeyValuePair;
    static constexpr auto open = NvSciBufModuleOpen;
    static constexpr auto close = NvSciBufModuleClose;
    static constexpr auto create = NvSciBufAttrListCreate;
    static constexpr auto free = NvSciBufAttrListFree;
    static constexpr auto set = NvSciBufAttrListSetAttrs;
    static constexpr auto slot_get = NvSciBufAttrListSlotGetAttrs;
    static constexpr auto slot_count = NvSciBufAttrListGetSlotCount;
    static constexpr auto is_reconciled = NvSciBufAttrListIsReconciled;
    static constexpr auto clone = NvSciBufAttrListClone;
    static constexpr auto append = NvSciBufAttrListAppendUnreconciled;
    static constexpr auto reconcile = NvSciBufAttrListReconcile;
    static constexpr auto validate = NvSciBufAttrListValidateReconciled;
    static constexpr auto decisions = opennvsciBufAttrListGetDecisions;
    static constexpr auto set_name = opennvsciBufAttrListSetName;
    static constexpr NvSciError kInvalid = kReconciliationFailed;

    static bool has_conflict(NvSciError code) { return code == kReconciliationFailed; }
    static bool may_be_copied(NvSciBufAttrList list) {
        for (std::size_t slot = 0; slot < slot_count(list); ++slot) {
            NvSciBufAttrKeyValuePair types{NvSciBufGeneralAttrKey_Types, nullptr, 0};
            REQUIRE(slot_get(list, slot, &types, 1) == kSuccess);
            if (types.len == 0) return false;
        }
        return true;
    }
    static bool is_appended(NvSciBufAttrList, const std::vector<NvSciBufAttrList>&) { return true; }
    static std::string content(NvSciBufAttrList list) {
        void* text = nullptr;
        std::size_t length = 0;
        REQUIRE(NvSciBufAttrListDebugDump(list, &text, &length) == kSuccess);
        std::string copy(static_cast<const char*>(text), length);
        std::free(text);
        return copy;
    }
};

inline bool is_output_key(std::uint32_t key) {
    return key == NvSciBufGeneralAttrKey_CpuNeedSwCacheCoherency || key == NvSciBufGeneralAttrKey_ActualPerm ||
           key == NvSciBufGeneralAttrKey_GpuSwNeedCacheCoherency || key == NvSciBufImageAttrKey_Size ||
           key == NvSciBufArrayAttrKey_Size || key == NvSciBufTensorAttrKey_Size;
}

class BufLists : public Lists<BufLibrary> {
  protected:
    using Lists::Lists;

    void describe_new(NvSciBufAttrList list) override {
        if (in_.ConsumeIntegralInRange(0, 2) == 0) return describe_other_type(list);
        const auto type = NvSciBufType_RawBuffer;
        const std::uint64_t size = in_.ConsumeIntegralInRange<std::uint64_t>(0, 3) == 0 ? 8192 : 4096;
        NvSciBufAttrKeyValuePair pairs[] = {{NvSciBufGeneralAttrKey_Types, &type, sizeof(type)},
                                            {NvSciBufRawBufferAttrKey_Size, &size, sizeof(size)}};
        REQUIRE(NvSciBufAttrListSetAttrs(list, pairs, 2) == kSuccess);
    }

    // What an image, a tensor, an array or a pyramid must have, in small.
    void describe_other_type(NvSciBufAttrList list) {
        const auto number = in_.ConsumeIntegralInRange<std::uint32_t>(NvSciBufType_Image, NvSciBufType_Pyramid);
        const std::uint32_t layout = in_.ConsumeBool();
        const std::uint32_t scan = in_.ConsumeBool();
        const auto planes = in_.ConsumeIntegralInRange<std::uint32_t>(1, 3);
        std::array<std::uint32_t, 3> formats{};
        std::array<std::uint32_t, 3> widths{};
        std::array<std::uint32_t, 3> heights{};
        for (std::uint32_t i = 0; i < planes; ++i) {
            formats[i] = in_.ConsumeIntegralInRange<std::uint32_t>(NvSciColor_U8V8, NvSciColor_B8);
            widths[i] = in_.ConsumeIntegralInRange<std::uint32_t>(1, 100);
            heights[i] = in_.ConsumeIntegralInRange<std::uint32_t>(1, 100);
        }
        const std::uint32_t data_type = NvSciDataType_Int8;
        const std::uint64_t count = in_.ConsumeIntegralInRange<std::uint64_t>(1, 1000);
        const std::uint32_t one = 1;
        const float scale = 0.5F;
        const auto pair = [](NvSciBufAttrKey key, const auto& value) {
            return NvSciBufAttrKeyValuePair{key, &value, sizeof(value)};
        };
        std::vector<NvSciBufAttrKeyValuePair> pairs{pair(NvSciBufGeneralAttrKey_Types, number)};
        if (number == NvSciBufType_Tensor) {
            pairs.insert(
                pairs.end(),
                {pair(NvSciBufTensorAttrKey_DataType, data_type), pair(NvSciBufTensorAttrKey_NumDims, one),
                 pair(NvSciBufTensorAttrKey_SizePerDim, count), pair(NvSciBufTensorAttrKey_AlignmentPerDim, one)});
        } else if (number == NvSciBufType_Array) {
            pairs.insert(pairs.end(),
                         {pair(NvSciBufArrayAttrKey_DataType, data_type), pair(NvSciBufArrayAttrKey_Stride, count),
                          pair(NvSciBufArrayAttrKey_Capacity, count)});
        } else {
            const std::size_t size = planes * sizeof(std::uint32_t);
            pairs.insert(pairs.end(), {pair(NvSciBufImageAttrKey_Layout, layout),
                                       pair(NvSciBufImageAttrKey_ScanType, scan),
                                       pair(NvSciBufImageAttrKey_PlaneCount, planes),
                                       {NvSciBufImageAttrKey_PlaneColorFormat, formats.data(), size},
                                       {NvSciBufImageAttrKey_PlaneWidth, widths.data(), size},
                                       {NvSciBufImageAttrKey_PlaneHeight, heights.data(), size}});
        }
        if (number == NvSciBufType_Pyramid) {
            pairs.insert(pairs.end(),
                         {pair(NvSciBufPyramidAttrKey_NumLevels, planes), pair(NvSciBufPyramidAttrKey_Scale, scale)});
        }
        REQUIRE(NvSciBufAttrListSetAttrs(list, pairs.data(), pairs.size()) == kSuccess);
    }

    std::uint32_t any_key() override {
        static constexpr std::array<std::uint32_t, 6> kStarts{0, 0x10000, 0x20000, 0x30000, 0x40000, 0x50000};
        switch (in_.ConsumeIntegralInRange(0, 9)) {
            case 0:
                return in_.ConsumeIntegral<std::uint32_t>();
            case 1:
                return 1U << 26 | in_.ConsumeIntegralInRange<std::uint32_t>(0, 4);
            case 2:
            case 3:
                return in_.PickValueInArray(kStarts) + in_.ConsumeIntegralInRange<std::uint32_t>(0, 33);
            case 4:
                return 0x10000 + in_.ConsumeIntegralInRange<std::uint32_t>(0, 2);
            default:
                return in_.ConsumeIntegralInRange<std::uint32_t>(1, 13);
        }
    }

    std::vector<std::uint8_t> value_for(std::uint32_t key) override {
        const NvSciRmGpuId& gpu = gpus_[pick(gpus_)];
        if (in_.ConsumeIntegralInRange(0, 5) != 0) {
            switch (key) {
                case NvSciBufGeneralAttrKey_Types:
                    return bytes_of(in_.ConsumeIntegralInRange<std::uint32_t>(1, in_.ConsumeBool() ? 1 : 6));
                case NvSciBufGeneralAttrKey_NeedCpuAccess:
                case NvSciBufGeneralAttrKey_EnableCpuCache:
                    return bytes_of(in_.ConsumeBool());
                case NvSciBufGeneralAttrKey_RequiredPerm:
                    return bytes_of(in_.ConsumeBool() ? 1U : 3U);
                case NvSciBufGeneralAttrKey_GpuId:
                case NvSciBufGeneralAttrKey_VidMem_GpuId:
                    return bytes_of(gpu);
                case NvSciBufGeneralAttrKey_EnableGpuCache:
                    return bytes_of(NvSciBufAttrValGpuCache{gpu, in_.ConsumeBool()});
                case NvSciBufGeneralAttrKey_EnableGpuCompression:
                    return bytes_of(NvSciBufAttrValGpuCompression{gpu, NvSciBufCompressionType_GenericCompressible});
                case NvSciBufRawBufferAttrKey_Size:
                case NvSciBufRawBufferAttrKey_Align:
                    return bytes_of(std::uint64_t{1} << in_.ConsumeIntegralInRange(0, 63));
                default:
                    break;
            }
        }
        static constexpr std::array<std::size_t, 8> kSizes{1, 4, 8, 16, 17, 20, 24, 32};
        return in_.ConsumeBytes<std::uint8_t>(in_.PickValueInArray(kSizes) *
                                              in_.ConsumeIntegralInRange<std::size_t>(0, 3));
    }

    void check_read(const KnownList<NvSciBufAttrList>& list, std::uint32_t key, std::size_t,
                    NvSciError error) override {
        if (error != kSuccess) return;
        REQUIRE(key >> 26 == 0);
        REQUIRE(!(list.reconciled && key == NvSciBufGeneralAttrKey_RequiredPerm));
        REQUIRE(list.reconciled || !is_output_key(key));
    }

    void validate_attributes() {
        if (lists_.empty()) return;
        const auto& list = lists_[pick(lists_)];
        const auto given = any_pairs();
        const NvSciError error =
            NvSciBufAttrListValidateReconciledAgainstAttrs(list.handle, given.pairs.data(), given.pairs.size());
        if (!list.alive || !list.reconciled) REQUIRE(error == kBadParameter);
    }
};

}  // namespace opennvsci::fuzz
