// SPDX-License-Identifier: Apache-2.0
//
// `opennvsci explain` and `check`: what a person reads about the negotiations that come with the tool, what a program
// reads, and what comes of following the suggestions.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string>
#include <vector>

#include "command.h"
#include "output.h"

namespace opennvsci::tool {
namespace {

class ExplainTest : public CommandTest {
  protected:
    static std::string example_file(const std::string& name) {
        return "'" + (program_folder().parent_path() / "share/opennvsci/negotiations" / (name + ".json")).string() +
               "'";
    }
    /// With the machine whose GPU those files name: that of a software device here depends on the user.
    static std::string example(const std::string& name) { return example_file(name) + kMachine; }
    static constexpr const char* kMachine = " --machine software-device";
    [[nodiscard]] Json json_of(const std::string& arguments) const {
        return Json::parse(run(arguments + " --json 2>/dev/null").output, nullptr, false);
    }
};

// Raw buffers, of which everybody asks another size.
std::string many_lists(std::size_t count, bool same_size) {
    Json file{{"format_version", 1}, {"interface", "NvSciBuf"}};
    for (std::size_t i = 0; i < count; ++i) {
        file["participants"].push_back({{"name", "part" + std::to_string(i)},
                                        {"asks",
                                         {{"NvSciBufGeneralAttrKey_Types", "RawBuffer"},
                                          {"NvSciBufGeneralAttrKey_RequiredPerm", "Readonly"},
                                          {"NvSciBufRawBufferAttrKey_Size", same_size ? 4096 : 4096 * (i + 1)}}}});
    }
    return file.dump();
}

std::size_t longest_line(const std::string& text) {
    std::istringstream lines(text);
    std::size_t longest = 0;
    for (std::string line; std::getline(lines, line);) {
        // Characters, not bytes.
        longest = std::max(longest, static_cast<std::size_t>(std::count_if(
                                        line.begin(), line.end(), [](char byte) { return (byte & 0xc0) != 0x80; })));
    }
    return longest;
}

struct Scenario {
    const char* name;
    int exit_code;
    const char* deciding_key;
    std::vector<const char*> words;  // that a person needs
    int exit_code_applied;
};

const std::vector<Scenario>& scenarios() {
    static const std::vector<Scenario> all{
        {"differing-sizes",
         1,
         "NvSciBufRawBufferAttrKey_Size",
         {"2 ask 4096: camera, display", "encoder asks 8192", "every list that sets it must give the same value",
          "leave the key out of encoder", "tried: it reconciles"},
         0},
        {"plane-counts",
         1,
         "NvSciBufImageAttrKey_PlaneCount",
         {"camera asks 2", "encoder asks 3", "tried: it reconciles"},
         0},
        {"formats", 1, "NvSciBufImageAttrKey_PlaneColorFormat", {"camera asks {Y8}", "encoder asks {Y10}"}, 0},
        {"missing-key",
         1,
         "NvSciBufRawBufferAttrKey_Size",
         {"nobody says it", "no list sets it", "needs a choice of yours"},
         1},
        {"surface-and-planes",
         1,
         "NvSciBufImageAttrKey_SurfType",
         {"the image is described by a surface (SurfType in camera) and by planes",
          "leave out the keys of planes (tried: it reconciles"},
         0},
        {"video-memory-and-cpu",
         1,
         "NvSciBufGeneralAttrKey_VidMem_GpuId",
         {"0 of 3 places fit", "the CPU cannot see the video memory", "NeedCpuAccess is true in logger",
          "logger; system memory, system memory of the driver: ",
          "leave VidMem_GpuId out of inference (tried: it reconciles",
          "or leave NeedCpuAccess out of logger (tried: it"},
         0},
        {"unknown-gpu",
         1,
         "NvSciBufGeneralAttrKey_GpuId",
         {"is no GPU of this machine", "GPU-00000000-0000-8000-8000-000000000001"},
         1},
        {"compression-denied",
         0,
         "NvSciBufGeneralAttrKey_EnableGpuCompression",
         {"reconciles, without something", "the CPU takes part (logger asks for NeedCpuAccess)", "denied"},
         0},
        {"two-signalers",
         1,
         "NvSciSyncAttrKey_RequiredPerm",
         {"2 lists signal (camera, render), and exactly one must", "when render asks WaitOnly"},
         0},
        {"no-waiter",
         1,
         "NvSciSyncAttrKey_RequiredPerm",
         {"no list waits", "ask WaitSignal in camera (tried: it reconciles",
          "or add a list that asks WaitOnly (needs a choice of yours"},
         0},
        {"no-common-primitive",
         1,
         "NvSciSyncAttrKey_PrimitiveInfo",
         {"display offers {Syncpoint}", "no primitive that all of them and this machine offer"},
         0},
        {"peer-in-conflict",
         1,
         "NvSciBufRawBufferAttrKey_Size",
         {"vision at peer nvscisync_a_1 asks 65536", "leave the key out of camera (tried: it reconciles"},
         0},
    };
    return all;
}

TEST_F(ExplainTest, ScenariosSayWhoAsksWhatDecidesAndWhatToChange) {
    for (const Scenario& scenario : scenarios()) {
        const Outcome shown = run("explain " + example(scenario.name));
        EXPECT_EQ(shown.exit_code, scenario.exit_code) << scenario.name << '\n' << shown.output;
        for (const char* words : scenario.words)
            EXPECT_TRUE(has(shown, words)) << scenario.name << ": " << words << '\n' << shown.output;
        const std::string key = scenario.deciding_key;
        const std::string mark = "  > " + key.substr(key.find("AttrKey_") + 8) + ' ';
        EXPECT_EQ(count(shown.output, mark), 1) << scenario.name << ": " << mark << '\n' << shown.output;
        EXPECT_EQ(count(shown.output, "\n  > "), 1) << scenario.name;
        const Json fields = json_of("explain " + example(scenario.name));
        ASSERT_TRUE(fields.is_object()) << scenario.name;
        EXPECT_EQ(fields["report"]["deciding_key"], scenario.deciding_key) << scenario.name;
    }
}

TEST_F(ExplainTest, AppliedSuggestionsReconcileWhereNoPersonMustChoose) {
    for (const Scenario& scenario : scenarios()) {
        const Outcome applied = run("explain --apply " + example(scenario.name));
        EXPECT_EQ(applied.exit_code, scenario.exit_code_applied) << scenario.name << '\n' << applied.output;
        EXPECT_EQ(has(applied, "Changed:"), scenario.exit_code_applied == 0) << scenario.name << '\n' << applied.output;
        EXPECT_EQ(has(applied, "Nothing was changed"), scenario.exit_code_applied == 1) << applied.output;
    }
    EXPECT_TRUE(has(run("explain --apply " + example("differing-sizes")),
                    "encoder leaves NvSciBufRawBufferAttrKey_Size out, which was 8192"));
    // What was denied is had in the end.
    EXPECT_TRUE(has(run("explain --apply " + example("compression-denied")),
                    "logger leaves NvSciBufGeneralAttrKey_NeedCpuAccess out, which was true"));
    const Json fields = json_of("explain --apply " + example("compression-denied"));
    EXPECT_EQ(fields["report"]["outcome"], "granted");
}

// Of a wish that two others are in the way of, one change is not enough, and both are found; what follows from the same
// fact points to it.
TEST_F(ExplainTest, ChangesAreCombinedWhereOneIsNotEnough) {
    const std::string gpu = "GPU-00000000-0000-8000-8000-000000000001";
    write_file("two.json", R"({"format_version": 1, "interface": "NvSciBuf", "participants": [
        {"name": "render", "asks": {"NvSciBufGeneralAttrKey_Types": "RawBuffer", "NvSciBufRawBufferAttrKey_Size": 65536,
            "NvSciBufGeneralAttrKey_GpuId": ")" +
                               gpu + R"(",
            "NvSciBufGeneralAttrKey_EnableGpuCompression": ")" +
                               gpu + R"(: GenericCompressible",
            "NvSciBufGeneralAttrKey_EnableGpuCache": ")" +
                               gpu + R"(: false"}},
        {"name": "logger", "asks": {"NvSciBufGeneralAttrKey_Types": "RawBuffer",
            "NvSciBufGeneralAttrKey_NeedCpuAccess": true}}]})");
    const Outcome shown = run("explain --all two.json" + std::string(kMachine));
    for (const char* words :
         {"[1] MemoryDomain: system memory: the CPU takes part (logger asks for NeedCpuAccess)",
          "a discrete GPU does not cache system memory [1]", "the CPU takes part (logger asks for NeedCpuAccess) [1]",
          "do without CPU access (logger asks for NeedCpuAccess), and leave EnableGpuCache out of render (tried: it"})
        EXPECT_TRUE(has(shown, words)) << words << '\n' << shown.output;
    const Outcome applied = run("explain --apply two.json" + std::string(kMachine));
    EXPECT_EQ(applied.exit_code, 0) << applied.output;
    EXPECT_TRUE(has(applied, "everybody has what was asked for")) << applied.output;
}

