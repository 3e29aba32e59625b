// SPDX-License-Identifier: Apache-2.0
#include "ipc/runtime_folder.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstdlib>
#include <cstring>
#include <string_view>
#include <system_error>

#include "base/os.h"

namespace opennvsci::ipc {
namespace {

constexpr std::size_t kLongestStem = 80;  // with its ending and a folder's /proc path in front, a socket's address

bool is_folder(const std::string& path) {
    struct stat status {};
    return ::stat(path.c_str(), &status) == 0 && S_ISDIR(status.st_mode);
}

std::string folder_in(std::string parent, std::string_view name) {
    while (parent.size() > 1 && parent.back() == '/')
        parent.pop_back();
    return parent + "/" + std::string(name);
}

}  // namespace

// Whoever runs with rights that the user lacks makes no files where the user says, and lets nobody in for him:
// variables of such a program are not read.

Result<AllowedUsers> AllowedUsers::load() {
    AllowedUsers users;
    const char* const variable = ::secure_getenv("OPENNVSCI_IPC_ALLOWED_UIDS");
    std::string_view text = variable == nullptr ? std::string_view{} : std::string_view(variable);
    while (!text.empty()) {
        const std::size_t end = std::min(text.find(','), text.size());
        std::string_view field = text.substr(0, end);
        text.remove_prefix(std::min(end + 1, text.size()));
        while (!field.empty() && field.front() == ' ')
            field.remove_prefix(1);
        while (!field.empty() && field.back() == ' ')
            field.remove_suffix(1);
        if (field.empty()) continue;
        uid_t user = 0;
        const auto [last, error] = std::from_chars(field.data(), field.data() + field.size(), user);
        if (error != std::errc{} || last != field.data() + field.size()) {
            return fail(NvSciError_NotPermitted,
                        fmt::format("OPENNVSCI_IPC_ALLOWED_UIDS has \"{}\", which is no number of a user", field));
        }
        if (user != ::geteuid()) users.others_.push_back(user);
    }
    return users;
}

bool AllowedUsers::allows(uid_t user) const noexcept {
    return user == ::geteuid() || std::find(others_.begin(), others_.end(), user) != others_.end();
}

std::string RuntimeFolder::usual_path() {
    const char* const named = ::secure_getenv("OPENNVSCI_RUNTIME_DIR");
    if (named != nullptr && named[0] != '\0') return named;
    // A session that has gone, or one made by su, leaves the variable without the folder.
    const char* const session = ::secure_getenv("XDG_RUNTIME_DIR");
    if (session != nullptr && session[0] == '/' && is_folder(session)) return folder_in(session, "opennvsci");
    return fmt::format("/tmp/opennvsci-{}", ::geteuid());
}

Result<RuntimeFolder> RuntimeFolder::open(const AllowedUsers& users) {
    const std::string path = usual_path();
    if (::mkdir(path.c_str(), 0700) != 0 && errno != EEXIST) {
        return fail(errno == EMFILE || errno == ENOSPC ? NvSciError_ResourceError : NvSciError_NotPermitted,
                    fmt::format("the folder {}, in which endpoints find each other, cannot be made: {} "
                                "(OPENNVSCI_RUNTIME_DIR names another one)",
                                path, std::strerror(errno)));
    }
    OPENNVSCI_TRY_ASSIGN(found, find(users));
    if (found) return std::move(*found);
    return fail(NvSciError_NotPermitted,
                fmt::format("the folder {}, in which endpoints find each other, was removed meanwhile", path));
}

Result<std::optional<RuntimeFolder>> RuntimeFolder::find(const AllowedUsers& users) {
    RuntimeFolder made;
    made.path_ = usual_path();
    made.folder_.reset(::open(made.path_.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    if (!made.folder_) {
        if (errno == ENOENT) return std::nullopt;
        if (errno == EMFILE || errno == ENFILE) return os::os_error("open of " + made.path_);
        return fail(NvSciError_NotPermitted,
                    fmt::format("{}, in which endpoints find each other, is no folder that can be opened: {}",
                                made.path_, std::strerror(errno)));
    }
    OPENNVSCI_TRY(made.check(users));
    return made;
}

Result<> RuntimeFolder::check(const AllowedUsers& users) const {
    struct stat status {};
    if (::fstat(folder_.get(), &status) != 0) return os::os_error("fstat");
    if (!users.allows(status.st_uid)) {
        return fail(NvSciError_NotPermitted,
                    fmt::format("the folder {}, in which endpoints find each other, belongs to user {} and not to user "
                                "{}: name another one with OPENNVSCI_RUNTIME_DIR",
                                path_, status.st_uid, ::geteuid()));
    }
    if (!users.has_others() && (status.st_mode & (S_IWGRP | S_IWOTH)) != 0) {
        return fail(NvSciError_NotPermitted,
                    fmt::format("others can write to the folder {}, in which endpoints find each other (mode {:o}): "
                                "take that right away (chmod go-w)",
                                path_, status.st_mode & 07777));
    }
    return {};
}

RuntimeFolder::Identity RuntimeFolder::identity() const {
    struct stat status {};
    if (::fstat(folder_.get(), &status) != 0) return {};
    return {path_, status.st_dev, status.st_ino};
}

UniqueFd RuntimeFolder::Identity::reopen() const noexcept {
    UniqueFd folder(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    struct stat status {};
    if (!folder || ::fstat(folder.get(), &status) != 0) return {};
    return status.st_dev == device && status.st_ino == number ? std::move(folder) : UniqueFd();
}

std::string file_stem(const std::string& endpoint) {
    std::string stem;
    for (const char letter : endpoint) {
        const bool is_plain = (letter >= 'a' && letter <= 'z') || (letter >= 'A' && letter <= 'Z') ||
                              (letter >= '0' && letter <= '9') || letter == '-' || letter == '_';
        if (is_plain) {
            stem += letter;
        } else {
            stem += fmt::format("%{:02X}", static_cast<unsigned char>(letter));
        }
    }
    if (stem.size() <= kLongestStem) return stem;
    std::uint64_t hash = 0xCBF29CE484222325;  // FNV-1a: two names of one configuration must differ, nobody forges them
    for (const char letter : endpoint)
        hash = (hash ^ static_cast<unsigned char>(letter)) * 0x100000001B3;
    return fmt::format("{}%%{:016x}", stem.substr(0, kLongestStem - 18), hash);
}

}  // namespace opennvsci::ipc
