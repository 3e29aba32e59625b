// SPDX-License-Identifier: Apache-2.0
#include "doctor/library_search.h"

#include <sys/auxv.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <utility>

#include "doctor/elf_file.h"
#include "doctor/input_file.h"

namespace opennvsci::tool {
namespace {

#if defined(__x86_64__)
constexpr std::int32_t kCacheFlags = 0x0303;  // libc6, x86-64
constexpr const char* kUsualFolders[] = {
    "/lib/x86_64-linux-gnu", "/usr/lib/x86_64-linux-gnu", "/lib64", "/usr/lib64", "/lib", "/usr/lib"};
#else
constexpr std::int32_t kCacheFlags = 0x0a03;  // libc6, AArch64
constexpr const char* kUsualFolders[] = {
    "/lib/aarch64-linux-gnu", "/usr/lib/aarch64-linux-gnu", "/lib64", "/usr/lib64", "/lib", "/usr/lib"};
#endif

// The file of ldconfig, as its version 1.1 has it: a header, an array of entries, and texts, whose offsets count from
// the start of the header.
struct CacheHeader {
    char magic[20];
    std::uint32_t entry_count;
    std::uint32_t text_bytes;
    std::uint8_t flags;
    std::uint8_t padding[3];
    std::uint32_t extension;
    std::uint32_t unused[3];
};
static_assert(sizeof(CacheHeader) == 48);
struct CacheEntry {
    std::int32_t flags;
    std::uint32_t name;
    std::uint32_t path;
    std::uint32_t os_version;
    std::uint64_t hardware;
};
static_assert(sizeof(CacheEntry) == 24);
constexpr std::string_view kCacheMagic = "glibc-ld.so.cache1.1";

std::string_view cache_text(std::string_view bytes, std::uint32_t offset) {
    const std::string_view rest = bytes.substr(std::min<std::size_t>(offset, bytes.size()));
    const auto end = rest.find('\0');
    return end == std::string_view::npos ? std::string_view() : rest.substr(0, end);
}

// Puts the value in the place of $NAME and ${NAME}.
void replace_token(std::string& text, std::string_view name, std::string_view value) {
    for (const std::string& token : {"${" + std::string(name) + "}", "$" + std::string(name)}) {
        for (auto at = text.find(token); at != std::string::npos; at = text.find(token, at + value.size()))
            text.replace(at, token.size(), value);
    }
}

std::optional<std::string> file_in(const std::vector<std::string>& folders, const std::string& name) {
    for (const std::string& folder : folders) {
        std::string path = folder.empty() || folder.back() == '/' ? folder + name : folder + "/" + name;
        if (is_for_this_machine(path)) return path;
    }
    return std::nullopt;
}

}  // namespace

std::map<std::string, std::string, std::less<>> libraries_in_cache(std::string_view bytes) {
    std::map<std::string, std::string, std::less<>> libraries;
    bytes.remove_prefix(std::min(bytes.find(kCacheMagic), bytes.size()));  // one of the old form may stand before it
    if (bytes.size() < sizeof(CacheHeader)) return libraries;
    CacheHeader header{};
    std::memcpy(&header, bytes.data(), sizeof(header));
    const std::size_t room = (bytes.size() - sizeof(header)) / sizeof(CacheEntry);
    // Of several the first one counts, after those for better processors, which other folders have.
    for (const bool is_for_all : {true, false}) {
        for (std::size_t i = 0; i < std::min<std::size_t>(header.entry_count, room); ++i) {
            CacheEntry entry{};
            std::memcpy(&entry, bytes.data() + sizeof(header) + i * sizeof(entry), sizeof(entry));
            const std::string_view name = cache_text(bytes, entry.name);
            const std::string_view path = cache_text(bytes, entry.path);
            if (entry.flags != kCacheFlags || name.empty() || path.empty()) continue;
            if ((entry.hardware == 0) == is_for_all) libraries.emplace(name, path);
        }
    }
    return libraries;
}

std::vector<std::string> folders_of(std::string_view list, const std::string& origin, std::string_view separators) {
    std::vector<std::string> folders;
    if (list.empty()) return folders;
    const auto platform = reinterpret_cast<const char*>(::getauxval(AT_PLATFORM));
    const std::string library_folder = std::string_view(kUsualFolders[0]).substr(1).data();
    for (;;) {
        const std::size_t end = std::min(list.find_first_of(separators), list.size());
        std::string folder(list.substr(0, end));
        replace_token(folder, "ORIGIN", origin);
        replace_token(folder, "LIB", library_folder);
        replace_token(folder, "PLATFORM", platform != nullptr ? platform : "");
        folders.push_back(std::move(folder));
        if (end == list.size()) return folders;
        list.remove_prefix(end + 1);
    }
}

LibrarySearch::LibrarySearch(std::string environment_folders, std::string_view cache)
    : environment_folders_(std::move(environment_folders)), cache_(libraries_in_cache(cache)) {}

LibrarySearch LibrarySearch::of_process() {
    constexpr std::size_t kMostOfCache = std::size_t{16} << 20;
    const auto cache = InputFile::open("/etc/ld.so.cache");
    const char* const variable = std::getenv("LD_LIBRARY_PATH");
    return {variable != nullptr ? variable : "", cache ? cache->read_start(kMostOfCache) : std::string()};
}

LibrarySearch LibrarySearch::without_environment() const {
    LibrarySearch search = *this;
    search.environment_folders_.clear();
    return search;
}

std::optional<FoundLibrary> LibrarySearch::find(const std::string& name,
                                                const std::vector<Requester>& requesters) const {
    if (name.find('/') != std::string::npos) {
        if (!is_for_this_machine(name)) return std::nullopt;
        return FoundLibrary{name, "its path"};
    }
    const bool has_runpath = !requesters.empty() && !requesters.front().runpath.empty();
    for (const Requester& requester : requesters) {
        if (has_runpath) break;  // of who needs it: then no DT_RPATH counts
        if (!requester.runpath.empty()) continue;
        if (auto path = file_in(folders_of(requester.rpath, requester.folder), name))
            return FoundLibrary{*std::move(path), "DT_RPATH"};
    }
    const std::string program_folder = requesters.empty() ? std::string() : requesters.back().folder;
    if (auto path = file_in(folders_of(environment_folders_, program_folder, ":;"), name))
        return FoundLibrary{*std::move(path), "LD_LIBRARY_PATH"};
    if (has_runpath) {
        if (auto path = file_in(folders_of(requesters.front().runpath, requesters.front().folder), name))
            return FoundLibrary{*std::move(path), "DT_RUNPATH"};
    }
    if (const auto cached = cache_.find(name); cached != cache_.end() && is_for_this_machine(cached->second))
        return FoundLibrary{cached->second, "ldconfig"};
    if (auto path = file_in({std::begin(kUsualFolders), std::end(kUsualFolders)}, name))
        return FoundLibrary{*std::move(path), "the usual folders"};
    return std::nullopt;
}

}  // namespace opennvsci::tool
