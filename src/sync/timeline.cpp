// SPDX-License-Identifier: Apache-2.0
#include "sync/timeline.h"

#include <fmt/format.h>
#include <sched.h>

#include <algorithm>

#include "base/futex.h"
#include "memory/driver_memory.h"
#include "memory/host_memory.h"

namespace opennvsci::sync {

using namespace cu;  // NOLINT(google-build-using-namespace): CUDA's own names

namespace {

constexpr std::size_t kTimestampsOffset = 4096;
constexpr std::size_t kPayloadBytes = 8;

// How an adaptive wait goes on (figures: docs/performance.md). A signal that is about to come is met spinning. Then the
// waiter sleeps: until woken, if only CPUs signal. A GPU wakes nobody, so then it sleeps in slices that grow with the
// time it has waited, and looks.
constexpr std::chrono::microseconds kSpin{30};
constexpr std::chrono::microseconds kShortestSlice{5};
constexpr std::chrono::microseconds kLongestSlice{50};
constexpr std::chrono::milliseconds kLongestSleep{100};
constexpr std::chrono::milliseconds kBetweenLooksAtStreams{1};

inline void pause() noexcept {
#if defined(__x86_64__)
    __builtin_ia32_pause();
#else
    __asm__ volatile("yield");
#endif
}

}  // namespace

// The words that CPUs and GPUs share, each on a cache line of its own.
struct Timeline::Page {
    alignas(kCacheLine) std::atomic<std::uint64_t> payload;
    alignas(kCacheLine) std::atomic<std::uint32_t> sleepers;

