// SPDX-License-Identifier: Apache-2.0
#include "opennvsci.h"

#include <fmt/format.h>

#include <cstdint>
#include <cstring>

#include "api/call.h"
#include "api/driver_view.h"
#include "api/error_name.h"
#include "api/handles.h"
#include "api/inspection_view.h"
#include "api/ipc_view.h"
#include "api/key_view.h"
#include "api/last_refusal.h"
#include "api/lists.h"
#include "api/vulkan_view.h"
#include "attr/printable.h"
#include "attr/value_text.h"
#include "base/unaligned.h"
#include "buf/dma_buf.h"
#include "buf/keys.h"
#include "sync/keys.h"

using namespace opennvsci;  // NOLINT(google-build-using-namespace): extern "C" functions stand outside

namespace {

constexpr std::size_t kMaxNameBytes = 63;  // as an NvSciIpc endpoint name
constexpr const char* kName =
    "UTF-8 without control characters and those that turn the direction of writing, or invisible ones";

template <class Handle>
NvSciError set_name(const char* function, api::ListTable& table, Handle attrList, const char* name) {
    return api::call(function, [&]() -> Result<> {
        OPENNVSCI_TRY_ASSIGN(entry, api::acquire(table, attrList, "attrList"));
        if (name == nullptr) return api::null_argument("name");
        const std::size_t length = ::strnlen(name, kMaxNameBytes + 1);
        if (length == 0 || length > kMaxNameBytes) {
            return fail(NvSciError_BadParameter, "a name has 1 to 63 bytes");
        }
        // Read once: it is the program's memory.
        const std::string copy(name, length);
        if (const std::string shown = attr::printable(copy); shown != copy) {
            return fail_unmet(NvSciError_BadParameter, {"name", shown, kName},
                              "the name is '{found}', where ? stands for what cannot be shown, and must be {needed}");
        }
        return (*entry)->list->set_name(copy);
    });
}

Result<const api::PublicReport*> report_of(api::ListEntry& entry) {
    if (entry.list->report() != nullptr) return entry.report.of(*entry.list);
    return fail(NvSciError_BadParameter, "the list did not come from a reconciliation");
}

template <class Handle>
NvSciError get_report(const char* function, api::ListTable& table, Handle attrList, const OpenNvSciReport** report) {
    return api::call(function, [&]() -> Result<> {
        OPENNVSCI_TRY_ASSIGN(entry, api::acquire(table, attrList, "attrList"));
        if (report == nullptr) return api::null_argument("report");
        OPENNVSCI_TRY_ASSIGN(found, report_of(**entry));
        *report = &found->report();
        return {};
    });
}

template <class Handle>
NvSciError get_decisions(const char* function, api::ListTable& table, Handle attrList,
                         const OpenNvSciDecision** decisions, size_t* count) {
    return api::call(function, [&]() -> Result<> {
        OPENNVSCI_TRY_ASSIGN(entry, api::acquire(table, attrList, "attrList"));
        if (decisions == nullptr) return api::null_argument("decisions");
        if (count == nullptr) return api::null_argument("count");
        OPENNVSCI_TRY_ASSIGN(found, report_of(**entry));
        *decisions = found->decided().data();
        *count = found->decided().size();
        return {};
    });
}

Result<const attr::Key*> find_key(const attr::Schema& schema, std::uint32_t number) {
    const attr::Key* key = schema.find(number);
    if (key == nullptr || key->direction == attr::Direction::internal) {
        return fail(NvSciError_BadParameter, fmt::format("there is no key {:#x}", number));
    }
    return key;
}

NvSciError get_value_text(const char* function, const attr::Schema& schema, std::uint32_t number, const void* value,
                          std::size_t len, char* text, std::size_t size) {
    return api::call(function, [&]() -> Result<> {
        OPENNVSCI_TRY_ASSIGN(key, find_key(schema, number));
        if (value == nullptr) return api::null_argument("value");
        if (text == nullptr) return api::null_argument("text");
        if (!key->fits(len)) {
            return fail(NvSciError_BadParameter,
                        fmt::format("{}: {} bytes are no value; an element has {}, and there are at most {}", key->name,
                                    len, key->type->size, key->max_count));
        }
        const std::string found = key->text({static_cast<const std::byte*>(value), len});
        if (found.size() >= size) {
            return fail(NvSciError_Overflow,
                        fmt::format("the text needs {} bytes, there are {}", found.size() + 1, size));
        }
        std::memcpy(text, found.c_str(), found.size() + 1);
        return {};
    });
}

NvSciError get_value(const char* function, const attr::Schema& schema, std::uint32_t number, const char* text,
                     void* value, std::size_t size, std::size_t* len) {
    return api::call(function, [&]() -> Result<> {
        OPENNVSCI_TRY_ASSIGN(key, find_key(schema, number));
        if (text == nullptr) return api::null_argument("text");
        if (value == nullptr) return api::null_argument("value");
        if (len == nullptr) return api::null_argument("len");
        OPENNVSCI_TRY_ASSIGN(found, attr::value_of_text(*key, text));
        if (found.size() > size) {
            return fail(NvSciError_Overflow,
                        fmt::format("{}: the value needs {} bytes, there are {}", key->name, found.size(), size));
        }
        std::memcpy(value, found.data(), found.size());
        *len = found.size();
        return {};
    });
}

NvSciError get_keys(const char* function, api::KeyView& (*view)(), const OpenNvSciKey** keys, std::size_t* count) {
    return api::call(function, [&]() -> Result<> {
        if (keys == nullptr) return api::null_argument("keys");
        if (count == nullptr) return api::null_argument("count");
        OPENNVSCI_TRY_ASSIGN(all, view().keys());
        *keys = all.data();
        *count = all.size();
        return {};
    });
}

NvSciError get_key(const char* function, api::KeyView& (*view)(), const char* name, const OpenNvSciKey** key) {
    return api::call(function, [&]() -> Result<> {
        if (name == nullptr) return api::null_argument("name");
        if (key == nullptr) return api::null_argument("key");
        OPENNVSCI_TRY_ASSIGN(found, view().find(name));
        *key = found;
        return {};
    });
}

}  // namespace

