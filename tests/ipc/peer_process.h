// SPDX-License-Identifier: Apache-2.0
//
// PeerProcess: another process with one endpoint, which does what it is told, a line for each call, and answers with a
// line. It is this test program, executed anew, so it shares nothing with the test but the environment.
#pragma once

#include <gtest/gtest.h>
#include <sys/types.h>

#include <cstdio>
#include <string>

namespace opennvsci::test {

inline constexpr const char* kDone = "0";  // NvSciError_Success as a peer writes it

class PeerProcess {
  public:
    PeerProcess();
    PeerProcess(const PeerProcess&) = delete;
    PeerProcess& operator=(const PeerProcess&) = delete;
    /// Ends it, if it has not ended.
    ~PeerProcess();

    /// Does one of:
    ///   open NAME, close, reset     the code
    ///   events                      the bits
    ///   connect                     "connected", after as many looks and sleeps as it takes
    ///   write TEXT                  the code
    ///   read                        the text, or "(CODE)"
    ///   wait                        the same, after as many looks and sleeps as it takes
    ///   echo COUNT                  nothing yet: answers as many frames with themselves; then "echoed"
    ///   link                        "alive", or why there is none
    ///   send COUNT                  token, instance, and inode of the file that went with it COUNT times
    ///   exit                        nothing: the process ends without closing anything
    std::string operator()(const std::string& command);
    /// The same in two parts.
    void tell(const std::string& command);
    std::string answer();

    /// Ends it as a crash does, and waits until it is gone.
    void kill();
    [[nodiscard]] pid_t id() const noexcept { return id_; }

  private:
    pid_t id_ = -1;
    std::FILE* to_ = nullptr;
    std::FILE* from_ = nullptr;
};

/// What the executed program does. Never returns if it is told to be one.
void be_peer_if_told(int argc, char** argv);

}  // namespace opennvsci::test
