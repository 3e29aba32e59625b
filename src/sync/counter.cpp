// SPDX-License-Identifier: Apache-2.0
#include "sync/counter.h"

#include "base/futex.h"
#include "memory/driver_memory.h"
#include "memory/host_memory.h"

namespace opennvsci::sync {
namespace {

constexpr std::size_t kTimestampsOffset = 4096;
constexpr std::size_t kPayloadBytes = 8;

// The half of the payload that changes with every signal: the low one, in little endian.
const void* futex_word(const std::atomic<std::uint64_t>& payload) noexcept {
    return &payload;
}

}  // namespace

Result<Counter> Counter::allocate(const Description& description) {
    static_assert(sizeof(Page) <= kTimestampsOffset);
    Counter counter;
    if (description.residence == Residence::system) {
        const std::size_t timestamps = description.has_timestamps ? kSlots * sizeof(TimestampWord) : 0;
        OPENNVSCI_TRY_ASSIGN(memory, memory::HostMemory::create(kTimestampsOffset + timestamps, kTimestampsOffset));
        OPENNVSCI_TRY_ASSIGN(address, memory->cpu_address(memory::Right::read_write));
        counter.memory_ = std::move(memory);
        counter.page_ = static_cast<Page*>(address);
        return counter;
    }
    counter.own_page_ = std::make_unique<Page>();
    counter.page_ = counter.own_page_.get();
    if (description.residence == Residence::video) {
        OPENNVSCI_TRY_ASSIGN(driver, driver::instance());
        OPENNVSCI_TRY_ASSIGN(
            memory, memory::DriverMemory::create(*driver, *description.gpu,
                                                 {memory::DriverMemory::Place::video, kPayloadBytes, 1, false}));
        counter.memory_ = std::move(memory);
    }
    return counter;
}

void Counter::add_one() noexcept {
    page_->payload.fetch_add(1, std::memory_order_seq_cst);
    wake_sleepers();
}

void Counter::prove(std::uint64_t value) noexcept {
    std::uint64_t known = page_->proven.load(std::memory_order_relaxed);
    while (known < value && !page_->proven.compare_exchange_weak(known, value, std::memory_order_release)) {
    }
}

void Counter::break_from(std::uint64_t first, cu::CUresult why) noexcept {
    const std::uint64_t known = page_->first_lost.load();
    if (page_->broken_by.load() == cu::CUDA_SUCCESS) page_->broken_by.store(why);
    if (known == 0) {
        // From now on only what is proven counts. The payload is looked at again, for a signal that came in between.
        prove(std::min(page_->payload.load(), first - 1));
        page_->first_lost.store(first, std::memory_order_seq_cst);
        prove(std::min(page_->payload.load(std::memory_order_seq_cst), first - 1));
    } else if (first < known) {
        page_->first_lost.store(first, std::memory_order_seq_cst);
    }
    wake_sleepers();
}

void Counter::raise(std::uint64_t value) noexcept {
    std::uint64_t payload = page_->payload.load();
    while (payload < value && !page_->payload.compare_exchange_weak(payload, value)) {
    }
    wake_sleepers();
}

void Counter::sleep(std::uint64_t value, Clock::duration longest) const noexcept {
    page_->sleepers.fetch_add(1, std::memory_order_seq_cst);
    const std::uint64_t payload = page_->payload.load(std::memory_order_seq_cst);
    if (payload < value && !is_lost(value)) {
        futex::wait(futex_word(page_->payload), static_cast<std::uint32_t>(payload), longest);
    }
    page_->sleepers.fetch_sub(1, std::memory_order_relaxed);
}

void Counter::wake_sleepers() const noexcept {
    if (page_->sleepers.load(std::memory_order_seq_cst) != 0) futex::wake_all(futex_word(page_->payload));
}

TimestampWord& Counter::timestamp(std::uint32_t slot) const noexcept {
    return reinterpret_cast<TimestampWord*>(reinterpret_cast<std::byte*>(page_) + kTimestampsOffset)[slot];
}

TimestampTarget Counter::timestamp_target(std::uint32_t slot, cu::CUdeviceptr payload) const noexcept {
    return {memory_, &timestamp(slot), payload + kTimestampsOffset + slot * sizeof(TimestampWord)};
}

}  // namespace opennvsci::sync
