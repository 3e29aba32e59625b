// SPDX-License-Identifier: Apache-2.0
//
// The configuration of the channels (nvsciipc.md 3 and 11.2.1).
#include "ipc/configuration.h"

#include "channel.h"

namespace opennvsci::test {
namespace {

using ipc::Backend;
using ipc::Configuration;

struct Row {
    const char* what;
    const char* line;
    bool is_taken;
};

// Each line alone, behind one that takes the name "taken".
constexpr Row kRows[] = {
    {"blanks between the fields", "INTER_PROCESS a b 64 1536", true},
    {"tabs", "INTER_PROCESS\ta\tb\t64\t1536", true},
    {"commas, and one at the end", "INTER_PROCESS,a,b,64,1536,", true},
    {"commas and blanks", "  INTER_PROCESS , a , b , 64 , 1536 ", true},
    {"a comment behind", "INTER_THREAD a b 1 64 # smallest", true},
    {"the end of a line of DOS", "INTER_THREAD a b 1 64\r", true},
    {"leading zeros", "INTER_THREAD a b 0016 000128", true},
    {"the most frames", "INTER_THREAD a b 4096 64", true},
    {"the largest frame", "INTER_THREAD a b 1 1048576", true},
    {"a name of 63 characters", "INTER_THREAD a aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa 1 64",
     true},
    {"one field behind the name of another kind", "INTER_VM a 12", true},
    {"two", "INTER_CHIP_PCIE a 012 3,", true},
    {"none", "INTER_CHIP a", true},
    {"a kind that nobody knows", "INTER_PLANET a 1 2 3 4", true},

    {"a name of 64 characters", "INTER_THREAD a aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa 1 64",
     false},
    {"two names that are one", "INTER_THREAD a a 1 64", false},
    {"the name of a channel before, first", "INTER_THREAD taken a 1 64", false},
    {"the same, second", "INTER_THREAD a taken 1 64", false},
    {"the same, of another kind", "INTER_VM taken 4", false},
    {"no frames", "INTER_THREAD a b 0 64", false},
    {"too many frames", "INTER_THREAD a b 4097 64", false},
    {"a size of 0", "INTER_THREAD a b 1 0", false},
    {"a size that is no multiple of 64", "INTER_THREAD a b 1 100", false},
    {"a size that is too large", "INTER_THREAD a b 1 1048640", false},
    {"a number that is negative", "INTER_THREAD a b -1 64", false},
    {"a number beyond 32 bits", "INTER_THREAD a b 4294967297 64", false},
    {"a number with a letter", "INTER_THREAD a b 1 64k", false},
    {"a field too few", "INTER_THREAD a b 1", false},
    {"a field too many", "INTER_THREAD a b 1 64 7", false},
    {"one name", "INTER_THREAD a", false},
    {"a kind alone", "INTER_VM", false},
};

TEST(ConfigurationTest, EachLineIsTakenOrIgnoredAsTheGrammarSays) {
    for (const Row& row : kRows) {
        SCOPED_TRACE(row.what);
        ::testing::internal::CaptureStderr();
        const auto made =
            Configuration::parse(std::string("INTER_THREAD taken other 1 64\n") + row.line + "\n", "the file");
        const std::string said = ::testing::internal::GetCapturedStderr();
        EXPECT_EQ(made.channels().size(), row.is_taken ? 2U : 1U);
        EXPECT_EQ(static_cast<bool>(made.find("a")), row.is_taken);
        EXPECT_EQ(said.empty(), row.is_taken) << said;
        if (!row.is_taken) {
            EXPECT_NE(said.find("the file, line 2"), std::string::npos) << said;
            EXPECT_EQ(std::count(said.begin(), said.end(), '\n'), 1);
        }
    }
}

TEST(ConfigurationTest, EndsKnowTheirChannelAndEachOther) {
    const auto made = Configuration::parse("# channels\n\nINTER_PROCESS a b 16 24576\nINTER_THREAD c d 3 64", "");
    const auto b = made.find("b");
    ASSERT_TRUE(b);
    EXPECT_EQ(b->name(), "b");
    EXPECT_EQ(b->peer_name(), "a");
    EXPECT_EQ(b->side, 1);
    EXPECT_EQ(b->channel.frames, 16U);
    EXPECT_EQ(b->channel.frame_size, 24576U);
    EXPECT_EQ(b->channel.backend, Backend::process);
    EXPECT_EQ(made.find("d")->channel.backend, Backend::thread);
    EXPECT_EQ(made.find("e").error().code, NvSciError_NoSuchEntry);
    EXPECT_EQ(made.find("").error().code, NvSciError_NoSuchEntry);
}

class PlacesTest : public ::testing::Test {
  protected:
    PlacesTest() {
        ::unsetenv("OPENNVSCI_IPC_CFG");
        ::setenv("XDG_CONFIG_HOME", (place_.folder() / "xdg").c_str(), 1);
        ::setenv("HOME", (place_.folder() / "home").c_str(), 1);
    }
    ~PlacesTest() override {
        ::unsetenv("XDG_CONFIG_HOME");
        home_ == nullptr ? ::unsetenv("HOME") : ::setenv("HOME", home_text_.c_str(), 1);
    }
    void write(const std::string& file, const std::string& text) const {
        const auto path = place_.folder() / file;
        std::filesystem::create_directories(path.parent_path());
        std::ofstream(path) << text;
    }
    IpcPlace place_;

