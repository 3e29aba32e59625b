// SPDX-License-Identifier: Apache-2.0
//
// The table of decisions as text.
#include "demo/report.h"

#include <gtest/gtest.h>

#include "outcome.h"

namespace opennvsci::tool {
namespace {

constexpr const char* kUuid = "GPU-00112233-4455-6677-8899-aabbccddeeff";

TEST(ReportTest, NamesAndUuidsAreShortened) {
    EXPECT_EQ(short_key_name("NvSciBufGeneralAttrKey_GpuId"), "GpuId");
    EXPECT_EQ(short_key_name("NvSciBufRawBufferAttrKey_Size"), "RawBuffer Size");
    EXPECT_EQ(short_key_name("MemoryDomain"), "MemoryDomain");
    EXPECT_EQ(shorten_uuids(std::string("a ") + kUuid + ": 1, " + kUuid), "a GPU-00112233…: 1, GPU-00112233…");
    EXPECT_EQ(shorten_uuids("GPU-00112233-4455"), "GPU-00112233-4455") << "not a whole UUID";
    EXPECT_EQ(shorten_uuids("GPU-0011223Z-4455-6677-8899-aabbccddeeff"), "GPU-0011223Z-4455-6677-8899-aabbccddeeff");
}

TEST(ReportTest, TableIsAlignedAndHasEveryReason) {
    const OpenNvSciDecision decisions[] = {
        {1,
         OpenNvSciOutcome_Granted,
         "NvSciBufGeneralAttrKey_NeedCpuAccess",
         "camera: true",
         "true",
         "or",
         "",
         "",
         OpenNvSciReason_None,
         0,
         nullptr,
         nullptr,
         0,
         0,
         {}},
        {2,
         OpenNvSciOutcome_Denied,
         "NvSciBufRawBufferAttrKey_Align",
         "the first participant: 16, the second participant: 32",
         "16",
         "",
         "the reason",
         "the way out",
         OpenNvSciReason_None,
         0,
         nullptr,
         nullptr,
         0,
         0,
         {}},
    };
    ::setenv("COLUMNS", "90", 1);
    EXPECT_EQ(decisions_table(decisions),
              "  key              requested                   granted  outcome\n"
              "  ---------------  --------------------------  -------  ----------------------------\n"
              "  NeedCpuAccess    camera: true                true     as asked\n"
              "  RawBuffer Align  the first participant: 16,  16       denied: the reason; to avoid\n"
              "                   the second participant: 32           it: the way out\n");
}

}  // namespace
}  // namespace opennvsci::tool
