// SPDX-License-Identifier: Apache-2.0
//
// Memory that crosses a file descriptor: to another process, back into this one, as external memory, and descriptors
// that are not what they should be.
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <string>

#include "support.h"

namespace opennvsci::softcuda_test {
namespace {

void* by_value(int fd) {
    return reinterpret_cast<void*>(static_cast<std::intptr_t>(fd));
}

CUresult import_fd(int fd, CUmemGenericAllocationHandle& handle) {
    return cuMemImportFromShareableHandle(&handle, by_value(fd), CU_MEM_HANDLE_TYPE_POSIX_FILE_DESCRIPTOR);
}

CUDA_EXTERNAL_MEMORY_HANDLE_DESC opaque_fd(int fd, unsigned long long size) {
    CUDA_EXTERNAL_MEMORY_HANDLE_DESC desc{};
    desc.type = CU_EXTERNAL_MEMORY_HANDLE_TYPE_OPAQUE_FD;
    desc.handle.fd = fd;
    desc.size = size;
    return desc;
}

CUDA_EXTERNAL_MEMORY_BUFFER_DESC window(unsigned long long offset, unsigned long long size) {
    CUDA_EXTERNAL_MEMORY_BUFFER_DESC desc{};
    desc.offset = offset;
    desc.size = size;
    return desc;
}

class SoftCudaShare : public SoftCuda {
  protected:
    void SetUp() override {
        SoftCuda::SetUp();
        create(device_memory());
    }
    void TearDown() override {
        fd_.reset();
        if (handle_ != 0) {
            EXPECT_OK(cuMemRelease(handle_));
        }
        SoftCuda::TearDown();
    }
    void create(const CUmemAllocationProp& properties) {
        if (handle_ != 0) {
            EXPECT_OK(cuMemRelease(handle_));
        }
        ASSERT_OK(cuMemCreate(&handle_, kGranularity, &properties, 0));
        fd_ = export_fd();
    }
    UniqueFd export_fd() {
        int fd = -1;
        EXPECT_OK(cuMemExportToShareableHandle(&fd, handle_, CU_MEM_HANDLE_TYPE_POSIX_FILE_DESCRIPTOR, 0));
        return UniqueFd(fd);
    }