TEST_F(ExplainTest, WhoAsksForNothingIsToldWhatIsMissing) {
    write_file("none.json", R"({"format_version": 1, "interface": "NvSciBuf", "participants": [{"asks": {}}]})");
    const Outcome shown = run("explain none.json");
    EXPECT_TRUE(has(shown,
                    "1 participant asks for nothing; NvSciBufGeneralAttrKey_Types, which nobody asks for, is "
                    "refused."))
        << shown.output;
    EXPECT_TRUE(has(shown, "mandatory for every buffer")) << shown.output;
}

// A step that leads to a refusal which only a person can end is taken back.
TEST_F(ExplainTest, AppliedStepsThatLeadNowhereAreTakenBack) {
    write_file("file.json", R"({"format_version": 1, "interface": "NvSciBuf", "participants": [
        {"asks": {"NvSciBufGeneralAttrKey_Types": "RawBuffer", "NvSciBufRawBufferAttrKey_Size": 4096,
                  "NvSciBufGeneralAttrKey_GpuId": "GPU-00112233-4455-6677-8899-aabbccddeeff"}},
        {"asks": {"NvSciBufGeneralAttrKey_Types": "RawBuffer", "NvSciBufRawBufferAttrKey_Size": 8192}}]})");
    const Outcome as_it_is = run("explain --json file.json 2>/dev/null");
    EXPECT_TRUE(has(as_it_is, R"("state":"not_enough")")) << as_it_is.output;
    EXPECT_EQ(run("explain --json --apply file.json 2>/dev/null").output, as_it_is.output);
    const Outcome applied = run("explain --apply file.json");
    EXPECT_EQ(applied.exit_code, 1);
    EXPECT_TRUE(has(applied, "Nothing was changed: no suggestion helps without a choice of yours.")) << applied.output;
}

