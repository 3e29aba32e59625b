// SPDX-License-Identifier: Apache-2.0
//
// The built `opennvsci` command as users run it: exit codes, what it prints, what it writes.
#include <pty.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <sstream>

#include "command.h"
#include "nvscievent.h"
#include "nvsciipc.h"
#include "opennvsci.h"

namespace opennvsci::tool {
namespace {

TEST_F(CommandTest, VersionNamesTheProjectAndTheInterfaces) {
    const Outcome version = run("--version");
    EXPECT_EQ(version.exit_code, 0);
    const auto interface = [](const char* name, std::uint32_t major, std::uint32_t minor) {
        return std::string(name) + " " + std::to_string(major) + "." + std::to_string(minor);
    };
    std::uint32_t event_minor = 0;  // what the library answers, which is more than its constant says
    for (bool is_compatible = true; is_compatible; ++event_minor)
        ASSERT_EQ(NvSciEventCheckVersionCompatibility(NvSciEventMajorVersion, event_minor + 1, &is_compatible),
                  NvSciError_Success);
    EXPECT_EQ(version.output, std::string("opennvsci " OPENNVSCI_VERSION_STRING "\n") +
                                  interface("NvSciBuf", NvSciBufMajorVersion, NvSciBufMinorVersion) + ", " +
                                  interface("NvSciSync", NvSciSyncMajorVersion, NvSciSyncMinorVersion) + ", " +
                                  interface("NvSciIpc", NvSciIpcMajorVersion, NvSciIpcMinorVersion) + ", " +
                                  interface("NvSciEvent", NvSciEventMajorVersion, event_minor - 1) + "\n");
}

// What the command says of a refusal is said once.
TEST_F(CommandTest, TheLibraryDoesNotRepeatWhatTheCommandSays) {
    const Outcome refused =
        run("layout --type image --format X2Rc10Rb10Ra10_Bayer10RGGB --size 64x48 --layout pitch-linear",
            "OPENNVSCI_DEVICE=soft");
    EXPECT_EQ(refused.exit_code, 1);
    EXPECT_EQ(count(refused.output, "X2Rc10Rb10Ra10_Bayer10RGGB has no layout here"), 1) << refused.output;
}

TEST_F(CommandTest, FilesAreReplacedOnlyByForce) {
    write_picture("in.png", 1, 1, {7});
    const char* const kRaw = "layout --type raw --bytes 4k --svg drawing.svg";
    const char* const kDemo = "demo --device soft --input in.png --output out.png";
    const std::pair<const char*, const char*> cases[] = {{kRaw, "drawing.svg"}, {kDemo, "out.png"}};
    for (const auto& [arguments, file] : cases) {
        write_file(file, "mine");
        const Outcome kept = run(arguments);
        EXPECT_EQ(kept.exit_code, 1) << kept.output;
        EXPECT_TRUE(has(kept, std::string("opennvsci: ") + file + " is there already; --force replaces it"))
            << kept.output;
        EXPECT_EQ(read_file(file), "mine");
        const Outcome replaced = run(std::string(arguments) + " --force");
        EXPECT_EQ(replaced.exit_code, 0) << replaced.output;
        EXPECT_NE(read_file(file), "mine");
    }
    // A link to a file is no less the file.
    write_file("linked.svg", "mine");
    std::filesystem::create_symlink("linked.svg", folder_ / "link.svg");
    EXPECT_EQ(run("layout --type raw --bytes 4k --svg link.svg").exit_code, 1);
    EXPECT_EQ(read_file("linked.svg"), "mine");
    EXPECT_EQ(run("layout --type raw --bytes 4k --svg link.svg --force").exit_code, 0);
    EXPECT_NE(read_file("linked.svg"), "mine");
    EXPECT_TRUE(std::filesystem::is_symlink(folder_ / "link.svg"));
    // Devices are no files that could be lost.
    EXPECT_EQ(run("layout --type raw --bytes 4k --svg /dev/null").exit_code, 0);
    const Outcome full = run("layout --type raw --bytes 4k --svg /dev/full");
    EXPECT_EQ(full.exit_code, 1);
    EXPECT_TRUE(has(full, "cannot write /dev/full: No space left on device")) << full.output;
}

// What cannot be replaced is not lost, and nothing else is left: the limit of files is less than a drawing has.
TEST_F(CommandTest, FilesThatCannotBeWrittenWhollyStayAsTheyAre) {
    const std::string program = "'" + (program_folder() / "opennvsci").string() + "'";
    write_file("drawing.svg", "mine");
    std::filesystem::permissions(folder_ / "drawing.svg", std::filesystem::perms(0640));
    std::filesystem::create_symlink("drawing.svg", folder_ / "link.svg");
    const std::string draw = program + " layout --type raw --bytes 4k --force --svg ";
    for (const std::string file : {"drawing.svg", "link.svg", "new.svg"}) {
        const Outcome full = run("run --soft sh -c \"trap '' XFSZ; ulimit -f 1; " + draw + file + "\"");
        EXPECT_EQ(full.exit_code, 1) << full.output;
        EXPECT_EQ(full.output, "opennvsci: cannot write " + file + ": File too large\n");
        EXPECT_EQ(read_file("drawing.svg"), "mine");
        EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder_), {}), 2);
    }
    EXPECT_EQ(run("layout --type raw --bytes 4k --force --svg drawing.svg").exit_code, 0);
    EXPECT_NE(read_file("drawing.svg"), "mine");
    EXPECT_EQ(std::filesystem::status(folder_ / "drawing.svg").permissions(), std::filesystem::perms(0640));
}

