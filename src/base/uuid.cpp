// SPDX-License-Identifier: Apache-2.0
#include "base/uuid.h"

#include <charconv>

namespace opennvsci {
namespace {

constexpr std::string_view kPrefix = "GPU-";

constexpr bool follows_a_dash(std::size_t byte) noexcept {
    return byte == 4 || byte == 6 || byte == 8 || byte == 10;
}

}  // namespace

std::string Uuid::text() const {
    constexpr std::string_view kDigits = "0123456789abcdef";
    std::string text(kPrefix);
    for (std::size_t i = 0; i < bytes.size(); ++i) {
        if (follows_a_dash(i)) text += '-';
        text += {kDigits[bytes[i] >> 4U], kDigits[bytes[i] & 0xFU]};
    }
    return text;
}

std::optional<Uuid> Uuid::parse(std::string_view text) noexcept {
    constexpr std::size_t kTextSize = kPrefix.size() + 36;
    if (text.size() != kTextSize || !text.starts_with(kPrefix)) return std::nullopt;
    Uuid uuid;
    const char* at = text.data() + kPrefix.size();
    for (std::size_t i = 0; i < uuid.bytes.size(); ++i, at += 2) {
        if (follows_a_dash(i) && *at++ != '-') return std::nullopt;
        if (std::from_chars(at, at + 2, uuid.bytes[i], 16).ptr != at + 2) return std::nullopt;
    }
    return uuid;
}

}  // namespace opennvsci