// What --json prints is a file again, and says the same.
TEST_F(ExplainTest, JsonGoesRound) {
    for (const Scenario& scenario : scenarios()) {
        for (const char* apply : {"", "--apply "}) {
            const Outcome first = run("explain --json " + std::string(apply) + example(scenario.name) + " 2>/dev/null");
            EXPECT_EQ(count(first.output, "\n"), 1) << "one line";
            write_file("again.json", first.output);
            const Outcome again = run("explain --json again.json 2>/dev/null" + std::string(kMachine));
            EXPECT_EQ(again.output, first.output) << scenario.name;
            EXPECT_EQ(again.exit_code, first.exit_code) << scenario.name;
        }
    }
    const Json peer = json_of("explain " + example("peer-in-conflict"));
    EXPECT_EQ(peer["participants"][1]["peer"], "nvscisync_a_1");
}

TEST_F(ExplainTest, WhyTellsTheOneRule) {
    const Outcome why = run("explain --why Size " + example("differing-sizes"));
    EXPECT_EQ(why.exit_code, 1);
    for (const char* words :
         {"NvSciBufRawBufferAttrKey_Size: refused", "2 ask 4096: camera, display", "encoder asks 8192", "rule 'equal'",
          "to change: leave the key out of encoder (tried: then it reconciles"})
        EXPECT_TRUE(has(why, words)) << words << '\n' << why.output;
    EXPECT_FALSE(has(why, "NeedCpuAccess"));
    EXPECT_FALSE(has(why, "the result has")) << why.output;
    for (const char* name : {"NvSciBufRawBufferAttrKey_Size", "size"})
        EXPECT_EQ(run(std::string("explain --why ") + name + ' ' + example("differing-sizes")).output, why.output);

    const Outcome follows = run("explain --why EnableGpuCompression " + example("compression-denied"));
    EXPECT_TRUE(has(follows, "because the CPU takes part (logger asks for NeedCpuAccess)")) << follows.output;
    EXPECT_TRUE(has(follows, "follows from MemoryDomain")) << follows.output;
    EXPECT_TRUE(has(run("explain --why MemoryDomain " + example("compression-denied")), "MemoryDomain: computed"));
    const Outcome later = run("explain --why PlaneWidth " + example("formats"));
    EXPECT_TRUE(has(later, "because NvSciBufImageAttrKey_PlaneColorFormat was refused before its turn came"))
        << later.output;
    EXPECT_TRUE(has(run("explain --why Align " + example("differing-sizes")), "nobody asks for it"));

    const Outcome none = run("explain --why NvSciBufRawBufferAttrKey_Sise " + example("differing-sizes"));
    EXPECT_EQ(none.exit_code, 2);
    EXPECT_TRUE(has(none, "did you mean 'NvSciBufRawBufferAttrKey_Size'?")) << none.output;
    const Outcome several = run("explain --why DataType " + example("differing-sizes"));
    EXPECT_EQ(several.exit_code, 2);
    EXPECT_TRUE(has(several, "NvSciBufTensorAttrKey_DataType or NvSciBufArrayAttrKey_DataType")) << several.output;
}

