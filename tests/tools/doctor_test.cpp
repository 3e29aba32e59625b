// SPDX-License-Identifier: Apache-2.0
//
// What `opennvsci doctor` finds on a machine: the rules of each area, on facts that are made up, and the command.
#include <sys/stat.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "command.h"
#include "doctor.h"
#include "doctor/container.h"
#include "doctor/driver_check.h"
#include "doctor/environment.h"
#include "doctor/folder.h"
#include "doctor/gpu.h"
#include "doctor/kernel.h"
#include "doctor/limits.h"
#include "doctor/memory.h"
#include "doctor/own_command.h"
#include "doctor/own_libraries.h"
#include "variables.h"

namespace opennvsci::tool {
namespace {

TEST(DoctorReport, GroupsByAreaAndCounts) {
    const std::vector<Finding> findings{{"one", State::ok, "a", "fine", "", ""},
                                        {"two", State::problem, "b", "bad", "better", "do this"},
                                        {"one", State::note, "c", "less", "more", ""}};
    EXPECT_EQ(findings_text(findings, 80),
              "one\n"
              "  ok       a: fine\n"
              "  note     c: less\n"
              "           needed: more\n"
              "\n"
              "two\n"
              "  problem  b: bad\n"
              "           needed: better\n"
              "           remedy: do this\n"
              "\n"
              "1 problem, 1 note\n");
    EXPECT_FALSE(is_healthy(findings));
    EXPECT_TRUE(is_healthy({findings[0], findings[2]}));
    EXPECT_FALSE(findings_json(findings).at("is_healthy"));
    EXPECT_EQ(findings_json(findings).at("findings").at(1), Json({{"area", "two"},
                                                                  {"state", "problem"},
                                                                  {"title", "b"},
                                                                  {"found", "bad"},
                                                                  {"needed", "better"},
                                                                  {"remedy", "do this"}}));
}

// A name of a file may hold what steers a terminal.
TEST(DoctorReport, PrintsNothingThatSteersATerminal) {
    const std::string text = findings_text({{"a", State::note, "\x1b[31m", "\n\xff", "\t", "\xc2\x9b"}}, 80);
    for (const char letter : text)
        EXPECT_TRUE(letter == '\n' || (letter >= ' ' && letter < 0x7f)) << text;
    EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 6) << text;
}

KernelFacts good_kernel() {
    return {"6.18.0", 0, true, true};
}

TEST(DoctorKernel, NamesWhatItLacks) {
    EXPECT_TRUE(is_fine(check_kernel(good_kernel())));
    KernelFacts facts = good_kernel();
    facts.memory_file_error = EPERM;
    EXPECT_TRUE(tells(check_kernel(facts), State::problem, "memfd_create fails"));
    facts = good_kernel();
    facts.can_seal_future_writes = false;
    EXPECT_TRUE(tells(check_kernel(facts), State::note, "Linux 5.1"));
    facts = good_kernel();
    facts.can_gather_huge_pages = false;
    EXPECT_TRUE(tells(check_kernel(facts), State::note, "Linux 6.1"));
    facts.can_gather_huge_pages.reset();
    EXPECT_TRUE(tells(check_kernel(facts), State::note, "could not be tried"));
}

TEST(DoctorLimits, DescriptorsForParkingAreAQuarterOfTheLimit) {
    LimitFacts facts;
    EXPECT_TRUE(is_fine(check_limits(facts)));
    facts.descriptors = 1024;
    EXPECT_TRUE(is_fine(check_limits(facts)));
    facts.descriptors = 1023;
    EXPECT_TRUE(tells(check_limits(facts), State::note, "a connection parks 255"));
    EXPECT_TRUE(tells(check_limits(facts), State::note, "ulimit -n 1024"));
    facts.most_descriptors = 1023;
    EXPECT_TRUE(tells(check_limits(facts), State::note, "the hard limit, which is 1023"));
    facts.descriptors = 70;
    facts.open_descriptors = 6;
    EXPECT_EQ(count_of(check_limits(facts), State::problem), 0U);
    facts.open_descriptors = 7;
    EXPECT_TRUE(tells(check_limits(facts), State::problem, "RLIMIT_NOFILE"));
}

TEST(DoctorLimits, AShortLimitOfFilesLimitsBuffers) {
    LimitFacts facts;
    facts.file_bytes = std::uint64_t{1} << 30;
    EXPECT_TRUE(tells(check_limits(facts), State::note, "RLIMIT_FSIZE"));
    facts.file_bytes = 1 << 20;
    EXPECT_TRUE(tells(check_limits(facts), State::problem, "RLIMIT_FSIZE"));
    facts = {};
    facts.address_bytes = std::uint64_t{1} << 34;
    EXPECT_TRUE(tells(check_limits(facts), State::note, "RLIMIT_AS"));
}

class DoctorMemory : public CommandTest {
  protected:
    void write_group(const std::string& group, const std::string& limit, const std::string& usage,
                     const std::string& idle) const {
        std::filesystem::create_directories(folder_ / group);
        write_file((group + "/memory.max").c_str(), limit);
        write_file((group + "/memory.current").c_str(), usage);
        write_file((group + "/memory.stat").c_str(), "anon 1\nactive_file 7\ninactive_file " + idle + "\n");
    }
    [[nodiscard]] MemoryFacts facts(const std::string& cgroup, const std::string& available = "8388608") const {
        return look_at_memory("MemTotal: 1 kB\nMemAvailable:   " + available + " kB\n", cgroup, folder_.string());
    }
};

// A limit of a group around counts as the group's own; "max" is none; what is idle in the cache is not in use.
TEST_F(DoctorMemory, TheGroupsAroundCountToo) {
    write_group("outer", "2147483648", "1073741824", "536870912");
    write_group("outer/inner", "max", "4096", "0");
    const MemoryFacts found = facts("0::/outer/inner\n");
    EXPECT_EQ(found.available, std::uint64_t{8} << 30);
    ASSERT_EQ(found.groups.size(), 1U);
    EXPECT_EQ(found.groups[0].name, "/outer");
    EXPECT_EQ(found.groups[0].limit, std::uint64_t{2} << 30);
    EXPECT_EQ(found.groups[0].used, std::uint64_t{512} << 20);
    EXPECT_TRUE(is_fine(check_memory(found)));
    write_group("outer", "1073741824", "1073741824", "99");
    EXPECT_TRUE(tells(check_memory(facts("0::/outer/inner\n")), State::problem, "control group /outer"));
    EXPECT_TRUE(facts("0::/../..\n").groups.empty());
}

TEST_F(DoctorMemory, LittleIsANoteAndNearlyNothingAProblem) {
    EXPECT_TRUE(tells(check_memory(facts("", "524288")), State::note, "512 MiB"));
    EXPECT_TRUE(tells(check_memory(facts("", "1024")), State::problem, "1 MiB"));
    EXPECT_TRUE(tells(check_memory(look_at_memory("", "", folder_.string())), State::note, "not known"));
}

TEST(DoctorContainer, SaysWhatIsNotSeen) {
    EXPECT_TRUE(is_fine(check_container({})));
    EXPECT_TRUE(tells(check_container({"Docker", true, true}), State::note, "OPENNVSCI_RUNTIME_DIR"));
    EXPECT_TRUE(tells(check_container({"", true, false}), State::note, "hidepid"));
    EXPECT_TRUE(tells(check_container({"", false, false}), State::problem, "not mounted"));
}

GpuFacts good_gpu() {
    return {{"0000:01:00.0"},
            true,
            "580.159.04",
            {{"/dev/nvidia-uvm", true, 0666, 0, 0},
             {"/dev/nvidia0", true, 0666, 0, 0},
             {"/dev/nvidiactl", true, 0666, 0, 0}}};
}

TEST(DoctorGpu, NodesMustBeThereAndOpen) {
    EXPECT_TRUE(is_fine(check_gpus({}, "")));
    EXPECT_TRUE(is_fine(check_gpus(good_gpu(), "")));
    GpuFacts facts = good_gpu();
    facts.nodes.erase(facts.nodes.begin());
    EXPECT_TRUE(tells(check_gpus(facts, ""), State::problem, "there is no /dev/nvidia-uvm"));
    facts.nodes.clear();
    EXPECT_TRUE(tells(check_gpus(facts, ""), State::problem,
                      "there is no /dev/nvidiactl, no /dev/nvidia-uvm, no /dev/nvidia0"));
    EXPECT_EQ(count_of(check_gpus(facts, "soft"), State::problem), 0U);
    facts = good_gpu();
    facts.nodes[1] = {"/dev/nvidia0", false, 0660, 0, 44};
    EXPECT_TRUE(tells(check_gpus(facts, ""), State::problem, "/dev/nvidia0: mode 660, owner 0, group 44"));
    // A node of something else is nobody's business.
    facts = good_gpu();
    facts.nodes.push_back({"/dev/nvidia-modeset", false, 0600, 0, 0});
    EXPECT_EQ(count_of(check_gpus(facts, ""), State::problem), 0U);
}

TEST(DoctorGpu, AGpuWithoutItsModuleIsAProblemForWhoWantsIt) {
    const GpuFacts facts{{"0000:01:00.0"}, false, "", {}};
    EXPECT_TRUE(tells(check_gpus(facts, ""), State::problem, "modprobe nvidia"));
    EXPECT_TRUE(tells(check_gpus(facts, "soft"), State::note, "modprobe nvidia"));
    EXPECT_TRUE(tells(check_gpus({}, "gpu"), State::problem, "no GPU"));
}

DriverFacts good_driver() {
    DriverFacts facts;
    facts.gpus = good_gpu();
    facts.found.is_found = true;
    facts.found.path = "/usr/lib/libcuda.so.580.159.04";
    facts.found.version = 13000;
    facts.found.can_tell_destroyed_contexts = true;
    facts.found.devices = {{"NVIDIA H100", 0, true, true, true, true, true, true, true}};
    facts.in_use = {"", facts.found.path, "it has a GPU", "13.0", false, {true}};
    return facts;
}

DriverFacts driver_that_answers(std::uint32_t result, const char* name) {
    DriverFacts facts = good_driver();
    facts.found.result = result;
    facts.found.result_name = name;
    facts.found.devices.clear();
    facts.in_use = {"cuInit failed", "", "", "", false, {}};
    return facts;
}

TEST(DoctorDriver, AGoodOneIsFine) {
    EXPECT_TRUE(is_fine(check_driver(good_driver())));
}

TEST(DoctorDriver, CodesOfCuInitHaveTheirRemedies) {
    const auto tells_remedy = [](std::uint32_t result, const char* name, const char* remedy) {
        const auto findings = check_driver(driver_that_answers(result, name));
        return tells(findings, State::problem, remedy) && tells(findings, State::problem, name);
    };
    EXPECT_TRUE(tells_remedy(803, "CUDA_ERROR_SYSTEM_DRIVER_MISMATCH", "restart the machine"));
    EXPECT_TRUE(tells_remedy(802, "CUDA_ERROR_SYSTEM_NOT_READY", "fabricmanager"));
    EXPECT_TRUE(tells_remedy(999, "CUDA_ERROR_UNKNOWN", "nvidia-modprobe"));
    EXPECT_TRUE(tells_remedy(34, "CUDA_ERROR_STUB_LIBRARY", "stubs"));
    EXPECT_TRUE(tells_remedy(100, "CUDA_ERROR_NO_DEVICE", "CUDA_VISIBLE_DEVICES"));
    EXPECT_TRUE(tells_remedy(77777, "", "nvidia-smi"));
}

// The software device takes its place then, except for whoever asks for a GPU.
TEST(DoctorDriver, NoDeviceIsNoProblemWhereThereIsNoGpu) {
    DriverFacts facts = driver_that_answers(100, "CUDA_ERROR_NO_DEVICE");
    facts.gpus = {};
    facts.in_use = {"", "/lib/opennvsci/softcuda/libcuda.so.1", "no GPU", "13.0", true, {true}};
    EXPECT_EQ(count_of(check_driver(facts), State::problem), 0U);
    EXPECT_TRUE(tells(check_driver(facts), State::note, "CUDA_ERROR_NO_DEVICE"));
    facts.wanted = "gpu";
    EXPECT_TRUE(tells(check_driver(facts), State::problem, "CUDA_ERROR_NO_DEVICE"));
}

TEST(DoctorDriver, ALibraryThatIsMissingOrDoesNotAnswerIsTold) {
    DriverFacts facts;
    facts.found.load_error = "libcuda.so.1: cannot open shared object file";
    facts.wanted = "gpu";
    EXPECT_TRUE(tells(check_driver(facts), State::problem, "cannot open shared object file"));
    facts.wanted = "";
    facts.in_use = {"", "/lib/opennvsci/softcuda/libcuda.so.1", "no GPU", "13.0", true, {true}};
    EXPECT_EQ(count_of(check_driver(facts), State::problem), 0U);
    facts.gpus = good_gpu();
    EXPECT_TRUE(tells(check_driver(facts), State::problem, "NVIDIA_DRIVER_CAPABILITIES"));
    facts = good_driver();
    facts.found.failure = "it did not end within 30 s";
    EXPECT_TRUE(tells(check_driver(facts), State::problem, "it did not end within 30 s"));
    facts.wanted = "soft";
    EXPECT_EQ(count_of(check_driver(facts), State::problem), 0U);
    facts = good_driver();
    facts.in_use.failure = "OPENNVSCI_DEVICE=x: not one of auto, gpu and soft";
    EXPECT_TRUE(tells(check_driver(facts), State::problem, "not one of auto"));
}

TEST(DoctorDriver, VersionsThatDifferAndVersionsThatWereNotMeasured) {
    EXPECT_EQ(driver_version_of("/lib/libcuda.so.550.54"), "550.54");
    EXPECT_EQ(driver_version_of("/lib/libcuda.so.1"), "");
    EXPECT_EQ(driver_version_of("/lib/libcuda.so.5.x"), "");
    DriverFacts facts = good_driver();
    facts.found.path = "/usr/lib/libcuda.so.550.54.15";
    EXPECT_TRUE(tells(check_driver(facts), State::note, "libcuda is 550.54.15, the kernel module 580.159.04"));
    EXPECT_TRUE(tells(check_driver(facts), State::note, "550.54.15 was not measured"));
    facts.found.path = "/usr/lib/libcuda.so.1";
    EXPECT_TRUE(is_fine(check_driver(facts)));  // the module says it
    facts.found.version = 11040;
    facts.found.can_tell_destroyed_contexts = false;
    EXPECT_TRUE(tells(check_driver(facts), State::note, "the driver has 11.4"));
    EXPECT_TRUE(tells(check_driver(facts), State::note, "cuCtxGetId"));
}

TEST(DoctorDriver, EachCapabilityThatLacksIsTold) {
    constexpr std::pair<bool ProbedDevice::*, const char*> kCases[] = {
        {&ProbedDevice::has_virtual_memory, "attribute 102"},
        {&ProbedDevice::has_descriptors, "attribute 103"},
        {&ProbedDevice::has_read_only_registration, "attribute 113"},
        {&ProbedDevice::has_stream_memory_operations, "attribute 122"},
        {&ProbedDevice::has_deferred_arrays, "attribute 121"},
        {&ProbedDevice::has_system_memory, "attribute 141"}};
    for (const auto& [member, text] : kCases) {
        DriverFacts facts = good_driver();
        facts.found.devices[0].*member = false;
        EXPECT_TRUE(tells(check_driver(facts), State::note, text));
        EXPECT_EQ(count_of(check_driver(facts), State::note), 1U);
    }
    DriverFacts facts = good_driver();
    facts.in_use.grants_compression = {false};
    EXPECT_TRUE(tells(check_driver(facts), State::note, "promised, and not granted"));
    facts = good_driver();
    facts.found.devices[0].name = "NVIDIA H200";
    EXPECT_TRUE(tells(check_driver(facts), State::note, "measured on an H200"));
    facts = good_driver();
    facts.found.devices[0].compute_mode = 2;
    EXPECT_TRUE(tells(check_driver(facts), State::problem, "prohibited"));
    facts.found.devices[0].compute_mode = 3;
    EXPECT_TRUE(tells(check_driver(facts), State::note, "exclusive"));
}

// A driver may print on stdout, or the process may be another one.
TEST(DoctorDriver, WhatIsNoAnswerIsAFailure) {
    for (const char* printed : {"{}", R"({"is_found": 7})", R"({"is_found": true, "path": []})",
                                R"({"is_found": true, "path": "a", "is_software": false, "result": "x"})"})
        EXPECT_FALSE(driver_probe_of(Json::parse(printed)).failure.empty()) << printed;
    const DriverProbe missing = driver_probe_of(Json::parse(R"({"is_found": false, "load_error": "no"})"));
    EXPECT_EQ(missing.failure + missing.load_error, "no");
}

TEST(DoctorEnvironment, MisspelledNamesGetTheNearest) {
    EXPECT_TRUE(is_fine(check_environment({})));
    EXPECT_TRUE(is_fine(check_environment({{"PATH", "/bin"}, {"OPENNVSCI", "1"}, {"OPENNVSCI_DEVICE", "soft"}})));
    EXPECT_TRUE(tells(check_environment({{"OPENNVSCI_DEVCE", "soft"}}), State::problem, "OPENNVSCI_DEVICE is meant?"));
    EXPECT_TRUE(
        tells(check_environment({{"OPENNVSCI_RUNTIME_DIRS", "/"}}), State::problem, "OPENNVSCI_RUNTIME_DIR is meant?"));
    EXPECT_TRUE(
        tells(check_environment({{"OPENNVSCI_SOMETHING_ELSE", ""}}), State::problem, "unset OPENNVSCI_SOMETHING_ELSE"));
    EXPECT_TRUE(
        tells(check_environment({{"OPENNVSCI_" + std::string(100'000, 'A'), ""}}), State::problem, "nothing reads"));
}

TEST(DoctorEnvironment, ValuesAreThoseThatTheLibrariesTake) {
    const std::pair<const char*, std::vector<const char*>> legal[] = {
        {"OPENNVSCI_DEVICE", {"", "auto", "gpu", "soft"}},
        {"OPENNVSCI_LOG", {"", "notice", "info", "debug"}},
        {"OPENNVSCI_INTERPOSE", {"", "1"}},
        {"OPENNVSCI_SOFT_DEVICES", {"", "1", "16"}},
        {"OPENNVSCI_SOFT_MEMORY", {"", "1", "4294967296"}}};
    for (const auto& [name, values] : legal) {
        for (const char* value : values)
            EXPECT_TRUE(is_fine(check_environment({{name, value}}))) << name << "=" << value;
    }
    const std::pair<const char*, std::vector<const char*>> illegal[] = {
        {"OPENNVSCI_DEVICE", {"GPU", "0"}},
        {"OPENNVSCI_LOG", {"verbose", "3"}},
        {"OPENNVSCI_INTERPOSE", {"yes", "2"}},
        {"OPENNVSCI_SOFT_DEVICES", {"0", "17", "-1", "1 "}},
        {"OPENNVSCI_SOFT_MEMORY", {"0", "4G", "99999999999999999999"}},
        {"OPENNVSCI_IPC_ALLOWED_UIDS", {"me", "1,x", "1;2"}}};
    for (const auto& [name, values] : illegal) {
        for (const char* value : values)
            EXPECT_TRUE(tells(check_environment({{name, value}}), State::problem, name)) << value;
    }
    EXPECT_EQ(count_of(check_environment({{"OPENNVSCI_IPC_ALLOWED_UIDS", " 1001 , 1002,"}}), State::problem), 0U);
}

TEST(DoctorEnvironment, WhatContradictsIsNoted) {
    EXPECT_TRUE(tells(check_environment({{"OPENNVSCI_DEVICE", "gpu"}, {"OPENNVSCI_SOFT_DEVICES", "2"}}), State::note,
                      "nobody reads the others"));
    EXPECT_TRUE(
        tells(check_environment({{"OPENNVSCI_IPC_ALLOWED_UIDS", "1"}}), State::note, "without OPENNVSCI_RUNTIME_DIR"));
    EXPECT_TRUE(tells(check_environment({{"OPENNVSCI_RUNTIME_DIR", "run"}}), State::note, "no absolute path"));
    EXPECT_TRUE(tells(check_environment({{"OPENNVSCI_INTERPOSE", "0"}}), State::note, "go past OpenNvSci"));
    EXPECT_TRUE(tells(check_environment({{"OPENNVSCI_LOG", "none"}}), State::note, "not printed"));
    EXPECT_TRUE(tells(check_environment({{"CUDA_VISIBLE_DEVICES", ""}}), State::note, "hides all GPUs"));
    EXPECT_TRUE(tells(check_environment({{"CUDA_VISIBLE_DEVICES", "-1"}, {"OPENNVSCI_DEVICE", "gpu"}}), State::problem,
                      "hides all GPUs"));
    EXPECT_TRUE(is_fine(check_environment({{"CUDA_VISIBLE_DEVICES", "0,1"}})));
}

class DoctorFiles : public CommandTest {};

TEST_F(DoctorFiles, FilesThatCannotBeUsedAreProblems) {
    write_file("file", "");
    const auto check = [&](const char* name, const std::string& path) { return check_environment({{name, path}}); };
    const std::string file = (folder_ / "file").string();
    for (const char* name : {"OPENNVSCI_CAPTURE", "OPENNVSCI_TRACE"}) {
        EXPECT_TRUE(is_fine(check(name, file)));
        EXPECT_TRUE(is_fine(check(name, (folder_ / "new").string())));
        for (const std::string& wrong : {std::string("/nodir/x"), std::string("/dev/full"), folder_.string()})
            EXPECT_TRUE(tells(check(name, wrong), State::problem, "a regular file that this user can write")) << wrong;
    }
    EXPECT_TRUE(is_fine(check("OPENNVSCI_SOFT_MACHINE", file)));
    EXPECT_TRUE(tells(check("OPENNVSCI_SOFT_MACHINE", "/nonexist"), State::problem, "a machine file"));
    EXPECT_FALSE(std::filesystem::exists(folder_ / "new"));
}

class DoctorFolder : public CommandTest {
  protected:
    [[nodiscard]] std::vector<Finding> check(const std::string& name, const std::string& allowed = "") const {
        return check_folder(look_at_folder(
            {{"OPENNVSCI_RUNTIME_DIR", (folder_ / name).string()}, {"OPENNVSCI_IPC_ALLOWED_UIDS", allowed}}));
    }
};

TEST_F(DoctorFolder, ModesAreThoseThatTheLibraryTakes) {
    std::filesystem::create_directory(folder_ / "run");
    const auto check_mode = [&](mode_t mode, const char* allowed = "") {
        EXPECT_EQ(::chmod((folder_ / "run").c_str(), mode), 0);
        return check("run", allowed);
    };
    EXPECT_EQ(count_of(check_mode(0700), State::problem), 0U);
    EXPECT_EQ(count_of(check_mode(0755), State::problem), 0U);
    EXPECT_TRUE(tells(check_mode(0777), State::problem, "name a folder of your own"));
    EXPECT_FALSE(tells(check_mode(0777), State::problem, "chmod"));
    EXPECT_FALSE(tells(check_mode(01777), State::problem, "chmod"));
    EXPECT_TRUE(tells(check_mode(0720), State::problem, "mode 0720"));
    EXPECT_EQ(count_of(check_mode(0770, "12345"), State::problem), 0U);
}

TEST_F(DoctorFolder, WhatIsNoFolderAndWhatCannotBeMadeIsTold) {
    EXPECT_TRUE(tells(check("none"), State::ok, "the first program makes it"));
    EXPECT_FALSE(std::filesystem::exists(folder_ / "none"));
    EXPECT_TRUE(tells(check("none/below"), State::problem, "cannot be made"));
    write_file("file", "");
    EXPECT_TRUE(tells(check("file"), State::problem, "something else, or a link"));
    EXPECT_FALSE(tells(check("file"), State::problem, "remove"));
    std::filesystem::create_directory_symlink(folder_, folder_ / "link");
    EXPECT_TRUE(tells(check("link"), State::problem, "something else, or a link"));
}

TEST(DoctorFolderFacts, OwnersFileSystemsAndLengths) {
    FolderFacts facts;
    facts.path = "/run/exchange";
    facts.is_there = facts.is_folder = facts.can_write = true;
    facts.mode = 0700;
    facts.file_system = "tmpfs";
    EXPECT_TRUE(is_fine(check_folder(facts)));
    facts.owner = 7;
    EXPECT_TRUE(tells(check_folder(facts), State::problem, "of user 7"));
    facts.allows_owner = true;
    EXPECT_TRUE(is_fine(check_folder(facts)));
    facts.path = "/" + std::string(200, 'x');
    EXPECT_TRUE(is_fine(check_folder(facts)));
    facts.has_proc = false;
    EXPECT_TRUE(tells(check_folder(facts), State::problem, "201 bytes, and no /proc"));
    facts.has_proc = true;
    facts.file_system = "nfs";
    facts.is_on_network = true;
    EXPECT_TRUE(tells(check_folder(facts), State::note, "nfs"));
    facts.has_room = false;
    EXPECT_TRUE(tells(check_folder(facts), State::problem, "no room"));
    facts.lost_session = "/run/user/7";
    EXPECT_TRUE(tells(check_folder(facts), State::note, "/run/user/7 is no folder"));
}

// A remedy is typed: it must not break what others use, nor be two commands.
TEST(DoctorFolderFacts, OnlyTheUsualFolderIsToBeChanged) {
    FolderFacts facts;
    facts.path = "/tmp/a b;rm -rf 'x";
    facts.is_there = facts.is_folder = facts.can_write = true;
    facts.mode = 0777;
    EXPECT_TRUE(tells(check_folder(facts), State::problem, "chmod 700 '/tmp/a b;rm -rf '\\''x'"));
    facts.mode = 01777;
    EXPECT_FALSE(tells(check_folder(facts), State::problem, "chmod"));
    facts.mode = 0777;
    facts.is_usual = false;
    EXPECT_FALSE(tells(check_folder(facts), State::problem, "chmod"));
}

TEST(DoctorFolderFacts, TheFolderIsTheLibrarysOwn) {
    EXPECT_EQ(runtime_folder({{"OPENNVSCI_RUNTIME_DIR", "/a"}, {"XDG_RUNTIME_DIR", "/tmp"}}), "/a");
    EXPECT_EQ(runtime_folder({{"XDG_RUNTIME_DIR", "/tmp//"}}), "/tmp/opennvsci");
    const std::string own = "/tmp/opennvsci-" + std::to_string(::geteuid());
    EXPECT_EQ(runtime_folder({{"XDG_RUNTIME_DIR", "/not/there"}}), own);
    EXPECT_EQ(runtime_folder({{"XDG_RUNTIME_DIR", "tmp"}}), own);
    EXPECT_EQ(runtime_folder({}), own);
}

TEST(DoctorChannels, EachIgnoredLineIsAProblem) {
    ChannelFacts facts{"", "/etc/nvsciipc.cfg", 3, {}, {}};
    EXPECT_TRUE(is_fine(check_channels(facts)));
    facts.warnings = {"/etc/nvsciipc.cfg, line 2, is ignored: both ends are called a"};
    EXPECT_TRUE(tells(check_channels(facts), State::problem, "line 2"));
    facts.warnings.resize(100, "more");
    EXPECT_TRUE(tells(check_channels(facts), State::problem, "92 more lines"));
    facts = {"cannot be read", "", 0, {}, {}};
    EXPECT_TRUE(tells(check_channels(facts), State::problem, "cannot be read"));
    facts = {"", "/etc/nvsciipc.cfg", 1, {"vm_0"}, {}};
    EXPECT_TRUE(tells(check_channels(facts), State::note, "vm_0 cannot be opened"));
}

LibraryFacts good_libraries() {
    LibraryFacts facts;
    facts.own = {"/opt/lib", {"libnvscibuf.so.2"}, {"NvSciBufModuleOpen"}, {"cuMemFree_v2"}, true, true};
    facts.namesakes = {{"libnvscibuf.so.2", "/opt/lib/libnvscibuf.so.2", "ldconfig", true, false}};
    return facts;
}

TEST(DoctorLibraries, OthersUnderTheirNamesAreTold) {
    EXPECT_TRUE(is_fine(check_libraries(good_libraries(), "")));
    LibraryFacts facts = good_libraries();
    facts.namesakes = {{"libnvscibuf.so.2", "/jetson/libnvscibuf.so.2", "LD_LIBRARY_PATH", false, false}};
    EXPECT_TRUE(tells(check_libraries(facts, ""), State::problem, "/jetson/libnvscibuf.so.2 (by LD_LIBRARY_PATH)"));
    facts.namesakes[0].is_copy = true;
    EXPECT_TRUE(tells(check_libraries(facts, ""), State::note, "another OpenNvSci"));
    facts.namesakes[0].path = "";
    EXPECT_TRUE(tells(check_libraries(facts, ""), State::note, "put /opt/lib into LD_LIBRARY_PATH"));
    facts = good_libraries();
    facts.in_environment = {{"libnvscibuf.so.1", "/jetson/libnvscibuf.so.1", "LD_LIBRARY_PATH", false, false}};
    EXPECT_TRUE(tells(check_libraries(facts, ""), State::note, "/jetson/libnvscibuf.so.1"));
}

TEST(DoctorLibraries, StubsEmptyEntriesAndPreloadedOnesAreTold) {
    LibraryFacts facts = good_libraries();
    facts.stubs = {"/cuda/stubs"};
    EXPECT_TRUE(tells(check_libraries(facts, ""), State::problem, "/cuda/stubs"));
    for (const char* folders : {":/a", "/a:", "/a::/b", "/a;"}) {
        facts = good_libraries();
        facts.environment_folders = folders;
        EXPECT_TRUE(tells(check_libraries(facts, ""), State::note, "empty entry")) << folders;
    }
    facts = good_libraries();
    facts.preloaded = {{"libtool.so", "/lib/libtool.so", {"dlsym"}, false}};
    EXPECT_TRUE(tells(check_libraries(facts, ""), State::note, "stands before OpenNvSci with dlsym"));
    facts.preloaded = {{"libtool.so", "", {}, false}};
    EXPECT_TRUE(tells(check_libraries(facts, ""), State::note, "libtool.so is not found"));
    facts = good_libraries();
    facts.own.has_interposer = false;
    EXPECT_TRUE(tells(check_libraries(facts, ""), State::problem, "libopennvsci-interpose.so.0"));
    facts = good_libraries();
    facts.own.has_software_device = false;
    EXPECT_TRUE(tells(check_libraries(facts, ""), State::note, "softcuda"));
    EXPECT_TRUE(tells(check_libraries(facts, "soft"), State::problem, "softcuda"));
}

// This program, started by a test, is one that misbehaves before it gets to its tests.
[[gnu::constructor]] void be_a_child() {
    const char* const kind = std::getenv("DOCTOR_TEST_CHILD");
    const std::string_view wanted = kind != nullptr ? kind : "";
    if (wanted == "hangs") {
        for (;;)
            ::pause();
    }
    if (wanted == "aborts") std::abort();
    constexpr char kText[4096] = {};
    while (wanted == "floods" && ::write(STDOUT_FILENO, kText, sizeof(kText)) > 0) {
    }
}

CommandOutcome run_child(const char* kind) {
    return run_own_command({}, {std::string("DOCTOR_TEST_CHILD=") + kind}, std::chrono::milliseconds(2000));
}

// What hangs, crashes or floods costs its time and no more.
TEST(DoctorCommand, AChildThatDoesNotAnswerIsEnded) {
    const auto begin = std::chrono::steady_clock::now();
    EXPECT_EQ(run_child("hangs").failure, "it did not end within 2 s");
    EXPECT_TRUE(run_child("aborts").reason().starts_with("it was ended by the signal"));
    EXPECT_LT(run_child("floods").output.size(), std::size_t{8} << 20);
    EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(20));
}

class DoctorCommandTest : public CommandTest {
  protected:
    /// On the software device, with folders of this test's own.
    [[nodiscard]] Outcome doctor(const std::string& arguments = "", const std::string& environment = "") const {
        return run("doctor " + arguments,
                   "OPENNVSCI_DEVICE=soft OPENNVSCI_RUNTIME_DIR='" + (folder_ / "run").string() + "' " + environment);
    }
};

TEST_F(DoctorCommandTest, SaysThatThisMachineIsHealthyAndChangesNothing) {
    const Outcome text = doctor();
    EXPECT_EQ(text.exit_code, 0) << text.output;
    EXPECT_TRUE(has(text, "0 problems, ")) << text.output;
    EXPECT_TRUE(has(text, "OPENNVSCI_DEVICE=soft asks for it")) << text.output;
    const Outcome printed = doctor("--json", "LC_ALL=C");
    EXPECT_EQ(printed.exit_code, 0) << printed.output;
    const auto parsed = Json::parse(printed.output);
    EXPECT_EQ(parsed.at("format_version"), 1);
    EXPECT_TRUE(parsed.at("is_healthy"));
    for (const Json& finding : parsed.at("findings")) {
        for (const char* field : {"area", "state", "title", "found", "needed", "remedy"})
            EXPECT_TRUE(finding.at(field).is_string()) << finding;
        EXPECT_NE(finding.at("state"), "problem");
    }
    EXPECT_TRUE(std::filesystem::is_empty(folder_));
}

TEST_F(DoctorCommandTest, TellsWhatIsWrongWithAMachineFile) {
    write_file("machine.json", "{");
    const Outcome outcome = doctor("", "OPENNVSCI_LOG=none OPENNVSCI_SOFT_MACHINE=machine.json COLUMNS=500");
    EXPECT_EQ(outcome.exit_code, 1);
    EXPECT_TRUE(has(outcome, "machine.json is no machine file that can be used: ")) << outcome.output;
}

TEST_F(DoctorCommandTest, FindsNothingWrongWithTheCommandItself) {
    const Outcome outcome = doctor("'" + (program_folder() / "opennvsci").string() + "'");
    EXPECT_EQ(outcome.exit_code, 0) << outcome.output;
    EXPECT_FALSE(has(outcome, "CUDA runtime: static")) << outcome.output;
}

TEST_F(DoctorCommandTest, AProblemIsExitCodeOne) {
    const Outcome misspelled = doctor("", "OPENNVSCI_LOGS=info");
    EXPECT_EQ(misspelled.exit_code, 1);
    EXPECT_TRUE(has(misspelled, "OPENNVSCI_LOG is meant?")) << misspelled.output;
    EXPECT_TRUE(has(misspelled, "\n1 problem, ")) << misspelled.output;
    const Outcome printed = doctor("--json", "OPENNVSCI_LOGS=info");
    EXPECT_EQ(printed.exit_code, 1);
    EXPECT_FALSE(Json::parse(printed.output).at("is_healthy"));
    EXPECT_EQ(doctor("--no-such-option").exit_code, 2);
    EXPECT_EQ(doctor("one two").exit_code, 2);
}

TEST_F(DoctorCommandTest, LinesOfTheConfigurationThatAreIgnoredAreTold) {
    write_file("channels.cfg", "INTER_PROCESS a b 16 24576\nINTER_PROCESS c c 16 24576\n");
    // The library's own words are there whatever the log of this process is told to say.
    const Outcome outcome = doctor("", "OPENNVSCI_LOG=none OPENNVSCI_IPC_CFG=channels.cfg");
    EXPECT_EQ(outcome.exit_code, 1);
    EXPECT_TRUE(has(outcome, "channels.cfg, line 2, is ignored: both ends are called c")) << outcome.output;
    const Outcome missing = doctor("--json", "OPENNVSCI_IPC_CFG=missing.cfg");
    EXPECT_EQ(missing.exit_code, 1);
    EXPECT_TRUE(has(missing, "missing.cfg that OPENNVSCI_IPC_CFG names cannot be read")) << missing.output;
}

// A libcuda.so.1 that fails in each way, found before any other.
TEST_F(DoctorCommandTest, ADriverThatFailsIsLookedAtFromOutside) {
    const std::string driver = "LD_LIBRARY_PATH='" + (program_folder() / "failing_driver").string() + "' ";
    const Outcome crash = run("doctor", driver + "OPENNVSCI_DEVICE=auto FAILING_DRIVER=crash");
    EXPECT_EQ(crash.exit_code, 1) << crash.output;
    EXPECT_TRUE(has(crash, "it was ended by the signal Aborted")) << crash.output;
    const Outcome code = run("doctor", driver + "OPENNVSCI_DEVICE=auto FAILING_DRIVER=803");
    EXPECT_EQ(code.exit_code, 1) << code.output;
    EXPECT_TRUE(has(code, "CUDA_ERROR_OF_THE_TEST (803): text of the test")) << code.output;
    EXPECT_TRUE(has(code, "restart the machine")) << code.output;
    const Outcome flood = run("doctor", driver + "OPENNVSCI_DEVICE=auto FAILING_DRIVER=print");
    EXPECT_EQ(flood.exit_code, 1) << flood.output;
    EXPECT_TRUE(has(flood, "to load and start it failed")) << flood.output;
}

}  // namespace
}  // namespace opennvsci::tool
