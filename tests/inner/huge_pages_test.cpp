// SPDX-License-Identifier: Apache-2.0
//
// System memory in huge pages: how much of it there is, where its mappings lie, and that it does without them where the
// kernel has none.
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/sysinfo.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <fstream>
#include <string>

#include "leak_check.h"
#include "memory/file_memory.h"

namespace opennvsci::test {
namespace {

using memory::Right;

constexpr std::size_t kHuge = os::kHugePageSize;
constexpr int kCollapse = 25;

/// The calls of the system, put back at the end. What the tests replace counts, and answers for the kernel.
class HugePagesTest : public LeakCheckedTest {
  protected:
    HugePagesTest() {
        s_real = os::calls();
        s_asked = 0;
        s_is_collapsed = false;
        os::calls().madvise = [](void* address, std::size_t size, int advice) {
            ++s_asked;
            const int result = s_real.madvise(address, size, advice);
            s_is_collapsed |= advice == kCollapse && result == 0;
            return result;
        };
    }
    ~HugePagesTest() override { os::calls() = s_real; }

    static std::shared_ptr<memory::Allocation> create(std::size_t size) {
        auto memory = memory::FileMemory::create(size, 1);
        EXPECT_TRUE(memory) << memory.error().text;
        return memory ? *memory : nullptr;
    }
    static unsigned char* bytes(memory::Allocation& memory, Right right = Right::read_write) {
        const auto address = memory.cpu_address(right);
        EXPECT_TRUE(address);
        return address ? static_cast<unsigned char*>(*address) : nullptr;
    }
    static std::size_t resident(memory::Allocation& memory) {
        const auto file = memory.descriptor_for_peer(Right::read_write);
        struct stat status {};
        EXPECT_EQ(::fstat(file->get(), &status), 0);
        return static_cast<std::size_t>(status.st_blocks) * 512;
    }
    static void expect_usable(memory::Allocation& memory, std::size_t size) {
        unsigned char* const written = bytes(memory);
        EXPECT_EQ(std::count(written, written + size, 0), static_cast<long>(size));
        std::fill(written, written + size, static_cast<unsigned char>(0x5A));
        const unsigned char* const read = bytes(memory, Right::read_only);
        EXPECT_EQ(std::count(read, read + size, 0x5A), static_cast<long>(size));
    }

