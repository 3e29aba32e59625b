// SPDX-License-Identifier: Apache-2.0
//
// What the tests of the exchange of buffers share: a producer, which reconciles and allocates, and a consumer, which
// sends a list and gets the reconciled list and the object. Both are this process, each with a module of its own.
#pragma once

#include <optional>
#include <string>

#include "attributes.h"
#include "buf_test.h"
#include "cuda_objects.h"
#include "exchange_channel.h"

namespace opennvsci::test {

constexpr auto kReadonly = NvSciBufAccessPerm_Readonly;
constexpr auto kReadWrite = NvSciBufAccessPerm_ReadWrite;
constexpr auto kAuto = NvSciBufAccessPerm_Auto;
constexpr NvSciError kInvalidOperation = NvSciError_InvalidOperation;
constexpr NvSciError kAccessDenied = NvSciError_AccessDenied;

/// Both ends of a channel of exchange_channel.h, with the links behind them, by which a test can be a peer that sends
/// what it likes.
class LinkedEndpoints : public Channel {
  public:
    explicit LinkedEndpoints(const std::string& name = "test") : Channel("itc_" + name) {}
    [[nodiscard]] NvSciIpcEndpoint handle(int end) const { return (*this)[end]; }
    [[nodiscard]] std::shared_ptr<ipc::Link> link(int end) const {
        return *(*api::endpoints().acquire(handle(end)))->link();
    }
};

/// Bytes that an export function gave, freed at the end.
template <void (*kFree)(void*)>
struct ExportedBlob {
    ExportedBlob() = default;
    ExportedBlob(const ExportedBlob&) = delete;
    ExportedBlob& operator=(const ExportedBlob&) = delete;
    ~ExportedBlob() {
        if (bytes != nullptr) kFree(bytes);
    }
    void* bytes = nullptr;
    std::size_t size = 0;
};
using ListBlob = ExportedBlob<NvSciBufAttrListFreeDesc>;
using ObjectBlob = ExportedBlob<NvSciBufAttrListAndObjFreeDesc>;

/// Carries unreconciled lists over a channel from end `from`; the list at the other end belongs to `module`.
inline List send_wishes(const LinkedEndpoints& channel, int from, const std::vector<NvSciBufAttrList>& lists,
                        NvSciBufModule module) {
    ListBlob blob;
    EXPECT_EQ(NvSciBufAttrListIpcExportUnreconciled(lists.data(), lists.size(), channel.handle(from), &blob.bytes,
                                                    &blob.size),
              kSuccess)
        << opennvsciGetLastErrorText();
    return make<List>(NvSciBufAttrListIpcImportUnreconciled, module, channel.handle(1 - from), blob.bytes, blob.size);
}

inline List send_result(const LinkedEndpoints& channel, int from, NvSciBufAttrList reconciled, NvSciBufModule module) {
    ListBlob blob;
    EXPECT_EQ(NvSciBufAttrListIpcExportReconciled(reconciled, channel.handle(from), &blob.bytes, &blob.size), kSuccess)
        << opennvsciGetLastErrorText();
    const NvSciBufAttrList* const no_lists = nullptr;
    return make<List>(NvSciBufAttrListIpcImportReconciled, module, channel.handle(1 - from), blob.bytes, blob.size,
                      no_lists, std::size_t{0});
}

using Descriptor = NvSciBufObjIpcExportDescriptor;

inline Descriptor export_object(const LinkedEndpoints& channel, int from, NvSciBufObj object,
                                NvSciBufAttrValAccessPerm permission = kAuto) {
    Descriptor descriptor{};
    EXPECT_EQ(NvSciBufObjIpcExport(object, permission, channel.handle(from), &descriptor), kSuccess)
        << opennvsciGetLastErrorText();
    return descriptor;
}

/// What an import gives: a code, and an object if that is Success.
struct Import {
    NvSciError code;
    Object object;
};

inline Import import_object(const LinkedEndpoints& channel, int at, const Descriptor& descriptor, NvSciBufAttrList list,
                            NvSciBufAttrValAccessPerm minimum = kAuto) {
    Import result{};
    NvSciBufObj object = nullptr;
    result.code = NvSciBufObjIpcImport(channel.handle(at), &descriptor, list, minimum, 77, &object);
    result.object = Object(object);
    EXPECT_EQ(object == nullptr, result.code != kSuccess);
    return result;
}

inline NvSciBufAttrList list_of(NvSciBufObj object) {
    NvSciBufAttrList list = nullptr;
    EXPECT_EQ(NvSciBufObjGetAttrList(object, &list), kSuccess);
    return list;
}

inline NvSciBufAttrValAccessPerm permission_of(NvSciBufObj object) {
    return get<NvSciBufAttrValAccessPerm>(list_of(object), NvSciBufGeneralAttrKey_ActualPerm).at(0);
}

inline unsigned char* writable(NvSciBufObj object) {
    void* pointer = nullptr;
    EXPECT_EQ(NvSciBufObjGetCpuPtr(object, &pointer), kSuccess) << opennvsciGetLastErrorText();
    return static_cast<unsigned char*>(pointer);
}

inline const unsigned char* readable(NvSciBufObj object) {
    const void* pointer = nullptr;
    EXPECT_EQ(NvSciBufObjGetConstCpuPtr(object, &pointer), kSuccess) << opennvsciGetLastErrorText();
    return static_cast<const unsigned char*>(pointer);
}

// Where the token stands in an export descriptor: behind the form, the permission and the exporter's instance.
constexpr std::size_t kTokenOffset = 24;

inline ipc::Token token_of(const Descriptor& descriptor) {
    ipc::Token token;
    std::memcpy(token.words.data(), reinterpret_cast<const std::byte*>(&descriptor) + kTokenOffset, sizeof(token));
    return token;
}

inline void set_token(Descriptor& descriptor, const ipc::Token& token) {
    std::memcpy(reinterpret_cast<std::byte*>(&descriptor) + kTokenOffset, token.words.data(), sizeof(token));
}

/// What went ahead of a descriptor, taken away from its importer.
inline ipc::Parcel intercepted(const LinkedEndpoints& channel, int importer, const Descriptor& descriptor) {
    auto parcel = channel.link(importer)->take(token_of(descriptor));
    EXPECT_TRUE(parcel);
    return parcel ? std::move(*parcel) : ipc::Parcel{};
}

/// The descriptor as a hostile exporter sends it, with something else ahead of it.
inline void send_instead(const LinkedEndpoints& channel, int exporter, const ipc::Parcel& parcel,
                         Descriptor& descriptor) {
    std::vector<int> files;
    for (const UniqueFd& file : parcel.files)
        files.push_back(file.get());
    const auto token = channel.link(exporter)->send(parcel.content, files);
    ASSERT_TRUE(token) << token.error().text;
    set_token(descriptor, *token);
}

constexpr std::uint64_t kExchangedBytes = 3 * 4096 + 40;

class BufferExchangeChannel {
  private:
    IpcSetUp set_up_;

