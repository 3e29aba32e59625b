// SPDX-License-Identifier: Apache-2.0
#include "sync/timeline.h"

#include <fmt/format.h>

namespace opennvsci::sync {

Timeline::Timeline(std::shared_ptr<attr::Module> module, const Description& description, Counter counter)
    : module_(std::move(module)),
      description_(description),
      counter_(std::move(counter)),
      streams_({description.is_deterministic, description.has_timestamps && description.streams_signal}, counter_,
               values_, signaler_) {}

Result<std::unique_ptr<Timeline>> Timeline::allocate(std::shared_ptr<attr::Module> module,
                                                     const Description& description) {
    OPENNVSCI_TRY_ASSIGN(counter, Counter::allocate({description.domain, description.gpu, description.has_timestamps}));
    return std::unique_ptr<Timeline>(new Timeline(std::move(module), description, std::move(counter)));
}

Result<> Timeline::check_process() const {
    if (is_of_this_process()) return {};
    return fail(NvSciError_InvalidState,
                "the object belongs to the process that this one was forked from, and works there only",
                cu::CUDA_ERROR_NOT_INITIALIZED);
}

Result<std::uint64_t> Timeline::hand_out() {
    OPENNVSCI_TRY(check_process());
    OPENNVSCI_TRY(signaler_.claim(Signaler::Kind::cpu));
    return values_.hand_out();
}

Result<> Timeline::signal() {
    OPENNVSCI_TRY(check_process());
    OPENNVSCI_TRY(signaler_.claim(Signaler::Kind::cpu));
    if (!description_.has_timestamps) {
        counter_.add_one();
        return {};
    }
    const std::lock_guard lock(cpu_signals_);
    const std::uint64_t next = counter_.reached() + 1;
    counter_.timestamp(static_cast<std::uint32_t>(next % kSlots)).store(cpu_timestamp(), std::memory_order_release);
    counter_.add_one();
    return {};
}

Result<> Timeline::note_fence(std::uint64_t value) {
    OPENNVSCI_TRY(check_process());
    if (const std::uint64_t reached = counter_.reached(); is_too_far_ahead(value, reached)) {
        return fail(NvSciError_Overflow,
                    fmt::format("value is {}, 2^63 or more ahead of the {} reached", value, reached));
    }
    values_.note(value);
    return {};
}

Result<std::uint64_t> Timeline::signal(const driver::StreamPlace& stream) {
    OPENNVSCI_TRY(check_process());
    OPENNVSCI_TRY_ASSIGN(value, streams_.signal(stream));
    return value;
}

Result<> Timeline::wait(const driver::StreamPlace& stream, std::uint64_t value) {
    OPENNVSCI_TRY(check_process());
    return streams_.wait(stream, value);
}

std::optional<std::uint64_t> Timeline::last_value_if_lost() const noexcept {
    const std::uint64_t last = counter_.reached();
    if (last >= values_.greatest() && !counter_.is_broken()) return std::nullopt;
    return last;
}

}  // namespace opennvsci::sync
