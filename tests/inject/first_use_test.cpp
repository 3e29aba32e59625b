// SPDX-License-Identifier: Apache-2.0
//
// The first use of the driver, each time in a process that has none yet: what may pass is not remembered, the software
// device stands in for a driver only where there is no driver or no device, and nobody waits for anybody.
#include <dlfcn.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <chrono>
#include <cstdlib>
#include <new>
#include <string>
#include <thread>
#include <vector>

#include "driver/driver.h"
#include "failure_walk.h"
#include "log_level.h"
#include "this_program.h"

namespace {

std::atomic<bool> g_constructor_runs{false};

}  // namespace

// Called by the constructor of the plug-in asks_for_driver. The time is for the other thread to reach the dynamic
// linker.
extern "C" [[gnu::visibility("default")]] void constructor_runs();
void constructor_runs() {
    g_constructor_runs = true;
    std::this_thread::sleep_for(std::chrono::milliseconds(200));
}

namespace opennvsci::test {
namespace {

/// Ends the process that a test started. What fell short is its last line.
class Child {
  public:
    explicit Child(const char* device) {
        ::alarm(60);  // hanging is falling short too
        ::setenv("OPENNVSCI_DEVICE", device, 1);
    }
    void require(bool held, const std::string& what) {
        if (held) return;
        std::fprintf(stderr, "fell short: %s\n", what.c_str());
        ::_exit(1);
    }
    [[noreturn]] void end() { ::_exit(0); }
};

// A driver whose calls all give `answer` is the libcuda.so.1 of this process from now on, or gives that from now on.
void use_fake_driver(Child& child, const char* answer) {
    ::setenv("FAKE_DRIVER_ANSWER", answer, 1);
    child.require(::dlopen(built("lib/libfake_driver.so").c_str(), RTLD_NOW) != nullptr,
                  "the stand-in for a driver is there");
}

bool has(const Result<const driver::Driver*>& result, const char* part) {
    return !result && result.error().text.find(part) != std::string::npos;
}

std::string text_of(const Result<const driver::Driver*>& result) {
    return result ? "a driver from " + (*result)->path : result.error().text;
}

[[noreturn]] void first_use_without_descriptors(const char* device) {
    Child child(device);
    rlimit before{};
    ::getrlimit(RLIMIT_NOFILE, &before);
    const rlimit none{3, before.rlim_max};
    ::setrlimit(RLIMIT_NOFILE, &none);
    const auto first = driver::instance();
    ::setrlimit(RLIMIT_NOFILE, &before);
    child.require(has(first, "open files"), text_of(first));
    const auto second = driver::instance();
    child.require(second.has_value(), text_of(second));
    child.end();
}

class FirstUseDeathTest : public ::testing::Test {
  protected:
    // Each starts the test program anew.
    static void SetUpTestSuite() { GTEST_FLAG_SET(death_test_style, "threadsafe"); }
};

TEST_F(FirstUseDeathTest, WantOfDescriptorsPasses) {
    EXPECT_EXIT(first_use_without_descriptors("soft"), ::testing::ExitedWithCode(0), "");
    EXPECT_EXIT(first_use_without_descriptors("auto"), ::testing::ExitedWithCode(0), "");
}

[[noreturn]] void first_use_without_memory() {
    Child child("soft");
    int failures = 0;
    walk_failure_points(kEveryPoint, [&](FailurePoint& point) {
        bool is_there = false;
        point.arm();
        try {
            is_there = driver::instance().has_value();
        } catch (const std::bad_alloc&) {
        }
        const bool is_hit = point.disarm();
        if (is_there) return;  // and the next time nothing can fail any more
        ++failures;
        child.require(is_hit, "it fails although there is memory");
    });
    child.require(failures > 5, "the points were not passed");
    child.require(driver::instance().has_value(), "memory is back, and the driver is not");
    child.end();
}

TEST_F(FirstUseDeathTest, WantOfMemoryPasses) {
    EXPECT_EXIT(first_use_without_memory(), ::testing::ExitedWithCode(0), "");
}

[[noreturn]] void first_use_of_a_driver_that_fails(const char* then) {
    Child child("auto");
    use_fake_driver(child, "999");
    const auto first = driver::instance();
    child.require(has(first, "cuInit failed: 999"), text_of(first));
    child.require(has(first, "OPENNVSCI_DEVICE=soft"), text_of(first));
    use_fake_driver(child, then);
    const auto second = driver::instance();
    child.require(second && (*second)->is_software, text_of(second));
    child.require(driver::instance().value_or(nullptr) == *second, "a driver is kept");
    child.end();
}

// 100: there is no device. 34: the library is a stub, for linking.
TEST_F(FirstUseDeathTest, OnlyADriverWithoutADeviceIsReplaced) {
    EXPECT_EXIT(first_use_of_a_driver_that_fails("100"), ::testing::ExitedWithCode(0),
                "notice: no GPU .cuInit failed: 100.*software CUDA device");
    EXPECT_EXIT(first_use_of_a_driver_that_fails("34"), ::testing::ExitedWithCode(0),
                "notice: no GPU .cuInit failed: 34.*software CUDA device");
}

// Started without stderr by the test behind it; by the time that the software device is loaded, its number is that of a
// file.
TEST(FirstUseProcess, DISABLED_WithAFileInThePlaceOfStderr) {
    ASSERT_EQ(::dup2(::memfd_create("in the place of stderr", MFD_CLOEXEC), STDERR_FILENO), STDERR_FILENO);
    ::setenv("OPENNVSCI_DEVICE", "soft", 1);
    ::setenv("OPENNVSCI_SOFT_DEVICES", "many", 1);
    ASSERT_TRUE(driver::instance());
    EXPECT_EQ(::lseek(STDERR_FILENO, 0, SEEK_END), 0);
}

TEST_F(FirstUseDeathTest, TheSoftwareDeviceDoesNotWriteToAFileInThePlaceOfStderr) {
    const std::string line = "'" + this_program().string() +
                             "' --gtest_also_run_disabled_tests --gtest_filter=*DISABLED_WithAFileInThePlaceOfStderr "
                             ">/dev/null 2>&-";
    EXPECT_EQ(std::system(line.c_str()), 0);
}

[[noreturn]] void first_use_with(const char* device, const char* devices) {
    Child child(device);
    ::setenv("OPENNVSCI_SOFT_DEVICES", devices, 1);
    use_fake_driver(child, "100");
    const auto driver = driver::instance();
    child.require(driver.has_value(), text_of(driver));
    child.require((*driver)->devices.size() == 1, "one device");
    child.end();
}

TEST_F(FirstUseDeathTest, EmptyVariablesAreAsGoodAsNone) {
    EXPECT_EXIT(first_use_with("", ""), ::testing::ExitedWithCode(0), "^opennvsci: notice: no GPU [^\n]*\n$");
}

// Whoever loads the software device, an unknown level is said.
[[noreturn]] void use_of_the_software_device_alone() {
    Child child("soft");
    void* const device = ::dlopen(built("lib/opennvsci/softcuda/libcuda.so.1").c_str(), RTLD_NOW);
    child.require(device != nullptr, "the software device is there");
    const auto init = reinterpret_cast<unsigned (*)(unsigned)>(::dlsym(device, "cuInit"));
    child.require(init != nullptr && init(0) == 0, "it works");
    child.end();
}

TEST_F(FirstUseDeathTest, AnUnknownLevelIsSaidBySoftwareDeviceAndLibrary) {
    const LogLevel unknown("loud");
    const std::string said = "opennvsci: warning: OPENNVSCI_LOG=loud is not one of [a-z, ]*: using notice\n";
    EXPECT_EXIT(use_of_the_software_device_alone(), ::testing::ExitedWithCode(0), "^" + said + "$");
    EXPECT_EXIT(first_use_with("soft", "1"), ::testing::ExitedWithCode(0),
                "^" + said + "opennvsci: warning: OPENNVSCI_DEVICE=soft, but [^\n]*\n$");
}

[[noreturn]] void first_use_by_many_threads() {
    Child child("auto");
    use_fake_driver(child, "100");
    const int said = ::memfd_create("said", MFD_CLOEXEC);
    const int before = ::dup(STDERR_FILENO);
    ::dup2(said, STDERR_FILENO);
    std::array<const driver::Driver*, 8> found{};
    std::vector<std::thread> threads;
    for (const driver::Driver*& one : found) {
        threads.emplace_back([&one] {
            const auto driver = driver::instance();
            one = driver ? *driver : nullptr;
        });
    }
    for (std::thread& thread : threads)
        thread.join();
    ::dup2(before, STDERR_FILENO);
    for (const driver::Driver* one : found)
        child.require(one != nullptr && one == found.front(), "all get the same driver");
    std::array<char, 4096> text{};
    child.require(::pread(said, text.data(), text.size() - 1, 0) > 0, "the software device is used silently");
    const std::string lines = text.data();
    child.require(lines.find('\n') == lines.size() - 1, lines);
    child.end();
}

TEST_F(FirstUseDeathTest, OfManyThreadsAtOnceOneDriverIsKeptAndSaidOnce) {
    EXPECT_EXIT(first_use_by_many_threads(), ::testing::ExitedWithCode(0), "");
}

[[noreturn]] void first_use_in_a_constructor() {
    Child child("soft");
    void* plugin = nullptr;
    std::thread loads([&] { plugin = ::dlopen(built("lib/libasks_for_driver.so").c_str(), RTLD_NOW); });
    while (!g_constructor_runs)
        std::this_thread::yield();
    const auto driver = driver::instance();
    loads.join();
    child.require(driver.has_value(), text_of(driver));
    child.require(plugin != nullptr, "the plug-in is there");
    const auto has_a_driver = reinterpret_cast<bool (*)()>(::dlsym(plugin, "constructor_has_a_driver"));
    child.require(has_a_driver != nullptr && has_a_driver(), "the constructor got a driver");
    child.end();
}

// The constructor holds the dynamic linker and wants the driver; the other thread loads the driver and so waits for the
// dynamic linker. It must hold nothing meanwhile.
TEST_F(FirstUseDeathTest, AConstructorAndAnotherThreadBothGetADriver) {
    EXPECT_EXIT(first_use_in_a_constructor(), ::testing::ExitedWithCode(0), "");
}

TEST(Driver, ThatIsNotThereIsToldFromOneThatCannotBeLoaded) {
    const auto absent = driver::Driver::load("libcuda-that-does-not-exist.so");
    ASSERT_FALSE(absent);
    EXPECT_EQ(absent.error().cuda, cu::CUDA_ERROR_NO_DEVICE) << absent.error().text;
    const auto broken = driver::Driver::load("/dev/null");
    ASSERT_FALSE(broken);
    EXPECT_EQ(broken.error().cuda, cu::CUDA_ERROR_NOT_INITIALIZED) << broken.error().text;
}

}  // namespace
}  // namespace opennvsci::test
