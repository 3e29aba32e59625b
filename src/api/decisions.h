// SPDX-License-Identifier: Apache-2.0
//
// DecisionTexts: the report of a reconciliation in the form of the public interface, made when somebody asks for it.
#pragma once

#include <deque>
#include <string>
#include <vector>

#include "api/made_once.h"
#include "attr/list.h"
#include "opennvsci.h"

namespace opennvsci::api {

/// Prints the wishes that a reconciliation by `function` did not grant, at `info`: the program goes on without them and
/// may wonder. `report` is that of its list.
void tell_denied(const char* function, const attr::Schema& schema, const attr::Report& report) noexcept;

class DecisionTexts {
  public:
    /// The decisions of `list`, which has a report. The result stays valid as long as this object. Thread-safe.
    [[nodiscard]] Result<const std::vector<OpenNvSciDecision>*> of(const attr::List& list);

  private:
    struct Made {
        std::shared_ptr<const attr::Report> report;  // what the decisions point to, and
        std::deque<std::string> texts;
        std::vector<OpenNvSciDecision> decisions;
    };
    [[nodiscard]] static Result<std::unique_ptr<const Made>> make(const attr::List& list);

    MadeOnce<Made> made_;
};

}  // namespace opennvsci::api
