// SPDX-License-Identifier: Apache-2.0
//
// A fork waits for who looks at what is loaded, but not for ever, and holds no other lock meanwhile.
#include "base/loaded_objects.h"

#include <link.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <thread>

#include "attributes.h"
#include "buf_objects.h"
#include "buf_test.h"
#include "own_process.h"

namespace opennvsci::test {
namespace {

class LoadedObjectsTest : public BufTest {};

bool child_ends_well(pid_t child) {
    int status = 0;
    return child > 0 && ::waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

TEST_F(LoadedObjectsTest, AForkWaitsForALook) {
    SKIP_WHERE_FORKS_STAND_STILL();
    std::atomic<bool> is_looking{false};
    std::atomic<bool> has_looked{false};
    std::thread looker([&] {
        const LookAtLoadedObjects held;
        is_looking = true;
        std::this_thread::sleep_for(std::chrono::milliseconds(200));
        has_looked = true;
    });
    while (!is_looking)
        std::this_thread::yield();
    const pid_t child = ::fork();
    if (child == 0) {
        const LookAtLoadedObjects can_be_had;
        ::_exit(has_looked ? 0 : 1);
    }
    EXPECT_TRUE(child_ends_well(child));
    looker.join();
    const LookAtLoadedObjects can_be_had;
}

// In a callback of its own look the program keeps the dynamic linker, for which the one who looks for us waits.
TEST_F(LoadedObjectsTest, AForkInACallbackOfTheProgramEnds) {
    SKIP_WHERE_FORKS_STAND_STILL();
    struct Shared {
        std::atomic<bool> is_in_callback{false};
        std::atomic<bool> is_looking{false};
        std::atomic<bool> is_forked{false};
        bool ended_well = false;
    } shared;
    const auto nothing = [](dl_phdr_info*, std::size_t, void*) { return 1; };
    std::thread looker([&] {
        while (!shared.is_in_callback)
            std::this_thread::yield();
        const LookAtLoadedObjects held;
        shared.is_looking = true;
        ::dl_iterate_phdr(nothing, nullptr);
    });
    std::thread other([&] {
        while (!shared.is_looking)
            std::this_thread::yield();
        std::this_thread::sleep_for(std::chrono::milliseconds(500));
        EXPECT_NE(create_list(module_).get(), nullptr);
        EXPECT_FALSE(shared.is_forked) << "the fork held the lock of the handles while it waited";
    });
    const auto fork_there = [](dl_phdr_info*, std::size_t, void* data) {
        auto& all = *static_cast<Shared*>(data);
        all.is_in_callback = true;
        while (!all.is_looking)
            std::this_thread::yield();
        const pid_t child = ::fork();
        if (child == 0) ::_exit(0);
        all.is_forked = true;
        all.ended_well = child_ends_well(child);
        return 1;
    };
    ::dl_iterate_phdr(fork_there, &shared);
    EXPECT_TRUE(shared.ended_well);
    looker.join();
    other.join();
    const LookAtLoadedObjects can_be_had;
}

}  // namespace
}  // namespace opennvsci::test
