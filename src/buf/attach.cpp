// SPDX-License-Identifier: Apache-2.0
#include "buf/attach.h"

#include <fmt/format.h>

#include "attr/negotiation.h"
#include "buf/keys.h"
#include "memory/domain.h"

namespace opennvsci::buf {
namespace {

// What the rules of the keys say for lists of this process only, or cannot see.
Result<> check_peer(Object& object, const attr::Wishes& wishes) {
    OPENNVSCI_TRY_ASSIGN(asked, attr::CheckedWishes::of(wishes.values));
    const auto key = NvSciBufGeneralAttrKey_NeedCpuAccess;
    const auto domain = object.list()->reconciled().required<memory::Domain>(kMemoryDomain);
    if (asked.scalar<bool>(key).value_or(false) && domain == memory::Domain::video) {
        return fail(NvSciError_ReconciliationFailed,
                    {"memory", memory::domain_name(domain), memory::domain_name(memory::Domain::system)},
                    fmt::format("{}: {} asks for it, and the object is in {}, which no CPU sees. To avoid it: let a "
                                "list with NeedCpuAccess take part when the object is reconciled",
                                schema().find(key)->name, attr::origin_text(wishes.origin, wishes.name),
                                memory::domain_name(domain)));
    }
    const auto permission = asked.scalar<std::uint32_t>(NvSciBufGeneralAttrKey_RequiredPerm);
    if (permission != std::uint32_t{NvSciBufAccessPerm_ReadWrite}) return {};
    return object.admit_writer();
}

}  // namespace

Result<> attach_peers(Object& object, std::span<const attr::List* const> lists) {
    // Refuses lists without Types, as it does.
    OPENNVSCI_TRY_ASSIGN(all, attr::List::append(lists));
    const attr::List& slots = *all;
    const attr::List* const inputs[] = {&slots};
    OPENNVSCI_TRY(
        attr::require_yes(attr::check_satisfies(object.list()->reconciled(), inputs, NvSciError_ReconciliationFailed)));
    Result<> admitted;
    slots.for_each_participant([&](const attr::Wishes& wishes) {
        if (admitted && !wishes.origin.is_this_process()) admitted = check_peer(object, wishes);
    });
    OPENNVSCI_TRY(std::move(admitted));
    object.list()->add_participants(lists);
    return {};
}

}  // namespace opennvsci::buf
