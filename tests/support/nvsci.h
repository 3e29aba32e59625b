// SPDX-License-Identifier: Apache-2.0
//
// Small owners of NvSciBuf handles, so that a test that fails in the middle leaks nothing, and short ways to set and
// read attributes. And the codes without their prefix.
#pragma once

#include <gtest/gtest.h>

#include <cstring>
#include <initializer_list>
#include <utility>
#include <vector>

#include "nvscibuf.h"

namespace opennvsci::test {

inline constexpr NvSciError kSuccess = NvSciError_Success;
inline constexpr NvSciError kAttrListValidationFailed = NvSciError_AttrListValidationFailed;
inline constexpr NvSciError kBadParameter = NvSciError_BadParameter;
inline constexpr NvSciError kClearedFence = NvSciError_ClearedFence;
inline constexpr NvSciError kInsufficientMemory = NvSciError_InsufficientMemory;
inline constexpr NvSciError kNotImplemented = NvSciError_NotImplemented;
inline constexpr NvSciError kNotPermitted = NvSciError_NotPermitted;
inline constexpr NvSciError kNotSupported = NvSciError_NotSupported;
inline constexpr NvSciError kOverflow = NvSciError_Overflow;
inline constexpr NvSciError kReconciliationFailed = NvSciError_ReconciliationFailed;
inline constexpr NvSciError kResourceError = NvSciError_ResourceError;
inline constexpr NvSciError kTimeout = NvSciError_Timeout;
inline constexpr NvSciError kUnsupportedConfig = NvSciError_UnsupportedConfig;

template <class Handle, void (*kFree)(Handle)>
class Owned {
  public:
    Owned() = default;
    explicit Owned(Handle handle) : handle_(handle) {}
    Owned(Owned&& other) noexcept : handle_(std::exchange(other.handle_, nullptr)) {}
    Owned& operator=(Owned&& other) noexcept {
        std::swap(handle_, other.handle_);
        return *this;
    }
    ~Owned() { reset(); }

    [[nodiscard]] Handle get() const noexcept { return handle_; }
    operator Handle() const noexcept { return handle_; }  // NOLINT(google-explicit-constructor): stands for the handle
    /// Where a function stores a new handle; frees the old one.
    [[nodiscard]] Handle* out() {
        reset();
        return &handle_;
    }
    void reset() {
        if (handle_ != nullptr) kFree(std::exchange(handle_, nullptr));
    }

  private:
    Handle handle_ = nullptr;
};

using Module = Owned<NvSciBufModule, NvSciBufModuleClose>;
using List = Owned<NvSciBufAttrList, NvSciBufAttrListFree>;
using Object = Owned<NvSciBufObj, NvSciBufObjFree>;

inline Module open_module() {
    Module module;
    EXPECT_EQ(NvSciBufModuleOpen(module.out()), kSuccess);
    return module;
}

inline List create_list(NvSciBufModule module) {
    List list;
    EXPECT_EQ(NvSciBufAttrListCreate(module, list.out()), kSuccess);
    return list;
}

/// Sets one key to one value, or to all elements of an initializer list.
template <class T>
NvSciError set(NvSciBufAttrList list, NvSciBufAttrKey key, const T& value) {
    NvSciBufAttrKeyValuePair pair{key, &value, sizeof(T)};
    return NvSciBufAttrListSetAttrs(list, &pair, 1);
}
template <class T>
NvSciError set(NvSciBufAttrList list, NvSciBufAttrKey key, std::initializer_list<T> values) {
    NvSciBufAttrKeyValuePair pair{key, values.begin(), values.size() * sizeof(T)};
    return NvSciBufAttrListSetAttrs(list, &pair, 1);
}

/// The elements of a key; none if it is unset. Fails the test if the call fails or the length is no multiple.
template <class T>
std::vector<T> get(NvSciBufAttrList list, NvSciBufAttrKey key) {
    NvSciBufAttrKeyValuePair pair{key, nullptr, 0};
    EXPECT_EQ(NvSciBufAttrListGetAttrs(list, &pair, 1), kSuccess);
    EXPECT_EQ(pair.len % sizeof(T), 0U);
    std::vector<T> values(pair.len / sizeof(T));
    if (pair.len != 0) std::memcpy(values.data(), pair.value, pair.len);
    return values;
}

/// A list with Types RawBuffer and, if not 0, Size.
inline List raw_list(NvSciBufModule module, std::uint64_t size) {
    List list = create_list(module);
    EXPECT_EQ(set(list, NvSciBufGeneralAttrKey_Types, NvSciBufType_RawBuffer), kSuccess);
    if (size != 0) {
        EXPECT_EQ(set(list, NvSciBufRawBufferAttrKey_Size, size), kSuccess);
    }
    return list;
}

struct ReconcileOutcome {
    NvSciError code;
    List reconciled;
    List conflict;
};

inline ReconcileOutcome reconcile(std::vector<NvSciBufAttrList> lists) {
    NvSciBufAttrList reconciled = reinterpret_cast<NvSciBufAttrList>(1);  // garbage, as programs have it
    NvSciBufAttrList conflict = reinterpret_cast<NvSciBufAttrList>(1);
    const NvSciError code = NvSciBufAttrListReconcile(lists.data(), lists.size(), &reconciled, &conflict);
    return {code, List(reconciled), List(conflict)};
}

}  // namespace opennvsci::test
