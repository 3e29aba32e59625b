// SPDX-License-Identifier: Apache-2.0
//
// What the library prints of its own: a line for each refused call, no line for what a program asks or waits for, and
// never more than people can read. The level and the limits are of a process, so most tests start one.
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <atomic>
#include <csignal>
#include <cstdlib>
#include <sstream>
#include <thread>

#include "api/forward.h"
#include "base/line_limiter.h"
#include "buf_test.h"
#include "exchange_channel.h"
#include "nvscievent.h"
#include "own_process.h"
#include "sync_objects.h"

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

// Half of the time is kept: it comes round after 49 days.
TEST(LineLimiterTest, TimeComesRound) {
    LineLimiter limiter;
    constexpr std::uint64_t kRound = std::uint64_t{1} << 32;
    EXPECT_TRUE(limiter.ask("one", kRound - 500).is_printed);
    EXPECT_FALSE(limiter.ask("one", kRound + 499).is_printed);
    EXPECT_TRUE(limiter.ask("one", kRound + 500).is_printed);
}

TEST(LineLimiterTest, ThreadsWithOneTextPrintItOnce) {
    LineLimiter limiter;
    std::atomic<std::uint64_t> printed{0};
    std::atomic<int> waiting{2};
    const auto ask = [&] {
        --waiting;
        while (waiting > 0) {
        }
        for (std::uint64_t i = 0; i < 1000; ++i)
            printed += limiter.ask("text", 5000 - i % 3).is_printed ? 1 : 0;  // clocks are not looked at in turn
    };
    std::thread other(ask);
    ask();
    other.join();
    EXPECT_EQ(printed, 1U);
}

// OPENNVSCI_LOG as it is in the processes that a test starts.
class Level {
  public:
    explicit Level(const char* level) {
        if (level == nullptr) {
            ::unsetenv("OPENNVSCI_LOG");
        } else {
            ::setenv("OPENNVSCI_LOG", level, 1);
        }
    }
    Level(const Level&) = delete;
    Level& operator=(const Level&) = delete;
    ~Level() { ::unsetenv("OPENNVSCI_LOG"); }
};

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

class PrintedLinesTest : public BufTest {};

TEST_F(PrintedLinesTest, ARefusedCallIsOneLine) {
    const Level level(nullptr);
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
    const Level level(nullptr);
    in_new_process([] {
        EXPECT_EQ(printed([] {
                      (void)api::call("function",
                                      []() -> Result<> { return fail(kBadParameter, "two\nlines\x1b[2J, caf\u00e9"); });
                  }),
                  "opennvsci: notice: function: NvSciError_BadParameter: two?lines?[2J, caf\u00e9\n");
    });
}

TEST_F(PrintedLinesTest, AFloodIsBoundedAndCounted) {
    const Level level(nullptr);
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
    const Level level(nullptr);
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
    const Level level(nullptr);
    in_new_process([] {
        const SyncModule syncs = open_sync_module();
        const SyncObject object = cpu_object(syncs);
        const WaitContext context = wait_context(syncs);
        NvSciSyncFence fence = NvSciSyncFenceInitializer;
        ASSERT_EQ(NvSciSyncObjGenerateFence(object, &fence), kSuccess);
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
        const std::string said = printed([&] {
            EXPECT_EQ(NvSciSyncFenceWait(&fence, context, 0), NvSciError_Timeout);
            EXPECT_EQ(NvSciSyncFenceWait(&fence, context, 100), NvSciError_Timeout);
            EXPECT_EQ(loop->WaitForEvent(event->eventNotifier, 0), NvSciError_Timeout);
            bool is_valid = true;
            const NvSciBufAttrList lists[] = {large};
            EXPECT_EQ(NvSciBufAttrListValidateReconciled(result, lists, 1, &is_valid), NvSciError_ReconciliationFailed);
            EXPECT_FALSE(is_valid);
            const std::uint64_t size = 8192;
            const NvSciBufAttrKeyValuePair pair{NvSciBufRawBufferAttrKey_Size, &size, sizeof(size)};
            EXPECT_EQ(NvSciBufAttrListValidateReconciledAgainstAttrs(result, &pair, 1),
                      NvSciError_AttrListValidationFailed);
            const volatile void* frame = nullptr;
            std::uint32_t count = 0;
            EXPECT_NE(NvSciIpcReadSafe(channel[0], &count, sizeof(count), &count), kSuccess);
            EXPECT_NE(NvSciIpcReadGetNextFrame(channel[0], &frame), kSuccess);
        });
        EXPECT_EQ(said, "");
        EXPECT_TRUE(contains(opennvsciGetLastErrorText(), "NvSciIpcReadGetNextFrame"));
        // A mistake in the same calls is one.
        EXPECT_TRUE(contains(printed([&] { NvSciSyncFenceWait(&fence, nullptr, 0); }),
                             "notice: NvSciSyncFenceWait: NvSciError_BadParameter: "));
        EXPECT_TRUE(contains(
            printed([&] { EXPECT_NE(NvSciBufAttrListValidateReconciledAgainstAttrs(result, nullptr, 1), kSuccess); }),
            "notice: NvSciBufAttrListValidateReconciledAgainstAttrs: "));
    });
}

