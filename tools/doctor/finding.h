// SPDX-License-Identifier: Apache-2.0
//
// Finding: what `opennvsci doctor` says about one thing. The texts may have come from files and the environment and are
// made printable where they are printed.
#pragma once

#include <string>
#include <utility>
#include <vector>

namespace opennvsci::tool {

enum class State {
    ok,
    note,     ///< works, but less or otherwise than somebody may expect
    problem,  ///< something will fail
};

struct Finding {
    std::string area;
    State state;
    std::string title;   ///< what was looked at
    std::string found;   ///< what it is
    std::string needed;  ///< what it must be, or why it matters; empty if that is no question
    std::string remedy;  ///< what to do; empty if there is nothing to do
};

/// The findings of one area, as they are made.
class Findings {
  public:
    explicit Findings(const char* area) : area_(area) {}

    void ok(std::string title, std::string found) { add(State::ok, std::move(title), std::move(found), {}, {}); }
    void note(std::string title, std::string found, std::string needed, std::string remedy) {
        add(State::note, std::move(title), std::move(found), std::move(needed), std::move(remedy));
    }
    void problem(std::string title, std::string found, std::string needed, std::string remedy) {
        add(State::problem, std::move(title), std::move(found), std::move(needed), std::move(remedy));
    }
    void add(State state, std::string title, std::string found, std::string needed, std::string remedy) {
        all_.push_back({area_, state, std::move(title), std::move(found), std::move(needed), std::move(remedy)});
    }
    [[nodiscard]] std::vector<Finding> take() && { return std::move(all_); }

  private:
    const char* const area_;
    std::vector<Finding> all_;
};

}  // namespace opennvsci::tool
