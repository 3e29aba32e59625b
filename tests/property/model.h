// SPDX-License-Identifier: Apache-2.0
//
// The model: what nvscibuf.md says a reconciliation of raw buffers must give, written a second time, in the simplest
// way and without any code of the library. It knows two machine facts: whether two GPUs reach each other's video memory
// and whether one compresses.
#pragma once

#include <ostream>
#include <set>

#include "wishes.h"

namespace opennvsci::test {

/// The content of a reconciled list; unions as sets.
struct Outcome {
    std::set<NvSciBufType> types;
    bool cpu = false;
    NvSciBufAttrValAccessPerm permission = NvSciBufAccessPerm_Readonly;
    bool cpu_cache = false;
    std::set<GpuNumber> gpus;  ///< empty: nobody named one
    std::optional<GpuNumber> video_memory;
    std::set<std::pair<GpuNumber, bool>> gpu_cache;
    std::set<std::pair<GpuNumber, bool>> software_coherency;
    std::set<std::pair<GpuNumber, bool>> compression;
    std::set<std::uint32_t> peers;
    std::set<std::uint32_t> engines;
    std::uint64_t size = 0;
    std::uint64_t align = 0;

    bool operator==(const Outcome&) const = default;
};

std::ostream& operator<<(std::ostream& stream, const Outcome& outcome);

struct Prediction {
    /// Every code with a cause; empty on success. With several causes the reference leaves open which one is reported.
    std::set<NvSciError> failures;
    Outcome outcome;
};

[[nodiscard]] Prediction predict(const std::vector<Wishes>& participants);

/// What a reconciled list holds.
[[nodiscard]] Outcome read_outcome(NvSciBufAttrList reconciled);

/// Whether a reconciled list satisfies one participant: the column "valid" of nvscibuf.md 4.2 and 4.3.
[[nodiscard]] bool satisfies(const Outcome& outcome, const Wishes& wishes);

}  // namespace opennvsci::test
