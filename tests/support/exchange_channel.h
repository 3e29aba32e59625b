// SPDX-License-Identifier: Apache-2.0
//
// Channel: both ends of a channel of NvSciIpc, open in this process. A test that holds both ends is two processes to
// the exchange of lists, objects and fences, because whose a list is follows from the link that it came by. Opening an
// end again gives a new link, as a process that was started again does.
//
// ExchangeFixture comes before a LeakCheckedTest in a fixture: what the channel holds is no leak, and is there before
// the counting begins.
#pragma once

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <utility>

#include "api/handles.h"
#include "nvsciipc.h"
#include "opennvsci.h"

namespace opennvsci::test {

class Channel {
  public:
    /// Opens NAME_0 and NAME_1.
    explicit Channel(std::string name = "itc_test") : name_(std::move(name)) {
        open(0);
        open(1);
        // What both ends make when they first meet is there from now on.
        EXPECT_TRUE(end(0).link());
        EXPECT_TRUE(end(1).link_from(end(0).instance()));
        EXPECT_TRUE(end(0).link_from(end(1).instance()));
    }
    Channel(const Channel&) = delete;
    Channel& operator=(const Channel&) = delete;
    ~Channel() {
        close(0);
        close(1);
    }

    /// The end of the process of this side, 0 or 1.
    [[nodiscard]] NvSciIpcEndpoint operator[](int side) const { return handles_[side]; }
    [[nodiscard]] std::uint64_t session() const { return (*end(0).link())->session(); }

    void open_again(int side) {
        close(side);
        open(side);
    }
    /// Nothing, if that end is closed already.
    void close(int side) {
        if (handles_[side] == 0) return;
        EXPECT_EQ(NvSciIpcCloseEndpointSafe(std::exchange(handles_[side], 0), false), NvSciError_Success);
    }

  private:
    void open(int side) {
        const std::string name = name_ + "_" + std::to_string(side);
        EXPECT_EQ(NvSciIpcOpenEndpoint(name.c_str(), &handles_[side]), NvSciError_Success)
            << opennvsciGetLastErrorText();
    }
    [[nodiscard]] ipc::Endpoint& end(int side) const { return **api::endpoints().acquire(handles_[side]); }

    std::string name_;
    NvSciIpcEndpoint handles_[2] = {0, 0};
};

/// NvSciIpc with a folder of its own and the channels of these tests: itc_* between threads, ipc_* between processes.
class IpcSetUp {
  public:
    IpcSetUp() {
        std::string name = (std::filesystem::temp_directory_path() / "opennvsci-test-XXXXXX").string();
        if (::mkdtemp(name.data()) == nullptr) std::abort();
        folder_ = name;
        {
            std::ofstream file(folder_ / "nvsciipc.cfg");
            for (const char* channel : {"test", "other", "upper", "first", "second"}) {
                file << "INTER_THREAD itc_" << channel << "_0 itc_" << channel << "_1 4 24576\n";
                file << "INTER_PROCESS ipc_" << channel << "_0 ipc_" << channel << "_1 4 24576\n";
            }
        }
        ::setenv("OPENNVSCI_RUNTIME_DIR", (folder_ / "run").c_str(), 1);
        ::setenv("OPENNVSCI_IPC_CFG", (folder_ / "nvsciipc.cfg").c_str(), 1);
        EXPECT_EQ(NvSciIpcInit(), NvSciError_Success) << opennvsciGetLastErrorText();
    }
    IpcSetUp(const IpcSetUp&) = delete;
    IpcSetUp& operator=(const IpcSetUp&) = delete;
    ~IpcSetUp() {
        NvSciIpcDeinit();
        ::unsetenv("OPENNVSCI_RUNTIME_DIR");
        ::unsetenv("OPENNVSCI_IPC_CFG");
        std::filesystem::remove_all(folder_);
    }

  private:
    std::filesystem::path folder_;
};

class ExchangeFixture {
  private:
    IpcSetUp set_up_;

  protected:
    Channel channel_;
};

}  // namespace opennvsci::test
