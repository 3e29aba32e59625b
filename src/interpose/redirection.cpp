// SPDX-License-Identifier: Apache-2.0
#include "interpose/redirection.h"

#include <dlfcn.h>

#include <array>
#include <atomic>
#include <climits>
#include <cstdio>
#include <cstdlib>
#include <new>
#include <string_view>

#include "base/c_library.h"
#include "base/log.h"
#include "driver/driver.h"

namespace opennvsci::interpose {
namespace {

enum class Streams { any, legacy, per_thread };

constexpr int kNewest = INT_MAX;
constexpr std::uint64_t kPerThreadDefaultStream = 2;  // CU_GET_PROC_ADDRESS_PER_THREAD_DEFAULT_STREAM

struct Row {
    std::string_view base;
    const char* symbol;
    int from;
    int until;
    Streams streams;
    void* replacement;
};

const std::array kRows{
#define OPENNVSCI_ROW(base, symbol, from, until, streams) \
    Row{#base, #symbol, from, until, Streams::streams, reinterpret_cast<void*>(&symbol)},
    OPENNVSCI_INTERPOSED(OPENNVSCI_ROW)
#undef OPENNVSCI_ROW
};

std::array<std::atomic<void*>, kRows.size()> g_beneath{};

// The first answer stays: a later one may be another interposer's that was asked for through us and leads back to us.
void keep_beneath(std::size_t row, void* found) noexcept {
    void* none = nullptr;
    if (!g_beneath[row].compare_exchange_strong(none, found) || !log::enabled(log::Level::info)) return;
    Dl_info info{};
    const bool is_known = ::dladdr(found, &info) != 0 && info.dli_fname != nullptr;
    std::array<char, 512> text{};
    std::snprintf(text.data(), text.size(), "calls of %s come by OpenNvSci, then go to %s", kRows[row].symbol,
                  is_known ? info.dli_fname : "code without a file");
    log::write(log::Level::info, text.data());
}

void* redirect(std::size_t row, void* found) noexcept {
    void* const replacement = kRows[row].replacement;
    if (found == replacement) return found;
    keep_beneath(row, found);
    return replacement;
}

std::size_t row_of_symbol(std::string_view symbol) noexcept {
    std::size_t row = 0;
    while (row < kRows.size() && kRows[row].symbol != symbol)
        ++row;
    return row;
}

void* find_in_driver(const char* name, const char* symbol) noexcept {
    void* driver = ::dlopen(name, RTLD_LAZY | RTLD_NOLOAD);
    if (driver == nullptr) return nullptr;
    void* found = c_library::look_up(driver, symbol);
    ::dlclose(driver);
    return found;
}

void* find_beneath(const char* symbol) noexcept {
    if (void* found = c_library::look_up(RTLD_NEXT, symbol)) return found;
    if (void* found = find_in_driver("libcuda.so.1", symbol)) return found;
    try {
        const auto driver = driver::instance();
        return driver ? find_in_driver((*driver)->path.c_str(), symbol) : nullptr;
    } catch (const std::bad_alloc&) {
        return nullptr;  // as if there were no driver, for this call
    }
}

}  // namespace

bool enabled() noexcept {
    // Without a guard: a fork may come at any time, and the warning may wait for whoever reads it.
    constexpr int kUnknown = -1;
    static constinit std::atomic<int> known{kUnknown};
    if (const int is_enabled = known.load(std::memory_order_relaxed); is_enabled != kUnknown) [[likely]]
        return is_enabled != 0;
    const char* const variable = std::getenv("OPENNVSCI_INTERPOSE");
    const std::string_view wanted = variable != nullptr ? variable : "1";
    const bool is_enabled = wanted != "0";
    const bool is_first = known.exchange(is_enabled ? 1 : 0) == kUnknown;
    if (is_first && is_enabled && wanted != "1" && !wanted.empty()) {
        std::array<char, 128> text{};
        std::snprintf(text.data(), text.size(), "OPENNVSCI_INTERPOSE=%.64s is not one of 0 and 1: using 1", variable);
        log::write(log::Level::warning, text.data());
    }
    return is_enabled;
}

bool is_interposed(const char* symbol) noexcept {
    return row_of_symbol(symbol) < kRows.size();
}

void* redirect_symbol(const char* symbol, void* found) noexcept {
    const std::size_t row = row_of_symbol(symbol);
    return row < kRows.size() ? redirect(row, found) : found;
}

void* redirect_base_name(const char* base, int version, std::uint64_t flags, void* found) noexcept {
    const Streams other = (flags & kPerThreadDefaultStream) != 0 ? Streams::legacy : Streams::per_thread;
    for (std::size_t row = 0; row < kRows.size(); ++row) {
        const Row& candidate = kRows[row];
        if (candidate.base != base || candidate.streams == other) continue;
        if (version >= candidate.from && version < candidate.until) return redirect(row, found);
    }
    return found;
}

void* beneath(Entry entry) noexcept {
    const auto row = static_cast<std::size_t>(entry);
    if (void* known = g_beneath[row].load(std::memory_order_acquire)) return known;
    void* const found = find_beneath(kRows[row].symbol);
    if (found == nullptr) return nullptr;
    keep_beneath(row, found);
    return g_beneath[row].load(std::memory_order_acquire);
}

}  // namespace opennvsci::interpose
