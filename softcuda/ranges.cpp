// SPDX-License-Identifier: Apache-2.0
#include "softcuda/ranges.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "softcuda/allocation.h"

namespace opennvsci::softcuda {
namespace {

constexpr std::uintptr_t kPageSize = 4096;  // the granularity of a host registration

}  // namespace

CUmemAccess_flags Rights::strongest() const noexcept {
    return std::max(host, *std::max_element(devices.begin(), devices.end()));
}

void Range::wait_until_unpinned() {
    std::unique_lock lock(pin_mutex);
    unpinned.wait(lock, [this] { return pins == 0; });
}

void Range::release_memory() {
    wait_until_unpinned();
    mapping.reset();
    allocation.reset();
    charge.reset();
}

RangeRegistry& RangeRegistry::instance() {
    static auto& registry = *new RangeRegistry;
    return registry;
}

void RangeRegistry::insert(const std::shared_ptr<Range>& range) {
    const std::lock_guard lock(mutex_);
    // The kernel gave these addresses to the device, so a registration there outlived the program's own memory.
    auto stale = ranges_.lower_bound(range->base);
    if (stale != ranges_.begin() && std::prev(stale)->second->end() > range->base) --stale;
    while (stale != ranges_.end() && stale->first < range->end())
        stale = ranges_.erase(stale);
    ranges_.emplace(range->base, range);
}

CUresult RangeRegistry::insert_registration(const std::shared_ptr<Range>& range) {
    const std::uintptr_t first = range->base & ~(kPageSize - 1);
    const std::uintptr_t last = (range->end() - 1) | (kPageSize - 1);
    const std::lock_guard lock(mutex_);
    // Ranges do not overlap, so the last one that begins before the end decides.
    const auto next = ranges_.upper_bound(last);
    if (next != ranges_.begin()) {
        const Range& other = *std::prev(next)->second;
        if (((other.end() - 1) | (kPageSize - 1)) >= first) {
            return other.is_host() ? CUDA_ERROR_HOST_MEMORY_ALREADY_REGISTERED : CUDA_ERROR_INVALID_VALUE;
        }
    }
    ranges_.emplace(range->base, range);
    return CUDA_SUCCESS;
}

RangeRegistry::Map::const_iterator RangeRegistry::around(std::uintptr_t address) const {
    auto next = ranges_.upper_bound(address);
    if (next == ranges_.begin()) return ranges_.end();
    --next;
    return address < next->second->end() ? next : ranges_.end();
}

std::shared_ptr<Range> RangeRegistry::find(std::uintptr_t address) const {
    const std::lock_guard lock(mutex_);
    const auto found = around(address);
    return found != ranges_.end() ? found->second : nullptr;
}

void RangeRegistry::remove(const Range& range) {
    const std::lock_guard lock(mutex_);
    ranges_.erase(range.base);
}

std::shared_ptr<Range> RangeRegistry::take(std::uintptr_t base, RangeKinds kinds) {
    const std::lock_guard lock(mutex_);
    const auto found = ranges_.find(base);
    if (found == ranges_.end()) return nullptr;
    if (std::find(kinds.begin(), kinds.end(), found->second->kind) == kinds.end()) return nullptr;
    std::shared_ptr<Range> range = std::move(found->second);
    ranges_.erase(found);
    return range;
}

std::vector<std::shared_ptr<Range>> RangeRegistry::take_owned_by(ContextId context) {
    std::vector<std::shared_ptr<Range>> taken;
    const std::lock_guard lock(mutex_);
    for (auto entry = ranges_.begin(); entry != ranges_.end();) {
        if (entry->second->owner != context) {
            ++entry;
            continue;
        }
        taken.push_back(entry->second);
        entry = ranges_.erase(entry);
    }
    return taken;
}

bool RangeRegistry::pin(std::uintptr_t address, std::size_t size, int device, CUmemAccess_flags needed, Pins& pins) {
    if (size > UINTPTR_MAX - address) return false;
    const std::uintptr_t end = address + size;
    Pins found;
    const std::lock_guard lock(mutex_);
    for (auto entry = around(address);; ++entry) {
        if (entry == ranges_.end()) return false;
        const std::shared_ptr<Range>& range = entry->second;
        if (range->base > address) return false;
        if (range->rights.devices[static_cast<std::size_t>(device)] < needed) return false;
        if (!found.empty() && (range->reservation == 0 || range->reservation != found.back()->reservation))
            return false;
        {
            const std::lock_guard pin_lock(range->pin_mutex);
            ++range->pins;
        }
        // If making the owner fails, its deleter still runs and takes the pin back.
        found.push_back(Pin(range.get(), [range](Range* pinned) {
            const std::lock_guard pin_lock(pinned->pin_mutex);
            if (--pinned->pins == 0) pinned->unpinned.notify_all();
        }));
        if (range->end() >= end) break;
        address = range->end();
    }
    pins.insert(pins.end(), found.begin(), found.end());
    return true;
}

bool RangeRegistry::overlaps(std::uintptr_t address, std::size_t size) const {
    const std::lock_guard lock(mutex_);
    const auto next = ranges_.upper_bound(address);
    if (next != ranges_.end() && next->first - address < size) return true;
    return around(address) != ranges_.end();
}

Rights RangeRegistry::rights(const Range& range) const {
    const std::lock_guard lock(mutex_);
    return range.rights;
}

void RangeRegistry::set_rights(Range& range, const Rights& rights) {
    const std::lock_guard lock(mutex_);
    range.rights = rights;
}

}  // namespace opennvsci::softcuda