// Everything that prints: into a full device, without a stdout, and to a reader that has gone while SIGPIPE is ignored,
// as it is in children of some programs. Never a signal, and the reason wherever it is one to tell.
TEST_F(CommandTest, OutputThatCannotBePrintedIsAFailure) {
    for (const std::string arguments :
         {"devices", "devices -L", "devices --json", "config", "config --json", "ipc", "ipc --json",
          "demo --output a.png --force", "demo --two-processes --frames 2", "--help", "", "layout --help",
          "layout --type raw --bytes 1M", "layout --type raw --bytes 1M --svg -",
          "layout --type pyramid --format NV12 --size 640x480 --layout pitch-linear --levels 10 --json"}) {
        const std::string environment = "OPENNVSCI_DEVICE=soft OPENNVSCI_SOFT_DEVICES=16 OPENNVSCI_RUNTIME_DIR='" +
                                        (folder_ / "meet").string() + "'";
        const Outcome full = run(arguments + " >/dev/full", environment);
        EXPECT_EQ(full.exit_code, 1) << arguments;
        EXPECT_EQ(full.output, "opennvsci: cannot write the output: No space left on device\n") << arguments;
        const Outcome closed = run(arguments + " >&-", environment);
        EXPECT_EQ(closed.exit_code, 1) << arguments;
        EXPECT_EQ(closed.output, "opennvsci: cannot write the output: Bad file descriptor\n") << arguments;
        EXPECT_EQ(run(arguments + " >&- 2>&- <&-", environment).exit_code, 1) << arguments;
    }
    const std::string command = (program_folder() / "opennvsci").string();
    const Outcome no_reader =
        run("run --soft sh -c 'trap \"\" PIPE; { sleep 0.2; " + command + " --help; echo $? >code; } | true'");
    EXPECT_EQ(no_reader.output, "");
    EXPECT_EQ(read_file("code"), "1\n");
}

TEST_F(CommandTest, WrongUsageExitsWithTwoAndHelpWithZero) {
    for (const char* arguments :
         {"dance", "demo --device gpu", "demo --device -1", "demo --output a.jpg", "demo --what", "devices extra",
          "ipc extra", "run", "run --device other -- true", "run --soft --device gpu -- true", "layout",
          "layout --type film", "layout --type raw --bytes -1", "layout --type raw --bytes 1 --size 1x1",
          "layout --type image --format NV13", "layout --type image --size 12", "layout --type tensor --dims 1,-2",
          "layout --type raw --gpu -1"}) {
        const Outcome outcome = run(arguments);
        EXPECT_EQ(outcome.exit_code, 2) << arguments << ": " << outcome.output;
    }
    for (const char* arguments : {"", "--", "--help", "config --help", "demo --help", "devices --help", "ipc --help",
                                  "layout --help", "run --help"}) {
        EXPECT_EQ(run(arguments).exit_code, 0) << arguments;
    }
    EXPECT_TRUE(has(run("run --help"), "LD_LIBRARY_PATH"));
    EXPECT_EQ(run("").output, run("--help").output);
}

