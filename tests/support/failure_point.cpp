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
thread_local std::optional<FailurePoint::Kind> t_only;

os::Calls g_real_calls{};

}  // namespace

FailurePoint::FailurePoint(long n, std::optional<Kind> only) : n_(n), only_(only) {
    t_hit = false;
}

void FailurePoint::arm() {
    t_only = only_;
    t_remaining = n_;
}

bool FailurePoint::disarm() {
    t_remaining = 0;
    return t_hit;
}

bool FailurePoint::should_fail(Kind kind) noexcept {
    if (t_remaining == 0 || t_only.value_or(kind) != kind || --t_remaining != 0) return false;
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
    calls.get_seals = [](int fd) {
        if (!FailurePoint::should_fail()) return g_real_calls.get_seals(fd);
        errno = EPERM;
        return -1;
    };
    calls.get_flags = [](int fd) {
        if (!FailurePoint::should_fail()) return g_real_calls.get_flags(fd);
        errno = EBADF;
        return -1;
    };
    calls.fstat = [](int fd, struct stat* status) {
        if (!FailurePoint::should_fail()) return g_real_calls.fstat(fd, status);
        errno = EBADF;
        return -1;
    };
    calls.file_system_of = [](int fd) {
        if (!FailurePoint::should_fail()) return g_real_calls.file_system_of(fd);
        errno = EBADF;
        return -1L;
    };
    calls.mremap = [](void* old, std::size_t old_size, std::size_t size, int flags, void* address) {
        if (!FailurePoint::should_fail()) return g_real_calls.mremap(old, old_size, size, flags, address);
        errno = ENOMEM;
        return MAP_FAILED;
    };
    calls.dup_cloexec = [](int fd) {
        if (!FailurePoint::should_fail()) return g_real_calls.dup_cloexec(fd);
        errno = EMFILE;
        return -1;
    };
    calls.open = [](const char* path, int flags) {
        if (!FailurePoint::should_fail()) return g_real_calls.open(path, flags);
        errno = EMFILE;
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

namespace {

void* allocate(std::size_t size, std::size_t alignment) {
    using opennvsci::test::FailurePoint;
    if (FailurePoint::should_fail(FailurePoint::Kind::heap)) throw std::bad_alloc();
    if (size == 0) size = 1;
    void* const memory = alignment <= __STDCPP_DEFAULT_NEW_ALIGNMENT__
                             ? std::malloc(size)
                             : std::aligned_alloc(alignment, (size + alignment - 1) / alignment * alignment);
    if (memory == nullptr) throw std::bad_alloc();
    return memory;
}

}  // namespace

void* operator new(std::size_t size) {
    return allocate(size, __STDCPP_DEFAULT_NEW_ALIGNMENT__);
}
void* operator new(std::size_t size, std::align_val_t alignment) {
    return allocate(size, static_cast<std::size_t>(alignment));
}
void* operator new[](std::size_t size) {
    return operator new(size);
}
void* operator new(std::size_t size, const std::nothrow_t& /*tag*/) noexcept try {
    return operator new(size);
} catch (const std::bad_alloc&) {
    return nullptr;
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
void operator delete(void* memory, std::align_val_t) noexcept {
    std::free(memory);
}
void operator delete(void* memory, std::size_t, std::align_val_t) noexcept {
    std::free(memory);
}
