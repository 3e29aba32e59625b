// SPDX-License-Identifier: Apache-2.0
//
// Which shapes of programs reach us by which way, alone and under `opennvsci run`: the table of docs/porting.md. Where
// a shape does not reach us alone, it says so, and the driver refuses.
#include <gtest/gtest.h>
#include <sys/wait.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <ostream>
#include <string>
#include <string_view>
#include <tuple>

#include "driver/software_device.h"
#include "sanitizer.h"
#include "this_program.h"

namespace opennvsci::test {
namespace {

constexpr int kWorks = 0;
constexpr int kRefused = 3;

struct ProgramOutcome {
    int exit_code;
    std::string output;  // stdout and stderr
    [[nodiscard]] bool has(std::string_view part) const { return output.find(part) != std::string::npos; }
};

std::string in_folder(const char* name) {
    return "'" + (program_folder() / name).string() + "'";
}

bool is_on_gpu() {
    const char* device = std::getenv("OPENNVSCI_DEVICE");
    return device != nullptr && std::string_view(device) == "gpu";
}

// Where there is no GPU the software device is the libcuda.so.1 of the programs. The address sanitizer otherwise
// refuses to work with any library that is loaded before its own.
ProgramOutcome run_line(const std::string& line, const std::string& environment = "") {
    std::string words = "ASAN_OPTIONS=verify_asan_link_order=0:$ASAN_OPTIONS ";
    if (!is_on_gpu()) words += "LD_LIBRARY_PATH='" + driver::software_device_folder() + "' ";
    words = "env " + words + environment + " " + line + " 2>&1";
    FILE* pipe = ::popen(words.c_str(), "r");
    if (pipe == nullptr) return {-1, "popen failed"};
    ProgramOutcome outcome{};
    for (int c = std::fgetc(pipe); c != EOF; c = std::fgetc(pipe))
        outcome.output += static_cast<char>(c);
    const int status = ::pclose(pipe);
    outcome.exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + WTERMSIG(status);
    outcome.output = "$ " + words + "\n" + outcome.output;
    return outcome;
}

constexpr const char* kStandsBehind = "in the order of libraries";
constexpr const char* kLoadedLate = "was loaded when the program was running already";
constexpr const char* kDriverFirst = "the driver stands before libnvscibuf in the order of libraries";

// One shape of a program: how it is linked, what it says of itself if something is wrong, and which ways reach us.
struct Shape {
    const char* name;
    const char* program;
    const char* finding;  // null: nothing to say
    bool linked;
    bool by_default;  // RTLD_DEFAULT finds what linking finds, or is redirected
    bool looked_up;
};
void PrintTo(const Shape& shape, std::ostream* out) {
    *out << shape.name;
}
constexpr Shape kShapes[] = {
    {"first", "customer_first", nullptr, true, true, true},
    {"behind_the_driver", "customer_behind", kDriverFirst, false, true, true},
    {"middleware", "customer_middleware", kStandsBehind, true, true, false},
    {"plugin", "customer_plugin", kLoadedLate, true, false, false},
};
constexpr const char* kWays[] = {"linked", "dlsym", "default", "proc", "proc_v2", "per_thread"};

class Reach : public testing::TestWithParam<std::tuple<Shape, const char*>> {
  protected:
    static std::string command() {
        const auto& [shape, way] = GetParam();
        std::string words = in_folder(shape.program);
        if (std::string_view(shape.name) == "plugin") words += " " + in_folder("libcustomer_plugin.so");
        return words + " " + way;
    }
};

TEST_P(Reach, ByLinkingAlone) {
    const auto& [shape, way] = GetParam();
    const std::string_view name = way;
    const bool works = name == "linked" ? shape.linked : name == "default" ? shape.by_default : shape.looked_up;
    const ProgramOutcome outcome = run_line(command());
    EXPECT_EQ(outcome.exit_code, works ? kWorks : kRefused) << outcome.output;
    if (shape.finding == nullptr) {
        EXPECT_FALSE(outcome.has("opennvsci: warning")) << outcome.output;
    } else {
        EXPECT_TRUE(outcome.has(shape.finding)) << outcome.output;
        EXPECT_TRUE(outcome.has("opennvsci run PROGRAM")) << outcome.output;
    }
}

TEST_P(Reach, UnderRun) {
    const ProgramOutcome outcome = run_line(in_folder("opennvsci") + " run -- " + command());
    EXPECT_EQ(outcome.exit_code, kWorks) << outcome.output;
    EXPECT_FALSE(outcome.has("opennvsci: warning")) << outcome.output;
}

TEST_P(Reach, NotAtAllIfSwitchedOff) {
    for (const std::string start : {"", " run -- "}) {
        const std::string line = start.empty() ? command() : in_folder("opennvsci") + start + command();
        const ProgramOutcome outcome = run_line(line, "OPENNVSCI_INTERPOSE=0");
        EXPECT_EQ(outcome.exit_code, kRefused) << outcome.output;
        EXPECT_FALSE(outcome.has("opennvsci: warning")) << outcome.output;
    }
}

INSTANTIATE_TEST_SUITE_P(Programs, Reach, testing::Combine(testing::ValuesIn(kShapes), testing::ValuesIn(kWays)),
                         [](const auto& test) {
                             return std::string(std::get<0>(test.param).name) + "_" + std::get<1>(test.param);
                         });

#ifdef OPENNVSCI_RUNTIME_PROGRAMS

constexpr int kCannotStart = 77;

// Every function of the table that the driver at hand has, by the name in the line that is printed for it.
constexpr const char* kLookedUp[] = {"cuGetProcAddress ",
                                     "cuGetProcAddress_v2 ",
                                     "cuImportExternalMemory ",
                                     "cuExternalMemoryGetMappedBuffer ",
                                     "cuExternalMemoryGetMappedMipmappedArray ",
                                     "cuDestroyExternalMemory ",
                                     "cuMemFree_v2 "};

class RuntimeProgram : public testing::TestWithParam<const char*> {
  protected:
    static void expect_to_work(const std::string& start) {
        const ProgramOutcome outcome = run_line(start + in_folder(GetParam()), "OPENNVSCI_LOG=info");
        EXPECT_EQ(outcome.exit_code, is_on_gpu() ? kWorks : kCannotStart) << outcome.output;
        for (const char* symbol : kLookedUp)
            EXPECT_TRUE(outcome.has(std::string("calls of ") + symbol)) << symbol << "\n" << outcome.output;
        EXPECT_EQ(outcome.has("error: the CUDA runtime needs NVIDIA's driver"), !is_on_gpu()) << outcome.output;
        EXPECT_FALSE(outcome.has("opennvsci: warning")) << outcome.output;
    }
};

TEST_P(RuntimeProgram, ReachesUsByLinkingAlone) {
    expect_to_work("");
}

TEST_P(RuntimeProgram, ReachesUsUnderRun) {
    expect_to_work(in_folder("opennvsci") + " run -- ");
}

TEST_P(RuntimeProgram, IsLeftAloneIfSwitchedOff) {
    const ProgramOutcome outcome = run_line(in_folder(GetParam()), "OPENNVSCI_INTERPOSE=0 OPENNVSCI_LOG=info");
    EXPECT_EQ(outcome.exit_code, is_on_gpu() ? kRefused : kCannotStart) << outcome.output;
    EXPECT_FALSE(outcome.has("calls of ")) << outcome.output;
}

INSTANTIATE_TEST_SUITE_P(Programs, RuntimeProgram,
                         testing::Values("runtime_static", "runtime_static_behind", "runtime_shared"));

#endif

// Quota tools for CUDA interpose the same functions. One that stands before us sees the program's calls first and hands
// them on; one that stands behind us, which `opennvsci run` sees to for tools that are preloaded already, sees what is
// left for the driver.
TEST(SecondInterposer, SeesTheCallsAndEverythingWorks) {
    if (kHasAddressSanitizer || kHasThreadSanitizer)
        GTEST_SKIP() << "a tool whose dlsym leaves by a call breaks the sanitizers' own look-ups, without us too";
    const std::string report = "COUNTING_TOOL_REPORT=1 ";
    for (const char* way : {"dlsym", "proc_v2"}) {
        const std::string program = in_folder("customer_first") + " " + way;
        const ProgramOutcome before = run_line(program, report + "LD_PRELOAD=" + in_folder("libcounting_tool.so"));
        EXPECT_EQ(before.exit_code, kWorks) << before.output;
        EXPECT_TRUE(before.has("the tool saw ")) << before.output;
        EXPECT_FALSE(before.has("opennvsci: warning")) << before.output;
    }
    // One that goes past every other wrapper cannot be put up with from behind, and that is said.
    const ProgramOutcome past =
        run_line(in_folder("customer_first") + " dlsym", "LD_PRELOAD=" + in_folder("libcounting_tool_versioned.so"));
    EXPECT_EQ(past.exit_code, kRefused) << past.output;
    EXPECT_TRUE(past.has("libcounting_tool_versioned.so in the order of libraries")) << past.output;
    for (const char* tool : {"libcounting_tool.so", "libcounting_tool_versioned.so"}) {
        const ProgramOutcome behind =
            run_line(in_folder("opennvsci") + " run -- env " + report + in_folder("customer_first") + " dlsym",
                     "LD_PRELOAD=" + in_folder(tool));
        EXPECT_EQ(behind.exit_code, kWorks) << behind.output;
        EXPECT_TRUE(behind.has("the tool saw 4 calls")) << behind.output;  // a second free per order, one of its own
    }
}

// A tool that stands before us without a dlsym of its own gets the calls that are linked, and may refuse what it does
// not know. Nobody can tell before whether it will, so it is named at the start, in a notice.
TEST(SecondInterposer, IsNamedIfItStandsBeforeUs) {
    const std::string program = in_folder("customer_first") + " linked";
    const std::string preload = "LD_PRELOAD=" + in_folder("librefusing_tool.so");
    const ProgramOutcome before = run_line(program, preload);
    EXPECT_NE(before.exit_code, kWorks) << before.output;
    EXPECT_TRUE(before.has("opennvsci: notice: ")) << before.output;
    EXPECT_TRUE(before.has("librefusing_tool.so stands before OpenNvSci with cuMemFree_v2")) << before.output;
    EXPECT_TRUE(before.has("opennvsci run PROGRAM")) << before.output;

    const ProgramOutcome behind = run_line(in_folder("opennvsci") + " run -- " + program, preload);
    EXPECT_EQ(behind.exit_code, kWorks) << behind.output;
    EXPECT_FALSE(behind.has("stands before")) << behind.output;
    const ProgramOutcome off = run_line(program, preload + " OPENNVSCI_INTERPOSE=0");
    EXPECT_FALSE(off.has("stands before")) << off.output;
    const ProgramOutcome alone = run_line(program);
    EXPECT_FALSE(alone.has("stands before")) << alone.output;
}

// The next dlsym tells from its return address who asks, so the wrapper must be invisible to it.
TEST(RtldNext, MeansTheLibraryBehindTheCaller) {
    const ProgramOutcome outcome = run_line(in_folder("asks_the_next"));
    EXPECT_EQ(outcome.exit_code, 0) << outcome.output;
}

// A program of another kind, without NvSci: nothing is printed, nothing changes.
TEST(Bystander, NoticesNothing) {
    const ProgramOutcome alone = run_line(in_folder("opennvsci_names_its_driver"));
    const ProgramOutcome under =
        run_line(in_folder("opennvsci") + " run -- " + in_folder("opennvsci_names_its_driver"));
    const auto said = [](const ProgramOutcome& outcome) { return outcome.output.substr(outcome.output.find('\n')); };
    EXPECT_EQ(said(under), said(alone));
}

TEST(Log, NamesWhatStandsBeneath) {
    const ProgramOutcome outcome = run_line(in_folder("customer_first") + " proc_v2", "OPENNVSCI_LOG=info");
    EXPECT_EQ(outcome.exit_code, kWorks) << outcome.output;
    EXPECT_TRUE(outcome.has("calls of cuImportExternalMemory come by OpenNvSci, then go to ")) << outcome.output;
    EXPECT_TRUE(outcome.has("libcuda.so")) << outcome.output;
}

TEST(Log, AnUnknownValueOfTheSwitchIsSaidAndWorks) {
    const ProgramOutcome outcome = run_line(in_folder("customer_first") + " proc_v2", "OPENNVSCI_INTERPOSE=off");
    EXPECT_EQ(outcome.exit_code, kWorks) << outcome.output;
    const std::string said = "opennvsci: warning: OPENNVSCI_INTERPOSE=off is not one of 0 and 1: using 1\n";
    EXPECT_TRUE(outcome.has(said)) << outcome.output;
    EXPECT_EQ(outcome.output.find(said), outcome.output.rfind(said)) << outcome.output;
}

}  // namespace
}  // namespace opennvsci::test
