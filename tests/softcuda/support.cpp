// SPDX-License-Identifier: Apache-2.0
#include "support.h"

#include <dirent.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <memory>
#include <thread>

namespace opennvsci::softcuda_test {

std::ostream& operator<<(std::ostream& out, const Resources& resources) {
    return out << resources.descriptors << " descriptors, " << resources.memfd_mappings << " memfd mappings, "
               << resources.free_memory << " bytes free";
}

Resources count_resources() {
    Resources counted;
    DIR* directory = opendir("/proc/self/fd");
    while (readdir(directory) != nullptr)
        ++counted.descriptors;
    closedir(directory);
    std::ifstream maps("/proc/self/maps");
    for (std::string line; std::getline(maps, line);) {
        if (line.find("memfd:") != std::string::npos) ++counted.memfd_mappings;
    }
    std::size_t total = 0;
    CUcontext context = nullptr;
    cuDevicePrimaryCtxRetain(&context, 0);
    cuCtxPushCurrent_v2(context);
    cuMemGetInfo_v2(&counted.free_memory, &total);
    cuCtxPopCurrent_v2(nullptr);
    cuDevicePrimaryCtxRelease_v2(0);
    return counted;
}

void SoftCuda::SetUp() {
    before_ = count_resources();
    ASSERT_OK(cuCtxCreate_v2(&context_, 0, 0));
}

void SoftCuda::TearDown() {
    if (context_ != nullptr) {
        EXPECT_OK(cuCtxDestroy_v2(context_));
    }
    while (cuCtxPopCurrent_v2(nullptr) == CUDA_SUCCESS) {
    }
    EXPECT_EQ(count_resources(), before_);
}

void Gate::wait(void* gate) {
    auto* self = static_cast<Gate*>(gate);
    std::unique_lock lock(self->mutex_);
    self->changed_.wait(lock, [self] { return self->open_; });
    --self->waiting_;
    self->changed_.notify_all();
}

void Gate::hold(CUstream stream) {
    {
        const std::lock_guard lock(mutex_);
        ++waiting_;
    }
    ASSERT_OK(cuLaunchHostFunc(stream, wait, this));
}

// Returns when no host function uses this object any more.
void Gate::open() {
    std::unique_lock lock(mutex_);
    open_ = true;
    changed_.notify_all();
    changed_.wait(lock, [this] { return waiting_ == 0; });
}

void on_stream(CUstream stream, std::function<void()> function) {
    auto* owned = new std::function<void()>(std::move(function));
    ASSERT_OK(cuLaunchHostFunc(
        stream,
        [](void* data) {
            const std::unique_ptr<std::function<void()>> run(static_cast<std::function<void()>*>(data));
            (*run)();
        },
        owned));
}

CUstream make_stream(unsigned flags) {
    CUstream stream = nullptr;
    EXPECT_OK(cuStreamCreate(&stream, flags));
    return stream;
}

CUevent make_event(unsigned flags) {
    CUevent event = nullptr;
    EXPECT_OK(cuEventCreate(&event, flags));
    return event;
}

CUmemAllocationProp device_memory(int device, bool shared) {
    CUmemAllocationProp properties{};
    properties.type = CU_MEM_ALLOCATION_TYPE_PINNED;
    properties.requestedHandleTypes = shared ? CU_MEM_HANDLE_TYPE_POSIX_FILE_DESCRIPTOR : CU_MEM_HANDLE_TYPE_NONE;
    properties.location = {CU_MEM_LOCATION_TYPE_DEVICE, device};
    return properties;
}

CUmemAllocationProp host_numa_memory() {
    CUmemAllocationProp properties = device_memory();
    properties.location = {CU_MEM_LOCATION_TYPE_HOST_NUMA, 0};
    return properties;
}

Mapped::Mapped(CUmemGenericAllocationHandle handle, std::size_t size, CUmemAccess_flags right, int device)
    : size_(size) {
    EXPECT_OK(cuMemAddressReserve(&pointer_, size, 0, 0, 0));
    EXPECT_OK(cuMemMap(pointer_, size, 0, handle, 0));
    const CUmemAccessDesc access = access_of(device, right);
    EXPECT_OK(cuMemSetAccess(pointer_, size, &access, 1));
}

Mapped::~Mapped() {
    EXPECT_OK(cuMemUnmap(pointer_, size_));
    EXPECT_OK(cuMemAddressFree(pointer_, size_));
}

Peer::Peer(const std::string& role, const std::vector<std::string>& environment) {
    int pair[2] = {-1, -1};
    EXPECT_EQ(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair), 0);
    socket_.reset(pair[0]);
    const UniqueFd theirs(pair[1]);
    const UniqueFd inherited(dup(theirs.get()));  // without FD_CLOEXEC

