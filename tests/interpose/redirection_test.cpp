// SPDX-License-Identifier: Apache-2.0
//
// What the wrappers of dlsym and cuGetProcAddress hand out, and what reaches the driver through it. The driver is a
// stand-in that answers with numbers (stand_in.c), because the software device has not all variants. This program is
// linked with libnvscibuf, so its own look-ups come by the interposer.
#include <dlfcn.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <string>

#include "base/c_library.h"
#include "base/cuda_abi.h"
#include "base/handle_table.h"
#include "driver/driver.h"
#include "driver_hooks.h"
#include "opennvsci.h"
#include "this_program.h"

namespace opennvsci::test {
namespace {

using namespace cu;  // NOLINT(google-build-using-namespace): CUDA's own names

using Word = std::uint64_t;
using GetProcAddress = CUresult(const char*, void**, int, Word);
using GetProcAddressV2 = CUresult(const char*, void**, int, Word, CUdriverProcAddressQueryResult*);

class Redirection : public testing::Test {
  protected:
    template <class Function>
    [[nodiscard]] Function* symbol(const char* name) const {
        return reinterpret_cast<Function*>(::dlsym(library_, name));
    }
    [[nodiscard]] void* real(const char* name) const { return c_library::look_up(library_, name); }
    [[nodiscard]] void* proc_address(const char* name, int version, Word flags = 0) const {
        int garbage = 0;
        void* found = &garbage;
        EXPECT_EQ(symbol<GetProcAddressV2>("cuGetProcAddress_v2")(name, &found, version, flags, nullptr), 0U);
        return found;
    }
    template <class... Words>
    static unsigned call(void* function, Words... words) {
        return reinterpret_cast<unsigned (*)(Words...)>(function)(words...);
    }
    [[nodiscard]] const Word* arguments() const { return static_cast<Word*>(real("stand_in_arguments")); }

