// SPDX-License-Identifier: Apache-2.0
//
// Blobs of a peer. Most inputs are changes of valid bytes, made by the exporter for this one: what is random in them
// (tokens, instances) is not of the input.
#include <array>

#include "blobs.h"
#include "peer.h"
#include "sync/seal.h"

namespace opennvsci::fuzz {
namespace {

// Numbers that lie at the ends of something.
constexpr std::uint64_t kExtremes[] = {0,          1,          0x7F,       0x80,  0xFF,       0xFFFF,
                                       0x7FFFFFFF, 0x80000000, 0xFFFFFFFF, ~0ULL, ~0ULL >> 1, 1ULL << 63};

void change(FuzzedDataProvider& in, test::Bytes& bytes) {
    const auto place = [&](std::size_t end) { return in.ConsumeIntegralInRange<std::size_t>(0, end); };
    const int what = in.ConsumeIntegralInRange(0, 5);
    if (bytes.empty()) return;
    const std::size_t at = place(bytes.size() - 1);
    if (what == 0) {
        bytes[at] = static_cast<std::byte>(in.ConsumeIntegral<std::uint8_t>());
    } else if (what == 1) {
        bytes[at] ^= static_cast<std::byte>(1U << in.ConsumeIntegralInRange(0, 7));
    } else if (what == 2) {
        const std::uint64_t number = kExtremes[place(std::size(kExtremes) - 1)];
        const std::size_t width = std::size_t{1} << in.ConsumeIntegralInRange(0, 3);
        std::memcpy(bytes.data() + at, &number, std::min(width, bytes.size() - at));
    } else if (what == 3) {  // one part over another
        const std::size_t from = place(bytes.size() - 1);
        const std::size_t size = place(std::min<std::size_t>(64, bytes.size() - std::max(at, from)));
        std::memmove(bytes.data() + at, bytes.data() + from, size);
    } else if (what == 4) {
        bytes.resize(at);
    } else {  // other bytes in between
        const auto more = in.ConsumeBytes<std::byte>(place(32));
        bytes.insert(bytes.begin() + static_cast<std::ptrdiff_t>(at), more.begin(), more.end());
    }
}

// The seals of NvSciSync's descriptors are no secret: a peer can make them right again.
void seal_again(test::Bytes& bytes) {
    const auto seal = [&]<std::size_t kWords>(std::array<std::uint64_t, kWords> sealed) {
        std::memcpy(sealed.data(), bytes.data(), sizeof(sealed));
        const std::uint64_t made = sync::seal_over(sealed);
        std::memcpy(bytes.data() + sizeof(sealed), &made, sizeof(made));
    };
    if (bytes.size() == sizeof(NvSciSyncFenceIpcExportDescriptor)) seal(std::array<std::uint64_t, 6>{});
    if (bytes.size() == sizeof(NvSciSyncObjIpcExportDescriptor)) seal(std::array<std::uint64_t, 8>{});
}

}  // namespace

void fuzz_blobs(FuzzedDataProvider& in) {
    static test::Blobs& blobs = *new test::Blobs;
    const auto kinds = test::Blobs::kinds();
    const auto& kind = kinds[in.ConsumeIntegralInRange<std::size_t>(0, kinds.size() - 1)];
    g_step = kind.name;
    if (in.ConsumeIntegralInRange(0, 15) == 0) {
        const test::Imported imported = blobs.take(kind, in.ConsumeRemainingBytes<std::byte>());
        REQUIRE(imported.harm.empty());
        return;
    }
    const test::Bytes valid = blobs.make(kind);
    test::Bytes changed = valid;
    const bool is_sealed = in.ConsumeBool();
    while (in.remaining_bytes() > 0)
        change(in, changed);
    if (is_sealed) seal_again(changed);
    const bool is_changed = changed != valid;
    const test::Imported imported = blobs.take(kind, changed);
    REQUIRE(imported.harm.empty());
    REQUIRE(is_changed || imported.code == kSuccess);
    // So that no exports pile up; a refused one may have used up its token.
    if (kind.is_once && is_changed) (void)blobs.take(kind, valid);
}

}  // namespace opennvsci::fuzz
