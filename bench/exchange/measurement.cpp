// SPDX-License-Identifier: Apache-2.0
#include "exchange/measurement.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <nlohmann/json.hpp>
#include <utility>

namespace opennvsci::bench {
namespace {

// How the library stands against a side, or NaN.
double ratio_of(const Group& group, const Side& side) {
    const Side& ours = group.sides.front();
    if (&ours == &side || ours.samples.count() == 0 || side.samples.count() == 0) return std::nan("");
    const double ratio = ours.samples.percentile(0.5) / side.samples.percentile(0.5);
    return side.target.kind == Target::Kind::times_faster ? 1 / ratio : ratio;
}

bool is_met(const Target& target, double ratio) {
    return target.kind == Target::Kind::times_faster ? ratio >= target.limit : ratio <= target.limit;
}

std::string target_text(const Target& target) {
    switch (target.kind) {
        case Target::Kind::none:
            return "";
        case Target::Kind::at_most:
            return fmt::format("<= {:g}", target.limit);
        case Target::Kind::times_faster:
            return fmt::format(">= {:g} times faster", target.limit);
    }
    return "";
}

}  // namespace

double Samples::percentile(double share) const {
    std::vector<double> sorted = values_;
    std::sort(sorted.begin(), sorted.end());
    const auto rank = static_cast<std::size_t>(std::ceil(share * static_cast<double>(sorted.size())));
    return sorted[std::max<std::size_t>(rank, 1) - 1];
}

void print_table(const Machine& machine, const std::vector<Group>& groups) {
    fmt::print("driver {}\n", machine.driver);
    for (std::size_t i = 0; i < machine.devices.size(); ++i)
        fmt::print("device {}: {}\n", i, machine.devices[i]);
    fmt::print("{} processors{}\n", machine.processors, machine.has_mps ? ", under MPS" : "");
    fmt::print(
        "Times in microseconds. Ratio: the library's median by that of the line; for a target in times faster, "
        "the reverse.\n");
    for (const Group& group : groups) {
        fmt::print("\n{}{}{}\n", group.what, group.state.empty() ? "" : ", ", group.state);
        fmt::print("  {:<46} {:>10} {:>10} {:>10} {:>8} {:>8}   {}\n", "", "p50", "p99", "max", "samples", "ratio",
                   "target");
        for (const Side& side : group.sides) {
            if (side.samples.count() == 0) {
                fmt::print("  {:<46} SKIPPED: {}\n", side.name, side.skipped);
                continue;
            }
            const double ratio = ratio_of(group, side);
            std::string outcome = target_text(side.target);
            if (!outcome.empty() && !std::isnan(ratio)) outcome += is_met(side.target, ratio) ? ": met" : ": missed";
            fmt::print("  {:<46} {:>10.2f} {:>10.2f} {:>10.2f} {:>8} {:>8}   {}\n", side.name,
                       side.samples.percentile(0.5), side.samples.percentile(0.99), side.samples.greatest(),
                       side.samples.count(), std::isnan(ratio) ? "" : fmt::format("{:.2f}", ratio), outcome);
        }
    }
}

void print_json(const Machine& machine, const std::vector<Group>& groups) {
    nlohmann::json document{{"format_version", 1},        {"driver", machine.driver},
                            {"devices", machine.devices}, {"processors", machine.processors},
                            {"mps", machine.has_mps},     {"rows", nlohmann::json::array()}};
    for (const Group& group : groups) {
        for (const Side& side : group.sides) {
            nlohmann::json row{{"what", group.what}, {"state", group.state}, {"side", side.name}};
            if (side.samples.count() == 0) {
                row["skipped"] = side.skipped;
            } else {
                row["samples"] = side.samples.count();
                row["p50_us"] = side.samples.percentile(0.5);
                row["p99_us"] = side.samples.percentile(0.99);
                row["max_us"] = side.samples.greatest();
            }
            const double ratio = ratio_of(group, side);
            if (!std::isnan(ratio)) row["ratio"] = ratio;
            if (side.target.kind != Target::Kind::none) {
                row["target"] = target_text(side.target);
                if (!std::isnan(ratio)) row["met"] = is_met(side.target, ratio);
            }
            document["rows"].push_back(std::move(row));
        }
    }
    fmt::print("{}\n", document.dump(2));
}

}  // namespace opennvsci::bench
