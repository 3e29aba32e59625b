// SPDX-License-Identifier: Apache-2.0
//
// The `opennvsci` command. Exit codes: 0 success, 1 failure, 2 wrong usage; `run` gives the program's, or 127 if it
// cannot be started.
#include <CLI/CLI.hpp>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <system_error>

#include "commands.h"
#include "layout/command_line.h"
#include "opennvsci.h"
#include "picture.h"

namespace {

namespace tool = opennvsci::tool;

constexpr int kFailure = 1;
constexpr int kUsage = 2;
constexpr int kNotStarted = 127;  // as shells do

constexpr const char* kRunDetails =
    "The program's CUDA calls come by OpenNvSci, which is put in front of LD_PRELOAD, also where the order of its "
    "libraries would not let them; OPENNVSCI_INTERPOSE=0 switches that off.\n"
    "With --soft the program finds OpenNvSci's software CUDA device as libcuda.so.1: the device's folder is put in "
    "front "
    "of LD_LIBRARY_PATH and OPENNVSCI_DEVICE=soft is set. A program that names the folder of another driver itself "
    "(DT_RPATH, or dlopen with a full path) still gets that one; DT_RUNPATH does no harm.\n"
    "The exit code is the program's, or 127 if it cannot be started.";

constexpr const char* kIpcDetails =
    "Channels are those of the configuration and all others that are open in the same folder, so set "
    "OPENNVSCI_RUNTIME_DIR as the programs have it. The programs are not disturbed. What cannot be seen, such as the "
    "process in another container, is shown as ?.\n"
    "  not reset             the program has not called NvSciIpcResetEndpoint\n"
    "  waiting for its peer  its peer is not open, or not reset, or does not call NvSciIpcGetEvent\n"
    "  peer gone             connected until the peer closed or ended; what that one wrote can still be read\n"
    "  unread                frames that can be read there\n"
    "  parked                file descriptors that were exported to it and not imported";

constexpr const char* kDemoDetails =
    "Two participants negotiate a buffer, the CPU writes a picture into it, the GPU reads it through a read-only "
    "import "
    "and computes the gray picture and its histogram into a second buffer, in video memory. The result is compared "
    "with "
    "the CPU's, forbidden writes are tried, and the report of both negotiations is printed. Exit code 0 means that all "
    "of it held.\n"
    "With --two-processes a camera process makes frames on the GPU and a vision process, which may only read them, "
    "checks them there. Lists, buffers and fences go over NvSciIpc.";

std::string check_device(const std::string& text) {
    if (text == "soft") return {};
    const bool is_number =
        !text.empty() && text.size() < 5 && text.find_first_not_of("0123456789") == std::string::npos;
    return is_number ? std::string{} : text + " is neither a device number nor soft";
}

std::string check_output(const std::string& text) {
    const auto format = tool::format_of(text);
    return format ? std::string{} : format.error().text;
}

// The project's version, and below it those of the interfaces.
std::string version_text() {
    return "opennvsci " OPENNVSCI_VERSION_STRING "\nNvSciBuf " OPENNVSCI_NVSCIBUF_VERSION_STRING
           ", NvSciSync " OPENNVSCI_NVSCISYNC_VERSION_STRING ", NvSciIpc " OPENNVSCI_NVSCIIPC_VERSION_STRING
           ", NvSciEvent " OPENNVSCI_NVSCIEVENT_VERSION_STRING;
}

int report(const tool::Error& error, int exit_code) {
    std::fflush(stdout);  // what was said before comes first
    std::fprintf(stderr, "opennvsci: %s\n", error.text.c_str());
    return exit_code;
}

int cannot_write(int number) {
    std::fprintf(stderr, "opennvsci: cannot write the output: %s\n", std::strerror(number));
    return kFailure;
}

// Runs a command that prints. What cannot be printed shows when it is flushed, or where the printing throws.
template <class Command>
int finish(Command&& command) {
    try {
        const tool::Result<> result = command();
        if (!result) return report(result.error(), kFailure);
        return std::fflush(stdout) == 0 && std::ferror(stdout) == 0 ? 0 : cannot_write(errno);
    } catch (const std::system_error& error) {
        return cannot_write(error.code().value());
    }
}

}  // namespace