    static inline os::Calls s_real;
    static inline int s_asked = 0;
    static inline bool s_is_collapsed = false;
};

bool is_aligned(const void* address, std::size_t alignment) {
    return reinterpret_cast<std::uintptr_t>(address) % alignment == 0;
}

/// Bytes of the mapping at `address` that the processor reaches by huge pages.
std::size_t mapped_huge(const void* address) {
    std::ifstream maps("/proc/self/smaps");
    bool is_here = false;
    for (std::string line; std::getline(maps, line);) {
        if (line.find('-') < line.find(' ')) {
            is_here = std::strtoull(line.c_str(), nullptr, 16) == reinterpret_cast<std::uintptr_t>(address);
        } else if (is_here && line.starts_with("ShmemPmdMapped:")) {
            return std::stoull(line.substr(line.find(':') + 1)) << 10;
        }
    }
    return 0;
}

// Half a huge page and more at the end is filled up to a whole one.
TEST_F(HugePagesTest, LargeMemoryIsThereAtOnceAndNeverTakesAHugePageMoreThanItsSize) {
    for (const std::size_t size : {kHuge, kHuge + 1, kHuge + kHuge / 2 - 4096, kHuge + kHuge / 2, 2 * kHuge - 1,
                                   std::size_t{1920} * 1080 * 4, 4 * kHuge}) {
        const auto memory = create(size);
        ASSERT_NE(memory, nullptr);
        if (!s_is_collapsed) GTEST_SKIP() << "this kernel gathers no huge pages, or has no memory for them";
        EXPECT_GE(memory->size(), size);
        EXPECT_LT(memory->size(), size + kHuge / 2 + 4096);
        EXPECT_EQ(resident(*memory), memory->size() / kHuge * kHuge) << size;
        EXPECT_EQ(mapped_huge(bytes(*memory)), memory->size() / kHuge * kHuge) << size;
        expect_usable(*memory, size);
        EXPECT_LT(resident(*memory), size + kHuge);
    }
}

TEST_F(HugePagesTest, EveryMappingIsAlignedForThem) {
    const auto memory = create(3 * kHuge);
    ASSERT_NE(memory, nullptr);
    EXPECT_TRUE(is_aligned(bytes(*memory), kHuge));
    EXPECT_TRUE(is_aligned(bytes(*memory, Right::read_only), kHuge));
    auto file = memory->descriptor_for_peer(Right::read_write);
    ASSERT_TRUE(file);
    const auto at_peer = memory::FileMemory::import(std::move(*file), 3 * kHuge, 1, Right::read_write);
    ASSERT_TRUE(at_peer) << at_peer.error().text;
    EXPECT_TRUE(is_aligned(bytes(**at_peer), kHuge));
    if (!s_is_collapsed) GTEST_SKIP() << "this kernel gathers no huge pages, or has no memory for them";
    bytes(**at_peer)[0] = 1;
    EXPECT_GE(mapped_huge(bytes(**at_peer)), kHuge) << "what one process gathered, the other maps";
}

TEST_F(HugePagesTest, SmallMemoryIsAsItWas) {
    const auto memory = create(kHuge - 4096);
    ASSERT_NE(memory, nullptr);
    EXPECT_EQ(memory->size(), kHuge - 4096);
    EXPECT_EQ(resident(*memory), 0U);
    EXPECT_EQ(s_asked, 0);
}

TEST_F(HugePagesTest, AKernelThatHasNoneLeavesMemoryThatAppearsAsItIsTouched) {
    os::calls().madvise = [](void*, std::size_t, int) {
        errno = EINVAL;
        return -1;
    };
    const auto memory = create(3 * kHuge);
    ASSERT_NE(memory, nullptr);
    EXPECT_EQ(resident(*memory), 0U);
    expect_usable(*memory, 3 * kHuge);
}

TEST_F(HugePagesTest, SoDoesAKernelThatCannotGatherThemNow) {
    os::calls().madvise = [](void* address, std::size_t size, int advice) {
        if (advice != kCollapse) return s_real.madvise(address, size, advice);
        errno = EAGAIN;
        return -1;
    };
    const auto memory = create(3 * kHuge);
    ASSERT_NE(memory, nullptr);
    EXPECT_LE(resident(*memory), 3 * os::kPageSize);
    expect_usable(*memory, 3 * kHuge);
}

TEST_F(HugePagesTest, AMachineWithLittleFreeMemoryIsNotAskedForIt) {
    os::calls().sysinfo = [](struct sysinfo* machine) {
        const int result = s_real.sysinfo(machine);
        machine->freeram = 6 * kHuge / machine->mem_unit - 1;
        return result;
    };
    const auto memory = create(3 * kHuge);
    ASSERT_NE(memory, nullptr);
    EXPECT_EQ(s_asked, 0);
    expect_usable(*memory, 3 * kHuge);
}

TEST_F(HugePagesTest, TheSizeOfAPeersFileIsHeldToTheSameRule) {
    const std::size_t size = kHuge + kHuge / 2;
    const auto memory = create(size);
    ASSERT_NE(memory, nullptr);
    EXPECT_EQ(memory->size(), 2 * kHuge);
    auto unrounded = os::create_memory_file("test", size);
    ASSERT_TRUE(unrounded);
    const auto refused = memory::FileMemory::import(std::move(*unrounded), size, 1, Right::read_write);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, NvSciError_BadParameter);
}

}  // namespace
}  // namespace opennvsci::test