    CUmemGenericAllocationHandle handle_ = 0;
    UniqueFd fd_;
};

TEST_F(SoftCudaShare, ExportGivesANewDescriptorEachTime) {
    const UniqueFd second = export_fd();
    EXPECT_GE(second.get(), 0);
    EXPECT_NE(second.get(), fd_.get());
    EXPECT_NE(fcntl(second.get(), F_GETFD) & FD_CLOEXEC, 0);
    int fd = -1;
    EXPECT_INVALID(cuMemExportToShareableHandle(&fd, handle_, CU_MEM_HANDLE_TYPE_NONE, 0));
    EXPECT_INVALID(cuMemExportToShareableHandle(&fd, handle_, CU_MEM_HANDLE_TYPE_POSIX_FILE_DESCRIPTOR, 1));
    const CUmemAllocationProp unshared = device_memory(0, false);
    CUmemGenericAllocationHandle handle = 0;
    ASSERT_OK(cuMemCreate(&handle, kGranularity, &unshared, 0));
    EXPECT_INVALID(cuMemExportToShareableHandle(&fd, handle, CU_MEM_HANDLE_TYPE_POSIX_FILE_DESCRIPTOR, 0));
    EXPECT_OK(cuMemRelease(handle));
    EXPECT_EQ(fd, -1);
}

TEST_F(SoftCudaShare, ImportBorrowsTheDescriptorAndAliases) {
    CUmemGenericAllocationHandle imported = 0;
    ASSERT_OK(import_fd(fd_.get(), imported));
    EXPECT_NE(fcntl(fd_.get(), F_GETFD), -1);
    {
        const Mapped ours(handle_, kGranularity, CU_MEM_ACCESS_FLAGS_PROT_READWRITE);
        const Mapped theirs(imported, kGranularity, CU_MEM_ACCESS_FLAGS_PROT_READ);
        EXPECT_OK(cuMemsetD8_v2(ours.pointer(), 0x66, kGranularity));
        EXPECT_EQ(theirs.bytes()[kGranularity - 1], 0x66);
    }
    EXPECT_OK(cuMemRelease(imported));
}

TEST_F(SoftCudaShare, ContentLivesInADescriptorAlone) {
    {
        const Mapped mapped(handle_, kGranularity, CU_MEM_ACCESS_FLAGS_PROT_READWRITE);
        mapped.bytes()[3] = 9;
    }
    EXPECT_OK(cuMemRelease(handle_));
    handle_ = 0;
    ASSERT_OK(import_fd(fd_.get(), handle_));
    const Mapped mapped(handle_, kGranularity, CU_MEM_ACCESS_FLAGS_PROT_READ);
    EXPECT_EQ(mapped.bytes()[3], 9);
}

TEST_F(SoftCudaShare, CrossesProcesses) {
    CUmemAllocationProp properties = device_memory(1);
    properties.allocFlags.compressionType = CU_MEM_ALLOCATION_COMP_GENERIC;
    create(properties);
    const Mapped mapped(handle_, kGranularity, CU_MEM_ACCESS_FLAGS_PROT_READWRITE, 1);
    mapped.bytes()[0] = 0x5a;
    Peer peer("import_and_answer");
    peer.send_fd(fd_.get());
    EXPECT_EQ(peer.wait(), 0);
    EXPECT_EQ(mapped.bytes()[kGranularity - 1], 0xa5);
}

TEST_F(SoftCudaShare, CrossesProcessesAsExternalMemory) {
    const Mapped mapped(handle_, kGranularity, CU_MEM_ACCESS_FLAGS_PROT_READWRITE);
    mapped.bytes()[0] = 0x5a;
    Peer peer("import_as_external_memory");
    peer.send_fd(fd_.get());
    EXPECT_EQ(peer.wait(), 0);
    EXPECT_EQ(mapped.bytes()[kGranularity - 1], 0xa5);
}

TEST_F(SoftCudaShare, AnImporterThatExpectsAnotherSizeCannotMapIt) {
    Peer peer("map_another_size");
    peer.send_fd(fd_.get());
    EXPECT_EQ(peer.wait(), 0);
}

TEST_F(SoftCudaShare, MemoryFilesOfAnotherProcessAreRegisteredReadOnly) {
    const UniqueFd file(memfd_create("shared", MFD_CLOEXEC | MFD_ALLOW_SEALING));
    ASSERT_EQ(ftruncate(file.get(), kMiB), 0);
    auto* const bytes =
        static_cast<unsigned char*>(mmap(nullptr, kMiB, PROT_READ | PROT_WRITE, MAP_SHARED, file.get(), 0));
    ASSERT_NE(bytes, MAP_FAILED);
    bytes[kMiB - 1] = 0x5a;
    ASSERT_EQ(fcntl(file.get(), F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_FUTURE_WRITE), 0);
    Peer peer("register_file");
    peer.send_fd(file.get());
    EXPECT_EQ(peer.wait(), 0);
    munmap(bytes, kMiB);
}

TEST_F(SoftCudaShare, ProcessWithoutTheDeviceIsRefused) {
    create(device_memory(1));
    Peer peer("import_without_device", {"OPENNVSCI_SOFT_DEVICES=1"});
    peer.send_fd(fd_.get());
    EXPECT_EQ(peer.wait(), 0);
}

/// A descriptor like a real one, for a change that must make it unacceptable.
UniqueFd forge(const UniqueFd& real, std::size_t size, int seals, const std::string& trailer_suffix = {}) {
    UniqueFd fd(memfd_create("forged", MFD_CLOEXEC | MFD_ALLOW_SEALING));
    EXPECT_EQ(ftruncate(fd.get(), static_cast<off_t>(size)), 0);
    char trailer[64];
    EXPECT_EQ(pread(real.get(), trailer, sizeof trailer, kGranularity), 64);
    for (std::size_t i = 0; i < trailer_suffix.size(); ++i) {
        trailer[sizeof trailer - trailer_suffix.size() + i] = trailer_suffix[i];
    }
    EXPECT_GE(pwrite(fd.get(), trailer, sizeof trailer, static_cast<off_t>(size) - 4096), 0);
    if (seals != 0) {
        EXPECT_EQ(fcntl(fd.get(), F_ADD_SEALS, seals), 0);
    }
    return fd;
}

TEST_F(SoftCudaShare, HostileDescriptorsAreRefused) {
    constexpr int kSeals = F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL;
    constexpr std::size_t kSize = kGranularity + 4096;
    const auto refused = [](int fd) {
        CUmemGenericAllocationHandle handle = 0;
        EXPECT_INVALID(import_fd(fd, handle));
        CUexternalMemory memory = nullptr;
        const auto desc = opaque_fd(fd, 4096);
        EXPECT_INVALID(cuImportExternalMemory(&memory, &desc));
        EXPECT_EQ(handle, 0U);
        EXPECT_EQ(memory, nullptr);
    };
    {
        SCOPED_TRACE("the forgery itself is good, so each refusal below has one cause");
        const UniqueFd good = forge(fd_, kSize, kSeals);
        CUmemGenericAllocationHandle handle = 0;
        EXPECT_OK(import_fd(good.get(), handle));
        EXPECT_OK(cuMemRelease(handle));
    }
    refused(-1);
    refused(9999);
    int pipe_ends[2];
    ASSERT_EQ(pipe(pipe_ends), 0);
    const UniqueFd pipe_read(pipe_ends[0]);
    const UniqueFd pipe_write(pipe_ends[1]);
    refused(pipe_read.get());
    refused(UniqueFd(socket(AF_UNIX, SOCK_STREAM, 0)).get());
    refused(UniqueFd(open("/dev/zero", O_RDWR)).get());
    refused(UniqueFd(open("/", O_RDONLY)).get());
    refused(UniqueFd(open("/proc/self/exe", O_RDONLY)).get());
    const std::string path = "/proc/self/fd/" + std::to_string(fd_.get());
    refused(UniqueFd(open(path.c_str(), O_RDONLY)).get());
    refused(UniqueFd(open(path.c_str(), O_PATH)).get());
    refused(forge(fd_, kSize, 0).get());
    refused(forge(fd_, kSize, F_SEAL_GROW | F_SEAL_SEAL).get());
    refused(forge(fd_, kSize, kSeals | F_SEAL_WRITE).get());
    refused(forge(fd_, kSize, kSeals | F_SEAL_FUTURE_WRITE).get());
    refused(forge(fd_, kSize + kGranularity, kSeals).get());
    refused(forge(fd_, kSize + 4096, kSeals).get());
    refused(forge(fd_, 4096, kSeals).get());
    refused(forge(fd_, kSize, kSeals, "x").get());
    refused(forge(fd_, kSize, kSeals, std::string("\x02", 1) + std::string(23, '\0')).get());
    refused(forge(fd_, kSize, kSeals, std::string(64, '\0')).get());
}

// Every call that needs a descriptor fails cleanly without one; the fixture sees what would be left behind.
TEST_F(SoftCudaShare, RunsOutOfDescriptors) {
    rlimit limit{};
    ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &limit), 0);
    const rlimit none{1, limit.rlim_max};
    const CUmemAllocationProp properties = device_memory();
    CUmemGenericAllocationHandle handle = 0;
    CUexternalMemory memory = nullptr;
    int fd = -1;
    int local = 0;
    const auto desc = opaque_fd(fd_.get(), 4096);
    ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &none), 0);
    EXPECT_EQ(cuMemCreate(&handle, kGranularity, &properties, 0), CUDA_ERROR_OUT_OF_MEMORY);
    EXPECT_EQ(import_fd(fd_.get(), handle), CUDA_ERROR_OUT_OF_MEMORY);
    EXPECT_EQ(cuImportExternalMemory(&memory, &desc), CUDA_ERROR_OUT_OF_MEMORY);
    EXPECT_EQ(cuMemExportToShareableHandle(&fd, handle_, CU_MEM_HANDLE_TYPE_POSIX_FILE_DESCRIPTOR, 0),
              CUDA_ERROR_OUT_OF_MEMORY);
    EXPECT_EQ(cuMemHostRegister_v2(&local, sizeof local, 0), CUDA_ERROR_OPERATING_SYSTEM);
    ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &limit), 0);
    EXPECT_EQ(fd, -1);
    EXPECT_NE(fcntl(fd_.get(), F_GETFD), -1);
}

