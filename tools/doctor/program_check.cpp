// SPDX-License-Identifier: Apache-2.0
//
// The rules about a program's libraries; those about its calls of CUDA are in cuda_reach.cpp.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <utility>

#include "doctor/cuda_reach.h"
#include "doctor/program.h"

namespace opennvsci::tool {
namespace {

constexpr std::size_t kMostNamed = 8;

std::string named(const std::vector<std::string>& names) {
    const std::size_t count = std::min(names.size(), kMostNamed);
    const std::string text =
        fmt::format("{}", fmt::join(names.begin(), names.begin() + static_cast<std::ptrdiff_t>(count), ", "));
    return names.size() == count ? text : fmt::format("{} and {} more", text, names.size() - count);
}

void check_kind(Findings& findings, const ProgramFacts& facts) {
    const ElfFile& program = facts.order.files.front().file;
    if (program.kind == ElfFile::Kind::library) {
        findings.note("kind", fmt::format("{} is a library", facts.path), "a program that loads it",
                      "look at that program too: the order of its libraries counts");
    } else {
        findings.ok("kind", fmt::format("{}, a program for the dynamic linker {}", facts.path, program.interpreter));
    }
    if (program.has_rights_of_its_own) {
        findings.note("rights", "the file is set-user-id or set-group-id",
                      "the dynamic linker hears no LD_LIBRARY_PATH and no LD_PRELOAD then, so `opennvsci run` has no "
                      "effect",
                      "link it with -lnvscibuf in front and an RPATH");
    }
    if (!program.rpath.empty()) findings.ok("DT_RPATH", program.rpath);
    if (!program.runpath.empty()) findings.ok("DT_RUNPATH", program.runpath);
}

void check_missing(Findings& findings, const ProgramFacts& facts) {
    for (const MissingLibrary& missing : facts.order.missing) {
        const std::string found = missing.reason.empty()
                                      ? fmt::format("is not found; {} needs it", missing.needed_by)
                                      : fmt::format("{}; {} needs it", missing.reason, missing.needed_by);
        std::string remedy = "install it, or name its folder in LD_LIBRARY_PATH";
        if (facts.own.names.contains(missing.name)) {
            remedy = fmt::format("start it with `opennvsci run`, or link it with -Wl,-rpath,{}", facts.own.folder);
        } else if (is_nvsci_library(missing.name)) {
            remedy = fmt::format("build the program against OpenNvSci's headers and libraries: here are {}",
                                 fmt::join(facts.own.names, ", "));
        } else if (is_library(missing.name, "libcuda")) {
            remedy = "install NVIDIA's driver; or start it with `opennvsci run`, which gives it the software device";
        }
        findings.problem(missing.name, found, "a library for this machine where the dynamic linker looks", remedy);
    }
    if (facts.order.missing.empty())
        findings.ok("libraries", fmt::format("all {} are found", facts.order.files.size() - 1));
}

void check_which(Findings& findings, const ProgramFacts& facts) {
    for (const Namesake& one : facts.namesakes) {
        if (one.is_own) {
            findings.ok(one.name, fmt::format("{} (by {})", one.path, one.by));
        } else if (one.is_copy) {
            findings.note(one.name, fmt::format("{} (by {}), another OpenNvSci than this command's", one.path, one.by),
                          fmt::format("{}/{}", facts.own.folder, one.name), "look with the command that belongs to it");
        } else {
            findings.problem(one.name, fmt::format("{} (by {}) is not OpenNvSci's", one.path, one.by),
                             fmt::format("{}/{}", facts.own.folder, one.name),
                             "take its folder out of LD_LIBRARY_PATH, DT_RPATH or DT_RUNPATH, or use `opennvsci run`");
        }
    }
}

// What the program takes of NvSci, by what will become of it.
void check_functions(Findings& findings, const ProgramFacts& facts) {
    Names unknown;
    Names unlinked;
    std::size_t count = 0;
    for (const LoadedFile& loaded : facts.order.files) {
        if (is_part_of_nvsci(loaded.file.name)) continue;
        for (const std::string& symbol : loaded.file.undefined) {
            if (!symbol.starts_with("NvSci") && !symbol.starts_with("nvsci") && !symbol.starts_with("opennvsci"))
                continue;
            ++count;
            if (facts.order.definer_of(symbol) != nullptr) continue;
            (facts.own.functions.contains(symbol) ? unlinked : unknown).insert(symbol);
        }
    }
    if (!unknown.empty()) {
        findings.problem("functions of NvSci",
                         fmt::format("OpenNvSci has no {}", named({unknown.begin(), unknown.end()})),
                         "functions of its headers (docs/reference)", "leave the call out on this machine");
    }
    if (!unlinked.empty() && facts.order.missing.empty()) {
        findings.problem(
            "functions of NvSci",
            fmt::format("{}: none of the program's libraries has it", named({unlinked.begin(), unlinked.end()})),
            "the library of OpenNvSci that has it, on the link line",
            "link with -lnvscibuf, -lnvscisync, -lnvsciipc, -lnvscievent, -lnvscivk or -lopennvsci, of these what it "
            "calls");
    }
    if (count > 0 && unknown.empty() && unlinked.empty())
        findings.ok("functions of NvSci", fmt::format("all {} that are called are there", count));
}

}  // namespace

std::vector<Finding> check_program(const ProgramFacts& facts) {
    Findings findings("program");
    if (!facts.error.empty()) {
        findings.problem(facts.path, facts.error, "a program of this machine that can be read",
                         "name another file; a program for DRIVE OS or Jetson is built anew from its sources");
    } else if (!facts.script.empty()) {
        findings.note("kind", fmt::format("{} is a script for {}", facts.path, facts.script),
                      "the program that it starts, and the modules that this one loads",
                      "look at that program; a module that brings libnvscibuf late needs `opennvsci run`");
    } else if (facts.order.files.front().file.kind == ElfFile::Kind::static_program) {
        findings.problem("kind", fmt::format("{} is a static program", facts.path),
                         "a dynamic linker, which puts OpenNvSci in front of CUDA and loads the driver",
                         "link it without -static");
    } else {
        check_kind(findings, facts);
        check_missing(findings, facts);
        check_which(findings, facts);
        check_functions(findings, facts);
        check_cuda_reach(findings, facts);
    }
    return std::move(findings).take();
}

}  // namespace opennvsci::tool
