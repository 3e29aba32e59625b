// SPDX-License-Identifier: Apache-2.0
#include "api/lists.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/log.h"

namespace opennvsci::api {

Result<UnreconciledLists> UnreconciledLists::acquire(ListTable& table, std::vector<std::uint64_t> handles) {
    UnreconciledLists found;
    found.refs_.reserve(handles.size());
    for (size_t i = 0; i < handles.size(); ++i) {
        auto ref = api::acquire(table, reinterpret_cast<void*>(handles[i]), "a list");
        if (!ref) return fail(NvSciError_BadParameter, fmt::format("list {}: {}", i + 1, ref.error().text));
        if ((**ref)->list->kind() != attr::List::Kind::unreconciled) {
            return fail(NvSciError_BadParameter, fmt::format("list {} is not an unreconciled list", i + 1));
        }
        if (!found.refs_.empty() && (**ref)->module != found.module()) {
            return fail(NvSciError_BadParameter, fmt::format("list {} belongs to another module than list 1", i + 1));
        }
        found.refs_.push_back(std::move(*ref));
    }
    std::sort(handles.begin(), handles.end());
    if (std::adjacent_find(handles.begin(), handles.end()) != handles.end()) {
        return fail(NvSciError_BadParameter, "the same list is given twice");
    }
    return found;
}

std::vector<const attr::List*> UnreconciledLists::lists() const {
    std::vector<const attr::List*> all;
    all.reserve(refs_.size());
    for (const ListRef& ref : refs_)
        all.push_back((*ref)->list.get());
    return all;
}

std::unique_ptr<attr::List> UnreconciledLists::append() const {
    std::vector<attr::NamedSlot> slots;
    for (const attr::List* list : lists()) {
        for (attr::NamedSlot& slot : list->copy_slots())
            slots.push_back(std::move(slot));
    }
    return std::make_unique<attr::List>(attr::List::Kind::unreconciled, std::move(slots), nullptr);
}

void report_unknown(const char* function) {
    const Error error{NvSciError_BadParameter, cu::CUDA_ERROR_INVALID_HANDLE, "the argument is not a live handle"};
    remember_failure(function, error);
    log::write(log::Level::error, last_failure_text());
}

NvSciError not_implemented(const char* function) {
    return call(function, [] {
        return Result<>(
            fail(NvSciError_NotImplemented, "not implemented in this version", cu::CUDA_ERROR_NOT_SUPPORTED));
    });
}

void free_list(const char* function, ListTable& table, std::uint64_t handle) {
    if (handle == 0) return;
    {
        const auto entry = table.acquire(handle);
        if (!entry) return report_unknown(function);
        if ((*entry)->is_borrowed) return;
    }
    table.close(handle);
}

NvSciError is_list_reconciled(const char* function, ListTable& table, std::uint64_t handle, bool* out) {
    return call(function, [&]() -> Result<> {
        OPENNVSCI_TRY_ASSIGN(entry, acquire(table, reinterpret_cast<void*>(handle), "attrList"));
        if (out == nullptr) return null_argument("isReconciled");
        *out = (*entry)->list->is_reconciled();
        return {};
    });
}

size_t slot_count(const char* function, ListTable& table, std::uint64_t handle) {
    if (handle == 0) return 0;
    const auto entry = table.acquire(handle);
    if (entry) return (*entry)->list->slot_count();
    report_unknown(function);
    return 0;
}

}  // namespace opennvsci::api
