// SPDX-License-Identifier: Apache-2.0
//
// The memory of exchanged buffers: who holds it, how long it lives, what the kernel refuses, what it costs in
// descriptors.
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/resource.h>

#include <algorithm>
#include <filesystem>
#include <numeric>
#include <system_error>

#include "buffer_exchange.h"
#include "own_process.h"

namespace opennvsci::test {
namespace {

using BufferMemoryTest = BufferExchangeTest;

/// The descriptors of the process whose file's name begins so.
std::vector<int> descriptors_of(const std::string& name) {
    std::vector<int> found;
    for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) {
        std::error_code error;
        if (std::filesystem::read_symlink(entry.path(), error).string().starts_with(name)) {
            found.push_back(std::stoi(entry.path().filename()));
        }
    }
    return found;
}

/// Whether somebody with this descriptor can make a writable mapping, by any way.
bool can_be_mapped_writable(int file) {
    const UniqueFd again(::open(("/proc/self/fd/" + std::to_string(file)).c_str(), O_RDWR | O_CLOEXEC));
    for (const int one : {file, again.get()}) {
        void* const address = ::mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, one, 0);
        if (address == MAP_FAILED) continue;
        ::munmap(address, 4096);
        return true;
    }
    return false;
}

TEST_F(BufferMemoryTest, TheKernelKeepsReadersOfMemoryWithoutWritersFromWriting) {
    // There is other memory of the library.
    const std::vector<int> before = descriptors_of("/memfd:opennvsci-buffer");
    const Shared shared = share(kReadonly);
    const Object reader = handed_over(shared);
    std::vector<int> files = descriptors_of("/memfd:opennvsci-buffer");
    std::erase_if(files, [&](int file) { return std::ranges::find(before, file) != before.end(); });
    EXPECT_EQ(files.size(), 2U) << "the producer's and the consumer's";
    for (const int file : files)
        EXPECT_FALSE(can_be_mapped_writable(file));
    auto* const read = const_cast<unsigned char*>(readable(reader));
    EXPECT_NE(::mprotect(read, 4096, PROT_READ | PROT_WRITE), 0);
    EXPECT_DEATH(*read = 1, "");
    writable(shared.object)[0] = 3;
    EXPECT_EQ(read[0], 3);
}

TEST_F(BufferMemoryTest, AReaderBesideAWriterIsHeldByItsDescriptor) {
    const LinkedEndpoints second("second");
    const List writes = send_wishes(channel_, kConsumer, {bytes(kReadWrite).list(peer_module_)}, module_);
    const List reads = send_wishes(second, kConsumer, {bytes(kReadonly).list(peer_module_)}, module_);
    const List result = reconciled({bytes().list(module_), writes, reads});
    const Object object = allocate(result);
    // The reader comes first, and must not close the memory to the writer.
    const Import reader = import_object(second, kConsumer, export_object(second, kProducer, object),
                                        send_result(second, kProducer, result, peer_module_));
    ASSERT_EQ(reader.code, kSuccess) << opennvsciGetLastErrorText();
    EXPECT_EQ(permission_of(reader.object), kReadonly);
    const Import writer = import_object(channel_, kConsumer, export_object(channel_, kProducer, object),
                                        send_result(channel_, kProducer, result, peer_module_));
    ASSERT_EQ(writer.code, kSuccess) << opennvsciGetLastErrorText();
    writable(writer.object)[7] = 4;
    EXPECT_EQ(readable(reader.object)[7], 4);
    EXPECT_NE(::mprotect(const_cast<unsigned char*>(readable(reader.object)), 4096, PROT_READ | PROT_WRITE), 0);
    int read_only = 0;
    for (const int file : descriptors_of("/memfd:opennvsci-buffer"))
        read_only += (::fcntl(file, F_GETFL) & O_ACCMODE) == O_RDONLY ? 1 : 0;
    EXPECT_EQ(read_only, 1);
}

TEST_F(BufferMemoryTest, EverythingCanBeFreedInEveryOrder) {
    std::array<int, 5> order{};
    std::iota(order.begin(), order.end(), 0);
    do {
        Shared shared = share(kReadWrite);
        Object received = handed_over(shared);
        writable(shared.object)[100] = 42;
        for (const int step : order) {
            if (received.get() != nullptr) {
                EXPECT_EQ(readable(received)[100], 42);
            }
            switch (step) {
                case 0:
                    shared.object.reset();
                    break;
                case 1:
                    shared.result.reset();
                    break;
                case 2:
                    shared.consumers_result.reset();
                    break;
                case 3:
                    received.reset();
                    break;
                default:
                    peer_module_ = open_module();
            }
        }
    } while (std::ranges::next_permutation(order).found);
}

