// SPDX-License-Identifier: Apache-2.0
#include "sync/stream_order.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstring>
#include <thread>

namespace opennvsci::sync {

using namespace cu;  // NOLINT(google-build-using-namespace): CUDA's own names
using driver::Progress;

namespace {

// Only after a loss, while streams wait in memory for lost values and lost signals still run.
constexpr std::chrono::milliseconds kPatience{20};
constexpr std::chrono::microseconds kBetweenRaises{100};

// Peers that come while signals are under way: the next signal waits for the words of all of them to catch up.
constexpr std::size_t kMostCatchUps = 128;

}  // namespace

tl::unexpected<Error> StreamOrder::lost() const {
    if (description_.is_signaled_elsewhere) return lost_elsewhere();
    const CUresult why = counter_.broken_by();
    if (counter_.cause() == Cause::vulkan_device_lost) {
        return fail(NvSciError_ResourceError, "the Vulkan device that signals is lost, so the fence cannot expire",
                    CUDA_ERROR_ILLEGAL_STATE);
    }
    if (counter_.cause() == Cause::vulkan_pool_gone) {
        return fail(NvSciError_ResourceError,
                    "the Vulkan semaphore pool that signaled the object is destroyed, so the fence cannot expire",
                    CUDA_ERROR_ILLEGAL_STATE);
    }
    if (counter_.cause() == Cause::program_ends) {
        return fail(NvSciError_ResourceError,
                    "the program has begun to end, and nothing is carried from Vulkan any more, so the "
                    "fence cannot expire",
                    CUDA_ERROR_ILLEGAL_STATE);
    }
    if (counter_.cause() == Cause::signaler_is_gone) {
        return fail(
            NvSciError_ResourceError,
            "a process that takes part has lost the way to this one, and has let go of all, so the fence cannot "
            "expire",
            CUDA_ERROR_ILLEGAL_STATE);
    }
    if (why == CUDA_SUCCESS) {
        return fail(NvSciError_ResourceError, "the object is gone, so nobody can signal the fence",
                    CUDA_ERROR_ILLEGAL_STATE);
    }
    return fail(NvSciError_ResourceError,
                fmt::format("the context of the signal, or of one before it, is lost (CUDA error {}), so the fence "
                            "cannot expire",
                            static_cast<unsigned>(why)),
                why);
}

tl::unexpected<Error> StreamOrder::lost_elsewhere() const {
    const ipc::Link* const link = link_.load();
    const std::string peer = link == nullptr ? "the peer" : "peer " + link->peer_name();
    const CUresult why = counter_.broken_by();
    switch (counter_.cause()) {
        case Cause::context_lost:
            return fail(NvSciError_ResourceError,
                        fmt::format("{}, which signals the object or leads to who does, has lost the context of the "
                                    "signal, or of one before it (CUDA error {}), so the fence cannot expire",
                                    peer, static_cast<unsigned>(why)),
                        why == CUDA_SUCCESS ? CUDA_ERROR_ILLEGAL_STATE : why);
        case Cause::vulkan_device_lost:
            return fail(NvSciError_ResourceError,
                        fmt::format("{}, which signals the object or leads to who does, has lost the Vulkan device of "
                                    "the signal, so the fence cannot expire",
                                    peer),
                        CUDA_ERROR_ILLEGAL_STATE);
        case Cause::vulkan_pool_gone:
            return fail(NvSciError_ResourceError,
                        fmt::format("{}, which signals the object or leads to who does, has destroyed the Vulkan "
                                    "semaphore pool that signaled it, so the fence cannot expire",
                                    peer),
                        CUDA_ERROR_ILLEGAL_STATE);
        case Cause::program_ends:
        case Cause::signaler_is_gone:
            return fail(NvSciError_ResourceError,
                        fmt::format("{}, which signals the object or leads to who does, is gone: its process has "
                                    "ended or was killed, so the fence cannot expire",
                                    peer),
                        CUDA_ERROR_ILLEGAL_STATE);
        default:
            return fail(NvSciError_ResourceError,
                        fmt::format("{}, which signals the object or leads to who does, has freed it, so nobody can "
                                    "signal the fence",
                                    peer),
                        CUDA_ERROR_ILLEGAL_STATE);
    }
}

// Of a wait for a value that is passed.
Result<> StreamOrder::outcome(std::uint64_t value) const {
    if (counter_.is_lost(value)) return lost();
    return {};
}

Result<> StreamOrder::prepare(const driver::ContextWatch* context) {
    if (counter_.is_in_memory()) OPENNVSCI_TRY(counter_.address_in(*context));
    if (counter_.is_semaphore_of_streams()) OPENNVSCI_TRY(counter_.semaphore()->prepare(*context));
    if (description_.is_signaled_elsewhere || is_awaited_in_semaphore()) return {};
    if (description_.has_timestamps) OPENNVSCI_TRY(prepare_timestamps(*context));
    const std::unique_lock ordered(order_, std::try_to_lock);  // a signal that is being submitted may take for ever
    if (ordered && signals_.empty()) OPENNVSCI_TRY(signals_.prepare_event(context));
    return {};
}

// Signals

Result<std::uint64_t> StreamOrder::signal(const driver::StreamPlace& stream) {
    auto signaled = [&]() -> Result<std::uint64_t> {
        const std::lock_guard ordered(order_);
        OPENNVSCI_TRY(signaler_.claim(Signaler::Kind::streams));
        // If nothing comes of the first signal, by an error or an exception, nothing is decided.
        struct Claim {
            StreamOrder& order;
            ~Claim() {
                if (order.values_.handed_out() == 0) order.signaler_.withdraw();
            }
        } const claim{*this};
        return submit_signal(stream);
    }();
    if (counter_.is_broken()) [[unlikely]] {  // it may have found that, or write a smaller value than was raised to
        {
            const std::lock_guard lock(state_);
            owe_release();
        }
        release_waits();
    }
    return signaled;
}

Result<std::uint64_t> StreamOrder::submit_signal(const driver::StreamPlace& stream) {
    if (signals_.is_full()) OPENNVSCI_TRY(make_room());
    if (counter_.is_broken()) return lost();
    CUdeviceptr address = 0;
    if (counter_.is_in_memory()) {
        OPENNVSCI_TRY_ASSIGN(mapped, counter_.address_in(*stream.context));
        address = mapped;
    }
    OPENNVSCI_TRY_ASSIGN(event, signals_.prepare_event(stream.context));
    if (!signals_.empty() && !stream.is_same_stream(last_stream_)) OPENNVSCI_TRY(come_after(stream, signals_.newest()));
    const std::uint64_t value = std::max(values_.handed_out(), counter_.reached()) + 1;
    if (counter_.has_mirrors()) [[unlikely]]
        OPENNVSCI_TRY(prepare_mirrors(stream, address, value));
    if (counter_.is_semaphore_of_streams()) [[unlikely]]
        OPENNVSCI_TRY(counter_.semaphore()->prepare(*stream.context));
    if (description_.has_timestamps) {
        OPENNVSCI_TRY_ASSIGN(
            target, counter_.timestamp_target(static_cast<std::uint32_t>(value % kSlots), *stream.context, address));
        OPENNVSCI_TRY(store_timestamp(*stream.context, stream.handle, std::move(target)));
    }
    if (is_written()) {
        if (auto written = write(stream, address, value); !written) {
            // The time is stored, and the semaphore signaled, when the stream comes there.
            if (description_.has_timestamps || counter_.is_semaphore_of_streams()) {
                const auto behind = event_behind_wait(stream.context, 0);
                if (!behind || !record(**behind, stream)) keep_for_ever();
            }
            return tl::make_unexpected(std::move(written).error());
        }
        values_.hand_out_to(value);
    }
    if (auto recorded = record(*event, stream); !recorded) {
        // The value will be written, and no later signal could be put behind it.
        const std::lock_guard lock(state_);
        if (is_written()) counter_.break_from(value, Cause::context_lost, recorded.error().cuda);
        return tl::make_unexpected(std::move(recorded).error());
    }
    values_.hand_out_to(value);
    const std::lock_guard lock(state_);
    signals_.append(value);
    last_stream_ = stream.id;
    catch_ups_.clear();  // this signal comes after them
    return value;
}

// The default write comes after a fence of system scope: whoever sees the value sees the work before it. The semaphore
// comes first: a value that it has is left out if the rest fails.
Result<> StreamOrder::write(const driver::StreamPlace& stream, CUdeviceptr own, std::uint64_t value) {
    const driver::Driver& driver = stream.context->driver();
    if (counter_.is_semaphore_of_streams()) [[unlikely]] {
        OPENNVSCI_TRY(counter_.semaphore()->signal(stream, value));
        values_.hand_out_to(value);
        if (!counter_.is_in_memory()) return {};
    }
    if (!counter_.has_mirrors()) [[likely]] {
        const CUresult result =
            driver.call.cuStreamWriteValue64(stream.handle, own, value, CU_STREAM_WRITE_VALUE_DEFAULT);
        if (result != CUDA_SUCCESS) return driver.error(result, "cuStreamWriteValue64");
        return {};
    }
    const CUresult result =
        driver.call.cuStreamBatchMemOp(stream.handle, static_cast<unsigned>(writes_.size()), writes_.data(), 0);
    if (result != CUDA_SUCCESS) return driver.error(result, "cuStreamBatchMemOp");
    return {};
}

// Peers

// The peers' words come first: their way to who waits is longer.
Result<> StreamOrder::prepare_mirrors(const driver::StreamPlace& stream, CUdeviceptr own, std::uint64_t value) {
    const driver::Driver& driver = stream.context->driver();
    std::array<CUdeviceptr, Mirrors::kMost> addresses;
    OPENNVSCI_TRY_ASSIGN(count, counter_.mirrors().addresses_in(*stream.context, addresses));
    writes_.clear();
    const auto add = [&](CUdeviceptr address) {
        CUstreamBatchMemOpParams& added = writes_.emplace_back();
        std::memset(&added, 0, sizeof(added));
        added.writeValue.operation = CU_STREAM_MEM_OP_WRITE_VALUE_64;
        added.writeValue.address = address;
        added.writeValue.value64 = value;
        added.writeValue.flags = CU_STREAM_WRITE_VALUE_DEFAULT;
    };
    for (std::size_t i = 0; i < count; ++i)
        add(addresses[i]);
    if (counter_.is_in_memory()) add(own);

    std::vector<SharedEvent> catch_ups;
    {
        const std::lock_guard lock(state_);
        catch_ups = catch_ups_;
    }
    for (const SharedEvent& event : catch_ups) {
        if (!event->context().is_alive()) continue;  // the write will not come either
        const CUresult result = driver.call.cuStreamWaitEvent(stream.handle, event->handle(), 0);
        if (result != CUDA_SUCCESS) return driver.error(result, "cuStreamWaitEvent");
    }
    return {};
}

Result<std::unique_lock<std::mutex>> StreamOrder::lock_order() {
    std::unique_lock ordered(order_, std::try_to_lock);
    const auto end = std::chrono::steady_clock::now() + kPatienceForSignals;
    while (!ordered.owns_lock()) {
        if (std::chrono::steady_clock::now() >= end) {
            return fail(NvSciError_ResourceError,
                        "a signal of the object has been submitted to a stream that takes no more work for now; "
                        "try again when it goes on");
        }
        std::this_thread::sleep_for(kBetweenTries);
        (void)ordered.try_lock();
    }
    return ordered;
}

Result<> StreamOrder::add_mirror(Mirror mirror) {
    {
        const auto ordered = lock_order();
        if (!ordered) return tl::make_unexpected(ordered.error());
        OPENNVSCI_TRY(counter_.mirrors().check_room());
        OPENNVSCI_TRY(catch_up(mirror));
        counter_.add_mirror(std::move(mirror));
        const std::lock_guard lock(state_);
        if (counter_.is_broken()) owe_release();
    }
    release_waits();
    return {};
}

Result<> StreamOrder::catch_up(const Mirror& mirror) {
    std::vector<StreamSignal> pending;
    {
        const std::lock_guard lock(state_);
        if (!signals_.empty()) settle(signals_.newest().value);
        for (std::size_t i = 0; i < signals_.size(); ++i) {
            if (!is_passed(signals_.at(i).value)) pending.push_back(signals_.at(i));
        }
        if (pending.empty()) return {};
        if (is_catching_up() && catch_ups_.size() >= kMostCatchUps) {
            return fail(NvSciError_ResourceError,
                        fmt::format("{} peers have come while signals of the object are under way; try again when the "
                                    "streams go on",
                                    catch_ups_.size()));
        }
    }
    OPENNVSCI_TRY_ASSIGN(event, write_behind(pending, mirror));
    const std::lock_guard lock(state_);
    catch_ups_.push_back(std::move(event));
    return {};
}

// Each behind its event, oldest first, in a stream of their own: those of the signals may be gone, and other work may
// be in them. CUDA ends the stream when it is done. What comes after a write cannot be undone: then nobody will know
// when the words are free.
Result<SharedEvent> StreamOrder::write_behind(std::span<const StreamSignal> signals, const Mirror& mirror) {
    const driver::ContextWatch& context = signals.back().event->context();
    const driver::Driver& driver = context.driver();
    return context.run([&]() -> Result<SharedEvent> {
        OPENNVSCI_TRY_ASSIGN(address, mirror.page->memory()->address_in(context));
        OPENNVSCI_TRY_ASSIGN(behind, event_behind_wait(&context, 0));
        const driver::RelaxedCapture relaxed(driver);
        CUstream stream = nullptr;
        if (const CUresult made = driver.call.cuStreamCreate(&stream, CU_STREAM_NON_BLOCKING); made != CUDA_SUCCESS) {
            return driver.error(made, "cuStreamCreate");
        }
        const auto submit = [&]() -> Result<> {
            for (const StreamSignal& signal : signals) {
                if (!signal.event->context().is_alive()) continue;  // it is lost, and so is what comes after it
                CUresult result = driver.call.cuStreamWaitEvent(stream, signal.event->handle(), 0);
                if (result != CUDA_SUCCESS) return driver.error(result, "cuStreamWaitEvent");
                result = driver.call.cuStreamWriteValue64(stream, address, signal.value, CU_STREAM_WRITE_VALUE_DEFAULT);
                if (result != CUDA_SUCCESS) return driver.error(result, "cuStreamWriteValue64");
            }
            return record(*behind, {stream, 0, &context});
        };
        const auto submitted = submit();
        driver.call.cuStreamDestroy(stream);
        if (!submitted) return tl::make_unexpected(submitted.error());
        return behind;
    });
}

// With state_ held. Forgets what is done.
bool StreamOrder::is_catching_up() {
    std::erase_if(catch_ups_, [](const SharedEvent& event) {
        const Progress::State state = event->progress().state;
        return state == Progress::State::done || state == Progress::State::lost;
    });
    return !catch_ups_.empty();
}

// The payload of a timeline that somebody else signals: raised whatever streams wait for, here or where the words are
// seen too, and in cyclic order, for whoever is gone may have left anything there.
void StreamOrder::lose_signaler() noexcept {
    const std::lock_guard lock(state_);
    const std::uint64_t reached = std::min(counter_.reached(), UINT64_MAX - 1);
    counter_.prove(reached);
    if (!counter_.is_broken() || reached < counter_.first_lost() - 1) {
        counter_.break_from(reached + 1, Cause::signaler_is_gone);
    }
    (void)counter_.raise(raised_payload(counter_.first_lost()), /*with_semaphore=*/false);
}

// How far ahead of what is reached a value may be that streams wait for.
std::uint64_t StreamOrder::furthest() const noexcept {
    if (is_awaited_in_semaphore()) return SharedSemaphore::kFurthest;
    return description_.is_signaled_elsewhere ? kFurthestAwaited : std::uint64_t{1} << 63;
}

// What is reached may be known from long ago.
Result<> StreamOrder::check_distance(std::uint64_t value, std::uint64_t furthest) {
    const auto is_near = [&] {
        const std::uint64_t reached = counter_.reached();
        return value <= reached || value - reached < furthest;
    };
    if (is_near()) return {};
    if (is_awaited_in_semaphore()) {
        if (!counter_.is_broken()) counter_.prove(counter_.semaphore()->value().value);
    } else {
        look(UINT64_MAX);
    }
    if (is_near()) return {};
    return fail(NvSciError_Overflow, fmt::format("the fence has value {}, {} or more ahead of the {} reached", value,
                                                 furthest, counter_.reached()));
}

Result<> StreamOrder::make_room() {
    if (counter_.has_mirrors()) counter_.mirrors().drop_gone();
    const std::lock_guard lock(state_);
    signals_.drop(counter_.reached());
    if (!signals_.is_full()) return {};
    settle(signals_.at(signals_.size() / 2 - 1).value);
    signals_.drop(counter_.reached());
    if (signals_.is_full()) signals_.grow();
    return {};
}

Result<> StreamOrder::come_after(const driver::StreamPlace& stream, const StreamSignal& before) {
    if (before.event->is_of(stream.context)) return wait_for_event(stream, before.event, before.value);
    {
        const std::lock_guard lock(state_);
        if (!before.event->context().is_alive()) settle(before.value);
        if (is_passed(before.value)) return outcome(before.value);
    }
    if (counter_.is_in_memory()) return wait_in_memory(stream, before.value);
    return wait_for_event(stream, before.event, before.value);
}

// Waits

Result<> StreamOrder::wait(const driver::StreamPlace& stream, std::uint64_t value) {
    auto submitted = submit_wait(stream, value);
    if (!submitted) release_waits();  // it may have found a loss
    return submitted;
}

Result<> StreamOrder::submit_wait(const driver::StreamPlace& stream, std::uint64_t value) {
    SharedEvent event;
    {
        const std::lock_guard lock(state_);
        if (may_hide_a_loss(stream.context, value)) settle(value);
        if (is_passed(value)) return outcome(value);
        if (const StreamSignal* signal = signals_.find(value); signal != nullptr) {
            if (signal == &signals_.newest() && stream.is_same_stream(last_stream_)) return {};
            event = signal->event;
        }
    }
    if (event != nullptr) return wait_for_event(stream, event, value);
    if (description_.is_signaled_elsewhere || is_awaited_in_semaphore()) return wait_in_memory(stream, value);
    const std::uint64_t handed_out = values_.handed_out();
    if (counter_.is_in_memory() && (value <= handed_out || description_.is_deterministic)) {
        return wait_in_memory(stream, value);
    }
    return fail(NvSciError_BadParameter,
                fmt::format("the fence has value {}, and the newest signal that was submitted {}; only with "
                            "NvSciSyncAttrKey_RequireDeterministicFences may a wait come before its signal",
                            value, handed_out));
}

// A wait for an event passes also when the context of the event has ended.
bool StreamOrder::may_hide_a_loss(const driver::ContextWatch* context, std::uint64_t value) const noexcept {
    if (!signals_.has_other_than(context)) return false;
    for (std::size_t i = 0; i < signals_.size() && signals_.at(i).value <= value; ++i) {
        const StreamSignal& signal = signals_.at(i);
        if (!signal.event->is_of(context) && !signal.event->context().is_alive()) return true;
    }
    return false;
}

Result<> StreamOrder::wait_for_event(const driver::StreamPlace& stream, const SharedEvent& event, std::uint64_t value) {
    const driver::Driver& driver = stream.context->driver();
    const CUresult result = driver.call.cuStreamWaitEvent(stream.handle, event->handle(), 0);
    if (result == CUDA_SUCCESS) return {};
    look(value);
    if (counter_.is_lost(value)) return lost();
    return driver.error(result, "cuStreamWaitEvent");
}

// An event that nobody waits behind any more, or a new one, for a wait for `value`. Operations of different streams end
// in any order. Looking at two events for each new operation finds those that are done sooner than new ones come.
Result<SharedEvent> StreamOrder::event_behind_wait(const driver::ContextWatch* context, std::uint64_t value) {
    {
        const std::lock_guard lock(state_);
        greatest_awaited_ = std::max(greatest_awaited_, value);
        for (int looks = 0; looks < 2 && !in_memory_.empty(); ++looks) {
            last_asked_ = (last_asked_ + 1) % in_memory_.size();
            const SharedEvent& event = in_memory_[last_asked_];
            if (event->is_of(context) && !is_in_use(event)) return event;
        }
    }
    OPENNVSCI_TRY_ASSIGN(made, driver::StreamEvent::create(context));  // without the lock: it may have to wait
    auto event = std::make_shared<driver::StreamEvent>(std::move(made));
    const std::lock_guard lock(state_);
    return in_memory_.emplace_back(std::move(event));
}

Result<> StreamOrder::wait_in_memory(const driver::StreamPlace& stream, std::uint64_t value) {
    OPENNVSCI_TRY(check_distance(value, furthest()));
    CUdeviceptr address = 0;
    if (is_awaited_in_semaphore()) [[unlikely]] {
        OPENNVSCI_TRY(counter_.semaphore()->prepare(*stream.context));
    } else {
        OPENNVSCI_TRY_ASSIGN(mapped, counter_.address_in(*stream.context));
        address = mapped;
    }
    OPENNVSCI_TRY_ASSIGN(event, event_behind_wait(stream.context, value));
    OPENNVSCI_TRY(submit_memory_wait(stream, address, value));
    OPENNVSCI_TRY(record(*event, stream));
    if (counter_.is_lost(value)) [[unlikely]] {  // since it was looked at: whoever found that knew nothing of this wait
        {
            const std::lock_guard lock(state_);
            owe_release();
        }
        release_waits();
    }
    return {};
}

Result<> StreamOrder::submit_memory_wait(const driver::StreamPlace& stream, CUdeviceptr address, std::uint64_t value) {
    if (is_awaited_in_semaphore()) return counter_.semaphore()->wait(stream, value);
    const driver::Driver& driver = stream.context->driver();
    const CUresult result = driver.call.cuStreamWaitValue64(stream.handle, address, value, CU_STREAM_WAIT_VALUE_GEQ);
    if (result != CUDA_SUCCESS) return driver.error(result, "cuStreamWaitValue64");
    return {};
}

// Behind an operation on the payload, which cannot be taken back: so a failure that passes is tried again. After one
// that does not, nobody will know when the operation is done.
Result<> StreamOrder::record(const driver::StreamEvent& event, const driver::StreamPlace& stream) {
    const driver::Driver& driver = stream.context->driver();
    if (driver.call.cuEventRecord(event.handle(), stream.handle) == CUDA_SUCCESS) return {};
    const CUresult result = driver.call.cuEventRecord(event.handle(), stream.handle);
    if (result == CUDA_SUCCESS) return {};
    keep_for_ever();
    return driver.error(result, "cuEventRecord");
}

void StreamOrder::keep_for_ever() noexcept {
    if (!is_written()) return;
    const std::lock_guard lock(state_);
    is_kept_for_ever_ = true;
}

// Loss

// Asks CUDA what has become of the signals up to `value`. False if some of them may still be running.
bool StreamOrder::settle(std::uint64_t value) {
    std::uint64_t newest = 0;
    std::uint64_t pending_from = UINT64_MAX;
    bool is_settled = true;
    signals_.for_each_context(value, [&](const StreamSignals::ContextProgress& context) {
        newest = std::max(newest, context.newest);
        if (context.progress.state == Progress::State::done) return;
        if (context.progress.state != Progress::State::lost) {
            is_settled = false;
            pending_from = std::min(pending_from, context.oldest);
            return;
        }
        // What the context has reached before it ended stays reached; nothing more comes of it now.
        const std::uint64_t reached = counter_.reached();
        for (std::size_t i = 0; i < signals_.size() && signals_.at(i).value <= context.newest; ++i) {
            const StreamSignal& signal = signals_.at(i);
            if (signal.value <= reached || !signal.event->is_of(&context.event->context())) continue;
            pending_from = std::min(pending_from, signal.value);
            if (!counter_.is_lost(signal.value)) {
                counter_.break_from(signal.value, Cause::context_lost, context.progress.why);
                owe_release();
            }
            break;
        }
    });
    for (std::size_t i = signals_.size(); i-- > 0;) {
        const std::uint64_t candidate = signals_.at(i).value;
        if (candidate > newest || candidate >= pending_from || counter_.is_lost(candidate)) continue;
        counter_.prove(candidate);
        break;
    }
    return is_settled;
}

void StreamOrder::look(std::uint64_t value) {
    {
        const std::lock_guard lock(state_);
        settle(value);
    }
    release_waits();
}

void StreamOrder::disown() {
    if (description_.is_signaled_elsewhere) return;
    {
        const std::lock_guard lock(state_);
        const std::uint64_t last = std::max(counter_.reached(), signals_.empty() ? 0 : signals_.newest().value);
        // Which values the fences of peers have, nobody here knows.
        const bool has_peers = counter_.has_mirrors() || counter_.pages().words != nullptr;
        if ((values_.greatest() > last || has_peers) && !counter_.is_lost(last + 1)) {
            counter_.break_from(last + 1, Cause::object_gone);
            owe_release();
        }
    }
    release_waits();
}

bool StreamOrder::is_idle() {
    {
        const std::lock_guard lock(state_);
        if (is_kept_for_ever_ || !settle(UINT64_MAX)) return false;
    }
    release_waits();
    const std::lock_guard lock(state_);
    if (owes_release_ || is_releasing_ || is_catching_up()) return false;
    for (std::size_t i = 0; i < in_memory_.size(); ++i) {
        const std::size_t place = (last_asked_ + i) % in_memory_.size();
        if (!is_in_use(in_memory_[place])) continue;
        last_asked_ = place;  // where the next question begins: most find the same one running
        return false;
    }
    return true;
}

bool StreamOrder::is_in_use(const SharedEvent& event) const noexcept {
    if (event.use_count() != 1) return true;  // about to be recorded
    const Progress::State state = event->progress().state;
    return state == Progress::State::running || state == Progress::State::unknown;
}

// Lets all streams go on that wait in memory for a lost value, and no others: signals of values that are not lost come
// first. Those of lost values that still run, or themselves wait in memory, will write smaller values, so the payload
// is raised once more when they are done, which is soon if all they waited for was this. Whoever looks next goes on
// with what cannot be done now.
void StreamOrder::release_waits() {
    if (!raise()) return;
    const auto owes = [&] {
        const std::lock_guard lock(state_);
        return owes_release_;
    };
    const auto end = std::chrono::steady_clock::now() + kPatience;
    while (owes() && std::chrono::steady_clock::now() < end) {
        std::this_thread::sleep_for(kBetweenRaises);
        raise();
    }
}

// True if the payload is raised now, and will be lowered again.
bool StreamOrder::raise() {
    std::uint64_t value = 0;
    bool is_lowered = false;
    {
        const std::lock_guard lock(state_);
        if (!owes_release_ || is_releasing_) return false;
        const auto in_use = [&](const SharedEvent& event) { return is_in_use(event); };
        const bool has_shared_words = counter_.has_mirrors() || counter_.pages().words != nullptr;
        const bool is_seen_elsewhere = has_shared_words || is_awaited_by_vulkan_;
        if (!is_kept_for_ever_ && !is_seen_elsewhere && std::none_of(in_memory_.begin(), in_memory_.end(), in_use)) {
            owes_release_ = false;
            return false;
        }
        const auto is_any_running = [&](std::uint64_t first, std::uint64_t last) {
            bool is_any = false;
            signals_.for_each_context(last, [&](const StreamSignals::ContextProgress& context) {
                const Progress::State state = context.progress.state;
                const bool is_over = state == Progress::State::done || state == Progress::State::lost;
                is_any = is_any || (!is_over && context.newest >= first);
            });
            return is_any;
        };
        const std::uint64_t first_lost = counter_.first_lost();
        if (is_any_running(0, first_lost - 1)) return false;
        is_lowered = is_any_running(first_lost, UINT64_MAX) || is_catching_up();
        if (is_lowered && is_raised_) return false;
        is_raised_ = true;
        is_releasing_ = true;
        // An operation that nobody knows the end of may lower it at any time.
        owes_release_ = is_lowered || (is_kept_for_ever_ && counter_.is_seen_by_cpu());
        value = counter_.pages().words != nullptr ? raised_payload(first_lost) : greatest_awaited_;
    }
    counter_.raise_mirrors();
    struct End {
        StreamOrder& order;
        bool has_failed = true;
        ~End() {
            const std::lock_guard lock(order.state_);
            order.is_releasing_ = false;
            if (has_failed) order.owe_release();
        }
    } end{*this};
    // A semaphore only grows: signals of lost values come first.
    end.has_failed = !counter_.raise(value, /*with_semaphore=*/!is_lowered);
    return !end.has_failed && is_lowered;
}

void StreamOrder::owe_release() noexcept {
    // Of what is signaled elsewhere, whoever signals lets go.
    owes_release_ = is_written() && !description_.is_signaled_elsewhere;
    is_raised_ = false;
}

}  // namespace opennvsci::sync
