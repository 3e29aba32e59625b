// SPDX-License-Identifier: Apache-2.0
//
// What the tests of NvSciBuf share: a module, the GPUs of the device, and short ways from wishes to results.
#pragma once

#include <algorithm>
#include <array>
#include <cstring>
#include <string>
#include <vector>

#include "api/handles.h"
#include "attributes.h"
#include "buf/keys.h"
#include "device.h"
#include "leak_check.h"

namespace opennvsci::test {

inline bool same(const std::vector<NvSciRmGpuId>& a, const std::vector<NvSciRmGpuId>& b) {
    return a.size() == b.size() && (a.empty() || std::memcmp(a.data(), b.data(), a.size() * sizeof(a[0])) == 0);
}

/// True if `text` contains `part`; as a matcher's message, the text itself.
inline ::testing::AssertionResult contains(const std::string& text, const std::string& part) {
    if (text.find(part) != std::string::npos) return ::testing::AssertionSuccess();
    return ::testing::AssertionFailure() << "'" << text << "' does not contain '" << part << "'";
}

inline std::string name_of(std::uint32_t key) {
    return buf::schema().find(key)->name;
}

class BufTest : public LeakCheckedTest {
  protected:
    static std::size_t gpu_count() { return TestDevice::instance().driver().devices.size(); }
    static NvSciRmGpuId gpu(std::size_t index) { return id_of(TestDevice::instance().driver().devices.at(index)); }
    /// An id that no device has.
    static NvSciRmGpuId unknown_gpu(unsigned char byte = 0xEE) {
        NvSciRmGpuId id{};
        std::memset(id.bytes, byte, sizeof(id.bytes));
        return id;
    }

    /// A complete list for `size` bytes that GPU 0 uses alone.
    [[nodiscard]] List gpu_list(std::uint64_t size = 4096) const {
        List list = raw_list(module_, size);
        EXPECT_EQ(set(list, NvSciBufGeneralAttrKey_GpuId, gpu(0)), kSuccess);
        return list;
    }
    /// A complete list for `size` bytes that the CPU uses.
    [[nodiscard]] List cpu_list(std::uint64_t size = 4096) const {
        List list = raw_list(module_, size);
        EXPECT_EQ(set(list, NvSciBufGeneralAttrKey_NeedCpuAccess, true), kSuccess);
        return list;
    }
    static List clone(NvSciBufAttrList list) { return make<List>(NvSciBufAttrListClone, list); }
    static List append(const std::vector<NvSciBufAttrList>& lists) {
        return make<List>(NvSciBufAttrListAppendUnreconciled, lists.data(), lists.size());
    }
    static List reconciled(const std::vector<NvSciBufAttrList>& lists) {
        Reconciliation<List> outcome = reconcile(lists);
        EXPECT_EQ(outcome.code, kSuccess) << opennvsciGetLastErrorText();
        return std::move(outcome.reconciled);
    }
    [[nodiscard]] List result_of(const Attributes& attributes) const { return reconciled({attributes.list(module_)}); }

    /// Reconciles and expects a refusal with this code, and all these parts in its text.
    void expect_refused(const std::vector<Attributes>& participants, NvSciError code,
                        const std::vector<std::string>& parts) const {
        std::vector<List> lists;
        for (const Attributes& one : participants)
            lists.push_back(one.list(module_));
        const Reconciliation<List> outcome = reconcile({lists.begin(), lists.end()});
        EXPECT_EQ(outcome.code, code) << opennvsciGetLastErrorText();
        EXPECT_EQ(outcome.reconciled.get(), nullptr);
        EXPECT_EQ(outcome.conflict.get() != nullptr, code == kReconciliationFailed);
        for (const std::string& part : parts)
            EXPECT_TRUE(contains(opennvsciGetLastErrorText(), part));
    }

    /// The reconciled list has every key of the group, and satisfies the list that it was made of.
    void expect_complete(const Attributes& asked, std::uint32_t group) const {
        const List own = asked.list(module_);
        const List result = reconciled({own});
        for (const attr::Key& key : buf::schema().keys()) {
            if (key.group() != group) continue;
            EXPECT_FALSE(get<unsigned char>(result, static_cast<NvSciBufAttrKey>(key.number)).empty()) << key.name;
        }
        NvSciBufAttrList lists[] = {own};
        bool is_valid = false;
        EXPECT_EQ(NvSciBufAttrListValidateReconciled(result, lists, 1, &is_valid), kSuccess)
            << opennvsciGetLastErrorText();
        EXPECT_TRUE(is_valid);
        const auto entry = api::lists().acquire(api::number(result.get()));
        const auto checked = attr::Slot::checked((*entry)->list->reconciled());
        EXPECT_TRUE(checked) << "as if another process sent it: " << checked.error().text;
    }

    Module module_ = open_module();
};

/// get() for keys of type bool.
inline std::vector<bool> get_flags(NvSciBufAttrList list, NvSciBufAttrKey key) {
    const std::vector<unsigned char> bytes = get<unsigned char>(list, key);
    return {bytes.begin(), bytes.end()};
}

/// A pair whose key may be any number.
inline NvSciBufAttrKeyValuePair pair_of(std::uint32_t number, const void* value, std::size_t length) {
    return pair_of<NvSciBufAttrKeyValuePair>(number, value, length);
}

}  // namespace opennvsci::test
