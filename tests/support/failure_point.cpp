// SPDX-License-Identifier: Apache-2.0
#include "failure_point.h"

#include <sys/mman.h>
#include <cerrno>
#include <cstdlib>
#include <new>

#include "base/os.h"

namespace opennvsci::test {
namespace {

// Per thread, so that threads of the device do not disturb the count.
thread_local long t_remaining = 0;
thread_local bool t_hit = false;

os::Calls g_real_calls{};

}  // namespace

FailurePoint& FailurePoint::instance() {
    static FailurePoint point;
    return point;
}

void FailurePoint::arm(long n) {
    t_hit = false;
    t_remaining = n;
}

bool FailurePoint::disarm() {
    t_remaining = 0;
    return t_hit;
}

bool FailurePoint::should_fail() noexcept {
    if (t_remaining == 0 || --t_remaining != 0) return false;
    t_hit = true;
    return true;
}

void hook_system_calls() {
    os::Calls& calls = os::calls();
    if (g_real_calls.mmap != nullptr) return;
    g_real_calls = calls;
    calls.memfd_create = [](const char* name, unsigned flags) {
        if (!FailurePoint::should_fail()) return g_real_calls.memfd_create(name, flags);
        errno = EMFILE;
        return -1;
    };
    calls.ftruncate = [](int fd, off_t size) {
        if (!FailurePoint::should_fail()) return g_real_calls.ftruncate(fd, size);
        errno = ENOSPC;
        return -1;
    };
    calls.add_seals = [](int fd, int seals) {
        if (!FailurePoint::should_fail()) return g_real_calls.add_seals(fd, seals);
        errno = EPERM;
        return -1;
    };
    calls.mmap = [](void* address, std::size_t size, int protection, int flags, int fd, off_t offset) {
        if (!FailurePoint::should_fail()) return g_real_calls.mmap(address, size, protection, flags, fd, offset);
        errno = ENOMEM;
        return MAP_FAILED;
    };
}

}  // namespace opennvsci::test

// The heap of the whole process, libraries included, passes through these.

void* operator new(std::size_t size) {
    if (opennvsci::test::FailurePoint::should_fail()) throw std::bad_alloc();
    if (void* memory = std::malloc(size != 0 ? size : 1)) return memory;
    throw std::bad_alloc();
}
void* operator new[](std::size_t size) {
    return operator new(size);
}
void operator delete(void* memory) noexcept {
    std::free(memory);
}
void operator delete[](void* memory) noexcept {
    std::free(memory);
}
void operator delete(void* memory, std::size_t) noexcept {
    std::free(memory);
}
void operator delete[](void* memory, std::size_t) noexcept {
    std::free(memory);
}
