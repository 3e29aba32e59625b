// SPDX-License-Identifier: Apache-2.0
#include "peer_process.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <cstring>
#include <sstream>

#include "channel.h"

namespace opennvsci::test {

PeerProcess::PeerProcess() {
    std::array<int, 2> commands{};
    std::array<int, 2> answers{};
    if (::pipe2(commands.data(), O_CLOEXEC) != 0 || ::pipe2(answers.data(), O_CLOEXEC) != 0) std::abort();
    id_ = ::fork();
    if (id_ == 0) {
        ::prctl(PR_SET_PDEATHSIG, SIGKILL);
        ::dup2(commands[0], STDIN_FILENO);
        ::dup2(answers[1], STDOUT_FILENO);
        ::execl("/proc/self/exe", "ipc_test", "--peer", nullptr);
        ::_exit(127);
    }
    ::close(commands[0]);
    ::close(answers[1]);
    to_ = ::fdopen(commands[1], "w");
    from_ = ::fdopen(answers[0], "r");
}

PeerProcess::~PeerProcess() {
    kill();
    std::fclose(to_);
    std::fclose(from_);
}

void PeerProcess::tell(const std::string& command) {
    std::fprintf(to_, "%s\n", command.c_str());
    std::fflush(to_);
}

std::string PeerProcess::answer() {
    std::array<char, 4096> line{};
    if (std::fgets(line.data(), line.size(), from_) == nullptr) return "(no answer)";
    line[std::strcspn(line.data(), "\n")] = '\0';
    return line.data();
}

std::string PeerProcess::operator()(const std::string& command) {
    tell(command);
    return answer();
}

void PeerProcess::kill() {
    if (id_ < 0) return;
    ::kill(id_, SIGKILL);
    ::waitpid(id_, nullptr, 0);
    id_ = -1;
}

namespace {

constexpr int kLongestWait = 10'000;  // milliseconds

std::string wait_for(NvSciIpcEndpoint handle, std::uint32_t wanted) {
    std::int32_t fd = -1;
    if (NvSciIpcGetLinuxEventFd(handle, &fd) != NvSciError_Success) return opennvsciGetLastErrorText();
    for (;;) {
        std::uint32_t bits = 0;
        if (NvSciIpcGetEventSafe(handle, &bits) != NvSciError_Success) return opennvsciGetLastErrorText();
        if ((bits & wanted) != 0) return "";
        pollfd asked{fd, POLLIN, 0};
        if (::poll(&asked, 1, kLongestWait) != 1) return "nothing woke this process";
    }
}

std::string read_text(NvSciIpcEndpoint handle) {
    std::array<char, 129> frame{};
    std::uint32_t bytes = 0;
    const NvSciError code = NvSciIpcReadSafe(handle, frame.data(), 128, &bytes);
    return code == NvSciError_Success ? frame.data() : "(" + std::to_string(code) + ")";
}

std::string obey(NvSciIpcEndpoint& handle, const std::string& verb, const std::string& rest) {
    const auto code = [](NvSciError error) { return std::to_string(error); };
    const auto write = [&](const std::string& text) {
        std::uint32_t bytes = 0;
        return NvSciIpcWriteSafe(handle, text.data(), static_cast<std::uint32_t>(text.size()), &bytes);
    };
    if (verb == "open") return code(NvSciIpcOpenEndpoint(rest.c_str(), &handle));
    if (verb == "close") return code(NvSciIpcCloseEndpointSafe(handle, false));
    if (verb == "reset") return code(NvSciIpcResetEndpointSafe(handle));
    if (verb == "write") return code(write(rest));
    if (verb == "read") return read_text(handle);
    if (verb == "events") {
        std::uint32_t bits = 0;
        static_cast<void>(NvSciIpcGetEventSafe(handle, &bits));
        return std::to_string(bits);
    }
    if (verb == "connect") {
        const std::string problem = wait_for(handle, NV_SCI_IPC_EVENT_CONN_EST_ALL);
        return problem.empty() ? "connected" : problem;
    }
    if (verb == "wait") {
        const std::string problem = wait_for(handle, NV_SCI_IPC_EVENT_READ);
        return problem.empty() ? read_text(handle) : problem;
    }
    if (verb == "echo") {
        for (int i = std::stoi(rest); i > 0; --i) {
            std::string problem = wait_for(handle, NV_SCI_IPC_EVENT_READ);
            if (!problem.empty()) return problem;
            if (write(read_text(handle)) != NvSciError_Success) return opennvsciGetLastErrorText();
        }
        return "echoed";
    }
    const auto endpoint = *api::endpoints().acquire(handle);
    const auto link = endpoint->link();
    if (!link) return link.error().text;
    if (verb == "link") return "alive";
    if (verb == "send") {
        const UniqueFd file(::memfd_create("parcel", MFD_CLOEXEC));
        struct stat status {};
        ::fstat(file.get(), &status);
        const std::vector<int> files(std::stoul(rest), file.get());
        const auto token = (*link)->send({}, files);
        if (!token) return token.error().text;
        std::ostringstream text;
        text << token->words[0] << ' ' << token->words[1] << ' ' << endpoint->instance() << ' ' << status.st_ino;
        return text.str();
    }
    return "what is " + verb;
}

}  // namespace

void be_peer_if_told(int argc, char** argv) {
    if (argc != 2 || std::strcmp(argv[1], "--peer") != 0) return;
    NvSciIpcEndpoint handle = 0;
    if (NvSciIpcInit() != NvSciError_Success) ::_exit(1);
    std::array<char, 4096> line{};
    while (std::fgets(line.data(), line.size(), stdin) != nullptr) {
        line[std::strcspn(line.data(), "\n")] = '\0';
        const std::string command = line.data();
        const std::size_t end = command.find(' ');
        const std::string verb = command.substr(0, end);
        if (verb == "exit") ::_exit(0);
        std::printf("%s\n", obey(handle, verb, end == std::string::npos ? "" : command.substr(end + 1)).c_str());
        std::fflush(stdout);
    }
    ::_exit(0);
}

}  // namespace opennvsci::test
