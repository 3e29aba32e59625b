// SPDX-License-Identifier: Apache-2.0
#include "negotiation.h"

namespace opennvsci::tool {

Result<List> Participant::make_list(const Module& module) const {
    List list;
    OPENNVSCI_TRY(check(NvSciBufAttrListCreate(module.get(), list.out()), "NvSciBufAttrListCreate"));
    OPENNVSCI_TRY(check(opennvsciBufAttrListSetName(list.get(), name_.c_str()), "opennvsciBufAttrListSetName"));
    std::vector<NvSciBufAttrKeyValuePair> pairs;
    for (const Wish& wish : wishes_)
        pairs.push_back({wish.key, wish.value.data(), wish.value.size()});
    OPENNVSCI_TRY(check(NvSciBufAttrListSetAttrs(list.get(), pairs.data(), pairs.size()), "NvSciBufAttrListSetAttrs"));
    return list;
}

Result<List> reconcile(const Module& module, std::span<const Participant> participants) {
    std::vector<List> lists;
    std::vector<NvSciBufAttrList> inputs;
    for (const Participant& participant : participants) {
        OPENNVSCI_TRY_ASSIGN(list, participant.make_list(module));
        inputs.push_back(list.get());
        lists.push_back(std::move(list));
    }
    List reconciled;
    List conflicts;
    OPENNVSCI_TRY(check(NvSciBufAttrListReconcile(inputs.data(), inputs.size(), reconciled.out(), conflicts.out()),
                        "NvSciBufAttrListReconcile"));
    return reconciled;
}

Result<Object> negotiate(const Module& module, std::span<const Participant> participants) {
    OPENNVSCI_TRY_ASSIGN(reconciled, reconcile(module, participants));
    Object object;
    OPENNVSCI_TRY(check(NvSciBufObjAlloc(reconciled.get(), object.out()), "NvSciBufObjAlloc"));
    return object;
}

Result<std::span<const OpenNvSciDecision>> decisions_of(const Object& object) {
    NvSciBufAttrList list = nullptr;  // the object's
    OPENNVSCI_TRY(check(NvSciBufObjGetAttrList(object.get(), &list), "NvSciBufObjGetAttrList"));
    const OpenNvSciDecision* decisions = nullptr;
    std::size_t count = 0;
    OPENNVSCI_TRY(
        check(opennvsciBufAttrListGetDecisions(list, &decisions, &count), "opennvsciBufAttrListGetDecisions"));
    return std::span(decisions, count);
}

Result<Object> read_only_duplicate(const Object& object) {
    Object duplicate;
    OPENNVSCI_TRY(check(NvSciBufObjDupWithReducePerm(object.get(), NvSciBufAccessPerm_Readonly, duplicate.out()),
                        "NvSciBufObjDupWithReducePerm"));
    return duplicate;
}

}  // namespace opennvsci::tool
