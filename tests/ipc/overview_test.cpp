// SPDX-License-Identifier: Apache-2.0
//
// opennvsciIpcGetOverview: what a process sees of its own endpoints and of those of others, and what it does not
// believe (src/ipc/overview.h). Where nothing else is said, this process looks and others have the endpoints.
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <array>
#include <csignal>
#include <functional>
#include <map>
#include <string>
#include <system_error>
#include <vector>

#include "channel.h"
#include "ipc/description.h"
#include "ipc/ring_memory.h"
#include "own_process.h"
#include "peer_process.h"

namespace opennvsci::test {
namespace {

namespace fs = std::filesystem;

constexpr const char* kProgram = "exe";  // as a peer is called, which was started as /proc/self/exe

/// An overview, copied, so that two can be compared.
struct Seen {
    struct End {
        OpenNvSciIpcState state = OpenNvSciIpcState_Unknown;
        bool is_own = false;
        bool has_counts = false;
        std::uint64_t unread = 0;
        std::uint64_t parked = 0;
        std::int64_t owner = 0;
        std::string program;
        bool operator==(const End&) const = default;
    };
    std::map<std::string, End> ends;
    std::vector<std::string> names;  // in order
    bool has_folder = false;

    [[nodiscard]] const End& operator[](const std::string& name) const {
        static const End none{.owner = -1, .program = "no such endpoint"};
        const auto found = ends.find(name);
        return found == ends.end() ? none : found->second;
    }
};

Seen look() {
    Seen seen;
    const OpenNvSciIpcOverview* overview = nullptr;
    EXPECT_EQ(opennvsciIpcGetOverview(&overview), kIpcSuccess) << opennvsciGetLastErrorText();
    if (overview == nullptr) return seen;
    seen.has_folder = overview->hasFolder;
    for (std::size_t i = 0; i < overview->channelCount; ++i) {
        const OpenNvSciIpcChannel& channel = overview->channels[i];
        for (std::size_t k = 0; k < channel.endpointCount; ++k) {
            const OpenNvSciIpcEndpoint& end = channel.endpoints[k];
            seen.names.emplace_back(end.name);
            seen.ends[end.name] = {
                end.state,    end.isOwn,       end.hasCounts, end.unreadFrames, end.parkedDescriptors,
                end.ownerPid, end.ownerProgram};
        }
    }
    return seen;
}

class OverviewTest : public IpcTest {
  protected:
    static void connect_both(PeerProcess& one, PeerProcess& other) {
        ASSERT_EQ(one("open process_0"), kDone);
        ASSERT_EQ(other("open process_1"), kDone);
        ASSERT_EQ(one("reset"), kDone);
        ASSERT_EQ(other("reset"), kDone);
        one.tell("connect");
        ASSERT_EQ(other("connect"), "connected");
        ASSERT_EQ(one.answer(), "connected");
    }
};

TEST_F(OverviewTest, ChannelsThatNobodyHasOpenAreListedInOrderAndNothingIsMade) {
    NvSciIpcDeinit();  // the function does without
    const Seen seen = look();
    EXPECT_EQ(seen.names, (std::vector<std::string>{"thread_0", "thread_1", "process_0", "process_1", "vm_0"}));
    EXPECT_EQ(seen["thread_0"].state, OpenNvSciIpcState_NotOpen);
    EXPECT_EQ(seen["process_1"].state, OpenNvSciIpcState_NotOpen);
    EXPECT_EQ(seen["vm_0"].state, OpenNvSciIpcState_Unknown);
    EXPECT_FALSE(seen.has_folder);
    EXPECT_FALSE(fs::exists(place_.runtime()));

    const OpenNvSciIpcOverview* overview = nullptr;
    ASSERT_EQ(opennvsciIpcGetOverview(&overview), kIpcSuccess);
    EXPECT_EQ(overview->configuration, (place_.folder() / "nvsciipc.cfg").string());
    EXPECT_EQ(overview->folder, place_.runtime().string());
    ASSERT_EQ(overview->channelCount, 3U);
    EXPECT_STREQ(overview->channels[1].kind, "INTER_PROCESS");
    EXPECT_EQ(overview->channels[1].frames, 4U);
    EXPECT_EQ(overview->channels[1].frameSize, 128U);
    EXPECT_STREQ(overview->channels[2].kind, "INTER_VM");
    EXPECT_EQ(overview->channels[2].endpointCount, 1U);

    EXPECT_EQ(opennvsciIpcGetOverview(nullptr), NvSciError_BadParameter);
    EXPECT_STREQ(overview->channels[1].kind, "INTER_PROCESS") << "a failed call ends nothing";
    ASSERT_EQ(NvSciIpcInit(), kIpcSuccess);  // for the end of the test
}

TEST_F(OverviewTest, EachStateOfTheEndpointsOfOthersIsTold) {
    PeerProcess one;
    PeerProcess other;
    ASSERT_EQ(one("open process_0"), kDone);
    EXPECT_EQ(look()["process_0"], (Seen::End{OpenNvSciIpcState_NotReset, false, true, 0, 0, one.id(), kProgram}));
    EXPECT_EQ(look()["process_1"].state, OpenNvSciIpcState_NotOpen);
    ASSERT_EQ(one("reset"), kDone);
    EXPECT_EQ(look()["process_0"].state, OpenNvSciIpcState_Waiting);
    ASSERT_EQ(other("open process_1"), kDone);
    EXPECT_EQ(look()["process_1"].owner, other.id());
    ASSERT_EQ(other("reset"), kDone);
    static_cast<void>(one("events"));
    EXPECT_EQ(look()["process_0"].state, OpenNvSciIpcState_Connecting);
    one.tell("connect");
    ASSERT_EQ(other("connect"), "connected");
    ASSERT_EQ(one.answer(), "connected");
    EXPECT_EQ(look()["process_0"].state, OpenNvSciIpcState_Connected);
    EXPECT_EQ(look()["process_1"].state, OpenNvSciIpcState_Connected);
    ASSERT_EQ(other("close"), kDone);
    EXPECT_EQ(look()["process_0"].state, OpenNvSciIpcState_PeerGone);
    EXPECT_EQ(look()["process_1"], (Seen::End{OpenNvSciIpcState_NotOpen, false, false, 0, 0, 0, ""}));
}

TEST_F(OverviewTest, FramesAndDescriptorsThatWaitAreCountedAtTheEndWhereTheyLie) {
    PeerProcess one;
    PeerProcess other;
    connect_both(one, other);
    for (int i = 0; i < 3; ++i)
        ASSERT_EQ(one("write frame"), kDone);
    ASSERT_EQ(other("write back"), kDone);
    static_cast<void>(one("send 2"));
    static_cast<void>(one("send 0"));  // counts as one
    Seen seen = look();
    EXPECT_EQ(seen["process_0"], (Seen::End{OpenNvSciIpcState_Connected, false, true, 1, 0, one.id(), kProgram}));
    EXPECT_EQ(seen["process_1"], (Seen::End{OpenNvSciIpcState_Connected, false, true, 3, 3, other.id(), kProgram}));
    ASSERT_EQ(other("read"), "frame");
    EXPECT_EQ(look()["process_1"].unread, 2U);

    // What the survivor has not read stays, and is told; of the other one nothing is left.
    one.kill();
    seen = look();
    EXPECT_EQ(seen["process_0"].state, OpenNvSciIpcState_NotOpen);
    EXPECT_EQ(seen["process_1"], (Seen::End{OpenNvSciIpcState_PeerGone, false, true, 2, 3, other.id(), kProgram}));

    // Also when the next peer is there, as long as the survivor has not turned to that one.
    PeerProcess next;
    ASSERT_EQ(next("open process_0"), kDone);
    EXPECT_EQ(look()["process_1"].state, OpenNvSciIpcState_PeerGone);
    ASSERT_EQ(next("reset"), kDone);
    static_cast<void>(other("events"));
    seen = look();
    EXPECT_EQ(seen["process_1"], (Seen::End{OpenNvSciIpcState_Connecting, false, true, 0, 0, other.id(), kProgram}));
}

TEST_F(OverviewTest, AStoppedProcessIsListedAsItWas) {
    PeerProcess one;
    PeerProcess other;
    connect_both(one, other);
    ASSERT_EQ(one("write frame"), kDone);
    for (const PeerProcess* peer : {&one, &other}) {
        ::kill(peer->id(), SIGSTOP);
        int status = 0;
        ASSERT_EQ(::waitpid(peer->id(), &status, WUNTRACED), peer->id());
    }
    EXPECT_EQ(look()["process_1"], (Seen::End{OpenNvSciIpcState_Connected, false, true, 1, 0, other.id(), kProgram}));
}

class OwnOverviewTest : public ChannelTest {};

TEST_P(OwnOverviewTest, TheEndpointsOfThisProcessAreListed) {
    const std::string self = [] {
        std::string text;
        std::ifstream("/proc/self/comm") >> text;
        return text;
    }();
    OpenEndpoint a(name(0));
    EXPECT_EQ(look()[name(0)], (Seen::End{OpenNvSciIpcState_NotReset, true, true, 0, 0, ::getpid(), self}));
    a.reset();
    EXPECT_EQ(look()[name(0)].state, OpenNvSciIpcState_Waiting);
    OpenEndpoint b(name(1));
    connect(a, b);
    ASSERT_EQ(a.write("one"), kIpcSuccess);
    ASSERT_EQ(a.write("two"), kIpcSuccess);
    const std::array<int, 2> files{STDERR_FILENO, STDERR_FILENO};
    ASSERT_TRUE((*b.inner()->link())->send({}, files));
    Seen seen = look();
    EXPECT_EQ(seen[name(1)], (Seen::End{OpenNvSciIpcState_Connected, true, true, 2, 0, ::getpid(), self}));
    EXPECT_EQ(seen[name(0)], (Seen::End{OpenNvSciIpcState_Connected, true, true, 0, 2, ::getpid(), self}));
    // A connection that is made anew makes void what was not read.
    b.reset();
    EXPECT_EQ(look()[name(1)].unread, 0U);
    a.close();
    seen = look();
    EXPECT_EQ(seen[name(0)].state, OpenNvSciIpcState_NotOpen);
    EXPECT_TRUE(seen[name(1)].is_own);
}
OPENNVSCI_FOR_EACH_CHANNEL(OwnOverviewTest);

TEST_F(OverviewTest, EndpointsBetweenThreadsOfOthersAreNotSeen) {
    PeerProcess peer;
    ASSERT_EQ(peer("open thread_0"), kDone);
    EXPECT_EQ(look()["thread_0"].state, OpenNvSciIpcState_NotOpen);
}

TEST_F(OverviewTest, OpenChannelsOfAnotherConfigurationAreListedBehindThose) {
    PeerProcess peer;
    ASSERT_EQ(peer("open process_1"), kDone);
    const OpenEndpoint own("thread_1");
    place_.configure("INTER_PROCESS camera_0 camera_1 16 64\n");
    const Seen seen = look();
    EXPECT_EQ(seen.names,
              (std::vector<std::string>{"camera_0", "camera_1", "thread_0", "thread_1", "process_0", "process_1"}));
    EXPECT_EQ(seen["process_1"], (Seen::End{OpenNvSciIpcState_NotReset, false, true, 0, 0, peer.id(), kProgram}));
    EXPECT_EQ(seen["thread_1"].state, OpenNvSciIpcState_NotReset);
    // An endpoint that has another peer than the configuration says is open, and what it does is not this channel's.
    place_.configure("INTER_PROCESS process_1 elsewhere 16 64\n");
    EXPECT_EQ(look().names.front(), "process_1");
    const OpenNvSciIpcOverview* overview = nullptr;
    ASSERT_EQ(opennvsciIpcGetOverview(&overview), kIpcSuccess);
    EXPECT_EQ(overview->channels[0].endpoints[0].state, OpenNvSciIpcState_Open);
}

// A process that looks into a lock file of its own, and closes it, has given its lock up.
TEST_F(OverviewTest, LookingTakesNothingFromTheEndpointsOfThisProcess) {
    const OpenEndpoint a("process_0");
    const OpenEndpoint b("process_1");
    connect(a, b);
    while (a.events() != 0 && a.is_readable()) {
    }
    for (const char* configuration :
         {"INTER_PROCESS process_0 process_1 4 128\n", "INTER_PROCESS camera_0 camera_1 16 64\n"}) {
        place_.configure(configuration);
        static_cast<void>(look());
        EXPECT_EQ(findings_of_forked_child([](Findings& findings) {
                      const Seen seen = look();
                      findings.check(seen["process_0"].owner == ::getppid(), "the lock is lost");
                      findings.check(seen["process_1"].state == OpenNvSciIpcState_Connected, "not connected");
                      findings.check(seen["process_1"].has_counts, "no counts");
                      findings.check(!seen["process_0"].is_own, "an endpoint of the parent is the child's");
                  }),
                  "");
    }
    EXPECT_FALSE(a.is_readable()) << "whoever is looked at is woken";
    EXPECT_EQ(a.write("on"), kIpcSuccess);
    EXPECT_EQ(b.read(), "on");
}

// Closing any descriptor of a lock file would end this process's lock, under whatever name it was opened.
TEST_F(OverviewTest, AnotherNameOfALockFileTakesNothingEither) {
    const OpenEndpoint a("process_0");
    ASSERT_EQ(::link((place_.runtime() / "process_0.lock").c_str(), (place_.runtime() / "another.lock").c_str()), 0);
    static_cast<void>(look());
    EXPECT_EQ(findings_of_forked_child([](Findings& findings) {
                  NvSciIpcEndpoint handle = 0;
                  findings.check(NvSciIpcOpenEndpoint("process_0", &handle) == NvSciError_Busy, "the lock is lost");
              }),
              "");
}

// Its file is in /proc for everybody of the same user.
TEST_F(OverviewTest, NobodyButTheTwoEndsCanWriteIntoTheMemoryOfAChannel) {
    PeerProcess one;
    PeerProcess other;
    connect_both(one, other);
    int found = 0;
    for (const PeerProcess* peer : {&one, &other}) {
        for (const auto& entry : fs::directory_iterator("/proc/" + std::to_string(peer->id()) + "/fd")) {
            std::error_code gone;
            if (fs::read_symlink(entry, gone).string().find("opennvsci-frames") == std::string::npos) continue;
            ++found;
            const UniqueFd file(::open(entry.path().c_str(), O_RDWR | O_CLOEXEC));
            EXPECT_EQ(::mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, file.get(), 0), MAP_FAILED);
            const std::uint64_t lie = 3;
            EXPECT_EQ(::pwrite(file.get(), &lie, sizeof(lie), 0), -1);
        }
    }
    EXPECT_EQ(found, 2) << "both ends keep it";
    EXPECT_EQ(one("write on"), kDone);
    EXPECT_EQ(other("read"), "on");
}

// What came with a greeting is opened again if the heap was exhausted before the link was made.
TEST_F(OverviewTest, TheMemoryOfAChannelIsOpenedUntilALinkIsMadeOfIt) {
    const auto made = ipc::RingMemory::create({4, 128}, 0);
    ASSERT_TRUE(made);
    for (int i = 0; i < 2; ++i)
        EXPECT_TRUE(ipc::RingMemory::open((*made)->file(), {4, 128}, 1)) << i;
    (*made)->shut_out_others();
    EXPECT_FALSE(ipc::RingMemory::open((*made)->file(), {4, 128}, 1));
}

TEST_F(OverviewTest, ProcessesThatComeAndGoMeanwhileDoNoHarm) {
    pid_t former = 0;
    for (int i = 0; i < 6; ++i) {
        PeerProcess peer;
        ASSERT_EQ(peer("open process_0"), kDone);
        peer.tell("reset");
        const pid_t killer = ::fork();
        if (killer == 0) {
            ::usleep(static_cast<useconds_t>(i) * 500);
            ::kill(peer.id(), SIGKILL);
            _exit(0);
        }
        const pid_t id = peer.id();
        for (bool is_over = false; !is_over;) {
            const Seen::End end = look()["process_0"];
            is_over = end.state == OpenNvSciIpcState_NotOpen;
            EXPECT_TRUE(is_over || end.state == OpenNvSciIpcState_NotReset || end.state == OpenNvSciIpcState_Waiting);
            EXPECT_EQ(end.owner, is_over ? 0 : id) << "the one before was " << former;
        }
        ASSERT_EQ(::waitpid(killer, nullptr, 0), killer);
        former = id;
    }
}

TEST_F(OverviewTest, AFolderThatIsNotThisUsersIsRefusedWithTheReason) {
    fs::create_directory(place_.runtime());
    ::chmod(place_.runtime().c_str(), 0777);
    const OpenNvSciIpcOverview* overview = nullptr;
    EXPECT_EQ(opennvsciIpcGetOverview(&overview), NvSciError_NotPermitted);
    EXPECT_NE(std::string(opennvsciGetLastErrorText()).find("chmod go-w"), std::string::npos)
        << opennvsciGetLastErrorText();
    ::chmod(place_.runtime().c_str(), 0755);
    if (::chown(place_.runtime().c_str(), 12345, static_cast<gid_t>(-1)) != 0) return;  // needs root
    EXPECT_EQ(opennvsciIpcGetOverview(&overview), NvSciError_NotPermitted);
    EXPECT_NE(std::string(opennvsciGetLastErrorText()).find("belongs to user 12345"), std::string::npos)
        << opennvsciGetLastErrorText();
    EXPECT_EQ(overview, nullptr);
}

// Hostile owners

/// Holds a lock file until the end of the object, as a process that says in it what it likes.
class HostileOwner {
  public:
    /// `make` runs in the process that holds the lock, and returns the text.
    HostileOwner(const fs::path& lock_file, const std::function<std::string()>& make) {
        std::array<int, 2> ready{};
        std::array<int, 2> end{};
        if (::pipe(ready.data()) != 0 || ::pipe(end.data()) != 0) std::abort();
        child_ = ::fork();
        if (child_ == 0) {
            ::close(end[1]);
            const int file = ::open(lock_file.c_str(), O_RDWR | O_CREAT | O_TRUNC, 0600);
            struct flock lock {};
            lock.l_type = F_WRLCK;
            const std::string text = make();
            const bool is_made = ::fcntl(file, F_SETLK, &lock) == 0 &&
                                 ::write(file, text.data(), text.size()) == static_cast<ssize_t>(text.size()) &&
                                 ::write(ready[1], "!", 1) == 1;
            char none = 0;
            _exit(is_made && ::read(end[0], &none, 1) == 0 ? 0 : 1);
        }
        ::close(ready[1]);
        ::close(end[0]);
        end_ = end[1];
        char sign = 0;
        EXPECT_EQ(::read(ready[0], &sign, 1), 1);
        ::close(ready[0]);
    }
    HostileOwner(const HostileOwner&) = delete;
    HostileOwner& operator=(const HostileOwner&) = delete;
    ~HostileOwner() {
        ::close(end_);
        ::waitpid(child_, nullptr, 0);
    }
    [[nodiscard]] pid_t id() const noexcept { return child_; }