int main(int argc, char** argv) {
    opennvsciPrintRefusals(false);  // the command says itself what was refused
    CLI::App app{"OpenNvSci: negotiated, permission-checked buffers for CUDA on ordinary Linux machines.", "opennvsci"};
    app.require_subcommand(1);
    app.set_version_flag("--version", version_text(), "Print the version, and those of the interfaces");

    tool::DevicesOptions devices_options;
    auto* devices = app.add_subcommand("devices", "Show which CUDA driver is used, and its devices");
    devices->add_flag("--json", devices_options.json, "Print JSON");

    tool::IpcOptions ipc_options;
    auto* ipc = app.add_subcommand("ipc", "Show the channels of NvSciIpc: who has them open, and what waits there");
    ipc->add_flag("--json", ipc_options.json, "Print JSON");
    ipc->footer(kIpcDetails);

    tool::DemoOptions demo_options;
    std::string input;
    std::string output = demo_options.output.string();
    auto* demo = app.add_subcommand("demo", "Send a picture through negotiated buffers, and check every promise");
    demo->add_option("--input", input,
                     "Picture to read, PNG or binary PPM (default: the one that comes with the tool)");
    demo->add_option("--output", output, "Gray picture to write: .png, .pgm or .ppm")
        ->capture_default_str()
        ->check(CLI::Validator(check_output, "FILE"));
    demo->add_option("--device", demo_options.device, "Device number, or soft for the software device")
        ->check(CLI::Validator(check_device, "N|soft"));
    auto* two_processes = demo->add_flag("--two-processes", demo_options.two_processes,
                                         "A camera process and a vision process share buffers and fences instead");
    demo->add_option("--frames", demo_options.frames, "Frames that go from the one to the other")
        ->capture_default_str()
        ->check(CLI::Range(1U, 1000000U))
        ->needs(two_processes);
    demo->add_option("--role", demo_options.role)
        ->check(CLI::IsMember({"camera", "vision"}))
        ->needs(two_processes)
        ->group("");  // not for people: the command starts itself with it
    demo->footer(kDemoDetails);

    tool::LayoutOptions layout_options;
    auto* layout = app.add_subcommand("layout", "Show how a buffer lies in memory: planes, pitches, offsets, sizes");
    tool::add_layout_options(*layout, layout_options);

    tool::RunOptions run_options;
    bool soft = false;
    auto* run = app.add_subcommand("run", "Run a CUDA program: opennvsci run [OPTIONS] -- PROGRAM [ARGS...]");
    auto* soft_flag = run->add_flag("--soft", soft, "On the software device; same as --device soft");
    run->add_option("--device", run_options.device, "Which device OpenNvSci uses in the program")
        ->check(CLI::IsMember({"auto", "gpu", "soft"}))
        ->excludes(soft_flag);
    run->add_option("program", run_options.command, "The program and its arguments")->required();
    run->footer(kRunDetails);

    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
        const bool is_help = app.exit(error) == 0;  // prints help or the mistake
        return is_help ? finish([] { return tool::Result<>(); }) : kUsage;
    }
    if (ipc->parsed()) return finish([&] { return tool::ipc(ipc_options); });
    if (devices->parsed()) return finish([&] { return tool::devices(devices_options); });
    if (layout->parsed()) return finish([&] { return tool::layout(layout_options); });
    if (demo->parsed()) {
        demo_options.input = input;
        demo_options.output = output;
        return finish([&] { return tool::demo(demo_options); });
    }
    if (soft) run_options.device = "soft";
    return report(tool::run(run_options), kNotStarted);
}
