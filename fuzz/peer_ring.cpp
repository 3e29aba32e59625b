// SPDX-License-Identifier: Apache-2.0
//
// The memory of a channel, whose other end writes into it what it likes between the calls of this end. This end never
// leaves its frames, never returns an undocumented code, and works with the next peer that behaves.
#include "ipc/endpoint.h"
#include "nvsciipc.h"
#include "peer.h"

namespace opennvsci::fuzz {
namespace {

constexpr std::uint32_t kFrames = 3;
constexpr std::uint32_t kFrameSize = 64;

ipc::ChannelEnd end_of_channel(int side) {
    return {{ipc::Backend::thread, "INTER_THREAD", {"fuzz_0", "fuzz_1"}, kFrames, kFrameSize}, side};
}

std::shared_ptr<ipc::Endpoint> open(int side) {
    auto made = ipc::Endpoint::open(end_of_channel(side));
    REQUIRE(made);
    return std::move(*made);
}

template <class T>
bool is_documented(const Result<T>& result) {
    if (result) return true;
    return result.error().code == NvSciError_ConnectionReset || result.error().code == kInsufficientMemory;
}

class Channel {
  public:
    explicit Channel(FuzzedDataProvider& in) : in_(in), honest_(open(0)), enemy_(open(1)) {
        REQUIRE(honest_->reset());
        REQUIRE(enemy_->reset());
        find_memory();
    }

    void run() {
        while (in_.remaining_bytes() > 0) {
            if (in_.ConsumeIntegralInRange(0, 2) == 0) {
                lie();
            } else {
                behave(in_.ConsumeBool() ? *honest_ : *enemy_);
            }
        }
        memory_.reset();
        enemy_.reset();
        enemy_ = open(1);
        greet_anew();
    }

  private:
    void find_memory() {
        const auto link = enemy_->link();
        REQUIRE(link);
        memory_ = (*link)->rings();
    }

    std::uint64_t number() {
        constexpr std::uint64_t kLikely[] = {0, 1, 2, kFrames - 1, kFrames, kFrames + 1, ~0ULL, ~0ULL - 1, 1ULL << 63};
        if (in_.ConsumeBool()) return kLikely[in_.ConsumeIntegralInRange<std::size_t>(0, std::size(kLikely) - 1)];
        return in_.ConsumeIntegral<std::uint64_t>();
    }

    void lie() {
        ipc::SideWords& words = in_.ConsumeBool() ? memory_->own() : memory_->peer();
        switch (in_.ConsumeIntegralInRange(0, 5)) {
            case 0:
                words.state.store(in_.ConsumeBool() ? in_.ConsumeIntegralInRange<std::uint32_t>(0, 4)
                                                    : in_.ConsumeIntegral<std::uint32_t>());
                return;
            case 1:
                words.armed.store(in_.ConsumeIntegral<std::uint32_t>());
                return;
            case 2:
                words.written.store(number());
                return;
            case 3:
                words.read.store(number());
                return;
            case 4:
                words.taken.store(number());
                return;
            default: {
                const auto index = in_.ConsumeIntegralInRange<std::uint32_t>(0, kFrames - 1);
                std::byte* const frame = in_.ConsumeBool() ? memory_->outgoing(index) : memory_->incoming(index);
                std::memset(frame, in_.ConsumeIntegral<std::uint8_t>(), kFrameSize);
            }
        }
    }

    void behave(ipc::Endpoint& endpoint) {
        std::byte bytes[kFrameSize] = {};
        const std::span<std::byte> part(bytes, in_.ConsumeIntegralInRange<std::size_t>(1, kFrameSize));
        switch (in_.ConsumeIntegralInRange(0, 8)) {
            case 0:
            case 1:
                REQUIRE(endpoint.events());
                return;
            case 2:
                REQUIRE(is_documented(endpoint.read(part)));
                return;
            case 3:
                REQUIRE(is_documented(endpoint.write(part)));
                return;
            case 4: {
                const auto frame = endpoint.next_to_read();
                REQUIRE(is_documented(frame));
                if (frame) std::memcpy(bytes, *frame, kFrameSize);
                return;
            }
            case 5: {
                const auto frame = endpoint.next_to_write();
                REQUIRE(is_documented(frame));
                if (frame) std::memset(*frame, 1, kFrameSize);
                return;
            }
            case 6:
                REQUIRE(is_documented(endpoint.release_read()));
                return;
            case 7:
                REQUIRE(is_documented(endpoint.post_written()));
                return;
            default:
                REQUIRE(endpoint.reset());
        }
    }

    // What a new peer that behaves finds: a connection, and frames both ways.
    void greet_anew() {
        REQUIRE(enemy_->reset());
        REQUIRE(honest_->reset());
        for (int rounds = 0;; ++rounds) {
            REQUIRE(rounds < 100);
            const auto one = honest_->events();
            const auto other = enemy_->events();
            REQUIRE(one && other);
            if ((*one & NV_SCI_IPC_EVENT_WRITE) != 0 && (*other & NV_SCI_IPC_EVENT_WRITE) != 0) break;
        }
        for (std::uint8_t value = 1; value < 3 * kFrames; ++value) {
            std::byte bytes[kFrameSize];
            std::memset(bytes, value, sizeof(bytes));
            ipc::Endpoint& from = value % 2 == 0 ? *enemy_ : *honest_;
            ipc::Endpoint& to = value % 2 == 0 ? *honest_ : *enemy_;
            REQUIRE(from.write(bytes));
            std::byte got[kFrameSize] = {};
            REQUIRE(to.read(got));
            REQUIRE(std::memcmp(bytes, got, sizeof(bytes)) == 0);
        }
    }

    FuzzedDataProvider& in_;
    std::shared_ptr<ipc::Endpoint> honest_;
    std::shared_ptr<ipc::Endpoint> enemy_;
    std::shared_ptr<ipc::RingMemory> memory_;
};

}  // namespace

void fuzz_ring(FuzzedDataProvider& in) {
    g_step = "a ring";
    Channel(in).run();
}

}  // namespace opennvsci::fuzz
