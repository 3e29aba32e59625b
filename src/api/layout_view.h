// SPDX-License-Identifier: Apache-2.0
//
// LayoutView: the layout of a reconciled list in the form of the public interface, made when somebody asks for it.
#pragma once

#include "api/made_once.h"
#include "attr/list.h"
#include "opennvsci.h"

namespace opennvsci::api {

class LayoutView {
  public:
    LayoutView();
    ~LayoutView();

    /// The layout of `list`, a reconciled list of NvSciBuf. It stays valid as long as this object. Thread-safe. Errors:
    /// those of buf::layout_of().
    [[nodiscard]] Result<const OpenNvSciBufLayout*> of(const attr::List& list);

  private:
    struct Made;
    [[nodiscard]] static Result<std::unique_ptr<const Made>> make(const attr::List& list);

    MadeOnce<Made> made_;
};

}  // namespace opennvsci::api
