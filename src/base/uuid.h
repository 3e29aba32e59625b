// SPDX-License-Identifier: Apache-2.0
//
// Uuid: the 16 bytes that name a GPU, the same in CUuuid and NvSciRmGpuId. Compared as raw bytes.
#pragma once

#include <array>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>

namespace opennvsci {

struct Uuid {
    std::array<unsigned char, 16> bytes{};

    /// The Uuid in the 16 bytes at `raw` (a CUuuid or an NvSciRmGpuId).
    [[nodiscard]] static Uuid from(const void* raw) noexcept {
        Uuid uuid;
        std::memcpy(uuid.bytes.data(), raw, uuid.bytes.size());
        return uuid;
    }
    [[nodiscard]] bool is_null() const noexcept { return *this == Uuid{}; }

    /// "GPU-00112233-4455-6677-8899-aabbccddeeff", as NVIDIA's tools print it.
    [[nodiscard]] std::string text() const;

    /// The Uuid of such a text.
    [[nodiscard]] static std::optional<Uuid> parse(std::string_view text) noexcept;

    bool operator==(const Uuid&) const = default;
};

}  // namespace opennvsci
