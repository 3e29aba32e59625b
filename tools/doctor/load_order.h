// SPDX-License-Identifier: Apache-2.0
//
// The libraries that a program is started with, in the order in which the dynamic linker looks for a function: the
// program, what is preloaded, then what each of them needs, level by level, with an auxiliary library right in front of
// the one that names it.
#pragma once

#include <deque>
#include <string>
#include <string_view>
#include <vector>

#include "doctor/elf_file.h"
#include "doctor/library_search.h"

namespace opennvsci::tool {

struct LoadedFile {
    ElfFile file;
    std::string by;  ///< how it was found, as FoundLibrary says it; "LD_PRELOAD"; empty for the program
};

struct MissingLibrary {
    std::string name;
    std::string needed_by;  ///< the path of who needs it
    std::string reason;     ///< why a file that was found cannot be used; empty if none was found
};

struct LoadOrder {
    std::vector<LoadedFile> files;  ///< the program is the first
    std::vector<MissingLibrary> missing;

    /// The first file that defines the symbol; null if none does.
    [[nodiscard]] const LoadedFile* definer_of(std::string_view symbol) const;
    /// The first library whose name is this up to ".so": "libcuda"; null if there is none.
    [[nodiscard]] const LoadedFile* find(std::string_view name) const;
    /// Whether one of the files needs a library of that name.
    [[nodiscard]] bool needs(std::string_view name) const;
};

/// Whether the name of a library is this up to ".so": "libcuda.so.1" is "libcuda".
[[nodiscard]] bool is_library(std::string_view file_name, std::string_view name);

/// `preloaded` are the names in LD_PRELOAD.
[[nodiscard]] LoadOrder load_order(const ElfFile& program, const std::vector<std::string>& preloaded,
                                   const LibrarySearch& search);

}  // namespace opennvsci::tool
