// SPDX-License-Identifier: Apache-2.0
//
// Memory and other processes: the seals that keep writers out, and what is checked of a descriptor that a peer sends.
// The peer is this process too, which has the same user and so every way round that a hostile one has.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>

#include <atomic>
#include <cerrno>
#include <cstring>
#include <string>
#include <thread>

#include "cuda_objects.h"
#include "device.h"
#include "leak_check.h"
#include "memory/driver_memory.h"
#include "memory/file_memory.h"
#include "own_process.h"

#ifndef MFD_HUGETLB
#define MFD_HUGETLB 0x0004U
#endif

namespace opennvsci::test {
namespace {

using memory::Allocation;
using memory::Domain;
using memory::DriverMemory;
using memory::FileMemory;
using memory::Right;

constexpr std::size_t kBytes = 8192;
constexpr std::size_t kAlignment = 65536;

class MemoryPeersTest : public LeakCheckedTest {
  protected:
    static std::shared_ptr<Allocation> file_memory(std::size_t alignment = 1) {
        auto made = FileMemory::create(kBytes, alignment, FileMemory::Pages::now);
        EXPECT_TRUE(made);
        return made ? *made : nullptr;
    }
    static UniqueFd descriptor(Allocation& memory, Right right) {
        auto given = memory.descriptor_for_peer(right);
        EXPECT_TRUE(given) << given.error().text;
        return given ? std::move(*given) : UniqueFd();
    }
    static NvSciError code(const Result<>& result) { return result ? NvSciError_Success : result.error().code; }
    template <class T>
    static NvSciError code(const Result<T>& result) {
        return result ? NvSciError_Success : result.error().code;
    }
};

/// A mapping of a descriptor, as a peer makes it.
class PeerMapping {
  public:
    PeerMapping(const UniqueFd& file, int protection)
        : address_(::mmap(nullptr, kBytes, protection, MAP_SHARED, file.get(), 0)) {}
    PeerMapping(const PeerMapping&) = delete;
    PeerMapping& operator=(const PeerMapping&) = delete;
    ~PeerMapping() {
        if (*this) ::munmap(address_, kBytes);
    }
    [[nodiscard]] explicit operator bool() const { return address_ != MAP_FAILED; }
    [[nodiscard]] unsigned char* bytes() const { return static_cast<unsigned char*>(address_); }

