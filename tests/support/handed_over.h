// SPDX-License-Identifier: Apache-2.0
//
// What the other participant has of an object, and of a fence. The suites that run on a device take it from here alone,
// so that a backend decides where the other participant is: for now in this process, with another handle.
#pragma once

#include "buf_objects.h"
#include "sync_objects.h"

namespace opennvsci::test {

inline Object handed_over(NvSciBufObj object) {
    return make<Object>(NvSciBufObjDup, object);
}

inline Object handed_over_read_only(NvSciBufObj object) {
    return make<Object>(NvSciBufObjDupWithReducePerm, object, NvSciBufAccessPerm_Readonly);
}

inline SyncObject handed_over(NvSciSyncObj object) {
    return make<SyncObject>(NvSciSyncObjDup, object);
}

inline NvSciSyncFence handed_over(const NvSciSyncFence& fence) {
    NvSciSyncFence theirs = NvSciSyncFenceInitializer;
    EXPECT_EQ(NvSciSyncFenceDup(&fence, &theirs), kSuccess) << opennvsciGetLastErrorText();
    return theirs;
}

}  // namespace opennvsci::test
