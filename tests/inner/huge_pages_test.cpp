// SPDX-License-Identifier: Apache-2.0
//
// System memory in huge pages: how much of it there is, where its mappings lie, and that it does without them where the
// kernel has none.
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>

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
            s_is_collapsed |= advice == kCollapse && size != 0 && result == 0;
            return result;
        };
    }
    ~HugePagesTest() override { os::calls() = s_real; }

    static std::shared_ptr<memory::Allocation> create(std::size_t size) {
        auto memory = memory::FileMemory::create(size, 1, memory::FileMemory::Pages::now);
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
    struct Case {
        std::size_t size;
        std::size_t huge_pages;
    };
    for (const auto& [size, huge_pages] :
         {Case{kHuge, 1}, Case{kHuge + 1, 1}, Case{kHuge + kHuge / 2 - 4096, 1}, Case{kHuge + kHuge / 2, 2},
          Case{2 * kHuge - 1, 2}, Case{std::size_t{1920} * 1080 * 4, 4}, Case{4 * kHuge, 4}}) {
        const auto memory = create(size);
        ASSERT_NE(memory, nullptr);
        if (!s_is_collapsed) GTEST_SKIP() << "this kernel gathers no huge pages, or has no memory for them";
        EXPECT_EQ(memory->size(), (size + 4095) / 4096 * 4096) << "what imports may show";
        EXPECT_EQ(resident(*memory), huge_pages * kHuge) << size;
        EXPECT_EQ(mapped_huge(bytes(*memory)), huge_pages * kHuge) << size;
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

TEST_F(HugePagesTest, OfAVeryLargeMemoryOnlyTheBeginningIsThereAtOnce) {
    static std::size_t s_gathered = 0;
    s_gathered = 0;
    os::calls().available_memory = [] { return ~std::uint64_t{0}; };
    os::calls().madvise = [](void*, std::size_t size, int advice) {
        if (advice == kCollapse) s_gathered += size;
        return 0;
    };
    const auto memory = create(os::kMostGathered + 3 * kHuge);
    ASSERT_NE(memory, nullptr);
    EXPECT_EQ(s_gathered, os::kMostGathered);
    EXPECT_EQ(resident(*memory), 0U);
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

TEST_F(HugePagesTest, MoreThanHalfOfWhatIsAvailableIsNotAskedFor) {
    os::calls().available_memory = [] { return std::uint64_t{6 * kHuge - 1}; };
    const auto memory = create(3 * kHuge);
    ASSERT_NE(memory, nullptr);
    EXPECT_EQ(resident(*memory), 0U);
    expect_usable(*memory, 3 * kHuge);
    os::calls().available_memory = [] { return std::uint64_t{6 * kHuge}; };
    const auto other = create(3 * kHuge);
    if (!s_is_collapsed) GTEST_SKIP() << "this kernel gathers no huge pages, or has no memory for them";
    EXPECT_EQ(resident(*other), 3 * kHuge);
}

// One thread is in the middle of it while another asks.
TEST_F(HugePagesTest, ThreadsDoNotTakeTogetherWhatNeitherMay) {
    os::calls().available_memory = [] { return std::uint64_t{8 * kHuge}; };
    os::calls().madvise = [](void* address, std::size_t size, int advice) {
        if (advice == kCollapse && size == 3 * kHuge) {
            const auto other = create(2 * kHuge);
            EXPECT_EQ(resident(*other), 0U);
        }
        return s_real.madvise(address, size, advice);
    };
    EXPECT_NE(create(3 * kHuge), nullptr);
}

TEST_F(HugePagesTest, WhoOnlyHandsMemoryOnGetsItsPagesAsTheyAreTouched) {
    const auto memory = memory::FileMemory::create(3 * kHuge, 1, memory::FileMemory::Pages::when_touched);
    ASSERT_TRUE(memory);
    EXPECT_EQ(s_asked, 0);
    EXPECT_EQ(resident(**memory), 0U);
    EXPECT_TRUE(is_aligned(bytes(**memory), kHuge));
    expect_usable(**memory, 3 * kHuge);
}

TEST_F(HugePagesTest, ALimitOfFilesLeavesTheLastOneAsItIs) {
    rlimit before{};
    ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &before), 0);
    const rlimit low{3 * kHuge / 2, before.rlim_max};
    ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &low), 0);
    const auto memory = create(3 * kHuge / 2);
    ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &before), 0);
    ASSERT_NE(memory, nullptr);
    if (s_is_collapsed) {
        EXPECT_EQ(resident(*memory), kHuge);
    }
    expect_usable(*memory, 3 * kHuge / 2);
}

// An alignment takes more address space than the mapping itself.
TEST_F(HugePagesTest, WithoutAddressSpaceForTheAlignmentAMappingIsNotAligned) {
    os::calls().mmap = [](void* address, std::size_t size, int protection, int flags, int file, off_t offset) {
        if (protection != PROT_NONE) return s_real.mmap(address, size, protection, flags, file, offset);
        errno = ENOMEM;
        return MAP_FAILED;
    };
    const auto memory = create(3 * kHuge);
    ASSERT_NE(memory, nullptr);
    expect_usable(*memory, 3 * kHuge);
}

TEST_F(HugePagesTest, WithoutAddressSpaceForAMappingThereIsMemoryAsWell) {
    os::calls().mmap = [](void*, std::size_t, int, int, int, off_t) {
        errno = ENOMEM;
        return MAP_FAILED;
    };
    const auto memory = create(3 * kHuge);
    ASSERT_NE(memory, nullptr);
    EXPECT_FALSE(memory->cpu_address(Right::read_write));
    os::calls().mmap = s_real.mmap;
    expect_usable(*memory, 3 * kHuge);
}

TEST_F(HugePagesTest, AFileOfAPeerMayBeFilledUpAndNoMore) {
    const std::size_t size = kHuge + kHuge / 2;
    for (const std::size_t file_size : {size - 4096, size, 2 * kHuge, 2 * kHuge + 4096}) {
        auto file = os::create_memory_file("test", file_size);
        ASSERT_TRUE(file);
        const auto imported = memory::FileMemory::import(std::move(*file), size, 1, Right::read_write);
        const bool fits = file_size >= size && file_size <= 2 * kHuge;
        EXPECT_EQ(imported.has_value(), fits) << file_size;
        if (imported) {
            EXPECT_EQ((*imported)->size(), size);
        } else {
            EXPECT_EQ(imported.error().code, NvSciError_BadParameter);
        }
    }
}

}  // namespace
}  // namespace opennvsci::test
