// SPDX-License-Identifier: Apache-2.0
//
// Objects that are freed while streams wait in memory for their values. Nobody can signal them any more, so the streams
// go on, and no farther than is safe.
#include "doomed_context.h"
#include "sync_test.h"

namespace opennvsci::test {
namespace {

using namespace cu;  // NOLINT(google-build-using-namespace): CUDA's own names

/// An object for which a stream waits in memory.
enum class Awaited { in_video_memory, in_system_memory, signaled_by_cpu };

std::string name_of_awaited(const ::testing::TestParamInfo<Awaited>& parameter) {
    constexpr const char* kNames[] = {"VideoMemory", "SystemMemory", "SignaledByCpu"};
    return kNames[static_cast<int>(parameter.param)];
}

class SyncRelease : public ::testing::TestWithParam<Awaited> {};
INSTANTIATE_TEST_SUITE_P(Objects, SyncRelease,
                         ::testing::Values(Awaited::in_video_memory, Awaited::in_system_memory,
                                           Awaited::signaled_by_cpu),
                         name_of_awaited);

// Nobody can signal an object whose handles and imports are all freed: its streams go on then and not before, without
// another call, in whichever context they are and in whichever order the last owners go.
TEST_P(SyncRelease, StreamsOfAFreedObjectGoOn) {
    in_new_process([] {
        for (const bool frees_import_first : {false, true}) {
            SCOPED_TRACE(frees_import_first);
            DoomedContext other;
            const bool has_cpu = GetParam() != Awaited::in_video_memory;
            StreamScene scene({.cpu_signals = GetParam() == Awaited::signaled_by_cpu,
                               .cpu_waits = has_cpu,
                               .is_deterministic = true});
            const CUstream stream = scene.first;
            const Fences fences{fence_of(scene.object, 1), fence_of(scene.object, 1000)};
            ASSERT_EQ(scene.semaphore->wait(stream, fences[1]), CUDA_SUCCESS) << opennvsciGetLastErrorText();
            ASSERT_EQ(scene.semaphore->wait(other.stream(), fences[0]), CUDA_SUCCESS) << opennvsciGetLastErrorText();
            if (frees_import_first) {
                scene.semaphore.reset();
            } else {
                scene.object.reset();
            }
            EXPECT_TRUE(is_held(scene.cuda, stream));
            EXPECT_TRUE(is_held(scene.cuda, other.stream()));
            scene.end_object();
            ASSERT_TRUE(comes_to_its_end(scene.cuda, stream));
            ASSERT_TRUE(comes_to_its_end(scene.cuda, other.stream()));
            for (int again = 0; again < 2 && has_cpu; ++again) {
                for (const NvSciSyncFence& fence : fences)
                    EXPECT_EQ(scene.poll(fence), kResourceError);
                cpu_object(scene.module);
            }
            other.destroy();
        }
    });
}

// The hardware compares cyclically. Letting streams go after the end goes no farther than somebody waits, or a wait
// that had expired, and stands in its stream behind other work, would be taken for one of the future.
TEST(SyncFarAhead, AFarFenceHoldsNoExpiredOneUp) {
    in_new_process([] {
        StreamScene scene({.cpu_signals = true, .is_deterministic = true});
        const CUstream stream = scene.first;
        scene.gate->hold(stream);
        NvSciSyncFence fences[5]{};
        for (NvSciSyncFence& fence : fences)
            fence = generate(scene.object);
        ASSERT_EQ(scene.semaphore->wait(stream, fences[3]), CUDA_SUCCESS) << opennvsciGetLastErrorText();
        for (int i = 0; i < 5; ++i)
            ASSERT_EQ(NvSciSyncObjSignal(scene.object), kSuccess);
        const NvSciSyncFence far = fence_of(scene.object, (std::uint64_t{1} << 63) + 4);
        scene.end_object();
        EXPECT_EQ(scene.poll(far), kResourceError);
        EXPECT_EQ(scene.poll(fences[3]), kSuccess);
        scene.gate->open();
        ASSERT_TRUE(comes_to_its_end(scene.cuda, stream));
    });
}

}  // namespace
}  // namespace opennvsci::test
