// SPDX-License-Identifier: Apache-2.0
//
// Owners of NvSciSync handles, short ways to make lists and objects, and what is asked of fences all the time.
#pragma once

#include "api/nvscicuda_abi.h"
#include "device.h"
#include "handles.h"
#include "nvscisync.h"

namespace opennvsci::test {

using SyncModule = Owned<NvSciSyncModule, NvSciSyncModuleClose>;
using SyncList = Owned<NvSciSyncAttrList, NvSciSyncAttrListFree>;
using SyncObject = Owned<NvSciSyncObj, NvSciSyncObjFree>;
using WaitContext = Owned<NvSciSyncCpuWaitContext, NvSciSyncCpuWaitContextFree>;
using Fences = std::vector<NvSciSyncFence>;

template <>
struct Library<NvSciSyncAttrKey> {
    using Handle = NvSciSyncAttrList;
    using List = SyncList;
    using Module = NvSciSyncModule;
    using Pair = NvSciSyncAttrKeyValuePair;
    static constexpr auto create = NvSciSyncAttrListCreate;
    static constexpr auto set = NvSciSyncAttrListSetAttrs;
    static constexpr auto get = NvSciSyncAttrListGetAttrs;
};

inline SyncModule open_sync_module() {
    return make<SyncModule>(NvSciSyncModuleOpen);
}

inline WaitContext wait_context(NvSciSyncModule module) {
    return make<WaitContext>(NvSciSyncCpuWaitContextAlloc, module);
}

inline SyncList create_list(NvSciSyncModule module) {
    return make<SyncList>(NvSciSyncAttrListCreate, module);
}

/// A list of a CPU with the given permission.
inline SyncList cpu_list(NvSciSyncModule module, NvSciSyncAccessPerm permission) {
    SyncList list = create_list(module);
    EXPECT_EQ(set(list, NvSciSyncAttrKey_NeedCpuAccess, true), kSuccess);
    EXPECT_EQ(set(list, NvSciSyncAttrKey_RequiredPerm, permission), kSuccess);
    return list;
}

/// A list of the test device; flags as nvsciCuDeviceGetNvSciSyncAttributes takes them.
inline SyncList gpu_list(NvSciSyncModule module, int flags) {
    SyncList list = create_list(module);
    const int device = TestDevice::instance().device().handle;
    EXPECT_EQ(nvsciCuDeviceGetNvSciSyncAttributes(list, device, flags), cu::CUDA_SUCCESS)
        << opennvsciGetLastErrorText();
    return list;
}

inline Reconciliation<SyncList> reconcile(const std::vector<NvSciSyncAttrList>& lists) {
    return reconcile_with<SyncList>(NvSciSyncAttrListReconcile, lists);
}

inline SyncObject allocate(const std::vector<NvSciSyncAttrList>& lists) {
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

/// Who takes part in an object for which streams wait, and what its waiters ask.
struct Participants {
    bool cpu_signals = false;  ///< else streams do
    bool cpu_waits = true;
    bool is_deterministic = false;
    bool has_timestamps = false;  ///< only where the CPU waits
};

inline SyncObject allocate(NvSciSyncModule module, const Participants& of) {
    const SyncList signaler = of.cpu_signals ? cpu_list(module, NvSciSyncAccessPerm_SignalOnly) : gpu_list(module, 1);
    const SyncList streams = gpu_list(module, 2);
    EXPECT_EQ(set(streams, NvSciSyncAttrKey_RequireDeterministicFences, of.is_deterministic), kSuccess);
    if (!of.cpu_waits) return allocate({signaler, streams});
    const SyncList cpu = cpu_list(module, NvSciSyncAccessPerm_WaitOnly);
    EXPECT_EQ(set(cpu, NvSciSyncAttrKey_WaiterRequireTimestamps, of.has_timestamps), kSuccess);
    return allocate({signaler, streams, cpu});
}

/// The fence of the next signal of the CPU.
inline NvSciSyncFence generate(NvSciSyncObj object) {
    NvSciSyncFence fence = NvSciSyncFenceInitializer;
    EXPECT_EQ(NvSciSyncObjGenerateFence(object, &fence), kSuccess) << opennvsciGetLastErrorText();
    return fence;
}

[[nodiscard]] inline NvSciSyncFence fence_of(NvSciSyncObj object, std::uint64_t value) {
    NvSciSyncFence fence = NvSciSyncFenceInitializer;
    EXPECT_EQ(NvSciSyncFenceUpdateFence(object, 0, value, &fence), kSuccess) << opennvsciGetLastErrorText();
    return fence;
}

[[nodiscard]] inline std::uint64_t value_of(const NvSciSyncFence& fence) {
    std::uint64_t id = 0;
    std::uint64_t value = 0;
    EXPECT_EQ(NvSciSyncFenceExtractFence(&fence, &id, &value), kSuccess);
    return value;
}

[[nodiscard]] inline bool is_cleared(const NvSciSyncFence& fence) {
    const NvSciSyncFence cleared = NvSciSyncFenceInitializer;
    return std::memcmp(&fence, &cleared, sizeof(cleared)) == 0;
}

inline std::uint16_t task_status(const NvSciSyncFence& fence) {
    NvSciSyncTaskStatus status{};
    EXPECT_EQ(NvSciSyncFenceGetTaskStatus(&fence, &status), kSuccess) << opennvsciGetLastErrorText();
    return status.status;
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

}  // namespace opennvsci::test
