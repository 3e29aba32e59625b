// SPDX-License-Identifier: Apache-2.0
//
// Video memory for a program that has no context: the library makes the primary one, keeps it as long as the program
// uses the library, and leaves the program's own references to it alone. A program of its own, because the others hold
// the primary context of their device.
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "attributes.h"
#include "buf_objects.h"
#include "driver/driver.h"
#include "own_process.h"
#include "this_program.h"

namespace opennvsci::test {
namespace {

using namespace cu;  // NOLINT(google-build-using-namespace): CUDA's own names

class NoContext : public ::testing::Test {
  protected:
    void SetUp() override { ASSERT_FALSE(is_active()); }
    void TearDown() override {
        CUcontext current = nullptr;
        EXPECT_EQ(call_.cuCtxGetCurrent(&current), CUDA_SUCCESS);
        EXPECT_EQ(current, nullptr);
        EXPECT_FALSE(is_active());
    }

    [[nodiscard]] bool is_active() const {
        unsigned flags = 0;
        int active = 0;
        EXPECT_EQ(call_.cuDevicePrimaryCtxGetState(device_.handle, &flags, &active), CUDA_SUCCESS);
        return active != 0;
    }
    [[nodiscard]] CUcontext retain() const {
        CUcontext context = nullptr;
        EXPECT_EQ(call_.cuDevicePrimaryCtxRetain(&context, device_.handle), CUDA_SUCCESS);
        return context;
    }
    void release() const { EXPECT_EQ(call_.cuDevicePrimaryCtxRelease(device_.handle), CUDA_SUCCESS); }

    [[nodiscard]] List video_list(NvSciBufModule module) const {
        List list = raw_list(module, 4096);
        EXPECT_EQ(set(list, NvSciBufGeneralAttrKey_GpuId, id_of(device_)), kSuccess);
        return std::move(reconcile({list}).reconciled);
    }

