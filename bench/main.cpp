// SPDX-License-Identifier: Apache-2.0
//
// The benchmark program. It runs on the device that OPENNVSCI_DEVICE chooses; --quick makes one short repetition.
#include <cstdio>
#include <cstring>
#include <string>
#include <vector>

#include "allocation.h"
#include "fixture.h"
#include "ratios.h"

int main(int argc, char** argv) {
    if (argc == 3 && argv[1] == opennvsci::bench::kFirstAllocation) {
        opennvsci::bench::print_first_allocation(std::strcmp(argv[2], "raw") == 0);
        return 0;
    }
    std::vector<std::string> arguments{argv[0]};
    bool quick = false;
    for (int i = 1; i < argc; ++i) {
        if (std::strcmp(argv[i], "--quick") == 0) {
            quick = true;
        } else {
            arguments.emplace_back(argv[i]);
        }
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
    opennvsci::bench::RatioReporter reporter;
    ::benchmark::RunSpecifiedBenchmarks(&reporter);
    reporter.print_table();
    return 0;
}
