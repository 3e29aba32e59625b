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
#include "api/lists.h"
#include "base/unaligned.h"
#include "buf/keys.h"

using namespace opennvsci;  // NOLINT(google-build-using-namespace): extern "C" functions stand outside

namespace {

constexpr std::size_t kMaxNameBytes = 63;  // as an NvSciIpc endpoint name

template <class Handle>
NvSciError set_name(const char* function, api::ListTable& table, Handle attrList, const char* name) {
    return api::call(function, [&]() -> Result<> {
        OPENNVSCI_TRY_ASSIGN(entry, api::acquire(table, attrList, "attrList"));
        if (name == nullptr) return api::null_argument("name");
        const std::size_t length = ::strnlen(name, kMaxNameBytes + 1);
        if (length == 0 || length > kMaxNameBytes) {
            return fail(NvSciError_BadParameter, "a name has 1 to 63 bytes");
        }
        return (*entry)->list->set_name(std::string(name, length));
    });
}

template <class Handle>
NvSciError get_decisions(const char* function, api::ListTable& table, Handle attrList,
                         const OpenNvSciDecision** decisions, size_t* count) {
    return api::call(function, [&]() -> Result<> {
        OPENNVSCI_TRY_ASSIGN(entry, api::acquire(table, attrList, "attrList"));
        if (decisions == nullptr) return api::null_argument("decisions");
        if (count == nullptr) return api::null_argument("count");
        if ((*entry)->list->report() == nullptr) {
            return fail(NvSciError_BadParameter, "the list did not come from a reconciliation");
        }
        OPENNVSCI_TRY_ASSIGN(made, (*entry)->decisions.of(*(*entry)->list));
        *decisions = made->data();
        *count = made->size();
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
    return api::call(__func__, [&]() -> Result<> {
        const attr::Key* row = buf::schema().find(key);
        if (row == nullptr || row->direction == attr::Direction::internal) {
            return fail(NvSciError_BadParameter, fmt::format("there is no key {:#x}", key));
        }
        if (value == nullptr) return api::null_argument("value");
        if (text == nullptr) return api::null_argument("text");
        if (!row->fits(len)) {
            return fail(NvSciError_BadParameter,
                        fmt::format("{}: {} bytes are no value; an element has {}, and there are at most {}", row->name,
                                    len, row->type->size, row->max_count));
        }
        const std::string found = row->text({static_cast<const std::byte*>(value), len});
        if (found.size() >= size) {
            return fail(NvSciError_Overflow,
                        fmt::format("the text needs {} bytes, there are {}", found.size() + 1, size));
        }
        std::memcpy(text, found.c_str(), found.size() + 1);
        return {};
    });
}

NvSciError opennvsciGetDriver(const OpenNvSciDriver** driver) {
    return api::call(__func__, [&]() -> Result<> {
        if (driver == nullptr) return api::null_argument("driver");
        OPENNVSCI_TRY_ASSIGN(found, api::driver_view());
        *driver = found;
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
