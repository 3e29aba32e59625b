// SPDX-License-Identifier: Apache-2.0
//
// NvSciSync objects between two processes of which one is killed: the other one goes on, in time, and says why. The
// test program starts itself anew as the peer, before it has used the libraries or CUDA. Bytes go over a socket pair,
// for the channel is only needed for what belongs to the objects.
#include <spawn.h>
#include <sys/socket.h>

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <filesystem>
#include <fstream>

#include "exchange.h"
#include "ipc/watch.h"
#include "nvsciipc.h"
#include "sync_test.h"

extern char** environ;

namespace opennvsci::test {
namespace {

using Clock = std::chrono::steady_clock;
using ObjectDescriptor = NvSciSyncObjIpcExportDescriptor;
using FenceDescriptor = NvSciSyncFenceIpcExportDescriptor;

constexpr NvSciSyncAccessPerm kWait = NvSciSyncAccessPerm_WaitOnly;
constexpr NvSciSyncAccessPerm kSignal = NvSciSyncAccessPerm_SignalOnly;

// What is promised is 100 ms (synchronization.md); the rest is for a busy machine.
constexpr std::chrono::milliseconds kSoon{100};
constexpr std::chrono::milliseconds kBusyMachine{900};

// Blobs over a socket, each a message.
class Wire {
  public:
    explicit Wire(int socket) : socket_(socket) {}
    void send(const BlobBytes& blob) const {
        if (::send(socket_, blob.data(), blob.size(), 0) != static_cast<ssize_t>(blob.size())) ::_exit(3);
    }
    [[nodiscard]] BlobBytes receive() const {
        BlobBytes blob(std::size_t{1} << 16);
        const ssize_t size = ::recv(socket_, blob.data(), blob.size(), 0);
        blob.resize(size > 0 ? static_cast<std::size_t>(size) : 0);
        return blob;
    }
    template <class T>
    void send_value(const T& value) const {
        const auto bytes = std::as_bytes(std::span(&value, 1));
        send(BlobBytes(bytes.begin(), bytes.end()));
    }
    template <class T>
    [[nodiscard]] T receive_value() const {
        T value{};
        const BlobBytes blob = receive();
        if (blob.size() == sizeof(value)) std::memcpy(&value, blob.data(), sizeof(value));
        return value;
    }

  private:
    int socket_;
};

// One of two processes that share an object.
class Side {
  public:
    Side(const char* endpoint, int socket) : wire(socket) {
        EXPECT_EQ(NvSciIpcInit(), kSuccess) << opennvsciGetLastErrorText();
        EXPECT_EQ(NvSciIpcOpenEndpoint(endpoint, &endpoint_), kSuccess) << opennvsciGetLastErrorText();
        EXPECT_EQ(NvSciIpcResetEndpointSafe(endpoint_), kSuccess);
        for (std::uint32_t events = 0; (events & NV_SCI_IPC_EVENT_WRITE) == 0;) {
            EXPECT_EQ(NvSciIpcGetEventSafe(endpoint_, &events), kSuccess);
            std::this_thread::sleep_for(std::chrono::milliseconds(1));
        }
    }
    Side(const Side&) = delete;
    Side& operator=(const Side&) = delete;
    ~Side() {
        object.reset();
        EXPECT_EQ(NvSciIpcCloseEndpointSafe(endpoint_, false), kSuccess);
        NvSciIpcDeinit();
    }

