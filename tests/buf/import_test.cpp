// SPDX-License-Identifier: Apache-2.0
//
// Import into CUDA: what every device must do, in system memory and in video memory.
#include <sys/resource.h>

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <numeric>

#include "import_fixture.h"
#include "log_level.h"

namespace opennvsci::test {
namespace {

using namespace cu;  // NOLINT(google-build-using-namespace): CUDA's own names

std::vector<unsigned char> pattern(std::size_t size, unsigned char first = 1) {
    std::vector<unsigned char> bytes(size);
    for (std::size_t i = 0; i < size; ++i)
        bytes[i] = static_cast<unsigned char>(first + i * 7);
    return bytes;
}

INSTANTIATE_TEST_SUITE_P(Memory, ImportEverywhere, ::testing::Values(Where::system_memory, Where::video_memory),
                         name_of_place);

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
    const Object theirs = handed_over(object);
    const Object reduced = handed_over_read_only(object);
    Mapped first;
    Mapped second;
    Mapped third;
    import_and_map(first, object, kSize);
    import_and_map(second, theirs, kSize);
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

    const Object reduced = handed_over_read_only(object);
    Mapped mapped;
    import_and_map(mapped, reduced, kSize);
    EXPECT_EQ(device_.read(mapped.pointer, kSize), bytes);
    EXPECT_EQ(device_.write(mapped.pointer, pattern(64, 99)), CUDA_ERROR_INVALID_VALUE);
    EXPECT_EQ(device_.cuda().cuMemsetD8(mapped.pointer, 0xFF, 64), CUDA_ERROR_INVALID_VALUE);
    EXPECT_EQ(device_.read(writable.pointer, kSize), bytes);
}

using ImportEverywhereDeathTest = ImportEverywhere;
INSTANTIATE_TEST_SUITE_P(Memory, ImportEverywhereDeathTest,
                         ::testing::Values(Where::system_memory, Where::video_memory), name_of_place);

// A GPU's fault ends the context, the software device's the process; both count here as the signal.
TEST_P(ImportEverywhereDeathTest, AStoreThroughAReadOnlyImportFaults) {
    const Object object = allocate(GetParam(), kSize);
    const Object reduced = handed_over_read_only(object);
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
            Reconciliation<List> outcome = negotiate(GetParam(), kSize);
            std::swap(module, module_);
            Object object;
            ASSERT_EQ(NvSciBufObjAlloc(outcome.reconciled, object.out()), kSuccess);
            Object reduced = handed_over_read_only(object);
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

// The driver's code for a refused write says nothing. What was mapped with which right is in the log then.
using ImportDeathTest = ImportTest;
TEST_F(ImportDeathTest, TheLogTellsTheRightOfEveryMapping) {
    const LogLevel all("debug");
    EXPECT_EXIT(
        {
            const Object object = allocate(Where::video_memory, kSize);
            const Object reduced = handed_over_read_only(object);
            Mapped mapped;
            import_and_map(mapped, reduced, kSize);
            std::fprintf(stderr, "looked for %#llx\n", mapped.pointer);
            _exit(0);
        },
        ::testing::ExitedWithCode(0),
        "debug: mapped 0x[0-9a-f]+ to 0x[0-9a-f]+ for .*: read-only \\(ActualPerm Readonly");
}

// A process without descriptors is told so, whoever noticed, the system or the driver.
TEST_P(ImportEverywhere, WantOfDescriptorsIsSaid) {
    const Reconciliation<List> outcome = negotiate(GetParam(), kSize);
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

TEST_F(ImportTest, TheCpuAndTheDeviceSeeTheSameBytes) {
    const Object object = allocate(Where::system_memory, kSize);
    void* pointer = nullptr;
    const void* const_pointer = nullptr;
    ASSERT_EQ(NvSciBufObjGetCpuPtr(object, &pointer), kSuccess);
    const auto bytes = pattern(kSize);
    std::copy(bytes.begin(), bytes.end(), static_cast<unsigned char*>(pointer));
    const Object reduced = handed_over_read_only(object);
    ASSERT_EQ(NvSciBufObjGetConstCpuPtr(reduced, &const_pointer), kSuccess);
    Mapped mapped;
    import_and_map(mapped, object, kSize);
    EXPECT_EQ(device_.read(mapped.pointer, kSize), bytes);
    ASSERT_EQ(device_.store(mapped.pointer, 0x01020304), CUDA_SUCCESS);
    EXPECT_EQ(static_cast<const unsigned char*>(const_pointer)[0], 4);
    EXPECT_EQ(static_cast<const unsigned char*>(const_pointer)[3], 1);
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

}  // namespace
}  // namespace opennvsci::test
