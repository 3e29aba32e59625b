// SPDX-License-Identifier: Apache-2.0
#include <nlohmann/json.hpp>
#include <utility>
#include <vector>

#include "commands.h"
#include "doctor/container.h"
#include "doctor/driver_check.h"
#include "doctor/environment.h"
#include "doctor/folder.h"
#include "doctor/gpu.h"
#include "doctor/kernel.h"
#include "doctor/limits.h"
#include "doctor/memory.h"
#include "doctor/own_libraries.h"
#include "doctor/program.h"
#include "doctor/report.h"
#include "doctor/vulkan_check.h"
#include "output.h"

namespace opennvsci::tool {
namespace {

void append(std::vector<Finding>& all, std::vector<Finding> more) {
    for (Finding& finding : more)
        all.push_back(std::move(finding));
}

std::vector<Finding> findings_of_all(const std::string& program) {
    const Environment environment = environment_of_process();
    const std::string wanted = value_of(environment, "OPENNVSCI_DEVICE");
    const LibrarySearch search = LibrarySearch::of_process();
    std::vector<Finding> all;
    append(all, check_kernel(look_at_kernel()));
    append(all, check_limits(look_at_limits()));
    append(all, check_memory(look_at_memory()));
    append(all, check_container(look_at_container()));
    DriverFacts driver{wanted, {}, {}, look_at_gpus()};  // before the driver is asked, which may make device nodes
    driver.found = probe_driver();
    driver.in_use = look_at_driver_in_use();
    append(all, check_gpus(driver.gpus, wanted));
    append(all, check_driver(driver));
    if (driver.in_use.failure.empty()) append(all, check_vulkan(driver.in_use.vulkan));
    append(all, check_environment(environment));
    LibraryFacts libraries = look_at_libraries(search);
    append(all, check_libraries(libraries, wanted));
    const FolderFacts folder = look_at_folder(environment);
    std::vector<Finding> of_folder = check_folder(folder);
    ChannelFacts channels = look_at_channels();
    if (!is_healthy(of_folder)) channels.refused_folder = folder.path;
    append(all, std::move(of_folder));
    append(all, check_channels(channels));
    if (!program.empty()) {
        ProgramFacts facts = look_at_program(program, search, std::move(libraries.own));
        facts.has_software_driver = driver.in_use.failure.empty() && driver.in_use.is_software;
        append(all, check_program(facts));
    }
    return all;
}

}  // namespace

Result<> doctor(const DoctorOptions& options) {
    if (options.is_probe) {
        print_driver_probe();
        return {};
    }
    const std::vector<Finding> findings = findings_of_all(options.program);
    if (options.json) {
        print_json(findings_json(findings));
    } else {
        print_text(findings_text(findings, terminal_width()));
    }
    if (!is_healthy(findings)) return fail("");  // the findings have told it
    return {};
}

}  // namespace opennvsci::tool
