// SPDX-License-Identifier: Apache-2.0
#include "explain/capture.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <climits>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <string>

#include "base/log.h"
#include "base/text_buffer.h"
#include "base/unique_fd.h"
#include "explain/caller.h"
#include "explain/json.h"
#include "explain/source_place.h"

namespace opennvsci::explain {
namespace {

struct Settings {
    std::array<char, PATH_MAX> path{};  // absolute: a program may change its folder. Empty: nothing is captured
    std::atomic_flag is_told;           // that it cannot be written
    std::atomic<bool> is_cut{false};    // the last line of this process has no end
};
constinit Settings g_settings;

// Before the program changes its environment or its folder. A program with rights that its user has not writes nothing.
[[gnu::constructor]] void read_settings() {
    const int saved_errno = errno;
    const char* const wanted = ::secure_getenv("OPENNVSCI_CAPTURE");
    if (wanted == nullptr || *wanted == '\0') return;
    auto& path = g_settings.path;
    if (*wanted != '/' && ::getcwd(path.data(), path.size()) == nullptr) path[0] = '\0';
    const std::size_t folder = std::strlen(path.data());
    const char* const separator = *wanted == '/' ? "" : "/";
    const int length = std::snprintf(path.data() + folder, path.size() - folder, "%s%s", separator, wanted);
    if (length < 0 || static_cast<std::size_t>(length) >= path.size() - folder) path[0] = '\0';
    errno = saved_errno;
}

void tell_once(const char* what, int error) noexcept {
    if (g_settings.is_told.test_and_set()) return;
    const TextBuffer<PATH_MAX + 256> text{"OPENNVSCI_CAPTURE: ",
                                          g_settings.path.data(),
                                          ": ",
                                          what,
                                          error != 0 ? ": " : "",
                                          error != 0 ? std::strerror(error) : "",
                                          ": negotiations are not captured"};
    log::write(log::Level::warning, text.view());
}

// A pipe or a device could keep the program waiting.
UniqueFd open_file() noexcept {
    UniqueFd file(
        ::open(g_settings.path.data(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NONBLOCK | O_NOCTTY, 0600));
    if (!file) {
        tell_once("cannot be opened", errno);
        return file;
    }
    struct stat status {};
    if (::fstat(file.get(), &status) == 0 && S_ISREG(status.st_mode)) return file;
    tell_once("is no regular file", 0);
    return UniqueFd();
}

// One write, so that the lines of several processes stay whole.
void append(std::string line) {
    const UniqueFd file = open_file();
    if (!file) return;
    if (g_settings.is_cut.exchange(false)) line.insert(line.begin(), '\n');
    const ssize_t written = ::write(file.get(), line.data(), line.size());
    if (written == static_cast<ssize_t>(line.size())) return;
    g_settings.is_cut = written > 0;
    tell_once("cannot be written", written < 0 ? errno : ENOSPC);
}

std::string time_text() {
    timespec now{};
    ::clock_gettime(CLOCK_REALTIME, &now);
    std::tm parts{};
    ::gmtime_r(&now.tv_sec, &parts);
    return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:06}Z", parts.tm_year + 1900, parts.tm_mon + 1,
                       parts.tm_mday, parts.tm_hour, parts.tm_min, parts.tm_sec, now.tv_nsec / 1000);
}

void write_call(JsonWriter& out, const char* function, const char* code_name) {
    out.key("call");
    out.begin_object();
    out.key("function");
    out.string(function);
    out.key("code");
    out.string(code_name);
    if (const auto caller = find_caller()) {
        // The address is that behind the call, which may belong to the next line.
        if (const auto place = source_place(static_cast<const char*>(caller->address) - 1)) {
            out.key("file");
            out.string(place->file);
            out.key("line");
            out.number(place->line);
        }
        out.key("program");
        out.string(caller->object);
        out.key("offset");
        out.string(fmt::format("{:#x}", caller->offset));
    }
    out.end_object();
}

std::string line_of(const char* function, const Explanation& explanation, const Error* failure, const char* code_name) {
    std::string line;
    JsonWriter out(line);
    out.begin_object();
    out.key("format_version");
    out.number(kFormatVersion);
    write_call(out, function, code_name);
    out.key("process");
    out.begin_object();
    out.key("pid");
    out.number(::getpid());
    out.key("name");
    out.string(::program_invocation_short_name);
    out.end_object();
    out.key("time");
    out.string(time_text());
    write_members(out, explanation, failure);
    out.end_object();
    line += '\n';
    return line;
}

}  // namespace

bool is_captured() noexcept {
    return g_settings.path[0] != '\0';
}

void capture(const char* function, const Explanation& explanation, const Error* failure,
             const char* code_name) noexcept {
    const int saved_errno = errno;
    try {
        append(line_of(function, explanation, failure, code_name));
    } catch (...) {
        tell_once("no memory for a line", 0);
    }
    errno = saved_errno;
}

}  // namespace opennvsci::explain
