// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdlib>

namespace opennvsci::test {

/// OPENNVSCI_LOG as it is in the processes that a test starts; null is unset. It is read when a process begins.
class LogLevel {
  public:
    explicit LogLevel(const char* level) {
        if (level == nullptr) {
            ::unsetenv("OPENNVSCI_LOG");
        } else {
            ::setenv("OPENNVSCI_LOG", level, 1);
        }
    }
    LogLevel(const LogLevel&) = delete;
    LogLevel& operator=(const LogLevel&) = delete;
    ~LogLevel() { ::unsetenv("OPENNVSCI_LOG"); }
};

}  // namespace opennvsci::test