TEST_F(BufferMemoryTest, TheContentOutlivesTheExporter) {
    Object received;
    {
        const LinkedEndpoints channel("first");
        const Module module = open_module();
        const List wishes = send_wishes(channel, kConsumer, {bytes(kReadonly).list(peer_module_)}, module);
        const List result = reconciled({bytes().list(module), wishes});
        const Object object = allocate(result);
        std::memset(writable(object), 0x77, kExchangedBytes);
        Import import = import_object(channel, kConsumer, export_object(channel, kProducer, object),
                                      send_result(channel, kProducer, result, peer_module_));
        ASSERT_EQ(import.code, kSuccess) << opennvsciGetLastErrorText();
        received = std::move(import.object);
    }
    const unsigned char* const bytes = readable(received);
    EXPECT_TRUE(std::all_of(bytes, bytes + kExchangedBytes, [](unsigned char byte) { return byte == 0x77; }));
}

TEST_F(BufferMemoryTest, AnObjectCostsItsImporterOneDescriptor) {
    const auto count = [] { return std::distance(std::filesystem::directory_iterator("/proc/self/fd"), {}); };
    const Attributes on_gpu =
        bytes().without(NvSciBufGeneralAttrKey_NeedCpuAccess).with(NvSciBufGeneralAttrKey_GpuId, gpu(0));
    for (const Attributes& wishes : {bytes(), on_gpu}) {
        const Shared shared = share(wishes, wishes);
        const auto before = count();
        const Object received = handed_over(shared);
        // The software device keeps one of its own for memory that it made, where the driver keeps none.
        const bool is_on_soft_device = TestDevice::instance().driver().is_software &&
                                       !get_flags(list_of(received), NvSciBufGeneralAttrKey_NeedCpuAccess).at(0);
        const long expected = is_on_soft_device ? 2 : 1;
        EXPECT_EQ(count() - before, expected);
        const Object duplicate = make<Object>(NvSciBufObjDup, received.get());
        EXPECT_EQ(count() - before, expected);
    }
}

// The exchange of an object leaves nothing, however often it is done.
TEST_F(BufferMemoryTest, TenThousandObjectsPassThroughSixtyFourDescriptors) {
    in_new_process([&] {
        constexpr rlim_t kFew = 64;
        rlimit limit{};
        ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &limit), 0);
        limit.rlim_cur = kFew;
        ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &limit), 0);
        const Shared shared = share(kReadonly);
        for (int i = 0; i < 10'000 && !HasFailure(); ++i) {
            const Object object = allocate(shared.result);
            const Import import = imported(shared, export_object(channel_, kProducer, object));
            ASSERT_EQ(import.code, kSuccess) << i << ": " << opennvsciGetLastErrorText();
        }
    });
}

TEST_F(BufferMemoryTest, WantOfDescriptorsIsAnErrorThatPasses) {
    in_new_process([&] {
        const Shared shared = share(kReadonly);
        const Descriptor waiting = exported(shared);
        rlimit limit{};
        ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &limit), 0);
        const rlimit none{1, limit.rlim_max};
        ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &none), 0);
        Descriptor descriptor{};
        EXPECT_EQ(NvSciBufObjIpcExport(shared.object, kAuto, channel_.handle(kProducer), &descriptor), kResourceError);
        EXPECT_TRUE(contains(opennvsciGetLastErrorText(), "RLIMIT_NOFILE"));
        EXPECT_EQ(imported(shared, waiting).code, kResourceError) << "its descriptor cannot come in";
        ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &limit), 0);
        EXPECT_EQ(imported(shared, exported(shared)).code, kSuccess);
    });
}

// What is expensive about video memory is done where no peer waits (driver-facts.md F13).
TEST_F(BufferMemoryTest, TheFirstExportOfVideoMemoryIsDoneWhenItIsAllocatedForAPeer) {
    const Attributes on_gpu =
        bytes().without(NvSciBufGeneralAttrKey_NeedCpuAccess).with(NvSciBufGeneralAttrKey_GpuId, gpu(0));
    static int exports = 0;
    static decltype(driver::EntryPoints::cuMemExportToShareableHandle) real = nullptr;
    driver::EntryPoints& call = driver::instance_for_testing()->call;
    real = call.cuMemExportToShareableHandle;
    exports = 0;
    call.cuMemExportToShareableHandle = [](void* descriptor, cu::CUmemGenericAllocationHandle handle,
                                           cu::CUmemAllocationHandleType type, unsigned long long flags) {
        ++exports;
        return real(descriptor, handle, type, flags);
    };
    {
        const Object local = allocate(reconciled({on_gpu.list(module_)}));
        EXPECT_EQ(exports, 0);
        const Shared shared = share(on_gpu, on_gpu);
        EXPECT_EQ(exports, 1);
        const Object first = handed_over(shared);
        const Object second = handed_over(shared);
        EXPECT_EQ(exports, 1);
    }
    call.cuMemExportToShareableHandle = real;
}

}  // namespace
}  // namespace opennvsci::test
