// SPDX-License-Identifier: Apache-2.0
#include "sync/fence_exchange.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstring>

#include "base/unaligned.h"
#include "sync/keys.h"
#include "sync/seal.h"
#include "sync/trace_notes.h"
#include "trace/slice.h"

namespace opennvsci::sync {
namespace {

// The version, and whether programs see 32 bits of the value.
constexpr std::uint64_t kForm = 0x3436434E46534E4F;          // "ONSFNC64" in memory
constexpr std::uint64_t kFormOf32Bits = 0x3233434E46534E4F;  // "ONSFNC32"

// The order of the words; the seal is over those before it.
enum Word : std::size_t { kIdentity, kSecondOfIdentity, kValue, kSlotNumbers, kFormWord, kSeal = 6 };
using Sealed = std::array<std::uint64_t, kSeal>;  // word 5 is 0
using All = std::array<std::uint64_t, kSeal + 1>;
static_assert(sizeof(All) == sizeof(NvSciSyncFenceIpcExportDescriptor));

std::uint64_t seal_of(const All& words) {
    Sealed sealed;
    std::copy_n(words.begin(), sealed.size(), sealed.begin());
    return seal_over(sealed);
}

tl::unexpected<Error> not_a_fence(std::string_view problem) {
    return fail(NvSciError_BadParameter, fmt::format("the descriptor is not one of a fence: {}", problem));
}

}  // namespace

Result<NvSciSyncFenceIpcExportDescriptor> export_fence(const Fence& fence) {
    NvSciSyncFenceIpcExportDescriptor out{};
    if (fence.is_cleared()) return out;
    const auto timeline = Timelines::instance().acquire(fence.timeline);
    if (!timeline) {
        // Of an object that is gone nothing else is known, and a cleared fence says the same: nothing to wait for.
        if (Timelines::instance().was_reached(fence.timeline, fence.value)) return out;
        return fail(NvSciError_BadParameter, "the object is gone, so nobody can signal the fence, here or in a peer");
    }
    OPENNVSCI_TRY_ASSIGN(identity, (*timeline)->identity());
    All words{};
    words[kIdentity] = identity.words[0];
    words[kSecondOfIdentity] = identity.words[1];
    words[kValue] = fence.value;
    words[kSlotNumbers] = std::uint64_t{fence.task_status_slot} << 32 | fence.timestamp_slot;
    words[kFormWord] = fence.has_32_bits ? kFormOf32Bits : kForm;
    words[kSeal] = seal_of(words);
    trace::when_on([&] { note_fence(**timeline, fence.value); });
    std::memcpy(out.payload, words.data(), sizeof(out.payload));
    return out;
}

Result<Fence> import_fence(const Object& object, const NvSciSyncFenceIpcExportDescriptor& descriptor) {
    const auto words = load_once<All>(descriptor.payload);
    if (words == All{}) return Fence{};
    if (words[kSeal] != seal_of(words)) return not_a_fence("it was not written by this library, or changed on its way");
    if ((words[kFormWord] != kForm && words[kFormWord] != kFormOf32Bits) || words[kFormWord + 1] != 0) {
        return not_a_fence("no library of this version wrote it");
    }
    Timeline& timeline = object.timeline();
    OPENNVSCI_TRY_ASSIGN(identity, timeline.identity());
    if (identity.words != std::array{words[kIdentity], words[kSecondOfIdentity]}) {
        return fail(NvSciError_BadParameter, "the fence in the descriptor is of another object");
    }
    Fence fence = object.fence(words[kValue]);
    fence.timestamp_slot = static_cast<std::uint32_t>(words[kSlotNumbers]);
    fence.task_status_slot = static_cast<std::uint32_t>(words[kSlotNumbers] >> 32);
    if (fence.timestamp_slot >= kSlots || fence.task_status_slot >= kSlots) {
        return not_a_fence("it has slots that no object has");
    }
    if (fence.has_32_bits != (words[kFormWord] == kFormOf32Bits)) {
        return not_a_fence("it has another primitive than its object");
    }
    if (auto noted = timeline.note_fence(fence.value); !noted) {
        Error error = std::move(noted).error();
        if (error.code == NvSciError_Overflow) error.code = NvSciError_BadParameter;
        return tl::make_unexpected(std::move(error));
    }
    trace::when_on([&] { note_fence(timeline, fence.value); });
    return fence;
}

}  // namespace opennvsci::sync