  protected:
    LinkedEndpoints channel_;
};

class BufferExchangeTest : protected BufferExchangeChannel, public BufTest {
  protected:
    /// End 0 is the producer's, end 1 the consumer's.
    static constexpr int kProducer = 0;
    static constexpr int kConsumer = 1;

    /// Bytes that the CPUs of both share, with what the consumer asks for.
    static Attributes bytes(std::optional<NvSciBufAttrValAccessPerm> permission = std::nullopt) {
        return Attributes()
            .with(NvSciBufGeneralAttrKey_Types, NvSciBufType_RawBuffer)
            .with(NvSciBufGeneralAttrKey_NeedCpuAccess, true)
            .with(NvSciBufRawBufferAttrKey_Size, kExchangedBytes)
            .with(NvSciBufGeneralAttrKey_RequiredPerm, permission);
    }

    /// The result of both, at the producer.
    [[nodiscard]] List negotiated(const Attributes& producer, const Attributes& consumer) const {
        const List wishes = send_wishes(channel_, kConsumer, {consumer.list(peer_module_)}, module_);
        return reconciled({producer.list(module_), wishes});
    }

    /// What both have after an exchange of lists.
    struct Shared {
        List result;    // the producer's
        Object object;  // the producer's
        List consumers_result;
    };
    [[nodiscard]] Shared share(const Attributes& producer, const Attributes& consumer) const {
        Shared shared;
        shared.result = negotiated(producer, consumer);
        shared.object = allocate(shared.result);
        shared.consumers_result = send_result(channel_, kProducer, shared.result, peer_module_);
        return shared;
    }
    [[nodiscard]] Shared share(std::optional<NvSciBufAttrValAccessPerm> permission = std::nullopt) const {
        return share(bytes(), bytes(permission));
    }

    [[nodiscard]] Descriptor exported(const Shared& shared, NvSciBufAttrValAccessPerm permission = kAuto) const {
        return export_object(channel_, kProducer, shared.object, permission);
    }
    [[nodiscard]] Import imported(const Shared& shared, const Descriptor& descriptor,
                                  NvSciBufAttrValAccessPerm minimum = kAuto) const {
        return import_object(channel_, kConsumer, descriptor, shared.consumers_result, minimum);
    }
    /// The object at the consumer.
    [[nodiscard]] Object handed_over(const Shared& shared, NvSciBufAttrValAccessPerm permission = kAuto) const {
        Import result = imported(shared, exported(shared, permission));
        EXPECT_EQ(result.code, kSuccess) << opennvsciGetLastErrorText();
        return std::move(result.object);
    }

    Module peer_module_ = open_module();
};

}  // namespace opennvsci::test
