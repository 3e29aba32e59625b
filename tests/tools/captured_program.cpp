// SPDX-License-Identifier: Apache-2.0
//
// Programs for the tests of OPENNVSCI_CAPTURE: captured_program NAME runs one. Each says what its own calls did by its
// exit status: 0 if they did what they do without a capture.
#include <dlfcn.h>
#include <fcntl.h>
#include <pthread.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <csignal>
#include <cstdarg>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <string>
#include <string_view>
#include <thread>

#include "nvscibuf.h"

namespace {

using Reconcile = NvSciError (*)(NvSciBufAttrList list);

NvSciBufModule module() {
    static const NvSciBufModule opened = [] {
        NvSciBufModule made = nullptr;
        if (NvSciBufModuleOpen(&made) != NvSciError_Success) std::abort();
        return made;
    }();
    return opened;
}

NvSciBufAttrList raw_list(std::uint64_t size = 4096) {
    NvSciBufAttrList list = nullptr;
    NvSciBufType type = NvSciBufType_RawBuffer;
    bool yes = true;
    std::uint64_t alignment = 4096;
    const std::array<NvSciBufAttrKeyValuePair, 4> pairs{
        {{NvSciBufGeneralAttrKey_Types, &type, sizeof(type)},
         {NvSciBufGeneralAttrKey_NeedCpuAccess, &yes, sizeof(yes)},
         {NvSciBufRawBufferAttrKey_Size, &size, sizeof(size)},
         {NvSciBufRawBufferAttrKey_Align, &alignment, sizeof(alignment)}}};
    if (NvSciBufAttrListCreate(module(), &list) != NvSciError_Success ||
        NvSciBufAttrListSetAttrs(list, const_cast<NvSciBufAttrKeyValuePair*>(pairs.data()), pairs.size()) !=
            NvSciError_Success)
        std::abort();
    return list;
}

bool negotiate(int times = 1) {
    bool is_well = true;
    for (int i = 0; i < times; ++i) {
        NvSciBufAttrList list = raw_list();
        NvSciBufAttrList reconciled = nullptr;
        NvSciBufAttrList conflict = nullptr;
        is_well &= NvSciBufAttrListReconcile(&list, 1, &reconciled, &conflict) == NvSciError_Success;
        NvSciBufAttrListFree(reconciled);
        NvSciBufAttrListFree(list);
    }
    return is_well;
}

// The notice of the refusal says why.
bool refused() {
    const std::array<NvSciBufAttrList, 2> lists{raw_list(4096), raw_list(8192)};
    NvSciBufAttrList reconciled = nullptr;
    NvSciBufAttrList conflict = nullptr;
    return NvSciBufAttrListReconcile(lists.data(), lists.size(), &reconciled, &conflict) ==
           NvSciError_ReconciliationFailed;
}

bool set_file_size_limit(rlim_t bytes) {
    const rlimit limit{bytes, RLIM_INFINITY};
    return ::setrlimit(RLIMIT_FSIZE, &limit) == 0;
}

// SIGXFSZ would end the process.
bool limited() {
    return negotiate() && set_file_size_limit(5000) && negotiate(3);
}

bool cancelled() {
    bool is_done = false;
    std::thread thread([&] {
        ::pthread_cancel(::pthread_self());
        is_done = negotiate();
        ::pthread_testcancel();
        is_done = false;
    });
    thread.join();
    return is_done;
}

// What others print to a stderr that is closed goes nowhere. The moment that is worst for it is right behind an open.
std::atomic<bool> g_prints_behind_open{false};

bool without_stderr() {
    ::close(STDERR_FILENO);
    g_prints_behind_open = true;
    const bool is_well = negotiate(10);
    g_prints_behind_open = false;
    return is_well && ::fcntl(STDERR_FILENO, F_GETFD) < 0;
}

std::string library(const char* name) {
    return (std::filesystem::read_symlink("/proc/self/exe").parent_path() / name).string();
}

// Loads a library, lets it negotiate, and unloads it.
bool by_library(const char* name) {
    void* const handle = ::dlopen(library(name).c_str(), RTLD_NOW | RTLD_LOCAL);
    if (handle == nullptr) return false;
    const auto reconcile = reinterpret_cast<Reconcile>(::dlsym(handle, "reconcile_and_forget"));
    NvSciBufAttrList list = raw_list();
    const bool is_well = reconcile != nullptr && reconcile(list) == NvSciError_Success;
    NvSciBufAttrListFree(list);
    return ::dlclose(handle) == 0 && is_well;
}

bool foreign() {
    return by_library("libnvsciforeign.so");
}

bool reloaded() {
    return by_library("libnvsciforeign.so") && by_library("libnvsciforeign.so") && negotiate();
}

// Where a thread stops, for a while, that negotiates.
enum class Stop { nowhere, loaded_objects, debug_information };
std::atomic<Stop> g_stop{Stop::nowhere};
std::atomic<bool> g_is_inside{false};
thread_local bool t_stops = false;

void stop_at(Stop stop) noexcept {
    if (!t_stops || !g_stop.compare_exchange_strong(stop, Stop::nowhere)) return;
    g_is_inside = true;
    ::usleep(300'000);
}

// A fork while another thread captures for the first time. The child opens a module, as it could without a capture.
bool forked_at(Stop stop) {
    NvSciBufAttrList list = raw_list();
    g_stop = stop;
    bool is_well = true;
    std::thread first([&] {
        NvSciBufAttrList reconciled = nullptr;
        NvSciBufAttrList conflict = nullptr;
        t_stops = true;
        is_well = NvSciBufAttrListReconcile(&list, 1, &reconciled, &conflict) == NvSciError_Success;
        t_stops = false;
        g_is_inside = true;  // also where debug information is not read
    });
    while (!g_is_inside)
        ::usleep(1000);
    const pid_t child = ::fork();
    if (child == 0) {
        std::signal(SIGALRM, SIG_DFL);
        ::alarm(20);
        NvSciBufModule opened = nullptr;
        _exit(NvSciBufModuleOpen(&opened) == NvSciError_Success && negotiate() ? 0 : 1);
    }
    int status = -1;
    ::waitpid(child, &status, 0);
    first.join();
    return is_well && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

// The C library's time zones have a lock that a fork does not reset.
std::atomic<bool> g_has_asked_for_a_date{false};

bool dated() {
    return negotiate() && !g_has_asked_for_a_date;
}

struct Program {
    std::string_view name;
    bool (*run)();
};
constexpr std::array<Program, 11> kPrograms{{
    {"once", [] { return negotiate(); }},
    {"refused", refused},
    {"limited", limited},
    {"cancelled", cancelled},
    {"without_stderr", without_stderr},
    {"foreign", foreign},
    {"reloaded", reloaded},
    {"forked", [] { return forked_at(Stop::debug_information); }},
    {"forked_in_the_linker", [] { return forked_at(Stop::loaded_objects); }},
    {"dated", dated},
    {"often", [] { return negotiate(50); }},
}};

}  // namespace

// In front of the C library's: a file is opened.
extern "C" int open(const char* path, int flags, ...) {
    std::va_list rest;
    va_start(rest, flags);
    // The debug information of libraries is read while the dynamic linker goes through them and holds its lock.
    if (std::string_view(path).find(".so") != std::string_view::npos) stop_at(Stop::loaded_objects);
    const int mode = (flags & O_CREAT) != 0 ? va_arg(rest, int) : 0;
    va_end(rest);
    const int fd = static_cast<int>(::syscall(SYS_openat, AT_FDCWD, path, flags, mode));
    if (g_prints_behind_open) (void)!::write(STDERR_FILENO, "from another thread\n", 20);
    return fd;
}

// In front of the C library's: the debug information of the program and its libraries is mapped.
extern "C" void* mmap(void* address, size_t size, int protection, int flags, int fd, off_t offset) noexcept {
    if (fd >= 0) stop_at(Stop::debug_information);
    return reinterpret_cast<void*>(::syscall(SYS_mmap, address, size, protection, flags, fd, offset));
}

// In front of the C library's, which takes its lock.
extern "C" tm* gmtime_r(const time_t* time, tm* parts) noexcept {
    g_has_asked_for_a_date = true;
    using Convert = tm* (*)(const time_t*, tm*);
    return reinterpret_cast<Convert>(::dlsym(RTLD_NEXT, "gmtime_r"))(time, parts);
}

int main(int count, char** arguments) {
    for (const Program& program : kPrograms) {
        if (count == 2 && program.name == arguments[1]) return program.run() ? 0 : 1;
    }
    return 2;
}
