// SPDX-License-Identifier: Apache-2.0
//
// LeakCheck: counts what a process can leak (descriptors, mappings of memory files, driver objects) when it is made,
// and tells the differences later. LeakCheckedTest is the fixture that demands none.
#pragma once

#include <gtest/gtest.h>

#include <map>
#include <string>
#include <utility>

namespace opennvsci::test {

class LeakCheck {
  public:
    LeakCheck();

    /// What is more (or less) now than at the beginning, as text; empty if nothing is. Asked again for up to two
    /// seconds while it is not what is `expected`: threads of the library may hold for a moment what the test has let
    /// go, such as one that looks after a peer's death.
    [[nodiscard]] std::string differences(const std::string& expected = {}) const;
    /// The same at once.
    [[nodiscard]] std::string differences_now() const;

  private:
    static std::map<std::string, long> count();
    std::map<std::string, long> before_;
};

class LeakCheckedTest : public ::testing::Test {
  protected:
    void TearDown() override { EXPECT_EQ(check_.differences(expected_), expected_); }

    /// For a test after which something is left behind on purpose, as differences() tells it.
    void expect_differences(std::string expected) { expected_ = std::move(expected); }

  private:
    LeakCheck check_;
    std::string expected_;
};

}  // namespace opennvsci::test
