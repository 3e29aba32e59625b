// SPDX-License-Identifier: Apache-2.0
//
// Which sanitizer watches this program: gcc has macros for it, clang features.
#pragma once

namespace opennvsci::test {

#if defined(__has_feature)
#define OPENNVSCI_HAS_FEATURE(feature) __has_feature(feature)
#else
#define OPENNVSCI_HAS_FEATURE(feature) 0
#endif
#if defined(__SANITIZE_ADDRESS__) || OPENNVSCI_HAS_FEATURE(address_sanitizer)
inline constexpr bool kHasAddressSanitizer = true;
#else
inline constexpr bool kHasAddressSanitizer = false;
#endif
#if defined(__SANITIZE_THREAD__) || OPENNVSCI_HAS_FEATURE(thread_sanitizer)
inline constexpr bool kHasThreadSanitizer = true;
#else
inline constexpr bool kHasThreadSanitizer = false;
#endif
#undef OPENNVSCI_HAS_FEATURE
/// Then what is repeated for its numbers alone is repeated less.
inline constexpr bool kHasSanitizer = kHasAddressSanitizer || kHasThreadSanitizer;

}  // namespace opennvsci::test