    void* library_ = ::dlopen(built("lib/libstand_in.so").c_str(), RTLD_NOW | RTLD_LOCAL);
};

TEST_F(Redirection, ForeignCallsArriveAsTheyWereMade) {
    ASSERT_NE(library_, nullptr) << ::dlerror();
    struct Case {
        const char* symbol;
        unsigned answer;
    };
    CUDA_EXTERNAL_MEMORY_HANDLE_DESC foreign{};
    foreign.type = CU_EXTERNAL_MEMORY_HANDLE_TYPE_OPAQUE_FD;
    const auto third = reinterpret_cast<Word>(&foreign);
    for (const Case& c :
         {Case{"cuMemFree_v2", 1002}, Case{"cuMemFreeAsync", 1003}, Case{"cuMemFreeAsync_ptsz", 1004},
          Case{"cuExternalMemoryGetMappedBuffer", 1006}, Case{"cuExternalMemoryGetMappedMipmappedArray", 1007},
          Case{"cuDestroyExternalMemory", 1008}}) {
        void* function = ::dlsym(library_, c.symbol);
        EXPECT_NE(function, real(c.symbol)) << c.symbol;
        EXPECT_EQ(call(function, Word{11}, Word{22}, third), c.answer) << c.symbol;
        EXPECT_EQ(arguments()[0], 11U) << c.symbol;
        const std::string text = opennvsciGetLastErrorText();
        EXPECT_EQ(text.find(std::string(c.symbol) + ": the driver refused the call: "), 0U) << text;
    }
    EXPECT_EQ(call(::dlsym(library_, "cuImportExternalMemory"), Word{33}, third), 1005U);
    EXPECT_EQ(arguments()[0], 33U);
    EXPECT_EQ(arguments()[1], third);
}

TEST_F(Redirection, NullArgumentsAreTheDriversToJudge) {
    EXPECT_EQ(call(::dlsym(library_, "cuImportExternalMemory"), Word{0}, Word{0}), 1005U);
    EXPECT_EQ(call(::dlsym(library_, "cuDestroyExternalMemory"), Word{0}), 1008U);
    EXPECT_EQ(call(::dlsym(library_, "cuMemFree_v2"), Word{0}), 1002U);
    EXPECT_EQ(symbol<GetProcAddressV2>("cuGetProcAddress_v2")(nullptr, nullptr, 12000, 0, nullptr), 1U);
}

TEST_F(Redirection, FollowsTheVersion) {
    EXPECT_EQ(proc_address("cuMemFree", 2000), real("cuMemFree"));  // the 32-bit function
    EXPECT_EQ(proc_address("cuMemFree", 3010), real("cuMemFree"));
    EXPECT_EQ(proc_address("cuMemFree", 3020), ::dlsym(library_, "cuMemFree_v2"));
    EXPECT_EQ(proc_address("cuMemFree", 13000), ::dlsym(library_, "cuMemFree_v2"));
    EXPECT_EQ(proc_address("cuGetProcAddress", 11030), ::dlsym(library_, "cuGetProcAddress"));
    EXPECT_EQ(proc_address("cuGetProcAddress", 11080), ::dlsym(library_, "cuGetProcAddress"));
    EXPECT_EQ(proc_address("cuGetProcAddress", 12000), ::dlsym(library_, "cuGetProcAddress_v2"));
    EXPECT_NE(proc_address("cuGetProcAddress", 12000), real("cuGetProcAddress_v2"));
}

TEST_F(Redirection, FollowsTheKindOfStream) {
    EXPECT_EQ(proc_address("cuMemFreeAsync", 12000, 0), ::dlsym(library_, "cuMemFreeAsync"));
    EXPECT_EQ(proc_address("cuMemFreeAsync", 12000, 1), ::dlsym(library_, "cuMemFreeAsync"));
    EXPECT_EQ(proc_address("cuMemFreeAsync", 12000, 2), ::dlsym(library_, "cuMemFreeAsync_ptsz"));
    EXPECT_EQ(proc_address("cuMemFree", 12000, 2), ::dlsym(library_, "cuMemFree_v2"));
}

TEST_F(Redirection, AbsentStaysAbsent) {
    EXPECT_EQ(proc_address("cuMemFreeAsync", 11010), nullptr);
    EXPECT_EQ(proc_address("cuUnknown", 12000), nullptr);
    EXPECT_EQ(::dlsym(library_, "cuUnknown"), nullptr);
    EXPECT_NE(std::string(::dlerror()).find("cuUnknown"), std::string::npos);
    CUdriverProcAddressQueryResult status{};
    void* found = this;
    EXPECT_EQ(symbol<GetProcAddressV2>("cuGetProcAddress_v2")("cuMemFreeAsync", &found, 11010, 0, &status), 0U);
    EXPECT_EQ(status, CU_GET_PROC_ADDRESS_SYMBOL_NOT_FOUND);
}

// The CUDA runtime asks for much that is not there, between two calls of the program: no failure of the program.
TEST_F(Redirection, LookUpsLeaveNoText) {
    (void)call(::dlsym(library_, "cuMemFree_v2"), Word{11});
    const std::string before = opennvsciGetLastErrorText();
    EXPECT_EQ(symbol<GetProcAddressV2>("cuGetProcAddress_v2")(nullptr, nullptr, 12000, 0, nullptr), 1U);
    EXPECT_EQ(opennvsciGetLastErrorText(), before);
}

TEST_F(Redirection, VersionOneGivesTheSame) {
    void* found = nullptr;
    EXPECT_EQ(symbol<GetProcAddress>("cuGetProcAddress")("cuMemFree", &found, 11040, 0), 0U);
    EXPECT_EQ(found, ::dlsym(library_, "cuMemFree_v2"));
    EXPECT_EQ(symbol<GetProcAddress>("cuGetProcAddress")("cuGetProcAddress", &found, 11040, 0), 0U);
    EXPECT_EQ(found, ::dlsym(library_, "cuGetProcAddress"));
}

// A handle of our form, dead or alive, never reaches the driver, which would follow it.
TEST_F(Redirection, OurSemaphoresNeverReachTheDriver) {
    const auto ours = reinterpret_cast<CUexternalSemaphore>(
        std::uint64_t{static_cast<std::uint16_t>(HandleKind::external_semaphore)} << 48 | 0xFFFFFF);
    const auto theirs = reinterpret_cast<CUexternalSemaphore>(this);
    CUexternalSemaphore mixed[] = {theirs, ours};
    CUDA_EXTERNAL_SEMAPHORE_WAIT_PARAMS parameters[2] = {};
    CUDA_EXT_SEM_WAIT_NODE_PARAMS node{mixed, parameters, 2};
    CUgraphNodeParams any{};
    any.type = CU_GRAPH_NODE_TYPE_EXT_SEMAS_WAIT;
    any.extSemWait = node;
    const auto word = [](const void* pointer) { return reinterpret_cast<Word>(pointer); };
    const auto call4 = [&](const char* name) {
        return call(::dlsym(library_, name), word(mixed), word(parameters), unsigned{2}, Word{0});
    };
    void* const set_exec = ::dlsym(library_, "cuGraphExecExternalSemaphoresWaitNodeSetParams");
    void* const set_any = ::dlsym(library_, "cuGraphNodeSetParams");
    for (const char* name :
         {"cuSignalExternalSemaphoresAsync", "cuSignalExternalSemaphoresAsync_ptsz", "cuWaitExternalSemaphoresAsync"}) {
        EXPECT_EQ(call4(name), CUDA_ERROR_INVALID_HANDLE) << name;
    }
    EXPECT_EQ(call(set_exec, Word{1}, Word{2}, word(&node)), CUDA_ERROR_NOT_SUPPORTED);
    EXPECT_NE(std::string(opennvsciGetLastErrorText()).find("SetParams: a graph cannot hold"), std::string::npos);
    EXPECT_EQ(call(set_any, Word{1}, word(&any)), CUDA_ERROR_NOT_SUPPORTED);
    EXPECT_EQ(std::string(opennvsciGetLastErrorText()).find("cuGraphNodeSetParams: a graph cannot hold"), 0U);
    mixed[1] = theirs;
    EXPECT_EQ(call4("cuSignalExternalSemaphoresAsync"), 1010U);
    EXPECT_EQ(call4("cuSignalExternalSemaphoresAsync_ptsz"), 1011U);
    EXPECT_EQ(call4("cuWaitExternalSemaphoresAsync"), 1012U);
    EXPECT_EQ(call(set_exec, Word{1}, Word{2}, word(&node)), 1013U);
    EXPECT_EQ(call(set_any, Word{1}, word(&any)), 1014U);
}

// What is not ours is the driver's own function, so its calls cost what they cost without us.
TEST_F(Redirection, OtherFunctionsAreTheDriversOwn) {
    EXPECT_EQ(::dlsym(library_, "cuLaunchKernel"), real("cuLaunchKernel"));
    EXPECT_EQ(proc_address("cuLaunchKernel", 12000), real("cuLaunchKernel"));
    EXPECT_EQ(::dlsym(library_, "stand_in_arguments"), real("stand_in_arguments"));
}

// The library's own calls go to the driver past the functions that it exports itself.
TEST(DriverSeam, GoesPastTheInterposer) {
    const auto driver = driver::instance();
    ASSERT_TRUE(driver);
    void* const library = ::dlopen((*driver)->path.c_str(), RTLD_NOW | RTLD_NOLOAD);
    ASSERT_NE(library, nullptr);
    const auto& call = DriverHooks::instance().real();
    EXPECT_EQ(reinterpret_cast<void*>(call.cuMemFree), c_library::look_up(library, "cuMemFree_v2"));
    EXPECT_NE(reinterpret_cast<void*>(call.cuMemFree), ::dlsym(library, "cuMemFree_v2"));
    EXPECT_EQ(reinterpret_cast<void*>(call.cuImportExternalMemory),
              c_library::look_up(library, "cuImportExternalMemory"));
    ::dlclose(library);
}

}  // namespace
}  // namespace opennvsci::test
