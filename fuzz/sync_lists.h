// SPDX-License-Identifier: Apache-2.0
//
// SyncLists: the modules and attribute lists of the NvSciSync fuzz target, and the calls on them.
#pragma once

#include <array>
#include <string>

#include "nvscisync.h"
#include "support.h"

namespace opennvsci::fuzz {

// All that can be read of a list.
inline std::string content(NvSciSyncAttrList list) {
    std::string all;
    for (std::size_t slot = 0; slot < NvSciSyncAttrListGetSlotCount(list); ++slot) {
        for (std::uint32_t key = NvSciSyncAttrKey_LowerBound + 1; key < NvSciSyncAttrKey_UpperBound; ++key) {
            auto pair = pair_of<NvSciSyncAttrKeyValuePair>(key, nullptr, 0);
            REQUIRE(NvSciSyncAttrListSlotGetAttrs(list, slot, &pair, 1) == NvSciError_Success);
            all += std::to_string(key) + ':';
            if (pair.len != 0) all.append(static_cast<const char*>(pair.value), pair.len);
        }
        all += '|';
    }
    return all;
}

template <class T>
T value_of(NvSciSyncAttrList list, NvSciSyncAttrKey key) {
    const void* value = nullptr;
    std::size_t length = 0;
    REQUIRE(NvSciSyncAttrListGetAttr(list, key, &value, &length) == NvSciError_Success && length == sizeof(T));
    T copy;
    std::memcpy(&copy, value, sizeof(copy));
    return copy;
}

class SyncLists {
  protected:
    using Pair = NvSciSyncAttrKeyValuePair;

    SyncLists(const std::uint8_t* data, std::size_t size) : in_(data, size), gpus_(gpu_ids()) {}

    template <class T>
    std::size_t pick(const std::vector<T>& known) {
        return fuzz::pick(in_, known);
    }
    void open_module() {
        if (modules_.size() == kMostModules) return;
        NvSciSyncModule module = nullptr;
        REQUIRE(NvSciSyncModuleOpen(&module) == NvSciError_Success);
        modules_.push_back({module, true});
    }

    void close_module() {
        const std::size_t i = pick(modules_);
        if (!modules_[i].alive) return;
        NvSciSyncModuleClose(modules_[i].handle);
        modules_[i].alive = false;
    }

    void create_list() {
        if (lists_.size() >= kMostHandles) return;
        const std::size_t module = pick(modules_);
        auto list = untouched<NvSciSyncAttrList>();
        const NvSciError error = NvSciSyncAttrListCreate(modules_[module].handle, &list);
        REQUIRE(error == (modules_[module].alive ? NvSciError_Success : NvSciError_BadParameter));
        REQUIRE((list == untouched<NvSciSyncAttrList>()) == !modules_[module].alive);
        if (!modules_[module].alive) return;
        lists_.add(list, module, false);
        // Mostly lists that can be reconciled, or little else would ever happen.
        if (in_.ConsumeIntegralInRange(0, 7) == 0) return;
        const NvSciSyncAccessPerm permission = in_.ConsumeIntegralInRange<std::uint64_t>(1, 3);
        const bool has_cpu = in_.ConsumeBool();
        const Pair pairs[] = {{NvSciSyncAttrKey_RequiredPerm, &permission, sizeof(permission)},
                              {NvSciSyncAttrKey_NeedCpuAccess, &has_cpu, sizeof(has_cpu)}};
        REQUIRE(NvSciSyncAttrListSetAttrs(list, pairs, in_.ConsumeBool() ? 2 : 1) == NvSciError_Success);
    }

    std::uint32_t any_key() {
        switch (in_.ConsumeIntegralInRange(0, 9)) {
            case 0:
                return in_.ConsumeIntegral<std::uint32_t>();
            case 1:
                return 1U << 26 | in_.ConsumeIntegralInRange<std::uint32_t>(0, 5);
            default:
                return in_.ConsumeIntegralInRange<std::uint32_t>(0, NvSciSyncAttrKey_UpperBound);
        }
    }

