// SPDX-License-Identifier: Apache-2.0
//
// DecisionTexts: the report of a reconciliation in the form of the public interface, made when somebody asks for it.
#pragma once

#include <deque>
#include <mutex>
#include <string>
#include <vector>

#include "attr/list.h"
#include "opennvsci.h"

namespace opennvsci::api {

class DecisionTexts {
  public:
    /// The decisions of `list`, which has a report. The result stays valid as long as this object. Thread-safe.
    [[nodiscard]] const std::vector<OpenNvSciDecision>& of(const attr::List& list);

  private:
    std::once_flag made_;
    std::deque<std::string> texts_;
    std::vector<OpenNvSciDecision> decisions_;
};

}  // namespace opennvsci::api
