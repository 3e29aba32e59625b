// SPDX-License-Identifier: Apache-2.0
//
// Proves that the counters of LeakCheck can fail.
#include <unistd.h>

#include "import_fixture.h"

namespace opennvsci::test {
namespace {

using namespace cu;  // NOLINT(google-build-using-namespace): CUDA's own names

TEST(LeakCheck, FindsWhatIsLeaked) {
    const TestDevice& device = TestDevice::current();
    const LeakCheck check;
    const Module module = open_module();
    const List list = raw_list(module, ImportTest::kSize);
    ASSERT_EQ(set(list, NvSciBufGeneralAttrKey_GpuId, device.gpu_id()), kSuccess);
    const Reconciliation<List> outcome = reconcile({list});
    Object object;
    ASSERT_EQ(NvSciBufObjAlloc(outcome.reconciled, object.out()), kSuccess);
    EXPECT_NE(check.differences_now().find("memory handles +1"), std::string::npos) << check.differences_now();
    {
        Mapped mapped;
        ASSERT_EQ(mapped.memory.import(object, ImportTest::kSize), CUDA_SUCCESS);
        ASSERT_EQ(mapped.memory.map(&mapped.pointer, 0, ImportTest::kSize), CUDA_SUCCESS);
        EXPECT_NE(check.differences_now().find("mappings +1"), std::string::npos) << check.differences_now();
    }
    object.reset();
    EXPECT_EQ(check.differences(), "");
    const int fd = ::dup(0);
    EXPECT_EQ(check.differences_now(), "file descriptors +1; ");
    ::close(fd);
}

}  // namespace
}  // namespace opennvsci::test
