// SPDX-License-Identifier: Apache-2.0
//
// SyncLists: the attribute lists of the NvSciSync fuzz target.
#pragma once

#include <array>
#include <string>

#include "lists.h"
#include "nvscisync.h"

namespace opennvsci::fuzz {

struct SyncLibrary {
    using Module = NvSciSyncModule;
    using Handle = NvSciSyncAttrList;
    using Pair = NvSciSyncAttrKeyValuePair;
    static constexpr auto open = NvSciSyncModuleOpen;
    static constexpr auto close = NvSciSyncModuleClose;
    static constexpr auto create = NvSciSyncAttrListCreate;
    static constexpr auto free = NvSciSyncAttrListFree;
    static constexpr auto set = NvSciSyncAttrListSetAttrs;
    static constexpr auto slot_get = NvSciSyncAttrListSlotGetAttrs;
    static constexpr auto slot_count = NvSciSyncAttrListGetSlotCount;
    static constexpr auto is_reconciled = NvSciSyncAttrListIsReconciled;
    static constexpr auto clone = NvSciSyncAttrListClone;
    static constexpr auto append = NvSciSyncAttrListAppendUnreconciled;
    static constexpr auto reconcile = NvSciSyncAttrListReconcile;
    static constexpr auto validate = NvSciSyncAttrListValidateReconciled;
    static constexpr auto decisions = opennvsciSyncAttrListGetDecisions;
    static constexpr auto set_name = opennvsciSyncAttrListSetName;
    static constexpr NvSciError kInvalid = kBadParameter;

    static bool has_conflict(NvSciError code) {
        REQUIRE(code == kSuccess || code == kBadParameter || code == kReconciliationFailed ||
                code == kUnsupportedConfig);
        return code == kReconciliationFailed || code == kUnsupportedConfig;
    }
    static bool may_be_copied(NvSciSyncAttrList) { return true; }
    static bool is_appended(NvSciSyncAttrList appended, const std::vector<NvSciSyncAttrList>& inputs) {
        std::string all;
        for (NvSciSyncAttrList list : inputs)
            all += content(list);
        return content(appended) == all;
    }
    static std::string content(NvSciSyncAttrList list) {
        std::string all;
        for (std::size_t slot = 0; slot < NvSciSyncAttrListGetSlotCount(list); ++slot) {
            for (std::uint32_t key = NvSciSyncAttrKey_LowerBound + 1; key < NvSciSyncAttrKey_UpperBound; ++key) {
                auto pair = pair_of<NvSciSyncAttrKeyValuePair>(key, nullptr, 0);
                REQUIRE(slot_get(list, slot, &pair, 1) == kSuccess);
                all += std::to_string(key) + ':';
                if (pair.len != 0) all.append(static_cast<const char*>(pair.value), pair.len);
            }
            all += '|';
        }
        return all;
    }
};

template <class T>
T value_of(NvSciSyncAttrList list, NvSciSyncAttrKey key) {
    const void* value = nullptr;
    std::size_t length = 0;
    REQUIRE(NvSciSyncAttrListGetAttr(list, key, &value, &length) == kSuccess && length == sizeof(T));
    T copy;
    std::memcpy(&copy, value, sizeof(copy));
    return copy;
}

class SyncLists : public Lists<SyncLibrary> {
  protected:
    using Lists::Lists;

    void describe_new(NvSciSyncAttrList list) override {
        const NvSciSyncAccessPerm permission = in_.ConsumeIntegralInRange<std::uint64_t>(1, 3);
        const bool has_cpu = in_.ConsumeBool();
        const Pair pairs[] = {{NvSciSyncAttrKey_RequiredPerm, &permission, sizeof(permission)},
                              {NvSciSyncAttrKey_NeedCpuAccess, &has_cpu, sizeof(has_cpu)}};
        REQUIRE(NvSciSyncAttrListSetAttrs(list, pairs, in_.ConsumeBool() ? 2 : 1) == kSuccess);
    }

    std::uint32_t any_key() override {
        switch (in_.ConsumeIntegralInRange(0, 9)) {
            case 0:
                return in_.ConsumeIntegral<std::uint32_t>();
            case 1:
                return 1U << 26 | in_.ConsumeIntegralInRange<std::uint32_t>(0, 5);
            default:
                return in_.ConsumeIntegralInRange<std::uint32_t>(0, NvSciSyncAttrKey_UpperBound);
        }
    }

    std::vector<std::uint8_t> value_for(std::uint32_t key) override {
        if (in_.ConsumeIntegralInRange(0, 5) != 0) {
            switch (key) {
                case NvSciSyncAttrKey_NeedCpuAccess:
                case NvSciSyncAttrKey_WaiterContextInsensitiveFenceExports:
                case NvSciSyncAttrKey_WaiterRequireTimestamps:
                case NvSciSyncAttrKey_RequireDeterministicFences:
                    return bytes_of(in_.ConsumeBool());
                case NvSciSyncAttrKey_RequiredPerm:
                    return bytes_of(in_.ConsumeIntegralInRange<std::uint64_t>(0, 4));
                case NvSciSyncAttrKey_PrimitiveInfo:
                    return in_.ConsumeBool() ? bytes_of(std::array<std::uint32_t, 2>{2, 4})
                                             : bytes_of(in_.ConsumeIntegralInRange<std::uint32_t>(0, 6));
                case NvSciSyncAttrKey_GpuId:
                    return bytes_of(gpus_[pick(gpus_)]);
                default:
                    break;
            }
        }
        // Long enough to go past the greatest arrays.
        const auto length =
            in_.ConsumeIntegralInRange<std::size_t>(0, 64) * (in_.ConsumeIntegralInRange(0, 7) == 0 ? 40 : 1);
        std::vector<std::uint8_t> value = in_.ConsumeBytes<std::uint8_t>(length);
        value.resize(length);
        return value;
    }

    void check_read(const KnownList<NvSciSyncAttrList>& list, std::uint32_t key, std::size_t slot,
                    NvSciError error) override {
        const bool is_key = key > NvSciSyncAttrKey_LowerBound && key < NvSciSyncAttrKey_UpperBound;
        const bool is_there = list.alive && is_key && slot < NvSciSyncAttrListGetSlotCount(list.handle);
        REQUIRE(error == (is_there ? kSuccess : kBadParameter));
    }

    // Which documents no rule for any pair.
    void validate_attributes() {
        if (lists_.empty()) return;
        const auto given = any_pairs();
        REQUIRE(NvSciSyncAttrListValidateReconciledAgainstAttrs(lists_[pick(lists_)].handle, given.pairs.data(),
                                                                given.pairs.size(), 0) == kSuccess);
    }

    void fill_chip_to_chip() {
        if (lists_.empty()) return;
        const auto& list = lists_[pick(lists_)];
        const std::string before = list.alive ? SyncLibrary::content(list.handle) : std::string();
        const NvSciError error = NvSciSyncFillC2cAttrs(list.handle, in_.ConsumeIntegralInRange<std::uint64_t>(0, 4));
        if (error == kSuccess) REQUIRE(list.alive && !list.reconciled && !list.conflict);
        if (error == kSuccess) return;
        REQUIRE(error == kBadParameter);
        if (list.alive) REQUIRE(SyncLibrary::content(list.handle) == before);
    }
};

}  // namespace opennvsci::fuzz
