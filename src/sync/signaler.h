// SPDX-License-Identifier: Apache-2.0
//
// Signaler: who signals a timeline. Where the lists allow the CPU and streams, the first signal or generated fence
// decides for all time: the CPU counts up while a stream writes values in the order of its work, and no order holds
// between the two. Thread-safe.
#pragma once

#include <atomic>

#include "base/result.h"

namespace opennvsci::sync {

class Signaler {
  public:
    enum class Kind { undecided, cpu, streams };

    [[nodiscard]] Kind kind() const noexcept { return kind_.load(std::memory_order_relaxed); }

    /// Errors: InvalidState if the other kind was first.
    [[nodiscard]] Result<> check(Kind wanted) const {
        const Kind known = kind();
        return known == wanted || known == Kind::undecided ? Result<>() : refuse(wanted);
    }
    [[nodiscard]] Result<> claim(Kind wanted) {
        Kind known = kind();
        if (known == wanted) [[likely]]
            return {};
        if (known == Kind::undecided && kind_.compare_exchange_strong(known, wanted)) return {};
        return known == wanted ? Result<>() : refuse(wanted);
    }

    /// Takes the claim of streams back: nothing came of the first signal.
    void withdraw() noexcept { kind_.store(Kind::undecided, std::memory_order_relaxed); }

  private:
    [[nodiscard]] static tl::unexpected<Error> refuse(Kind wanted) {
        return fail(NvSciError_InvalidState,
                    wanted == Kind::cpu ? "the object is signaled by streams, which were first; an object has one kind "
                                          "of signaler, so make another one for the CPU"
                                        : "the object is signaled by the CPU, which was first; an object has one kind "
                                          "of signaler, so make another one for streams",
                    cu::CUDA_ERROR_ILLEGAL_STATE);
    }

    std::atomic<Kind> kind_{Kind::undecided};
};

}  // namespace opennvsci::sync