  private:
    void* const address_;
};

UniqueFd reopened(const UniqueFd& file, int flags) {
    return UniqueFd(::open(("/proc/self/fd/" + std::to_string(file.get())).c_str(), flags | O_CLOEXEC));
}

TEST_F(MemoryPeersTest, AfterTheFirstReaderTheKernelRefusesEveryNewWriter) {
    const auto memory = file_memory();
    const auto mine = memory->cpu_address(Right::read_write);
    ASSERT_TRUE(mine);
    auto* const owner = static_cast<unsigned char*>(*mine);
    const UniqueFd reader = descriptor(*memory, Right::read_only);
    const PeerMapping read(reader, PROT_READ);
    ASSERT_TRUE(read);

    EXPECT_FALSE(PeerMapping(reader, PROT_READ | PROT_WRITE));
    EXPECT_NE(::mprotect(read.bytes(), kBytes, PROT_READ | PROT_WRITE), 0);
    // The way round that access modes leave open to the same user.
    const UniqueFd writable = reopened(reader, O_RDWR);
    ASSERT_TRUE(writable) << "a reopened descriptor is how the test attacks";
    EXPECT_FALSE(PeerMapping(writable, PROT_READ | PROT_WRITE));
    EXPECT_LT(::pwrite(writable.get(), "x", 1, 0), 0);
    EXPECT_NE(::fallocate(writable.get(), FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, 4096), 0);
    EXPECT_NE(::ftruncate(writable.get(), 0), 0);
    EXPECT_NE(::ftruncate(writable.get(), 2 * kBytes), 0);

    owner[0] = 0x5A;
    EXPECT_EQ(read.bytes()[0], 0x5A) << "the owner writes on";
    EXPECT_EQ(*memory->cpu_address(Right::read_write), owner);
}

TEST_F(MemoryPeersTest, TheOwnerOfSealedMemoryGetsItsFirstWritableMappingToo) {
    const auto memory = file_memory(kAlignment);
    const UniqueFd reader = descriptor(*memory, Right::read_only);
    const auto late = memory->cpu_address(Right::read_write);
    ASSERT_TRUE(late) << late.error().text;
    static_cast<unsigned char*>(*late)[kBytes - 1] = 7;
    EXPECT_EQ(PeerMapping(reader, PROT_READ).bytes()[kBytes - 1], 7);
    const auto read_only = memory->cpu_address(Right::read_only);
    ASSERT_TRUE(read_only);
    EXPECT_EQ(static_cast<unsigned char*>(*read_only)[kBytes - 1], 7);
}

TEST_F(MemoryPeersTest, EveryContextOfTheOwnerWritesSealedMemoryAtAnAlignedAddress) {
    TestDevice& device = TestDevice::current();
    const auto memory = file_memory(kAlignment);
    const UniqueFd reader = descriptor(*memory, Right::read_only);
    const PeerMapping read(reader, PROT_READ);
    std::vector<std::unique_ptr<memory::GpuMapping>> mappings;
    const auto map_in_current_context = [&](unsigned char value) {
        auto mapping = memory->map_for_gpu(device.driver(), device.device(), Right::read_write);
        ASSERT_TRUE(mapping) << mapping.error().text;
        EXPECT_EQ((*mapping)->address() % kAlignment, 0U);
        EXPECT_EQ(device.write((*mapping)->address(), std::vector<unsigned char>(kBytes, value)), cu::CUDA_SUCCESS);
        EXPECT_EQ(read.bytes()[kBytes - 1], value);
        mappings.push_back(std::move(*mapping));
    };
    map_in_current_context(1);
    const OwnContext second;
    map_in_current_context(2);
    const OwnContext third;
    map_in_current_context(3);
    mappings.clear();
}

TEST_F(MemoryPeersTest, AWriterIsRefusedOnceTheMemoryIsSealedAndToldWhy) {
    const auto memory = file_memory();
    const UniqueFd reader = descriptor(*memory, Right::read_only);
    const auto writer = memory->descriptor_for_peer(Right::read_write);
    ASSERT_FALSE(writer);
    EXPECT_EQ(writer.error().code, NvSciError_InvalidOperation);
    EXPECT_NE(writer.error().text.find("sealed"), std::string::npos) << writer.error().text;
    EXPECT_EQ(code(memory->open_to_writers()), NvSciError_InvalidOperation);
    EXPECT_TRUE(descriptor(*memory, Right::read_only));
}

TEST_F(MemoryPeersTest, MemoryWithAWriterIsNotSealedAndReadersAreHeldByTheirDescriptor) {
    for (const bool is_expected : {false, true}) {
        const auto memory = file_memory();
        if (is_expected) {
            EXPECT_TRUE(memory->open_to_writers());
        } else {
            EXPECT_TRUE(descriptor(*memory, Right::read_write));
        }
        const UniqueFd reader = descriptor(*memory, Right::read_only);
        EXPECT_FALSE(PeerMapping(reader, PROT_READ | PROT_WRITE));
        EXPECT_LT(::pwrite(reader.get(), "x", 1, 0), 0);
        EXPECT_TRUE(PeerMapping(descriptor(*memory, Right::read_write), PROT_READ | PROT_WRITE));
        // What docs/security.md says about this case: the same user's /proc is a way round.
        EXPECT_TRUE(PeerMapping(reopened(reader, O_RDWR), PROT_READ | PROT_WRITE));
    }
}

TEST_F(MemoryPeersTest, AWriterCannotSealTheMemoryAgainstOthers) {
    const auto memory = file_memory();
    const UniqueFd writer = descriptor(*memory, Right::read_write);
    for (const int seal : {F_SEAL_FUTURE_WRITE, F_SEAL_WRITE, F_SEAL_SEAL})
        EXPECT_LT(::fcntl(writer.get(), F_ADD_SEALS, seal), 0) << seal;
    EXPECT_TRUE(PeerMapping(descriptor(*memory, Right::read_write), PROT_READ | PROT_WRITE));
}

// Whoever is given a descriptor can use it, whatever the others do at the same moment.
TEST_F(MemoryPeersTest, ExportsAndMappingsAtTheSameMomentAgree) {
    TestDevice& device = TestDevice::current();
    int refused = 0;
    for (int round = 0; round < 100; ++round) {
        const auto memory = file_memory();
        std::atomic<int> ready{0};
        const auto start_together = [&] {
            ++ready;
            while (ready < 4) {
            }
        };
        std::thread reader([&] {
            start_together();
            EXPECT_TRUE(PeerMapping(descriptor(*memory, Right::read_only), PROT_READ));
        });
        std::thread writer([&] {
            start_together();
            const auto given = memory->descriptor_for_peer(Right::read_write);
            if (given) {
                EXPECT_TRUE(PeerMapping(*given, PROT_READ | PROT_WRITE));
            } else {
                EXPECT_EQ(given.error().code, NvSciError_InvalidOperation);
                ++refused;
            }
        });
        std::thread cpu([&] {
            start_together();
            EXPECT_TRUE(memory->cpu_address(Right::read_write));
        });
        start_together();
        auto mapping = memory->map_for_gpu(device.driver(), device.device(), Right::read_write);
        EXPECT_TRUE(mapping);
        for (std::thread* thread : {&reader, &writer, &cpu})
            thread->join();
    }
    RecordProperty("refused", refused);
}

TEST_F(MemoryPeersTest, AnImporterSeesTheMemoryWithItsRightAndNoMore) {
    const auto memory = file_memory();
    EXPECT_TRUE(memory->open_to_writers());
    auto* const owner = static_cast<unsigned char*>(*memory->cpu_address(Right::read_write));
    const auto writer =
        FileMemory::import(descriptor(*memory, Right::read_write), kBytes, kAlignment, Right::read_write);
    const auto reader = FileMemory::import(descriptor(*memory, Right::read_only), kBytes, kAlignment, Right::read_only);
    ASSERT_TRUE(writer);
    ASSERT_TRUE(reader);
    const auto written = (*writer)->cpu_address(Right::read_write);
    ASSERT_TRUE(written);
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(*written) % kAlignment, 0U);
    static_cast<unsigned char*>(*written)[5] = 9;
    EXPECT_EQ(owner[5], 9);
    EXPECT_EQ(static_cast<unsigned char*>(*(*reader)->cpu_address(Right::read_only))[5], 9);

