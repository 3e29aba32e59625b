// SPDX-License-Identifier: Apache-2.0
//
// Wishes: what one participant asks, as plain values, and random ones. The domains are small on purpose, so that two
// participants often ask the same, and often things that do not go together.
#pragma once

#include <rapidcheck.h>

#include <iosfwd>
#include <optional>
#include <ostream>
#include <utility>
#include <vector>

#include "buf_objects.h"

namespace opennvsci::test {

/// A GPU by number: 0 and 1 are the devices of the machine, anything else does not exist.
using GpuNumber = int;
constexpr GpuNumber kNoSuchGpu = 7;

struct Wishes {
    std::optional<std::vector<NvSciBufType>> types;
    std::optional<bool> cpu;
    std::optional<NvSciBufAttrValAccessPerm> permission;
    std::optional<bool> cpu_cache;
    std::optional<std::vector<GpuNumber>> gpus;
    std::optional<GpuNumber> video_memory;
    std::optional<std::vector<std::pair<GpuNumber, bool>>> gpu_cache;
    std::optional<std::vector<GpuNumber>> compression;
    std::optional<std::vector<std::uint32_t>> peers;    ///< SoC numbers
    std::optional<std::vector<std::uint32_t>> engines;  ///< platform numbers
    std::optional<std::uint64_t> size;
    std::optional<std::uint64_t> align;
};

std::ostream& operator<<(std::ostream& stream, const Wishes& wishes);

/// Wishes of any kind; `raw_only` leaves out other buffer types and participants without Types.
[[nodiscard]] rc::Gen<Wishes> any_wishes(bool raw_only = false);
/// Wishes that fit together with every other such: the same Size, GPUs that exist, nothing that can be refused.
[[nodiscard]] rc::Gen<Wishes> modest_wishes();
/// One to six participants.
[[nodiscard]] rc::Gen<std::vector<Wishes>> participants(const rc::Gen<Wishes>& one);

/// The id of a GPU by number.
[[nodiscard]] NvSciRmGpuId gpu_id(GpuNumber number);
/// The number of a GPU id; kNoSuchGpu for ids of no device.
[[nodiscard]] GpuNumber gpu_number(const NvSciRmGpuId& id);

/// A list that asks these wishes.
[[nodiscard]] List make_list(NvSciBufModule module, const Wishes& wishes);

}  // namespace opennvsci::test
