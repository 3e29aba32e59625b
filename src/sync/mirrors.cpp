// SPDX-License-Identifier: Apache-2.0
#include "sync/mirrors.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>

namespace opennvsci::sync {

Result<> Mirrors::check_room() {
    drop_gone();
    if (mirrors_.size() < kMost) return {};
    return fail(
        NvSciError_ResourceError,
        fmt::format("{} peers have the object, and no more can: free it in one of them, or let peers hand it on",
                    kMost));
}

void Mirrors::add(Mirror mirror, const CounterWords& own, std::uint64_t reached) {
    const std::lock_guard lock(mutex_);
    CounterWords& words = mirror.words();
    mirrors_.push_back(std::move(mirror));
    count_.store(mirrors_.size(), std::memory_order_seq_cst);
    // From here on a signal of the CPU that is not seen in `own` finds the mirror, and waits for the lock.
    // The others have not: `followed_` stays, though that signal is told here already.
    reached = std::max(reached, own.is_broken() ? 0 : own.payload.load(std::memory_order_seq_cst));
    // A write behind a stream's signal may have come first (StreamOrder::catch_up).
    for (std::uint64_t known = 0; known < reached && !words.payload.compare_exchange_weak(known, reached);) {
    }
    words.proven.store(reached);
    if (const std::uint64_t first = own.first_lost.load(); first != 0) {
        words.break_from(first, own.cause.load(), own.broken_by.load());
    }
}

void Mirrors::drop_gone() {
    std::vector<Mirror> gone;  // ends without the lock
    const std::lock_guard lock(mutex_);
    for (std::size_t i = 0; i < mirrors_.size();) {
        if (mirrors_[i].link->is_peer_alive()) {
            ++i;
            continue;
        }
        gone.push_back(std::move(mirrors_[i]));
        mirrors_.erase(mirrors_.begin() + static_cast<std::ptrdiff_t>(i));
    }
    count_.store(mirrors_.size(), std::memory_order_seq_cst);
}

std::shared_ptr<SharedPage> Mirrors::page_of(const ipc::Link& link) const {
    const std::lock_guard lock(mutex_);
    const auto found = std::find_if(mirrors_.begin(), mirrors_.end(),
                                    [&](const Mirror& mirror) { return mirror.link.get() == &link; });
    return found == mirrors_.end() ? nullptr : found->page;
}

Result<std::size_t> Mirrors::addresses_in(const driver::ContextWatch& context,
                                          std::span<cu::CUdeviceptr, kMost> out) const {
    std::size_t count = 0;
    for (const Mirror& mirror : mirrors_) {
        OPENNVSCI_TRY_ASSIGN(address, mirror.page->memory()->address_in(context));
        out[count++] = address + offsetof(CounterWords, payload);
    }
    return count;
}

void Mirrors::follow(const CounterWords& own) noexcept {
    const std::lock_guard lock(mutex_);
    const std::uint64_t reached = own.payload.load(std::memory_order_seq_cst);
    if (reached <= followed_ || own.is_broken()) return;
    followed_ = reached;
    for (const Mirror& mirror : mirrors_) {
        mirror.words().payload.store(reached, std::memory_order_seq_cst);
        mirror.words().wake_sleepers();
    }
}

void Mirrors::prove(std::uint64_t value) noexcept {
    const std::lock_guard lock(mutex_);
    for (const Mirror& mirror : mirrors_)
        mirror.words().prove(value);
}

void Mirrors::break_from(std::uint64_t first, Cause why, cu::CUresult result) noexcept {
    const std::lock_guard lock(mutex_);
    for (const Mirror& mirror : mirrors_) {
        CounterWords& words = mirror.words();
        // Where no memory of this process says what its streams have reached, that of the peer does.
        const std::uint64_t payload = words.is_broken() ? 0 : words.payload.load(std::memory_order_seq_cst);
        const bool is_further = payload >= first && payload - first < kFurthestAwaited;
        words.break_from(is_further ? payload + 1 : first, why, result);
    }
}

void Mirrors::raise() noexcept {
    const std::lock_guard lock(mutex_);
    for (const Mirror& mirror : mirrors_) {
        const std::uint64_t first = mirror.words().first_lost.load();
        mirror.words().prove(first - 1);  // all of them are reached, or it would not be raised
        mirror.words().payload.store(raised_payload(first), std::memory_order_seq_cst);
        mirror.words().wake_sleepers();
    }
}

}  // namespace opennvsci::sync
