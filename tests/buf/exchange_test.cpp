// SPDX-License-Identifier: Apache-2.0
//
// The exchange of objects without an endpoint: it is refused, and nothing is stored. What it does with one is tested in
// tests/exchange.
#include <functional>

#include "buf_test.h"
#include "log_level.h"
#include "own_process.h"

namespace opennvsci::test {
namespace {

using ExchangeTest = BufTest;

TEST_F(ExchangeTest, WithoutAnEndpointNothingIsExchangedAndNothingStored) {
    const List list = cpu_list();
    const List result = reconciled({list});
    const Object object = allocate(result);
    const NvSciBufAttrList lists[] = {list};
    const NvSciIpcEndpoint endpoint = 1;
    int mark = 0;
    void* blob = &mark;
    std::size_t length = 77;
    NvSciBufObj object_out = nullptr;
    NvSciBufObjIpcExportDescriptor descriptor;
    std::memset(&descriptor, 0x5A, sizeof(descriptor));
    const NvSciBufObjIpcExportDescriptor before = descriptor;
    auto permission = NvSciBufAccessPerm_Invalid;

    const std::pair<const char*, std::function<NvSciError()>> calls[] = {
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
        {"NvSciBufObjGetMaxPerm", [&] { return NvSciBufObjGetMaxPerm(object, endpoint, &permission); }},
    };
    for (const auto& [name, call] : calls) {
        EXPECT_EQ(call(), kBadParameter) << name;
        EXPECT_TRUE(contains(opennvsciGetLastErrorText(), name));
        EXPECT_TRUE(contains(opennvsciGetLastErrorText(), "ipcEndpoint"));
    }
    EXPECT_EQ(blob, &mark);
    EXPECT_EQ(length, 77U);
    EXPECT_EQ(object_out, nullptr);
    EXPECT_EQ(permission, NvSciBufAccessPerm_Invalid);
    EXPECT_EQ(std::memcmp(&descriptor, &before, sizeof(before)), 0);
}

TEST_F(ExchangeTest, DescriptorsThatCannotBeOursAreIgnoredAloud) {
    const LogLevel all("debug");  // the same text more often than once a second
    in_new_process([] {
        for (const auto free_descriptor : {NvSciBufAttrListFreeDesc, NvSciBufAttrListAndObjFreeDesc}) {
            ::testing::internal::CaptureStderr();
            free_descriptor(nullptr);
            EXPECT_EQ(::testing::internal::GetCapturedStderr(), "");
            int not_ours = 0;
            ::testing::internal::CaptureStderr();
            free_descriptor(&not_ours);
            EXPECT_TRUE(contains(::testing::internal::GetCapturedStderr(), "FreeDesc"));
        }
    });
}

}  // namespace
}  // namespace opennvsci::test