TEST_F(ExplainTest, EqualParticipantsAreGroupedAndManyAreCounted) {
    write_file("same.json", many_lists(64, true));
    const Outcome same = run("explain same.json", "COLUMNS=80");
    EXPECT_EQ(same.exit_code, 0);
    EXPECT_TRUE(has(same, "part0, 63 more")) << same.output;
    EXPECT_TRUE(has(run("explain same.json --why Types"), "64 ask {RawBuffer}: part0, part1, part2 and 61 more"));
    EXPECT_TRUE(has(run("explain same.json --why Types --all"), "part63\n"));
    EXPECT_FALSE(has(same, "whom --all shows")) << same.output;

    write_file("many.json", many_lists(64, false));
    const Outcome many = run("explain many.json", "COLUMNS=80");
    EXPECT_EQ(many.exit_code, 1);
    EXPECT_TRUE(has(many, "more participants, whom --all shows")) << many.output;
    const Outcome all = run("explain --all many.json", "COLUMNS=80");
    for (std::size_t i = 0; i < 64; ++i)
        EXPECT_TRUE(has(all, " part" + std::to_string(i))) << i;
    EXPECT_TRUE(has(all, "part63 asks 262144"));
}

TEST_F(ExplainTest, FitsATerminalAndHasNoColoursInAPipe) {
    write_file("many.json", many_lists(64, false));
    std::vector<std::string> files{"many.json"};
    for (const Scenario& scenario : scenarios())
        files.push_back(example(scenario.name));
    for (const std::string& file : files) {
        for (const char* options : {"", " --all", " --apply"}) {
            const std::string text = run("explain " + file + options + " 2>/dev/null", "COLUMNS=80 TERM=xterm").output;
            EXPECT_LE(longest_line(text), 80U) << file << options << '\n' << text;
            EXPECT_EQ(text.find('\033'), std::string::npos) << file;
        }
    }
}

// `script` is a terminal.
TEST_F(ExplainTest, ColoursAreForTerminalsUnlessUnwanted) {
    if (std::system("command -v script >/dev/null 2>&1") != 0) GTEST_SKIP() << "there is no script here";
    const std::string tool = (program_folder() / "opennvsci").string();
    const auto on_terminal = [&](const std::string& environment) {
        const std::string line = environment + " script -qec \"'" + tool + "' explain " + example("differing-sizes") +
                                 "\" /dev/null >'" + (folder_ / "seen").string() + "' </dev/null";
        static_cast<void>(std::system(line.c_str()));
        return read_file("seen");
    };
    const std::string coloured = on_terminal("env -u NO_COLOR TERM=xterm");
    EXPECT_EQ(count(coloured, "\033[1;31m  "), 1) << coloured;
    EXPECT_EQ(count(coloured, "\033[0m"), 1);
    EXPECT_EQ(count(on_terminal("TERM=xterm NO_COLOR=1"), "\033"), 0);
    EXPECT_EQ(count(on_terminal("env -u NO_COLOR TERM=dumb"), "\033"), 0);
}

TEST_F(ExplainTest, CapturesTellWhichNegotiationItIsAndWhatChangedSince) {
    const std::string asks = R"({"NvSciBufGeneralAttrKey_Types": "RawBuffer", "NvSciBufRawBufferAttrKey_Size": 4096})";
    const auto line = [&](const std::string& rest) {
        return R"({"format_version": 1, "interface": "NvSciBuf", "participants": [{"asks": )" + asks + "}]" + rest +
               "}\n";
    };
    write_file("run.json",
               line("") +
                   line(R"(, "call": {"function": "NvSciBufAttrListReconcile", "code": "NvSciError_Success",)"
                        R"( "file": "camera.cpp", "line": 42}, "process": {"pid": 4711, "name": "camera"},)"
                        R"( "time": "2026-11-26T18:59:44.123456Z", "report": {"outcome": "granted"})") +
                   R"({"format_version": 1, "interface": "NvS)"
                   "\n" +
                   line(R"(, "report": {"outcome": "refused", "deciding_key": "NvSciBufRawBufferAttrKey_Size"})"));
    const Outcome all = run("explain run.json");
    EXPECT_EQ(all.exit_code, 2) << all.output;
    for (const char* words : {"4 negotiations: 3 reconcile, 1 was left out.", "[1] run.json:1\n",
                              "[2] NvSciBufAttrListReconcile, camera.cpp:42, process 4711 (camera), 2026-11-26T18:59",
                              "run.json:3: the line is cut off; left out", "[4] run.json:4\n",
                              "Recorded: refused by NvSciBufRawBufferAttrKey_Size. Here and now: granted."})
        EXPECT_TRUE(has(all, words)) << words << '\n' << all.output;
    EXPECT_EQ(count(all.output, "Recorded:"), 1) << "the second ended as it does here";

    const Outcome one = run("explain run.json --only 2 2>/dev/null");
    EXPECT_TRUE(has(one, "[2]")) << one.output;
    EXPECT_FALSE(has(one, "[1]") || has(one, "[4]") || has(one, "negotiations:")) << one.output;
    EXPECT_EQ(one.exit_code, 0);
    const Outcome none = run("explain run.json --only 5");
    EXPECT_EQ(none.exit_code, 2);
    EXPECT_TRUE(has(none, "run.json has 4 negotiations, not 5")) << none.output;

    const Outcome json = run("explain run.json --only 2 --json 2>/dev/null");
    const Json fields = Json::parse(json.output, nullptr, false);
    EXPECT_EQ(fields["call"]["line"], 42) << json.output;
    EXPECT_EQ(fields["process"]["name"], "camera");
    EXPECT_EQ(fields["time"], "2026-11-26T18:59:44.123456Z");
    EXPECT_EQ(run("explain - --only 1 2>/dev/null <run.json").exit_code, 0);
}

