// SPDX-License-Identifier: Apache-2.0
//
// Timelines: the timelines of the process, by number. A fence is a plain value that holds such a number, so it can be
// copied, forgotten and kept longer than its object: the number of a timeline that ended is recognised and never
// followed (base/handle_table.h).
//
// Objects and imported semaphores share the ownership of a timeline; fences do not. When the last owner lets go, nobody
// can signal any more, and the timeline ends as soon as no stream uses it; until then it is kept aside. Whenever a
// timeline is made or let go, a few of those aside are looked at, so that their number costs nobody anything. Of an
// ended timeline it is known which of its fences had expired: if some had not, how far it came is kept, some bytes for
// the life of the process.
// Thread-safe; a forked child can make its own.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <unordered_map>

#include "base/handle_table.h"
#include "sync/timeline.h"

namespace opennvsci::sync {

using TimelineTable = HandleTable<std::unique_ptr<Timeline>>;

/// A share in a timeline, with its number.
struct OwnedTimeline {
    std::uint64_t number = 0;
    std::shared_ptr<Timeline> timeline;
};

class Timelines {
  public:
    /// The timelines of the process; never destroyed.
    [[nodiscard]] static Timelines& instance();

    /// Errors: those of the memory; InvalidState if no more can be made.
    [[nodiscard]] Result<OwnedTimeline> create(std::shared_ptr<attr::Module> module,
                                               const Timeline::Description& description,
                                               std::optional<Timeline::Import> import = std::nullopt);

    /// Holds a timeline for the time of a call; empty if it has ended.
    [[nodiscard]] TimelineTable::Ref acquire(std::uint64_t number) noexcept { return table_.acquire(number); }

    /// For a timeline that has ended: whether `value` was reached; else it is lost.
    [[nodiscard]] bool was_reached(std::uint64_t number, std::uint64_t value);

  private:
    Timelines();
    void release(std::uint64_t number) noexcept;
    void look_at_some() noexcept;
    [[nodiscard]] bool end_if_idle(Timeline& timeline) noexcept;
    void keep_aside(Timeline& timeline) noexcept;  // with mutex_ held

    TimelineTable table_{HandleKind::timeline};
    std::mutex mutex_;                 // of what follows
    Timeline* first_aside_ = nullptr;  // without an owner, in the order in which they are looked at
    Timeline* last_aside_ = nullptr;
    std::unordered_map<std::uint64_t, std::uint64_t> last_values_;  // of timelines that ended with fences pending
};

}  // namespace opennvsci::sync
