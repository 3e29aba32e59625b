// SPDX-License-Identifier: Apache-2.0
#include "sync/counter.h"

#include "base/futex.h"
#include "memory/driver_memory.h"

namespace opennvsci::sync {
namespace {

constexpr std::size_t kPayloadBytes = 8;

}  // namespace

Counter::Counter(const Description& description) : description_(description) {
    if (description.has_semaphore) semaphore_ = std::make_unique<SharedSemaphore>();
}

Result<Counter> Counter::allocate(const Description& description) {
    static_assert(sizeof(Words) <= CounterArena::kWordsBytes);
    Counter counter(description);
    if (description.has_timestamps && description.has_peers) {
        const auto right = description.peer_signals ? memory::Right::read_write : memory::Right::read_only;
        OPENNVSCI_TRY_ASSIGN(timestamps, SharedPage::create(kTimestampsPageBytes, right));
        counter.pages_.timestamps = std::move(timestamps);
    }
    if (description.peer_signals) {
        OPENNVSCI_TRY_ASSIGN(words, SharedPage::create(kWordsPageBytes, memory::Right::read_write));
        counter.pages_.words = std::move(words);
        counter.use_pages();
        return counter;
    }
    if (description.domain == memory::Domain::system) {
        OPENNVSCI_TRY_ASSIGN(place, CounterArena::instance().take(counter.size()));
        counter.place_ = std::move(place);
        counter.is_of_arena_ = true;
        counter.words_ = static_cast<Words*>(counter.place_.address);
        if (description.has_timestamps && !description.has_peers) {
            counter.timestamps_ = reinterpret_cast<TimestampWord*>(static_cast<std::byte*>(counter.place_.address) +
                                                                   CounterArena::kWordsBytes);
        }
        counter.use_pages();
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
    counter.use_pages();
    return counter;
}

Counter Counter::of_peer(const Description& description, Pages pages) {
    Counter counter(description);
    counter.pages_ = std::move(pages);
    counter.use_pages();
    return counter;
}

void Counter::use_pages() noexcept {
    if (pages_.words != nullptr) {
        place_ = {pages_.words->memory(), 0, pages_.words->address()};
        words_ = static_cast<Words*>(place_.address);
    }
    if (pages_.timestamps != nullptr) timestamps_ = static_cast<TimestampWord*>(pages_.timestamps->address());
}

// A context that is being destroyed may count as lost before its last work is done, so its writes may still come: then
// nobody else gets the place.
Counter::~Counter() {
    if (is_of_arena_ && broken_by() == cu::CUDA_SUCCESS) {
        CounterArena::instance().give_back(size(), std::move(place_));
    }
    delete mirrors_.load();
    place_ = {};  // the pages, which take the rest down (sync/shared_page.h), are the last to go
}

Result<cu::CUdeviceptr> Counter::address_in(const driver::ContextWatch& context) const {
    OPENNVSCI_TRY_ASSIGN(memory, place_.memory->address_in(context));
    return memory + place_.offset;
}

std::uint64_t Counter::reached_of_shared(std::uint64_t payload, std::uint64_t proven) const noexcept {
    return std::max(proven, std::min(payload, first_lost() - 1));
}

Mirrors& Counter::mirrors() {
    if (mirrors_.load() == nullptr) mirrors_.store(new Mirrors, std::memory_order_seq_cst);
    return *mirrors_.load();
}

std::uint64_t Counter::add_one() noexcept {
    const std::uint64_t value = words_->payload.fetch_add(1, std::memory_order_seq_cst) + 1;
    publish();
    if (has_semaphore()) [[unlikely]]
        semaphore_->follow(words_->payload.load(std::memory_order_seq_cst));
    return value;
}

void Counter::reach(std::uint64_t value) noexcept {
    std::uint64_t payload = words_->payload.load(std::memory_order_seq_cst);
    while (payload < value && !words_->payload.compare_exchange_weak(payload, value)) {
    }
    if (payload < value) publish();
}

// To who sleeps here, and to peers.
void Counter::publish() noexcept {
    words_->wake_sleepers();
    if (Mirrors* const mirrors = mirrors_.load(std::memory_order_seq_cst); mirrors != nullptr) [[unlikely]]
        mirrors->follow(*words_);
}

void Counter::prove(std::uint64_t value) noexcept {
    words_->prove(value);
    if (Mirrors* const mirrors = mirrors_.load(); mirrors != nullptr && is_broken()) [[unlikely]]
        mirrors->prove(value);
}

void Counter::break_from(std::uint64_t first, Cause why, cu::CUresult result) noexcept {
    words_->break_from(first, why, result);
    if (Mirrors* const mirrors = mirrors_.load(); mirrors != nullptr) mirrors->break_from(first, why, result);
}

void Counter::raise_mirrors() noexcept {
    if (Mirrors* const mirrors = mirrors_.load(); mirrors != nullptr) mirrors->raise();
}

// What is reached the semaphore has: CUDA, which cannot ask it, must not lower it.
Result<> Counter::raise(std::uint64_t value, bool with_semaphore) {
    Result<> raised;
    if (with_semaphore && is_semaphore_of_streams() && value > reached()) raised = semaphore_->raise(value);
    if (!is_in_memory()) return raised;
    if (!is_seen_by_cpu()) {
        OPENNVSCI_TRY(place_.memory->store_apart(place_.offset, value));
        return raised;
    }
    std::uint64_t payload = words_->payload.load();
    // In the cyclic order of streams: a peer may have left anything there.
    while (static_cast<std::int64_t>(payload - value) < 0 && !words_->payload.compare_exchange_weak(payload, value)) {
    }
    wake_sleepers();
    return raised;
}

void Counter::sleep(std::uint64_t value, Clock::duration longest) const noexcept {
    words_->sleepers.fetch_add(1, std::memory_order_seq_cst);
    const std::uint64_t payload = words_->payload.load(std::memory_order_seq_cst);
    if (payload < value && !is_lost(value)) {
        futex::wait(words_->futex_word(), static_cast<std::uint32_t>(payload), longest);
    }
    words_->sleepers.fetch_sub(1, std::memory_order_relaxed);
}

void Counter::wake_sleepers() const noexcept {
    words_->wake_sleepers();
}

TimestampWord& Counter::timestamp(std::uint32_t slot) const noexcept {
    return timestamps_[slot];
}

Result<TimestampTarget> Counter::timestamp_target(std::uint32_t slot, const driver::ContextWatch& context,
                                                  cu::CUdeviceptr payload) const {
    if (pages_.timestamps == nullptr) {
        return TimestampTarget{place_.memory, &timestamp(slot),
                               payload + CounterArena::kWordsBytes + slot * sizeof(TimestampWord)};
    }
    const auto& memory = pages_.timestamps->memory();
    OPENNVSCI_TRY_ASSIGN(address, memory->address_in(context));
    return TimestampTarget{pages_.timestamps, &timestamp(slot), address + slot * sizeof(TimestampWord)};
}

}  // namespace opennvsci::sync
