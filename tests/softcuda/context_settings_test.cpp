// SPDX-License-Identifier: Apache-2.0
//
// What is set in a context and asked for again, primary contexts, and peers. The values and refusals are those of an
// H100 (driver-facts.md F44, F49, F50 and F57), where the test does not say otherwise.
#include <thread>

#include "support.h"

namespace opennvsci::softcuda_test {
namespace {

unsigned flags_of_current() {
    unsigned flags = 0xdead;
    EXPECT_OK(cuCtxGetFlags(&flags));
    return flags;
}

unsigned flags_of_primary(CUdevice device, bool is_active) {
    unsigned flags = 0xdead;
    int active = -1;
    EXPECT_OK(cuDevicePrimaryCtxGetState(device, &flags, &active));
    EXPECT_EQ(active, is_active ? 1 : 0);
    return flags;
}

TEST_F(SoftCuda, ContextsKeepTheirFlags) {
    EXPECT_EQ(flags_of_current(), 0U);
    for (const unsigned flags : {0x1U, 0x2U, 0x4U, 0x8U, 0x10U, 0x14U, 0x80U}) {
        CUcontext made = nullptr;
        ASSERT_OK(cuCtxCreate_v2(&made, flags, 0));
        EXPECT_EQ(flags_of_current(), flags);
        EXPECT_OK(cuCtxDestroy_v2(made));
    }
    CUcontext none = nullptr;
    for (const unsigned flags : {0x3U, 0x5U, 0x7U, 0x1fU, 0x100U})
        EXPECT_INVALID(cuCtxCreate_v2(&none, flags, 0)) << flags;
    EXPECT_EQ(none, nullptr);

    EXPECT_OK(cuCtxSetFlags(CU_CTX_SCHED_BLOCKING_SYNC));
    EXPECT_INVALID(cuCtxSetFlags(3));
    EXPECT_INVALID(cuCtxSetFlags(0x100));
    EXPECT_EQ(flags_of_current(), 4U);
    EXPECT_OK(cuCtxSetFlags(0x90));
    EXPECT_EQ(flags_of_current(), 0x90U);
    EXPECT_OK(cuCtxSetFlags(CU_CTX_MAP_HOST));
    EXPECT_EQ(flags_of_current(), 0U) << "a context was made with that flag or without it";
    EXPECT_INVALID(cuCtxGetFlags(nullptr));
}

TEST_F(SoftCuda, PrimaryContextsKeepTheirFlags) {
    EXPECT_EQ(flags_of_primary(1, false), 0U);
    EXPECT_OK(cuDevicePrimaryCtxSetFlags_v2(1, CU_CTX_SCHED_BLOCKING_SYNC));
    EXPECT_INVALID(cuDevicePrimaryCtxSetFlags_v2(1, 0x100));
    EXPECT_INVALID(cuDevicePrimaryCtxSetFlags_v2(1, 3));
    EXPECT_INVALID(cuDevicePrimaryCtxSetFlags_v2(1, CU_CTX_MAP_HOST));
    EXPECT_EQ(cuDevicePrimaryCtxSetFlags_v2(9, 0), CUDA_ERROR_INVALID_DEVICE);
    EXPECT_EQ(flags_of_primary(1, false), 4U);

    CUcontext primary = nullptr;
    ASSERT_OK(cuDevicePrimaryCtxRetain(&primary, 1));
    ASSERT_OK(cuCtxPushCurrent_v2(primary));
    EXPECT_EQ(flags_of_current(), 0xcU);
    EXPECT_OK(cuDevicePrimaryCtxSetFlags_v2(1, CU_CTX_SCHED_SPIN));
    EXPECT_EQ(flags_of_current(), 0x9U);
    EXPECT_OK(cuCtxSetFlags(CU_CTX_SCHED_YIELD));
    EXPECT_EQ(flags_of_current(), 0xaU);
    EXPECT_EQ(flags_of_primary(1, true), 1U);
    unsigned flags = 0;
    int active = 0;
    EXPECT_INVALID(cuDevicePrimaryCtxGetState(1, nullptr, &active));
    EXPECT_INVALID(cuDevicePrimaryCtxGetState(1, &flags, nullptr));
    EXPECT_OK(cuCtxPopCurrent_v2(nullptr));
    EXPECT_OK(cuDevicePrimaryCtxRelease_v2(1));
}

// The count of references outlives the context: one of them can be given back, and no more.
TEST_F(SoftCuda, PrimaryContextsCanBeReset) {
    EXPECT_OK(cuDevicePrimaryCtxReset_v2(1)) << "there is none";
    EXPECT_EQ(cuDevicePrimaryCtxReset_v2(9), CUDA_ERROR_INVALID_DEVICE);
    CUcontext first = nullptr;
    CUdeviceptr memory = 0;
    ASSERT_OK(cuDevicePrimaryCtxRetain(&first, 1));
    ASSERT_OK(cuDevicePrimaryCtxSetFlags_v2(1, CU_CTX_SCHED_SPIN));
    ASSERT_OK(cuCtxPushCurrent_v2(first));
    ASSERT_OK(cuMemAlloc_v2(&memory, 64));
    EXPECT_OK(cuDevicePrimaryCtxReset_v2(1));
    EXPECT_EQ(cuCtxSynchronize(), CUDA_ERROR_CONTEXT_IS_DESTROYED);
    EXPECT_OK(cuCtxPopCurrent_v2(nullptr));
    EXPECT_EQ(flags_of_primary(1, false), 0U);
    EXPECT_INVALID(cuMemFree_v2(memory));

    CUcontext second = nullptr;
    ASSERT_OK(cuDevicePrimaryCtxRetain(&second, 1));
    EXPECT_NE(second, first);
    EXPECT_OK(cuDevicePrimaryCtxRelease_v2(1));
    EXPECT_EQ(flags_of_primary(1, true), 0U);
    EXPECT_OK(cuDevicePrimaryCtxReset_v2(1));
    EXPECT_OK(cuDevicePrimaryCtxRelease_v2(1));
    EXPECT_EQ(cuDevicePrimaryCtxRelease_v2(1), CUDA_ERROR_INVALID_CONTEXT);
}

TEST_F(SoftCuda, LimitsAreKept) {
    std::size_t value = 0;
    EXPECT_OK(cuCtxGetLimit(&value, CU_LIMIT_STACK_SIZE));
    EXPECT_EQ(value, 1024U);
    EXPECT_OK(cuCtxSetLimit(CU_LIMIT_STACK_SIZE, 2048));
    EXPECT_OK(cuCtxGetLimit(&value, CU_LIMIT_STACK_SIZE));
    EXPECT_EQ(value, 2048U);
    EXPECT_OK(cuCtxSetLimit(CU_LIMIT_STACK_SIZE, 0));
    EXPECT_OK(cuCtxGetLimit(&value, CU_LIMIT_STACK_SIZE));
    EXPECT_EQ(value, 0U);
    EXPECT_INVALID(cuCtxSetLimit(CU_LIMIT_STACK_SIZE, 8 * kMiB));
    for (const CUlimit limit : {CU_LIMIT_PRINTF_FIFO_SIZE, CU_LIMIT_MALLOC_HEAP_SIZE,
                                CU_LIMIT_DEV_RUNTIME_PENDING_LAUNCH_COUNT, CU_LIMIT_MAX_L2_FETCH_GRANULARITY}) {
        EXPECT_OK(cuCtxGetLimit(&value, limit)) << limit;
        EXPECT_OK(cuCtxSetLimit(limit, 64)) << limit;
    }
    EXPECT_INVALID(cuCtxSetLimit(CU_LIMIT_MAX_L2_FETCH_GRANULARITY, 129));
    EXPECT_OK(cuCtxGetLimit(&value, CU_LIMIT_SHMEM_SIZE));
    EXPECT_EQ(cuCtxSetLimit(CU_LIMIT_SHMEM_SIZE, 64), CUDA_ERROR_NOT_PERMITTED);
    EXPECT_EQ(cuCtxSetLimit(CU_LIMIT_CIG_ENABLED, 1), CUDA_ERROR_NOT_PERMITTED);
    for (const CUlimit limit :
         {CU_LIMIT_DEV_RUNTIME_SYNC_DEPTH, CU_LIMIT_PERSISTING_L2_CACHE_SIZE, CU_LIMIT_CIG_SHMEM_FALLBACK_ENABLED}) {
        EXPECT_EQ(cuCtxGetLimit(&value, limit), CUDA_ERROR_UNSUPPORTED_LIMIT) << limit;
        EXPECT_EQ(cuCtxSetLimit(limit, 1), CUDA_ERROR_UNSUPPORTED_LIMIT) << limit;
    }
    for (const unsigned limit : {10U, 0xffffffffU}) {
        EXPECT_INVALID(cuCtxGetLimit(&value, static_cast<CUlimit>(limit)));
        EXPECT_INVALID(cuCtxSetLimit(static_cast<CUlimit>(limit), 1));
    }
    EXPECT_INVALID(cuCtxGetLimit(nullptr, CU_LIMIT_STACK_SIZE));
}

TEST_F(SoftCuda, CachePreferencesAreKept) {
    CUfunc_cache cache = CU_FUNC_CACHE_PREFER_EQUAL;
    EXPECT_OK(cuCtxGetCacheConfig(&cache));
    EXPECT_EQ(cache, CU_FUNC_CACHE_PREFER_NONE);
    EXPECT_OK(cuCtxSetCacheConfig(CU_FUNC_CACHE_PREFER_L1));
    EXPECT_INVALID(cuCtxSetCacheConfig(static_cast<CUfunc_cache>(4)));
    EXPECT_OK(cuCtxGetCacheConfig(&cache));
    EXPECT_EQ(cache, CU_FUNC_CACHE_PREFER_L1);
    EXPECT_INVALID(cuCtxGetCacheConfig(nullptr));
    CUsharedconfig banks = CU_SHARED_MEM_CONFIG_DEFAULT_BANK_SIZE;
    EXPECT_OK(cuCtxSetSharedMemConfig(CU_SHARED_MEM_CONFIG_EIGHT_BYTE_BANK_SIZE));
    EXPECT_OK(cuCtxGetSharedMemConfig(&banks));
    EXPECT_EQ(banks, CU_SHARED_MEM_CONFIG_FOUR_BYTE_BANK_SIZE);
    EXPECT_INVALID(cuCtxSetSharedMemConfig(static_cast<CUsharedconfig>(3)));
    EXPECT_INVALID(cuCtxGetSharedMemConfig(nullptr));
    EXPECT_OK(cuCtxResetPersistingL2Cache());
}

TEST_F(SoftCuda, PeersAreEnabledOnce) {
    CUcontext other = nullptr;
    CUcontext sibling = nullptr;
    ASSERT_OK(cuCtxCreate_v2(&other, 0, 1));
    ASSERT_OK(cuCtxPopCurrent_v2(nullptr));
    ASSERT_OK(cuCtxCreate_v2(&sibling, 0, 0));
    ASSERT_OK(cuCtxPopCurrent_v2(nullptr));
    EXPECT_EQ(cuCtxDisablePeerAccess(other), CUDA_ERROR_PEER_ACCESS_NOT_ENABLED);
    EXPECT_INVALID(cuCtxEnablePeerAccess(other, 1));
    EXPECT_OK(cuCtxEnablePeerAccess(other, 0));
    EXPECT_EQ(cuCtxEnablePeerAccess(other, 0), CUDA_ERROR_PEER_ACCESS_ALREADY_ENABLED);
    EXPECT_OK(cuCtxDisablePeerAccess(other));
    EXPECT_EQ(cuCtxDisablePeerAccess(other), CUDA_ERROR_PEER_ACCESS_NOT_ENABLED);
    EXPECT_EQ(cuCtxEnablePeerAccess(context_, 0), CUDA_ERROR_PEER_ACCESS_UNSUPPORTED);
    EXPECT_EQ(cuCtxEnablePeerAccess(sibling, 0), CUDA_ERROR_PEER_ACCESS_UNSUPPORTED);
    EXPECT_OK(cuCtxEnablePeerAccess(other, 0));
    EXPECT_OK(cuCtxDestroy_v2(other));
    EXPECT_OK(cuCtxDestroy_v2(sibling));
    for (CUcontext no_context : {CUcontext{}, other, reinterpret_cast<CUcontext>(this)}) {
        for (const unsigned flags : {0U, 1U})
            EXPECT_EQ(cuCtxEnablePeerAccess(no_context, flags), CUDA_ERROR_INVALID_CONTEXT);
        EXPECT_EQ(cuCtxDisablePeerAccess(no_context), CUDA_ERROR_INVALID_CONTEXT);
    }
}

TEST_F(SoftCuda, SettingsNeedAContext) {
    std::thread([&] {
        unsigned flags = 0;
        std::size_t value = 0;
        CUfunc_cache cache{};
        CUsharedconfig banks{};
        EXPECT_EQ(cuCtxGetFlags(&flags), CUDA_ERROR_INVALID_CONTEXT);
        EXPECT_EQ(cuCtxSetFlags(0), CUDA_ERROR_INVALID_CONTEXT);
        EXPECT_EQ(cuCtxGetLimit(&value, CU_LIMIT_STACK_SIZE), CUDA_ERROR_INVALID_CONTEXT);
        EXPECT_EQ(cuCtxSetLimit(CU_LIMIT_STACK_SIZE, 2048), CUDA_ERROR_INVALID_CONTEXT);
        EXPECT_EQ(cuCtxGetCacheConfig(&cache), CUDA_ERROR_INVALID_CONTEXT);
        EXPECT_EQ(cuCtxSetCacheConfig(cache), CUDA_ERROR_INVALID_CONTEXT);
        EXPECT_EQ(cuCtxGetSharedMemConfig(&banks), CUDA_ERROR_INVALID_CONTEXT);
        EXPECT_EQ(cuCtxSetSharedMemConfig(banks), CUDA_ERROR_INVALID_CONTEXT);
        EXPECT_EQ(cuCtxEnablePeerAccess(context_, 0), CUDA_ERROR_INVALID_CONTEXT);
        EXPECT_EQ(cuCtxDisablePeerAccess(context_), CUDA_ERROR_INVALID_CONTEXT);
    }).join();
}

}  // namespace
}  // namespace opennvsci::softcuda_test
