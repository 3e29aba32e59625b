// SPDX-License-Identifier: Apache-2.0
#include "process.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <system_error>

#include "role.h"

namespace opennvsci::test {
namespace {

// Everything below runs between fork and exec of a process with one thread.

bool write_file(const char* path, const std::string& text) {
    const UniqueFd file(::open(path, O_WRONLY | O_CLOEXEC));
    return file && ::write(file.get(), text.data(), text.size()) == static_cast<ssize_t>(text.size());
}

bool enter_namespaces() {
    const uid_t user = ::getuid();
    const gid_t group = ::getgid();
    if (::unshare(CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWNET | CLONE_NEWPID | CLONE_NEWIPC) != 0) return false;
    const auto same = [](unsigned id) { return std::to_string(id) + " " + std::to_string(id) + " 1\n"; };
    return write_file("/proc/self/setgroups", "deny") && write_file("/proc/self/uid_map", same(user)) &&
           write_file("/proc/self/gid_map", same(group)) &&
           ::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0;
}

// `shared` at `place`, and nothing at its own place, nor in /dev/shm, of the machine.
bool show_only(const std::string& shared, const std::string& place) {
    return ::mount(shared.c_str(), place.c_str(), nullptr, MS_BIND, nullptr) == 0 &&
           ::mount("none", shared.c_str(), "tmpfs", 0, nullptr) == 0 &&
           ::mount("none", "/dev/shm", "tmpfs", 0, nullptr) == 0;
}

[[noreturn]] void fail(const char* what) {
    std::fprintf(stderr, "%s: errno %d\n", what, errno);
    ::_exit(EXIT_FAILURE);
}

[[noreturn]] void become(const Beginning& beginning) {
    if (!beginning.shared.empty()) {
        if (!enter_namespaces()) fail("namespaces");
        if (!show_only(beginning.shared, beginning.place)) fail("mounts");
        // The next child is the first process of the namespace.
        const pid_t inner = ::fork();
        if (inner < 0) fail("fork");
        if (inner > 0) {
            int status = 0;
            while (::waitpid(inner, &status, 0) < 0 && errno == EINTR) {
            }
            ::_exit(WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
        }
        ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    }
    for (const std::string& one : beginning.environment)
        ::putenv(const_cast<char*>(one.c_str()));
    std::vector<std::string> words{"two_processes", "role=" + beginning.role};
    words.insert(words.end(), beginning.arguments.begin(), beginning.arguments.end());
    std::vector<char*> pointers;
    for (std::string& word : words)
        pointers.push_back(word.data());
    pointers.push_back(nullptr);
    ::execv("/proc/self/exe", pointers.data());
    fail("exec");
}

}  // namespace

Meeting::Meeting() {
    std::string pattern = std::filesystem::temp_directory_path() / "opennvsci-test-XXXXXX";
    if (::mkdtemp(pattern.data()) == nullptr) {
        ADD_FAILURE() << "no temporary folder: errno " << errno;
        return;
    }
    folder_ = pattern;
    for (const char* name : {"run", "first", "second"}) {
        const auto inner = std::filesystem::path(folder_) / name;
        std::filesystem::create_directory(inner);
        std::filesystem::permissions(inner, std::filesystem::perms::owner_all);
    }
    std::ofstream(folder_ + "/nvsciipc.cfg") << "INTER_PROCESS ch_0 ch_1 16 24576\n"
                                                "INTER_PROCESS up_0 up_1 16 24576\n"
                                                "INTER_THREAD itc_0 itc_1 16 24576\n";
}

Meeting::~Meeting() {
    std::error_code ignored;
    if (!folder_.empty()) std::filesystem::remove_all(folder_, ignored);
}

std::vector<std::string> Meeting::environment() const {
    return environment_at(folder_ + "/run");
}

std::vector<std::string> Meeting::environment_at(const std::string& place) const {
    return {"OPENNVSCI_RUNTIME_DIR=" + place, "OPENNVSCI_IPC_CFG=" + folder_ + "/nvsciipc.cfg"};
}

bool Ending::is_good() const noexcept {
    return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

bool Ending::was_killed() const noexcept {
    return WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL;
}

Process::Process(const Beginning& beginning) {
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0) {
        ADD_FAILURE() << "no pipe: errno " << errno;
        return;
    }
    output_.reset(ends[0]);
    const UniqueFd theirs(ends[1]);
    id_ = ::fork();
    if (id_ == 0) {
        ::dup2(theirs.get(), STDOUT_FILENO);
        ::dup2(theirs.get(), STDERR_FILENO);
        ::prctl(PR_SET_PDEATHSIG, SIGKILL);
        become(beginning);
    }
}

Process::Process(Process&& other) noexcept
    : id_(std::exchange(other.id_, -1)),
      status_(other.status_),
      output_(std::move(other.output_)),
      text_(std::move(other.text_)) {}

Process& Process::operator=(Process&& other) noexcept {
    std::swap(id_, other.id_);
    std::swap(status_, other.status_);
    std::swap(output_, other.output_);
    std::swap(text_, other.text_);
    return *this;
}

Process::~Process() {
    if (id_ <= 0) return;
    kill();
    (void)end();
}

void Process::kill() {
    if (id_ > 0 && !status_) ::kill(id_, SIGKILL);
}

void be_traced() {
    require_that(::ptrace(PTRACE_TRACEME, 0, nullptr, nullptr) == 0, "this process cannot be traced");
    ::raise(SIGSTOP);
}

bool Process::kill_at_system_call(long n) {
    constexpr int kSystemCall = SIGTRAP | 0x80;
    int status = 0;
    bool is_traced = false;
    for (long count = 0;;) {
        const pid_t stopped = ::waitpid(id_, &status, 0);
        if (stopped < 0 && errno == EINTR) continue;
        if (stopped != id_ || !WIFSTOPPED(status)) {
            status_ = status;
            return false;
        }
        int signal = WSTOPSIG(status);
        if (!is_traced) {
            ::ptrace(PTRACE_SETOPTIONS, id_, nullptr, PTRACE_O_TRACESYSGOOD | PTRACE_O_EXITKILL);
            is_traced = true;
            signal = 0;
        } else if (signal == kSystemCall) {
            signal = 0;
            if (++count == n) {
                kill();
                while (::waitpid(id_, &status, 0) == id_ && WIFSTOPPED(status)) {
                }
                status_ = status;
                return true;
            }
        }
        ::ptrace(PTRACE_SYSCALL, id_, nullptr, static_cast<std::intptr_t>(signal));
    }
}

bool Process::read_more() {
    std::array<char, 4096> part{};
    ssize_t count = 0;
    while ((count = ::read(output_.get(), part.data(), part.size())) < 0 && errno == EINTR) {
    }
    if (count <= 0) return false;
    text_.append(part.data(), static_cast<std::size_t>(count));
    return true;
}

bool Process::says(const std::string& word) {
    while (text_.find(word) == std::string::npos) {
        if (!read_more()) return false;
    }
    return true;
}

// A child that a role has forked may hold the pipe for longer than the role lives: so the end of the process counts.
Ending Process::end() {
    Ending ending;
    if (id_ <= 0) return ending;
    ::fcntl(output_.get(), F_SETFL, O_NONBLOCK);
    ending.status = status_.value_or(0);
    while (!status_) {
        const pid_t ended = ::waitpid(id_, &ending.status, WNOHANG);
        while (read_more()) {
        }
        if (ended == id_ || (ended < 0 && errno != EINTR)) break;
        ::usleep(500);
    }
    while (read_more()) {
    }
    id_ = -1;
    status_.reset();
    ending.text = std::exchange(text_, {});
    return ending;
}

bool can_make_containers() {
    const pid_t child = ::fork();
    if (child == 0) ::_exit(enter_namespaces() ? 0 : 1);
    int status = 1;
    while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
    }
    return status == 0;
}

bool has_device(std::string& why_not) {
    Ending ending = Process({.role = "asks_for_the_device"}).end();
    why_not = ending.text;
    return ending.is_good();
}

}  // namespace opennvsci::test
