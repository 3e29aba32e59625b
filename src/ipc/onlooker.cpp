// SPDX-License-Identifier: Apache-2.0
#include "ipc/onlooker.h"

#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstddef>
#include <cstring>
#include <memory>
#include <string_view>

#include "base/os.h"
#include "ipc/open_names.h"

namespace opennvsci::ipc::overview {
namespace {

constexpr int kMostLooks = 3;                 // at an endpoint that changes while it is looked at
constexpr std::size_t kMostDescribed = 4096;  // files of a folder; 500 endpoints of a process have 1,500
constexpr std::string_view kLockEnding = ".lock";

struct CloseFolder {
    void operator()(DIR* folder) const noexcept { ::closedir(folder); }
};

}  // namespace

std::string program_of(pid_t process) {
    const UniqueFd file(::open(fmt::format("/proc/{}/comm", process).c_str(), O_RDONLY | O_CLOEXEC));
    std::array<char, 64> text{};
    const ssize_t count = file ? ::read(file.get(), text.data(), text.size()) : 0;
    if (count <= 0) return {};
    std::string name(text.data(), static_cast<std::size_t>(count));
    name.resize(std::min(name.find('\n'), name.size()));
    // A process calls itself what it likes, and this is shown on terminals.
    for (char& letter : name)
        letter = letter >= ' ' && letter <= '~' ? letter : '?';
    return name;
}

Result<Onlooker> Onlooker::create(RuntimeFolder folder, AllowedUsers users) {
    // Every memory file is on one device, which nothing can be mounted on.
    OPENNVSCI_TRY_ASSIGN(example, os::create_memory_file("opennvsci-device", os::kPageSize));
    struct stat status {};
    if (::fstat(example.get(), &status) != 0) return os::os_error("fstat");
    return Onlooker(std::move(folder), std::move(users), status.st_dev);
}

Result<Onlooker::LockFile> Onlooker::look_at(const std::string& stem) const {
    Result<LockFile> seen = LockFile{LockFile::Hold::own, 0, {}};
    OpenName::unless_open_here(stem, [&] { seen = look_at_others(stem); });
    return seen;
}

Result<Onlooker::LockFile> Onlooker::look_at_others(const std::string& stem) const {
    LockFile seen;
    const std::string name = stem + std::string(kLockEnding);
    const UniqueFd named(::openat(folder_.descriptor(), name.c_str(), O_PATH | O_CLOEXEC | O_NOFOLLOW));
    if (!named) {
        if (errno == EMFILE || errno == ENFILE) return os::os_error("open of " + name);
        if (errno == ENOENT) seen.hold = LockFile::Hold::nobody;
        return seen;
    }
    // Another name of the same file may be that of an endpoint of this process.
    struct stat status {};
    if (::fstat(named.get(), &status) != 0 || !S_ISREG(status.st_mode) || !users_.allows(status.st_uid) ||
        status.st_nlink != 1)
        return seen;
    const UniqueFd file(
        ::open(fmt::format("/proc/self/fd/{}", named.get()).c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
    if (!file) {
        if (errno == EMFILE || errno == ENFILE) return os::os_error("open of " + name);
        return seen;
    }
    struct flock lock {};
    lock.l_type = F_WRLCK;
    lock.l_whence = SEEK_SET;
    if (::fcntl(file.get(), F_GETLK, &lock) != 0) return seen;
    seen.hold = lock.l_type == F_UNLCK ? LockFile::Hold::nobody : LockFile::Hold::another;
    if (seen.hold == LockFile::Hold::nobody) return seen;
    seen.owner = std::max<pid_t>(lock.l_pid, 0);  // not that of a process: held in another way than by this library
    std::array<char, Description::kBytes> text{};
    const ssize_t count = ::pread(file.get(), text.data(), text.size(), 0);
    seen.text.assign(text.data(), static_cast<std::size_t>(std::max<ssize_t>(count, 0)));
    return seen;
}

Result<EndpointView> Onlooker::look(const ChannelEnd& end) const {
    EndpointView view;
    view.name = end.name();
    const std::string stem = file_stem(end.name());
    OPENNVSCI_TRY_ASSIGN(file, look_at(stem));
    for (int looks = 1; file.hold == LockFile::Hold::another; ++looks) {
        view.condition = Condition::open;
        view.owner = file.owner;
        view.program = file.owner == 0 ? "" : program_of(file.owner);
        view.session = 0;
        view.waiting.reset();
        const auto description = Description::read(file.text);
        // An owner with another configuration may have another channel of the same name.
        const bool is_described =
            description && description->end.name() == end.name() && description->end.peer_name() == end.peer_name();
        if (is_described) {
            view.condition = condition_of(description->activity.state);
            view.session = description->activity.session;
            view.waiting = waiting_at(file.owner, *description);
        }
        OPENNVSCI_TRY_ASSIGN(again, look_at(stem));
        const bool is_same = again == file;
        file = std::move(again);
        if (is_same && (view.waiting || !is_described || file.owner == 0)) return view;
        if (looks < kMostLooks) continue;
        if (!is_same) view.waiting.reset();
        if (file.hold == LockFile::Hold::another) return view;
    }
    view.condition = file.hold == LockFile::Hold::nobody ? Condition::not_open
                     : file.hold == LockFile::Hold::own  ? Condition::open
                                                         : Condition::unknown;
    view.is_own = file.hold == LockFile::Hold::own;
    view.owner = view.is_own ? ::getpid() : 0;
    view.program = view.is_own ? program_of(::getpid()) : "";
    view.session = 0;
    view.waiting.reset();
    return view;
}

// The number of the descriptor comes from the owner, who may be anybody: the file behind it must not be opened, nor
// asked for anything that its file system could take its time for, before it is known to be memory. Such memory is
// sealed against shrinking, and is read and not mapped.
std::optional<Waiting> Onlooker::waiting_at(pid_t owner, const Description& description) const {
    const Activity& activity = description.activity;
    if (activity.session == 0) return Waiting{};
    if (owner == 0 || activity.memory < 0) return std::nullopt;
    const std::string path = fmt::format("/proc/{}/fd/{}", owner, activity.memory);
    std::array<char, 32> target{};
    const ssize_t length = ::readlink(path.c_str(), target.data(), target.size());
    if (length < 0 || !std::string_view(target.data(), static_cast<std::size_t>(length)).starts_with("/memfd:"))
        return std::nullopt;
    const UniqueFd name(::open(path.c_str(), O_PATH | O_CLOEXEC));
    struct statx status {};
    if (!name || ::statx(name.get(), "", AT_EMPTY_PATH | AT_STATX_DONT_SYNC, STATX_TYPE | STATX_INO, &status) != 0)
        return std::nullopt;
    if (::makedev(status.stx_dev_major, status.stx_dev_minor) != memory_device_ || !S_ISREG(status.stx_mode) ||
        status.stx_ino != description.memory_number)
        return std::nullopt;
    const UniqueFd file(::open(fmt::format("/proc/self/fd/{}", name.get()).c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
    const Shape shape{description.end.channel.frames, description.end.channel.frame_size};
    if (!file || !os::check_memory_file(file.get(), RingMemory::bytes_for(shape), RingMemory::bytes_for(shape), false))
        return std::nullopt;
    std::array<std::byte, 2 * sizeof(SideWords)> bytes{};
    if (::pread(file.get(), bytes.data(), bytes.size(), 0) != static_cast<ssize_t>(bytes.size())) return std::nullopt;
    const auto words_of = [&](int side) {
        const auto word = [&](std::size_t offset) {
            std::uint64_t value = 0;
            std::memcpy(&value, bytes.data() + static_cast<std::size_t>(side) * sizeof(SideWords) + offset,
                        sizeof(value));
            return value;
        };
        return Words{word(offsetof(SideWords, written)), word(offsetof(SideWords, read)),
                     word(offsetof(SideWords, taken)), word(offsetof(SideWords, sent))};
    };
    return waiting_for(words_of(activity.side), words_of(1 - activity.side), activity.state, shape);
}

Result<std::vector<Channel>> Onlooker::described_channels() const {
    std::vector<Channel> channels;
    UniqueFd copy(::openat(folder_.descriptor(), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!copy) return os::os_error("open of " + folder_.path());
    const std::unique_ptr<DIR, CloseFolder> folder(::fdopendir(copy.get()));
    if (!folder) return os::os_error("fdopendir");
    static_cast<void>(copy.release());  // it is the stream's now
    for (std::size_t count = 0; count < kMostDescribed; ++count) {
        const dirent* const entry = ::readdir(folder.get());
        if (entry == nullptr) break;
        const std::string_view name = entry->d_name;
        if (!name.ends_with(kLockEnding)) continue;
        const std::string stem(name.substr(0, name.size() - kLockEnding.size()));
        OPENNVSCI_TRY_ASSIGN(file, look_at(stem));
        if (file.hold != LockFile::Hold::another) continue;
        auto description = Description::read(file.text);
        if (description && file_stem(description->end.name()) == stem)
            channels.push_back(std::move(description->end.channel));
    }
    return channels;
}

}  // namespace opennvsci::ipc::overview
