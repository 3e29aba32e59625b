// SPDX-License-Identifier: Apache-2.0
//
// What `opennvsci doctor` finds on a machine, from its kernel to its driver: the rules of each area, on facts that are
// made up.
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "command.h"
#include "doctor.h"
#include "doctor/container.h"
#include "doctor/driver_check.h"
#include "doctor/gpu.h"
#include "doctor/kernel.h"
#include "doctor/limits.h"
#include "doctor/memory.h"

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
    EXPECT_TRUE(tells(check_container({.kind = "Docker"}), State::note, "OPENNVSCI_RUNTIME_DIR"));
    EXPECT_TRUE(tells(check_container({.kind = "", .can_see_first = false}), State::note, "hidepid"));
    EXPECT_TRUE(tells(check_container({.kind = "", .is_own_proc = false}), State::problem, "of another namespace"));
    EXPECT_TRUE(
        tells(check_container({.kind = "", .has_proc = false, .is_own_proc = false}), State::problem, "not mounted"));
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

}  // namespace
}  // namespace opennvsci::tool
