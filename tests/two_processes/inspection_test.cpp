// SPDX-License-Identifier: Apache-2.0
//
// What a process that agreed says of what it holds.
#include "inspection.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cstdio>
#include <ctime>
#include <filesystem>
#include <thread>
#include <vector>

#include "api/nvscicuda_abi.h"
#include "driver/driver.h"
#include "exchange.h"
#include "nvsci.h"
#include "nvsciipc.h"

namespace opennvsci::test {
namespace {

constexpr std::uint64_t kBytes = 12288;

void say_ready() {
    std::printf("ready\n");
    std::fflush(stdout);
}

[[noreturn]] void wait_for_end() {
    say_ready();
    for (;;)
        ::pause();
}

// The first device, with its primary context current.
const driver::Device& use_device() {
    const auto driver = driver::instance();
    require_that(driver.has_value(), driver ? "" : driver.error().text);
    const driver::Device& device = (*driver)->devices.front();
    cu::CUcontext context = nullptr;
    require((*driver)->call.cuDevicePrimaryCtxRetain(&context, device.handle), "cuDevicePrimaryCtxRetain");
    require((*driver)->call.cuCtxSetCurrent(context), "cuCtxSetCurrent");
    return device;
}

void make_list(NvSciBufModule module, List& list, const char* name) {
    MUST(NvSciBufAttrListCreate(module, list.out()));
    ask(list, NvSciBufGeneralAttrKey_Types, NvSciBufType_RawBuffer);
    ask(list, NvSciBufRawBufferAttrKey_Size, kBytes);
    ask(list, NvSciBufGeneralAttrKey_NeedCpuAccess, true);
    require(opennvsciBufAttrListSetName(list, name), "opennvsciBufAttrListSetName");
}

void make_sync_object(NvSciSyncModule module, SyncList& list, SyncObject& object) {
    SyncList conflict;
    MUST(NvSciSyncAttrListCreate(module, list.out()));
    ask(list, NvSciSyncAttrKey_NeedCpuAccess, true);
    ask(list, NvSciSyncAttrKey_RequiredPerm, NvSciSyncAccessPerm_WaitSignal);
    const NvSciSyncAttrList lists[] = {list};
    MUST(NvSciSyncAttrListReconcileAndObjAlloc(lists, 1, object.out(), conflict.out()));
}

cu::CUexternalMemory import(NvSciBufObj object) {
    cu::CUDA_EXTERNAL_MEMORY_HANDLE_DESC desc{};
    desc.type = cu::CU_EXTERNAL_MEMORY_HANDLE_TYPE_NVSCIBUF;
    desc.handle.nvSciBufObject = object;
    desc.size = kBytes;
    cu::CUexternalMemory memory = nullptr;
    require(nvsciCuImportExternalMemory(&memory, &desc), "nvsciCuImportExternalMemory");
    return memory;
}

// A buffer with two handles, or none, an import and a mapping of it.
const Role kHoldsBuffers("holds_buffers", [](const Arguments& arguments) {
    const driver::Device& device = use_device();
    Module module;
    List camera;
    List display;
    List reconciled;
    List conflict;
    MUST(NvSciBufModuleOpen(module.out()));
    make_list(module, camera, "camera");
    make_list(module, display, "display");
    ask(display, NvSciBufGeneralAttrKey_GpuId, id_of(device));
    const NvSciBufAttrList lists[] = {camera, display};
    MUST(NvSciBufAttrListReconcile(lists, 2, reconciled.out(), conflict.out()));
    Object object;
    Object second;
    MUST(NvSciBufObjAlloc(reconciled, object.out()));
    MUST(NvSciBufObjDup(object, second.out()));
    const cu::CUexternalMemory memory = import(object);
    cu::CUDA_EXTERNAL_MEMORY_BUFFER_DESC window{};
    window.size = kBytes;
    cu::CUdeviceptr pointer = 0;
    require(nvsciCuExternalMemoryGetMappedBuffer(&pointer, memory, &window), "nvsciCuExternalMemoryGetMappedBuffer");
    if (arguments.text("handles") == "none") {
        object.reset();
        second.reset();
    }
    wait_for_end();
});

const Role kHoldsSync("holds_sync", [](const Arguments&) {
    SyncModule module;
    SyncList list;
    SyncObject object;
    MUST(NvSciSyncModuleOpen(module.out()));
    make_sync_object(module, list, object);
    WaitContext context;
    MUST(NvSciSyncCpuWaitContextAlloc(module, context.out()));
    NvSciSyncFence fence = NvSciSyncFenceInitializer;
    for (int i = 0; i < 3; ++i)
        MUST(NvSciSyncObjGenerateFence(object, &fence));
    MUST(NvSciSyncObjSignal(object));
    std::thread waiter([&] { NvSciSyncFenceWait(&fence, context, NvSciSyncFenceMaxTimeout); });
    wait_for_end();
});

// Both ends of a channel: what one exports the other imports.
const Role kShares("shares", [](const Arguments& arguments) {
    MUST(NvSciIpcInit());
    Channel source("itc_0");
    Channel sink("itc_1");
    source.reset();
    sink.reset();
    Module module;
    Module peer_module;
    List own;
    List wishes;
    List theirs;
    List reconciled;
    List conflict;
    List arrived;
    MUST(NvSciBufModuleOpen(module.out()));
    MUST(NvSciBufModuleOpen(peer_module.out()));
    make_list(module, own, "camera");
    make_list(peer_module, wishes, "display");
    ListBlob wish;
    const NvSciBufAttrList sent[] = {wishes};
    MUST(NvSciBufAttrListIpcExportUnreconciled(sent, 1, sink, &wish.address, &wish.size));
    MUST(NvSciBufAttrListIpcImportUnreconciled(module, source, wish.address, wish.size, theirs.out()));
    const NvSciBufAttrList lists[] = {own, theirs};
    MUST(NvSciBufAttrListReconcile(lists, 2, reconciled.out(), conflict.out()));
    Object object;
    MUST(NvSciBufObjAlloc(reconciled, object.out()));
    std::vector<Object> gone(static_cast<std::size_t>(arguments.number("gone")));
    for (Object& copy : gone) {
        MUST(NvSciBufObjDupWithReducePerm(object, NvSciBufAccessPerm_Readonly, copy.out()));
        ObjectBlob blob;
        MUST(NvSciBufIpcExportAttrListAndObj(copy, NvSciBufAccessPerm_Readonly, source, &blob.address, &blob.size));
        Object at_peer;
        MUST(NvSciBufIpcImportAttrListAndObj(peer_module, sink, blob.address, blob.size, nullptr, 0,
                                             NvSciBufAccessPerm_Readonly, 0, at_peer.out()));
    }
    gone.clear();
    ObjectBlob joint;
    MUST(NvSciBufIpcExportAttrListAndObj(object, NvSciBufAccessPerm_Auto, source, &joint.address, &joint.size));
    Object imported;
    MUST(NvSciBufIpcImportAttrListAndObj(peer_module, sink, joint.address, joint.size, nullptr, 0,
                                         NvSciBufAccessPerm_Auto, 0, imported.out()));
    wait_for_end();
});

// How many descriptors and threads a module brings.
long count_of(const char* folder) {
    long count = 0;
    for ([[maybe_unused]] const auto& entry : std::filesystem::directory_iterator(folder))
        ++count;
    return count;
}
const Role kCounts("counts", [](const Arguments&) {
    std::thread([] {}).join();  // a sanitizer's own comes with the first one
    const long descriptors = count_of("/proc/self/fd");
    const long threads = count_of("/proc/self/task");
    Module module;
    MUST(NvSciBufModuleOpen(module.out()));
    std::printf("%ld more descriptors, %ld more threads\n", count_of("/proc/self/fd") - descriptors,
                count_of("/proc/self/task") - threads);
    say_ready();
});

// Makes and frees things in threads while it asks itself.
const Role kRaces("races", [](const Arguments&) {
    Module module;
    SyncModule sync_module;
    MUST(NvSciBufModuleOpen(module.out()));
    MUST(NvSciSyncModuleOpen(sync_module.out()));
    std::atomic<bool> is_over{false};
    std::atomic<long> failures{0};
    const auto repeat = [&](void (*make)(NvSciBufModule, NvSciSyncModule)) {
        while (!is_over) {
            try {
                make(module, sync_module);
            } catch (const Failure&) {
                ++failures;
            }
        }
    };
    const auto make_buffer = [](NvSciBufModule buf, NvSciSyncModule) {
        List list;
        Object object;
        Object second;
        List conflict;
        make_list(buf, list, "racer");
        const NvSciBufAttrList lists[] = {list};
        MUST(NvSciBufAttrListReconcileAndObjAlloc(lists, 1, object.out(), conflict.out()));
        MUST(NvSciBufObjDup(object, second.out()));
        NvSciBufAttrList of_object = nullptr;
        MUST(NvSciBufObjGetAttrList(second, &of_object));
    };
    const auto make_sync = [](NvSciBufModule, NvSciSyncModule sync) {
        SyncList list;
        SyncObject object;
        make_sync_object(sync, list, object);
        NvSciSyncFence fence = NvSciSyncFenceInitializer;
        MUST(NvSciSyncObjGenerateFence(object, &fence));
        MUST(NvSciSyncObjSignal(object));
    };
    std::vector<std::thread> threads;
    threads.emplace_back(repeat, make_buffer);
    threads.emplace_back(repeat, make_buffer);
    threads.emplace_back(repeat, make_sync);
    long answered = 0;
    for (int i = 0; i < 20; ++i) {
        for (const Inspected& inspected : inspect(::getpid()))
            answered += inspected.outcome == OpenNvSciInspectionOutcome_Answered && inspected.json().is_object();
    }
    is_over = true;
    for (std::thread& thread : threads)
        thread.join();
    require_that(answered == 20, std::to_string(answered) + " of 20 answers");
    require_that(failures == 0, std::to_string(failures) + " rounds failed");
});

TEST_F(InspectionTest, EveryHolderOfABufferIsTold) {
    Process process = start("holds_buffers");
    const Json answer = answer_of(process);
    EXPECT_EQ(answer["format_version"], 1);
    EXPECT_EQ(answer["process"]["pid"], process.id());
    ASSERT_EQ(answer["modules"]["count"], 1);
    const Json module = answer["modules"]["entries"][0]["handle"];

    ASSERT_EQ(answer["lists"]["count"], 3);
    const Json& camera = answer["lists"]["entries"][0];
    EXPECT_EQ(camera["kind"], "unreconciled");
    EXPECT_EQ(camera["participants"], Json::array({"camera"}));
    EXPECT_EQ(camera["participant_count"], 1);
    EXPECT_EQ(camera["module"], module);
    EXPECT_EQ(camera["keys"], Json::array({"NvSciBufGeneralAttrKey_Types", "NvSciBufGeneralAttrKey_NeedCpuAccess",
                                           "NvSciBufRawBufferAttrKey_Size"}));
    EXPECT_EQ(answer["lists"]["entries"][2]["kind"], "reconciled");
    EXPECT_EQ(answer["lists"]["entries"][2]["participants"], Json::array({"camera", "display"}));

    EXPECT_EQ(answer["buffers"]["handles"], 2);
    ASSERT_EQ(answer["buffers"]["entries"].size(), 1U);
    const Json& buffer = answer["buffers"]["entries"][0];
    EXPECT_EQ(buffer["type"], "RawBuffer");
    EXPECT_EQ(buffer["size"], kBytes);
    EXPECT_EQ(buffer["memory"], "system memory");
    EXPECT_EQ(buffer["right"], "read-write");
    EXPECT_EQ(buffer["module"], module);
    EXPECT_EQ(buffer["handles"].size(), 2U);
    EXPECT_EQ(buffer["imports"].size(), 1U);
    EXPECT_EQ(buffer["mappings"].size(), 1U);
    EXPECT_EQ(buffer["participants"], Json::array({"camera", "display"}));
    EXPECT_EQ(buffer["keys"]["NvSciBufRawBufferAttrKey_Size"], std::to_string(kBytes));

    ASSERT_EQ(answer["external_memories"]["count"], 1);
    EXPECT_EQ(answer["external_memories"]["entries"][0]["object"], buffer["object"]);
    EXPECT_EQ(answer["external_memories"]["entries"][0]["handle"], buffer["imports"][0]["handle"]);
    ASSERT_EQ(answer["mappings"]["count"], 1);
    EXPECT_EQ(answer["mappings"]["entries"][0]["object"], buffer["object"]);
}

// That is what somebody looks for whose memory does not go.
TEST_F(InspectionTest, ABufferThatAnImportAloneHoldsIsTold) {
    Process process = start("holds_buffers", {"handles=none"});
    const Json answer = answer_of(process);
    EXPECT_EQ(answer["buffers"]["handles"], 0);
    ASSERT_EQ(answer["buffers"]["entries"].size(), 1U);
    const Json& buffer = answer["buffers"]["entries"][0];
    EXPECT_TRUE(buffer["handles"].empty());
    EXPECT_EQ(buffer["imports"].size(), 1U);
    EXPECT_EQ(buffer["mappings"].size(), 1U);
}

// Of "2026-11-26T20:03:41.123456Z", since 1970.
double seconds_of(const std::string& time) {
    std::tm parts{};
    const char* const fraction = ::strptime(time.c_str(), "%Y-%m-%dT%H:%M:%S", &parts);
    if (fraction == nullptr) return 0;
    return static_cast<double>(::timegm(&parts)) + std::stod(std::string("0").append(fraction));
}

TEST_F(InspectionTest, AgesGrow) {
    Process process = start("holds_buffers");
    const Json first = answer_of(process)["buffers"]["entries"][0];
    std::this_thread::sleep_for(std::chrono::milliseconds(300));
    const auto again = inspect(process.id());
    ASSERT_EQ(again.size(), 1U);
    const Json second = again[0].json()["buffers"]["entries"][0];
    EXPECT_GE(second["age_ms"].get<long>(), first["age_ms"].get<long>() + 300);
    EXPECT_LT(second["age_ms"].get<long>(), 1000L * kLongestRoleSeconds);
    // The time is found from the age, so the last digits may differ.
    EXPECT_GT(seconds_of(first["since"]), 0);
    EXPECT_NEAR(seconds_of(first["since"]), seconds_of(second["since"]), 0.01);
}

TEST_F(InspectionTest, ASyncObjectTellsItsCounterAndWhoSleeps) {
    Process process = start("holds_sync");
    Json answer = answer_of(process);
    for (int i = 0; i < 500 && answer["sync_objects"]["entries"][0]["sleepers"] != 1; ++i) {
        std::this_thread::sleep_for(std::chrono::milliseconds(20));
        answer = inspect(process.id())[0].json();
    }
    EXPECT_EQ(answer["sync_objects"]["handles"], 1);
    ASSERT_EQ(answer["sync_objects"]["entries"].size(), 1U);
    const Json& object = answer["sync_objects"]["entries"][0];
    EXPECT_EQ(object["permission"], "WaitSignal");
    EXPECT_EQ(object["signaler"], "cpu");
    EXPECT_EQ(object["reached"], 1);
    EXPECT_EQ(object["greatest_fence"], 3);
    EXPECT_EQ(object["first_lost"], nullptr);
    EXPECT_EQ(object["sleepers"], 1);
    EXPECT_EQ(answer["wait_contexts"]["count"], 1);
    EXPECT_EQ(answer["wait_contexts"]["entries"][0]["module"], answer["modules"]["entries"][0]["handle"]);
    EXPECT_EQ(answer["sync_lists"]["count"], 1);
}

TEST_F(InspectionTest, WhereABufferWentAndWhereItCameFromIsTold) {
    Process process = start("shares");
    const Json answer = answer_of(process);
    ASSERT_EQ(answer["buffers"]["entries"].size(), 2U);
    const auto transfer = [&](int entry, const char* field) {
        const Json& transfers = answer["buffers"]["entries"][entry]["transfers"];
        return transfers.size() == 1 ? transfers[0][field] : Json();
    };
    EXPECT_EQ(transfer(0, "way"), "to");
    EXPECT_EQ(transfer(0, "peer"), "itc_1");
    EXPECT_EQ(transfer(0, "endpoint"), "itc_0");
    EXPECT_EQ(transfer(1, "way"), "from");
    EXPECT_EQ(transfer(1, "peer"), "itc_0");
    EXPECT_EQ(answer["endpoints"]["count"], 2);
    EXPECT_EQ(answer["endpoints"]["entries"][0]["name"], "itc_0");
}

// More have gone away than are remembered, and most of them lived at the same time.
TEST_F(InspectionTest, WhatWentAwayAndEndedLeavesRoomForWhatGoesNow) {
    Process process = start("shares", {"gone=4100"});
    const Json answer = answer_of(process);
    ASSERT_EQ(answer["buffers"]["entries"].size(), 2U);
    for (const Json& buffer : answer["buffers"]["entries"])
        EXPECT_EQ(buffer["transfers"].size(), 1U);
}

TEST_F(InspectionTest, WithoutTheVariableNothingIsThereAndNothingIsMade) {
    for (const char* agreement : {"OPENNVSCI_INSPECT=0", "OPENNVSCI_INSPECT=", "OPENNVSCI_INSPECT=yes"}) {
        const Ending ending = start("counts", {}, agreement).end();
        EXPECT_TRUE(ending.is_good());
        EXPECT_NE(ending.text.find("0 more descriptors, 0 more threads"), std::string::npos) << ending.text;
        EXPECT_EQ(ending.text.find("is not 0 or 1") != std::string::npos,
                  agreement == std::string("OPENNVSCI_INSPECT=yes"))
            << ending.text;
        EXPECT_TRUE(files().empty());
    }
    EXPECT_TRUE(inspect().empty());
    // The counter can tell: the lock, the listener and the thread.
    const Ending ending = start("counts").end();
    EXPECT_NE(ending.text.find("2 more descriptors, 1 more threads"), std::string::npos) << ending.text;
    EXPECT_TRUE(files().empty()) << "a process that ends takes its files with it";
}

TEST_F(InspectionTest, ThingsMayBeMadeAndFreedMeanwhile) {
    const Ending ending = start("races").end();
    EXPECT_TRUE(ending.is_good()) << ending.text;
}

TEST_F(InspectionTest, BadArgumentsAreRefused) {
    const OpenNvSciInspection* found = nullptr;
    std::size_t count = 0;
    EXPECT_EQ(opennvsciInspect(0, nullptr, &count), NvSciError_BadParameter);
    EXPECT_EQ(opennvsciInspect(0, &found, nullptr), NvSciError_BadParameter);
    EXPECT_EQ(opennvsciInspect(-1, &found, &count), NvSciError_BadParameter);
    EXPECT_EQ(opennvsciInspect(std::int64_t{1} << 40, &found, &count), NvSciError_BadParameter);
    std::filesystem::create_directory(folder());
    std::filesystem::permissions(folder(), std::filesystem::perms::all);
    EXPECT_EQ(opennvsciInspect(0, &found, &count), NvSciError_NotPermitted);
}

}  // namespace
}  // namespace opennvsci::test
