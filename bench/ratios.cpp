// SPDX-License-Identifier: Apache-2.0
#include "ratios.h"

#include <array>
#include <cstdio>

namespace opennvsci::bench {
namespace {

// One row of the design's section "What fast means".
struct Target {
    const char* what;
    const char* measured;
    const char* anchor;  // null: the target is a time
    double limit;        // of the ratio, or in nanoseconds
    bool is_lower_limit;
};

constexpr std::array kTargets{
    Target{"set one key", "set_one_key", nullptr, 100, false},
    Target{"get one key", "get_one_key", nullptr, 100, false},
    Target{"dup an object", "dup_object", nullptr, 100, false},
    Target{"reconcile two raw-buffer lists", "reconcile/2", nullptr, 3000, false},
    Target{"reconcile 64 raw-buffer lists", "reconcile/64", nullptr, 40000, false},
    Target{"reconcile two lists of a three-plane image", "reconcile_image", nullptr, 6000, false},
    Target{"import + map, video memory", "import_map/ours", "import_map/raw", 1.15, false},
    Target{"import + map + free, video memory", "import_map_free/ours", "import_map_free/raw", 1.15, false},
    Target{"import + map + free, system memory", "import_map_free_host/ours", "import_map_free_host/raw", 1.15, false},
    Target{"import + map three planes as arrays + free", "import_arrays/ours", "import_arrays/raw", 1.15, false},
    Target{"cuMemFree of the driver's memory, interposed", "free_memory/ours", "free_memory/raw", 1.02, false},
    Target{"kernel launch, interposed", "launch/ours", "launch/raw", 1.02, false},
    Target{"kernel bandwidth through an import", "bandwidth/raw", "bandwidth/ours", 0.99, true},
    Target{"hand-over per hop, against events", "hand_over/ours", "hand_over/events", 1.5, false},
    Target{"hand-over per hop, against memory ops", "hand_over/ours", "hand_over/memory_operations", 1.1, false},
    Target{"CPU fence ping-pong, spinning", "cpu_ping_pong/ours", "cpu_ping_pong/raw", 2, false},
};

// Whether a benchmark gave up; Google Benchmark 1.8 put a reason in the place of the flag.
template <typename AnyRun>
bool gave_up(const AnyRun& run) {
    if constexpr (requires { run.skipped; }) {
        return static_cast<bool>(run.skipped);
    } else {
        return run.error_occurred;
    }
}

}  // namespace

void RatioReporter::ReportRuns(const std::vector<Run>& runs) {
    for (const Run& run : runs) {
        // The median of the repetitions, or the only repetition.
        const bool is_median = run.run_type == Run::RT_Aggregate && run.aggregate_name == "median";
        const bool is_only = run.run_type == Run::RT_Iteration && run.repetitions <= 1;
        if (gave_up(run) || (!is_median && !is_only)) continue;
        const std::string& arguments = run.run_name.args;
        const std::string name = run.run_name.function_name + (arguments.empty() ? "" : "/" + arguments);
        for (const auto& [side, seconds] : run.counters)
            times_[name + "/" + side] = {seconds * 1e9, seconds * 1e9};
        times_[name] = {run.real_accumulated_time / static_cast<double>(run.iterations) * 1e9,
                        run.cpu_accumulated_time / static_cast<double>(run.iterations) * 1e9};
    }
    ConsoleReporter::ReportRuns(runs);
}

void RatioReporter::print_table() const {
    std::printf("\n%-45s %12s %12s %8s   %s\n", "what (medians of this run)", "measured ns", "anchor ns", "ratio",
                "target");
    for (const Target& target : kTargets) {
        const auto measured = times_.find(target.measured);
        const auto anchor = target.anchor != nullptr ? times_.find(target.anchor) : times_.end();
        if (measured == times_.end() || (target.anchor != nullptr && anchor == times_.end())) continue;
        if (target.anchor == nullptr) {
            // No waiting in these, so processor time, which other programs disturb least.
            const double value = measured->second.cpu_ns;
            std::printf("%-45s %12.1f %12s %8s   <= %.0f ns: %s\n", target.what, value, "", "", target.limit,
                        value <= target.limit ? "met" : "missed");
            continue;
        }
        const double value = measured->second.real_ns;
        const double base = anchor->second.real_ns;
        const double ratio = value / base;
        const bool met = target.is_lower_limit ? ratio >= target.limit : ratio <= target.limit;
        std::printf("%-45s %12.1f %12.1f %8.3f   %s %.2f: %s\n", target.what, value, base, ratio,
                    target.is_lower_limit ? ">=" : "<=", target.limit, met ? "met" : "missed");
    }
}

}  // namespace opennvsci::bench
