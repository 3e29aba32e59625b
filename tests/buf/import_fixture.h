// SPDX-License-Identifier: Apache-2.0
//
// What the import tests share: a module, and buffers in either memory.
#pragma once

#include "buf_objects.h"
#include "cuda_objects.h"
#include "handed_over.h"
#include "leak_check.h"

namespace opennvsci::test {

enum class Where { system_memory, video_memory };

inline std::string name_of_place(const ::testing::TestParamInfo<Where>& parameter) {
    return parameter.param == Where::system_memory ? "SystemMemory" : "VideoMemory";
}

class ImportTest : public LeakCheckedTest {
  public:
    static constexpr std::uint64_t kSize = 3 * 4096 + 40;  ///< neither whole pages nor whole granules

  protected:
    /// A reconciled list for a buffer of `size` bytes that CPU and GPU share, or that only the GPU uses.
    Reconciliation<List> negotiate(Where where, std::uint64_t size, std::uint64_t align = 0) {
        List list = raw_list(module_, size);
        EXPECT_EQ(set(list, NvSciBufGeneralAttrKey_GpuId, device_.gpu_id()), kSuccess);
        if (where == Where::system_memory) {
            EXPECT_EQ(set(list, NvSciBufGeneralAttrKey_NeedCpuAccess, true), kSuccess);
        }
        if (align != 0) {
            EXPECT_EQ(set(list, NvSciBufRawBufferAttrKey_Align, align), kSuccess);
        }
        return test::reconcile({list});
    }

    Object allocate(Where where, std::uint64_t size, std::uint64_t align = 0) {
        return test::allocate(negotiate(where, size, align).reconciled);
    }

    static void import_and_map(Mapped& mapped, NvSciBufObj object, std::uint64_t size) {
        ASSERT_EQ(mapped.memory.import(object, size), cu::CUDA_SUCCESS);
        ASSERT_EQ(mapped.memory.map(&mapped.pointer, 0, size), cu::CUDA_SUCCESS);
    }

    TestDevice& device_ = TestDevice::current();
    Module module_ = open_module();
};

class ImportEverywhere : public ImportTest, public ::testing::WithParamInterface<Where> {};

}  // namespace opennvsci::test
