// SPDX-License-Identifier: Apache-2.0
//
// Owners of NvSciBuf handles, and short ways to make lists and objects.
#pragma once

#include "handles.h"
#include "nvscibuf.h"

namespace opennvsci::test {

using Module = Owned<NvSciBufModule, NvSciBufModuleClose>;
using List = Owned<NvSciBufAttrList, NvSciBufAttrListFree>;
using Object = Owned<NvSciBufObj, NvSciBufObjFree>;

template <>
struct Library<NvSciBufAttrKey> {
    using Handle = NvSciBufAttrList;
    using List = test::List;
    using Module = NvSciBufModule;
    using Pair = NvSciBufAttrKeyValuePair;
    static constexpr auto create = NvSciBufAttrListCreate;
    static constexpr auto set = NvSciBufAttrListSetAttrs;
    static constexpr auto get = NvSciBufAttrListGetAttrs;
};

inline Module open_module() {
    return make<Module>(NvSciBufModuleOpen);
}

inline List create_list(NvSciBufModule module) {
    return make<List>(NvSciBufAttrListCreate, module);
}

/// A list with Types RawBuffer and, if not 0, Size.
inline List raw_list(NvSciBufModule module, std::uint64_t size) {
    List list = create_list(module);
    EXPECT_EQ(set(list, NvSciBufGeneralAttrKey_Types, NvSciBufType_RawBuffer), kSuccess);
    if (size != 0) {
        EXPECT_EQ(set(list, NvSciBufRawBufferAttrKey_Size, size), kSuccess);
    }
    return list;
}

inline Reconciliation<List> reconcile(const std::vector<NvSciBufAttrList>& lists) {
    return reconcile_with<List>(NvSciBufAttrListReconcile, lists);
}

inline Object allocate(NvSciBufAttrList reconciled) {
    return make<Object>(NvSciBufObjAlloc, reconciled);
}

}  // namespace opennvsci::test