    // The half of the payload that changes with every signal: the low one, in little endian.
    [[nodiscard]] const void* futex_word() const noexcept { return &payload; }
    [[nodiscard]] TimestampWord* timestamps() noexcept {
        return reinterpret_cast<TimestampWord*>(reinterpret_cast<std::byte*>(this) + kTimestampsOffset);
    }
};

Result<std::unique_ptr<Timeline>> Timeline::allocate(std::shared_ptr<attr::Module> module,
                                                     const Description& description) {
    std::unique_ptr<Timeline> timeline(new Timeline(std::move(module), description));
    if (description.residence == Residence::system) {
        const std::size_t timestamps = description.has_timestamps ? kSlots * sizeof(TimestampWord) : 0;
        OPENNVSCI_TRY_ASSIGN(memory, memory::HostMemory::create(kTimestampsOffset + timestamps, kTimestampsOffset));
        OPENNVSCI_TRY_ASSIGN(address, memory->cpu_address(memory::Right::read_write));
        timeline->memory_ = std::move(memory);
        timeline->page_ = static_cast<Page*>(address);  // zeroed, which is what the words begin with
    } else if (description.residence == Residence::video) {
        OPENNVSCI_TRY_ASSIGN(driver, driver::instance());
        OPENNVSCI_TRY_ASSIGN(
            memory, memory::DriverMemory::create(*driver, *description.gpu,
                                                 {memory::DriverMemory::Place::video, kPayloadBytes, 1, false}));
        timeline->memory_ = std::move(memory);
    }
    return timeline;
}

std::uint64_t Timeline::reached() const noexcept {
    const std::uint64_t in_streams = reached_in_streams_.load(std::memory_order_acquire);
    return page_ == nullptr ? in_streams : std::max(in_streams, page_->payload.load(std::memory_order_seq_cst));
}

bool Timeline::is_reached(std::uint64_t value) const noexcept {
    return reached() >= value && !is_lost(value);
}

TimestampWord& Timeline::timestamp(std::uint32_t slot) const noexcept {
    return page_->timestamps()[slot];
}

tl::unexpected<Error> Timeline::lost() const {
    const CUresult why = broken_by_.load();
    if (why == CUDA_SUCCESS) {
        return fail(NvSciError_ResourceError, "the object is gone, so nobody can signal the fence",
                    CUDA_ERROR_ILLEGAL_STATE);
    }
    return fail(NvSciError_ResourceError,
                fmt::format("the context of the signal is lost (CUDA error {}), so the fence cannot expire",
                            static_cast<unsigned>(why)),
                why);
}

void Timeline::note_fence(std::uint64_t value) noexcept {
    std::uint64_t known = greatest_noted_.load(std::memory_order_relaxed);
    while (known < value && !greatest_noted_.compare_exchange_weak(known, value)) {
    }
}

void Timeline::signal() noexcept {
    if (!description_.has_timestamps) {
        page_->payload.fetch_add(1, std::memory_order_seq_cst);
    } else {
        const std::lock_guard lock(mutex_);  // the time must be there before the value
        const std::uint64_t next = page_->payload.load() + 1;
        timestamp(static_cast<std::uint32_t>(next % kSlots)).store(cpu_timestamp(), std::memory_order_release);
        page_->payload.store(next, std::memory_order_seq_cst);
    }
    wake_sleepers();
}

void Timeline::wake_sleepers() const noexcept {
    if (page_ != nullptr && page_->sleepers.load(std::memory_order_seq_cst) != 0) futex::wake_all(page_->futex_word());
}

// Of a wait for a value that is passed.
Result<> Timeline::outcome(std::uint64_t value) const {
    if (is_lost(value)) return lost();
    return {};
}

// Some looks in a row, because reading the clock costs more than a look. Not when yielding: that may cost a time slice.
bool Timeline::look_often(std::uint64_t value, WaitMode mode) const noexcept {
    if (mode == WaitMode::yielding) {
        ::sched_yield();
        return is_passed(value);
    }
    constexpr int kLooks = 16;
    for (int i = 0; i < kLooks; ++i) {
        if (is_passed(value)) return true;
        pause();
    }
    return is_passed(value);
}

void Timeline::sleep(std::uint64_t value, Clock::duration longest) const noexcept {
    page_->sleepers.fetch_add(1, std::memory_order_seq_cst);
    const std::uint64_t payload = page_->payload.load(std::memory_order_seq_cst);
    if (payload < value) futex::wait(page_->futex_word(), static_cast<std::uint32_t>(payload), longest);
    page_->sleepers.fetch_sub(1, std::memory_order_relaxed);
}

Result<> Timeline::wait(std::uint64_t value, std::int64_t timeout_us, WaitMode mode) {
    if (is_passed(value)) return outcome(value);
    const bool may_come_at_once = timeout_us != 0 && mode != WaitMode::yielding;
    if (may_come_at_once && look_often(value, mode)) return outcome(value);

    const auto start = Clock::now();
    constexpr auto kMostUs =
        std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::hours(24 * 365)).count();
    const auto end = timeout_us == kForever || timeout_us > kMostUs ? Clock::time_point::max()
                                                                    : start + std::chrono::microseconds(timeout_us);
    auto last_look = Clock::time_point::min();
    for (auto now = start;; now = Clock::now()) {
        if (now >= end || (now - start >= kSpin && now - kBetweenLooksAtStreams >= last_look)) {
            // Not waiting for the lock: its holder may wait for room in a stream.
            if (const std::unique_lock lock(mutex_, std::try_to_lock); lock) look_at_streams(value);
            last_look = now;
            if (is_passed(value)) return outcome(value);
        }
        if (now >= end) return fail(NvSciError_Timeout, fmt::format("the fence did not expire in {} us", timeout_us));
        if (mode == WaitMode::adaptive && now - start >= kSpin) {
            const Clock::duration slice =
                gpu_signals_.load(std::memory_order_relaxed)
                    ? std::clamp<Clock::duration>((now - start) / 8, kShortestSlice, kLongestSlice)
                    : Clock::duration(kLongestSleep);
            sleep(value, std::min<Clock::duration>(slice, end - now));
        }
        if (look_often(value, mode)) return outcome(value);
    }
}

// Streams

Result<CUdeviceptr> Timeline::address_in(const driver::ContextWatch& context) {
    for (const ContextMapping& known : mappings_) {
        if (known.context == context.id()) return known.mapping->address();
    }
    const driver::Device& device = context.device();
    if (!device.supports_stream_memory_operations) {
        return fail(
            NvSciError_NotSupported,
            fmt::format("{} has no 64-bit stream memory operations (device attribute 122, CUDA 11.7)", device.name),
            CUDA_ERROR_NOT_SUPPORTED);
    }
    if (description_.gpu != nullptr && &device != description_.gpu) {
        return fail(NvSciError_NotSupported,
                    fmt::format("the object was reconciled for {} alone, and lives in its memory; name {} in "
                                "NvSciSyncAttrKey_GpuId",
                                description_.gpu->name, device.uuid.text()),
                    CUDA_ERROR_NOT_SUPPORTED);
    }
    const driver::PushedContext pushed(context);
    const driver::RelaxedCapture relaxed(context.driver());
    OPENNVSCI_TRY_ASSIGN(mapping, memory_->map_for_gpu(context.driver(), device, memory::Right::read_write));
    return mappings_.emplace_back(ContextMapping{context.id(), std::move(mapping)}).mapping->address();
}

