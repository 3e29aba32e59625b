// SPDX-License-Identifier: Apache-2.0
//
// The threads of streams do not show: an idle one ends and the next work starts another, a process does not live on for
// them, and signals of the program go to the program's threads.
#include <dirent.h>
#include <signal.h>

#include <atomic>
#include <chrono>
#include <fstream>
#include <string>
#include <thread>

#include "support.h"

namespace opennvsci::softcuda_test {
namespace {

using namespace std::chrono_literals;

int count_workers() {
    int count = 0;
    DIR* tasks = opendir("/proc/self/task");
    while (const dirent* entry = readdir(tasks)) {
        std::string name;
        std::ifstream file(std::string("/proc/self/task/") + entry->d_name + "/comm");
        if (std::getline(file, name) && name == "softcuda-stream") ++count;
    }
    closedir(tasks);
    return count;
}

// Workers of earlier tests may still be idle.
bool all_workers_end() {
    for (int i = 0; i < 100; ++i) {
        if (count_workers() == 0) return true;
        std::this_thread::sleep_for(50ms);
    }
    return false;
}

TEST_F(SoftCuda, AnIdleWorkerEndsAndTheNextWorkStartsAnother) {
    const CUstream stream = make_stream();
    std::atomic<int> ran{0};
    for (int round = 1; round <= 2; ++round) {
        on_stream(stream, [&ran] { ++ran; });
        EXPECT_OK(cuStreamSynchronize(stream));
        EXPECT_EQ(ran, round);
        EXPECT_TRUE(all_workers_end());
    }
    EXPECT_OK(cuStreamDestroy_v2(stream));
}

// Work that is submitted while a worker decides to end is neither lost nor run twice: many streams, each used again
// after about the idle time.
TEST_F(SoftCuda, WorkMeetsAnEndingWorker) {
    constexpr int kStreams = 32;
    constexpr int kRounds = 8;
    std::vector<CUstream> streams;
    for (int i = 0; i < kStreams; ++i)
        streams.push_back(make_stream(CU_STREAM_NON_BLOCKING));
    std::atomic<int> ran{0};
    for (int round = 0; round < kRounds; ++round) {
        for (const CUstream stream : streams)
            on_stream(stream, [&ran] { ++ran; });
        std::this_thread::sleep_for(98ms + round * 1ms);
    }
    EXPECT_OK(cuCtxSynchronize());
    EXPECT_EQ(ran, kStreams * kRounds);
}

// The leak checker does not find what the main thread held, when that has ended before the process.
const std::vector<std::string> kNoLeakCheck{"ASAN_OPTIONS=detect_leaks=0"};

// The exit status is that of a process whose last thread ends: 0.
TEST_F(SoftCuda, AProcessEndsWithItsProgramThreads) {
#if defined(__SANITIZE_THREAD__)
    GTEST_SKIP() << "the sanitizer has a thread of its own, which counts as the program's";
#endif
    Peer idle("main_thread_ends", kNoLeakCheck);
    EXPECT_EQ(idle.receive(), "ready");
    EXPECT_EQ(idle.wait(), 0);
    Peer waiting("main_thread_ends_and_a_stream_waits", kNoLeakCheck);
    EXPECT_EQ(waiting.receive(), "ready");
    EXPECT_EQ(waiting.wait(), 0);
}

// The stream's wait goes on as long as a thread of the program could end it, and a signal finds that thread.
TEST_F(SoftCuda, SignalsGoToTheProgramWhenTheMainThreadHasEnded) {
    Peer peer("main_thread_ends_before_another");
    EXPECT_EQ(peer.receive(), "ready");
    std::this_thread::sleep_for(300ms);
    peer.kill(0);  // still there
    peer.kill(SIGTERM);
    EXPECT_EQ(peer.wait(), 256 + SIGTERM);
}

}  // namespace
}  // namespace opennvsci::softcuda_test
