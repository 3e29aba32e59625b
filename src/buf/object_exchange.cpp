// SPDX-License-Identifier: Apache-2.0
#include "buf/object_exchange.h"

#include <fmt/format.h>

#include <cstring>
#include <type_traits>

#include "buf/keys.h"
#include "buf/peers.h"
#include "buf/permission.h"
#include "buf/placement.h"
#include "memory/driver_memory.h"
#include "memory/file_memory.h"

namespace opennvsci::buf {
namespace {

using memory::Domain;
using memory::Right;

// Both forms travel between processes of one machine, so numbers are in its own order. A change gets another version.
constexpr std::uint64_t kDescriptorMagic = 0x4A424F5642534E4FULL;  // "ONSBVOBJ"
constexpr std::uint64_t kContentMagic = 0x4D454D5642534E4FULL;     // "ONSBVMEM"
constexpr std::uint32_t kVersion = 2;

struct DescriptorFields {
    std::uint64_t magic;
    std::uint32_t version;
    std::uint32_t permission;  // an NvSciBufAttrValAccessPerm
    std::uint64_t instance;    // the exporter's opening of its endpoint
    ipc::Token token;
    std::array<std::uint64_t, 27> zero;
};
static_assert(sizeof(DescriptorFields) == sizeof(ObjectDescriptor));
static_assert(std::has_unique_object_representations_v<DescriptorFields>);

// What goes ahead over the link, with one descriptor of the memory.
struct Record {
    std::uint64_t magic;
    std::uint32_t version;
    std::uint32_t permission;
    std::uint64_t size;  // bytes, of the list
    std::uint64_t list;  // fingerprint
};
static_assert(std::has_unique_object_representations_v<Record>);

constexpr std::uint32_t kOfOneProcess[] = {NvSciBufGeneralAttrKey_NeedCpuAccess, NvSciBufGeneralAttrKey_RequiredPerm,
                                           NvSciBufGeneralAttrKey_ActualPerm};

// Of everything that all processes see alike. Tells apart what honest programs may mix up; nothing rests on it.
std::uint64_t fingerprint(const attr::Slot& reconciled) {
    std::uint64_t hash = 0xCBF29CE484222325ULL;  // FNV-1a
    const auto mix = [&](attr::Bytes bytes) {
        for (const std::byte byte : bytes)
            hash = (hash ^ static_cast<std::uint64_t>(byte)) * 0x100000001B3ULL;
    };
    reconciled.for_each_set([&](std::size_t index, attr::Bytes value) {
        const std::uint32_t key = schema().keys()[index].number;
        for (const std::uint32_t own : kOfOneProcess) {
            if (key == own) return;
        }
        mix(std::as_bytes(std::span(&key, 1)));
        mix(value);
    });
    return hash;
}

Result<> check_permission_argument(std::uint32_t permission) {
    if (permission == NvSciBufAccessPerm_Readonly || permission == NvSciBufAccessPerm_ReadWrite ||
        permission == NvSciBufAccessPerm_Auto) {
        return {};
    }
    return fail(NvSciError_BadParameter, {"permission", std::to_string(permission), "Readonly, ReadWrite or Auto"},
                fmt::format("the permission is {}, and must be Readonly, ReadWrite or Auto", permission));
}

tl::unexpected<Error> about_peer(const std::string& peer, Error error) {
    error.text = fmt::format("peer {}: {}", peer, error.text);
    return tl::make_unexpected(std::move(error));
}

tl::unexpected<Error> bad_descriptor(std::string_view problem) {
    return fail(NvSciError_BadParameter, fmt::format("the export descriptor {}", problem));
}

Result<DescriptorFields> check_fields(const ObjectDescriptor& descriptor) {
    DescriptorFields fields;
    std::memcpy(&fields, descriptor.data(), sizeof(fields));
    if (fields.magic != kDescriptorMagic) return bad_descriptor("is none that NvSciBufObjIpcExport filled");
    if (fields.version != kVersion) {
        return bad_descriptor(fmt::format("is of version {}, and this library knows {}", fields.version, kVersion));
    }
    if (fields.permission != NvSciBufAccessPerm_Readonly && fields.permission != NvSciBufAccessPerm_ReadWrite) {
        return bad_descriptor(fmt::format("states permission {}", fields.permission));
    }
    for (const std::uint64_t word : fields.zero) {
        if (word != 0) return bad_descriptor("was changed on the way: it is not zero behind its fields");
    }
    return fields;
}

// One descriptor of memory, under the permission and for the list that the program believes in.
Result<> check_parcel(const ipc::Parcel& parcel, const DescriptorFields& fields, const attr::Slot& reconciled) {
    Record content;
    if (parcel.content.size() != sizeof(content) || parcel.files.size() != 1) {
        return bad_descriptor(fmt::format("names something else than a buffer ({} bytes and {} file descriptors)",
                                          parcel.content.size(), parcel.files.size()));
    }
    std::memcpy(&content, parcel.content.data(), sizeof(content));
    if (content.magic != kContentMagic || content.version != kVersion) {
        return bad_descriptor("names something else than a buffer of this version");
    }
    if (content.permission != fields.permission) {
        return bad_descriptor(
            fmt::format("states permission {}, and {} was granted", fields.permission, content.permission));
    }
    if (content.size != extent_of(reconciled).size || content.list != fingerprint(reconciled)) {
        return fail(NvSciError_BadParameter, {"reconciled list", "of another reconciliation", "that of the object"},
                    "the object was made of another reconciled list than the one given; give the list that came from "
                    "the same reconciliation (NvSciBufAttrListIpcImportReconciled)");
    }
    return {};
}

Result<std::shared_ptr<memory::Allocation>> import_memory(const attr::Slot& reconciled, Right right, UniqueFd file) {
    const Extent extent = extent_of(reconciled);
    const auto domain = reconciled.required<Domain>(kMemoryDomain);
    if (domain == Domain::system) {
        return memory::FileMemory::import(std::move(file), extent.size, extent.alignment, right);
    }
    OPENNVSCI_TRY_ASSIGN(driver, driver::instance());
    OPENNVSCI_TRY_ASSIGN(device, memory_device_of(*driver, reconciled));
    const bool compressible = reconciled.scalar<bool>(kMemoryCompressed).value_or(false);
    return memory::DriverMemory::import(*driver, *device, {domain, extent.size, extent.alignment, compressible}, right,
                                        std::move(file));
}

const char* permission_name(Right right) noexcept {
    return right == Right::read_only ? "Readonly" : "ReadWrite";
}

Result<std::shared_ptr<Object>> import_from(const ipc::Link& link, std::shared_ptr<Module> module,
                                            const attr::List& reconciled, const DescriptorFields& fields,
                                            ipc::Parcel parcel) {
    OPENNVSCI_TRY(check_parcel(parcel, fields, reconciled.reconciled()));
    const Right right = right_of(fields.permission);
    auto memory = import_memory(reconciled.reconciled(), right, std::move(parcel.files.front()));
    if (!memory) return about_peer(link.peer_name(), std::move(memory).error());
    return Object::on_memory(std::move(module), reconciled, *std::move(memory), right,
                             fmt::format("peer {} exported it with {}", link.peer_name(), permission_name(right)));
}

}  // namespace

Result<Right> right_of_export(const Object& object, std::uint32_t asked, const ipc::Link& link) {
    OPENNVSCI_TRY(check_permission_argument(asked));
    const auto share = share_of(*object.list(), link.session());
    if (!share) return about_peer(link.peer_name(), share.error());
    if (asked == NvSciBufAccessPerm_Readonly && share->right == Right::read_write) {
        return fail(NvSciError_InvalidOperation, {"permission for the peer", "Readonly", "ReadWrite"},
                    fmt::format("peer {}: it was granted ReadWrite when the lists were reconciled, so Readonly is less "
                                "than it relies on; export with Auto, or let its lists ask for Readonly",
                                link.peer_name()));
    }
    const Right right = asked == NvSciBufAccessPerm_ReadWrite ? Right::read_write : share->right;
    if (right == Right::read_write && object.right() == Right::read_only) {
        const bool is_auto = asked == NvSciBufAccessPerm_Auto;
        return fail(is_auto ? NvSciError_InvalidOperation : NvSciError_BadParameter,
                    {"permission of the object", "Readonly", "ReadWrite"},
                    fmt::format("peer {}: the object is read-only, and {}", link.peer_name(),
                                is_auto ? "the peer was granted ReadWrite when the lists were reconciled; export an "
                                          "object with ReadWrite to it"
                                        : "a permission can be reduced, never raised"));
    }
    return right;
}

Result<ObjectDescriptor> export_object(const Object& object, std::uint32_t asked, ipc::Endpoint& endpoint) {
    if (!object.is_of_this_process()) {
        return fail(NvSciError_NotPermitted, {"process", "a forked child", "the one that has the object"},
                    "the object belongs to the process that this one was forked from, and is exported there only");
    }
    OPENNVSCI_TRY(check_permission_argument(asked));
    OPENNVSCI_TRY_ASSIGN(link, endpoint.link());
    OPENNVSCI_TRY_ASSIGN(right, right_of_export(object, asked, *link));
    auto file = object.allocation().descriptor_for_peer(right);
    if (!file) return about_peer(link->peer_name(), std::move(file).error());
    const attr::Slot& reconciled = object.list()->reconciled();
    const Record content{kContentMagic, kVersion, permission_of(right), object.extent().size, fingerprint(reconciled)};
    const int descriptor = file->get();
    OPENNVSCI_TRY_ASSIGN(token, link->send(std::as_bytes(std::span(&content, 1)), std::span(&descriptor, 1)));
    const DescriptorFields fields{kDescriptorMagic, kVersion, permission_of(right), endpoint.instance(), token, {}};
    ObjectDescriptor filled;
    std::memcpy(filled.data(), &fields, sizeof(fields));
    return filled;
}

// What can be refused without the parcel is refused before it is taken, so that the program may try again.
Result<std::shared_ptr<Object>> import_object(std::shared_ptr<Module> module, const attr::List& reconciled,
                                              const ObjectDescriptor& descriptor, std::uint32_t minimum,
                                              ipc::Endpoint& endpoint) {
    OPENNVSCI_TRY(check_permission_argument(minimum));
    OPENNVSCI_TRY_ASSIGN(fields, check_fields(descriptor));
    OPENNVSCI_TRY_ASSIGN(link, endpoint.link_from(fields.instance));
    const auto report = reconciled.report();
    if (report == nullptr || report->source() != link->session()) {
        return fail(NvSciError_BadParameter, {"reconciled list", "of another origin", "one that came from the peer"},
                    fmt::format("peer {}: the reconciled list is not one that came from it; give the list of "
                                "NvSciBufAttrListIpcImportReconciled",
                                link->peer_name()));
    }
    if (minimum == NvSciBufAccessPerm_ReadWrite && fields.permission == NvSciBufAccessPerm_Readonly) {
        return fail(NvSciError_AccessDenied, {"permission", "Readonly", "ReadWrite"},
                    fmt::format("peer {}: the object was exported Readonly, and minPermissions is ReadWrite; let a "
                                "list of this process ask for RequiredPerm ReadWrite",
                                link->peer_name()));
    }
    OPENNVSCI_TRY_ASSIGN(parcel, link->take(fields.token));
    return import_from(*link, std::move(module), reconciled, fields, std::move(parcel));
}

}  // namespace opennvsci::buf