// What the driver says to a call that is not for us is between it and the program.
TEST_F(PrintedLinesTest, AnswersOfTheDriverToOthersAreNotOurs) {
    const Level level(nullptr);
    in_new_process([] {
        EXPECT_EQ(printed([] { api::remember_answer("cuMemFree_v2", cu::CUDA_ERROR_INVALID_VALUE, 1); }), "");
        EXPECT_TRUE(contains(opennvsciGetLastErrorText(), "cuMemFree_v2: the driver refused"));
        EXPECT_TRUE(contains(printed([] { api::remember_answer("nvsciCuMemFree", cu::CUDA_ERROR_INVALID_VALUE, 1); }),
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
        const Level level("none");
        in_new_process([&] { EXPECT_EQ(printed(speak), ""); });
    }
    for (const char* fewer : {"error", "warning"}) {
        const Level level(fewer);
        in_new_process([&] {
            const auto lines = lines_of(printed(speak));
            ASSERT_EQ(lines.size(), 1U);
            EXPECT_EQ(lines[0].rfind(kError, 0), 0U) << lines[0];
        });
    }
    for (const char* usual : {"notice", ""}) {
        const Level level(usual);
        in_new_process([&] {
            const std::string said = printed(speak);
            EXPECT_EQ(said.rfind(kRefused + kError, 0), 0U) << said;
            EXPECT_EQ(lines_of(said).size(), 2U) << said;
        });
    }
    const Level level("debug");
    in_new_process([&] {
        const std::string said = printed(speak);
        EXPECT_EQ(said.rfind(std::string(kRefused) + kRefused, 0), 0U) << said;
        EXPECT_TRUE(contains(said, "opennvsci: debug: NvSciSyncFenceWait: the fence did not expire")) << said;
    });
}

TEST_F(PrintedLinesTest, AnUnknownLevelIsSaidOnce) {
    const Level level("loud");
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
        const Level level(nullptr);
        in_new_process([&] { EXPECT_EQ(printed(ask), ""); });
    }
    const Level level("info");
    in_new_process([&] {
        const std::string said = printed(ask);
        EXPECT_TRUE(contains(said,
                             "opennvsci: info: NvSciBufAttrListReconcile: "
                             "NvSciBufGeneralAttrKey_EnableGpuCompression: not granted to list 1: "))
            << said;
        EXPECT_TRUE(contains(said, "GenericCompressible}; a list asks for CPU access. To avoid it: ")) << said;
    });
}

// The reader of a pipe may go; that must not end a program.
TEST_F(PrintedLinesTest, ABrokenPipeEndsNobody) {
    const Level level(nullptr);
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
    const Level level(nullptr);
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
}

TEST_F(PrintedLinesTest, AFileInThePlaceOfStderrIsNotWrittenTo) {
    const Level level(nullptr);
    std::string program(4096, '\0');
    const ssize_t length = ::readlink("/proc/self/exe", program.data(), program.size());
    ASSERT_GT(length, 0);
    program.resize(static_cast<std::size_t>(length));
    const std::string line = "'" + program +
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
