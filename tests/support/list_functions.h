// SPDX-License-Identifier: Apache-2.0
//
// The functions that exchange attribute lists, by the same names for both libraries.
#pragma once

#include "nvsci.h"
#include "nvsciipc.h"
#include "nvscisync.h"

namespace opennvsci::test {

template <class Handle>
struct ListFunctions;

template <>
struct ListFunctions<NvSciBufAttrList> {
    static constexpr auto export_unreconciled = NvSciBufAttrListIpcExportUnreconciled;
    static constexpr auto import_unreconciled = NvSciBufAttrListIpcImportUnreconciled;
    static constexpr auto reconcile = NvSciBufAttrListReconcile;
    static constexpr auto export_reconciled = NvSciBufAttrListIpcExportReconciled;
    static constexpr auto import_reconciled = NvSciBufAttrListIpcImportReconciled;
    static constexpr auto free = NvSciBufAttrListFreeDesc;
};

template <>
struct ListFunctions<NvSciSyncAttrList> {
    static constexpr auto export_unreconciled = NvSciSyncAttrListIpcExportUnreconciled;
    static constexpr auto import_unreconciled = NvSciSyncAttrListIpcImportUnreconciled;
    static constexpr auto reconcile = NvSciSyncAttrListReconcile;
    static constexpr auto export_reconciled = NvSciSyncAttrListIpcExportReconciled;
    static constexpr auto import_reconciled = NvSciSyncAttrListIpcImportReconciled;
    static constexpr auto free = NvSciSyncAttrListFreeDesc;
};

}  // namespace opennvsci::test
