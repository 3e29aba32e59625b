// SPDX-License-Identifier: Apache-2.0
//
// Import into CUDA: what every device must do, in system memory and in video memory.
#include <sys/resource.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <numeric>
#include <thread>

#include "import_fixture.h"
#include "opennvsci.h"

namespace opennvsci::test {
namespace {

using namespace cu;  // NOLINT(google-build-using-namespace): CUDA's own names

constexpr std::uint64_t kSize = 3 * 4096 + 40;  // neither whole pages nor whole granules

std::vector<unsigned char> pattern(std::size_t size, unsigned char first = 1) {
    std::vector<unsigned char> bytes(size);
    for (std::size_t i = 0; i < size; ++i)
        bytes[i] = static_cast<unsigned char>(first + i * 7);
    return bytes;
}

std::string name_of(const ::testing::TestParamInfo<Where>& parameter) {
    return parameter.param == Where::system_memory ? "SystemMemory" : "VideoMemory";
}

class ImportEverywhere : public ImportTest, public ::testing::WithParamInterface<Where> {};
INSTANTIATE_TEST_SUITE_P(Memory, ImportEverywhere, ::testing::Values(Where::system_memory, Where::video_memory),
                         name_of);

TEST_P(ImportEverywhere, NewMemoryIsZero) {
    // Two in a row, the first one filled: the second may get the same memory.
    for (int round = 0; round < 2; ++round) {
        const Object object = allocate(GetParam(), kSize);
        Mapped mapped;
        import_and_map(mapped, object, kSize);
        const auto bytes = device_.read(mapped.pointer, kSize);
        EXPECT_EQ(std::count(bytes.begin(), bytes.end(), 0), static_cast<long>(kSize));
        EXPECT_EQ(device_.write(mapped.pointer, pattern(kSize)), CUDA_SUCCESS);
    }
}

TEST_P(ImportEverywhere, DeviceCodeStoresAndCopiesRead) {
    const Object object = allocate(GetParam(), kSize);
    Mapped mapped;
    import_and_map(mapped, object, kSize);
    ASSERT_EQ(device_.store(mapped.pointer + 8, 0xCAFEF00D), CUDA_SUCCESS);
    const auto bytes = device_.read(mapped.pointer, 16);
    const std::vector<unsigned char> expected{0, 0, 0, 0, 0, 0, 0, 0, 0x0D, 0xF0, 0xFE, 0xCA, 0, 0, 0, 0};
    EXPECT_EQ(bytes, expected);
}

TEST_P(ImportEverywhere, ImportsOfOneObjectAlias) {
    const Object object = allocate(GetParam(), kSize);
    Object duplicate;
    ASSERT_EQ(NvSciBufObjDup(object, duplicate.out()), kSuccess);
    const Object reduced = read_only(object);
    Mapped first;
    Mapped second;
    Mapped third;
    import_and_map(first, object, kSize);
    import_and_map(second, duplicate, kSize);
    import_and_map(third, reduced, kSize);
    const auto bytes = pattern(kSize);
    ASSERT_EQ(device_.write(first.pointer, bytes), CUDA_SUCCESS);
    EXPECT_EQ(device_.read(second.pointer, kSize), bytes);
    EXPECT_EQ(device_.read(third.pointer, kSize), bytes);
    ASSERT_EQ(device_.store(second.pointer, 0), CUDA_SUCCESS);
    EXPECT_EQ(device_.read(first.pointer, 4), std::vector<unsigned char>(4, 0));
}

TEST_P(ImportEverywhere, ACopyIntoAReadOnlyImportIsRefusedAndChangesNothing) {
    const Object object = allocate(GetParam(), kSize);
    Mapped writable;
    import_and_map(writable, object, kSize);
    const auto bytes = pattern(kSize);
    ASSERT_EQ(device_.write(writable.pointer, bytes), CUDA_SUCCESS);

    const Object reduced = read_only(object);
    Mapped mapped;
    import_and_map(mapped, reduced, kSize);
    EXPECT_EQ(device_.read(mapped.pointer, kSize), bytes);
    EXPECT_EQ(device_.write(mapped.pointer, pattern(64, 99)), CUDA_ERROR_INVALID_VALUE);
    EXPECT_EQ(device_.cuda().cuMemsetD8(mapped.pointer, 0xFF, 64), CUDA_ERROR_INVALID_VALUE);
    EXPECT_EQ(device_.read(writable.pointer, kSize), bytes);
}

using ImportEverywhereDeathTest = ImportEverywhere;
INSTANTIATE_TEST_SUITE_P(Memory, ImportEverywhereDeathTest,
                         ::testing::Values(Where::system_memory, Where::video_memory), name_of);

// A GPU's fault ends the context, the software device's the process; both count here as the signal.
TEST_P(ImportEverywhereDeathTest, AStoreThroughAReadOnlyImportFaults) {
    const Object object = allocate(GetParam(), kSize);
    const Object reduced = read_only(object);
    EXPECT_EXIT(
        {
            Mapped mapped;
            import_and_map(mapped, reduced, kSize);
            if (device_.store(mapped.pointer, 1) == CUDA_ERROR_ILLEGAL_ADDRESS) std::raise(SIGSEGV);
            _exit(0);
        },
        ::testing::KilledBySignal(SIGSEGV), "");
}

TEST_P(ImportEverywhere, WindowsShowTheirPartOfTheObject) {
    const Object object = allocate(GetParam(), kSize);
    Mapped whole;
    import_and_map(whole, object, kSize);
    ASSERT_EQ(device_.write(whole.pointer, pattern(kSize)), CUDA_SUCCESS);
    for (const std::uint64_t offset : {1ULL, 7ULL, 512ULL, 4096ULL, 8191ULL}) {
        CUdeviceptr pointer = 0;
        ASSERT_EQ(whole.memory.map(&pointer, offset, 100), CUDA_SUCCESS) << offset;
        const auto bytes = pattern(kSize);
        const std::vector<unsigned char> expected(bytes.begin() + static_cast<long>(offset),
                                                  bytes.begin() + static_cast<long>(offset) + 100);
        EXPECT_EQ(device_.read(pointer, 100), expected) << offset;
        EXPECT_EQ(nvsciCuMemFree(pointer), CUDA_SUCCESS);
    }
}

TEST_P(ImportEverywhere, BadWindowsAreRefused) {
    const Object object = allocate(GetParam(), kSize);
    ExternalMemory memory;
    ASSERT_EQ(memory.import(object, kSize - 40), CUDA_SUCCESS);  // the size given is the limit
    CUdeviceptr pointer = 77;
    EXPECT_EQ(memory.map(&pointer, 0, 0), CUDA_ERROR_INVALID_VALUE);
    EXPECT_EQ(memory.map(&pointer, 0, kSize - 39), CUDA_ERROR_INVALID_VALUE);
    EXPECT_EQ(memory.map(&pointer, kSize - 40, 1), CUDA_ERROR_INVALID_VALUE);
    EXPECT_EQ(memory.map(&pointer, 8, ~0ULL - 4), CUDA_ERROR_INVALID_VALUE);
    EXPECT_EQ(memory.map(&pointer, ~0ULL, 2), CUDA_ERROR_INVALID_VALUE);
    EXPECT_EQ(memory.map(&pointer, 0, 64, 1), CUDA_ERROR_INVALID_VALUE);
    EXPECT_EQ(memory.map(nullptr, 0, 64), CUDA_ERROR_INVALID_VALUE);
    EXPECT_EQ(nvsciCuExternalMemoryGetMappedBuffer(&pointer, memory.handle, nullptr), CUDA_ERROR_INVALID_VALUE);
    EXPECT_EQ(pointer, 77U);
}

TEST_P(ImportEverywhere, BadImportsAreRefused) {
    const Object object = allocate(GetParam(), kSize);
    ExternalMemory memory;
    EXPECT_EQ(memory.import(object, 0), CUDA_ERROR_INVALID_VALUE);
    EXPECT_EQ(memory.import(object, ~0ULL), CUDA_ERROR_INVALID_VALUE);
    EXPECT_EQ(memory.import(object, kSize, 2), CUDA_ERROR_INVALID_VALUE);
    EXPECT_EQ(memory.import(nullptr, kSize), CUDA_ERROR_INVALID_VALUE);
    EXPECT_EQ(nvsciCuImportExternalMemory(&memory.handle, nullptr), CUDA_ERROR_INVALID_VALUE);
    CUDA_EXTERNAL_MEMORY_HANDLE_DESC desc{};
    desc.type = CU_EXTERNAL_MEMORY_HANDLE_TYPE_NVSCIBUF;
    desc.handle.nvSciBufObject = object.get();
    desc.size = kSize;
    EXPECT_EQ(nvsciCuImportExternalMemory(nullptr, &desc), CUDA_ERROR_INVALID_VALUE);

    // Not alive: freed, another kind of handle, garbage, memory of the program.
    Object freed;
    ASSERT_EQ(NvSciBufObjDup(object, freed.out()), kSuccess);
    const NvSciBufObj dead = freed.get();
    freed.reset();
    EXPECT_EQ(memory.import(dead, kSize), CUDA_ERROR_INVALID_HANDLE);
    EXPECT_EQ(memory.import(reinterpret_cast<NvSciBufObj>(module_.get()), kSize), CUDA_ERROR_INVALID_HANDLE);
    EXPECT_EQ(memory.import(reinterpret_cast<NvSciBufObj>(8), kSize), CUDA_ERROR_INVALID_HANDLE);
    EXPECT_EQ(memory.import(reinterpret_cast<NvSciBufObj>(&desc), kSize), CUDA_ERROR_INVALID_HANDLE);
    EXPECT_EQ(memory.handle, nullptr);
    EXPECT_NE(std::string(opennvsciGetLastErrorText()).find("nvSciBufObject"), std::string::npos);
    EXPECT_EQ(memory.import(object, kSize, 1), CUDA_SUCCESS);  // "dedicated" is accepted
}

TEST_P(ImportEverywhere, HandlesEndOnceAndAreKnownToBeDead) {
    const Object object = allocate(GetParam(), kSize);
    ExternalMemory memory;
    ASSERT_EQ(memory.import(object, kSize), CUDA_SUCCESS);
    const CUexternalMemory handle = memory.handle;
    CUdeviceptr pointer = 0;
    ASSERT_EQ(memory.map(&pointer, 0, kSize), CUDA_SUCCESS);
    ASSERT_EQ(memory.destroy(), CUDA_SUCCESS);
    EXPECT_EQ(nvsciCuDestroyExternalMemory(handle), CUDA_ERROR_INVALID_HANDLE);
    EXPECT_EQ(nvsciCuDestroyExternalMemory(nullptr), CUDA_ERROR_INVALID_VALUE);
    CUdeviceptr other = 0;
    const CUDA_EXTERNAL_MEMORY_BUFFER_DESC desc{0, 16, 0, {}};
    EXPECT_EQ(nvsciCuExternalMemoryGetMappedBuffer(&other, handle, &desc), CUDA_ERROR_INVALID_HANDLE);
    EXPECT_EQ(nvsciCuExternalMemoryGetMappedBuffer(&other, nullptr, &desc), CUDA_ERROR_INVALID_VALUE);
    // The mapping outlives the external memory, and is freed once, by the address that was returned.
    EXPECT_EQ(device_.store(pointer, 5), CUDA_SUCCESS);
    EXPECT_EQ(nvsciCuMemFree(pointer + 4), CUDA_ERROR_INVALID_VALUE);
    EXPECT_EQ(nvsciCuMemFree(pointer), CUDA_SUCCESS);
    EXPECT_EQ(nvsciCuMemFree(pointer), CUDA_ERROR_INVALID_VALUE);
}

// What the driver refuses leaves a text as well, which is of that call and not of an older one.
TEST_F(ImportTest, TheTextIsOfTheDriversRefusalToo) {
    const auto text_has = [](std::string_view part) {
        return std::string_view(opennvsciGetLastErrorText()).find(part) != std::string_view::npos;
    };
    const Object object = allocate(Where::system_memory, kSize);
    ExternalMemory memory;
    ASSERT_EQ(memory.import(object, kSize), CUDA_SUCCESS);
    CUdeviceptr pointer = 0;
    EXPECT_EQ(memory.map(&pointer, 0, kSize + 1), CUDA_ERROR_INVALID_VALUE);
    ASSERT_EQ(memory.map(&pointer, 16, kSize - 16), CUDA_SUCCESS);

    for (const CUdeviceptr inside : {pointer - 16, pointer + 16, pointer - 16 + kSize - 1}) {
        EXPECT_EQ(nvsciCuMemFree(inside), CUDA_ERROR_INVALID_VALUE);
        EXPECT_TRUE(text_has("nvsciCuMemFree: the driver refused the call: CUDA_ERROR_INVALID_VALUE"));
        EXPECT_TRUE(text_has("lies inside the NvSciBuf object")) << opennvsciGetLastErrorText();
    }
    EXPECT_EQ(nvsciCuMemFree(pointer), CUDA_SUCCESS);
    EXPECT_EQ(nvsciCuMemFree(pointer), CUDA_ERROR_INVALID_VALUE);
    EXPECT_TRUE(text_has("the driver refused the call"));
    EXPECT_FALSE(text_has("lies inside"));

    CUDA_EXTERNAL_MEMORY_HANDLE_DESC desc{};
    desc.type = CU_EXTERNAL_MEMORY_HANDLE_TYPE_OPAQUE_FD;
    desc.handle.fd = -1;
    desc.size = kSize;
    CUexternalMemory foreign = nullptr;
    EXPECT_NE(nvsciCuImportExternalMemory(&foreign, &desc), CUDA_SUCCESS);
    EXPECT_TRUE(text_has("nvsciCuImportExternalMemory: the driver refused the call: CUDA_ERROR_"));
}

TEST_P(ImportEverywhere, EverythingMayBeFreedInAnyOrder) {
    enum Thing { kModule, kReconciled, kObject, kReduced, kMemory, kPointer, kThings };
    std::vector<int> order(kThings);
    std::iota(order.begin(), order.end(), 0);
    do {
        const LeakCheck check;
        {
            Module module = open_module();
            std::swap(module, module_);  // the fixture's helpers use it
            ReconcileOutcome outcome = negotiate(GetParam(), kSize);
            std::swap(module, module_);
            Object object;
            ASSERT_EQ(NvSciBufObjAlloc(outcome.reconciled, object.out()), kSuccess);
            Object reduced = read_only(object);
            ExternalMemory memory;
            ASSERT_EQ(memory.import(reduced, kSize), CUDA_SUCCESS);
            CUdeviceptr pointer = 0;
            ASSERT_EQ(memory.map(&pointer, 0, kSize), CUDA_SUCCESS);
            for (const int thing : order) {
                if (thing == kModule) module.reset();
                if (thing == kReconciled) outcome.reconciled.reset();
                if (thing == kObject) object.reset();
                if (thing == kReduced) reduced.reset();
                if (thing == kMemory) {
                    ASSERT_EQ(memory.destroy(), CUDA_SUCCESS);
                }
                if (thing == kPointer) {
                    ASSERT_EQ(device_.read(pointer, kSize).front(), 0);
                    ASSERT_EQ(nvsciCuMemFree(pointer), CUDA_SUCCESS);
                }
            }
        }
        ASSERT_EQ(check.differences(), "");
    } while (std::next_permutation(order.begin(), order.end()));
}

TEST_P(ImportEverywhere, TheAlignmentIsKept) {
    constexpr std::uint64_t kAlign = std::uint64_t{16} << 20;
    const Object object = allocate(GetParam(), kSize, kAlign);
    Mapped mapped;
    import_and_map(mapped, object, kSize);
    if (GetParam() == Where::system_memory) {
        void* pointer = nullptr;
        ASSERT_EQ(NvSciBufObjGetCpuPtr(object, &pointer), kSuccess);
        EXPECT_EQ(reinterpret_cast<std::uintptr_t>(pointer) % kAlign, 0U);
    } else {
        EXPECT_EQ(mapped.pointer % kAlign, 0U);
    }
    EXPECT_EQ(device_.write(mapped.pointer, pattern(kSize)), CUDA_SUCCESS);
}

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
    CUcontext context = nullptr;
    ASSERT_EQ(device_.cuda().cuCtxCreate(&context, 0, device_.device().handle), CUDA_SUCCESS);
    Mapped mapped;
    import_and_map(mapped, object, kSize);
    ASSERT_EQ(device_.cuda().cuCtxDestroy(context), CUDA_SUCCESS);
    device_.make_current();
    EXPECT_EQ(nvsciCuMemFree(std::exchange(mapped.pointer, 0)), CUDA_SUCCESS);
    Mapped again;
    import_and_map(again, object, kSize);
    EXPECT_EQ(device_.store(again.pointer, 1), CUDA_SUCCESS);
}

TEST_P(ImportEverywhere, AMappingServesAllContextsOfItsDevice) {
    const Object object = allocate(GetParam(), kSize);
    CUcontext context = nullptr;
    ASSERT_EQ(device_.cuda().cuCtxCreate(&context, 0, device_.device().handle), CUDA_SUCCESS);
    Mapped mapped;
    import_and_map(mapped, object, kSize);  // in the new context
    device_.make_current();
    Mapped second;
    import_and_map(second, object, kSize);
    EXPECT_EQ(device_.store(mapped.pointer, 0x77), CUDA_SUCCESS);
    EXPECT_EQ(device_.read(second.pointer, 1).front(), 0x77);
    // The end of one context leaves the mapping of the other as it is.
    ASSERT_EQ(device_.cuda().cuCtxDestroy(context), CUDA_SUCCESS);
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
    CUstream stream = nullptr;
    ASSERT_EQ(device_.cuda().cuStreamCreate(&stream, CU_STREAM_NON_BLOCKING), CUDA_SUCCESS);
    const auto sleep = [](void*) { std::this_thread::sleep_for(std::chrono::milliseconds(50)); };
    ASSERT_EQ(device_.cuda().cuLaunchHostFunc(stream, sleep, nullptr), CUDA_SUCCESS);
    ASSERT_EQ(device_.cuda().cuMemsetD8Async(mapped.pointer, 0x44, 16, stream), CUDA_SUCCESS);
    device_.make_current();
    EXPECT_EQ(nvsciCuMemFree(std::exchange(mapped.pointer, 0)), CUDA_SUCCESS);
    EXPECT_EQ(device_.read(observer.pointer, 1).front(), 0x44);
    context.make_current();
    EXPECT_EQ(device_.cuda().cuStreamDestroy(stream), CUDA_SUCCESS);
}

// A capture in progress, of this thread or another, does not notice the whole way of a buffer.
TEST_P(ImportEverywhere, ACaptureInProgressIsNotDamaged) {
    during_captures([&] {
        const Object object = allocate(GetParam(), kSize);
        const Object reduced = read_only(object);
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
        const Object reduced = read_only(object);
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

// The driver's code for a refused write says nothing. What was mapped with which right is in the log then.
using ImportDeathTest = ImportTest;
TEST_F(ImportDeathTest, TheLogTellsTheRightOfEveryMapping) {
    ASSERT_EQ(::setenv("OPENNVSCI_LOG", "debug", 1), 0);  // read at the start of the process that the next line makes
    EXPECT_EXIT(
        {
            const Object object = allocate(Where::video_memory, kSize);
            const Object reduced = read_only(object);
            Mapped mapped;
            import_and_map(mapped, reduced, kSize);
            std::fprintf(stderr, "looked for %#llx\n", mapped.pointer);
            _exit(0);
        },
        ::testing::ExitedWithCode(0),
        "debug: mapped 0x[0-9a-f]+ to 0x[0-9a-f]+ for .*: read-only \\(ActualPerm Readonly");
    ASSERT_EQ(::unsetenv("OPENNVSCI_LOG"), 0);
}

// A process without descriptors is told so, whoever noticed, the system or the driver.
TEST_P(ImportEverywhere, WantOfDescriptorsIsSaid) {
    const ReconcileOutcome outcome = negotiate(GetParam(), kSize);
    rlimit before{};
    ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &before), 0);
    const rlimit none{0, before.rlim_max};
    ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &none), 0);
    Object object;
    const NvSciError code = NvSciBufObjAlloc(outcome.reconciled, object.out());
    const std::string text = opennvsciGetLastErrorText();
    ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &before), 0);
    if (code == kSuccess) return;  // a GPU makes video memory without one
    EXPECT_EQ(code, kResourceError);
    EXPECT_NE(text.find("RLIMIT_NOFILE"), std::string::npos) << text;
}

