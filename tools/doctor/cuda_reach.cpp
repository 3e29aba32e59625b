// SPDX-License-Identifier: Apache-2.0
#include "doctor/cuda_reach.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <string_view>
#include <utility>

namespace opennvsci::tool {
namespace {

constexpr std::string_view kInterposer = "libopennvsci-interpose";
constexpr const char* kRun = "start it with `opennvsci run`";

bool is_file_of(const LoadedFile& loaded, std::string_view name) {
    return is_library(loaded.file.name, name);
}

// The CUDA libraries and ours call each other as they must.
bool is_of_the_program(const LoadedFile& loaded) {
    return !is_part_of_nvsci(loaded.file.name) && !is_file_of(loaded, "libcuda");
}

// The runtime in the file itself, or as a library of its own.
bool is_runtime(const LoadedFile& loaded) {
    return loaded.file.holds_cuda_runtime || is_file_of(loaded, "libcudart");
}

// Who gets the interposed functions that the program's files call by name.
struct LinkedCalls {
    Names by_interposer;
    Names by_driver;
    Names by_nobody;
    Names by_others;
    std::string other;   // the first of these
    std::string caller;  // of the first that goes to the driver
};

LinkedCalls linked_calls(const ProgramFacts& facts) {
    LinkedCalls calls;
    for (const LoadedFile& loaded : facts.order.files) {
        if (!is_of_the_program(loaded)) continue;
        for (const std::string& symbol : loaded.file.undefined) {
            if (!facts.own.interposed.contains(symbol)) continue;
            const LoadedFile* const definer = facts.order.definer_of(symbol);
            if (definer == nullptr) {
                calls.by_nobody.insert(symbol);
            } else if (is_file_of(*definer, kInterposer)) {
                calls.by_interposer.insert(symbol);
            } else if (is_file_of(*definer, "libcuda")) {
                if (calls.by_driver.empty()) calls.caller = loaded.file.path;
                calls.by_driver.insert(symbol);
            } else {
                if (calls.by_others.empty()) calls.other = definer->file.path;
                calls.by_others.insert(symbol);
            }
        }
    }
    return calls;
}

// A driver that is not on this machine would stand where the program names it.
bool missing_driver_comes_first(const LoadOrder& order) {
    const auto& needed = order.files.front().file.needed;
    const auto at = [&](std::string_view name) {
        return std::find_if(needed.begin(), needed.end(), [&](const auto& one) { return is_library(one, name); });
    };
    const bool is_preloaded = std::any_of(order.files.begin(), order.files.end(), [](const LoadedFile& loaded) {
        return loaded.by == "LD_PRELOAD" && is_part_of_nvsci(loaded.file.name);
    });
    return order.find("libcuda") == nullptr && !is_preloaded &&
           at("libcuda") < std::min(at("libnvscibuf"), at("libnvscisync"));
}

void check_linked_calls(Findings& findings, const ProgramFacts& facts, bool uses_nvsci) {
    const LinkedCalls calls = linked_calls(facts);
    const auto first = [](const Names& names) {
        return names.size() == 1 ? *names.begin() : fmt::format("{} and {} more", *names.begin(), names.size() - 1);
    };
    const auto go_past = [&](const std::string& which, const char* to) {
        findings.problem("linked calls of CUDA",
                         fmt::format("{} go past OpenNvSci to {}, which stands before libnvscibuf in the order of "
                                     "libraries",
                                     which, to),
                         "libnvscibuf or libnvscisync before libcuda: the driver refuses NvSci objects (801)",
                         fmt::format("link with -lnvscibuf before -lcuda, or {}", kRun));
    };
    if (!calls.by_interposer.empty() && missing_driver_comes_first(facts.order)) {
        go_past(first(calls.by_interposer), "a driver, which is not here");
    } else if (!calls.by_interposer.empty()) {
        findings.ok("linked calls of CUDA", fmt::format("{} reach OpenNvSci", first(calls.by_interposer)));
    }
    if (!calls.by_driver.empty() && uses_nvsci)
        go_past(fmt::format("{} of {}", first(calls.by_driver), calls.caller), "the driver");
    if (!calls.by_others.empty()) {
        findings.note("linked calls of CUDA", fmt::format("{} go to {} first", first(calls.by_others), calls.other),
                      "a tool that hands on what is about NvSci objects, which it does not know", kRun);
    }
    if (!calls.by_nobody.empty() && facts.order.missing.empty()) {
        findings.problem("linked calls of CUDA",
                         fmt::format("none of the program's libraries has {}", first(calls.by_nobody)),
                         "the driver on the link line", "link with -lnvscibuf -lcuda");
    }
}

void check_look_ups(Findings& findings, const ProgramFacts& facts, const char* who, bool uses_nvsci) {
    const LoadedFile* const definer = facts.order.definer_of("dlsym");
    if (definer != nullptr && is_file_of(*definer, kInterposer)) {
        return findings.ok("look-ups of CUDA", fmt::format("{} finds OpenNvSci's functions", who));
    }
    if (!uses_nvsci) return;
    findings.problem("look-ups of CUDA",
                     fmt::format("{} finds the driver's functions: {} stands before OpenNvSci with dlsym", who,
                                 definer != nullptr ? definer->file.path : "another library"),
                     "libnvscibuf or libnvscisync among the libraries that the program itself names, or in front of "
                     "what is preloaded",
                     fmt::format("link the program itself with -lnvscibuf (-Wl,--no-as-needed if it calls nothing of "
                                 "it), or {}",
                                 kRun));
}

void check_driver(Findings& findings, const ProgramFacts& facts) {
    const LoadedFile* const driver = facts.order.find("libcuda");
    if (driver == nullptr) return;
    const bool is_stub = driver->file.path.find("/stubs/") != std::string::npos;
    const bool is_software = driver->file.defined.contains("opennvsciSoftCudaVersion");
    if (is_stub) {
        findings.problem("libcuda.so.1", fmt::format("{} (by {}) is for linking only", driver->file.path, driver->by),
                         "the driver itself: a stub answers CUDA_ERROR_STUB_LIBRARY (34)",
                         "take its folder out of DT_RPATH, DT_RUNPATH and LD_LIBRARY_PATH");
    } else if (facts.has_software_driver && !is_software) {
        findings.note(
            "libcuda.so.1",
            fmt::format("{} (by {}), while OpenNvSci uses the software device", driver->file.path, driver->by),
            "one driver for both: pointers of one mean nothing to the other", "start it with `opennvsci run --soft`");
    } else {
        findings.ok("libcuda.so.1", fmt::format("{} (by {}){}", driver->file.path, driver->by,
                                                is_software ? ", the software device" : ""));
    }
    if (driver->by == "DT_RPATH") {
        findings.note("libcuda.so.1", "is found by DT_RPATH, which goes before LD_LIBRARY_PATH",
                      "DT_RUNPATH, for `opennvsci run --soft` to have an effect", "link with -Wl,--enable-new-dtags");
    }
}

}  // namespace

void check_cuda_reach(Findings& findings, const ProgramFacts& facts) {
    const auto& files = facts.order.files;
    const bool has_ours = facts.order.find("libnvscibuf") != nullptr || facts.order.find("libnvscisync") != nullptr;
    const bool uses_nvsci = has_ours || facts.order.needs("libnvscibuf") || facts.order.needs("libnvscisync");
    const bool has_interposer = facts.order.find(kInterposer) != nullptr;
    const auto runtime = std::find_if(files.begin(), files.end(), is_runtime);
    const bool looks_up = std::any_of(files.begin(), files.end(), [](const LoadedFile& loaded) {
        return is_of_the_program(loaded) && loaded.file.undefined.contains("dlsym");
    });
    if (!uses_nvsci) {
        findings.note("NvSci", "the program and its libraries name no libnvscibuf and no libnvscisync",
                      "one of them, if it shall use NvSci objects; a module may bring it later",
                      fmt::format("then {}: what the CUDA runtime looked up before cannot be changed", kRun));
    }
    if (runtime != files.end()) {
        const bool is_static = runtime->file.holds_cuda_runtime && !is_file_of(*runtime, "libcudart");
        findings.ok("CUDA runtime", is_static ? fmt::format("static, in {}", runtime->file.path) : runtime->file.path);
        if (facts.has_software_driver) {
            findings.problem("CUDA runtime", "it does not start on the software device, which is in use here",
                             "NVIDIA's driver and a GPU", "use the driver API, or a machine with a GPU");
        }
    }
    check_driver(findings, facts);
    if (!facts.is_interposed) {
        findings.note("interposition", "switched off by OPENNVSCI_INTERPOSE=0",
                      "1, unless the program imports objects by nvscicuda.h alone", "unset OPENNVSCI_INTERPOSE");
        return;
    }
    if (has_ours && !has_interposer) {
        findings.problem("interposer", "libopennvsci-interpose.so.0 is not found beside libnvscibuf",
                         "the calls of CUDA reach OpenNvSci by it", fmt::format("install it, or {}", kRun));
        return;
    }
    check_linked_calls(findings, facts, uses_nvsci);
    if (runtime != files.end()) {
        check_look_ups(findings, facts, "the CUDA runtime", uses_nvsci);
    } else if (looks_up) {
        check_look_ups(findings, facts, "a look-up by dlsym", uses_nvsci);
    }
}

}  // namespace opennvsci::tool
