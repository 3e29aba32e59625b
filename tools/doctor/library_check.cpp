// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <utility>

#include "doctor/own_libraries.h"

namespace opennvsci::tool {
namespace {

void check_own(Findings& findings, const OwnLibraries& own, const std::string& wanted) {
    findings.ok("OpenNvSci", fmt::format("in {}", own.folder));
    if (!own.has_interposer) {
        findings.problem("interposer", fmt::format("there is no {}/libopennvsci-interpose.so.0", own.folder),
                         "for programs that import NvSci objects by functions of CUDA itself",
                         "install it beside the others");
    } else {
        findings.ok("interposer", fmt::format("beside them, for {} functions of the driver", own.interposed.size()));
    }
    if (own.has_software_device) {
        findings.ok("software device", "beside them, opennvsci/softcuda/libcuda.so.1");
    } else {
        findings.add(wanted == "soft" ? State::problem : State::note, "software device",
                     fmt::format("there is no {}/opennvsci/softcuda/libcuda.so.1", own.folder),
                     "without a GPU, or with OPENNVSCI_DEVICE=soft", "install it beside the others");
    }
}

void check_namesakes(Findings& findings, const LibraryFacts& facts) {
    std::vector<std::string> found;
    std::vector<std::string> missing;
    for (const Namesake& one : facts.namesakes) {
        if (one.path.empty()) {
            missing.push_back(one.name);
        } else if (one.is_own) {
            found.push_back(one.name);
        } else if (one.is_copy) {
            findings.note(
                one.name,
                fmt::format("programs find another OpenNvSci than this command's: {} (by {})", one.path, one.by),
                fmt::format("{}/{}", facts.own.folder, one.name),
                "remove one of them, or set LD_LIBRARY_PATH to the one that is meant");
        } else {
            findings.problem(one.name,
                             fmt::format("programs find {} (by {}), which is not OpenNvSci's", one.path, one.by),
                             fmt::format("{}/{}", facts.own.folder, one.name),
                             "take its folder out of LD_LIBRARY_PATH and /etc/ld.so.conf, or use `opennvsci run`");
        }
    }
    if (!found.empty()) findings.ok("found by programs", fmt::format("{}", fmt::join(found, ", ")));
    if (!missing.empty()) {
        findings.note("not found by programs", fmt::format("{}", fmt::join(missing, ", ")),
                      "a search path, for programs that were linked without one (-Wl,-rpath)",
                      fmt::format("start them with `opennvsci run`, or put {} into LD_LIBRARY_PATH", facts.own.folder));
    }
    for (const Namesake& other : facts.in_environment) {
        findings.note(other.name, fmt::format("{} is another implementation, such as a copy from a Jetson", other.path),
                      "one implementation for all libraries of a program", "take its folder out of LD_LIBRARY_PATH");
    }
}

void check_environment_folders(Findings& findings, const LibraryFacts& facts) {
    for (const std::string& folder : facts.stubs) {
        findings.problem("LD_LIBRARY_PATH", fmt::format("{} has a libcuda.so.1 that is for linking only", folder),
                         "the driver itself: a stub answers CUDA_ERROR_STUB_LIBRARY (34)",
                         fmt::format("take {} out of LD_LIBRARY_PATH", folder));
    }
    const auto folders = folders_of(facts.environment_folders, "", ":;");
    if (std::find(folders.begin(), folders.end(), "") != folders.end()) {
        findings.note("LD_LIBRARY_PATH", "has an empty entry: the folder in which a program is started",
                      "no libraries from a folder that others may write",
                      "take out the colon at the start, at the end, or the double one");
    }
}

void check_preloaded(Findings& findings, const Preloaded& preloaded) {
    if (preloaded.is_own) return findings.ok("LD_PRELOAD", fmt::format("{}: the interposer", preloaded.path));
    if (preloaded.path.empty()) {
        return findings.note("LD_PRELOAD", fmt::format("{} is not found: every program prints a line", preloaded.name),
                             "a library for this machine", "correct LD_PRELOAD, or /etc/ld.so.preload");
    }
    if (preloaded.stands_before.empty()) return findings.ok("LD_PRELOAD", preloaded.path);
    findings.note(
        "LD_PRELOAD",
        fmt::format("{} stands before OpenNvSci with {}", preloaded.path, fmt::join(preloaded.stands_before, ", ")),
        "it gets these calls first, also for NvSci objects, which it does not know; if it does not hand them "
        "on, they fail",
        "start programs with `opennvsci run`, which puts OpenNvSci in front");
}

}  // namespace

std::vector<Finding> check_libraries(const LibraryFacts& facts, const std::string& wanted) {
    Findings findings("libraries");
    check_own(findings, facts.own, wanted);
    check_namesakes(findings, facts);
    check_environment_folders(findings, facts);
    for (const Preloaded& preloaded : facts.preloaded)
        check_preloaded(findings, preloaded);
    return std::move(findings).take();
}

}  // namespace opennvsci::tool
