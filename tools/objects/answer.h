// SPDX-License-Identifier: Apache-2.0
//
// Answer: what a process said of what it holds, or why that is not known. The process may be anybody of this user, and
// damaged: nothing of its answer is believed but that it is JSON, of this format and not deep. Whoever reads a field
// gets a text that can be shown, or a question mark, whatever is there.
#pragma once

#include <cstddef>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "opennvsci.h"
#include "output.h"

namespace opennvsci::tool::inspection {

struct Answer {
    std::int64_t pid;
    std::string program;
    std::string problem;  ///< why there is no document; empty if there is one
    Json document;        ///< with the process as the kernel knows it

    [[nodiscard]] static Answer of(const OpenNvSciInspection& inspection);
    /// "4711 camera".
    [[nodiscard]] std::string process_text() const;
    /// As the command prints it.
    [[nodiscard]] Json json() const;
};

// Fields of what may be anything.

/// Texts are cut to so many bytes, arrays to so many elements.
inline constexpr std::size_t kMostShownBytes = 256;
inline constexpr std::size_t kMostShownElements = 1000;

[[nodiscard]] std::string text_at(const Json& object, const char* key);
[[nodiscard]] std::optional<std::uint64_t> number_at(const Json& object, const char* key);
/// The number, or "?".
[[nodiscard]] std::string number_text_at(const Json& object, const char* key);
/// The array, or an empty one.
[[nodiscard]] const Json& array_at(const Json& object, const char* key);
/// The object, or an empty one.
[[nodiscard]] const Json& object_at(const Json& object, const char* key);

}  // namespace opennvsci::tool::inspection
