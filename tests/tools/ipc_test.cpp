// SPDX-License-Identifier: Apache-2.0
//
// `opennvsci ipc`, while this process has endpoints open.
#include "nvsciipc.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <array>
#include <nlohmann/json.hpp>

#include "command.h"
#include "opennvsci.h"

namespace opennvsci::tool {
namespace {

class IpcCommandTest : public CommandTest {
  protected:
    void SetUp() override {
        CommandTest::SetUp();
        write_file("channels.cfg",
                   "INTER_PROCESS camera_0 camera_1 16 24576\n"
                   "INTER_THREAD thread_0 thread_1 4 64\n"
                   "INTER_PROCESS quiet_0 quiet_1 4 64\n"
                   "INTER_VM vm_0 7\n");
        ::setenv("OPENNVSCI_RUNTIME_DIR", (folder_ / "run").c_str(), 1);  // also of the command
        ::setenv("OPENNVSCI_IPC_CFG", (folder_ / "channels.cfg").c_str(), 1);
        ASSERT_EQ(NvSciIpcInit(), NvSciError_Success) << opennvsciGetLastErrorText();
    }
    void TearDown() override {
        NvSciIpcDeinit();  // closes what is open
        ::unsetenv("OPENNVSCI_RUNTIME_DIR");
        ::unsetenv("OPENNVSCI_IPC_CFG");
    }
    static NvSciIpcEndpoint open(const char* name) {
        NvSciIpcEndpoint endpoint = 0;
        EXPECT_EQ(NvSciIpcOpenEndpoint(name, &endpoint), NvSciError_Success) << opennvsciGetLastErrorText();
        return endpoint;
    }
    /// Connects both ends and writes two frames to the second one.
    static void connect(NvSciIpcEndpoint one, NvSciIpcEndpoint other) {
        std::uint32_t bits = 0;
        for (const NvSciIpcEndpoint end : {one, other})
            ASSERT_EQ(NvSciIpcResetEndpointSafe(end), NvSciError_Success);
        for (int i = 0; i < 6; ++i) {
            for (const NvSciIpcEndpoint end : {one, other})
                ASSERT_EQ(NvSciIpcGetEventSafe(end, &bits), NvSciError_Success);
        }
        std::uint32_t written = 0;
        for (int i = 0; i < 2; ++i)
            ASSERT_EQ(NvSciIpcWriteSafe(one, "frame", 5, &written), NvSciError_Success) << opennvsciGetLastErrorText();
    }
    [[nodiscard]] std::string head() const {
        return "channels  " + (folder_ / "channels.cfg").string() + "\nfolder    " + (folder_ / "run").string();
    }
    /// The owner's column: this process, whose name is cut.
    static std::string self() { return std::to_string(::getpid()) + " opennvsci_tool_"; }
};

TEST_F(IpcCommandTest, WithoutAnOpenEndpointTheChannelsAreListed) {
    const Outcome outcome = run("ipc");
    EXPECT_EQ(outcome.exit_code, 0);
    EXPECT_EQ(outcome.output, head() + R"( (nobody has made it yet)

no endpoint is open:
  INTER_PROCESS  camera_0  camera_1  16 x 24576
  INTER_THREAD   thread_0  thread_1      4 x 64  each process has its own
  INTER_PROCESS  quiet_0   quiet_1       4 x 64
  INTER_VM       vm_0                            does not work here
)");
}

TEST_F(IpcCommandTest, OpenChannelsAreListedFirstWithAllThatIsKnownOfBothEnds) {
    const NvSciIpcEndpoint camera = open("camera_0");
    open("thread_0");  // which is nobody else's business
    const std::string blank(self().size(), ' ');
    const std::string rule(self().size(), '-');
    const Outcome alone = run("ipc");
    EXPECT_EQ(alone.exit_code, 0);
    EXPECT_EQ(alone.output, head() +
                                "\n\n"
                                "  endpoint  peer          frames  owner" +
                                blank.substr(5) +
                                "  state      unread  parked\n"
                                "  --------  --------  ----------  " +
                                rule +
                                "  ---------  ------  ------\n"
                                "  camera_0  camera_1  16 x 24576  " +
                                self() +
                                "  not reset       0       0\n"
                                "  camera_1  camera_0  16 x 24576  -" +
                                blank.substr(1) +
                                "  not open        -       -\n"
                                "\n"
                                "not open:\n"
                                "  INTER_THREAD   thread_0  thread_1  4 x 64  each process has its own\n"
                                "  INTER_PROCESS  quiet_0   quiet_1   4 x 64\n"
                                "  INTER_VM       vm_0                        does not work here\n");

    connect(camera, open("camera_1"));
    const Outcome both = run("ipc");
    EXPECT_TRUE(has(both, "  camera_0  camera_1  16 x 24576  " + self() + "  connected       0       0\n"))
        << both.output;
    EXPECT_TRUE(has(both, "  camera_1  camera_0  16 x 24576  " + self() + "  connected       2       0\n"))
        << both.output;
    ASSERT_EQ(NvSciIpcCloseEndpointSafe(camera, false), NvSciError_Success);
    EXPECT_TRUE(has(run("ipc"), "  peer gone       2       0\n"));
}

TEST_F(IpcCommandTest, JsonHasTheSame) {
    const NvSciIpcEndpoint camera = open("camera_0");
    connect(camera, open("camera_1"));
    const Outcome outcome = run("ipc --json");
    ASSERT_EQ(outcome.exit_code, 0) << outcome.output;
    const auto json = nlohmann::json::parse(outcome.output);
    EXPECT_EQ(json["format_version"], 1);
    EXPECT_EQ(json["configuration"], (folder_ / "channels.cfg").string());
    EXPECT_EQ(json["folder"], (folder_ / "run").string());
    EXPECT_EQ(json["folder_exists"], true);
    ASSERT_EQ(json["channels"].size(), 4U);
    const auto end_with = [](const char* name, int unread) {
        return nlohmann::json{{"name", name},
                              {"state", "connected"},
                              {"owner_pid", ::getpid()},
                              {"owner_program", "opennvsci_tool_"},
                              {"unread_frames", unread},
                              {"parked_descriptors", 0}};
    };
    EXPECT_EQ(json["channels"][0], (nlohmann::json{{"kind", "INTER_PROCESS"},
                                                   {"frames", 16},
                                                   {"frame_size", 24576},
                                                   {"endpoints", {end_with("camera_0", 0), end_with("camera_1", 2)}}}));
    EXPECT_EQ(json["channels"][3]["endpoints"][0], (nlohmann::json{{"name", "vm_0"},
                                                                   {"state", "unknown"},
                                                                   {"owner_pid", nullptr},
                                                                   {"owner_program", nullptr},
                                                                   {"unread_frames", nullptr},
                                                                   {"parked_descriptors", nullptr}}));
    EXPECT_EQ(json["channels"][2]["endpoints"][0]["state"], "not_open");
}

TEST_F(IpcCommandTest, ChannelsThatTheCommandsConfigurationDoesNotNameAreListedToo) {
    open("quiet_1");
    write_file("other.cfg", "INTER_PROCESS a b 1 64\n");
    const Outcome outcome = run("ipc", "OPENNVSCI_IPC_CFG=other.cfg");
    EXPECT_TRUE(has(outcome, "  quiet_1   quiet_0  4 x 64  " + self() + "  not reset       0       0\n"))
        << outcome.output;
    EXPECT_TRUE(has(outcome, "  INTER_PROCESS  a  b  1 x 64\n")) << outcome.output;
}

TEST_F(IpcCommandTest, NamesThatWouldSteerATerminalDoNot) {
    write_file("odd.cfg", "INTER_PROCESS a\x1b[2J b\xc2\x9b 1 64\n");
    const Outcome text = run("ipc", "OPENNVSCI_IPC_CFG=odd.cfg");
    EXPECT_TRUE(has(text, "  INTER_PROCESS  a?[2J  b??  1 x 64\n")) << text.output;
    write_file("odd.cfg", "INTER_PROCESS a\xff b 1 64\n");
    const auto json = nlohmann::json::parse(run("ipc --json", "OPENNVSCI_IPC_CFG=odd.cfg").output);
    EXPECT_EQ(json["channels"][0]["endpoints"][0]["name"], "a\xef\xbf\xbd");
}

TEST_F(IpcCommandTest, AFolderThatCannotBeTrustedIsAFailureWithTheReason) {
    std::filesystem::create_directory(folder_ / "run");
    std::filesystem::permissions(folder_ / "run", std::filesystem::perms::all);
    const Outcome outcome = run("ipc");
    EXPECT_EQ(outcome.exit_code, 1);
    EXPECT_TRUE(has(outcome, "opennvsci: opennvsciIpcGetOverview failed: NvSciError_NotPermitted: ")) << outcome.output;
    EXPECT_TRUE(has(outcome, "chmod go-w")) << outcome.output;
}

}  // namespace
}  // namespace opennvsci::tool
