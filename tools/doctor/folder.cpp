// SPDX-License-Identifier: Apache-2.0
#include "doctor/folder.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/un.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <filesystem>
#include <string_view>
#include <system_error>
#include <utility>

namespace opennvsci::tool {
namespace {

constexpr unsigned kOthersMayWrite = 0022;
constexpr const char* kNameYourOwn = "name a folder of your own with OPENNVSCI_RUNTIME_DIR (mkdir -m 700)";
// The longest name of a file there: of an endpoint, with its ending.
constexpr std::size_t kLongestFileName = 80 + 8;

struct FileSystem {
    unsigned long number;  // of statfs
    const char* name;
    bool is_on_network;
};
constexpr FileSystem kFileSystems[] = {
    {0x01021994, "tmpfs", false},     {0xef53, "ext4", false},
    {0x58465342, "xfs", false},       {0x9123683e, "btrfs", false},
    {0x794c7630, "overlayfs", false}, {0x858458f6, "ramfs", false},
    {0x2fc12fc1, "zfs", false},       {0x6969, "nfs", true},
    {0xff534d42, "cifs", true},       {0xfe534d42, "smb2", true},
    {0x01021997, "9p", true},         {0x65735546, "fuse", true},
    {0x0bd00bd0, "lustre", true},     {0x00c36400, "ceph", true},
    {0x5346414f, "afs", true},
};

bool is_folder(const std::string& path) {
    struct stat status {};
    return ::stat(path.c_str(), &status) == 0 && S_ISDIR(status.st_mode);
}

bool names_user(std::string_view users, unsigned user) {
    bool is_named = false;
    while (!users.empty()) {
        const std::size_t end = std::min(users.find(','), users.size());
        std::string_view field = users.substr(0, end);
        users.remove_prefix(std::min(end + 1, users.size()));
        field.remove_prefix(std::min(field.find_first_not_of(' '), field.size()));
        unsigned number = 0;
        if (std::from_chars(field.data(), field.data() + field.size(), number).ec == std::errc() && number == user)
            is_named = true;
    }
    return is_named;
}

void look_at_file_system(FolderFacts& facts, const std::string& path) {
    struct statfs status {};
    if (::statfs(path.c_str(), &status) != 0) return;
    const auto number = static_cast<unsigned long>(status.f_type) & 0xffffffffUL;
    facts.file_system = fmt::format("{:#x}", number);
    for (const FileSystem& known : kFileSystems) {
        if (known.number != number) continue;
        facts.file_system = known.name;
        facts.is_on_network = known.is_on_network;
    }
    struct statvfs room {};
    const bool counts_files = ::statvfs(path.c_str(), &room) == 0 && room.f_files > 0;
    facts.has_room = !counts_files || room.f_favail > 0;
}

// As a shell takes it, if it has to be quoted.
std::string shell_word(const std::string& text) {
    constexpr std::string_view kPlain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/._-";
    if (!text.empty() && text.find_first_not_of(kPlain) == std::string::npos) return text;
    std::string word = "'";
    for (const char c : text)
        word += c == '\'' ? std::string("'\\''") : std::string(1, c);
    return word + "'";
}

// Rights are to be taken away only from a folder that nothing but OpenNvSci makes: another one may serve others too.
std::string remedy_of_mode(const FolderFacts& facts) {
    const bool is_ours = facts.is_usual && facts.owner == facts.user && (facts.mode & S_ISVTX) == 0;
    return is_ours ? fmt::format("chmod 700 {}", shell_word(facts.path)) : kNameYourOwn;
}

void check_rights(Findings& findings, const FolderFacts& facts) {
    const std::string found = fmt::format("{}, of user {}, mode {:04o}", facts.path, facts.owner, facts.mode);
    if (facts.owner != facts.user && !facts.allows_owner) {
        findings.problem(
            "owner", found, fmt::format("user {}, who runs this", facts.user),
            "name another folder with OPENNVSCI_RUNTIME_DIR, or the owner with OPENNVSCI_IPC_ALLOWED_UIDS");
    } else if (!facts.allows_others && (facts.mode & kOthersMayWrite) != 0) {
        findings.problem("mode", found, "no right to write for others: 0700", remedy_of_mode(facts));
    } else if (!facts.can_write) {
        findings.problem("mode", found, "this user writes there", "name another folder with OPENNVSCI_RUNTIME_DIR");
    } else {
        findings.ok("folder", found);
    }
}

// Sockets are named by /proc, where a path may have any length.
void check_length(Findings& findings, const FolderFacts& facts) {
    constexpr std::size_t kLongest = sizeof(sockaddr_un::sun_path) - 2 - kLongestFileName;
    if (facts.has_proc || facts.path.size() <= kLongest) return;
    findings.problem("length of the path", fmt::format("{} bytes, and no /proc", facts.path.size()),
                     fmt::format("at most {}: addresses of sockets are short", kLongest),
                     "name a shorter one with OPENNVSCI_RUNTIME_DIR, or mount /proc");
}

}  // namespace

std::string runtime_folder(const Environment& environment) {
    if (const std::string named = value_of(environment, "OPENNVSCI_RUNTIME_DIR"); !named.empty()) return named;
    std::string session = value_of(environment, "XDG_RUNTIME_DIR");
    if (!session.starts_with('/') || !is_folder(session)) return fmt::format("/tmp/opennvsci-{}", ::geteuid());
    while (session.size() > 1 && session.back() == '/')
        session.pop_back();
    return session + "/opennvsci";
}

FolderFacts look_at_folder(const Environment& environment) {
    FolderFacts facts;
    facts.path = runtime_folder(environment);
    facts.is_usual = value_of(environment, "OPENNVSCI_RUNTIME_DIR").empty();
    facts.user = ::geteuid();
    const std::string allowed = value_of(environment, "OPENNVSCI_IPC_ALLOWED_UIDS");
    facts.allows_others = allowed.find_first_not_of(" ,") != std::string::npos;
    struct stat status {};
    facts.is_there = ::lstat(facts.path.c_str(), &status) == 0;
    std::string looked_at = facts.path;
    if (facts.is_there) {
        facts.is_folder = S_ISDIR(status.st_mode);
        facts.mode = status.st_mode & 07777U;
        facts.owner = status.st_uid;
        facts.allows_owner = names_user(allowed, facts.owner);
    } else {
        looked_at = std::filesystem::path(facts.path).parent_path().string();
        if (looked_at.empty()) looked_at = ".";
    }
    facts.can_write = ::faccessat(AT_FDCWD, looked_at.c_str(), W_OK | X_OK, AT_EACCESS) == 0;
    look_at_file_system(facts, looked_at);
    facts.has_proc = ::stat("/proc/self/fd", &status) == 0;
    const std::string session = value_of(environment, "XDG_RUNTIME_DIR");
    if (!session.empty() && !is_folder(session)) facts.lost_session = session;
    return facts;
}

std::vector<Finding> check_folder(const FolderFacts& facts) {
    Findings findings("runtime folder");
    if (facts.is_there && !facts.is_folder) {
        findings.problem("folder", fmt::format("{} is something else, or a link", facts.path), "a folder",
                         kNameYourOwn);
        return std::move(findings).take();
    }
    if (facts.is_there) {
        check_rights(findings, facts);
    } else if (facts.can_write) {
        findings.ok("folder", fmt::format("{} is not there; the first program makes it", facts.path));
    } else {
        findings.problem("folder", fmt::format("{} is not there and cannot be made", facts.path),
                         "a folder in which this user may make one",
                         "make it (mkdir -m 700), or name another one with OPENNVSCI_RUNTIME_DIR");
    }
    if (facts.is_on_network) {
        findings.note("file system", facts.file_system,
                      "one of this machine: programs of other machines are not reached, and sockets may be refused",
                      "name a folder in tmpfs with OPENNVSCI_RUNTIME_DIR");
    } else if (!facts.file_system.empty()) {
        findings.ok("file system", facts.file_system);
    }
    if (!facts.has_room) {
        findings.problem("file system", "has no room for one more file", "the files of an endpoint that is opened",
                         kNameYourOwn);
    }
    check_length(findings, facts);
    if (!facts.lost_session.empty() && facts.is_usual) {
        findings.note("XDG_RUNTIME_DIR", fmt::format("{} is no folder", facts.lost_session),
                      "the session's folder: programs that have another one meet somewhere else",
                      "log in anew, or name a folder for all with OPENNVSCI_RUNTIME_DIR");
    }
    return std::move(findings).take();
}

}  // namespace opennvsci::tool
