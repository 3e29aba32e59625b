// SPDX-License-Identifier: Apache-2.0
//
// Bytes that are no fence of this process, values that no fence may have, and what a time-out says. A fence is 48 bytes
// that a program keeps wherever it likes, so whatever comes in that this process never gave out is an error, and never
// an expired fence.
#include <algorithm>
#include <cstring>
#include <initializer_list>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "sync_test.h"

namespace opennvsci::test {
namespace {

using namespace cu;  // NOLINT(google-build-using-namespace): CUDA's own names

class SyncForeign : public SyncTest {
  protected:
    /// An object that the CPU signals, and CPU and streams wait for, with timestamps.
    [[nodiscard]] SyncObject make_object() const {
        return allocate(module_, {.cpu_signals = true, .is_deterministic = true, .has_timestamps = true});
    }

    /// To everybody who reads it. A stream that takes it may wait for ever, so this ends with the first failure, and is
    /// only for processes of their own.
    void expect_no_fence(const NvSciSyncFence& bytes, const Semaphore& semaphore) const {
        expect_no_fence_of_the_cpu(bytes);
        if (HasFailure()) end_new_process();
        EXPECT_EQ(semaphore.wait(first_, bytes), CUDA_ERROR_INVALID_VALUE);
        EXPECT_STRNE(opennvsciGetLastErrorText(), "");
        EXPECT_EQ(cuda_.cuStreamQuery(first_), CUDA_SUCCESS) << "a refused wait has held up the stream";
        if (HasFailure()) end_new_process();
    }
    void expect_no_fence_of_the_cpu(const NvSciSyncFence& bytes) const {
        EXPECT_EQ(poll(bytes), kBadParameter);
        EXPECT_STRNE(opennvsciGetLastErrorText(), "");
        std::uint64_t time = 0;
        EXPECT_EQ(NvSciSyncFenceGetTimestamp(&bytes, &time), kBadParameter);
        NvSciSyncTaskStatus status{};
        EXPECT_EQ(NvSciSyncFenceGetTaskStatus(&bytes, &status), kBadParameter);
        std::uint32_t slot = 0;
        NvSciSyncFence copy = bytes;
        EXPECT_EQ(NvSciSyncFenceExtractTimestampSlot(&copy, &slot), kBadParameter);
    }
};

// Pending and expired fences of another process, of as many objects as this one has, and of more.
TEST_F(SyncForeign, FencesOfAnotherProcess) {
    in_new_process([this] {
        constexpr std::size_t kObjects = 8;
        std::vector<SyncObject> objects;
        for (std::size_t i = 0; i < kObjects / 2; ++i)
            objects.push_back(make_object());
        const Semaphore semaphore(objects.back());
        const ForkedChild child = in_forked_child([&] {
            std::string bytes;
            const SyncList list = cpu_list(module_, NvSciSyncAccessPerm_WaitSignal);
            for (std::size_t i = 0; i < kObjects; ++i) {
                NvSciSyncObj object = nullptr;
                NvSciSyncAttrList conflict = nullptr;
                NvSciSyncAttrList lists[] = {list};
                (void)NvSciSyncAttrListReconcileAndObjAlloc(lists, 1, &object, &conflict);
                for (int signaled = 0; signaled < 2; ++signaled) {
                    NvSciSyncFence fence = NvSciSyncFenceInitializer;
                    (void)NvSciSyncObjGenerateFence(object, &fence);
                    bytes.append(reinterpret_cast<const char*>(&fence), sizeof(fence));
                }
                (void)NvSciSyncObjSignal(object);
            }
            return bytes;
        });
        ASSERT_TRUE(child.ended_well());
        ASSERT_EQ(child.bytes.size(), 2 * kObjects * sizeof(NvSciSyncFence));
        const auto received = [&](std::size_t i) {
            NvSciSyncFence fence = NvSciSyncFenceInitializer;
            std::memcpy(&fence, &child.bytes[i * sizeof(fence)], sizeof(fence));
            return fence;
        };
        for (std::size_t i = 0; i < 2 * kObjects; ++i) {
            SCOPED_TRACE(i);
            ASSERT_NE(received(i).payload[0], 0U);
            expect_no_fence(received(i), semaphore);
        }
        // And once more when this process has as many objects of its own as the other one made.
        for (std::size_t i = 0; i < kObjects; ++i) {
            const NvSciSyncObj object = objects.emplace_back(make_object());
            (void)generate(object);
            EXPECT_EQ(NvSciSyncObjSignal(object), kSuccess);
        }
        for (std::size_t i = 0; i < 2 * kObjects; ++i) {
            SCOPED_TRACE(i);
            expect_no_fence(received(i), semaphore);
        }
    });
}

TEST_F(SyncForeign, InventedBytes) {
    in_new_process([this] {
        const SyncObject object = make_object();
        const Semaphore semaphore(object);
        const NvSciSyncFence real = generate(object);
        std::mt19937_64 random(1);
        for (int i = 0; i < 2000; ++i) {
            NvSciSyncFence bytes = i % 2 == 0 ? NvSciSyncFenceInitializer : real;
            const auto words = i % 3 == 0 ? std::size_t{6} : 1 + random() % 5;
            for (std::size_t word = 0; word < words; ++word)
                bytes.payload[i % 2 == 0 ? word : (word + random()) % 6] = random() >> random() % 64;
            if (std::memcmp(&bytes, &real, sizeof(bytes)) == 0 || bytes.payload[0] == 0) continue;
            SCOPED_TRACE(i);
            expect_no_fence(bytes, semaphore);
        }
        EXPECT_EQ(cuda_.cuStreamQuery(first_), CUDA_SUCCESS);
        for (const std::uint64_t word : {std::uint64_t{1}, std::uint64_t{1} << 63, ~std::uint64_t{0}}) {
            NvSciSyncFence bytes;
            for (std::uint64_t& each : bytes.payload)
                each = word;
            expect_no_fence(bytes, semaphore);
        }
        EXPECT_EQ(poll(real), kTimeout);
        EXPECT_EQ(NvSciSyncObjSignal(object), kSuccess);
    });
}

// Every bit of a fence, pending and expired, turned over one by one.
TEST_F(SyncForeign, ARealFenceWithOneChangedWord) {
    in_new_process([this] {
        const SyncObject object = make_object();
        const Semaphore semaphore(object);
        const NvSciSyncFence expired = generate(object);
        EXPECT_EQ(NvSciSyncObjSignal(object), kSuccess);
        const NvSciSyncFence pending = generate(object);
        for (const NvSciSyncFence& real : {expired, pending}) {
            SCOPED_TRACE(&real == &expired);
            for (std::size_t word = 0; word < 6; ++word) {
                for (int bit = 0; bit < 64; ++bit) {
                    SCOPED_TRACE(testing::Message() << "bit " << bit << " of word " << word);
                    NvSciSyncFence changed = real;
                    changed.payload[word] ^= std::uint64_t{1} << bit;
                    expect_no_fence(changed, semaphore);
                }
            }
        }
        EXPECT_EQ(cuda_.cuStreamQuery(first_), CUDA_SUCCESS);
        EXPECT_EQ(poll(expired), kSuccess);
        EXPECT_EQ(poll(pending), kTimeout);
        EXPECT_EQ(NvSciSyncObjSignal(object), kSuccess);
    });
}

// The word that differs between two fences of one object holds the value. Values that no fence ever had, between those
// that were given out and beyond.
TEST_F(SyncForeign, ARealFenceWithAnotherValue) {
    in_new_process([this] {
        const SyncObject object = make_object();
        const Semaphore semaphore(object);
        const NvSciSyncFence first = generate(object);
        const NvSciSyncFence second = generate(object);
        NvSciSyncFence far = NvSciSyncFenceInitializer;
        ASSERT_EQ(NvSciSyncFenceUpdateFence(object, 0, 1000, &far), kSuccess);
        EXPECT_EQ(NvSciSyncObjSignal(object), kSuccess);
        std::size_t words = 0;
        for (std::size_t word = 0; word < 6; ++word) {
            if (first.payload[word] == second.payload[word]) continue;
            ++words;
            for (const NvSciSyncFence& real : {first, second, far}) {
                for (const std::uint64_t value : {std::uint64_t{0}, std::uint64_t{3}, std::uint64_t{500},
                                                  std::uint64_t{1001}, std::uint64_t{1} << 40, ~std::uint64_t{0}}) {
                    SCOPED_TRACE(testing::Message() << value << " in word " << word);
                    NvSciSyncFence changed = real;
                    changed.payload[word] = value;
                    expect_no_fence(changed, semaphore);
                }
            }
        }
        EXPECT_GE(words, 1U);
        EXPECT_EQ(poll(first), kSuccess);
        EXPECT_EQ(poll(second), kTimeout);
        EXPECT_EQ(poll(far), kTimeout);
    });
}

// What a program may do to a fence leaves it one.
TEST_F(SyncForeign, SlotsThatAProgramSetsAreNoForgery) {
    const SyncObject object = make_object();
    const Semaphore semaphore(object);
    NvSciSyncFence fence = generate(object);
    for (const std::uint32_t slot : {0U, 7U, 1023U}) {
        EXPECT_EQ(NvSciSyncFenceAddTimestampSlot(&fence, slot), kSuccess) << opennvsciGetLastErrorText();
        EXPECT_EQ(NvSciSyncFenceAddTaskStatusSlot(&fence, 1023 - slot), kSuccess) << opennvsciGetLastErrorText();
        NvSciSyncFence copy = NvSciSyncFenceInitializer;
        ASSERT_EQ(NvSciSyncFenceDup(&fence, &copy), kSuccess) << opennvsciGetLastErrorText();
        std::uint32_t found = 77;
        EXPECT_EQ(NvSciSyncFenceExtractTimestampSlot(&copy, &found), kSuccess);
        EXPECT_EQ(found, slot);
        EXPECT_EQ(poll(copy), kTimeout);
    }
    ASSERT_EQ(semaphore.wait(first_, fence), CUDA_SUCCESS) << opennvsciGetLastErrorText();
    EXPECT_EQ(NvSciSyncObjSignal(object), kSuccess);
    EXPECT_TRUE(comes_to_its_end(cuda_, first_));
    EXPECT_EQ(poll(fence), kSuccess);
}

TEST_F(SyncForeign, FencesThatExpiredStayExpiredWhenTheirObjectEnds) {
    Fences expired;
    Fences pending;
    for (int i = 0; i < 500; ++i) {
        const SyncObject object = cpu_object(module_);
        for (int signaled = 0; signaled <= i % 3; ++signaled) {
            expired.push_back(generate(object));
            EXPECT_EQ(NvSciSyncObjSignal(object), kSuccess);
        }
        if (i % 2 == 0) pending.push_back(generate(object));
    }
    for (const NvSciSyncFence& fence : expired)
        ASSERT_EQ(poll(fence), kSuccess) << opennvsciGetLastErrorText();
    for (const NvSciSyncFence& fence : pending)
        ASSERT_EQ(poll(fence), kResourceError);
    // What is known of ended objects says nothing about forgeries of their fences.
    for (std::size_t i = 0; i < expired.size(); i += 50) {
        for (std::size_t word = 0; word < 6; ++word) {
            NvSciSyncFence changed = expired[i];
            changed.payload[word] ^= 1;
            EXPECT_EQ(poll(changed), kBadParameter) << "word " << word;
        }
    }
}

// Values of 64 bits are compared as what lies ahead and what behind, by streams as by CPUs: more than half of the range
// ahead has no meaning.
TEST_F(SyncForeign, ValuesTooFarAheadAreRefused) {
    constexpr std::uint64_t kFarthest = INT64_MAX;
    const SyncObject object = make_object();
    NvSciSyncFence fence = NvSciSyncFenceInitializer;
    for (std::uint64_t reached = 0; reached < 3; ++reached) {
        for (const std::uint64_t value : {reached + kFarthest + 1, reached + kFarthest + 2, UINT64_MAX}) {
            EXPECT_EQ(NvSciSyncFenceUpdateFence(object, 0, value, &fence), kOverflow) << value;
            EXPECT_STRNE(opennvsciGetLastErrorText(), "");
            EXPECT_EQ(fence.payload[0], 0U);
        }
        for (std::uint64_t value = 0; value <= reached; ++value) {
            EXPECT_EQ(NvSciSyncFenceUpdateFence(object, 0, value, &fence), kSuccess) << value;
            EXPECT_EQ(poll(fence), kSuccess);
        }
        ASSERT_EQ(NvSciSyncFenceUpdateFence(object, 0, reached + kFarthest, &fence), kSuccess)
            << opennvsciGetLastErrorText();
        EXPECT_EQ(poll(fence), kTimeout);
        NvSciSyncFenceClear(&fence);
        EXPECT_EQ(NvSciSyncObjSignal(object), kSuccess);
    }
}

// A stream that waits for such a value is released by the end of the object, so this is a process of its own.
TEST_F(SyncForeign, TheFarthestValueIsWaitedFor) {
    in_new_process([this] {
        SyncObject object = make_object();
        std::optional<Semaphore> semaphore(std::in_place, object);
        NvSciSyncFence fence = NvSciSyncFenceInitializer;
        ASSERT_EQ(NvSciSyncFenceUpdateFence(object, 0, INT64_MAX, &fence), kSuccess) << opennvsciGetLastErrorText();
        ASSERT_EQ(semaphore->wait(first_, fence), CUDA_SUCCESS) << opennvsciGetLastErrorText();
        EXPECT_TRUE(is_held(cuda_, first_));
        EXPECT_EQ(NvSciSyncObjSignal(object), kSuccess);
        EXPECT_TRUE(is_held(cuda_, first_));
        EXPECT_EQ(NvSciSyncFenceWait(&fence, context_, 1000), kTimeout);
        semaphore.reset();
        object.reset();
        EXPECT_TRUE(comes_to_its_end(cuda_, first_));
        EXPECT_EQ(poll(fence), kResourceError);
    });
}

[[nodiscard]] bool last_text_says(std::initializer_list<const char*> words) {
    const std::string text = opennvsciGetLastErrorText();
    return std::all_of(words.begin(), words.end(),
                       [&](const char* word) { return text.find(word) != std::string::npos; });
}

TEST_F(SyncForeign, ATimeoutOfACpuFenceSaysWhatIsMissing) {
    const SyncObject object = make_object();
    NvSciSyncFence fence = NvSciSyncFenceInitializer;
    ASSERT_EQ(NvSciSyncFenceUpdateFence(object, 0, 1234, &fence), kSuccess);
    for (int i = 0; i < 87; ++i)
        ASSERT_EQ(NvSciSyncObjSignal(object), kSuccess);
    for (const std::int64_t timeout : {0, 1500}) {
        for (const auto mode :
             {NvSciSyncWaitMode_Default, NvSciSyncWaitMode_BusyWithYield, NvSciSyncWaitMode_BusyNoYield}) {
            ASSERT_EQ(NvSciSyncFenceWaitWithMode(&fence, context_, timeout, mode), kTimeout);
            EXPECT_TRUE(last_text_says({"1234", "87", "CPU"})) << opennvsciGetLastErrorText();
        }
    }
}

TEST_F(SyncForeign, ATimeoutOfAStreamsFenceSaysWhatIsMissing) {
    const SyncObject object = allocate({gpu_list(module_, 1), cpu_list(module_, NvSciSyncAccessPerm_WaitOnly)});
    const Semaphore semaphore(object);
    MemoryGate gate(cuda_);
    NvSciSyncFence fence = NvSciSyncFenceInitializer;
    for (int i = 0; i < 87; ++i)
        ASSERT_EQ(semaphore.signal(first_, &fence), CUDA_SUCCESS) << opennvsciGetLastErrorText();
    ASSERT_TRUE(comes_to_its_end(cuda_, first_));
    gate.hold(first_);
    for (int i = 0; i < 56; ++i)
        ASSERT_EQ(semaphore.signal(first_, &fence), CUDA_SUCCESS) << opennvsciGetLastErrorText();
    for (const std::int64_t timeout : {0, 1500}) {
        ASSERT_EQ(NvSciSyncFenceWait(&fence, context_, timeout), kTimeout);
        EXPECT_TRUE(last_text_says({"143", "87", "stream"})) << opennvsciGetLastErrorText();
    }
}

}  // namespace
}  // namespace opennvsci::test