const char* opennvsciGetLastErrorText(void) {
    return api::last_failure_text();
}

const char* opennvsciErrorName(NvSciError error) {
    return api::error_name(load<std::uint32_t>(&error));  // a program may pass a number that is no enumerator
}

bool opennvsciPrintRefusals(bool arePrinted) {
    return api::print_refusals(arePrinted);
}

NvSciError opennvsciBufAttrListSetName(NvSciBufAttrList attrList, const char* name) {
    return set_name(__func__, api::lists(), attrList, name);
}

NvSciError opennvsciSyncAttrListSetName(NvSciSyncAttrList attrList, const char* name) {
    return set_name(__func__, api::sync_lists(), attrList, name);
}

NvSciError opennvsciBufAttrListGetDecisions(NvSciBufAttrList attrList, const OpenNvSciDecision** decisions,
                                            size_t* count) {
    return get_decisions(__func__, api::lists(), attrList, decisions, count);
}

NvSciError opennvsciSyncAttrListGetDecisions(NvSciSyncAttrList attrList, const OpenNvSciDecision** decisions,
                                             size_t* count) {
    return get_decisions(__func__, api::sync_lists(), attrList, decisions, count);
}

NvSciError opennvsciBufAttrListGetReport(NvSciBufAttrList attrList, const OpenNvSciReport** report) {
    return get_report(__func__, api::lists(), attrList, report);
}

NvSciError opennvsciSyncAttrListGetReport(NvSciSyncAttrList attrList, const OpenNvSciReport** report) {
    return get_report(__func__, api::sync_lists(), attrList, report);
}

// Asking is no call that counts: it must leave what it asks about.
NvSciError opennvsciGetLastRefusal(const OpenNvSciRefusal** refusal) {
    if (refusal == nullptr) return NvSciError_BadParameter;
    return api::last_refusal(*refusal);
}

NvSciError opennvsciCopyLastRefusal(const OpenNvSciRefusal** refusal) {
    if (refusal == nullptr) return NvSciError_BadParameter;
    return api::copy_last_refusal(*refusal);
}

void opennvsciFreeRefusal(const OpenNvSciRefusal* refusal) {
    api::free_refusal(refusal);
}