// One that does not reconcile is enough.
TEST_F(ExplainTest, SeveralReconcileOnlyIfAllDo) {
    const std::string good = run("explain --apply --json " + example("differing-sizes") + " 2>/dev/null").output;
    const std::string bad = run("explain --json " + example("no-waiter") + " 2>/dev/null").output;
    write_file("mixed.json", good + bad + good);
    EXPECT_EQ(run("explain mixed.json").exit_code, 1);
    EXPECT_EQ(run("explain mixed.json --only 1").exit_code, 0);
    EXPECT_EQ(run("explain mixed.json --apply").exit_code, 0);
    const Outcome why = run("explain mixed.json --why NvSciSyncAttrKey_RequiredPerm");
    EXPECT_EQ(why.exit_code, 1) << why.output;
    EXPECT_TRUE(has(why, "is a key of NvSciSync, and the interface here is NvSciBuf")) << why.output;
    EXPECT_TRUE(has(why, "no list waits")) << why.output;
    EXPECT_EQ(run("explain mixed.json --why Nothing").exit_code, 2);
    EXPECT_EQ(count(run("explain mixed.json --json 2>/dev/null").output, "\n"), 3);
}

TEST_F(ExplainTest, ThePageIsWrittenBesideTheText) {
    const Outcome shown = run("explain --html page.html " + example("compression-denied"));
    EXPECT_EQ(shown.exit_code, 0) << shown.output;
    EXPECT_TRUE(has(shown, "denied"));
    const std::string page = read_file("page.html");
    EXPECT_EQ(page.rfind("<!DOCTYPE html>", 0), 0U);
    EXPECT_NE(page.find("EnableGpuCompression"), std::string::npos);
    EXPECT_NE(page.find("<svg"), std::string::npos) << "the layout";
    EXPECT_EQ(run("explain --html page.html " + example("no-waiter")).exit_code, 2) << "it is there already";
    EXPECT_EQ(read_file("page.html"), page);
    EXPECT_EQ(run("explain --force --html page.html " + example("no-waiter")).exit_code, 1);
    EXPECT_NE(read_file("page.html").find("NvSciSyncAttrKey_RequiredPerm"), std::string::npos);
    const Outcome on_stdout = run("explain --html - " + example("no-waiter") + " 2>/dev/null");
    EXPECT_EQ(on_stdout.output, read_file("page.html"));
}

TEST_F(ExplainTest, AnotherMachineAnswersForItself) {
    const Outcome here = run("check " + example("differing-sizes"));
    EXPECT_EQ(here.exit_code, 1) << here.output;
    EXPECT_TRUE(has(here, "On the machine software-device: OpenNvSci software device")) << here.output;
    // The GPU of the software device is none of that machine.
    const Outcome there = run("check " + example_file("compression-denied") + " --machine h100");
    EXPECT_EQ(there.exit_code, 1) << there.output;
    EXPECT_TRUE(has(there, "is no GPU of this machine")) << there.output;
    EXPECT_EQ(run("explain " + example_file("compression-denied") + " --machine h100").exit_code, 1);
    EXPECT_TRUE(json_of("check --machine h100 " + example_file("compression-denied")).is_object());
    EXPECT_EQ(run("check " + example_file("formats")).exit_code, 2) << "which machine?";
    const Outcome unknown = run("check " + example_file("formats") + " --machine nowhere");
    EXPECT_EQ(unknown.exit_code, 2);
    EXPECT_TRUE(has(unknown, "'nowhere' is neither a machine file nor one of")) << unknown.output;
    write_file("broken.json", "{");
    const Outcome broken = run("check " + example_file("formats") + " --machine broken.json", "OPENNVSCI_LOG=none");
    EXPECT_EQ(broken.exit_code, 2);
    EXPECT_TRUE(has(broken, "broken.json is no machine file that can be used: ")) << broken.output;
}