    std::vector<std::uint8_t> value_for(std::uint32_t key) {
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

    void set() {
        if (lists_.empty()) return;
        const auto& list = lists_[pick(lists_)];
        const auto given = any_pairs<Pair>(
            in_, [this] { return any_key(); }, [this](std::uint32_t key) { return value_for(key); });
        const std::string before = list.alive ? content(list.handle) : std::string();
        const NvSciError error = NvSciSyncAttrListSetAttrs(list.handle, given.pairs.data(), given.pairs.size());
        if (error != NvSciError_Success) REQUIRE(error == NvSciError_BadParameter);
        if (!list.alive || list.reconciled || list.conflict) REQUIRE(error == NvSciError_BadParameter);
        if (error != NvSciError_Success && list.alive) REQUIRE(content(list.handle) == before);
        REQUIRE(NvSciSyncAttrListValidateReconciledAgainstAttrs(list.handle, given.pairs.data(), given.pairs.size(),
                                                                0) == NvSciError_Success);
    }

    void fill_chip_to_chip() {
        if (lists_.empty()) return;
        const auto& list = lists_[pick(lists_)];
        const std::string before = list.alive ? content(list.handle) : std::string();
        const NvSciError error = NvSciSyncFillC2cAttrs(list.handle, in_.ConsumeIntegralInRange<std::uint64_t>(0, 4));
        if (error == NvSciError_Success) REQUIRE(list.alive && !list.reconciled && !list.conflict);
        if (error == NvSciError_Success) return;
        REQUIRE(error == NvSciError_BadParameter);
        if (list.alive) REQUIRE(content(list.handle) == before);
    }

    void get() {
        if (lists_.empty()) return;
        const auto& list = lists_[pick(lists_)];
        const std::uint32_t key = any_key();
        const auto slot = in_.ConsumeIntegralInRange<std::size_t>(0, 3);
        static const char sentinel = 0;
        auto pair = pair_of<Pair>(key, &sentinel, 77);
        const NvSciError error = NvSciSyncAttrListSlotGetAttrs(list.handle, slot, &pair, 1);
        const bool is_key = key > NvSciSyncAttrKey_LowerBound && key < NvSciSyncAttrKey_UpperBound;
        const bool is_there = list.alive && is_key && slot < NvSciSyncAttrListGetSlotCount(list.handle);
        REQUIRE(error == (is_there ? NvSciError_Success : NvSciError_BadParameter));
        if (!is_there) {
            REQUIRE(pair.value == &sentinel && pair.len == 77);
            return;
        }
        REQUIRE((pair.value == nullptr) == (pair.len == 0));
        const std::vector<std::uint8_t> copy(pair.len);  // touches every byte of the value
        if (pair.len != 0) std::memcpy(const_cast<std::uint8_t*>(copy.data()), pair.value, pair.len);
        bool is_reconciled = !list.reconciled;
        REQUIRE(NvSciSyncAttrListIsReconciled(list.handle, &is_reconciled) == NvSciError_Success);
        REQUIRE(is_reconciled == list.reconciled);
    }

    void clone() {
        if (lists_.empty() || lists_.size() >= kMostHandles) return;
        const auto list = lists_[pick(lists_)];
        auto copy = untouched<NvSciSyncAttrList>();
        const NvSciError error = NvSciSyncAttrListClone(list.handle, &copy);
        REQUIRE(error == (list.alive ? NvSciError_Success : NvSciError_BadParameter));
        REQUIRE((copy == untouched<NvSciSyncAttrList>()) == !list.alive);
        if (!list.alive) return;
        REQUIRE(content(copy) == content(list.handle));
        lists_.add(copy, list.module, list.reconciled, list.conflict);
    }

    void append() {
        if (lists_.size() >= kMostHandles) return;
        const auto chosen = lists_.choose(in_);
        const auto inputs = lists_.handles(chosen);
        auto appended = untouched<NvSciSyncAttrList>();
        const NvSciError error = NvSciSyncAttrListAppendUnreconciled(inputs.data(), inputs.size(), &appended);
        REQUIRE(error == (lists_.can_be_combined(chosen) ? NvSciError_Success : NvSciError_BadParameter));
        if (error != NvSciError_Success) {
            REQUIRE(appended == untouched<NvSciSyncAttrList>());
            return;
        }
        std::string all;
        for (NvSciSyncAttrList list : inputs)
            all += content(list);
        REQUIRE(content(appended) == all);
        // Appending doubles: keep the lists small, so that speed is spent on variety.
        if (NvSciSyncAttrListGetSlotCount(appended) > 64) return NvSciSyncAttrListFree(appended);
        lists_.add(appended, lists_[chosen[0]].module, false);
    }

    // What both functions that reconcile have in common.
    void check_refusal(const KnownLists<NvSciSyncAttrList>::Choice& chosen, NvSciError error,
                       NvSciSyncAttrList conflict) {
        REQUIRE(error == NvSciError_Success || error == NvSciError_BadParameter ||
                error == NvSciError_ReconciliationFailed || error == NvSciError_UnsupportedConfig);
        const bool has_conflict = error == NvSciError_ReconciliationFailed || error == NvSciError_UnsupportedConfig;
        REQUIRE((conflict != nullptr) == has_conflict);
        if (!lists_.can_be_combined(chosen)) REQUIRE(error == NvSciError_BadParameter);
        if (error != NvSciError_Success) REQUIRE(*opennvsciGetLastErrorText() != '\0');
        if (conflict != nullptr) lists_.add(conflict, lists_[chosen[0]].module, false, true);
    }

    void reconcile() {
        if (lists_.size() + 2 >= kMostHandles) return;
        const auto chosen = lists_.choose(in_);
        const auto inputs = lists_.handles(chosen);
        auto reconciled = untouched<NvSciSyncAttrList>();
        auto conflict = untouched<NvSciSyncAttrList>();
        const NvSciError error = NvSciSyncAttrListReconcile(inputs.data(), inputs.size(), &reconciled, &conflict);
        check_refusal(chosen, error, conflict);
        REQUIRE((error == NvSciError_Success) == (reconciled != nullptr));
        if (error != NvSciError_Success) return;
        bool valid = false;
        REQUIRE(NvSciSyncAttrListValidateReconciled(reconciled, inputs.data(), inputs.size(), &valid) ==
                    NvSciError_Success &&
                valid);
        NvSciSyncAttrList again = nullptr;
        REQUIRE(NvSciSyncAttrListReconcile(inputs.data(), inputs.size(), &again, &conflict) == NvSciError_Success);
        REQUIRE(content(again) == content(reconciled));
        NvSciSyncAttrListFree(again);
        lists_.add(reconciled, lists_[chosen[0]].module, true);
    }

    void validate() {
        if (lists_.empty()) return;
        const auto& list = lists_[pick(lists_)];
        const auto chosen = lists_.choose(in_);
        const auto inputs = lists_.handles(chosen);
        bool valid = false;
        const NvSciError error = NvSciSyncAttrListValidateReconciled(list.handle, inputs.data(), inputs.size(), &valid);
        if (!list.alive || !list.reconciled || !lists_.can_be_combined(chosen))
            REQUIRE(error == NvSciError_BadParameter);
        REQUIRE(error == (valid ? NvSciError_Success : NvSciError_BadParameter));
    }

    void describe() {
        if (lists_.empty()) return;
        const auto& list = lists_[pick(lists_)];
        const OpenNvSciDecision* decisions = nullptr;
        std::size_t count = 0;
        const NvSciError error = opennvsciSyncAttrListGetDecisions(list.handle, &decisions, &count);
        check_decisions(list, error, std::span(decisions, count));
        const std::string name = in_.ConsumeRandomLengthString(70);
        (void)opennvsciSyncAttrListSetName(list.handle, name.c_str());
    }

    void free_list(std::size_t index) {
        auto& list = lists_[index];
        if (!list.alive) return;
        NvSciSyncAttrListFree(list.handle);
        if (list.borrowed) {
            REQUIRE(!content(list.handle).empty());  // freeing it has no effect
            return;
        }
        list.alive = false;
    }

    FuzzedDataProvider in_;
    std::vector<NvSciRmGpuId> gpus_;
    std::vector<Known<NvSciSyncModule>> modules_;
    KnownLists<NvSciSyncAttrList> lists_;
};

}  // namespace opennvsci::fuzz
