// SPDX-License-Identifier: Apache-2.0
//
// Import into CUDA: whose context a mapping belongs to, what its end waits for, and who is not held up meanwhile.
#include <atomic>
#include <chrono>

#include "import_fixture.h"

namespace opennvsci::test {
namespace {

using namespace cu;  // NOLINT(google-build-using-namespace): CUDA's own names

// cuMemFree waits for work that uses the memory, and programs rely on it.
TEST_P(ImportEverywhere, FreeingWaitsForRunningWork) {
    const Object object = allocate(GetParam(), kSize);
    Mapped observer;
    import_and_map(observer, object, kSize);
    Mapped mapped;
    import_and_map(mapped, object, kSize);
    device_.store_later(mapped.pointer, 0x11223344, 50);
    EXPECT_EQ(nvsciCuMemFree(std::exchange(mapped.pointer, 0)), CUDA_SUCCESS);
    EXPECT_EQ(device_.read(observer.pointer, 1).front(), 0x44);
}

// The driver cannot tell a destroyed context from a live one, so the library must not follow it.
TEST_P(ImportEverywhere, AContextMayEndBeforeItsMappings) {
    const Object object = allocate(GetParam(), kSize);
    OwnContext context;
    Mapped mapped;
    import_and_map(mapped, object, kSize);
    context.destroy();
    EXPECT_EQ(nvsciCuMemFree(std::exchange(mapped.pointer, 0)), CUDA_SUCCESS);
    Mapped again;
    import_and_map(again, object, kSize);
    EXPECT_EQ(device_.store(again.pointer, 1), CUDA_SUCCESS);
}

TEST_P(ImportEverywhere, AMappingServesAllContextsOfItsDevice) {
    const Object object = allocate(GetParam(), kSize);
    OwnContext context;
    Mapped mapped;
    import_and_map(mapped, object, kSize);  // in the new context
    device_.make_current();
    Mapped second;
    import_and_map(second, object, kSize);
    EXPECT_EQ(device_.store(mapped.pointer, 0x77), CUDA_SUCCESS);
    EXPECT_EQ(device_.read(second.pointer, 1).front(), 0x77);
    // The end of one context leaves the mapping of the other as it is.
    context.destroy();
    EXPECT_EQ(device_.store(second.pointer, 0x78), CUDA_SUCCESS);
    EXPECT_EQ(device_.read(second.pointer, 1).front(), 0x78);
}

// What is mapped belongs to the context of the import, whatever was current when it was mapped, and is destroyed since.
TEST_P(ImportEverywhere, AMappingBelongsToTheContextOfItsImport) {
    const Object object = allocate(GetParam(), kSize);
    const OwnContext import_context;
    Mapped mapped;
    ASSERT_EQ(mapped.memory.import(object, kSize), CUDA_SUCCESS);
    {
        const OwnContext other;
        ASSERT_EQ(mapped.memory.map(&mapped.pointer, 0, kSize), CUDA_SUCCESS);
        CUcontext current = nullptr;
        ASSERT_EQ(device_.cuda().cuCtxGetCurrent(&current), CUDA_SUCCESS);
        EXPECT_EQ(current, other.handle());
    }
    import_context.make_current();
    if (GetParam() == Where::system_memory) {  // other memory is of no context
        CUcontext owner = nullptr;
        EXPECT_EQ(device_.cuda().cuPointerGetAttribute(&owner, CU_POINTER_ATTRIBUTE_CONTEXT, mapped.pointer),
                  CUDA_SUCCESS);
        EXPECT_EQ(owner, import_context.handle());
    }
    EXPECT_EQ(device_.cuda().cuMemsetD8(mapped.pointer, 0x5A, kSize), CUDA_SUCCESS);
    EXPECT_EQ(device_.read(mapped.pointer, kSize), std::vector<unsigned char>(kSize, 0x5A));

    // It may be mapped, and freed, without any current context too.
    ASSERT_EQ(device_.cuda().cuCtxSetCurrent(nullptr), CUDA_SUCCESS);
    CUdeviceptr pointer = 0;
    EXPECT_EQ(mapped.memory.map(&pointer, 0, kSize), CUDA_SUCCESS);
    EXPECT_EQ(nvsciCuMemFree(pointer), CUDA_SUCCESS);
}

// The same with the other context on another device.
TEST_P(ImportEverywhere, AMappingBelongsToTheDeviceOfItsImport) {
    if (device_.driver().devices.size() < 2) GTEST_SKIP() << "there is one device";
    const Object object = allocate(GetParam(), kSize);
    const OwnContext import_context;
    Mapped mapped;
    ASSERT_EQ(mapped.memory.import(object, kSize), CUDA_SUCCESS);
    {
        const OwnContext other(device_.driver().devices[1]);
        ASSERT_EQ(mapped.memory.map(&mapped.pointer, 0, kSize), CUDA_SUCCESS) << opennvsciGetLastErrorText();
    }
    import_context.make_current();
    int ordinal = -1;
    EXPECT_EQ(device_.cuda().cuPointerGetAttribute(&ordinal, CU_POINTER_ATTRIBUTE_DEVICE_ORDINAL, mapped.pointer),
              CUDA_SUCCESS);
    EXPECT_EQ(ordinal, device_.device().handle);
    EXPECT_EQ(device_.cuda().cuMemsetD8(mapped.pointer, 0x5B, kSize), CUDA_SUCCESS);
    EXPECT_EQ(device_.read(mapped.pointer, kSize), std::vector<unsigned char>(kSize, 0x5B));
}

TEST_P(ImportEverywhere, NothingIsMappedInAContextThatIsGone) {
    const Object object = allocate(GetParam(), kSize);
    OwnContext context;
    ExternalMemory memory;
    ASSERT_EQ(memory.import(object, kSize), CUDA_SUCCESS);
    context.destroy();
    CUdeviceptr pointer = 77;
    EXPECT_EQ(memory.map(&pointer, 0, kSize), CUDA_ERROR_INVALID_CONTEXT);
    EXPECT_EQ(pointer, 77U);
    EXPECT_NE(std::string(opennvsciGetLastErrorText()).find("destroyed"), std::string::npos)
        << opennvsciGetLastErrorText();
}

// The work of the import's context is waited for, also while another one is current.
TEST_P(ImportEverywhere, FreeingWaitsForTheContextOfTheImport) {
    const Object object = allocate(GetParam(), kSize);
    Mapped observer;
    import_and_map(observer, object, kSize);
    const OwnContext context;
    Mapped mapped;
    import_and_map(mapped, object, kSize);
    Stream stream;
    const auto sleep = [](void*) { std::this_thread::sleep_for(std::chrono::milliseconds(50)); };
    ASSERT_EQ(device_.cuda().cuLaunchHostFunc(stream, sleep, nullptr), CUDA_SUCCESS);
    ASSERT_EQ(device_.cuda().cuMemsetD8Async(mapped.pointer, 0x44, 16, stream), CUDA_SUCCESS);
    device_.make_current();
    EXPECT_EQ(nvsciCuMemFree(std::exchange(mapped.pointer, 0)), CUDA_SUCCESS);
    EXPECT_EQ(device_.read(observer.pointer, 1).front(), 0x44);
    context.make_current();
    stream.destroy();
}

// A capture in progress, of this thread or another, does not notice the whole way of a buffer.
TEST_P(ImportEverywhere, ACaptureInProgressIsNotDamaged) {
    during_captures([&] {
        const Object object = allocate(GetParam(), kSize);
        const Object reduced = handed_over_read_only(object);
        Mapped mapped;
        Mapped second;
        import_and_map(mapped, object, kSize);
        import_and_map(second, reduced, kSize);
    });
}

// The driver waits for GPU work when a registration ends. Whoever needs the memory meanwhile, perhaps to end that very
// work, is not held up: the driver's function is replaced by one that waits for it.
std::atomic<bool> g_has_pointer{false};
decltype(driver::EntryPoints::cuMemHostUnregister) g_unregister = nullptr;
CUresult unregister_after_another_thread(void* pointer) {
    for (int i = 0; i < 2000 && !g_has_pointer; ++i)
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
    EXPECT_TRUE(g_has_pointer) << "the other thread was held up";
    return g_unregister(pointer);
}

TEST_F(ImportTest, TheEndOfARegistrationHoldsNobodyUp) {
    const Object object = allocate(Where::system_memory, kSize);
    Mapped mapped;
    import_and_map(mapped, object, kSize);
    driver::EntryPoints& call = driver::instance_for_testing()->call;
    g_unregister = std::exchange(call.cuMemHostUnregister, unregister_after_another_thread);
    std::thread other([&] {
        std::this_thread::sleep_for(std::chrono::milliseconds(20));
        const Object reduced = handed_over_read_only(object);
        const void* pointer = nullptr;
        EXPECT_EQ(NvSciBufObjGetConstCpuPtr(reduced, &pointer), kSuccess);
        g_has_pointer = true;
    });
    EXPECT_EQ(nvsciCuMemFree(std::exchange(mapped.pointer, 0)), CUDA_SUCCESS);
    other.join();
    call.cuMemHostUnregister = g_unregister;
}

TEST_F(ImportTest, AFreeThatWaitsLongSaysWhatFor) {
    const Object object = allocate(Where::video_memory, kSize);
    for (const int delay_ms : {20, 1500}) {
        Mapped mapped;
        import_and_map(mapped, object, kSize);
        ::testing::internal::CaptureStderr();
        device_.store_later(mapped.pointer, 1, delay_ms);
        EXPECT_EQ(nvsciCuMemFree(std::exchange(mapped.pointer, 0)), CUDA_SUCCESS);
        const std::string said = ::testing::internal::GetCapturedStderr();
        const bool is_said = said.find("notice: cuMemFree of a mapped buffer has waited") != std::string::npos;
        EXPECT_EQ(is_said, delay_ms > 1000) << said;
    }
}

TEST_P(ImportEverywhere, ThreadsImportAndFreeAtTheSameTime) {
    const Object object = allocate(GetParam(), kSize);
    const Object reduced = handed_over_read_only(object);
    std::vector<std::thread> threads;
    for (int t = 0; t < 8; ++t) {
        threads.emplace_back([&, t] {
            device_.make_current();
            for (int round = 0; round < 20; ++round) {
                Mapped mapped;
                import_and_map(mapped, t % 2 == 0 ? object.get() : reduced.get(), kSize);
                EXPECT_EQ(device_.read(mapped.pointer, 16).size(), 16U);
            }
        });
    }
    for (std::thread& thread : threads)
        thread.join();
}

TEST_F(ImportTest, WithoutACurrentContextThereIsNoImport) {
    const Object object = allocate(Where::video_memory, kSize);
    ASSERT_EQ(device_.cuda().cuCtxSetCurrent(nullptr), CUDA_SUCCESS);
    ExternalMemory memory;
    EXPECT_EQ(memory.import(object, kSize), CUDA_ERROR_INVALID_CONTEXT);
    device_.make_current();
    EXPECT_EQ(memory.import(object, kSize), CUDA_SUCCESS);
}

}  // namespace
}  // namespace opennvsci::test