// The way is told, and leads to an answer; GPUs that nobody asks for are a slip.
TEST_F(ExplainTest, GpusOfAnotherMachineAreReplaced) {
    const std::string file = example_file("compression-denied") + " --machine h100";
    const Outcome refused = run("check " + file);
    const auto told = [&](const std::string& which) {
        const auto at = refused.output.find("\n  " + which + "=GPU-");
        return at == std::string::npos ? std::string() : refused.output.substr(at + 7, 40);
    };
    EXPECT_EQ(told("OLD"), "GPU-00000000-0000-8000-8000-000000000001") << refused.output;
    EXPECT_TRUE(has(refused, "It is a GPU of --machine software-device.")) << refused.output;
    const std::string option = "--gpu " + told("OLD") + '=' + told("NEW");
    const Outcome answered = run("check " + file + ' ' + option);
    EXPECT_EQ(answered.exit_code, 0) << option << '\n' << answered.output;
    EXPECT_FALSE(has(answered, "OLD=")) << answered.output;
    const Json fields = json_of("check " + file + ' ' + option);
    EXPECT_EQ(fields["machine"], "h100");
    for (const char* wrong : {"GPU-1=GPU-2", "''", "GPU-00000000-0000-8000-8000-000000000001"})
        EXPECT_EQ(run("check " + file + " --gpu " + wrong).exit_code, 2) << wrong;
    const Outcome nobody = run("check " + example_file("formats") + " --machine h100 " + option);
    EXPECT_EQ(nobody.exit_code, 2);
    EXPECT_TRUE(has(nobody, "nobody asks for GPU-00000000")) << nobody.output;
}

// What the program got is the recorded result, and not what comes out here.
TEST_F(ExplainTest, RecordedDecisionsAreComparedKeyByKey) {
    const Json made = json_of("explain " + example("compression-denied"));
    Json recorded = made;
    recorded["participants"][1]["peer"] = "nvscisync_a_0";
    Json& decisions = recorded["report"]["decisions"];
    ASSERT_GT(decisions.size(), 7U);
    for (std::size_t i = 0; i < 7; ++i)
        decisions[i]["granted_text"] = "recorded" + std::to_string(i);
    write_file("recorded.json", recorded.dump());
    const Outcome told = run("explain recorded.json" + std::string(kMachine));
    EXPECT_TRUE(has(told, "Recorded: " + decisions[0]["key"].get<std::string>() + " recorded0, here ")) << told.output;
    EXPECT_TRUE(has(told, "recorded4, here ")) << told.output;
    EXPECT_TRUE(has(told, "; and 2 more.")) << told.output;
    EXPECT_TRUE(has(told, "Lists of peers are reconciled here")) << told.output;
    write_file("same.json", made.dump());
    const Outcome same = run("explain same.json" + std::string(kMachine));
    EXPECT_FALSE(has(same, "Recorded:")) << same.output;
    EXPECT_FALSE(has(same, "Lists of peers")) << same.output;
    recorded["participants"][0]["is_vulkan"] = true;
    recorded["participants"][1].erase("peer");
    write_file("vulkan.json", recorded.dump());
    const Outcome vulkan = run("explain vulkan.json" + std::string(kMachine));
    EXPECT_TRUE(has(vulkan, "Lists of Vulkan devices are")) << vulkan.output;
    EXPECT_FALSE(has(vulkan, "is another one")) << vulkan.output;
}

// A document must not say of a program what it never got.
TEST_F(ExplainTest, TheCodeIsOfTheReportBesideIt) {
    Json file = json_of("explain " + example("differing-sizes"));
    file["call"] = {{"function", "NvSciBufAttrListReconcile"}, {"code", "NvSciError_Success"}};
    file["process"] = {{"pid", 1}};
    file["time"] = "2026-11-26T18:59:44.123456Z";
    write_file("file.json", file.dump());
    const Json here = json_of("explain file.json");
    EXPECT_EQ(here["call"]["code"], "NvSciError_ReconciliationFailed");
    EXPECT_EQ(here["process"]["pid"], 1);
    for (const char* option : {" --apply", " --machine h100"}) {
        const Json other = json_of(std::string("explain file.json") + option);
        for (const char* member : {"call", "process", "time"})
            EXPECT_FALSE(other.contains(member)) << option << ' ' << member;
    }
}

