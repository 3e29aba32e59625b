// SPDX-License-Identifier: Apache-2.0
//
// What an allocation leaves for the first import: in video memory, the mapping by which it was filled with zeros.
#include <thread>

#include "driver_hooks.h"
#include "import_fixture.h"

namespace opennvsci::test {
namespace {

using namespace cu;  // NOLINT(google-build-using-namespace): CUDA's own names

class AllocationTest : public ImportTest {
  protected:
    static long mappings() { return DriverHooks::instance().live_objects().at("mappings"); }
    const long before_ = mappings();
};

TEST_F(AllocationTest, ItsMappingServesTheFirstWriterAndNoOther) {
    const Object object = allocate(Where::video_memory, kSize);
    EXPECT_EQ(mappings(), before_ + 1);
    Mapped first;
    import_and_map(first, object, kSize);
    EXPECT_EQ(mappings(), before_ + 1);
    EXPECT_EQ(device_.read(first.pointer, kSize), std::vector<unsigned char>(kSize, 0));
    Mapped second;
    import_and_map(second, object, kSize);
    EXPECT_EQ(mappings(), before_ + 2);
    EXPECT_EQ(device_.store(first.pointer, 0x66), CUDA_SUCCESS);
    EXPECT_EQ(device_.read(second.pointer, 1).front(), 0x66);
}

TEST_F(AllocationTest, ItsMappingDoesNotServeAReader) {
    const Object object = allocate(Where::video_memory, kSize);
    const Object reduced = make<Object>(NvSciBufObjDupWithReducePerm, object.get(), NvSciBufAccessPerm_Readonly);
    Mapped reader;
    import_and_map(reader, reduced, kSize);
    EXPECT_EQ(mappings(), before_ + 2);
    EXPECT_EQ(device_.cuda().cuMemsetD8(reader.pointer, 1, kSize), CUDA_ERROR_INVALID_VALUE);
    EXPECT_EQ(device_.read(reader.pointer, kSize), std::vector<unsigned char>(kSize, 0));
    Mapped writer;
    import_and_map(writer, object, kSize);
    EXPECT_EQ(mappings(), before_ + 2);
    EXPECT_EQ(device_.cuda().cuMemsetD8(writer.pointer, 1, kSize), CUDA_SUCCESS);
}

TEST_F(AllocationTest, ItsMappingDoesNotServeAnotherDevice) {
    if (device_.driver().devices.size() < 2) GTEST_SKIP() << "there is one device";
    List list = raw_list(module_, kSize);
    const NvSciRmGpuId gpus[] = {device_.gpu_id(), id_of(device_.driver().devices[1])};
    ASSERT_EQ(set(list, NvSciBufGeneralAttrKey_GpuId, gpus), kSuccess);
    ASSERT_EQ(set(list, NvSciBufGeneralAttrKey_VidMem_GpuId, gpus[0]), kSuccess);
    const Object object = test::allocate(test::reconcile({list}).reconciled);
    ASSERT_NE(object.get(), nullptr) << opennvsciGetLastErrorText();
    const OwnContext other(device_.driver().devices[1]);
    Mapped mapped;
    import_and_map(mapped, object, kSize);
    EXPECT_EQ(mappings(), before_ + 2);
}

// A mapping is of no context (driver-facts.md F8).
TEST_F(AllocationTest, ItsMappingOutlivesTheContextThatWasCurrent) {
    OwnContext context;
    const Object object = allocate(Where::video_memory, kSize);
    context.destroy();
    Mapped mapped;
    import_and_map(mapped, object, kSize);
    EXPECT_EQ(mappings(), before_ + 1);
    EXPECT_EQ(device_.store(mapped.pointer, 5), CUDA_SUCCESS);
    EXPECT_EQ(device_.read(mapped.pointer, 1).front(), 5);
}

TEST_F(AllocationTest, ItsMappingEndsWithAnObjectThatNobodyImported) {
    {
        const Object object = allocate(Where::video_memory, kSize);
        EXPECT_EQ(mappings(), before_ + 1);
    }
    EXPECT_EQ(mappings(), before_);
}

// Eight threads, each of which must find zeros where others have written before.
TEST_F(AllocationTest, MemoryIsZeroWhoeverAllocatesBesides) {
    constexpr std::uint64_t kBytes = 64 << 10;
    const List list = std::move(negotiate(Where::video_memory, kBytes).reconciled);
    std::vector<std::thread> threads;
    for (int i = 0; i < 8; ++i) {
        threads.emplace_back([&] {
            device_.make_current();
            for (int round = 0; round < 8; ++round) {
                const Object object = test::allocate(list);
                Mapped mapped;
                import_and_map(mapped, object, kBytes);
                EXPECT_EQ(device_.read(mapped.pointer, kBytes), std::vector<unsigned char>(kBytes, 0));
                EXPECT_EQ(device_.cuda().cuMemsetD8(mapped.pointer, 0xEE, kBytes), CUDA_SUCCESS);
            }
        });
    }
    for (std::thread& thread : threads)
        thread.join();
}

}  // namespace
}  // namespace opennvsci::test
