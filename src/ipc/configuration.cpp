// SPDX-License-Identifier: Apache-2.0
#include "ipc/configuration.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstdlib>
#include <cstring>
#include <system_error>

#include "base/log.h"
#include "base/unique_fd.h"

namespace opennvsci::ipc {
namespace {

// The shipped channels of nvsciipc.md 11.2.1, and the further ones that the stream samples expect.
constexpr std::string_view kBuiltIn =
    "INTER_PROCESS ipc_test_0 ipc_test_1 64 1536\n"
    "INTER_PROCESS ipc_test_a_0 ipc_test_a_1 64 1536\n"
    "INTER_PROCESS ipc_test_b_0 ipc_test_b_1 64 1536\n"
    "INTER_PROCESS ipc_test_c_0 ipc_test_c_1 64 1536\n"
    "INTER_THREAD itc_test_0 itc_test_1 64 1536\n"
    "INTER_PROCESS nvscistream_0 nvscistream_1 16 24576\n"
    "INTER_PROCESS nvscistream_2 nvscistream_3 16 24576\n"
    "INTER_PROCESS nvscistream_4 nvscistream_5 16 24576\n"
    "INTER_PROCESS nvscistream_6 nvscistream_7 16 24576\n"
    "INTER_PROCESS nvscistream_8 nvscistream_9 16 24576\n"
    "INTER_PROCESS nvscistream_10 nvscistream_11 16 24576\n"
    "INTER_PROCESS nvscistream_12 nvscistream_13 16 24576\n"
    "INTER_PROCESS nvscistream_14 nvscistream_15 16 24576\n"
    "INTER_PROCESS nvscisync_a_0 nvscisync_a_1 16 24576\n"
    "INTER_PROCESS nvscisync_b_0 nvscisync_b_1 16 24576\n"
    "INTER_PROCESS nvscisync_c_0 nvscisync_c_1 16 24576\n"
    "INTER_PROCESS nvscisync_d_0 nvscisync_d_1 16 24576\n"
    "INTER_PROCESS nvscibuf_ipc_A_B nvscibuf_ipc_B_A 16 24576\n"
    "INTER_PROCESS nvscibuf_ipc_B_C nvscibuf_ipc_C_B 16 24576\n"
    "INTER_PROCESS nvscibuf_ipc_A_D nvscibuf_ipc_D_A 16 24576\n"
    "INTER_PROCESS nvscibuf_ipc_B_E nvscibuf_ipc_E_B 16 24576\n"
    "INTER_PROCESS nvmap_sciipc_1 nvmap_sciipc_2 16 24576\n"
    "INTER_PROCESS nvmap_sciipc_3 nvmap_sciipc_4 16 24576\n";

constexpr std::size_t kMostBytes = std::size_t{1} << 20;  // 500 endpoints need 30,000

std::vector<std::string_view> fields_of(std::string_view line) {
    constexpr std::string_view kSeparators = " \t\r\v\f,";
    std::vector<std::string_view> fields;
    for (std::size_t at = 0; (at = line.find_first_not_of(kSeparators, at)) != std::string_view::npos;) {
        const std::size_t end = std::min(line.find_first_of(kSeparators, at), line.size());
        fields.push_back(line.substr(at, end - at));
        at = end;
    }
    return fields;
}

std::optional<std::uint32_t> number_of(std::string_view text) {
    std::uint32_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
    return number;
}

// The text of a file; on failure errno says why.
std::optional<std::string> read_file(const std::string& path) {
    const UniqueFd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
    if (!file) return std::nullopt;
    struct stat status {};
    if (::fstat(file.get(), &status) != 0) return std::nullopt;
    if (!S_ISREG(status.st_mode)) {
        errno = EINVAL;
        return std::nullopt;
    }
    std::string text;
    std::array<char, 4096> part{};
    for (;;) {
        const ssize_t count = ::read(file.get(), part.data(), part.size());
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) return std::nullopt;
        if (count == 0) return text;
        text.append(part.data(), static_cast<std::size_t>(count));
        if (text.size() > kMostBytes) {
            errno = EFBIG;
            return std::nullopt;
        }
    }
}

// Where a file is looked for without being named, in this order.
std::vector<std::string> usual_places() {
    std::vector<std::string> places;
    const char* const configuration = std::getenv("XDG_CONFIG_HOME");
    const char* const home = std::getenv("HOME");
    if (configuration != nullptr && configuration[0] == '/') {
        places.push_back(std::string(configuration) + "/opennvsci/nvsciipc.cfg");
    } else if (home != nullptr && home[0] == '/') {
        places.push_back(std::string(home) + "/.config/opennvsci/nvsciipc.cfg");
    }
    places.emplace_back("/etc/nvsciipc.cfg");
    return places;
}

}  // namespace

