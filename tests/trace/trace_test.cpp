// SPDX-License-Identifier: Apache-2.0
//
// What a trace shows: calls with what they were about, refusals, tracks, and the arrows from signals to waits; of many
// threads, of forked children, of waits without an end.
#include <dlfcn.h>

#include <algorithm>
#include <set>

#include "own_process.h"
#include "trace/functions.h"
#include "trace_file.h"

namespace opennvsci::test {
namespace {

// A row with a name that no library has would never be a slice. Of libnvscivk this program uses nothing, so it is not
// there by itself.
TEST(TraceFunctionsTest, EveryRowIsAPublicFunction) {
    ASSERT_NE(::dlopen("libnvscivk.so.0", RTLD_NOW | RTLD_GLOBAL), nullptr) << ::dlerror();
    for (const trace::Function& function : trace::functions())
        EXPECT_NE(::dlsym(RTLD_DEFAULT, std::string(function.name).c_str()), nullptr) << function.name;
}

TEST_F(TraceTest, CallsTellWhatTheyAreAbout) {
    const TraceFile trace = trace_of("Buffers");
    trace.check_sound();

    const auto negotiations = trace.all("X", "NvSciBufAttrListReconcile");
    ASSERT_EQ(negotiations.size(), 2U);
    EXPECT_EQ(negotiations[0].at("args").at("participants"), 2);
    EXPECT_EQ(negotiations[0].at("args").at("outcome"), "granted");
    EXPECT_EQ(negotiations[1].at("args").at("outcome"), "refused");
    EXPECT_EQ(negotiations[1].at("args").at("key"), "NvSciBufRawBufferAttrKey_Size");
    EXPECT_EQ(negotiations[1].at("args").at("result"), "NvSciError_ReconciliationFailed");

    const Event allocation = trace.slice("NvSciBufObjAlloc").at("args");
    EXPECT_EQ(allocation.at("size"), 8192);
    EXPECT_EQ(allocation.at("memory"), "system memory");
    EXPECT_EQ(trace.slice("NvSciBufObjFree").at("args").at("handle"), allocation.at("handle"));
    EXPECT_EQ(trace.slice("NvSciBufObjGetCpuPtr").at("args").at("handle"), allocation.at("handle"));
    const Event import = trace.slice("nvsciCuImportExternalMemory").at("args");
    EXPECT_EQ(import.at("size"), 8192);
    EXPECT_EQ(import.at("object"), allocation.at("handle"));
    const Event mapping = trace.slice("nvsciCuExternalMemoryGetMappedBuffer").at("args");
    EXPECT_EQ(mapping.at("handle"), import.at("handle"));
    EXPECT_EQ(mapping.at("offset"), 4096);
    EXPECT_EQ(mapping.at("size"), 4096);
    EXPECT_EQ(trace.slice("nvsciCuMemFree").at("args").at("pointer"), mapping.at("pointer"));
}

// The name of a participant is anybody's bytes; the line that it is in was parsed.
TEST_F(TraceTest, RefusalsAreEventsWithTheirText) {
    const TraceFile trace = trace_of("Buffers");
    const auto refusals = trace.all("i", "NvSciError_ReconciliationFailed");
    ASSERT_EQ(refusals.size(), 1U);
    EXPECT_EQ(refusals[0].at("args").at("function"), "NvSciBufAttrListReconcile");
    const std::string text = refusals[0].at("args").at("text");
    EXPECT_NE(text.find("a \"strange\\"), std::string::npos) << text;
    EXPECT_NE(text.find("name\xc3\xa4 asks 4096"), std::string::npos) << text;
}

TEST_F(TraceTest, StreamsHaveTracksAndArrows) {
    const TraceFile trace = trace_of("Streams");
    trace.check_sound();
    const Event signal = trace.slice("signal");
    const Event wait = trace.slice("wait");
    EXPECT_NE(signal.at("tid"), wait.at("tid"));
    EXPECT_EQ(signal.at("args").at("value"), 1);
    EXPECT_EQ(signal.at("args").at("timeline"), wait.at("args").at("timeline"));
    const auto names = trace.names("thread_name");
    EXPECT_EQ(std::ranges::count_if(names, [](auto& name) { return name.starts_with("CUDA stream "); }), 2);

    // One signal, and both waits for it, the stream's and the CPU's.
    const auto begins = trace.all("s");
    const auto ends = trace.all("f");
    ASSERT_EQ(begins.size(), 1U);
    ASSERT_EQ(ends.size(), 2U);
    EXPECT_EQ(begins[0].at("tid"), signal.at("tid"));
    std::set<Event> tracks;
    for (const Event& end : ends) {
        EXPECT_EQ(end.at("id"), begins[0].at("id"));
        tracks.insert(end.at("tid"));
    }
    EXPECT_EQ(tracks, (std::set<Event>{wait.at("tid"), wait.at("pid")}));
}

TEST_F(TraceTest, TheWaitOfAThreadEndsAtItsArrow) {
    const TraceFile trace = trace_of("WaitOfAnotherThread");
    trace.check_sound();
    EXPECT_TRUE(std::ranges::count(trace.names("thread_name"), "waiter"));
    const auto begins = trace.all("B", "NvSciSyncFenceWait");
    const auto ends = trace.all("E", "NvSciSyncFenceWait");
    ASSERT_EQ(begins.size(), 2U);
    ASSERT_EQ(ends.size(), 2U);
    EXPECT_EQ(begins[0].at("args").at("value"), 1);
    // The second one ran out of time: it has no arrow, and is no refusal.
    ASSERT_EQ(trace.all("f").size(), 1U);
    EXPECT_EQ(trace.all("f")[0].at("tid"), begins[0].at("tid"));
    EXPECT_EQ(ends[1].at("args").at("result"), "NvSciError_Timeout");
    EXPECT_TRUE(trace.all("i").empty());
}

// Whoever asks for the trace of a program that hangs wants to see where.
TEST_F(TraceTest, AWaitWithoutAnEndIsThere) {
    const Outcome outcome = run_program("WaitThatNeverEnds", path_);
    EXPECT_NE(outcome.status, 0);
    const TraceFile trace(path_);
    trace.check_sound();
    ASSERT_EQ(trace.all("B", "NvSciSyncFenceWait").size(), 1U);
    EXPECT_EQ(trace.all("B", "NvSciSyncFenceWait")[0].at("args").at("value"), 1);
    EXPECT_TRUE(trace.all("E").empty());
}

TEST_F(TraceTest, ManyThreadsLoseNothing) {
    const TraceFile trace = trace_of("ManyThreads");
    trace.check_sound();
    EXPECT_EQ(trace.all("X", "NvSciSyncObjSignal").size(), kManyThreads * kRoundsOfAThread);
    EXPECT_EQ(trace.all("X", "signal").size(), kManyThreads * kRoundsOfAThread);
    EXPECT_EQ(trace.all("s").size(), 2 * kManyThreads * kRoundsOfAThread);
    EXPECT_EQ(trace.all("f").size(), kManyThreads * kRoundsOfAThread);
}

TEST_F(TraceTest, AForkedChildIsAProcessOfItsOwn) {
    SKIP_WHERE_FORKS_STAND_STILL();
    const TraceFile trace = trace_of("ForksBesideThreads");
    trace.check_sound();
    std::set<Event> processes;
    for (const Event& event : trace.all("X", "NvSciSyncObjSignal"))
        processes.insert(event.at("pid"));
    EXPECT_EQ(processes.size(), 21U);
    EXPECT_EQ(trace.names("process_name").size(), processes.size());
}

// Some events are not there, and each that is there is whole.
TEST_F(TraceTest, CallsGoOnWithoutMemory) {
    const TraceFile trace = trace_of("WithoutMemory");
    EXPECT_GT(trace.all("X", "NvSciSyncObjSignal").size(), 1U);
}

TEST_F(TraceTest, ErrnoStaysAndNoCallIsCancelled) {
    trace_of("ErrnoAndCancellation").check_sound();
}

}  // namespace
}  // namespace opennvsci::test
