// SPDX-License-Identifier: Apache-2.0
#include "leak_check.h"

#include <chrono>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <thread>

#include "device.h"
#include "driver_hooks.h"
#include "ipc/watch.h"
#include "sync/counter_memory.h"
#include "sync/shared_page.h"
#include "sync/timelines.h"

namespace opennvsci::test {

// The memory of counters is kept for the life of the process (sync/counter_memory.h): so it is made, and mapped in the
// context of the tests, before anything is counted; and mappings that went with a context are taken down. What was
// freed while a stream used it ends when others are made and freed.
LeakCheck::LeakCheck() {
    sync::CounterArena& arena = sync::CounterArena::instance();
    const TestDevice& device = TestDevice::instance();
    cu::CUcontext current = nullptr;
    device.cuda().cuCtxGetCurrent(&current);
    device.make_current();
    const auto context = driver::ContextWatch::of_current(device.driver());
    device.cuda().cuCtxSetCurrent(current);
    for (const auto size : {sync::CounterArena::Size::words, sync::CounterArena::Size::words_and_timestamps}) {
        auto place = arena.take(size);
        if (!place) continue;
        if (context) (void)place->memory->address_in(**context);
        arena.give_back(size, std::move(*place));
    }
    before_ = count();
}

std::map<std::string, long> LeakCheck::count() {
    const sync::Timeline::Description of_the_cpu{};
    for (int i = 0; i < 50; ++i)
        (void)sync::Timelines::instance().create(nullptr, of_the_cpu);
    sync::CounterArena::instance().forget_ended_contexts();
    sync::SharedPage::wait_for_ended();
    ipc::Watch::wait_for_end();
    std::map<std::string, long> counts = DriverHooks::instance().live_objects();
    counts["file descriptors"] = std::distance(std::filesystem::directory_iterator("/proc/self/fd"), {});
    std::ifstream maps("/proc/self/maps");
    for (std::string line; std::getline(maps, line);) {
        if (line.find("/memfd:opennvsci") != std::string::npos) ++counts["memory file mappings"];
    }
    return counts;
}

std::string LeakCheck::differences_now() const {
    std::string text;
    std::map<std::string, long> now = count();
    std::map<std::string, long> before = before_;
    for (auto& [what, number] : now) {
        const long change = number - before[what];
        if (change != 0) text += what + (change > 0 ? " +" : " ") + std::to_string(change) + "; ";
    }
    for (auto& [what, number] : before) {
        if (!now.contains(what) && number != 0) text += what + " -" + std::to_string(number) + "; ";
    }
    return text;
}

std::string LeakCheck::differences(const std::string& expected) const {
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(2);
    std::string found = differences_now();
    while (found != expected && std::chrono::steady_clock::now() < end) {
        std::this_thread::sleep_for(std::chrono::milliseconds(5));
        found = differences_now();
    }
    return found;
}

}  // namespace opennvsci::test