    void allocate_with(const std::vector<NvSciSyncAttrList>& own) {
        const SyncList theirs = taken<NvSciSyncAttrList>(module, wire.receive(), endpoint_);
        std::vector<NvSciSyncAttrList> all = own;
        all.push_back(theirs);
        const SyncList list = std::move(reconcile(all).reconciled);
        object = make<SyncObject>(NvSciSyncObjAlloc, list.get());
        wire.send(sent_result<NvSciSyncAttrList>(list, endpoint_));
        ObjectDescriptor descriptor{};
        EXPECT_EQ(NvSciSyncObjIpcExport(object, NvSciSyncAccessPerm_Auto, endpoint_, &descriptor), kSuccess)
            << opennvsciGetLastErrorText();
        wire.send_value(descriptor);
    }
    void import_with(const std::vector<NvSciSyncAttrList>& own) {
        wire.send(sent<NvSciSyncAttrList>(own, endpoint_));
        const SyncList list = taken_result<NvSciSyncAttrList>(module, wire.receive(), endpoint_);
        const auto descriptor = wire.receive_value<ObjectDescriptor>();
        EXPECT_EQ(NvSciSyncObjIpcImport(endpoint_, &descriptor, list, NvSciSyncAccessPerm_Auto, 0, object.out()),
                  kSuccess)
            << opennvsciGetLastErrorText();
    }
    void send_fence(const NvSciSyncFence& fence) const {
        FenceDescriptor descriptor{};
        EXPECT_EQ(NvSciSyncIpcExportFence(&fence, endpoint_, &descriptor), kSuccess);
        wire.send_value(descriptor);
    }
    [[nodiscard]] NvSciSyncFence receive_fence() const {
        const auto descriptor = wire.receive_value<FenceDescriptor>();
        NvSciSyncFence fence = NvSciSyncFenceInitializer;
        EXPECT_EQ(NvSciSyncIpcImportFence(object, &descriptor, &fence), kSuccess) << opennvsciGetLastErrorText();
        return fence;
    }

    Wire wire;
    SyncModule module = open_sync_module();
    WaitContext context = wait_context(module);
    SyncObject object;

  private:
    NvSciIpcEndpoint endpoint_ = 0;
};

struct Topology {
    bool peer_allocates;  ///< else it imports
    bool streams_signal;  ///< else the CPU
};

std::string name_of(const ::testing::TestParamInfo<Topology>& parameter) {
    return std::string(parameter.param.streams_signal ? "Stream" : "Cpu") + "Signals" +
           (parameter.param.peer_allocates ? "AndAllocates" : "AndImports");
}

// The peer: signals once, makes a second fence that it never signals, and waits to be killed.
int run_signaler(const Topology& topology, int socket) {
    Side side("p_1", socket);
    TestDevice& device = TestDevice::instance();
    const SyncList list = topology.streams_signal ? gpu_list(side.module, 1) : cpu_list(side.module, kSignal);
    if (topology.peer_allocates) {
        side.allocate_with({list});
    } else {
        side.import_with({list});
    }
    Stream stream;
    std::optional<MemoryGate> gate;
    std::optional<Semaphore> semaphore;
    for (int i = 0; i < 2; ++i) {
        NvSciSyncFence fence = NvSciSyncFenceInitializer;
        if (topology.streams_signal) {
            if (!semaphore) semaphore.emplace(side.object);
            if (i == 1) gate.emplace(device.cuda()).hold(stream);
            EXPECT_EQ(semaphore->signal(stream, &fence), cu::CUDA_SUCCESS) << opennvsciGetLastErrorText();
            if (i == 0) (void)device.cuda().cuStreamSynchronize(stream);
        } else {
            fence = generate(side.object);
            if (i == 0) (void)NvSciSyncObjSignal(side.object);
        }
        side.send_fence(fence);
    }
    while (true)
        ::pause();
}

// The peer: waits, with a stream and the CPU, for a fence that nobody signals.
int run_waiter(int socket) {
    Side side("p_1", socket);
    const SyncList list = gpu_list(side.module, 2);
    const SyncList cpu = cpu_list(side.module, kWait);
    side.import_with({list, cpu});
    const NvSciSyncFence fence = side.receive_fence();
    const Semaphore semaphore(side.object);
    Stream stream;
    EXPECT_EQ(semaphore.wait(stream, fence), cu::CUDA_SUCCESS) << opennvsciGetLastErrorText();
    side.wire.send_value(1);
    return NvSciSyncFenceWait(&fence, side.context, -1) == kSuccess ? 0 : 1;
}

class ProcessesTest : public SyncTest, public ::testing::WithParamInterface<Topology> {
  protected:
    ProcessesTest() {
        std::string name = (std::filesystem::temp_directory_path() / "opennvsci-test-XXXXXX").string();
        if (::mkdtemp(name.data()) == nullptr) std::abort();
        folder_ = name;
        std::ofstream(folder_ / "nvsciipc.cfg") << "INTER_PROCESS p_0 p_1 4 128\n";
        ::setenv("OPENNVSCI_RUNTIME_DIR", (folder_ / "run").c_str(), 1);
        ::setenv("OPENNVSCI_IPC_CFG", (folder_ / "nvsciipc.cfg").c_str(), 1);
    }
    ~ProcessesTest() override {
        kill();
        std::filesystem::remove_all(folder_);
    }

