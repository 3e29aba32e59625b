// SPDX-License-Identifier: Apache-2.0
//
// What the library prints of its own: a line for each refused call, no line for what a program asks or waits for, and
// never more than people can read. The level and the limits are of a process, so most tests start one.
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <csignal>
#include <cstdlib>
#include <sstream>
#include <thread>

#include "api/forward.h"
#include "base/line_limiter.h"
#include "base/log.h"
#include "base/os.h"
#include "base/text_buffer.h"
#include "buf_test.h"
#include "exchange_channel.h"
#include "log_level.h"
#include "nvscievent.h"
#include "own_process.h"
#include "sync_objects.h"
#include "this_program.h"

namespace opennvsci::test {
namespace {

using log::LineLimiter;

TEST(LineLimiterTest, TheSameTextIsPrintedOnceASecond) {
    LineLimiter limiter;
    EXPECT_TRUE(limiter.ask("one", 5000).is_printed);
    EXPECT_FALSE(limiter.ask("one", 5000).is_printed);
    EXPECT_FALSE(limiter.ask("one", 5999).is_printed);
    EXPECT_TRUE(limiter.ask("another", 5999).is_printed);
    EXPECT_TRUE(limiter.ask("one", 6000).is_printed);
    EXPECT_FALSE(limiter.ask("one", 6001).is_printed);
    // A repeated text is no line that was left out.
    EXPECT_EQ(limiter.ask("a third", 6002).left_out, 0U);
}

TEST(LineLimiterTest, TenLinesASecondAndTheRestIsCounted) {
    LineLimiter limiter;
    std::uint64_t printed = 0;
    std::uint64_t first_left_out = 0;
    for (int i = 0; i < 5000; ++i) {
        const auto verdict = limiter.ask("text " + std::to_string(i), 7000 + static_cast<std::uint64_t>(i) / 10);
        printed += verdict.is_printed ? 1 : 0;
        first_left_out += verdict.is_first_left_out ? 1 : 0;
        EXPECT_EQ(verdict.left_out, 0U);
    }
    EXPECT_EQ(printed, LineLimiter::kLinesPerSecond);
    EXPECT_EQ(first_left_out, 1U);
    const auto next = limiter.ask("text 4999", 8000);  // one that was left out is none that was said
    EXPECT_TRUE(next.is_printed);
    EXPECT_EQ(next.left_out, 5000 - LineLimiter::kLinesPerSecond);
    EXPECT_EQ(limiter.ask("more", 8001).left_out, 0U);
}

TEST(LineLimiterTest, AnySecondHasTenLinesAtMost) {
    LineLimiter limiter;
    std::vector<std::uint64_t> printed;
    for (std::uint64_t now = 1; now < 20'000; now += 7) {
        if (!limiter.ask("text " + std::to_string(now), now).is_printed) continue;
        printed.push_back(now);
        const std::size_t count = printed.size();
        if (count <= LineLimiter::kLinesPerSecond) continue;
        EXPECT_GE(now - printed[count - 1 - LineLimiter::kLinesPerSecond], LineLimiter::kSecond);
    }
    EXPECT_GE(printed.size(), 19 * LineLimiter::kLinesPerSecond);
}

TEST(LineLimiterTest, ThreadsWithOneTextPrintItOnce) {
    LineLimiter limiter;
    std::atomic<std::uint64_t> printed{0};
    std::atomic<int> waiting{2};
    const auto ask = [&] {
        --waiting;
        while (waiting > 0) {
        }
        for (std::uint64_t i = 0; i < 1000; ++i) {
            const auto verdict = limiter.ask("text", 5000 - i % 3);  // clocks are not looked at in turn
            printed += verdict.is_printed ? 1 : 0;
            EXPECT_FALSE(verdict.is_first_left_out);
            EXPECT_EQ(verdict.left_out, 0U);
        }
    };
    std::thread other(ask);
    ask();
    other.join();
    EXPECT_EQ(printed, 1U);
    // And they take the room of one line.
    for (std::size_t i = 1; i < LineLimiter::kLinesPerSecond; ++i)
        EXPECT_TRUE(limiter.ask("text " + std::to_string(i), 5001).is_printed) << i;
    EXPECT_TRUE(limiter.ask("one too many", 5002).is_first_left_out);
}

// The threads find the same places free at the same time, in each of many seconds.
TEST(LineLimiterTest, ThreadsWithManyTextsPrintEachOnce) {
    LineLimiter limiter;
    constexpr int kThreads = 4;
    constexpr std::size_t kRounds = 500;
    static constexpr std::array kTexts{"first", "second", "third", "fourth"};
    struct Round {
        std::atomic<int> waiting{kThreads};
        std::array<std::atomic<int>, kTexts.size()> printed{};
    };
    std::vector<Round> rounds(kRounds);
    const auto ask = [&](std::size_t begin) {
        for (std::size_t i = 0; i < kRounds; ++i) {
            --rounds[i].waiting;
            while (rounds[i].waiting > 0)
                std::this_thread::yield();
            for (std::size_t j = 0; j < 2 * kTexts.size(); ++j) {
                const std::size_t text = (begin + j) % kTexts.size();
                rounds[i].printed[text] += limiter.ask(kTexts[text], (i + 1) * LineLimiter::kSecond).is_printed ? 1 : 0;
            }
        }
    };
    std::vector<std::thread> others;
    for (std::size_t i = 1; i < kThreads; ++i)
        others.emplace_back(ask, i);
    ask(0);
    for (std::thread& other : others)
        other.join();
    for (const Round& round : rounds) {
        for (const std::atomic<int>& count : round.printed)
            EXPECT_EQ(count, 1);
    }
}

TEST(TextBufferTest, ATextIsCutBetweenCharactersAndEndsWithAMark) {
    EXPECT_EQ((TextBuffer<8>{"seven", " ", "!"}).view(), "seven !");
    EXPECT_EQ((TextBuffer<8>{"eight", " ", "!!"}).view(), "eigh...");
    EXPECT_STREQ((TextBuffer<8>{"caf\u00e9", "", "1234"}).c_str(), "caf...") << "a half of the letter would fit";
    EXPECT_EQ((TextBuffer<8>{"", {}, "1234567"}).view(), "1234567");
    TextBuffer<8> buffer{"too long", "more"};
    buffer.assign({"short"});
    EXPECT_EQ(buffer.view(), "short");
}

template <class Body>
std::string printed(Body&& body) {
    ::testing::internal::CaptureStderr();
    body();
    return ::testing::internal::GetCapturedStderr();
}

std::vector<std::string> lines_of(const std::string& text) {
    std::istringstream stream(text);
    std::vector<std::string> lines;
    for (std::string line; std::getline(stream, line);)
        lines.push_back(line);
    return lines;
}

void be_refused() {
    EXPECT_EQ(NvSciBufModuleOpen(nullptr), kBadParameter);
}
constexpr const char* kRefused = "opennvsci: notice: NvSciBufModuleOpen: NvSciError_BadParameter: newModule is NULL\n";
constexpr const char* kKeptAway = "opennvsci: debug: NvSciBufModuleOpen: NvSciError_BadParameter: newModule is NULL\n";

class PrintedLinesTest : public BufTest {};

TEST_F(PrintedLinesTest, ARefusedCallIsOneLine) {
    const LogLevel level(nullptr);
    in_new_process([] {
        const std::string said = printed([] {
            for (int i = 0; i < 100; ++i)
                be_refused();
        });
        EXPECT_EQ(said, kRefused);
        EXPECT_EQ(
            printed([] { EXPECT_EQ(nvsciCuImportExternalMemory(nullptr, nullptr), cu::CUDA_ERROR_INVALID_VALUE); }),
            "opennvsci: notice: nvsciCuImportExternalMemory: NvSciError_BadParameter (CUresult 1): extMem_out is "
            "NULL\n");
    });
}

// A text may hold words of the program, such as the name of a list.
TEST_F(PrintedLinesTest, ALineIsOneLineWhateverStandsInIt) {
    const LogLevel level(nullptr);
    in_new_process([] {
        EXPECT_EQ(printed([] {
                      (void)api::call("function", []() -> Result<> {
                          return fail(kBadParameter, "two\nlines\x1b[2J\u009b2J, caf\u00e9\u202eabc\u2028d");
                      });
                  }),
                  "opennvsci: notice: function: NvSciError_BadParameter: two?lines?[2J?2J, caf\u00e9?abc?d\n");
    });
}

TEST_F(PrintedLinesTest, AFloodIsBoundedAndCounted) {
    const LogLevel level(nullptr);
    in_new_process([] {
        const auto refuse = [](std::uint32_t i) {  // with another text for each
            char text = 0;
            EXPECT_EQ(opennvsciBufAttrValueGetText(0x900000 + i, &text, 1, &text, 1), kBadParameter);
        };
        const std::string said = printed([&] {
            for (std::uint32_t i = 0; i < 2000; ++i)
                refuse(i);
            ::usleep(1'100'000);
            refuse(2000);
        });
        std::uint64_t told = 0;
        std::uint64_t notes = 0;
        for (const std::string& line : lines_of(said)) {
            const std::string counted = "opennvsci: notice: lines left out before the next one: ";
            if (line.rfind(counted, 0) == 0) {
                told += std::stoull(line.substr(counted.size()));
            } else if (contains(line, "more lines of this second are left out")) {
                ++notes;
            } else {
                EXPECT_TRUE(contains(line, "NvSciError_BadParameter: there is no key 0x90")) << line;
                ++told;
            }
        }
        EXPECT_EQ(told, 2001U) << said;
        EXPECT_GE(notes, 1U);
        EXPECT_LT(lines_of(said).size(), 200U);
    });
}

// A program may be refused on purpose.
TEST_F(PrintedLinesTest, AThreadCanKeepItsLinesAway) {
    const LogLevel level(nullptr);
    in_new_process([] {
        EXPECT_EQ(printed([] {
                      EXPECT_TRUE(opennvsciPrintRefusals(false));
                      be_refused();
                      EXPECT_FALSE(opennvsciPrintRefusals(true));
                  }),
                  "");
        EXPECT_TRUE(contains(opennvsciGetLastErrorText(), "NvSciBufModuleOpen"));
        EXPECT_EQ(printed([] {
                      opennvsciPrintRefusals(false);
                      std::thread(be_refused).join();
                  }),
                  kRefused);
    });
}

TEST_F(PrintedLinesTest, WhatAProgramAsksOrWaitsForIsNoRefusal) {
    const LogLevel level(nullptr);
    in_new_process([] {
        const SyncModule syncs = open_sync_module();
        const SyncObject object = cpu_object(syncs);
        const WaitContext context = wait_context(syncs);
        NvSciSyncFence fence = NvSciSyncFenceInitializer;
        ASSERT_EQ(NvSciSyncObjGenerateFence(object, &fence), kSuccess);
        const SyncList both = test::cpu_list(syncs, NvSciSyncAccessPerm_WaitSignal);
        const SyncList agreed = std::move(reconcile({both}).reconciled);
        const SyncList without_cpu = create_list(syncs);
        ASSERT_EQ(set(without_cpu, NvSciSyncAttrKey_RequiredPerm, NvSciSyncAccessPerm_WaitOnly), kSuccess);
        const SyncList with_more = test::cpu_list(syncs, NvSciSyncAccessPerm_WaitOnly);
        ASSERT_EQ(set(with_more, NvSciSyncAttrKey_RequireDeterministicFences, true), kSuccess);
        ASSERT_EQ(NvSciIpcInit(), kSuccess);
        NvSciEventLoopService* loop = nullptr;
        ASSERT_EQ(NvSciEventLoopServiceCreate(1, &loop), kSuccess);
        NvSciLocalEvent* event = nullptr;
        ASSERT_EQ(loop->EventService.CreateLocalEvent(&loop->EventService, &event), kSuccess);
        const Module module = make<Module>(NvSciBufModuleOpen);
        const List small = raw_list(module, 4096);
        ASSERT_EQ(set(small, NvSciBufGeneralAttrKey_NeedCpuAccess, true), kSuccess);
        const List large = raw_list(module, 8192);
        const List result = std::move(reconcile({small}).reconciled);
        Channel channel;
        for (const int side : {0, 1})
            ASSERT_EQ(NvSciIpcResetEndpointSafe(channel[side]), kSuccess);
        for (int i = 0; i < 10; ++i) {
            std::uint32_t events = 0;
            for (const int side : {0, 1})
                ASSERT_EQ(NvSciIpcGetEventSafe(channel[side], &events), kSuccess);
        }
        ASSERT_NE(std::signal(SIGUSR1, [](int) {}), SIG_ERR);
        const std::string said = printed([&] {
            EXPECT_EQ(NvSciSyncFenceWait(&fence, context, 0), NvSciError_Timeout);
            EXPECT_EQ(NvSciSyncFenceWait(&fence, context, 100), NvSciError_Timeout);
            for (const NvSciSyncAttrList asks : {without_cpu.get(), with_more.get()}) {
                bool is_valid = true;
                EXPECT_EQ(NvSciSyncAttrListValidateReconciled(agreed, &asks, 1, &is_valid), kBadParameter);
                EXPECT_FALSE(is_valid);
            }
            EXPECT_EQ(loop->WaitForEvent(event->eventNotifier, 0), NvSciError_Timeout);
            std::atomic<bool> is_over = false;
            std::thread interrupter([&, waiter = ::pthread_self()] {
                while (!is_over) {
                    ::pthread_kill(waiter, SIGUSR1);
                    ::usleep(1000);
                }
            });
            EXPECT_EQ(loop->WaitForEvent(event->eventNotifier, 60'000'000), NvSciError_InterruptedCall);
            is_over = true;
            interrupter.join();
            bool is_valid = true;
            const NvSciBufAttrList lists[] = {large};
            EXPECT_EQ(NvSciBufAttrListValidateReconciled(result, lists, 1, &is_valid), NvSciError_ReconciliationFailed);
            EXPECT_FALSE(is_valid);
            const std::uint64_t size = 8192;
            const NvSciBufAttrKeyValuePair pair{NvSciBufRawBufferAttrKey_Size, &size, sizeof(size)};
            EXPECT_EQ(NvSciBufAttrListValidateReconciledAgainstAttrs(result, &pair, 1),
                      NvSciError_AttrListValidationFailed);
            const volatile void* frame = nullptr;
            volatile void* free_frame = nullptr;
            std::uint32_t count = 0;
            EXPECT_EQ(NvSciIpcReadSafe(channel[0], &count, sizeof(count), &count), NvSciError_InsufficientMemory);
            EXPECT_EQ(NvSciIpcReadGetNextFrame(channel[0], &frame), NvSciError_InsufficientMemory);
            NvSciError code = kSuccess;
            for (int i = 0; i < 1000 && code == kSuccess; ++i)
                code = NvSciIpcWriteSafe(channel[0], &count, sizeof(count), &count);
            EXPECT_EQ(code, NvSciError_InsufficientMemory);
            EXPECT_EQ(NvSciIpcWriteGetNextFrame(channel[0], &free_frame), NvSciError_InsufficientMemory);
        });
        EXPECT_EQ(said, "");
        EXPECT_TRUE(contains(opennvsciGetLastErrorText(), "NvSciIpcWriteGetNextFrame"));
        // A mistake in the same calls is one.
        EXPECT_TRUE(contains(printed([&] { NvSciSyncFenceWait(&fence, nullptr, 0); }),
                             "notice: NvSciSyncFenceWait: NvSciError_BadParameter: "));
        EXPECT_TRUE(contains(
            printed([&] { EXPECT_NE(NvSciBufAttrListValidateReconciledAgainstAttrs(result, nullptr, 1), kSuccess); }),
            "notice: NvSciBufAttrListValidateReconciledAgainstAttrs: "));
    });
}

// Who moves frames has been told by an event that he may, and a timestamp is there when the fence has expired.
TEST_F(PrintedLinesTest, WhatCameTooEarlyIsRefused) {
    const LogLevel level(nullptr);
    in_new_process([] {
        ASSERT_EQ(NvSciIpcInit(), kSuccess);
        const Channel channel;
        const std::string lines = printed([&] {
            std::uint32_t count = 0;
            const volatile void* frame = nullptr;
            for (int i = 0; i < 3; ++i) {
                EXPECT_EQ(NvSciIpcReadSafe(channel[0], &count, sizeof(count), &count), NvSciError_ConnectionReset);
                EXPECT_EQ(NvSciIpcReadGetNextFrame(channel[0], &frame), NvSciError_ConnectionReset);
            }
        });
        EXPECT_EQ(lines,
                  "opennvsci: notice: NvSciIpcReadSafe: NvSciError_ConnectionReset: not connected\n"
                  "opennvsci: notice: NvSciIpcReadGetNextFrame: NvSciError_ConnectionReset: not connected\n");
        const SyncModule syncs = open_sync_module();
        const SyncList signaler = test::cpu_list(syncs, NvSciSyncAccessPerm_SignalOnly);
        const SyncList waiter = test::cpu_list(syncs, NvSciSyncAccessPerm_WaitOnly);
        ASSERT_EQ(set(waiter, NvSciSyncAttrKey_WaiterRequireTimestamps, true), kSuccess);
        const SyncObject object = allocate({signaler, waiter});
        const NvSciSyncFence fence = generate(object);
        EXPECT_TRUE(contains(printed([&] {
                                 std::uint64_t time = 0;
                                 EXPECT_EQ(NvSciSyncFenceGetTimestamp(&fence, &time), kBadParameter);
                             }),
                             "notice: NvSciSyncFenceGetTimestamp: NvSciError_BadParameter: the fence has not expired"));
    });
}

// What the driver says to a call that is not for us is between it and the program.
TEST_F(PrintedLinesTest, AnswersOfTheDriverToOthersAreNotOurs) {
    const LogLevel level(nullptr);
    in_new_process([] {
        EXPECT_EQ(printed([] {
                      api::remember_answer(api::Entrance::interposer, "cuMemFree_v2", cu::CUDA_ERROR_INVALID_VALUE, 1);
                  }),
                  "");
        EXPECT_TRUE(contains(opennvsciGetLastErrorText(), "cuMemFree_v2: the driver refused"));
        EXPECT_TRUE(contains(printed([] {
                                 api::remember_answer(api::Entrance::nvscicuda, "nvsciCuMemFree",
                                                      cu::CUDA_ERROR_INVALID_VALUE, 1);
                             }),
                             "notice: nvsciCuMemFree: NvSciError_ResourceError (CUresult 1): the driver refused"));
    });
}

TEST_F(PrintedLinesTest, TheLevelSaysWhatIsPrinted) {
    const auto speak = [] {
        be_refused();
        be_refused();
        const SyncModule syncs = open_sync_module();
        const SyncObject object = cpu_object(syncs);
        const WaitContext context = wait_context(syncs);
        NvSciSyncFence fence = NvSciSyncFenceInitializer;
        EXPECT_EQ(NvSciSyncObjGenerateFence(object, &fence), kSuccess);
        EXPECT_EQ(NvSciSyncFenceWait(&fence, context, 0), NvSciError_Timeout);
        NvSciBufModuleClose(reinterpret_cast<NvSciBufModule>(std::uintptr_t{0x1234}));  // has no other way to say it
    };
    const std::string kError = "opennvsci: error: NvSciBufModuleClose: ";
    {
        const LogLevel level("none");
        in_new_process([&] { EXPECT_EQ(printed(speak), ""); });
    }
    for (const char* fewer : {"error", "warning"}) {
        const LogLevel level(fewer);
        in_new_process([&] {
            const auto lines = lines_of(printed(speak));
            ASSERT_EQ(lines.size(), 1U);
            EXPECT_EQ(lines[0].rfind(kError, 0), 0U) << lines[0];
        });
    }
    for (const char* usual : {"notice", ""}) {
        const LogLevel level(usual);
        in_new_process([&] {
            const std::string said = printed(speak);
            EXPECT_EQ(said.rfind(kRefused + kError, 0), 0U) << said;
            EXPECT_EQ(lines_of(said).size(), 2U) << said;
        });
    }
    const LogLevel level("debug");
    in_new_process([&] {
        const std::string said = printed(speak);
        EXPECT_EQ(said.rfind(std::string(kRefused) + kRefused, 0), 0U) << said;
        EXPECT_TRUE(contains(said, "debug: NvSciSyncFenceWait: NvSciError_Timeout: the fence did not expire")) << said;
    });
}

// At `debug` nothing is missing, also of a thread that has its refusals not printed.
TEST_F(PrintedLinesTest, DebugPrintsWhatAThreadKeepsAway) {
    const LogLevel level("debug");
    in_new_process([] {
        EXPECT_EQ(printed([] {
                      opennvsciPrintRefusals(false);
                      be_refused();
                      be_refused();
                      opennvsciPrintRefusals(true);
                      be_refused();
                  }),
                  std::string(kKeptAway) + kKeptAway + kRefused);
    });
}

// They have no other way to tell it, and a program may repeat them as often as any call.
TEST_F(PrintedLinesTest, FailuresOfFunctionsWithoutACodeAreBoundedErrors) {
    const LogLevel level(nullptr);
    in_new_process([] {
        const std::string said = printed([] {
            opennvsciPrintRefusals(false);
            for (int i = 0; i < 100; ++i)
                NvSciBufModuleClose(reinterpret_cast<NvSciBufModule>(std::uintptr_t{0x1234}));
        });
        const auto lines = lines_of(said);
        ASSERT_LE(lines.size(), 2U) << said;  // a second may pass
        EXPECT_TRUE(contains(lines.at(0), "opennvsci: error: NvSciBufModuleClose: NvSciError_BadParameter: ")) << said;
    });
}

// Wishes that were not granted do not keep away a refusal.
TEST_F(PrintedLinesTest, EachLevelHasItsOwnRoom) {
    const LogLevel level("info");
    in_new_process([] {
        const std::string said = printed([] {
            for (int i = 0; i < 100; ++i)
                log::write_bounded(log::Level::info, "line " + std::to_string(i));
            be_refused();
        });
        EXPECT_TRUE(contains(said, "info: more lines of this second are left out"));
        EXPECT_TRUE(contains(said, kRefused));
    });
}

TEST_F(PrintedLinesTest, AnUnknownLevelIsSaidOnce) {
    const LogLevel level("loud");
    in_new_process([] {
        // The driver that main() looked for has said it already.
        EXPECT_EQ(printed([] { const Module module = make<Module>(NvSciBufModuleOpen); }), "");
        EXPECT_EQ(printed(be_refused), kRefused);
    });
    EXPECT_EXIT(_exit(0), ::testing::ExitedWithCode(0),
                "warning: OPENNVSCI_LOG=loud is not one of none, error, warning, notice, info and debug: using notice");
}

TEST_F(PrintedLinesTest, DeniedWishesAreSaidAtInfo) {
    const auto ask = [&] {
        const List list = gpu_list();
        ASSERT_EQ(set(list, NvSciBufGeneralAttrKey_NeedCpuAccess, true), kSuccess);
        const NvSciBufAttrValGpuCompression wish{gpu(0), NvSciBufCompressionType_GenericCompressible};
        ASSERT_EQ(set(list, NvSciBufGeneralAttrKey_EnableGpuCompression, wish), kSuccess);
        EXPECT_EQ(reconcile({list}).code, kSuccess);
    };
    {
        const LogLevel level(nullptr);
        in_new_process([&] { EXPECT_EQ(printed(ask), ""); });
    }
    const LogLevel level("info");
    in_new_process([&] {
        const std::string said = printed(ask);
        EXPECT_TRUE(contains(said,
                             "opennvsci: info: NvSciBufAttrListReconcile: "
                             "NvSciBufGeneralAttrKey_EnableGpuCompression: not granted to list 1: "))
            << said;
        EXPECT_TRUE(
            contains(said, "GenericCompressible}; the CPU takes part (list 1 asks for NeedCpuAccess). To avoid it: "))
            << said;
    });
}

// The reader of a pipe may go; that must not end a program.
TEST_F(PrintedLinesTest, ABrokenPipeEndsNobody) {
    const LogLevel level(nullptr);
    in_new_process([] {
        int ends[2] = {};
        ASSERT_EQ(::pipe(ends), 0);
        ::close(ends[0]);
        ASSERT_EQ(::dup2(ends[1], STDERR_FILENO), STDERR_FILENO);
        be_refused();
        sigset_t pending;
        ASSERT_EQ(::sigpending(&pending), 0);
        EXPECT_EQ(::sigismember(&pending, SIGPIPE), 0);
    });
}

// Nor may a reader that does not read stop it.
TEST_F(PrintedLinesTest, AFullPipeStopsNobody) {
    const LogLevel level(nullptr);
    in_new_process([] {
        int ends[2] = {};
        ASSERT_EQ(::pipe2(ends, O_NONBLOCK), 0);
        const std::vector<char> bytes(4096);
        while (::write(ends[1], bytes.data(), bytes.size()) > 0) {
        }
        ASSERT_EQ(::fcntl(ends[1], F_SETFL, 0), 0);
        ASSERT_EQ(::dup2(ends[1], STDERR_FILENO), STDERR_FILENO);
        ::alarm(20);
        be_refused();
        // What there was no room for is counted.
        std::vector<char> read(1 << 20);
        ASSERT_GT(::read(ends[0], read.data(), read.size()), 0);
        EXPECT_EQ(NvSciSyncModuleOpen(nullptr), kBadParameter);
        const ssize_t size = ::read(ends[0], read.data(), read.size());
        ASSERT_GT(size, 0);
        EXPECT_EQ(std::string(read.data(), static_cast<std::size_t>(size)),
                  "opennvsci: notice: lines left out before the next one: 1\n"
                  "opennvsci: notice: NvSciSyncModuleOpen: NvSciError_BadParameter: newModule is NULL\n");
    });
}

// In a program that is started without a stderr, its number is that of the first file that is opened.
TEST(PrintedLinesProcess, DISABLED_StartedWithoutStderr) {
    ASSERT_EQ(::dup2(::memfd_create("in the place of stderr", MFD_CLOEXEC), STDERR_FILENO), STDERR_FILENO);
    be_refused();
    EXPECT_EQ(::lseek(STDERR_FILENO, 0, SEEK_END), 0);
    ::close(STDERR_FILENO);
    const auto file = os::create_memory_file("not in the place of stderr", 4096);
    ASSERT_TRUE(file);
    EXPECT_GT(file->get(), STDERR_FILENO);
    EXPECT_NE(::fcntl(file->get(), F_GETFD) & FD_CLOEXEC, 0);
    EXPECT_LT(::fcntl(STDERR_FILENO, F_GETFD), 0) << "and stderr stays closed";
}

TEST_F(PrintedLinesTest, AFileInThePlaceOfStderrIsNotWrittenTo) {
    const LogLevel level(nullptr);
    const std::string line = "'" + this_program().string() +
                             "' --gtest_also_run_disabled_tests --gtest_filter=*DISABLED_StartedWithoutStderr "
                             ">/dev/null 2>&-";
    EXPECT_EQ(std::system(line.c_str()), 0);
}

TEST(ErrorNameTest, EveryCodeHasTheNameOfItsEnumerator) {
    constexpr std::pair<std::uint32_t, const char*> kCodes[] = {
#define ENUMERATOR(type, name, number) {number, #name},
#include "headers/nvscierror_values.inc"
#undef ENUMERATOR
    };
    for (const auto& [number, name] : kCodes)
        EXPECT_STREQ(opennvsciErrorName(static_cast<NvSciError>(number)), name);
    for (const std::uint32_t number : {0x2U, 0x109U, 0x204U, 0x00FFFFFEU, 0x06000000U, ~0U})
        EXPECT_STREQ(opennvsciErrorName(static_cast<NvSciError>(number)), "unknown") << number;
}

}  // namespace
}  // namespace opennvsci::test
