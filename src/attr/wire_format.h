// SPDX-License-Identifier: Apache-2.0
//
// What both directions of attr/wire.h must agree on: the header of a blob, and how long its words may be.
#pragma once

#include <cstddef>
#include <cstdint>

namespace opennvsci::attr::wire {

inline constexpr std::uint32_t kMagic = 0x534C4E4F;  // "ONLS" in memory: OpenNvSci lists
inline constexpr std::uint16_t kVersion = 1;

/// Stands before the FlatBuffer; a multiple of 8 bytes, so that the body is aligned where the blob is.
struct Header {
    std::uint32_t magic;
    std::uint16_t version;
    std::uint8_t library;
    std::uint8_t kind;
    std::uint64_t instance;
    std::uint64_t size;  ///< of the whole blob
};
static_assert(sizeof(Header) == 24);

/// Of a name that a program gave (opennvsci.h).
inline constexpr std::size_t kMostNameBytes = 63;
/// Of the text for a participant that is not behind the link: a peer, a number and a name, some relays deep.
inline constexpr std::size_t kMostTextBytes = 255;
/// Of a reason or a suggestion of a decision. The longest of ours name all participants.
inline constexpr std::size_t kMostReasonBytes = 1023;

}  // namespace opennvsci::attr::wire
