// SPDX-License-Identifier: Apache-2.0
#include "trace/event.h"

#include <fmt/format.h>

#include "attr/printable.h"

namespace opennvsci::trace {

Members& Members::add(std::string_view key, std::string_view json) {
    json_ += fmt::format("{}\"{}\":{}", json_.empty() ? "" : ",", key, json);
    return *this;
}

Members& Members::text(std::string_view key, std::string_view value) {
    constexpr std::size_t kLongest = 1000;  // so that a line stays far below what a write to a file may split
    std::string quoted{'"'};
    for (const char byte : attr::shortened(attr::printable(value), kLongest)) {
        if (byte == '"' || byte == '\\') quoted += '\\';
        quoted += byte;
    }
    return add(key, quoted += '"');
}

Members& Members::number(std::string_view key, std::uint64_t value) {
    return add(key, fmt::format("{}", value));
}

Members& Members::address(std::string_view key, std::uint64_t value) {
    return add(key, fmt::format("\"{:#x}\"", value));
}

Members& Members::time(std::string_view key, std::uint64_t nanoseconds) {
    return add(key, fmt::format("{}.{:03}", nanoseconds / 1000, nanoseconds % 1000));
}

Members& Members::object(std::string_view key, const Members& members) {
    return add(key, fmt::format("{{{}}}", members.json()));
}

Members event(const char* phase, std::string_view name, std::string_view category, Track track) {
    Members members;
    members.text("name", name).text("cat", category).text("ph", phase);
    members.number("pid", track.process).number("tid", track.thread);
    return members;
}

Members naming(const char* kind, std::string_view name, Track track) {
    return event("M", kind, "__metadata", track).object("args", Members().text("name", name));
}

std::string line(const Members& members) {
    return fmt::format("{{{}}},\n", members.json());
}

}  // namespace opennvsci::trace
