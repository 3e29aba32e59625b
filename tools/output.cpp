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

void print_json(const nlohmann::ordered_json& fields) {
    nlohmann::ordered_json all{{"format_version", kJsonFormatVersion}};
    all.update(fields);
    // Names of files and devices that are no UTF-8 must not end the tool, nor steer a terminal.
    print("{}\n", all.dump(2, ' ', true, nlohmann::ordered_json::error_handler_t::replace));
}

std::string printable(std::string text) {
    for (char& letter : text)
        letter = letter >= ' ' && letter <= '~' ? letter : '?';
    return text;
}

Result<> finish_output() {
    note_error(std::fflush(stdout) == 0);
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
