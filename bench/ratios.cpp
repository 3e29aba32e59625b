// SPDX-License-Identifier: Apache-2.0
#include "ratios.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <istream>
#include <map>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string>
#include <string_view>

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
    Target{"the report of a reconciliation", "report_alone", nullptr, 1000, false},
    Target{"allocate 64 KiB of video memory", "allocate_video/64K/ours", "allocate_video/64K/raw", 1.3, false},
    Target{"allocate 8 MiB of video memory", "allocate_video/8M/ours", "allocate_video/8M/raw", 1.3, false},
    Target{"allocate 1 GiB of video memory", "allocate_video/1G/ours", "allocate_video/1G/raw", 1.3, false},
    Target{"allocate and free 64 KiB of it", "allocate_video/64K/ours_and_free", "allocate_video/64K/raw_and_free", 1.3,
           false},
    Target{"allocate and free 8 MiB of it", "allocate_video/8M/ours_and_free", "allocate_video/8M/raw_and_free", 1.3,
           false},
    Target{"allocate and free 1 GiB of it", "allocate_video/1G/ours_and_free", "allocate_video/1G/raw_and_free", 1.3,
           false},
    Target{"allocate compressible memory, 64 KiB", "allocate_compressible/64K/ours", "allocate_compressible/64K/raw",
           1.3, false},
    Target{"allocate compressible memory, 8 MiB", "allocate_compressible/8M/ours", "allocate_compressible/8M/raw", 1.3,
           false},
    Target{"allocate compressible memory, 1 GiB", "allocate_compressible/1G/ours", "allocate_compressible/1G/raw", 1.3,
           false},
    Target{"allocate by eight threads, 64 KiB", "allocate_video_8_threads/64K/ours", "allocate_video_8_threads/64K/raw",
           1.3, false},
    Target{"allocate by eight threads, 8 MiB", "allocate_video_8_threads/8M/ours", "allocate_video_8_threads/8M/raw",
           1.3, false},
    Target{"allocate by eight threads, 1 GiB", "allocate_video_8_threads/1G/ours", "allocate_video_8_threads/1G/raw",
           1.3, false},
    Target{"the first of a process", "first_of_a_process/ours", "first_of_a_process/raw", 1.3, false},
    Target{"the second of a process", "first_of_a_process/second_ours", "first_of_a_process/second_raw", 1.3, false},
    Target{"allocate and import 2 MiB of system memory", "first_import/2M/ours", "first_import/2M/raw", 0.5, false},
    Target{"allocate and import a 1080p picture of it", "first_import/1080p/ours", "first_import/1080p/raw", 0.5,
           false},
    Target{"allocate and import 8 MiB of it", "first_import/8M/ours", "first_import/8M/raw", 0.5, false},
    Target{"allocate and import 64 MiB of it", "first_import/64M/ours", "first_import/64M/raw", 0.5, false},
    Target{"read 64 bytes anywhere in 1 GiB of it", "random_lines/read/ours", "random_lines/read/raw", 1, false},
    Target{"write 64 bytes anywhere in 1 GiB of it", "random_lines/write/ours", "random_lines/write/raw", 1, false},
    Target{"one of many small ones, video memory", "many_small/video/ours", "many_small/video/raw", 1.3, false},
    Target{"one of many small ones, system memory", "many_small/system/ours", "many_small/system/raw", 1.3, false},
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

struct Times {
    double real_ns;
    double cpu_ns;
};

// The name that a benchmark was registered with: without how it is timed and run.
std::string registered_name(const std::string& run_name) {
    constexpr std::array<std::string_view, 3> kWaysOfTiming{"real_time", "manual_time", "process_time"};
    std::istringstream parts(run_name);
    std::string name;
    for (std::string part; std::getline(parts, part, '/');) {
        if (part.find(':') != std::string::npos) continue;
        if (std::find(kWaysOfTiming.begin(), kWaysOfTiming.end(), part) != kWaysOfTiming.end()) continue;
        name += (name.empty() ? "" : "/") + part;
    }
    return name;
}

double nanoseconds_of(const std::string& unit) {
    return unit == "ns" ? 1 : unit == "us" ? 1e3 : unit == "ms" ? 1e6 : 1e9;
}

std::map<std::string, Times> times_of(const nlohmann::json& document) {
    std::map<std::string, Times> times;
    for (const auto& run : document.at("benchmarks")) {
        const bool is_median = run.value("aggregate_name", std::string()) == "median";
        const bool is_only = run.value("run_type", std::string()) == "iteration" && run.value("repetitions", 1) <= 1;
        // A benchmark that gave up has no time, or says so; how, changed with Google Benchmark 1.8.
        const bool gave_up = !run.contains("real_time") || run.contains("error_message");
        if (gave_up || (!is_median && !is_only)) continue;
        const std::string name = registered_name(run.at("run_name"));
        const double unit = nanoseconds_of(run.at("time_unit"));
        times[name] = {run.at("real_time").get<double>() * unit, run.at("cpu_time").get<double>() * unit};
        for (const auto& [counter, seconds] : run.items())
            if (seconds.is_number())
                times[name + "/" + counter] = {seconds.get<double>() * 1e9, seconds.get<double>() * 1e9};
    }
    return times;
}

}  // namespace

bool print_ratios(std::istream& report) {
    const auto document = nlohmann::json::parse(report, nullptr, false);
    if (document.is_discarded() || !document.contains("benchmarks")) {
        std::fprintf(stderr, "no ratios: the report of the run cannot be read\n");
        return false;
    }
    const std::map<std::string, Times> times = times_of(document);
    std::printf("\n%-45s %12s %12s %8s   %s\n", "what (medians of this run)", "measured ns", "anchor ns", "ratio",
                "target");
    for (const Target& target : kTargets) {
        const auto measured = times.find(target.measured);
        const auto anchor = target.anchor != nullptr ? times.find(target.anchor) : times.end();
        if (measured == times.end() || (target.anchor != nullptr && anchor == times.end())) continue;
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
    return true;
}

}  // namespace opennvsci::bench
