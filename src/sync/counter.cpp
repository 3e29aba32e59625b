// SPDX-License-Identifier: Apache-2.0
#include "sync/counter.h"

#include "base/futex.h"
#include "memory/driver_memory.h"

namespace opennvsci::sync {
namespace {

constexpr std::size_t kPayloadBytes = 8;

// The half of the payload that changes with every signal: the low one, in little endian.
const void* futex_word(const std::atomic<std::uint64_t>& payload) noexcept {
    return &payload;
}

}  // namespace

Result<Counter> Counter::allocate(const Description& description) {
    static_assert(sizeof(Words) <= CounterArena::kWordsBytes);
    Counter counter(description);
    if (description.domain == memory::Domain::system) {
        OPENNVSCI_TRY_ASSIGN(place, CounterArena::instance().take(counter.size()));
        counter.place_ = std::move(place);
        counter.words_ = static_cast<Words*>(counter.place_.address);
        return counter;
    }
    counter.own_words_ = std::make_unique<Words>();
    counter.words_ = counter.own_words_.get();
    if (description.domain == memory::Domain::video) {
        OPENNVSCI_TRY_ASSIGN(driver, driver::instance());
        OPENNVSCI_TRY_ASSIGN(memory, memory::DriverMemory::create(*driver, *description.gpu,
                                                                  {memory::Domain::video, kPayloadBytes, 1, false}));
        counter.place_.memory = std::make_shared<CounterMemory>(std::move(memory), description.gpu);
    }
    return counter;
}

// A context that is being destroyed may count as lost before its last work is done, so its writes may still come: then
// nobody else gets the place.
Counter::~Counter() {
    if (is_seen_by_cpu() && broken_by() == cu::CUDA_SUCCESS) {
        CounterArena::instance().give_back(size(), std::move(place_));
    }
}

Result<cu::CUdeviceptr> Counter::address_in(const driver::ContextWatch& context) const {
    OPENNVSCI_TRY_ASSIGN(memory, place_.memory->address_in(context));
    return memory + place_.offset;
}

void Counter::add_one() noexcept {
    words_->payload.fetch_add(1, std::memory_order_seq_cst);
    wake_sleepers();
}

void Counter::prove(std::uint64_t value) noexcept {
    std::uint64_t known = words_->proven.load(std::memory_order_relaxed);
    while (known < value && !words_->proven.compare_exchange_weak(known, value, std::memory_order_release)) {
    }
}

void Counter::break_from(std::uint64_t first, cu::CUresult why) noexcept {
    const std::uint64_t known = words_->first_lost.load();
    if (words_->broken_by.load() == cu::CUDA_SUCCESS) words_->broken_by.store(why);
    if (known == 0) {
        // From now on only what is proven counts. The payload is looked at again, for a signal that came in between.
        prove(std::min(words_->payload.load(), first - 1));
        words_->first_lost.store(first, std::memory_order_seq_cst);
        prove(std::min(words_->payload.load(std::memory_order_seq_cst), first - 1));
    } else if (first < known) {
        words_->first_lost.store(first, std::memory_order_seq_cst);
    }
    wake_sleepers();
}

Result<> Counter::raise(std::uint64_t value) {
    if (!is_seen_by_cpu()) return place_.memory->store_apart(place_.offset, value);
    std::uint64_t payload = words_->payload.load();
    while (payload < value && !words_->payload.compare_exchange_weak(payload, value)) {
    }
    wake_sleepers();
    return {};
}

void Counter::sleep(std::uint64_t value, Clock::duration longest) const noexcept {
    words_->sleepers.fetch_add(1, std::memory_order_seq_cst);
    const std::uint64_t payload = words_->payload.load(std::memory_order_seq_cst);
    if (payload < value && !is_lost(value)) {
        futex::wait(futex_word(words_->payload), static_cast<std::uint32_t>(payload), longest);
    }
    words_->sleepers.fetch_sub(1, std::memory_order_relaxed);
}

void Counter::wake_sleepers() const noexcept {
    if (words_->sleepers.load(std::memory_order_seq_cst) != 0) futex::wake_all(futex_word(words_->payload));
}

TimestampWord& Counter::timestamp(std::uint32_t slot) const noexcept {
    return reinterpret_cast<TimestampWord*>(reinterpret_cast<std::byte*>(words_) + CounterArena::kWordsBytes)[slot];
}

TimestampTarget Counter::timestamp_target(std::uint32_t slot, cu::CUdeviceptr payload) const noexcept {
    return {place_.memory, &timestamp(slot), payload + CounterArena::kWordsBytes + slot * sizeof(TimestampWord)};
}

}  // namespace opennvsci::sync