    const TestDevice& device = TestDevice::current();
    EXPECT_EQ(code((*reader)->cpu_address(Right::read_write)), NvSciError_BadParameter);
    EXPECT_EQ(code((*reader)->map_for_gpu(device.driver(), device.device(), Right::read_write)),
              NvSciError_BadParameter);
    EXPECT_EQ(code((*reader)->descriptor_for_peer(Right::read_write)), NvSciError_BadParameter);
    const UniqueFd further = descriptor(**reader, Right::read_only);
    EXPECT_FALSE(PeerMapping(further, PROT_READ | PROT_WRITE));
    EXPECT_TRUE(PeerMapping(further, PROT_READ));
    // An importer that may write does not seal what is another's.
    EXPECT_TRUE(descriptor(**writer, Right::read_only));
    EXPECT_TRUE(PeerMapping(descriptor(*memory, Right::read_write), PROT_READ | PROT_WRITE));
}

UniqueFd memory_file(std::size_t size, int seals, unsigned flags = 0) {
    UniqueFd file(::memfd_create("opennvsci-hostile", MFD_CLOEXEC | MFD_ALLOW_SEALING | flags));
    if (!file) return file;
    EXPECT_EQ(::ftruncate(file.get(), static_cast<off_t>(size)), 0);
    if (seals != 0) {
        EXPECT_EQ(::fcntl(file.get(), F_ADD_SEALS, seals), 0);
    }
    return file;
}

struct NamedFile {
    const char* what;
    UniqueFd file;
};

/// What is no memory at all.
std::vector<NamedFile> files_of_other_kinds() {
    std::array<int, 2> pipe_ends{};
    EXPECT_EQ(::pipe2(pipe_ends.data(), O_CLOEXEC), 0);
    std::array<int, 2> sockets{};
    EXPECT_EQ(::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, sockets.data()), 0);
    std::vector<NamedFile> files;
    files.push_back({"pipe, read end", UniqueFd(pipe_ends[0])});
    files.push_back({"pipe, write end", UniqueFd(pipe_ends[1])});
    files.push_back({"socket", UniqueFd(sockets[0])});
    files.push_back({"other socket", UniqueFd(sockets[1])});
    files.push_back({"eventfd", UniqueFd(::eventfd(0, EFD_CLOEXEC))});
    files.push_back({"/dev/null", UniqueFd(::open("/dev/null", O_RDWR | O_CLOEXEC))});
    files.push_back({"/dev/zero", UniqueFd(::open("/dev/zero", O_RDWR | O_CLOEXEC))});
    files.push_back({"folder", UniqueFd(::open("/", O_RDONLY | O_CLOEXEC))});
    files.push_back({"ordinary file", UniqueFd(::open("/proc/self/exe", O_RDONLY | O_CLOEXEC))});
    files.push_back({"no descriptor", UniqueFd()});
    return files;
}

