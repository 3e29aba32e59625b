// SPDX-License-Identifier: Apache-2.0
//
// Where the dynamic linker would find a library, as ld.so(8) tells it: DT_RPATH of who needs it and of who loaded that
// one, LD_LIBRARY_PATH, DT_RUNPATH, the cache of ldconfig, the usual folders. Nothing is loaded. Folders of
// glibc-hwcaps are not looked into, except as the cache knows them.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace opennvsci::tool {

/// The libraries of this machine's kind in the bytes of /etc/ld.so.cache, by name; empty if it cannot be read.
[[nodiscard]] std::map<std::string, std::string, std::less<>> libraries_in_cache(std::string_view bytes);

/// The folders of a list with colons between, with what $ORIGIN, $LIB and $PLATFORM mean; an empty one is the folder
/// that the program is started in.
[[nodiscard]] std::vector<std::string> folders_of(std::string_view list, const std::string& origin,
                                                  std::string_view separators = ":");

/// Who needs a library: itself, then who loaded it, and so on to the program.
struct Requester {
    std::string folder;  ///< that it lies in
    std::string rpath;
    std::string runpath;
};

struct FoundLibrary {
    std::string path;
    std::string by;  ///< "DT_RPATH", "LD_LIBRARY_PATH", "DT_RUNPATH", "ldconfig", "the usual folders", or "its path"
};

class LibrarySearch {
  public:
    /// `environment_folders` is the value of LD_LIBRARY_PATH, `cache` the bytes of ldconfig's.
    LibrarySearch(std::string environment_folders, std::string_view cache);
    /// That of programs that are started from here.
    [[nodiscard]] static LibrarySearch of_process();

    /// That of programs with rights of their own, for which no variable counts.
    [[nodiscard]] LibrarySearch without_environment() const;

    [[nodiscard]] std::optional<FoundLibrary> find(const std::string& name,
                                                   const std::vector<Requester>& requesters) const;
    /// As a program without search paths of its own finds it.
    [[nodiscard]] std::optional<FoundLibrary> find(const std::string& name) const { return find(name, {}); }

  private:
    std::string environment_folders_;
    std::map<std::string, std::string, std::less<>> cache_;
};

}  // namespace opennvsci::tool
