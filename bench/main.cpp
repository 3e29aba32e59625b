// SPDX-License-Identifier: Apache-2.0
//
// The benchmark program. It runs on the device that OPENNVSCI_DEVICE chooses; --quick makes one short repetition.
#include <benchmark/benchmark.h>
#include <sys/mman.h>

#include <cstdio>
#include <cstring>
#include <fstream>
#include <string>
#include <string_view>
#include <vector>

#include "allocation.h"
#include "fixture.h"
#include "ratios.h"

namespace {

constexpr std::string_view kReport = "--benchmark_out=";

}  // namespace

int main(int argc, char** argv) {
    if (argc == 3 && argv[1] == opennvsci::bench::kFirstAllocation) {
        opennvsci::bench::print_first_allocation(std::strcmp(argv[2], "raw") == 0);
        return 0;
    }
    std::vector<std::string> arguments{argv[0]};
    // A file of this process, unless the user wants the report.
    const int memory = ::memfd_create("report", MFD_CLOEXEC);
    std::string report_file;
    bool quick = false;
    for (int i = 1; i < argc; ++i) {
        if (std::strcmp(argv[i], "--quick") == 0) {
            quick = true;
        } else {
            arguments.emplace_back(argv[i]);
            if (arguments.back().starts_with(kReport)) report_file = arguments.back().substr(kReport.size());
        }
    }
    if (report_file.empty()) {
        report_file = "/proc/self/fd/" + std::to_string(memory);
        arguments.push_back(std::string(kReport) + report_file);
    }
    if (!quick) {
        // Repetitions in random order, so that a slow moment of the machine hits both sides of a ratio.
        arguments.emplace_back("--benchmark_repetitions=9");
        arguments.emplace_back("--benchmark_enable_random_interleaving=true");
        arguments.emplace_back("--benchmark_display_aggregates_only=true");
        arguments.emplace_back("--benchmark_min_time=0.05");
    }
    std::vector<char*> pointers;
    for (std::string& argument : arguments)
        pointers.push_back(argument.data());
    int count = static_cast<int>(pointers.size());
    ::benchmark::Initialize(&count, pointers.data());
    if (::benchmark::ReportUnrecognizedArguments(count, pointers.data())) return 2;

    const auto driver = opennvsci::driver::instance();
    if (!driver) {
        std::fprintf(stderr, "%s\n", driver.error().text.c_str());
        return 1;
    }
    std::printf("device: %s (%s)\n", (*driver)->devices.front().name.c_str(), (*driver)->path.c_str());
    opennvsci::bench::device_driver();  // all benchmarks run in its context
    opennvsci::bench::name_allocation_benchmarks(!quick);
    ::benchmark::RunSpecifiedBenchmarks();
    std::ifstream report(report_file);
    return opennvsci::bench::print_ratios(report) ? 0 : 1;
}
