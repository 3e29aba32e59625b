// SPDX-License-Identifier: Apache-2.0
//
// Ratios: compares pairs of benchmarks of one run, or the sides of one benchmark that take turns, whose times per unit
// are its counters. "X/ours" is set against "X/raw", or its time against a limit; the table at the end shows the ratio
// beside the target.
#pragma once

#include <benchmark/benchmark.h>

#include <map>
#include <string>
#include <vector>

namespace opennvsci::bench {

/// A console reporter that keeps the median of every benchmark and compares at the end.
class RatioReporter : public ::benchmark::ConsoleReporter {
  public:
    void ReportRuns(const std::vector<Run>& runs) override;
    /// The table of all targets whose benchmarks have run.
    void print_table() const;

  private:
    struct Times {
        double real_ns;
        double cpu_ns;
    };
    std::map<std::string, Times> times_;
};

}  // namespace opennvsci::bench
