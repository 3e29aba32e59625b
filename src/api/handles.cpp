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

ModuleTable& sync_modules() {
    static ModuleTable& table = *new ModuleTable(HandleKind::sync_module);
    return table;
}

ListTable& sync_lists() {
    static ListTable& table = *new ListTable(HandleKind::sync_attribute_list);
    return table;
}

SyncObjectTable& sync_objects() {
    static SyncObjectTable& table = *new SyncObjectTable(HandleKind::sync_object);
    return table;
}

ModuleTable& cpu_wait_contexts() {
    static ModuleTable& table = *new ModuleTable(HandleKind::cpu_wait_context);
    return table;
}

ExternalSemaphoreTable& external_semaphores() {
    static ExternalSemaphoreTable& table = *new ExternalSemaphoreTable(HandleKind::external_semaphore);
    return table;
}

}  // namespace opennvsci::api