// The line is what the person has to change; the range is told in words.
TEST_F(CommandTest, MistakesAreNamedByTheirOption) {
    const std::pair<const char*, const char*> cases[] = {
        {"layout --type raw", "--type raw needs --bytes"},
        {"layout --type image --cpu", "--type image needs --format, --size, --layout"},
        {"layout --type pyramid --format NV12 --size 8x8 --layout pitch-linear", "--type pyramid needs --levels"},
        {"layout --type tensor --dims 3", "--type tensor needs --data-type"},
        {"layout --type array", "--type array needs --data-type, --stride, --capacity"},
        {"layout", "--type is required"},
        {"layout --type film", "--type: 'film' is none of image, pyramid, tensor, array, raw"},
        {"layout --type raw --bytes 0", "--bytes: 0 is out of range: it must be 1 to 18446744073709551615"},
        {"layout --type raw --bytes -1", "--bytes: -1 is out of range: it must be 1 to 18446744073709551615"},
        {"layout --type raw --bytes 18446744073709551616", "--bytes: 18446744073709551616 is out of range"},
        {"layout --type raw --bytes 1.5M", "'1.5M' is no number of bytes, like 4096, 64k, 1M or 1MiB"},
        {"layout --type raw --bytes 16E", "--bytes: 16E is out of range: it must be 1 to 18446744073709551615"},
        {"layout --type raw --bytes 0k", "--bytes: 0k is out of range: it must be 1 to 18446744073709551615"},
        {"layout --type raw --bytes -1k", "--bytes: -1k is out of range"},
        {"layout --type raw --bytes 99999999999999999999b", "--bytes: 99999999999999999999b is out of range"},
        {"layout --type raw --bytes 010k", "--bytes: '010k' is no number of bytes"},
        {"layout --type raw --bytes 0x1b", "--bytes: '0x1b' is no number of bytes"},
        {"layout --type raw --bytes ''", "--bytes: '' is no number of bytes"},
        {"layout --type raw --bytes 1kk", "--bytes: '1kk' is no number of bytes"},
        {"layout --type raw --bytes 1zz", "--bytes: '1zz' is no number of bytes"},
        {"layout --type raw --bytes MiB", "--bytes: 'MiB' is no number of bytes"},
        {"layout --type raw --bytes 010", "--bytes: '010' is no number of bytes"},
        {"layout --type raw --bytes 4k --align 8G", "--align: 8G is out of range: it must be 1 to 4294967295"},
        {"layout --type raw --bytes 4k --gpu x", "--gpu: 'x' is no whole number"},
        {"layout --type pyramid --levels 11", "--levels: 11 is out of range: it must be 1 to 10"},
        {"layout --type tensor --dims 3,-5", "--dims: -5 is out of range"},
        {"layout --type image --size 0x5", "--size: 0x5 is out of range: width and height must be 1 to 4294967295"},
        {"layout --type image --size 5x4294967296", "--size: 5x4294967296 is out of range"},
        {"layout --type image --size 12", "--size: '12' is no size like 1920x1080"},
        {"layout --type image --format NV12,NV13", "--format: 'NV13' is neither an NvSciColor nor one of NV12,"},
        {"layout --type tensor --data-type float", "--data-type: 'float' is none of Int4, Uint4,"},
        {"layout --type raw --bytes 4k --json --svg -", "--json and --svg - cannot both have stdout"},
        {"demo --frames 0 --two-processes", "--frames: 0 is out of range: it must be 1 to 1000000"},
        {"demo --device gpu", "--device: 'gpu' is neither the number of a device, 0 to 9999, nor soft"},
        {"demo --device 0000", "--device: '0000' is neither the number of a device, 0 to 9999, nor soft"},
        {"demo --device 10000", "--device: '10000' is neither the number of a device"},
        {"demo --output gray.jpg", "--output: 'gray.jpg' must end with .png"},
        {"devices -L --json", " excludes "},
        {"layout --type raw --bytes 4k --svg ''", "--svg: '' is no file"},
        {"layout --type raw --bytes 4k --force", "--force requires --svg"},
        {"demo --input ''", "--input: '' is no file"},
        {"demo --output ''", "--output: '' must end with .png"},
        {"demo --force", "--force requires --output"},
        {"demo --two-processes --output a.png", "--output"},
        {"demo --two-processes --input a.png", "--input"},
        {"run", "PROGRAM is required"},
        {"run --sfot ls", "argument was not expected: --sfot"},
    };
    for (const auto& [arguments, reason] : cases) {
        const Outcome outcome = run(arguments);
        EXPECT_EQ(outcome.exit_code, 2) << arguments << ": " << outcome.output;
        EXPECT_TRUE(has(outcome, reason)) << arguments << ": " << outcome.output;
        EXPECT_TRUE(has(outcome, "opennvsci: ")) << outcome.output;
    }
}

