// SPDX-License-Identifier: Apache-2.0
//
// What the tests of NvSciIpc share: a folder and a configuration of their own, endpoints that close themselves, and a
// fixture that is run over both kinds of channel.
#pragma once

#include <gtest/gtest.h>
#include <poll.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <utility>

#include "api/handles.h"
#include "ipc/endpoint.h"
#include "leak_check.h"
#include "nvsciipc.h"
#include "opennvsci.h"

namespace opennvsci::test {

// The events of an endpoint.
inline constexpr std::uint32_t kRead = NV_SCI_IPC_EVENT_READ;
inline constexpr std::uint32_t kWrite = NV_SCI_IPC_EVENT_WRITE;
inline constexpr std::uint32_t kEst = NV_SCI_IPC_EVENT_CONN_EST;
inline constexpr std::uint32_t kReset = NV_SCI_IPC_EVENT_CONN_RESET;
inline constexpr std::uint32_t kEmpty = NV_SCI_IPC_EVENT_WRITE_EMPTY;

inline constexpr NvSciError kIpcSuccess = NvSciError_Success;

/// A folder for endpoints and a configuration file, until the end of the object.
class IpcPlace {
  public:
    IpcPlace() {
        std::string name = (std::filesystem::temp_directory_path() / "opennvsci-test-XXXXXX").string();
        if (::mkdtemp(name.data()) == nullptr) std::abort();
        folder_ = name;
        ::setenv("OPENNVSCI_RUNTIME_DIR", (folder_ / "run").c_str(), 1);
        configure(
            "INTER_THREAD thread_0 thread_1 4 128\n"
            "INTER_PROCESS process_0 process_1 4 128\n"
            "INTER_VM vm_0 7\n");
    }
    ~IpcPlace() {
        ::unsetenv("OPENNVSCI_RUNTIME_DIR");
        ::unsetenv("OPENNVSCI_IPC_CFG");
        std::filesystem::remove_all(folder_);
    }
    void configure(const std::string& text) const {
        std::ofstream(folder_ / "nvsciipc.cfg") << text;
        ::setenv("OPENNVSCI_IPC_CFG", (folder_ / "nvsciipc.cfg").c_str(), 1);
    }
    [[nodiscard]] const std::filesystem::path& folder() const noexcept { return folder_; }
    [[nodiscard]] std::filesystem::path runtime() const { return folder_ / "run"; }

  private:
    std::filesystem::path folder_;
};

class OpenEndpoint {
  public:
    OpenEndpoint() = default;
    explicit OpenEndpoint(const std::string& name) {
        EXPECT_EQ(NvSciIpcOpenEndpoint(name.c_str(), &handle_), kIpcSuccess) << opennvsciGetLastErrorText();
    }
    OpenEndpoint(OpenEndpoint&& other) noexcept : handle_(std::exchange(other.handle_, 0)) {}
    OpenEndpoint& operator=(OpenEndpoint&& other) noexcept {
        std::swap(handle_, other.handle_);
        return *this;
    }
    ~OpenEndpoint() { close(); }
    void close() {
        if (handle_ == 0) return;
        EXPECT_EQ(NvSciIpcCloseEndpointSafe(std::exchange(handle_, 0), false), kIpcSuccess);
    }
    [[nodiscard]] NvSciIpcEndpoint get() const noexcept { return handle_; }
    operator NvSciIpcEndpoint() const noexcept { return handle_; }  // NOLINT(google-explicit-constructor)

    [[nodiscard]] std::uint32_t events() const {
        std::uint32_t bits = 0;
        EXPECT_EQ(NvSciIpcGetEventSafe(handle_, &bits), kIpcSuccess) << opennvsciGetLastErrorText();
        return bits;
    }
    void reset() const { EXPECT_EQ(NvSciIpcResetEndpointSafe(handle_), kIpcSuccess) << opennvsciGetLastErrorText(); }
    [[nodiscard]] NvSciError write(const std::string& text) const {
        std::uint32_t bytes = 0;
        return NvSciIpcWriteSafe(handle_, text.data(), static_cast<std::uint32_t>(text.size()), &bytes);
    }
    /// The text of the next frame, up to its first 0; "(CODE)" if there is none.
    [[nodiscard]] std::string read() const {
        char buffer[128] = {};
        std::uint32_t bytes = 0;
        const NvSciError code = NvSciIpcReadSafe(handle_, buffer, sizeof(buffer), &bytes);
        if (code != kIpcSuccess) return "(" + std::to_string(code) + ")";
        EXPECT_EQ(bytes, sizeof(buffer));
        return std::string(buffer, ::strnlen(buffer, sizeof(buffer)));
    }
    [[nodiscard]] int descriptor() const {
        std::int32_t fd = -1;
        EXPECT_EQ(NvSciIpcGetLinuxEventFd(handle_, &fd), kIpcSuccess);
        return fd;
    }
    [[nodiscard]] bool is_readable(int milliseconds = 0) const {
        pollfd asked{descriptor(), POLLIN, 0};
        return ::poll(&asked, 1, milliseconds) == 1;
    }
    [[nodiscard]] std::shared_ptr<ipc::Endpoint> inner() const { return *api::endpoints().acquire(handle_); }

  private:
    NvSciIpcEndpoint handle_ = 0;
};

/// Lets both ends look until neither has anything new; the bits that each saw.
inline std::pair<std::uint32_t, std::uint32_t> settle(const OpenEndpoint& one, const OpenEndpoint& other) {
    std::pair<std::uint32_t, std::uint32_t> seen{0, 0};
    for (int i = 0; i < 6; ++i) {
        seen.first |= one.events();
        seen.second |= other.events();
    }
    return seen;
}

inline void connect(const OpenEndpoint& one, const OpenEndpoint& other) {
    one.reset();
    other.reset();
    const auto seen = settle(one, other);
    EXPECT_NE(seen.first & NV_SCI_IPC_EVENT_CONN_EST, 0U);
    EXPECT_NE(seen.second & NV_SCI_IPC_EVENT_CONN_EST, 0U);
}

class IpcTest : public LeakCheckedTest {
  protected:
    IpcTest() { EXPECT_EQ(NvSciIpcInit(), kIpcSuccess) << opennvsciGetLastErrorText(); }
    ~IpcTest() override { NvSciIpcDeinit(); }
    IpcPlace place_;
};

/// Over a channel between threads and one between processes; the parameter is the beginning of its endpoints' names.
class ChannelTest : public IpcTest, public ::testing::WithParamInterface<const char*> {
  protected:
    [[nodiscard]] static std::string name(int side) { return std::string(GetParam()) + "_" + std::to_string(side); }
};
#define OPENNVSCI_FOR_EACH_CHANNEL(suite)                                     \
    INSTANTIATE_TEST_SUITE_P(, suite, ::testing::Values("thread", "process"), \
                             [](const auto& each) { return std::string(each.param); })

/// Both ends open and connected.
class ConnectedTest : public ChannelTest {
  protected:
    void SetUp() override {
        a_ = OpenEndpoint(name(0));
        b_ = OpenEndpoint(name(1));
        connect(a_, b_);
    }
    void TearDown() override {
        a_.close();
        b_.close();
        ChannelTest::TearDown();
    }
    OpenEndpoint a_;
    OpenEndpoint b_;
};

}  // namespace opennvsci::test
