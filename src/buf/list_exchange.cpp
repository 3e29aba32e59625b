// SPDX-License-Identifier: Apache-2.0
#include "buf/list_exchange.h"

#include "buf/keys.h"
#include "buf/peers.h"
#include "buf/permission.h"

namespace opennvsci::buf {
namespace {

namespace wire = attr::wire;

constexpr std::uint32_t kShareKeys[] = {NvSciBufGeneralAttrKey_NeedCpuAccess, NvSciBufGeneralAttrKey_RequiredPerm};
constexpr wire::Library kLibrary{1, "NvSciBuf", schema, NvSciError_NotSupported, NvSciError_BadParameter, kShareKeys};

// What the peer sees: its own rights in place of this process's.
attr::Slot result_for_peer(const attr::Slot& result, const PeerShare& share) {
    attr::Slot view = result;
    const auto permission = permission_of(share.right);
    view.put_scalar(NvSciBufGeneralAttrKey_NeedCpuAccess, share.needs_cpu_access);
    view.put_scalar(NvSciBufGeneralAttrKey_RequiredPerm, permission);
    view.put_scalar(NvSciBufGeneralAttrKey_ActualPerm, permission);
    return view;
}

attr::Report report_for_peer(const attr::Report& report, const PeerShare& share) {
    attr::Report view = report;
    const auto decide = [&](std::uint32_t key, attr::Outcome outcome, const char* reason) {
        view.decide(schema().index_of(*schema().find(key)), {outcome, reason});
    };
    decide(NvSciBufGeneralAttrKey_NeedCpuAccess,
           share.needs_cpu_access ? attr::Outcome::granted : attr::Outcome::defaulted,
           "what the lists of this process ask");
    decide(NvSciBufGeneralAttrKey_ActualPerm, attr::Outcome::computed,
           "the greatest RequiredPerm of the lists of this process");
    return view;
}

}  // namespace

const wire::Library& wire_library() noexcept {
    return kLibrary;
}

Result<wire::View> view_for_peer(const attr::List& list, std::uint64_t session) {
    OPENNVSCI_TRY_ASSIGN(share, share_of(list, session));
    // There is a report: it has the peer's share.
    return wire::View{result_for_peer(list.reconciled(), share), report_for_peer(*list.report(), share)};
}

}  // namespace opennvsci::buf