// Every key but two differs, and each step uncovers the next one.
TEST_F(ExplainTest, AppliedSuggestionsMayBeMany) {
    const Json a = Json::parse(R"({
        "Image:Layout": "PitchLinear", "Image:PlaneCount": 1, "Image:PlaneColorFormat": "A8B8G8R8",
        "Image:PlaneColorStd": "SRGB", "Image:PlaneWidth": 128, "Image:PlaneHeight": 128,
        "Image:ScanType": "Progressive", "Image:TopPadding": 0, "Image:BottomPadding": 0, "Image:LeftPadding": 0,
        "Image:RightPadding": 0, "Image:VprFlag": false, "Image:ImageCount": 1, "Tensor:DataType": "Uint8",
        "Tensor:NumDims": 4, "Tensor:SizePerDim": [1, 128, 128, 4], "Tensor:AlignmentPerDim": [1, 1, 1, 1],
        "Tensor:PixelFormat": "A8B8G8R8", "Tensor:BaseAddrAlign": 256})");
    const Json b = Json::parse(R"({
        "Image:Layout": "BlockLinear", "Image:PlaneCount": 2, "Image:PlaneColorFormat": "Y10",
        "Image:PlaneColorStd": "REC709_ER", "Image:PlaneWidth": 64, "Image:PlaneHeight": 64,
        "Image:ScanType": "Interlace", "Image:TopPadding": 1, "Image:BottomPadding": 1, "Image:LeftPadding": 1,
        "Image:RightPadding": 1, "Image:VprFlag": false, "Tensor:DataType": "Uint16", "Tensor:NumDims": 3,
        "Tensor:SizePerDim": [2, 3, 4], "Tensor:AlignmentPerDim": [2, 2, 2], "Tensor:PixelFormat": "Y10",
        "Tensor:BaseAddrAlign": 512})");
    Json file{{"format_version", 1}, {"interface", "NvSciBuf"}};
    for (const Json& one : {a, b}) {
        Json asks{{"NvSciBufGeneralAttrKey_Types", {"Image", "Tensor"}}};
        for (const auto& [name, value] : one.items()) {
            const auto colon = name.find(':');
            asks["NvSciBuf" + name.substr(0, colon) + "AttrKey_" + name.substr(colon + 1)] = value;
        }
        file["participants"].push_back({{"name", file.contains("participants") ? "b" : "a"}, {"asks", asks}});
    }
    write_file("file.json", file.dump());
    const Outcome applied = run("explain --apply file.json");
    EXPECT_EQ(applied.exit_code, 0) << applied.output;
    EXPECT_GT(count(applied.output, " out, which was ") + count(applied.output, " asks "), 16) << applied.output;
}

TEST_F(ExplainTest, OneThatCannotBeReadDoesNotHideTheOthers) {
    const std::string good = run("explain --json " + example("formats") + " 2>/dev/null").output;
    write_file("mix", good + R"({"format_version":1,"interface":"NvSciBuf","participants":[{"asks":{"NoKey":1}}]})" +
                          "\n{\"format_version\":}\n" + good);
    const Outcome all = run("explain mix");
    EXPECT_EQ(all.exit_code, 2);
    EXPECT_TRUE(has(all, "mix:2: participants[0].asks.NoKey: there is no key 'NoKey'")) << all.output;
    EXPECT_TRUE(has(all, "mix:3: syntax error")) << all.output;
    EXPECT_EQ(count(all.output, "they disagree"), 2) << all.output;
    EXPECT_EQ(run("explain mix --only 1").exit_code, 1);
    EXPECT_EQ(run("explain mix --only 4").exit_code, 1);
    EXPECT_EQ(run("explain mix --only 2").exit_code, 2);
    EXPECT_EQ(run("explain mix --only 3").exit_code, 2);
    EXPECT_TRUE(has(run("explain mix --only 5"), "mix has 4 negotiations, not 5"));
}

// Only the list itself refuses it, when the ones before have been told.
TEST_F(ExplainTest, OneThatCannotBeTriedDoesNotHideTheOthers) {
    const std::string good = run("explain --json " + example("formats") + " 2>/dev/null").output;
    const std::string bad = R"({"format_version": 1, "interface": "NvSciBuf", "participants": [{"asks": {)"
                            R"("NvSciBufImageAttrKey_PlaneOffset": 0}}]})"
                            "\n";
    write_file("mix", good + bad + good);
    const Outcome all = run("explain mix");
    EXPECT_EQ(all.exit_code, 2);
    EXPECT_EQ(count(all.output, "they disagree"), 2) << all.output;
    EXPECT_EQ(count(all.output, "an output-only"), 1) << all.output;
    EXPECT_EQ(count(all.output, "; left out\n"), 1) << all.output;
    std::string many = good;
    for (int i = 0; i < 9; ++i)
        many += bad;
    write_file("many", many + good);
    const Outcome bounded = run("explain many");
    EXPECT_EQ(bounded.exit_code, 2);
    EXPECT_EQ(count(bounded.output, "they disagree"), 2) << bounded.output;
    EXPECT_EQ(count(bounded.output, "; left out\n"), 5) << bounded.output;
    EXPECT_TRUE(has(bounded, "4 more negotiations cannot be tried, and are left out")) << bounded.output;
}

