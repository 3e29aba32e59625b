// SPDX-License-Identifier: Apache-2.0
#include "output.h"

#include <fcntl.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <nlohmann/json.hpp>

#include "utf8.h"

namespace opennvsci::tool {
namespace {

constexpr int kJsonFormatVersion = 1;
constexpr std::size_t kUsualWidth = 80;
constexpr std::size_t kLeastWidth = 40;  // of less no table can be read

int g_first_error = 0;

void note_error(bool has_worked) {
    if (!has_worked && g_first_error == 0) g_first_error = errno;
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
    utf8::for_each_character(text, [&](std::string_view bytes, utf8::Sight sight) {
        if (sight == utf8::Sight::seen) {
            shown += bytes;
        } else {
            shown.append(bytes.size(), '?');
        }
    });
    return shown;
}

std::string shortened(std::string text, std::size_t most) {
    constexpr std::string_view kMore = "…";
    if (text.size() <= most) return text;
    text.resize(utf8::cut(text, most - kMore.size()));
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
