// SPDX-License-Identifier: Apache-2.0
//
// Functions that this version declares and does not implement: they say so and touch nothing.
#include <functional>

#include "buf_test.h"

namespace opennvsci::test {
namespace {

using ExchangeTest = BufTest;

TEST_F(ExchangeTest, FunctionsThatAreNotImplementedSayIt) {
    const List list = cpu_list();
    const List result = reconciled({list});
    const Object object = allocate(result);
    const NvSciBufAttrList lists[] = {list};
    const NvSciIpcEndpoint endpoint = 1;
    int mark = 0;
    void* blob = &mark;
    std::size_t length = 77;
    NvSciBufAttrList list_out = nullptr;
    NvSciBufObj object_out = nullptr;
    NvSciBufObjIpcExportDescriptor descriptor;
    std::memset(&descriptor, 0x5A, sizeof(descriptor));
    const NvSciBufObjIpcExportDescriptor before = descriptor;
    auto permission = NvSciBufAccessPerm_Invalid;

    const std::pair<const char*, std::function<NvSciError()>> calls[] = {
        {"NvSciBufAttrListIpcExportUnreconciled",
         [&] { return NvSciBufAttrListIpcExportUnreconciled(lists, 1, endpoint, &blob, &length); }},
        {"NvSciBufAttrListIpcImportUnreconciled",
         [&] { return NvSciBufAttrListIpcImportUnreconciled(module_, endpoint, blob, length, &list_out); }},
        {"NvSciBufAttrListIpcExportReconciled",
         [&] { return NvSciBufAttrListIpcExportReconciled(result, endpoint, &blob, &length); }},
        {"NvSciBufAttrListIpcImportReconciled",
         [&] { return NvSciBufAttrListIpcImportReconciled(module_, endpoint, blob, length, lists, 1, &list_out); }},
        {"NvSciBufObjIpcExport",
         [&] { return NvSciBufObjIpcExport(object, NvSciBufAccessPerm_Auto, endpoint, &descriptor); }},
        {"NvSciBufObjIpcImport",
         [&] { return NvSciBufObjIpcImport(endpoint, &descriptor, result, NvSciBufAccessPerm_Auto, -1, &object_out); }},
        {"NvSciBufIpcExportAttrListAndObj",
         [&] { return NvSciBufIpcExportAttrListAndObj(object, NvSciBufAccessPerm_Auto, endpoint, &blob, &length); }},
        {"NvSciBufIpcImportAttrListAndObj",
         [&] {
             return NvSciBufIpcImportAttrListAndObj(module_, endpoint, blob, length, lists, 1, NvSciBufAccessPerm_Auto,
                                                    -1, &object_out);
         }},
        {"NvSciBufObjAttachPeer", [&] { return NvSciBufObjAttachPeer(object, lists, 1); }},
        {"NvSciBufObjGetMaxPerm", [&] { return NvSciBufObjGetMaxPerm(object, endpoint, &permission); }},
    };
    for (const auto& [name, call] : calls) {
        EXPECT_EQ(call(), kNotImplemented) << name;
        EXPECT_TRUE(contains(opennvsciGetLastErrorText(), name));
    }
    EXPECT_EQ(blob, &mark);
    EXPECT_EQ(length, 77U);
    EXPECT_EQ(list_out, nullptr);
    EXPECT_EQ(object_out, nullptr);
    EXPECT_EQ(permission, NvSciBufAccessPerm_Invalid);
    EXPECT_EQ(std::memcmp(&descriptor, &before, sizeof(before)), 0);
}

TEST_F(ExchangeTest, DescriptorsThatCannotBeOursAreIgnoredAloud) {
    for (const auto free_descriptor : {NvSciBufAttrListFreeDesc, NvSciBufAttrListAndObjFreeDesc}) {
        ::testing::internal::CaptureStderr();
        free_descriptor(nullptr);
        EXPECT_EQ(::testing::internal::GetCapturedStderr(), "");
        int not_ours = 0;
        ::testing::internal::CaptureStderr();
        free_descriptor(&not_ours);
        EXPECT_TRUE(contains(::testing::internal::GetCapturedStderr(), "FreeDesc"));
    }
}

}  // namespace
}  // namespace opennvsci::test
