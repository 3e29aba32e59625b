// SPDX-License-Identifier: Apache-2.0
//
// What travels over the socket of a link, one message each, in the byte order of the machine: both ends are on it.
// A knock is a single byte. Everything else begins with a Header.
#pragma once

#include <array>
#include <cstdint>

#include "ipc/link.h"

namespace opennvsci::ipc::message {

inline constexpr std::uint32_t kMagic = 0x4943504F;  // "OPCI"
inline constexpr std::uint32_t kVersion = 2;         // of these messages and of the memory of the rings

enum class Kind : std::uint32_t { hello = 1, welcome = 2, parcel = 3 };

struct Header {
    std::uint32_t magic;
    Kind kind;
};

/// The first message of whoever connects; with it goes the memory of the rings.
struct Hello {
    Header header;
    std::uint32_t version;
    std::uint32_t most_parked;  ///< what the sender parks: see Link
    std::uint64_t session;
    std::uint64_t instance;  ///< of the sender's opening
    std::uint32_t frames;
    std::uint32_t frame_size;
    std::array<char, 64> sender;  ///< names of endpoints, ended by 0
    std::array<char, 64> receiver;
};

/// The first message of whoever was connected to.
struct Welcome {
    Header header;
    std::uint32_t version;
    std::uint32_t most_parked;
    std::uint64_t session;
    std::uint64_t instance;
};

/// The beginning of a parcel; its content follows, and its descriptors go with it.
struct ParcelHead {
    Header header;
    Token token;
    std::uint32_t content_size;
    std::uint32_t file_count;
};

inline constexpr std::size_t kMostBytes = sizeof(ParcelHead) + Link::kMostContent;
static_assert(sizeof(Hello) <= kMostBytes && sizeof(Welcome) <= kMostBytes);

}  // namespace opennvsci::ipc::message