    /// Starts the peer; gives this process's end of the socket.
    int start(const std::string& role) {
        int ends[2] = {-1, -1};
        EXPECT_EQ(::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends), 0);
        std::string program = "/proc/self/exe";
        std::string argument = "--role=" + role;
        std::string socket = "0";
        char* arguments[] = {program.data(), argument.data(), socket.data(), nullptr};
        posix_spawn_file_actions_t actions;
        ::posix_spawn_file_actions_init(&actions);
        ::posix_spawn_file_actions_adddup2(&actions, ends[1], 0);
        EXPECT_EQ(::posix_spawn(&peer_, program.c_str(), &actions, nullptr, arguments, environ), 0);
        ::posix_spawn_file_actions_destroy(&actions);
        ::close(ends[1]);
        socket_ = UniqueFd(ends[0]);
        return ends[0];
    }
    void kill() {
        if (peer_ <= 0) return;
        ::kill(peer_, SIGKILL);
        ::waitpid(std::exchange(peer_, -1), nullptr, 0);
    }
    /// How long a stream waits on, once the signaler that it waits for is dead.
    Clock::duration time_held_after_death() {
        const Topology& topology = GetParam();
        Side side("p_0", start(std::string("signaler") + (topology.peer_allocates ? "1" : "0") +
                               (topology.streams_signal ? "1" : "0")));
        const SyncList list = gpu_list(side.module, 2);
        if (topology.peer_allocates) {
            side.import_with({list});
        } else {
            side.allocate_with({list});
        }
        (void)side.receive_fence();
        const NvSciSyncFence lost = side.receive_fence();
        const Semaphore semaphore(side.object);
        EXPECT_EQ(semaphore.wait(first_, lost), cu::CUDA_SUCCESS) << opennvsciGetLastErrorText();
        EXPECT_TRUE(is_held(cuda_, first_));
        kill();
        const auto dead = Clock::now();
        EXPECT_TRUE(comes_to_its_end(cuda_, first_));
        return Clock::now() - dead;
    }
    void TearDown() override {
        socket_.reset();
        SyncTest::TearDown();
    }

