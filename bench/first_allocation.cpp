// SPDX-License-Identifier: Apache-2.0
#include <chrono>
#include <utility>

#include "allocation.h"
#include "raw_video_memory.h"

namespace opennvsci::bench {
namespace {

constexpr std::size_t kSize = 8 << 20;

template <class Allocate>
void print_two(Allocate&& allocate) {
    for (int i = 0; i < 2; ++i) {
        const auto start = std::chrono::steady_clock::now();
        allocate();
        const auto took = std::chrono::steady_clock::now() - start;
        std::printf("%lld\n", static_cast<long long>(std::chrono::nanoseconds(took).count()));
    }
}

}  // namespace

// What is allocated stays, as it would in a program; the process ends.
void print_first_allocation(bool raw) {
    if (raw) {
        const RawVideoMemory memory(kSize, false);
        print_two([&, has_context = false]() mutable {
            if (!std::exchange(has_context, true)) use_primary_context();
            (void)memory.make();
        });
        return;
    }
    NvSciBufAttrList list = reconciled_list(kSize, false, false);
    print_two([&] {
        NvSciBufObj object = nullptr;
        BENCH_CHECK(NvSciBufObjAlloc(list, &object));
    });
}

}  // namespace opennvsci::bench
