// SPDX-License-Identifier: Apache-2.0
//
// Object: a timeline with the reconciled list that describes it. Several NvSciSyncObj handles may refer to one Object
// (NvSciSyncObjDup). An Object owns its list and a share of the timeline, so both outlive the module and the list it
// was allocated from.
#pragma once

#include <memory>

#include "attr/list.h"
#include "attr/module.h"
#include "sync/fence.h"

namespace opennvsci::sync {

class Object {
  public:
    /// Makes the timeline that a reconciled list describes. Errors: ResourceError if its memory cannot be had.
    [[nodiscard]] static Result<std::shared_ptr<Object>> allocate(std::shared_ptr<attr::Module> module,
                                                                  const attr::List& reconciled);

    [[nodiscard]] const std::shared_ptr<attr::Module>& module() const noexcept { return module_; }
    [[nodiscard]] const std::shared_ptr<attr::List>& list() const noexcept { return list_; }
    [[nodiscard]] Timeline& timeline() const noexcept { return *owned_.timeline; }
    [[nodiscard]] NvSciSyncAccessPerm permission() const noexcept { return permission_; }

    [[nodiscard]] Fence fence(std::uint64_t value) const noexcept { return Fence::of(owned_, value); }
    [[nodiscard]] bool owns(const Fence& fence) const noexcept { return fence.timeline == owned_.number; }

    /// The fence of the next CPU signal; the next CPU signal. Errors: BadParameter if the CPU is not the signaler.
    [[nodiscard]] Result<Fence> generate_fence() const {
        if (!cpu_signals_) return not_signaled_by_cpu();
        return fence(timeline().hand_out());
    }
    [[nodiscard]] Result<> signal() const {
        if (!cpu_signals_) return not_signaled_by_cpu();
        timeline().signal();
        return {};
    }

    /// The fence that a program made of an id and a value. Errors: Overflow for numbers that the primitive cannot have.
    [[nodiscard]] Result<Fence> make_fence(std::uint64_t id, std::uint64_t value) const;

  private:
    Object(std::shared_ptr<attr::Module> module, std::shared_ptr<attr::List> list, OwnedTimeline owned);

    static tl::unexpected<Error> not_signaled_by_cpu();

    std::shared_ptr<attr::Module> module_;
    std::shared_ptr<attr::List> list_;
    OwnedTimeline owned_;
    // Of the list, which asked for each call would take longer than the call.
    NvSciSyncAccessPerm permission_;
    bool cpu_signals_;
};

/// What a CPU does with fences, whichever object they are of. The module is the one of the wait context; it is compared
/// and never followed.
namespace cpu {

/// Errors: Timeout; ResourceError for a fence that cannot expire any more; BadParameter for a fence of another module
/// or of an object without CPU access.
[[nodiscard]] Result<> wait(const Fence& fence, const attr::Module* module, std::int64_t timeout_us, WaitMode mode);

/// The timestamp of an expired fence, in microseconds. Errors: BadParameter.
[[nodiscard]] Result<std::uint64_t> timestamp(const Fence& fence);

/// Errors: BadParameter for a fence whose object is gone.
[[nodiscard]] Result<NvSciSyncTaskStatus> task_status(const Fence& fence);

}  // namespace cpu

}  // namespace opennvsci::sync
