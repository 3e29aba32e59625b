// SPDX-License-Identifier: Apache-2.0
//
// The text of the last failure: it belongs to the thread, says which function failed and why, and outlives successes.
#include <cerrno>
#include <new>
#include <stdexcept>
#include <system_error>
#include <thread>

#include "api/call.h"
#include "buf_test.h"

namespace opennvsci::test {
namespace {

using ErrorTextTest = BufTest;

TEST_F(ErrorTextTest, ItNamesTheFunctionAndTheReason) {
    EXPECT_EQ(NvSciBufModuleOpen(nullptr), kBadParameter);
    EXPECT_TRUE(contains(opennvsciGetLastErrorText(), "NvSciBufModuleOpen"));
    EXPECT_TRUE(contains(opennvsciGetLastErrorText(), "newModule"));
    const List list = raw_list(module_, 4096);
    EXPECT_EQ(set(list, NvSciBufRawBufferAttrKey_Align, std::uint64_t{3}), kBadParameter);
    for (const char* part : {"NvSciBufAttrListSetAttrs", "NvSciBufRawBufferAttrKey_Align", "3", "power of two"})
        EXPECT_TRUE(contains(opennvsciGetLastErrorText(), part));
    EXPECT_EQ(set(list, NvSciBufRawBufferAttrKey_Size, std::uint64_t{1}), kBadParameter);
    EXPECT_TRUE(contains(opennvsciGetLastErrorText(), "already set"));
}

TEST_F(ErrorTextTest, SuccessesLeaveItAsItIs) {
    EXPECT_EQ(NvSciBufModuleOpen(nullptr), kBadParameter);
    const std::string before = opennvsciGetLastErrorText();
    const Object object = allocate(reconciled({cpu_list(), gpu_list()}));
    const void* pointer = nullptr;
    EXPECT_EQ(NvSciBufObjGetConstCpuPtr(object, &pointer), kSuccess);
    EXPECT_EQ(opennvsciGetLastErrorText(), before);
}

TEST_F(ErrorTextTest, EveryThreadHasItsOwn) {
    EXPECT_EQ(NvSciBufModuleOpen(nullptr), kBadParameter);
    const std::string before = opennvsciGetLastErrorText();
    std::string first = "?";
    std::string after_failure;
    std::thread other([&] {
        first = opennvsciGetLastErrorText();
        EXPECT_EQ(NvSciBufObjDup(nullptr, nullptr), kBadParameter);
        after_failure = opennvsciGetLastErrorText();
    });
    other.join();
    EXPECT_EQ(first, "") << "nothing failed yet on that thread";
    EXPECT_TRUE(contains(after_failure, "NvSciBufObjDup"));
    EXPECT_EQ(opennvsciGetLastErrorText(), before);
}

TEST_F(ErrorTextTest, ALongReasonIsCutAndStaysAText) {
    const List list = raw_list(module_, 0);
    std::vector<std::uint64_t> values(5000, 3);
    NvSciBufAttrKeyValuePair pair{NvSciBufGeneralAttrKey_EnableGpuCache, values.data(), 16 * 17};
    std::memset(values.data(), 0xFF, 16 * 17);  // sixteen elements, none legal
    EXPECT_EQ(NvSciBufAttrListSetAttrs(list, &pair, 1), kBadParameter);
    const std::string text = opennvsciGetLastErrorText();
    EXPECT_TRUE(contains(text, "NvSciBufGeneralAttrKey_EnableGpuCache"));
    EXPECT_GT(text.size(), 500U);
    EXPECT_LT(text.size(), 4096U);
}

// Whatever a call meets, it comes back as a code with a text: also what the C++ library throws by itself.
TEST_F(ErrorTextTest, NoExceptionOfAnyTypeLeavesACall) {
    EXPECT_EQ(api::call("one", []() -> Result<> { throw std::bad_array_new_length(); }), kInsufficientMemory);
    EXPECT_STREQ(opennvsciGetLastErrorText(), "one: out of memory");
    EXPECT_EQ(api::call("two", []() -> Result<> { throw std::length_error("a vector of that length"); }),
              kInsufficientMemory);
    EXPECT_STREQ(opennvsciGetLastErrorText(), "two: a vector of that length");
    EXPECT_EQ(api::cuda_call("three", []() -> Result<> { throw std::system_error(EAGAIN, std::generic_category()); }),
              cu::CUDA_ERROR_OPERATING_SYSTEM);
    EXPECT_TRUE(contains(opennvsciGetLastErrorText(), "three: "));
    EXPECT_EQ(api::call("four", []() -> Result<> { throw 4; }), kResourceError);
    EXPECT_TRUE(contains(opennvsciGetLastErrorText(), "four: "));
    ::testing::internal::CaptureStderr();
    api::void_call("five", []() -> Result<> { throw std::bad_alloc(); });
    EXPECT_EQ(::testing::internal::GetCapturedStderr(),
              "opennvsci: error: five: NvSciError_InsufficientMemory: out of memory\n");
}

}  // namespace
}  // namespace opennvsci::test
