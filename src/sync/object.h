// SPDX-License-Identifier: Apache-2.0
//
// Object: a timeline with the reconciled list that describes it. Several NvSciSyncObj handles may refer to one Object
// (NvSciSyncObjDup). An Object owns its list and a share of the timeline, so both outlive the module and the list it
// was allocated from. It is made here, or imported from a peer (sync/object_exchange.h).
#pragma once

#include <memory>

#include "attr/list.h"
#include "attr/module.h"
#include "base/since.h"
#include "sync/fence.h"

namespace opennvsci::sync {

class Object {
  public:
    /// Makes the timeline that a reconciled list describes. Errors: ResourceError if its memory cannot be had.
    [[nodiscard]] static Result<std::shared_ptr<Object>> allocate(std::shared_ptr<attr::Module> module,
                                                                  const attr::List& reconciled);
    /// The object of a peer, as the reconciled list that came from there describes it, with `permission`. Errors: those
    /// of Timelines::create.
    [[nodiscard]] static Result<std::shared_ptr<Object>> import(std::shared_ptr<attr::Module> module,
                                                                const attr::List& reconciled,
                                                                NvSciSyncAccessPerm permission,
                                                                Timeline::Import import);

    [[nodiscard]] const std::shared_ptr<attr::Module>& module() const noexcept { return module_; }
    [[nodiscard]] const std::shared_ptr<attr::List>& list() const noexcept { return list_; }
    [[nodiscard]] const Since& since() const noexcept { return since_; }
    [[nodiscard]] Timeline& timeline() const noexcept { return *owned_.timeline; }
    [[nodiscard]] NvSciSyncAccessPerm permission() const noexcept { return permission_; }

    [[nodiscard]] Fence fence(std::uint64_t value) const noexcept { return Fence::of(owned_, value); }
    [[nodiscard]] bool owns(const Fence& fence) const noexcept { return fence.timeline == owned_.number; }
    [[nodiscard]] std::uint64_t number() const noexcept { return owned_.number; }

    /// The fence of the next CPU signal; the next CPU signal, and its value. Errors: BadParameter if the CPU is not the
    /// signaler; those of the timeline.
    [[nodiscard]] Result<Fence> generate_fence() const {
        if (!timeline().description().cpu_signals) return not_signaled_by_cpu();
        OPENNVSCI_TRY_ASSIGN(value, timeline().hand_out());
        return fence(value);
    }
    [[nodiscard]] Result<std::uint64_t> signal() const {
        if (!timeline().description().cpu_signals) return not_signaled_by_cpu();
        return timeline().signal();
    }

    /// The fence that a program made of an id and a value. Errors: Overflow for numbers that the primitive cannot have.
    [[nodiscard]] Result<Fence> make_fence(std::uint64_t id, std::uint64_t value) const;

  private:
    Object(std::shared_ptr<attr::Module> module, std::shared_ptr<attr::List> list, OwnedTimeline owned);

    [[nodiscard]] tl::unexpected<Error> not_signaled_by_cpu() const;

    std::shared_ptr<attr::Module> module_;
    std::shared_ptr<attr::List> list_;
    OwnedTimeline owned_;
    const Since since_;
    NvSciSyncAccessPerm permission_;  // of the list, which asked for each call would take longer than the call
};

}  // namespace opennvsci::sync