Result<> Timeline::prepare(const driver::ContextWatch* context) {
    const std::lock_guard lock(mutex_);
    if (memory_ != nullptr) OPENNVSCI_TRY(address_in(*context));
    if (signals_.empty() && !signals_.has_event_of(context)) OPENNVSCI_TRY(signals_.make_event(context));
    return {};
}

Result<> Timeline::wait_for(const driver::StreamPlace& stream, const StreamSignal& signal) {
    const driver::Driver& driver = stream.context->driver();
    if (!signal.event.is_of(stream.context) && !signal.event.context().is_alive()) {
        break_above(std::max(reached(), signal.value - 1), CUDA_ERROR_CONTEXT_IS_DESTROYED);
        return lost();
    }
    const CUresult result = driver.call.cuStreamWaitEvent(stream.handle, signal.event.handle(), 0);
    if (result != CUDA_SUCCESS) return driver.error(result, "cuStreamWaitEvent");
    return {};
}

Result<std::uint64_t> Timeline::signal(const driver::StreamPlace& stream) {
    const driver::Driver& driver = stream.context->driver();
    const std::lock_guard lock(mutex_);
    if (is_lost(UINT64_MAX)) return lost();
    if (signals_.is_full()) {
        if (const auto done = signals_.make_room()) reached_in_streams_.store(*done, std::memory_order_release);
    }
    CUdeviceptr address = 0;
    if (memory_ != nullptr) {
        OPENNVSCI_TRY_ASSIGN(mapped, address_in(*stream.context));
        address = mapped;
    }
    const std::uint64_t value = std::max(handed_out_.load(std::memory_order_relaxed), reached()) + 1;
    if (!signals_.has_event_of(stream.context)) OPENNVSCI_TRY(signals_.make_event(stream.context));
    const StreamSignal& signal = signals_.append(value);
    const auto withdraw = [&](Error error) {
        signals_.drop_newest();
        return tl::make_unexpected(std::move(error));
    };
    if (const StreamSignal* before = signals_.before_newest();
        before != nullptr && !stream.is_same_stream(last_stream_)) {
        if (auto ordered = wait_for(stream, *before); !ordered) return withdraw(ordered.error());
    }
    if (description_.has_timestamps) {
        const auto slot = static_cast<std::uint32_t>(value % kSlots);
        auto stored =
            store_timestamp(*stream.context, stream.handle,
                            {memory_, &timestamp(slot), address + kTimestampsOffset + slot * sizeof(TimestampWord)});
        if (!stored) return withdraw(stored.error());
    }
    if (memory_ != nullptr) {
        // The default write comes after a fence of system scope: whoever sees the value sees the work before it.
        const CUresult written =
            driver.call.cuStreamWriteValue64(stream.handle, address, value, CU_STREAM_WRITE_VALUE_DEFAULT);
        if (written != CUDA_SUCCESS) return withdraw(driver.error(written, "cuStreamWriteValue64").value());
        handed_out_.store(value, std::memory_order_relaxed);
    }
    const CUresult recorded = driver.call.cuEventRecord(signal.event.handle(), stream.handle);
    if (recorded != CUDA_SUCCESS) return withdraw(driver.error(recorded, "cuEventRecord").value());
    handed_out_.store(value, std::memory_order_relaxed);
    last_stream_ = stream.id;
    if (!gpu_signals_.load(std::memory_order_relaxed) && !gpu_signals_.exchange(true)) {
        wake_sleepers();  // they must look from now on
    }
    return value;
}

