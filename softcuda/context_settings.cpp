// SPDX-License-Identifier: Apache-2.0
#include "softcuda/context_settings.h"

#include <cstdint>

#include "softcuda/device.h"

namespace opennvsci::softcuda {
namespace {

constexpr unsigned kChangeableFlags = CU_CTX_SCHED_MASK | CU_CTX_LMEM_RESIZE_TO_MAX | CU_CTX_SYNC_MEMOPS;

struct LimitRow {
    std::size_t initial;
    std::size_t greatest;
    bool is_supported;
    bool can_be_set;
};

// By the number of the limit. The first values and what is refused: an H100 (driver-facts.md F50), but for the L2
// cache, which this device does not have.
constexpr LimitRow kLimitRows[] = {
    {1024, std::size_t{512} << 10, true, true},  // stack of a thread
    {8650752, SIZE_MAX, true, true},             // printf
    {8388608, SIZE_MAX, true, true},             // malloc
    {0, 0, false, false},                        // depth of synchronisation
    {2048, SIZE_MAX, true, true},                // pending launches
    {64, 128, true, true},                       // granularity of L2 fetches
    {0, 0, false, false},                        // persisting L2 cache
    {kMaxSharedMemory, 0, true, false},          // shared memory
    {0, 0, true, false},                         // graphics contexts
    {0, 0, false, false},                        // their fall-back
};

}  // namespace

bool ContextSettings::are_flags(unsigned flags) noexcept {
    const unsigned waiting = flags & CU_CTX_SCHED_MASK;
    const bool one_way = (waiting & (waiting - 1)) == 0;
    return (flags & ~CU_CTX_FLAGS_MASK) == 0 && one_way;
}

unsigned ContextSettings::flags() const {
    const std::lock_guard lock(mutex_);
    return flags_;
}

void ContextSettings::change_flags(unsigned flags) {
    const std::lock_guard lock(mutex_);
    flags_ = (flags_ & ~kChangeableFlags) | (flags & kChangeableFlags);
}

CUresult ContextSettings::limit(CUlimit limit, std::size_t& value) const {
    if (limit >= kLimits) return CUDA_ERROR_INVALID_VALUE;
    const LimitRow& row = kLimitRows[limit];
    if (!row.is_supported) return CUDA_ERROR_UNSUPPORTED_LIMIT;
    const std::lock_guard lock(mutex_);
    value = set_limits_[limit].value_or(row.initial);
    return CUDA_SUCCESS;
}

CUresult ContextSettings::set_limit(CUlimit limit, std::size_t value) {
    if (limit >= kLimits) return CUDA_ERROR_INVALID_VALUE;
    const LimitRow& row = kLimitRows[limit];
    if (!row.is_supported) return CUDA_ERROR_UNSUPPORTED_LIMIT;
    if (!row.can_be_set) return CUDA_ERROR_NOT_PERMITTED;
    if (value > row.greatest) return CUDA_ERROR_INVALID_VALUE;
    const std::lock_guard lock(mutex_);
    set_limits_[limit] = value;
    return CUDA_SUCCESS;
}

CUfunc_cache ContextSettings::preferred_cache() const {
    const std::lock_guard lock(mutex_);
    return preferred_cache_;
}

void ContextSettings::prefer_cache(CUfunc_cache cache) {
    const std::lock_guard lock(mutex_);
    preferred_cache_ = cache;
}

bool ContextSettings::enable_peer(ContextId peer) {
    const std::lock_guard lock(mutex_);
    return peers_.insert(peer).second;
}

bool ContextSettings::disable_peer(ContextId peer) {
    const std::lock_guard lock(mutex_);
    return peers_.erase(peer) == 1;
}

}  // namespace opennvsci::softcuda
