// SPDX-License-Identifier: Apache-2.0
//
// Ratios: compares pairs of benchmarks of one run, or the sides of one benchmark that take turns, whose times per unit
// are its counters. "X/ours" is set against "X/raw", or its time against a limit; the table shows the ratio beside the
// target.
#pragma once

#include <iosfwd>

namespace opennvsci::bench {

/// Prints the table of all targets whose benchmarks have run: the medians of their repetitions, or the only ones.
/// `report` is what Google Benchmark writes of a run as JSON. Returns false, with a line on stderr, if it is not.
bool print_ratios(std::istream& report);

}  // namespace opennvsci::bench
