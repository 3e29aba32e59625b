// SPDX-License-Identifier: Apache-2.0
#include "api/handles.h"

namespace opennvsci::api {

// Leaked on purpose: see base/handle_table.h.
ModuleTable& modules() {
    static ModuleTable& table = *new ModuleTable(HandleKind::module);
    return table;
}

ListTable& lists() {
    static ListTable& table = *new ListTable(HandleKind::attribute_list);
    return table;
}

ObjectTable& objects() {
    static ObjectTable& table = *new ObjectTable(HandleKind::buffer_object);
    return table;
}

ExternalMemoryTable& external_memories() {
    static ExternalMemoryTable& table = *new ExternalMemoryTable(HandleKind::external_memory);
    return table;
}

ObjectEntry::~ObjectEntry() {
    if (const std::uint64_t handle = list_handle_.load(); handle != 0) lists().close(handle);
}

Result<std::uint64_t> ObjectEntry::list_handle() {
    if (const std::uint64_t known = list_handle_.load(std::memory_order_acquire); known != 0) return known;
    auto entry = std::make_unique<ListEntry>();
    entry->module = object_->module();
    entry->list = object_->list();
    entry->is_borrowed = true;
    NvSciBufAttrList made = nullptr;
    OPENNVSCI_TRY(give_handle(lists(), std::move(entry), &made));
    std::uint64_t known = 0;
    if (list_handle_.compare_exchange_strong(known, number(made))) return number(made);
    lists().close(number(made));  // another thread was first
    return known;
}

Result<> give_list_handle(std::shared_ptr<buf::Module> module, std::unique_ptr<attr::List> list,
                          NvSciBufAttrList* out) {
    auto entry = std::make_unique<ListEntry>();
    entry->module = std::move(module);
    entry->list = std::move(list);
    entry->is_borrowed = false;
    return give_handle(lists(), std::move(entry), out);
}

}  // namespace opennvsci::api
