// SPDX-License-Identifier: Apache-2.0
//
// The exchange of lists over a channel in short: what a program exports, the bytes as its peer receives them, and what
// the peer imports. The same words for both libraries.
#pragma once

#include <vector>

#include "buf_objects.h"
#include "list_functions.h"
#include "sync_objects.h"

namespace opennvsci::test {

/// Bytes as the peer receives them: memory of its own.
using BlobBytes = std::vector<std::byte>;

template <class Handle>
struct ListExchange;

template <>
struct ListExchange<NvSciBufAttrList> : ListFunctions<NvSciBufAttrList> {
    using List = test::List;
    using Module = NvSciBufModule;
};

template <>
struct ListExchange<NvSciSyncAttrList> : ListFunctions<NvSciSyncAttrList> {
    using List = SyncList;
    using Module = NvSciSyncModule;
};

/// The bytes of a blob that `call(&blob, &size)` exports; none if it fails, and `code` says why.
template <class Handle, class Call>
BlobBytes received(Call&& call, NvSciError& code) {
    void* blob = nullptr;
    std::size_t size = 0;
    code = call(&blob, &size);
    if (code != kSuccess) return {};
    const auto* const first = static_cast<const std::byte*>(blob);
    BlobBytes bytes(first, first + size);
    ListExchange<Handle>::free(blob);
    return bytes;
}

template <class Handle>
BlobBytes sent(const std::vector<Handle>& lists, NvSciIpcEndpoint from, NvSciError expected = kSuccess) {
    NvSciError code{};
    BlobBytes bytes = received<Handle>(
        [&](void** blob, std::size_t* size) {
            return ListExchange<Handle>::export_unreconciled(lists.data(), lists.size(), from, blob, size);
        },
        code);
    EXPECT_EQ(code, expected) << opennvsciGetLastErrorText();
    return bytes;
}

template <class Handle>
BlobBytes sent_result(Handle list, NvSciIpcEndpoint from, NvSciError expected = kSuccess) {
    NvSciError code{};
    BlobBytes bytes = received<Handle>(
        [&](void** blob, std::size_t* size) { return ListExchange<Handle>::export_reconciled(list, from, blob, size); },
        code);
    EXPECT_EQ(code, expected) << opennvsciGetLastErrorText();
    return bytes;
}

/// The list that is imported, or null with the code.
template <class Handle>
typename ListExchange<Handle>::List taken(typename ListExchange<Handle>::Module module, const BlobBytes& blob,
                                          NvSciIpcEndpoint at, NvSciError expected = kSuccess) {
    typename ListExchange<Handle>::List list;
    EXPECT_EQ(ListExchange<Handle>::import_unreconciled(module, at, blob.data(), blob.size(), list.out()), expected)
        << opennvsciGetLastErrorText();
    return list;
}

template <class Handle>
typename ListExchange<Handle>::List taken_result(typename ListExchange<Handle>::Module module, const BlobBytes& blob,
                                                 NvSciIpcEndpoint at, const std::vector<Handle>& own = {},
                                                 NvSciError expected = kSuccess) {
    typename ListExchange<Handle>::List list;
    EXPECT_EQ(ListExchange<Handle>::import_reconciled(module, at, blob.data(), blob.size(),
                                                      own.empty() ? nullptr : own.data(), own.size(), list.out()),
              expected)
        << opennvsciGetLastErrorText();
    return list;
}

}  // namespace opennvsci::test
