// SPDX-License-Identifier: Apache-2.0
#include "explain/rerun.h"

#include <fmt/format.h>

#include <algorithm>
#include <type_traits>
#include <vector>

namespace opennvsci::tool {
namespace {

struct BufKind {
    using Module = tool::Module;
    using List = tool::List;
    using Key = NvSciBufAttrKey;
    using Pair = NvSciBufAttrKeyValuePair;
    static constexpr auto open = NvSciBufModuleOpen;
    static constexpr auto create = NvSciBufAttrListCreate;
    static constexpr auto set_name = opennvsciBufAttrListSetName;
    static constexpr auto set = NvSciBufAttrListSetAttrs;
    static constexpr auto reconcile = NvSciBufAttrListReconcile;
    static constexpr auto get_report = opennvsciBufAttrListGetReport;
};

struct SyncKind {
    using Module = SyncModule;
    using List = SyncList;
    using Key = NvSciSyncAttrKey;
    using Pair = NvSciSyncAttrKeyValuePair;
    static constexpr auto open = NvSciSyncModuleOpen;
    static constexpr auto create = NvSciSyncAttrListCreate;
    static constexpr auto set_name = opennvsciSyncAttrListSetName;
    static constexpr auto set = NvSciSyncAttrListSetAttrs;
    static constexpr auto reconcile = NvSciSyncAttrListReconcile;
    static constexpr auto get_report = opennvsciSyncAttrListGetReport;
};

// What the library says of wishes that a list does not take, with the place of the one that it names.
tl::unexpected<Error> not_taken(const Wishes& wishes, const Error& error) {
    const std::string reason = printable(error.reason);
    for (const Wish& wish : wishes.wishes) {
        const std::string start = fmt::format("{}: ", wish.key->name);
        if (reason.starts_with(start)) return fail(fmt::format("{}: {}", wish.place, reason.substr(start.size())));
    }
    return fail(fmt::format("{}: {}", wishes.place, reason));
}

template <class Kind>
Result<typename Kind::List> make_list(const typename Kind::Module& module, const Wishes& wishes) {
    typename Kind::List list;
    OPENNVSCI_TRY(check(Kind::create(module.get(), list.out()), "creating a list"));
    if (!wishes.name.empty()) OPENNVSCI_TRY(check(Kind::set_name(list.get(), wishes.name.c_str()), "naming a list"));
    std::vector<typename Kind::Pair> pairs;
    for (const Wish& wish : wishes.wishes)
        pairs.push_back({static_cast<typename Kind::Key>(wish.key->number), wish.value.data(), wish.value.size()});
    if (pairs.empty()) return list;
    const auto set = check(Kind::set(list.get(), pairs.data(), pairs.size()),
                           std::is_same_v<Kind, BufKind> ? "NvSciBufAttrListSetAttrs" : "NvSciSyncAttrListSetAttrs");
    if (!set) return not_taken(wishes, set.error());
    return list;
}

}  // namespace

template <class Kind>
Result<Rerun> Rerun::run(const Negotiation& negotiation) {
    typename Kind::Module module;
    OPENNVSCI_TRY(check(Kind::open(module.out()), "opening a module"));
    std::vector<typename Kind::List> lists;
    std::vector<std::remove_reference_t<decltype(*lists.front().out())>> inputs;
    for (const Wishes& wishes : negotiation.participants) {
        OPENNVSCI_TRY_ASSIGN(list, make_list<Kind>(module, wishes));
        inputs.push_back(list.get());
        lists.push_back(std::move(list));
    }
    Rerun rerun;
    typename Kind::List reconciled;
    typename Kind::List conflicts;
    const NvSciError code = rerun.code_ =
        Kind::reconcile(inputs.data(), inputs.size(), reconciled.out(), conflicts.out());
    if (code == NvSciError_Success) {
        OPENNVSCI_TRY(check(Kind::get_report(reconciled.get(), &rerun.report_), "asking for the report"));
    } else {
        const OpenNvSciRefusal* refusal = nullptr;
        OPENNVSCI_TRY(check(opennvsciGetLastRefusal(&refusal), "asking for the refusal"));
        rerun.report_ = refusal->report;
        if (rerun.report_ == nullptr) {
            return fail(fmt::format("{}: cannot be tried here: {}: {}", negotiation.place, opennvsciErrorName(code),
                                    printable(refusal->text)));
        }
    }
    if constexpr (std::is_same_v<Kind, BufKind>) {
        rerun.buffer_ = std::move(reconciled);
    } else {
        rerun.sync_ = std::move(reconciled);
    }
    return rerun;
}

Result<Rerun> Rerun::of(const Negotiation& negotiation) {
    return negotiation.interface == &kNvSciBuf ? run<BufKind>(negotiation) : run<SyncKind>(negotiation);
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
