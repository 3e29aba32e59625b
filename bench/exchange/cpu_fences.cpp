// SPDX-License-Identifier: Apache-2.0
//
// A fence from CPU to CPU and one back, between two spinning processes, against a word of shared memory each way. The
// fences are deterministic, so each side makes those of the other itself, as a program does that pays for no message.
#include <atomic>

#include "exchange/channel.h"
#include "exchange/peer.h"
#include "exchange/shared_objects.h"

namespace opennvsci::bench {
namespace {

struct Words {
    struct alignas(64) Word {
        std::atomic<std::uint64_t> value;
        void wait(std::uint64_t wanted) const {
            for (Spin spin; value.load(std::memory_order_acquire) < wanted;)
                spin.again();
        }
    };
    Word of_leader;
    Word of_follower;
};

}  // namespace

std::vector<Group> measure_cpu_fences(Peer& peer, bool quick) {
    const std::string what = "fence from CPU to CPU and back";
    const bool is_leader = peer.is_leader();
    IpcChannel channel(peer, "bench_24576");
    const SyncPair objects(channel, cpu_sync_list(NvSciSyncAccessPerm_SignalOnly, true),
                           cpu_sync_list(NvSciSyncAccessPerm_WaitOnly, true));
    if (processors().size() < 2) return {{what, "spinning", {skipped_side("NvSciSync", "needs two processors")}}};

    NvSciSyncCpuWaitContext context = nullptr;
    BENCH_CHECK(NvSciSyncCpuWaitContextAlloc(sync_module(), &context));
    std::vector<Group> groups;
    {
        const Pinned pinned(peer);
        const SharedMemory memory(peer, sizeof(Words));
        Words& words = *static_cast<Words*>(memory.data());
        Words::Word& own = is_leader ? words.of_leader : words.of_follower;
        const Words::Word& peers = is_leader ? words.of_follower : words.of_leader;

        std::uint64_t waited = 0;
        const auto wait = [&] {
            NvSciSyncFence fence = NvSciSyncFenceInitializer;
            BENCH_CHECK(NvSciSyncFenceUpdateFence(objects.peers(), 0, ++waited, &fence));
            BENCH_CHECK(NvSciSyncFenceWaitWithMode(&fence, context, -1, NvSciSyncWaitMode_BusyNoYield));
        };
        const auto ours = [&](int rounds) {
            for (int i = 0; i < rounds; ++i) {
                if (!is_leader) wait();
                BENCH_CHECK(NvSciSyncObjSignal(objects.own()));
                if (is_leader) wait();
            }
        };
        std::uint64_t round = 0;
        const auto bare = [&](int rounds) {
            for (int i = 0; i < rounds; ++i) {
                ++round;
                if (!is_leader) peers.wait(round);
                own.value.store(round, std::memory_order_release);
                if (is_leader) peers.wait(round);
            }
        };
        groups.push_back(
            take_turns(peer, what, "spinning", quick ? Amount{2, 10, 10} : Amount{50, 400, 10},
                       {{"NvSciSync", {}, ours}, {"a word of shared memory", {Target::Kind::at_most, 2}, bare}}));
    }
    NvSciSyncCpuWaitContextFree(context);
    return groups;
}

}  // namespace opennvsci::bench
