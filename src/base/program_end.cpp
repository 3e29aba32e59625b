// SPDX-License-Identifier: Apache-2.0
#include "base/program_end.h"

#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <thread>

#include "base/process.h"

namespace opennvsci::program_end {
namespace {

constexpr std::chrono::seconds kPatience{1};
constexpr std::chrono::microseconds kBetweenLooks{50};

std::atomic<bool> g_has_begun{false};
std::atomic<long> g_calls{0};
std::atomic<std::uint64_t> g_maker{0};  // the process that watches
std::atomic<void (*)()> g_say_good_bye{nullptr};

void begin() {
    if (g_maker.load() != process::token() || g_has_begun.load()) return;
    g_say_good_bye.load()();
    g_has_begun.store(true, std::memory_order_seq_cst);
    const auto end = std::chrono::steady_clock::now() + kPatience;
    while (g_calls.load(std::memory_order_seq_cst) != 0 && std::chrono::steady_clock::now() < end)
        std::this_thread::sleep_for(kBetweenLooks);
}

}  // namespace

// In a forked child calls of its parent's threads are counted that will not end here.
void watch(void (*say_good_bye)()) {
    if (g_maker.exchange(process::token()) != process::token()) g_calls.store(0);
    g_say_good_bye.store(say_good_bye);
    (void)std::atexit(begin);
}

bool has_begun() noexcept {
    return g_has_begun.load(std::memory_order_seq_cst);
}

DriverCall::DriverCall() noexcept {
    g_calls.fetch_add(1, std::memory_order_seq_cst);
    is_possible_ = !has_begun();
}

DriverCall::~DriverCall() {
    g_calls.fetch_sub(1, std::memory_order_seq_cst);
}

}  // namespace opennvsci::program_end