    const driver::Driver& driver_ = **driver::instance();
    const driver::EntryPoints& call_ = driver_.call;
    const driver::Device& device_ = driver_.devices.front();
};

// A suggestion is tried before it is printed, and the trial would ask the driver about arrays.
TEST_F(NoContext, ARefusalMakesNone) {
    Module module = open_module();
    std::vector<List> lists;
    for (const auto format : {NvSciColor_Y8, NvSciColor_A8B8G8R8}) {
        List& list = lists.emplace_back(create_list(module));
        ASSERT_EQ(set(list, NvSciBufGeneralAttrKey_Types, NvSciBufType_Image), kSuccess);
        ASSERT_EQ(set(list, NvSciBufGeneralAttrKey_GpuId, id_of(device_)), kSuccess);
        ASSERT_EQ(set(list, NvSciBufImageAttrKey_Layout, NvSciBufImage_BlockLinearType), kSuccess);
        ASSERT_EQ(set(list, NvSciBufImageAttrKey_ScanType, NvSciBufScan_ProgressiveType), kSuccess);
        ASSERT_EQ(set(list, NvSciBufImageAttrKey_PlaneCount, std::uint32_t{1}), kSuccess);
        ASSERT_EQ(set(list, NvSciBufImageAttrKey_PlaneColorFormat, format), kSuccess);
        ASSERT_EQ(set(list, NvSciBufImageAttrKey_PlaneWidth, std::uint32_t{333}), kSuccess);
        ASSERT_EQ(set(list, NvSciBufImageAttrKey_PlaneHeight, std::uint32_t{77}), kSuccess);
    }
    EXPECT_EQ(reconcile({lists[0], lists[1]}).code, NvSciError_ReconciliationFailed);
    EXPECT_FALSE(is_active());
    EXPECT_EQ(std::string_view(opennvsciGetLastErrorText()).find("tried"), std::string_view::npos);
}

TEST_F(NoContext, IsMadeByTheFirstAllocationAndKeptUntilTheModuleIsClosed) {
    Module module = open_module();
    List list = video_list(module);
    EXPECT_FALSE(is_active()) << "negotiating needs none";
    Object object = allocate(list);
    EXPECT_TRUE(is_active());
    object = {};
    EXPECT_TRUE(is_active()) << "the next allocation finds it";
    list = {};
    module = {};
    EXPECT_FALSE(is_active());
}

TEST_F(NoContext, IsKeptByAnObjectThatOutlivesItsModule) {
    Module module = open_module();
    Object object = allocate(video_list(module));
    module = {};
    EXPECT_TRUE(is_active());
    object = {};
    EXPECT_FALSE(is_active());
}

TEST_F(NoContext, WhatTheProgramRetainsMeanwhileStaysItsOwn) {
    Module module = open_module();
    Object object = allocate(video_list(module));
    EXPECT_NE(retain(), nullptr);
    object = {};
    module = {};
    EXPECT_TRUE(is_active());
    release();
}

TEST_F(NoContext, AContextThatTheProgramHadEndsWhenTheProgramSays) {
    const Module module = open_module();
    const List list = video_list(module);
    EXPECT_NE(retain(), nullptr);
    const Object object = allocate(list);
    release();
    EXPECT_FALSE(is_active());
    // And the next allocation makes one that is kept.
    const Object next = allocate(list);
    EXPECT_TRUE(is_active());
}

TEST_F(NoContext, ThreadsThatAllocateAtOnceKeepOneReference) {
    const Module module = open_module();
    const List list = video_list(module);
    std::vector<std::thread> threads;
    for (int i = 0; i < 8; ++i) {
        threads.emplace_back([&] {
            for (int round = 0; round < 4; ++round)
                EXPECT_NE(allocate(list).get(), nullptr);
        });
    }
    for (std::thread& thread : threads)
        thread.join();
    EXPECT_TRUE(is_active());
}

/// Runs `body` in a forked child; true if it gave 0.
template <class Body>
bool holds_in_a_child(Body&& body) {
    const pid_t child = ::fork();
    if (child == 0) ::_exit(body());
    int status = -1;
    return ::waitpid(child, &status, 0) == child && status == 0;
}

TEST_F(NoContext, AForkedChildLeavesTheParentsAlone) {
    if (!kCanForkWithThreads) GTEST_SKIP() << "a sanitizer does not follow into the child";
    Module module = open_module();
    const Object object = allocate(video_list(module));
    EXPECT_TRUE(holds_in_a_child([&] {
        module = {};
        return 0;
    }));
    EXPECT_TRUE(is_active());
    EXPECT_NE(allocate(video_list(module)).get(), nullptr);
}

TEST_F(NoContext, AChildOfAProcessThatUsesTheLibraryGivesItsOwnBack) {
    if (!kCanForkWithThreads) GTEST_SKIP() << "a sanitizer does not follow into the child";
    EXPECT_EQ(std::system(("'" + this_program().string() + "' child").c_str()),
              0);  // NOLINT(cert-env33-c): this very program
}

}  // namespace

// CUDA can be used in a child if its parent has not begun to. So this one runs in a process of its own, in which the
// driver is not loaded.
int run_in_a_child_of_a_user() {
    Module inherited = open_module();
    return holds_in_a_child([&] {
        const driver::Driver& driver = **driver::instance();
        const auto is_active = [&] {
            unsigned flags = 0;
            int active = 0;
            return driver.call.cuDevicePrimaryCtxGetState(0, &flags, &active) == CUDA_SUCCESS && active != 0;
        };
        Module module = open_module();
        {
            List list = raw_list(module, 4096);
            EXPECT_EQ(set(list, NvSciBufGeneralAttrKey_GpuId, id_of(driver.devices.front())), kSuccess);
            const Object object = allocate(std::move(reconcile({list}).reconciled));
            if (!is_active()) return 1;
        }
        if (!is_active()) return 2;
        module = {};
        inherited = {};
        return is_active() ? 3 : 0;
    })
               ? 0
               : 1;
}

}  // namespace opennvsci::test

int main(int argc, char** argv) {
    ::testing::InitGoogleTest(&argc, argv);
    if (argc == 2 && std::string_view(argv[1]) == "child") return opennvsci::test::run_in_a_child_of_a_user();
    const auto driver = opennvsci::driver::instance();
    if (!driver) {
        std::printf("SKIPPED, nothing was tested: %s\n", driver.error().text.c_str());
        const char* const wanted = std::getenv("OPENNVSCI_DEVICE");
        return wanted != nullptr && std::string_view(wanted) == "gpu" ? 77 : EXIT_FAILURE;
    }
    std::printf("device: %s (%s)\n", (*driver)->devices.front().name.c_str(), (*driver)->path.c_str());
    return RUN_ALL_TESTS();
}
