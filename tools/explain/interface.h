// SPDX-License-Identifier: Apache-2.0
//
// Interface: NvSciBuf or NvSciSync, as those need it who know keys and values by their names.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "opennvsci.h"
#include "result.h"

namespace opennvsci::tool {

struct Interface {
    const char* name;  ///< "NvSciBuf"
    NvSciError (*get_keys)(const OpenNvSciKey** keys, std::size_t* count);
    NvSciError (*get_key_by_name)(const char* name, const OpenNvSciKey** key);
    NvSciError (*value_from_text)(std::uint32_t key, const char* text, void* value, std::size_t size, std::size_t* len);

    [[nodiscard]] std::span<const OpenNvSciKey> keys() const;
    /// Null if it has no such key.
    [[nodiscard]] const OpenNvSciKey* find_key(std::uint32_t number) const;
    /// Errors: the library's words, with the nearest name; a key of the other interface.
    [[nodiscard]] Result<const OpenNvSciKey*> find_key(const std::string& key_name) const;
    /// Errors: the library's words, which begin with the name of the key.
    [[nodiscard]] Result<std::vector<std::byte>> value_of(const OpenNvSciKey& key, const std::string& text) const;
};

extern const Interface kNvSciBuf;
extern const Interface kNvSciSync;

/// Null for another name.
[[nodiscard]] const Interface* find_interface(std::string_view name);

/// The name of a key behind what all names share: "Size", "VidMem_GpuId".
[[nodiscard]] std::string_view own_part(std::string_view key_name);

}  // namespace opennvsci::tool
