// SPDX-License-Identifier: Apache-2.0
#include "demo/two_processes.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>

#include "output.h"

namespace opennvsci::tool {
namespace {

// A process that was started, and what it has printed so far.
struct Child {
    const char* role = nullptr;
    pid_t process = -1;
    int output = -1;
    std::string text;
    std::string failure;  // why it counts as failed
};

Result<> start(Child& child, const DemoOptions& options) {
    std::vector<std::string> words{
        "opennvsci", "demo", "--two-processes", "--role", child.role, "--frames", std::to_string(options.frames)};
    if (!options.device.empty()) words.insert(words.end(), {"--device", options.device});
    std::vector<char*> arguments;
    for (std::string& word : words)
        arguments.push_back(word.data());
    arguments.push_back(nullptr);

    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0) return fail(fmt::format("pipe2: {}", std::strerror(errno)));
    child.output = ends[0];
    child.process = ::fork();
    if (child.process == 0) {
        ::dup2(ends[1], STDOUT_FILENO);
        ::execv("/proc/self/exe", arguments.data());
        ::_exit(127);
    }
    const int error = errno;
    ::close(ends[1]);
    if (child.process < 0) return fail(fmt::format("fork: {}", std::strerror(error)));
    return {};
}

// Reads what has come. False at the end.
bool read_some(Child& child) {
    std::array<char, 4096> part{};
    const ssize_t count = ::read(child.output, part.data(), part.size());
    if (count > 0) child.text.append(part.data(), static_cast<std::size_t>(count));
    return count > 0 || (count < 0 && errno == EINTR);
}

void read_to_the_end(std::array<Child, 2>& children) {
    std::array<pollfd, 2> outputs{};
    for (std::size_t i = 0; i < children.size(); ++i)
        outputs[i] = {children[i].output, POLLIN, 0};
    while (outputs[0].fd >= 0 || outputs[1].fd >= 0) {
        if (::poll(outputs.data(), outputs.size(), -1) < 0 && errno != EINTR) return;
        for (std::size_t i = 0; i < children.size(); ++i) {
            if (outputs[i].revents == 0 || read_some(children[i])) continue;
            outputs[i].fd = -1;  // poll passes over it
            // Its end of the channel is closed: what the other one still waits for does not come if this one failed.
            siginfo_t ended{};
            ::waitid(P_PID, static_cast<id_t>(children[i].process), &ended, WEXITED | WNOWAIT);
            if (ended.si_code != CLD_EXITED || ended.si_status != 0) ::kill(children[1 - i].process, SIGTERM);
        }
    }
}

void wait_for_end(Child& child) {
    int status = 0;
    while (::waitpid(child.process, &status, 0) < 0 && errno == EINTR) {
    }
    ::close(child.output);
    if (WIFEXITED(status) && WEXITSTATUS(status) != 0) {
        child.failure = fmt::format("the process {} failed", child.role);
    } else if (WIFSIGNALED(status)) {
        child.failure = fmt::format("the process {} was ended by signal {}", child.role, WTERMSIG(status));
    }
}

}  // namespace

Result<> show_two_processes(const DemoOptions& options) {
    print(
        "Two processes share four buffers: the camera writes frames, vision may only read them. Lists, buffers "
        "and fences\ngo over NvSciIpc; no CPU waits for a GPU while the frames go around.\n");
    flush_output();  // or both processes print it too
    std::array<Child, 2> children{{{"camera", -1, -1, {}, {}}, {"vision", -1, -1, {}, {}}}};
    ::setenv("COLUMNS", fmt::format("{}", terminal_width()).c_str(), 1);  // which they do not see
    OPENNVSCI_TRY(start(children[0], options));
    if (Result<> started = start(children[1], options); !started) {
        ::kill(children[0].process, SIGTERM);
        wait_for_end(children[0]);
        return started;
    }
    read_to_the_end(children);
    for (Child& child : children) {
        wait_for_end(child);
        print("\n{}, process {}\n\n{}", child.role, child.process, child.text);
    }
    // Who was ended because the other one failed is not the one to name.
    for (const bool by_signal : {false, true}) {
        for (const Child& child : children) {
            const bool was_signal = child.failure.find("signal") != std::string::npos;
            if (!child.failure.empty() && was_signal == by_signal) return fail(child.failure);
        }
    }
    print("\neverything held\n");
    return {};
}

}  // namespace opennvsci::tool
