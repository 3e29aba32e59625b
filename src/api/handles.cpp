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

}  // namespace opennvsci::api
