// SPDX-License-Identifier: Apache-2.0
//
// Negotiation files are hostile: what is wrong in one is told with its place, and ends in exit code 2.
#include <chrono>
#include <cstddef>
#include <nlohmann/json.hpp>
#include <string>

#include "command.h"
#include "explain/json_objects.h"
#include "explain/negotiation_file.h"

namespace opennvsci::tool {
namespace {

class ExplainFileTest : public CommandTest {
  protected:
    /// What reading it says; empty if nothing is wrong.
    [[nodiscard]] std::string mistake_in(const std::string& text) const {
        write_file("file.json", text);
        const auto file = read_negotiations((folder_ / "file.json").string());
        if (file && file->mistakes.empty()) return {};
        const std::string& said = file ? file->mistakes.front() : file.error().text;
        const std::string folder = folder_.string() + '/';
        return said.starts_with(folder) ? said.substr(folder.size()) : said;
    }
};

std::string negotiation(const std::string& participants, const std::string& rest = "") {
    return "{\"format_version\": 1,\n \"interface\": \"NvSciBuf\",\n \"participants\": [\n  " + participants + "]" +
           rest + "}";
}
std::string asking(const std::string& asks) {
    return negotiation(
        "{\"name\": \"camera\", \"asks\": {\"NvSciBufGeneralAttrKey_Types\": \"RawBuffer\"}},\n  "
        "{\"asks\": {\n   " +
        asks + "}}");
}

TEST_F(ExplainFileTest, GoodFilesAreRead) {
    EXPECT_EQ(mistake_in(asking("\"NvSciBufGeneralAttrKey_NeedCpuAccess\": true")), "");
    EXPECT_EQ(mistake_in("\xEF\xBB\xBF" + asking("")), "") << "editors put a mark before UTF-8";
    EXPECT_EQ(mistake_in(asking("") + "\n\n" + asking("")), "") << "several, each over many lines";
    // One alone may stand without the brackets, and numbers may be texts.
    EXPECT_EQ(mistake_in(asking("\"NvSciBufGeneralAttrKey_Types\": [\"Image\", \"Tensor\"]")), "");
    EXPECT_EQ(mistake_in(asking("\"NvSciBufRawBufferAttrKey_Size\": \"4096\"")), "");
    EXPECT_EQ(mistake_in(asking("\"NvSciBufPyramidAttrKey_Scale\": 0.5")), "");
    EXPECT_EQ(mistake_in(negotiation("{\"asks\": {}, \"of a later version\": 1}", ", \"other\": []")), "");
}

TEST_F(ExplainFileTest, MistakesHaveTheirLineAndPlace) {
    struct Case {
        std::string text;
        std::string said;
    };
    const std::string key = "participants[1].asks.NvSciBuf";
    const std::vector<Case> cases{
        {"", "file.json has no negotiation in it"},
        {" \n\n", "file.json has no negotiation in it"},
        {"\n[1]", "file.json:2: a JSON object must stand here"},
        {"{\n\"a\": 1", "file.json:1: the object that begins here has no end"},
        {"{\"a\": 1,\n \"b\": }", "file.json:2: syntax error"},
        {"{\"format_version\": 1, \"interface\": \"\xff\"}", "file.json:1: syntax error"},
        {"{\"format_version\": 1e999}", "file.json:1: number overflow parsing '1e999'"},
        {negotiation("{\"asks\": {}}") + " x", "file.json:4: a JSON object must stand here"},
        {"{}", "file.json:1: format_version: it is missing, and must be 1"},
        {"{\"format_version\": 2}", "file.json:1: format_version: it must be 1"},
        {"{\"format_version\": \"1\"}", "file.json:1: format_version: it must be 1"},
        {"{\"format_version\": 1, \"interface\": \"NvSciIpc\"}", "not \"NvSciIpc\""},
        {"{\"format_version\": 1, \"interface\": 5}", "interface: it must be a string"},
        {"{\"format_version\": 1, \"interface\": \"NvSciBuf\"}", "participants: it must be an array"},
        {negotiation(""), "participants: it must be an array with an object for each participant"},
        {negotiation("5"), "participants[0]: it must be an object"},
        {negotiation("{}"), "participants[0].asks: it must be an object"},
        {negotiation("{\"name\": 1, \"asks\": {}}"), "file.json:4: participants[0].name: it must be a string"},
        {negotiation("{\"peer\": [], \"asks\": {}}"), "file.json:4: participants[0].peer: it must be a string"},
        {negotiation("{\"asks\": {}}", ", \"call\": 1"), "call: it must be an object"},
        {negotiation("{\"asks\": {}}", ", \"process\": \"x\""), "process: it must be an object"},
        {negotiation("{\"asks\": {}}", ", \"time\": 5"), "time: it must be a string"},
        {negotiation("{\"asks\": {}}", ", \"report\": {}"), "report.outcome: it must be"},
        {negotiation("{\"asks\": {}}", ", \"report\": {\"outcome\": \"granted\", \"deciding_key\": 1}"),
         "report.deciding_key: it must be a string"},
        {asking("\"NvSciBufRawBufferAttrKey_Sise\": 1"),
         "file.json:6: " + key +
             "RawBufferAttrKey_Sise: there is no key 'NvSciBufRawBufferAttrKey_Sise'; did you mean "
             "'NvSciBufRawBufferAttrKey_Size'?"},
        {asking("\"NvSciSyncAttrKey_RequiredPerm\": 1"),
         "NvSciSyncAttrKey_RequiredPerm is a key of NvSciSync, and the interface here is NvSciBuf"},
        {asking("\"NvSciBufGeneralAttrKey_RequiredPerm\": \"ReadWrit\""), "did you mean 'ReadWrite'?"},
        {asking("\"NvSciBufRawBufferAttrKey_Size\": -1"), "'-1' is no value of it"},
        {asking("\"NvSciBufRawBufferAttrKey_Size\": 99999999999999999999999"), "is no value of it"},
        {asking("\"NvSciBufRawBufferAttrKey_Size\": [1, 2]"), "is no value of it"},
        {asking("\"NvSciBufRawBufferAttrKey_Size\": null"), "it must be a number, true, false, a string, or an array"},
        {asking("\"NvSciBufRawBufferAttrKey_Size\": [[1]]"), "it must be a number, true, false, a string, or an array"},
        {asking("\"NvSciBufRawBufferAttrKey_Size\": []"), "the array is empty"},
        {asking("\"NvSciBufRawBufferAttrKey_Size\": 1,\n\"NvSciBufRawBufferAttrKey_Size\": 2"),
         "file.json:7: " + key + "RawBufferAttrKey_Size stands here twice"},
        {asking("\"NvSciBufImageAttrKey_PlaneWidth\": [1, 2, 3, 4]"), "there are too many values, it takes at most 3"},
        {std::string(100000, '{'), "more than 32 levels deep"},
        {"{\"a\":" + std::string(40, '[') + std::string(40, ']') + "}", "more than 32 levels deep"},
        {"{\"a\": \"" + std::string(std::size_t{17} << 20U, 'x') + "\"}", "the limit is"},
        {"{\"" + std::string(1025, 'x') + "\": 1}", "a name in it has more than 1024 bytes"},
        {asking("\"NvSciBufRawBufferAttrKey_Size\": 18446744073709551616"),
         "Size: '18446744073709551616' is no value of it"},
    };
    for (const Case& one : cases)
        EXPECT_NE(mistake_in(one.text).find(one.said), std::string::npos)
            << one.text.substr(0, 200) << "\nsays: " << mistake_in(one.text) << "\nwanted: " << one.said;
    std::string many = "{\"asks\": {}}";
    for (int i = 0; i < 1024; ++i)
        many += ", {\"asks\": {}}";
    EXPECT_NE(mistake_in(negotiation(many)).find("there are 1025, the limit is 1024"), std::string::npos);
}

// The parser would take hours for a file of 16 MiB of members.
TEST_F(ExplainFileTest, MembersAreLimited) {
    const auto of = [](const std::string& one, std::size_t count, bool is_array) {
        std::string text;
        for (std::size_t i = 0; i < count; ++i)
            text += (i == 0 ? "" : ",") + (is_array ? one : "\"k" + std::to_string(i) + "\":" + one);
        return (is_array ? "[" : "{") + text + (is_array ? "]" : "}");
    };
    const auto file = [&](const std::string& value) { return negotiation("{\"asks\": {}}", ", \"other\": " + value); };
    for (const bool is_array : {false, true}) {
        EXPECT_EQ(mistake_in(file(of("{\"a\":1}", 2048, is_array))), "");
        const auto begin = std::chrono::steady_clock::now();
        EXPECT_NE(mistake_in(file(of("{\"a\":1}", 500000, is_array))).find("more than 2048 members"),
                  std::string::npos);
        EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(5));
    }
}

// Another process wrote behind a line of a program that met a full disk.
TEST_F(ExplainFileTest, ACutFirstLineHidesNoOther) {
    const std::string whole = R"({"format_version":1,"interface":"NvSciBuf","participants":[{"asks":{}}]})";
    for (std::size_t kept = 1; kept < whole.size(); ++kept) {
        write_file("cut.json", whole.substr(0, kept) + '\n' + whole + '\n' + whole + '\n');
        const auto file = read_negotiations((folder_ / "cut.json").string());
        ASSERT_TRUE(file) << kept << ": " << file.error().text;
        EXPECT_EQ(file->negotiations.size(), 2U) << kept;
        EXPECT_EQ(file->mistakes.size(), 1U) << kept;
    }
    // Objects over several lines may begin in the same way.
    const std::string lines = "{\"format_version\":1,\n\"interface\":\"NvSciBuf\",\"participants\":[{\"asks\":{}}]}\n";
    EXPECT_EQ(mistake_in(lines + lines), "");
    std::string broken = whole + '\n';
    for (int i = 0; i < 1000; ++i)
        broken += "{\n";
    write_file("broken.json", broken);
    const Outcome told = run("explain broken.json");
    EXPECT_EQ(count(told.output, "the line is cut off"), 5);
    EXPECT_TRUE(has(told, "995 more negotiations cannot be read, and are left out")) << told.output;
}

// What only the list itself refuses.
TEST_F(ExplainFileTest, ValuesThatAListDoesNotTakeHaveTheirPlaceToo) {
    struct Case {
        const char* ask;
        const char* said;
    };
    for (const Case& one : {Case{"\"NvSciBufRawBufferAttrKey_Size\": 4096",
                                 "file.json:6: participants[1].asks.NvSciBufRawBufferAttrKey_Size: "},
                            Case{"\"NvSciBufImageAttrKey_PlaneOffset\": 0",
                                 "file.json:6: participants[1].asks.NvSciBufImageAttrKey_PlaneOffset: an output-only"},
                            Case{"\"NvSciBufGeneralAttrKey_Types\": \"MaxValid\"",
                                 "participants[1].asks.NvSciBufGeneralAttrKey_Types: "}}) {
        write_file("file.json", asking(one.ask));
        const Outcome refused = run("explain file.json");
        EXPECT_EQ(refused.exit_code, 2) << refused.output;
        EXPECT_TRUE(has(refused, one.said)) << refused.output;
    }
}

TEST_F(ExplainFileTest, NamesCannotSteerTheTerminalNorBeTooLong) {
    write_file("file.json", negotiation("{\"name\": \"\\u001b[31mred\", \"asks\": {}}, {\"name\": \"" +
                                        std::string(300, 'n') + "\", \"asks\": {}}, {\"name\": \"" +
                                        std::string(40, 'x') + "ääääääääääääääääääää\", \"asks\": {}}"));
    const Outcome shown = run("explain --all file.json");
    EXPECT_EQ(shown.exit_code, 1) << "nobody asks for anything";
    EXPECT_EQ(shown.output.find('\033'), std::string::npos);
    EXPECT_TRUE(has(shown, std::string(60, 'n') + "…")) << shown.output;
    const auto file = read_negotiations((folder_ / "file.json").string());
    ASSERT_TRUE(file) << file.error().text;
    EXPECT_EQ(file->negotiations[0].participants[0].name, "?[31mred");
    for (const Wishes& wishes : file->negotiations[0].participants) {
        EXPECT_LE(wishes.name.size(), 63U);
        EXPECT_EQ(printable(wishes.name), wishes.name) << "no character was cut";
    }
}

// The library tells by its name whether a list is of a peer, so the end of the name is not what is cut.
TEST_F(ExplainFileTest, ALongNameOfAPeerStaysOneOfAPeer) {
    const std::string name = "{\"name\": \"" + std::string(56, 'y') + "\", ";
    const std::string peer = "\"peer\": \"nvscisync_a_1\", ";
    const std::string captured =
        "{\"name\": \"" + std::string(60, 'z') + " at peer " + std::string(90, 'e') + "\", \"asks\": {}}";
    write_file("file.json", negotiation(name + peer + "\"asks\": {}}, " + name + peer + "\"asks\": {}}, " + captured));
    const auto file = read_negotiations((folder_ / "file.json").string());
    ASSERT_TRUE(file) << file.error().text;
    const std::vector<Wishes>& all = file->negotiations[0].participants;
    EXPECT_TRUE(all[0].name.starts_with("yyyyyyyyyyyy"));
    EXPECT_TRUE(all[0].name.ends_with("… (list 1) at peer nvscisync_a_1")) << all[0].name;
    EXPECT_TRUE(all[1].name.ends_with("… (list 2) at peer nvscisync_a_1")) << all[1].name;
    EXPECT_NE(all[2].name.find("… at peer eeee"), std::string::npos) << all[2].name;
    for (const Wishes& wishes : all) {
        EXPECT_LE(wishes.name.size(), 63U) << wishes.name;
        EXPECT_EQ(printable(wishes.name), wishes.name) << "no character was cut";
    }
}

TEST_F(ExplainFileTest, FilesThatCannotBeReadAreTold) {
    for (const char* arguments :
         {"explain nothing.json", "explain .", "explain", "explain a b", "explain x --json --why Size",
          "explain x --all --json", "explain x --only 0", "explain x --force", "explain x --html - --json"}) {
        const Outcome told = run(arguments);
        EXPECT_EQ(told.exit_code, 2) << arguments << '\n' << told.output;
        EXPECT_TRUE(has(told, "opennvsci: ")) << told.output;
    }
}

// Every beginning of a good file, and every file with a byte changed, is read or told, and nothing else happens.
TEST_F(ExplainFileTest, DamagedFilesEndInWords) {
    const std::string good = asking(
        "\"NvSciBufRawBufferAttrKey_Size\": [4096], \"NvSciBufGeneralAttrKey_GpuId\": "
        "\"GPU-3b36f6cb-faca-8ce0-8370-7b9853d9e58d\"");
    int read = 0;
    for (std::size_t at = 0; at < good.size(); ++at) {
        if (mistake_in(good.substr(0, at)).empty()) ++read;
        for (const char byte : {'\0', '"', '{', '\xff', '9'}) {
            std::string damaged = good;
            damaged[at] = byte;
            static_cast<void>(mistake_in(damaged));
        }
    }
    EXPECT_EQ(read, 0);
}

TEST(JsonObjectsTest, GoesOnBehindALineThatWasCutOff) {
    JsonObjects objects("{\"a\": 1}\n{\"a\": \n\n{\"a\": 3}\n", "file", "");
    const auto expect_next = [&](int wanted) {
        const auto object = objects.next();
        ASSERT_TRUE(object && *object);
        EXPECT_EQ((*object)->fields["a"], wanted);
    };
    expect_next(1);
    const auto cut = objects.next();
    ASSERT_FALSE(cut);
    EXPECT_EQ(cut.error().text, "file:2: the line is cut off");
    expect_next(3);
    const auto end = objects.next();
    ASSERT_TRUE(end);
    EXPECT_FALSE(*end);
}

}  // namespace
}  // namespace opennvsci::tool
