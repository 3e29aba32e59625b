// SPDX-License-Identifier: Apache-2.0
//
// What `opennvsci doctor` finds of what users set: variables, the runtime folder, channels, and libraries beside ours.
#include <sys/stat.h>
#include <unistd.h>

#include <string>
#include <utility>
#include <vector>

#include "command.h"
#include "doctor.h"
#include "doctor/environment.h"
#include "doctor/folder.h"
#include "doctor/own_libraries.h"
#include "variables.h"

namespace opennvsci::tool {
namespace {

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
    ChannelFacts facts{"", "/etc/nvsciipc.cfg", 3, {}, {}, ""};
    EXPECT_TRUE(is_fine(check_channels(facts)));
    facts.warnings = {"/etc/nvsciipc.cfg, line 2, is ignored: both ends are called a"};
    EXPECT_TRUE(tells(check_channels(facts), State::problem, "line 2"));
    facts.warnings.resize(100, "more");
    EXPECT_TRUE(tells(check_channels(facts), State::problem, "92 more lines"));
    facts = {"cannot be read", "", 0, {}, {}, ""};
    EXPECT_TRUE(tells(check_channels(facts), State::problem, "cannot be read"));
    facts.refused_folder = "/tmp/a";
    EXPECT_TRUE(tells(check_channels(facts), State::problem, "cannot be read")) << "something else than the folder";
    facts.failure = "others can write to the folder /tmp/a (chmod go-w)";
    EXPECT_TRUE(tells(check_channels(facts), State::note, "before the runtime folder"));
    EXPECT_FALSE(tells(check_channels(facts), State::note, "chmod")) << "which has said what to do";
    facts = {"", "/etc/nvsciipc.cfg", 1, {"vm_0"}, {}, ""};
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

}  // namespace
}  // namespace opennvsci::tool
