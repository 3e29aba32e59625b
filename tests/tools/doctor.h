// SPDX-License-Identifier: Apache-2.0
//
// What the tests of `opennvsci doctor` share: looking into findings.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "doctor/finding.h"
#include "doctor/report.h"

namespace opennvsci::tool {

inline std::size_t count_of(const std::vector<Finding>& findings, State state) {
    return static_cast<std::size_t>(std::count_if(findings.begin(), findings.end(),
                                                  [&](const Finding& finding) { return finding.state == state; }));
}

/// Whether there is a finding of this state in which the text stands, and which has a remedy if it is a problem.
inline testing::AssertionResult tells(const std::vector<Finding>& findings, State state, const std::string& text) {
    for (const Finding& finding : findings) {
        const std::string whole = finding.title + ": " + finding.found + " " + finding.needed + " " + finding.remedy;
        if (finding.state != state || whole.find(text) == std::string::npos) continue;
        if (state == State::problem && (finding.needed.empty() || finding.remedy.empty()))
            return testing::AssertionFailure() << "a problem without what is needed or a remedy: " << whole;
        return testing::AssertionSuccess();
    }
    return testing::AssertionFailure() << "nothing says '" << text << "' in\n" << findings_text(findings, 200);
}

/// Neither a problem nor a note.
inline testing::AssertionResult is_fine(const std::vector<Finding>& findings) {
    if (count_of(findings, State::ok) == findings.size() && !findings.empty()) return testing::AssertionSuccess();
    return testing::AssertionFailure() << findings_text(findings, 200);
}

}  // namespace opennvsci::tool
