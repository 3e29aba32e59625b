// SPDX-License-Identifier: Apache-2.0
//
// `opennvsci explain` and `check`: what a person reads about the negotiations that come with the tool, what a program
// reads, and what comes of following the suggestions.
#include <algorithm>
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
    static std::string example(const std::string& name) {
        return "'" + (program_folder().parent_path() / "share/opennvsci/negotiations" / (name + ".json")).string() +
               "'";
    }
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
        {"plane-counts", 1, "NvSciBufImageAttrKey_PlaneCount", {"camera asks 2", "encoder asks 3", "not enough"}, 0},
        {"formats", 1, "NvSciBufImageAttrKey_PlaneColorFormat", {"camera asks {Y8}", "encoder asks {Y10}"}, 0},
        {"missing-key",
         1,
         "NvSciBufRawBufferAttrKey_Size",
         {"nobody says it", "no list sets it", "needs a choice of yours"},
         1},
        {"surface-and-planes",
         1,
         "NvSciBufImageAttrKey_SurfType",
         {"described by a surface and by planes", "either plane keys or surface keys"},
         0},
        {"video-memory-and-cpu",
         1,
         "NvSciBufGeneralAttrKey_VidMem_GpuId",
         {"0 of 3 places fit", "the CPU cannot see the video memory", "no memory fits"},
         0},
        {"unknown-gpu",
         1,
         "NvSciBufGeneralAttrKey_GpuId",
         {"is no GPU of this machine", "GPU-3b36f6cb-faca-8ce0-8370-7b9853d9e58d"},
         1},
        {"compression-denied",
         0,
         "NvSciBufGeneralAttrKey_EnableGpuCompression",
         {"reconciles, without something", "a list asks for CPU access", "logger", "denied"},
         0},
        {"two-signalers",
         1,
         "NvSciSyncAttrKey_RequiredPerm",
         {"2 lists signal (camera, render), and exactly one must", "when render asks WaitOnly"},
         0},
        {"no-waiter", 1, "NvSciSyncAttrKey_RequiredPerm", {"no list waits", "WaitSignal"}, 0},
        {"no-common-primitive",
         1,
         "NvSciSyncAttrKey_PrimitiveInfo",
         {"display offers {Syncpoint}", "no primitive that all of them and this machine offer"},
         0},
        {"peer-in-conflict",
         1,
         "NvSciBufRawBufferAttrKey_Size",
         {"peer nvscisync_a_1: vision asks 65536", "camera asks 4096"},
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
            const Outcome again = run("explain --json again.json 2>/dev/null");
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
         {"NvSciBufRawBufferAttrKey_Size: refused", "camera asks 4096", "encoder asks 8192", "rule 'equal'",
          "to change: leave the key out of encoder (tried: it reconciles when encoder"})
        EXPECT_TRUE(has(why, words)) << words << '\n' << why.output;
    EXPECT_FALSE(has(why, "NeedCpuAccess"));
    EXPECT_EQ(run("explain --why NvSciBufRawBufferAttrKey_Size " + example("differing-sizes")).output, why.output);

    const Outcome follows = run("explain --why EnableGpuCompression " + example("compression-denied"));
    EXPECT_TRUE(has(follows, "because a list asks for CPU access")) << follows.output;
    EXPECT_TRUE(has(follows, "follows from MemoryDomain")) << follows.output;
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
    EXPECT_EQ(all.exit_code, 0) << all.output;
    for (const char* words :
         {"[1] run.json:1\n", "[2] NvSciBufAttrListReconcile, camera.cpp:42, process 4711 (camera), 2026-11-26T18:59",
          "run.json:3: the line is cut off, and left out", "[3] run.json:4\n",
          "Recorded: refused by NvSciBufRawBufferAttrKey_Size. Here and now: granted."})
        EXPECT_TRUE(has(all, words)) << words << '\n' << all.output;
    EXPECT_EQ(count(all.output, "Recorded:"), 1) << "the second ended as it does here";

    const Outcome one = run("explain run.json --only 2 2>/dev/null");
    EXPECT_TRUE(has(one, "[2]")) << one.output;
    EXPECT_FALSE(has(one, "[1]") || has(one, "[3]")) << one.output;
    const Outcome none = run("explain run.json --only 4");
    EXPECT_EQ(none.exit_code, 2);
    EXPECT_TRUE(has(none, "run.json has 3 negotiations, not 4")) << none.output;

    const Outcome json = run("explain run.json --only 2 --json 2>/dev/null");
    const Json fields = Json::parse(json.output, nullptr, false);
    EXPECT_EQ(fields["call"]["line"], 42) << json.output;
    EXPECT_EQ(fields["process"]["name"], "camera");
    EXPECT_EQ(fields["time"], "2026-11-26T18:59:44.123456Z");
    EXPECT_EQ(run("explain - 2>/dev/null <run.json").exit_code, 0);
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
    const Outcome here = run("check " + example("differing-sizes") + " --machine software-device");
    EXPECT_EQ(here.exit_code, 1) << here.output;
    EXPECT_TRUE(has(here, "On the machine software-device: OpenNvSci software device")) << here.output;
    // The GPU of the software device is none of that machine.
    const Outcome there = run("check " + example("compression-denied") + " --machine h100");
    EXPECT_EQ(there.exit_code, 1) << there.output;
    EXPECT_TRUE(has(there, "is no GPU of this machine")) << there.output;
    EXPECT_EQ(run("explain " + example("compression-denied") + " --machine h100").exit_code, 1);
    EXPECT_TRUE(json_of("check --machine h100 " + example("compression-denied")).is_object());
    EXPECT_EQ(run("check " + example("formats")).exit_code, 2) << "which machine?";
    const Outcome unknown = run("check " + example("formats") + " --machine nowhere");
    EXPECT_EQ(unknown.exit_code, 2);
    EXPECT_TRUE(has(unknown, "'nowhere' is neither a machine file nor one of")) << unknown.output;
    write_file("broken.json", "{");
    EXPECT_EQ(run("check " + example("formats") + " --machine broken.json").exit_code, 2);
}

}  // namespace
}  // namespace opennvsci::tool
