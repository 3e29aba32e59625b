// SPDX-License-Identifier: Apache-2.0
#include "ipc/description.h"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <system_error>
#include <vector>

namespace opennvsci::ipc {
namespace {

/// The words of the line that begins with `key`, without it.
std::vector<std::string_view> words_behind(std::string_view text, std::string_view key) {
    std::vector<std::string_view> words;
    while (!text.empty()) {
        const std::size_t end = std::min(text.find('\n'), text.size());
        std::string_view line = text.substr(0, end);
        text.remove_prefix(std::min(end + 1, text.size()));
        if (!line.starts_with(key) || line.substr(key.size(), 1) != " ") continue;
        line.remove_prefix(key.size());
        while (!line.empty()) {
            line.remove_prefix(1);
            const std::size_t length = std::min(line.find(' '), line.size());
            words.push_back(line.substr(0, length));
            line.remove_prefix(length);
        }
        return words;
    }
    return words;
}

template <class Number>
bool read_number(std::string_view text, Number& number, int base = 10) {
    const auto [last, error] = std::from_chars(text.data(), text.data() + text.size(), number, base);
    return error == std::errc{} && last == text.data() + text.size();
}

std::optional<State> state_named(std::string_view name) {
    for (const State state : {State::closed, State::sync, State::ack, State::established}) {
        if (name == name_of(state)) return state;
    }
    return std::nullopt;
}

}  // namespace

std::array<char, Description::kBytes> Description::write(const ChannelEnd& end, const Activity& activity) noexcept {
    std::array<char, kBytes> text{};
    text.fill('\n');
    struct stat status {};
    const bool has_memory = activity.memory >= 0 && ::fstat(activity.memory, &status) == 0;
    const Channel& channel = end.channel;
    [[maybe_unused]] const auto written = fmt::format_to_n(
        text.data(), text.size(),
        "endpoint {}\npid {}\nstate {}\nsession {:016x}\nmemory {} {} {}\nchannel INTER_PROCESS {} {} {} {}\n",
        end.name(), ::getpid(), name_of(activity.state), activity.session, has_memory ? activity.memory : -1,
        status.st_ino, activity.side, channel.names[0], channel.names[1], channel.frames, channel.frame_size);
    return text;
}

std::optional<Description> Description::read(std::string_view text) {
    const auto endpoint = words_behind(text, "endpoint");
    const auto state = words_behind(text, "state");
    const auto session = words_behind(text, "session");
    const auto memory = words_behind(text, "memory");
    const auto channel = Configuration::channel_of(words_behind(text, "channel"));
    if (endpoint.size() != 1 || state.size() != 1 || session.size() != 1 || memory.size() != 3) return std::nullopt;
    if (!channel || channel->backend != Backend::process) return std::nullopt;
    Description found;
    found.end = {*channel, channel->names[0] == endpoint[0] ? 0 : 1};
    if (found.end.name() != endpoint[0]) return std::nullopt;
    const auto known = state_named(state[0]);
    const bool are_numbers = read_number(session[0], found.activity.session, 16) &&
                             read_number(memory[0], found.activity.memory) &&
                             read_number(memory[1], found.memory_number) && read_number(memory[2], found.activity.side);
    if (!known || !are_numbers || (found.activity.side != 0 && found.activity.side != 1)) return std::nullopt;
    found.activity.state = *known;
    return found;
}

}  // namespace opennvsci::ipc
