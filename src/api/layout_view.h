// SPDX-License-Identifier: Apache-2.0
//
// LayoutView: the layout of a reconciled list in the form of the public interface, made when somebody asks for it.
#pragma once

#include <atomic>

#include "attr/list.h"
#include "opennvsci.h"

namespace opennvsci::api {

class LayoutView {
  public:
    LayoutView() = default;
    LayoutView(const LayoutView&) = delete;
    LayoutView& operator=(const LayoutView&) = delete;
    ~LayoutView();

    /// The layout of `list`, a reconciled list of NvSciBuf. It stays valid as long as this object. Thread-safe. Errors:
    /// those of buf::layout_of().
    [[nodiscard]] Result<const OpenNvSciBufLayout*> of(const attr::List& list);

  private:
    struct Made;
    [[nodiscard]] static Result<std::unique_ptr<const Made>> make(const attr::List& list);

    std::atomic<const Made*> made_{nullptr};  // without a lock, which a forked child might find held
};

}  // namespace opennvsci::api
