// SPDX-License-Identifier: Apache-2.0
#include "doctor/capabilities.h"

#include <fmt/format.h>

#include <string_view>

namespace opennvsci::tool {
namespace {

constexpr std::string_view kMeasured = "580.159.04";  // of which docs/driver-facts.md tells

struct Capability {
    const char* title;
    bool ProbedDevice::*member;
    const char* needed;
    const char* remedy;
};
constexpr const char* kNewerDriver = "use a newer driver; a GPU that is too old keeps it";
constexpr Capability kCapabilities[] = {
    {"virtual memory management", &ProbedDevice::has_virtual_memory,
     "buffers in video memory, read-only mappings and arrays (attribute 102)", kNewerDriver},
    {"sharing by descriptors", &ProbedDevice::has_descriptors,
     "buffers in video memory (attribute 103); without it they are refused", kNewerDriver},
    {"read-only registration", &ProbedDevice::has_read_only_registration,
     "read-only imports of buffers in system memory (attribute 113); without it they are refused", kNewerDriver},
    {"stream memory operations of 64 bits", &ProbedDevice::has_stream_memory_operations,
     "streams that wait for, and signal, CPUs and other processes (attribute 122, CUDA 11.7)", kNewerDriver},
    {"arrays with deferred mapping", &ProbedDevice::has_deferred_arrays,
     "block-linear images whose size the driver confirms (attribute 121, CUDA 11.6)", kNewerDriver},
    {"system memory of the driver", &ProbedDevice::has_system_memory,
     "block-linear images that the CPU and a GPU use (attribute 141)",
     "use a newer driver; where a process may not choose a NUMA node, as in many containers, it is refused though the "
     "driver promises it"},
};

void check_device(Findings& findings, const ProbedDevice& device, std::size_t ordinal) {
    const std::string name = fmt::format("device {}, {}", ordinal, device.name);
    std::string has;
    for (const Capability& capability : kCapabilities) {
        if (device.*capability.member) {
            has += fmt::format("{}{}", has.empty() ? "" : ", ", capability.title);
        } else {
            findings.note(fmt::format("{}: {}", name, capability.title), "not there", capability.needed,
                          capability.remedy);
        }
    }
    if (!has.empty()) findings.ok(name, has);
    constexpr int kProhibited = 2;
    constexpr int kOneProcess = 3;
    if (device.compute_mode == kProhibited) {
        findings.problem(fmt::format("{}: compute mode", name), "prohibited", "no process can make a context",
                         fmt::format("as root: nvidia-smi -i {} -c DEFAULT", ordinal));
    } else if (device.compute_mode == kOneProcess) {
        findings.note(fmt::format("{}: compute mode", name), "exclusive to one process",
                      "two processes cannot share buffers on this GPU, except under MPS",
                      fmt::format("as root: nvidia-smi -i {} -c DEFAULT", ordinal));
    }
}

void check_compression(Findings& findings, const DriverFacts& facts, std::size_t ordinal) {
    const ProbedDevice& device = facts.found.devices[ordinal];
    const auto& granted = facts.in_use.grants_compression;
    if (ordinal >= granted.size()) return;
    const std::string title = fmt::format("device {}, {}: compressible memory", ordinal, device.name);
    if (granted[ordinal]) {
        findings.ok(title, "granted (tried)");
    } else {
        findings.note(title,
                      device.has_compression ? "promised, and not granted (tried)" : "not there (attribute 107; tried)",
                      "a faster read of constant data; EnableGpuCompression is answered with None", "");
    }
    // driver-facts.md F12: measured there, and not on an H100 with the same version.
    if (granted[ordinal] && device.name.find("H200") != std::string::npos) {
        findings.note(title + " of images", "known to end the process when it is mapped as an array",
                      fmt::format("measured on an H200 with driver {}; not on an H100", kMeasured),
                      "ask for no compression of images that become arrays there");
    }
}

void check_age(Findings& findings, const DriverFacts& facts) {
    constexpr int kFirstWithTimelines = 11070;
    constexpr int kFirstWithContextIds = 12000;
    const int version = facts.found.version;
    if (version < kFirstWithTimelines) {
        findings.note("CUDA 11.7", fmt::format("the driver has {}.{}", version / 1000, version % 1000 / 10),
                      "fences that streams wait for in memory: of CPUs, and of other processes", kNewerDriver);
    }
    if (version < kFirstWithContextIds || !facts.found.can_tell_destroyed_contexts) {
        findings.note("destroyed contexts", "not recognised by this driver (cuCtxGetId, CUDA 12.0)",
                      "a call with what belonged to a destroyed context can harm the process", kNewerDriver);
    }
    // Where the file has no version in its name, the kernel module's is the same, or cuInit fails.
    std::string version_text = driver_version_of(facts.found.path);
    if (version_text.empty()) version_text = facts.gpus.module_version;
    if (version_text == kMeasured) {
        findings.ok("measured version", fmt::format("{}: docs/driver-facts.md is about it", version_text));
    } else {
        findings.note("measured version",
                      version_text.empty() ? std::string("the version of this driver is not known")
                                           : fmt::format("{} was not measured", version_text),
                      fmt::format("what docs/driver-facts.md says, such as what waits and what is refused, is known of "
                                  "{} only",
                                  kMeasured),
                      "");
    }
}

}  // namespace

void check_capabilities(Findings& findings, const DriverFacts& facts) {
    check_age(findings, facts);
    for (std::size_t ordinal = 0; ordinal < facts.found.devices.size(); ++ordinal) {
        check_device(findings, facts.found.devices[ordinal], ordinal);
        check_compression(findings, facts, ordinal);
    }
}

}  // namespace opennvsci::tool
