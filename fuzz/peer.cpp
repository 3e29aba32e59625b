// SPDX-License-Identifier: Apache-2.0
//
// A byte stream becomes what a hostile peer does: the first byte chooses where it gets in. The sanitizers watch the
// memory; the parts abort when something is believed that may not be, or stays behind.
#include "peer.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace opennvsci::fuzz;  // NOLINT(google-build-using-namespace)
    constexpr void (*kParts[])(FuzzedDataProvider&) = {fuzz_blobs, fuzz_blobs, fuzz_ring, fuzz_link,
                                                       fuzz_configuration};
    if (size == 0) return 0;
    FuzzedDataProvider in(data + 1, size - 1);
    kParts[data[0] % std::size(kParts)](in);
    return 0;
}