  private:
    const char* home_ = std::getenv("HOME");
    const std::string home_text_ = home_ == nullptr ? "" : home_;
};

TEST_F(PlacesTest, TheFileThatIsNamedComesBeforeTheUsersAndThatBeforeTheRest) {
    write("home/.config/opennvsci/nvsciipc.cfg", "INTER_THREAD home_0 home_1 1 64");
    write("xdg/opennvsci/nvsciipc.cfg", "INTER_THREAD xdg_0 xdg_1 1 64");
    EXPECT_TRUE(Configuration::load()->find("xdg_0"));
    ::unsetenv("XDG_CONFIG_HOME");
    EXPECT_TRUE(Configuration::load()->find("home_0"));
    place_.configure("INTER_THREAD named_0 named_1 1 64");
    EXPECT_TRUE(Configuration::load()->find("named_0"));
    EXPECT_FALSE(Configuration::load()->find("home_0"));
}

TEST_F(PlacesTest, WithoutAFileTheChannelsThatPublishedProgramsUseAreThere) {
    if (std::filesystem::exists("/etc/nvsciipc.cfg")) GTEST_SKIP() << "this machine has a configuration";
    const auto made = Configuration::load();
    ASSERT_TRUE(made);
    for (const char* name : {"ipc_test_0", "ipc_test_1", "ipc_test_a_0", "ipc_test_b_1", "ipc_test_c_0"}) {
        ASSERT_TRUE(made->find(name)) << name;
        EXPECT_EQ(made->find(name)->channel.frames, 64U);
        EXPECT_EQ(made->find(name)->channel.frame_size, 1536U);
        EXPECT_EQ(made->find(name)->channel.backend, Backend::process);
    }
    EXPECT_EQ(made->find("itc_test_0")->channel.backend, Backend::thread);
    EXPECT_EQ(made->find("itc_test_1")->channel.frame_size, 1536U);
    for (int i = 0; i < 16; ++i) {
        const auto end = made->find("nvscistream_" + std::to_string(i));
        ASSERT_TRUE(end) << i;
        EXPECT_EQ(end->peer_name(), "nvscistream_" + std::to_string(i ^ 1));
        EXPECT_EQ(end->channel.frames, 16U);
        EXPECT_EQ(end->channel.frame_size, 24576U);
    }
    for (const char* name : {"nvscisync_a_0", "nvscisync_d_1", "nvscibuf_ipc_A_B", "nvscibuf_ipc_E_B", "nvmap_sciipc_1",
                             "nvmap_sciipc_4"}) {
        ASSERT_TRUE(made->find(name)) << name;
        EXPECT_EQ(made->find(name)->channel.frame_size, 24576U);
    }
}

TEST_F(PlacesTest, ANamedFileThatCannotBeReadIsAnError) {
    for (const std::filesystem::path& path : {place_.folder() / "none", place_.folder()}) {
        ::setenv("OPENNVSCI_IPC_CFG", path.c_str(), 1);
        EXPECT_EQ(NvSciIpcInit(), NvSciError_NotPermitted);
        EXPECT_NE(std::string(opennvsciGetLastErrorText()).find(path.string()), std::string::npos)
            << opennvsciGetLastErrorText();
        NvSciIpcEndpoint handle = 1;
        EXPECT_EQ(NvSciIpcOpenEndpoint("ipc_test_0", &handle), NvSciError_NotInitialized);
    }
}

}  // namespace
}  // namespace opennvsci::test