TEST_F(MemoryPeersTest, WhatIsNoFittingMemoryFileIsRefused) {
    constexpr int kFixed = F_SEAL_SHRINK | F_SEAL_GROW;
    const auto refused = [](const char* what, UniqueFd file, Right right) {
        SCOPED_TRACE(what);
        const auto imported = FileMemory::import(std::move(file), kBytes, 1, right);
        ASSERT_FALSE(imported);
        EXPECT_TRUE(imported.error().code == NvSciError_BadParameter || std::string(what) == "no descriptor")
            << imported.error().text;
        EXPECT_NE(imported.error().text, "");
    };
    {
        SCOPED_TRACE("the forgery itself is good, so each refusal below has one cause");
        EXPECT_TRUE(FileMemory::import(memory_file(kBytes, kFixed), kBytes, 1, Right::read_write));
        EXPECT_TRUE(FileMemory::import(reopened(memory_file(kBytes, kFixed), O_RDONLY), kBytes, 1, Right::read_only));
    }
    for (const Right right : {Right::read_only, Right::read_write}) {
        for (NamedFile& file : files_of_other_kinds())
            refused(file.what, std::move(file.file), right);
        const auto opened = [&](UniqueFd file) {
            return right == Right::read_only ? reopened(file, O_RDONLY) : std::move(file);
        };
        refused("unsealed", opened(memory_file(kBytes, 0)), right);
        refused("can shrink", opened(memory_file(kBytes, F_SEAL_GROW)), right);
        refused("can grow", opened(memory_file(kBytes, F_SEAL_SHRINK)), right);
        refused("smaller", opened(memory_file(kBytes - 4096, kFixed)), right);
        refused("one byte smaller", opened(memory_file(kBytes - 1, kFixed)), right);
        refused("greater", opened(memory_file(kBytes + 4096, kFixed)), right);
        refused("empty", opened(memory_file(0, kFixed)), right);
        refused("path only", reopened(memory_file(kBytes, kFixed), O_PATH), right);
        refused("write only", reopened(memory_file(kBytes, kFixed), O_WRONLY), right);
        // Pages of 2 MiB that the machine may not have: an access to such a mapping can end the process.
        UniqueFd huge(memory_file(std::size_t{2} << 20, kFixed, MFD_HUGETLB));
        if (huge) {
            EXPECT_FALSE(FileMemory::import(opened(std::move(huge)), std::size_t{2} << 20, 1, right));
        }
    }
    refused("more than granted", memory_file(kBytes, kFixed), Right::read_only);
    refused("less than granted", reopened(memory_file(kBytes, kFixed), O_RDONLY), Right::read_write);
    refused("sealed against writing", memory_file(kBytes, kFixed | F_SEAL_WRITE), Right::read_write);
    refused("sealed against writers", memory_file(kBytes, kFixed | F_SEAL_FUTURE_WRITE), Right::read_write);
    const auto huge = FileMemory::import(memory_file(kBytes, kFixed), std::size_t{1} << 60, 1, Right::read_write);
    EXPECT_EQ(code(huge), NvSciError_ResourceError) << "more than the machine has";
}

class DriverMemoryPeersTest : public MemoryPeersTest {
  protected:
    const driver::Driver& driver_ = TestDevice::instance().driver();
    const driver::Device& device_ = driver_.devices.front();

    [[nodiscard]] std::shared_ptr<Allocation> made(const DriverMemory::Request& request) const {
        auto memory = DriverMemory::create(driver_, device_, request);
        EXPECT_TRUE(memory) << memory.error().text;
        return memory ? *memory : nullptr;
    }
    [[nodiscard]] Result<std::shared_ptr<Allocation>> imported(const DriverMemory::Request& request, Right right,
                                                               UniqueFd file) const {
        return DriverMemory::import(driver_, device_, request, right, std::move(file));
    }
    [[nodiscard]] bool has(Domain domain) const {
        return domain == Domain::video || device_.check_system_memory(driver_).has_value();
    }
};