  private:
    pid_t child_ = -1;
    int end_ = -1;
};

const ipc::ChannelEnd kEnd{{ipc::Backend::process, "INTER_PROCESS", {"process_0", "process_1"}, 4, 128}, 0};
constexpr ipc::Shape kShape{4, 128};

std::string description_with(int memory, int side = 0) {
    const auto text = ipc::Description::write(kEnd, {ipc::State::established, 7, memory, side});
    return {text.data(), text.size()};
}

/// The memory of a link, with what both ends say in it, as its descriptor.
int memory_of_link(const std::function<void(ipc::SideWords& own, ipc::SideWords& peer)>& say) {
    static auto* const kept = ipc::RingMemory::create(kShape, 0)->release();  // to the end of the child
    say(kept->own(), kept->peer());
    return kept->file();
}

int memory_file(std::size_t size, int seals) {
    const int file = ::memfd_create("opennvsci-frames", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    if (::ftruncate(file, static_cast<off_t>(size)) != 0 || ::fcntl(file, F_ADD_SEALS, seals) != 0) return -1;
    return file;
}

TEST_F(OverviewTest, WhatAnOwnerCannotMeanIsNotBelieved) {
    fs::create_directory(place_.runtime());
    ::chmod(place_.runtime().c_str(), 0700);
    const fs::path lock_file = place_.runtime() / "process_0.lock";
    const std::size_t size = ipc::RingMemory::bytes_for(kShape);
    constexpr int kSeals = F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL;
    const auto replaced = [](std::string text, const std::string& what, const std::string& by) {
        text.replace(text.find(what), what.size(), by);
        return text;
    };
    struct Case {
        const char* name;
        std::function<std::string()> make;
        OpenNvSciIpcState state;
        bool has_counts;
    };
    constexpr auto kOpen = OpenNvSciIpcState_Open;
    constexpr auto kGone = OpenNvSciIpcState_PeerGone;  // says that it is connected, and there is no peer
    const std::vector<Case> cases = {
        {"the truth",
         [] {
             return description_with(memory_of_link([](auto& own, auto& peer) {
                 peer.written = 9;
                 own.read = 6;
                 peer.sent = 300;
                 own.taken = 299;
             }));
         },
         kGone, true},
        {"nothing", [] { return std::string(); }, kOpen, false},
        {"garbage", [] { return std::string(10'000, '\xFF'); }, kOpen, false},
        {"no state", [&] { return replaced(description_with(-1), "established", "dancing"); }, kOpen, false},
        {"another endpoint", [&] { return replaced(description_with(-1), "process_0", "process_1"); }, kOpen, false},
        {"a stranger", [&] { return replaced(description_with(-1), "process_0", "process_7"); }, kOpen, false},
        {"frames without end", [&] { return replaced(description_with(-1), " 4 128", " 4294967295 64"); }, kOpen,
         false},
        {"a third side", [&] { return replaced(description_with(-1), " 0\nchannel", " 2\nchannel"); }, kOpen, false},
        {"numbers too large", [&] { return replaced(description_with(-1), "memory -1", "memory 99999999999"); }, kOpen,
         false},
        {"no memory", [] { return description_with(-1); }, kGone, false},
        {"no descriptor", [&] { return replaced(description_with(-1), "memory -1", "memory 999"); }, kGone, false},
        {"a pipe",
         [] {
             std::array<int, 2> ends{};
             return ::pipe(ends.data()) == 0 ? description_with(ends[0]) : "";
         },
         kGone, false},
        {"a pipe with a name",
         [&] {
             const std::string path = (place_.folder() / "fifo").string();
             ::mkfifo(path.c_str(), 0600);
             return description_with(::open(path.c_str(), O_RDWR));
         },
         kGone, false},
        {"a device", [] { return description_with(::open("/dev/zero", O_RDWR)); }, kGone, false},
        {"a file", [&] { return description_with(::open((place_.folder() / "nvsciipc.cfg").c_str(), O_RDWR)); }, kGone,
         false},
        {"memory that can shrink", [&] { return description_with(memory_file(size, F_SEAL_GROW)); }, kGone, false},
        {"memory too small", [&] { return description_with(memory_file(size - 4096, kSeals)); }, kGone, false},
        {"memory too large", [&] { return description_with(memory_file(size + 4096, kSeals)); }, kGone, false},
        {"other memory than it says",
         [&] {
             const int file = memory_file(size, kSeals);
             struct stat status {};
             ::fstat(file, &status);
             return replaced(description_with(file), " " + std::to_string(status.st_ino) + " ", " 1 ");
         },
         kGone, false},
        {"more frames than there are",
         [] { return description_with(memory_of_link([](auto&, auto& peer) { peer.written = 5; })); }, kGone, false},
        {"more was read than written",
         [] { return description_with(memory_of_link([](auto& own, auto&) { own.read = 1; })); }, kGone, false},
        {"more descriptors than can lie there",
         [] { return description_with(memory_of_link([](auto&, auto& peer) { peer.sent = 257; })); }, kGone, false},
    };
    for (const Case& each : cases) {
        SCOPED_TRACE(each.name);
        const HostileOwner owner(lock_file, each.make);
        const Seen::End end = look()["process_0"];
        EXPECT_EQ(end.state, each.state);
        EXPECT_EQ(end.owner, owner.id());
        EXPECT_EQ(end.has_counts, each.has_counts);
        EXPECT_EQ(end.unread, each.has_counts ? 3U : 0U);
        EXPECT_EQ(end.parked, each.has_counts ? 1U : 0U);
    }
}

TEST_F(OverviewTest, AProgramsNameIsShownInPrintableCharacters) {
    const OpenEndpoint a("process_0");
    EXPECT_EQ(in_forked_child([] {
                  ::prctl(PR_SET_NAME, "a\x1b[2J\xc2\x9b");
                  NvSciIpcEndpoint endpoint = 0;
                  NvSciIpcOpenEndpoint("process_1", &endpoint);
                  return look()["process_1"].program;
              }).bytes,
              "a?[2J??");
}

TEST_F(OverviewTest, WhatIsNoLockFileIsNotOpenedAndNotWaitedFor) {
    fs::create_directory(place_.runtime());
    ::chmod(place_.runtime().c_str(), 0700);
    const fs::path lock_file = place_.runtime() / "process_0.lock";
    const std::function<void()> kinds[] = {
        [&] { ASSERT_EQ(::mkfifo(lock_file.c_str(), 0600), 0); },
        [&] { fs::create_directory(lock_file); },
        [&] { fs::create_symlink(place_.folder() / "nvsciipc.cfg", lock_file); },
        [&] { fs::create_symlink("process_0.lock", lock_file); },
    };
    for (const auto& make : kinds) {
        make();
        EXPECT_EQ(look()["process_0"].state, OpenNvSciIpcState_Unknown);
        fs::remove_all(lock_file);
    }
    std::ofstream(lock_file) << description_with(-1);
    EXPECT_EQ(look()["process_0"].state, OpenNvSciIpcState_NotOpen) << "what a dead owner left";
    if (::chown(lock_file.c_str(), 12345, static_cast<gid_t>(-1)) != 0) return;  // needs root
    EXPECT_EQ(look()["process_0"].state, OpenNvSciIpcState_Unknown);
}

// It says that it is a lock of another kind, and no process has it.
TEST_F(OverviewTest, AnEndpointWhoseOwnerCannotBeSeenIsListedAsOpen) {
    fs::create_directory(place_.runtime());
    ::chmod(place_.runtime().c_str(), 0700);
    const fs::path lock_file = place_.runtime() / "process_0.lock";
    std::ofstream(lock_file) << description_with(-1);
    const UniqueFd file(::open(lock_file.c_str(), O_RDWR | O_CLOEXEC));
    struct flock lock {};
    lock.l_type = F_WRLCK;
    ASSERT_EQ(::fcntl(file.get(), F_OFD_SETLK, &lock), 0);
    const Seen::End end = look()["process_0"];
    EXPECT_EQ(end, (Seen::End{OpenNvSciIpcState_PeerGone, false, false, 0, 0, 0, ""}));
}

TEST_F(OverviewTest, AnythingMayLieInTheFolder) {
    fs::create_directory(place_.runtime());
    ::chmod(place_.runtime().c_str(), 0700);
    for (const char* name :
         {".lock", "%2E%2E.lock", "a%00.lock", "camera_0.channel", "camera_0.lock.lock", "stale.lock"})
        std::ofstream(place_.runtime() / name) << description_with(-1);
    // An endpoint that says in another one's file what it is.
    const HostileOwner owner(place_.runtime() / "camera_0.lock", [] { return description_with(-1); });
    EXPECT_EQ(look().names, (std::vector<std::string>{"thread_0", "thread_1", "process_0", "process_1", "vm_0"}));
}

TEST(DescriptionTest, EveryEndpointIsReadAsItWasWritten) {
    const std::string longest(63, 'n');
    const std::string other = std::string(62, 'n') + "m";
    for (const int side : {0, 1}) {
        const ipc::ChannelEnd end{{ipc::Backend::process, "INTER_PROCESS", {longest, other}, 4096, 1U << 20}, side};
        const UniqueFd memory(::memfd_create("memory", MFD_CLOEXEC));
        struct stat status {};
        ASSERT_EQ(::fstat(memory.get(), &status), 0);
        const auto text = ipc::Description::write(end, {ipc::State::established, ~std::uint64_t{0}, memory.get(), 1});
        const auto read = ipc::Description::read({text.data(), text.size()});
        ASSERT_TRUE(read);
        EXPECT_EQ(read->end.name(), end.name());
        EXPECT_EQ(read->end.peer_name(), end.peer_name());
        EXPECT_EQ(read->end.channel.frames, 4096U);
        EXPECT_EQ(read->end.channel.frame_size, 1U << 20);
        EXPECT_EQ(read->activity.state, ipc::State::established);
        EXPECT_EQ(read->activity.session, ~std::uint64_t{0});
        EXPECT_EQ(read->activity.memory, memory.get());
        EXPECT_EQ(read->memory_number, status.st_ino);
        EXPECT_EQ(read->activity.side, 1);
        // Cut anywhere it is no description, or the same one.
        for (std::size_t length = 0; length < text.size(); ++length) {
            const auto cut = ipc::Description::read({text.data(), length});
            EXPECT_TRUE(!cut || cut->end.name() == end.name()) << length;
        }
    }
}

}  // namespace
}  // namespace opennvsci::test
