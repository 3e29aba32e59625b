// SPDX-License-Identifier: Apache-2.0
//
// What is done with the handles of every library: make one, and set, read, reconcile lists.
#pragma once

#include <gtest/gtest.h>

#include <initializer_list>
#include <utility>
#include <vector>

#include "base/unaligned.h"
#include "nvsci.h"
#include "opennvsci.h"
#include "owned.h"

namespace opennvsci::test {

/// What `call` makes of these arguments. Fails the test if the call does.
template <class Owner, class Call, class... Arguments>
Owner make(Call call, const Arguments&... arguments) {
    Owner made;
    EXPECT_EQ(call(arguments..., made.out()), kSuccess) << opennvsciGetLastErrorText();
    return made;
}

/// What differs between the libraries, by the type of their keys: the types Handle and List (of a list), Module and
/// Pair, and the functions create, set and get.
template <class Key>
struct Library;

/// Sets one key to one value, or to all elements of an initializer list.
template <class Key, class T>
NvSciError set(typename Library<Key>::Handle list, Key key, const T& value) {
    typename Library<Key>::Pair pair{key, &value, sizeof(T)};
    return Library<Key>::set(list, &pair, 1);
}
template <class Key, class T>
NvSciError set(typename Library<Key>::Handle list, Key key, std::initializer_list<T> values) {
    typename Library<Key>::Pair pair{key, values.begin(), values.size() * sizeof(T)};
    return Library<Key>::set(list, &pair, 1);
}

/// The elements of a key; none if it is unset. Fails the test if the call fails or the length is no multiple.
template <class T, class Key>
std::vector<T> get(typename Library<Key>::Handle list, Key key) {
    typename Library<Key>::Pair pair{key, nullptr, 0};
    EXPECT_EQ(Library<Key>::get(list, &pair, 1), kSuccess);
    EXPECT_EQ(pair.len % sizeof(T), 0U);
    std::vector<T> values;
    for (std::size_t at = 0; at + sizeof(T) <= pair.len; at += sizeof(T))
        values.push_back(load<T>(static_cast<const std::byte*>(pair.value) + at));
    return values;
}

template <class List>
struct Reconciliation {
    NvSciError code;
    List reconciled;
    List conflict;
};

template <class List, class Call, class Handle>
Reconciliation<List> reconcile_with(Call call, const std::vector<Handle>& lists) {
    auto* reconciled = reinterpret_cast<Handle>(1);  // garbage, as programs have it
    auto* conflict = reinterpret_cast<Handle>(1);
    const NvSciError code = call(lists.data(), lists.size(), &reconciled, &conflict);
    return {code, List(reconciled), List(conflict)};
}

}  // namespace opennvsci::test