    std::filesystem::path folder_;
    UniqueFd socket_;
    pid_t peer_ = -1;
};

TEST_P(ProcessesTest, AKilledSignalerFailsItsFencesAndHoldsNobody) {
    const Topology& topology = GetParam();
    Side side("p_0", start(std::string("signaler") + (topology.peer_allocates ? "1" : "0") +
                           (topology.streams_signal ? "1" : "0")));
    const SyncList list = gpu_list(side.module, 2);
    const SyncList cpu = cpu_list(side.module, kWait);
    if (topology.peer_allocates) {
        side.import_with({list, cpu});
    } else {
        side.allocate_with({list, cpu});
    }
    const NvSciSyncFence reached = side.receive_fence();
    const NvSciSyncFence lost = side.receive_fence();
    {
        const Semaphore semaphore(side.object);
        EXPECT_EQ(NvSciSyncFenceWait(&reached, side.context, 20'000'000), kSuccess) << opennvsciGetLastErrorText();
        ASSERT_EQ(semaphore.wait(first_, lost), cu::CUDA_SUCCESS) << opennvsciGetLastErrorText();
        EXPECT_TRUE(is_held(cuda_, first_));
        std::thread waiter([&] {
            EXPECT_EQ(NvSciSyncFenceWait(&lost, side.context, -1), NvSciError_ResourceError);
            EXPECT_NE(std::string(opennvsciGetLastErrorText()).find("peer p_1"), std::string::npos)
                << opennvsciGetLastErrorText();
        });
        kill();
        const auto dead = Clock::now();
        waiter.join();
        EXPECT_LT(Clock::now() - dead, kSoon + kBusyMachine);
        EXPECT_TRUE(comes_to_its_end(cuda_, first_));
        EXPECT_LT(Clock::now() - dead, kSoon + kBusyMachine);
        EXPECT_EQ(NvSciSyncFenceWait(&reached, side.context, 0), kSuccess) << "what came before stays";
        EXPECT_EQ(task_status(lost), NvSciSyncTaskStatus_Failure);
        EXPECT_EQ(semaphore.wait(first_, lost), cu::CUDA_ERROR_ILLEGAL_STATE);
        EXPECT_EQ(semaphore.wait(first_, reached), cu::CUDA_SUCCESS);
    }
}

// No CPU looks: only the watch sees it. The best of a few deaths counts, for a busy machine can delay any of them.
TEST_P(ProcessesTest, AStreamAloneIsHeldByNoKilledSignaler) {
    constexpr int kMostDeaths = 5;
    auto fastest = Clock::duration::max();
    for (int i = 0; i < kMostDeaths && fastest >= kSoon; ++i) {
        const auto held = time_held_after_death();
        ASSERT_LT(held, kSoon + kBusyMachine);
        fastest = std::min(fastest, held);
    }
    EXPECT_LT(fastest, kSoon);
    std::printf("held for %.3f ms\n", std::chrono::duration<double, std::milli>(fastest).count());
}

INSTANTIATE_TEST_SUITE_P(Topologies, ProcessesTest,
                         ::testing::Values(Topology{true, false}, Topology{true, true}, Topology{false, false},
                                           Topology{false, true}),
                         name_of);

class WaitersTest : public ProcessesTest {};

TEST_P(WaitersTest, AKilledWaiterHoldsNobody) {
    Side side("p_0", start("waiter"));
    const SyncList list = cpu_list(side.module, NvSciSyncAccessPerm_WaitSignal);
    side.allocate_with({list});
    const NvSciSyncFence fence = generate(side.object);
    side.send_fence(fence);
    EXPECT_EQ(side.wire.receive_value<int>(), 1);
    kill();
    for (int i = 0; i < 100; ++i)
        EXPECT_EQ(NvSciSyncObjSignal(side.object), kSuccess);
    EXPECT_EQ(NvSciSyncFenceWait(&fence, side.context, 0), kSuccess);
}

INSTANTIATE_TEST_SUITE_P(OneOfThem, WaitersTest, ::testing::Values(Topology{}),
                         [](const auto&) { return std::string("Cpu"); });

}  // namespace

int run_role(std::string_view role) {
    constexpr std::string_view kSignaler = "signaler";
    int result = 1;
    if (role == "waiter") result = run_waiter(0);
    if (role.starts_with(kSignaler)) {
        const std::string_view of = role.substr(kSignaler.size());
        result = run_signaler({of.at(0) == '1', of.at(1) == '1'}, 0);
    }
    return result;
}

}  // namespace opennvsci::test

int main(int argc, char** argv) {
    constexpr int kSkipped = 77;
    constexpr std::string_view kRole = "--role=";
    const std::string_view first = argc > 1 ? argv[1] : "";
    ::testing::InitGoogleTest(&argc, argv);
    const char* wanted = std::getenv("OPENNVSCI_DEVICE");
    const auto driver = opennvsci::driver::instance();
    if (!driver) {
        std::printf("SKIPPED, nothing was tested: %s\n", driver.error().text.c_str());
        return wanted != nullptr && std::string_view(wanted) == "gpu" ? kSkipped : EXIT_FAILURE;
    }
    if (first.starts_with(kRole)) {
        ::alarm(60);
        return opennvsci::test::run_role(first.substr(kRole.size()));
    }
    return RUN_ALL_TESTS();
}
