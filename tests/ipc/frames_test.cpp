// SPDX-License-Identifier: Apache-2.0
//
// Frames: what is written and read, with and without copies (nvsciipc.md 2 and 4).
#include <cstring>
#include <thread>

#include "channel.h"

namespace opennvsci::test {
namespace {

class FramesTest : public ConnectedTest {};
OPENNVSCI_FOR_EACH_CHANNEL(FramesTest);

constexpr std::uint32_t kFrames = 4;  // of channel.h
constexpr std::uint32_t kFrameSize = 128;

TEST_P(FramesTest, AFullQueueTakesNothingAndAnEmptyOneGivesNothing) {
    for (int round = 0; round < 3; ++round) {
        for (std::uint32_t i = 0; i < kFrames; ++i)
            ASSERT_EQ(a_.write("frame " + std::to_string(i)), kIpcSuccess);
        EXPECT_EQ(a_.write("one too many"), NvSciError_InsufficientMemory);
        for (std::uint32_t i = 0; i < kFrames; ++i)
            ASSERT_EQ(b_.read(), "frame " + std::to_string(i));
        EXPECT_EQ(b_.read(), "(" + std::to_string(NvSciError_InsufficientMemory) + ")");
    }
}

TEST_P(FramesTest, WhatWasNotWrittenOfAFrameIsZero) {
    char frame[kFrameSize] = {};
    std::uint32_t bytes = 0;
    for (int round = 0; round < 3; ++round) {
        const std::string full(kFrameSize, 'x');
        for (std::uint32_t i = 0; i < kFrames; ++i) {  // every frame has been full
            ASSERT_EQ(a_.write(full), kIpcSuccess);
            ASSERT_EQ(NvSciIpcReadSafe(b_, frame, kFrameSize, &bytes), kIpcSuccess);
            ASSERT_EQ(std::string(frame, kFrameSize), full);
        }
        for (std::uint32_t i = 0; i < kFrames; ++i) {
            ASSERT_EQ(a_.write(std::string(i + 1, 'y')), kIpcSuccess);
            ASSERT_EQ(NvSciIpcReadSafe(b_, frame, kFrameSize, &bytes), kIpcSuccess);
            ASSERT_EQ(std::string(frame, kFrameSize), std::string(i + 1, 'y') + std::string(kFrameSize - i - 1, '\0'));
        }
        // So does a frame that was lent and filled.
        volatile void* lent = nullptr;
        ASSERT_EQ(NvSciIpcWriteGetNextFrame(a_, &lent), kIpcSuccess);
        std::memset(const_cast<void*>(lent), 'z', kFrameSize);
        ASSERT_EQ(NvSciIpcWriteAdvance(a_), kIpcSuccess);
        ASSERT_EQ(NvSciIpcReadSafe(b_, frame, kFrameSize, &bytes), kIpcSuccess);
        ASSERT_EQ(std::string(frame, kFrameSize), std::string(kFrameSize, 'z'));
    }
}

TEST_P(FramesTest, AReadOfAFewBytesTakesTheWholeFrame) {
    ASSERT_EQ(a_.write("abcdef"), kIpcSuccess);
    ASSERT_EQ(a_.write("next"), kIpcSuccess);
    char few[3] = {};
    std::int32_t bytes = 0;
    ASSERT_EQ(NvSciIpcRead(b_, few, sizeof(few), &bytes), kIpcSuccess);
    EXPECT_EQ(bytes, 3);
    EXPECT_EQ(std::string(few, 3), "abc");
    EXPECT_EQ(b_.read(), "next");
}

TEST_P(FramesTest, SizesOutsideOfTheFrameAndNullAreRefused) {
    char frame[2 * kFrameSize] = {};
    std::uint32_t bytes = 77;
    std::int32_t old_bytes = 77;
    for (const std::size_t size : {std::size_t{0}, std::size_t{kFrameSize + 1}, std::size_t{0x1'0000'0001}}) {
        EXPECT_EQ(NvSciIpcWrite(a_, frame, size, &old_bytes), NvSciError_BadParameter);
        EXPECT_EQ(NvSciIpcRead(a_, frame, size, &old_bytes), NvSciError_BadParameter);
    }
    for (const std::uint32_t size : {0U, kFrameSize + 1, ~0U}) {
        EXPECT_EQ(NvSciIpcWriteSafe(a_, frame, size, &bytes), NvSciError_BadParameter);
        EXPECT_EQ(NvSciIpcReadSafe(a_, frame, size, &bytes), NvSciError_BadParameter);
    }
    EXPECT_EQ(NvSciIpcWriteSafe(a_, nullptr, 1, &bytes), NvSciError_BadParameter);
    EXPECT_EQ(NvSciIpcWriteSafe(a_, frame, 1, nullptr), NvSciError_BadParameter);
    EXPECT_EQ(NvSciIpcReadSafe(a_, nullptr, 1, &bytes), NvSciError_BadParameter);
    EXPECT_EQ(NvSciIpcReadSafe(a_, frame, 1, nullptr), NvSciError_BadParameter);
    EXPECT_EQ(bytes, 77U);
    EXPECT_EQ(b_.read(), "(" + std::to_string(NvSciError_InsufficientMemory) + ")");
}

TEST_P(FramesTest, AFrameThatWasLentIsSentByAdvanceAndNotBefore) {
    volatile void* out = nullptr;
    ASSERT_EQ(NvSciIpcWriteGetNextFrame(a_, &out), kIpcSuccess);
    std::memcpy(const_cast<void*>(out), "in place", 9);
    EXPECT_EQ(b_.read(), "(" + std::to_string(NvSciError_InsufficientMemory) + ")");
    ASSERT_EQ(NvSciIpcWriteAdvance(a_), kIpcSuccess);

    const volatile void* in = nullptr;
    ASSERT_EQ(NvSciIpcReadGetNextFrame(b_, &in), kIpcSuccess);
    EXPECT_STREQ(const_cast<const char*>(static_cast<const volatile char*>(in)), "in place");
    const volatile void* again = nullptr;
    ASSERT_EQ(NvSciIpcReadGetNextFrame(b_, &again), kIpcSuccess);
    EXPECT_EQ(in, again) << "it is not taken until it is given back";
    ASSERT_EQ(NvSciIpcReadAdvance(b_), kIpcSuccess);
    EXPECT_EQ(NvSciIpcReadGetNextFrame(b_, &in), NvSciError_InsufficientMemory);
    EXPECT_EQ(NvSciIpcReadAdvance(b_), NvSciError_InsufficientMemory);
}

TEST_P(FramesTest, FullAndEmptyQueuesLendNothing) {
    volatile void* out = nullptr;
    for (std::uint32_t i = 0; i < kFrames; ++i) {
        ASSERT_EQ(NvSciIpcWriteGetNextFrame(a_, &out), kIpcSuccess);
        ASSERT_EQ(NvSciIpcWriteAdvance(a_), kIpcSuccess);
    }
    EXPECT_EQ(NvSciIpcWriteGetNextFrame(a_, &out), NvSciError_InsufficientMemory);
    EXPECT_EQ(NvSciIpcWriteAdvance(a_), NvSciError_InsufficientMemory);
}

// The memory of a link outlives the link as long as the program holds a frame of it.
TEST_P(FramesTest, AFrameThatWasLentStaysMappedWhateverBecomesOfTheConnection) {
    ASSERT_EQ(b_.write("kept"), kIpcSuccess);
    const volatile void* in = nullptr;
    volatile void* out = nullptr;
    ASSERT_EQ(NvSciIpcReadGetNextFrame(a_, &in), kIpcSuccess);
    ASSERT_EQ(NvSciIpcWriteGetNextFrame(a_, &out), kIpcSuccess);
    b_.close();
    b_ = OpenEndpoint(name(1));
    b_.reset();
    settle(a_, b_);
    EXPECT_STREQ(const_cast<const char*>(static_cast<const volatile char*>(in)), "kept");
    std::memset(const_cast<void*>(out), 'o', kFrameSize);
    EXPECT_EQ(NvSciIpcWriteAdvance(a_), NvSciError_ConnectionReset) << "it is a frame of the connection before";
    EXPECT_EQ(NvSciIpcReadAdvance(a_), NvSciError_ConnectionReset);
    EXPECT_EQ(b_.read(), "(" + std::to_string(NvSciError_InsufficientMemory) + ")");
    ASSERT_EQ(a_.write("after"), kIpcSuccess);
    EXPECT_EQ(b_.read(), "after");
}

TEST_P(FramesTest, AFrameThatWasLentBeforeAResetIsNotSentAfterIt) {
    volatile void* out = nullptr;
    ASSERT_EQ(NvSciIpcWriteGetNextFrame(a_, &out), kIpcSuccess);
    a_.reset();
    settle(a_, b_);
    EXPECT_EQ(NvSciIpcWriteAdvance(a_), NvSciError_ConnectionReset);
    EXPECT_EQ(NvSciIpcWriteGetNextFrame(a_, &out), kIpcSuccess);
    EXPECT_EQ(NvSciIpcWriteAdvance(a_), kIpcSuccess);
}

TEST_P(FramesTest, TheShapeIsThatOfTheConfiguration) {
    NvSciIpcEndpointInfo info{};
    ASSERT_EQ(NvSciIpcGetEndpointInfo(a_, &info), kIpcSuccess);
    EXPECT_EQ(info.nframes, kFrames);
    EXPECT_EQ(info.frame_size, kFrameSize);
}

// Each thread waits as published programs do: look, then sleep on the descriptor.
template <class Try>
bool wait_and(const OpenEndpoint& end, std::uint32_t event, Try&& attempt) {
    for (int i = 0; i < 100'000; ++i) {
        const NvSciError code = attempt();
        if (code != NvSciError_InsufficientMemory) return code == kIpcSuccess;
        while ((end.events() & event) == 0) {
            if (!end.is_readable(5000)) return false;  // a lost wake-up
        }
    }
    return false;
}

TEST_P(FramesTest, AReaderAndAWriterThreadOfEachSideLoseNoFrameAndNoWakeUp) {
    constexpr std::uint32_t kMessages = 1500;
    std::atomic<bool> is_well{true};
    const auto write_all = [&](const OpenEndpoint& end) {
        for (std::uint32_t i = 0; i < kMessages && is_well; ++i) {
            std::uint32_t bytes = 0;
            if (!wait_and(end, NV_SCI_IPC_EVENT_WRITE, [&] { return NvSciIpcWriteSafe(end, &i, sizeof(i), &bytes); })) {
                ADD_FAILURE() << "message " << i << " cannot be written";
                is_well = false;
            }
        }
    };
    const auto read_all = [&](const OpenEndpoint& end) {
        for (std::uint32_t i = 0; i < kMessages && is_well; ++i) {
            std::uint32_t bytes = 0;
            std::uint32_t message = 0;
            if (!wait_and(end, NV_SCI_IPC_EVENT_READ,
                          [&] { return NvSciIpcReadSafe(end, &message, sizeof(message), &bytes); }) ||
                message != i) {
                ADD_FAILURE() << "message " << i << " came as " << message;
                is_well = false;
            }
        }
    };
    std::thread threads[] = {std::thread(write_all, std::cref(a_)), std::thread(read_all, std::cref(a_)),
                             std::thread(write_all, std::cref(b_)), std::thread(read_all, std::cref(b_))};
    for (std::thread& thread : threads)
        thread.join();
}

// What a hostile peer can write into the memory of the rings.
TEST_P(FramesTest, CountersThatLieGiveAnErrorAndNoByteOutsideOfTheQueue) {
    auto& words = (*b_.inner()->link())->rings()->own();
    for (const std::uint64_t lie : {std::uint64_t{kFrames + 1}, ~std::uint64_t{0}, std::uint64_t{1} << 63}) {
        words.written.store(lie);
        EXPECT_EQ(a_.read(), "(" + std::to_string(NvSciError_ConnectionReset) + ")");
        EXPECT_EQ(a_.events() & NV_SCI_IPC_EVENT_READ, 0U);
        words.written.store(0);
        words.read.store(lie);
        for (std::uint32_t i = 0; i < kFrames; ++i)  // what this side has not been told yet
            static_cast<void>(a_.write("x"));
        EXPECT_EQ(a_.write("x"), NvSciError_ConnectionReset);
        EXPECT_EQ(a_.events() & NV_SCI_IPC_EVENT_WRITE, 0U);
        words.read.store(0);
        a_.reset();
        settle(a_, b_);
        ASSERT_EQ(a_.write("it works again"), kIpcSuccess);
        ASSERT_EQ(b_.read(), "it works again");
        a_.reset();
        settle(a_, b_);
    }
}

TEST_P(FramesTest, AWordThatNoPeerWritesIsPassedOver) {
    auto& words = (*b_.inner()->link())->rings()->own();
    words.state.store(0xFFFFFFFF);
    EXPECT_EQ(a_.events(), NV_SCI_IPC_EVENT_WRITE | NV_SCI_IPC_EVENT_WRITE_EMPTY);
    a_.reset();
    EXPECT_EQ(a_.events(), NV_SCI_IPC_EVENT_CONN_RESET);
    EXPECT_EQ(a_.events(), 0U);
}

}  // namespace
}  // namespace opennvsci::test