TEST_F(SoftCudaShare, ForgedDeviceIsAnInvalidDevice) {
    constexpr int kSeals = F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL;
    char trailer[64];
    ASSERT_EQ(pread(fd_.get(), trailer, sizeof trailer, kGranularity), 64);
    trailer[20] = static_cast<char>(trailer[20] ^ 1);  // in the UUID
    const UniqueFd forged = forge(fd_, kGranularity + 4096, kSeals, std::string(trailer, sizeof trailer));
    CUmemGenericAllocationHandle handle = 0;
    EXPECT_EQ(import_fd(forged.get(), handle), CUDA_ERROR_INVALID_DEVICE);
}

TEST_F(SoftCudaShare, ExternalMemoryTakesTheDescriptor) {
    const int fd = export_fd().release();
    CUexternalMemory memory = nullptr;
    auto desc = opaque_fd(fd, kGranularity);
    ASSERT_OK(cuImportExternalMemory(&memory, &desc));
    EXPECT_EQ(fcntl(fd, F_GETFD), -1);
    CUdeviceptr whole = 0;
    CUdeviceptr part = 0;
    auto buffer = window(0, kGranularity);
    ASSERT_OK(cuExternalMemoryGetMappedBuffer(&whole, memory, &buffer));
    buffer = window(1001, 100);
    ASSERT_OK(cuExternalMemoryGetMappedBuffer(&part, memory, &buffer));
    EXPECT_OK(cuMemsetD8_v2(part, 0x21, 100));
    EXPECT_INVALID(cuMemsetD8_v2(part, 0x21, 101));
    const auto* bytes = reinterpret_cast<unsigned char*>(whole);
    EXPECT_EQ(bytes[1000], 0);
    EXPECT_EQ(bytes[1001], 0x21);
    EXPECT_EQ(bytes[1100], 0x21);

    // The handle first, the mappings later; both stay good until freed.
    EXPECT_OK(cuDestroyExternalMemory(memory));
    EXPECT_EQ(cuDestroyExternalMemory(memory), CUDA_ERROR_INVALID_HANDLE);
    EXPECT_EQ(cuExternalMemoryGetMappedBuffer(&whole, memory, &buffer), CUDA_ERROR_INVALID_HANDLE);
    EXPECT_INVALID(cuMemFree_v2(part + 1));
    EXPECT_OK(cuMemsetD8_v2(part, 0x22, 100));
    EXPECT_OK(cuMemFree_v2(part));
    EXPECT_INVALID(cuMemFree_v2(part));
    EXPECT_OK(cuMemFree_v2(whole));
}