    std::vector<std::string> variables;
    for (char** variable = environ; *variable != nullptr; ++variable)
        variables.emplace_back(*variable);
    for (const std::string& variable : environment) {
        const std::string prefix = variable.substr(0, variable.find('=') + 1);
        std::erase_if(variables, [&](const std::string& old) { return old.starts_with(prefix); });
        variables.push_back(variable);
    }
    // /proc/self/exe itself would be the emulator, where there is one.
    const std::string arguments[] = {SOFTCUDA_TEST_EMULATOR std::filesystem::read_symlink("/proc/self/exe").string(),
                                     "--role=" + role, std::to_string(inherited.get())};
    std::vector<char*> argv;
    for (const std::string& argument : arguments)
        argv.push_back(const_cast<char*>(argument.c_str()));
    argv.push_back(nullptr);
    std::vector<char*> envp;
    for (const std::string& variable : variables)
        envp.push_back(const_cast<char*>(variable.c_str()));
    envp.push_back(nullptr);

    pid_ = fork();
    if (pid_ == 0) {
        execve(argv[0], argv.data(), envp.data());
        _exit(127);
    }
}

Peer::~Peer() {
    if (pid_ > 0) wait();
}

void Peer::send_fd(int fd) const {
    char byte = 'f';
    iovec data{&byte, 1};
    alignas(cmsghdr) char control[CMSG_SPACE(sizeof fd)] = {};
    msghdr message{};
    message.msg_iov = &data;
    message.msg_iovlen = 1;
    message.msg_control = control;
    message.msg_controllen = sizeof control;
    cmsghdr* header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(sizeof fd);
    std::memcpy(CMSG_DATA(header), &fd, sizeof fd);
    EXPECT_EQ(sendmsg(socket_.get(), &message, MSG_NOSIGNAL), 1);
}

UniqueFd receive_fd(int socket) {
    char byte = 0;
    iovec data{&byte, 1};
    alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int))] = {};
    msghdr message{};
    message.msg_iov = &data;
    message.msg_iovlen = 1;
    message.msg_control = control;
    message.msg_controllen = sizeof control;
    if (recvmsg(socket, &message, MSG_CMSG_CLOEXEC) != 1) return UniqueFd();
    const cmsghdr* header = CMSG_FIRSTHDR(&message);
    int fd = -1;
    if (header != nullptr) std::memcpy(&fd, CMSG_DATA(header), sizeof fd);
    return UniqueFd(fd);
}

std::string Peer::receive() const {
    char buffer[256];
    const ssize_t size = recv(socket_.get(), buffer, sizeof buffer, 0);
    return size > 0 ? std::string(buffer, static_cast<std::size_t>(size)) : std::string();
}

void Peer::kill(int signal) const {
    EXPECT_EQ(::kill(pid_, signal), 0);
}

int Peer::wait() {
    int status = 0;
    EXPECT_EQ(waitpid(pid_, &status, 0), pid_);
    pid_ = -1;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 256 + WTERMSIG(status);
}

}  // namespace opennvsci::softcuda_test

int main(int argc, char** argv) {
    using namespace opennvsci::softcuda_test;
    const std::string prefix = "--role=";
    if (argc == 3 && std::string(argv[1]).starts_with(prefix)) {
        return run_role(argv[1] + prefix.size(), std::atoi(argv[2]));
    }
    testing::InitGoogleTest(&argc, argv);
    GTEST_FLAG_SET(death_test_style, "threadsafe");
    setenv("OPENNVSCI_SOFT_DEVICES", "2", 1);
    setenv("OPENNVSCI_SOFT_MEMORY", std::to_string(kDeviceMemory).c_str(), 1);
    if (cuInit(0) != CUDA_SUCCESS) return 1;
    return RUN_ALL_TESTS();
}
