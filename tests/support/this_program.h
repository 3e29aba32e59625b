// SPDX-License-Identifier: Apache-2.0
//
// Where the running test program lies, and with it what it needs: build trees and bundles may be moved.
#pragma once

#include <filesystem>
#include <string>

namespace opennvsci::test {

inline std::filesystem::path this_program() {
    return std::filesystem::read_symlink("/proc/self/exe");
}
inline std::filesystem::path program_folder() {
    return this_program().parent_path();
}
/// A library or a file with data that is built for tests: its path from the folder above the programs.
inline std::string built(const char* path) {
    return (program_folder().parent_path() / path).string();
}

}  // namespace opennvsci::test