// A page without a negotiation, or that no negotiation has the key, would tell what nobody knows.
TEST_F(ExplainTest, OfNegotiationsThatCannotBeTriedNothingIsSaid) {
    const std::string bad = R"({"format_version": 1, "interface": "NvSciBuf", "participants": [{"asks": {)"
                            R"("NvSciBufImageAttrKey_PlaneOffset": 0}}]})"
                            "\n";
    write_file("bad", bad + bad);
    EXPECT_EQ(run("explain bad --html page.html").exit_code, 2);
    EXPECT_FALSE(std::filesystem::exists(folder_ / "page.html"));
    EXPECT_EQ(run("explain bad --html - 2>/dev/null").output, "");
    const Outcome why = run("explain bad --why NvSciBufRawBufferAttrKey_Size");
    EXPECT_EQ(why.exit_code, 2);
    EXPECT_FALSE(has(why, "no negotiation has this key")) << why.output;

    const std::string good = run("explain --json " + example("formats") + " 2>/dev/null").output;
    write_file("good", good + good);
    write_file("mixed", good + bad);
    const std::string other_key =
        " --html page.html --force --why NvSciSyncAttrKey_RequiredPerm" + std::string(kMachine);
    const Outcome none = run("explain good" + other_key);
    EXPECT_EQ(none.exit_code, 2);
    EXPECT_TRUE(has(none, "no negotiation has this key")) << none.output;
    EXPECT_TRUE(std::filesystem::remove(folder_ / "page.html")) << "it does not depend on the key";
    const Outcome some = run("explain mixed" + other_key);
    EXPECT_EQ(some.exit_code, 2);
    EXPECT_FALSE(has(some, "no negotiation has this key")) << some.output;
    EXPECT_TRUE(std::filesystem::exists(folder_ / "page.html"));
}

TEST_F(ExplainTest, EqualNamesAreToldApart) {
    write_file("same", R"({"format_version": 1, "interface": "NvSciBuf", "participants": [
        {"name": "list 2", "asks": {"NvSciBufGeneralAttrKey_Types": "RawBuffer", "NvSciBufRawBufferAttrKey_Size": 1}},
        {"asks": {"NvSciBufGeneralAttrKey_Types": "RawBuffer", "NvSciBufRawBufferAttrKey_Size": 2}},
        {"name": "camera", "asks": {"NvSciBufGeneralAttrKey_Types": "RawBuffer", "NvSciBufRawBufferAttrKey_Size": 3}},
        {"name": "camera", "asks": {"NvSciBufGeneralAttrKey_Types": "RawBuffer", "NvSciBufRawBufferAttrKey_Size": 4}}]})");
    const Outcome told = run("explain same --all");
    for (const char* words :
         {"list 2 (list 1) asks 1", "list 2 asks 2", "camera (list 3) asks 3", "camera (list 4) asks 4"})
        EXPECT_TRUE(has(told, words)) << words << '\n' << told.output;
}

TEST_F(ExplainTest, AnEmptyKeyAndThePageOnTheFileItselfAreRefused) {
    EXPECT_EQ(run("explain --why '' " + example("formats")).exit_code, 2);
    const std::string text = run("explain --json " + example("formats") + " 2>/dev/null").output;
    write_file("f", text);
    EXPECT_EQ(run("explain f --html f --force").exit_code, 2);
    EXPECT_EQ(run("explain f --html ./f --force").exit_code, 2);
    EXPECT_EQ(read_file("f"), text);
}

// A script takes 1 for the answer "no".
TEST_F(ExplainTest, WithoutMemoryThereIsNoAnswer) {
    const char* const limit = "ulimit -v 100000;";
    if (run("--version", limit).exit_code != 0) GTEST_SKIP() << "it does not even start, as with a sanitizer";
    write_file("large", "");
    std::filesystem::resize_file(folder_ / "large", std::uintmax_t{200} << 20U);
    const Outcome outcome = run("explain large", limit);
    EXPECT_EQ(outcome.exit_code, 2);
    EXPECT_EQ(outcome.output, "opennvsci: not enough memory\n");
}

TEST_F(ExplainTest, ALimitOfFileSizesIsAnErrorAndLeavesNothing) {
    const Outcome outcome = run("explain --html page.html " + example("formats"), "ulimit -f 8;");
    EXPECT_EQ(outcome.exit_code, 2) << outcome.output;
    EXPECT_TRUE(has(outcome, "cannot write page.html")) << outcome.output;
    EXPECT_TRUE(std::filesystem::is_empty(folder_));
}

// What the command makes again is no part of a program's capture.
TEST_F(ExplainTest, TheCommandRecordsNothingOfItsOwn) {
    const std::string recording = "OPENNVSCI_DEVICE=soft OPENNVSCI_CAPTURE=capture OPENNVSCI_TRACE=trace";
    for (const std::string& command :
         {"explain " + example("formats"), std::string("devices"), std::string("doctor"), std::string("layout --help"),
          std::string("layout --type raw --bytes 4096 --cpu"), "check " + example("formats")}) {
        static_cast<void>(run(command, recording));
        EXPECT_TRUE(std::filesystem::is_empty(folder_)) << command;
    }
    const Outcome config = run("config", recording);
    EXPECT_EQ(count(config.output, " capture "), 1) << config.output;
    static_cast<void>(run("demo", recording));
    EXPECT_FALSE(read_file("capture").empty());
    EXPECT_FALSE(read_file("trace").empty());
}

}  // namespace
}  // namespace opennvsci::tool
