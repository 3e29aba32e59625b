// SPDX-License-Identifier: Apache-2.0
//
// What is shown of each kind of things that a process holds: a row for each, with its columns.
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "output.h"
#include "text_table.h"

namespace opennvsci::tool::inspection {

struct ColumnRow {
    const char* title;
    Column kind;
    std::string (*text)(const Json& entry);
};

struct KindRow {
    const char* field;  ///< of the document
    const char* count;  ///< the field of that one which says how many there are
    const char* title;  ///< of several
    std::span<const ColumnRow> columns;
};

[[nodiscard]] std::span<const KindRow> kinds();

/// "3 min 5 s".
[[nodiscard]] std::string age_text(std::uint64_t milliseconds);

}  // namespace opennvsci::tool::inspection