TEST_F(CommandTest, HelpNamesTheVariablesAndFitsTheTerminal) {
    const Outcome help = run("--help", "COLUMNS=72");
    for (const char* variable : {"OPENNVSCI_DEVICE", "OPENNVSCI_LOG", "OPENNVSCI_RUNTIME_DIR"})
        EXPECT_TRUE(has(help, variable)) << help.output;
    for (const std::size_t width : {72U, 44U}) {
        for (const char* const command :
             {"--help", "layout --help", "run --help", "demo --help", "explain --help", "check --help"}) {
            std::istringstream lines(run(command, "COLUMNS=" + std::to_string(width)).output);
            for (std::string line; std::getline(lines, line);) {
                if (!line.starts_with("  opennvsci")) {  // the example, which is there to be copied
                    EXPECT_LE(line.size(), width) << line;
                }
            }
        }
    }
}

TEST_F(CommandTest, ConfigShowsEveryVariable) {
    const std::string environment = "OPENNVSCI_LOG=debug OPENNVSCI_DEVISE=soft";
    const Outcome text = run("config", environment);
    EXPECT_EQ(text.exit_code, 0);
    EXPECT_TRUE(has(text, "  OPENNVSCI_LOG               debug    notice\n")) << text.output;
    EXPECT_TRUE(has(text, "  OPENNVSCI_SOFT_DEVICES      not set  1\n")) << text.output;
    EXPECT_TRUE(has(run("config", "OPENNVSCI_IPC_CFG=/gr\u00fcn"), "  OPENNVSCI_IPC_CFG           /gr\u00fcn"));
    EXPECT_TRUE(has(text, "OPENNVSCI_DEVISE is set, but nothing reads a variable of this name")) << text.output;
    const auto json = nlohmann::json::parse(run("config --json", environment).output);
    EXPECT_EQ(json["format_version"], 1);
    EXPECT_EQ(json["unknown"], nlohmann::json{"OPENNVSCI_DEVISE"});
    for (const auto& variable : json["variables"]) {
        if (variable["name"] == "OPENNVSCI_LOG") {
            EXPECT_EQ(variable["value"], "debug");
        }
    }
}

TEST_F(CommandTest, DevicesListsALineForEach) {
    const Outcome list = run("devices -L", "OPENNVSCI_DEVICE=soft OPENNVSCI_SOFT_DEVICES=2");
    EXPECT_EQ(list.exit_code, 0);
    EXPECT_EQ(count(list.output, "\n"), 2);
    EXPECT_EQ(list.output.rfind("device 0: OpenNvSci software device 0 (UUID: GPU-", 0), 0U) << list.output;
    EXPECT_TRUE(has(list, "\ndevice 1: OpenNvSci software device 1 (UUID: GPU-")) << list.output;
}

TEST_F(CommandTest, DevicesShowsDriverAndCapabilities) {
    const Outcome devices = run("devices", "OPENNVSCI_DEVICE=soft OPENNVSCI_SOFT_DEVICES=2");
    ASSERT_EQ(devices.exit_code, 0) << devices.output;
    for (const char* part : {"software device, CUDA ", "libcuda.so.1", "OPENNVSCI_DEVICE=soft asks for it", "device 0:",
                             "device 1:", "UUID", "compute capability", "GiB", "virtual memory management    yes",
                             "read-only host registration  yes", "compressible memory"}) {
        EXPECT_TRUE(has(devices, part)) << part << " is not in:\n" << devices.output;
    }
}

