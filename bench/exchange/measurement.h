// SPDX-License-Identifier: Apache-2.0
//
// What the exchange benchmark measures: samples of several ways to do the same, which take turns in one run, with the
// 50th and 99th percentile and the greatest of each. The first way of a group is the library's.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace opennvsci::bench {

/// Times in microseconds.
class Samples {
  public:
    void add(double microseconds) { values_.push_back(microseconds); }
    [[nodiscard]] std::size_t count() const noexcept { return values_.size(); }
    /// The smallest value that at least this share of all values does not exceed. There must be a value.
    [[nodiscard]] double percentile(double share) const;
    [[nodiscard]] double greatest() const { return percentile(1); }

  private:
    std::vector<double> values_;
};

/// What the median of the library is to be, compared with the median of a baseline.
struct Target {
    enum class Kind { none, at_most, times_faster };
    Kind kind = Kind::none;
    double limit = 0;
};

/// One way to do it: what was measured, or why it was not.
struct Side {
    std::string name;
    Target target;        ///< of the library against this side
    std::string skipped;  ///< not empty: the reason why there are no samples
    Samples samples;
};

/// Ways to do one thing in one state of the machine.
struct Group {
    std::string what;
    std::string state;
    std::vector<Side> sides;  ///< the library's first
};

/// The machine that was measured.
struct Machine {
    std::string driver;
    std::vector<std::string> devices;
    std::size_t processors;  ///< that this process may use
    bool has_mps;            ///< a server of MPS is in between
};

void print_table(const Machine& machine, const std::vector<Group>& groups);
void print_json(const Machine& machine, const std::vector<Group>& groups);

}  // namespace opennvsci::bench
