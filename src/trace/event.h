// SPDX-License-Identifier: Apache-2.0
//
// Event: one event of the trace event format as a line of JSON. Its texts may come from anybody: they are printable
// UTF-8, of a bounded length, and escaped.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace opennvsci::trace {

/// Where an event stands: the numbers of a process and of a thread, or of what is shown as one (trace/tracks.h).
struct Track {
    std::uint32_t process;
    std::uint32_t thread;
};

/// The members of a JSON object, without its braces. One for which memory lacks is not there, and the others are.
class Members {
  public:
    Members& text(std::string_view key, std::string_view value);
    Members& number(std::string_view key, std::uint64_t value);
    /// "0x2a": a viewer reads numbers of 64 bits with 53.
    Members& address(std::string_view key, std::uint64_t value);
    /// Microseconds, as the format has them.
    Members& time(std::string_view key, std::uint64_t nanoseconds);
    Members& object(std::string_view key, const Members& members);

    [[nodiscard]] const std::string& json() const noexcept { return json_; }

  private:
    Members& add(std::string_view key, std::string_view json);

    std::string json_;
};

/// The members that all events have; `phase` is the format's letter.
[[nodiscard]] Members event(const char* phase, std::string_view name, std::string_view category, Track track);

/// An event without a time that names a process or a thread; `kind` is "process_name" or "thread_name".
[[nodiscard]] Members naming(const char* kind, std::string_view name, Track track);

/// The line of an event.
[[nodiscard]] std::string line(const Members& members);

}  // namespace opennvsci::trace
