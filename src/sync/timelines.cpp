// SPDX-License-Identifier: Apache-2.0
#include "sync/timelines.h"

#include <algorithm>

namespace opennvsci::sync {

Timelines& Timelines::instance() {
    static Timelines& timelines = *new Timelines;
    return timelines;
}

Result<OwnedTimeline> Timelines::create(std::shared_ptr<attr::Module> module,
                                        const Timeline::Description& description) {
    OPENNVSCI_TRY_ASSIGN(made, Timeline::allocate(std::move(module), description));
    Timeline* const timeline = made.get();
    std::uint64_t number = 0;
    {
        const std::lock_guard lock(mutex_);
        end_idle();
        without_owner_.reserve(alive_ + 1);  // letting go needs no memory
        number = table_.insert(std::move(made));
        if (number == 0) return fail(NvSciError_InvalidState, "too many live sync objects");
        ++alive_;
    }
    return OwnedTimeline{number, std::shared_ptr<Timeline>(timeline, [this, number](Timeline*) { release(number); })};
}

void Timelines::release(std::uint64_t number) noexcept {
    const std::lock_guard lock(mutex_);
    without_owner_.push_back(number);
    end_idle();
}

void Timelines::end_idle() noexcept {
    std::erase_if(without_owner_, [this](std::uint64_t number) {
        {
            const auto timeline = table_.acquire(number);
            if (!(*timeline)->is_idle()) return false;
            const auto last = (*timeline)->abandon();
            try {
                if (last) last_values_.emplace(number, *last);
            } catch (const std::bad_alloc&) {
                return false;  // it stays until there is memory
            }
        }
        table_.close(number);
        --alive_;
        return true;
    });
}

bool Timelines::was_reached(std::uint64_t number, std::uint64_t value) {
    const std::lock_guard lock(mutex_);
    const auto last = last_values_.find(number);
    return last == last_values_.end() || value <= last->second;
}

}  // namespace opennvsci::sync
