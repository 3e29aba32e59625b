// SPDX-License-Identifier: Apache-2.0
#include "softcuda/process.h"

#include <pthread.h>

#include <atomic>
#include <mutex>

#include "base/log.h"
#include "softcuda/device.h"

namespace opennvsci::softcuda {
namespace {

enum class State { uninitialised, initialising, ready, forked_child };

std::atomic<State> process_state{State::uninitialised};
thread_local bool inside_host_function = false;

void after_fork_in_child() {
    if (process_state.load(std::memory_order_relaxed) != State::uninitialised) process_state = State::forked_child;
}

// Registered when the library is loaded, so that no fork can pass between cuInit and the registration.
[[gnu::constructor]] void watch_forks() {
    pthread_atfork(nullptr, nullptr, after_fork_in_child);
}

}  // namespace

CUresult initialise(unsigned flags) {
    if (flags != 0) return CUDA_ERROR_INVALID_VALUE;
    State state = process_state;
    if (state == State::ready) return CUDA_SUCCESS;
    if (state == State::forked_child) return CUDA_ERROR_NOT_INITIALIZED;

    log::tell_unknown_level();
    process_state.compare_exchange_strong(state, State::initialising);
    static std::mutex& creating = *new std::mutex;
    const std::lock_guard lock(creating);
    if (process_state == State::ready) return CUDA_SUCCESS;
    if (!create_devices()) return CUDA_ERROR_NOT_INITIALIZED;
    process_state = State::ready;
    return CUDA_SUCCESS;
}

CUresult check_callable() noexcept {
    if (process_state.load(std::memory_order_acquire) != State::ready) return CUDA_ERROR_NOT_INITIALIZED;
    return inside_host_function ? CUDA_ERROR_NOT_PERMITTED : CUDA_SUCCESS;
}

HostFunctionScope::HostFunctionScope() noexcept {
    inside_host_function = true;
}

HostFunctionScope::~HostFunctionScope() {
    inside_host_function = false;
}

}  // namespace opennvsci::softcuda
