// SPDX-License-Identifier: Apache-2.0
//
// The signatures of the software device's own table against the real <cuda.h>, at compile time. What the table shares
// with this project's libraries, and the types, are compared in tests/abi/cuda_abi_test.cpp.
#include "softcuda/entry_points.h"

namespace opennvsci::softcuda {
// The signatures as the table has them, before <cuda.h> makes macros of names.
struct Restated {
#define OPENNVSCI_RESTATE(name, symbol, version, parameters) CUresult(*symbol) parameters;
    OPENNVSCI_SOFTCUDA_ENTRY_POINTS(OPENNVSCI_RESTATE)
#undef OPENNVSCI_RESTATE
};
}  // namespace opennvsci::softcuda

#define __CUDA_API_VERSION_INTERNAL  // all versions of all functions under their exported names
#include <cuda.h>
#include <cudaProfiler.h>

#include <cstdio>
#include <cstdlib>
#include <type_traits>

namespace {

// Two functions have the same shape if their parameters have the same sizes, one by one.
template <class A, class B>
struct SameShape : std::false_type {};
template <class R, class... As, class S, class... Bs>
requires(sizeof...(As) == sizeof...(Bs)) struct SameShape<R (*)(As...), S (*)(Bs...)>
    : std::bool_constant<sizeof(R) == sizeof(S) && ((sizeof(As) == sizeof(Bs)) && ...)> {
};

int compared = 0;

}  // namespace

int main() {
#define SAME_SIGNATURE(name, symbol, version, parameters)                                                           \
    static_assert(SameShape<decltype(opennvsci::softcuda::Restated::symbol), decltype(&::symbol)>::value, #symbol); \
    ++compared;
    OPENNVSCI_SOFTCUDA_ENTRY_POINTS(SAME_SIGNATURE)
#undef SAME_SIGNATURE
    std::printf("compared %d functions with cuda.h %d\n", compared, CUDA_VERSION);
    constexpr int kExpectedAtLeast = 70;
    return compared >= kExpectedAtLeast ? EXIT_SUCCESS : EXIT_FAILURE;
}
