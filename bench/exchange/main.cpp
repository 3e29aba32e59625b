// SPDX-License-Identifier: Apache-2.0
//
// The exchange benchmark: what two processes do with each other, beside the shortest way to do the same. It starts the
// second process itself, one for every scenario, and meets it in a folder and over channels of its own. --quick makes a
// few samples of each; --json prints JSON instead of a table; --filter TEXT runs the scenarios whose name has the text.
#include <fmt/format.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <system_error>

#include "exchange/peer.h"

namespace opennvsci::bench {
namespace {

// A folder to meet in, with the channels of the benchmark, for this process and its followers.
class MeetingPlace {
  public:
    MeetingPlace() {
        std::string name = (std::filesystem::temp_directory_path() / "opennvsci-bench-XXXXXX").string();
        BENCH_EXPECT(::mkdtemp(name.data()) != nullptr);
        folder_ = name;
        const auto configuration = folder_ / "nvsciipc.cfg";
        std::ofstream(configuration) << "INTER_PROCESS bench_64_0 bench_64_1 16 64\n"
                                        "INTER_PROCESS bench_4096_0 bench_4096_1 16 4096\n"
                                        "INTER_PROCESS bench_24576_0 bench_24576_1 16 24576\n";
        BENCH_EXPECT(::setenv("OPENNVSCI_IPC_CFG", configuration.c_str(), 1) == 0);
        BENCH_EXPECT(::setenv("OPENNVSCI_RUNTIME_DIR", folder_.c_str(), 1) == 0);
    }
    MeetingPlace(const MeetingPlace&) = delete;
    MeetingPlace& operator=(const MeetingPlace&) = delete;
    ~MeetingPlace() {
        std::error_code ignored;
        std::filesystem::remove_all(folder_, ignored);
    }

  private:
    std::filesystem::path folder_;
};

struct Options {
    bool quick = false;
    bool json = false;
    std::string filter;
    std::string follow;  // the scenario of a follower
    int socket = -1;
};

int follow(const Options& options) {
    for (const Scenario& scenario : scenarios()) {
        if (options.follow != scenario.name) continue;
        Peer leader = Peer::of_leader(options.socket);
        (void)scenario.run(leader, options.quick);
        return 0;
    }
    return 2;
}

Machine describe_machine() {
    const char* const mps = std::getenv("CUDA_MPS_PIPE_DIRECTORY");
    Machine machine{device_driver().path, {}, processors().size(), false};
    machine.has_mps = mps != nullptr && std::filesystem::exists(std::filesystem::path(mps) / "control");
    for (const driver::Device& device : device_driver().devices)
        machine.devices.push_back(device.name);
    return machine;
}

int lead(const Options& options) {
    const MeetingPlace place;
    const Machine machine = describe_machine();
    std::vector<Group> groups;
    for (const Scenario& scenario : scenarios()) {
        if (std::string(scenario.name).find(options.filter) == std::string::npos) continue;
        fmt::print(stderr, "{} ...\n", scenario.name);
        Peer follower = Peer::start(scenario.name, options.quick);
        for (Group& group : scenario.run(follower, options.quick))
            groups.push_back(std::move(group));
        follower.wait_for_end();
    }
    options.json ? print_json(machine, groups) : print_table(machine, groups);
    return 0;
}

}  // namespace

const std::vector<Scenario>& scenarios() {
    static const std::vector<Scenario> all{
        {"messages", &measure_messages},
        {"cpu_fences", &measure_cpu_fences},
        {"hand_over", &measure_hand_over},
        {"hand_over_busy", &measure_hand_over_busy},
        {"hand_over_two_devices", &measure_hand_over_two_devices},
        {"first_share", &measure_first_share},
        {"frames", &measure_frames},
    };
    return all;
}

int run(int argc, char** argv) {
    Options options;
    for (int i = 1; i < argc; ++i) {
        const std::string argument = argv[i];
        if (argument == "--quick") {
            options.quick = true;
        } else if (argument == "--json") {
            options.json = true;
        } else if (argument == "--filter" && i + 1 < argc) {
            options.filter = argv[++i];
        } else if (argument == "--follow" && i + 2 < argc) {
            options.follow = argv[++i];
            options.socket = std::atoi(argv[++i]);
        } else {
            fmt::print(stderr, "usage: opennvsci-bench-exchange [--quick] [--json] [--filter TEXT]\n");
            return 2;
        }
    }
    return options.follow.empty() ? lead(options) : follow(options);
}

}  // namespace opennvsci::bench

int main(int argc, char** argv) {
    return opennvsci::bench::run(argc, argv);
}
