// SPDX-License-Identifier: Apache-2.0
//
// Streams and events: asynchrony, order within and between streams, destruction with work outstanding.
#include <atomic>
#include <chrono>
#include <thread>
#include <vector>

#include "support.h"

namespace opennvsci::softcuda_test {
namespace {

const auto kLegacy = reinterpret_cast<CUstream>(1);
const auto kPerThread = reinterpret_cast<CUstream>(2);

void short_while() {
    std::this_thread::sleep_for(std::chrono::milliseconds(30));
}

TEST_F(SoftCuda, HostFunctionDoesNotBlockTheCaller) {
    Gate gate;
    std::atomic<bool> ran{false};
    const CUstream stream = make_stream(CU_STREAM_NON_BLOCKING);
    EXPECT_OK(cuStreamQuery(stream));
    gate.hold(stream);
    on_stream(stream, [&] { ran = true; });
    EXPECT_EQ(cuStreamQuery(stream), CUDA_ERROR_NOT_READY);
    EXPECT_FALSE(ran);
    gate.open();
    EXPECT_OK(cuStreamSynchronize(stream));
    EXPECT_TRUE(ran);
    EXPECT_OK(cuStreamQuery(stream));
    EXPECT_OK(cuStreamDestroy_v2(stream));
}

TEST_F(SoftCuda, WorkOfAStreamRunsInOrder) {
    const CUstream stream = make_stream();
    std::vector<int> order;
    for (int i = 0; i < 200; ++i)
        on_stream(stream, [&order, i] { order.push_back(i); });
    EXPECT_OK(cuStreamSynchronize(stream));
    ASSERT_EQ(order.size(), 200U);
    for (int i = 0; i < 200; ++i)
        EXPECT_EQ(order[static_cast<std::size_t>(i)], i);
}

// The legacy stream waits for blocking streams, and they for it; a non-blocking stream does neither.
TEST_F(SoftCuda, LegacyStreamOrdersBlockingStreams) {
    for (const CUstream legacy : {CUstream{nullptr}, kLegacy}) {
        Gate gate;
        std::atomic<bool> legacy_ran{false};
        std::atomic<bool> blocking_ran{false};
        std::atomic<bool> free_ran{false};
        const CUstream first = make_stream();
        const CUstream second = make_stream();
        const CUstream free_stream = make_stream(CU_STREAM_NON_BLOCKING);
        gate.hold(first);
        on_stream(legacy, [&] { legacy_ran = true; });
        on_stream(second, [&] { blocking_ran = true; });
        on_stream(free_stream, [&] { free_ran = true; });
        EXPECT_OK(cuStreamSynchronize(free_stream));
        EXPECT_TRUE(free_ran);
        short_while();
        EXPECT_FALSE(legacy_ran);
        EXPECT_FALSE(blocking_ran);
        EXPECT_EQ(cuStreamQuery(legacy), CUDA_ERROR_NOT_READY);
        gate.open();
        EXPECT_OK(cuStreamSynchronize(second));
        EXPECT_TRUE(legacy_ran);
        EXPECT_TRUE(blocking_ran);
        EXPECT_OK(cuStreamSynchronize(legacy));
    }
}

TEST_F(SoftCuda, SynchronousCopyWaitsForBlockingStreamsOnly) {
    CUdeviceptr memory = 0;
    ASSERT_OK(cuMemAlloc_v2(&memory, 64));
    const CUstream free_stream = make_stream(CU_STREAM_NON_BLOCKING);
    const CUstream blocking = make_stream();
    Gate free_gate;
    free_gate.hold(free_stream);
    EXPECT_OK(cuMemsetD8_v2(memory, 1, 64));  // would hang if it waited
    on_stream(blocking, [&] {
        short_while();
        *reinterpret_cast<unsigned char*>(memory) = 7;
    });
    unsigned char byte = 0;
    EXPECT_OK(cuMemcpyDtoH_v2(&byte, memory, 1));
    EXPECT_EQ(byte, 7);
}

TEST_F(SoftCuda, PerThreadStreamsAreBlockingAndSeparate) {
    Gate gate;
    std::atomic<bool> legacy_ran{false};
    gate.hold(kPerThread);
    std::thread([this] {
        EXPECT_OK(cuCtxPushCurrent_v2(context_));
        std::atomic<bool> ran{false};
        on_stream(kPerThread, [&] { ran = true; });
        EXPECT_OK(cuStreamSynchronize(kPerThread));
        EXPECT_TRUE(ran);
    }).join();
    on_stream(nullptr, [&] { legacy_ran = true; });
    short_while();
    EXPECT_FALSE(legacy_ran);
    gate.open();
    EXPECT_OK(cuCtxSynchronize());
    EXPECT_TRUE(legacy_ran);
}

TEST_F(SoftCuda, EventOrdersStreams) {
    Gate gate;
    std::atomic<bool> ran{false};
    const CUstream producer = make_stream(CU_STREAM_NON_BLOCKING);
    const CUstream consumer = make_stream(CU_STREAM_NON_BLOCKING);
    const CUevent event = make_event();
    EXPECT_OK(cuStreamWaitEvent(consumer, event, 0));  // never recorded: no wait
    EXPECT_OK(cuStreamSynchronize(consumer));
    EXPECT_OK(cuEventQuery(event));
    EXPECT_OK(cuEventSynchronize(event));

    gate.hold(producer);
    EXPECT_OK(cuEventRecord(event, producer));
    EXPECT_OK(cuStreamWaitEvent(consumer, event, 0));
    on_stream(consumer, [&] { ran = true; });
    EXPECT_EQ(cuEventQuery(event), CUDA_ERROR_NOT_READY);
    short_while();
    EXPECT_FALSE(ran);
    // The wait captured the record, so neither a new record nor the end of the event frees it.
    const CUstream idle = make_stream(CU_STREAM_NON_BLOCKING);
    EXPECT_OK(cuEventRecord(event, idle));
    EXPECT_OK(cuEventSynchronize(event));
    EXPECT_OK(cuEventDestroy_v2(event));
    short_while();
    EXPECT_FALSE(ran);
    gate.open();
    EXPECT_OK(cuStreamSynchronize(consumer));
    EXPECT_TRUE(ran);
}

TEST_F(SoftCuda, EventsMeasureTime) {
    float milliseconds = -1;
    const CUstream stream = make_stream();
    const CUevent start = make_event(CU_EVENT_DEFAULT);
    const CUevent end = make_event(CU_EVENT_DEFAULT);
    const CUevent untimed = make_event();
    EXPECT_EQ(cuEventElapsedTime(&milliseconds, start, end), CUDA_ERROR_INVALID_HANDLE);
    Gate gate;
    EXPECT_OK(cuEventRecord(start, stream));
    gate.hold(stream);
    EXPECT_OK(cuEventRecord(end, stream));
    EXPECT_EQ(cuEventElapsedTime(&milliseconds, start, end), CUDA_ERROR_NOT_READY);
    short_while();
    gate.open();
    EXPECT_OK(cuEventSynchronize(end));
    EXPECT_OK(cuEventElapsedTime(&milliseconds, start, end));
    EXPECT_GE(milliseconds, 29.0F);
    EXPECT_OK(cuEventRecord(untimed, stream));
    EXPECT_EQ(cuEventElapsedTime(&milliseconds, start, untimed), CUDA_ERROR_INVALID_HANDLE);
    EXPECT_INVALID(cuEventElapsedTime(nullptr, start, end));
}

TEST_F(SoftCuda, StreamAndEventHandlesAreChecked) {
    CUstream stream = make_stream();
    CUevent event = make_event();
    EXPECT_OK(cuStreamDestroy_v2(stream));
    EXPECT_OK(cuEventDestroy_v2(event));
    EXPECT_EQ(cuStreamDestroy_v2(stream), CUDA_ERROR_INVALID_HANDLE);
    EXPECT_EQ(cuStreamSynchronize(stream), CUDA_ERROR_INVALID_HANDLE);
    EXPECT_EQ(cuStreamQuery(reinterpret_cast<CUstream>(&stream)), CUDA_ERROR_INVALID_HANDLE);
    EXPECT_EQ(cuStreamDestroy_v2(nullptr), CUDA_ERROR_INVALID_HANDLE);
    EXPECT_EQ(cuEventRecord(event, nullptr), CUDA_ERROR_INVALID_HANDLE);
    EXPECT_EQ(cuEventQuery(nullptr), CUDA_ERROR_INVALID_HANDLE);
    EXPECT_EQ(cuStreamWaitEvent(nullptr, event, 0), CUDA_ERROR_INVALID_HANDLE);
    EXPECT_INVALID(cuStreamCreate(&stream, 2));
    EXPECT_INVALID(cuStreamCreate(nullptr, 0));
    EXPECT_INVALID(cuEventCreate(&event, 8));
    EXPECT_EQ(cuEventCreate(&event, CU_EVENT_INTERPROCESS | CU_EVENT_DISABLE_TIMING), CUDA_ERROR_NOT_SUPPORTED);
    EXPECT_INVALID(cuLaunchHostFunc(nullptr, nullptr, nullptr));

    CUcontext other = nullptr;
    ASSERT_OK(cuCtxCreate_v2(&other, 0, 0));
    event = make_event();
    EXPECT_OK(cuCtxPopCurrent_v2(nullptr));
    EXPECT_EQ(cuEventRecord(event, nullptr), CUDA_ERROR_INVALID_HANDLE);
    EXPECT_OK(cuCtxDestroy_v2(other));
}

TEST_F(SoftCuda, DestroyedStreamFinishesItsWork) {
    Gate gate;
    std::atomic<bool> ran{false};
    const CUstream stream = make_stream();
    const CUevent event = make_event();
    gate.hold(stream);
    on_stream(stream, [&] { ran = true; });
    EXPECT_OK(cuEventRecord(event, stream));
    EXPECT_OK(cuStreamDestroy_v2(stream));
    EXPECT_FALSE(ran);
    gate.open();
    EXPECT_OK(cuEventSynchronize(event));
    EXPECT_TRUE(ran);
}

TEST_F(SoftCuda, DestroyingAContextWaitsForItsWork) {
    CUcontext other = nullptr;
    ASSERT_OK(cuCtxCreate_v2(&other, 0, 0));
    std::atomic<int> ran{0};
    const CUstream kept = make_stream();
    const CUstream dropped = make_stream(CU_STREAM_NON_BLOCKING);
    for (const CUstream stream : {kept, dropped}) {
        on_stream(stream, [&] {
            short_while();
            ++ran;
        });
    }
    EXPECT_OK(cuStreamDestroy_v2(dropped));
    EXPECT_OK(cuCtxDestroy_v2(other));
    EXPECT_EQ(ran, 2);
    EXPECT_EQ(cuStreamSynchronize(kept), CUDA_ERROR_INVALID_HANDLE);
}

TEST_F(SoftCuda, HostFunctionMayNotCallTheDevice) {
    CUresult inside[3] = {};
    const CUstream stream = make_stream();
    on_stream(stream, [&] {
        CUdeviceptr pointer = 0;
        inside[0] = cuMemAlloc_v2(&pointer, 64);
        inside[1] = cuStreamQuery(stream);
        inside[2] = cuCtxSynchronize();
    });
    EXPECT_OK(cuStreamSynchronize(stream));
    for (const CUresult result : inside)
        EXPECT_EQ(result, CUDA_ERROR_NOT_PERMITTED);
}

// Many threads, streams and events at once; the sum proves that nothing was lost or ran twice.
TEST_F(SoftCuda, ManyThreadsSubmit) {
    constexpr int kThreads = 4;
    constexpr int kRounds = 50;
    std::atomic<int> sum{0};
    std::vector<std::thread> threads;
    for (int t = 0; t < kThreads; ++t) {
        threads.emplace_back([&, t] {
            EXPECT_OK(cuCtxPushCurrent_v2(context_));
            const CUstream stream = make_stream(t % 2 == 0 ? CU_STREAM_DEFAULT : CU_STREAM_NON_BLOCKING);
            for (int i = 0; i < kRounds; ++i) {
                const CUevent event = make_event();
                CUdeviceptr memory = 0;
                EXPECT_OK(cuMemAlloc_v2(&memory, 4096));
                EXPECT_OK(cuMemsetD32Async(memory, 1, 1024, stream));
                on_stream(stream, [&sum, memory] { sum += *reinterpret_cast<int*>(memory); });
                EXPECT_OK(cuEventRecord(event, stream));
                EXPECT_OK(cuStreamWaitEvent(kPerThread, event, 0));
                on_stream(i % 5 == 0 ? nullptr : kPerThread, [&sum] { ++sum; });
                EXPECT_OK(cuEventDestroy_v2(event));
                EXPECT_OK(cuMemFree_v2(memory));
            }
            EXPECT_OK(cuStreamDestroy_v2(stream));
        });
    }
    for (std::thread& thread : threads)
        thread.join();
    EXPECT_OK(cuCtxSynchronize());
    EXPECT_EQ(sum, kThreads * kRounds * 2);
}

// Whatever a thread makes while another one destroys the context, nothing is left that has a handle.
TEST_F(SoftCuda, WhatIsMadeWhileItsContextIsDestroyedDies) {
    constexpr int kRounds = 100;
    for (int i = 0; i < kRounds; ++i) {
        CUcontext context = nullptr;
        ASSERT_OK(cuCtxCreate_v2(&context, 0, 0));
        ASSERT_OK(cuCtxPopCurrent_v2(nullptr));
        std::atomic<bool> begun{false};
        std::vector<CUstream> streams;
        std::vector<CUevent> events;
        std::thread maker([&] {
            EXPECT_OK(cuCtxSetCurrent(context));
            CUstream stream = nullptr;
            CUevent event = nullptr;
            begun = true;
            while (cuStreamCreate(&stream, CU_STREAM_NON_BLOCKING) == CUDA_SUCCESS) {
                streams.push_back(stream);
                if (cuEventCreate(&event, CU_EVENT_DISABLE_TIMING) == CUDA_SUCCESS) events.push_back(event);
            }
        });
        while (!begun)
            std::this_thread::yield();
        EXPECT_OK(cuCtxDestroy_v2(context));
        maker.join();
        for (CUstream stream : streams)
            ASSERT_EQ(cuStreamDestroy_v2(stream), CUDA_ERROR_INVALID_HANDLE);
        for (CUevent event : events)
            ASSERT_EQ(cuEventDestroy_v2(event), CUDA_ERROR_INVALID_HANDLE);
    }
}

}  // namespace
}  // namespace opennvsci::softcuda_test
