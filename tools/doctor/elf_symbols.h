// SPDX-License-Identifier: Apache-2.0
//
// The dynamic symbols of an ELF file. How many there are is told by the hash table that covers them.
#pragma once

#include <cstdint>
#include <string_view>

#include "doctor/elf_file.h"
#include "doctor/elf_image.h"

namespace opennvsci::tool {

/// The addresses of the tables; 0 where there is none.
struct SymbolTables {
    std::uint64_t names = 0;
    std::uint64_t symbols = 0;
    std::uint64_t hash = 0;
    std::uint64_t gnu_hash = 0;
};

/// Adds the symbols of interest to the file. Errors: a table cannot be read.
[[nodiscard]] Result<> read_symbols(const ElfImage& image, const SymbolTables& tables, std::string_view names,
                                    ElfFile& file);

}  // namespace opennvsci::tool
