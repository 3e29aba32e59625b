// SPDX-License-Identifier: Apache-2.0
#include "output.h"

#include <fcntl.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <nlohmann/json.hpp>

namespace opennvsci::tool {
namespace {

constexpr int kJsonFormatVersion = 1;
constexpr std::size_t kUsualWidth = 80;
constexpr std::size_t kLeastWidth = 40;  // of less no table can be read

int g_first_error = 0;

void note_error(bool has_worked) {
    if (!has_worked && g_first_error == 0) g_first_error = errno;
}

// Controls, and what turns the direction of writing or has no width.
bool is_unseen(std::uint32_t point) {
    return point < 0x20 || (point >= 0x7f && point < 0xa0) || (point >= 0x200b && point <= 0x200f) ||
           (point >= 0x2028 && point <= 0x202e) || (point >= 0x2060 && point <= 0x206f) || point == 0xfeff;
}

// The bytes of the UTF-8 character that the text begins with; 0 if it is none, or one that is not to be shown.
std::size_t printable_length(std::string_view text) {
    constexpr std::uint32_t kLeast[] = {0, 0, 0x80, 0x800, 0x10000};
    const auto first = static_cast<unsigned char>(text[0]);
    const std::size_t length = first < 0x80 ? 1 : first < 0xc0 ? 0 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
    if (length == 0 || length > text.size() || first >= 0xf8) return 0;
    std::uint32_t point = length == 1 ? first : first & (0x7fU >> length);
    for (const char byte : text.substr(1, length - 1)) {
        if ((byte & 0xc0) != 0x80) return 0;
        point = point << 6 | (static_cast<unsigned char>(byte) & 0x3fU);
    }
    const bool is_character = point >= kLeast[length] && point <= 0x10ffff && (point < 0xd800 || point >= 0xe000);
    return is_character && !is_unseen(point) ? length : 0;
}

}  // namespace

void keep_standard_descriptors() {
    for (const int descriptor : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
        if (::fcntl(descriptor, F_GETFD) >= 0 || errno != EBADF) continue;
        // It gets this number, the lowest that is free; reading of stdin and writing of the others fail, as before.
        const int mode = descriptor == STDIN_FILENO ? O_WRONLY : O_RDONLY;
        [[maybe_unused]] const int opened = ::open("/dev/null", mode | O_CLOEXEC);
    }
}

void print_text(std::string_view text) {
    note_error(std::fwrite(text.data(), 1, text.size(), stdout) == text.size());
}

void print_json(const Json& fields) {
    Json all{{"format_version", kJsonFormatVersion}};
    all.update(fields);
    print_json_value(all);
}

// Names of files and devices that are no UTF-8 must not end the tool, nor steer a terminal.
std::string json_text(const Json& value) {
    return value.dump(2, ' ', true, Json::error_handler_t::replace);
}

void print_json_value(const Json& value) {
    print("{}\n", json_text(value));
}

std::string printable(std::string_view text) {
    std::string shown;
    while (!text.empty()) {
        const std::size_t length = printable_length(text);
        shown += length == 0 ? "?" : text.substr(0, length);
        text.remove_prefix(std::max<std::size_t>(length, 1));
    }
    return shown;
}

std::string shortened(std::string text, std::size_t most) {
    constexpr std::string_view kMore = "…";
    if (text.size() <= most) return text;
    std::size_t kept = most - kMore.size();
    while (kept > 0 && (text[kept] & 0xc0) == 0x80)
        --kept;  // inside of a character
    text.resize(kept);
    return text.append(kMore);
}

void flush_output() {
    note_error(std::fflush(stdout) == 0);
}

Result<> finish_output() {
    flush_output();
    if (g_first_error == 0) return {};
    if (g_first_error == EPIPE) return fail("");
    return fail(fmt::format("cannot write the output: {}", std::strerror(g_first_error)));
}

std::size_t terminal_width() {
    std::size_t width = 0;
    if (const char* const columns = std::getenv("COLUMNS")) {
        std::from_chars(columns, columns + std::strlen(columns), width);
    }
    winsize size{};
    if (width == 0 && ::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0) width = size.ws_col;
    return width == 0 ? kUsualWidth : std::max(width, kLeastWidth);
}

}  // namespace opennvsci::tool