TEST_F(DriverMemoryPeersTest, AnImportAliasesAndIsHeldToItsRight) {
    const TestDevice& device = TestDevice::current();
    for (const Domain domain : {Domain::video, Domain::driver_system}) {
        if (!has(domain)) continue;
        SCOPED_TRACE(memory::domain_name(domain));
        const DriverMemory::Request request{domain, kBytes, 4096, false};
        const auto memory = made(request);
        EXPECT_TRUE(memory->prepare_for_peers());
        const auto mine = memory->map_for_gpu(driver_, device_, Right::read_write);
        ASSERT_TRUE(mine);
        const auto reader = imported(request, Right::read_only, descriptor(*memory, Right::read_only));
        ASSERT_TRUE(reader) << reader.error().text;
        EXPECT_EQ((*reader)->size(), memory->size());
        EXPECT_EQ(code((*reader)->map_for_gpu(driver_, device_, Right::read_write)), NvSciError_BadParameter);
        EXPECT_EQ(code((*reader)->descriptor_for_peer(Right::read_write)), NvSciError_BadParameter);
        EXPECT_TRUE((*reader)->descriptor_for_arrays());
        const auto first = (*reader)->map_for_gpu(driver_, device_, Right::read_only);
        const auto second = (*reader)->map_for_gpu(driver_, device_, Right::read_only);
        ASSERT_TRUE(first && second);
        EXPECT_NE((*first)->address(), (*second)->address());
        const std::vector<unsigned char> bytes(kBytes, 0x3C);
        EXPECT_EQ(device.write((*mine)->address(), bytes), cu::CUDA_SUCCESS);
        EXPECT_EQ(device.read((*first)->address(), kBytes), bytes);
        EXPECT_EQ(device.read((*second)->address(), kBytes), bytes);
        EXPECT_EQ(device.write((*first)->address(), bytes), cu::CUDA_ERROR_INVALID_VALUE) << "the MMU holds it";
    }
}

// Between processes the peer of device 0 may call it device 1: only the UUID of the list tells.
TEST_F(DriverMemoryPeersTest, WhatIsNotTheMemoryOfTheListIsRefused) {
    constexpr std::size_t kGranule = std::size_t{2} << 20;
    const DriverMemory::Request request{Domain::video, kGranule, 1, false};
    const auto refused = [&](const char* what, const DriverMemory::Request& said, UniqueFd file) {
        SCOPED_TRACE(what);
        const auto result = imported(said, Right::read_only, std::move(file));
        ASSERT_FALSE(result);
        EXPECT_EQ(result.error().code, NvSciError_BadParameter) << result.error().text;
    };
    const auto fresh = [&] { return descriptor(*made(request), Right::read_only); };
    EXPECT_TRUE(imported(request, Right::read_only, fresh()));
    for (NamedFile& file : files_of_other_kinds())
        refused(file.what, request, std::move(file.file));
    refused("memory file", request, memory_file(kGranule, F_SEAL_SHRINK | F_SEAL_GROW));
    refused("smaller than said", {Domain::video, 2 * kGranule, 1, false}, fresh());
    refused("greater than said", request, descriptor(*made({Domain::video, 2 * kGranule, 1, false}), Right::read_only));
    refused("not compressible", {Domain::video, kGranule, 1, true}, fresh());
    if (device_.grants_compression(driver_)) {
        refused("compressible", request, descriptor(*made({Domain::video, kGranule, 1, true}), Right::read_only));
    }
    if (has(Domain::driver_system)) {
        refused("in video memory", {Domain::driver_system, kGranule, 1, false}, fresh());
        refused("in system memory", request,
                descriptor(*made({Domain::driver_system, kGranule, 1, false}), Right::read_only));
    }
    if (driver_.devices.size() > 1) {
        const auto other = DriverMemory::create(driver_, driver_.devices[1], request);
        ASSERT_TRUE(other);
        refused("of another device", request, descriptor(**other, Right::read_only));
    }
}

}  // namespace
}  // namespace opennvsci::test
