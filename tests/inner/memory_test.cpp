// SPDX-License-Identifier: Apache-2.0
//
// The descriptors of memory: for a peer, with a right, and for the arrays of this process.
#include <gtest/gtest.h>
#include <sys/mman.h>

#include <cstring>

#include "device.h"
#include "leak_check.h"
#include "memory/driver_memory.h"
#include "memory/file_memory.h"

namespace opennvsci::test {
namespace {

using memory::Right;

constexpr std::size_t kMemoryBytes = 8192;

class MemoryTest : public LeakCheckedTest {};

void* map(const UniqueFd& file, int protection) {
    return ::mmap(nullptr, kMemoryBytes, protection, MAP_SHARED, file.get(), 0);
}

TEST_F(MemoryTest, AReaderOfSystemMemoryGetsNoWritableMapping) {
    const auto memory = memory::FileMemory::create(kMemoryBytes, 1, memory::FileMemory::Pages::now);
    ASSERT_TRUE(memory);
    const auto mine = (*memory)->cpu_address(Right::read_write);
    ASSERT_TRUE(mine);
    std::memset(*mine, 0x5A, kMemoryBytes);
    EXPECT_TRUE((*memory)->open_to_writers());

    const auto reader = (*memory)->descriptor_for_peer(Right::read_only);
    ASSERT_TRUE(reader) << reader.error().text;
    EXPECT_EQ(map(*reader, PROT_READ | PROT_WRITE), MAP_FAILED);
    void* const read = map(*reader, PROT_READ);
    ASSERT_NE(read, MAP_FAILED);
    EXPECT_EQ(std::memcmp(read, *mine, kMemoryBytes), 0);
    EXPECT_NE(::mprotect(read, kMemoryBytes, PROT_READ | PROT_WRITE), 0);

    const auto writer = (*memory)->descriptor_for_peer(Right::read_write);
    ASSERT_TRUE(writer);
    void* const write = map(*writer, PROT_READ | PROT_WRITE);
    ASSERT_NE(write, MAP_FAILED);
    std::memset(write, 0xA5, kMemoryBytes);
    EXPECT_EQ(std::memcmp(read, *mine, kMemoryBytes), 0) << "one memory";
    ::munmap(read, kMemoryBytes);
    ::munmap(write, kMemoryBytes);
}

TEST_F(MemoryTest, ArraysNeedMemoryOfTheDriver) {
    const auto memory = memory::FileMemory::create(kMemoryBytes, 1, memory::FileMemory::Pages::now);
    ASSERT_TRUE(memory);
    const auto none = (*memory)->descriptor_for_arrays();
    ASSERT_FALSE(none);
    EXPECT_EQ(none.error().code, NvSciError_NotSupported);

    const driver::Driver& driver = TestDevice::instance().driver();
    const auto video =
        memory::DriverMemory::create(driver, driver.devices.front(), {memory::Domain::video, kMemoryBytes, 1, false});
    ASSERT_TRUE(video) << video.error().text;
    const auto for_arrays = (*video)->descriptor_for_arrays();
    const auto for_peer = (*video)->descriptor_for_peer(Right::read_only);
    ASSERT_TRUE(for_arrays);
    ASSERT_TRUE(for_peer);
    EXPECT_NE(for_arrays->get(), for_peer->get()) << "each is its owner's";
}

}  // namespace
}  // namespace opennvsci::test