TEST_F(CommandTest, DevicesAsJson) {
    const Outcome devices = run("devices --json", "OPENNVSCI_DEVICE=soft");
    ASSERT_EQ(devices.exit_code, 0) << devices.output;
    const auto json = nlohmann::ordered_json::parse(devices.output);
    EXPECT_EQ(json.begin().key(), "format_version") << "it stands first";
    EXPECT_EQ(json["format_version"], 1);
    EXPECT_EQ(json["driver"]["is_software"], true);
    ASSERT_EQ(json["devices"].size(), 1U);
    EXPECT_EQ(json["devices"][0]["uuid"].get<std::string>().size(), 40U);
    EXPECT_TRUE(json["vulkan"]["devices"].is_array());
}

TEST_F(CommandTest, DevicesWithAWrongVariableFails) {
    const Outcome devices = run("devices", "OPENNVSCI_DEVICE=tpu");
    EXPECT_EQ(devices.exit_code, 1);
    EXPECT_TRUE(has(devices, "OPENNVSCI_DEVICE=tpu: not one of auto, gpu and soft")) << devices.output;
}

// The last word about the width is COLUMNS; without it, it is the terminal's.
TEST_F(CommandTest, WidthIsThatOfTheTerminal) {
    for (const auto& [columns, width] : {std::pair{"", 60U}, {"50", 50U}, {"no number", 60U}}) {
        const winsize size{25, 60, 0, 0};
        int terminal = -1;
        const pid_t child = ::forkpty(&terminal, nullptr, nullptr, &size);
        ASSERT_GE(child, 0);
        if (child == 0) {
            ::setenv("COLUMNS", columns, 1);
            ::execl((program_folder() / "opennvsci").c_str(), "opennvsci", "config", nullptr);
            ::_exit(127);
        }
        std::string output;
        std::array<char, 4096> part{};
        for (ssize_t got = 0; (got = ::read(terminal, part.data(), part.size())) > 0;)
            output.append(part.data(), static_cast<std::size_t>(got));
        ::close(terminal);
        int status = 0;
        ::waitpid(child, &status, 0);
        EXPECT_EQ(status, 0);
        std::size_t widest = 0;
        std::istringstream lines(output);
        for (std::string line; std::getline(lines, line);)
            widest = std::max(widest, line.size() - 1);  // a terminal gets \r\n
        EXPECT_LE(widest, width) << output;
        EXPECT_GE(widest, width - 8) << output;
    }
}

TEST_F(CommandTest, RunSoftGivesTheProgramTheSoftwareDevice) {
    const std::string program = "'" + (program_folder() / "opennvsci_names_its_driver").string() + "'";
    for (const char* options : {"run --soft -- ", "run --device soft -- ", "run --soft "}) {
        const Outcome outcome = run(options + program, "LD_LIBRARY_PATH=/nowhere");
        EXPECT_EQ(outcome.exit_code, 0) << outcome.output;
        EXPECT_EQ(outcome.output, "software device\n") << options;
    }
}

TEST_F(CommandTest, RunWithoutAGpuTakesTheSoftwareDeviceAndSaysSo) {
    const Outcome devices = run("devices --json 2>&-", "OPENNVSCI_DEVICE=auto");
    if (!has(devices, "\"is_software\": true")) GTEST_SKIP() << "there is a GPU";
    const std::string program = "'" + (program_folder() / "opennvsci_names_its_driver").string() + "'";
    for (const char* environment : {"OPENNVSCI_DEVICE=auto", "-u OPENNVSCI_DEVICE"}) {
        const Outcome outcome = run("run " + program, std::string("env ") + environment);
        EXPECT_EQ(outcome.exit_code, 0) << outcome.output;
        EXPECT_EQ(count(outcome.output, "\n"), 2) << outcome.output;
        EXPECT_EQ(outcome.output.rfind("opennvsci: notice: no GPU (", 0), 0U) << outcome.output;
        EXPECT_TRUE(has(outcome, "\nsoftware device\n")) << outcome.output;
    }
    // Who asks for it is not told, and who asks for a GPU does not get it.
    EXPECT_EQ(run("run " + program, "OPENNVSCI_DEVICE=soft").output, "software device\n");
    EXPECT_EQ(run("run --device gpu " + program).output, "no driver\n");
}

