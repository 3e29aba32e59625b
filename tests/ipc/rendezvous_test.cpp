// SPDX-License-Identifier: Apache-2.0
//
// Where endpoints find each other: the folder, who may stand in it, and who owns an endpoint (src/ipc/rendezvous.h).
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>

#include "channel.h"
#include "ipc/runtime_folder.h"
#include "own_process.h"

namespace opennvsci::test {
namespace {

namespace fs = std::filesystem;

class RendezvousTest : public IpcTest {
  protected:
    [[nodiscard]] static NvSciError open_code(const char* name = "process_0") {
        NvSciIpcEndpoint handle = 0;
        const NvSciError code = NvSciIpcOpenEndpoint(name, &handle);
        if (code == kIpcSuccess) NvSciIpcCloseEndpoint(handle);
        return code;
    }
    [[nodiscard]] static std::string why() { return opennvsciGetLastErrorText(); }
};

TEST_F(RendezvousTest, TheFolderIsMadeForItsUserAlone) {
    const OpenEndpoint a("process_0");
    struct stat status {};
    ASSERT_EQ(::stat(place_.runtime().c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 0777, 0700U);
    EXPECT_EQ(status.st_uid, ::geteuid());
}

TEST_F(RendezvousTest, AFolderThatOthersCanWriteToIsRefused) {
    fs::create_directory(place_.runtime());
    for (const mode_t mode : {0770, 0707, 0777}) {
        ::chmod(place_.runtime().c_str(), mode);
        EXPECT_EQ(open_code(), NvSciError_NotPermitted);
        EXPECT_NE(why().find("chmod go-w"), std::string::npos) << why();
    }
    ::chmod(place_.runtime().c_str(), 0755);
    EXPECT_EQ(open_code(), kIpcSuccess);
}

TEST_F(RendezvousTest, AFolderOfSomebodyElseIsRefused) {
    fs::create_directory(place_.runtime());
    if (::chown(place_.runtime().c_str(), 12345, static_cast<gid_t>(-1)) != 0) GTEST_SKIP() << "needs root";
    EXPECT_EQ(open_code(), NvSciError_NotPermitted);
    EXPECT_NE(why().find("belongs to user 12345"), std::string::npos) << why();
    ::setenv("OPENNVSCI_IPC_ALLOWED_UIDS", "7, 12345", 1);
    EXPECT_EQ(open_code(), kIpcSuccess) << why();
    ::setenv("OPENNVSCI_IPC_ALLOWED_UIDS", "7, camera", 1);
    EXPECT_EQ(open_code(), NvSciError_NotPermitted);
    EXPECT_NE(why().find("camera"), std::string::npos) << why();
    ::unsetenv("OPENNVSCI_IPC_ALLOWED_UIDS");
}

TEST_F(RendezvousTest, ALinkToAFolderIsRefusedAndSoIsAFile) {
    fs::create_directory(place_.folder() / "real");
    fs::create_directory_symlink(place_.folder() / "real", place_.runtime());
    EXPECT_EQ(open_code(), NvSciError_NotPermitted);
    fs::remove(place_.runtime());
    std::ofstream(place_.runtime()) << "a file";
    EXPECT_EQ(open_code(), NvSciError_NotPermitted);
}

TEST_F(RendezvousTest, ALockFileThatIsALinkIsNotFollowed) {
    fs::create_directory(place_.runtime());
    ::chmod(place_.runtime().c_str(), 0700);
    std::ofstream(place_.folder() / "target") << "precious";
    fs::create_symlink(place_.folder() / "target", place_.runtime() / "process_0.lock");
    EXPECT_NE(open_code(), kIpcSuccess);
    EXPECT_EQ(fs::file_size(place_.folder() / "target"), 8U);
}

TEST_F(RendezvousTest, WhatADeadOwnerLeftIsReplaced) {
    { const OpenEndpoint a("process_0"); }
    // A socket file that nobody listens at, as a crash leaves it, of this end and of the peer's.
    for (const char* name : {"process_0.sock", "process_1.sock"}) {
        const UniqueFd socket(::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0));
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        const std::string path = (place_.runtime() / name).string();
        ASSERT_LT(path.size(), sizeof(address.sun_path));
        std::memcpy(address.sun_path, path.c_str(), path.size());
        ASSERT_EQ(::bind(socket.get(), reinterpret_cast<sockaddr*>(&address), sizeof(address)), 0);
    }
    const OpenEndpoint a("process_0");
    const OpenEndpoint b("process_1");
    connect(a, b);
}

TEST_F(RendezvousTest, ADescriptionOfTheEndpointLiesInItsLockFile) {
    const auto text = [&] {
        std::ifstream file(place_.runtime() / "process_0.lock");
        return std::string(std::istreambuf_iterator<char>(file), {});
    };
    // Read by another process: closing any descriptor of a lock file ends this process's lock.
    const auto text_elsewhere = [&] { return in_forked_child(text).bytes; };
    {
        const OpenEndpoint a("process_0");
        EXPECT_NE(text_elsewhere().find("state closed\n"), std::string::npos);
        a.reset();
        EXPECT_NE(text_elsewhere().find("endpoint process_0\npid " + std::to_string(::getpid()) + "\nstate sync\n"),
                  std::string::npos);
        const OpenEndpoint b("process_1");
        b.reset();
        settle(a, b);
        EXPECT_NE(text_elsewhere().find("state established\n"), std::string::npos);
    }
    EXPECT_NE(text().find("state closed\n"), std::string::npos);
}

TEST_F(RendezvousTest, OddNamesAreNamesOfFilesInTheFolder) {
    EXPECT_EQ(ipc::file_stem("ipc_test_0"), "ipc_test_0");
    EXPECT_EQ(ipc::file_stem(".."), "%2E%2E");
    EXPECT_EQ(ipc::file_stem("a/b"), "a%2Fb");
    const std::string longest(63, '/');
    const std::string other = std::string(62, '/') + ".";
    EXPECT_LE(ipc::file_stem(longest).size(), 80U);
    EXPECT_NE(ipc::file_stem(longest), ipc::file_stem(other));
    NvSciIpcDeinit();
    place_.configure("INTER_PROCESS ../evil /etc/passwd 2 64\nINTER_PROCESS " + longest + " " + other + " 2 64");
    ASSERT_EQ(NvSciIpcInit(), kIpcSuccess);
    for (const auto& [one, two] :
         {std::pair<std::string, std::string>{"../evil", "/etc/passwd"}, std::pair{longest, other}}) {
        const OpenEndpoint a(one);
        const OpenEndpoint b(two);
        connect(a, b);
    }
    EXPECT_FALSE(fs::exists(place_.folder() / "evil.lock"));
}

TEST_F(RendezvousTest, AProcessThatMayWriteNoFilesOpensEndpoints) {
    EXPECT_EQ(findings_of_forked_child([](Findings& findings) {
                  const rlimit none{0, 0};
                  ::setrlimit(RLIMIT_FSIZE, &none);
                  NvSciIpcEndpoint handle = 0;
                  findings.check(NvSciIpcOpenEndpoint("process_0", &handle) == kIpcSuccess,
                                 opennvsciGetLastErrorText());
              }),
              "");
}

TEST_F(RendezvousTest, AnEndpointIsOpenOnceInTheSystem) {
    const OpenEndpoint a("process_0");
    EXPECT_EQ(findings_of_forked_child([](Findings& findings) {
                  NvSciIpcEndpoint handle = 1;
                  findings.check(NvSciIpcOpenEndpoint("process_0", &handle) == NvSciError_Busy, "not busy");
                  findings.check(handle == 0, "a handle");
                  const std::string text = opennvsciGetLastErrorText();
                  findings.check(text.find("process " + std::to_string(::getppid())) != std::string::npos, text);
              }),
              "");
    // The attempt has not taken the lock away.
    EXPECT_EQ(findings_of_forked_child([](Findings& findings) {
                  NvSciIpcEndpoint handle = 0;
                  findings.check(NvSciIpcOpenEndpoint("process_0", &handle) == NvSciError_Busy, "not busy any more");
              }),
              "");
    EXPECT_EQ(open_code(), NvSciError_Busy);
    EXPECT_EQ(open_code(), NvSciError_Busy) << "the attempt of this process has not taken it away either";
}

TEST_F(RendezvousTest, ChannelsBetweenThreadsAreEachProcesssOwn) {
    const OpenEndpoint a("thread_0");
    EXPECT_EQ(findings_of_forked_child([](Findings& findings) {
                  NvSciIpcEndpoint handle = 0;
                  findings.check(NvSciIpcOpenEndpoint("thread_0", &handle) == kIpcSuccess, opennvsciGetLastErrorText());
                  findings.check(NvSciIpcOpenEndpoint("thread_1", &handle) == kIpcSuccess, opennvsciGetLastErrorText());
              }),
              "");
}

TEST_F(RendezvousTest, AForkedChildDoesNotKeepTheEndpointNorUseIt) {
    for (const char* name : {"process", "thread"}) {
        OpenEndpoint a(std::string(name) + "_0");
        OpenEndpoint b(std::string(name) + "_1");
        connect(a, b);
        const auto link = *b.inner()->link();
        std::array<int, 2> gate{};
        ASSERT_EQ(::pipe(gate.data()), 0);
        const pid_t child = ::fork();
        if (child == 0) {
            std::uint32_t bits = 0;
            std::int32_t bytes = 0;
            char frame[64] = {};
            const bool is_refused = NvSciIpcGetEvent(a, &bits) == NvSciError_InvalidState &&
                                    NvSciIpcGetLinuxEventFd(a, &bytes) == NvSciError_InvalidState &&
                                    NvSciIpcRead(a, frame, 64, &bytes) == NvSciError_InvalidState &&
                                    NvSciIpcWrite(a, frame, 64, &bytes) == NvSciError_InvalidState &&
                                    NvSciIpcResetEndpointSafe(a) == NvSciError_InvalidState && !a.inner()->link();
            NvSciIpcCloseEndpoint(a);  // ends nothing
            ::close(gate[1]);
            char end = 0;
            while (::read(gate[0], &end, 1) > 0) {
            }
            _exit(is_refused ? 0 : 1);
        }
        EXPECT_EQ(a.write("the parent goes on"), kIpcSuccess);
        EXPECT_EQ(b.read(), "the parent goes on");
        EXPECT_TRUE(link->is_peer_alive());
        a.close();
        // The child gives its copy back before its first statement, which may be a moment after this one.
        pollfd watched{link->watch_descriptor(), 0, 0};
        EXPECT_EQ(::poll(&watched, 1, 10'000), 1) << "the child holds the socket";
        EXPECT_FALSE(link->is_peer_alive());
        a = OpenEndpoint(std::string(name) + "_0");
        EXPECT_NE(a.get(), 0U) << "the child holds the lock";
        ::close(gate[0]);
        ::close(gate[1]);
        int status = -1;
        ASSERT_EQ(::waitpid(child, &status, 0), child);
        EXPECT_EQ(status, 0);
    }
}

TEST_F(RendezvousTest, ClosingRemovesTheSocketOfThisEndpointAndNoOther) {
    OpenEndpoint a("process_0");
    const fs::path first = place_.runtime();
    const fs::path second = place_.folder() / "second";
    fs::create_directory(second);
    ::chmod(second.c_str(), 0700);
    std::ofstream(second / "process_0.sock") << "another's";
    ::setenv("OPENNVSCI_RUNTIME_DIR", second.c_str(), 1);
    EXPECT_TRUE(fs::exists(first / "process_0.sock"));
    a.close();
    EXPECT_FALSE(fs::exists(first / "process_0.sock"));
    EXPECT_TRUE(fs::exists(second / "process_0.sock"));
}

TEST_F(RendezvousTest, APathLongerThanASocketsAddressWorks) {
    const fs::path deep = place_.folder() / std::string(120, 'd');
    ::setenv("OPENNVSCI_RUNTIME_DIR", deep.c_str(), 1);
    const OpenEndpoint a("process_0");
    const OpenEndpoint b("process_1");
    connect(a, b);
}

}  // namespace
}  // namespace opennvsci::test