Result<> Timeline::wait(const driver::StreamPlace& stream, std::uint64_t value) {
    const std::lock_guard lock(mutex_);
    if (is_passed(value)) return outcome(value);
    if (const StreamSignal* signal = signals_.find(value); signal != nullptr) {
        const bool comes_before = signal == &signals_.newest() && stream.is_same_stream(last_stream_);
        return comes_before ? Result<>() : wait_for(stream, *signal);
    }
    const std::uint64_t handed_out = handed_out_.load(std::memory_order_relaxed);
    if (memory_ != nullptr && (value <= handed_out || description_.is_deterministic)) {
        return wait_in_memory(stream, value);
    }
    return fail(NvSciError_BadParameter,
                fmt::format("the fence has value {}, and the newest signal that was submitted {}; only with "
                            "NvSciSyncAttrKey_RequireDeterministicFences may a wait come before its signal",
                            value, handed_out));
}

// Waits of different streams pass in any order. Looking at two events for each new wait finds those that have passed
// sooner than new ones come.
Result<const driver::StreamEvent*> Timeline::take_event_for_wait(const driver::ContextWatch* context) {
    for (int looks = 0; looks < 2 && !waits_.empty(); ++looks) {
        last_used_wait_ = (last_used_wait_ + 1) % waits_.size();
        driver::StreamEvent& event = waits_[last_used_wait_];
        if (event.query() == CUDA_ERROR_NOT_READY) continue;
        if (!event.is_of(context)) {
            OPENNVSCI_TRY_ASSIGN(made, driver::StreamEvent::create(context));
            event = std::move(made);
        }
        return &event;
    }
    OPENNVSCI_TRY_ASSIGN(made, driver::StreamEvent::create(context));
    return &waits_.emplace_back(std::move(made));
}

Result<> Timeline::wait_in_memory(const driver::StreamPlace& stream, std::uint64_t value) {
    const driver::Driver& driver = stream.context->driver();
    OPENNVSCI_TRY_ASSIGN(address, address_in(*stream.context));
    OPENNVSCI_TRY_ASSIGN(event, take_event_for_wait(stream.context));
    CUresult result = driver.call.cuStreamWaitValue64(stream.handle, address, value, CU_STREAM_WAIT_VALUE_GEQ);
    if (result != CUDA_SUCCESS) return driver.error(result, "cuStreamWaitValue64");
    result = driver.call.cuEventRecord(event->handle(), stream.handle);
    if (result != CUDA_SUCCESS) return driver.error(result, "cuEventRecord");
    return {};
}

// Asks CUDA for the signal of `value`, or the first one that is not done if there is none: is it done, or its context
// lost?
void Timeline::look_at_streams(std::uint64_t value) {
    if (signals_.empty()) return;
    const StreamSignal* signal = signals_.find(value);
    if (signal == nullptr) signal = &signals_.oldest();
    const CUresult state = signal->event.query();
    if (state == CUDA_ERROR_NOT_READY) return;
    if (state != CUDA_SUCCESS) return break_above(std::max(reached(), signals_.oldest().value - 1), state);
    if (reached_in_streams_.load() < signal->value) reached_in_streams_.store(signal->value, std::memory_order_release);
}

void Timeline::break_above(std::uint64_t value, CUresult why) noexcept {
    broken_by_.store(why);
    last_good_value_.store(value, std::memory_order_release);
    if (reached_in_streams_.load() < value) reached_in_streams_.store(value, std::memory_order_release);
    if (page_ == nullptr) return;
    const std::uint64_t greatest = greatest_in_fences();
    std::uint64_t payload = page_->payload.load();
    while (payload < greatest && !page_->payload.compare_exchange_weak(payload, greatest)) {
    }
    wake_sleepers();
}

bool Timeline::is_idle() {
    const std::lock_guard lock(mutex_);
    const auto runs = [](const driver::StreamEvent& event) { return event.query() == CUDA_ERROR_NOT_READY; };
    if (!signals_.empty()) {
        if (runs(signals_.newest().event)) return false;
        look_at_streams(signals_.newest().value);
    }
    return std::none_of(waits_.begin(), waits_.end(), runs);
}

std::optional<std::uint64_t> Timeline::abandon() noexcept {
    const std::lock_guard lock(mutex_);
    if (is_lost(UINT64_MAX)) return last_good_value_.load();
    const std::uint64_t last = reached();
    if (last >= greatest_in_fences()) return std::nullopt;
    break_above(last, CUDA_SUCCESS);
    return last;
}

}  // namespace opennvsci::sync
