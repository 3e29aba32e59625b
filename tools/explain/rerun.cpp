// SPDX-License-Identifier: Apache-2.0
#include "explain/rerun.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <utility>
#include <vector>

namespace opennvsci::tool {
namespace {

// What a reconciliation takes of an interface. `PairArray` is what its function for setting wants.
template <class ModuleOwner, class ListOwner, class KeyType, class PairType, class PairArray>
struct Functions {
    using Module = ModuleOwner;
    using List = ListOwner;
    using Key = KeyType;
    using Pair = PairType;
    using ModuleHandle = decltype(std::declval<Module>().get());
    using ListHandle = decltype(std::declval<List>().get());

    NvSciError (*open)(ModuleHandle* module);
    NvSciError (*create)(ModuleHandle module, ListHandle* list);
    NvSciError (*set_name)(ListHandle list, const char* name);
    NvSciError (*set)(ListHandle list, PairArray pairs, std::size_t count);
    const char* name_of_set;
    NvSciError (*reconcile)(const ListHandle* lists, std::size_t count, ListHandle* reconciled, ListHandle* conflicts);
    NvSciError (*get_report)(ListHandle list, const OpenNvSciReport** report);
};

constexpr Functions<Module, List, NvSciBufAttrKey, NvSciBufAttrKeyValuePair, NvSciBufAttrKeyValuePair*> kOfNvSciBuf{
    NvSciBufModuleOpen,         NvSciBufAttrListCreate,    opennvsciBufAttrListSetName,  NvSciBufAttrListSetAttrs,
    "NvSciBufAttrListSetAttrs", NvSciBufAttrListReconcile, opennvsciBufAttrListGetReport};
constexpr Functions<SyncModule, SyncList, NvSciSyncAttrKey, NvSciSyncAttrKeyValuePair, const NvSciSyncAttrKeyValuePair*>
    kOfNvSciSync{NvSciSyncModuleOpen,           NvSciSyncAttrListCreate,     opennvsciSyncAttrListSetName,
                 NvSciSyncAttrListSetAttrs,     "NvSciSyncAttrListSetAttrs", NvSciSyncAttrListReconcile,
                 opennvsciSyncAttrListGetReport};

// What the library says of wishes that a list does not take, with the place of the one that it names.
tl::unexpected<Error> not_taken(const Wishes& wishes, const Error& error) {
    const std::string reason = printable(error.reason);
    for (const Wish& wish : wishes.wishes) {
        const std::string start = fmt::format("{}: ", wish.key->name);
        if (reason.starts_with(start)) return fail(fmt::format("{}: {}", wish.place, reason.substr(start.size())));
    }
    return fail(fmt::format("{}: {}", wishes.place, reason));
}

template <class Of>
Result<typename Of::List> make_list(const Of& of, const typename Of::Module& module, const Wishes& wishes) {
    typename Of::List list;
    OPENNVSCI_TRY(check(of.create(module.get(), list.out()), "creating a list"));
    if (!wishes.name.empty()) OPENNVSCI_TRY(check(of.set_name(list.get(), wishes.name.c_str()), "naming a list"));
    std::vector<typename Of::Pair> pairs;
    for (const Wish& wish : wishes.wishes)
        pairs.push_back({static_cast<typename Of::Key>(wish.key->number), wish.value.data(), wish.value.size()});
    if (pairs.empty()) return list;
    const auto set = check(of.set(list.get(), pairs.data(), pairs.size()), of.name_of_set);
    if (!set) return not_taken(wishes, set.error());
    return list;
}

}  // namespace

template <class Of>
Result<Rerun> Rerun::run(const Negotiation& negotiation, const Of& of, typename Of::List Rerun::*result) {
    typename Of::Module module;
    OPENNVSCI_TRY(check(of.open(module.out()), "opening a module"));
    std::vector<typename Of::List> lists;
    std::vector<typename Of::ListHandle> inputs;
    for (const Wishes& wishes : negotiation.participants) {
        OPENNVSCI_TRY_ASSIGN(list, make_list(of, module, wishes));
        inputs.push_back(list.get());
        lists.push_back(std::move(list));
    }
    Rerun rerun;
    typename Of::List reconciled;
    typename Of::List conflicts;
    const NvSciError code = rerun.code_ = of.reconcile(inputs.data(), inputs.size(), reconciled.out(), conflicts.out());
    if (code == NvSciError_Success) {
        OPENNVSCI_TRY(check(of.get_report(reconciled.get(), &rerun.report_), "asking for the report"));
    } else {
        const OpenNvSciRefusal* refusal = nullptr;
        OPENNVSCI_TRY(check(opennvsciGetLastRefusal(&refusal), "asking for the refusal"));
        rerun.report_ = refusal->report;
        if (rerun.report_ == nullptr) {
            return fail(fmt::format("{}: cannot be tried here: {}: {}", negotiation.place, opennvsciErrorName(code),
                                    printable(refusal->text)));
        }
    }
    rerun.*result = std::move(reconciled);
    return rerun;
}

Result<Rerun> Rerun::of(const Negotiation& negotiation) {
    return negotiation.interface == &kNvSciBuf ? run(negotiation, kOfNvSciBuf, &Rerun::buffer_)
                                               : run(negotiation, kOfNvSciSync, &Rerun::sync_);
}

const char* verdict_name(OpenNvSciVerdict verdict) {
    switch (verdict) {
        case OpenNvSciVerdict_Granted:
            return "granted";
        case OpenNvSciVerdict_Weakened:
            return "weakened";
        case OpenNvSciVerdict_Refused:
            return "refused";
    }
    return "unknown";
}

Json negotiation_json(const Negotiation& negotiation, const Rerun& rerun, bool is_another) {
    Json made = Json::parse(rerun.report().json);
    Json fields;
    for (const char* name : {"format_version", "interface", "participants"})
        fields[name] = std::move(made[name]);
    for (std::size_t i = 0; i < negotiation.participants.size(); ++i) {
        const std::string& peer = negotiation.participants[i].peer;
        if (!peer.empty()) fields["participants"][i]["peer"] = peer;
    }
    if (!is_another) fields.update(negotiation.origin);
    if (!is_another && negotiation.origin.contains("call") && negotiation.origin["call"].contains("code"))
        fields["call"]["code"] = opennvsciErrorName(rerun.code());
    fields["report"] = std::move(made["report"]);
    return fields;
}

}  // namespace opennvsci::tool