TEST_P(ImportEverywhere, ThreadsImportAndFreeAtTheSameTime) {
    const Object object = allocate(GetParam(), kSize);
    const Object reduced = read_only(object);
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

TEST_F(ImportTest, TheCpuAndTheDeviceSeeTheSameBytes) {
    const Object object = allocate(Where::system_memory, kSize);
    void* pointer = nullptr;
    const void* const_pointer = nullptr;
    ASSERT_EQ(NvSciBufObjGetCpuPtr(object, &pointer), kSuccess);
    const auto bytes = pattern(kSize);
    std::copy(bytes.begin(), bytes.end(), static_cast<unsigned char*>(pointer));
    const Object reduced = read_only(object);
    ASSERT_EQ(NvSciBufObjGetConstCpuPtr(reduced, &const_pointer), kSuccess);
    Mapped mapped;
    import_and_map(mapped, object, kSize);
    EXPECT_EQ(device_.read(mapped.pointer, kSize), bytes);
    ASSERT_EQ(device_.store(mapped.pointer, 0x01020304), CUDA_SUCCESS);
    EXPECT_EQ(static_cast<const unsigned char*>(const_pointer)[0], 4);
    EXPECT_EQ(static_cast<const unsigned char*>(const_pointer)[3], 1);
}

TEST_F(ImportTest, WithoutACurrentContextThereIsNoImport) {
    const Object object = allocate(Where::video_memory, kSize);
    ASSERT_EQ(device_.cuda().cuCtxSetCurrent(nullptr), CUDA_SUCCESS);
    ExternalMemory memory;
    EXPECT_EQ(memory.import(object, kSize), CUDA_ERROR_INVALID_CONTEXT);
    device_.make_current();
    EXPECT_EQ(memory.import(object, kSize), CUDA_SUCCESS);
}

// Handles and pointers that are not ours go to the driver as they are.
TEST_F(ImportTest, ForeignMemoryPassesThrough) {
    CUdeviceptr pointer = 0;
    ASSERT_EQ(device_.cuda().cuMemAlloc(&pointer, 4096), CUDA_SUCCESS);
    EXPECT_EQ(nvsciCuMemFree(pointer), CUDA_SUCCESS);

    CUmemAllocationProp prop{};
    prop.type = CU_MEM_ALLOCATION_TYPE_PINNED;
    prop.requestedHandleTypes = CU_MEM_HANDLE_TYPE_POSIX_FILE_DESCRIPTOR;
    prop.location = {CU_MEM_LOCATION_TYPE_DEVICE, device_.device().handle};
    std::size_t size = 0;
    ASSERT_EQ(device_.cuda().cuMemGetAllocationGranularity(&size, &prop, CU_MEM_ALLOC_GRANULARITY_MINIMUM),
              CUDA_SUCCESS);
    CUmemGenericAllocationHandle handle = 0;
    ASSERT_EQ(device_.cuda().cuMemCreate(&handle, size, &prop, 0), CUDA_SUCCESS);
    int fd = -1;
    ASSERT_EQ(device_.cuda().cuMemExportToShareableHandle(&fd, handle, CU_MEM_HANDLE_TYPE_POSIX_FILE_DESCRIPTOR, 0),
              CUDA_SUCCESS);
    CUDA_EXTERNAL_MEMORY_HANDLE_DESC desc{};
    desc.type = CU_EXTERNAL_MEMORY_HANDLE_TYPE_OPAQUE_FD;
    desc.handle.fd = fd;
    desc.size = size;
    CUexternalMemory memory = nullptr;
    ASSERT_EQ(nvsciCuImportExternalMemory(&memory, &desc), CUDA_SUCCESS);
    const CUDA_EXTERNAL_MEMORY_BUFFER_DESC window{0, size, 0, {}};
    ASSERT_EQ(nvsciCuExternalMemoryGetMappedBuffer(&pointer, memory, &window), CUDA_SUCCESS);
    EXPECT_EQ(device_.store(pointer, 3), CUDA_SUCCESS);
    EXPECT_EQ(nvsciCuMemFree(pointer), CUDA_SUCCESS);
    EXPECT_EQ(nvsciCuDestroyExternalMemory(memory), CUDA_SUCCESS);
    EXPECT_EQ(device_.cuda().cuMemRelease(handle), CUDA_SUCCESS);
    device_.cuda().cuCtxSynchronize();
}

// The driver's own answer: this is what the whole project is for.
TEST_F(ImportTest, TheDriverAloneCannotImport) {
    const Object object = allocate(Where::video_memory, kSize);
    CUDA_EXTERNAL_MEMORY_HANDLE_DESC desc{};
    desc.type = CU_EXTERNAL_MEMORY_HANDLE_TYPE_NVSCIBUF;
    desc.handle.nvSciBufObject = object.get();
    desc.size = kSize;
    CUexternalMemory memory = nullptr;
    EXPECT_EQ(device_.cuda().cuImportExternalMemory(&memory, &desc), CUDA_ERROR_NOT_SUPPORTED);
}

// Proves that the counters of the fixture can fail.
TEST(LeakCheck, FindsWhatIsLeaked) {
    TestDevice& device = TestDevice::instance();
    device.make_current();
    const LeakCheck check;
    const Module module = open_module();
    const List list = raw_list(module, kSize);
    ASSERT_EQ(set(list, NvSciBufGeneralAttrKey_GpuId, device.gpu_id()), kSuccess);
    const ReconcileOutcome outcome = reconcile({list});
    Object object;
    ASSERT_EQ(NvSciBufObjAlloc(outcome.reconciled, object.out()), kSuccess);
    EXPECT_NE(check.differences().find("memory handles +1"), std::string::npos) << check.differences();
    {
        Mapped mapped;
        ASSERT_EQ(mapped.memory.import(object, kSize), CUDA_SUCCESS);
        ASSERT_EQ(mapped.memory.map(&mapped.pointer, 0, kSize), CUDA_SUCCESS);
        EXPECT_NE(check.differences().find("mappings +1"), std::string::npos) << check.differences();
    }
    object.reset();
    EXPECT_EQ(check.differences(), "");
    const int fd = ::dup(0);
    EXPECT_EQ(check.differences(), "file descriptors +1; ");
    ::close(fd);
}

}  // namespace
}  // namespace opennvsci::test
