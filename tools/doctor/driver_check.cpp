// SPDX-License-Identifier: Apache-2.0
#include "doctor/driver_check.h"

#include <fmt/format.h>

#include <chrono>
#include <nlohmann/json.hpp>
#include <string_view>
#include <utility>

#include "doctor/capabilities.h"
#include "doctor/own_command.h"

namespace opennvsci::tool {
namespace {

constexpr std::chrono::milliseconds kLongestChoice{60'000};  // of the driver, and of Vulkan
constexpr const char* kAskForSoftware = "OPENNVSCI_DEVICE=soft asks for the software device";

// What helps against codes of cuInit that say less than they mean.
struct InitRemedy {
    std::uint32_t result;
    const char* needed;
    const char* remedy;
};
constexpr InitRemedy kInitRemedies[] = {
    {2, "memory, or file descriptors, for the driver", "free memory; see the limits above"},
    {3, "a driver that can start", "look at the kernel's log: dmesg"},
    {34, "the driver itself and not the library that stands for it where programs are linked",
     "take the folder of stubs out of LD_LIBRARY_PATH and RPATH; install NVIDIA's driver"},
    {100, "a GPU that this process may use",
     "see CUDA_VISIBLE_DEVICES and the device nodes; start a container with --gpus all"},
    {802, "a GPU that is ready: where NVSwitch joins GPUs, the fabric manager has to run",
     "as root: systemctl start nvidia-fabricmanager"},
    {803, "libcuda and the kernel module of one version",
     "restart the machine after an update of the driver, or reload the module"},
    {804, "a driver that this libcuda is compatible with", "take the compatibility package out of LD_LIBRARY_PATH"},
    {999, "the device nodes, above all /dev/nvidia-uvm", "as root: nvidia-modprobe -u -c 0; then look at dmesg"},
};

void check_result(Findings& findings, const DriverFacts& facts) {
    const DriverProbe& found = facts.found;
    if (found.result == 0) return findings.ok("cuInit", fmt::format("works, with {} device(s)", found.devices.size()));
    const char* needed = "a driver that can start";
    const char* remedy = "nvidia-smi shows whether the driver works at all";
    for (const InitRemedy& row : kInitRemedies) {
        if (row.result != found.result) continue;
        needed = row.needed;
        remedy = row.remedy;
    }
    constexpr std::uint32_t kStub = 34;
    constexpr std::uint32_t kNoDevice = 100;
    // Where there is no GPU it is no problem that there is none.
    const bool has_gpu = facts.gpus.has_module || !facts.gpus.nodes.empty();
    const bool is_replaced = (found.result == kNoDevice || found.result == kStub) && !has_gpu;
    const bool is_fine = facts.wanted == "soft" || (is_replaced && facts.wanted != "gpu");
    findings.add(is_fine ? State::note : State::problem, "cuInit",
                 fmt::format("fails: {} ({}): {}", found.result_name.empty() ? "no name" : found.result_name,
                             found.result, found.result_text),
                 needed, remedy);
}

void check_versions(Findings& findings, const DriverFacts& facts) {
    const std::string version = driver_version_of(facts.found.path);
    const std::string& module = facts.gpus.module_version;
    if (version.empty() || module.empty()) return;
    if (version == module) return findings.ok("versions", fmt::format("libcuda and kernel module {}", version));
    findings.add(State::note, "versions", fmt::format("libcuda is {}, the kernel module {}", version, module),
                 "the same, unless it is a package for forward compatibility",
                 "restart the machine after an update of the driver");
}

void check_found(Findings& findings, const DriverFacts& facts) {
    const DriverProbe& found = facts.found;
    if (!found.failure.empty()) {
        findings.add(facts.wanted == "soft" ? State::note : State::problem, "libcuda.so.1",
                     fmt::format("to load and start it failed: {}", found.failure), "a driver that answers",
                     fmt::format("look at dmesg, restart the machine; {}", kAskForSoftware));
        return;
    }
    if (!found.is_found) {
        const bool is_expected = facts.wanted == "soft" || (!facts.gpus.has_module && facts.wanted != "gpu");
        findings.add(is_expected ? State::note : State::problem, "libcuda.so.1",
                     fmt::format("cannot be loaded: {}", found.load_error),
                     facts.gpus.has_module ? "the part of the driver that fits the loaded kernel module"
                                           : "NVIDIA's driver, for a GPU; the software device needs none",
                     facts.gpus.has_module ? std::string("install it (Debian: libcuda1); in a container set "
                                                         "NVIDIA_DRIVER_CAPABILITIES=compute,utility")
                                           : fmt::format("install it where there is a GPU; {}", kAskForSoftware));
        return;
    }
    findings.ok("libcuda.so.1", fmt::format("{}{}", found.path, found.is_software ? ", the software device" : ""));
    check_result(findings, facts);
    check_versions(findings, facts);
}

void check_in_use(Findings& findings, const DriverFacts& facts) {
    const DriverInUse& in_use = facts.in_use;
    if (!in_use.failure.empty()) {
        return findings.problem("in use", in_use.failure, "a driver, or the software device",
                                facts.wanted == "soft"
                                    ? std::string("see the lines above, and those of the environment")
                                    : std::string("see the lines above; ") + kAskForSoftware);
    }
    const std::string text = fmt::format("{} {}, CUDA {}: {}", in_use.is_software ? "software device" : "GPU driver",
                                         in_use.path, in_use.cuda_version, in_use.reason);
    if (in_use.is_software && facts.wanted != "soft" && !facts.found.is_software) {
        return findings.note("in use", text, "a GPU, for kernels and for the CUDA runtime",
                             "OPENNVSCI_DEVICE=soft says that the software device is wanted");
    }
    findings.ok("in use", text);
}

}  // namespace

std::string driver_version_of(const std::string& path) {
    constexpr std::string_view kStart = "libcuda.so.";
    const std::string_view name = std::string_view(path).substr(path.rfind('/') + 1);
    if (!name.starts_with(kStart)) return {};
    const std::string_view version = name.substr(kStart.size());
    const bool is_version = version.find('.') != std::string_view::npos &&
                            version.find_first_not_of("0123456789.") == std::string_view::npos;
    return is_version ? std::string(version) : std::string();
}

DriverInUse look_at_driver_in_use() {
    DriverInUse in_use;
    const CommandOutcome outcome = run_own_command({"devices", "--json"}, {"OPENNVSCI_LOG=error"}, kLongestChoice);
    const auto printed = outcome.json();
    if (!printed) {
        in_use.failure = outcome.first_reason();
        return in_use;
    }
    try {
        const Json& driver = printed->at("driver");
        in_use.path = driver.at("file");
        in_use.reason = driver.at("reason");
        in_use.cuda_version = driver.at("cuda_version");
        in_use.is_software = driver.at("is_software");
        in_use.vulkan.vulkan = vulkan_probe_of(printed->at("vulkan"));
        for (const Json& device : printed->at("devices")) {
            in_use.grants_compression.push_back(device.at("grants_compression"));
            if (!in_use.is_software) in_use.vulkan.gpus.push_back({device.at("name"), device.at("uuid")});
        }
    } catch (const Json::exception&) {
        in_use.failure = "the driver has printed something in between";
    }
    return in_use;
}

std::vector<Finding> check_driver(const DriverFacts& facts) {
    Findings findings("driver");
    check_found(findings, facts);
    check_in_use(findings, facts);
    if (facts.in_use.failure.empty() && !facts.in_use.is_software) check_capabilities(findings, facts);
    return std::move(findings).take();
}

}  // namespace opennvsci::tool