TEST_F(SoftCudaShare, MappingsFirstThenTheHandle) {
    CUexternalMemory memory = nullptr;
    const auto desc = opaque_fd(export_fd().release(), 4096);
    ASSERT_OK(cuImportExternalMemory(&memory, &desc));
    const auto buffer = window(0, 4096);
    CUdeviceptr pointer = 0;
    ASSERT_OK(cuExternalMemoryGetMappedBuffer(&pointer, memory, &buffer));
    EXPECT_OK(cuMemFree_v2(pointer));
    EXPECT_OK(cuDestroyExternalMemory(memory));
}

TEST_F(SoftCudaShare, ContextTakesItsExternalMemoryAlong) {
    CUcontext other = nullptr;
    ASSERT_OK(cuCtxCreate_v2(&other, 0, 1));
    CUexternalMemory memory = nullptr;
    const auto desc = opaque_fd(export_fd().release(), kGranularity);
    ASSERT_OK(cuImportExternalMemory(&memory, &desc));
    const auto buffer = window(0, kGranularity);
    CUdeviceptr pointer = 0;
    ASSERT_OK(cuExternalMemoryGetMappedBuffer(&pointer, memory, &buffer));
    EXPECT_OK(cuCtxDestroy_v2(other));
    EXPECT_EQ(cuDestroyExternalMemory(memory), CUDA_ERROR_INVALID_HANDLE);
    EXPECT_INVALID(cuMemFree_v2(pointer));
}

TEST_F(SoftCudaShare, ExternalMemoryChecksItsArguments) {
    CUexternalMemory memory = nullptr;
    auto desc = opaque_fd(fd_.get(), kGranularity);
    EXPECT_INVALID(cuImportExternalMemory(nullptr, &desc));
    EXPECT_INVALID(cuImportExternalMemory(&memory, nullptr));
    desc.flags = 2;
    EXPECT_INVALID(cuImportExternalMemory(&memory, &desc));
    desc = opaque_fd(fd_.get(), 0);
    EXPECT_INVALID(cuImportExternalMemory(&memory, &desc));
    desc = opaque_fd(fd_.get(), kGranularity + 1);
    EXPECT_INVALID(cuImportExternalMemory(&memory, &desc));
    desc.type = static_cast<CUexternalMemoryHandleType>(42);
    EXPECT_INVALID(cuImportExternalMemory(&memory, &desc));
    desc.type = CU_EXTERNAL_MEMORY_HANDLE_TYPE_NVSCIBUF;
    EXPECT_EQ(cuImportExternalMemory(&memory, &desc), CUDA_ERROR_NOT_SUPPORTED);
    EXPECT_NE(fcntl(fd_.get(), F_GETFD), -1);  // a refusal leaves the descriptor

    desc = opaque_fd(export_fd().release(), 8192);
    desc.flags = kExternalMemoryDedicated;
    ASSERT_OK(cuImportExternalMemory(&memory, &desc));
    CUdeviceptr pointer = 0;
    auto buffer = window(0, 8192);
    EXPECT_INVALID(cuExternalMemoryGetMappedBuffer(nullptr, memory, &buffer));
    EXPECT_INVALID(cuExternalMemoryGetMappedBuffer(&pointer, memory, nullptr));
    EXPECT_INVALID(cuExternalMemoryGetMappedBuffer(&pointer, nullptr, &buffer));
    for (const auto& bad : {window(0, 0), window(0, 8193), window(8192, 1), window(~0ULL, 2), window(1, ~0ULL)}) {
        EXPECT_INVALID(cuExternalMemoryGetMappedBuffer(&pointer, memory, &bad));
    }
    buffer.flags = 1;
    EXPECT_INVALID(cuExternalMemoryGetMappedBuffer(&pointer, memory, &buffer));
    EXPECT_INVALID(cuDestroyExternalMemory(nullptr));
    EXPECT_OK(cuDestroyExternalMemory(memory));
}

}  // namespace
}  // namespace opennvsci::softcuda_test