NvSciError opennvsciBufAttrListGetLayout(NvSciBufAttrList attrList, const OpenNvSciBufLayout** layout) {
    return api::call(__func__, [&]() -> Result<> {
        OPENNVSCI_TRY_ASSIGN(entry, api::acquire_reconciled(api::lists(), attrList, "attrList"));
        if (layout == nullptr) return api::null_argument("layout");
        OPENNVSCI_TRY_ASSIGN(found, (*entry)->layout.of(*(*entry)->list));
        *layout = found;
        return {};
    });
}

NvSciError opennvsciBufAttrValueGetText(uint32_t key, const void* value, size_t len, char* text, size_t size) {
    return get_value_text(__func__, buf::schema(), key, value, len, text, size);
}

NvSciError opennvsciSyncAttrValueGetText(uint32_t key, const void* value, size_t len, char* text, size_t size) {
    return get_value_text(__func__, sync::schema(), key, value, len, text, size);
}

NvSciError opennvsciBufAttrValueFromText(uint32_t key, const char* text, void* value, size_t size, size_t* len) {
    return get_value(__func__, buf::schema(), key, text, value, size, len);
}

NvSciError opennvsciSyncAttrValueFromText(uint32_t key, const char* text, void* value, size_t size, size_t* len) {
    return get_value(__func__, sync::schema(), key, text, value, size, len);
}

NvSciError opennvsciBufGetKeys(const OpenNvSciKey** keys, size_t* count) {
    return get_keys(__func__, api::buf_keys, keys, count);
}

NvSciError opennvsciSyncGetKeys(const OpenNvSciKey** keys, size_t* count) {
    return get_keys(__func__, api::sync_keys, keys, count);
}

NvSciError opennvsciBufGetKeyByName(const char* name, const OpenNvSciKey** key) {
    return get_key(__func__, api::buf_keys, name, key);
}

NvSciError opennvsciSyncGetKeyByName(const char* name, const OpenNvSciKey** key) {
    return get_key(__func__, api::sync_keys, name, key);
}

NvSciError opennvsciGetDriver(const OpenNvSciDriver** driver) {
    return api::call(__func__, [&]() -> Result<> {
        if (driver == nullptr) return api::null_argument("driver");
        OPENNVSCI_TRY_ASSIGN(found, api::driver_view());
        *driver = found;
        return {};
    });
}

NvSciError opennvsciGetVulkanDevices(void* getInstanceProcAddr, const OpenNvSciVulkanDevice** devices, size_t* count) {
    return api::call(__func__, [&]() -> Result<> {
        if (getInstanceProcAddr == nullptr) return api::null_argument("getInstanceProcAddr");
        if (devices == nullptr) return api::null_argument("devices");
        if (count == nullptr) return api::null_argument("count");
        OPENNVSCI_TRY_ASSIGN(found, api::vulkan_view(getInstanceProcAddr));
        *devices = found.data();
        *count = found.size();
        return {};
    });
}

NvSciError opennvsciBufObjExportDmaBuf(NvSciBufObj bufObj, uint32_t planeIndex, OpenNvSciDmaBuf* dmaBuf) {
    return api::call(__func__, [&]() -> Result<> {
        OPENNVSCI_TRY_ASSIGN(entry, api::acquire(api::objects(), bufObj, "bufObj"));
        if (dmaBuf == nullptr) return api::null_argument("dmaBuf");
        OPENNVSCI_TRY_ASSIGN(made, buf::export_dma_buf(*entry->object(), planeIndex));
        *dmaBuf = {made.file.release(), made.fourcc, made.modifier, made.size, made.offset,
                   made.width,          made.height, made.pitch,    {}};
        return {};
    });
}

NvSciError opennvsciIpcGetOverview(const OpenNvSciIpcOverview** overview) {
    return api::call(__func__, [&]() -> Result<> {
        if (overview == nullptr) return api::null_argument("overview");
        OPENNVSCI_TRY_ASSIGN(found, api::ipc_view());
        *overview = found;
        return {};
    });
}

NvSciError opennvsciInspect(int64_t pid, const OpenNvSciInspection** inspections, size_t* count) {
    return api::call(__func__, [&]() -> Result<> {
        if (inspections == nullptr) return api::null_argument("inspections");
        if (count == nullptr) return api::null_argument("count");
        OPENNVSCI_TRY_ASSIGN(found, api::inspection_view(pid));
        *inspections = found.data();
        *count = found.size();
        return {};
    });
}
