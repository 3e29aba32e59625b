// SPDX-License-Identifier: Apache-2.0
//
// One call with semaphores of ours and of the driver: each gets its own, with its parameters and in order, the driver
// after ours was checked and before ours begins. A stand-in takes the driver's part, which needs no second interface of
// the GPU to make its semaphores with.
#include <utility>
#include <vector>

#include "cuda_objects.h"
#include "sync_objects.h"

namespace opennvsci::test {
namespace {

using namespace cu;  // NOLINT(google-build-using-namespace): CUDA's own names

/// The driver's functions for semaphores, replaced while it exists.
class DriverSemaphores {
  public:
    struct Use {
        CUexternalSemaphore semaphore;
        unsigned long long value;
        bool operator==(const Use&) const = default;
    };

    DriverSemaphores() {
        driver::EntryPoints& call = driver::instance_for_testing()->call;
        signal_ = std::exchange(call.cuSignalExternalSemaphoresAsync, take<CUDA_EXTERNAL_SEMAPHORE_SIGNAL_PARAMS>);
        wait_ = std::exchange(call.cuWaitExternalSemaphoresAsync, take<CUDA_EXTERNAL_SEMAPHORE_WAIT_PARAMS>);
        s_uses.clear();
        s_answer = CUDA_SUCCESS;
    }
    DriverSemaphores(const DriverSemaphores&) = delete;
    DriverSemaphores& operator=(const DriverSemaphores&) = delete;
    ~DriverSemaphores() {
        driver::EntryPoints& call = driver::instance_for_testing()->call;
        call.cuSignalExternalSemaphoresAsync = signal_;
        call.cuWaitExternalSemaphoresAsync = wait_;
    }

    static inline std::vector<Use> s_uses;  // since the last look
    static inline CUresult s_answer;

  private:
    template <class Parameters>
    static CUresult take(const CUexternalSemaphore* semaphores, const Parameters* parameters, unsigned count,
                         CUstream) {
        for (unsigned i = 0; i < count; ++i)
            s_uses.push_back({semaphores[i], parameters[i].params.fence.value});
        return s_answer;
    }

    decltype(driver::EntryPoints::cuSignalExternalSemaphoresAsync) signal_;
    decltype(driver::EntryPoints::cuWaitExternalSemaphoresAsync) wait_;
};

class SyncMixed : public ::testing::Test {
  protected:
    using Uses = std::vector<DriverSemaphores::Use>;
    static constexpr unsigned kCount = 4;

    SyncMixed() {
        for (unsigned i = 0; i < kCount; ++i) {
            signals_[i].params.nvSciSync.fence = &fences_[i];
            waits_[i].params.nvSciSync.fence = &fences_[i];
        }
        // Ours are 0 and 2. What is the driver's has a value that only the driver reads.
        for (const unsigned i : {1U, 3U}) {
            signals_[i].params.fence.value = 100 + i;
            waits_[i].params.fence.value = 200 + i;
        }
    }
    ~SyncMixed() override { EXPECT_EQ(device_.cuda().cuStreamSynchronize(stream_), CUDA_SUCCESS); }
    CUresult signal() { return nvsciCuSignalExternalSemaphoresAsync(semaphores_, signals_, kCount, stream_); }
    CUresult wait() { return nvsciCuWaitExternalSemaphoresAsync(semaphores_, waits_, kCount, stream_); }
    static Uses uses() { return std::exchange(DriverSemaphores::s_uses, {}); }
    [[nodiscard]] bool is_cleared(unsigned i) const { return test::is_cleared(fences_[i]); }

    TestDevice& device_ = TestDevice::current();
    Stream stream_;
    SyncModule module_ = open_sync_module();
    SyncObject objects_[2] = {make_object(), make_object()};
    Semaphore ours_[2] = {Semaphore(objects_[0]), Semaphore(objects_[1])};
    DriverSemaphores driver_;
    const CUexternalSemaphore one_ = reinterpret_cast<CUexternalSemaphore>(0x1000);
    const CUexternalSemaphore two_ = reinterpret_cast<CUexternalSemaphore>(0x2000);
    CUexternalSemaphore semaphores_[kCount] = {ours_[0].handle, one_, ours_[1].handle, two_};
    NvSciSyncFence fences_[kCount] = {};
    CUDA_EXTERNAL_SEMAPHORE_SIGNAL_PARAMS signals_[kCount] = {};
    CUDA_EXTERNAL_SEMAPHORE_WAIT_PARAMS waits_[kCount] = {};

  private:
    SyncObject make_object() { return allocate(module_, {.cpu_waits = false}); }
};

TEST_F(SyncMixed, EachGetsItsOwnInOrder) {
    ASSERT_EQ(signal(), CUDA_SUCCESS) << opennvsciGetLastErrorText();
    EXPECT_EQ(uses(), (Uses{{one_, 101}, {two_, 103}}));
    EXPECT_FALSE(is_cleared(0));
    EXPECT_TRUE(is_cleared(1));
    EXPECT_FALSE(is_cleared(2));
    EXPECT_TRUE(is_cleared(3));
    ASSERT_EQ(wait(), CUDA_SUCCESS) << opennvsciGetLastErrorText();
    EXPECT_EQ(uses(), (Uses{{one_, 201}, {two_, 203}}));
}

TEST_F(SyncMixed, WhatIsOnlyTheDriversGoesThereWhole) {
    semaphores_[0] = one_;
    semaphores_[2] = two_;
    ASSERT_EQ(signal(), CUDA_SUCCESS);
    EXPECT_EQ(uses(), (Uses{{one_, 0}, {one_, 101}, {two_, 0}, {two_, 103}}));
}

TEST_F(SyncMixed, ARefusalOfOursComesBeforeTheDriver) {
    signals_[2].params.nvSciSync.fence = nullptr;
    EXPECT_EQ(signal(), CUDA_ERROR_INVALID_VALUE);
    EXPECT_EQ(uses(), Uses{});
    EXPECT_TRUE(is_cleared(0));
    ASSERT_EQ(ours_[1].destroy(), CUDA_SUCCESS);
    EXPECT_EQ(wait(), CUDA_ERROR_INVALID_HANDLE);
    EXPECT_NE(std::string(opennvsciGetLastErrorText()).find("extSemArray[2]"), std::string::npos)
        << opennvsciGetLastErrorText();
    EXPECT_EQ(uses(), Uses{});
}

TEST_F(SyncMixed, ARefusalOfTheDriverComesBeforeOurs) {
    DriverSemaphores::s_answer = CUDA_ERROR_INVALID_HANDLE;
    EXPECT_EQ(signal(), CUDA_ERROR_INVALID_HANDLE);
    EXPECT_EQ(uses().size(), 2U);
    EXPECT_TRUE(is_cleared(0));
    EXPECT_TRUE(is_cleared(2));
    DriverSemaphores::s_answer = CUDA_SUCCESS;
    ASSERT_EQ(signal(), CUDA_SUCCESS);
    EXPECT_EQ(value_of(fences_[0]), 1U) << "the refused call took no value";
}

}  // namespace
}  // namespace opennvsci::test