Result<Configuration> Configuration::load() {
    if (const char* const named = std::getenv("OPENNVSCI_IPC_CFG"); named != nullptr && named[0] != '\0') {
        const auto text = read_file(named);
        if (text) return parse(*text, named);
        return fail(NvSciError_NotPermitted, fmt::format("the channel configuration {} that OPENNVSCI_IPC_CFG names "
                                                         "cannot be read: {}",
                                                         named, std::strerror(errno)));
    }
    for (const std::string& place : usual_places()) {
        const auto text = read_file(place);
        if (text) return parse(*text, place);
        if (errno == ENOENT || errno == ENOTDIR) continue;
        log::write(log::Level::warning,
                   fmt::format("the channel configuration {} cannot be read and is passed over: {}", place,
                               std::strerror(errno)));
    }
    return parse(kBuiltIn, "the built-in list");
}

Configuration Configuration::parse(std::string_view text, std::string_view origin) {
    Configuration made;
    made.origin_ = origin;
    for (std::size_t line_number = 1; !text.empty(); ++line_number) {
        const std::size_t end = std::min(text.find('\n'), text.size());
        const std::string_view line = text.substr(0, end);
        text.remove_prefix(std::min(end + 1, text.size()));
        const auto fields = fields_of(line.substr(0, line.find('#')));
        if (fields.empty()) continue;
        if (const std::string problem = made.add(fields); !problem.empty()) {
            log::write(log::Level::warning,
                       fmt::format("{}, line {}, is ignored: {}", made.origin_, line_number, problem));
        }
    }
    return made;
}

std::optional<Channel> Configuration::channel_of(const std::vector<std::string_view>& fields) {
    Configuration made;
    if (fields.empty() || !made.add(fields).empty()) return std::nullopt;
    return std::move(made.channels_.front());
}

std::string Configuration::add(const std::vector<std::string_view>& fields) {
    Channel channel{Backend::other, std::string(fields[0]), {}, 0, 0};
    if (fields[0] == "INTER_THREAD") channel.backend = Backend::thread;
    if (fields[0] == "INTER_PROCESS") channel.backend = Backend::process;
    const std::size_t ends = channel.backend == Backend::other ? 1 : 2;
    if (fields.size() < ends + 1) return fmt::format("{} needs {}", fields[0], ends == 1 ? "a name" : "two names");
    for (std::size_t i = 0; i < ends; ++i) {
        const std::string_view name = fields[1 + i];
        if (name.size() > kLongestName)
            return fmt::format("the name {} has {} characters, at most {} are possible", name, name.size(),
                               kLongestName);
        if (search(name)) return fmt::format("there is an endpoint {} already, and the first one counts", name);
        channel.names[i] = name;
    }
    if (channel.backend == Backend::other) {  // kept with whatever follows the name, and refused when it is opened
        channels_.push_back(std::move(channel));
        return {};
    }
    if (channel.names[0] == channel.names[1]) return fmt::format("both ends are called {}", channel.names[0]);
    if (fields.size() != 5) {
        return fmt::format("{} takes two names, the number of frames and the size of a frame; here are {} fields",
                           fields[0], fields.size());
    }
    const auto frames = number_of(fields[3]);
    if (!frames || *frames < 1 || *frames > kMostFrames)
        return fmt::format("the number of frames is {}, and must be 1 to {}", fields[3], kMostFrames);
    const auto frame_size = number_of(fields[4]);
    if (!frame_size || *frame_size < 1 || *frame_size > kMostFrameSize || *frame_size % kFrameSizeUnit != 0) {
        return fmt::format("the size of a frame is {}, and must be a multiple of {} up to {}", fields[4],
                           kFrameSizeUnit, kMostFrameSize);
    }
    channel.frames = *frames;
    channel.frame_size = *frame_size;
    channels_.push_back(std::move(channel));
    return {};
}

std::optional<ChannelEnd> Configuration::search(std::string_view endpoint) const {
    if (endpoint.empty()) return std::nullopt;
    for (const Channel& channel : channels_) {
        for (const int side : {0, 1}) {
            if (channel.names[side] == endpoint) return ChannelEnd{channel, side};
        }
    }
    return std::nullopt;
}

Result<ChannelEnd> Configuration::find(std::string_view endpoint) const {
    const auto found = search(endpoint);
    if (found) return *found;
    return fail(
        NvSciError_NoSuchEntry,
        fmt::format("{} has no endpoint {}; OPENNVSCI_IPC_CFG can name another file of channels", origin_, endpoint));
}

}  // namespace opennvsci::ipc
