// SPDX-License-Identifier: Apache-2.0
#include "doctor/own_command.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <nlohmann/json.hpp>
#include <string_view>
#include <utility>

namespace opennvsci::tool {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

constexpr std::size_t kMostOutput = std::size_t{4} << 20;
constexpr milliseconds kUntilKilledIsGone{2000};  // what hangs in the kernel does not go, and is left behind

// A pipe of which the child gets the end that is written.
class Pipe {
  public:
    Pipe() {
        if (::pipe2(ends_.data(), O_CLOEXEC) != 0) ends_ = {-1, -1};
    }
    ~Pipe() {
        close_end(0);
        close_end(1);
    }
    Pipe(const Pipe&) = delete;
    Pipe& operator=(const Pipe&) = delete;
    [[nodiscard]] bool is_open() const { return ends_[0] >= 0; }
    [[nodiscard]] int to_read() const { return ends_[0]; }
    [[nodiscard]] int to_write() const { return ends_[1]; }
    void close_end(std::size_t end) {
        if (ends_[end] >= 0) ::close(std::exchange(ends_[end], -1));
    }

  private:
    std::array<int, 2> ends_{-1, -1};
};

std::vector<char*> pointers_to(std::vector<std::string>& texts) {
    std::vector<char*> pointers;
    for (std::string& text : texts)
        pointers.push_back(text.data());
    pointers.push_back(nullptr);
    return pointers;
}

// The environment, in which the variables replace those of their names.
std::vector<std::string> environment_with(const std::vector<std::string>& variables) {
    std::vector<std::string> all = variables;
    for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
        const std::string_view text = *entry;
        const std::string_view name = text.substr(0, text.find('='));
        const bool is_replaced = std::any_of(variables.begin(), variables.end(), [&](const std::string& variable) {
            return std::string_view(variable).substr(0, variable.find('=')) == name;
        });
        if (!is_replaced) all.emplace_back(text);
    }
    return all;
}

// Returns 0 or an errno.
int start(const std::vector<std::string>& arguments, const std::vector<std::string>& variables, const Pipe& output,
          const Pipe& errors, pid_t& child) {
    std::vector<std::string> words{"opennvsci"};
    words.insert(words.end(), arguments.begin(), arguments.end());
    std::vector<std::string> environment = environment_with(variables);
    posix_spawn_file_actions_t actions;
    if (const int error = ::posix_spawn_file_actions_init(&actions); error != 0) return error;
    int error = ::posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    if (error == 0) error = ::posix_spawn_file_actions_adddup2(&actions, output.to_write(), STDOUT_FILENO);
    if (error == 0) error = ::posix_spawn_file_actions_adddup2(&actions, errors.to_write(), STDERR_FILENO);
    if (error == 0) {
        error = ::posix_spawn(&child, "/proc/self/exe", &actions, nullptr, pointers_to(words).data(),
                              pointers_to(environment).data());
    }
    ::posix_spawn_file_actions_destroy(&actions);
    return error;
}

// Takes what is there; false at the end, and when it is too much.
bool take_some(int descriptor, std::string& text) {
    std::array<char, 65536> part{};
    const ssize_t count = ::read(descriptor, part.data(), part.size());
    if (count < 0 && errno == EINTR) return true;
    if (count <= 0 || text.size() + static_cast<std::size_t>(count) > kMostOutput) return false;
    text.append(part.data(), static_cast<std::size_t>(count));
    return true;
}

int left_until(Clock::time_point end) {
    const auto left = std::chrono::duration_cast<milliseconds>(end - Clock::now()).count();
    return static_cast<int>(std::max<long long>(left, 0));
}

// Reads both until their ends or until the time is up.
void read_both(Pipe& output, Pipe& errors, CommandOutcome& outcome, Clock::time_point end) {
    for (;;) {
        std::array<pollfd, 2> asked{pollfd{output.to_read(), POLLIN, 0}, pollfd{errors.to_read(), POLLIN, 0}};
        if (asked[0].fd < 0 && asked[1].fd < 0) return;
        const int left = left_until(end);
        if (left == 0 || (::poll(asked.data(), asked.size(), left) < 0 && errno != EINTR)) return;
        if (asked[0].revents != 0 && !take_some(output.to_read(), outcome.output)) output.close_end(0);
        if (asked[1].revents != 0 && !take_some(errors.to_read(), outcome.errors)) errors.close_end(0);
    }
}

// Whether the child has ended by then.
bool await(pid_t child, int& status, Clock::time_point end) {
    for (;;) {
        const pid_t ended = ::waitpid(child, &status, WNOHANG);
        if (ended == child) return true;
        if ((ended < 0 && errno != EINTR) || left_until(end) == 0) return false;
        ::poll(nullptr, 0, 1);
    }
}

}  // namespace

std::optional<Json> CommandOutcome::json() const {
    Json parsed = Json::parse(output, nullptr, false);
    if (exit_code != 0 || parsed.is_discarded() || !parsed.is_object()) return std::nullopt;
    return parsed;
}

std::string CommandOutcome::reason() const {
    if (!failure.empty()) return failure;
    constexpr std::string_view kName = "opennvsci: ";
    // Its own word is the last line; the libraries may have printed others.
    std::string_view text = errors;
    while (text.ends_with('\n'))
        text.remove_suffix(1);
    text = text.substr(text.rfind('\n') + 1);
    if (text.starts_with(kName)) text.remove_prefix(kName.size());
    return text.empty() ? fmt::format("exit code {}", exit_code) : std::string(text);
}

std::string CommandOutcome::first_reason() const {
    constexpr std::string_view kError = "opennvsci: error: ";
    const std::string_view text = errors;
    if (!failure.empty() || !text.starts_with(kError)) return reason();
    return std::string(text.substr(kError.size(), text.find('\n') - kError.size()));
}

CommandOutcome run_own_command(const std::vector<std::string>& arguments, const std::vector<std::string>& variables,
                               milliseconds longest) {
    CommandOutcome outcome;
    Pipe output;
    Pipe errors;
    pid_t child = 0;
    const int error =
        output.is_open() && errors.is_open() ? start(arguments, variables, output, errors, child) : EMFILE;
    if (error != 0) {
        outcome.failure = fmt::format("it cannot be looked at: {}", std::strerror(error));
        return outcome;
    }
    output.close_end(1);
    errors.close_end(1);
    const auto end = Clock::now() + longest;
    read_both(output, errors, outcome, end);
    int status = 0;
    if (!await(child, status, end)) {
        ::kill(child, SIGKILL);
        (void)await(child, status, Clock::now() + kUntilKilledIsGone);
        outcome.failure = fmt::format("it did not end within {} s", longest.count() / 1000);
    } else if (WIFSIGNALED(status)) {
        outcome.failure = fmt::format("it was ended by the signal {}", ::strsignal(WTERMSIG(status)));
    } else {
        outcome.exit_code = WEXITSTATUS(status);
    }
    return outcome;
}

}  // namespace opennvsci::tool
