// SPDX-License-Identifier: Apache-2.0
//
// What the dynamic linker would read of a program or library: 64 bits, little-endian. The file may be anything: every
// offset, size and name is checked against it, and nothing of it is run.
#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "doctor/input_file.h"

namespace opennvsci::tool {

struct ElfFile {
    enum class Kind { program, static_program, library };

    std::string path;
    Kind kind = Kind::program;
    bool has_rights_of_its_own = false;  ///< set-user-id or set-group-id: the dynamic linker hears no variables then
    std::string interpreter;             ///< the dynamic linker that the program names
    std::string name;                    ///< DT_SONAME
    std::vector<std::string> needed;     ///< DT_NEEDED, in order
    std::vector<std::string> auxiliary;  ///< DT_AUXILIARY: loaded in front of it if they are there
    std::string rpath;
    std::string runpath;
    std::set<std::string, std::less<>> defined;    ///< of the names that is_of_interest()
    std::set<std::string, std::less<>> undefined;  ///< of the same: taken from others
    bool holds_cuda_runtime = false;               ///< libcudart_static is linked into it
};

/// Names of NvSci, CUDA and dlsym, by how they begin.
[[nodiscard]] bool is_of_interest(std::string_view symbol);

/// Errors: what the file is instead, or what is wrong with it.
[[nodiscard]] Result<ElfFile> read_elf_file(const std::string& path);

/// "x86-64", "AArch64", or a number.
[[nodiscard]] std::string machine_text(unsigned machine);
/// Whether its header is that of a file for this machine; others with its name are passed over by the dynamic linker.
[[nodiscard]] bool is_for_this_machine(const std::string& path);

}  // namespace opennvsci::tool
