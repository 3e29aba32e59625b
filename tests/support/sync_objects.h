// SPDX-License-Identifier: Apache-2.0
//
// Small owners of NvSciSync handles, short ways to make lists and objects, and an imported semaphore.
#pragma once

#include <algorithm>

#include "api/nvscicuda_abi.h"
#include "base/unaligned.h"
#include "device.h"
#include "nvsci.h"
#include "nvscisync.h"
#include "opennvsci.h"

namespace opennvsci::test {

using SyncModule = Owned<NvSciSyncModule, NvSciSyncModuleClose>;
using SyncList = Owned<NvSciSyncAttrList, NvSciSyncAttrListFree>;
using SyncObject = Owned<NvSciSyncObj, NvSciSyncObjFree>;
using WaitContext = Owned<NvSciSyncCpuWaitContext, NvSciSyncCpuWaitContextFree>;

inline SyncModule open_sync_module() {
    SyncModule module;
    EXPECT_EQ(NvSciSyncModuleOpen(module.out()), kSuccess);
    return module;
}

inline WaitContext wait_context(NvSciSyncModule module) {
    WaitContext context;
    EXPECT_EQ(NvSciSyncCpuWaitContextAlloc(module, context.out()), kSuccess);
    return context;
}

inline SyncList create_sync_list(NvSciSyncModule module) {
    SyncList list;
    EXPECT_EQ(NvSciSyncAttrListCreate(module, list.out()), kSuccess);
    return list;
}

template <class T>
NvSciError set(NvSciSyncAttrList list, NvSciSyncAttrKey key, const T& value) {
    const NvSciSyncAttrKeyValuePair pair{key, &value, sizeof(T)};
    return NvSciSyncAttrListSetAttrs(list, &pair, 1);
}
template <class T>
NvSciError set(NvSciSyncAttrList list, NvSciSyncAttrKey key, std::initializer_list<T> values) {
    const NvSciSyncAttrKeyValuePair pair{key, values.begin(), values.size() * sizeof(T)};
    return NvSciSyncAttrListSetAttrs(list, &pair, 1);
}

/// The elements of a key; none if it is unset.
template <class T>
std::vector<T> get(NvSciSyncAttrList list, NvSciSyncAttrKey key) {
    NvSciSyncAttrKeyValuePair pair{key, nullptr, 0};
    EXPECT_EQ(NvSciSyncAttrListGetAttrs(list, &pair, 1), kSuccess);
    EXPECT_EQ(pair.len % sizeof(T), 0U);
    std::vector<T> values;
    for (std::size_t at = 0; at + sizeof(T) <= pair.len; at += sizeof(T))
        values.push_back(load<T>(static_cast<const std::byte*>(pair.value) + at));
    return values;
}

/// A list of a CPU with the given permission.
inline SyncList cpu_list(NvSciSyncModule module, NvSciSyncAccessPerm permission) {
    SyncList list = create_sync_list(module);
    EXPECT_EQ(set(list, NvSciSyncAttrKey_NeedCpuAccess, true), kSuccess);
    EXPECT_EQ(set(list, NvSciSyncAttrKey_RequiredPerm, permission), kSuccess);
    return list;
}

/// A list of the test device; flags as nvsciCuDeviceGetNvSciSyncAttributes takes them.
inline SyncList gpu_list(NvSciSyncModule module, int flags) {
    SyncList list = create_sync_list(module);
    const int device = TestDevice::instance().device().handle;
    EXPECT_EQ(nvsciCuDeviceGetNvSciSyncAttributes(list, device, flags), cu::CUDA_SUCCESS)
        << opennvsciGetLastErrorText();
    return list;
}

struct SyncOutcome {
    NvSciError code;
    SyncList reconciled;
    SyncList conflict;
};

inline SyncOutcome reconcile(std::vector<NvSciSyncAttrList> lists) {
    auto* reconciled = reinterpret_cast<NvSciSyncAttrList>(1);  // garbage, as programs have it
    auto* conflict = reinterpret_cast<NvSciSyncAttrList>(1);
    const NvSciError code = NvSciSyncAttrListReconcile(lists.data(), lists.size(), &reconciled, &conflict);
    return {code, SyncList(reconciled), SyncList(conflict)};
}

inline SyncObject allocate(std::vector<NvSciSyncAttrList> lists) {
    SyncObject object;
    NvSciSyncAttrList conflict = nullptr;
    EXPECT_EQ(NvSciSyncAttrListReconcileAndObjAlloc(lists.data(), lists.size(), object.out(), &conflict), kSuccess)
        << opennvsciGetLastErrorText();
    return object;
}

/// An object that one CPU signals and waits for.
inline SyncObject cpu_object(NvSciSyncModule module) {
    const SyncList list = cpu_list(module, NvSciSyncAccessPerm_WaitSignal);
    return allocate({list});
}

/// Who takes part in an object that streams signal; each puts the payload elsewhere.
enum class Kind { gpu_only, deterministic, with_cpu, deterministic_with_cpu };

[[nodiscard]] constexpr bool has_cpu(Kind kind) noexcept {
    return kind == Kind::with_cpu || kind == Kind::deterministic_with_cpu;
}
[[nodiscard]] constexpr bool is_deterministic(Kind kind) noexcept {
    return kind == Kind::deterministic || kind == Kind::deterministic_with_cpu;
}
inline std::string name_of(const ::testing::TestParamInfo<Kind>& parameter) {
    constexpr const char* kNames[] = {"GpuOnly", "Deterministic", "WithCpu", "DeterministicWithCpu"};
    return kNames[static_cast<int>(parameter.param)];
}

/// An imported external semaphore, destroyed at the end.
class Semaphore {
  public:
    explicit Semaphore(NvSciSyncObj object) {
        cu::CUDA_EXTERNAL_SEMAPHORE_HANDLE_DESC desc{};
        desc.type = cu::CU_EXTERNAL_SEMAPHORE_HANDLE_TYPE_NVSCISYNC;
        desc.handle.nvSciSyncObj = object;
        EXPECT_EQ(nvsciCuImportExternalSemaphore(&handle, &desc), cu::CUDA_SUCCESS) << opennvsciGetLastErrorText();
    }
    Semaphore(const Semaphore&) = delete;
    Semaphore& operator=(const Semaphore&) = delete;
    ~Semaphore() {
        if (handle != nullptr) {
            EXPECT_EQ(destroy(), cu::CUDA_SUCCESS);
        }
    }
    cu::CUresult destroy() { return nvsciCuDestroyExternalSemaphore(std::exchange(handle, nullptr)); }
    cu::CUresult signal(cu::CUstream stream, NvSciSyncFence* fence, unsigned flags = 0) const {
        cu::CUDA_EXTERNAL_SEMAPHORE_SIGNAL_PARAMS parameters{};
        parameters.params.nvSciSync.fence = fence;
        parameters.flags = flags;
        return nvsciCuSignalExternalSemaphoresAsync(&handle, &parameters, 1, stream);
    }
    cu::CUresult wait(cu::CUstream stream, const NvSciSyncFence& fence, unsigned flags = 0) const {
        NvSciSyncFence given = fence;
        cu::CUDA_EXTERNAL_SEMAPHORE_WAIT_PARAMS parameters{};
        parameters.params.nvSciSync.fence = &given;
        parameters.flags = flags;
        const cu::CUresult result = nvsciCuWaitExternalSemaphoresAsync(&handle, &parameters, 1, stream);
        given = NvSciSyncFence{{~0ULL, ~0ULL, ~0ULL, ~0ULL, ~0ULL, ~0ULL}};  // it was read during the call
        return result;
    }

    cu::CUexternalSemaphore handle = nullptr;
};

}  // namespace opennvsci::test
