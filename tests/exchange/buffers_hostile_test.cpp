// SPDX-License-Identifier: Apache-2.0
//
// Descriptors and parcels that are not what they should be: replayed, of another peer, changed in any byte; and a peer
// that sends other descriptors of files, other bytes and other permissions than it says.
#include <fcntl.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>

#include <functional>

#include "buffer_exchange.h"

namespace opennvsci::test {
namespace {

class BufferHostileTest : public BufferExchangeTest {
  protected:
    void expect_refused(const Import& import, const char* what, NvSciError code = kBadParameter) const {
        EXPECT_EQ(import.code, code) << what << ": " << opennvsciGetLastErrorText();
        EXPECT_NE(std::string(opennvsciGetLastErrorText()), "") << what;
    }
    /// Takes away what went ahead of a descriptor, if nobody has.
    void drop(const Descriptor& descriptor) const { (void)channel_.link(kConsumer)->take(token_of(descriptor)); }
    /// What a hostile producer sends in the place of an object: `change(parcel)` changes what goes ahead.
    template <class Change>
    [[nodiscard]] Descriptor changed(const Shared& shared, Change&& change) const {
        Descriptor descriptor = exported(shared);
        ipc::Parcel parcel = intercepted(channel_, kConsumer, descriptor);
        change(parcel);
        send_instead(channel_, kProducer, parcel, descriptor);
        return descriptor;
    }
};

TEST_F(BufferHostileTest, ADescriptorServesOnce) {
    const Shared shared = share();
    const Descriptor descriptor = exported(shared);
    const Import first = imported(shared, descriptor);
    ASSERT_EQ(first.code, kSuccess);
    expect_refused(imported(shared, descriptor), "a second time");
    EXPECT_EQ(imported(shared, exported(shared)).code, kSuccess) << "exported again, it serves again";
}

TEST_F(BufferHostileTest, ADescriptorServesItsPeerAlone) {
    const Shared shared = share();
    const LinkedEndpoints other("other");
    const Descriptor descriptor = exported(shared);
    expect_refused(import_object(other, kConsumer, descriptor, shared.consumers_result), "at another endpoint");
    expect_refused(import_object(channel_, kProducer, descriptor, shared.result), "at the exporter itself");
    EXPECT_EQ(imported(shared, descriptor).code, kSuccess);
}

TEST_F(BufferHostileTest, AChangeOfAnyByteOfADescriptorIsRefused) {
    const Shared shared = share();
    for (std::size_t at = 0; at < sizeof(Descriptor); ++at) {
        for (const int change : {0x01, 0x02, 0x80}) {
            const Descriptor good = exported(shared);
            Descriptor descriptor = good;
            reinterpret_cast<unsigned char*>(&descriptor)[at] ^= static_cast<unsigned char>(change);
            const Import import = imported(shared, descriptor);
            EXPECT_EQ(import.code, kBadParameter)
                << "byte " << at << " changed by " << change << ": " << opennvsciGetLastErrorText();
            drop(good);
        }
    }
    Descriptor zero{};
    expect_refused(imported(shared, zero), "all zero");
    std::memset(&zero, 0xFF, sizeof(zero));
    expect_refused(imported(shared, zero), "all ones");
}

TEST_F(BufferHostileTest, ListsThatDidNotComeWithTheObjectAreRefused) {
    const Shared shared = share();
    const Shared greater = share(bytes().with(NvSciBufRawBufferAttrKey_Size, std::uint64_t{1} << 20),
                                 Attributes().with(NvSciBufGeneralAttrKey_Types, NvSciBufType_RawBuffer));
    const Shared aligned = share(bytes().with(NvSciBufRawBufferAttrKey_Align, std::uint64_t{1} << 16), bytes());
    const auto with_list = [&](NvSciBufAttrList list) {
        const Descriptor descriptor = exported(shared);
        Import import = import_object(channel_, kConsumer, descriptor, list);
        drop(descriptor);
        return import;
    };
    expect_refused(with_list(greater.consumers_result), "of a greater buffer");
    expect_refused(with_list(aligned.consumers_result), "of another alignment");
    expect_refused(with_list(shared.result), "of this process");
    expect_refused(with_list(bytes().list(peer_module_)), "unreconciled");
    expect_refused(with_list(nullptr), "none");
    EXPECT_EQ(imported(shared, exported(shared)).code, kSuccess);
}

TEST_F(BufferHostileTest, ArgumentsThatAreMissingAreRefused) {
    const Shared shared = share();
    Descriptor descriptor = exported(shared);
    NvSciBufObj object = nullptr;
    const NvSciIpcEndpoint consumer = channel_.handle(kConsumer);
    const NvSciIpcEndpoint producer = channel_.handle(kProducer);
    const NvSciBufAttrList list = shared.consumers_result;
    EXPECT_EQ(NvSciBufObjIpcImport(0, &descriptor, list, kAuto, 0, &object), kBadParameter);
    EXPECT_EQ(NvSciBufObjIpcImport(consumer, nullptr, list, kAuto, 0, &object), kBadParameter);
    EXPECT_EQ(NvSciBufObjIpcImport(consumer, &descriptor, list, kAuto, 0, nullptr), kBadParameter);
    EXPECT_EQ(NvSciBufObjIpcExport(nullptr, kAuto, producer, &descriptor), kBadParameter);
    EXPECT_EQ(NvSciBufObjIpcExport(shared.object, kAuto, 99, &descriptor), kBadParameter);
    EXPECT_EQ(NvSciBufObjIpcExport(shared.object, kAuto, producer, nullptr), kBadParameter);
    EXPECT_EQ(imported(shared, descriptor).code, kSuccess) << "time-outs of any size are ignored";
}

TEST_F(BufferHostileTest, APeerThatImportsNothingIsToldToInTheEnd) {
    const Shared shared = share();
    std::vector<Descriptor> waiting;
    Descriptor descriptor{};
    NvSciError code = kSuccess;
    while (code == kSuccess && waiting.size() < 1000) {
        descriptor = {};
        code = NvSciBufObjIpcExport(shared.object, kAuto, channel_.handle(kProducer), &descriptor);
        if (code == kSuccess) waiting.push_back(descriptor);
    }
    EXPECT_EQ(code, NvSciError_TryItAgain);
    EXPECT_TRUE(contains(opennvsciGetLastErrorText(), "itc_test_1"));
    EXPECT_EQ(descriptor.data[0], 0U) << "a refusal leaves the descriptor";
    for (const Descriptor& one : waiting)
        EXPECT_EQ(imported(shared, one).code, kSuccess) << opennvsciGetLastErrorText();
    EXPECT_EQ(imported(shared, exported(shared)).code, kSuccess);
}

/// A change that a hostile peer makes to what it sends.
struct Change {
    const char* what;
    std::function<void(ipc::Parcel&)> make;
};

UniqueFd memory_file(std::size_t size, int seals) {
    UniqueFd file(::memfd_create("opennvsci-hostile", MFD_CLOEXEC | MFD_ALLOW_SEALING));
    EXPECT_EQ(::ftruncate(file.get(), static_cast<off_t>(size)), 0);
    if (seals != 0) {
        EXPECT_EQ(::fcntl(file.get(), F_ADD_SEALS, seals), 0);
    }
    return UniqueFd(::open(("/proc/self/fd/" + std::to_string(file.get())).c_str(), O_RDONLY | O_CLOEXEC));
}

void replace_file(ipc::Parcel& parcel, int file) {
    parcel.files.clear();
    parcel.files.emplace_back(file);
}

std::vector<Change> changes_of_the_file() {
    constexpr int kFixed = F_SEAL_SHRINK | F_SEAL_GROW;
    constexpr std::size_t kPages = 4 * 4096;
    static_assert(kPages > kExchangedBytes);
    return {
        {"no file", [](ipc::Parcel& parcel) { parcel.files.clear(); }},
        {"two files",
         [](ipc::Parcel& parcel) { parcel.files.emplace_back(::fcntl(parcel.files[0].get(), F_DUPFD_CLOEXEC, 0)); }},
        {"a pipe",
         [](ipc::Parcel& parcel) {
             std::array<int, 2> ends{};
             EXPECT_EQ(::pipe2(ends.data(), O_CLOEXEC), 0);
             ::close(ends[1]);
             replace_file(parcel, ends[0]);
         }},
        {"an eventfd", [](ipc::Parcel& parcel) { replace_file(parcel, ::eventfd(0, EFD_CLOEXEC)); }},
        {"/dev/null", [](ipc::Parcel& parcel) { replace_file(parcel, ::open("/dev/null", O_RDONLY | O_CLOEXEC)); }},
        {"a file", [](ipc::Parcel& parcel) { replace_file(parcel, ::open("/proc/self/exe", O_RDONLY | O_CLOEXEC)); }},
        {"a socket",
         [](ipc::Parcel& parcel) { replace_file(parcel, ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)); }},
        {"unsealed memory", [](ipc::Parcel& parcel) { replace_file(parcel, memory_file(kPages, 0).release()); }},
        {"memory that can shrink",
         [](ipc::Parcel& parcel) { replace_file(parcel, memory_file(kPages, F_SEAL_GROW).release()); }},
        {"less memory",
         [](ipc::Parcel& parcel) { replace_file(parcel, memory_file(kPages - 4096, kFixed).release()); }},
        {"more memory",
         [](ipc::Parcel& parcel) { replace_file(parcel, memory_file(kPages + 4096, kFixed).release()); }},
    };
}

TEST_F(BufferHostileTest, FilesThatAreNotTheMemoryAreRefusedAndClosed) {
    const Shared shared = share();
    for (const Change& change : changes_of_the_file()) {
        const Descriptor descriptor = changed(shared, change.make);
        expect_refused(imported(shared, descriptor), change.what);
        expect_refused(imported(shared, descriptor), "it is spent");
    }
    EXPECT_EQ(imported(shared, exported(shared)).code, kSuccess);
}

TEST_F(BufferHostileTest, FilesThatAreNotDriverMemoryAreRefusedAndClosed) {
    const Attributes for_gpu = Attributes()
                                   .with(NvSciBufGeneralAttrKey_Types, NvSciBufType_RawBuffer)
                                   .with(NvSciBufGeneralAttrKey_GpuId, gpu(0))
                                   .with(NvSciBufRawBufferAttrKey_Size, kExchangedBytes);
    const Shared shared = share(for_gpu, for_gpu);
    for (const Change& change : changes_of_the_file()) {
        const Descriptor descriptor = changed(shared, change.make);
        expect_refused(imported(shared, descriptor), change.what);
    }
    // The memory of another object, twice as large.
    const Shared greater = share(for_gpu.with(NvSciBufRawBufferAttrKey_Size, std::uint64_t{4} << 20),
                                 Attributes().with(NvSciBufGeneralAttrKey_Types, NvSciBufType_RawBuffer));
    ipc::Parcel other = intercepted(channel_, kConsumer, exported(greater));
    const Descriptor descriptor = changed(shared, [&](ipc::Parcel& parcel) { parcel.files = std::move(other.files); });
    expect_refused(imported(shared, descriptor), "memory of another size");
    EXPECT_EQ(imported(shared, exported(shared)).code, kSuccess) << opennvsciGetLastErrorText();
}

TEST_F(BufferHostileTest, EveryChangeOfTheBytesOfAParcelIsRefused) {
    const Shared shared = share();
    const std::size_t size = intercepted(channel_, kConsumer, exported(shared)).content.size();
    for (std::size_t at = 0; at < size; ++at) {
        const Descriptor descriptor =
            changed(shared, [&](ipc::Parcel& parcel) { parcel.content[at] ^= std::byte{0x02}; });
        expect_refused(imported(shared, descriptor), ("byte " + std::to_string(at)).c_str());
    }
    for (std::size_t length = 0; length <= size + 8; ++length) {
        const Descriptor descriptor = changed(shared, [&](ipc::Parcel& parcel) { parcel.content.resize(length); });
        const Import import = imported(shared, descriptor);
        EXPECT_EQ(import.code, length == size ? kSuccess : kBadParameter) << length;
    }
}

// A peer that was granted Readonly, and whose own library says ReadWrite in all places, still has no writable memory.
TEST_F(BufferHostileTest, ARaisedPermissionDoesNotGetMoreThanTheDescriptorOfTheFileAllows) {
    constexpr std::size_t kPermission = 12;  // in both forms, behind a number of 64 bits and one of 32
    const Shared shared = share(kReadonly);
    Descriptor descriptor =
        changed(shared, [&](ipc::Parcel& parcel) { parcel.content[kPermission] = static_cast<std::byte>(kReadWrite); });
    auto* const bytes = reinterpret_cast<unsigned char*>(&descriptor);
    ASSERT_EQ(bytes[kPermission], kReadonly);
    bytes[kPermission] = kReadWrite;
    expect_refused(imported(shared, descriptor), "raised");
}

TEST_F(BufferHostileTest, AParcelOfAnotherKindOfObjectIsRefused) {
    const Shared shared = share();
    const Descriptor descriptor = changed(shared, [](ipc::Parcel& parcel) {
        parcel.content.assign(40, std::byte{});
        parcel.files.clear();
    });
    expect_refused(imported(shared, descriptor), "what came under this token is no buffer");
}

// List and object in one.

TEST_F(BufferHostileTest, ABlobOfListAndObjectServesOnceAndIsCheckedAsBothAre) {
    const Shared shared = share();
    const auto import = [&](const void* bytes, std::size_t size, std::vector<NvSciBufAttrList> lists,
                            NvSciBufAttrValAccessPerm minimum = kAuto) {
        NvSciBufObj object = nullptr;
        Import result{};
        result.code =
            NvSciBufIpcImportAttrListAndObj(peer_module_, channel_.handle(kConsumer), bytes, size,
                                            lists.empty() ? nullptr : lists.data(), lists.size(), minimum, -1, &object);
        result.object = Object(object);
        return result;
    };
    const auto export_blob = [&](ObjectBlob& blob) {
        ASSERT_EQ(
            NvSciBufIpcExportAttrListAndObj(shared.object, kAuto, channel_.handle(kProducer), &blob.bytes, &blob.size),
            kSuccess)
            << opennvsciGetLastErrorText();
    };
    ObjectBlob blob;
    export_blob(blob);
    const List fits = bytes(kReadonly).list(peer_module_);
    const List does_not = bytes().with(NvSciBufRawBufferAttrKey_Size, std::uint64_t{17}).list(peer_module_);
    expect_refused(import(blob.bytes, blob.size, {does_not}), "does not fit", kAttrListValidationFailed);
    expect_refused(import(blob.bytes, blob.size, {fits, fits}), "twice", kAttrListValidationFailed);
    expect_refused(import(blob.bytes, blob.size, {}, kReadWrite), "too little", kAccessDenied);
    expect_refused(import(blob.bytes, blob.size - 1, {}), "too short");
    expect_refused(import(nullptr, blob.size, {}), "none");
    NvSciBufAttrList list = nullptr;
    EXPECT_EQ(NvSciBufAttrListIpcImportReconciled(peer_module_, channel_.handle(kConsumer), blob.bytes, blob.size,
                                                  nullptr, 0, &list),
              kBadParameter)
        << "it is no blob of a list alone";
    const Import good = import(blob.bytes, blob.size, {fits});
    ASSERT_EQ(good.code, kSuccess) << opennvsciGetLastErrorText();
    writable(shared.object)[2] = 6;
    EXPECT_EQ(readable(good.object)[2], 6);
    EXPECT_EQ(get<std::uint64_t>(list_of(good.object), NvSciBufRawBufferAttrKey_Size).at(0), kExchangedBytes);
    EXPECT_EQ(permission_of(good.object), kReadonly);
    expect_refused(import(blob.bytes, blob.size, {fits}), "a second time");
}

TEST_F(BufferHostileTest, AChangeOfAnyByteOfABlobOfListAndObjectDoesNoHarm) {
    const Shared shared = share();
    std::size_t size = 1;
    for (std::size_t at = 0; at < size; at += at < 300 ? 1 : 7) {
        ObjectBlob blob;
        ASSERT_EQ(
            NvSciBufIpcExportAttrListAndObj(shared.object, kAuto, channel_.handle(kProducer), &blob.bytes, &blob.size),
            kSuccess);
        size = blob.size;
        const std::vector<std::byte> good(static_cast<std::byte*>(blob.bytes),
                                          static_cast<std::byte*>(blob.bytes) + size);
        static_cast<unsigned char*>(blob.bytes)[at] ^= 0x5A;
        NvSciBufObj object = nullptr;
        if (NvSciBufIpcImportAttrListAndObj(peer_module_, channel_.handle(kConsumer), blob.bytes, blob.size, nullptr, 0,
                                            kAuto, 0, &object) == kSuccess) {
            EXPECT_EQ(permission_of(object), kReadonly);  // a text was changed, or what nobody looks at
            EXPECT_GE(readable(object)[kExchangedBytes - 1], 0);
            NvSciBufObjFree(object);
        }
        // What went ahead and was not taken goes with the good bytes.
        if (NvSciBufIpcImportAttrListAndObj(peer_module_, channel_.handle(kConsumer), good.data(), good.size(), nullptr,
                                            0, kAuto, 0, &object) == kSuccess) {
            NvSciBufObjFree(object);
        }
    }
}

TEST_F(BufferHostileTest, OnlyItsOwnFunctionFreesABlobOfListAndObject) {
    const Shared shared = share();
    ObjectBlob blob;
    ASSERT_EQ(
        NvSciBufIpcExportAttrListAndObj(shared.object, kAuto, channel_.handle(kProducer), &blob.bytes, &blob.size),
        kSuccess);
    ::testing::internal::CaptureStderr();
    NvSciBufAttrListFreeDesc(blob.bytes);
    EXPECT_TRUE(contains(::testing::internal::GetCapturedStderr(), "NvSciBufAttrListFreeDesc"));
}

}  // namespace
}  // namespace opennvsci::test