// Its own libraries are found, though neither the program nor the environment names their folder.
TEST_F(CommandTest, RunMakesTheLibrariesFindable) {
    const std::string program = "'" + (program_folder() / "opennvsci_needs_its_library").string() + "'";
    const Outcome alone =
        run("run --soft sh -c 'unset LD_LIBRARY_PATH LD_PRELOAD; exec " + program.substr(1, program.size() - 2) + "'");
    ASSERT_EQ(alone.exit_code, 127) << "the test shows nothing: the library is found anyway. " << alone.output;
    for (const char* options : {"run --soft ", "run --device gpu "}) {
        const Outcome outcome = run(options + program, "LD_LIBRARY_PATH=/nowhere");
        EXPECT_EQ(outcome.exit_code, 0) << outcome.output;
        EXPECT_EQ(outcome.output, "the library is there\n");
    }
    EXPECT_TRUE(has(run("run --soft sh -c 'echo $LD_LIBRARY_PATH'", "LD_LIBRARY_PATH=/nowhere"), ":/nowhere\n"));
    // Where they are found anyway, they keep their place behind what comes before.
    const std::string found = "/nowhere:" + built("lib");
    EXPECT_EQ(run("run --device gpu sh -c 'echo $LD_LIBRARY_PATH'", "LD_LIBRARY_PATH='" + found + "'").output,
              found + "\n");
}

// The variables of the dynamic linker could not name such a folder.
TEST_F(CommandTest, RunFromAFolderThatCannotBeNamedIsRefused) {
    const auto folder = folder_ / "a b";
    std::filesystem::create_directory(folder);
    std::filesystem::copy(built("lib/libopennvsci.so.0"), folder);
    const Outcome outcome = run("run --soft true", "LD_LIBRARY_PATH='" + folder.string() + "'");
    EXPECT_EQ(outcome.exit_code, 127) << outcome.output;
    EXPECT_TRUE(has(outcome, "opennvsci: the dynamic linker cannot be told of " + folder.string())) << outcome.output;
}

TEST_F(CommandTest, RunPassesArgumentsEnvironmentAndExitCode) {
    const std::string program = "'" + (program_folder() / "opennvsci_names_its_driver").string() + "'";
    const Outcome arguments = run("run --soft -- " + program + " --soft -- 'a b'");
    EXPECT_EQ(arguments.output, "software device\nargument --soft\nargument --\nargument a b\n");
    EXPECT_EQ(arguments.exit_code, 3);
    EXPECT_EQ(run("run --soft -- sh -c 'echo $OPENNVSCI_DEVICE'").output, "soft\n");
    EXPECT_EQ(run("run --device gpu -- sh -c 'echo $OPENNVSCI_DEVICE'").output, "gpu\n");
    const Outcome without_marks = run("run --device=soft " + program + " --soft ls --device x");
    EXPECT_EQ(without_marks.output, "software device\nargument --soft\nargument ls\nargument --device\nargument x\n");
    EXPECT_EQ(run("run --soft ls -d /").output, "/\n");
    // Words that mean something to the parser of the command's own options.
    for (const std::string mark : {"", "-- "}) {
        const Outcome words = run(mark + "run --soft " + mark + program + " '[a,b]' '[]' '{}' '' -- '%%'");
        EXPECT_EQ(words.output,
                  "software device\nargument [a,b]\nargument []\nargument {}\nargument \nargument --\nargument %%\n");
        EXPECT_EQ(words.exit_code, 6);
    }
}

TEST_F(CommandTest, RunOfAMissingProgramExitsWith127) {
    const Outcome outcome = run("run --soft -- /nowhere/program");
    EXPECT_EQ(outcome.exit_code, 127);
    EXPECT_EQ(outcome.output, "opennvsci: cannot start /nowhere/program: No such file or directory\n");
}

}  // namespace
}  // namespace opennvsci::tool
