// SPDX-License-Identifier: Apache-2.0
#include "buf/list_exchange.h"

#include "buf/buffer_type.h"
#include "buf/keys.h"
#include "buf/peers.h"

namespace opennvsci::buf {
namespace {

namespace wire = attr::wire;

constexpr std::uint32_t kShareKeys[] = {NvSciBufGeneralAttrKey_NeedCpuAccess, NvSciBufGeneralAttrKey_RequiredPerm};
constexpr wire::Library kLibrary{1, "NvSciBuf", schema, NvSciError_NotSupported, NvSciError_BadParameter, kShareKeys};

Result<wire::Arrival> arrival(const wire::Received& blob, ipc::Endpoint& endpoint) {
    OPENNVSCI_TRY_ASSIGN(link, endpoint.link_from(blob.instance()));
    return wire::Arrival{link->session(), link->peer_name()};
}

// What the peer sees: its own rights in place of this process's.
attr::Slot result_for_peer(const attr::Slot& result, const PeerShare& share) {
    attr::Slot view = result;
    const auto permission =
        share.right == memory::Right::read_write ? NvSciBufAccessPerm_ReadWrite : NvSciBufAccessPerm_Readonly;
    view.put_scalar(NvSciBufGeneralAttrKey_NeedCpuAccess, share.needs_cpu_access);
    view.put_scalar(NvSciBufGeneralAttrKey_RequiredPerm, permission);
    view.put_scalar(NvSciBufGeneralAttrKey_ActualPerm, permission);
    return view;
}

attr::Report report_for_peer(const attr::Report& report, const PeerShare& share) {
    attr::Report view = report;
    const auto decide = [&](std::uint32_t key, attr::Outcome outcome, const char* reason) {
        view.decide(schema().index_of(*schema().find(key)), {outcome, reason, {}});
    };
    decide(NvSciBufGeneralAttrKey_NeedCpuAccess,
           share.needs_cpu_access ? attr::Outcome::granted : attr::Outcome::defaulted,
           "what the lists of this process ask");
    decide(NvSciBufGeneralAttrKey_ActualPerm, attr::Outcome::computed,
           "the greatest RequiredPerm of the lists of this process");
    return view;
}

}  // namespace

Result<wire::Blob> export_unreconciled(std::span<const attr::List* const> lists, const ipc::Endpoint& endpoint) {
    std::vector<attr::Wishes> slots;
    for (const attr::List* list : lists)
        list->for_each_participant([&](const attr::Wishes& wishes) { slots.push_back(wishes); });
    return wire::encode_unreconciled(kLibrary, endpoint.instance(), slots);
}

Result<std::unique_ptr<attr::List>> import_unreconciled(const void* blob, std::size_t size, ipc::Endpoint& endpoint) {
    OPENNVSCI_TRY_ASSIGN(received, wire::Received::copy(kLibrary, blob, size));
    OPENNVSCI_TRY_ASSIGN(from, arrival(received, endpoint));
    return wire::decode_unreconciled(received, from);
}

Result<wire::Blob> export_reconciled(const attr::List& list, ipc::Endpoint& endpoint, attr::Bytes attachment) {
    OPENNVSCI_TRY_ASSIGN(link, endpoint.link());
    OPENNVSCI_TRY_ASSIGN(share, share_of(list, link->session()));
    const attr::Report report = report_for_peer(*list.report(), share);  // there is one: it has the peer's share
    return wire::encode_reconciled(
        kLibrary, attachment.empty() ? wire::Kind::reconciled : wire::Kind::reconciled_with_object, endpoint.instance(),
        link->session(), result_for_peer(list.reconciled(), share), &report, attachment);
}

Result<wire::Imported> import_reconciled(const void* blob, std::size_t size, ipc::Endpoint& endpoint, wire::Kind kind) {
    OPENNVSCI_TRY_ASSIGN(received, wire::Received::copy(kLibrary, blob, size));
    OPENNVSCI_TRY_ASSIGN(from, arrival(received, endpoint));
    OPENNVSCI_TRY_ASSIGN(imported, wire::decode_reconciled(received, from, kind));
    OPENNVSCI_TRY(check_result(imported.list->reconciled()));
    return std::move(imported);
}

}  // namespace opennvsci::buf
