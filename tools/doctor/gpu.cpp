// SPDX-License-Identifier: Apache-2.0
#include "doctor/gpu.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <string_view>
#include <system_error>
#include <utility>

#include "doctor/input_file.h"

namespace opennvsci::tool {
namespace {

constexpr std::size_t kMostEntries = 4096;  // of a folder that is looked through

// The names in a folder, sorted.
std::vector<std::string> names_in(const char* folder) {
    std::vector<std::string> names;
    std::error_code status;
    for (std::filesystem::directory_iterator at(folder, status), end;
         !status && at != end && names.size() < kMostEntries; at.increment(status)) {
        names.push_back(at->path().filename().string());
    }
    std::sort(names.begin(), names.end());
    return names;
}

bool is_gpu(const std::string& bus_folder) {
    return start_of_file(bus_folder + "/vendor") == "0x10de" &&
           start_of_file(bus_folder + "/class").starts_with("0x03");
}

std::vector<DeviceNode> nvidia_nodes() {
    std::vector<DeviceNode> nodes;
    for (const std::string& name : names_in("/dev")) {
        const std::string path = "/dev/" + name;
        struct stat status {};
        if (!name.starts_with("nvidia") || ::stat(path.c_str(), &status) != 0 || !S_ISCHR(status.st_mode)) continue;
        nodes.push_back({path, ::faccessat(AT_FDCWD, path.c_str(), R_OK | W_OK, AT_EACCESS) == 0,
                         status.st_mode & 07777U, status.st_uid, status.st_gid});
    }
    return nodes;
}

// "/dev/nvidia0", "/dev/nvidia17".
bool is_of_one_gpu(const std::string& path) {
    constexpr std::string_view kStart = "/dev/nvidia";
    return path.size() > kStart.size() && path.find_first_not_of("0123456789", kStart.size()) == std::string::npos;
}

void check_nodes(Findings& findings, const GpuFacts& facts, State bad) {
    const auto has = [&](std::string_view path) {
        return std::any_of(facts.nodes.begin(), facts.nodes.end(),
                           [&](const DeviceNode& node) { return node.path == path; });
    };
    std::vector<std::string> missing;
    for (const char* path : {"/dev/nvidiactl", "/dev/nvidia-uvm"}) {
        if (!has(path)) missing.emplace_back(path);
    }
    const auto gpus = std::count_if(facts.nodes.begin(), facts.nodes.end(),
                                    [](const DeviceNode& node) { return is_of_one_gpu(node.path); });
    if (gpus == 0) missing.emplace_back("/dev/nvidia0");
    if (!missing.empty()) {
        findings.add(bad, "device nodes", fmt::format("there is no {}", fmt::join(missing, ", no ")),
                     "the driver opens them in cuInit",
                     "as root: nvidia-modprobe -u -c 0; start a container with --gpus all");
    }
    for (const DeviceNode& node : facts.nodes) {
        const bool is_needed =
            is_of_one_gpu(node.path) || node.path == "/dev/nvidiactl" || node.path == "/dev/nvidia-uvm";
        if (!is_needed || node.can_open) continue;
        findings.add(bad, node.path,
                     fmt::format("mode {:03o}, owner {}, group {}: this user may not read and write it", node.mode,
                                 node.owner, node.group),
                     "the right to read and write",
                     fmt::format("join the group {} (usermod -aG), or, as root, chmod a+rw {}", node.group, node.path));
    }
    if (missing.empty() &&
        std::all_of(facts.nodes.begin(), facts.nodes.end(), [](const DeviceNode& node) { return node.can_open; })) {
        findings.ok("device nodes",
                    fmt::format("{} and {} more can be opened", "/dev/nvidiactl", facts.nodes.size() - 1));
    }
}

}  // namespace

GpuFacts look_at_gpus() {
    GpuFacts facts;
    for (const std::string& place : names_in("/sys/bus/pci/devices")) {
        if (is_gpu("/sys/bus/pci/devices/" + place)) facts.bus_places.push_back(place);
    }
    std::error_code status;
    facts.has_module = std::filesystem::exists("/sys/module/nvidia", status) ||
                       std::filesystem::exists("/proc/driver/nvidia/version", status);
    facts.module_version = start_of_file("/sys/module/nvidia/version", 128);
    facts.nodes = nvidia_nodes();
    return facts;
}

std::vector<Finding> check_gpus(const GpuFacts& facts, const std::string& wanted) {
    const State bad = wanted == "soft" ? State::note : State::problem;
    Findings findings("GPU");
    if (facts.bus_places.empty() && wanted == "gpu" && !facts.has_module && facts.nodes.empty()) {
        findings.problem("on the bus", "no GPU of NVIDIA is seen", "a GPU, which OPENNVSCI_DEVICE=gpu asks for",
                         "OPENNVSCI_DEVICE=soft asks for the software device");
    } else if (facts.bus_places.empty()) {
        findings.ok("on the bus", "no GPU of NVIDIA is seen");
    } else {
        findings.ok("on the bus", fmt::format("{}", fmt::join(facts.bus_places, ", ")));
    }
    if (facts.has_module) {
        findings.ok("kernel module", fmt::format("nvidia {}", facts.module_version));
        check_nodes(findings, facts, bad);
    } else if (!facts.bus_places.empty()) {
        findings.add(bad, "kernel module", "nvidia is not loaded, though there is a GPU",
                     "NVIDIA's driver; others, such as nouveau, have no CUDA",
                     "install NVIDIA's driver, or as root: modprobe nvidia");
    }
    return std::move(findings).take();
}

}  // namespace opennvsci::tool
