// SPDX-License-Identifier: Apache-2.0
//
// OpenNvSci's libraries, which this command uses, and what programs find under their names.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "doctor/finding.h"
#include "doctor/library_search.h"

namespace opennvsci::tool {

using Names = std::set<std::string, std::less<>>;

struct OwnLibraries {
    std::string folder;
    Names names;       ///< "libnvscibuf.so.2", ...
    Names functions;   ///< that they export
    Names interposed;  ///< the driver's functions that the interposer exports
    bool has_interposer = false;
    bool has_software_device = false;
};

/// A file of which a program takes a name of ours.
struct Namesake {
    std::string name;
    std::string path;      ///< empty: there is none
    std::string by;        ///< how it was found
    bool is_own = false;   ///< the very file
    bool is_copy = false;  ///< another OpenNvSci
};

/// A library of LD_PRELOAD.
struct Preloaded {
    std::string name;
    std::string path;                        ///< empty: it is not found
    std::vector<std::string> stands_before;  ///< functions of the interposer that it has too
    bool is_own = false;
};

struct LibraryFacts {
    OwnLibraries own;
    std::vector<Namesake> namesakes;       ///< what a program without a search path of its own finds
    std::vector<Namesake> in_environment;  ///< further ones in folders of LD_LIBRARY_PATH
    std::vector<Preloaded> preloaded;
    std::string environment_folders;  ///< LD_LIBRARY_PATH
    std::vector<std::string> stubs;   ///< folders of it with a libcuda.so.1 for linking only
};

/// The names of NvSci's libraries up to ".so".
[[nodiscard]] bool is_nvsci_library(std::string_view file_name);
/// One of these, or the interposer: what it takes of others is no call of the program.
[[nodiscard]] bool is_part_of_nvsci(std::string_view file_name);
[[nodiscard]] OwnLibraries look_at_own_libraries();
/// Who the file is.
[[nodiscard]] Namesake namesake(const std::string& name, const FoundLibrary& found, const OwnLibraries& own);
/// The names in LD_PRELOAD, and in /etc/ld.so.preload.
[[nodiscard]] std::vector<std::string> preloaded_names();

[[nodiscard]] LibraryFacts look_at_libraries(const LibrarySearch& search);
/// `wanted` is OPENNVSCI_DEVICE.
[[nodiscard]] std::vector<Finding> check_libraries(const LibraryFacts& facts, const std::string& wanted);

}  // namespace opennvsci::tool
