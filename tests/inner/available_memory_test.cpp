// SPDX-License-Identifier: Apache-2.0
//
// What a process could take of memory, as the files of the kernel tell it: here, as files of a folder of the test's.
#include "base/available_memory.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <string>

namespace opennvsci::test {
namespace {

class AvailableMemoryTest : public ::testing::Test {
  protected:
    AvailableMemoryTest() {
        std::string pattern = ::testing::TempDir() + "/availableXXXXXX";
        root_ = ::mkdtemp(pattern.data());
        write("/proc/meminfo", "MemTotal:       100 kB\nMemFree:          1 kB\nMemAvailable:     64 kB\n");
    }
    ~AvailableMemoryTest() override { std::filesystem::remove_all(root_); }

    void write(const std::string& name, const std::string& text) const {
        const std::filesystem::path path = root_ + name;
        std::filesystem::create_directories(path.parent_path());
        std::ofstream(path) << text;
    }
    [[nodiscard]] std::uint64_t available() const { return available_memory(root_); }

    std::string root_;
};

TEST_F(AvailableMemoryTest, IsThatOfTheMachineWithoutGroups) {
    EXPECT_EQ(available(), 64U << 10);
}

TEST_F(AvailableMemoryTest, IsNoneIfTheKernelDoesNotTell) {
    write("/proc/meminfo", "MemTotal: 100 kB\n");
    EXPECT_EQ(available(), 0U);
}

TEST_F(AvailableMemoryTest, IsTheLeastThatAGroupOrOneAboveItLeaves) {
    write("/proc/self/cgroup", "1:name=systemd:/x\n0::/a/b/c\n");
    write("/sys/fs/cgroup/a/b/c/memory.max", "max\n");
    write("/sys/fs/cgroup/a/b/c/memory.current", "5000\n");
    write("/sys/fs/cgroup/a/b/memory.max", "30000\n");
    write("/sys/fs/cgroup/a/b/memory.current", "20000\n");
    write("/sys/fs/cgroup/a/memory.max", "60000\n");
    write("/sys/fs/cgroup/a/memory.current", "20000\n");
    EXPECT_EQ(available(), 10000U);
    write("/sys/fs/cgroup/a/memory.max", "24000\n");
    EXPECT_EQ(available(), 4000U);
    // Page cache that is not in use makes room.
    write("/sys/fs/cgroup/a/memory.stat", "anon 3\nfile 12000\nactive_file 1\ninactive_file 3000\n");
    EXPECT_EQ(available(), 7000U);
    write("/sys/fs/cgroup/a/memory.current", "25000\n");
    EXPECT_EQ(available(), 2000U);
    write("/sys/fs/cgroup/a/memory.current", "99000\n");
    EXPECT_EQ(available(), 0U) << "beyond the limit";
}

TEST_F(AvailableMemoryTest, ReadsTheFirstVersionOfGroupsToo) {
    write("/proc/self/cgroup", "11:cpu,cpuacct:/other\n9:memory:/a\n0::/\n");
    write("/sys/fs/cgroup/memory/a/memory.limit_in_bytes", "9000\n");
    write("/sys/fs/cgroup/memory/a/memory.usage_in_bytes", "6000\n");
    write("/sys/fs/cgroup/memory/a/memory.stat", "inactive_file 7\ntotal_inactive_file 500\n");
    EXPECT_EQ(available(), 3500U);
}

// The path is that of the host, and the mount shows the group of the container.
TEST_F(AvailableMemoryTest, FindsTheGroupOfAContainer) {
    write("/proc/self/cgroup", "9:memory:/docker/0123\n");
    write("/sys/fs/cgroup/memory/memory.limit_in_bytes", "8000\n");
    write("/sys/fs/cgroup/memory/memory.usage_in_bytes", "1000\n");
    EXPECT_EQ(available(), 7000U);
    write("/proc/self/cgroup", "0::/\n");
    write("/sys/fs/cgroup/memory.max", "5000\n");
    write("/sys/fs/cgroup/memory.current", "0\n");
    EXPECT_EQ(available(), 5000U);
}

TEST_F(AvailableMemoryTest, FilesThatMakeNoSenseLimitNothing) {
    write("/proc/self/cgroup", "\n:\n0:\n0::\n9:memory:\n0::no/slash\n");
    write("/sys/fs/cgroup/memory.max", "nonsense\n");
    EXPECT_EQ(available(), 64U << 10);
}

TEST_F(AvailableMemoryTest, IsSomethingOnThisMachine) {
    EXPECT_GT(available_memory(), 0U);
}

}  // namespace
}  // namespace opennvsci::test
