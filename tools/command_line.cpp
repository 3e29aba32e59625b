// SPDX-License-Identifier: Apache-2.0
#include "command_line.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <memory>
#include <new>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "arguments.h"
#include "commands.h"
#include "explain/command_line.h"
#include "layout/command_line.h"
#include "opennvsci.h"
#include "output.h"
#include "text_table.h"
#include "variables.h"

namespace opennvsci::tool {
namespace {

constexpr int kFailure = 1;
constexpr int kUsage = 2;
constexpr int kNotStarted = 127;  // as shells do

constexpr std::uint64_t kGreatestPid = std::uint64_t{1} << 22;  // of Linux

constexpr const char* kRunDetails =
    "What follows the options is the program, as it would be typed alone.\n"
    "The program's CUDA calls come by OpenNvSci, which is put in front of LD_PRELOAD, also where the order of its "
    "libraries would not let them; OPENNVSCI_INTERPOSE=0 switches that off. The folder of OpenNvSci's libraries is put "
    "in front of LD_LIBRARY_PATH, unless they are found anyway.\n"
    "With --soft, and without a GPU, the program finds OpenNvSci's software CUDA device as libcuda.so.1: the device's "
    "folder is put in front of LD_LIBRARY_PATH and OPENNVSCI_DEVICE=soft is set. A program that names the folder of "
    "another driver itself (DT_RPATH, or dlopen with a full path) still gets that one; DT_RUNPATH does no harm.\n"
    "The exit code is the program's, or 127 if it cannot be started.";

constexpr const char* kDevicesDetails =
    "Of each device of Vulkan is told which GPU of CUDA it is and what it can do with buffers and fences. Vulkan is "
    "looked at by a process of its own, so that a driver that crashes takes nothing with it. A line for each device is "
    "of CUDA's alone.";

constexpr const char* kDemoDetails =
    "Two participants negotiate a buffer, the CPU writes a picture into it, the GPU reads it through a read-only "
    "import and computes the gray picture and its histogram into a second buffer, in video memory. The result is "
    "compared with the CPU's, forbidden writes are tried, and the report of both negotiations is printed. Exit code 0 "
    "means that all of it held.\n"
    "With --two-processes a camera process makes frames on the GPU and a vision process, which may only read them, "
    "checks them there. Lists, buffers and fences go over NvSciIpc.";

constexpr const char* kDoctorDetails =
    "Looks at the kernel, the limits and the memory of this user, the GPU, the driver, Vulkan, the variables, the "
    "libraries, the folder and the channels; with PROGRAM at the file of a program too: whether it finds its "
    "libraries, and "
    "whether its calls of CUDA reach OpenNvSci. The program is not started, and nothing is changed. Give it the "
    "environment that programs have.\n"
    "What is wrong is a problem, what is less or otherwise than somebody may expect a note. Exit code 1 if there is a "
    "problem.";

std::string ipc_details() {
    TextTable states;
    states.add_column("", Column::name, {"not reset", "waiting for its peer", "peer gone", "unread", "parked"});
    states.add_column("", Column::text,
                      {"the program has not called NvSciIpcResetEndpoint",
                       "its peer is not open, or not reset, or does not call NvSciIpcGetEvent",
                       "connected until the peer closed or ended; what that one wrote can still be read",
                       "frames that can be read there", "file descriptors that were exported to it and not imported"});
    return "Channels are those of the configuration and all others that are open in the same folder, so set "
           "OPENNVSCI_RUNTIME_DIR as the programs have it. The programs are not disturbed. What cannot be seen, such "
           "as the process in another container, is shown as ?.\n\n" +
           states.text(terminal_width());
}

constexpr const char* kObjectsDetails =
    "Asked are the programs of this user that were started with OPENNVSCI_INSPECT=1, from the first module that they "
    "open, and with the same OPENNVSCI_RUNTIME_DIR as this command. They go on meanwhile. Of each kind the first ones "
    "are shown.\n"
    "An object lives as long as a handle, an import into CUDA or Vulkan, a mapping or a semaphore pool holds it; what "
    "is "
    "held by an import alone has no handle any more. Imports and mappings name the object by its number. Arrays that "
    "are mapped are CUDA's own and "
    "not known. Times are UTC.";

std::string variables_details() {
    std::vector<std::string> names;
    std::vector<std::string> meanings;
    for (const Variable& variable : variables()) {
        names.emplace_back(variable.name);
        meanings.emplace_back(variable.meaning);
    }
    TextTable table;
    table.add_column("", Column::name, std::move(names));
    table.add_column("", Column::text, std::move(meanings));
    return "Environment:\n" + table.text(terminal_width()) +
           "\n`opennvsci COMMAND --help` tells more about a command, `opennvsci config` how the variables are set.";
}

std::string check_output(const std::string& text) {
    const bool is_png = std::filesystem::path(text).extension() == ".png";
    return is_png ? std::string{} : fmt::format("'{}' must end with .png", text);
}

// The project's version, and below it those of the interfaces.
std::string version_text() {
    return "opennvsci " OPENNVSCI_VERSION_STRING "\nNvSciBuf " OPENNVSCI_NVSCIBUF_VERSION_STRING
           ", NvSciSync " OPENNVSCI_NVSCISYNC_VERSION_STRING ", NvSciIpc " OPENNVSCI_NVSCIIPC_VERSION_STRING
           ", NvSciEvent " OPENNVSCI_NVSCIEVENT_VERSION_STRING;
}

int report(const Error& error, int exit_code) {
    flush_output();  // what was said before comes first
    if (!error.text.empty()) std::fprintf(stderr, "opennvsci: %s\n", error.text.c_str());
    return exit_code;
}

// Runs a command that prints.
template <class Command>
int finish(Command&& command) {
    if (const Result<> result = command(); !result) return report(result.error(), kFailure);
    if (const Result<> printed = finish_output(); !printed) return report(printed.error(), kFailure);
    return 0;
}

// Runs a command that answers a question: 0 yes, 1 no, 2 there is no answer.
template <class Question>
int answer(Question&& question) {
    try {
        const Result<bool> answered = question();
        if (!answered) return report(answered.error(), kUsage);
        if (const Result<> printed = finish_output(); !printed) return report(printed.error(), kUsage);
        return *answered ? 0 : kFailure;
    } catch (const std::bad_alloc&) {
        return report({"not enough memory", {}}, kUsage);
    } catch (const std::exception& error) {
        return report({error.what(), {}}, kUsage);
    }
}

}  // namespace

int run_command_line(int argc, char** argv) {
    opennvsciPrintRefusals(false);  // the command says itself what was refused
    CLI::App app{"OpenNvSci: negotiated, permission-checked buffers for CUDA on ordinary Linux machines.", "opennvsci"};
    app.require_subcommand(0, 1);
    app.formatter(std::make_shared<HelpFormatter>());
    app.set_version_flag("--version", version_text(), "Print the version, and those of the interfaces");

    DevicesOptions devices_options;
    auto* devices = app.add_subcommand("devices", "Show the CUDA driver, its devices and Vulkan's");
    auto* devices_json = devices->add_flag("--json", devices_options.json, "Print JSON");
    devices->add_flag("-L,--list", devices_options.list, "Print a line for each device")->excludes(devices_json);
    devices->add_flag("--probe-vulkan", devices_options.is_vulkan_probe)
        ->group("");  // not for people: the command starts itself with it
    devices->footer(kDevicesDetails);

    ConfigOptions config_options;
    auto* config = app.add_subcommand("config", "Show the environment variables and their values");
    config->add_flag("--json", config_options.json, "Print JSON");

    IpcOptions ipc_options;
    auto* ipc = app.add_subcommand("ipc", "Show who has which channel of NvSciIpc open");
    ipc->add_flag("--json", ipc_options.json, "Print JSON");
    ipc->footer(ipc_details());

    DoctorOptions doctor_options;
    auto* doctor = app.add_subcommand("doctor", "Tell what is wrong here, and what helps");
    take_file(doctor->add_option("PROGRAM", doctor_options.program, "A program to look at too"))->option_text(" ");
    doctor->add_flag("--json", doctor_options.json, "Print JSON");
    doctor->add_flag("--probe", doctor_options.is_probe)
        ->group("");  // not for people: the command starts itself with it
    doctor->footer(kDoctorDetails);

    ObjectsOptions objects_options;
    auto* objects = app.add_subcommand("objects", "Show what running programs hold, and since when");
    take_numbers(objects->add_option("PID", objects_options.pid, "Only the process of this number"), 1, kGreatestPid)
        ->option_text(" ");
    objects->add_flag("--json", objects_options.json, "Print JSON");
    objects->footer(kObjectsDetails);

    DemoOptions demo_options;
    auto* demo = app.add_subcommand("demo", "Send a picture through buffers, checking promises");
    auto* input = take_file(demo->add_option("--input", demo_options.input,
                                             "Picture to read, PNG (default: the one that comes with the tool)"));
    input->option_text("FILE");
    auto* output =
        demo->add_option("--output", demo_options.output,
                         "Gray picture to write, PNG (default: opennvsci-demo-UID.png in the temporary folder, "
                         "replaced)")
            ->option_text("FILE")
            ->check(CLI::Validator(check_output, ""));
    demo->add_flag("--force", demo_options.force, "Replace the file of --output if it is there")->needs(output);
    take_device(demo->add_option("--device", demo_options.device, "Device number, or soft for the software device"))
        ->option_text("N|soft");
    auto* two_processes = demo->add_flag("--two-processes", demo_options.two_processes,
                                         "A camera process and a vision process share buffers and fences instead")
                              ->excludes(input, output);
    take_numbers(demo->add_option("--frames", demo_options.frames,
                                  "Frames that go from the one to the other, 1 to 1000000 (default 200)"),
                 1, 1000000)
        ->option_text("N")
        ->needs(two_processes);
    demo->add_option("--role", demo_options.role)
        ->check(CLI::IsMember({"camera", "vision"}))
        ->needs(two_processes)
        ->group("");  // not for people: the command starts itself with it
    demo->footer(kDemoDetails);

    LayoutOptions layout_options;
    auto* layout = app.add_subcommand("layout", "Show how a buffer lies in memory");
    add_layout_options(*layout, layout_options);

    ExplainOptions explain_options;
    auto* explain = app.add_subcommand("explain", "Show why lists reconcile, or do not, and what to change");
    add_explain_options(*explain, explain_options);

    ExplainOptions check_options;
    auto* check = app.add_subcommand("check", "Tell whether lists reconcile on another machine");
    add_check_options(*check, check_options);

    RunOptions run_options;
    bool soft = false;
    auto* run = app.add_subcommand("run", "Run a CUDA program, on a GPU or without one");
    auto* soft_flag = run->add_flag("--soft", soft, "On the software device; same as --device soft");
    take_names(run->add_option("--device", run_options.device,
                               "Which device OpenNvSci uses in the program: auto, gpu or soft"),
               {"auto", "gpu", "soft"})
        ->option_text("DEVICE")
        ->excludes(soft_flag);
    std::vector<std::string> program;  // only for the help and for its mistakes: words_of() has the program
    run->add_option("PROGRAM", program, "The program and its arguments")->option_text("...")->required();
    run->footer(kRunDetails);

    app.failure_message([](const CLI::App* root, const CLI::Error& error) {
        const auto commands = root->get_subcommands();
        const std::string command = commands.empty() ? "" : commands.front()->get_name() + " ";
        return fmt::format("opennvsci: {}\n`opennvsci {}--help` tells more.\n", error.what(), command);
    });
    app.footer(variables_details());  // last, because commands inherit it
    try {
        Words words = words_of(*run, argc, argv);
        app.parse(std::move(words.reversed));
        run_options.command = std::move(words.program);
    } catch (const CLI::ParseError& error) {
        std::ostringstream help;
        std::ostringstream mistake;
        const bool is_help = app.exit(error, help, mistake) == 0;
        std::fputs(mistake.str().c_str(), stderr);
        print_text(help.str());
        return is_help ? finish([] { return Result<>(); }) : kUsage;
    }
    if (app.get_subcommands().empty()) {
        print_text(app.help());
        return finish([] { return Result<>(); });
    }
    if (ipc->parsed()) return finish([&] { return tool::ipc(ipc_options); });
    if (objects->parsed()) return finish([&] { return tool::objects(objects_options); });
    if (devices->parsed()) return finish([&] { return tool::devices(devices_options); });
    if (config->parsed()) return finish([&] { return tool::config(config_options); });
    if (doctor->parsed()) return finish([&] { return tool::doctor(doctor_options); });
    if (layout->parsed()) return finish([&] { return tool::layout(layout_options); });
    if (explain->parsed()) return answer([&] { return tool::explain(explain_options); });
    if (check->parsed()) return answer([&] { return tool::explain(check_options); });
    if (demo->parsed()) return finish([&] { return tool::demo(demo_options); });
    if (soft) run_options.device = "soft";
    return report(tool::run(run_options), kNotStarted);
}

int report_failure(const char* text) {
    return report({text, {}}, kFailure);
}

}  // namespace opennvsci::tool
