// SPDX-License-Identifier: Apache-2.0
#include "sync/timelines.h"

#include <new>

namespace opennvsci::sync {

// Each call that makes or frees a timeline looks at so many of those aside: they end faster than new ones come.
constexpr int kLooks = 2;

Timelines& Timelines::instance() {
    static Timelines& timelines = *new Timelines;
    return timelines;
}

// Before there are threads: a fork in the middle of the first call would leave the child waiting for its end.
[[gnu::constructor]] static void make_timelines() {
    (void)Timelines::instance();
}

Timelines::Timelines() {
    process::guard_across_fork(mutex_);
    table_.guard_across_fork();
}

Result<OwnedTimeline> Timelines::create(std::shared_ptr<attr::Module> module, const Timeline::Description& description,
                                        std::optional<Timeline::Import> import) {
    look_at_some();
    OPENNVSCI_TRY_ASSIGN(made, Timeline::allocate(std::move(module), description, std::move(import)));
    Timeline* const timeline = made.get();
    const std::uint64_t number = table_.insert(std::move(made));
    if (number == 0) return fail(NvSciError_InvalidState, "too many live sync objects");
    timeline->number_ = number;
    return OwnedTimeline{number, std::shared_ptr<Timeline>(timeline, [this, number](Timeline*) { release(number); })};
}

// The value behind the number lives until the table closes it, which only end_if_idle does.
void Timelines::release(std::uint64_t number) noexcept {
    Timeline& timeline = **table_.acquire(number);
    try {
        timeline.disown();
    } catch (const std::bad_alloc&) {  // is_idle goes on with it
    }
    if (!end_if_idle(timeline)) {
        const std::lock_guard lock(mutex_);
        keep_aside(timeline);
    }
    look_at_some();
}

void Timelines::keep_aside(Timeline& timeline) noexcept {
    timeline.next_without_owner_ = nullptr;
    (first_aside_ == nullptr ? first_aside_ : last_aside_->next_without_owner_) = &timeline;
    last_aside_ = &timeline;
}

// The driver is asked, and memory given back, without the lock.
void Timelines::look_at_some() noexcept {
    for (int i = 0; i < kLooks; ++i) {
        Timeline* looked_at = nullptr;
        {
            const std::lock_guard lock(mutex_);
            if (first_aside_ == nullptr) return;
            looked_at = first_aside_;
            first_aside_ = looked_at->next_without_owner_;
        }
        if (!looked_at->is_of_this_process() || end_if_idle(*looked_at)) continue;
        const std::lock_guard lock(mutex_);
        keep_aside(*looked_at);
    }
}

bool Timelines::end_if_idle(Timeline& timeline) noexcept {
    const std::uint64_t number = timeline.number_;
    try {
        if (!timeline.is_idle()) return false;
        if (const auto last = timeline.last_value_if_lost()) {
            const std::lock_guard lock(mutex_);
            last_values_.insert_or_assign(number, *last);
        }
    } catch (const std::bad_alloc&) {
        return false;  // it stays until there is memory
    }
    table_.close(number);
    return true;
}

bool Timelines::was_reached(std::uint64_t number, std::uint64_t value) {
    const std::lock_guard lock(mutex_);
    const auto last = last_values_.find(number);
    return last == last_values_.end() || value <= last->second;
}

}  // namespace opennvsci::sync
